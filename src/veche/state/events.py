"""Facts: what has happened, in the past tense, as plain values (uids, folded names, texts; no references).

The rule: a fact can be applied to any world that has seen all facts before it, and gives the same result there.
Facts of one feature alone are declared in that feature; these are the ones that several floors or features know.
"""

from collections.abc import Collection, Mapping
from typing import ClassVar, Final

from veche.state.room import Room
from veche.wire.compiler import mypyc_attr, values_of

NOBODY: Final[Collection[str]] = ()


class Audience:
    """Who hears of a fact: the members of a room, some users by uid, or both. Everyone hears once."""

    __slots__ = ("room", "uids")

    def __init__(self, room: Room | None = None, uids: Collection[str] = NOBODY) -> None:
        self.room = room
        self.uids = uids


# Nobody hears, not even who asked.
SILENCE: Final = Audience()


@mypyc_attr(allow_interpreted_subclasses=True)
class Fact:
    """The base of all facts. `actor` is the uid of who did it ("" for the server); `time` is ms since 1970.

    `changes` says whether applying it changes the world, so that what comes behind it must be judged afterwards.
    `defaults` holds the values of slots that saved facts of an older version lack.
    `phase`: at the start saved facts are applied by phase, and in one phase by their places in the log. What needs
    rooms or accounts to be there has a later phase than what brings them. In one phase nothing is promised between
    facts with a key and those without: a newer fact of the same key takes the older one's place and not its turn.
    `event_id`: the message id of what a room's history will tell of it; "" for nothing. It is no part of what is saved.
    `divides`: whatever comes behind it has a later time, so that its time says what was before it and what was not;
    for a fact that `changes`.
    `is_beyond_us`: it has happened whatever the store says, like a connection that is gone; then it is applied, and
    what is kept of it is as before.
    """

    __slots__ = ("actor", "event_id", "time")
    changes: ClassVar[bool] = True
    divides: ClassVar[bool] = False
    is_beyond_us: ClassVar[bool] = False
    defaults: ClassVar[Mapping[str, object]] = {}
    phase: ClassVar[int] = 0

    def __init__(self, actor: str) -> None:
        self.actor = actor
        self.time = 0  # set by the log when the fact gets its place in line
        self.event_id = ""

    def saved_key(self) -> str:
        """The key under which only the newest saved fact of this kind is kept; "" keeps every one, in order."""
        return ""

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in sorted(values_of(type(self))))
        return f"{type(self).__name__}({values})"


@mypyc_attr(allow_interpreted_subclasses=True)
class LastingFact(Fact):
    """A fact that the record keeps. The log gives it its number and its id together with its time."""

    __slots__ = ("msgid", "seq")
    changes: ClassVar[bool] = False

    def __init__(self, actor: str) -> None:
        super().__init__(actor)
        self.seq = 0
        self.msgid = ""


@mypyc_attr(allow_interpreted_subclasses=True)
class SaidFact(LastingFact):
    """A message. `conversation` and `era` are as in the record; `sent` is the key of the id that the sender gave it
    (core/once.py), 0 for none. Not `is_kept`: it is told to who is here, and stands nowhere."""

    __slots__ = ("conversation", "era", "is_kept", "sent")

    def __init__(self, actor: str) -> None:
        super().__init__(actor)
        self.conversation = ""
        self.era = 0
        self.sent = 0
        self.is_kept = True


@mypyc_attr(allow_interpreted_subclasses=True)
class Forgotten(Fact):
    """The saved fact of a kind that has `key` need not be known any more. Only for `saves`: it is never applied."""

    __slots__ = ("key", "kind_name")

    def __init__(self, kind: type[Fact], key: str) -> None:
        if not key:
            raise AssertionError("a fact without a key is not forgotten one by one")
        super().__init__("")
        self.kind_name = kind.__name__
        self.key = key


@mypyc_attr(allow_interpreted_subclasses=True)
class Restored(Fact):
    """All that was saved has been applied, by a process whose predecessor ended at about `until` (ms since 1970)."""

    __slots__ = ("until",)

    def __init__(self, until: int) -> None:
        super().__init__("")
        self.until = until


@mypyc_attr(allow_interpreted_subclasses=True)
class UserArrived(Fact):
    """Somebody has registered a connection; `actor` is his new uid, `account` that of his account, "" for a guest.

    `stays`: he remains when his last device goes. `policy` as in `NickChanged`. `returns`: he is told, as a guest, how
    to prove by another connection that he is himself.
    """

    __slots__ = ("account", "host", "nick", "policy", "real_name", "returns", "stays", "username")
    defaults: ClassVar[Mapping[str, object]] = {"returns": False}

    def __init__(
        self, actor: str, nick: str, username: str, host: str, real_name: str, account: str = ""
    ) -> None:
        super().__init__(actor)
        self.account = account
        self.stays = False
        self.returns = False
        self.policy = ""
        self.nick = nick
        self.username = username
        self.host = host
        self.real_name = real_name


@mypyc_attr(allow_interpreted_subclasses=True)
class UserLeft(Fact):
    """A user has gone, with the reason that the others read; `source` as he was known at last.

    `if_absent`: only if he is here without a device.
    """

    __slots__ = ("if_absent", "reason", "source")
    is_beyond_us: ClassVar[bool] = True

    def __init__(self, actor: str, source: str, reason: str, *, if_absent: bool = False) -> None:
        super().__init__(actor)
        self.source = source
        self.reason = reason
        self.if_absent = if_absent


@mypyc_attr(allow_interpreted_subclasses=True)
class DeviceCame(Fact):
    """One more session speaks for a user who is here; `device` is the name that he gave it, "" for none.

    `is_guest`: it has proved that he is a guest, and is none of his if he has an account by then.
    """

    __slots__ = ("device", "is_guest")
    is_beyond_us: ClassVar[bool] = True
    defaults: ClassVar[Mapping[str, object]] = {"is_guest": False}

    def __init__(self, actor: str, device: str, *, is_guest: bool = False) -> None:
        super().__init__(actor)
        self.device = device
        self.is_guest = is_guest


@mypyc_attr(allow_interpreted_subclasses=True)
class DeviceLeft(Fact):
    """A session of a user has ended who has an account, and therefore may have others, or stay without any."""

    __slots__ = ("device",)

    def __init__(self, actor: str, device: str) -> None:
        super().__init__(actor)
        self.device = device


@mypyc_attr(allow_interpreted_subclasses=True)
class LoggedIn(Fact):
    """A user who is here has proved that an account is his: `account` is its uid, `name` its name.

    `stays`: he remains when his last device goes.
    """

    __slots__ = ("account", "name", "source", "stays")

    def __init__(self, actor: str, source: str, account: str, name: str, *, stays: bool) -> None:
        super().__init__(actor)
        self.stays = stays
        self.source = source
        self.account = account
        self.name = name


@mypyc_attr(allow_interpreted_subclasses=True)
class LoggedOut(Fact):
    """A user is a guest again; `identity` is what the record knows him by from now on."""

    __slots__ = ("identity", "source")

    def __init__(self, actor: str, source: str, identity: str) -> None:
        super().__init__(actor)
        self.source = source
        self.identity = identity


@mypyc_attr(allow_interpreted_subclasses=True)
class NickChanged(Fact):
    """A user has another nick; `source` as he was known before.

    `policy` says whose names are kept for them (`Account.keeps_name`), for the guard alone; "" where an operator may
    give any. `owner`: the server takes the name that he bore, which is the account's of this uid, and finds him
    another one, with `prefix`, when the turn of this has come.
    """

    __slots__ = ("nick", "owner", "policy", "prefix", "source")

    def __init__(self, actor: str, source: str, nick: str, policy: str = "") -> None:
        super().__init__(actor)
        self.source = source
        self.nick = nick
        self.policy = policy
        self.owner = ""
        self.prefix = ""


@mypyc_attr(allow_interpreted_subclasses=True)
class MemberJoined(Fact):
    """A user has entered a room, which came into being if it did not exist.

    `founder` is the rank of whoever brings the room into being. `password` is the key that he gave, `limit` the
    most rooms that he may be in, `is_forwarded` that another room sent him here, `is_forced` that an operator of the
    server did: these for the guard alone. `given` is set when it is applied: the rank that is his account's there, with
    the nick that he has then.
    """

    __slots__ = (
        "account",
        "founder",
        "given",
        "is_forced",
        "is_forwarded",
        "limit",
        "password",
        "real_name",
        "room",
        "source",
    )

    def __init__(self, actor: str, source: str, account: str, real_name: str, room: str) -> None:
        super().__init__(actor)
        self.source = source
        self.account = account
        self.real_name = real_name
        self.room = room  # as written by who joins
        self.founder = ""
        self.password = ""
        self.limit = 0
        self.is_forwarded = False
        self.is_forced = False
        self.given = ""


@mypyc_attr(allow_interpreted_subclasses=True)
class MemberLeft(Fact):
    """A member has left a room of his own will; `reason` may be empty."""

    __slots__ = ("reason", "room", "source")

    def __init__(self, actor: str, source: str, room: str, reason: str) -> None:
        super().__init__(actor)
        self.source = source
        self.room = room
        self.reason = reason


@mypyc_attr(allow_interpreted_subclasses=True)
class AwaySet(Fact):
    """A user is away with a message, or back ("")."""

    __slots__ = ("source", "text")

    def __init__(self, actor: str, source: str, text: str) -> None:
        super().__init__(actor)
        self.source = source
        self.text = text


@mypyc_attr(allow_interpreted_subclasses=True)
class RealNameChanged(Fact):
    """A user has another real name."""

    __slots__ = ("real_name", "source")

    def __init__(self, actor: str, source: str, real_name: str) -> None:
        super().__init__(actor)
        self.source = source
        self.real_name = real_name


@mypyc_attr(allow_interpreted_subclasses=True)
class HostChanged(Fact):
    """Others see another user name or host of a user (`actor`, whoever wanted it); `source` as he was known before."""

    __slots__ = ("host", "source", "username")

    def __init__(self, actor: str, source: str, username: str, host: str) -> None:
        super().__init__(actor)
        self.source = source
        self.username = username
        self.host = host
