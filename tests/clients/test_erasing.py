"""A person who is erased is found nowhere: not in a byte of the data directory, not in what others are told or read."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.lines import Line
from tests.clients.serving import Killable

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
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return [file.name for file in files if any(needle in file.read_bytes().lower() for needle in wanted)]


def wait_until_gone(folder: Path, *needles: str) -> None:
    deadline = time.monotonic() + 30
    while left := found(folder, *needles):
        assert time.monotonic() < deadline, f"still in {left}"
        time.sleep(0.1)


def live_a_little(server: Killable, folder: Path) -> Line:
    """She does all that leaves anything behind; returns bob's device, which stays connected."""
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
        (folder / "data" / "before-restore-1").mkdir()
        for copy in ("before-schema-3.db", "before-restore-1/veche.db"):
            (folder / "data" / copy).write_bytes((folder / "data" / "veche.db").read_bytes())
        ann.say("NICKSERV ERASE correct-horse")
        code = ann.skip_to("ERASE <password>").rsplit(" ", 1)[1]
        assert found(folder / "data", WORDS, NAME, NICK)
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
    with sqlite3.connect(folder / "data" / "veche.db") as connection:
        left = connection.execute("select count(*) from message where redaction is null").fetchone()[0]
        tombstones = connection.execute(
            "select count(*) from message where source = '' and text = ''"
        ).fetchone()[0]
        answers = connection.execute("select target from message where text = 'an answer'").fetchall()
    assert (left, tombstones) == (3, 301)
    assert answers == [("",)]
    command = [sys.executable, "-m", "veche.app.server", "db", "verify", "--data", str(folder / "data")]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert not found(folder / "data", WORDS, NAME, NICK)


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
