"""The lasting connection, against a small server in the same event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from tests.client.fake_server import LOBBY, FakeServer
from veche.client.connection import Connection
from veche.client.errors import (
    AskRefused,
    CannotConnect,
    ConnectionClosed,
    NickNotAccepted,
    NotIrc,
    OutcomeUnknown,
)
from veche.client.events import Disconnected, Event, GapFilled, MessageReceived, PersonJoined
from veche.client.link import Timing

AT_ONCE = Timing(first_delay=0, patience=5)
WITHOUT_LABELS = "message-tags server-time echo-message"


def ann(server: FakeServer, **settings: object) -> Connection:
    return Connection("127.0.0.1", server.port, **{"nick": "ann", "timing": AT_ONCE, **settings})  # type: ignore[arg-type]


async def events_until(chat: Connection, is_last: Callable[[Event], bool]) -> list[Event]:
    seen: list[Event] = []
    async with asyncio.timeout(5):
        async for event in chat.events():
            seen.append(event)
            if is_last(event):
                return seen
    pytest.fail(f"the events ended with {seen[-3:]}")


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, MessageReceived)]


def says(text: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, MessageReceived) and event.text == text


async def test_a_message_sent_is_acknowledged_with_its_id() -> None:
    async with FakeServer() as server, ann(server) as chat:
        receipt = await chat.send(LOBBY, "hello")
        assert (receipt.msgid, receipt.target, receipt.text) == ("m1", LOBBY, "hello")
        assert receipt.time.isoformat() == "2026-01-01T10:00:01+00:00"


@pytest.mark.parametrize("caps", ["", "echo-message", WITHOUT_LABELS, "labeled-response batch message-tags"])
async def test_a_message_is_acknowledged_and_told_once_by_servers_that_can_less(caps: str) -> None:
    async with FakeServer(caps) as server, ann(server) as chat:
        await chat.send(LOBBY, "one")
        with pytest.raises(AskRefused) as refused:
            await chat.send("nobody", "two")
        assert refused.value.refusal.code == "401"
        await chat.send(LOBBY, "three")
        assert server.texts() == ["one", "three"]
        assert texts(await events_until(chat, says("three"))) == ["one", "three"]


async def test_what_is_posted_leaves_in_order_and_no_more_than_the_window_at_a_time() -> None:
    async with FakeServer() as server, ann(server, window=3) as chat:
        server.heard.clear()
        posted = [chat.post(LOBBY, f"line {number}") for number in range(20)]
        await asyncio.sleep(0)
        assert len(server.heard) <= 3
        receipts = await asyncio.gather(*posted)
        assert [receipt.msgid for receipt in receipts] == [f"m{number}" for number in range(1, 21)]
        assert server.texts() == [f"line {number}" for number in range(20)]


async def test_what_was_missed_is_fetched_in_pages_and_told_once() -> None:
    async with FakeServer() as server, ann(server) as chat:
        server.page = 7
        await chat.send(LOBBY, "before")
        await server.stop()
        for number in range(30):
            server.keep("bob", LOBBY, f"missed {number}")
        await server.start()
        await events_until(chat, lambda event: isinstance(event, Disconnected))
        seen = await events_until(chat, lambda event: isinstance(event, GapFilled))
        assert texts(seen) == [f"missed {number}" for number in range(30)]
        assert isinstance(seen[-1], GapFilled)
        assert (seen[-1].count, seen[-1].is_complete) == (30, True)
        server.talk("bob", LOBBY, "live")
        assert texts(await events_until(chat, says("live"))) == ["live"]


async def test_live_messages_wait_for_the_history_before_them() -> None:
    """They are said between our JOIN and the answer to our CHATHISTORY, so they are in both."""
    async with FakeServer() as server, ann(server) as chat:
        await chat.send(LOBBY, "before")
        await server.stop()
        server.keep("bob", LOBBY, "missed")
        serve = server._chathistory

        def talk_first(visitor: object, message: object) -> None:
            server._chathistory = serve  # type: ignore[method-assign]
            server.talk("bob", LOBBY, "live")
            serve(visitor, message)  # type: ignore[arg-type]

        server._chathistory = talk_first  # type: ignore[assignment,method-assign]
        await server.start()
        seen = await events_until(chat, lambda event: isinstance(event, GapFilled))
        assert texts(seen) == ["before", "missed", "live"]


async def test_a_message_whose_acknowledgement_was_lost_is_found_and_not_said_again() -> None:
    async with FakeServer() as server, ann(server) as chat:
        server.faults.die_after.add("two")
        posted = [chat.post(LOBBY, text) for text in ("one", "two", "three")]
        receipts = await asyncio.wait_for(asyncio.gather(*posted), 5)
        assert server.texts() == ["one", "two", "three"]
        assert [receipt.msgid for receipt in receipts] == ["m1", "m2", "m3"]
        assert texts(await events_until(chat, says("three"))) == ["one", "two", "three"]


async def test_a_message_that_was_lost_is_said_again() -> None:
    async with FakeServer() as server, ann(server) as chat:
        server.faults.die_before.add("two")
        posted = [chat.post(LOBBY, text) for text in ("one", "two", "three")]
        await asyncio.wait_for(asyncio.gather(*posted), 5)
        assert server.texts() == ["one", "two", "three"]


async def test_the_same_text_said_twice_is_found_once_and_said_once() -> None:
    async with FakeServer() as server, ann(server) as chat:
        await chat.send(LOBBY, "yes")
        server.faults.die_after.add("yes")
        await asyncio.wait_for(asyncio.gather(chat.post(LOBBY, "yes"), chat.post(LOBBY, "yes")), 5)
        assert server.texts() == ["yes", "yes", "yes"]


async def test_a_whisper_that_no_history_tells_of_has_an_unknown_outcome() -> None:
    async with FakeServer() as server, ann(server, nick="bob"), ann(server) as chat:
        server.faults.die_after.add("psst")
        with pytest.raises(OutcomeUnknown):
            await asyncio.wait_for(chat.send("bob", "psst"), 5)
        assert server.texts("bob") == ["psst"]


async def test_whispers_that_were_missed_are_fetched_where_the_server_allows_it() -> None:
    async with FakeServer() as server, ann(server) as chat:
        server.readable.add("bob")
        server.talk("bob", "ann", "first")
        await events_until(chat, says("first"))
        await server.stop()
        server.keep("bob", "ann", "second")
        await server.start()
        seen = await events_until(chat, says("second"))
        assert texts(seen) == ["second"]
        server.talk("bob", "ann", "third")
        assert texts(await events_until(chat, says("third"))) == ["third"]


async def test_rooms_are_joined_again_and_questions_asked_again() -> None:
    async with FakeServer() as server, ann(server, rooms=("#tea",)) as chat:
        await chat.join("#milk")
        await server.stop()
        await server.start()
        answer = await asyncio.wait_for(chat.ask("LIST"), 5)
        assert [row[0] for row in answer.numerics("322")] == [LOBBY, "#milk", "#tea"]
        assert sorted(chat.model.rooms) == [LOBBY, "#milk", "#tea"]


async def test_a_room_that_was_left_stays_left() -> None:
    async with FakeServer(lobby="") as server, ann(server, rooms=("#tea",)) as chat:
        await chat.part("#tea")
        await server.stop()
        await server.start()
        await asyncio.wait_for(chat.ask("LIST"), 5)
        assert not chat.model.rooms


async def test_a_newcomer_gets_the_backlog_that_was_asked_for() -> None:
    async with FakeServer() as server:
        for number in range(5):
            server.keep("bob", LOBBY, f"old {number}")
        async with ann(server, backlog=2) as chat:
            seen = await events_until(chat, lambda event: isinstance(event, GapFilled))
            assert texts(seen) == ["old 3", "old 4"]
            assert all(event.is_replay for event in seen if isinstance(event, MessageReceived))


async def test_history_goes_backwards_page_by_page() -> None:
    async with FakeServer() as server:
        server.page = 3
        for number in range(8):
            server.keep("bob", LOBBY, f"old {number}")
        async with ann(server) as chat:
            got = [message.text async for message in chat.history(LOBBY, limit=7)]
            assert got == [f"old {number}" for number in range(7, 0, -1)]


async def test_a_forgotten_message_id_gives_way_to_its_time() -> None:
    async with FakeServer() as server, ann(server) as chat:
        await chat.send(LOBBY, "before")
        await server.stop()
        server.history[0] = server.history[0].__class__("m0", "ann", LOBBY, "other")
        server.keep("bob", LOBBY, "missed")
        await server.start()
        seen = await events_until(chat, lambda event: isinstance(event, GapFilled))
        assert texts(seen) == ["before", "missed"]
        assert isinstance(seen[-1], GapFilled)
        assert not seen[-1].is_complete


async def test_a_history_that_forgot_what_we_have_seen_proves_nothing() -> None:
    """To a guest, a server may give the empty history of somebody else: the new person that he is to it."""
    async with FakeServer() as server, ann(server) as chat:
        await chat.send(LOBBY, "one")
        server.faults.die_after.add("two")
        posted = chat.post(LOBBY, "two")
        async with asyncio.timeout(5):
            while len(server.history) < 2:
                await asyncio.sleep(0)
        kept = server.texts()
        server.history.clear()
        with pytest.raises(OutcomeUnknown):
            await asyncio.wait_for(posted, 5)
        assert kept == ["one", "two"]
        assert server.history == []


async def test_another_nick_is_chosen_when_one_is_taken() -> None:
    async def choose(nick: str, code: str, text: str) -> str:
        assert (nick, code) == ("ann", "433")
        return "anna"

    async with FakeServer() as server:
        server.taken.add("ann")
        async with ann(server, choose_nick=choose) as chat:
            assert chat.nick == "anna"
        with pytest.raises(NickNotAccepted):
            await ann(server).__aenter__()


async def test_a_connection_is_entered_once() -> None:
    async with FakeServer() as server, ann(server) as chat:
        with pytest.raises(RuntimeError):
            await chat.__aenter__()


async def test_an_absent_server_is_told_at_once() -> None:
    async with FakeServer() as server:
        pass
    with pytest.raises(CannotConnect):
        await ann(server).__aenter__()


@contextlib.asynccontextmanager
async def stranger(*said: bytes, stays: bool) -> AsyncIterator[int]:
    """A server of another kind, which greets, and says the next piece when it hears something; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in said:
            writer.write(piece)
            await reader.readline()
        if stays:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("said", "stays"),
    [
        ([b"SSH-2.0-OpenSSH_9.2\r\n", b"Invalid SSH identification string.\r\n"], False),
        ([b"220 mail ESMTP\r\n", b"500 unrecognised command\r\n"], True),
        ([b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], False),
        ([b"", b"\x15\x03\x03\0\x02\x02\x0a"], True),
        ([b"", b""], False),
    ],
)
async def test_a_server_that_is_none_of_irc_is_told_with_its_words(said: list[bytes], stays: bool) -> None:
    timing = Timing(first_delay=0, stranger_patience=0.05)
    async with stranger(*said, stays=stays) as port:
        with pytest.raises(NotIrc) as caught:
            await Connection("127.0.0.1", port, nick="ann", timing=timing).__aenter__()
        assert caught.value.said.startswith(b"".join(said)[:20])


async def test_a_server_with_a_greeting_of_its_own_is_given_a_moment() -> None:
    async with FakeServer() as server:
        server.greeting = b"You are at the gate.\r\nPlease wait.\r\n"
        async with ann(server) as chat:
            assert chat.is_online


async def test_what_was_not_sent_ends_with_the_connection() -> None:
    async with FakeServer() as server:
        async with ann(server) as chat:
            await server.stop()
            waiting = chat.post(LOBBY, "too late")
        with pytest.raises(ConnectionClosed):
            await waiting
        with pytest.raises(ConnectionClosed):
            await chat.send(LOBBY, "much too late")
        assert [event async for event in chat.events()]


async def test_a_server_that_stays_away_is_given_up() -> None:
    timing = Timing(first_delay=0.01, give_up_after=0.03)
    async with FakeServer() as server, ann(server, timing=timing) as chat:
        await server.stop()
        seen = [event async for event in chat.events()]
        assert isinstance(seen[-1], Disconnected)
        assert seen[-1].retry_in is None


async def test_a_silent_server_is_left_and_found_again() -> None:
    timing = Timing(first_delay=0, quiet=0.02, patience=0.02)
    async with FakeServer() as server, ann(server, timing=timing) as chat:
        server._ping = lambda visitor, message: None  # type: ignore[method-assign]
        seen = await events_until(chat, lambda event: isinstance(event, Disconnected))
        assert isinstance(seen[-1], Disconnected)
        assert seen[-1].reason == "the server has fallen silent"


async def test_an_answer_that_never_comes_ends_as_unknown() -> None:
    timing = Timing(quiet=0.02, patience=5, answer_patience=0.02)
    async with FakeServer() as server, ann(server, timing=timing) as chat:
        server._list = lambda visitor, message: None  # type: ignore[method-assign]
        with pytest.raises(OutcomeUnknown):
            await asyncio.wait_for(chat.ask("LIST"), 5)


async def test_others_are_seen_coming() -> None:
    async with FakeServer() as server, ann(server) as chat, ann(server, nick="bob"):
        seen = await events_until(chat, lambda event: isinstance(event, PersonJoined) and event.nick == "bob")
        assert chat.model.people() == ["bob"]
        assert seen


@pytest.mark.parametrize("text", ["", "two\nlines", "x" * 511, "nul\0"])
async def test_what_is_no_line_of_text_is_refused_before_it_is_sent(text: str) -> None:
    async with FakeServer() as server, ann(server) as chat:
        with pytest.raises(ValueError, match=r"bytes|line end"):
            chat.post(LOBBY, text)


def test_delays_double_up_to_a_limit_and_vary() -> None:
    timing = Timing(first_delay=1, longest_delay=10, jitter=0.5)
    assert [timing.delay(attempt, 0) for attempt in range(6)] == [1, 2, 4, 8, 10, 10]
    assert timing.delay(3, 1) == 4
    assert timing.delay(10**6, 0) == 10
