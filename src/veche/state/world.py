"""The world: who is here and which rooms there are. The only place that links users with rooms.

The rule: these methods are called by applies and by nothing else; none of them can fail on a world that its guards
have approved. Whoever must follow memberships (the fan-out) registers as the watcher.
"""

from collections.abc import Collection
from typing import Protocol

from veche.state.accounts import Account, Accounts
from veche.state.events import SILENCE, Audience
from veche.state.invitations import Invitation
from veche.state.room import KEEP_KEY, KEEPS_NOTHING, Member, Room
from veche.state.server_bans import LOWEST_ALARM, ServerBans
from veche.state.user import LOGGED_IN, User
from veche.wire.confusables import skeleton
from veche.wire.names import fold


class Watcher(Protocol):
    """Follows who is in which room, so that an audience need not be collected per message."""

    def joined(self, room: Room, user: User) -> None:
        """A user has become a member."""

    def left(self, room: Room, user: User) -> None:
        """A member has ceased to be one."""

    def renamed(self, room: Room, before: str) -> None:
        """A room that had the key `before` has another one."""


class Profile:
    """What the owner of an account says of himself, and notes about others: as `User.metadata` and `User.notes`, which
    are these while he is here."""

    __slots__ = ("metadata", "notes")

    def __init__(self, metadata: dict[str, str], notes: dict[str, dict[str, str]]) -> None:
        self.metadata = metadata
        self.notes = notes


class World:
    """Users by uid and by folded nick; rooms by folded name."""

    __slots__ = (
        "accounts",
        "alarm",
        "believed",
        "conversations",
        "erasures",
        "invitations",
        "markers",
        "mode_counts",
        "present",
        "profiles",
        "refused",
        "registrations",
        "rooms",
        "rooms_keep_less",
        "server_bans",
        "users",
        "users_by_key",
        "users_by_look",
        "watcher",
    )

    def __init__(self, watcher: Watcher | None = None) -> None:
        self.users: dict[str, User] = {}
        self.users_by_key: dict[str, User] = {}
        self.users_by_look: dict[str, User] = {}  # by the skeletons of their nicks: no two look the same
        self.rooms: dict[str, Room] = {}
        self.watcher = watcher
        self.server_bans = ServerBans()
        self.accounts = Accounts()
        self.present: dict[
            str, User
        ] = {}  # who is here, by what the record knows him by; an account has one user
        self.alarm = LOWEST_ALARM  # DEFCON
        self.refused: frozenset[str] = frozenset()  # what is not taken on at that level
        # Under which key the messages of a room are kept, by its folded name, where that is not the name itself.
        self.conversations: dict[str, str] = {}
        self.invitations: dict[str, Invitation] = {}  # by the hashes of their codes
        self.profiles: dict[str, Profile] = {}  # of accounts, by uid, whether their owners are here or not
        # Who is being erased, by what the record knows him by, with the names that he was known by.
        self.erasures: dict[str, list[str]] = {}
        self.believed = 0  # what time it was at least (s since 1970), by a clock that could be believed
        # Whether a room may have nothing kept of what is said there: the installation's to say.
        self.rooms_keep_less = True
        # How far each person has read (ms since 1970), by what the record knows him by, and by conversation.
        self.markers: dict[str, dict[str, int]] = {}
        # When accounts were made lately (ms since 1970), by place and in all, where several nodes make them.
        self.registrations: dict[str, list[int]] = {}
        self.mode_counts: dict[
            str, int
        ] = {}  # how many users have a mode; counting them anew costs each arrival

    def add_user(self, user: User) -> None:
        """A user arrives; his nick is free, and nobody else's looks like it."""
        self.users[user.uid] = user
        self.users_by_key[user.key] = user
        self.users_by_look[skeleton(user.nick)] = user
        self.present[user.identity] = user

    def sees(self, one: User, other: User) -> bool:
        """Whether they share a room in which the one sees the other."""
        return any(
            (room := self.rooms[key]).sees(one.uid, room.members[other.uid])
            for key in one.rooms
            if key in other.rooms
        )

    def person(self, name: str) -> User | Account | None:
        """Who is called so: who bears the nick, else the owner of the account of that name or, without him, itself."""
        key = fold(name)
        user = self.users_by_key.get(key)
        if user is not None:
            return user
        account = self.accounts.by_key.get(key)
        return account and self.present.get(account.uid, account)

    def known(self, identity: str) -> User | Account | None:
        """Whom the record knows by this identity: who is here, or the account of who is not; None for who has gone."""
        return self.present.get(identity) or self.accounts.by_uid.get(identity)

    def audience_of(self, identity: str) -> Audience:
        """Who hears what is for one person: himself, or nobody if he is not here."""
        user = self.present.get(identity)
        return Audience(uids=(user.uid,)) if user is not None else SILENCE

    def pair(self, actor: str, recipient: str) -> tuple[User, User] | None:
        """The two people of a direct message, by uid and identity; None unless both are here and they are two."""
        one = self.users.get(actor)
        other = self.present.get(recipient)
        return (one, other) if one is not None and other is not None and one is not other else None

    def register_account(self, account: Account, maker: str) -> None:
        """An account is made. What the user `maker` (a uid) has said of himself and noted is the account's if he makes
        it of what he is, whether he is still here to be logged in to it or not."""
        self.accounts.put(account)
        user = self.users.get(maker)
        if user is not None and user.identity == account.uid:
            self.profiles[account.uid] = Profile(user.metadata, user.notes)

    def _forget_guest(self, identity: str) -> None:
        """Nobody will ever be that guest again; but he may have made an account of what he was."""
        if identity not in self.accounts.by_uid:
            self.markers.pop(identity, None)

    def erase_account(self, uid: str) -> None:
        """An account is no more, nor what was its owner's alone. Nobody is logged in to it."""
        self.accounts.remove(uid)
        self.profiles.pop(uid, None)
        self.markers.pop(uid, None)
        for key in [key for key, one in self.invitations.items() if one.by == uid]:
            del self.invitations[key]

    def log_in(self, user: User, account: Account) -> None:
        """A user is the owner of this account from now on; nobody else here is."""
        self._recognise(user, account.name, account.uid)
        profile = self.profiles.setdefault(account.uid, Profile({}, {}))
        user.metadata, user.notes = profile.metadata, profile.notes
        self.set_modes(user, user.modes | {LOGGED_IN})

    def log_out(self, user: User, identity: str) -> None:
        """A user is nobody's owner; `identity` is what the record knows him by from now on."""
        self._recognise(user, "", identity)
        user.metadata, user.notes = {}, {}
        self.set_modes(user, user.modes - {LOGGED_IN})

    def _recognise(self, user: User, account: str, identity: str) -> None:
        del self.present[user.identity]
        if identity != user.identity:
            self._forget_guest(user.identity)
        user.account = account
        user.identity = identity
        self.present[identity] = user

    def set_staying(self, user: User, stays: bool) -> None:
        """Whether a user stays where he is when none of his devices is here."""
        for key in user.rooms:
            self.rooms[key].stayers += stays - user.stays
        user.stays = stays

    def settle(self, time: int) -> None:
        """Everything has been restored, of a process that ended at about `time` (ms since 1970).

        Until then the users who stay were here; rooms that were kept for members who are not back are gone."""
        for user in self.users.values():
            user.absent = user.absent or time
        for room in list(self.rooms.values()):
            room.is_awaiting = False
            self.forget_if_empty(room)

    def change_host(self, user: User, username: str, host: str) -> None:
        """A user is seen under another user name or host."""
        user.username = username
        user.host = host
        self.rename_user(user, user.nick, user.key)  # under his own nick: his source is another one

    def remove_user(self, user: User) -> None:
        """A user goes, and with him his memberships."""
        for key in list(user.rooms):
            self.remove_member(self.rooms[key], user)
        self._count_modes(user.modes, -1)
        del self.present[user.identity]
        self._forget_guest(user.identity)
        del self.users[user.uid]
        del self.users_by_key[user.key]
        del self.users_by_look[skeleton(user.nick)]

    def rename_user(self, user: User, nick: str, key: str) -> None:
        """A user takes a nick that is free or his own in other letters."""
        del self.users_by_key[user.key]
        del self.users_by_look[skeleton(user.nick)]
        user.rename(nick, key)
        self.users_by_key[key] = user
        self.users_by_look[skeleton(nick)] = user
        for room_key in user.rooms:
            self.rooms[room_key].members[user.uid].lists_mark = -1

    def set_modes(self, user: User, modes: frozenset[str]) -> None:
        """A user's modes are these from now on."""
        self._count_modes(user.modes, -1)
        self._count_modes(modes, 1)
        user.modes = modes

    def _count_modes(self, modes: frozenset[str], step: int) -> None:
        for mode in modes:
            self.mode_counts[mode] = self.mode_counts.get(mode, 0) + step

    def add_member(self, room: Room, user: User, ranks: str, joined: int = 0) -> None:
        """A user enters a room at a time (ms since 1970), with these ranks and that which is his account's there."""
        member = room.members[user.uid] = Member(user, ranks, room.rank_of(user.identity))
        member.joined = joined
        room.stayers += user.stays
        user.rooms[room.key] = None
        self.rooms.setdefault(room.key, room)
        if self.watcher is not None:
            self.watcher.joined(room, user)

    def remove_member(self, room: Room, user: User) -> None:
        """A member leaves; the last one takes the room with him, unless it is a lasting one."""
        del room.members[user.uid]
        room.stayers -= user.stays
        del user.rooms[room.key]
        if self.watcher is not None:
            self.watcher.left(room, user)
        if not room.members and not room.is_lasting():
            del self.rooms[room.key]

    def conversation_of(self, key: str) -> str:
        """Under which key the messages of a room with this folded name are kept: the name, unless it was renamed."""
        return self.conversations.get(key, key)

    def keeps(self, room: Room) -> bool:
        """Whether what is said in a room is kept."""
        return not self.rooms_keep_less or room.metadata.get(KEEP_KEY) != KEEPS_NOTHING

    def rename_room(self, room: Room, name: str, key: str) -> None:
        """A room is called otherwise; the key is free or its own. Members with their notes about
        it follow, and invitations."""
        before = room.key
        room.name = name
        if key == before:
            return
        del self.rooms[before]
        self.rooms[key] = room
        room.key = key
        for member in room.members.values():
            user = member.user
            user.rooms = {key if one == before else one: None for one in user.rooms}
            if before in user.notes:
                user.notes[key] = user.notes.pop(before)  # it is the room that he has muted or pinned
        for user in self.users.values():
            if user.invitations.get(before) == room.created:
                user.invitations.pop(key, None)  # into a room that bore the name once
                user.invitations = {
                    key if one == before else one: created for one, created in user.invitations.items()
                }
        if self.watcher is not None:
            self.watcher.renamed(room, before)

    def peers(self, user: User) -> set[str]:
        """The uids of everyone else who shares a room with this user and sees him in it."""
        uids: set[str] = set()
        for key in user.rooms:
            uids.update(self.onlookers(self.rooms[key], user))
        uids.discard(user.uid)
        return uids

    def onlookers(self, room: Room, user: User) -> Collection[str]:
        """The uids of the members who see this one come, go and change: all, or in an auditorium the ranks."""
        member = room.members[user.uid]
        if "u" not in room.flags or member.ranks:
            return room.members
        return [uid for uid, other in room.members.items() if other.ranks or uid == user.uid]

    def audience(self, room: Room, user: User) -> Audience:
        """Who hears of a member's coming and going: the onlookers, and himself wherever he is by then."""
        onlookers = self.onlookers(room, user)
        return Audience(room, (user.uid,)) if onlookers is room.members else Audience(uids=list(onlookers))

    def forget_if_empty(self, room: Room) -> None:
        """A room that is no longer lasting and has nobody in it is gone."""
        if not room.members and not room.is_lasting():
            self.rooms.pop(room.key, None)
