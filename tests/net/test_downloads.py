"""Files that people take away through the browser's door: whole, once, and at nobody else's cost."""

from __future__ import annotations

import asyncio
import json
import mailbox
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.net.conftest import House
from tests.net.test_web import Door, ask, door, get
from veche.app.downloads import SLICE, Download, open_download
from veche.core.downloads import Downloads, Ticket
from veche.core.ports import StoreError
from veche.features.accounts.facts import AccountKept
from veche.net import downloads
from veche.state.accounts import Account
from veche.state.ownership import Registration
from veche.state.room import Room
from veche.store.engines.memory import MemoryStore
from veche.testing.contracts import make_message

__all__ = ["door"]
TOKEN = "A" * 27
COUNT = SLICE * 5 + 3


@pytest.fixture
async def record(house: House, door: Door) -> AsyncIterator[MemoryStore]:
    """The record of a server where ann has said much in #tea, and has a link to take it away."""
    store = MemoryStore(lambda job: house.shell.loop.call_soon(job) and None)
    engine = house.engine
    account = Account("uid-ann", "ann", 1)
    engine.registry.facts[AccountKept].apply(engine.world, AccountKept(account))
    rows = [
        make_message(n, "#tea", "uid-ann", time=n, text=f"чай {n} " + "x" * 3000) for n in range(1, COUNT)
    ]
    rows.append(make_message(COUNT, "#tea", "uid-bob", time=COUNT, text="not hers"))
    done: list[StoreError | None] = []
    store.append([*rows], done.append)
    await house.until(lambda: bool(done))
    engine.store = store
    yield store
    engine.store = None


def offer(house: House, form: str = "json") -> None:
    now = house.engine.clock.monotonic()
    ticket = Ticket("uid-ann", "", form, "en", now + 600)
    house.engine.shelf(Downloads).offer(TOKEN, ticket, now)


async def fetch(door: Door) -> tuple[int, str]:
    url = f"http://127.0.0.1:{door.port}/export/{TOKEN}"
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        return answer.status, await answer.text()


async def test_a_file_is_whole_and_given_once(house: House, door: Door, record: MemoryStore) -> None:
    offer(house)
    status, text = await fetch(door)
    assert status == 200
    said = json.loads(text)["said"]
    assert [one["text"][:8].strip("x ") for one in said] == [f"чай {n}" for n in range(1, COUNT)]
    assert (await fetch(door))[0] == 404


async def test_a_room_without_what_was_closed_in_another_of_its_name(
    house: House, door: Door, record: MemoryStore
) -> None:
    world = house.engine.world
    room = Room("#tea", "#tea", 5000)
    room.registration = Registration("uid-ann", 1)
    world.rooms["#tea"] = room
    rows = [
        make_message(COUNT + 1, "#tea", "uid-bob", time=COUNT + 1, text="behind a key, before", era=4000),
        make_message(COUNT + 2, "#tea", "uid-bob", time=COUNT + 2, text="behind a key, now", era=5000),
    ]
    done: list[StoreError | None] = []
    record.append([*rows], done.append)
    await house.until(lambda: bool(done))
    now = house.engine.clock.monotonic()
    house.engine.shelf(Downloads).offer(TOKEN, Ticket("uid-ann", "#tea", "json", "en", now + 600), now)
    status, text = await fetch(door)
    assert status == 200
    said = [one["text"] for one in json.loads(text)["messages"]]
    assert len(said) == COUNT + 1
    assert said[-2:] == ["not hers", "behind a key, now"]


async def test_mail(house: House, door: Door, record: MemoryStore, tmp_path: Path) -> None:
    offer(house, "mbox")
    (tmp_path / "veche.mbox").write_text((await fetch(door))[1], encoding="utf-8")
    box = mailbox.mbox(tmp_path / "veche.mbox")
    assert len(box) == COUNT  # the first is about his account
    box.close()


async def test_no_browser_shows_or_keeps_it(house: House, door: Door, record: MemoryStore) -> None:
    offer(house)
    head = (await ask(door, get(f"/export/{TOKEN}"))).partition(b"\r\n\r\n")[0].decode().lower().split("\r\n")
    for line in (
        'content-disposition: attachment; filename="veche.json"',
        "x-content-type-options: nosniff",
        "cache-control: no-store",
        "connection: close",
    ):
        assert line in head
    assert any(re.match("content-security-policy: default-src 'none'; sandbox;", line) for line in head)


async def test_looking_does_not_use_it_up(house: House, door: Door, record: MemoryStore) -> None:
    offer(house)
    for request in (
        get(f"/export/{TOKEN}").replace(b"GET", b"HEAD", 1),
        get(f"/export/{TOKEN}").replace(b"GET", b"POST", 1),
        get("/export/"),
        get("/export/" + "A" * 65),
    ):
        assert not (await ask(door, request)).startswith(b"HTTP/1.1 200")
    assert (await fetch(door))[0] == 200


async def test_what_cannot_be_read_to_its_end_does_not_look_whole(
    house: House, door: Door, record: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(house)
    monkeypatch.setattr(record, "said", lambda person, after, done: done(StoreError("the disk is gone")))
    answer = await ask(door, get(f"/export/{TOKEN}"))
    assert not answer.endswith(b"0\r\n\r\n")
    # The next one finds the place free.
    offer(house)
    monkeypatch.undo()
    assert (await fetch(door))[0] == 200


async def test_who_does_not_read_is_given_up(
    house: House, door: Door, record: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "STALL_SECONDS", 0.05)
    offer(house)
    given: list[int] = []
    read = Download.pieces

    async def pieces(self: Download) -> AsyncIterator[str]:
        async for _ in read(self):
            while True:  # more than any socket takes
                given.append(1)
                yield "x" * 65536

    monkeypatch.setattr(Download, "pieces", pieces)
    async with door.knock() as client:
        client.writer.write(get(f"/export/{TOKEN}"))
        await house.until(lambda: bool(given))
        shelf = house.engine.shelf(Downloads)
        async with asyncio.timeout(10):
            while shelf._running:
                await asyncio.sleep(0.01)
    assert len(given) < 500  # 32 MB: what the system's buffers hold, and no more


async def test_who_goes_away_frees_the_place(house: House, door: Door, record: MemoryStore) -> None:
    offer(house)
    async with door.knock() as client:
        client.writer.write(get(f"/export/{TOKEN}"))
        await client.reader.readexactly(100)
    shelf = house.engine.shelf(Downloads)
    await house.until(lambda: not shelf._running)


async def test_who_is_erased_meanwhile_gets_no_more(house: House, record: MemoryStore) -> None:
    offer(house)
    download = open_download(house.engine, TOKEN)
    assert isinstance(download, Download)
    pieces = download.pieces()
    await anext(pieces)
    house.engine.world.erase_account("uid-ann")
    with pytest.raises(Exception, match="not his any more"):
        await anext(pieces)
    download.close()
