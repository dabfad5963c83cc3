"""The nursery: a process that has loaded the whole client and waits; each visitor's process is a fork of it.

    python -m veche.ssh.nursery FD        FD: the way to the porter, who starts it

The rule: one thread, no event loop, no lock held and nothing buffered, so that a fork is a whole and idle process. It
ends when the porter does, and its children lose their links then.
"""

import contextlib
import fcntl
import gc
import importlib
import os
import resource
import select
import signal
import socket
import sys
import termios
import traceback
from typing import NoReturn

from veche.net.handover import Inbox, Message, write

# What the windows need, loaded before anybody comes; without Textual every visitor gets the plain client.
WINDOWS = (
    "veche.tui.app",
    "textual.drivers.linux_driver",
    "textual.widgets._tooltip",
    "textual.system_commands",
)
PLAIN = (
    "veche.client.plain_visit",
    "veche.client.plain_terminal",
    "veche.ssh.visitor",
    "veche.ssh.scripts",
    "asyncio",
)
# What a child may have open, and write to disk.
MOST_FILES = 64
# Of a fault, in bytes: what a pipe takes in one piece (PIPE_BUF).
_MOST_WORDS = 4096
# Where the child keeps the broker's socket.
BROKER = 3


class Nursery:
    """The loop: requests in, ends of children out."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._inbox = Inbox()
        self._children: dict[int, int] = {}  # pid to number
        self._bell, self._ring = socket.socketpair()
        # Faults of children come back here: they may write to no file, and the log is one.
        self._faults, self._journal = os.pipe()

    def run(self) -> None:
        """Until the porter has gone."""
        for end in (self._bell, self._ring):
            end.setblocking(False)
        signal.set_wakeup_fd(self._ring.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._tell({"what": "ready"})
        while True:
            ours: list[socket.socket | int] = [self._sock, self._bell, self._faults]
            readable, _, _ = select.select(ours, [], [])
            if self._faults in readable:
                sys.stderr.write(os.read(self._faults, _MOST_WORDS).decode(errors="replace"))
                sys.stderr.flush()
            if self._bell in readable:
                with contextlib.suppress(BlockingIOError):
                    self._bell.recv(4096)
                self._reap()
            if self._sock in readable:
                heard = self._inbox.read(self._sock)
                if heard is None:
                    return
                for message, files in heard:
                    self._obey(message, files)

    def _tell(self, message: Message) -> None:
        with contextlib.suppress(OSError):
            write(self._sock, message)

    def _obey(self, message: Message, files: list[int]) -> None:
        if message["what"] == "signal":
            for pid, number in self._children.items():
                if number == message["child"]:  # not reaped yet, so the pid is nobody else's
                    os.kill(pid, message["signal"])
            return
        try:
            pid = os.fork()
        except OSError as error:
            print(f"no process for a visitor: {error.strerror}", file=sys.stderr)
            self._tell({"what": "ended", "child": message["child"], "status": -signal.SIGKILL})
            pid = -1
        if pid == 0:
            self._become(message, files)
        for file in files:
            os.close(file)
        if pid > 0:
            self._children[pid] = message["child"]
            self._tell({"what": "born", "child": message["child"], "pid": pid})

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            number = self._children.pop(pid)
            self._tell({"what": "ended", "child": number, "status": os.waitstatus_to_exitcode(status)})

    def _become(self, message: Message, files: list[int]) -> NoReturn:
        """In the child: leave all that is the nursery's, take the visitor's terminal, and go."""
        code, journal = 70, self._journal  # EX_SOFTWARE
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            os.setsid()
            journal = _place(files, self._journal, is_terminal=bool(message["term"]))
            _limit(message["memory_mb"])
            from veche.ssh.visitor import run  # noqa: PLC0415 - loaded already

            code = run(message, BROKER)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except MemoryError:
            code = 71  # EX_OSERR; the porter says it in words
        except BaseException:  # nothing may get back into the nursery's loop
            # What is a fault of ours goes to the server's log and not to the visitor; at once, in one piece.
            with contextlib.suppress(OSError):
                os.write(
                    journal,
                    traceback.format_exc()[-_MOST_WORDS:].encode(errors="backslashreplace")[-_MOST_WORDS:],
                )
        finally:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):
                    stream.flush()
            os._exit(code)


def _place(files: list[int], journal: int, *, is_terminal: bool) -> int:
    """Standard input, output and errors, the broker's socket and the journal behind them; everything else is closed.
    Returns where the journal is now."""
    *high, kept = [fcntl.fcntl(file, fcntl.F_DUPFD, 32) for file in [*files, journal]]
    *streams, broker = high
    if is_terminal:
        streams = [streams[0]] * 3
        fcntl.ioctl(streams[0], termios.TIOCSCTTY, 0)
    for number, file in enumerate([*streams, broker]):
        os.dup2(file, number, inheritable=False)
    os.dup2(kept, BROKER + 1, inheritable=False)
    os.closerange(BROKER + 2, 1024)
    return BROKER + 1


def _limit(memory_mb: int) -> None:
    """What one visitor may take of the machine; nothing is written to disk, and no core dumped."""
    size = memory_mb << 20
    for kind, most in (
        (resource.RLIMIT_DATA, size),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, MOST_FILES),
    ):
        resource.setrlimit(kind, (most, most))


def warm() -> None:
    """Load what children need."""
    # Repaints at most so often a second, whatever happens: a person reads no faster.
    os.environ["TEXTUAL_FPS"] = "20"
    for name in PLAIN:
        importlib.import_module(name)
    for name in WINDOWS:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    # The collector writes to what it walks; what is frozen stays shared.
    gc.freeze()


def main() -> int:
    """Run; the exit code."""
    # The journal must survive as number 2; nothing else of the server's is here.
    sock = socket.socket(fileno=int(sys.argv[1]))
    warm()
    Nursery(sock).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
