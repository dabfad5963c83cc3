"""What must be true of a server between two turns, whatever has happened: its indexes agree, and so does its disk.

The rule: each check returns what is wrong, as sentences; nothing here raises or changes anything. They hold when the
log is idle: between a fact and what follows from it, much is half done.
"""

from collections import Counter
from collections.abc import Iterator
from typing import cast

from veche.core.engine import Engine
from veche.core.fanout import Fanout
from veche.core.log import Log
from veche.core.ports import SavedFact, Store
from veche.core.saved import restore
from veche.state.accounts import Accounts
from veche.state.snapshot import snapshot
from veche.state.user import LOGGED_IN, User
from veche.state.world import World
from veche.wire.confusables import looks, skeleton
from veche.wire.names import fold


def check_indexes(engine: Engine) -> list[str]:
    """Everything that is known in two places and is not the same in both."""
    world = engine.world
    return [
        *_check_accounts(world.accounts),
        *_check_people(world),
        *_check_rooms(world),
        *_check_sessions(engine),
        *_check_groups(engine.fanout, world),
    ]


def _check_accounts(accounts: Accounts) -> Iterator[str]:
    known = set(accounts.by_uid)
    for uid, account in accounts.by_uid.items():
        if account.uid != uid or account.key != fold(account.name):
            yield f"the account {account!r} stands under {uid}, with the key {account.key}"
        if accounts.by_key.get(account.key) is not account:
            yield f"the account {account!r} is not found by its name"
        if missing := [look for look in looks(account.name) if accounts.by_look.get(look) not in known]:
            yield f"the account {account!r} is not found by {missing}"
        if lost := [one for one in account.certificates if accounts.by_certificate.get(one) != uid]:
            yield f"the account {account!r} is not found by its certificates {lost}"
    if len(accounts.by_key) != len(known):
        yield f"names of no account: {accounts.by_key.keys() - {one.key for one in accounts}}"
    for look, uid in accounts.by_look.items():
        if uid not in known or look not in looks(accounts.by_uid[uid].name):
            yield f"{look} is taken for an account that is not there, or does not look so: {uid}"
    for fingerprint, uid in accounts.by_certificate.items():
        if uid not in known or fingerprint not in accounts.by_uid[uid].certificates:
            yield f"a certificate belongs to nobody: {fingerprint} of {uid}"


def _check_people(world: World) -> Iterator[str]:
    for uid, user in world.users.items():
        if user.uid != uid or user.key != fold(user.nick):
            yield f"{user!r} stands under {uid}, with the key {user.key}"
        if world.users_by_key.get(user.key) is not user:
            yield f"{user!r} is not found by the nick"
        if world.users_by_look.get(skeleton(user.nick)) is not user:
            yield f"{user!r} is not found by what the nick looks like"
        if world.present.get(user.identity) is not user:
            yield f"{user!r} is not found by the identity"
        yield from _check_login(world, user)
        for key in user.rooms:
            if key not in world.rooms or uid not in world.rooms[key].members:
                yield f"{user!r} thinks to be in {key}"
    for name in ("users_by_key", "users_by_look", "present"):
        if len(getattr(world, name)) != len(world.users):
            yield f"{name} and users differ: {getattr(world, name)} {world.users}"
    counted = Counter(mode for user in world.users.values() for mode in user.modes)
    if {mode: count for mode, count in world.mode_counts.items() if count} != dict(counted):
        yield f"modes are counted wrong: {world.mode_counts}, not {dict(counted)}"
    known = world.accounts.by_uid.keys()
    if gone := world.profiles.keys() - known:
        yield f"profiles of nobody: {gone}"
    if gone := world.markers.keys() - known - world.present.keys():
        yield f"read markers of nobody: {gone}"


def _check_login(world: World, user: User) -> Iterator[str]:
    if not user.account:
        if user.stays or LOGGED_IN in user.modes:
            yield f"{user!r} is a guest and stays, or has the mode of who is none"
        return
    account = world.accounts.by_uid.get(user.identity)
    if account is None or account.name != user.account:
        yield f"{user!r} is logged in as {user.account}, and the account is {account!r}"
    if LOGGED_IN not in user.modes:
        yield f"{user!r} is logged in without the mode for it"
    profile = world.profiles.get(user.identity)
    if profile is None or profile.metadata is not user.metadata or profile.notes is not user.notes:
        yield f"{user!r} has another profile than the account"


def _check_rooms(world: World) -> Iterator[str]:
    for key, room in world.rooms.items():
        if room.key != key or key != fold(room.name):
            yield f"{room!r} stands under {key}, with the key {room.key}"
        for uid, member in room.members.items():
            if world.users.get(uid) is not member.user or key not in member.user.rooms:
                yield f"{room!r} has the member {member.user!r}, who is not there or does not know"
        stayers = sum(member.user.stays for member in room.members.values())
        if room.stayers != stayers:
            yield f"{room!r} counts {room.stayers} who stay, of {stayers}"
        if not room.members and not room.is_lasting():
            yield f"{room!r} is empty, and still there"
        if room.is_awaiting:
            yield f"{room!r} still waits for those who were in it"


def _check_sessions(engine: Engine) -> Iterator[str]:
    world, fanout = engine.world, engine.fanout
    for uid, sessions in fanout.sessions.items():
        user = world.users.get(uid)
        if user is None or not sessions:
            yield f"sessions of nobody, or none of somebody: {uid} {sessions}"
        yield from (
            f"{one!r} speaks for {one.user!r}, not {user!r}" for one in sessions if one.user is not user
        )
    for user in world.users.values():
        has_device = user.uid in fanout.sessions
        if not has_device and not user.stays:
            yield f"{user!r} has no sessions and does not stay"
        if has_device == bool(user.absent):
            yield f"{user!r} is absent since {user.absent}, with sessions {fanout.sessions.get(user.uid)}"
    attached = sum(map(len, fanout.sessions.values()))
    if engine.attached != attached:
        yield f"{engine.attached} sessions are counted, of {attached}"
    for session in engine.sessions:
        if session.user is not None and session not in fanout.sessions.get(session.user.uid, ()):
            yield f"{session!r} hears nothing"
        if session.user is not None and session.user.account and session.account != session.user.identity:
            yield f"{session!r} is logged in as {session.account}, its user as {session.user.identity}"
        if session.user is not None and session.account and not session.user.account:
            yield f"{session!r} is logged in as {session.account}, its user is a guest"


def _check_groups(fanout: Fanout, world: World) -> Iterator[str]:
    for key, groups in fanout.rooms.items():
        members = world.rooms[key].members if key in world.rooms else {}
        right = {(session.view, session) for uid in members for session in fanout.sessions.get(uid, ())}
        heard = {(view, session) for view, sessions in groups.items() for session in sessions}
        if heard != right:
            yield f"{key} is heard by {heard - right} too much, and not by {right - heard}"
    for key, room in world.rooms.items():
        if key not in fanout.rooms and any(uid in fanout.sessions for uid in room.members):
            yield f"nobody hears {key}"


# ---- what a restart brings back


def lasting(world: World) -> dict[str, object]:
    """The part of a world that outlives the process, in a form that can be compared."""
    stays = {user.uid: user for user in world.users.values() if user.stays}
    whole = snapshot(world)
    people = {}
    for user in stays.values():
        people[user.identity] = {
            "who": [user.uid, user.source, user.real_name, user.account, user.signed_on],
            "away": [user.away, user.is_away_for_absence],
            "modes": sorted(user.modes - set("osZ")),
            "rooms": sorted(user.rooms),
            "silences": user.silences,
        }
    rooms = {}
    for key, room in world.rooms.items():
        if room.is_lasting():
            shown = whole["rooms"]
            assert isinstance(shown, dict)
            ranks = {uid: member.ranks for uid, member in room.members.items() if uid in stays}
            rooms[key] = {**shown[key], "members": dict(sorted(ranks.items()))}
    known = world.accounts.by_uid
    return {
        "accounts": whole["accounts"],
        "people": people,
        "rooms": rooms,
        "profiles": {
            uid: [one.metadata, one.notes] for uid, one in world.profiles.items() if one.metadata or one.notes
        },
        "markers": {uid: found for uid, found in world.markers.items() if uid in known and found},
        "bans": whole["bans"],
        "conversations": whole["conversations"],
    }


class _Glance:
    """A store that can be read at the start, and nothing else; what is put in the place of what it holds is not."""

    def __init__(self, store: Store) -> None:
        self.last = store.last
        self.saved = store.saved

    def replace_saved(self, facts: list[SavedFact]) -> None:
        """Nothing happens."""


def check_disk(engine: Engine) -> list[str]:
    """Whether a server that started now would find what this one knows. Unless its disk has refused anything."""
    if engine.store is None or any(row.kind not in engine.registry.kinds for row in engine.store.saved()):
        return []  # nothing is kept, or by features that have been taken out
    store = cast(Store, _Glance(engine.store))
    world = World()
    restore(Log(world, engine.registry, engine.fanout, store, engine.clock, engine.chance), store)
    return differences(lasting(engine.world), lasting(world))


def differences(live: dict[str, object], again: dict[str, object]) -> list[str]:
    """What a restart has made other than it was."""
    return [
        f"a restart gives other {part}:\n  live  {live[part]}\n  again {again[part]}"
        for part in live
        if live[part] != again[part]
    ]
