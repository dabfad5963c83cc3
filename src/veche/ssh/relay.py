"""Bytes between an ssh channel and a file descriptor, neither side faster than the other."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import Any

# Bytes that wait for a process that does not read; the client is not read meanwhile.
MOST_WAITING = 65_536
_PIECE = 65_536
# Output is gathered for so long, in seconds, before it is sent: a screen comes in several writes, and each packet has
# its price.
GATHER_SECONDS = 0.005


class Sink:
    """What the visitor types, on its way to his process."""

    def __init__(self, fd: int, channel: Any) -> None:
        self._fd = fd
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._waiting = bytearray()
        self._is_paused = False
        self._is_finishing = False

    def write(self, data: bytes) -> None:
        """Pass it on, or keep it until the process reads."""
        if self._fd < 0:
            return
        if not self._waiting:
            data = data[self._put(data) :]
        if data and self._fd >= 0:
            if not self._waiting:
                self._loop.add_writer(self._fd, self._go_on)
            self._waiting += data
            if len(self._waiting) > MOST_WAITING and not self._is_paused:
                self._is_paused = True
                self._channel.pause_reading()

    def finish(self) -> None:
        """There is no more to come."""
        self._is_finishing = True
        if not self._waiting:
            self.close_file()

    def close(self) -> None:
        """Leave it. The descriptor is closed by `close_file`, or by whoever it belongs to."""
        if self._fd >= 0 and self._waiting:
            self._loop.remove_writer(self._fd)
        self._waiting.clear()
        self._fd = -1

    def close_file(self) -> None:
        """The end of a pipe."""
        fd = self._fd
        self.close()
        if fd >= 0:
            os.close(fd)

    def _put(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:  # the process reads no more
            self._fd, fd = -1, self._fd
            self._waiting.clear()
            with contextlib.suppress(OSError, ValueError):
                self._loop.remove_writer(fd)
            self._fd = fd
            return len(data)

    def _go_on(self) -> None:
        del self._waiting[: self._put(self._waiting)]
        if self._waiting:
            return
        if self._fd >= 0:
            self._loop.remove_writer(self._fd)
        if self._is_paused:
            self._is_paused = False
            self._channel.resume_reading()
        if self._is_finishing:
            self.close_file()


class Source:
    """What a process writes, on its way to the visitor. `drained` is called when there is no more."""

    def __init__(self, fd: int, write: Callable[[bytes], Any], drained: Callable[[], None]) -> None:
        self._fd = fd
        self._write = write
        self._drained = drained
        self._loop = asyncio.get_running_loop()
        self._is_paused = False
        self._gathering: asyncio.TimerHandle | None = None
        self.is_open = True
        self._loop.add_reader(fd, self._look)

    def pause(self) -> None:
        """Leave what comes where it is."""
        if self.is_open and not self._is_paused:
            self._is_paused = True
            self._loop.remove_reader(self._fd)

    def resume(self) -> None:
        """Go on."""
        if self.is_open and self._is_paused:
            self._is_paused = False
            self._loop.add_reader(self._fd, self._look)

    def finish(self) -> None:
        """The process has ended: take what is still there, and no more. Others may hold the other end for ever."""
        while self.is_open and self._read():
            pass
        self.close()

    def close(self) -> None:
        """No more of it."""
        if self.is_open:
            self.is_open = False
            if self._gathering is not None:
                self._gathering.cancel()
            with contextlib.suppress(OSError, ValueError):
                self._loop.remove_reader(self._fd)

    def _look(self) -> None:
        """Something is there: wait a moment for the rest of it."""
        self._loop.remove_reader(self._fd)
        self._gathering = self._loop.call_later(GATHER_SECONDS, self._gathered)

    def _gathered(self) -> None:
        self._gathering = None
        if self.is_open:
            self._read()
        if self.is_open and not self._is_paused:
            self._loop.add_reader(self._fd, self._look)

    def _read(self) -> bool:
        """Whether there was anything."""
        try:
            data = os.read(self._fd, _PIECE)
        except BlockingIOError:
            return False
        except OSError:  # EIO: nobody has the terminal open any more
            data = b""
        if data:
            try:
                self._write(data)
            except BrokenPipeError:  # the visitor has gone, and asyncssh has not told us yet
                self.close()
                return False
            return True
        self.close()
        self._drained()
        return False
