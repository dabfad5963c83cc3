"""One visitor's session: what ssh says of his terminal, and bytes between it and his process, either way.

The rule: neither side is read faster than the other takes, so a terminal that stands still, a process that hangs and a
paste without end cost a buffer each, and only their own session.
"""

import asyncio
import fcntl
import os
import shlex
import socket
import struct
import termios
from typing import TYPE_CHECKING, Any

import asyncssh

from veche.phrases import Phrases, language_of_locale
from veche.ssh.nurse import Child
from veche.ssh.phrases import TABLE
from veche.ssh.relay import Sink, Source

if TYPE_CHECKING:
    from veche.ssh.guard import Guard
    from veche.ssh.porter import Porter

# A terminal's size: more is nobody's, and would only cost memory.
MOST_COLUMNS, MOST_LINES = 500, 200
LEAST = 1
# Changes of it are passed on at most so often, in seconds: whoever drags a window makes hundreds.
RESIZE_SECONDS = 0.1
LONGEST_COMMAND = 1024
LONGEST_TERM = 32
# Of what the client sends of its environment. Never PATH, LD_*, PYTHON*.
VARIABLES = ("LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE", "COLORTERM", "NO_COLOR")
LONGEST_VALUE = 64
# Links to the server that a process may ask for: at once, and then one in so many seconds.
LINKS_AT_ONCE, LINK_SECONDS = 3, 5.0
COMMANDS = ("send", "tail", "help")
EXIT_USAGE, EXIT_REFUSED = 2, 1
# What the exit codes of nursery.py mean to a person.
_REASONS = {70: "fault", 71: "memory"}


def clamp(columns: int, lines: int) -> tuple[int, int]:
    """A size that terminals have; a client that tells none gets the usual one."""
    return (
        min(max(columns, LEAST), MOST_COLUMNS) if columns else 80,
        min(max(lines, LEAST), MOST_LINES) if lines else 24,
    )


class VisitorSession(asyncssh.SSHServerSession[bytes]):
    """From the request for a session to its end."""

    def __init__(self, porter: "Porter", guard: "Guard") -> None:
        self._porter = porter
        self._guard = guard
        self._loop = asyncio.get_running_loop()
        self._channel: Any = None
        self._term = ""
        self._size = (80, 24)
        self._command: str | None = None
        self._child: Child | None = None
        self._master = -1
        self._pipes: list[int] = []  # ours to close
        self._input: Sink | None = None
        self._outputs: list[Source] = []
        self._broker: socket.socket | None = None
        self._links = LINKS_AT_ONCE
        self._resizing: asyncio.TimerHandle | None = None
        self._is_counted = False
        self._is_over = False

    # --- what is asked for ---

    def connection_made(self, chan: Any) -> None:
        """The channel is open."""
        self._channel = chan

    def pty_requested(self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Any) -> bool:
        """A terminal."""
        is_sound = len(term_type) <= LONGEST_TERM and all(c.isalnum() or c in "-._+" for c in term_type)
        self._term = (term_type if is_sound else "") or "dumb"
        self._size = clamp(term_size[0], term_size[1])
        return True

    def shell_requested(self) -> bool:
        """The chat."""
        return True

    def exec_requested(self, command: str) -> bool:
        """A command: what is none is told so when the session begins."""
        self._command = command
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        """sftp and the like: not here."""
        return False

    def session_started(self) -> None:
        """All is known that will be."""
        self._channel.set_write_buffer_limits(high=65_536)
        say = Phrases(TABLE, self._language)
        words: list[str] = []
        if self._command is not None:
            try:
                words = shlex.split(self._command[:LONGEST_COMMAND])
            except ValueError:
                words = [self._command]
            if len(self._command) > LONGEST_COMMAND or not words or words[0] not in COMMANDS:
                shown = "".join(char if char.isprintable() else "?" for char in (words or [""])[0])[:64]
                self._leave(say("unknown", command=shown) + "\n" + say("help"), EXIT_USAGE)
                return
            if words[0] == "help":
                self._channel.write((say("help") + "\n").encode())
                self._exit(0)
                return
        if self._porter.visitors >= self._porter.settings["visitors"]:
            self._leave(say("full", limit=self._porter.settings["visitors"]), EXIT_REFUSED)
            return
        self._porter.visitors += 1
        self._is_counted = True
        try:
            self._begin(words)
        except OSError:  # descriptors or terminals are used up
            self._leave(say("no_process"), EXIT_REFUSED)

    @property
    def _language(self) -> Any:
        # Who sends nothing of it is spoken to as the server is set.
        environment = self._environment
        if any(environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")):
            return language_of_locale(environment)
        return self._porter.settings["language"]

    @property
    def _environment(self) -> dict[str, str]:
        given = dict(self._channel.get_environment())
        return {
            name: value
            for name in VARIABLES
            if (value := given.get(name, "")) and len(value) <= LONGEST_VALUE and value.isprintable()
        }

    # --- the process ---

    def _begin(self, words: list[str]) -> None:
        broker, theirs = socket.socketpair()
        files: list[int] = []
        has_terminal = bool(self._term) and self._command is None
        try:
            if has_terminal:
                self._master, slave = os.openpty()
                self._set_size()
                os.set_blocking(self._master, False)
                self._input = Sink(self._master, self._channel)
                self._outputs = [Source(self._master, self._channel.write, self._drained)]
                files = [slave]
            else:
                files = self._open_pipes()
            self._broker = broker
            broker.setblocking(False)
            self._loop.add_reader(broker.fileno(), self._want_link)
            nurse = self._porter.nurse
            assert nurse is not None
            self._child = nurse.bear(
                self._request(words, has_terminal), [*files, theirs.fileno()], self._ended
            )
        finally:
            for file in files:
                os.close(file)
            theirs.close()

    def _open_pipes(self) -> list[int]:
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        ours_err, theirs_err = os.pipe()
        for end in (ours_in, ours_out, ours_err):
            os.set_blocking(end, False)
        self._pipes = [ours_out, ours_err]
        self._input = Sink(ours_in, self._channel)
        self._outputs = [
            Source(ours_out, self._channel.write, self._drained),
            Source(ours_err, self._write_error, self._drained),
        ]
        return [theirs_in, theirs_out, theirs_err]

    def _request(self, words: list[str], has_terminal: bool) -> dict[str, Any]:
        return {
            "term": self._term if has_terminal else "",
            "environment": self._environment,
            "language": self._language,
            "words": words,
            "name": self._guard.name,
            "account": self._guard.name if self._guard.account else "",
            "network": self._porter.settings["network"],
            "memory_mb": self._porter.settings["memory_mb"],
        }

    def _want_link(self) -> None:
        """The process asks for a link to the server: a byte for each."""
        broker = self._broker
        assert broker is not None
        try:
            data = broker.recv(1)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self._loop.remove_reader(broker.fileno())
            return
        if self._links <= 0:
            self._loop.remove_reader(broker.fileno())
            self._loop.call_later(LINK_SECONDS, self._allow_link)
        self._links -= 1
        guard = self._guard
        ours, theirs = socket.socketpair()
        is_counted, guard.is_counted = guard.is_counted, False
        self._porter.tell_link(theirs, guard, is_counted=is_counted)
        try:
            socket.send_fds(broker, [b"+"], [ours.fileno()])
        except OSError:
            pass  # it has just ended
        ours.close()

    def _allow_link(self) -> None:
        if self._broker is not None:
            self._links = max(self._links, 0) + 1
            self._loop.add_reader(self._broker.fileno(), self._want_link)

    def _ended(self) -> None:
        """The process has ended; what it has written is still to be sent."""
        self._uncount()
        for output in self._outputs:
            output.finish()
        self._drained()

    def _drained(self) -> None:
        child = self._child
        if child is None or child.status is None or any(output.is_open for output in self._outputs):
            return
        if child.status in _REASONS:
            self._write_error((Phrases(TABLE, self._language)(_REASONS[child.status]) + "\r\n").encode())
        self._exit(child.status)

    # --- what comes from the visitor ---

    def data_received(self, data: bytes, datatype: Any) -> None:
        """Keys, or a file."""
        if self._input is not None:
            self._input.write(data)

    def eof_received(self) -> bool:
        """His input is at its end; we may still have to say something."""
        if self._input is not None and self._master < 0:
            self._input.finish()
        return True

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        """The window has another size."""
        self._size = clamp(width, height)
        if self._resizing is None and self._master >= 0:
            self._resizing = self._loop.call_later(RESIZE_SECONDS, self._set_size)

    def _set_size(self) -> None:
        self._resizing = None
        columns, lines = self._size
        if self._master >= 0:
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def break_received(self, msec: int) -> bool:
        """Nothing that a chat knows."""
        return False

    def signal_received(self, signal: str) -> None:
        """A client may end its own process, like anybody at his terminal; nothing else."""
        if signal in {"INT", "TERM", "HUP", "KILL"} and self._child is not None:
            self._child.end()

    def pause_writing(self) -> None:
        """The client does not take what we send."""
        for output in self._outputs:
            output.pause()

    def resume_writing(self) -> None:
        """It does again."""
        for output in self._outputs:
            output.resume()

    # --- the end ---

    def _write_error(self, data: bytes) -> None:
        self._channel.write(data, asyncssh.EXTENDED_DATA_STDERR)

    def _leave(self, words: str, code: int) -> None:
        self._write_error((words + "\n").replace("\n", "\r\n" if self._term else "\n").encode())
        self._exit(code)

    def _exit(self, code: int) -> None:
        if self._is_over:
            return
        self._is_over = True
        if not self._channel.is_closing():
            self._channel.exit(code if code >= 0 else 128 - code)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more: the process goes, and with it the connection."""
        self._is_over = True
        if self._child is not None:
            self._child.end()
        if self._resizing is not None:
            self._resizing.cancel()
        for output in self._outputs:
            output.close()
        if self._input is not None and self._master < 0:
            self._input.close_file()
        elif self._input is not None:
            self._input.close()
        if self._master >= 0:
            os.close(self._master)
            self._master = -1
        if self._broker is not None:
            self._loop.remove_reader(self._broker.fileno())
            self._broker.close()
            self._broker = None
        for fd in self._pipes:
            os.close(fd)
        self._pipes.clear()
        if self._child is None or self._child.status is not None:
            self._uncount()
        self._guard.close()

    def _uncount(self) -> None:
        """Somebody else may have the place: there is no process of this visitor any more."""
        if self._is_counted:
            self._is_counted = False
            self._porter.visitors -= 1
