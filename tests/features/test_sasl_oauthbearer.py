"""SASL OAUTHBEARER: what a token of a trusted issuer opens, and what everything else is told."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode

import pytest

from veche.features.sasl.oauthbearer import Bearer, read
from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage, quiet_settings
from veche.testing.tokens import FakeTokens

PASSWORD = "correct-horse"
ISSUER = "https://id.example/"
TOKENS = {"good": "ann", "news": "new", "bobs": "bob", "nameless": "two words"}


class House(Stage):
    """A stage on which an issuer is trusted, and ann has an account."""

    def __init__(self, *, creates: bool = False) -> None:
        settings = quiet_settings()
        settings.oauth_issuer, settings.oauth_creates = ISSUER, creates
        super().__init__(settings)
        self.tokens = self.engine.tokens = FakeTokens(**TOKENS)
        ann = self.enter("ann")
        ann.send(f"REGISTER * * {PASSWORD}", "QUIT")

    def ask(self, token: str, authzid: str = "", address: str = "") -> list[str]:
        """What somebody hears who logs in with this token."""
        return self.say(open_sasl(self, address), message(token, authzid))

    def say(self, person: Person, data: bytes) -> list[str]:
        """One message of the mechanism, and what is answered when the issuer has been asked."""
        text = b64encode(data).decode()
        pieces = [text[start : start + 400] for start in range(0, len(text), 400)] or ["+"]
        person.send(*(f"AUTHENTICATE {piece}" for piece in pieces))
        while self.tokens.answer():
            self.turn()
        return person.take()


@pytest.fixture
def house() -> House:
    return House()


def message(token: str, authzid: str = "") -> bytes:
    named = f"a={authzid}" if authzid else ""
    return f"n,{named},\x01host=irc.example\x01port=6697\x01auth=Bearer {token}\x01\x01".encode()


def open_sasl(stage: Stage, address: str = "") -> Person:
    person = stage.open("somebody", address=address)
    person.send("CAP REQ :sasl", "AUTHENTICATE OAUTHBEARER")
    assert person.take()[-1] == "AUTHENTICATE +"
    return person


def enters(heard: list[str], account: str) -> bool:
    return [line.split(" ")[1] for line in heard] == ["900", "903"] and heard[0].split(" ")[4] == account


def test_it_is_offered_where_an_issuer_is_trusted() -> None:
    for stage, offered in ((House(), True), (Stage(), False)):
        person = stage.open("somebody")
        person.send("CAP LS 302", "CAP REQ :sasl", "AUTHENTICATE OAUTHBEARER")
        heard = person.take()
        assert any("OAUTHBEARER" in line for line in heard if " LS " in line) is offered
        assert (heard[-1] == "AUTHENTICATE +") is offered


def test_who_has_a_good_token_is_in(house: House) -> None:
    assert enters(house.ask("good"), "ann")
    assert enters(house.ask("good", "ann"), "ann")
    assert enters(house.ask("good", "ANN@phone"), "ann")
    session = house.persons[-1].session
    assert session is not None
    assert session.device == "phone"


def test_nobody_acts_as_somebody_else(house: House) -> None:
    assert house.ask("bobs", "ann") == [":irc.example 904 * :The account name or the password is wrong"]


def test_who_has_a_bad_one_is_told_what_is_wrong_and_then_that_he_has_failed(house: House) -> None:
    person = open_sasl(house)
    (error,) = house.say(person, message("bad"))
    assert json.loads(b64decode(error.removeprefix("AUTHENTICATE "))) == {
        "status": "invalid_token",
        "openid-configuration": "https://id.example/.well-known/openid-configuration",
    }
    assert house.say(person, b"\x01") == [":irc.example 904 * :The account name or the password is wrong"]
    person.send("AUTHENTICATE OAUTHBEARER")
    person.take()
    assert enters(house.say(person, message("good")), "ann"), "there is another chance"


def test_who_has_none_is_told_where_there_are_some(house: House) -> None:
    (error,) = house.say(open_sasl(house), b"n,,\x01auth=\x01\x01")
    assert b"openid-configuration" in b64decode(error.removeprefix("AUTHENTICATE "))
    assert house.tokens.asked == []


def test_an_issuer_that_cannot_be_asked_is_no_mistake_of_the_client(house: House) -> None:
    house.tokens.is_away = True
    for _ in range(20):
        assert "try again in a minute" in house.ask("good")[0]
    house.tokens.is_away, house.tokens.is_busy = False, True
    for _ in range(20):
        assert "Too many people are logging in" in house.ask("good")[0]
    house.tokens.is_busy = False
    assert enters(house.ask("good"), "ann")


def test_whoever_leaves_while_the_issuer_is_asked_is_not_let_in(house: House) -> None:
    person = open_sasl(house)
    person.send(f"AUTHENTICATE {b64encode(message('good')).decode()}")
    house.leave(person, "gone")
    house.turn()
    house.tokens.answer()
    house.turn()
    assert person.take() == []
    assert check_stage(house) == []


def test_making_up_tokens_has_an_end_and_hinders_nobody_else(house: House) -> None:
    house.engine.cloak = lambda address: f"{address}.cloak"
    heard = [house.ask(f"bad{number}", address="198.51.100.1")[0] for number in range(30)]
    assert len(house.tokens.asked) == house.settings.guesses_per_address
    assert "Too many wrong attempts" in heard[-1]
    assert enters(house.ask("good", address="198.51.100.2"), "ann")


def test_it_is_counted_with_the_passwords(house: House) -> None:
    house.engine.cloak = lambda address: f"{address}.cloak"
    for number in range(house.settings.guesses_per_account):
        house.ask("bad", "ann", address=f"198.51.100.{number}")
    person = house.open("eve", address="203.0.113.1")
    secret = b64encode(f"\0ann\0{PASSWORD}".encode()).decode()
    person.send("CAP REQ :sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {secret}")
    assert "Too many wrong attempts" in person.take()[-1]


def test_a_token_of_a_megabyte_is_too_long(house: House) -> None:
    person = open_sasl(house)
    assert house.say(person, message("x" * 1_000_000))[0].startswith(":irc.example 905 ")
    assert house.tokens.asked == []


# ---- accounts that are made


def test_a_name_that_nobody_has_is_refused_where_none_are_made(house: House) -> None:
    assert house.ask("news") == [
        ":irc.example 904 * :Your token is good, but there is no account of this name here, and none is made for it"
    ]


def test_an_account_is_made_at_the_first_login_and_is_there_at_the_next() -> None:
    house = House(creates=True)
    assert enters(house.ask("news"), "new")
    person = house.persons[-1]
    person.send("NICK new", "USER new 0 * :New", "CAP END")
    assert any(" 001 new " in line for line in person.take())
    tokens = house.tokens
    house.restart()
    house.engine.tokens = tokens
    assert enters(house.ask("news"), "new")
    assert len(house.engine.world.accounts) == 2
    assert check_stage(house) == []


def test_such_an_account_has_no_password() -> None:
    house = House(creates=True)
    house.ask("news")
    for password in ("", "hash of ", "news"):
        person = house.open("eve")
        secret = b64encode(f"\0new\0{password}".encode()).decode()
        person.send("CAP REQ :sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {secret}")
        assert "or the password is wrong" in person.take()[-1]


def test_what_cannot_be_a_name_is_no_account() -> None:
    house = House(creates=True)
    assert "none is made for it" in house.ask("nameless")[0]


def test_the_name_of_a_guest_who_is_here_is_not_taken_from_him() -> None:
    house = House(creates=True)
    guest = house.enter("new")
    assert "none is made for it" in house.ask("news")[0]
    guest.send("CAP REQ :sasl", "AUTHENTICATE OAUTHBEARER")
    guest.take()
    heard = house.say(guest, message("news"))
    assert any(" 900 new " in line for line in heard), "but to himself it is given"


def test_accounts_are_not_made_by_the_hundred() -> None:
    house = House(creates=True)
    house.tokens.names = {f"token{number}": f"name{number}" for number in range(20)}
    made = [
        enters(house.ask(f"token{number}", address="198.51.100.1"), f"name{number}") for number in range(20)
    ]
    assert sum(made) == house.settings.registrations_per_address


def test_no_accounts_are_made_at_an_alarm() -> None:
    house = House(creates=True)
    house.engine.world.refused = frozenset({"accounts"})
    assert "none is made for it" in house.ask("news")[0]


def test_who_is_suspended_is_told_so(house: House) -> None:
    account = house.engine.world.accounts.named("ann")
    assert account is not None
    account.suspended = "bad manners"
    assert "This account is suspended: bad manners" in house.ask("good")[0]


# ---- the message


@pytest.mark.parametrize(
    ("data", "bearer"),
    [
        (b"n,,\x01auth=Bearer abc\x01\x01", Bearer("", "abc")),
        (b"y,,\x01auth=bearer abc==\x01\x01", Bearer("", "abc==")),
        (
            b"n,a=ann,\x01host=h\x01port=1\x01auth=Bearer a.b-c_d~e+f/g\x01\x01",
            Bearer("ann", "a.b-c_d~e+f/g"),
        ),
        (b"n,a=a=2Cb=3D,\x01auth=Bearer abc\x01\x01", Bearer("a,b=", "abc")),
        (b"n,,\x01auth=\x01\x01", Bearer("", "")),
        (b"n,,\x01host=h\x01\x01", Bearer("", "")),
        (b"n,,\x01\x01", Bearer("", "")),
    ],
)
def test_a_message_is_taken_apart(data: bytes, bearer: Bearer) -> None:
    assert read(data) == bearer


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        b"n,,",
        b"n,,\x01",
        b"n\x01auth=Bearer abc\x01\x01",
        b"p=tls-unique,,\x01auth=Bearer abc\x01\x01",
        b"n,ann,\x01auth=Bearer abc\x01\x01",
        b"n,,x\x01auth=Bearer abc\x01\x01",
        b"n,,\x01auth=Bearer abc\x01",
        b"n,,\x01auth=Bearer abc",
        b"n,,\x01auth\x01\x01",
        b"n,,\x01auth=Basic abc\x01\x01",
        b"n,,\x01auth=Bearer abc\r\nX: y\x01\x01",
        b"n,,\x01auth=Bearer a b\x01\x01",
        b"n,,\x01auth=Bearer \xff\x01\x01",
    ],
)
def test_what_is_no_message_is_told_so(house: House, data: bytes) -> None:
    assert read(data) is None
    assert "this is no message of OAUTHBEARER" in house.say(open_sasl(house), data)[0]
