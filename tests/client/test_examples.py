"""The examples of docs/client-library.md and docs/bots.md run."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.client.fake_server import FakeServer
from veche.client.bot import Bot
from veche.client.connection import Connection
from veche.client.events import MessageReceived
from veche.testing.bots import BotPlay

DOCS = Path(__file__).parents[2] / "docs"


def examples(page: str = "client-library.md") -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


async def play_of(example: str) -> BotPlay:
    """The bot that a block of docs/bots.md makes, on a stage."""
    names: dict[str, object] = {"__name__": "example"}
    exec(example, names)
    bot = names["bot"]
    assert isinstance(bot, Bot)
    play = BotPlay(bot)
    await play.begin()
    return play


async def test_the_bot_echoes_and_stops() -> None:
    names: dict[str, object] = {"__name__": "example"}
    exec(examples()[0], names)
    main = names["main"]
    assert callable(main)
    async with (
        FakeServer() as server,
        Connection("127.0.0.1", server.port, nick="ann", rooms=("#tea",)) as chat,
    ):
        bot = asyncio.create_task(main("127.0.0.1", server.port))
        async with asyncio.timeout(5):
            async for event in chat.events():
                if isinstance(event, MessageReceived) and event.sender == "echo":
                    if event.text == "hello":
                        break
                    await chat.send("#tea", "!echo hello")
            await chat.send("#tea", "!stop")
            await bot


def test_the_others_run_as_they_stand() -> None:
    others = examples()[1:]
    assert len(others) == 3
    for example in others:
        exec(example, {})


async def test_ten_lines_make_a_bot() -> None:
    example = examples("bots.md")[0]
    play = await play_of(example)
    ann = play.stage.enter("ann")
    await play.say(ann, "JOIN #lobby")
    ann.take()
    await play.say(
        ann, "PRIVMSG #lobby :!echo hello", "PRIVMSG #lobby :echo: echo hello", "PRIVMSG echo :echo hello"
    )
    assert [line.partition("PRIVMSG ")[2] for line in ann.take()] == ["#lobby :hello"] * 2 + ["ann :hello"]
    assert len([line for line in example.splitlines() if line]) <= 10


async def test_the_butler_does_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    play = await play_of(examples("bots.md")[1])
    ann = play.stage.enter("ann", "draft/account-registration")
    await play.say(ann, "REGISTER * * correct-horse", "JOIN #kitchen")
    ann.take()
    for text in ("Tea, please", "tea?", "!cups", "!wash", "!cups"):
        await play.say(ann, f"PRIVMSG #kitchen :{text}")
        await play.pass_time(4)
    await play.pass_time(3600)
    said = [line.partition("PRIVMSG #kitchen :")[2] for line in ann.take()]
    assert said == ["Tea is served.", "2", "All cups are clean.", "0", "Another hour has passed."]
    assert (tmp_path / "butler.json").read_text() == '{"cups": 0}'


async def test_the_test_on_the_page_is_one() -> None:
    third = examples("bots.md")[2:]
    assert len(third) == 1
    names: dict[str, object] = {}
    exec(third[0], names)
    test = names["test_it_counts"]
    assert callable(test)
    await test()
