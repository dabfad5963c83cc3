"""A session: one client connection as the server knows it. Plain state; the engine and the features move it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from veche.core.scopes import FULL
from veche.wire.lines import BadLine, LineReader

if TYPE_CHECKING:
    from veche.core.batches import OpenBatch
    from veche.core.logins import Exchange, Proof
    from veche.core.ports import Pipe
    from veche.state.user import User


class Vouched(NamedTuple):
    """What the door itself has found out of who comes: the uid of the account that he has proved to be his, "" for a
    guest; and the fingerprints of the ssh keys that he has shown, the one that was proved first."""

    account: str
    ssh_keys: tuple[str, ...] = ()


class Registration:
    """What is known of a session before it has a user; dropped when it has."""

    __slots__ = ("lines", "negotiating", "nick", "opened", "password", "real_name", "username")

    def __init__(self, opened: float) -> None:
        self.opened = opened  # monotonic
        self.nick = ""
        self.username = ""
        self.real_name = ""
        self.password = ""
        self.negotiating = False  # CAP LS or REQ seen and no CAP END yet
        self.lines = 0

    @property
    def is_complete(self) -> bool:
        """Whether all is known that a user needs, and nothing is being negotiated."""
        return bool(self.nick and self.username) and not self.negotiating


class Session:
    """One connection: what it sent and is not yet served, what it is owed, and who it is."""

    __slots__ = (
        "account",
        "address",
        "away",
        "batch",
        "binding",
        "budget",
        "cap_version",
        "caps",
        "certificate",
        "changing",
        "created_rooms",
        "device",
        "door",
        "early_metadata",
        "ended",
        "evicted",
        "exchange",
        "failures",
        "finished",
        "gateway",
        "guest",
        "heard",
        "held",
        "held_bytes",
        "host",
        "in_flight",
        "invitation",
        "is_invited",
        "leaving",
        "named",
        "opened",
        "outbox",
        "owed_bytes",
        "paces",
        "pinged",
        "pipe",
        "proof",
        "proved",
        "quitting",
        "reader",
        "reading_paused",
        "registration",
        "scope",
        "secure",
        "server_name",
        "since",
        "spoke",
        "timer",
        "token",
        "unread",
        "user",
        "view",
        "vouched",
    )

    def __init__(self, pipe: Pipe, address: str, host: str, door: str, now: float, *, secure: bool) -> None:
        self.pipe = pipe
        self.address = address  # for limits and operators alone; others see the host
        self.host = host
        self.door = door
        self.secure = secure  # nobody between the client and us can read along
        self.certificate = (
            ""  # SHA-256 of the client's TLS certificate: 64 lower-case hex digits; "" for none
        )
        self.vouched: Vouched | None = None  # what its door knows of it; None where doors know nothing
        # What SCRAM binds a login to: the "tls-server-end-point" of the certificate that we have shown; b"" where
        # somebody else ends the client's TLS, or nobody does.
        self.binding = b""
        self.server_name = ""  # the host name that the client asked TLS for (SNI); "" for none
        self.gateway = ""  # the name of the WEBIRC gateway that it comes through; "" for none
        self.reader = LineReader()
        self.registration: Registration | None = Registration(now)
        self.user: User | None = None
        self.account = ""  # the uid of the account that it has proved to be the owner's; "" for a guest
        self.guest = ""  # the identity of the guest whom it has proved to have been by another connection
        self.invitation = ""  # the key of the invitation that it has shown and not yet taken
        self.is_invited = False  # it has taken one, and not yet made an account by it
        self.device = ""  # what the owner calls the device that this is, when he has given it a name
        self.since = 0  # since when it has missed what was said to its user (ms since 1970); 0 for nothing
        self.exchange: Exchange | None = None  # the login (SASL) that is under way
        self.proof: Proof | None = None  # what was proved last, until it is entered
        self.proved = (
            -1e9
        )  # when it has proved last, by more than a token, that its account is its own (monotonic)
        self.token = ""  # the device by whose token it has logged in; "" for none
        self.scope = FULL  # what it may do: core/scopes.py
        self.failures = 0  # logins that have failed on this connection
        self.caps = 0
        self.cap_version = 0  # the highest version that CAP LS has named; 302 brought values and cap-notify
        self.view = 0  # the part of caps that changes how a line looks
        self.outbox: list[bytes] = []
        self.owed_bytes = (
            0  # of answers in the outbox; lines to everyone are bounded by their senders' budgets
        )
        # Lines that wait: for the flood budget, or for a fact of this session that is in line.
        self.held: deque[str | BadLine] | None = None
        self.held_bytes = 0
        self.unread = b""  # read and not yet cut into lines, since there is no room to hold them
        self.reading_paused = False
        self.in_flight = 0  # asks of this session that wait for the log or the store
        self.changing = 0  # of these, the ones that will change the world
        self.batch: OpenBatch | None = None  # the one that it has opened, until it closes it
        self.budget = 0.0  # flood control: when what was sent so far is paid off (monotonic)
        self.timer = False  # whether a wake-up for the held lines is set
        self.opened = now
        self.heard = now
        self.spoke = now  # last message, for WHOIS' idle time
        self.pinged = 0.0  # when an unanswered PING was sent; 0 for none
        self.named = -1e9  # last change of the real name
        self.created_rooms: list[float] | None = None
        self.paces: dict[str, float] = {}  # when what was done of each costly kind is paid off (monotonic)
        self.away = ""  # what AWAY said before registration (pre-away)
        self.early_metadata: object = None  # what METADATA said before registration: its feature's own
        self.quitting = ""  # the reason to give the others, once one is known
        self.leaving = False  # that it ceases to speak for its user stands in line
        self.evicted = False  # its user goes with it, even one who would stay without a session
        self.finished = False  # the peer will send nothing more (it has shut down its side)
        self.ended = False  # nothing more is read from or written to it

    @property
    def nick(self) -> str:
        """The first parameter of a numeric: the nick, or '*' for who has none yet."""
        if self.user is not None:
            return self.user.nick
        if self.registration is not None and self.registration.nick:
            return self.registration.nick
        return "*"

    def __repr__(self) -> str:
        return f"<Session {self.nick} {self.door}>"
