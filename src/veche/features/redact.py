"""REDACT: messages are taken back, by who said them for a while, and by the operators of a room.

Source: message-redaction (draft). What was taken back is gone from the record when anybody hears of it, and no page
of history shows it ("responses SHOULD either: exclude it entirely"). That something was said, and who took it back when
and why, is kept. Whose client does not know of redactions reads a notice.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from veche.core.ask import Ask
from veche.core.conversations import find
from veche.core.help import Family, Help
from veche.core.playback import JustCorrected
from veche.core.ports import Page, Record, Redaction, StoreError, UnknownReference
from veche.core.registry import Command, FactRow, Feature, OwnCopy
from veche.core.replies import Failure, Refusal, fit, iso_time, plain_time
from veche.features.messages import prefix_of, ranked
from veche.phrases import Phrases
from veche.state.events import Audience, LastingFact
from veche.state.world import World
from veche.wire.caps import REDACTION, SERVER_TIME
from veche.wire.names import fold, is_room

if TYPE_CHECKING:
    from veche.core.engine import Engine

PHRASES = {
    "own": ("{nick} took back a message of {time}", "{nick}: собственное сообщение от {time} отозвано"),
    "other": (
        "{nick} took back what {author} said at {time}",
        "{nick}: сообщение {author} от {time} отозвано",
    ),
}
# Longer than any message id of ours.
_LONGEST_MSGID = 64


class MessageRedacted(LastingFact):
    """A message was taken back: `message` is its place in the log, `redacted` its id, `said` its time.

    `is_own` is whether who does it has said it, and `window` for how many seconds he may; both for the guard.
    `room`, `prefix` and `recipient` are as in `MessageSent`. `notice` is what `server` says of it to whose clients do
    not know of redactions.
    """

    # What is said of the same message behind it in line is judged when it is gone.
    changes = True
    __slots__ = (
        "account",
        "is_own",
        "message",
        "notice",
        "prefix",
        "reason",
        "recipient",
        "redacted",
        "room",
        "said",
        "server",
        "source",
        "target",
        "window",
    )

    def __init__(
        self, actor: str, source: str, account: str, target: str, record: Record, reason: str
    ) -> None:
        super().__init__(actor)
        self.source = source
        self.account = account
        self.target = target
        self.room = ""
        self.prefix = ""
        self.recipient = ""
        self.message = record.seq
        self.redacted = record.msgid
        self.said = record.time
        self.reason = reason
        self.notice = ""
        self.server = ""
        self.is_own = False
        self.window = 0


# ---- handler


def redact(ask: Ask) -> None:
    """REDACT <target> <msgid> [<reason>]. The message is looked up first: whose it is, and when it was said."""
    target, msgid = ask.params[:2]
    prefix = prefix_of(target)
    conversation = find(ask, target.removeprefix(prefix))
    if conversation is None:
        # The same for what does not exist and for what is not one's business.
        ask.refuse(_not_there(target))
    elif ask.engine.store is None or not 0 < len(msgid) <= _LONGEST_MSGID or not msgid.isascii():
        ask.refuse(_unknown(target, msgid))
    else:
        key = prefix + conversation.key  # what is for some of a room is a conversation of its own
        page = Page(key, 1, era=conversation.era, since=conversation.since, around=msgid)
        ask.wait()
        ask.engine.store.page(page, partial(_found, ask, target, msgid))


def _found(ask: Ask, target: str, msgid: str, records: list[Record] | StoreError) -> None:
    """The record has answered. Who asked may have gone meanwhile."""
    if isinstance(records, StoreError) and not isinstance(records, UnknownReference):
        ask.fail(
            "INTERNAL_ERROR", target, msgid, text="The record cannot be read now. Please try again later."
        )
    elif isinstance(records, StoreError) or not records or records[0].msgid != msgid:
        ask.refuse(_unknown(target, msgid))
    elif ask.session.user is not None:
        _take_back(ask, target, records[0])
    ask.settled()


def _take_back(ask: Ask, target: str, record: Record) -> None:
    user = ask.user
    reason = ask.params[2] if len(ask.params) > 2 else ""
    fact = MessageRedacted(user.uid, user.source, user.account, record.target, record, reason)
    # Not by the name of the account, which may be another person's since.
    fact.is_own = record.sender == user.identity
    fact.window = ask.settings.redact_seconds
    fact.server = ask.settings.server
    fact.notice = _notice(ask, record, is_own=fact.is_own) + (f": {reason}" if reason else "")
    fact.prefix = prefix_of(target)
    if is_room(name := target.removeprefix(fact.prefix)):
        fact.room = fold(name)
        room = ask.world.rooms.get(fact.room)
        fact.target = fact.prefix + room.name if room is not None else target
    else:
        one, other = record.conversation.split(" ")
        fact.recipient = other if one == user.identity else one
        recipient = ask.world.present.get(fact.recipient)
        fact.target = recipient.nick if recipient is not None else target
    ask.commit(fact)


def _notice(ask: Ask, record: Record, *, is_own: bool) -> str:
    """In the server's language, since one line is for all."""
    phrases = Phrases(PHRASES, "ru" if ask.settings.language == "ru" else "en")
    author = record.source.partition("!")[0]
    time = plain_time(record.time)
    return phrases("own" if is_own else "other", nick=ask.user.nick, author=author, time=time)


def _not_there(target: str) -> Refusal:
    return Failure("INVALID_TARGET", target, text=f"You cannot delete messages from {target}")


def _unknown(target: str, msgid: str) -> Refusal:
    return Failure("UNKNOWN_MSGID", target, msgid, text="This message does not exist or is too old")


# ---- facts


def guard_redaction(world: World, fact: MessageRedacted) -> Refusal | None:
    """An operator of the room may always; who said it may for a while."""
    if fact.room:
        room = world.rooms.get(fact.room)
        if room is None or fact.actor not in room.members:
            return _not_there(fact.target)
        if room.is_operator(fact.actor):
            return None
    elif world.known(fact.recipient) is None:
        return _not_there(fact.target)
    if not fact.is_own:
        return Failure(
            "REDACT_FORBIDDEN",
            fact.target,
            fact.redacted,
            text="You are not authorised to delete this message",
        )
    if fact.time > fact.said + fact.window * 1000:
        return Failure(
            "REDACT_WINDOW_EXPIRED",
            fact.target,
            fact.redacted,
            str(fact.window),
            text="You can no longer delete this message",
        )
    return None


def apply_redaction(world: World, fact: MessageRedacted) -> Audience:
    """The record has changed, the world has not; whoever could hear the message hears of it."""
    if not fact.room:
        return world.audience_of(fact.recipient)
    room = world.rooms[fact.room]
    return Audience(uids=ranked(room, fact.prefix, fact.actor)) if fact.prefix else Audience(room)


def render_redaction(fact: MessageRedacted, view: int, tags: str) -> str:
    """ "MUST not forward this `REDACT` to target recipients that have not negotiated this capability"

    They would go on showing what was taken back, so whoever reads it there is told that it was, by a notice.
    """
    if not view & REDACTION:
        # It is the server that speaks: the tags of him who did it are not for this line.
        time = f"@time={iso_time(fact.time)} " if view & SERVER_TIME else ""
        return fit(time, f":{fact.server} NOTICE {fact.target} :{fact.notice}")
    reason = f" :{fact.reason}" if fact.reason else ""
    return fit(tags, f":{fact.source} REDACT {fact.target} {fact.redacted}{reason}")


def record_redaction(world: World, fact: MessageRedacted) -> Redaction:
    """The row that takes the text away."""
    sender = world.users[fact.actor].identity
    return Redaction(
        fact.seq,
        fact.time,
        fact.message,
        fact.redacted,
        fact.source,
        sender,
        fact.account,
        fact.reason,
        fact.msgid,
    )


def note(engine: Engine, fact: MessageRedacted) -> None:
    """A page that was read a moment before must not bring it back."""
    engine.shelf(JustCorrected).redacted(fact.redacted)


feature = Feature(
    "redact",
    commands=[
        Command(
            "REDACT",
            redact,
            least=2,
            help=Help(
                "<target> <msgid> [<reason>]",
                "Takes a message back: your own for {s.redact_seconds} seconds, and any in a room of which "
                "you are an operator. It is gone from the history.",
                "Отзывает сообщение: своё в течение {s.redact_seconds} секунд, а в комнате, где вы оператор, "
                "любое. Из истории оно исчезает.",
                Family.TALK,
            ),
        )
    ],
    facts={
        MessageRedacted: FactRow(
            guard=guard_redaction,
            apply=apply_redaction,
            render=render_redaction,
            record=record_redaction,
            own_copy=OwnCopy.ECHO,
        ),
    },
    caps={"draft/message-redaction": ""},
    witnesses={MessageRedacted: note},
)
