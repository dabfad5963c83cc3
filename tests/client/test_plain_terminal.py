"""Where lines come from: pipes, files, and a terminal."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
import termios
from pathlib import Path

import pytest

from veche.client.plain_terminal import MOST, LineTerminal, TypingTerminal, open_terminal


async def lines_of(terminal: LineTerminal) -> list[str]:
    lines = []
    async with asyncio.timeout(5):
        while (line := await terminal.read_line()) is not None:
            lines.append(line)
    return lines


async def test_a_pipe_gives_its_lines_and_the_last_one_without_end(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, "one\nдва\n\nlast".encode())
    os.close(writing)
    with os.fdopen(reading) as source, (tmp_path / "out").open("w") as sink:
        assert await lines_of(LineTerminal(source, sink, has_prompts=False)) == ["one", "два", "", "last"]


async def test_a_line_may_come_in_pieces(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as source, (tmp_path / "out").open("w") as sink:
        terminal = LineTerminal(source, sink, has_prompts=False)
        waiting = asyncio.create_task(terminal.read_line())
        for byte in "привет\n".encode():
            os.write(writing, bytes([byte]))
            await asyncio.sleep(0)
        assert await asyncio.wait_for(waiting, 5) == "привет"
        os.close(writing)


async def test_a_file_is_read_as_a_pipe_is(tmp_path: Path) -> None:
    file = tmp_path / "in"
    file.write_bytes(b"one\n" + b"x" * (MOST + 10) + b"\n\xff\n")
    with file.open() as source, (tmp_path / "out").open("w") as sink:
        lines = await lines_of(LineTerminal(source, sink, has_prompts=False))
        assert lines[0] == "one"
        assert lines[-1] == "\ufffd"
        assert sum(len(line) for line in lines[1:-1]) == MOST + 10, "a line too long is taken for several"
    with Path(os.devnull).open() as source, (tmp_path / "out").open("w") as sink:
        assert await lines_of(LineTerminal(source, sink, has_prompts=False)) == []


async def test_a_reader_of_our_output_who_has_gone_does_no_harm() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with Path(os.devnull).open() as source:
        sink = os.fdopen(writing, "w")
        LineTerminal(source, sink, has_prompts=False).show("hello")
        with pytest.raises(BrokenPipeError):
            sink.close()


async def read_screen(descriptor: int, until: str) -> str:
    """What was written to the terminal, up to some text."""
    seen = ""
    readable = asyncio.Event()
    os.set_blocking(descriptor, False)
    asyncio.get_running_loop().add_reader(descriptor, readable.set)
    try:
        async with asyncio.timeout(5):
            while until not in seen:
                await readable.wait()
                readable.clear()
                try:
                    seen += os.read(descriptor, 4096).decode()
                except BlockingIOError:  # it was read the last time round
                    pass
    finally:
        asyncio.get_running_loop().remove_reader(descriptor)
    return seen


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
async def test_what_arrives_is_shown_above_the_line_being_typed() -> None:
    ours, theirs = pty.openpty()
    with open(theirs, closefd=False) as source, open(theirs, "w", closefd=False) as sink:
        before = termios.tcgetattr(theirs)
        terminal = open_terminal(source, sink, "xterm")
        assert isinstance(terminal, TypingTerminal)
        terminal.set_prompt("#tea> ")
        reading = asyncio.create_task(terminal.read_line())
        os.write(ours, b"half")
        await read_screen(ours, "#tea> half")
        terminal.show("12:00 <bob> hello")
        assert "\r\x1b[K12:00 <bob> hello\r\n\r\x1b[K#tea> half" in await read_screen(ours, "#tea> half")
        os.write(ours, b" a line\r")
        assert await asyncio.wait_for(reading, 5) == "half a line"
        os.write(ours, b"\x04")
        assert await asyncio.wait_for(terminal.read_line(), 5) is None
        terminal.close()
        assert termios.tcgetattr(theirs)[3] == before[3]
    os.close(theirs)
    os.close(ours)


async def test_a_dumb_terminal_gets_prompts_and_nothing_else() -> None:
    ours, theirs = pty.openpty()
    with open(theirs, closefd=False) as source, open(theirs, "w", closefd=False) as sink:
        terminal = open_terminal(source, sink, "dumb")
        assert isinstance(terminal, LineTerminal)
        assert terminal.is_interactive
        terminal.set_prompt("name: ")
        terminal.set_prompt("name: ")
        terminal.show("hello")
        assert await read_screen(ours, "hello\r\n") == "name: hello\r\n"
    os.close(theirs)
    os.close(ours)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
async def test_a_secret_is_not_shown_whatever_arrives_meanwhile() -> None:
    ours, theirs = pty.openpty()
    with open(theirs, closefd=False) as source, open(theirs, "w", closefd=False) as sink:
        terminal = open_terminal(source, sink, "xterm")
        assert isinstance(terminal, TypingTerminal)
        terminal.set_prompt("#tea> ")
        asking = asyncio.create_task(terminal.read_secret("Password: "))
        seen = await read_screen(ours, "Password: ")
        os.write(ours, b"ses")
        terminal.show("12:00 <bob> hello")
        terminal.set_prompt("#milk> ")
        os.write(ours, b"ame\r")
        assert await asyncio.wait_for(asking, 5) == "sesame"
        seen += await read_screen(ours, "#milk> ")
        assert "sesame" not in seen
        assert "ses" not in seen.replace("\x1b", "")
        os.write(ours, b"\x1b[A!\r")  # the arrow up remembers nothing
        assert await asyncio.wait_for(terminal.read_line(), 5) == "!"
        terminal.close()
    os.close(theirs)
    os.close(ours)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
async def test_a_dumb_terminal_does_not_echo_a_secret() -> None:
    ours, theirs = pty.openpty()
    with open(theirs, closefd=False) as source, open(theirs, "w", closefd=False) as sink:
        terminal = open_terminal(source, sink, "dumb")
        asking = asyncio.create_task(terminal.read_secret("Password: "))
        assert await read_screen(ours, "Password: ") == "Password: "
        os.write(ours, b"sesame\n")
        assert await asyncio.wait_for(asking, 5) == "sesame"
        terminal.show("done")
        assert await read_screen(ours, "done\r\n") == "\r\ndone\r\n"
        assert termios.tcgetattr(theirs)[3] & termios.ECHO
    os.close(theirs)
    os.close(ours)
