"""The browser's door: pages, health, and requests that are none."""

from __future__ import annotations

import asyncio
import json
import re

import aiohttp
import pytest

from tests.net.test_websocket import KEY, Door, door, upgrade
from veche.net import web
from veche.net.http_head import HttpError, is_own_origin, take_head
from veche.net.pages import choose_language

__all__ = ["door"]


async def ask(door: Door, request: bytes) -> bytes:
    """The whole answer to a request, up to the end of the connection."""
    async with door.knock() as client:
        client.writer.write(request)
        return await asyncio.wait_for(client.reader.read(), 10)


def get(path: str, *fields: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: evil.example", *fields, "", ""]).encode()


@pytest.mark.parametrize(
    "path", ["/", "/doors", "/irc", "/health/live", "/health/ready", "/nothing", "//evil.example"]
)
async def test_every_answer_is_protected(door: Door, path: str) -> None:
    head, _, body = (await ask(door, get(path))).partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    for line in (
        "x-content-type-options: nosniff",
        "cache-control: no-store",
        "referrer-policy: no-referrer",
        "connection: close",
    ):
        assert line in lines
    policy = next(line for line in lines if line.startswith("content-security-policy: "))
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not any(line.startswith("server:") for line in lines)
    assert b"evil" not in head + body


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/doors", 200),
        ("/sw.js", 200),
        ("/manifest.webmanifest", 200),
        ("/assets/x.js", 404),
        ("/assets/../x", 404),
        ("/irc", 426),
        ("/nothing", 404),
        ("//evil.example", 404),
        ("/../etc", 404),
    ],
)
async def test_status_of_pages(door: Door, path: str, status: int) -> None:
    assert (await ask(door, get(path))).startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize(("language", "word"), [("ru,en;q=0.5", "Как войти"), ("de", "How to come in")])
async def test_the_page_about_doors_speaks_the_readers_language(door: Door, language: str, word: str) -> None:
    async with aiohttp.ClientSession() as browser:
        url = f"http://127.0.0.1:{door.port}/doors"
        async with browser.get(url, headers={"Accept-Language": language}) as answer:
            text = await answer.text()
    assert word in text
    assert "<script" not in text
    assert "Traceback" not in text


async def test_the_chat_is_the_front_page_and_its_files_may_be_kept_for_good(door: Door) -> None:
    async with aiohttp.ClientSession() as browser:
        url = f"http://127.0.0.1:{door.port}/"
        async with browser.get(url) as answer:
            page = await answer.text()
            policy = answer.headers["Content-Security-Policy"]
            assert answer.headers["Cache-Control"] == "no-store"
        assert "unsafe" not in policy
        assert "script-src 'self';" in policy
        assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|style=", page)
        files = re.findall(r'(?:src|href)="\./(assets/[^"]+)"', page)
        assert len(files) == 3
        for file in files:
            async with browser.get(url + file) as answer:
                assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
                assert answer.headers["Content-Encoding"] == "gzip"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                # One of the scripts is a worker that connects, and obeys what it came with.
                assert answer.headers["Content-Security-Policy"] == policy
                assert await answer.text()
            async with browser.get(url + file, headers={"Accept-Encoding": "identity"}) as answer:
                assert "Content-Encoding" not in answer.headers
                assert await answer.text()


async def test_what_makes_the_chat_an_application_is_asked_for_each_time(door: Door) -> None:
    async with aiohttp.ClientSession() as browser:
        url = f"http://127.0.0.1:{door.port}/"
        async with browser.get(url + "sw.js") as answer:
            assert answer.content_type == "text/javascript"
            assert answer.headers["Cache-Control"] == "no-store"
            assert "connect-src 'self'" in answer.headers["Content-Security-Policy"]
        async with browser.get(url + "manifest.webmanifest") as answer:
            manifest = await answer.json(content_type="application/manifest+json")
        for icon in manifest["icons"]:
            async with browser.get(url + icon["src"]) as answer:
                assert answer.content_type == icon["type"]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("en-US,ru;q=0.9", "en"),
        ("de,ru;q=0.1", "ru"),
        ("ru;q=x,en", "en"),
        ("," * 10000, "en"),
    ],
)
def test_language(accepted: str, language: str) -> None:
    assert choose_language(accepted) == language


async def test_health_says_whether_people_are_taken_in(door: Door) -> None:
    answer = await ask(door, get("/health/ready"))
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"status": "ready"}
    door.house.engine.stopping = "bye"
    answer = await ask(door, get("/health/ready"))
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"status": "not ready"}
    assert (await ask(door, get("/health/live"))).startswith(b"HTTP/1.1 200 ")


async def test_other_methods_are_refused(door: Door) -> None:
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    assert (await ask(door, request)).startswith(b"HTTP/1.1 405 ")


async def test_a_range_of_ten_thousand_parts_is_ignored(door: Door) -> None:
    answer = await ask(door, get("/", "Range: bytes=" + "0-," * 4000 + "0-"))
    assert answer.startswith(b"HTTP/1.1 200 ")


SMUGGLED = {
    "no head at all": (b"hello\r\n\r\n", 400),
    "another version": (b"GET / HTTP/2.0\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\r\n\r\n", 400),
    "a space before the colon": (get("/", "Transfer-Encoding : chunked"), 400),
    "a folded line": (get("/", "A: b", " c"), 400),
    "a NUL": (get("/", "A: b\0c"), 400),
    "a lone newline": (get("/", "A: b\nC: d"), 400),
    "a long head": (get("/", *("A: " + "x" * 100 for _ in range(90)), "B: " + "x" * 9000), 431),
    "a head without end": (get("/")[:-2] + b"A: " + b"x" * 100_000, 431),
    "ten thousand fields": (get("/", *("A:" for _ in range(4000))), 431),
    "two lengths": (get("/", "Content-Length: 1", "Content-Length: 2"), 400),
    "a length that is none": (get("/", "Content-Length: +1"), 400),
    "an unknown coding": (get("/", "Transfer-Encoding: gzip, chunked"), 400),
    "a chunk that is none": (get("/", "Transfer-Encoding: chunked") + b"zz\n\n", 400),
    "two ways to end": (get("/", "Content-Length: 1", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
}


@pytest.mark.parametrize("name", SMUGGLED)
async def test_what_could_be_read_in_two_ways_is_refused(
    door: Door, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    request, status = SMUGGLED[name]
    answer = await ask(door, request)
    assert re.match(rb"HTTP/1\.[01] %d " % status, answer), answer
    assert b"Traceback" not in answer
    assert answer.count(b"HTTP/1.") == 1
    assert caplog.messages == []


UPGRADES = {
    "another path": (upgrade(path="/other"), 404),
    "another version": (upgrade().replace(b"Version: 13", b"Version: 8"), 426),
    "no key": (upgrade().replace(b"Sec-WebSocket-Key", b"X-Key"), 400),
    "a short key": (upgrade().replace(KEY.encode(), b"c2hvcnQ="), 400),
    "a key that is none": (upgrade().replace(KEY.encode(), b"!!!!"), 400),
    "two keys": (upgrade(f"Sec-WebSocket-Key: {KEY}"), 400),
    "two hosts": (upgrade("Host: other.example"), 400),
    "no host": (upgrade().replace(b"Host:", b"X-Host:"), 400),
    "a body": (upgrade("Content-Length: 5") + b"hello", 400),
    "chunks": (upgrade("Transfer-Encoding: chunked"), 400),
    "POST": (upgrade().replace(b"GET", b"POST"), 400),
    "HTTP/1.0": (upgrade().replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
    "no Connection": (upgrade().replace(b"keep-alive, Upgrade", b"keep-alive"), 400),
    "two origins": (upgrade("Origin: http://chat.example", "Origin: http://evil.example"), 400),
}


@pytest.mark.parametrize("name", UPGRADES)
async def test_a_websocket_is_opened_by_the_book_or_not_at_all(door: Door, name: str) -> None:
    request, status = UPGRADES[name]
    answer = await ask(door, request)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
    assert not door.house.engine.sessions
    if status == 426:
        assert b"\r\nSec-WebSocket-Version: 13\r\n" in answer


async def test_a_slow_head_is_waited_for_only_so_long(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    # Long enough for the bytes to be read first, however busy the machine: else the answer is lost in a reset.
    monkeypatch.setattr(web, "HEAD_SECONDS", 0.3)
    assert (await ask(door, b"GET / HT")).startswith(b"HTTP/1.1 408 ")
    assert not door.door._guests


async def test_an_answer_that_nobody_reads_is_waited_for_only_so_long(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "PAGE_SECONDS", 0.02)
    await ask(door, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
    await door.house.until(lambda: not door.door._guests)


async def test_one_address_gets_only_so_many_connections(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MOST_GUESTS_PER_ADDRESS", 2)
    async with door.knock(), door.knock() as second:
        await door.house.until(lambda: len(door.door._guests) == 2)
        assert (await ask(door, b"")).startswith(b"HTTP/1.1 503 ")
        await second.open(upgrade())  # a WebSocket is no guest any more: the engine counts it
        assert (await ask(door, get("/"))).startswith(b"HTTP/1.1 200 ")


async def test_pages_do_not_count_as_sessions(door: Door) -> None:
    door.house.settings.connect_burst = 1
    for _ in range(3):
        assert (await ask(door, get("/health/live"))).startswith(b"HTTP/1.1 200 ")
    assert not door.house.engine.doorkeeper.count


async def test_many_first_requests_wait_for_one_server(door: Door) -> None:
    answers = await asyncio.gather(*(ask(door, get("/health/live")) for _ in range(20)))
    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)


async def test_the_style_is_the_one_that_the_policy_allows(door: Door) -> None:
    import base64
    import hashlib

    answer = (await ask(door, get("/doors"))).decode()
    style = re.search(r"<style>(.*)</style>", answer, re.DOTALL)
    assert style is not None
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()}'" in answer


@pytest.mark.parametrize("size", range(len(get("/", "A: b"))))
def test_a_head_is_complete_only_at_its_end(size: int) -> None:
    assert take_head(get("/", "A: b")[:size]) is None


def test_a_head_gives_its_fields_and_the_rest() -> None:
    found = take_head(get("/irc?a=b", "Upgrade: h2c, WebSocket", "x:", "X:  1 ,, 2 ") + b"rest")
    assert found is not None
    head, rest = found
    assert (head.method, head.path, head.minor, rest) == ("GET", "/irc", 1, b"rest")
    assert head.words("x") == ["1", "2"]
    assert head.wants_websocket
    with pytest.raises(HttpError):
        head.one("x")


def test_origins_that_are_no_place_are_not_ours() -> None:
    assert not is_own_origin("", "")
    assert not is_own_origin("null", "null")
    assert not is_own_origin("ftp://chat.example", "chat.example")
    assert is_own_origin("https://chat.example", "CHAT.example")
