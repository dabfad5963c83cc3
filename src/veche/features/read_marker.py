"""MARKREAD: how far somebody has read each conversation, the same on every device of his.

Source: read-marker (draft). "The read markers sent by a user MUST NOT be disclosed to other users": they are told to
his own sessions and to nobody else. Those of an account are kept; a guest's end with him.
"""

from __future__ import annotations

from veche.core.ask import Ask
from veche.core.conversations import Conversation, find, of_room
from veche.core.help import Family, Help
from veche.core.registry import Command, FactRow, Feature
from veche.core.replies import iso_time
from veche.core.session import Session
from veche.features.accounts.erasure import AccountErased
from veche.features.accounts.facts import AccountRegistered
from veche.state.events import SILENCE, Audience, Fact, Forgotten
from veche.state.room import Room
from veche.state.world import World
from veche.wire.caps import READ_MARKER
from veche.wire.times import BadTime, parse_time

# Conversations of one person whose markers are kept; of more, the one that was read longest ago is forgotten.
MOST = 1000


class ReadMarked(Fact):
    """Somebody (`identity`) has read a conversation up to `until` (ms since 1970). `keeps`: he has an account."""

    __slots__ = ("conversation", "identity", "keeps", "until")

    def __init__(self, actor: str, identity: str, conversation: str, until: int, *, keeps: bool) -> None:
        super().__init__(actor)
        self.identity = identity
        self.conversation = conversation
        self.until = until
        self.keeps = keeps

    def saved_key(self) -> str:
        """One row for each marker."""
        return f"{self.identity} {self.conversation}"


def markread(ask: Ask) -> None:
    """MARKREAD <target> [timestamp=<time>]."""
    if not ask.params or not ask.params[0]:
        ask.fail("NEED_MORE_PARAMS", text="Missing parameters")
        return
    target = ask.params[0]
    conversation = find(ask, target)
    if conversation is None:
        ask.fail("INVALID_PARAMS", target, text="Invalid parameters")
        return
    user = ask.user
    if len(ask.params) < 2:
        _tell(ask, ask.session, conversation)
        return
    kind, _, value = ask.params[1].partition("=")
    try:
        until = parse_time(value) if kind == "timestamp" else 0
    except BadTime:
        until = 0
    if until <= 0:
        ask.fail("INVALID_PARAMS", target, ask.params[1], text="Invalid parameters")
        return
    # Nobody has read what is not yet said.
    until = min(until, int(ask.engine.clock.now() * 1000))
    if until <= _marker(ask.world, user.identity, conversation.key):
        # "the server MUST reply with a MARKREAD command with the newer, previous value that was stored and ignore the
        # client timestamp"
        _tell(ask, ask.session, conversation)
        return
    fact = ReadMarked(user.uid, user.identity, conversation.key, until, keeps=bool(user.account))
    ask.commit(fact, lambda ask, _fact: _tell_all(ask, conversation))


def _marker(world: World, identity: str, key: str) -> int:
    return world.markers.get(identity, {}).get(key, 0)


def _tell(ask: Ask, session: Session, conversation: Conversation) -> None:
    """ "MARKREAD <target> <timestamp>", for a session of the asker's."""
    until = _marker(ask.world, ask.user.identity, conversation.key)
    value = f"timestamp={iso_time(until)}" if until else "*"
    line = f":{ask.settings.server} MARKREAD {conversation.name} {value}"
    if session is ask.session:
        ask.send(line)
    else:
        ask.engine.outboxes.send(session, line)


def _tell_all(ask: Ask, conversation: Conversation) -> None:
    """ "after the last read timestamp of a target changes, the server SHOULD send a MARKREAD command for that target to
    all the clients of the user" """
    for session in ask.engine.fanout.sessions.get(ask.user.uid, ()):
        if session is ask.session or session.caps & READ_MARKER:
            _tell(ask, session, conversation)


def show_room(ask: Ask, room: Room) -> None:
    """ "after the server sends a server JOIN command to the client for a corresponding channel, the server MUST send a
    MARKREAD command for that channel. The command MUST be sent before the RPL_ENDOFNAMES reply" """
    if ask.session.caps & READ_MARKER:
        _tell(ask, ask.session, of_room(ask, room))


# ---- facts


def apply_marker(world: World, fact: ReadMarked) -> Audience:
    """ "The last read timestamp of a target MUST only ever increase." """
    markers = world.markers.setdefault(fact.identity, {})
    if fact.until > markers.get(fact.conversation, 0):
        markers[fact.conversation] = fact.until
    if len(markers) > MOST:
        del markers[min(markers, key=markers.__getitem__)]
    return SILENCE


def save_marker(world: World, fact: ReadMarked) -> list[Fact]:
    """The marker, for who comes back; and no more of them than are of use."""
    markers = world.markers.get(fact.identity, {})
    # A guest may have made an account of what he is after he asked for this.
    keeps = fact.keeps or fact.identity in world.accounts.by_uid
    if not keeps or fact.until <= markers.get(fact.conversation, 0):
        return []
    saved: list[Fact] = [fact]
    if len(markers) >= MOST and fact.conversation not in markers:
        oldest = min(markers, key=markers.__getitem__)
        saved.append(Forgotten(ReadMarked, f"{fact.identity} {oldest}"))
    return saved


def keep_markers(world: World, fact: AccountRegistered) -> list[Fact]:
    """What a guest has read so far stays read when he keeps his name."""
    identity = str(fact.values["uid"])
    return [
        ReadMarked("", identity, conversation, until, keeps=True)
        for conversation, until in world.markers.get(identity, {}).items()
    ]


def forget_markers(world: World, fact: AccountErased) -> list[Fact]:
    """Nobody is left who has read anything."""
    markers = world.markers.get(fact.account, {})
    return [Forgotten(ReadMarked, f"{fact.account} {conversation}") for conversation in markers]


def _nothing(_fact: object, _view: int, _tags: str) -> str:
    return ""


feature = Feature(
    "read-marker",
    commands=[
        Command(
            "MARKREAD",
            markread,
            help=Help(
                "<target> [timestamp=<time>]",
                "Shows how far you have read a conversation, or says so to all your devices; nobody else "
                "learns it.",
                "Показывает, докуда вы прочли переписку, или сообщает это всем вашим устройствам; больше "
                "никто этого не узнает.",
                Family.HISTORY,
            ),
        )
    ],
    saves={AccountRegistered: keep_markers, AccountErased: forget_markers},
    facts={ReadMarked: FactRow(apply=apply_marker, render=_nothing, saves=save_marker)},
    caps={"draft/read-marker": ""},
    shows_room=show_room,
)
