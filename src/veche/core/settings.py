"""What an installation may choose about the engine. Plain values with the defaults of the product.

Where they come from (file, options) is not known here; the config module says what each means to who sets it.
"""

from veche.core.limits import Networks


class Gateway:
    """Somebody who may say where his users come from, with WEBIRC, from these networks and with this password."""

    __slots__ = ("name", "networks", "password")

    def __init__(self, name: str, password: str, networks: Networks) -> None:
        self.name = name
        self.password = password
        self.networks = networks


class OperatorBlock:
    """Somebody who may become an operator. What is empty is not asked of him; a password or certificate always is.

    `hosts` are masks of user@host or address, of which one must fit. `certificate` is the SHA-256 of his TLS
    certificate. `title` is what WHOIS says of him; `notices` the kinds of server notices that he reads.
    """

    __slots__ = ("certificate", "hosts", "name", "notices", "password_hash", "title")

    def __init__(self, name: str, password_hash: str, certificate: str = "") -> None:
        self.name = name
        self.password_hash = password_hash
        self.certificate = certificate
        self.hosts: tuple[str, ...] = ()
        self.title = ""
        self.notices = ""


class Settings:
    """Names, limits and switches of one server. Sizes in bytes, times in seconds, unless said otherwise."""

    __slots__ = (
        "accept_entries",
        "account_required",
        "admin_email",
        "admin_location",
        "always_on",
        "away_length",
        "client_tags_denied",
        "clients",
        "connect_burst",
        "connect_window_seconds",
        "connections_per_address",
        "defcon",
        "edit_seconds",
        "email",
        "event_days",
        "flood",
        "flood_burst",
        "flood_per_second",
        "gateways",
        "guess_window_seconds",
        "guesses_per_account",
        "guesses_per_address",
        "guesses_per_minute",
        "guest_prefix",
        "has_nodes",
        "history_page",
        "icon",
        "input_queue",
        "invitations",
        "keep_days",
        "keep_names",
        "kick_length",
        "language",
        "list_entries",
        "lobby",
        "lobby_replay",
        "max_targets",
        "metadata_keys",
        "metadata_subs",
        "metadata_value_bytes",
        "missed_messages",
        "monitor_entries",
        "motd",
        "multiline_bytes",
        "multiline_lines",
        "network",
        "newcomers_read",
        "nick_length",
        "oauth_creates",
        "oauth_issuer",
        "operators",
        "password",
        "ping_seconds",
        "ping_timeout_seconds",
        "real_name_length",
        "redact_seconds",
        "registration_lines",
        "registration_open",
        "registration_seconds",
        "registration_window_seconds",
        "registrations",
        "registrations_per_address",
        "relaymsg",
        "room_creations_per_minute",
        "room_length",
        "rooms_keep_less",
        "rooms_per_account",
        "rooms_per_user",
        "send_queue",
        "server",
        "silence_entries",
        "stores",
        "sts_names",
        "sts_port",
        "sts_seconds",
        "topic_length",
        "user_length",
        "version",
        "webirc",
    )

    def __init__(self) -> None:  # noqa: PLR0915 - a list of defaults, and nothing happens in it
        self.server = "irc.localhost"
        self.network = "Veche"
        self.icon = ""  # the https address of an image; "": none
        self.version = "veche"
        self.language = "en"
        self.guest_prefix = (
            "Guest-"  # of names that the server gives, and nobody may take; "": there are none
        )
        self.motd: list[str] = []
        self.password = ""
        self.admin_location = ""
        self.admin_email = ""
        # What the server does not take on at each level of alarm: "accounts", "rooms", "connections".
        self.defcon: dict[int, frozenset[str]] = {
            4: frozenset({"accounts"}),
            3: frozenset({"rooms"}),
            2: frozenset({"accounts", "rooms"}),
            1: frozenset({"accounts", "rooms", "connections"}),
        }
        self.stores = True  # whether there is a record
        self.sts_seconds = 0  # 0: STS is not spoken of; negative: it is taken back
        self.sts_port = 0
        # The host names, in lower case, under which it is, with the seconds for each; None: `sts_seconds`.
        self.sts_names: dict[str, int | None] = {}
        self.flood = True
        self.flood_burst = 5
        self.flood_per_second = 2.0
        self.input_queue = 8192
        self.send_queue = 1 << 20
        self.clients = 15000
        self.connections_per_address = 32
        self.connect_burst = 64
        self.connect_window_seconds = 600
        self.registration_seconds = 30
        self.registration_lines = 1024
        self.ping_seconds = 120
        self.ping_timeout_seconds = 60
        self.nick_length = 40
        self.user_length = 18
        self.real_name_length = 150
        self.room_length = 64
        self.topic_length = 390
        self.away_length = 200
        self.kick_length = 300
        self.rooms_per_user = 100
        self.room_creations_per_minute = 20
        self.list_entries = 100
        self.max_targets = 4
        self.monitor_entries = 100
        self.metadata_keys = 20
        self.metadata_subs = 50
        self.metadata_value_bytes = 300
        self.silence_entries = 30
        self.accept_entries = 50
        self.multiline_bytes = 4096
        self.multiline_lines = 100
        self.account_required = False  # whether who has none, and no invitation, is turned away
        self.invitations = "operators"  # who may invite: operators, or everybody with an account: accounts
        self.rooms_per_account = 20  # that may be registered
        self.registration_open = True  # whether everybody may have an account
        # Whether the name of an account is its owner\'s alone: strict, optional (as he has chosen), off.
        self.keep_names = "strict"
        # Whether accounts have e-mail addresses, which are verified: off, optional, required.
        self.email = "off"
        # Whether the owner of an account is reached when he has no device here: off, opt-in, opt-out.
        self.always_on = "opt-in"
        # What each conversation tells a device of what it has missed, at most, unless it asks for history itself.
        self.missed_messages = 200
        self.redact_seconds = 86400
        self.edit_seconds = 86400
        self.relaymsg = True
        self.client_tags_denied: tuple[str, ...] = ()
        self.lobby = "#lobby"
        self.lobby_replay = 20
        self.has_nodes = False  # whether this is one of several servers that are one
        self.history_page = 1000
        self.event_days = 30  # how long it is kept who came, went, changed a topic or a mode; 0: not at all
        self.keep_days = 0  # for how many days what is said is kept at most; 0: for ever
        self.rooms_keep_less = True  # whether the founder of a room may have less kept there, or nothing
        # How much of a room's past its members read: everything, registration, joining (core/conversations.py).
        self.newcomers_read = "everything"
        self._limit_guesses()
        self._trust_nobody()

    def _trust_nobody(self) -> None:
        """Who is believed without further ado: none but whom the owner names."""
        self.gateways = Networks()  # gateways and proxies: no limits per address for what comes from them
        self.webirc: list[Gateway] = []
        self.oauth_issuer = ""  # whose tokens say who somebody is; "": nobody's
        self.oauth_creates = False  # whether who comes with one for the first time gets an account
        self.operators: dict[str, OperatorBlock] = {}

    def _limit_guesses(self) -> None:
        """How often somebody may be wrong about a password, and register."""
        # Wrong passwords of strangers within the window for one account, and from one address; and in a minute, in all.
        self.guess_window_seconds = 600
        self.guesses_per_account = 10
        self.guesses_per_address = 10
        self.guesses_per_minute = 60
        # New accounts within their window, from one address and in all.
        self.registration_window_seconds = 600
        self.registrations_per_address = 5
        self.registrations = 30
