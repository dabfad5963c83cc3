"""ACCEPT and mode g (caller id): hearing directly only whom one has accepted.

Source: the practice of Charybdis and Solanum: 281, 282, 456 to 458, 716 to 718, the token CALLERID. Who writes to
somebody with mode g is told so, and that one is told once in a while that there is somebody to accept. A person is
accepted, not a nick: the list follows him when he changes it, and forgets him when he goes.
"""

from functools import partial
from typing import Final

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.fanout import on_behalf_of
from veche.core.help import Family, Help
from veche.core.registry import Command, FactRow, Feature, UserMode
from veche.core.replies import Refusal, numeric_line, pack
from veche.core.settings import Settings
from veche.features.messages import MessageSent, TagsSent
from veche.state.events import SILENCE, Audience, Fact
from veche.state.world import World
from veche.wire import numerics
from veche.wire.compiler import mypyc_attr
from veche.wire.lines import BODY_LIMIT
from veche.wire.names import fold

CALLER_ID: Final = "g"
# A knock is heard no more often than this, whoever knocks (milliseconds).
PAUSE: Final = 60_000


@mypyc_attr(allow_interpreted_subclasses=True)
class AcceptChanged(Fact):
    """A user (`actor`) hears somebody (`target`, a uid) with mode g from now on, or no more."""

    __slots__ = ("adding", "at_most", "nick", "target")

    def __init__(self, actor: str, target: str, nick: str, *, adding: bool, at_most: int) -> None:
        super().__init__(actor)
        self.target = target
        self.nick = nick
        self.adding = adding
        self.at_most = at_most  # for the guard alone


@mypyc_attr(allow_interpreted_subclasses=True)
class Knocked(Fact):
    """Somebody (`actor`) was not heard by a user with mode g (`recipient`), who is told unless he was just now."""

    __slots__ = ("is_told", "recipient")

    def __init__(self, actor: str, recipient: str) -> None:
        super().__init__(actor)
        self.recipient = recipient
        self.is_told = False


# ---- the list


def accept(ask: Ask) -> None:
    """ACCEPT <nick>, -<nick>, several with commas; ACCEPT * for the list."""
    word = ask.params[0] if ask.params else "*"
    if word in ("", "*"):
        _show(ask)
        return
    for piece in word.split(","):
        nick = piece.removeprefix("-").removeprefix("+")
        target = ask.world.users_by_key.get(fold(nick))
        if target is None:
            ask.reply(numerics.ERR_NOSUCHNICK, nick, "No such nick/channel")
        else:
            at_most = ask.settings.accept_entries
            adding = piece[:1] != "-"
            ask.commit(AcceptChanged(ask.user.uid, target.uid, target.nick, adding=adding, at_most=at_most))


def _show(ask: Ask) -> None:
    users = ask.world.users
    nicks = [users[uid].nick for uid in ask.user.accepts if uid in users]
    head = f":{ask.settings.server} {numerics.RPL_ACCEPTLIST} {ask.session.nick} :"
    for line in pack(nicks, " ", BODY_LIMIT - len(head.encode())):
        ask.reply(numerics.RPL_ACCEPTLIST, line)
    ask.reply(numerics.RPL_ENDOFACCEPT, "End of /ACCEPT list.")


def guard_accept(world: World, fact: AcceptChanged) -> Refusal | None:
    """The list has an end, and a change changes something."""
    accepts = world.users[fact.actor].accepts
    if (fact.target in accepts) == fact.adding:
        if fact.adding:
            return Refusal(numerics.ERR_ACCEPTEXIST, fact.nick, "is already on your accept list.")
        return Refusal(numerics.ERR_ACCEPTNOT, fact.nick, "is not on your accept list.")
    if fact.adding and sum(uid in world.users for uid in accepts) >= fact.at_most:
        return Refusal(numerics.ERR_ACCEPTFULL, "Accept list is full")
    return None


def apply_accept(world: World, fact: AcceptChanged) -> Audience:
    """His own affair. Who has gone in the meantime is forgotten."""
    user = world.users[fact.actor]
    user.accepts = {uid: None for uid in user.accepts if uid in world.users}
    if not fact.adding:
        user.accepts.pop(fact.target, None)
    elif fact.target in world.users:
        user.accepts[fact.target] = None
    return SILENCE


# ---- being heard


def guard_caller(world: World, fact: MessageSent) -> Refusal | None:
    """With mode g one hears whom one has accepted, operators, and oneself."""
    if fact.room:
        return None  # what is said to all
    recipient = world.present.get(fact.recipient)
    if recipient is None or CALLER_ID not in recipient.modes:
        return None
    sender = world.users.get(fact.actor)
    if sender is None or sender is recipient or sender.uid in recipient.accepts or "o" in sender.modes:
        return None
    # A sign of typing is no message that anybody need be told of.
    then = partial(_knock, Knocked(sender.uid, recipient.identity)) if fact.command == "PRIVMSG" else None
    text = "is in +g mode (server-side ignore.)"
    return Refusal(numerics.ERR_TARGUMODEG, recipient.nick, text, then=then)


def _knock(fact: Knocked, ask: Ask) -> None:
    ask.commit(fact)


def apply_knock(world: World, fact: Knocked) -> Audience:
    """Whether he is told is settled here; what he is told, by `tell_recipient`."""
    recipient = world.present.get(fact.recipient)
    fact.is_told = recipient is not None and fact.time >= recipient.knocked + PAUSE
    if recipient is not None and fact.is_told:
        recipient.knocked = fact.time
    return SILENCE


def tell_recipient(engine: Engine, fact: Knocked) -> None:
    """Somebody is messaging you."""
    pair = engine.world.pair(fact.actor, fact.recipient)
    if pair is None or not fact.is_told:
        return
    sender, recipient = pair
    whom = (sender.nick, f"{sender.username}@{sender.host}", "is messaging you, and you have umode +g.")
    for session in engine.fanout.sessions.get(recipient.uid, ()):
        line = numeric_line(engine.settings.server, numerics.RPL_UMODEGMSG, session.nick, whom)
        engine.outboxes.send(session, on_behalf_of(sender, session.view, line))


def tell_sender(ask: Ask, fact: Knocked) -> None:
    """He has been told."""
    recipient = ask.world.present.get(fact.recipient)
    if fact.is_told and recipient is not None:
        ask.reply(numerics.RPL_TARGNOTIFY, recipient.nick, "has been informed that you messaged them.")


def _tokens(settings: Settings) -> dict[str, str]:
    return {"CALLERID": CALLER_ID, "ACCEPT": str(settings.accept_entries)}


feature = Feature(
    "accept",
    commands=[
        Command(
            "ACCEPT",
            accept,
            costly_targets=0,
            help=Help(
                "[<nick>{,<nick>}]",
                "Whom you hear while you have mode +g; -<nick> takes somebody off. Alone, or with *, it shows "
                "the list. At most {s.accept_entries} people.",
                "Кого вы слышите в режиме +g; -<ник> убирает из списка. Без параметра или с * показывает "
                "список. Не больше {s.accept_entries} человек.",
                Family.PEOPLE,
            ),
        )
    ],
    facts={
        AcceptChanged: FactRow(guard=guard_accept, apply=apply_accept, render=lambda fact, view, tags: ""),
        Knocked: FactRow(apply=apply_knock, render=lambda fact, view, tags: ""),
    },
    guards={MessageSent: guard_caller, TagsSent: guard_caller},
    reactions={Knocked: tell_sender},
    witnesses={Knocked: tell_recipient},
    user_modes={
        CALLER_ID: UserMode(
            help=Help(
                "",
                "You hear directly only whom you have accepted (ACCEPT), and operators of this server; you "
                "are told who else tried.",
                "Лично вам могут писать только те, кого вы приняли (ACCEPT), и операторы сервера; о прочих "
                "попытках вам скажут.",
            )
        )
    },
    tokens=_tokens,
)
