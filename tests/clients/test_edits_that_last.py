"""Edits on a real disk, and a server that is killed in the middle of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.lines import Line
from tests.clients.serving import Killable

if TYPE_CHECKING:
    from veche.testing.postgres import Postgres

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux")]

CAPS = "message-tags server-time echo-message batch draft/message-edit draft/chathistory soju.im/search"


def come(server: Killable) -> Line:
    """ann, logged in."""
    ann = Line(server.port)
    ann.say(f"CAP REQ :{CAPS}", "PASS ann:correct-horse", "CAP END")
    ann.register("ann")
    return ann


def msgid(line: str) -> str:
    """The id of what was heard."""
    return line.partition("msgid=")[2][:30]


def wordings(ann: Line, message: str) -> list[str]:
    """How a message has read, as its author is told."""
    ann.say(f"EDITS #lobby {message}")
    ann.skip_to("veche/edits")
    found = []
    while "BATCH -" not in (line := ann.hear()):
        found.append(line.rpartition(" :")[2])
    return found


def test_an_edit_survives_kill_9_and_is_made_once(tmp_path: Path) -> None:
    edit_and_kill(Killable(tmp_path))


@pytest.mark.needs("postgres")
def test_so_it_does_in_postgresql(tmp_path: Path, postgres: Postgres, database: str) -> None:
    edit_and_kill(Killable(tmp_path, f"--store={postgres.url(database)}"))


def edit_and_kill(server: Killable) -> None:
    """Six edits, and the server killed behind each; sent again, each is made once and all wordings are there."""
    server.start()
    try:
        with Line(server.port) as new:
            new.register("ann")
            new.say("REGISTER * * correct-horse")
            new.skip_to("REGISTER SUCCESS")
        ann = come(server)
        ann.say("PRIVMSG #lobby :as it was said")
        message = msgid(ann.skip_to("as it was said"))
        said = ["as it was said"]
        for number in range(6):
            said.append(f"wording {number}")
            edit = f"@+veche/id=e{number};+draft/edit={message} PRIVMSG #lobby :{said[-1]}"
            ann.say(edit)
            # Killed when it has acknowledged the edit, or as soon as it was told of it.
            heard = msgid(ann.skip_to(said[-1])) if number % 2 else ""
            server.kill()
            ann.socket.close()
            server.start()
            ann = come(server)
            ann.say(edit)
            assert msgid(ann.skip_to("+draft/edit")) == heard or not heard
            assert wordings(ann, message) == said
        for words, found in ((said[-1].replace(" ", "\\s"), 1), ("said", 0)):
            ann.say(f"SEARCH in=#lobby;text={words}")
            ann.skip_to("soju.im/search")
            lines = iter(ann.hear, "")
            count = 0
            for line in lines:
                if "BATCH -" in line:
                    break
                assert msgid(line) == message
                count += 1
            assert count == found, words
        ann.socket.close()
    finally:
        server.kill()
