"""Somebody in front of the client with windows, for tests that read as a story."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from veche.client.plain_trust import KnownServers
from veche.client.plain_visit import Wish
from veche.phrases import Language, Phrases
from veche.tui.app import Windows
from veche.tui.chat import Chat
from veche.tui.composer import Composer
from veche.tui.keep import Keep
from veche.tui.log import MessageLog
from veche.tui.phrases import TABLE
from veche.tui.settings import Settings

NOBODY = KnownServers(Path("/nonexistent/known_servers"))


def windows(
    port: int,
    language: Language = "en",
    *,
    nick: str = "ann",
    account: str = "",
    password: str = "",
    keep: Keep | None = None,
) -> Windows:
    """The program, with the fields of arrival filled in."""
    wish = Wish(host="127.0.0.1", port=port, account=account, password=password, known=NOBODY)
    settings = Settings(list_at_start=False)
    return Windows(Phrases(TABLE, language), wish, nick, lambda time: time.astimezone(UTC), settings=settings,
                   keep=keep or Keep(None, None))  # fmt: skip


@asynccontextmanager
async def at(
    port: int, room: str = "#lobby", size: tuple[int, int] = (110, 30), **who: Any
) -> AsyncIterator[Pilot[int]]:
    """Somebody who sits in front of the chat, in a room."""
    app = windows(port, **who)
    async with app.run_test(size=size) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Chat) and app.screen.book.current.name != "")
        if room != "#lobby":
            await says(pilot, f"/join {room}")
            await until(pilot, lambda: chat_of(pilot).book.current.name == room)
        yield pilot


async def says(pilot: Pilot[int], text: str) -> None:
    """Write a text, and Enter."""
    composer = pilot.app.screen.query_one(Composer)
    composer.insert(text)
    await pilot.press("enter")


async def chooses(pilot: Pilot[int], text: str, key: str) -> None:
    """Go to the messages by keyboard, to the one with this text, and press a key."""
    log = pilot.app.screen.query_one(MessageLog)
    if log.has_focus:
        await pilot.press("escape")
    await pilot.press("shift+tab")
    for _ in range(60):
        if log.chosen is not None and text in log.chosen.shown:
            break
        await pilot.press("up")
    assert log.chosen is not None and text in log.chosen.shown, [text, *seen(pilot)]  # noqa: PT018
    await pilot.press(key)


def state(pilot: Pilot[int]) -> str:
    """The line of state."""
    return str(pilot.app.screen.query_one("#state", Static).content)


async def until(pilot: Pilot[int], is_so: Callable[[], bool], patience: float = 20) -> None:
    """Wait until it is so; the test fails when it does not come to that."""
    for _ in range(int(patience * 50)):
        if is_so():
            return
        await pilot.pause(0.02)
    pytest.fail("it did not come to that:\n" + "\n".join(seen(pilot)))


def seen(pilot: Pilot[int]) -> list[str]:
    """The lines of the log as they are on the screen; none where there is no chat."""
    screen = next((one for one in pilot.app.screen_stack if isinstance(one, Chat)), None)
    if screen is None:
        return []
    log = screen.query_one(MessageLog)
    return [log.render_line(y).text.rstrip() for y in range(log.size.height)]


def shows(pilot: Pilot[int], text: str) -> Callable[[], bool]:
    return lambda: any(text in line for line in seen(pilot))


def chat_of(pilot: Pilot[int]) -> Chat:
    assert isinstance(pilot.app.screen, Chat)
    return pilot.app.screen
