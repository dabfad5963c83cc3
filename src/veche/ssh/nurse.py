"""The porter's end of the nursery: asks for children, and hears when they end."""

import asyncio
import itertools
import logging
import signal
import socket
import sys
from collections.abc import Callable
from typing import Self

from veche.net.handover import Handover, Message

NURSERY = "veche.ssh.nursery"
# Seconds until a child that was told to go is made to.
PATIENCE = 5.0

_log = logging.getLogger("veche.ssh")


class Child:
    """One visitor's process."""

    __slots__ = ("_nurse", "_timer", "ended", "number", "pid", "status")

    def __init__(self, nurse: "Nurse", number: int, ended: Callable[[], None]) -> None:
        self._nurse = nurse
        self._timer: asyncio.TimerHandle | None = None
        self.number = number
        self.pid = 0
        self.status: int | None = None  # the exit code, or minus the signal that ended it
        self.ended = ended

    def end(self) -> None:
        """It is not wanted any more."""
        if self.status is None and self._timer is None:
            self._signal(signal.SIGHUP)
            self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._signal, signal.SIGKILL)

    def done(self, status: int) -> None:
        """It has ended."""
        if self._timer is not None:
            self._timer.cancel()
        self.status = status
        self.ended()

    def _signal(self, number: int) -> None:
        self._nurse.tell({"what": "signal", "child": self.number, "signal": int(number)})


class Nurse:
    """Children are made by a process that has loaded all they need and runs nothing: a fork of it begins at once, and
    shares its memory."""

    def __init__(
        self, sock: socket.socket, process: asyncio.subprocess.Process, lost: Callable[[], None]
    ) -> None:
        self._process = process
        self._children: dict[int, Child] = {}
        self._numbers = itertools.count(1)
        self._lost = lost
        self._is_closing = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._handover = Handover(sock, self._hear, self._end)

    @classmethod
    async def start(cls, lost: Callable[[], None]) -> Self:
        """Start the nursery and wait until it is warm; `lost` is called when it dies. Raises ConnectionError."""
        ours, theirs = socket.socketpair()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-X", "utf8", "-m", NURSERY, str(theirs.fileno())),
            pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )
        theirs.close()
        nurse = cls(ours, process, lost)
        await nurse.ready
        return nurse

    def tell(self, message: Message) -> None:
        """Say something to the nursery."""
        self._handover.tell(message)

    def bear(self, request: Message, files: list[int], ended: Callable[[], None]) -> Child:
        """A new child with these files: the terminal or standard input, output and errors, and last the broker's
        socket (see visitor.py). `ended` is called behind its end."""
        child = Child(self, next(self._numbers), ended)
        self._children[child.number] = child
        self._handover.tell({**request, "what": "bear", "child": child.number}, files)
        return child

    async def close(self) -> None:
        """Let everybody go."""
        self._is_closing = True
        self._handover.close()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()

    def _hear(self, message: Message, _files: list[int]) -> None:
        match message["what"]:
            case "ready":
                self.ready.set_result(None)
            case "born":
                self._children[message["child"]].pid = message["pid"]
            case "ended":
                self._children.pop(message["child"]).done(message["status"])

    def _end(self) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("the nursery has ended"))
        if not self._is_closing:
            _log.error("the process that visitors' processes come from has ended")
        for child in list(self._children.values()):
            child.done(-int(signal.SIGKILL))
        self._children.clear()
        self._lost()
