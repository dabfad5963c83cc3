"""The server's command line: from arguments, config file and environment to one frozen Settings.

What is given later in this list wins: defaults, the config file, --set, the options of their own. Whatever is wrong
ends the process with exit code 2 and one message on stderr; nothing is opened, made or resolved here.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from veche.app.addresses import Address, AddressError, parse_addresses
from veche.app.config import Config
from veche.app.config_file import ConfigError, load_config
from veche.arguments import Parser
from veche.phrases import Language, Phrases, language_of_locale

CONFIG_NAME = "veche.toml"  # in the data directory: everything of one server is in one place
DOOR_NAMES = ("irc", "ircs", "web", "classic", "ssh")

PHRASES = {
    "about": (
        "Starts a chat server. Without options: for people on this machine, with its data in {data}.",
        "Запускает сервер чата. Без параметров — для этой машины, данные в {data}.",
    ),
    "group-doors": ("doors (ADDR, repeatable)", "двери (ADDR, можно повторять)"),
    "group-settings": ("settings", "настройки"),
    "group-other": ("other", "прочее"),
    "irc": ("IRC without encryption", "IRC без шифрования"),
    "ircs": ("IRC over TLS", "IRC поверх TLS"),
    "web": ("the browser", "браузер"),
    "classic": ("the classic line protocol, for nc and telnet", "классический протокол, для nc и telnet"),
    "ssh": ("the chat for ssh", "чат через ssh"),
    "door": ("{what}; default {default}", "{what}; по умолчанию {default}"),
    "lan": (
        "open the doors on all interfaces, not for this machine alone",
        "открыть двери на всех интерфейсах, а не только для этой машины",
    ),
    "config": (
        "settings in TOML; default {name} in the data directory; it may be absent",
        "настройки в TOML; по умолчанию {name} в каталоге данных; может отсутствовать",
    ),
    "data": ("where the record is kept; default {data}", "где хранится запись бесед; по умолчанию {data}"),
    "store": (
        "keep the record in PostgreSQL: postgresql://user@host/database",
        "хранить летопись в PostgreSQL: postgresql://пользователь@машина/база",
    ),
    "cluster": (
        "be one of several servers that share a record in PostgreSQL: nats://host:4222",
        "быть одним из нескольких серверов с общей летописью в PostgreSQL: nats://машина:4222",
    ),
    "workers": (
        "so many processes behind the same doors, with a NATS and a PostgreSQL of their own if none are given (Linux)",
        "столько процессов за теми же дверями; если NATS и PostgreSQL не указаны, сервер запустит свои (Linux)",
    ),
    "name": ("this server's name, a host name", "имя этого сервера — имя машины"),
    "network": ("the network's name in the greeting", "имя сети в приветствии"),
    "set": (
        "override one key of the config, for example limits.flood=false (repeatable)",
        "заменить один ключ настроек, например limits.flood=false (можно повторять)",
    ),
    "forms": (
        "ADDR is HOST:PORT, :PORT (every interface), [IPv6]:PORT, unix:PATH, or off.",
        "ADDR — это HOST:PORT, :PORT (все интерфейсы), [IPv6]:PORT, unix:PATH или off.",
    ),
    "commands": (
        (
            "server.py hash-password makes the hash of an operator's password; server.py db looks after the record; "
            "server.py export writes down what was said."
        ),
        (
            "server.py hash-password делает хеш пароля оператора; server.py db ухаживает за летописью; "
            "server.py export выгружает сказанное."
        ),
    ),
    "address": ("--{door}: {reason}", "--{door}: {reason}"),
    "twice": (
        "{address} is asked for by two doors, {first} and {second}: change one with --{second}",
        "{address} нужен двум дверям, {first} и {second}: смените один параметром --{second}",
    ),
    "empty": ("--{option} is empty", "параметр --{option} пуст"),
    "no-home": (
        "no home directory to keep the data in: say where with --data",
        "нет домашнего каталога для данных: укажите место через --data",
    ),
    "absent": (
        "{file} does not exist: every setting has its default value",
        "{file} не существует: все настройки по умолчанию",
    ),
}


class Doors(msgspec.Struct, frozen=True):
    """Where each door listens; an empty tuple is a door that stays shut."""

    irc: tuple[Address, ...] = ()
    ircs: tuple[Address, ...] = ()
    web: tuple[Address, ...] = ()
    classic: tuple[Address, ...] = ()
    ssh: tuple[Address, ...] = ()


class Settings(msgspec.Struct, frozen=True):
    """Everything that a start of the server is told.

    `data` and `config_file` are absolute and need not exist. `notes` are lines for the person at the terminal.
    """

    config: Config
    doors: Doors
    data: Path
    config_file: Path
    language: Language
    notes: tuple[str, ...] = ()


def parse(argv: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the arguments (default: the process's) ask for.

    Raises SystemExit: code 2 after a message on stderr when something cannot be used, 0 after --help and --version.
    """
    language = language_of_locale(environment)
    parser = _make_parser(language, default_data(environment))
    options = parser.parse_args(argv)
    try:
        return _settle(options, environment, language)
    except (ConfigError, AddressError) as error:
        parser.exit(2, f"veche: {error}\n")


def read_again(
    argv: Sequence[str], environment: Mapping[str, str] = os.environ, language: Language = "en"
) -> Settings:
    """What `parse` would give now for arguments that it has accepted before. Raises ConfigError or AddressError."""
    options = _make_parser(language, default_data(environment)).parse_args(argv)
    return _settle(options, environment, language)


def _settle(options: argparse.Namespace, environment: Mapping[str, str], language: Language) -> Settings:
    """Put options over the config. Raises ConfigError or AddressError."""
    phrases = Phrases(PHRASES, language)
    data, file = _places(options, environment, phrases)
    # Named options are overrides as well, so that their mistakes are found by the same rules. As TOML strings:
    # --network 1984 is a name.
    named = [
        f"server.{key}={_quote(value)}"
        for key in ("name", "network")
        if (value := getattr(options, key)) is not None
    ]
    if options.store is not None:
        named.append(f"store.url={_quote(options.store)}")
    if options.cluster is not None:
        named.append(f"cluster.url={_quote(options.cluster)}")
    if options.workers is not None:
        named.append(f"cluster.workers={options.workers}")
    config = load_config(file, [*options.set, *named], language)
    notes: list[str] = []
    if options.config and not file.exists():
        notes.append(phrases("absent", file=file))
    return Settings(
        config=config,
        doors=_open_doors(options, config, phrases, language),
        data=data,
        config_file=file,
        language=config.server.language or language,
        notes=tuple(notes),
    )


def locate(
    options: argparse.Namespace, environment: Mapping[str, str], language: Language
) -> tuple[Path, Path, Config]:
    """The data directory, the file with the settings, and these, for other commands. Raises ConfigError."""
    data, file = _places(options, environment, Phrases(PHRASES, language))
    named = [] if options.store is None else [f"store.url={_quote(options.store)}"]
    return data, file, load_config(file, [*options.set, *named], language)


def _places(
    options: argparse.Namespace, environment: Mapping[str, str], phrases: Phrases
) -> tuple[Path, Path]:
    for option in ("data", "config"):
        if getattr(options, option) == "":
            raise ConfigError(phrases("empty", option=option))
    data = Path(options.data).absolute() if options.data else default_data(environment)
    if data is None:
        raise ConfigError(phrases("no-home"))
    return data, Path(options.config).absolute() if options.config else data / CONFIG_NAME


def _open_doors(options: argparse.Namespace, config: Config, phrases: Phrases, language: Language) -> Doors:
    set_here = {text.partition("=")[0].strip() for text in options.set}
    doors: dict[str, tuple[Address, ...]] = {}
    taken: dict[Address, str] = {}
    for door in DOOR_NAMES:
        given: list[str] | None = getattr(options, door)
        try:
            addresses = parse_addresses(getattr(config.listen, door) if given is None else given, language)
        except AddressError as error:
            raise AddressError(phrases("address", door=door, reason=error)) from None
        # --lan moves what nobody spelled out beside it: `--lan --web 127.0.0.1:80` keeps the web at home.
        if options.lan and given is None and f"listen.{door}" not in set_here:
            addresses = tuple(dict.fromkeys(address.everywhere() for address in addresses))
        for address in addresses:
            if address in taken and (address.port or address.path):
                words = {"address": address, "first": taken[address], "second": door}
                raise AddressError(phrases("twice", **words))
            taken[address] = door
        doors[door] = addresses
    return Doors(**doors)


def default_data(environment: Mapping[str, str]) -> Path | None:
    """The per-user data directory (XDG Base Directory Specification), or None for somebody without a home."""
    shared = environment.get("XDG_DATA_HOME", "")
    if shared and Path(shared).is_absolute():  # "all paths must be absolute", others are to be ignored
        return Path(shared, "veche")
    home = environment.get("HOME", "") if os.name == "posix" else os.path.expanduser("~")
    return Path(home, ".local", "share", "veche") if home and Path(home).is_absolute() else None


def _quote(text: str) -> str:
    """`text` as a TOML basic string."""
    return (
        '"'
        + "".join(
            char if char.isprintable() and char not in '"\\' else f"\\U{ord(char):08X}" for char in text
        )
        + '"'
    )


def _make_parser(language: Language, data: Path | None) -> Parser:
    phrases = Phrases(PHRASES, language)
    about = phrases("about", data=data or "--data")
    parser = Parser("server.py", language, about=about, end=f"{phrases('forms')} {phrases('commands')}")
    doors = parser.add_argument_group(phrases("group-doors"))
    defaults = Config().listen
    for door in DOOR_NAMES:
        words = phrases("door", what=phrases(door), default=" ".join(getattr(defaults, door)) or "off")
        doors.add_argument(f"--{door}", metavar="ADDR", action="append", help=words)
    doors.add_argument("--lan", action="store_true", help=phrases("lan"))
    settings = parser.add_argument_group(phrases("group-settings"))
    settings.add_argument("--config", metavar="FILE", help=phrases("config", name=CONFIG_NAME))
    settings.add_argument("--data", metavar="DIR", help=phrases("data", data=data or "-"))
    settings.add_argument("--store", metavar="URL", help=phrases("store"))
    settings.add_argument("--cluster", metavar="URL", help=phrases("cluster"))
    settings.add_argument("--workers", metavar="N", help=phrases("workers"))
    settings.add_argument("--name", metavar="NAME", help=phrases("name"))
    settings.add_argument("--network", metavar="NAME", help=phrases("network"))
    settings.add_argument(
        "--set", metavar="SECTION.KEY=VALUE", action="append", default=[], help=phrases("set")
    )
    parser.add_help_group(phrases("group-other"))
    return parser
