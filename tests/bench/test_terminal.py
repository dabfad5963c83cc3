"""The bench of the client with windows runs, with few messages: more than a jump once fetched, to the very first."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest

from bench import terminal
from bench.history import Server

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux")]


def test_a_long_room_is_scrolled_and_searched_to_its_beginning(tmp_path: Path) -> None:
    terminal.fill(tmp_path, 2_500)
    with Server(["--data", str(tmp_path)]) as server:
        try:
            told = "\n".join(asyncio.run(terminal.sit(server.port, 10)))
        finally:
            gc.unfreeze()
    assert "s here: 2500 messages, " in told
    assert told.count("searched and jumped to it in") == 2
    assert "a line of the wire" in told
    assert "a jump to anywhere" in told
