"""One IRC connection of the checker: connects, registers, joins, reads lines. What they mean is for its owner.

It speaks to the server through the socket alone and knows nothing of how the server is built.
"""

import asyncio
import socket
from collections.abc import Callable, Collection

from veche.wire.message import Message, parse

CAPABILITIES = "message-tags server-time echo-message labeled-response batch draft/chathistory"
# Seconds that any single answer may take; longer is not slow, it is broken.
PATIENCE = 10.0


# Where a server is found: a port of the loopback, or a host and a port.
Door = int | tuple[str, int]


class CheckerError(Exception):
    """The checker cannot do its work: the server does not start, refuses a visitor, speaks no history."""


class Client:
    """A registered visitor. `on_message` gets every message but PING, in order of arrival.

    A socket of its own and no asyncio transport: a transport gives up at the first failed write, and what the
    server had sent before it went (the last answers, the ERROR) would stay unread.
    """

    def __init__(self, nick: str, on_message: Callable[[Message], None] | None = None) -> None:
        self.nick = nick
        self.on_message = on_message
        self.tokens: dict[str, str] = {}  # ISUPPORT
        self.farewell = ""  # the text of an ERROR line
        self.closed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._tail = b""
        self._unsent = b""
        self._may_write = False
        self._wanted: Collection[str] = ()
        self._found: asyncio.Future[Message] | None = None

    # --- bytes ---

    def _on_readable(self) -> None:
        try:
            data = self._socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError as error:  # a reset is as good an end as any: the server was killed
            self._end(str(error))
            return
        if not data:
            self._end("end of stream")
            return
        # A line that the fault cut in two never counts: it was not received.
        lines = (self._tail + data).split(b"\n")
        self._tail = lines.pop()
        for raw in lines:
            message = parse(raw.rstrip(b"\r").decode("utf-8", "replace"))
            if message is not None:
                self._take(message)

    def _on_writable(self) -> None:
        try:
            sent = self._socket.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            self._may_write = False  # the reading side will find the end, behind whatever is left to read
            sent = len(self._unsent)
        self._unsent = self._unsent[sent:]
        if not self._unsent:
            self._loop.remove_writer(self._socket)

    def _end(self, why: str) -> None:
        if self.closed.is_set():
            return
        self._may_write = False
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self.closed.set()
        if self._found is not None and not self._found.done():
            words = f"{self.nick}: closed by the server: {self.farewell or why}"
            self._found.set_exception(CheckerError(words))

    # --- messages ---

    def _take(self, message: Message) -> None:
        command = message.command
        if command == "PING":
            self.send("PONG :" + (message.params[-1] if message.params else ""))
            return
        if command == "005":
            for token in message.params[1:-1]:
                name, _, value = token.partition("=")
                self.tokens[name] = value
        elif command == "ERROR":
            self.farewell = message.params[-1] if message.params else "ERROR"
        # A batch has two ends; whoever waits for one of them says which ("BATCH +", "BATCH -").
        name = f"BATCH {message.params[0][:1]}" if command == "BATCH" and message.params else command
        if name in self._wanted and self._found is not None and not self._found.done():
            self._found.set_result(message)
        if self.on_message is not None:
            self.on_message(message)

    # --- the owner's side ---

    @property
    def is_open(self) -> bool:
        """What is sent has a chance to arrive."""
        return self._may_write

    def send(self, line: str) -> None:
        """Send one line, without its line end. On a closed connection it goes nowhere."""
        if not self._may_write:
            return
        is_writing = bool(self._unsent)
        self._unsent += line.encode() + b"\r\n"
        if not is_writing:
            self._loop.add_writer(self._socket, self._on_writable)
            self._on_writable()

    async def ask(self, line: str, *answers: str) -> Message:
        """Send a line and wait for the first message with one of these commands."""
        self._wanted = answers
        self._found = self._loop.create_future()
        self.send(line)
        try:
            return await asyncio.wait_for(self._found, PATIENCE)
        except TimeoutError:
            raise CheckerError(f"{self.nick}: no answer to {line!r} within {PATIENCE:.0f} s") from None
        finally:
            self._wanted = ()

    async def enter(self, door: Door) -> None:
        """Connect and register with the capabilities that the checker needs."""
        await self.connect(door, CAPABILITIES)
        introduction = f"NICK {self.nick}\r\nUSER {self.nick} 0 * :checker\r\nCAP END"
        welcome = await self.ask(introduction, "376", "422", "432", "433", "465")
        if welcome.command not in ("376", "422"):
            raise CheckerError(f"{self.nick}: not welcome: {welcome.params}")

    async def connect(self, door: Door, capabilities: str) -> None:
        """Connect and ask for capabilities; registration is still to come."""
        place = ("127.0.0.1", door) if isinstance(door, int) else door
        try:
            await self._loop.sock_connect(self._socket, place)
        except OSError as error:
            raise CheckerError(f"{self.nick}: cannot connect to {place[0]}:{place[1]}: {error}") from None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._may_write = True
        self._loop.add_reader(self._socket, self._on_readable)
        answer = await self.ask(f"CAP REQ :{capabilities}", "CAP")
        if answer.params[1:2] != ["ACK"]:
            raise CheckerError(f"{self.nick}: the server refuses the capabilities: {answer.params}")

    async def join(self, room: str) -> None:
        """Join a room, and return when its list of names has come."""
        answer = await self.ask(f"JOIN {room}", "366", "403", "405", "437", "471", "473", "474", "475")
        if answer.command != "366":
            raise CheckerError(f"{self.nick}: cannot join {room}: {answer.params}")

    def abort(self) -> None:
        """Drop the connection without a word."""
        self._end("left")


async def all_closed(clients: Collection[Client], seconds: float) -> bool:
    """Wait until the server has closed all these connections; False when that takes longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            for client in clients:
                await client.closed.wait()
    except TimeoutError:
        return False
    return True
