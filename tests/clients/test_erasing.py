"""A person who is erased is found nowhere: not in a byte of the data directory, not in what others are told or read."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.clients.lines import Line
from tests.clients.serving import Killable
from veche.testing.postgres import Postgres

pytestmark = pytest.mark.slow

# What nobody else says, and names that nobody else bears.
NAME, NICK = "Zxqvanna", "Zxqvannie"
WORDS = "zxqvwords"
CAPS = "message-tags batch echo-message draft/message-redaction draft/chathistory draft/event-playback server-time"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Killable]:
    server = Killable(tmp_path, "--set=limits.flood=false")
    server.start()
    yield server
    server.kill()


def found(folder: Path, *needles: str) -> list[str]:
    """The files in which any of these stands, whatever letters they are written in."""
    wanted = [needle.lower().encode() for needle in needles]
    names = []
    for file in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):  # PostgreSQL has just removed it
            if file.is_file() and any(needle in file.read_bytes().lower() for needle in wanted):
                names.append(str(file.relative_to(folder)))
    return names


def wait_until_gone(folder: Path, *needles: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while left := found(folder, *needles):
        assert time.monotonic() < deadline, f"still in {left}"
        time.sleep(0.1)


def copy_files(data: Path) -> None:
    """As an upgrade and a restoring put the record aside."""
    (data / "before-restore-1").mkdir()
    for copy in ("before-schema-3.db", "before-restore-1/veche.db"):
        (data / copy).write_bytes((data / "veche.db").read_bytes())


def live_a_little(server: Killable, folder: Path, put_aside: Callable[[], None] | None = None) -> Line:
    """She does all that leaves anything behind; returns bob's device, which stays connected."""
    put_aside = put_aside or partial(copy_files, folder / "data")
    bob = Line(server.port)
    bob.say(f"CAP REQ :{CAPS}", "NICK bob", "USER bob 0 * :Bob", "CAP END", "REGISTER * * correct-horse")
    bob.skip_to("REGISTER SUCCESS")
    with Line(server.port) as ann:
        ann.say(f"CAP REQ :{CAPS}", f"NICK {NAME}", f"USER a 0 * :{WORDS}", "CAP END")
        ann.say("REGISTER * * correct-horse")
        ann.skip_to("REGISTER SUCCESS")
        ann.say("JOIN #tea", "CS REGISTER #tea", f"TOPIC #tea :of {NAME[:3]}", "MODE #tea +b spam!*@*")
        ann.skip_to("MODE #tea +b")
        bob.say("JOIN #tea", f"METADATA {NAME} SET soju.im/pinned 1", "MODE bob +R")
        ann.skip_to("bob!")
        ann.say(f"NICK {NICK}", f"AWAY :{WORDS}", f"METADATA * SET status :{WORDS}", "MODE #tea +v bob")
        bob.say("PRIVMSG #tea :a reply to this stays", "PRIVMSG #tea :and so does this")
        stays = ann.skip_to("this stays")
        msgid = next(tag[6:] for tag in stays.split(" ")[0][1:].split(";") if tag.startswith("msgid="))
        ann.say(f"@+reply={msgid};+draft/react={WORDS} TAGMSG #tea")
        ann.say(*[f"PRIVMSG #tea :{WORDS} number {n}" for n in range(300)])
        ann.say(f"PRIVMSG bob :{WORDS} in private", f"NICK {NAME}")
        echo = ann.skip_to("in private")
        own = next(tag[6:] for tag in echo.split(" ")[0][1:].split(";") if tag.startswith("msgid="))
        bob.skip_to("in private")
        bob.say(f"PRIVMSG {NAME} :an answer", f"MODE #tea -v {NAME}")
        ann.say(
            f"@+draft/edit={own} PRIVMSG bob :{WORDS} edited",
            "MARKREAD bob timestamp=2026-01-01T00:00:00.000Z",
        )
        ann.skip_to("MARKREAD")
        ann.say(f"SEARCH in=#tea text={WORDS} limit=10", "NICKSERV TOKEN ADD phone", "NICKSERV DEVICE laptop")
        ann.skip_to("laptop")
        put_aside()
        ann.say("NICKSERV ERASE correct-horse")
        code = ann.skip_to("ERASE <password>").rsplit(" ", 1)[1]
        assert found(folder, WORDS, NAME, NICK)
        ann.say(f"NICKSERV ERASE correct-horse {code}")
        ann.skip_to("is erased")
        while ann.hear():
            pass
    return bob


def look_at_what_is_left(server: Killable, folder: Path, bob: Line) -> None:
    """Bob reads all that he can, and the record is a good one."""
    bob.say("PING end")
    bob.skip_to("PONG")
    bob.say(
        "CHATHISTORY LATEST #tea * 1000",
        "CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2099-01-01T00:00:00.000Z 100",
        "TOPIC #tea",
        "MODE #tea b",
        f"WHOIS {NAME}",
        f"WHOWAS {NAME}",
        f"SEARCH in=#tea text={WORDS}",
        "METADATA bob LIST",
        "PING over",
    )
    told = []
    while "PONG" not in (line := bob.hear()):
        told.append(line)
    asked = [line for line in told if any(number in line for number in (" 401 ", " 318 ", " 406 ", " 369 "))]
    rest = "\n".join(line for line in told if line not in asked)
    assert "a reply to this stays" in rest
    assert "and so does this" in rest
    assert not any(needle.lower() in rest.lower() for needle in (WORDS, NAME, NICK)), rest
    server.kill()
    if not (folder / "data" / "veche.db").exists():
        return
    with sqlite3.connect(folder / "data" / "veche.db") as connection:
        left = connection.execute("select count(*) from message where redaction is null").fetchone()[0]
        tombstones = connection.execute(
            "select count(*) from message where source = '' and text = ''"
        ).fetchone()[0]
        answers = connection.execute("select target from message where text = 'an answer'").fetchall()
    assert (left, tombstones) == (3, 301)
    assert answers == [("",)]
    look_after(folder / "data", "verify")
    look_after(folder / "data", "backup", str(folder / "data" / "backup.db"))
    assert not found(folder / "data", WORDS, NAME, NICK)


def look_after(data: Path, *words: str) -> None:
    command = [sys.executable, "-m", "veche.app.server", "db", *words, "--data", str(data)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_nothing_is_left_in_any_file_or_on_any_device(
    server: Killable, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    bob = live_a_little(server, tmp_path)
    request.addfinalizer(lambda: bob.__exit__(None, None, None))
    wait_until_gone(tmp_path / "data", WORDS, NAME, NICK)
    told = [bob.skip_to("veche/erased"), bob.skip_to("REDACT #tea")]
    assert told[0].startswith(":")
    assert "REDACT #tea" in told[1]
    look_at_what_is_left(server, tmp_path, bob)
    assert not (tmp_path / "data" / "before-schema-3.db").exists()


def put_aside_there(database: Callable[[str], str]) -> None:
    """As `db copy --force` puts the record aside; and as PostgreSQL looks at its tables from time to time by itself."""
    database(
        "create schema veche_before_1; create table veche_before_1.message as select * from veche.message"
    )
    database("analyze veche.message; analyze veche.reaction; checkpoint")
    assert WORDS in database("select string_agg(histogram_bounds::text, ' ') from pg_stats")


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("recycle", ["off", "on"])
def test_nothing_is_left_in_any_file_of_postgresql(
    tmp_path: Path, request: pytest.FixtureRequest, recycle: str
) -> None:
    """Not in its tables, its statistics, its log, nor in what was put aside: whether it uses its log again or not."""
    settings = {"wal_recycle": recycle, "min_wal_size": "128MB"}
    with Postgres(tmp_path / "postgres", settings=settings) as postgres:
        server = Killable(tmp_path, "--set=limits.flood=false", f"--store={postgres.url()}")
        server.start()
        request.addfinalizer(server.kill)
        bob = live_a_little(server, tmp_path, partial(put_aside_there, postgres.ask))
        request.addfinalizer(lambda: bob.__exit__(None, None, None))
        assert any("pg_wal" in name for name in found(postgres.data, WORDS))
        wait_until_gone(tmp_path / "data", WORDS, NAME, NICK)
        bob.skip_to("veche/erased")
        deadline = time.monotonic() + 60
        while postgres.ask("select count(*) from veche.about where key = 'wiping'") != "0":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        wait_until_gone(postgres.data, WORDS, NAME, NICK)
        look_at_what_is_left(server, tmp_path, bob)
        look_after(tmp_path / "data", "backup", str(tmp_path / "backup.db"), "--store", postgres.url())
        assert not found(tmp_path, WORDS, NAME, NICK)


@pytest.mark.needs("linux", "postgres", "nats", "setpriv")
def test_nothing_is_left_of_workers(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """All that several workers keep, and what they tell one another, is in the data directory."""
    server = Killable(tmp_path, "--set=limits.flood=false", "--workers=2")
    server.start()
    request.addfinalizer(server.kill)
    bob = live_a_little(server, tmp_path, lambda: None)
    request.addfinalizer(lambda: bob.__exit__(None, None, None))
    wait_until_gone(tmp_path / "data", WORDS, NAME, NICK, seconds=90)
    look_at_what_is_left(server, tmp_path, bob)


def test_a_kill_in_the_middle_is_made_up_for(server: Killable, tmp_path: Path) -> None:
    live_a_little(server, tmp_path).__exit__(None, None, None)
    server.kill()
    assert found(tmp_path / "data", WORDS)
    server.start()
    wait_until_gone(tmp_path / "data", WORDS, NAME, NICK)
    with Line(server.port) as bob:
        bob.say(
            f"CAP REQ :{CAPS}",
            "NICK bob2",
            "USER bob 0 * :Bob",
            "CAP END",
            "NICKSERV IDENTIFY bob correct-horse",
        )
        bob.skip_to("900")
        bob.say("JOIN #tea")
        bob.skip_to("366")
        look_at_what_is_left(server, tmp_path, bob)
