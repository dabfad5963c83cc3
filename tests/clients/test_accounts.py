"""Accounts with a real server, a real mail server and real time: what is sent, what is kept, and what is logged."""

from __future__ import annotations

import queue
import re
import socket
import time
from base64 import b32decode
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.clients.lines import Line
from tests.clients.serving import serving
from tests.clients.terminals import PATIENCE
from veche.wire.totp import STEP, hotp, step_at

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux")]

PASSWORD = "marker-of-a-password"
ANOTHER = "marker-of-another-password"


class Post:
    """A mail server; what it takes is for whoever waits for it."""

    def __init__(self) -> None:
        self.letters: queue.Queue[str] = queue.Queue()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        letter = message_from_bytes(envelope.original_content or b"", policy=default)
        self.letters.put(letter.get_content())
        return "250 OK"

    def code(self) -> str:
        found = re.search(r"The code is  (\S+)", self.letters.get(timeout=PATIENCE))
        assert found is not None
        return found[1]


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    handler = Post()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


def say(line: Line, text: str, answer: str) -> str:
    line.say(f"PRIVMSG NickServ :{text}")
    return line.skip_to(answer)


def test_what_somebody_does_with_an_account(tmp_path: Path, post: tuple[Post, int]) -> None:
    letters, port = post
    options = [
        f"--set={setting}"
        for setting in (
            "server.language=en", "log.level=debug", "limits.flood=false", "accounts.email=required",
            "mail.host=127.0.0.1", f"mail.port={port}", "mail.tls=off", "mail.sender=chat@example.org",
        )
    ]  # fmt: skip
    secrets = [PASSWORD, ANOTHER]
    with serving(tmp_path, *options) as ports, Line(ports.irc) as ann:
        ann.register("ann")
        ann.say(f"REGISTER * ann@example.org {PASSWORD}")
        ann.skip_to("REGISTER VERIFICATION_REQUIRED ann")
        secrets.append(letters.code())
        ann.say(f"VERIFY ann {secrets[-1]}")
        ann.skip_to("VERIFY SUCCESS ann")
        ann.skip_to(" 900 ")
        secrets.append(word(r"veche-[0-9a-f]{40}", say(ann, "TOKEN ADD phone", "The token of phone")))
        token = secrets[-1]
        secrets.append(word(r"[A-Z2-7]{32}", say(ann, "TOTP ON", "application: ")))
        secret = b32decode(secrets[-1])
        say(ann, f"TOTP CONFIRM {hotp(secret, step_at(time.time()))}", "Your second factor is on")
        recovery = re.findall(r"[a-z2-7]{5}-[a-z2-7]{5}", ann.skip_to("NOTICE ann :  "))
        secrets += recovery
    with serving(tmp_path, *options) as ports:
        with Line(ports.irc) as ann:
            ann.register("somebody")
            say(ann, f"IDENTIFY ann {PASSWORD}", "This account has a second factor")
            # One step later than now, lest it be the one that has confirmed it.
            say(
                ann,
                f"IDENTIFY ann {PASSWORD} {hotp(secret, step_at(time.time() + STEP))}",
                "You are logged in",
            )
        with Line(ports.irc) as phone:
            phone.say(f"PASS ann:{token}", "NICK phone", "USER ann 0 * :Ann")
            phone.skip_to(" 900 ")
            say(phone, f"PASSWD {ANOTHER}", "Prove first that it is you")
        with Line(ports.irc) as eve:
            eve.register("eve")
            say(eve, "RESETPASS ann", "a code is on its way")
            secrets.append(letters.code())
            say(eve, f"SETPASS ann {secrets[-1]} {ANOTHER}", "The password of ann is changed")
            say(eve, f"IDENTIFY ann {PASSWORD} {recovery[0]}", "is wrong")
            say(eve, f"IDENTIFY ann {ANOTHER} {recovery[0]}", "You are logged in")
            say(eve, f"DROP {ANOTHER} {recovery[1]}", "The account ann is erased")
    log = (tmp_path / "log").read_text()
    assert "a wrong proof for the account of 'ann'" in log
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").rglob("*") if file.is_file())
    for text in secrets:
        assert text not in log
        assert text.encode() not in kept
    assert b"ann@example.org" not in kept


def word(pattern: str, line: str) -> str:
    found = re.search(pattern, line)
    assert found is not None, line
    return found[0]
