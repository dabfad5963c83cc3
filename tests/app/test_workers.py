"""veche.app.workers: several real processes behind one port, with a PostgreSQL and a NATS that the server brings."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import veche
from veche.app import cli
from veche.app.children import until_we_end
from veche.app.workers import WORKER, Role, find_role
from veche.testing.checker.client import Client
from veche.testing.checker.history import Historian
from veche.testing.checker.nodes import Looker
from veche.testing.processes import is_alive
from veche.wire.message import Message

ROOM = "#tea"
PATIENCE = 60.0


class Started:
    """One `server --workers 2`."""

    def __init__(self, process: asyncio.subprocess.Process, table: list[str]) -> None:
        self.process = process
        self.table = table

    @property
    def port(self) -> int:
        row = next(line for line in self.table if line.startswith("  irc "))
        return int(row.split()[1].rpartition(":")[2])

    def children(self, of: str) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children if of in Path(f"/proc/{child}/cmdline").read_text()]

    async def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


def command(data: Path, *more: str) -> list[str]:
    doors = ["--irc=127.0.0.1:0", "--web=off", "--ircs=off", "--classic=off"]
    limits = ["limits.flood=false", "limits.connections_per_address=0", "lobby.room="]
    sets = [word for limit in limits for word in ("--set", limit)]
    return [
        sys.executable,
        "-m",
        "veche.app.server",
        "--data",
        str(data),
        "--workers",
        "2",
        *doors,
        *sets,
        *more,
    ]


async def run(words: Sequence[str], log: Path, language: str = "C.UTF-8") -> asyncio.subprocess.Process:
    source = str(Path(veche.__file__).parents[1])
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    with log.open("ab") as errors:
        return await asyncio.create_subprocess_exec(
            *until_we_end(signal.SIGTERM),
            *words,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "LC_ALL": language, "PYTHONPATH": path},
        )


async def start(folder: Path, *more: str, language: str = "C.UTF-8") -> Started:
    process = await run(command(folder / "data", *more), folder / "log", language)
    assert process.stdout is not None
    table = []
    async with asyncio.timeout(PATIENCE):
        async for raw in process.stdout:
            table.append(raw.decode().rstrip())
            if table[-1] == "ready":
                return Started(process, table)
    raise AssertionError((folder / "log").read_text())


async def enter(port: int, *nicks: str) -> list[Client]:
    people = [Client(nick) for nick in nicks]
    for person in people:
        await person.enter(port)
        await person.join(ROOM)
    return people


async def who_is_there(port: int, nick: str) -> set[str]:
    looker = Looker(nick)
    await looker.client.enter(port)
    names = set(await looker.names(ROOM))
    looker.client.abort()
    return names


@pytest.mark.slow
@pytest.mark.needs("linux", "postgres", "nats", "setpriv")
async def test_two_workers_are_one_server(tmp_path: Path) -> None:
    server = await start(tmp_path)
    try:
        assert "  workers  2 behind the same doors" in server.table
        workers, services = server.children("veche.app.server"), server.children("postgres")
        services += server.children("nats")
        assert (len(workers), len(services)) == (2, 2)
        people = await enter(server.port, *(f"p{number}" for number in range(20)))
        everybody = {person.nick for person in people}
        # Whoever the kernel leads one to: the same people are there.
        for number in range(8):
            assert await who_is_there(server.port, f"looker{number}") == everybody
        await people[0].ask(f"@label=1 PRIVMSG {ROOM} :before", "PRIVMSG")
        os.kill(workers[0], signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            while not any(person.closed.is_set() for person in people):
                await asyncio.sleep(0.05)
            staying = {person.nick for person in people if not person.closed.is_set()}
            assert staying  # both had some: one of twenty cases in a million that all are on one
            while await who_is_there(server.port, "looker") != staying:
                await asyncio.sleep(0.2)
            while (
                workers[0] in server.children("veche.app.server")
                or len(server.children("veche.app.server")) < 2
            ):
                await asyncio.sleep(0.1)
        for person in people:
            person.abort()
        everything = [*server.children("veche.app.server"), *services]
        assert await server.end() == 0
        assert not [pid for pid in everything if is_alive(pid)]
        log = (tmp_path / "log").read_text()
        assert "is started again" in log
        assert "Traceback" not in log, log
        # The record is where it was, whoever has it now; and the words are for whoever reads them.
        server = await start(tmp_path, language="ru_RU.UTF-8")
        assert any("рабочих процессов" in line for line in server.table)
        historian = Historian()
        await historian.enter(server.port)
        assert [kept.text for kept in await historian.read(ROOM, "forwards")] == ["before"]
        historian.leave()
    finally:
        if server.process.returncode is None:
            await server.end()


# Of "sesame-open-1".
HASH = "$argon2id$v=19$m=19456,t=2,p=1$fICz7Wi9T5v3U1d+a/TC7A$Ecg1jcG7WO93TEDFq6RG1OPhcOOPo+PaKjVRkLUokWo"


def write_config(folder: Path, motd: str) -> Path:
    file = folder / "veche.toml"
    file.write_text(f'[server]\nmotd = "{motd}"\n[oper.root]\npassword_hash = "{HASH}"\n')
    file.chmod(0o600)
    return file


async def read_motd(port: int, nick: str) -> str:
    heard: list[Message] = []
    client = Client(nick, heard.append)
    await client.enter(port)
    client.abort()
    return next(message.params[-1] for message in heard if message.command == "372")


@pytest.mark.slow
@pytest.mark.needs("linux", "postgres", "nats", "setpriv")
async def test_all_workers_read_the_config_again(tmp_path: Path) -> None:
    server = await start(tmp_path, "--config", str(write_config(tmp_path, "before")))
    try:
        workers = server.children("veche.app.server")
        (operator,) = await enter(server.port, "ann")
        await operator.ask("OPER root sesame-open-1", "381")
        for words, command in (("by command", "REHASH"), ("by signal", "")):
            write_config(tmp_path, words)
            if command:
                await operator.ask(command, "382")
            else:
                server.process.send_signal(signal.SIGHUP)
            async with asyncio.timeout(PATIENCE):
                # Of twelve visitors one in two thousand finds the same worker each time.
                while any([words not in await read_motd(server.port, f"v{number}") for number in range(12)]):
                    await asyncio.sleep(0.1)
        operator.abort()
        assert server.children("veche.app.server") == workers
        assert await server.end() == 0
        log = (tmp_path / "log").read_text()
        # Each of them reads it once for the signal, and no more than twice for the command.
        assert 2 + 2 <= log.count("changed; waiting for a restart") <= 2 + 3
        assert "out of reach" not in log
    finally:
        if server.process.returncode is None:
            await server.end()


@pytest.mark.slow
@pytest.mark.needs("linux", "postgres", "nats", "setpriv")
async def test_a_foreman_that_is_killed_leaves_nobody_behind(tmp_path: Path) -> None:
    server = await start(tmp_path)
    everything = [
        *server.children("veche.app.server"),
        *server.children("postgres"),
        *server.children("nats"),
    ]
    assert len(everything) == 4
    server.process.kill()
    await server.process.wait()
    async with asyncio.timeout(PATIENCE):
        while any(is_alive(pid) for pid in everything):
            await asyncio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.needs("linux", "postgres", "nats")
async def test_who_is_ended_while_he_starts_ends(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = await run(command(tmp_path / "data"), log)
    async with asyncio.timeout(PATIENCE):
        while not (tmp_path / "data" / "worker-1").exists():
            await asyncio.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert (process.returncode, out) == (0, b"")
    assert "Traceback" not in log.read_text(), log.read_text()


@pytest.mark.slow
@pytest.mark.needs("linux", "postgres", "nats")
async def test_what_is_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    """A port on which somebody listens, even one who would share it; and a record that is in SQLite."""
    log = tmp_path / "log"
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"--irc=127.0.0.1:{other.getsockname()[1]}"
        words = [word for word in command(tmp_path / "data") if not word.startswith("--irc=")]
        process = await run([*words, taken], log)
        await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode == 2
        assert "is taken" in log.read_text()
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "made").write_text("a record\n")
    process = await run(command(alone), log)
    await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 2
    assert "holds the record of a server that is alone" in log.read_text()
    assert sorted(path.name for path in alone.iterdir()) == ["lock", "made"]


def test_a_worker_is_told_what_it_is() -> None:
    role = Role(2, "postgresql://veche:secret@127.0.0.1:1/x", "nats://127.0.0.1:2", {"irc :0": 3}, "code")
    assert find_role({}) is None
    import msgspec

    assert find_role({WORKER: msgspec.json.encode(role).decode()}) == role
    settings = role.apply(cli.parse(["--data", "/nowhere", "--workers", "2"], {}))
    assert settings.config.store.url == role.store
    assert settings.config.cluster.url == role.cluster
    assert role.folder(Path("/nowhere")) == Path("/nowhere/worker-2")


@pytest.mark.parametrize("words", [["--workers", "0"], ["--workers", "65"], ["--workers", "many"]])
def test_how_many(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.parse(["--data", "/nowhere", *words], {})
    assert ended.value.code == 2
    assert "cluster.workers" in capsys.readouterr().err


def test_workers_need_a_record(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parse(["--data", "/nowhere", "--workers", "2", "--set", "store.mode=off"], {})
    assert "cluster.workers" in capsys.readouterr().err
