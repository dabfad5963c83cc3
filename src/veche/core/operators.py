"""Operators: who they are, what they alone may do, and the server notices that they read.

A server notice has a kind, which is a letter; an operator with mode s reads the kinds of his mask (`User.notices`).

    a  what operators do          c  who comes                f  who is thrown out for flooding
    b  bans, and who meets one    q  who goes                 k  who is killed
    o  who becomes an operator, and who tries to              n  who takes another nick

The rule: a notice is for operators alone, so it may hold an address; it never holds a password, nor anything else that
somebody typed where a password was to be typed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from veche.core.replies import Refusal, fit, own_tags
from veche.wire.numerics import ERR_NOPRIVILEGES

if TYPE_CHECKING:
    from veche.core.ask import Ask
    from veche.core.engine import Engine
    from veche.core.session import Session
    from veche.state.events import Fact
    from veche.state.user import User
    from veche.state.world import World

OPERATOR: Final = "o"
READS_NOTICES: Final = "s"
# The kinds of server notices, and those that are read with mode s alone: not every coming and going.
KINDS: Final = "abcfknoq"
USUAL_KINDS: Final = "abfko"
# So many notices of a kind are told in so many seconds.
BURST, WINDOW = 50, 10.0
NOT_OPERATOR: Final = Refusal(ERR_NOPRIVILEGES, "Permission Denied- You're not an IRC operator")


def is_operator(user: User) -> bool:
    """Whether he is one now."""
    return OPERATOR in user.modes


def may_operate(session: Session) -> bool:
    """Whether an operator may do what operators do from this session. A device with a token of its own may not: a token
    is for talking, and whoever finds the phone does not have the server."""
    return session.user is not None and is_operator(session.user) and not session.token


def guard_operator(world: World, fact: Fact) -> Refusal | None:
    """Whoever does this is an operator when its turn has come; the server itself may do everything."""
    if not fact.actor:
        return None
    user = world.users.get(fact.actor)
    return None if user is not None and is_operator(user) else NOT_OPERATOR


def name_of(user: User) -> str:
    """What an operator is called among operators: his nick, and the name that he proved."""
    return f"{user.nick} ({user.operator})" if user.operator else user.nick


def read_by(user: User) -> str:
    """The kinds of server notices that he reads now."""
    if READS_NOTICES not in user.modes or not is_operator(user):
        return ""
    return user.notices or USUAL_KINDS


class Readers:
    """The uids of who has mode s, so that a notice need not be offered to everybody; and how much they were told."""

    __slots__ = ("_counts", "_since", "uids")

    def __init__(self) -> None:
        self.uids: dict[str, None] = {}
        self._since = 0.0
        self._counts: dict[str, int] = {}

    def count(self, kind: str, now: float) -> int:
        """Which notice of its kind this one is, in these ten seconds."""
        if now - self._since >= WINDOW:
            self._since = now
            self._counts.clear()
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        return count


def tell(engine: Engine, kind: str, text: str) -> None:
    """Send a server notice to the operators who read this kind; of very many of a kind only the first."""
    readers = engine.shelf(Readers)
    if not readers.uids:
        return
    # An attack is told of; it must not bury the operators who could end it, nor fill what they are owed.
    count = readers.count(kind, engine.clock.monotonic())
    if count > BURST:
        return
    if count == BURST:
        text += f" [more of these are not told for up to {WINDOW:.0f} seconds]"
    for uid in readers.uids:
        user = engine.world.users.get(uid)
        if (
            user is None
            or READS_NOTICES not in user.modes
            or kind not in user.notices
            or not is_operator(user)
        ):
            continue
        line = fit("", f":{engine.settings.server} NOTICE {user.nick} :*** {text}")
        for session in engine.fanout.sessions.get(uid, ()):
            engine.outboxes.send(session, own_tags(engine, session.view) + line)


def say(ask: Ask, text: str) -> None:
    """Answer an operator with a sentence of the server."""
    tags = own_tags(ask.engine, ask.session.view)
    ask.send(fit(tags, f":{ask.settings.server} NOTICE {ask.session.nick} :{text}"))
