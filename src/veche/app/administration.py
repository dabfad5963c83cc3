"""What operators may do with the program: have its config read again, end it, start it anew (ports.Administration).

The rule: a config is used whole or not at all. It is read, judged and compared first; a fault in it, or in the
certificate that it names, leaves everything as it was. A key that only takes effect at a start is said to wait for one,
every time, until there was one. A password is never shown, only that it has changed.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from veche.app import cli
from veche.app.addresses import AddressError
from veche.app.config import Config
from veche.app.config_file import ConfigError, plain_fingerprint
from veche.core.engine import Engine
from veche.core.operators import is_operator
from veche.core.ports import ConfigFault, Rehashed
from veche.core.settings import OperatorBlock, Settings
from veche.features.accounts.keeping import look_around
from veche.features.accounts.owner import owns
from veche.features.cap import offers_change
from veche.features.user_modes import demotion

_LIVE_LIMITS = (
    "clients", "connections_per_address", "connect_burst", "connect_window_seconds", "registration_seconds",
    "registration_lines", "ping_seconds", "ping_timeout_seconds", "room_creations_per_minute", "input_queue",
)  # fmt: skip
_LIVE_ACCOUNTS = (
    "guess_window_seconds", "guesses_per_account", "guesses_per_address", "guesses_per_minute",
    "registration_window_seconds", "registrations_per_address", "registrations", "keep_names", "always_on",
    "invitations",
    "rooms_per_account",
    "missed_messages",
)  # fmt: skip
# What takes effect at once: a key, or a section with all its keys, and the engine's settings that it makes. Whatever
# was told to clients when they came (the tokens of ISUPPORT), or is open (doors, the store), waits for a start.
LIVE: dict[str, tuple[str, ...]] = {
    "server.motd": ("motd",),
    "server.password": ("password",),
    "server.admin_location": ("admin_location",),
    "server.admin_email": ("admin_email",),
    **{f"limits.{name}": (name,) for name in _LIVE_LIMITS},
    **{f"accounts.{name}": (name,) for name in _LIVE_ACCOUNTS},
    "lobby.replay": ("lobby_replay",),
    "messages.redact_seconds": ("redact_seconds",),
    "messages.edit_seconds": ("edit_seconds",),
    "history.newcomers": ("newcomers_read",),
    "history.keep_days": ("keep_days",),
    "history.rooms_keep_less": ("rooms_keep_less",),
    "tls.sts_seconds": ("sts_seconds",),
    "webirc": ("webirc", "gateways"),
    "oper": ("operators",),
    "defcon": ("defcon",),
    "log.level": (),
}
_SECRET = ("password", "password_hash", "client_secret", "url")
_SHOWN = 80

_log = logging.getLogger("veche.server")


def fill_in_operators(engine: Settings, config: Config) -> None:
    """Put what the engine is to know of operators into its settings."""
    engine.operators = {}
    for name, oper in config.oper.items():
        block = OperatorBlock(name, oper.password_hash, plain_fingerprint(oper.certificate))
        block.hosts = oper.hosts
        block.title = oper.title
        block.notices = "".join(sorted(set(oper.server_notices)))
        engine.operators[name] = block
    defcon = config.defcon
    levels = {4: defcon.level_4, 3: defcon.level_3, 2: defcon.level_2, 1: defcon.level_1}
    engine.defcon = {level: frozenset(refused) for level, refused in levels.items()}


class Administrator:
    """Serves one running program.

    `read()` gives the settings anew, or raises ConfigError or AddressError; `make` makes the engine's settings of
    them; `reload_certificate` returns "" or why the old one stays; `end` ends the program. `spread` has the other
    workers of this machine read the config, too, when an operator has had this one do so.
    """

    def __init__(
        self,
        settings: cli.Settings,
        engine: Engine,
        read: Callable[[], cli.Settings],
        make: Callable[[cli.Settings], Settings],
        reload_certificate: Callable[[], str],
        end: Callable[[bool], None],
        spread: Callable[[], None] = lambda: None,
    ) -> None:
        self._file = settings.config_file
        self._running = flat(settings.config)
        self._engine = engine
        self._read = read
        self._make = make
        self._reload_certificate = reload_certificate
        self._end = end
        self._spread = spread

    def rehash(self) -> Rehashed | ConfigFault:
        """Read the config and the certificate again, on every worker of this machine."""
        found = self.read_again()
        if isinstance(found, Rehashed):
            self._spread()
        return found

    def read_again(self) -> Rehashed | ConfigFault:
        """Read the config and the certificate again in this process."""
        try:
            settings = self._read()
        except ConfigError as error:
            return self._stay(error.key, error.line or 0, str(error))
        except AddressError as error:
            return self._stay("", 0, str(error))
        if reason := self._reload_certificate():
            return self._stay("tls.certificate", 0, reason)
        wanted = flat(settings.config)
        changed: dict[str, str] = {}
        waiting: list[str] = []
        attributes: set[str] = set()
        for key in sorted(wanted.keys() | self._running.keys()):
            before, after = self._running.get(key), wanted.get(key)
            if before == after:
                continue
            live = LIVE.get(key, LIVE.get(key.partition(".")[0]))
            if live is None:
                waiting.append(key)
            else:
                attributes.update(live)
                changed[key] = _describe(key, before, after)
                self._running[key] = after
        made = self._make(settings)
        with offers_change(self._engine):
            for name in attributes:
                setattr(self._engine.settings, name, getattr(made, name))
        self._demote()
        if "keep_names" in attributes:
            look_around(self._engine)
        if "log.level" in changed:
            logging.getLogger().setLevel(settings.config.log.level.upper())
        for key, text in changed.items():
            _log.info("rehash: %s %s", key, text)
        _log.info("rehash: %d changed; waiting for a restart: %s", len(changed), ", ".join(waiting) or "none")
        return Rehashed(str(self._file), changed, waiting)

    def _demote(self) -> None:
        """Whoever is no longer in the config is no longer an operator, but for the owner, who never was."""
        engine = self._engine
        for user in list(engine.world.users.values()):
            if (
                is_operator(user)
                and user.operator not in engine.settings.operators
                and not owns(engine, user)
            ):
                engine.log.commit(demotion(engine, user), None)

    def _stay(self, key: str, line: int, text: str) -> ConfigFault:
        _log.warning("rehash: the old config stays: %s", text)
        return ConfigFault(key, line, text)

    def end(self, *, restarts: bool) -> None:
        """End the program, or start it anew."""
        _log.info("an operator %s the server", "restarts" if restarts else "ends")
        self._end(restarts)


def flat(config: Config) -> dict[str, Any]:
    """A config as {"section.key": value}, and {"section.NAME.key": value} where names are the owner's choice."""
    found: dict[str, Any] = {}

    def walk(table: Mapping[str, Any], above: str) -> None:
        for name, value in table.items():
            if isinstance(value, dict):
                walk(value, f"{above}{name}.")
            else:
                found[above + name] = value

    walk(msgspec.to_builtins(config), "")
    return found


def _describe(key: str, before: object, after: object) -> str:
    if key.rpartition(".")[2] in _SECRET:
        return "has changed"
    return f"was {_show(before)}, is {_show(after)}"


def _show(value: object) -> str:
    text = "absent" if value is None else msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
