"""The browser's door: WebSockets are taken up here, everything else goes on to the HTTP server in pages.py.

The rule: nothing of a request is believed but what the connection itself shows, unless it comes from a proxy that is
trusted. A connection that has not sent its head in time, or has sent too much of one, is refused before anything is
made for it.

The HTTP server is loaded when the first page is asked for: it takes a tenth of a second and 15 MiB, and neither a
start nor a WebSocket needs it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from veche.core.downloads import PATH as DOWNLOAD_PATH
from veche.core.limits import Networks, address_key
from veche.net.http_head import Head, HttpError, accept_key, check_body, is_own_origin, refusal, take_head
from veche.net.peer import Peer, peer_address
from veche.net.shell import Shell
from veche.net.websocket import WebSocketProtocol, choose_protocol

if TYPE_CHECKING:
    from veche.net.pages import PageServer

# Seconds from the connection to the end of the request's head.
HEAD_SECONDS = 10.0
# Seconds that a request for a page may take in all, its answer read: each has a connection of its own.
PAGE_SECONDS = 60.0
# The same for what somebody takes away by a link of his own: all that he has ever said.
DOWNLOAD_SECONDS = 1800.0
# Connections without a WebSocket, in all and from one address.
MOST_GUESTS = 1024
MOST_GUESTS_PER_ADDRESS = 32
# How often silent WebSockets are looked for, in seconds.
SWEEP_SECONDS = 15.0
ANY_ORIGIN = "*"
_PATHS = ("/", "/irc")

_log = logging.getLogger("veche.web")


# Behind it stands the code of an invitation.
INVITATION_PATH = "/invitation/"


class DownloadError(Exception):
    """A file cannot be read to its end."""


class Download(Protocol):
    """A file that is made while it is sent. Names are ASCII without quotes."""

    @property
    def content_type(self) -> str:
        """Its MIME type."""

    @property
    def file_name(self) -> str:
        """What it is called where it is kept."""

    def pieces(self) -> AsyncIterator[str]:
        """Its text; raises DownloadError."""

    def close(self) -> None:
        """It is sent, or nobody reads on."""


class Site(Protocol):
    """What the pages show."""

    @property
    def network(self) -> str:
        """What the chat is called."""

    @property
    def assets(self) -> Path:
        """Where the build of the chat in the browser is; a folder that may be missing."""

    def page(self, language: str) -> str:
        """The page about the doors, in HTML without scripts, for a reader of "en" or "ru"."""

    def invitation(self, language: str, code: str) -> str:
        """What an invitation's link leads to; `code` is letters, digits, "-" and "_", and may be made up."""

    @property
    def style(self) -> str:
        """The text of its one style element, exactly."""

    def download(self, token: str) -> Download | int:
        """What a link gives, which it does once, or the HTTP status of a refusal; `token` may be made up."""

    def is_ready(self) -> bool:
        """Whether the server takes new people in."""


class WebDoor:
    """What the connections of the door share.

    `origins` may connect besides pages of our own; "*" among them: any. `trusted` are the proxies.
    """

    def __init__(self, shell: Shell, site: Site, origins: tuple[str, ...], trusted: Networks) -> None:
        self.shell = shell
        self.sockets: set[WebSocketProtocol] = set()
        self._site = site
        self._origins = frozenset(origin.lower() for origin in origins)
        self._trusted = trusted
        self._guests: set[WebProtocol] = set()
        self._per_address: dict[str, int] = {}
        self._pages: PageServer | None = None
        self._loading: asyncio.Task[None] | None = None
        self._waiting: list[WebProtocol] = []
        self._timer: asyncio.TimerHandle | None = None

    async def wait_closed(self) -> None:
        """End what is left, once the listeners are closed and the sessions have been told."""
        if self._timer is not None:
            self._timer.cancel()
        if self._loading is not None:
            await self._loading
        for guest in list(self._guests):
            guest.abort()
        if self._pages is not None:
            await self._pages.close()

    # ---- what its connections call

    def admit(self, guest: "WebProtocol", peer: Peer) -> bool:
        """Whether one more may come and ask for something."""
        key = "" if peer.address in self._trusted else address_key(peer.address)
        if len(self._guests) >= MOST_GUESTS or (
            key and self._per_address.get(key, 0) >= MOST_GUESTS_PER_ADDRESS
        ):
            return False
        self._guests.add(guest)
        if key:
            self._per_address[key] = self._per_address.get(key, 0) + 1
        return True

    def release(self, guest: "WebProtocol", peer: Peer) -> None:
        """A guest has gone, or has become a session. Idempotent."""
        if guest not in self._guests:
            return
        self._guests.discard(guest)
        key = "" if peer.address in self._trusted else address_key(peer.address)
        left = self._per_address.pop(key, 1) - 1
        if key and left:
            self._per_address[key] = left

    def allows(self, origin: str, host: str) -> bool:
        """Whether a page of this origin may connect; who names none is no browser.

        RFC 6455, 10.2: it protects people whose browser is led here by somebody else's page, not the server.
        """
        if not origin or ANY_ORIGIN in self._origins:
            return True
        return origin.lower() in self._origins or is_own_origin(origin, host)

    def look_behind_proxies(self, head: Head, peer: Peer) -> None:
        """Put the client's address in place of a trusted proxy's.

        The list grows to the right: what stands left of the first address that is not a trusted proxy's was written
        by whoever has that address, and is worth nothing. Raises HttpError when that is no address.
        """
        if peer.address not in self._trusted:
            return
        for address in reversed(head.words("x-forwarded-for")):
            if not address_key(address):
                raise HttpError(400)
            peer.address = address
            if address not in self._trusted:
                break
        peer.binding = b""
        peer.secure = peer.secure or head.words("x-forwarded-proto")[-1:] == ["https"]

    def keep_alive(self) -> None:
        """There is a WebSocket: see to it that proxies on the way do not take its silence for its end."""
        if self._timer is None:
            self._timer = self.shell.loop.call_later(SWEEP_SECONDS, self._sweep)

    def serve_page(self, guest: "WebProtocol") -> None:
        """Hand a request to the HTTP server, when there is one."""
        if self._pages is not None:
            guest.hand_over(self._pages.new_handler())
            return
        self._waiting.append(guest)
        if self._loading is None:
            self._loading = self.shell.loop.create_task(self._load(), name="load the HTTP server")

    async def _load(self) -> None:
        # In a thread, so that those who are in do not wait for an import.
        make = await asyncio.to_thread(_find_page_server)
        self._pages = await make(self._site)
        waiting, self._waiting = self._waiting, []
        for guest in waiting:
            guest.hand_over(self._pages.new_handler())

    def _sweep(self) -> None:
        self._timer = None
        now = self.shell.loop.time()
        for websocket in self.sockets:
            websocket.keep_alive(now)
        if self.sockets:
            self.keep_alive()


def _find_page_server() -> "Callable[[Site], Coroutine[None, None, PageServer]]":
    from veche.net.pages import open_page_server  # noqa: PLC0415 - the reason is at the head of this file

    return open_page_server


class WebProtocol(asyncio.Protocol):
    """One connection, until it is a WebSocket or has got its page. `peer`: what an earlier layer has found out."""

    __slots__ = ("_data", "_deadline", "_door", "_handler", "_is_download", "_peer", "_transport")

    def __init__(self, door: WebDoor, peer: Peer | None = None) -> None:
        self._door = door
        self._peer = peer
        self._transport: asyncio.Transport | None = None
        self._data = b""
        self._deadline: asyncio.TimerHandle | None = None
        self._is_download = False
        self._handler: asyncio.Protocol | None = None  # the HTTP server's, once it has the request

    # ---- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the head, not for long."""
        self._transport = cast(asyncio.Transport, transport)
        self._peer = self._peer or Peer(peer_address(transport))
        if self._door.admit(self, self._peer):
            self._deadline = self._door.shell.loop.call_later(HEAD_SECONDS, self._refuse, 408)
        else:
            self._refuse(503)

    def data_received(self, data: bytes) -> None:
        """A part of the head; or of what the HTTP server is to get."""
        if self._handler is not None:
            self._handler.data_received(data)
            return
        transport, peer = self._transport, self._peer
        if transport is None or peer is None or transport.is_closing():
            return
        self._data += data
        try:
            found = take_head(self._data)
            if found is None:
                return
            head, rest = found
            if head.wants_websocket:
                self._become_websocket(head, rest, transport, peer)
            else:
                check_body(head)
                self._is_download = head.path.startswith(DOWNLOAD_PATH)
                transport.pause_reading()
                self._wait_no_longer()
                self._door.serve_page(self)
        except HttpError as error:
            self._refuse(error.status)

    def eof_received(self) -> bool:
        """Nothing more will come: a request that is under way is still answered."""
        if self._handler is not None:
            self._handler.eof_received()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Give the place back."""
        self._wait_no_longer()
        if self._peer is not None:
            self._door.release(self, self._peer)
        handler, self._handler, self._transport = self._handler, None, None
        if handler is not None:
            handler.connection_lost(error)

    def pause_writing(self) -> None:
        """Pass it on."""
        if self._handler is not None:
            self._handler.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        if self._handler is not None:
            self._handler.resume_writing()

    # ---- what the door calls

    def hand_over(self, handler: asyncio.Protocol) -> None:
        """The HTTP server has the request from here on, and a limited time."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._handler = handler
        seconds = DOWNLOAD_SECONDS if self._is_download else PAGE_SECONDS
        self._deadline = self._door.shell.loop.call_later(seconds, self.abort)
        data, self._data = self._data, b""
        handler.connection_made(transport)
        handler.data_received(data)
        transport.resume_reading()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    # ---- inside

    def _become_websocket(self, head: Head, rest: bytes, transport: asyncio.Transport, peer: Peer) -> None:
        """Agree to a WebSocket, or raise HttpError."""
        door = self._door
        if head.path not in _PATHS:
            raise HttpError(404)
        if not door.allows(head.one("origin"), head.one("host")):
            raise HttpError(403)
        key = accept_key(head)
        protocol = choose_protocol(head.words("sec-websocket-protocol"))
        self._wait_no_longer()
        door.release(self, peer)
        door.look_behind_proxies(head, peer)
        answer = [
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {key}",
            *([f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []),
            "\r\n",
        ]
        transport.write("\r\n".join(answer).encode())
        websocket = WebSocketProtocol(door.shell, transport, peer, protocol, door.sockets)
        transport.set_protocol(websocket)
        door.keep_alive()
        if rest:
            websocket.data_received(rest)

    def _refuse(self, status: int) -> None:
        self._wait_no_longer()
        transport = self._transport
        if transport is not None and not transport.is_closing():
            transport.write(refusal(status))
            transport.close()

    def _wait_no_longer(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
