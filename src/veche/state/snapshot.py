"""A world as plain values, so that two worlds can be compared: the live one and the one rebuilt from its facts."""

from veche.state.room import Room
from veche.state.user import User
from veche.state.world import World


def snapshot(world: World) -> dict[str, object]:
    """Everything that facts determine, as dictionaries and lists that compare by value and print as a diff."""
    return {
        "users": {uid: _user(user) for uid, user in sorted(world.users.items())},
        "accounts": {uid: account.values() for uid, account in sorted(world.accounts.by_uid.items())},
        "invitations": {key: one.values() for key, one in sorted(world.invitations.items())},
        "profiles": {uid: [one.metadata, one.notes] for uid, one in sorted(world.profiles.items())},
        "markers": {who: markers for who, markers in sorted(world.markers.items()) if markers},
        "present": {uid: user.uid for uid, user in sorted(world.present.items())},
        "nicks": {key: user.uid for key, user in sorted(world.users_by_key.items())},
        "looks": {look: user.uid for look, user in sorted(world.users_by_look.items())},
        "registrations": world.registrations,
        "rooms": {key: _room(room) for key, room in sorted(world.rooms.items())},
        "bans": {
            key: [ban.by, ban.reason, ban.made, ban.until]
            for key, ban in sorted(world.server_bans.entries.items())
        },
        "alarm": [world.alarm, sorted(world.refused)],
        "erasures": dict(sorted(world.erasures.items())),
        "conversations": dict(sorted(world.conversations.items())),
    }


def _user(user: User) -> dict[str, object]:
    return {
        "source": user.source,
        "real_name": user.real_name,
        "account": [user.account, user.identity],
        "away": user.away,
        "stays": [user.stays, user.absent, user.is_away_for_absence],
        "modes": sorted(user.modes),
        "operator": [user.operator, user.title, user.notices],
        "rooms": list(user.rooms),
        "signed_on": user.signed_on,
        "invitations": dict(sorted(user.invitations.items())),
        "silences": user.silences,
        "accepts": list(user.accepts),
        "knocked": user.knocked,
        "metadata": user.metadata,
        "notes": user.notes,
    }


def _room(room: Room) -> dict[str, object]:
    return {
        "name": room.name,
        "created": room.created,
        "topic": [room.topic, room.topic_by, room.topic_time],
        "flags": sorted(room.flags),
        "password": room.password,
        "limit": room.limit,
        "stayers": room.stayers,
        "members": {uid: [member.ranks, member.given] for uid, member in room.members.items()},
        "registration": room.registration and room.registration.values(),
        "forward": room.forward,
        "slow": room.slow,
        "metadata": room.metadata,
        "lists": {
            letter: {key: [entry.mask.text, entry.by, entry.time] for key, entry in sorted(entries.items())}
            for letter, entries in room.lists.items()
        },
    }
