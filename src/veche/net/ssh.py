"""The server's end of the ssh door: answers what the porter asks, and takes in the connections that he brings.

The porter (veche.ssh.porter) is a process of its own: keys are exchanged and screens drawn there, so that none of it
delays the chat. He says where a visitor comes from and who he has proved to be; everything else, the limits per address
above all, is decided here.
"""

import asyncio
import logging
import os
import socket
from collections import Counter

from veche.core.session import Vouched
from veche.net.handover import Handover, Message
from veche.net.peer import Peer
from veche.net.shell import Shell
from veche.net.tcp import IrcProtocol
from veche.state.accounts import Account

DOOR = "ssh"

_log = logging.getLogger("veche.ssh")


class SshDoor:
    """What one porter is served by, from his start to his end."""

    def __init__(self, shell: Shell, sock: socket.socket) -> None:
        self._shell = shell
        self._admitted: Counter[str] = Counter()  # connections that are no session yet, by address
        self._tasks: set[asyncio.Task[None]] = set()
        self.lost = asyncio.Event()
        self.ready: asyncio.Future[None] = shell.loop.create_future()
        self._handover = Handover(sock, self._hear, self._end)

    def begin(self, settings: Message, files: list[int]) -> None:
        """Tell the porter all that he must know, and hand him the sockets to listen at."""
        self._handover.tell(settings, files)

    def close(self) -> None:
        """Let him end: he does when nobody is there any more to ask."""
        self._handover.close()

    def _hear(self, message: Message, files: list[int]) -> None:
        match message.get("what"):
            case "admit":
                self._admit(message)
            case "gone":
                self._give_up(str(message["address"]))
            case "account":
                self._answer(message, self._look_up(message))
            case "link" if files:
                self._link(message, socket.socket(fileno=files.pop()))
            case "ready" if not self.ready.done():
                self.ready.set_result(None)
            case _:
                _log.error("the porter said something that is not understood: %.200r", message)
        for file in files:
            os.close(file)
        self._shell.touch()

    def _answer(self, message: Message, answer: Message) -> None:
        self._handover.tell({**answer, "answers": message["id"]})

    def _admit(self, message: Message) -> None:
        address = str(message["address"])
        reason = self._shell.engine.admit(address)
        if not reason:
            self._admitted[address] += 1
        self._answer(message, {"refused": reason})

    def _give_up(self, address: str) -> None:
        if self._admitted[address] > 0:
            self._admitted[address] -= 1
            self._shell.engine.give_up(address)
        if not self._admitted[address]:
            del self._admitted[address]

    def _look_up(self, message: Message) -> Message:
        """Whether there is an account of this name, and whether this key is its owner's."""
        account = self._shell.engine.world.accounts.named(str(message["name"]))
        if account is None:
            return {"uid": "", "name": "", "has_key": False}
        return {
            "uid": account.uid,
            "name": account.name,
            "has_key": _has_key(account, str(message.get("key", ""))),
        }

    def _link(self, message: Message, sock: socket.socket) -> None:
        """One connection of a visitor: IRC, like any other."""
        peer = Peer(str(message["address"]))
        peer.secure = True  # ssh as far as our machine, a local socket from there
        peer.vouched = Vouched(str(message["account"]), tuple(map(str, message["keys"])))
        if message["admitted"] and self._admitted[peer.address] > 0:
            self._admitted[peer.address] -= 1
            peer.admitted = True
        task = self._shell.loop.create_task(self._connect(sock, peer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, sock: socket.socket, peer: Peer) -> None:
        sock.setblocking(False)
        await self._shell.loop.create_unix_connection(lambda: IrcProtocol(self._shell, DOOR, peer), sock=sock)

    def _end(self) -> None:
        """The porter has gone, or is to go."""
        engine = self._shell.engine
        for address, count in self._admitted.items():
            for _ in range(count):
                engine.give_up(address)
        self._admitted.clear()
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("the porter has gone"))
            self.ready.exception()  # looked at, whether anybody waits for it or not
        self.lost.set()
        self._shell.touch()


def _has_key(account: Account, key: str) -> bool:
    """Whether this is one of the account's keys. A fingerprint is no secret: it proves nothing without the key."""
    return key in account.ssh_keys
