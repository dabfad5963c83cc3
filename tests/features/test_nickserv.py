"""NickServ: what it understands, in two languages, and that no secret said to it goes anywhere."""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from io import StringIO

import pytest

from veche.core.settings import OperatorBlock
from veche.features.accounts.facts import MOST_DEVICES
from veche.features.accounts.nickserv import NICKSERV, PHRASES
from veche.testing.checks import check_stage
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Person, Stage, quiet_settings

MARKER = "marker-of-a-secret"


def a_stage() -> Stage:
    settings = quiet_settings()
    settings.operators["root"] = OperatorBlock("root", FakePasswords.hash("x"))
    settings.email = "optional"
    settings.guesses_per_account = settings.guesses_per_address = 1000
    return Stage(settings)


def say(person: Person, line: str) -> list[str]:
    person.send(f"NICKSERV {line}")
    return person.take()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_verb_has_help_that_fits_a_line(language: str) -> None:
    stage = a_stage()
    stage.settings.language = language
    ann = stage.enter("ann")
    heard = say(ann, "HELP")
    assert len(heard) == 2 + sum(not verb.privileged for verb in NICKSERV.verbs)
    ann.send("OPER root x")
    ann.take()
    assert len(say(ann, "HELP")) == 2 + len(NICKSERV.verbs)
    for verb in NICKSERV.verbs:
        usage, about, *_ = say(ann, f"HELP {verb.name.lower()}")
        assert verb.name in usage
        assert len(about) > len(f":NickServ!NickServ@irc.example NOTICE {ann.name} :") + 10
    assert check_stage(stage) == []


@pytest.mark.parametrize("key", sorted(PHRASES))
@pytest.mark.parametrize("column", [0, 1], ids=["en", "ru"])
def test_no_phrase_is_cut(key: str, column: int) -> None:
    """A NOTICE of NickServ to somebody with a long nick on a server with a long name has 390 bytes for its text."""
    values = {"account": "a" * 12, "device": "d" * 12, "code": "c" * 19, "token": "t" * 46, "name": "n" * 12}
    text = re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], "v" * 20), PHRASES[key][column])
    longest = 390 if "-more" not in key else 390 * (text.count("\n") + 1)
    assert len(text.encode()) <= longest


def test_nobody_needs_a_capital_letter_or_a_command() -> None:
    stage = a_stage()
    ann = stage.enter("ann")
    for line in (
        "PRIVMSG NickServ :help set",
        "NS help set",
        "PRIVMSG nickserv :HELP SET",
        "NICKSERV :help set",
    ):
        ann.send(line)
        assert "SET [<what> <value>]" in ann.take()[0]
    ann.send("NOTICE NickServ :help set")
    assert ann.take() == []


def test_it_speaks_the_language_that_its_owner_has_chosen() -> None:
    stage = a_stage()
    ann = stage.enter("ann")
    say(ann, "REGISTER correct-horse")
    assert say(ann, "TOKEN LIST")[0].endswith(":No device has a token.")
    say(ann, "SET LANGUAGE ru")
    assert say(ann, "TOKEN LIST")[0].endswith(":Ни у одного устройства нет токена.")


SECRETS = [
    f"REGISTER {MARKER}-1", f"IDENTIFY ann {MARKER}-2", f"IDENTIFY {MARKER}-3 ann", f"{MARKER}-4",
    f"IDENTFY {MARKER}-5", f"PASSWD {MARKER}-6 {MARKER}-7", f"PASSWD {MARKER}-8", f"SETPASS ann abcd {MARKER}-9",
    f"SETPASS {MARKER}-10 a b",
    f"DROP {MARKER}-11", f"TOTP CONFIRM {MARKER}", f"TOTP OFF {MARKER}", f"VERIFY ann {MARKER}", f"VERIFY {MARKER}",
    f"HELP {MARKER}", f"LOGOUT {MARKER} {MARKER}",
]  # fmt: skip


def test_no_secret_is_repeated_told_or_logged() -> None:
    """S09: at the most talkative level of the log, whatever comes of it, and by every way to say a password."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    logger = logging.getLogger("veche")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        stage = a_stage()
        root = stage.enter("rita")
        root.send("OPER root x", "MODE rita +s abcfknoq")
        root.take()
        names = iter(f"somebody{number}" for number in range(100))
        for is_logged_in in (False, True):
            ann = stage.enter(next(names), "echo-message", "labeled-response", "batch")
            if is_logged_in:
                say(ann, f"REGISTER {MARKER}-0")
            for secret in SECRETS:
                if ann.ended:
                    ann = stage.enter(next(names), "echo-message", "labeled-response", "batch")
                for line in (f"NICKSERV {secret}", f"PRIVMSG NickServ :{secret}", f"@label=1 NS :{secret}"):
                    ann.send(line)
                    heard = "".join(ann.take())
                    assert MARKER not in heard, line
        for number, lines in enumerate(by_other_ways()):
            person = stage.open(f"x{number}")
            person.send(*lines)
            assert MARKER not in "".join(person.take())
        assert MARKER not in "".join(root.take())
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert "a wrong proof" in written.getvalue()
    assert MARKER not in written.getvalue()
    assert check_stage(stage) == []


def by_other_ways() -> list[list[str]]:
    plain = b64encode(f"\0ann\0{MARKER}".encode()).decode()
    swapped = b64encode(f"\0{MARKER}\0ann".encode()).decode()
    begin = ["CAP REQ :sasl", "NICK x", "USER x 0 * :x"]
    return [
        [*begin, "AUTHENTICATE PLAIN", f"AUTHENTICATE {plain}"],
        [*begin, "AUTHENTICATE PLAIN", f"AUTHENTICATE {swapped}"],
        [f"PASS ann:{MARKER}", "NICK x", "USER x 0 * :x"],
        [f"PASS {MARKER}:ann", "NICK x", "USER x 0 * :x"],
        [
            *begin,
            f"REGISTER * * {MARKER}",
            f"REGISTER x {MARKER} short",
            f"VERIFY x {MARKER}",
            f"OPER x {MARKER}",
        ],
    ]


def test_what_is_told_of_many_devices_is_whole() -> None:
    stage = a_stage()
    ann = stage.enter("ann")
    say(ann, "REGISTER correct-horse")
    names = [f"device-number-{number:02}-{'x' * 12}" for number in range(40)]
    for name in names:
        say(ann, f"DEVICE {name}")
    heard = say(ann, "INFO")
    assert all(any(name in line for line in heard) for name in names)
    assert sum("Devices: " in line for line in heard) > 1
    assert check_stage(stage) == []


def test_devices_are_bounded_whatever_they_are_called() -> None:
    stage = a_stage()
    ann = stage.enter("ann")
    ann.send("REGISTER * * correct-horse")
    say(ann, "DEVICE laptop")
    say(ann, "TOKEN ADD phone")
    ann.send("QUIT")
    for number in range(MOST_DEVICES + 20):
        stage.pass_time(1)
        session = stage.enter(f"s{number}")
        say(session, f"IDENTIFY ann@d{number} correct-horse")
        session.send("QUIT")
    account = stage.engine.world.accounts.named("ann")
    assert account is not None
    assert len(account.devices) == MOST_DEVICES
    assert "laptop" not in account.devices
    assert f"d{MOST_DEVICES + 19}" in account.devices
    assert check_stage(stage) == []
