"""The windows, played by Textual's pilot against a small server in the same event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import perf_counter

from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.client.fake_server import LOBBY, FakeServer
from tests.tui.sitting import chat_of, shows, until, windows
from veche.client.connection import Connection
from veche.client.events import MessageReceived
from veche.tui.arrival import Arrival
from veche.tui.book import Conversation, Entry
from veche.tui.chat import Chat
from veche.tui.composer import Composer
from veche.tui.dialogs import Help, Picker
from veche.tui.log import MessageLog


@asynccontextmanager
async def sitting(server: FakeServer, size: tuple[int, int] = (110, 30)) -> AsyncIterator[Pilot[int]]:
    app = windows(server.port)
    async with app.run_test(size=size) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Chat) and app.screen.book.current.name == LOBBY)
        yield pilot


async def test_one_comes_in_reads_and_speaks() -> None:
    async with FakeServer() as server:
        server.keep("bob", LOBBY, "earlier")
        async with sitting(server) as pilot:
            await until(pilot, shows(pilot, "bob │ earlier"))
            await pilot.press(*"hello", "alt+enter", *"you", "enter")
            await until(pilot, lambda: server.texts()[-2:] == ["hello", "you"])
            await until(pilot, shows(pilot, "ann │ you"))
            assert not shows(pilot, "…")()


async def test_a_line_more_lays_nothing_out_and_leaves_the_bar_alone() -> None:
    async with FakeServer() as server, Connection("127.0.0.1", server.port, nick="bob") as bob:
        for number in range(300):
            server.keep("bob", LOBBY, f"earlier {number}")
        async with sitting(server) as pilot:
            await until(pilot, shows(pilot, "earlier 299"))
            await pilot.pause(0.3)
            layouts: list[object] = []
            pilot.app.screen.screen_layout_refresh_signal.subscribe(pilot.app.screen, layouts.append)
            log = pilot.app.screen.query_one(MessageLog)
            for number in range(3):
                await bob.send(LOBBY, f"more {number}")
                await until(pilot, shows(pilot, f"more {number}"))
            assert layouts == []
            # All the same the bar knows how much there is, for whoever drags it.
            assert log.vertical_scrollbar.window_virtual_size == log.lines == log.virtual_size.height
            assert log.vertical_scrollbar.position == log.max_scroll_y == log.lines - log.size.height


async def test_another_look_draws_the_same_lines_anew() -> None:
    async with FakeServer() as server:
        server.keep("bob", LOBBY, "earlier")
        async with sitting(server) as pilot:
            await until(pilot, shows(pilot, "bob │ earlier"))
            log = pilot.app.screen.query_one(MessageLog)
            before = log.render_line(0)
            assert log.render_line(0) is before  # kept, as long as nothing changes
            await pilot.press("ctrl+t")
            await pilot.pause()
            assert log.render_line(0).text == before.text
            assert [segment.style for segment in log.render_line(0)] != [segment.style for segment in before]


async def test_a_message_to_us_is_counted_and_the_switcher_leads_there() -> None:
    async with (
        FakeServer() as server,
        Connection("127.0.0.1", server.port, nick="bob") as bob,
        sitting(server) as pilot,
    ):
        await bob.send("ann", "psst \x1b[2J\u202ebad")
        book = chat_of(pilot).book
        await until(pilot, lambda: "bob" in book.conversations)
        assert book.open("bob").mentions == 1
        await pilot.press("ctrl+k")
        await until(pilot, lambda: isinstance(pilot.app.screen, Picker))
        await pilot.press(*"bo", "enter")
        await until(pilot, lambda: book.current.name == "bob")
        await until(pilot, shows(pilot, "psst [2J�bad"))
        assert book.current.unread == 0


async def test_older_talk_comes_when_one_scrolls_up() -> None:
    async with FakeServer() as server:
        for number in range(150):
            server.keep("bob", LOBBY, f"line {number}")
        async with sitting(server) as pilot:
            await until(pilot, shows(pilot, "line 149"))
            for _ in range(12):
                await pilot.press("pageup")
                await pilot.pause()
            await until(
                pilot, lambda: any(entry.text == "line 0" for entry in chat_of(pilot).book.current.entries)
            )
            texts = [entry.text for entry in chat_of(pilot).book.current.entries if entry.sender]
            assert texts == [f"line {number}" for number in range(150)]


async def test_what_comes_in_above_is_measured_as_if_all_were() -> None:
    async with FakeServer() as server, sitting(server) as pilot:
        log, book = pilot.app.screen.query_one(MessageLog), chat_of(pilot).book
        long = Conversation("#long", True)

        def page(first: int) -> tuple[MessageReceived, ...]:
            return tuple(
                MessageReceived(
                    time=datetime(2026, 1, 1 + number // 7, tzinfo=UTC), sender="bob", target="#long",
                    conversation="#long", text="word " * (number % 60), msgid=f"m{number}",
                )
                for number in range(first, first + 10)
            )  # fmt: skip

        book.prepend(long, page(90))
        log.show(long)
        for first in range(80, -10, -10):
            long.entries.append(
                Entry(datetime(2026, 2, 1, tzinfo=UTC), "message", f"meanwhile {first}", "eve")
            )
            if first % 20:  # drawn in between, or not yet
                log.renew()
            log.scroll_to(y=3, animate=False, immediate=True)
            above = log.render_line(0).text
            log.keep_place(book.prepend(long, page(first)))
            assert log.render_line(0).text == above
            ends, lines = list(log._ends), log.lines
            log._measured = None
            log.renew(follow=False)
            assert (log._ends, log.lines) == (ends, lines)
        assert [entry.text for entry in long.entries if entry.kind == "day"][:2] == [
            "2026-01-01",
            "2026-01-02",
        ]


async def test_a_search_finds_what_is_here_and_goes_there() -> None:
    async with FakeServer() as server:
        for number in range(45):
            server.keep("bob", LOBBY, f"needle {number}")
        async with sitting(server) as pilot:
            await until(pilot, shows(pilot, "needle 44"))
            await pilot.press("ctrl+f")
            await until(pilot, lambda: isinstance(pilot.app.screen, Picker))
            await pilot.press(*"needle 7", "enter")
            await until(pilot, lambda: pilot.app.screen.query_one("#rows").option_count == 1)  # type: ignore[attr-defined]
            await pilot.press("enter")
            await until(pilot, shows(pilot, "needle 7"))


async def test_with_a_mouse_alone() -> None:
    """The button, a message, the line one writes, conversations."""
    async with FakeServer() as server, Connection("127.0.0.1", server.port, nick="bob") as bob:
        server.keep("bob", LOBBY, "tea at nine?")
        app = windows(server.port)
        async with app.run_test(size=(110, 30)) as pilot:
            await pilot.click("#enter")
            await until(pilot, lambda: isinstance(app.screen, Chat) and app.screen.book.current.name == LOBBY)
            await until(pilot, shows(pilot, "bob │ tea at nine?"))
            log = app.screen.query_one(MessageLog)
            row = next(y for y in range(log.size.height) if "tea at nine?" in log.render_line(y).text)
            await pilot.click("#log", offset=(30, row))
            await until(pilot, lambda: log.chosen is not None and log.chosen.shown == "tea at nine?")
            await pilot.click("#composer", offset=(5, 0))
            await until(pilot, lambda: app.screen.query_one(Composer).has_focus and log.chosen is None)
            await until(pilot, lambda: app.screen.query_one(Composer).has_focus and log.chosen is None)

            await bob.send("ann", "psst")
            book = chat_of(pilot).book
            await until(pilot, lambda: "bob" in book.conversations)
            await pilot.pause(0.2)
            rooms = list(book.conversations)
            await pilot.click("#rooms", offset=(3, rooms.index("bob")))
            await until(pilot, lambda: book.current.name == "bob")
            await pilot.click("#rooms", offset=(3, rooms.index(LOBBY)))
            await until(pilot, lambda: book.current.name == LOBBY)


async def test_a_lost_connection_is_shown_and_what_is_said_meanwhile_waits() -> None:
    async with FakeServer() as server, sitting(server) as pilot:
        server.faults.die_before.add("lost")
        await pilot.press(*"lost", "enter")
        entries = chat_of(pilot).book.current.entries
        await until(pilot, lambda: any(entry.state == "waiting" for entry in entries))
        await until(pilot, shows(pilot, "ann │ lost"))
        assert server.texts() == ["lost"]


async def test_a_refused_message_is_marked() -> None:
    async with FakeServer() as server, sitting(server) as pilot:
        server.faults.refuse.add("no")
        await pilot.press(*"no", "enter")
        await until(pilot, shows(pilot, "ann ✗ no"))


async def test_completion_recall_and_help() -> None:
    async with (
        FakeServer() as server,
        Connection("127.0.0.1", server.port, nick="bob"),
        sitting(server) as pilot,
    ):
        composer = pilot.app.screen.query_one(Composer)
        await pilot.press(*"bo", "tab")
        assert composer.text == "bob: "
        await pilot.press(*"hi", "enter", "up")
        assert composer.text == "bob: hi"
        await pilot.press("down")
        assert composer.text == ""
        await pilot.press("?")
        await until(pilot, lambda: isinstance(pilot.app.screen, Help))
        await pilot.press("escape")
        await pilot.press("ctrl+t")
        assert pilot.app.theme == "textual-light"


async def test_a_tiny_terminal_still_shows_what_is_said() -> None:
    async with FakeServer() as server:
        server.keep("bob", LOBBY, "a text that takes more than one line")
        async with sitting(server, (20, 5)) as pilot:
            await until(pilot, shows(pilot, "bob: a text that"))
            for size in [(1, 1), (3, 40), (200, 2), (20, 5), (110, 30)]:
                await pilot.resize_terminal(*size)
                await pilot.pause()
            await until(pilot, shows(pilot, "bob │ a text that takes more than one line"))


async def test_who_cannot_come_in_is_told_why() -> None:
    async with FakeServer() as server:
        server.taken.add("ann")
        app = windows(server.port, "ru")
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("enter")
            trouble = app.screen.query_one("#trouble", Static)
            await until(pilot, lambda: "занято" in str(trouble.content))
            app.screen.query_one("#name", Input).value = "eve"
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, Chat))


async def test_a_hundred_thousand_lines() -> None:
    """One more line costs what is new, not what is there: the goal is 2 ms, the guard allows a slow machine."""
    async with FakeServer() as server, sitting(server) as pilot:
        log = pilot.app.screen.query_one(MessageLog)
        time = datetime(2026, 1, 1, tzinfo=UTC)
        long = Conversation("#long", True)
        long.entries = [
            Entry(time, "message", f"line {n} " + "word " * (n % 40), "bob") for n in range(100_000)
        ]
        log.show(long)
        assert log.lines > 100_000
        started = perf_counter()
        for number in range(100):
            long.entries.append(Entry(time, "message", f"more {number}", "bob"))
            log.renew()
        assert (perf_counter() - started) / 100 < 0.02
        await pilot.pause()
        await until(pilot, shows(pilot, "more 99"))


async def test_a_connection_that_is_over_leads_back_to_arrival_whatever_lies_on_top() -> None:
    async with FakeServer() as server, sitting(server) as pilot:
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, Help))
        chat = next(one for one in pilot.app.screen_stack if isinstance(one, Chat))
        await chat._chat.close()
        await until(pilot, lambda: isinstance(pilot.app.screen, Arrival))
        trouble = pilot.app.screen.query_one("#trouble", Static)
        await until(pilot, lambda: "over" in str(trouble.content))


async def test_what_was_to_be_drawn_when_all_is_taken_down_is_not() -> None:
    async with FakeServer() as server, sitting(server) as pilot:
        chat = chat_of(pilot)
        await chat.query_one(MessageLog).remove()
        chat._draw()  # its timer was set before


async def test_what_was_being_fetched_when_all_is_taken_down_harms_nothing() -> None:
    async with FakeServer() as server:
        for number in range(250):
            server.keep("bob", LOBBY, f"line {number}")
        async with sitting(server) as pilot:
            chat = chat_of(pilot)
            await until(pilot, shows(pilot, "line 249"))
            where, log = chat.book.current, chat.query_one(MessageLog)
            fetching = asyncio.create_task(chat._fetch_older(where))
            await log.remove()
            assert await fetching > 0
