"""METADATA and its subcommands."""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from veche.core.ask import LANGUAGE, LANGUAGE_KEY, Ask
from veche.core.conversations import HISTORY_KEY, NEWCOMERS_READ
from veche.core.pace import Pace
from veche.core.replies import numeric_line, pack, standard_line, with_tag
from veche.core.retention import problem_of
from veche.features.accounts.choices import DEFAULT, choose
from veche.features.metadata import spread
from veche.features.metadata.facts import (
    MetadataChanged,
    MetadataCleared,
    NoteChanged,
    not_set,
)
from veche.features.metadata.spread import EVERYBODY, PRIVATE, Subscriptions
from veche.state.events import MemberJoined, UserArrived
from veche.state.room import KEEP_KEY, Room
from veche.state.user import User
from veche.wire import numerics
from veche.wire.caps import BATCH, METADATA
from veche.wire.lines import BODY_LIMIT
from veche.wire.names import fold, is_room, is_valid_nick, is_valid_room

_KEY_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_./-")
_KEY_LENGTH = 64
_YES_OR_NO = ("0", "1")
# What a user notes for himself about others, with the values that there are, read and heard by nobody else: of soju,
# "Metadata keys"; and of our own, of which messages of a conversation he wants to be notified.
NOTES = {
    "soju.im/blocked": _YES_OR_NO,
    "soju.im/muted": _YES_OR_NO,
    "soju.im/pinned": _YES_OR_NO,
    "veche/notify": ("all", "mentions", "none"),
}
# What he has chosen for himself, the same on all his devices: docs/ext/settings.md. Private like notes and kept with
# them, under this name, which nobody can bear.
ONESELF = "*"
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
SETTINGS = {
    LANGUAGE_KEY: re.compile("en|ru"),
    "veche/theme": re.compile("system|light|dark|contrast"),
    "veche/density": re.compile("roomy|dense"),
    "veche/hide-events": re.compile("0|1"),
    "veche/quiet": re.compile(f"{_CLOCK}-{_CLOCK}"),
    "veche/notify": re.compile("|".join(NOTES["veche/notify"])),  # where no note says another one
}
NOTES_PER_USER = 500
# Each change goes to everybody who has subscribed; each room that is synchronized may be long.
CHANGES = Pace("metadata", burst=10, seconds=3.0)
SYNCS = Pace("metadata-sync", burst=5, seconds=5.0)
# Rooms with more members are not synchronized at once when somebody enters, but when he asks for it.
SYNC_AT_ONCE = 100
SYNC_LATER = "4"
# Keys in one numeric: a line has 15 parameters at most.
_KEYS_PER_LINE = 10


class Early:
    """What a connection has said before it was let in."""

    __slots__ = ("keys", "values")

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.keys: dict[str, None] = {}


class Target:
    """What a request is about: a room, a user, or (neither) who is not let in yet. `values` is its metadata."""

    __slots__ = ("name", "room", "user", "values")

    def __init__(self, name: str, values: dict[str, str], room: Room | None, user: User | None) -> None:
        self.name = name
        self.values = values
        self.room = room
        self.user = user


def metadata(ask: Ask) -> None:
    """METADATA <Target> <Subcommand> [<Param 1> ... [<Param n>]]."""
    if len(ask.params) < 2:
        # "Servers MUST reply to erroneous requests using Standard Replies": no 461.
        ask.fail("INVALID_PARAMS", "*", text="Insufficient parameters")
        return
    handler = _SUBCOMMANDS.get(ask.params[1].upper())
    if handler is None:
        ask.fail("SUBCOMMAND_INVALID", ask.params[1], text="Invalid subcommand")
        return
    name = ask.params[0]
    target = _find(ask, name)
    if len(ask.params) < 3 and handler in (_get, _set, _sub, _unsub):
        ask.fail("INVALID_PARAMS", ask.params[1], text="Insufficient parameters")
    elif target is not None:
        handler(ask, target)
    elif handler is _set and ask.session.user is not None and ask.params[2] in NOTES:
        _note(ask, name, ask.params[2], ask.params[3] if len(ask.params) > 3 else None)  # he may be gone
    else:
        ask.fail("INVALID_TARGET", name, text="Invalid metadata target")


def _find(ask: Ask, name: str) -> Target | None:
    early = ask.session.registration is not None
    if early:
        # "Clients that have not completed connection registration MUST use * to target themselves"
        return Target("*", _early(ask).values, None, None) if name == "*" else None
    if is_room(name):
        room = ask.world.rooms.get(fold(name))
        if room is None or not room.is_visible_to(ask.user.uid):
            return None
        return Target(room.name, room.metadata, room, None)
    user = ask.user if name == "*" else ask.world.users_by_key.get(fold(name))
    return Target(user.nick, user.metadata, None, user) if user is not None else None


def _early(ask: Ask) -> Early:
    """What this connection has said so far, to be kept until it is let in."""
    early = ask.session.early_metadata
    if not isinstance(early, Early):
        early = ask.session.early_metadata = Early()
    return early


def _is_key(key: str) -> bool:
    """ "Key names are restricted to the ranges a-z, 0-9, and _./-. The empty string is an invalid value." """
    return 0 < len(key) <= _KEY_LENGTH and _KEY_CHARS.issuperset(key)


# ---- reading


def _get(ask: Ask, target: Target) -> None:
    _send_batch(ask, target.name, (_got(ask, target, key) for key in ask.params[2:]))


def _got(ask: Ask, target: Target, key: str) -> str:
    server = ask.settings.server
    if not _is_key(key):
        return standard_line(server, "FAIL", "METADATA", "KEY_INVALID", (key,), "Invalid key")
    is_private = key in NOTES or key in SETTINGS
    value = _private(ask, target).get(key) if is_private else target.values.get(key)
    if value is None:
        words = (target.name, key, "key not set")
        return numeric_line(server, numerics.RPL_KEYNOTSET, ask.session.nick, words)
    return _value_line(ask, target.name, key, value)


def _list(ask: Ask, target: Target) -> None:
    """All that is set, and what the asker has noted himself."""
    values = target.values | _private(ask, target)
    _send_batch(ask, target.name, [_value_line(ask, target.name, key, values[key]) for key in values])


def _private(ask: Ask, target: Target) -> dict[str, str]:
    """What the asker has noted about a target, or chosen for himself."""
    if ask.session.user is None:
        return {}
    noted = ask.user.notes.get(fold(target.name), {})
    return noted | settings_of(ask) if target.user is ask.user else noted


def settings_of(ask: Ask) -> dict[str, str]:
    """What somebody who is in has chosen for himself; the language of who has an account is the account's choice."""
    chosen = ask.user.notes.get(ONESELF, {})
    account = ask.world.accounts.by_uid.get(ask.session.account)
    if account is None:
        return chosen
    language = account.choices.get(LANGUAGE, "")
    return chosen | {LANGUAGE_KEY: language} if language else chosen


def _value_line(ask: Ask, name: str, key: str, value: str) -> str:
    words = (name, key, PRIVATE if key in NOTES or key in SETTINGS else EVERYBODY, value)
    return numeric_line(ask.settings.server, numerics.RPL_KEYVALUE, ask.session.nick, words)


def _send_batch(ask: Ask, name: str, lines: Iterable[str]) -> None:
    for _ in _in_batch(ask, "metadata " + name, lines):
        pass


def _in_batch(ask: Ask, opening: str, lines: Iterable[str]) -> Iterator[None]:
    """Lines in a batch, for who knows batches; "allowing the client to correctly process empty batches"."""
    server = ask.settings.server
    reference = ask.engine.next_batch() if ask.session.caps & BATCH else ""
    if reference:
        ask.send(f":{server} BATCH +{reference} {opening}")
    for line in lines:
        ask.send(with_tag(line, "batch=" + reference) if reference else line)
        yield
    if reference:
        ask.send(f":{server} BATCH -{reference}")


# ---- changing


def _set(ask: Ask, target: Target) -> None:
    key = ask.params[2]
    value = ask.params[3] if len(ask.params) > 3 else None
    if not _is_key(key):
        ask.fail("KEY_INVALID", key, text="Invalid key")
    elif ask.session.user is not None and target.user is ask.user and key in SETTINGS:
        _choose(ask, target, key, value)
    elif key in SETTINGS and key not in NOTES:
        ask.fail("KEY_NO_PERMISSION", target.name, key, text="Settings are one's own")
    elif key in NOTES and ask.session.user is not None:
        _note(ask, target.name, key, value)
    elif value is not None and not _fits(ask, target.name, key, value):
        ask.fail("VALUE_INVALID", text="value is too long or not UTF8")
    elif target.room is not None and key == HISTORY_KEY and value not in (*NEWCOMERS_READ, None):
        ask.fail("VALUE_INVALID", target.name, text=f"This is one of: {', '.join(NEWCOMERS_READ)}")
    elif (
        target.room is not None
        and key == KEEP_KEY
        and value is not None
        and (problem := problem_of(ask.settings, value))
    ):
        ask.fail("VALUE_INVALID", target.name, text=problem)
    elif target.room is None and target.user is None:
        _set_early(ask, key, value)
    elif value is not None and target.user is ask.user and target.values.get(key) == value:
        _tell_value(ask, target.name, key, value)  # nothing that anybody need hear again
    elif not _is_too_fast(ask, key):
        fact = MetadataChanged(ask.user.uid, ask.user.source, target.name, *_place(target))
        fact.key = key
        fact.value = value
        fact.at_most = ask.settings.metadata_keys
        ask.commit(fact, _told)


def _place(target: Target) -> tuple[str, str]:
    """The folded name of a room, or the uid of a user."""
    return target.room.key if target.room is not None else "", target.user.uid if target.user else ""


def _fits(ask: Ask, name: str, key: str, value: str) -> bool:
    """Within the limit, and in one line to whoever reads it: what cannot be told whole is not taken."""
    settings = ask.settings
    longest = len(settings.server.encode()) + settings.nick_length  # of the numeric, to the longest nick
    if ask.session.user is not None:
        longest = max(longest, len(ask.user.source.encode()))
    line = f": METADATA {name} {key} {EVERYBODY} :{value}"
    return len(value.encode()) <= settings.metadata_value_bytes and longest + len(line.encode()) <= BODY_LIMIT


def _is_too_fast(ask: Ask, key: str) -> bool:
    wait = CHANGES.wait(ask)
    if wait:
        seconds = str(math.ceil(wait))
        text = f"You're going too fast! Try again in {seconds} seconds."
        ask.fail("RATE_LIMITED", ask.params[0], key, seconds, text=text)
    return bool(wait)


def _set_early(ask: Ask, key: str, value: str | None) -> None:
    """Nobody knows of this connection yet, so it is its own affair."""
    values = _early(ask).values
    if value is None:
        if values.pop(key, None) is None:
            ask.refuse(not_set("*", key))
            return
    elif key not in values and len(values) >= ask.settings.metadata_keys:
        ask.fail("LIMIT_REACHED", "*", text="Metadata limit reached")
        return
    else:
        values[key] = value
    _tell_value(ask, "*", key, value)


def _note(ask: Ask, name: str, key: str, value: str | None) -> None:
    settings = ask.settings
    if not is_valid_room(name, settings.room_length) and not is_valid_nick(name, settings.nick_length):
        ask.fail("INVALID_TARGET", name, text="Invalid metadata target")
    elif value is not None and value not in NOTES[key]:
        ask.fail("VALUE_INVALID", text=f"This is one of {', '.join(NOTES[key])}")
    elif not _is_too_fast(ask, key):
        ask.commit(NoteChanged(ask.user.uid, fold(name), name, key, value, NOTES_PER_USER), _noted)


def _choose(ask: Ask, target: Target, key: str, value: str | None) -> None:
    account = ask.world.accounts.by_uid.get(ask.session.account)
    if value is not None and SETTINGS[key].fullmatch(value) is None:
        ask.fail("VALUE_INVALID", text="This setting has no such value")
    elif _is_too_fast(ask, key):
        pass
    elif key == LANGUAGE_KEY and account is not None:
        choose(ask, account, LANGUAGE, value or DEFAULT, partial(_tell_setting, target.name, key, value))
    else:
        ask.commit(NoteChanged(ask.user.uid, ONESELF, target.name, key, value, NOTES_PER_USER), _noted)


def _told(ask: Ask, fact: MetadataChanged) -> None:
    _tell_value(ask, fact.name, fact.key, fact.value)
    spread.tell_own_clients(ask, fact.key, spread.value_line(fact.source, fact.name, fact.key, fact.value))


def _noted(ask: Ask, fact: NoteChanged) -> None:
    _tell_setting(fact.name, fact.key, fact.value, ask)


def _tell_setting(name: str, key: str, value: str | None, ask: Ask) -> None:
    """Whoever has changed it is answered, and his other clients that want to know are told."""
    _tell_value(ask, name, key, value)
    line = spread.value_line(ask.settings.server, name, key, value, PRIVATE)
    spread.tell_own_clients(ask, key, line)


def _tell_value(ask: Ask, name: str, key: str, value: str | None) -> None:
    """ "One RPL_KEYVALUE event, representing the new value if any, or RPL_KEYNOTSET if not." """
    if value is None:
        ask.reply(numerics.RPL_KEYNOTSET, name, key, "key not set")
    else:
        ask.send(_value_line(ask, name, key, value))


def _clear(ask: Ask, target: Target) -> None:
    if target.room is None and target.user is None:
        keys = list(target.values)
        target.values.clear()
        _tell_cleared(ask, "*", keys)
    elif not _is_too_fast(ask, "*"):
        ask.commit(
            MetadataCleared(ask.user.uid, ask.user.source, target.name, *_place(target)),
            lambda ask, fact: _tell_cleared(ask, fact.name, fact.keys),
        )


def _tell_cleared(ask: Ask, name: str, keys: list[str]) -> None:
    """ "A metadata batch containing one RPL_KEYVALUE event per cleared key": the value is empty now."""
    _send_batch(ask, name, [_value_line(ask, name, key, "") for key in keys])


# ---- subscribing


def _sub(ask: Ask, target: Target) -> None:
    """ "The server MUST process each key in order"."""
    if not _is_oneself(ask, target):
        return
    subscribed: list[str] = []
    for key in ask.params[2:]:
        if not _is_key(key):
            ask.fail("KEY_INVALID", key, text="Invalid key")
        elif len(_subscriptions(ask)) >= ask.settings.metadata_subs:
            # "the server does not process any further keys in the subcommand"
            ask.fail("TOO_MANY_SUBS", key, text="Too many subscriptions!")
            break
        else:
            subscribed.append(key)
            if ask.session.user is None:
                _early(ask).keys[key] = None
            else:
                ask.engine.shelf(Subscriptions).add(ask.session, key)
    _reply_keys(ask, numerics.RPL_METADATASUBOK, subscribed)
    if subscribed and ask.session.user is not None and ask.session.caps & METADATA and not SYNCS.wait(ask):
        # "When subscribing to a key, clients SHOULD receive the current value of that key"
        ask.engine.pieces.start(ask, _current(ask, subscribed))


def _current(ask: Ask, keys: list[str]) -> Iterator[None]:
    server = ask.settings.server
    private = {**ask.user.notes, ONESELF: settings_of(ask)}
    for about, values in private.items():
        name = ask.user.nick if about == ONESELF else about
        for key in keys:
            if key in values:
                ask.send(spread.value_line(server, name, key, values[key], PRIVATE))
    yield
    for thing in spread.followed_by(ask.engine, ask.session):
        name = thing.name if isinstance(thing, Room) else thing.nick
        for key in keys:
            if key in thing.metadata:
                ask.send(spread.value_line(ask.settings.server, name, key, thing.metadata[key]))
        yield


def _unsub(ask: Ask, target: Target) -> None:
    if not _is_oneself(ask, target):
        return
    keys = [key for key in ask.params[2:] if _is_key(key)]
    for key in ask.params[2:]:
        if not _is_key(key):
            ask.fail("KEY_INVALID", key, text="Invalid key")
        elif ask.session.user is None:
            _early(ask).keys.pop(key, None)
        else:
            ask.engine.shelf(Subscriptions).remove(ask.session, key)
    _reply_keys(ask, numerics.RPL_METADATAUNSUBOK, keys)


def _subs(ask: Ask, target: Target) -> None:
    if _is_oneself(ask, target):
        server, nick = ask.settings.server, ask.session.nick
        keys = _subscriptions(ask)
        lines = [
            numeric_line(server, numerics.RPL_METADATASUBS, nick, tuple(words))
            for words in _spread_keys(keys)
        ]
        for _ in _in_batch(ask, "metadata-subs", lines):
            pass


def _is_oneself(ask: Ask, target: Target) -> bool:
    if target.room is None and target.user is ask.session.user:
        return True
    ask.fail("INVALID_TARGET", ask.params[0], text="Subscriptions are one's own")
    return False


def _subscriptions(ask: Ask) -> list[str]:
    if ask.session.user is None:
        return list(_early(ask).keys)
    return ask.engine.shelf(Subscriptions).keys_of(ask.session)


def _reply_keys(ask: Ask, numeric: str, keys: list[str]) -> None:
    for words in _spread_keys(list(dict.fromkeys(keys))):
        ask.reply(numeric, *words)


def _spread_keys(keys: list[str]) -> list[list[str]]:
    """Keys in portions that fit into a line, both by number and by length."""
    portions = [keys[start : start + _KEYS_PER_LINE] for start in range(0, len(keys), _KEYS_PER_LINE)]
    return [text.split(" ") for portion in portions for text in pack(portion, " ", 250)]


# ---- synchronizing


def _sync(ask: Ask, target: Target) -> None:
    room = target.room
    if room is not None and ask.user.uid not in room.members:
        ask.fail("INVALID_TARGET", ask.params[0], text="You're not on that channel")
    elif room is not None and (wait := SYNCS.wait(ask)):
        ask.reply(numerics.RPL_METADATASYNCLATER, room.name, str(math.ceil(wait)))
    elif room is not None:
        ask.engine.pieces.start(ask, _in_batch(ask, "metadata " + room.name, _room_lines(ask, room)))
    else:
        lines = spread.known_lines(ask.engine, ask.session, target.name, target.values)
        _send_batch(ask, target.name, list(lines))


def _room_lines(ask: Ask, room: Room) -> Iterator[str]:
    """What is known of a room and of everybody in it, for the keys that are subscribed to."""
    engine, session = ask.engine, ask.session
    yield from list(spread.known_lines(engine, session, room.name, room.metadata))
    for uid, member in list(room.members.items()):
        if uid in room.members and session.user is not None and room.sees(session.user.uid, member):
            yield from list(spread.known_lines(engine, session, member.user.nick, member.user.metadata))


def sync_newcomer(ask: Ask, fact: MemberJoined) -> None:
    """ "On joining a channel, users will get the channel's current metadata sent to them with METADATA messages, and
    get the same information for all users who are in the channel." """
    room = ask.world.rooms.get(fold(fact.room))
    subscribed = ask.engine.shelf(Subscriptions).keys_of(ask.session)
    if room is None or not subscribed or not ask.session.caps & METADATA:
        return
    if len(room.members) > SYNC_AT_ONCE:
        ask.reply(numerics.RPL_METADATASYNCLATER, room.name, SYNC_LATER)
    elif room.metadata or any(member.user.metadata for member in room.members.values()):
        ask.engine.pieces.start(ask, _in_batch(ask, "metadata " + room.name, _room_lines(ask, room)))


# ---- arriving


def greet(ask: Ask) -> None:
    """ "clients receive their current metadata [...] in a metadata batch with their own nick as target as part of the
    registration burst [...] If none exists, the server MUST send an empty batch instead." """
    if ask.session.caps & METADATA:
        server, nick = ask.settings.server, ask.session.nick
        early = ask.session.early_metadata
        values = early.values if isinstance(early, Early) else {}
        _send_batch(ask, nick, [spread.value_line(server, nick, key, values[key]) for key in values])


def arrive(ask: Ask, fact: UserArrived) -> None:
    """What was said before is his own now."""
    early = ask.session.early_metadata
    ask.session.early_metadata = None
    if not isinstance(early, Early):
        return
    for key in early.keys:
        ask.engine.shelf(Subscriptions).add(ask.session, key)
    user = ask.world.users[fact.actor]
    for key, value in early.values.items():
        change = MetadataChanged(user.uid, user.source, user.nick, "", user.uid)
        change.key = key
        change.value = value
        change.at_most = ask.settings.metadata_keys
        ask.commit(change)


def tell_followed(ask: Ask, user: User) -> None:
    """ "Clients SHOULD receive the current values of keys they are subscribed to when they MONITOR a user"."""
    if ask.session.caps & METADATA:
        spread.send_known(ask.engine, ask.session, user.nick, user.metadata)


def tell_whois(ask: Ask, user: User) -> None:
    """ "A subset of that metadata MAY be sent with RPL_WHOISKEYVALUE numerics": what is subscribed to."""
    if ask.session.caps & METADATA:
        for key in ask.engine.shelf(Subscriptions).keys_of(ask.session):
            if key in user.metadata:
                value = user.metadata[key]
                ask.reply(numerics.RPL_WHOISKEYVALUE, user.nick, key, EVERYBODY, value)


_SUBCOMMANDS: dict[str, Callable[[Ask, Target], None]] = {
    "GET": _get,
    "LIST": _list,
    "SET": _set,
    "CLEAR": _clear,
    "SUB": _sub,
    "UNSUB": _unsub,
    "SUBS": _subs,
    "SYNC": _sync,
}
