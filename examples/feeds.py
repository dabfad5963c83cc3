"""Feeds for `relay.py`: fetched and read as something that a stranger has written.

The rule: a fetch ends after five seconds and half a megabyte, whatever the other side does; a document that declares
a type or entities is refused as a whole, and nesting is bounded.
"""

import asyncio
import re
import ssl
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit
from xml.parsers import (
    expat,  # the feed may declare no entity at all, which is what this parser is feared for
)

SECONDS = 5.0
MOST_BYTES = 512 * 1024
MOST_REDIRECTS = 3
MOST_DEPTH = 32
MOST_ITEMS = 200
MOST_TEXT = 2000


class FeedError(Exception):
    """A feed that cannot be had or read; the text says why, and may hold a stranger's words."""


class Item(NamedTuple):
    """One piece of news; `key` tells it from others."""

    key: str
    title: str
    link: str


async def fetch(address: str) -> bytes:
    """What stands at an http or https address. Raises FeedError."""
    try:
        async with asyncio.timeout(SECONDS):
            for _ in range(MOST_REDIRECTS + 1):
                body, target = await _get(address)
                if target is None:
                    return body
                following = urljoin(address, target)
                if urlsplit(address).scheme == "https" and urlsplit(following).scheme != "https":
                    raise FeedError("it leads from https to http")
                address = following
    except TimeoutError:
        raise FeedError(f"no answer within {SECONDS:.0f} s") from None
    except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise FeedError(str(error) or type(error).__name__) from None
    raise FeedError("it leads round and round")


async def _get(address: str) -> tuple[bytes, str | None]:
    """The body at an address, or where it has gone. HTTP/1.0, so that the end of the body is the end."""
    url = urlsplit(address)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise FeedError("only http and https")
    if re.search(r"[\x00-\x20\x7f-\U0010ffff]", address):
        raise FeedError("no address")
    is_tls = url.scheme == "https"
    reader, writer = await asyncio.open_connection(
        url.hostname,
        url.port or (443 if is_tls else 80),
        ssl=ssl.create_default_context() if is_tls else None,
    )
    try:
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        host = url.netloc.rpartition("@")[2]
        head = f"GET {path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: veche-relay\r\nAccept-Encoding: identity\r\n\r\n"
        writer.write(head.encode("ascii"))
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
        }
        code = ([*status.split(" "), ""])[1]
        if code in {"301", "302", "303", "307", "308"} and "location" in fields:
            return b"", fields["location"]
        if code != "200":
            raise FeedError(f"it answers {code}")
        if fields.get("content-encoding", "identity") != "identity" or "transfer-encoding" in fields:
            raise FeedError("it is packed, though we have not asked for that")
        body = b""
        while piece := await reader.read(65536):
            body += piece
            if len(body) > MOST_BYTES:
                raise FeedError(f"it is larger than {MOST_BYTES} bytes")
        return body, None
    finally:
        writer.transport.abort()


class _Reader:
    """Takes RSS and Atom apart: items (`item`, `entry`) with title, link and id (`guid`, `id`)."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._path: list[str] = []
        self._item: dict[str, str] | None = None

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2].lower()
        self._path.append(name)
        if len(self._path) > MOST_DEPTH:
            raise FeedError("it is nested too deep")
        if name in {"item", "entry"}:
            self._item = {}
        elif (
            name == "link" and self._item is not None and "href" in attributes
        ):  # Atom; in RSS it is the text
            is_main = attributes.get("rel", "alternate") == "alternate"
            self._item.setdefault("link" if is_main else "other", attributes["href"])

    def text(self, text: str) -> None:
        field = {"guid": "key", "id": "key", "title": "title", "link": "link"}.get(self._path[-1])
        is_direct = len(self._path) > 1 and self._path[-2] in {"item", "entry"}
        if self._item is not None and field and is_direct:
            self._item[field] = (self._item.get(field, "") + text)[:MOST_TEXT]

    def end(self, _name: str) -> None:
        if self._path.pop() in {"item", "entry"} and self._item is not None:
            found = {key: value.strip() for key, value in self._item.items()}
            title, link = found.get("title", ""), found.get("link", "")
            key = found.get("key") or link or title
            if key and len(self.items) < MOST_ITEMS:
                self.items.append(Item(key, title, link))
            self._item = None


def read_feed(data: bytes) -> list[Item]:
    """The items of a feed in its order, which mostly is newest first. Raises FeedError for what is none."""

    def refuse(*_: Any) -> None:
        raise FeedError("it declares entities or a document type")

    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = reader.begin
    parser.CharacterDataHandler = reader.text
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise FeedError(f"it is no XML: {error}") from None
    return reader.items
