"""Open doors: listen at an address and say plainly why not when it fails."""

import asyncio
import errno
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

from veche.net.descriptors import Reserve, allow_all

# Connections that wait at a door to be accepted; fewer where descriptors are few, since one turn of the loop accepts
# them all, at several doors, before the first can be refused.
BACKLOG = 1024
_PART_OF_RESERVE = 4  # as many as there are doors
_LEAST = 8


def backlog() -> int:
    """How many connections may wait at one door."""
    return min(BACKLOG, max(_LEAST, Reserve(allow_all()).kept // _PART_OF_RESERVE))


class DoorError(Exception):
    """An address cannot be listened at. `reason` is one of "taken", "denied", "absent" and "other"."""

    def __init__(self, reason: str, where: str, detail: str) -> None:
        super().__init__(f"{where}: {detail}")
        self.reason = reason
        self.where = where
        self.detail = detail


async def listen_tcp(
    factory: Callable[[], asyncio.Protocol], host: str | None, port: int, where: str, *, shares: bool = False
) -> asyncio.Server:
    """Listen on a TCP port; `host` None is every interface, IPv4 and IPv6. Raises DoorError.

    With `shares` others that say so and are of the same user may listen there as well (socket(7), SO_REUSEPORT).
    """
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(factory, host, port, backlog=backlog(), reuse_port=shares or None)
    except OSError as error:
        raise _door_error(error, where) from error


async def listen_unix(factory: Callable[[], asyncio.Protocol], path: Path, where: str) -> asyncio.Server:
    """Listen on a socket in the file system, open to its owner alone. Raises DoorError.

    A socket that a dead server left behind is removed; one that answers, or anything that is no socket, is not.
    """
    _clear_away(path, where)
    mask = os.umask(0o177)  # the socket is born private; a chmod afterwards would come too late
    try:
        return await asyncio.get_running_loop().create_unix_server(factory, str(path), backlog=backlog())
    except OSError as error:
        raise _door_error(error, where) from error
    finally:
        os.umask(mask)


async def bind_tcp(host: str | None, port: int, where: str) -> list[socket.socket]:
    """Sockets that listen at a TCP port, for another process to accept from; see `listen_tcp`. Raises DoorError."""
    loop = asyncio.get_running_loop()
    found: list[socket.socket] = []
    try:
        infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _kind, _protocol, _name, address in dict.fromkeys(infos):
            sock = socket.socket(family, socket.SOCK_STREAM)
            found.append(sock)
            if os.name == "posix":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(address)
            sock.listen(backlog())
    except OSError as error:
        for sock in found:
            sock.close()
        raise _door_error(error, where) from error
    return found


def bind_unix(path: Path, where: str) -> socket.socket:
    """The same for a socket in the file system; see `listen_unix`. Raises DoorError."""
    _clear_away(path, where)
    sock = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        sock.bind(str(path))
        sock.listen(backlog())
    except OSError as error:
        sock.close()
        raise _door_error(error, where) from error
    finally:
        os.umask(mask)
    return sock


def _clear_away(path: Path, where: str) -> None:
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise DoorError("taken", where, "there is a file of that name that is no socket")
        if _answers(path):
            raise DoorError("taken", where, "another program listens there")
        path.unlink()
    except FileNotFoundError:
        pass


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def _door_error(error: OSError, where: str) -> DoorError:
    reasons = {
        errno.EADDRINUSE: "taken",
        errno.EACCES: "denied",
        errno.EPERM: "denied",
        errno.EADDRNOTAVAIL: "absent",
        errno.ENOENT: "absent",
    }
    reason = "absent" if isinstance(error, socket.gaierror) else reasons.get(error.errno or 0, "other")
    return DoorError(reason, where, error.strerror or str(error))
