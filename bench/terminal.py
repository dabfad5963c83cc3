"""What a long room costs the client with windows:  python -m bench.terminal [--messages 100000] [--rounds 1000]

Starts the real server on a record that holds so many messages of one room and sits down in front of the client, as its
tests do, at 110x30: scrolls up until there is nothing older, then measures on what is loaded, in processor time of this
process, which the server is no part of. `a line` is heard, counted and drawn with its screenful; `a line of the wire`
is said by somebody else and on the screen, with all that Python, asyncio and Textual do for it; the others move the
window and draw it.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from textual.geometry import Region
from textual.pilot import Pilot

from bench.generate import BATCH, START, WORDS, Owner, vocabulary
from bench.history import Server
from veche.client.connection import Connection
from veche.client.events import MessageReceived
from veche.client.plain_trust import KnownServers
from veche.client.plain_visit import Wish
from veche.core.ports import Record
from veche.phrases import Phrases
from veche.tui.app import Windows
from veche.tui.chat import Chat
from veche.tui.composer import Composer
from veche.tui.dialogs import Picker
from veche.tui.log import MessageLog
from veche.tui.phrases import TABLE
from veche.tui.settings import Settings
from veche.tui.start import keep_collector_away
from veche.wire.msgids import make_msgid

ROOM = "#long"
FIRST = "veryfirstword"
PATIENCE = 30.0


def fill(directory: Path, count: int) -> None:
    """A record of so many messages of one room, of three to sixty words; the first has a word of its own."""
    owner = Owner(directory)
    words = vocabulary("en")[: WORDS // 10]
    chance = random.Random(1)
    for start in range(0, count, BATCH):
        rows = []
        for seq in range(start + 1, min(start + BATCH, count) + 1):
            moment = START + seq * 600_000  # a line in ten minutes
            nick = f"nick{chance.randrange(200)}"
            length = 3 + min(chance.randrange(58), chance.randrange(58))
            text = " ".join(chance.choices(words, k=length)) + (f" {FIRST}" if seq == 1 else "")
            rows.append(
                Record(
                    seq, make_msgid(moment, chance.randbytes(16)), moment, ROOM, 0, "PRIVMSG",
                    f"{nick}!user@host.example.org", nick, nick, ROOM, "", text[:400],
                )
            )  # fmt: skip
        owner.commit(rows)
    owner.store.close(600.0)


def megabytes() -> float:
    """What of this process is in memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


class Took:
    """How long things took, in milliseconds of this process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.times: list[float] = []

    def of(self, deed: Callable[[], object]) -> None:
        began = time.process_time()
        deed()
        self.times.append((time.process_time() - began) * 1000)

    def __str__(self) -> str:
        ordered = sorted(self.times)
        p99 = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
        return (
            f"{self.name:<28} median {ordered[len(ordered) // 2]:8.2f} ms   99th {p99:8.2f}   worst "
            f"{ordered[-1]:8.2f}   of {len(ordered)}"
        )


async def until(is_so: Callable[[], bool], what: str) -> None:
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > PATIENCE:
            raise SystemExit(f"it did not come to that: {what}")
        await asyncio.sleep(0.002)


async def scroll_to_the_beginning(chat: Chat, told: list[str]) -> None:
    """Up, page after page, as far as the server has anything."""
    log, where = chat.query_one(MessageLog), chat.book.current
    pages = Took("a page of older ones")
    clock, spent = time.monotonic(), time.process_time()
    while not where.is_whole:
        before, began = where.entries[0], time.process_time()
        log.scroll_to(y=0, animate=False, immediate=True)
        chat.on_message_log_top_reached()
        await until(lambda before=before: where.entries[0] is not before or where.is_whole, "older")  # type: ignore[misc]
        draw(log)
        pages.times.append((time.process_time() - began) * 1000)
    clock, spent = time.monotonic() - clock, time.process_time() - spent
    told.append(f"scrolled to the beginning in {clock:.1f} s, of which {spent:.1f} s here: "
                f"{sum(e.sender != '' for e in where.entries)} messages, {log.lines} lines")  # fmt: skip
    told.append(str(pages))


def draw(log: MessageLog) -> None:
    log.render_lines(Region(0, 0, log.size.width, log.size.height))


def measure_log(chat: Chat, rounds: int, told: list[str]) -> None:
    """What the log does on what is loaded."""
    log, name = chat.query_one(MessageLog), chat.book.current.name
    chance = random.Random(2)
    log.scroll_end(animate=False, immediate=True)

    def one_more(number: int) -> None:
        chat._hearing.hear(
            MessageReceived(time=datetime.now(UTC), sender="bob", target=name, conversation=name,
                            text=f"more {number}", msgid=f"more{number}")
        )  # fmt: skip
        log.renew()
        draw(log)

    def move(y: float) -> None:
        log.scroll_to(y=y, animate=False, immediate=True)
        draw(log)

    took = [Took("a line"), Took("three lines up"), Took("a page up"), Took("a jump to anywhere")]
    for number in range(rounds):
        took[0].of(lambda number=number: one_more(number))  # type: ignore[misc]
    for _ in range(rounds):
        took[1].of(lambda: move(log.scroll_offset.y - 3))
    for _ in range(rounds):
        took[2].of(lambda: move(log.scroll_offset.y - log.size.height))
    for _ in range(rounds):
        took[3].of(lambda: move(chance.randrange(log.lines)))
    log.scroll_end(animate=False, immediate=True)
    told += map(str, took)


async def jump_to_the_first(pilot: Pilot[int], chat: Chat, told: list[str]) -> None:
    """Search for the word of the first message, and Enter on it."""
    clock, spent = time.monotonic(), time.process_time()
    chat.action_search(FIRST)
    await until(lambda: isinstance(pilot.app.screen, Picker), "the search")
    picker = pilot.app.screen
    await until(lambda: picker.query_one("#rows").option_count == 1, "a hit")  # type: ignore[attr-defined]
    await pilot.press("enter")
    log = chat.query_one(MessageLog)

    def is_there() -> bool:
        return pilot.app.screen is chat and any(
            FIRST in strip.text for strip in log.render_lines(Region(0, 0, log.size.width, log.size.height))
        )

    await until(is_there, "the first message")
    told.append(f"searched and jumped to it in {time.monotonic() - clock:.2f} s, of which "
                f"{time.process_time() - spent:.2f} s here")  # fmt: skip


@asynccontextmanager
async def sitting(port: int) -> AsyncIterator[tuple[Pilot[int], Chat]]:
    """Somebody in front of the room."""
    wish = Wish(host="127.0.0.1", port=port, known=KnownServers(Path("/nonexistent")))
    settings = Settings(list_at_start=False)
    app = Windows(Phrases(TABLE, "en"), wish, "ann", lambda moment: moment.astimezone(UTC), settings=settings)
    async with app.run_test(size=(110, 30)) as pilot:
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Chat), "the chat")
        chat = app.screen
        assert isinstance(chat, Chat)
        chat.query_one(Composer).insert(f"/join {ROOM}")
        await pilot.press("enter")
        where = chat.book.open(ROOM)
        await until(lambda: chat.book.current is where and where.oldest() is not None, "a first page")
        yield pilot, chat


async def sit(port: int, rounds: int) -> list[str]:
    """Two sittings; what is to be told of them."""
    told: list[str] = []
    keep_collector_away()
    async with (
        Connection("127.0.0.1", port, nick="bob", rooms=(ROOM,)) as bob,
        sitting(port) as (pilot, chat),
    ):
        before, log = megabytes(), chat.query_one(MessageLog)
        await scroll_to_the_beginning(chat, told)
        told.append(f"memory {before:.0f} MB before, {megabytes():.0f} MB with all of it")
        await jump_to_the_first(pilot, chat, told)
        log.scroll_end(animate=False, immediate=True)
        wire = Took("a line of the wire")
        for number in range(rounds // 5):
            lines, began = log.lines, time.process_time()
            bob.post(ROOM, f"said {number}")
            await until(lambda lines=lines: log.lines > lines, "a line")  # type: ignore[misc]
            draw(log)
            wire.times.append((time.process_time() - began) * 1000)
        told.append(str(wire))
        measure_log(chat, rounds, told)
        width = Took("another width")
        for columns in (100, 110, 90, 110):
            began = time.process_time()
            await pilot.resize_terminal(columns, 30)
            await pilot.pause()
            width.times.append((time.process_time() - began) * 1000)
        full = Took("a full run of the collector")
        full.of(gc.collect)
        told += [str(width), str(full), f"memory {megabytes():.0f} MB at the end"]
    async with sitting(port) as (pilot, chat):
        told.append("newly come in:")
        await jump_to_the_first(pilot, chat, told)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1000)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        fill(Path(folder), options.messages)
        with Server(["--data", folder]) as server:
            for line in asyncio.run(sit(server.port, options.rounds)):
                print(line, flush=True)


if __name__ == "__main__":
    main()
