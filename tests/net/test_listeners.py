"""veche.net.listeners: open doors, and plain words when one cannot be opened."""

from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path

import pytest

from veche.net.listeners import DoorError, listen_tcp, listen_unix


async def test_a_port_is_opened() -> None:
    server = await listen_tcp(asyncio.Protocol, "127.0.0.1", 0, "irc")
    assert server.sockets[0].getsockname()[1]
    server.close()


async def test_a_taken_port_is_called_taken() -> None:
    server = await listen_tcp(asyncio.Protocol, "127.0.0.1", 0, "irc")
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(DoorError) as caught:
        await listen_tcp(asyncio.Protocol, "127.0.0.1", port, f"127.0.0.1:{port}")
    assert caught.value.reason == "taken"
    assert caught.value.where == f"127.0.0.1:{port}"
    server.close()


async def test_an_address_of_another_machine_is_absent() -> None:
    with pytest.raises(DoorError) as caught:
        await listen_tcp(asyncio.Protocol, "192.0.2.1", 0, "irc")
    assert caught.value.reason == "absent"


async def test_a_unix_socket_is_private(tmp_path: Path) -> None:
    path = tmp_path / "door"
    server = await listen_unix(asyncio.Protocol, path, "irc")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    server.close()


async def test_the_socket_of_a_dead_server_is_cleared_away(tmp_path: Path) -> None:
    path = tmp_path / "door"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    server = await listen_unix(asyncio.Protocol, path, "irc")
    server.close()


async def test_the_socket_of_a_living_server_is_not(tmp_path: Path) -> None:
    path = tmp_path / "door"
    server = await listen_unix(asyncio.Protocol, path, "irc")
    with pytest.raises(DoorError) as caught:
        await listen_unix(asyncio.Protocol, path, "irc")
    assert caught.value.reason == "taken"
    assert path.exists()
    server.close()


async def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "door"
    path.write_text("precious")
    with pytest.raises(DoorError) as caught:
        await listen_unix(asyncio.Protocol, path, "irc")
    assert caught.value.reason == "taken"
    assert path.read_text() == "precious"


async def test_a_folder_that_does_not_exist_is_absent(tmp_path: Path) -> None:
    with pytest.raises(DoorError) as caught:
        await listen_unix(asyncio.Protocol, tmp_path / "no" / "door", "irc")
    assert caught.value.reason == "absent"
