"""Where lines come from and go to: a person's terminal, or a pipe.

The rule: the event loop never waits here, except for a terminal that is slow to take our output. What is shown must
have gone through `text.plain` before: nothing is cleaned here.
"""

import asyncio
import codecs
import contextlib
import os
import signal
import stat
import sys
from collections.abc import Iterator
from typing import IO, Protocol

from veche.client.plain_editor import Editor, EndOfInput

if sys.platform != "win32":  # there, lines are read as the console gives them
    import termios
    import tty

# A line of a pipe; what is longer is taken for several.
MOST = 64 * 1024


class Terminal(Protocol):
    """What the plain client needs of a terminal."""

    is_interactive: bool

    def show(self, line: str) -> None:
        """Show a line."""

    def set_prompt(self, prompt: str, where: str = "") -> None:
        """Show this before what is typed, from now on; it is said to `where`."""

    async def read_line(self) -> str | None:
        """The next line typed, without its end; None when there will be no more."""

    async def read_secret(self, question: str) -> str | None:
        """Ask for a line that nobody is to see, and return it; None when there will be no more."""

    def close(self) -> None:
        """Leave the terminal as it was found."""


class _Input:
    """Bytes of a file descriptor as text, a piece at a time. Never blocks on pipes and terminals; regular files
    cannot be waited for, and never make one wait.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        # What is not UTF-8 cannot be sent, but must not end the program either.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        mode = os.fstat(descriptor).st_mode
        self._is_waitable = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)

    async def read(self) -> str | None:
        """The next piece, perhaps empty; None at the end."""
        if sys.platform == "win32":
            data = await asyncio.to_thread(os.read, self._descriptor, 4096)
        else:
            if self._is_waitable:
                await self._wait_readable()
            try:
                data = os.read(self._descriptor, 4096)
            except OSError:  # the terminal has gone
                data = b""
        return self._decoder.decode(data) if data else None

    async def _wait_readable(self) -> None:
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(self._descriptor, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._descriptor)


class LineTerminal:
    """Plain lines in and out: for pipes, and for terminals that can do nothing else (TERM=dumb).

    With `has_prompts` questions are shown, on a line of their own where the answer is typed behind them.
    """

    def __init__(self, source: IO[str], sink: IO[str], *, has_prompts: bool) -> None:
        self.is_interactive = has_prompts
        self._descriptor = source.fileno()
        self._input = _Input(self._descriptor)
        self._sink = sink
        self._tail = ""
        self._has_ended = False
        self._prompt = ""

    def show(self, line: str) -> None:
        """Show a line."""
        _write(self._sink, line + "\n")

    def set_prompt(self, prompt: str, where: str = "") -> None:  # noqa: ARG002 - the terminal shows what is typed
        """Shown once per change: who listens to a screen reader does not want it with every line."""
        if self.is_interactive and prompt != self._prompt:
            _write(self._sink, prompt)
        self._prompt = prompt

    async def read_line(self) -> str | None:
        """The next line; the last one counts also without its line end."""
        while True:
            line, end, rest = self._tail.partition("\n")
            if end or len(self._tail) > MOST or (self._has_ended and self._tail):
                self._tail = rest if end else ""
                return line
            if self._has_ended:
                return None
            piece = await self._input.read()
            if piece is None:
                self._has_ended = True
            else:
                self._tail += piece

    async def read_secret(self, question: str) -> str | None:
        """The next line, which a terminal does not echo meanwhile."""
        _write(self._sink, question)
        with _no_echo(self._descriptor):
            line = await self.read_line()
        _write(self._sink, "\n")
        return line

    def close(self) -> None:
        """Nothing to undo."""


class TypingTerminal:
    """A terminal with a person at it: what arrives is shown above the line being typed."""

    is_interactive = True

    def __init__(self, source: IO[str], sink: IO[str]) -> None:
        self._input = _Input(source.fileno())
        self._descriptor = source.fileno()
        self._sink = sink
        self._editor = Editor()
        self._prompt = ""
        self._question = ""  # instead of the prompt, while a secret is typed
        self._lines: list[str | EndOfInput] = []
        self._saved = termios.tcgetattr(self._descriptor)
        self._take_over()
        loop = asyncio.get_running_loop()
        # Back from ^Z the terminal is as the shell wants it; a new size needs a new row.
        loop.add_signal_handler(signal.SIGCONT, self._take_over)
        loop.add_signal_handler(signal.SIGWINCH, self._draw)

    def show(self, line: str) -> None:
        """Show a line above the one being typed."""
        _write(self._sink, "\r\x1b[K" + line + "\n")
        self._draw()

    def set_prompt(self, prompt: str, where: str = "") -> None:
        """Show this before what is typed; of what is said to a service no password is."""
        if (prompt, where) != (self._prompt, self._editor.where):
            self._prompt, self._editor.where = prompt, where
            self._draw()

    async def read_line(self) -> str | None:
        """The next line typed. It disappears from the screen: whoever reads it shows what came of it."""
        while not self._lines:
            piece = await self._input.read()
            if piece is None:
                return None
            self._lines += self._editor.feed(piece)
            self._draw()
        line = self._lines.pop(0)
        return None if isinstance(line, EndOfInput) else line

    async def read_secret(self, question: str) -> str | None:
        """The next line typed, of which nothing is shown or remembered."""
        draft, cursor = self._editor.text, self._editor.cursor
        self._editor.clear()
        self._editor.is_secret, self._question = True, question
        self._draw()
        try:
            return await self.read_line()
        finally:
            self._editor.is_secret, self._question = False, ""
            self._editor.text, self._editor.cursor = draft, cursor
            self._draw()

    def close(self) -> None:
        """Give the terminal back as it was."""
        loop = asyncio.get_running_loop()
        loop.remove_signal_handler(signal.SIGCONT)
        loop.remove_signal_handler(signal.SIGWINCH)
        _write(self._sink, "\r\x1b[K")
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._saved)

    def _take_over(self) -> None:
        # cbreak: keys come at once and unechoed, ^C and ^Z still work.
        tty.setcbreak(self._descriptor, termios.TCSADRAIN)
        self._draw()

    def _draw(self) -> None:
        try:
            width = os.get_terminal_size(self._sink.fileno()).columns
        except OSError:
            width = 0
        # Some terminals do not know their size and say 0.
        row, column = self._editor.view(self._question or self._prompt, width or 80)
        move = f"\x1b[{column}C" if column else ""
        _write(self._sink, f"\r\x1b[K{row}\r{move}")


@contextlib.contextmanager
def _no_echo(descriptor: int) -> Iterator[None]:
    """While a secret is typed into a terminal that we have not taken over."""
    if sys.platform == "win32" or not os.isatty(descriptor):
        yield
        return
    saved = termios.tcgetattr(descriptor)
    silent = [*saved[:3], saved[3] & ~termios.ECHO, *saved[4:]]
    # DRAIN and not FLUSH: what was typed ahead is not thrown away.
    termios.tcsetattr(descriptor, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, saved)


def open_terminal(source: IO[str], sink: IO[str], term: str) -> Terminal:
    """The terminal for these files; `term` is what TERM says."""
    if not (source.isatty() and sink.isatty()):
        return LineTerminal(source, sink, has_prompts=False)
    if sys.platform == "win32" or term in ("", "dumb"):
        return LineTerminal(source, sink, has_prompts=True)
    return TypingTerminal(source, sink)


def _write(sink: IO[str], text: str) -> None:
    try:
        sink.write(text)
        sink.flush()
    except (
        BrokenPipeError,
        OSError,
    ):  # whoever read our output has gone; what we were told to send is still sent
        pass
