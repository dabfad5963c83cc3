"""Who hears of metadata: the sessions that have subscribed to a key and have to do with what it is set on.

The rule: an index of sessions, no part of the world. Lines go to single sessions, since hardly two ask for the same.
"""

from collections.abc import Collection, Container, Iterator

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.fanout import tags_of
from veche.core.session import Session
from veche.core.watchlists import Watchlists
from veche.features.metadata.facts import MetadataChanged, MetadataCleared, MetadataFact
from veche.state.events import MemberJoined, NickChanged
from veche.state.room import Room
from veche.state.user import User
from veche.wire.caps import METADATA
from veche.wire.lines import BODY_LIMIT, cut
from veche.wire.names import fold

# "Visibility is an asterisk (*) for keys visible to everyone"; the other word is for notes.
EVERYBODY = "*"
PRIVATE = "private"


class Subscriptions:
    """Keys by session and sessions by key."""

    __slots__ = ("_keys", "_sessions")

    def __init__(self) -> None:
        self._sessions: dict[str, dict[Session, None]] = {}
        self._keys: dict[Session, dict[str, None]] = {}

    def add(self, session: Session, key: str) -> None:
        """This session wants to hear of a key from now on."""
        self._keys.setdefault(session, {})[key] = None
        self._sessions.setdefault(key, {})[session] = None

    def remove(self, session: Session, key: str) -> None:
        """It does not want to any more; nothing happens where it did not."""
        if key not in self._keys.get(session, ()):
            return
        del self._keys[session][key]
        del self._sessions[key][session]
        if not self._sessions[key]:
            del self._sessions[key]
        if not self._keys[session]:
            del self._keys[session]

    def clear(self, session: Session) -> None:
        """It is gone."""
        for key in list(self._keys.get(session, ())):
            self.remove(session, key)

    def keys_of(self, session: Session) -> list[str]:
        """What a session has subscribed to, in the order of subscribing."""
        return list(self._keys.get(session, ()))

    def sessions_of(self, key: str) -> dict[Session, None]:
        """Who has subscribed to a key and can read of it."""
        return {session: None for session in self._sessions.get(key, ()) if session.caps & METADATA}


# ---- lines


def value_line(source: str, name: str, key: str, value: str | None, visibility: str = EVERYBODY) -> str:
    """ "METADATA <Target> <Key> <Visibility> <Value>"; without the value for a key that is unset."""
    line = f":{source} METADATA {name} {key} {visibility}"
    return line if value is None else cut(f"{line} :{value}", BODY_LIMIT)


def known_lines(engine: Engine, session: Session, name: str, values: dict[str, str]) -> Iterator[str]:
    """Lines for the keys that a session has subscribed to."""
    if values:
        for key in engine.shelf(Subscriptions).keys_of(session):
            if key in values:
                yield value_line(engine.settings.server, name, key, values[key])


def send_known(engine: Engine, session: Session, name: str, values: dict[str, str]) -> None:
    """Tell a session of the values that it has asked for."""
    for line in known_lines(engine, session, name, values):
        engine.outboxes.send(session, line)


# ---- who is concerned


def followed_by(engine: Engine, session: Session) -> Iterator[Room | User]:
    """The rooms and users that a session gets updates about, each once. The world may change between two of them."""
    myself = session.user
    if myself is None:
        return
    told = {myself.uid}
    yield myself
    for room_key in list(myself.rooms):
        room = engine.world.rooms.get(room_key)
        if room is None or myself.uid not in room.members:
            continue
        yield room
        for uid, member in list(room.members.items()):
            if uid not in told and room.sees(myself.uid, member):
                told.add(uid)
                yield member.user
    for key in list(engine.shelf(Watchlists).nicks_of(session)):
        user = engine.world.users_by_key.get(key)
        if user is not None and user.uid not in told:
            yield user


# ---- witnesses


def tell_change(engine: Engine, fact: MetadataChanged) -> None:
    """A key has another value."""
    _tell(engine, fact, fact.key, fact.value)


def tell_clearing(engine: Engine, fact: MetadataCleared) -> None:
    """Keys have no value any more."""
    for key in fact.keys:
        _tell(engine, fact, key, None)


def _tell(engine: Engine, fact: MetadataFact, key: str, value: str | None) -> None:
    line = value_line(fact.source, fact.name, key, value)
    actor = engine.world.users.get(fact.actor)
    for session in _concerned(engine, fact, key):
        if session.user is not None and session.user.uid == fact.actor:
            continue  # "themselves (excluding changes they make themselves)"
        engine.outboxes.send(session, tags_of(fact, session.view, actor) + line)


def tell_own_clients(ask: Ask, key: str, line: str) -> None:
    """What somebody does to himself at one client, his others learn."""
    subscribed = ask.engine.shelf(Subscriptions).sessions_of(key)
    for session in ask.engine.fanout.sessions.get(ask.user.uid, ()):
        if session is not ask.session and session in subscribed:
            ask.engine.outboxes.send(session, line)


def _concerned(engine: Engine, fact: MetadataFact, key: str) -> list[Session]:
    """Who has subscribed to a key and gets updates about the room or user that a fact is about."""
    subscribed = engine.shelf(Subscriptions).sessions_of(key)
    if not subscribed:
        return []
    if fact.room:
        room = engine.world.rooms.get(fact.room)
        return _of_users(subscribed, room.members) if room is not None else []
    user = engine.world.users.get(fact.target)
    if user is None:
        return []
    uids = engine.world.peers(user) | {user.uid}
    found = _of_users(subscribed, uids)
    for session in engine.shelf(Watchlists).watchers_of(user.key):
        if session in subscribed and (session.user is None or session.user.uid not in uids):
            found.append(session)
    return found


def _of_users(subscribed: Collection[Session], uids: Container[str]) -> list[Session]:
    return [session for session in subscribed if session.user is not None and session.user.uid in uids]


def tell_newcomer(engine: Engine, fact: MemberJoined) -> None:
    """Who sits in the room already learns what he wants to know of a newcomer."""
    user = engine.world.users.get(fact.actor)
    room = engine.world.rooms.get(fold(fact.room))
    if user is None or not user.metadata or room is None or user.uid not in room.members:
        return
    for uid in engine.world.onlookers(room, user):
        if uid != user.uid:
            for session in engine.fanout.sessions.get(uid, ()):
                if session.caps & METADATA:
                    send_known(engine, session, user.nick, user.metadata)


def tell_nick(engine: Engine, fact: NickChanged) -> None:
    """Who watches a nick learns of whoever bears it now: "or when one of their monitored users comes online"."""
    user = engine.world.users.get(fact.actor)
    if user is None or fold(fact.source.partition("!")[0]) == user.key:
        return
    for session in engine.shelf(Watchlists).watchers_of(user.key):
        if session.caps & METADATA:
            send_known(engine, session, user.nick, user.metadata)


def forget_session(engine: Engine, session: Session) -> None:
    """It wants to know nothing any more."""
    engine.shelf(Subscriptions).clear(session)
