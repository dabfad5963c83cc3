"""The ssh door's keeper: its host key, its sockets, and the porter's process, which is started again if it dies.

ssh/host_key    in the data directory: made at the first start, in OpenSSH's format, its owner's alone (mode 0600)
"""

import asyncio
import base64
import hashlib
import logging
import os
import socket
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from veche.app.addresses import Address
from veche.app.config import Config
from veche.net.handover import Message
from veche.net.listeners import bind_tcp, bind_unix
from veche.net.shell import Shell
from veche.net.ssh import SshDoor
from veche.phrases import Language, Phrases
from veche.store.files import require_regular, sync_directory, write_lasting

FOLDER = "ssh"
KEY_FILE = "host_key"
PORTER = "veche.ssh.porter"
# Seconds until a porter who died is replaced: the first time, and at most.
FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0
# Seconds that he may take to be ready, and to end.
START_SECONDS = 30.0
END_SECONDS = 3.0

_log = logging.getLogger("veche.ssh")

PHRASES = {
    "exposed": (
        "{path} is a private key and others may read it (mode {mode:04o}): chmod 600 {path}",
        "{path} — закрытый ключ, а читать его могут и другие (права {mode:04o}): chmod 600 {path}",
    ),
    "no-key": (
        "{path} holds no private key in OpenSSH's form that needs no password: {detail}",
        "в {path} нет закрытого ключа в формате OpenSSH без пароля: {detail}",
    ),
    "no-start": (
        "the ssh door could not be opened: its process ended at once (see the messages above)",
        "дверь ssh не открылась: её процесс сразу завершился (сообщения выше)",
    ),
}


class SshError(Exception):
    """The door cannot be opened; the text says why, in the reader's language."""


def load_host_key(folder: Path, language: Language) -> str:
    """The host key, made at the first start. Raises SshError for one that is exposed or none, OSError for the disk."""
    say = Phrases(PHRASES, language)
    path = folder / KEY_FILE
    if require_regular(path):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077 and os.name == "posix":
            raise SshError(say("exposed", path=path, mode=mode))
        text = path.read_text(errors="replace")
        fingerprint(text, path, language)
        return text
    folder.mkdir(mode=0o700, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    data = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    write_lasting(path, data)
    sync_directory(folder.parent)
    return data.decode()


def fingerprint(text: str, path: Path, language: Language) -> str:
    """What clients show of a host key: SHA256:... Raises SshError where that is no key."""
    try:
        public = load_ssh_private_key(text.encode(), None).public_key()
        blob = base64.b64decode(public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1])
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SshError(Phrases(PHRASES, language)("no-key", path=path, detail=error)) from error
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


class SshKeeper:
    """The ssh door of one server."""

    def __init__(self, shell: Shell, config: Config, data: Path, language: Language) -> None:
        self._shell = shell
        self._config = config
        self._language = language
        self._folder = data / FOLDER
        self._sockets: list[socket.socket] = []
        self._door: SshDoor | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False
        self._key = ""
        self.fingerprint = ""

    async def open(self, addresses: Sequence[Address]) -> list[str]:
        """Listen, and start the porter; returns where it listens. Raises DoorError, SshError and OSError."""
        self._key = load_host_key(self._folder, self._language)
        self.fingerprint = fingerprint(self._key, self._folder / KEY_FILE, self._language)
        shown = []
        for address in addresses:
            where = str(address)
            if address.path is not None:
                self._sockets.append(bind_unix(address.path, where))
                shown.append(where)
                continue
            found = await bind_tcp(address.host, address.port, where)
            self._sockets += found
            port = found[0].getsockname()[1]
            shown.append(where if address.port else f"{where.rpartition(':')[0]}:{port}")
        await self._start()
        assert self._door is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._door.ready
        except (ConnectionError, TimeoutError) as error:
            await self.close()
            raise SshError(Phrases(PHRASES, self._language)("no-start")) from error
        self._task = asyncio.create_task(self._watch(), name="the porter")
        return shown

    async def close(self) -> None:
        """Shut the door and wait until everybody behind it has gone."""
        self._is_closing = True
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()
        if self._door is not None:
            self._door.close()
        if self._task is not None:
            self._task.cancel()
        if self._process is not None:
            await self._wait(self._process)

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        try:
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        # A session of its own: ^C at our terminal is ours to answer, and he ends when we do.
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", PORTER, str(theirs.fileno())),
            pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self._door = SshDoor(self._shell, ours)
        self._door.begin(self._settings(), [sock.fileno() for sock in self._sockets])

    def _settings(self) -> Message:
        ssh = self._config.ssh
        return {
            "what": "begin",
            "host_key": self._key,
            "network": self._config.server.network,
            "language": self._language,
            "guests": ssh.guests and not self._config.accounts.account_required,
            "visitors": ssh.visitors,
            "memory_mb": ssh.memory_mb,
            "log": self._config.log.level,
        }

    async def _watch(self) -> None:
        delay = FIRST_DELAY
        while True:
            assert self._door is not None
            assert self._process is not None
            await self._door.lost.wait()
            if self._is_closing:
                return
            await self._wait(self._process)
            _log.error("the ssh door's process has ended with code %s", self._process.returncode)
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)
            await self._start()
