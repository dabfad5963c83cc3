"""Where a door listens: the ADDR of command lines and config files.

    HOST:PORT    one interface, by number or by name        127.0.0.1:6667   chat.example:6667
    :PORT        every interface, IPv4 and IPv6             :6667            (also *:PORT)
    [V6]:PORT    one IPv6 interface                         [::1]:6667
    unix:PATH    a socket in the file system                unix:/run/veche/irc.sock
    off          nowhere: this door stays shut

Port 0 asks the system for any free port. Nothing is opened or resolved here.
"""

import ipaddress
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from veche.phrases import Language, Phrases

OFF = "off"
# sockaddr_un.sun_path of Linux, without its closing NUL; other systems have less and will say so themselves.
LONGEST_UNIX_PATH = 107  # bytes
_LOOPBACKS = frozenset({"127.0.0.1", "::1", "localhost"})
# RFC 1123, 2.1, with the underscore that container names bring.
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_-]{1,63})*\.?", re.ASCII
)
_NUMBERS_AND_DOTS = re.compile(r"[0-9.]+", re.ASCII)

PHRASES = {
    "forms": (
        "an address is HOST:PORT, :PORT, [IPv6]:PORT, unix:PATH or off",
        "адрес — это HOST:PORT, :PORT, [IPv6]:PORT, unix:PATH или off",
    ),
    "port": (
        "{address!r}: the port is a number from 0 to 65535",
        "{address!r}: порт — число от 0 до 65535",
    ),
    "no-port": (
        "{address!r} has no port: {forms}",
        "{address!r}: не указан порт; {forms}",
    ),
    "only-port": (
        "{address!r} is only a port: write 127.0.0.1:{address} for this machine or :{address} for every interface",
        "{address!r} — только порт: пишите 127.0.0.1:{address} для этой машины или :{address} для всех интерфейсов",
    ),
    "brackets": (
        "{address!r}: an IPv6 address stands in brackets, [::1]:6667",
        "{address!r}: адрес IPv6 пишется в скобках, [::1]:6667",
    ),
    "host": (
        "{address!r}: {host!r} is neither an IP address nor a host name",
        "{address!r}: {host!r} — не IP-адрес и не имя машины",
    ),
    "path": (
        "{address!r}: the path of a unix socket has 1 to {limit} bytes and no NUL",
        "{address!r}: путь к сокету unix — от 1 до {limit} байт без нуля",
    ),
    "off": (
        "'off' stands alone: it shuts the door that the other addresses would open",
        "«off» пишется без других адресов: «off» закрывает дверь, а они её открывают",
    ),
}


class AddressError(ValueError):
    """An address that cannot be understood; its text says why, in the reader's language."""


class Address(msgspec.Struct, frozen=True):
    """One place to listen at: either `path`, or `port` with `host`.

    `host` is None for every interface (what an event loop's create_server takes for that), else a number without
    brackets, or a name. `port` is 0 to 65535; 0 is any free port. `path` is absolute.
    """

    host: str | None = None
    port: int = 0
    path: Path | None = None

    def __str__(self) -> str:
        """As a person would type it."""
        if self.path is not None:
            return f"unix:{self.path}"
        if self.host is None:
            return f":{self.port}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it (false for a unix socket, whose reach is its directory's)."""
        return self.host in _LOOPBACKS or (self.host is not None and self.host.startswith("127."))

    def everywhere(self) -> "Address":
        """The same port on every interface, if this machine only was meant; otherwise unchanged."""
        return Address(port=self.port) if self.is_loopback else self


def parse_address(text: str, language: Language = "en") -> Address:
    """One address other than "off". Raises AddressError."""
    phrases = Phrases(PHRASES, language)
    text = text.strip()
    if text.startswith("unix:"):
        return _parse_unix(text, phrases)
    host, colon, port = text.rpartition(":")
    if not colon or (host.startswith("[") and not host.endswith("]")):
        key = "only-port" if _is_port(text) else "no-port"
        raise AddressError(phrases(key, address=text, forms=phrases("forms")))
    if not _is_port(port):
        raise AddressError(phrases("port", address=text))
    return Address(host=_parse_host(host, text, phrases), port=int(port))


def parse_addresses(texts: Iterable[str], language: Language = "en") -> tuple[Address, ...]:
    """All addresses of one door, without repetitions; nothing for "off". Raises AddressError."""
    wanted = [text.strip() for text in texts]
    if OFF in wanted:
        if set(wanted) != {OFF}:
            raise AddressError(Phrases(PHRASES, language)("off"))
        return ()
    return tuple(dict.fromkeys(parse_address(text, language) for text in wanted))


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535


def _parse_host(host: str, address: str, phrases: Phrases) -> str | None:
    if host in ("", "*"):
        return None
    if host.startswith("["):
        number = host[1:-1]
        try:
            ipaddress.IPv6Address(number)
        except ValueError:
            raise AddressError(phrases("host", address=address, host=number)) from None
        return number
    if ":" in host:
        raise AddressError(phrases("brackets", address=address))
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        # 127.1 and 256.0.0.1 would pass for names, and a resolver would make something of them.
        if _NUMBERS_AND_DOTS.fullmatch(host) or not _HOST_NAME.fullmatch(host):
            raise AddressError(phrases("host", address=address, host=host)) from None
    return host


def _parse_unix(text: str, phrases: Phrases) -> Address:
    path = text.removeprefix("unix:")
    # Absolute at once, so that a later change of directory does not move the door.
    whole = Path(path).absolute()
    if not path or "\0" in path or len(str(whole).encode("utf-8", "surrogateescape")) > LONGEST_UNIX_PATH:
        raise AddressError(phrases("path", address=text, limit=LONGEST_UNIX_PATH))
    return Address(path=whole)


def to_go_to(address: Address, where: str, host: str) -> str:
    """A door's address as the table shows it, with a host where it has none because it is open at every interface."""
    is_everywhere = address.path is None and address.host in {None, "0.0.0.0", "::"}  # noqa: S104 - compared
    return f"{host}:{where.rpartition(':')[2]}" if is_everywhere else where
