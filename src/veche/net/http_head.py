"""The head of an HTTP request, as far as the browser's door needs it to tell a WebSocket from a page. No sockets here.

The rule: strict and small. What this cannot read without guessing is refused; a request that is no WebSocket goes on,
byte for byte, to the HTTP server proper, which reads it anew.

Sources: RFC 9112 (HTTP/1.1), RFC 6455 section 4.2 ("Server-Side Requirements").
"""

import base64
import binascii
import hashlib
import re

# Bytes and lines of a head. The largest honest ones are cookies, of which we set none.
HEAD_LIMIT = 16 * 1024
LINES_LIMIT = 100
_END = b"\r\n\r\n"
_REQUEST = re.compile(rb"([A-Z]{1,16}) ([!-~]{1,2048}) HTTP/1\.([01])")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
# RFC 6455, 1.3
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    426: "Upgrade Required",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}


class HttpError(Exception):
    """A request that is refused; `status` is the HTTP status of the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status} {REASONS[status]}")
        self.status = status


class Head:
    """Method, path without its query, minor version of HTTP/1, and fields: names in lower case, values in order."""

    __slots__ = ("_fields", "method", "minor", "path")

    def __init__(self, method: str, target: str, minor: int, fields: dict[str, list[str]]) -> None:
        self.method = method
        self.path = target.partition("?")[0]
        self.minor = minor
        self._fields = fields

    def one(self, name: str) -> str:
        """The value of a field that may occur once; "" if it does not. Raises HttpError for a second one."""
        values = self._fields.get(name, [])
        if len(values) > 1:
            raise HttpError(400)
        return values[0] if values else ""

    def words(self, name: str) -> list[str]:
        """The elements of a field that holds a comma-separated list, over all its lines, empty ones dropped."""
        return [
            word
            for value in self._fields.get(name, [])
            for part in value.split(",")
            if (word := part.strip())
        ]

    @property
    def wants_websocket(self) -> bool:
        """Whether the client asks to change to WebSocket."""
        return any(word.lower() == "websocket" for word in self.words("upgrade"))


def take_head(data: bytes) -> tuple[Head, bytes] | None:
    """The head at the beginning of `data` and what comes behind it; None while its end has not come.

    Raises HttpError: 431 for a head that is too long, 400 for what is no head.
    """
    end = data.find(_END)
    if end < 0 or end > HEAD_LIMIT:
        if len(data) > HEAD_LIMIT:
            raise HttpError(431)
        return None
    lines = data[:end].split(b"\r\n")
    if len(lines) > LINES_LIMIT:
        raise HttpError(431)
    request = _REQUEST.fullmatch(lines[0])
    if request is None:
        raise HttpError(400)
    fields: dict[str, list[str]] = {}
    for line in lines[1:]:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise HttpError(400)
        fields.setdefault(field[1].decode().lower(), []).append(field[2].decode("latin-1"))
    return Head(request[1].decode(), request[2].decode(), int(request[3]), fields), data[end + len(_END) :]


def check_body(head: Head) -> None:
    """Raise HttpError when it could be read in two ways where the request's body ends (RFC 9112, 6.3)."""
    length, coding = head.one("content-length"), head.one("transfer-encoding")
    if (length and coding) or not (
        (length.isascii() and length.isdigit() and len(length) < 16) or not length
    ):
        raise HttpError(400)
    if coding.lower() not in ("", "chunked"):
        raise HttpError(400)


def accept_key(head: Head) -> str:
    """What the Sec-WebSocket-Accept of the answer to this request must say. Raises HttpError (RFC 6455, 4.2.1)."""
    if head.method != "GET" or head.minor != 1:
        raise HttpError(400)
    if not head.one("host") or not any(word.lower() == "upgrade" for word in head.words("connection")):
        raise HttpError(400)
    if head.one("content-length") not in ("", "0") or head.one("transfer-encoding"):
        raise HttpError(400)  # a body: there is no telling where it ends and the frames begin
    if head.one("sec-websocket-version") != "13":
        raise HttpError(426)
    key = head.one("sec-websocket-key")
    try:
        is_key = len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        is_key = False
    if not is_key:
        raise HttpError(400)
    # SHA-1 is what the protocol says; nothing secret hangs on it.
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()


def is_own_origin(origin: str, host: str) -> bool:
    """Whether a page of `origin` came from the same host and port that this request went to."""
    scheme, found, place = origin.partition("://")
    default = {"http": ":80", "https": ":443"}.get(scheme)
    if not found or default is None:
        return False
    # The Host may spell out the port that the origin leaves out, and what the address bar shows may be in capitals.
    return place.lower().removesuffix(default) == host.lower().removesuffix(default)


def refusal(status: int) -> bytes:
    """A whole answer that says no and ends the connection."""
    text = REASONS[status] + "\n"
    lines = [
        f"HTTP/1.1 {status} {REASONS[status]}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(text)}",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
        *(["Upgrade: websocket", "Sec-WebSocket-Version: 13"] if status == 426 else []),
        "Connection: close",
        "",
        text,
    ]
    return "\r\n".join(lines).encode()
