"""The way to PostgreSQL that can be harmed: what passes, what does not, and what is left in the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from veche.testing.postgres import Postgres, find_binaries
from veche.testing.postgres_proxy import Answers, Proxy, Statements, Which

pytestmark = [pytest.mark.slow, pytest.mark.needs("postgres")]
PATIENCE = 20


@pytest.fixture
async def proxy(postgres: Postgres) -> AsyncIterator[Proxy]:
    async with Proxy(postgres.port) as proxy:
        yield proxy


class Psql:
    """A client that is told what to do line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.stdin = process.stdin
        self.stdout = process.stdout

    @classmethod
    async def start(cls, url: str) -> Psql:
        psql = str((find_binaries() or Path()) / "psql")
        pipe = asyncio.subprocess.PIPE
        out = asyncio.subprocess.STDOUT
        return cls(
            await asyncio.create_subprocess_exec(psql, "-XqAt", url, stdin=pipe, stdout=pipe, stderr=out)
        )

    def say(self, line: str) -> None:
        self.stdin.write(line.encode() + b"\n")

    async def hear(self) -> str:
        return (await asyncio.wait_for(self.stdout.readline(), PATIENCE)).decode().rstrip()

    async def end(self) -> str:
        """Its last words."""
        self.stdin.close()
        rest, _ = await asyncio.wait_for(self.process.communicate(), PATIENCE)
        return rest.decode()


async def test_everything_passes(postgres: Postgres, database: str, proxy: Proxy) -> None:
    psql = await Psql.start(postgres.url(database, port=proxy.port))
    psql.say("SELECT repeat('tea', 100000);")
    assert await psql.stdout.readexactly(300001) == b"tea" * 100000 + b"\n"
    assert await psql.end() == ""
    assert proxy.accepted == 1


async def test_a_cut_ends_connections_and_new_ones_are_welcome(
    postgres: Postgres, database: str, proxy: Proxy
) -> None:
    url = postgres.url(database, port=proxy.port)
    psql = await Psql.start(url)
    psql.say("SELECT 1;")
    assert await psql.hear() == "1"
    proxy.cut()
    psql.say("SELECT 2;")
    said = await psql.end()
    assert "2" not in said.splitlines()
    assert "connection to server was lost" in said, said
    again = await Psql.start(url)
    again.say("SELECT 3;")
    assert await again.end() == "3\n"


@pytest.mark.parametrize(("which", "cups"), [("kept", "1"), ("lost", "0")])
async def test_a_connection_is_cut_between_a_commit_and_its_answer(
    postgres: Postgres, database: str, proxy: Proxy, which: Which, cups: str
) -> None:
    """The client learns the same in both cases; the truth is in the database."""
    postgres.ask("CREATE TABLE tea (cups int)", database)
    psql = await Psql.start(postgres.url(database, port=proxy.port))
    cut = proxy.cut_at_commit(which)
    psql.say("BEGIN;\nINSERT INTO tea VALUES (1);\nSELECT 'stored';")
    assert await psql.hear() == "stored"
    assert not cut.is_set()
    psql.say("COMMIT;")
    psql.say("SELECT 'after';")
    said = await psql.end()
    assert "after" not in said.splitlines(), said
    assert cut.is_set()
    await until_alone(postgres, database)
    assert await ask(postgres, "SELECT count(*) FROM tea", database) == cups
    # It springs once.
    again = await Psql.start(postgres.url(database, port=proxy.port))
    again.say("BEGIN;\nINSERT INTO tea VALUES (1);\nCOMMIT;\nSELECT 'after';")
    assert await again.end() == "after\n"


async def test_a_statement_outside_of_a_transaction_commits_itself(
    postgres: Postgres, database: str, proxy: Proxy
) -> None:
    """Parse, Bind, Execute, Sync: psql sends them for \\bind."""
    postgres.ask("CREATE TABLE tea (cups int)", database)
    psql = await Psql.start(postgres.url(database, port=proxy.port))
    cut = proxy.cut_at_commit("kept")
    psql.say("BEGIN;\nINSERT INTO tea VALUES (6);\nROLLBACK;\nSELECT 'all is well';")
    assert await psql.hear() == "all is well"
    psql.say("INSERT INTO tea VALUES ($1) \\bind 7 \\g")
    psql.say("SELECT 'after';")
    assert "after" not in (await psql.end()).splitlines()
    assert cut.is_set()
    assert await ask(postgres, "SELECT cups FROM tea", database) == "7"


@pytest.mark.parametrize(("which", "cups"), [("kept", "7"), ("lost", "")])
async def test_a_copy_commits_itself_when_its_last_row_was_sent(
    postgres: Postgres, database: str, proxy: Proxy, which: Which, cups: str
) -> None:
    postgres.ask("CREATE TABLE tea (cups int)", database)
    psql = await Psql.start(postgres.url(database, port=proxy.port))
    cut = proxy.cut_at_commit(which)
    psql.say("COPY tea FROM STDIN;\n7\n\\.")
    psql.say("SELECT 'after';")
    assert "after" not in (await psql.end()).splitlines()
    assert cut.is_set()
    await until_alone(postgres, database)
    assert await ask(postgres, "SELECT cups FROM tea", database) == cups


async def test_a_stalled_one_takes_connections_and_says_nothing(
    postgres: Postgres, database: str, proxy: Proxy
) -> None:
    url = postgres.url(database, port=proxy.port)
    before = await Psql.start(url)
    before.say("SELECT 1;")
    assert await before.hear() == "1"
    proxy.stall()
    before.say("SELECT 2;")
    after = await Psql.start(url)
    after.say("SELECT 3;")
    while proxy.accepted < 2:
        await asyncio.sleep(0)
    # Whatever was to come has had time to come: the database itself answers meanwhile.
    assert await ask(postgres, "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT 2;'") == "0"
    proxy.flow()
    assert await before.end() == "2\n"
    assert await after.end() == "3\n"


async def test_what_was_sent_into_a_stall_arrives_even_when_its_sender_has_given_up(
    postgres: Postgres, database: str, proxy: Proxy
) -> None:
    postgres.ask("CREATE TABLE tea (cups int)", database)
    psql = await Psql.start(postgres.url(database, port=proxy.port))
    psql.say("BEGIN;\nINSERT INTO tea VALUES (1);\nSELECT 'stored';")
    assert await psql.hear() == "stored"
    proxy.stall()
    psql.say("COMMIT;")
    await proxy.has_held.wait()
    psql.process.kill()
    await psql.end()
    assert await ask(postgres, "SELECT count(*) FROM tea", database) == "0"
    proxy.flow()
    await until_alone(postgres, database)
    assert await ask(postgres, "SELECT count(*) FROM tea", database) == "1"


async def test_a_closed_one_refuses_and_is_there_again_at_the_same_address(
    postgres: Postgres, database: str, proxy: Proxy
) -> None:
    url = postgres.url(database, port=proxy.port)
    proxy.close()
    refused = await Psql.start(url)
    assert "Connection refused" in await refused.end()
    proxy.open()
    gone = asyncio.create_task(proxy.refuse(0.2))
    await asyncio.sleep(0)
    refused = await Psql.start(url)
    assert "Connection refused" in await refused.end()
    await gone
    welcome = await Psql.start(url)
    welcome.say("SELECT 1;")
    assert await welcome.end() == "1\n"


async def test_where_nobody_is_behind_it_the_connection_ends(
    postgres: Postgres, database: str, proxy: Proxy
) -> None:
    url = postgres.url(database, port=proxy.port)
    postgres.stop()
    try:
        assert "server closed the connection unexpectedly" in await (await Psql.start(url)).end()
    finally:
        postgres.start()
    welcome = await Psql.start(url)
    welcome.say("SELECT 1;")
    assert await welcome.end() == "1\n"


async def ask(postgres: Postgres, statement: str, database: str = "postgres") -> str:
    """In a thread: the proxy lives in our loop."""
    return await asyncio.to_thread(postgres.ask, statement, database)


async def until_alone(postgres: Postgres, database: str) -> None:
    """Wait until the server has noticed that its client is gone, and undone what it left open."""
    others = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND pid <> pg_backend_pid()"
    async with asyncio.timeout(PATIENCE):
        while await ask(postgres, others, database) != "0":
            pass


def message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


STARTUP = message(b"", b"\0\3\0\0user\0postgres\0\0")
SSL_REQUEST = message(b"", b"\x04\xd2\x16\x2f")
SPOKEN = b"".join(
    [
        SSL_REQUEST,
        STARTUP,
        message(b"Q", b"BEGIN\0"),
        message(b"P", b"s1\0INSERT INTO tea\0\0\0"),
        message(b"S", b""),
        message(b"B", b"\0s1\0\0\0\0\0\0\0"),
        message(b"E", b"\0\0\0\0\0"),
        message(b"S", b""),
        message(b"Q", b"COPY tea FROM STDIN\0"),
        message(b"d", b"7\n"),
        message(b"c", b""),
        message(b"Q", b"COMMIT;\0"),
        message(b"X", b""),
    ]
)


@pytest.mark.parametrize("step", [1, 7, len(SPOKEN)])
def test_statements_are_found_however_the_bytes_come(step: int) -> None:
    statements = Statements()
    pieces = (SPOKEN[start : start + step] for start in range(0, len(SPOKEN), step))
    assert [text for piece in pieces for text in statements.take(piece)] == [
        "BEGIN",
        "INSERT INTO tea",
        "COPY tea FROM STDIN",
        "COMMIT;",
    ]


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_answers_are_found_however_the_bytes_come(step: int) -> None:
    notice = message(b"N", b"SWARNING\0\0")
    answers = b"N" + message(b"R", b"\0\0\0\0") + message(b"Z", b"I") + notice + message(b"Z", b"T")
    seen = Answers()
    pieces = [answers[start : start + step] for start in range(0, len(answers), step)]
    assert sum(seen.take(piece) for piece in pieces) == (1 if step == 1000 else 2)
