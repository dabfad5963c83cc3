"""Accounts at random: people say whatever NickServ understands, come, go and wait, on a slow disk, over restarts.

What must hold in the end is what holds of every play (`veche.testing.checks`), and that a restart gives the same
accounts. Every secret that anybody is shown is tried by everybody from then on, so that the talk gets far.
"""

from __future__ import annotations

import random
import re
from base64 import b32decode

import pytest

from veche.core.settings import OperatorBlock, Settings
from veche.testing.checks import check_stage
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Person, Stage, quiet_settings
from veche.wire.totp import hotp, step_at

STEPS = 250
NAMES = ["ann", "bob", "cid", "dan"]
DEVICES = ["phone", "tv", "laptop"]
CAPS = "sasl labeled-response batch echo-message account-notify"
SECRET = re.compile(r"veche-[0-9a-f]{40}|\b(?:[a-z2-7]{4}-){3}[a-z2-7]{4}\b|\b[a-z2-7]{5}-[a-z2-7]{5}\b")
SEED = re.compile(r"application: ([A-Z2-7]{32})")
# {n} a name, {k} a secret, {c} a code of the time, {d} a device, {o} a choice, {f} a fingerprint
VERBS = (
    """
REGISTER {k}|REGISTER {k} {n}@example.org|IDENTIFY {n} {k}|IDENTIFY {n}@{d} {k}|IDENTIFY {k}|IDENTIFY {n} {k} {c}
PASSWD {k}-new|PASSWD {k} battery-staple|RESETPASS {n}|SETPASS {n} {k} battery-staple|VERIFY {n} {k}|VERIFY {k}
TOKEN ADD {d}|TOKEN ADD {d}|TOKEN ADD {d} read|TOKEN LIST|TOKEN DEL {d}|TOKEN DEL {d}|CERT ADD {f}|CERT LIST
TOTP ON|TOTP ON|TOTP CONFIRM {c}|TOTP CONFIRM {c}|TOTP CONFIRM {c}|TOTP OFF {c}|SESSIONS|LOGOUT|LOGOUT ALL|LOGOUT {d}
DEVICE {d}|FORGET {d}|SET|SET ALWAYS-ON {o}|SET KEEP-NAME {o}|SET LANGUAGE ru|SET EMAIL {n}@example.org|SET EMAIL off
DROP {k}|DROP {k} {c}|INFO|INFO {n}|LIST|SUSPEND {n} 1h x|SUSPEND {n} bad|UNSUSPEND {n}|RENAME {n} {n}2|RESETCODE {n}
""".strip()
    .replace("\n", "|")
    .split("|")
)
LINES = [
    *["NICKSERV {v}"] * 8, "OPER root x", "JOIN #tea", "PART #tea", "NICK {n}", "PRIVMSG #tea :x", "PRIVMSG {n} :x",
    "AWAY :x", "REGISTER * * {k}", "VERIFY {n} {k}", "QUIT",
]  # fmt: skip


def some_settings(chance: random.Random) -> Settings:
    settings = quiet_settings()
    settings.operators["root"] = OperatorBlock("root", FakePasswords.hash("x"))
    settings.email = chance.choice(["off", "optional", "required"])
    settings.always_on = chance.choice(["off", "opt-in", "opt-out"])
    settings.keep_names = chance.choice(["strict", "optional", "off"])
    settings.guesses_per_account = settings.guesses_per_address = settings.guesses_per_minute = 10_000
    settings.registrations_per_address = settings.registrations = 10_000
    settings.connections_per_address = settings.connect_burst = 0
    settings.ping_seconds = 10**7
    return settings


class Talk:
    """Some people at one server, and what they know."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.stage = Stage(some_settings(self.chance))
        self.people: list[Person] = []
        self.known = ["correct-horse"]
        self.seeds = ["A" * 32]

    def go_on(self) -> None:
        """Something happens."""
        chance, stage = self.chance, self.stage
        self.people = [person for person in self.people if not person.ended]
        what = chance.random()
        if len(self.people) < 3 or what < 0.06:
            self.come()
        elif what < 0.09:
            stage.leave(chance.choice(self.people), "gone")
            stage.turn()
        elif what < 0.12:
            stage.pass_time(chance.choice([1, 30, 700, 4000]))
        elif what < 0.13:
            self.settle()
            stage.restart()
        elif what < 0.16:
            stage.disk.is_slow = True
        elif what < 0.21:
            self.settle()
        else:
            self.talk()
        self.learn()

    def come(self) -> None:
        nick = self.chance.choice(NAMES) + self.chance.choice(["", "", "1"])
        lines = [f"NICK {nick}", f"USER {nick} 0 * :x"]
        if self.chance.random() < 0.5:
            lines.insert(0, f"PASS {self.chance.choice(NAMES)}:{self.chance.choice(self.known)}")
        if self.chance.random() < 0.5:
            lines = [f"CAP REQ :{CAPS}", *lines, "CAP END"]
        person = self.stage.open(nick)
        person.send(*lines)
        self.people.append(person)

    def talk(self) -> None:
        one, other = self.chance.choice(self.people), self.chance.choice(self.people)
        one.post_bytes(self.line().encode() + b"\r\n")
        if self.chance.random() < 0.3:
            other.post_bytes(self.line().encode() + b"\r\n")
        self.stage.turn()

    def line(self) -> str:
        chance = self.chance
        code = hotp(b32decode(chance.choice(self.seeds)), step_at(self.stage.clock.now()))
        words = {
            "n": chance.choice(NAMES), "k": chance.choice(self.known), "c": code, "d": chance.choice(DEVICES),
            "o": chance.choice(["on", "off", "default"]), "f": f"{chance.getrandbits(8):064x}",
        }  # fmt: skip
        line = chance.choice(LINES).replace("{v}", chance.choice(VERBS)).format_map(words)
        return f"@label={chance.getrandbits(30)} {line}" if chance.random() < 0.3 else line

    def learn(self) -> None:
        """Whatever anybody has been shown."""
        heard = [line for person in self.stage.persons for line in person.take()]
        text = "\n".join([*heard, *(letter.text for letter in self.stage.mailer.letters)])
        self.stage.mailer.letters.clear()
        self.known = [*self.known, *SECRET.findall(text)][-12:]
        self.seeds = [*self.seeds, *SEED.findall(text)][-1:]

    def settle(self) -> None:
        self.stage.disk.hurry()
        self.stage.turn()


def accounts(stage: Stage) -> dict[str, dict[str, object]]:
    return {uid: account.values() for uid, account in stage.engine.world.accounts.by_uid.items()}


def look_at(seed: int) -> None:
    talk = Talk(seed)
    with talk.stage.bugs:
        for _ in range(STEPS):
            talk.go_on()
        talk.settle()
    assert check_stage(talk.stage) == []
    before = accounts(talk.stage)
    talk.stage.restart()
    assert accounts(talk.stage) == before


@pytest.mark.parametrize("seed", range(20))
def test_a_random_talk_leaves_accounts_sound(seed: int) -> None:
    look_at(seed)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(100, 500, 100))
def test_many_random_talks_leave_accounts_sound(start: int) -> None:
    for seed in range(start, start + 100):
        look_at(seed)


def test_the_talk_gets_far() -> None:
    """It would be of no use if everybody were refused everything."""
    happened = set()
    for seed in range(20):
        talk = Talk(seed)
        for _ in range(STEPS):
            talk.go_on()
            happened |= {type(fact).__name__ for fact in talk.stage.engine.log.journal or []}
    assert happened >= {
        "AccountErased", "AccountRenamed", "AccountSuspended", "AccountVerified", "CertificateAdded", "CodeSent",
        "LoggedOut", "PasswordSet", "SecondFactorSet", "TokenMade", "TokenRemoved", "UserAbsent",
    }  # fmt: skip
