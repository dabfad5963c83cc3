"""Server notices: what happens to the server, told to the operators who want to know.

`MODE <nick> +s <kinds>` or SNOMASK chooses which (the kinds are in core/operators.py); 008 is the number that servers
have long shown the mask by. The rule: this file only watches. Features with something to tell that is no fact call
`core.operators.tell` themselves.
"""

from typing import Final

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.help import Family, Help
from veche.core.operators import KINDS, OPERATOR, READS_NOTICES, Readers, guard_operator, read_by, tell
from veche.core.registry import Command, FactRow, Feature
from veche.features.oper import OperatorMade
from veche.features.user_modes import UserModesChanged
from veche.state.events import SILENCE, Audience, Fact, NickChanged, UserArrived, UserLeft
from veche.state.world import World
from veche.wire import numerics
from veche.wire.compiler import mypyc_attr

_FLOODS: Final = ("Excess Flood", "SendQ exceeded", "Input line too long")


@mypyc_attr(allow_interpreted_subclasses=True)
class NoticesChosen(Fact):
    """An operator (`actor`) reads these kinds of server notices from now on; none is mode s taken off."""

    __slots__ = ("kinds", "source")

    def __init__(self, actor: str, source: str, kinds: str) -> None:
        super().__init__(actor)
        self.source = source
        self.kinds = kinds


def snomask(ask: Ask) -> None:
    """SNOMASK [<kinds>]: `ck` for these, `+c-k` for changes, `*` for all; shows the mask without one."""
    user = ask.user
    if not ask.params:
        ask.reply(numerics.RPL_SNOMASK, "+" + read_by(user), "Server notice mask")
        return
    kinds = chosen(read_by(user), ask.params[0])
    ask.commit(NoticesChosen(user.uid, user.source, kinds), _show)


def chosen(before: str, text: str) -> str:
    """The kinds that a mask names, given those from before; letters that are no kind are passed over."""
    kinds = set(before) if text[:1] in ("+", "-") else set()
    adding = True
    for letter in text.replace("*", KINDS):
        if letter in "+-":
            adding = letter == "+"
        elif letter in KINDS:
            kinds = kinds | {letter} if adding else kinds - {letter}
    return "".join(sorted(kinds))


def _show(ask: Ask, fact: NoticesChosen) -> None:
    ask.reply(numerics.RPL_SNOMASK, "+" + fact.kinds, "Server notice mask")


def apply_chosen(world: World, fact: NoticesChosen) -> Audience:
    """He reads these."""
    user = world.users[fact.actor]
    fact.source = user.source
    user.notices = fact.kinds
    had = READS_NOTICES in user.modes
    world.set_modes(user, user.modes | {READS_NOTICES} if fact.kinds else user.modes - {READS_NOTICES})
    return Audience(uids=(user.uid,)) if had != bool(fact.kinds) else SILENCE


def _render(fact: NoticesChosen, _view: int, tags: str) -> str:
    nick = fact.source.partition("!")[0]
    return f"{tags}:{fact.source} MODE {nick} {'+' if fact.kinds else '-'}{READS_NOTICES}"


# ---- who reads


def _follow(engine: Engine, fact: Fact) -> None:
    """Somebody's modes have changed, or he has gone."""
    user = engine.world.users.get(fact.actor)
    readers = engine.shelf(Readers).uids
    if user is not None and READS_NOTICES in user.modes and OPERATOR in user.modes:
        readers[fact.actor] = None
    else:
        readers.pop(fact.actor, None)


# ---- what is told


def _came(ask: Ask, fact: UserArrived) -> None:
    where = ask.session.address or "this machine"
    tell(
        ask.engine,
        "c",
        f"{fact.nick} ({fact.username}@{fact.host}) [{where}] has come in by {ask.session.door}",
    )


def _left(engine: Engine, fact: UserLeft) -> None:
    _follow(engine, fact)
    kind = "f" if fact.reason.startswith(_FLOODS) else "q"
    tell(engine, kind, f"{fact.source} has gone: {fact.reason}")


def _renamed(engine: Engine, fact: NickChanged) -> None:
    tell(engine, "n", f"{fact.source} is now {fact.nick}")


feature = Feature(
    "notices",
    commands=[
        Command(
            "SNOMASK",
            snomask,
            privileged=True,
            help=Help(
                "[<kinds>]",
                "Shows or chooses which notices of the server you read: a what operators do, b bans, c who "
                "comes, q who goes, n new nicks, f floods, k kills, o who becomes an operator; * all. +c-k "
                "changes the choice.",
                "Показывает или выбирает, какие уведомления сервера вы читаете: a дела операторов, b баны, c "
                "кто пришёл, q кто ушёл, n смена ников, f флуд, k KILL, o кто стал оператором; * все. +c-k "
                "меняет выбор.",
                Family.OPERATORS,
            ),
        )
    ],
    facts={NoticesChosen: FactRow(guard=guard_operator, apply=apply_chosen, render=_render)},
    reactions={UserArrived: _came},
    witnesses={
        OperatorMade: _follow,
        UserModesChanged: _follow,
        NoticesChosen: _follow,
        UserLeft: _left,
        NickChanged: _renamed,
    },
)
