"""The porter: the process that speaks ssh. Lets visitors in, and gives each a process of his own to chat from.

    python -m veche.ssh.porter FD        FD: the way to the server (net/ssh.py), who starts it and tells it all else

He ends when the server does. asyncssh speaks the protocol; what is his own: whom to let in, at what price, and moving
bytes between a visitor's terminal and his process. He never touches what the chat says.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from typing import Any

import asyncssh

from veche.app.logs import set_up
from veche.net.handover import Handover, Message
from veche.ssh.algorithms import ALGORITHMS
from veche.ssh.guard import Guard
from veche.ssh.nurse import Nurse
from veche.ssh.visitor_session import VisitorSession

# Seconds until somebody must have proved who he is, and connections that may be about that at a time: in all, and from
# one address. OpenSSH calls these LoginGraceTime and MaxStartups.
LOGIN_SECONDS = 20
MOST_STRANGERS = 32
MOST_STRANGERS_OF_ADDRESS = 6
# Seconds of silence behind which the client is asked whether it is there, and how often before it is given up.
ALIVE_SECONDS, ALIVE_TIMES = 60, 3
# Bytes of what is sent under one key, and seconds; the protocol's own advice is one gigabyte and an hour.
REKEY_SECONDS = 3600

_log = logging.getLogger("veche.ssh")


class Porter:
    """Everything behind the door."""

    def __init__(self, sock: socket.socket) -> None:
        self.over = asyncio.Event()
        self.server = Handover(sock, self._hear, self.over.set)
        self.settings: Message = {}
        self.nurse: Nurse | None = None
        self.visitors = 0
        self._strangers: dict[str, int] = {}  # connections that have not logged in, by address
        self._options: asyncssh.SSHServerConnectionOptions | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def _hear(self, message: Message, files: list[int]) -> None:
        if message.get("what") == "begin":
            self._keep(self._begin(message, [socket.socket(fileno=file) for file in files]))

    async def _begin(self, settings: Message, sockets: list[socket.socket]) -> None:
        self.settings = settings
        set_up(settings["log"])
        logging.getLogger("asyncssh").setLevel(logging.WARNING)
        self.nurse = await Nurse.start(self.over.set)
        self._options = await asyncssh.SSHServerConnectionOptions.construct(
            server_host_keys=[asyncssh.import_private_key(settings["host_key"])],
            login_timeout=LOGIN_SECONDS,
            keepalive_interval=ALIVE_SECONDS,
            keepalive_count_max=ALIVE_TIMES,
            rekey_seconds=REKEY_SECONDS,
            **ALGORITHMS,
        )
        for sock in sockets:
            sock.setblocking(False)
            self._keep(self._accept(sock))
        self.server.tell({"what": "ready"})

    async def _accept(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                taken, address = await loop.sock_accept(sock)
            except OSError as error:  # descriptors are used up; who waits is served when there are some
                _log.warning("nobody can be let in: %s", error.strerror)
                await asyncio.sleep(1)
                continue
            self._keep(self._receive(taken, str(address[0]) if isinstance(address, tuple) else ""))

    async def _receive(self, sock: socket.socket, address: str) -> None:
        """Somebody knocks. What refusing costs is a socket and two messages: nothing of ssh is begun before."""
        of_address = self._strangers.get(address, 0)
        if of_address >= MOST_STRANGERS_OF_ADDRESS or sum(self._strangers.values()) >= MOST_STRANGERS:
            _refuse(sock, "Too many connections are logging in")
            return
        self._strangers[address] = of_address + 1
        guard: Guard | None = None
        try:
            answer = await self.server.ask({"what": "admit", "address": address})
            if answer["refused"]:
                _refuse(sock, str(answer["refused"]))
                return
            guard = Guard(self, address)
            connection = await asyncssh.run_server(sock, options=self._options, server_factory=lambda: guard)
        except (OSError, asyncssh.Error) as error:
            _log.debug("a connection from %s came to nothing: %s", address or "this machine", error)
            sock.close()
            if guard is not None:
                guard.give_up()
            return
        finally:
            self._leave_strangers(address)
        guard.watch(connection)

    def _leave_strangers(self, address: str) -> None:
        self._strangers[address] -= 1
        if not self._strangers[address]:
            del self._strangers[address]

    def session(self, guard: Guard) -> VisitorSession:
        """A session for somebody who is in."""
        return VisitorSession(self, guard)

    def tell_link(self, sock: socket.socket, guard: Guard, *, is_counted: bool) -> None:
        """Give the server the other end of a link, as somebody who is who he has proved to be."""
        self._tell_link(sock, guard.address, guard.account, guard.keys, is_counted=is_counted)

    def stranger_link(self, address: str, keys: list[str]) -> socket.socket:
        """A link for somebody who has proved nothing yet; the end that is ours."""
        ours, theirs = socket.socketpair()
        self._tell_link(theirs, address, "", keys, is_counted=False)
        return ours

    def _tell_link(
        self, sock: socket.socket, address: str, account: str, keys: list[str], *, is_counted: bool
    ) -> None:
        message = {"what": "link", "address": address, "account": account, "keys": keys}
        self.server.tell({**message, "admitted": is_counted}, [sock.fileno()])
        sock.close()

    def _keep(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            if isinstance(error, ConnectionError):
                return
            _log.error("a fault in the porter", exc_info=error)


def _refuse(sock: socket.socket, reason: str) -> None:
    """RFC 4253, 4.2: "The server MAY send other lines of data before sending the version string"; clients show them."""
    try:
        sock.send(reason.encode(errors="replace")[:200] + b"\r\n")
    except OSError:
        pass
    sock.close()


async def serve(fd: int) -> None:
    """Until the server has gone."""
    porter = Porter(socket.socket(fileno=fd))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, porter.over.set)
    await porter.over.wait()
    porter.server.close()
    if porter.nurse is not None:
        await porter.nurse.close()


def main() -> int:
    """Run; the exit code."""
    os.umask(0o077)
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        asyncio.run(serve(int(sys.argv[1])))
    else:
        uvloop.run(serve(int(sys.argv[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
