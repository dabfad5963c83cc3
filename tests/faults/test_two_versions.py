"""The server of the previous commit beside the current one in one cluster, as it is in the middle of an upgrade.

The previous one is taken out of the history of this checkout: HEAD's parent, or HEAD where the source differs from
it. A clone needs two commits for that; where there is no history at all the test is skipped (which .ci/run refuses).
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from veche.testing.checker.client import Client
from veche.testing.checker.databases import Database
from veche.testing.checker.history import Historian
from veche.testing.checker.nodes import Looker
from veche.testing.checker.process import Server, own_server
from veche.testing.nats import Nats
from veche.wire.message import Message

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux", "postgres", "nats")]

ROOM = "#upgrade"
PATIENCE = 20.0


def git(root: Path, *words: str) -> bytes:
    ran = subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=False)
    if ran.returncode != 0:
        raise AssertionError(f"git {' '.join(words)}: {ran.stderr.decode().strip()}")
    return ran.stdout


@pytest.fixture
def previous(root: Path, tmp_path: Path) -> Path:
    """The source of the previous commit; it says so when it is imported."""
    if not (root / ".git").exists():
        pytest.skip("this is no checkout of the repository, so there is no version before this one")
    commit = "HEAD" if git(root, "status", "--porcelain", "src") else "HEAD~1"
    try:
        named = git(root, "rev-parse", "--verify", f"{commit}^{{commit}}").decode().strip()
    except AssertionError as error:
        pytest.fail(f"{commit} is not here: a clone of depth 1 has no version before this one ({error})")
    folder = tmp_path / "previous"
    with tarfile.open(fileobj=BytesIO(git(root, "archive", named, "src"))) as archive:
        archive.extractall(folder, filter="data")
    with (folder / "src" / "veche" / "__init__.py").open("a") as module:
        module.write(f'\nprint("this is {named}")\n')
    return folder / "src"


class Watcher(Client):
    """Somebody who remembers what was said."""

    def __init__(self, nick: str) -> None:
        super().__init__(nick, self._hear)
        self.heard: list[tuple[str, str]] = []

    def _hear(self, message: Message) -> None:
        if message.command in ("PRIVMSG", "NICK", "TOPIC"):
            self.heard.append((message.nick, message.params[-1]))
        elif message.command == "QUIT":
            self.heard.append((message.nick, "gone"))  # in whatever words of that version

    async def wait_heard(self, nick: str, text: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while (nick, text) not in self.heard:
                await asyncio.sleep(0.02)


async def come(server: Server, nick: str) -> Watcher:
    person = Watcher(nick)
    await person.enter(server.door)
    await person.join(ROOM)
    return person


async def agree(*servers: Server) -> set[str]:
    """Who is in the room, as all of them have it before long."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = []
            for number, server in enumerate(servers):
                looker = Looker(f"looker{number}")
                await looker.client.enter(server.door)
                found.append(set(await looker.names(ROOM)))
                looker.client.abort()
            if all(names == found[0] for names in found):
                return found[0]
            await asyncio.sleep(0.2)


async def test_two_versions_are_one_chat(previous: Path, tmp_path: Path) -> None:
    database = Database(tmp_path / "postgresql")
    now = own_server(None, in_a_database=True)
    before = ("env", f"PYTHONPATH={previous}", *now)
    with Nats(tmp_path / "nats") as nats:
        words = ("--cluster", nats.url)
        old, new, next_old = (
            Server((*command, *words), tmp_path / f"{name}.log")
            for command, name in ((before, "old"), (now, "new"), (before, "next-old"))
        )
        try:
            await database.open()
            for server in (old, new, next_old):
                server.store = database.url
            # The old one has the world, and hands it to the new one.
            await old.start(tmp_path / "old")
            assert "this is " in old.tail()
            ann = await come(old, "ann")
            ann.send(f"TOPIC {ROOM} :said before")
            await new.start(tmp_path / "new")
            assert "this is " not in new.tail()
            bob = await come(new, "bob")
            assert await agree(old, new) == {"ann", "bob"}
            topic = await bob.ask(f"TOPIC {ROOM}", "332", "331")
            assert topic.params[-1] == "said before"
            # Each hears the other, and what is done on one is so on the other.
            ann.send(f"PRIVMSG {ROOM} :from the old one")
            await bob.wait_heard("ann", "from the old one")
            bob.send(f"PRIVMSG {ROOM} :from the new one")
            await ann.wait_heard("bob", "from the new one")
            bob.send("NICK bobby")
            await ann.wait_heard("bob", "bobby")
            assert (await ann.ask("NICK bobby", "NICK", "433")).command == "433"
            # And back: the new one has the world, and an old one comes to it.
            assert await old.end(signal.SIGTERM, PATIENCE) is not None
            await bob.wait_heard("ann", "gone")
            await next_old.start(tmp_path / "next-old")
            cid = await come(next_old, "cid")
            assert await agree(new, next_old) == {"bobby", "cid"}
            cid.send(f"PRIVMSG {ROOM} :from the other old one")
            await bob.wait_heard("cid", "from the other old one")
            historian = Historian()
            await historian.enter(new.door)
            said = [kept.text for kept in await historian.read(ROOM, "forwards")]
            assert said == ["from the old one", "from the new one", "from the other old one"]
            historian.leave()
            for person in (ann, bob, cid):
                person.abort()
            for log in tmp_path.glob("*.log"):
                assert "Traceback" not in log.read_text(), log.read_text()
                assert "bug" not in log.read_text(), log.read_text()
        finally:
            for server in (old, new, next_old):
                await server.kill()
            await database.vanish()
