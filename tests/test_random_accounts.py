"""People with accounts do anything at all, on several devices each, and now and then the server is killed.

Beside what must be true of every talk (see test_random_talk): a server that starts again knows all that this one knew,
people who stay are where they were, and no index says what another does not.
"""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_random_talk import HOME, Action, Talk, disk, said, say, world
from veche.core.operators import KINDS
from veche.core.settings import OperatorBlock, Settings
from veche.testing.checks import check_stage
from veche.testing.invariants import differences, lasting
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Person, quiet_settings

# Seats at which somebody may sit: the second of each pair is the other device of the same person.
SEATS = ["ann", "ann2", "bob", "bob2", "cid", "cid2"]
ACCOUNTS = ["ann", "ann", "bob", "cid", "ANN", "Ева", "bоb", "nobody", "*"]  # the second o is not a Latin one
PASSWORDS = ["correct-horse", "correct-horse", "correct-horse", "tram-9-window-blue", "wrong-1-pony"]
DEVICES = ["phone", "laptop", "ж" * 20]
ROOMS = [HOME, HOME, "#tea", "#milk", "#чай"]
CAPS = [
    "sasl", "sasl account-notify", "batch labeled-response echo-message", "draft/read-marker veche/unread batch",
    "draft/metadata-2 batch draft/read-marker", "extended-join away-notify account-tag", "-batch", "draft/chathistory",
    "message-tags server-time", "-draft/read-marker", "draft/account-registration sasl=PLAIN", "draft/pre-away",
]  # fmt: skip
TIMES = [
    "",
    " timestamp=2026-01-01T12:00:00.500Z",
    " timestamp=2026-01-01T13:00:00.000Z",
    " timestamp=x",
    " *",
]
CHOICES = [
    "ALWAYS-ON on",
    "ALWAYS-ON on",
    "ALWAYS-ON off",
    "ALWAYS-ON default",
    "KEEP-NAME off",
    "LANGUAGE ru",
    "X y",
]
KEYS = ["url", "soju.im/muted", "soju.im/pinned", "avatar"]
TEXTS = ["hello", "", "two words", "ж" * 150]
MODES = [
    "+o ann", "+v bob", "-o ann", "+h cid", "+P", "-P", "+k key", "-k *", "+b eve!*@*", "-b eve!*@*", "+b ~a:ann",
    "+u", "+imR", "-imR", "+l 5", "+I bob!*@*", "+f #tea",
]  # fmt: skip
MASKS = ["+bob!*@*", "-bob!*@*", "+eve!*@*", ""]

account, password, device = st.sampled_from(ACCOUNTS), st.sampled_from(PASSWORDS), st.sampled_from(DEVICES)
room, text, key = st.sampled_from(ROOMS), st.sampled_from(TEXTS), st.sampled_from(KEYS)
when, target = st.sampled_from(TIMES), st.sampled_from([*ROOMS, "ann", "bob", "Ева"])
mode = st.sampled_from(MODES)


def _plain(name: str, password: str) -> str:
    word = b64encode(f"\0{name}\0{password}".encode()).decode()
    return f"AUTHENTICATE PLAIN\r\nAUTHENTICATE {word}"


LOGINS = st.one_of(
    said("REGISTER {} * {}", account, password),
    said("REGISTER * * correct-horse"),
    said("NS REGISTER {}", password),
    said("NS REGISTER {} ann@example.org", password),
    said("NS IDENTIFY {} {}", account, password),
    said("NS IDENTIFY {}@{} {}", account, device, password),
    said("NS IDENTIFY {}", password),
    st.builds(_plain, account, password),
    st.builds(lambda name, device, password: _plain(f"{name}@{device}", password), account, device, password),
    said("AUTHENTICATE *"),
    said("NS LOGOUT"),
    said("NS LOGOUT {}", st.sampled_from(["ALL", *DEVICES])),
    said("NS PASSWD {} {}", password, password),
    said("NS PASSWD {}", password),
    said("NS DROP {}", password),
    said("NS SET {}", st.sampled_from(CHOICES)),
    said("NS SET {}", st.sampled_from(CHOICES)),
    said("NS {} {}", st.sampled_from(["DEVICE", "FORGET", "TOKEN DEL"]), device),
    said("NS TOKEN ADD {} {}", device, st.sampled_from(["full", "read", "x"])),
    said("NS {}", st.sampled_from(["SESSIONS", "INFO", "TOKEN LIST", "CERT LIST", "HELP", "SET"])),
    said("NS INFO {}", account),
    said("NS SUSPEND {} {} why", account, st.sampled_from(["1m", "", "1d"])),
    said("NS UNSUSPEND {}", account),
    said("NS RENAME {} {}", account, st.sampled_from(["ann", "eva", "bob", "Ева", "dan"])),
    said("NS RESETPASS {}", account),
)
LIVES = st.one_of(
    said("JOIN {}", room),
    said("JOIN {}", room),
    said("PART {} :{}", room, text),
    said("JOIN 0"),
    said("NICK {}", st.sampled_from(["ann", "bob", "cid", "dan", "Ева", "eva"])),
    said("AWAY :{}", text),
    said("SETNAME :{}", text),
    said("TOPIC {} :{}", room, text),
    said("MODE {} {}", room, mode),
    said("MODE {} {}", room, mode),
    said("SAMODE {} {}", room, mode),
    said("KICK {} {}", room, st.sampled_from(["ann", "bob", "cid"])),
    said("KILL {} :why", st.sampled_from(["ann", "bob", "cid"])),
    said("SANICK {} {}", st.sampled_from(["ann", "bob"]), st.sampled_from(["dan", "ann"])),
    said("SAJOIN {} {}", st.sampled_from(["ann", "bob"]), room),
    said("CHGHOST {} {} h.example", st.sampled_from(["ann", "bob"]), st.sampled_from(["u", "*"])),
    said("RENAME {} {}", room, room),
    said("INVITE {} {}", st.sampled_from(["ann", "bob"]), room),
    said("PRIVMSG {} :{}", target, text),
    said("PRIVMSG {} :{}", target, text),
    said("MARKREAD {}{}", target, when),
    said("MARKREAD {}{}", target, when),
    said("UNREAD {}", target | st.just("")),
    said("METADATA * SET {} :{}", key, text),
    said("METADATA {} SET {} :{}", target, key, text),
    said("METADATA {} SET {}", target, key),
    said("METADATA {} CLEAR", st.sampled_from(["*", *ROOMS])),
    said("METADATA {} LIST", target),
    said("METADATA * SUB {}", key),
    said("SILENCE {}", st.sampled_from(MASKS)),
    said("ACCEPT {}", st.sampled_from(["ann", "-ann"])),
    said("MODE {} {}", st.sampled_from(["ann", "bob"]), st.sampled_from(["+gBR", "-gB", "+iw", "+o", "-o"])),
    said("WHOIS {}", st.sampled_from(["ann", "bob", "dan"])),
    said("WHO {} %tcuhnfdlaor,42", room),
    said("NAMES {}", room),
    said("CHATHISTORY LATEST {} * 10", target),
    said("CAP REQ :{}", st.sampled_from(CAPS)),
    said("OPER root secret"),
    said("QUIT"),
)  # fmt: skip


class House(Talk):
    """People who may have accounts. The server is killed by `kill`, if it keeps anything."""

    def person(self, name: str) -> Person:
        """Who sits there; somebody new is a guest of that name."""
        person = self.present.get(name)
        return self.enter(name, []) if person is None or person.ended else person

    def enter(self, name: str, proof: list[str]) -> Person:
        """Somebody comes to a seat, with what he says to prove who he is."""
        person = self.present[name] = self.stage.open(name)
        nick = name.rstrip("2")
        person.send("CAP REQ :sasl message-tags batch labeled-response draft/read-marker draft/metadata-2")
        person.send(*proof)
        person.send(
            f"NICK {name if not proof else nick}", f"USER {nick} 0 * :{nick}", "CAP END", f"JOIN {self.home}"
        )
        if name == SEATS[0]:
            person.send("OPER root secret")
        return person

    def kill(self) -> None:
        """The server is killed, and starts again."""
        if self.stage.engine.store is None:
            return
        self.stage.turn()
        wrong = check_stage(self.stage)
        assert not wrong, wrong
        before = lasting(self.stage.engine.world)
        is_known = self.stage.engine.log.is_idle and not self.stage.disk.has_refused
        self.stage.restart()
        wrong = differences(before, lasting(self.stage.engine.world)) if is_known else []
        wrong += check_stage(self.stage)
        assert not wrong, "\n".join(wrong)


def come(seat: str, lines: list[str]) -> Action:
    def action(talk: Talk) -> None:
        assert isinstance(talk, House)
        person = talk.present.get(seat)
        if person is not None and not person.ended:
            talk.stage.leave(person, "Connection reset by peer")
            talk.stage.turn()
        talk.enter(seat, lines)

    return action


def kill() -> Action:
    def action(talk: Talk) -> None:
        assert isinstance(talk, House)
        talk.kill()

    return action


seat = st.sampled_from(SEATS)
label = st.sampled_from(["", "", "@label=x{} "])
entrance = st.builds(
    come,
    seat,
    st.one_of(
        st.lists(LOGINS, max_size=2),
        st.builds(_plain, st.sampled_from(["ann", "bob", "ann@phone"]), st.just(PASSWORDS[0])).map(
            lambda line: [line]
        ),
        st.just(["PASS ann:correct-horse"]),
    ),
)
lines = st.tuples(label, LOGINS | LIVES)
ACTIONS = st.one_of(
    st.builds(say, seat, st.lists(lines, max_size=3), ends_turn=st.booleans()),
    st.builds(say, seat, st.lists(st.tuples(label, LIVES), max_size=3), ends_turn=st.booleans()),
    st.builds(say, seat, st.lists(st.tuples(label, LOGINS), min_size=1, max_size=1), ends_turn=st.just(True)),
    entrance,
    st.builds(world, st.sampled_from(["leave", "leave", "leave", "finish", "1", "30", "4000", "in"]), seat),
    st.builds(disk, st.sampled_from(["slow", "release", "release", "refuse", "fast", "fast"])),
    st.builds(kill),
)


@st.composite
def choices(draw: st.DrawFn) -> Settings:
    """Settings that are likely to matter to who has an account."""
    found = quiet_settings()
    found.operators["root"] = OperatorBlock("root", FakePasswords.hash("secret"))
    found.operators["root"].notices = KINDS
    found.always_on = draw(st.sampled_from(["opt-out", "opt-out", "opt-in", "off"]))
    found.keep_names = draw(st.sampled_from(["strict", "optional", "off"]))
    found.email = draw(st.sampled_from(["off", "off", "optional"]))
    found.lobby = draw(st.sampled_from(["", "", "#lobby"]))
    found.registrations = found.registrations_per_address = 1000
    found.guesses_per_account = found.guesses_per_address = found.guesses_per_minute = 1000
    found.metadata_keys = draw(st.sampled_from([1, 20]))
    found.rooms_per_account = draw(st.sampled_from([1, 20]))
    return found


def run(chosen: Settings, known: int, actions: list[Action], *, keeps: bool) -> None:
    house = House(chosen, "#home", keeps=keeps)
    with house.stage.bugs:
        for name in SEATS[: known * 2 : 2]:  # so many of them have an account from the start
            house.person(name).send("REGISTER * * correct-horse")
        for action in actions:
            action(house)
        house.stage.disk.hurry()
        house.stage.pass_time(10)
        wrong = check_stage(house.stage)
        assert not wrong, "\n".join(wrong)


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    chosen=choices(),
    known=st.integers(0, 3),
    actions=st.lists(ACTIONS, min_size=10, max_size=40),
    keeps=st.just(True),
)
def test_whatever_becomes_of_accounts_the_server_stays_sound(
    chosen: Settings, known: int, actions: list[Action], *, keeps: bool
) -> None:
    run(chosen, known, actions, keeps=keeps)


@pytest.mark.long
@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    chosen=choices(),
    known=st.integers(0, 3),
    actions=st.lists(ACTIONS, min_size=10, max_size=80),
    keeps=st.booleans(),
)
def test_whatever_becomes_of_many_accounts_the_server_stays_sound(
    chosen: Settings, known: int, actions: list[Action], *, keeps: bool
) -> None:
    run(chosen, known, actions, keeps=keeps)
