"""Terminals with programs in them, for tests that sit down in front of real clients (tmux)."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from types import TracebackType

PATIENCE = 20.0  # seconds until something that must appear has not


class Terminals:
    """A tmux server of one's own: every terminal in it ends with it."""

    def __init__(self, folder: Path, columns: int = 120, lines: int = 50) -> None:
        self._folder = folder
        self._socket = folder / "tmux"
        self._settings = folder / "tmux.conf"
        # A program that has ended leaves its last words on the screen.
        self._settings.write_text("set-option -g remain-on-exit on\n")
        self._size = ["-x", str(columns), "-y", str(lines)]
        self._environment = {
            "HOME": str(folder),
            "TERM": "screen-256color",
            "LC_ALL": "C.UTF-8",
            "PATH": _PATH,
        }

    def __enter__(self) -> Terminals:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run("kill-server", check=False)

    def run(self, *words: str, check: bool = True) -> str:
        """One tmux command; what it printed."""
        command = ["tmux", "-f", str(self._settings), "-S", str(self._socket), *words]
        return subprocess.run(
            command, env=self._environment, check=check, capture_output=True, text=True, timeout=PATIENCE
        ).stdout

    def open(self, name: str, command: str) -> Terminal:
        """A terminal with a program in it."""
        self.run("new-session", "-d", *self._size, "-s", name, "-c", str(self._folder), command)
        return Terminal(self, name)


class Terminal:
    """One of them: type into it and look at it."""

    def __init__(self, terminals: Terminals, name: str) -> None:
        self._terminals = terminals
        self.name = name

    def type(self, text: str) -> None:
        """Type a line and press Enter."""
        self._terminals.run("send-keys", "-t", self.name, "-l", text)
        self._terminals.run("send-keys", "-t", self.name, "Enter")

    def screen(self) -> str:
        """What it shows, and what has scrolled away."""
        return self._terminals.run("capture-pane", "-p", "-t", self.name, "-S", "-")

    def shows(self, *texts: str) -> None:
        """Wait until everything has appeared; a program outside of this one cannot be waited for otherwise."""
        end = time.monotonic() + PATIENCE
        while missing := [text for text in texts if text not in self.screen()]:
            assert time.monotonic() < end, f"{self.name} does not show {missing}:\n{self.screen()}"
            time.sleep(0.05)

    def ends(self) -> None:
        """Wait until the program has ended."""
        end = time.monotonic() + PATIENCE
        while self._terminals.run("display", "-p", "-t", self.name, "#{pane_dead}") != "1\n":
            assert time.monotonic() < end, f"{self.name} has not ended:\n{self.screen()}"
            time.sleep(0.05)


_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
