"""Messages that a server says once by their ids: sent again as they are, whatever the history says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.client.fake_server import ACCOUNTS, LOBBY, FakeServer
from tests.clients.serving import Killable
from veche.client.connection import Connection
from veche.client.errors import OutcomeUnknown
from veche.client.events import Event, MessageReceived
from veche.client.link import Timing
from veche.client.once import Sending

AT_ONCE = Timing(first_delay=0, patience=5)
ONCE = f"{ACCOUNTS} veche/once"
PASSWORD = "correct horse"


def server_with(caps: str = ONCE) -> FakeServer:
    server = FakeServer(caps)
    server.accounts["ann"] = PASSWORD
    return server


def ann(server: FakeServer, *, is_guest: bool = False) -> Connection:
    who = {} if is_guest else {"account": "ann", "password": PASSWORD}
    return Connection("127.0.0.1", server.port, nick="ann", timing=AT_ONCE, **who)  # type: ignore[arg-type]


def ids(server: FakeServer, text: str) -> list[str]:
    """The ids under which a text was sent, in order."""
    lines = [line for line in server.heard if line.endswith((f":{text}", f" {text}")) and "PRIVMSG" in line]
    return [given for line in lines for given in re.findall(r"\+veche/id=([^ ;]+)", line)]


async def until_told(chat: Connection, last: str) -> list[str]:
    seen: list[Event] = []
    async with asyncio.timeout(5):
        async for event in chat.events():
            seen.append(event)
            if isinstance(event, MessageReceived) and event.text == last:
                break
    return [event.text for event in seen if isinstance(event, MessageReceived)]


async def test_every_message_bears_an_id_of_its_own() -> None:
    """ "128 bits of chance are a good id"; "for one target"."""
    async with server_with() as server, ann(server) as chat:
        for text in ("one", "two"):
            await chat.send(LOBBY, text)
        await chat.ask("PRIVMSG", LOBBY, "three")
        await chat.post(LOBBY, "four", notice=True)
        found = [ids(server, text) for text in ("one", "two", "three")]
        assert all(len(one) == 1 and re.fullmatch("[0-9a-f]{32}", one[0]) for one in found)
        assert len({one[0] for one in found}) == 3
        assert "+veche/id=" in next(line for line in server.heard if "NOTICE" in line)
        several = asyncio.create_task(chat.ask("PRIVMSG", f"{LOBBY},ann", "five"))
        async with asyncio.timeout(5):
            while not any("five" in line for line in server.heard):
                await asyncio.sleep(0)
        assert ids(server, "five") == []
        several.cancel()


@pytest.mark.parametrize("has_history", [True, False])
@pytest.mark.parametrize("fault", ["die_after", "die_before"])
async def test_what_has_no_answer_is_sent_again_with_its_id(fault: str, has_history: bool) -> None:
    caps = ONCE if has_history else ONCE.replace("draft/chathistory", "")
    async with server_with(caps) as server, ann(server) as chat:
        getattr(server.faults, fault).add("two")
        posted = [chat.post(LOBBY, text) for text in ("one", "two", "three")]
        receipts = await asyncio.wait_for(asyncio.gather(*posted), 5)
        assert server.texts() == ["one", "two", "three"]
        assert [receipt.msgid for receipt in receipts] == ["m1", "m2", "m3"]
        sent = ids(server, "two")
        assert len(sent) == 2
        assert sent[0] == sent[1]
        assert await until_told(chat, "three") == ["one", "two", "three"]


async def test_a_whisper_of_which_no_history_tells_is_said_once_too() -> None:
    async with server_with() as server, Connection("127.0.0.1", server.port, nick="bob"), ann(server) as chat:
        server.faults.die_after.add("psst")
        receipt = await asyncio.wait_for(chat.send("bob", "psst"), 5)
        assert (receipt.msgid, server.texts("bob")) == ("m1", ["psst"])


async def test_what_another_device_has_said_is_not_taken_for_it() -> None:
    """The same words in the history may be somebody else's of the same account: only the id tells."""
    async with server_with() as server, ann(server) as chat:
        await chat.send(LOBBY, "hello")
        server.faults.die_before.add("yes")
        posted = chat.post(LOBBY, "yes")
        server.keep("ann", LOBBY, "yes")
        assert (await asyncio.wait_for(posted, 5)).msgid == "m3"
        assert server.texts() == ["hello", "yes", "yes"]


async def test_a_refusal_of_what_was_sent_again_says_nothing_of_the_first_time() -> None:
    async with server_with() as server, ann(server) as chat:
        server.faults.die_before.add("two")
        server.faults.refuse.add("three")
        posted = chat.post(LOBBY, "two")
        while server.faults.die_before:
            await asyncio.sleep(0)
        server.faults.refuse.add("two")
        with pytest.raises(OutcomeUnknown, match="Cannot send"):
            await asyncio.wait_for(posted, 5)


@pytest.mark.parametrize("caps", [ONCE, ACCOUNTS])
async def test_a_guest_and_a_server_without_it_have_the_old_way(caps: str) -> None:
    """ "a guest is another person after each connection": what has been heard must be found, and not be sent again."""
    async with server_with(caps) as server, ann(server, is_guest=caps == ONCE) as chat:
        server.faults.die_after.add("two")
        posted = [chat.post(LOBBY, text) for text in ("one", "two", "three")]
        await asyncio.wait_for(asyncio.gather(*posted), 5)
        assert server.texts() == ["one", "two", "three"]
        assert ids(server, "two") == []
        assert sum(line.endswith(" two") for line in server.heard) == 1


async def test_who_is_a_guest_after_the_reconnect_has_the_old_way() -> None:
    async with server_with() as server, ann(server) as chat:
        await chat.send(LOBBY, "one")
        chat.forget_account()
        server.faults.die_after.add("two")
        await asyncio.wait_for(chat.send(LOBBY, "two"), 5)
        assert chat.model.account == ""
        assert server.texts() == ["one", "two"]
        assert sum(line.endswith(" two") for line in server.heard) == 1


def test_the_memory_of_the_server_ends() -> None:
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    sending = Sending()
    assert not sending.is_safe("ann", noon), "it was never sent"
    sending.note("ann", noon)
    assert sending.is_safe("ann", noon + timedelta(hours=22))
    assert not sending.is_safe("bob", noon)
    assert not sending.is_safe("", noon)
    assert not sending.is_safe("ann", noon + timedelta(hours=23))
    assert not sending.is_safe("ann", noon - timedelta(hours=1)), "a clock that was set back tells nothing"
    sending.note("ann", noon + timedelta(hours=20))
    assert not sending.is_safe("ann", noon + timedelta(hours=23)), "it counts from the first time"


@pytest.fixture
def killable(tmp_path: Path) -> Iterator[Killable]:
    server = Killable(tmp_path, "--set", "limits.flood=false")
    server.start()
    yield server
    server.kill()


@pytest.mark.slow
async def test_a_server_that_is_killed_in_the_middle_loses_nothing_and_says_nothing_twice(
    killable: Killable,
) -> None:
    timing = Timing(first_delay=0.05, longest_delay=0.2, patience=10)

    def enter(**who: str) -> Connection:
        return Connection("127.0.0.1", killable.port, nick="ann", timing=timing, window=16, **who)  # type: ignore[arg-type]

    async with enter() as chat:
        await chat.register("*", "*", PASSWORD)
    bob = Connection("127.0.0.1", killable.port, nick="bob", timing=timing, rooms=("#tea",))
    async with bob, enter(account="ann", password=PASSWORD) as chat:
        await chat.join("#tea")
        texts = [f"line {number}" for number in range(240)]
        posted = [chat.post("#tea", text) for text in texts]
        for answered in (30, 90, 150):
            await asyncio.wait_for(posted[answered], 20)
            link = chat._keeper._link
            assert link is not None
            assert link._transport is not None
            link._transport.pause_reading()  # what is under way is heard and kept, and ann is not told
            unanswered = next(text for text, end in zip(texts, posted, strict=True) if not end.done())
            await until_told(bob, unanswered)
            link.end("cut by the test")
            killable.kill()
            killable.start()
        receipts = await asyncio.wait_for(asyncio.gather(*posted), 60)
        history = [(message.msgid, message.text) async for message in chat.history("#tea", 1000)]
    assert sorted(text for _, text in history) == sorted(texts)
    assert sorted((receipt.msgid, receipt.text) for receipt in receipts) == sorted(history)
