"""The settings of a server: every key, with its default, meaning, unit and limits.

Each section of the file is a struct below, each key a field of it, and nothing else is accepted. How a file becomes
a Config, and what is said when it does not, is in config_file.py.
"""

import re
import socket
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from veche.core.operators import USUAL_KINDS

# RFC 1123, 2.1, with at least one dot: a server's name without one could be somebody's nick.
_SERVER_NAME = re.compile(
    r"(?=.{1,63}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+",
    re.ASCII,
)


def is_server_name(name: str) -> bool:
    """Whether `name` may stand in front of replies as a server's."""
    return _SERVER_NAME.fullmatch(name) is not None


def default_server_name() -> str:
    """This machine's name, if it can name a server: with a dot, so that nobody takes it for a nick."""
    host = socket.gethostname().rstrip(".").lower()
    for name in (host, f"{host}.local"):
        if is_server_name(name):
            return name
    return "irc.localhost"


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file. Fields are keys; a key that is not a field is refused."""


class Server(_Section, frozen=True):
    """[server]: who we are."""

    # The name in front of every reply; a host name, up to 63 characters. Default: this machine's, with a dot.
    name: str = msgspec.field(default_factory=default_server_name)
    # The network's name in the greeting and in ISUPPORT; 1 to 64 visible characters and spaces between.
    network: str = "Veche"
    # The network's picture, which clients show beside its name: the https address of an image; "" = none.
    icon: str = ""
    # The language of what the server says in the terminal and in the classic door: "en", "ru"; "" = the locale's.
    language: Literal["", "en", "ru"] = ""
    # The message of the day: a string (several lines allowed) or a list of lines; "" = a short one of our own.
    motd: str | tuple[str, ...] = ""
    # What PASS must say before anybody is let in; "" = everybody. A file that holds one must be private (mode 0600).
    password: Annotated[str, Meta(max_length=300)] = ""
    # The answers to ADMIN: where the server stands, and whom to write to. One line each; "" = not said.
    admin_location: Annotated[str, Meta(max_length=300)] = ""
    admin_email: Annotated[str, Meta(max_length=300)] = ""

    @property
    def motd_lines(self) -> tuple[str, ...]:
        """The message of the day in lines; empty when the built-in one is wanted."""
        if isinstance(self.motd, str):
            return tuple(self.motd.strip("\n").splitlines())
        return self.motd


class Listen(_Section, frozen=True):
    """[listen]: the doors. Lists of addresses (see app/addresses.py), or one as a string; "off" = shut."""

    # IRC without encryption.
    irc: tuple[str, ...] = ("127.0.0.1:6667",)
    # IRC over TLS.
    ircs: tuple[str, ...] = ("127.0.0.1:6697",)
    # The browser: pages and WebSocket.
    web: tuple[str, ...] = ("127.0.0.1:8080",)
    # The classic line protocol, for `nc` and telnet.
    classic: tuple[str, ...] = ("127.0.0.1:1995",)
    # The chat for whoever has nothing but `ssh`; "127.0.0.1:2222" is a usual place.
    ssh: tuple[str, ...] = ()


class Tls(_Section, frozen=True):
    """[tls]: encryption of the `ircs` door, and of `web` if it says so."""

    # PEM files: the certificate with those that issued it, its own first, and its key, which nobody else may read.
    # "" = one of our own, made at the first start and renewed in time; clients will ask their person about it.
    # Both are read again when they change and at SIGHUP.
    certificate: str = ""
    key: str = ""
    # For how many seconds clients are to insist on TLS once they have connected with it (STS); 0 = not said, -1 = what
    # was said before is taken back. Off until somebody says so, because clients that have heard it refuse every
    # certificate that they cannot verify, like the one of our own, until that time is over.
    sts_seconds: Annotated[int, Meta(ge=-1, le=63_072_000)] = 0
    # The TLS port that clients on the plain door are sent to; 0 = that of the first `ircs` address.
    sts_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    # Host names besides server.name under which clients hear it; as "chat.example=86400" for so many seconds there.
    sts_names: tuple[str, ...] = ()

    @property
    def sts_hosts(self) -> dict[str, int | None]:
        """The seconds by host name, in lower case; None: `sts_seconds`."""
        pairs = [entry.lower().partition("=") for entry in self.sts_names]
        return {name: int(seconds) if seconds else None for name, _, seconds in pairs}


class Web(_Section, frozen=True):
    """[web]: the browser's door."""

    # Origins of pages, like "https://chat.example", that may connect besides this server's own; "*" = any.
    origins: tuple[str, ...] = ()
    # Whether the door speaks HTTPS with the certificate of [tls], and no HTTP.
    tls: bool = False


class Ssh(_Section, frozen=True):
    """[ssh]: the door for `ssh`. Who has an account comes in with a key of his (NickServ SSHKEY) or his password."""

    # Whether people without an account may come in. With accounts.account_required nobody may.
    guests: bool = True
    # Visitors at once. Each is a process with some 25 MB of his own.
    visitors: Annotated[int, Meta(ge=1, le=10_000)] = 50
    # Memory that the process of one visitor may take, in MB; what needs more ends.
    memory_mb: Annotated[int, Meta(ge=64, le=65_536)] = 256


class Proxy(_Section, frozen=True):
    """[proxy]: load balancers and reverse proxies in front of us."""

    # Their addresses and networks, like "10.0.0.7" or "10.1.0.0/16"; "unix" for what comes by local sockets. At the
    # `web` door their X-Forwarded-For is believed, from the right, up to the first address that is not theirs, and
    # their X-Forwarded-Proto; nobody else's are. No limits per address apply to them.
    trusted: tuple[str, ...] = ()
    # The doors at which connections from them must begin with a PROXY header (version 1 or 2): "irc", "ircs".
    doors: tuple[Literal["irc", "ircs"], ...] = ()


class Gateway(_Section, frozen=True):
    """[webirc.NAME]: a gateway that may say where its users come from (WEBIRC)."""

    # What it must say to be believed. A file that holds one must be private (mode 0600).
    password: Annotated[str, Meta(min_length=1, max_length=300)]
    # The addresses and networks that it connects from; no limits per address apply to them.
    networks: Annotated[tuple[str, ...], Meta(min_length=1)]


class Oper(_Section, frozen=True):
    """[oper.NAME]: somebody who may become an operator of the server, with OPER NAME and his password."""

    # What `python server.py hash-password` prints. A file that holds one must be private (mode 0600).
    password_hash: Annotated[str, Meta(max_length=300)] = ""
    # The SHA-256 of his TLS client certificate, 64 hex digits; beside a password both are needed, without one it alone.
    certificate: Annotated[str, Meta(max_length=95)] = ""
    # Masks of user@host, or addresses and networks, that he must come from; none = from anywhere.
    hosts: tuple[str, ...] = ()
    # What WHOIS says of him instead of "is an IRC operator".
    title: Annotated[str, Meta(max_length=100)] = ""
    # The kinds of server notices that he reads at once: a what operators do, b bans, c who comes, f floods, k kills,
    # n nicks, o who becomes an operator, q who goes; "" = none.
    server_notices: str = USUAL_KINDS


Refused = Literal["accounts", "rooms", "connections"]


class Defcon(_Section, frozen=True):
    """[defcon]: what the server does not take on at each level of alarm, set with DEFCON; level 5 is none."""

    # Of "accounts" (new accounts), "rooms" (new rooms) and "connections" (new connections, but from this machine).
    level_4: tuple[Refused, ...] = ("accounts",)
    level_3: tuple[Refused, ...] = ("rooms",)
    level_2: tuple[Refused, ...] = ("accounts", "rooms")
    level_1: tuple[Refused, ...] = ("accounts", "rooms", "connections")


class Limits(_Section, frozen=True):
    """[limits]: what one client may cost. Lengths are in bytes of UTF-8: a Cyrillic letter takes two."""

    # Whether flood control is on: after `flood_burst` commands at once, `flood_per_second` are taken in a second
    # and the rest waits; nobody is sent away for being fast. Off only for measuring, or behind a gate that does it.
    flood: bool = True
    flood_burst: Annotated[int, Meta(ge=1, le=1000)] = 5
    flood_per_second: Annotated[float, Meta(ge=0.1, le=1000)] = 2.0
    # Bytes of commands that may wait for a client who is too fast; what it sends beyond that is left to the network.
    input_queue: Annotated[int, Meta(ge=1024, le=1 << 20)] = 8192
    # Bytes that may wait for a client that does not read; more ends its connection ("SendQ exceeded").
    send_queue: Annotated[int, Meta(ge=16384, le=1 << 30)] = 1048576
    # Connections open at once from one address (an IPv6 /64 counts as one); 0 lifts it.
    connections_per_address: Annotated[int, Meta(ge=0, le=1_000_000)] = 32
    # New connections from one address within the window, in seconds; a burst of 0 lifts it.
    connect_burst: Annotated[int, Meta(ge=0, le=1_000_000)] = 64
    connect_window_seconds: Annotated[int, Meta(ge=1, le=86400)] = 600
    # Sessions on this server altogether.
    clients: Annotated[int, Meta(ge=1, le=1_000_000)] = 15000
    # A connection that has not introduced itself by then, or in so many lines, is closed.
    registration_seconds: Annotated[int, Meta(ge=1, le=60)] = 30
    registration_lines: Annotated[int, Meta(ge=8, le=100_000)] = 1024
    # Seconds of silence until the server asks PING, and seconds that the answer may then take.
    ping_seconds: Annotated[int, Meta(ge=5, le=3600)] = 120
    ping_timeout_seconds: Annotated[int, Meta(ge=5, le=3600)] = 60
    # The upper bounds keep every reply that repeats these within the 512 bytes of a line.
    nick_length: Annotated[int, Meta(ge=1, le=48)] = 40
    room_length: Annotated[int, Meta(ge=2, le=64)] = 64
    topic_length: Annotated[int, Meta(ge=1, le=390)] = 390
    away_length: Annotated[int, Meta(ge=1, le=390)] = 200
    kick_length: Annotated[int, Meta(ge=1, le=390)] = 300
    user_length: Annotated[int, Meta(ge=1, le=32)] = 18
    real_name_length: Annotated[int, Meta(ge=1, le=300)] = 150
    # Rooms that one user may be in, and rooms that one may call into being in a minute.
    rooms_per_user: Annotated[int, Meta(ge=1, le=10_000)] = 100
    room_creations_per_minute: Annotated[int, Meta(ge=1, le=10_000)] = 20
    # Entries of each of a room's lists (bans).
    list_entries: Annotated[int, Meta(ge=1, le=10_000)] = 100
    # Nicks that one client may watch with MONITOR.
    monitor_entries: Annotated[int, Meta(ge=1, le=10_000)] = 100
    # Masks of those whom a user does not hear (SILENCE), and people whom he hears with mode g (ACCEPT).
    silence_entries: Annotated[int, Meta(ge=1, le=1000)] = 30
    accept_entries: Annotated[int, Meta(ge=1, le=1000)] = 50
    # Metadata: keys that a user or room may have, bytes of a value, and keys that a client may subscribe to.
    metadata_keys: Annotated[int, Meta(ge=1, le=1000)] = 20
    metadata_value_bytes: Annotated[int, Meta(ge=1, le=390)] = 300
    metadata_subs: Annotated[int, Meta(ge=1, le=1000)] = 50
    # Targets of one command.
    max_targets: Annotated[int, Meta(ge=1, le=100)] = 4


# Asymmetric ones alone: a secret that the issuer and we share would let each of us pass for the other.
Signing = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class Accounts(_Section, frozen=True):
    """[accounts]: logging in and registering."""

    # Whether the name of an account is its owner's alone: "strict", "optional" (as each owner has chosen), "off".
    keep_names: Literal["strict", "optional", "off"] = "strict"
    # Whether everybody may make an account (REGISTER).
    registration_open: bool = True
    # Whether accounts have e-mail addresses: "off", "optional", "required". One that is given is verified by a code
    # before its account can be used, and sets another password when the old one is lost. Needs [mail].
    email: Literal["off", "optional", "required"] = "off"
    # Whether whoever has neither an account nor an invitation is turned away.
    account_required: bool = False
    # Who may invite newcomers: "operators" of the server, or whoever has an account ("accounts").
    invitations: Literal["operators", "accounts"] = "operators"
    # Rooms that may be registered to one account.
    rooms_per_account: Annotated[int, Meta(ge=0, le=10_000)] = 20
    # Whether the owner of an account stays in his rooms, and is reached, when none of his devices is connected:
    # "off", "opt-in" (who has chosen it), "opt-out" (everybody who has not chosen otherwise).
    always_on: Literal["off", "opt-in", "opt-out"] = "opt-in"
    # How many messages of each conversation a device is told of those that it has missed, unless it asks for history
    # itself; 0 = none.
    missed_messages: Annotated[int, Meta(ge=0, le=1000)] = 200
    # Wrong passwords that are looked at within the window, in seconds: for one account, and from one address (an IPv6
    # /64 counts as one). Whoever comes from where the account's owner has logged in before has as many of his own.
    guess_window_seconds: Annotated[int, Meta(ge=10, le=86400)] = 600
    guesses_per_account: Annotated[int, Meta(ge=1, le=1000)] = 10
    guesses_per_address: Annotated[int, Meta(ge=1, le=1000)] = 10
    # The same in a minute from everywhere, but for known addresses. Each takes some 40 ms of a processor.
    guesses_per_minute: Annotated[int, Meta(ge=1, le=10_000)] = 60
    # New accounts within their window, in seconds: from one address, and in all.
    registration_window_seconds: Annotated[int, Meta(ge=10, le=86400)] = 600
    registrations_per_address: Annotated[int, Meta(ge=1, le=1000)] = 5
    registrations: Annotated[int, Meta(ge=1, le=10_000)] = 30


class OAuth(_Section, frozen=True):
    """[oauth]: an issuer of tokens that is trusted to say who somebody is (OAuth 2.0; SASL OAUTHBEARER)."""

    # Its name in tokens, an https address; "" = there is none. Whoever it calls ann enters the account ann.
    issuer: Annotated[str, Meta(max_length=300)] = ""
    # The name of this server in tokens (aud); one that is for somebody else is refused.
    audience: Annotated[str, Meta(max_length=300)] = ""
    # One of the two: where its public keys are, for tokens that are signed (JWT); or where it tells of each token
    # whether it is good (RFC 7662). https, or http on this machine.
    jwks_url: Annotated[str, Meta(max_length=300)] = ""
    introspection_url: Annotated[str, Meta(max_length=300)] = ""
    # What this server says to be answered there. A file that holds a secret must be private (mode 0600).
    client_id: Annotated[str, Meta(max_length=300)] = ""
    client_secret: Annotated[str, Meta(max_length=300)] = ""
    # By which algorithms tokens may be signed.
    algorithms: Annotated[tuple[Signing, ...], Meta(min_length=1)] = ("RS256", "ES256")
    # What in a token is the name of the account.
    account_claim: Annotated[str, Meta(min_length=1, max_length=64)] = "preferred_username"
    # Whether who comes for the first time gets an account; otherwise it must be there.
    create_accounts: bool = False


class Lobby(_Section, frozen=True):
    """[lobby]: the room in which everyone who arrives finds the others."""

    # Its name; "" = nobody is put anywhere.
    room: str = "#lobby"
    # Lines of it shown to somebody who arrives without a client that asks for history itself.
    replay: Annotated[int, Meta(ge=0, le=1000)] = 20


_Tag = Annotated[str, Meta(pattern=r"^(\*|-?[A-Za-z0-9][A-Za-z0-9./-]*)$", max_length=64)]


class Messages(_Section, frozen=True):
    """[messages]: what people may say."""

    # The longest message of several lines, in bytes and lines. Old clients get each line with its sender in front, so
    # that one message may cost each of them some 100 bytes a line beside the text.
    multiline_bytes: Annotated[int, Meta(ge=512, le=65_536)] = 4096
    multiline_lines: Annotated[int, Meta(ge=2, le=1000)] = 100
    # For how many seconds people may take back what they said; 0 = not at all. Operators of a room always may there.
    redact_seconds: Annotated[int, Meta(ge=0, le=10_000_000_000)] = 86_400
    # For how many seconds people may edit what they said; 0 = not at all.
    edit_seconds: Annotated[int, Meta(ge=0, le=10_000_000_000)] = 86_400
    # Whether operators of a room may speak there under other names, marked with "/" (RELAYMSG), for bridges.
    relaymsg: bool = True
    # Tags of clients that are not relayed, without their "+": "typing", "draft/react"...; "*" in the first place is
    # all of them, but for those behind it that begin with "-".
    client_tags_denied: Annotated[tuple[_Tag, ...], Meta(max_length=20)] = ()

    def __post_init__(self) -> None:
        """What one value alone cannot say. Raises ValueError."""
        if "*" in self.client_tags_denied[1:]:
            raise ValueError('client_tags_denied: "*" stands in the first place')


class History(_Section, frozen=True):
    """[history]: reading what was said."""

    # Messages in one answer at most.
    page_limit: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    # For how many days it is kept who came into rooms and left them, changed topics, modes and nicks; 0 = not at all.
    event_days: Annotated[int, Meta(ge=0, le=36_500)] = 30
    # For how many days what is said is kept at most, in rooms and between people; 0 = for ever. Then it is deleted.
    keep_days: Annotated[int, Meta(ge=0, le=36_500)] = 0
    # Whether the founder of a room may have less kept there, or nothing.
    rooms_keep_less: bool = True
    # How much of a room's past who comes into it reads: everything; registration: what was said since his account was
    # made (a guest: since he came); joining: what was said since he joined. Operators of a room may say otherwise.
    newcomers: Literal["everything", "registration", "joining"] = "everything"


class Store(_Section, frozen=True):
    """[store]: the record."""

    # durable: a message is on disk before anybody sees it. off: delivered at once, nothing kept, no history.
    mode: Literal["durable", "off"] = "durable"
    # The record in PostgreSQL: "postgresql://user:password@host/database", with "?sslmode=verify-full" and the like;
    # without a password that of ~/.pgpass or $PGPASSWORD. "" = in the data directory (SQLite). One server to a
    # database. A file that holds a password must be private (mode 0600).
    url: Annotated[str, Meta(max_length=1000)] = ""


class Cluster(_Section, frozen=True):
    """[cluster]: several servers that are one. See docs/operating/cluster.md; it is young."""

    # The NATS servers that carry between them: "nats://host:4222", several with commas between; "" = this server is
    # alone. Needs a record in PostgreSQL, the same for all. A file that holds a password must be private (mode 0600).
    url: Annotated[str, Meta(max_length=1000)] = ""
    # So many processes of this machine are nodes behind the same doors (Linux); 1 = this one alone. A NATS and a
    # PostgreSQL that are not given are fetched, started and kept in the data directory.
    workers: Annotated[int, Meta(ge=1, le=64)] = 1


class Mail(_Section, frozen=True):
    """[mail]: the mail server through which this one sends mail. Nothing is sent without one."""

    # Its host name or address; "" = none.
    host: Annotated[str, Meta(max_length=253)] = ""
    # 0 = the usual one: 587 with "starttls", 465 with "implicit", 25 with "off".
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    # "starttls": begin in clear text and go on with TLS, or not at all; "implicit": TLS from the first byte; "off":
    # none, which is for a mail server on this machine. The mail server's certificate must be valid for its host.
    tls: Literal["starttls", "implicit", "off"] = "starttls"
    # What to log in with; "" = no login. A file that holds a password must be private (mode 0600).
    user: Annotated[str, Meta(max_length=300)] = ""
    password: Annotated[str, Meta(max_length=300)] = ""
    # The address that mail comes from, like "chat@example.org".
    sender: Annotated[str, Meta(max_length=254)] = ""
    # For so many seconds a mail is tried again that the mail server does not take; then it is given up.
    expire_seconds: Annotated[int, Meta(ge=10, le=86_400)] = 600


class Log(_Section, frozen=True):
    """[log]: what the server tells its owner, on stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Config(_Section, frozen=True):
    """A whole file. Every section may be absent."""

    server: Server = msgspec.field(default_factory=Server)
    listen: Listen = msgspec.field(default_factory=Listen)
    tls: Tls = msgspec.field(default_factory=Tls)
    ssh: Ssh = msgspec.field(default_factory=Ssh)
    web: Web = msgspec.field(default_factory=Web)
    proxy: Proxy = msgspec.field(default_factory=Proxy)
    webirc: dict[str, Gateway] = {}
    oper: dict[str, Oper] = {}
    defcon: Defcon = msgspec.field(default_factory=Defcon)
    limits: Limits = msgspec.field(default_factory=Limits)
    accounts: Accounts = msgspec.field(default_factory=Accounts)
    oauth: OAuth = msgspec.field(default_factory=OAuth)
    lobby: Lobby = msgspec.field(default_factory=Lobby)
    messages: Messages = msgspec.field(default_factory=Messages)
    history: History = msgspec.field(default_factory=History)
    store: Store = msgspec.field(default_factory=Store)
    cluster: Cluster = msgspec.field(default_factory=Cluster)
    mail: Mail = msgspec.field(default_factory=Mail)
    log: Log = msgspec.field(default_factory=Log)
