"""What a visitor's process does: the same client as at home, on his terminal, over a link that the porter hands it.

The rule: nothing here is the visitor's own. The process has no home, writes no file, starts no program, and speaks to
nobody but the server.
"""

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Any

from veche.client.plain_phrases import TABLE as PLAIN
from veche.client.plain_terminal import open_terminal
from veche.client.plain_trust import KnownServers
from veche.client.plain_visit import Visit, Wish, default_nick
from veche.phrases import Phrases
from veche.ssh import scripts

# Where no file is ever found.
NOWHERE = "/nonexistent"
# Seconds that the porter may take to answer.
PATIENCE = 15.0


class Broker:
    """Gives links to the server: each call is a question to the porter, whose answer is a socket."""

    def __init__(self, fd: int) -> None:
        self._sock = socket.socket(fileno=fd)

    async def __call__(self) -> socket.socket:
        """A new link. Raises OSError when there is none to be had."""
        return await asyncio.to_thread(self._ask)

    def _ask(self) -> socket.socket:
        self._sock.settimeout(PATIENCE)
        self._sock.sendall(b"+")
        _data, files, _flags, _address = socket.recv_fds(self._sock, 1, 1)
        if not files:
            raise ConnectionError("the door is shut")
        return socket.socket(fileno=files[0])


def run(request: dict[str, Any], broker_fd: int) -> int:
    """Be this visitor's client; the exit code."""
    terminal = str(request["term"])
    os.environ.clear()
    os.environ.update(request["environment"], TERM=terminal or "dumb", HOME=NOWHERE, PATH="/usr/bin:/bin")
    os.chdir("/")
    encoding = _encoding(request["environment"])
    _open_streams(encoding)
    broker = Broker(broker_fd)
    language = request["language"]
    wish = Wish(
        host=request["network"],
        port=0,
        nick=request["account"] or default_nick(request["name"]),
        account=request["account"],
        known=KnownServers(Path(NOWHERE)),
        open_socket=broker,
    )
    if request["words"]:
        return asyncio.run(scripts.run(request["words"], wish, language))
    if terminal and _show_windows(terminal, encoding):
        from veche.ssh.windows import visit  # noqa: PLC0415 - without Textual there is no such thing

        return visit(wish, language)
    return asyncio.run(_talk_plainly(wish, Phrases(PLAIN, language), terminal))


def _open_streams(encoding: str) -> None:
    """The nursery's own are of what it was started with: no terminal. Textual looks at the ones with underscores."""
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        stream = open(  # noqa: SIM115 - open to the end
            fd, "w" if fd else "r", encoding=encoding, errors="replace", closefd=False
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _encoding(environment: dict[str, str]) -> str:
    """The terminal's: what the locale says, and UTF-8 where it says nothing."""
    locale = next(filter(None, (environment.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))), "")
    charset = locale.partition(".")[2].partition("@")[0]
    try:
        "".encode(charset or "utf-8")
    except LookupError:
        return "utf-8"
    if locale in {"C", "POSIX"}:
        return "ascii"
    return charset or "utf-8"


def _show_windows(terminal: str, encoding: str) -> bool:
    try:
        from veche.tui.start import can_show_windows  # noqa: PLC0415 - needs Textual
    except ImportError:
        return False
    return can_show_windows({"TERM": terminal}, encoding, is_terminal=True)


async def _talk_plainly(wish: Wish, say: Phrases, terminal: str) -> int:
    shown = open_terminal(sys.stdin, sys.stdout, terminal)
    try:
        return await Visit(shown, say, wish).run()
    finally:
        shown.close()
