"""From a TOML file and --set options to a Config, or to words that say what is wrong and where.

A mistake is refused with the key and the line, because a setting that is silently ignored is worse than a server
that does not start. Nothing is touched but the file itself: no sockets, no directories made.
"""

import math
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec

from veche.app.addresses import AddressError, parse_addresses
from veche.app.config import Config, Gateway, Listen, Mail, OAuth, Oper, is_server_name
from veche.app.passwords import is_password_hash
from veche.cluster.carrier import is_url as is_nats_url
from veche.core.limits import Networks
from veche.core.operators import KINDS
from veche.phrases import Language, Phrases
from veche.state.server_bans import parse_server_mask
from veche.store.postgresql.link import has_password, is_url
from veche.wire.emails import is_email
from veche.wire.names import is_valid_room

LARGEST_FILE = 1 << 20  # bytes; a config is a page, so more than this is the wrong file
LONGEST_MOTD_LINE = 400  # bytes, so that a line of 512 always holds it with its prefix

PHRASES = {
    "in-file": ("{file}, line {line}: {name}: {reason}", "{file}, строка {line}: {name}: {reason}"),
    "in-whole-file": ("{file}: {reason}", "{file}: {reason}"),
    "in-line": ("{file}, line {line}: {reason}", "{file}, строка {line}: {reason}"),
    "in-option": ("{name}, on the command line: {reason}", "{name}, в командной строке: {reason}"),
    "unknown": ("there is no such key", "такого ключа нет"),
    "unknown-near": ("there is no such key; did you mean {near}?", "такого ключа нет; может быть, {near}?"),
    "value": ("this value does not fit: {detail}", "значение не подходит: {detail}"),
    "finite": ("a finite number is needed", "нужно конечное число"),
    "set": ("{text!r} is not SECTION.KEY=VALUE", "{text!r} — не SECTION.KEY=VALUE"),
    "syntax": ("this is not TOML: {detail}", "это не TOML: {detail}"),
    "utf8": ("the file is not UTF-8", "файл не в UTF-8"),
    "large": ("the file is larger than {limit} bytes", "файл больше {limit} байт"),
    "unreadable": ("cannot be read: {detail}", "не читается: {detail}"),
    "exposed": (
        "the file holds a password and others may read it (mode {mode:04o}): chmod 600 {file}",
        "в файле пароль, а читать его могут и другие (права {mode:04o}): chmod 600 {file}",
    ),
    "name": (
        "a server's name is a host name: up to 63 letters, digits, dots and hyphens",
        "имя сервера — имя машины: до 63 латинских букв, цифр, точек и дефисов",
    ),
    "network": (
        "a network's name has 1 to 64 visible characters, and spaces only between them",
        "имя сети — от 1 до 64 видимых знаков, пробелы только между ними",
    ),
    "icon": (
        "an icon is the https address of an image, at most {limit} bytes: https://chat.example/icon.png",
        "значок — https-адрес картинки, до {limit} байт латиницей: https://chat.example/icon.png",
    ),
    "one-line": ("one line without control characters is needed", "нужна одна строка без управляющих знаков"),
    "motd": (
        "a line of it is longer than {limit} bytes or holds control characters",
        "в нём есть строка длиннее {limit} байт или управляющие знаки",
    ),
    "both": (
        "a certificate needs its key and a key its certificate",
        "сертификату нужен ключ, а ключу — сертификат",
    ),
    "host-name": ("{value!r} is not a host name with a dot in it", "{value!r} — не имя машины с точкой"),
    "sts-seconds": (
        "behind = stand seconds, up to {limit}, or -1 to take it back; {value!r} is neither",
        "после = стоят секунды, до {limit}, или -1, чтобы отменить сказанное; {value!r} — ни то ни другое",
    ),
    "origin": (
        "{value!r} is not an origin: https://chat.example, with a port if it has one and no path, or *",
        "{value!r} — не источник: https://chat.example, при необходимости с портом, без пути, или *",
    ),
    "network-number": (
        "{value!r} is neither an IP address nor a network, like 10.0.0.7 or 10.1.0.0/16, nor the word unix",
        "{value!r} — не IP-адрес, не сеть, как 10.0.0.7 или 10.1.0.0/16, и не слово unix",
    ),
    "gateway": (
        "a gateway's name has 1 to 63 visible characters and no spaces",
        "имя шлюза — от 1 до 63 видимых знаков без пробелов",
    ),
    "one-word": (
        "a gateway's password is one word: it holds no space and does not begin with a colon",
        "пароль шлюза — одно слово: без пробелов и без двоеточия в начале",
    ),
    "operator": (
        "an operator's name has 1 to 32 visible characters and no spaces",
        "имя оператора — от 1 до 32 видимых знаков без пробелов",
    ),
    "no-proof": (
        "an operator needs a password_hash, a certificate, or both",
        "оператору нужен password_hash, certificate или оба",
    ),
    "password-hash": (
        "this is not an argon2id hash: python server.py hash-password makes one",
        "это не хеш argon2id: его делает python server.py hash-password",
    ),
    "fingerprint": (
        "the SHA-256 of a certificate has 64 hex digits",
        "SHA-256 сертификата — 64 шестнадцатеричные цифры",
    ),
    "host-mask": (
        "{value!r} is neither user@host nor an IP address or network",
        "{value!r} — не user@host, не IP-адрес и не сеть",
    ),
    "notices": (
        "there is no kind of server notices {value!r}: they are a, b, c, f, k, n, o and q",
        "нет такого вида сообщений сервера: {value!r}; есть a, b, c, f, k, n, o и q",
    ),
    "issuer": (
        "an issuer has exactly one of jwks_url and introspection_url",
        "у издателя задают ровно одно: jwks_url или introspection_url",
    ),
    "no-issuer": ("tokens need an issuer", "токенам нужен issuer"),
    "audience": (
        "signed tokens need an audience: the name of this server in them",
        "подписанным токенам нужен audience — имя этого сервера в них",
    ),
    "issuer-address": (
        "{value!r} is no https address (http is for this machine alone)",
        "{value!r} — не адрес https (http годится только для этой машины)",
    ),
    "client-id": (
        "an issuer that is asked about tokens wants a client_id",
        "издателю, которого спрашивают о токенах, нужен client_id",
    ),
    "mail-host": (
        "the name of a machine or its address is needed, without a port",
        "нужно имя машины или её адрес, без порта",
    ),
    "mail-none": (
        'addresses are verified by mail: name a mail server in [mail], or say "off"',
        'адреса подтверждают по почте: укажите почтовый сервер в [mail] или скажите "off"',
    ),
    "mail-sender": (
        "mail needs an address to come from, like chat@example.org",
        "почте нужен адрес отправителя, например chat@example.org",
    ),
    "mail-login": (
        "a login has a user and a password, one line each",
        "для входа нужны user и password, каждый в одну строку",
    ),
    "mail-open": (
        "a password does not go out unencrypted, but to this machine: starttls or implicit is needed",
        "пароль не уходит незашифрованным, кроме как на эту машину: нужно starttls или implicit",
    ),
    "cluster-url": (
        "a NATS server is named like nats://host:4222; several have commas between them",
        "сервер NATS называют так: nats://host:4222; между несколькими ставят запятые",
    ),
    "cluster-store": (
        "a cluster keeps its record in PostgreSQL: add --store postgresql://user@host/database, the same everywhere",
        "летопись кластера хранит PostgreSQL: добавьте --store postgresql://user@host/database, везде одну",
    ),
    "workers-store": (
        'several workers share a record, so store.mode has to be "durable"',
        'у нескольких рабочих процессов летопись общая, поэтому нужно store.mode = "durable"',
    ),
    "store-url": (
        "a database is named like postgresql://user:password@host:5432/name; in a password @ is written as %40",
        "базу данных называют так: postgresql://user:password@host:5432/name; в пароле вместо @ пишут %40",
    ),
    "room": (
        "a room's name begins with # and holds no spaces, commas or colons; empty means no lobby",
        "имя комнаты начинается с # и не содержит пробелов, запятых и двоеточий; пустое — без общей комнаты",
    ),
}

# RFC 6454, 6.2, as browsers write it: scheme, host, and the port unless it is the scheme's own.
_ORIGIN = re.compile(
    r"https?://[A-Za-z0-9._-]+(:[0-9]{1,5})?|https?://\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?", re.ASCII
)
# Where an issuer of tokens is asked: what is said there is a secret, so only this machine may be asked in clear text.
_ISSUER = re.compile(
    r"(https://[A-Za-z0-9._-]+|https?://(localhost|127\.0\.0\.1|\[::1\]))(:[0-9]{1,5})?(/[!-~]*)?", re.ASCII
)
# Sections that hold a table for each name of the owner's choice, with the key of each table that is secret.
_TABLES = {"webirc": Gateway, "oper": Oper}
_SECRETS = {"webirc": "password", "oper": "password_hash"}
# RFC 3986, without what an address in a line of IRC could not hold.
_ICON = re.compile(
    r"https://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/[A-Za-z0-9._~:/?#@!$&'()*+,;=%\[\]-]*",
    re.ASCII,
)
# As a token says it, where each "=" takes four bytes: the longest names around it leave so much of a line.
LONGEST_ICON = 300
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
# Two years, as for tls.sts_seconds.
LONGEST_STS = 63_072_000
_SECONDS = re.compile(r"-1|[0-9]{1,8}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def plain_fingerprint(text: str) -> str:
    """A fingerprint as programs show it (with colons, in capitals) as sessions have it."""
    return text.replace(":", "").lower()


class ConfigError(Exception):
    """A config that cannot be used. Its text is for the person at the terminal and names the key and the line.

    `key` is like "limits.flood", or "" when no key is to blame; `line` counts from 1, or is None when the mistake
    is not in a line of the file (an option, or the file as a whole).
    """

    def __init__(self, text: str, key: str = "", line: int | None = None) -> None:
        super().__init__(text)
        self.key = key
        self.line = line


def load_config(file: Path | None, overrides: Iterable[str] = (), language: Language = "en") -> Config:
    """Read `file` (None or an absent one: defaults only) with `overrides` of the form SECTION.KEY=VALUE on top.

    A VALUE is TOML, and a plain string if it is none. Raises ConfigError.
    """
    phrases = Phrases(PHRASES, language)
    text = _read(file, phrases) if file is not None else None
    raw = _parse(text, str(file), phrases) if text is not None else {}
    sections_of_file = set(raw)
    overridden: set[str] = set()
    for override in overrides:
        overridden.add(_override(raw, override, phrases))

    def blame(key: str, reason: str) -> ConfigError:
        """The error for a key: in the option that set it, or else in the line of the file."""
        begins_override = any(name.startswith(f"{key}.") for name in overridden)
        if text is None or key in overridden or (begins_override and key not in sections_of_file):
            return ConfigError(phrases("in-option", name=key, reason=reason), key)
        line = find_line(text, key)
        return ConfigError(phrases("in-file", file=file, line=line, name=key, reason=reason), key, line)

    listen = raw.get("listen")
    if isinstance(listen, dict):
        listen.update({door: [value] for door, value in listen.items() if isinstance(value, str)})
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        raise blame(*_explain(str(error), phrases)) from None
    for key, reason in _complaints(config, phrases, language):
        raise blame(key, reason)
    return config


def find_line(text: str, key: str) -> int:
    """The line, from 1, on which `key` ("limits.flood" or just a section) is set in a file that parses.

    The file is parsed anew up to each line: the first beginning that knows the key ends with it, and what it did
    not know before began on the line after the last beginning that was whole. Slow, exact however the key is
    written (tables, dotted, inline, over several lines), and wanted once, before exiting.
    """
    lines = text.splitlines(keepends=True)
    whole = 0
    for count in range(1, len(lines) + 1):
        try:
            found: Any = tomllib.loads("".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue  # within a value of several lines
        for word in key.split("."):
            if not isinstance(found, dict) or word not in found:
                break
            found = found[word]
        else:
            return whole + 1
        whole = count
    # What is missing is missed in its table.
    table, dot, _ = key.rpartition(".")
    return find_line(text, table) if dot else max(1, len(lines))


def _read(file: Path, phrases: Phrases) -> str | None:
    try:
        with open(file, "rb") as handle:
            data = handle.read(LARGEST_FILE + 1)
            # Of what was opened, not of what may lie under the name by now.
            mode = stat.S_IMODE(os.fstat(handle.fileno()).st_mode)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = phrases("unreadable", detail=error.strerror)
        raise ConfigError(phrases("in-whole-file", file=file, reason=reason)) from None
    if len(data) > LARGEST_FILE:
        reason = phrases("large", limit=LARGEST_FILE)
        raise ConfigError(phrases("in-whole-file", file=file, reason=reason))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            phrases("in-line", file=file, line=line, reason=phrases("utf8")), "", line
        ) from None
    if os.name == "posix" and mode & 0o077 and _secret_in(_parse(text, str(file), phrases)):
        key = _secret_in(_parse(text, str(file), phrases))
        line = find_line(text, key)
        reason = phrases("exposed", mode=mode, file=file)
        raise ConfigError(phrases("in-file", file=file, line=line, name=key, reason=reason), key, line)
    return text


def _parse(text: str, file: str, phrases: Phrases) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # "Cannot overwrite a value (at line 3, column 9)"; at the end of the file it gives no number.
        detail, _, place = str(error).partition(" (at ")
        number = re.match(r"line (\d+)", place)
        line = int(number[1]) if number else max(1, len(text.splitlines()))
        reason = phrases("syntax", detail=detail)
        raise ConfigError(phrases("in-line", file=file, line=line, reason=reason), "", line) from None


def _secret_in(raw: Mapping[str, Any]) -> str:
    """The key of a password in the raw tables, or ""."""
    for section, secret in (("server", "password"), ("mail", "password"), ("oauth", "client_secret")):
        table = raw.get(section)
        if isinstance(table, dict) and table.get(secret):
            return f"{section}.{secret}"
    store = raw.get("store")
    url = store.get("url") if isinstance(store, dict) else ""
    if isinstance(url, str) and is_url(url) and has_password(url):
        return "store.url"
    cluster = raw.get("cluster")
    nats = cluster.get("url") if isinstance(cluster, dict) else ""
    if isinstance(nats, str) and "@" in nats:
        return "cluster.url"
    for section, secret in _SECRETS.items():
        tables = raw.get(section)
        for name, table in tables.items() if isinstance(tables, dict) else ():
            if isinstance(table, dict) and table.get(secret):
                return f"{section}.{name}.{secret}"
    return ""


def _override(raw: dict[str, Any], text: str, phrases: Phrases) -> str:
    """Put one SECTION.KEY=VALUE into the raw tables; the key that was set."""
    name, equals, value = text.partition("=")
    section, dot, key = name.strip().partition(".")
    if not (equals and dot and section and key):
        raise ConfigError(phrases("in-whole-file", file="--set", reason=phrases("set", text=text)))
    table = raw.setdefault(section, {})
    if not isinstance(table, dict):
        table = raw[section] = {}
    table[key] = _override_value(section, key, value.strip())
    return f"{section}.{key}"


def _override_value(section: str, key: str, text: str) -> object:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    if parsed.keys() != {"value"}:  # a line end in the text began another key
        return text
    value: object = parsed["value"]
    # `--set server.password=12345` is a string without its quotes, not a number.
    wants_text = isinstance(getattr(getattr(Config(), section, None), key, None), str)
    return text if wants_text and not isinstance(value, str | list) else value


def _explain(message: str, phrases: Phrases) -> tuple[str, str]:
    """The key and the reason in msgspec's message: "Expected `int`, got `str` - at `$.limits.flood_burst`"."""
    detail, _, place = message.partition(" - at `$")
    place, _, rest = place.partition("[...]")  # a table whose keys are names of somebody's choice
    if rest.strip(".`"):
        detail = f"{rest.strip('.`')}: {detail}"
    path = re.sub(r"\[\d*\.*\]", "", place.rstrip("`")).strip(".")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", detail)
    if not unknown:
        return path, phrases("value", detail=detail.replace("`", ""))
    key = f"{path}.{unknown[1]}" if path else unknown[1]
    near = _nearest(key)
    return key, phrases("unknown-near", near=near) if near else phrases("unknown")


def _nearest(key: str) -> str:
    """The key that somebody who wrote `key` may have meant, or ""."""
    import difflib  # noqa: PLC0415 - wanted only when something is wrong, and it costs 5 ms

    known = [
        f"{section.name}.{field.name}"
        for section in msgspec.structs.fields(Config)
        for field in msgspec.structs.fields(_TABLES.get(section.name, section.type))
    ]
    if "." not in key:
        known = [field.name for field in msgspec.structs.fields(Config)]
    return next(iter(difflib.get_close_matches(key, known, n=1, cutoff=0.75)), "")


def _complaints(config: Config, phrases: Phrases, language: Language) -> Iterable[tuple[str, str]]:
    """What the types alone cannot say: (key, reason) of each value that does not fit."""
    server = config.server
    # One word will do for who wants it so: no user can take the server's name as a nick.
    if not is_server_name(server.name) and not is_server_name(f"{server.name}.x"):
        yield "server.name", phrases("name")
    network = server.network
    if not 1 <= len(network) <= 64 or not network.isprintable() or network != network.strip():
        yield "server.network", phrases("network")
    icon = server.icon
    if icon and (not _ICON.fullmatch(icon) or len(icon) + 3 * icon.count("=") > LONGEST_ICON):
        yield "server.icon", phrases("icon", limit=LONGEST_ICON)
    if any(len(line.encode()) > LONGEST_MOTD_LINE or _CONTROL.search(line) for line in server.motd_lines):
        yield "server.motd", phrases("motd", limit=LONGEST_MOTD_LINE)
    for key in ("password", "admin_location", "admin_email"):
        if _CONTROL.search(getattr(server, key)):
            yield f"server.{key}", phrases("one-line")
    if not math.isfinite(config.limits.flood_per_second):
        yield "limits.flood_per_second", phrases("finite")
    if config.accounts.email != "off" and not config.mail.host:
        yield "accounts.email", phrases("mail-none")
    if config.lobby.room and not is_valid_room(config.lobby.room, config.limits.room_length):
        yield "lobby.room", phrases("room")
    if config.store.url and not is_url(config.store.url):
        yield "store.url", phrases("store-url")
    if config.cluster.url and not is_nats_url(config.cluster.url):
        yield "cluster.url", phrases("cluster-url")
    elif config.cluster.workers > 1:
        if config.store.mode != "durable":
            yield "cluster.workers", phrases("workers-store")
    elif config.cluster.url and not (config.store.url and config.store.mode == "durable"):
        yield "cluster.url", phrases("cluster-store")
    yield from _complaints_about_mail(config.mail, phrases)
    yield from _complaints_about_oauth(config.oauth, phrases)
    yield from _complaints_about_doors(config, phrases, language)


def _complaints_about_oauth(oauth: OAuth, phrases: Phrases) -> Iterable[tuple[str, str]]:
    addresses = {
        "issuer": oauth.issuer,
        "jwks_url": oauth.jwks_url,
        "introspection_url": oauth.introspection_url,
    }
    for key, value in addresses.items():
        if value and not _ISSUER.fullmatch(value):
            yield f"oauth.{key}", phrases("issuer-address", value=value)
    if not oauth.issuer:
        if key := next((key for key, value in addresses.items() if value), ""):
            yield f"oauth.{key}", phrases("no-issuer")
        return
    if bool(oauth.jwks_url) == bool(oauth.introspection_url):
        yield "oauth.issuer", phrases("issuer")
    if oauth.jwks_url and not oauth.audience:
        yield "oauth.jwks_url", phrases("audience")
    if oauth.introspection_url and not oauth.client_id:
        yield "oauth.introspection_url", phrases("client-id")


def _complaints_about_mail(mail: Mail, phrases: Phrases) -> Iterable[tuple[str, str]]:
    if not mail.host:
        return
    if not is_server_name(f"{mail.host}.x") and not _is_address(mail.host):
        yield "mail.host", phrases("mail-host")
    if not is_email(mail.sender):
        yield "mail.sender", phrases("mail-sender")
    if bool(mail.user) != bool(mail.password) or _CONTROL.search(mail.user + mail.password):
        yield "mail.user" if mail.user else "mail.password", phrases("mail-login")
    if mail.password and mail.tls == "off" and mail.host not in _THIS_MACHINE:
        yield "mail.tls", phrases("mail-open")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _complaints_about_doors(
    config: Config, phrases: Phrases, language: Language
) -> Iterable[tuple[str, str]]:
    for door in Listen.__struct_fields__:
        try:
            parse_addresses(getattr(config.listen, door), language)
        except AddressError as error:
            yield f"listen.{door}", str(error)
    if bool(config.tls.certificate) != bool(config.tls.key):
        yield "tls.certificate" if config.tls.certificate else "tls.key", phrases("both")
    for entry in config.tls.sts_names:
        name, equals, seconds = entry.partition("=")
        if not is_server_name(name):
            yield "tls.sts_names", phrases("host-name", value=name)
        if equals and not (_SECONDS.fullmatch(seconds) and int(seconds) <= LONGEST_STS):
            yield "tls.sts_names", phrases("sts-seconds", value=seconds, limit=LONGEST_STS)
    for origin in config.web.origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            yield "web.origins", phrases("origin", value=origin)
    yield from _complaints_about_networks("proxy.trusted", config.proxy.trusted, phrases)
    for name, gateway in config.webirc.items():
        if not 1 <= len(name) <= 63 or not name.isprintable() or " " in name:
            yield f"webirc.{name}", phrases("gateway")
        if " " in gateway.password or gateway.password[0] == ":" or _CONTROL.search(gateway.password):
            yield f"webirc.{name}.password", phrases("one-word")
        yield from _complaints_about_networks(f"webirc.{name}.networks", gateway.networks, phrases)
    for name, oper in config.oper.items():
        for key, phrase, value in _complaints_about_operator(name, oper):
            yield f"oper.{name}{key}", phrases(phrase, value=value)


def _complaints_about_operator(name: str, oper: Oper) -> Iterable[tuple[str, str, str]]:
    """The key below the block's, the phrase and the value."""
    if not 1 <= len(name) <= 32 or not name.isprintable() or " " in name or name[0] == ":":
        yield "", "operator", ""
    if not oper.password_hash and not oper.certificate:
        yield "", "no-proof", ""
    if oper.password_hash and not is_password_hash(oper.password_hash):
        yield ".password_hash", "password-hash", ""
    if oper.certificate and not re.fullmatch("[0-9a-f]{64}", plain_fingerprint(oper.certificate)):
        yield ".certificate", "fingerprint", ""
    for mask in oper.hosts:
        if parse_server_mask(mask) is None:
            yield ".hosts", "host-mask", mask
    if _CONTROL.search(oper.title):
        yield ".title", "one-line", ""
    for letter in oper.server_notices:
        if letter not in KINDS:
            yield ".server_notices", "notices", letter


def _complaints_about_networks(
    key: str, networks: Iterable[str], phrases: Phrases
) -> Iterable[tuple[str, str]]:
    for network in networks:
        try:
            Networks((network,))
        except ValueError:
            yield key, phrases("network-number", value=network)
