"""A PostgreSQL for tests: it starts, bears harm, and goes with whoever started it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from veche.app.children import free_port
from veche.testing import postgres as module
from veche.testing.postgres import Postgres, PostgresError, find_binaries
from veche.testing.processes import wait_for_end

pytestmark = [pytest.mark.slow, pytest.mark.needs("postgres")]


def test_a_database_is_empty_and_its_own(postgres: Postgres, database: str) -> None:
    other = postgres.new_database()
    postgres.ask("CREATE TABLE tea (cups int)", database)
    count = "SELECT count(*) FROM pg_tables WHERE tablename = 'tea'"
    assert postgres.ask(count, database) == "1"
    assert postgres.ask(count, other) == "0"
    postgres.drop_database(other)
    assert postgres.ask(f"SELECT count(*) FROM pg_database WHERE datname = '{other}'") == "0"


def test_a_database_may_be_the_copy_of_another(postgres: Postgres, database: str) -> None:
    postgres.ask("CREATE TABLE tea AS SELECT 3 AS cups", database)
    copy = postgres.new_database(template=database)
    assert postgres.ask("SELECT cups FROM tea", copy) == "3"
    postgres.drop_database(copy)


def test_a_statement_that_fails_says_why(postgres: Postgres) -> None:
    with pytest.raises(PostgresError, match='relation "nothing" does not exist'):
        postgres.ask("SELECT * FROM nothing")


@pytest.mark.parametrize("harm", ["fast", "immediate", "kill -9"])
def test_what_was_committed_is_there_after_a_restart_at_the_same_address(
    postgres: Postgres, database: str, harm: str
) -> None:
    postgres.ask("CREATE TABLE tea AS SELECT 3 AS cups", database)
    url, before = postgres.url(database), postgres.pid
    if harm == "kill -9":
        postgres.kill()
        assert not postgres.is_running
        postgres.start()
    else:
        postgres.restart("fast" if harm == "fast" else "immediate")
    assert postgres.pid != before
    assert postgres.url(database) == url
    assert postgres.ask("SELECT cups FROM tea", database) == "3"


def test_a_killed_postmaster_is_followed_even_while_its_children_are_busy(
    postgres: Postgres, database: str
) -> None:
    """A backend that computes does not look whether the postmaster lives; the next one may not start beside it."""
    psql = [str((find_binaries() or Path()) / "psql"), "-XqAt", "-c"]
    busy = subprocess.Popen(
        [*psql, "SELECT count(*) FROM generate_series(1, 4000000)", postgres.url(database)]
    )
    is_busy = (
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%generate_series(1,%'"
    )
    while postgres.ask(is_busy) != "2":  # the one that asks is the second
        assert busy.poll() is None
    postgres.kill()
    postgres.start()
    busy.wait()
    assert postgres.ask("SELECT 1", database) == "1"


def test_it_listens_on_the_loopback_only_and_asks_for_the_password(postgres: Postgres) -> None:
    assert postgres.ask("SHOW listen_addresses") == "127.0.0.1"
    assert postgres.ask("SHOW unix_socket_directories") == ""
    wrong = postgres.url().replace(postgres.password, "guess")
    psql = [str((find_binaries() or Path()) / "psql"), "-Xw", "-c", "SELECT 1", wrong]
    ran = subprocess.run(psql, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "password authentication failed" in ran.stderr


def test_settings_and_durability(tmp_path: Path) -> None:
    with Postgres(tmp_path, is_durable=True, settings={"max_connections": "7"}) as server:
        assert server.ask("SHOW fsync") == "on"
        assert server.ask("SHOW max_connections") == "7"
    assert not server.is_running


def test_a_standby_follows_and_takes_over(tmp_path: Path) -> None:
    with Postgres(tmp_path / "first") as first:
        second = Postgres(tmp_path / "second")
        second.follow(first)
        with second:
            first.ask("CREATE TABLE tea AS SELECT 3 AS cups")
            end = time.monotonic() + 10
            while second.ask("SELECT count(*) FROM pg_tables WHERE tablename = 'tea'") != "1":
                assert time.monotonic() < end
            first.kill()
            second.promote()
            second.ask("INSERT INTO tea VALUES (4)")
            assert second.ask("SELECT sum(cups) FROM tea") == "7"


def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(PostgresError, match="max_connections"):
        Postgres(tmp_path, settings={"max_connections": "none"}).__enter__()


@pytest.mark.needs("setpriv", "linux")
def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """However that one ends: a test run that is killed leaves nothing behind that runs."""
    lines = [
        "import sys, time, pathlib",
        "from veche.testing.postgres import Postgres",
        "server = Postgres(pathlib.Path(sys.argv[1])).__enter__()",
        "print(server.pid, flush=True)",
        "time.sleep(60)",
    ]
    # The module may be imported from a checkout that is not installed.
    path = os.pathsep.join(
        filter(None, [str(Path(module.__file__).parents[2]), os.environ.get("PYTHONPATH")])
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", "\n".join(lines), str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    wait_for_end([pid])


def test_the_search_prefers_what_was_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VECHE_TEST_PG_BIN", str(tmp_path))
    assert find_binaries() == tmp_path


def test_a_free_port_is_one_that_nobody_listens_on() -> None:
    port = free_port()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
