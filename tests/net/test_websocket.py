"""IRC over WebSocket, as a browser does it and as nobody should."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.net.conftest import House
from tests.net.test_frames import BROKEN, client_frame
from veche.app.certificates import Pair
from veche.app.cli import Doors
from veche.app.front_page import FrontPage
from veche.core.limits import Flood, Networks
from veche.net.frames import BINARY, CLOSE, PING, PONG, TEXT
from veche.net.tls import TlsDoor
from veche.net.tls_layer import TlsLayer
from veche.net.web import WebDoor, WebProtocol
from veche.net.websocket import choose_protocol

KEY = base64.b64encode(b"0123456789abcdef").decode()


def upgrade(*fields: str, path: str = "/irc", host: str = "chat.example") -> bytes:
    """The request that opens a WebSocket."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: keep-alive, Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {KEY}",
        *fields,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


class Client:
    """A WebSocket by hand: frames that no library would send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.head = b""

    async def open(self, request: bytes) -> bytes:
        self.writer.write(request)
        self.head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)
        return self.head

    def send(self, opcode: int, payload: bytes) -> None:
        self.writer.write(client_frame(opcode, payload))

    def say(self, *lines: str) -> None:
        for line in lines:
            self.send(TEXT, line.encode())

    async def frame(self) -> tuple[int, bytes]:
        first, length = await asyncio.wait_for(self.reader.readexactly(2), 5)
        assert first & 0xF0 == 0x80, "a server sends whole frames"
        assert not length & 0x80, "a server does not mask"
        if length == 126:
            length = int.from_bytes(await self.reader.readexactly(2), "big")
        return first & 0x0F, await self.reader.readexactly(length)

    async def until(self, word: bytes) -> list[tuple[int, bytes]]:
        frames = [await self.frame()]
        while word not in frames[-1][1]:
            frames.append(await self.frame())
        return frames


class Door:
    def __init__(self, house: House, door: WebDoor, port: int) -> None:
        self.house = house
        self.door = door
        self.port = port

    @asynccontextmanager
    async def knock(self) -> AsyncIterator[Client]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Client(reader, writer)
        finally:
            writer.transport.abort()

    @asynccontextmanager
    async def enter(self, *fields: str) -> AsyncIterator[Client]:
        async with self.knock() as client:
            assert (await client.open(upgrade(*fields))).startswith(b"HTTP/1.1 101 ")
            yield client


@asynccontextmanager
async def open_door(
    house: House, *, origins: tuple[str, ...] = (), trusted: tuple[str, ...] = ()
) -> AsyncIterator[Door]:
    site = FrontPage(house.engine, "Example", Doors(), own_certificate=True)
    door = WebDoor(house.shell, site, origins, Networks(trusted))
    port = await house.open(lambda: WebProtocol(door))
    yield Door(house, door, port)
    await door.wait_closed()


@pytest.fixture
async def door(house: House) -> AsyncIterator[Door]:
    async with open_door(house) as door:
        yield door


REGISTER = ("NICK ann", "USER ann 0 * :Ann")


async def test_a_browser_registers_and_talks(door: Door) -> None:
    url = f"http://127.0.0.1:{door.port}/irc"
    async with (
        aiohttp.ClientSession() as browser,
        browser.ws_connect(url, protocols=["text.ircv3.net"], headers={"Origin": url[:-4]}) as ws,
    ):
        assert ws.protocol == "text.ircv3.net"
        for line in REGISTER:
            await ws.send_str(line)
        lines = [await ws.receive_str(timeout=5)]
        while " 422 " not in lines[-1]:
            lines.append(await ws.receive_str(timeout=5))
        assert " 001 ann " in lines[0]
        assert not any(line.endswith(("\r", "\n")) for line in lines)
        await ws.send_str("JOIN #чай")
        assert await ws.receive_str(timeout=5) == ":ann!~ann@there JOIN #чай"
        await ws.send_str("QUIT :до встречи")
        while (message := await ws.receive(timeout=5)).type != aiohttp.WSMsgType.CLOSE:
            lines.append(message.data)
        assert lines[-1] == "ERROR :Closing Link: there (Quit: до встречи)"
        assert message.data == 1000


@pytest.mark.parametrize("path", ["/", "/irc", "/irc?x=1"])
async def test_paths_of_the_door(door: Door, path: str) -> None:
    async with door.knock() as client:
        assert b" 101 " in await client.open(upgrade(path=path))


@pytest.mark.parametrize(
    ("fields", "agreed"),
    [
        ([], ""),
        (["Sec-WebSocket-Protocol: chat"], ""),
        (["Sec-WebSocket-Protocol: text.ircv3.net"], "text.ircv3.net"),
        (["Sec-WebSocket-Protocol: binary.ircv3.net, text.ircv3.net"], "binary.ircv3.net"),
        (["Sec-WebSocket-Protocol: chat, text.ircv3.net,binary.ircv3.net"], "text.ircv3.net"),
        (["Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: binary.ircv3.net"], "binary.ircv3.net"),
    ],
)
async def test_the_first_subprotocol_that_is_known_is_agreed_to(
    door: Door, fields: list[str], agreed: str
) -> None:
    # websocket: "Servers implementing this specification MUST support both subprotocols in standard configurations."
    # websocket: "The server MUST accept any subprotocol it supports, respecting the client's order of
    # preference."
    async with door.enter(*fields) as client:
        named = [
            line for line in client.head.decode().split("\r\n") if line.startswith("Sec-WebSocket-Protocol")
        ]
        assert named == ([f"Sec-WebSocket-Protocol: {agreed}"] if agreed else [])
        client.say(*REGISTER)
        kinds = {opcode for opcode, _ in await client.until(b" 422 ")}
        assert kinds == {BINARY if agreed == "binary.ircv3.net" else TEXT}


def test_no_subprotocol_is_agreed_to_that_was_not_offered() -> None:
    assert choose_protocol([]) == ""
    assert choose_protocol(["TEXT.IRCV3.NET"]) == ""


async def test_compression_is_not_agreed_to(door: Door) -> None:
    async with door.enter("Sec-WebSocket-Extensions: permessage-deflate") as client:
        assert b"Extensions" not in client.head


@pytest.mark.parametrize("name", BROKEN)
async def test_broken_frames_close_with_their_code(door: Door, name: str) -> None:
    data, code = BROKEN[name]
    async with door.enter() as client:
        client.writer.write(data)
        opcode, payload = await client.frame()
        assert (opcode, int.from_bytes(payload[:2], "big")) == (CLOSE, code)
        await door.house.until(lambda: not door.house.engine.sessions)


async def test_binary_that_is_not_utf8_is_refused_and_never_passed_on(door: Door) -> None:
    # websocket: "Servers MUST NOT relay non-UTF-8 content to clients using text messages"
    async with door.enter("Sec-WebSocket-Protocol: binary.ircv3.net") as client:
        client.say(*REGISTER)
        await client.until(b" 422 ")
        client.send(BINARY, b"PRIVMSG ann :\xff")
        assert (await client.frame())[1].startswith(b":irc.example FAIL PRIVMSG INVALID_UTF8 ")


async def test_one_message_is_one_line(door: Door) -> None:
    # websocket: "each message MUST consist of a single IRC line, except that servers and clients MUST NOT
    # include trailing \r or \n characters in the message."
    async with door.enter() as client:
        client.say(*REGISTER)
        await client.until(b" 422 ")
        client.say("PING a\nPING b")
        assert (await client.frame())[1].startswith(b":irc.example FAIL PING INVALID_MESSAGE ")
        client.say("PING c\r\n", "", "\r\n", "PING d")
        assert await client.frame() == (TEXT, b":irc.example PONG irc.example :c")
        assert await client.frame() == (TEXT, b":irc.example PONG irc.example :d")


async def test_a_line_that_is_too_long_is_answered(door: Door) -> None:
    # websocket: "Clients and servers SHOULD impose limits on the maximum size of messages they will accept, in
    # order to prevent denial-of-service attacks."
    async with door.enter() as client:
        client.say(*REGISTER)
        await client.until(b" 422 ")
        client.say("PING " + "x" * 506)
        assert b" 417 ann " in (await client.frame())[1]
        client.say("PING " + "x" * 505)
        assert len((await client.frame())[1]) > 505


async def test_tags_may_be_as_long_as_on_any_other_door(door: Door) -> None:
    # websocket: "The limits SHOULD reflect the increased total line lengths allowed by the `message-tags`
    # specification."
    async with door.enter() as client:
        client.say("CAP REQ :message-tags", *REGISTER, "CAP END")
        await client.until(b" 422 ")
        client.say("@+x=" + "y" * 4091 + " PING " + "x" * 400)
        assert (await client.frame())[1].endswith(b"PONG irc.example :" + b"x" * 400)
        client.say("@+x=" + "y" * 4092 + " PING x")
        assert b" 417 ann " in (await client.frame())[1]


async def test_a_ping_is_answered_with_its_payload(door: Door) -> None:
    async with door.enter() as client:
        client.send(PING, b"are you there")
        assert await client.frame() == (PONG, b"are you there")
        client.send(PONG, b"unasked")
        client.say("PING 1")
        assert (await client.frame())[1].endswith(b"PONG irc.example :1")


@pytest.mark.parametrize("kind", [PING, PONG, TEXT])
async def test_a_flood_of_what_costs_nothing_is_ended(house: House, kind: int) -> None:
    house.engine.flood = Flood(5, 2.0)
    async with open_door(house) as door, door.enter() as client:
        client.writer.write(client_frame(kind, b"") * 1000)
        assert (TEXT, b"ERROR :Excess Flood") in await client.until(b"ERROR")


async def test_who_says_much_is_not_ended_by_a_ping(house: House) -> None:
    house.engine.flood = Flood(5, 2.0)
    async with open_door(house) as door, door.enter() as client:
        client.say(*REGISTER)
        await client.until(b" 422 ")
        session = next(iter(house.engine.sessions))
        session.budget = house.engine.clock.monotonic() + 50  # a message of a hundred lines
        client.send(PING, b"are you there")
        assert await client.frame() == (PONG, b"are you there")
        assert not session.ended


async def test_goodbye_is_answered_and_ends_the_session(door: Door) -> None:
    async with door.enter() as client:
        client.say(*REGISTER)
        await client.until(b" 422 ")
        client.send(CLOSE, b"\x03\xe9")
        assert await client.frame() == (CLOSE, b"\x03\xe9")
        assert await client.reader.read() == b""
        assert not door.house.engine.sessions
        assert not door.door.sockets


async def test_a_lost_connection_ends_the_session(door: Door) -> None:
    async with door.enter():
        assert len(door.door.sockets) == 1
    await door.house.until(lambda: not door.house.engine.sessions and not door.door.sockets)


async def test_who_is_refused_reads_why(door: Door) -> None:
    door.house.settings.connections_per_address = 1
    async with door.enter(), door.enter() as second:
        assert await second.frame() == (TEXT, b"ERROR :Too many connections from your address")
        assert (await second.frame())[0] == CLOSE
        assert await second.reader.read() == b""


async def test_silence_is_kept_alive(door: Door) -> None:
    async with door.enter() as client:
        websocket = next(iter(door.door.sockets))
        websocket.keep_alive(websocket.heard + 44)
        websocket.keep_alive(websocket.heard + 46)
        assert await client.frame() == (PING, b"")


ORIGINS = [
    ((), "http://chat.example", "chat.example", True),
    ((), "https://chat.example", "chat.example:443", True),
    ((), "https://Chat.Example:8443", "chat.example:8443", True),
    ((), "http://[::1]:8080", "[::1]:8080", True),
    ((), "https://evil.example", "chat.example", False),
    ((), "https://chat.example.evil.example", "chat.example", False),
    ((), "http://chat.example:81", "chat.example", False),
    ((), "https://chat.example:80", "chat.example", False),
    ((), "null", "chat.example", False),
    ((), "file://", "chat.example", False),
    (("https://app.example",), "https://app.example", "chat.example", True),
    (("https://app.example",), "http://app.example", "chat.example", False),
    (("*",), "https://evil.example", "chat.example", True),
]


@pytest.mark.parametrize(("origins", "origin", "host", "is_let_in"), ORIGINS)
async def test_origins(
    house: House, origins: tuple[str, ...], origin: str, host: str, is_let_in: bool
) -> None:
    async with open_door(house, origins=origins) as door, door.knock() as client:
        answer = await client.open(upgrade(f"Origin: {origin}", host=host))
        assert answer.startswith(b"HTTP/1.1 101 " if is_let_in else b"HTTP/1.1 403 ")
        assert bool(house.engine.sessions) == is_let_in


FORWARDED = [
    ((), ["198.51.100.7"], "127.0.0.1"),
    (("10.0.0.0/8",), ["198.51.100.7"], "127.0.0.1"),
    (("127.0.0.1",), [], "127.0.0.1"),
    (("127.0.0.1",), ["198.51.100.7"], "198.51.100.7"),
    (("127.0.0.1",), ["1.2.3.4, 198.51.100.7"], "198.51.100.7"),
    (("127.0.0.1", "10.0.0.0/8"), ["1.2.3.4, 198.51.100.7, 10.1.1.1"], "198.51.100.7"),
    (("127.0.0.1",), ["1.2.3.4", "2001:db8::1"], "2001:db8::1"),
    (("127.0.0.1", "10.0.0.0/8"), ["10.2.2.2, 10.1.1.1"], "10.2.2.2"),
]


@pytest.mark.parametrize(("trusted", "values", "address"), FORWARDED)
async def test_where_a_client_comes_from(
    house: House, trusted: tuple[str, ...], values: list[str], address: str
) -> None:
    fields = [f"X-Forwarded-For: {value}" for value in values] + ["X-Forwarded-Proto: https"]
    async with open_door(house, trusted=trusted) as door, door.enter(*fields):
        session = next(iter(house.engine.sessions))
        assert session.address == address
        assert session.secure == ("127.0.0.1" in trusted)


async def test_an_address_that_is_none_is_refused_from_a_proxy_too(house: House) -> None:
    async with open_door(house, trusted=("127.0.0.1",)) as door, door.knock() as client:
        assert b" 400 " in await client.open(upgrade("X-Forwarded-For: 1.2.3.4, evil"))


async def test_tls_with_a_proxy_is_none_that_a_login_could_be_bound_to(house: House, pair: Pair) -> None:
    async with open_door(house, trusted=("127.0.0.1",)) as door:
        tls = TlsDoor(house.shell, protocol=b"http/1.1", asks_clients=False, counts=False)
        tls.use(*pair)
        port = await house.open(lambda: TlsLayer(tls, lambda peer: WebProtocol(door.door, peer)))
        headers = {"X-Forwarded-For": "198.51.100.7"}
        async with (
            aiohttp.ClientSession() as browser,
            browser.ws_connect(f"https://127.0.0.1:{port}/irc", ssl=False, headers=headers) as ws,
        ):
            await ws.send_str("PING x")
            await ws.receive_str(timeout=5)
            session = next(iter(house.engine.sessions))
            assert (session.address, session.binding) == ("198.51.100.7", b"")


async def test_over_tls(house: House, pair: Pair) -> None:
    async with open_door(house) as door:
        tls = TlsDoor(house.shell, protocol=b"http/1.1", asks_clients=False, counts=False)
        tls.use(*pair)
        port = await house.open(lambda: TlsLayer(tls, lambda peer: WebProtocol(door.door, peer)))
        async with aiohttp.ClientSession() as browser:
            async with browser.get(f"https://127.0.0.1:{port}/", ssl=False) as answer:
                assert answer.status == 200
            async with browser.ws_connect(f"https://127.0.0.1:{port}/irc", ssl=False) as ws:
                for line in REGISTER:
                    await ws.send_str(line)
                assert " 001 ann " in await ws.receive_str(timeout=5)
                session = next(iter(house.engine.sessions))
                assert session.secure
                assert session.binding == tls.binding != b""
