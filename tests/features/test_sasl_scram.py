"""SCRAM-SHA-256 and -PLUS through the whole engine, with a library that knows nothing of ours as the client: scramp."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable

import pytest
from scramp import ScramClient

from veche.testing.stage import Person, Stage
from veche.wire.scram import ClientExchange, Failure

PASSWORD = "correct-horse"
END_POINT = ("tls-server-end-point", bytes(range(32)))


@pytest.fixture
def stage() -> Stage:
    """Ann has an account; she was here to make it."""
    stage = Stage()
    register(stage, "ann", PASSWORD)
    return stage


def register(stage: Stage, name: str, password: str) -> None:
    person = stage.enter(name)
    person.send(f"REGISTER * * :{password}")
    assert any(" 900 " in line for line in person.take())
    person.send("QUIT")


def open_sasl(stage: Stage, binding: bytes = b"", address: str = "") -> Person:
    person = stage.open("somebody", address=address)
    assert person.session is not None
    person.session.binding = binding
    person.send("CAP REQ :sasl")
    person.take()
    return person


def say(person: Person, data: bytes) -> list[str]:
    """One message of the client, in as many pieces as it needs; what is answered."""
    text = b64encode(data).decode()
    pieces = [text[start : start + 400] for start in range(0, len(text), 400)] or ["+"]
    person.send(
        *(f"AUTHENTICATE {piece}" for piece in pieces),
        *(["AUTHENTICATE +"] if len(pieces[-1]) == 400 else []),
    )
    return person.take()


def challenge_of(heard: list[str]) -> bytes:
    """What the server says in AUTHENTICATE; b"" where it says something else."""
    words = [line.removeprefix("AUTHENTICATE ") for line in heard if line.startswith("AUTHENTICATE ")]
    return b64decode("".join(words).replace("+ ", "")) if len(words) == len(heard) else b""


def by_scramp(
    person: Person, user: str, password: str, binding: tuple[str, bytes] | None = None
) -> list[str]:
    """The answer to a login by scramp, which raises if the server cannot prove that it knows the password."""
    mechanism = "SCRAM-SHA-256-PLUS" if binding else "SCRAM-SHA-256"
    person.send(f"AUTHENTICATE {mechanism}")
    heard = person.take()
    if heard != ["AUTHENTICATE +"]:
        return heard
    client = ScramClient([mechanism], user, password, channel_binding=binding)
    heard = say(person, client.get_client_first().encode())
    if not challenge_of(heard):
        return heard
    client.set_server_first(challenge_of(heard).decode())
    heard = say(person, client.get_client_final().encode())
    if not challenge_of(heard):
        return heard
    client.set_server_final(challenge_of(heard).decode())
    return say(person, b"")


def is_in(heard: list[str]) -> bool:
    return [line.split(" ")[1] for line in heard] == ["900", "903"]


def is_wrong(heard: list[str]) -> bool:
    return heard == [":irc.example 904 * :The account name or the password is wrong"]


def test_who_knows_the_password_is_in(stage: Stage) -> None:
    assert is_in(by_scramp(open_sasl(stage), "ann", PASSWORD))


def test_the_name_is_found_however_it_is_written(stage: Stage) -> None:
    heard = by_scramp(open_sasl(stage), "ANN", PASSWORD)
    assert heard[0] == ":irc.example 900 * *!*@there ann :You are now logged in as ann"


def test_devices_have_names(stage: Stage) -> None:
    person = open_sasl(stage)
    assert is_in(by_scramp(person, "ann@phone", PASSWORD))
    assert person.session is not None
    assert person.session.device == "phone"


@pytest.mark.parametrize(
    ("user", "password"), [("ann", "wrong-horse"), ("eve", PASSWORD), ("eve", "wrong-horse")]
)
def test_who_does_not_is_not(stage: Stage, user: str, password: str) -> None:
    person = open_sasl(stage)
    assert is_wrong(by_scramp(person, user, password))
    assert is_in(by_scramp(person, "ann", PASSWORD)), "there is another chance"


# ---- a name that nobody has


def first_answer(stage: Stage, user: str) -> dict[str, str]:
    """The server's first message in its parts."""
    person = open_sasl(stage)
    person.send("AUTHENTICATE SCRAM-SHA-256")
    person.take()
    text = challenge_of(say(person, f"n,,n={user},r=abcdefgh".encode())).decode()
    return {word[0]: word[2:] for word in text.split(",")}


def test_a_name_that_nobody_has_looks_like_any_other(stage: Stage) -> None:
    there, absent = first_answer(stage, "ann"), first_answer(stage, "eve")
    assert there["i"] == absent["i"]
    assert len(b64decode(there["s"])) == len(b64decode(absent["s"]))
    assert len(there["r"]) == len(absent["r"])
    assert first_answer(stage, "EVE")["s"] == absent["s"], "the same name has the same salt each time"
    assert first_answer(stage, "bob")["s"] != absent["s"]


def test_nobody_learns_from_guessing_whether_there_is_such_an_account(stage: Stage) -> None:
    def guess(user: str, address: str) -> list[str]:
        heard: list[str] = []
        person = open_sasl(stage, address=address)
        for number in range(12):
            if person.ended:
                person = open_sasl(stage, address=address)
            heard += by_scramp(person, user, f"guess-{number}")
        return heard

    assert guess("ann", "198.51.100.1") == guess("eve", "198.51.100.2")


def test_it_is_counted_with_everything_else(stage: Stage) -> None:
    stage.engine.cloak = lambda address: f"{address}.cloak"
    for number in range(stage.settings.guesses_per_account):
        assert is_wrong(by_scramp(open_sasl(stage, address=f"198.51.100.{number}"), "ann", "wrong-horse"))
    refused = by_scramp(open_sasl(stage, address="203.0.113.9"), "ann", PASSWORD)
    assert len(refused) == 1
    assert " 904 " in refused[0]
    assert "Too many wrong attempts" in refused[0]
    person = open_sasl(stage, address="203.0.113.9")
    person.send(
        "AUTHENTICATE PLAIN", f"AUTHENTICATE {b64encode(f'{chr(0)}ann{chr(0)}{PASSWORD}'.encode()).decode()}"
    )
    assert "Too many wrong attempts" in person.take()[-1]
    assert stage.passwords.compared == [], "SCRAM costs no hash, and PLAIN was refused before one"


def test_beginning_and_giving_up_counts_as_nothing(stage: Stage) -> None:
    for _ in range(3 * stage.settings.guesses_per_account):
        first_answer(stage, "ann")
    assert is_in(by_scramp(open_sasl(stage), "ann", PASSWORD))


def test_a_connection_has_five_attempts(stage: Stage) -> None:
    person = open_sasl(stage)
    for _ in range(5):
        assert not person.ended
        by_scramp(person, "ann", "wrong-horse")
    assert person.ended


# ---- what is no login


def test_nobody_acts_as_somebody_else(stage: Stage) -> None:
    register(stage, "bob", PASSWORD)
    person = open_sasl(stage)
    person.send("AUTHENTICATE SCRAM-SHA-256")
    person.take()
    assert is_wrong(say(person, b"n,a=bob,n=ann,r=abcdefgh"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"n",
        b"n,,",
        b"n,,n=ann",
        b"n,,r=abc,n=ann",
        b"n,,n=,r=abc",
        b"\xff\xff",
        b"n,,n=ann,r=" + b"a" * 3000,
    ],
)
def test_what_is_no_message_of_scram_is_told_so(stage: Stage, data: bytes) -> None:
    person = open_sasl(stage)
    person.send("AUTHENTICATE SCRAM-SHA-256")
    person.take()
    assert say(person, data) == [
        ":irc.example 904 * :SASL authentication failed: this is no message of SCRAM"
    ]


def exchange(person: Person, change: Callable[[bytes], bytes]) -> list[str]:
    """A login by our own client, whose last message is changed on the way."""
    client = ClientExchange("ann", PASSWORD, "abcdefgh")
    person.send("AUTHENTICATE SCRAM-SHA-256")
    person.take()
    final = client.hear_challenge(challenge_of(say(person, client.first())))
    assert not isinstance(final, Failure)
    return say(person, change(final))


@pytest.mark.parametrize(
    "change",
    [
        lambda final: b"",
        lambda final: final[:-8] + b"AAAAAAA=",
        lambda final: final.replace(b"c=biws", b"c=eSws"),
        lambda final: final.replace(b"r=abcdefgh", b"r=abcdefgi"),
        lambda final: final.partition(b",p=")[0],
    ],
)
def test_a_proof_that_was_changed_is_a_wrong_one(stage: Stage, change: Callable[[bytes], bytes]) -> None:
    assert is_wrong(exchange(open_sasl(stage), change))


def test_a_proof_is_good_once(stage: Stage) -> None:
    seen: list[bytes] = []
    person = open_sasl(stage)
    exchange(person, lambda final: seen.append(final) or final)
    thief = open_sasl(stage)
    thief.send("AUTHENTICATE SCRAM-SHA-256")
    thief.take()
    say(thief, b"n,,n=ann,r=abcdefgh")
    assert is_wrong(say(thief, seen[0]))


def test_the_empty_message_at_the_end_is_waited_for(stage: Stage) -> None:
    # sasl-3.1: "If the mechanism finishes with the server sending a non-empty challenge (such as in SCRAM), clients
    # MUST still send an empty response."
    person = open_sasl(stage)
    heard = exchange(person, lambda final: final)
    assert challenge_of(heard).startswith(b"v=")
    assert person.session is not None
    assert person.session.account == ""
    assert is_in(say(person, b""))


def test_something_in_its_place_is_no_login(stage: Stage) -> None:
    person = open_sasl(stage)
    exchange(person, lambda final: final)
    assert say(person, b"x") == [
        ":irc.example 904 * :SASL authentication failed: this is no message of SCRAM"
    ]


def test_an_account_that_is_suspended_is_told_so_when_the_proof_was_right(stage: Stage) -> None:
    account = stage.engine.world.accounts.named("ann")
    assert account is not None
    account.suspended = "bad manners"
    assert by_scramp(open_sasl(stage), "ann", PASSWORD) == [
        ":irc.example 904 * :This account is suspended: bad manners"
    ]
    assert is_wrong(by_scramp(open_sasl(stage), "ann", "wrong-horse"))


def test_an_account_that_goes_in_the_last_moment_is_not_entered(stage: Stage) -> None:
    person = open_sasl(stage)
    exchange(person, lambda final: final)
    account = stage.engine.world.accounts.named("ann")
    assert account is not None
    stage.engine.world.accounts.remove(account.uid)
    assert is_wrong(say(person, b""))


# ---- the channel


def test_it_is_offered_where_our_own_certificate_is_seen(stage: Stage) -> None:
    def offers(binding: bytes) -> str:
        person = open_sasl(stage, binding)
        person.send("CAP LS 302")
        return next(
            word for line in person.take() for word in line.split(" ") if word.lstrip(":").startswith("sasl=")
        )

    assert "SCRAM-SHA-256-PLUS" not in offers(b"").partition("=")[2].split(",")
    assert offers(END_POINT[1]).partition("=")[2].split(",")[:2] == ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"]
    assert " 908 " in by_scramp(open_sasl(stage), "ann", PASSWORD, END_POINT)[0]


def test_a_login_is_bound_to_the_channel(stage: Stage) -> None:
    assert is_in(by_scramp(open_sasl(stage, END_POINT[1]), "ann", PASSWORD, END_POINT))
    other = (END_POINT[0], b"another certificate")
    assert is_wrong(by_scramp(open_sasl(stage, END_POINT[1]), "ann", PASSWORD, other))


def test_other_bindings_are_not_known(stage: Stage) -> None:
    heard = by_scramp(open_sasl(stage, END_POINT[1]), "ann", PASSWORD, ("tls-unique", END_POINT[1]))
    assert " 904 " in heard[0]


def test_who_strikes_the_better_mechanism_off_the_list_is_found_out(stage: Stage) -> None:
    person = open_sasl(stage, END_POINT[1])
    person.send("AUTHENTICATE SCRAM-SHA-256")
    person.take()
    assert " 904 " in say(person, b"y,,n=ann,r=abcdefgh")[0]


def test_without_a_binding_it_goes_without(stage: Stage) -> None:
    assert is_in(by_scramp(open_sasl(stage, END_POINT[1]), "ann", PASSWORD))


# ---- what a password is


@pytest.mark.parametrize(
    "password",
    [
        "e\N{LATIN SMALL LIGATURE FI}shy-waters",  # SASLprep takes the ligature apart, PRECIS does not
        "non\N{NO-BREAK SPACE}ASCII\N{IDEOGRAPHIC SPACE}spaces",
        "\N{ROMAN NUMERAL NINE} \N{LATIN SMALL LETTER E}\N{COMBINING ACUTE ACCENT}toiles",
        "correct лошадь батарея",
        "full\N{FULLWIDTH LATIN SMALL LETTER W}idth-horse",
    ],
)
def test_one_password_is_one_by_every_mechanism(password: str) -> None:
    stage = Stage()
    register(stage, "ann", password)
    assert is_in(by_scramp(open_sasl(stage), "ann", password)), "scramp does SASLprep"
    person = open_sasl(stage)
    person.send(
        "AUTHENTICATE PLAIN", f"AUTHENTICATE {b64encode(f'{chr(0)}ann{chr(0)}{password}'.encode()).decode()}"
    )
    assert is_in(person.take()[1:])


def test_names_may_hold_what_separates(stage: Stage) -> None:
    # RFC 5802, 5.1: "The characters ',' or '=' in usernames are sent as '=2C' and '=3D' respectively."
    person = open_sasl(stage)
    assert is_wrong(by_scramp(person, "a,n=n", PASSWORD)), (
        "no such name can be registered, but it can be asked for"
    )
    person.send("AUTHENTICATE SCRAM-SHA-256")
    person.take()
    # "If the server receives a username that contains '=' not followed by either '2C' or '3D', then the server MUST
    # fail the authentication."
    assert " 904 " in say(person, b"n,,n=a=2cnn,r=abcdefgh")[0]


def test_the_first_message_cannot_be_said_again(stage: Stage) -> None:
    """Each exchange has a nonce of the server's own, so that what was heard of another opens nothing."""
    nonces = {first_answer(stage, "ann")["r"] for _ in range(5)}
    assert len(nonces) == 5
