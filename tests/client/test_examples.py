"""The examples of docs/client-library.md run."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from tests.client.fake_server import FakeServer
from veche.client.connection import Connection
from veche.client.events import MessageReceived

PAGE = Path(__file__).parents[2] / "docs" / "client-library.md"


def examples() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


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
    assert len(others) == 2
    for example in others:
        exec(example, {})
