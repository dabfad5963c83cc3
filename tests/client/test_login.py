"""Logging in, as plays: the session says what the server may hear, and believes only who proves itself."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veche.client.events import (
    AccountChanged,
    Answered,
    Event,
    LoggedIn,
    LoggedOut,
    LoginAccepted,
    LoginRefused,
    MessageReceived,
    NickChanged,
    Refused,
)
from veche.client.login import (
    NO_MECHANISM,
    NO_SASL,
    NOT_PROVEN,
    NOT_SAFE,
    NOT_UNDERSTOOD,
    Account,
    Channel,
)
from veche.client.registration import Identity
from veche.client.session import Session
from veche.wire.scram import Failure, ServerExchange, derive

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ANN = Account("ann", "sesame", "phone")
SAFE = Channel(is_private=True)
BINDING = ("tls-server-end-point", b"hash")
KEPT = derive("sesame", b"salt", 4096)


def encode(text: bytes) -> str:
    return b64encode(text).decode() or "+"


class Play:
    """A session with its two sides in view, as far as the capabilities when `sasl` is what the server says of it."""

    def __init__(
        self,
        sasl: str | None = "sasl=PLAIN,SCRAM-SHA-256",
        *,
        account: Account | None = ANN,
        channel: Channel = SAFE,
        caps: str = "batch",
        nonce: bool = True,
    ) -> None:
        self.session = Session(
            Identity("ann", account=account),
            clock=lambda: NOW,
            nonce=(lambda: "rOprNGfwEbeRWgbNEkqO") if nonce else None,
        )
        self.session.start(channel)
        self.we()
        self.events: list[Event] = []
        if sasl is not None:
            self.server(f"CAP * LS :{caps} {sasl}")
            (request,) = self.we()
            self.events = self.server(f"CAP ann ACK :{request.partition(':')[2]}")

    def server(self, *lines: str) -> list[Event]:
        return self.session.receive("".join(line + "\r\n" for line in lines).encode())

    def we(self) -> list[str]:
        return self.session.take_output().decode().splitlines()

    def we_say(self) -> bytes:
        """The one message that we send inside AUTHENTICATE."""
        chunks = [line.removeprefix("AUTHENTICATE ") for line in self.we()]
        return b64decode("".join("" if chunk == "+" else chunk for chunk in chunks))


# --- the choice ---


@pytest.mark.parametrize(
    ("sasl", "channel", "mechanism"),
    [
        ("sasl=PLAIN,SCRAM-SHA-256", SAFE, "SCRAM-SHA-256"),
        ("sasl=PLAIN,SCRAM-SHA-256", Channel(), "SCRAM-SHA-256"),
        ("sasl=PLAIN,EXTERNAL", SAFE, "PLAIN"),
        ("sasl=plain", SAFE, "PLAIN"),
        ("sasl", SAFE, "SCRAM-SHA-256"),
        ("sasl=PLAIN,SCRAM-SHA-256,SCRAM-SHA-256-PLUS", SAFE, "SCRAM-SHA-256"),
        (
            "sasl=PLAIN,SCRAM-SHA-256,SCRAM-SHA-256-PLUS",
            Channel(is_private=True, binding=BINDING),
            "SCRAM-SHA-256-PLUS",
        ),
    ],
)
def test_the_best_mechanism_that_both_have(sasl: str, channel: Channel, mechanism: str) -> None:
    # sasl-3.2: "Clients MUST handle the case when there is no value for the `sasl` capability in `CAP LS` even though
    # they are attempting to use a version of the capability negotiation protocol that allows values (i.e. 3.2)."
    # sasl-3.2: "Clients MUST handle the case when the value contains one or more mechanisms they do not understand."
    # sasl-3.2: "Clients SHOULD pick a mechanism present in the `CAP LS` reply they get from the server and attempt to
    # use that mechanism for authentication after they request the `sasl` capability."
    assert Play(sasl, channel=channel).we() == [f"AUTHENTICATE {mechanism}"]


@pytest.mark.parametrize(
    ("sasl", "channel", "why"),
    [
        ("sasl=PLAIN", Channel(), NOT_SAFE),
        ("sasl=EXTERNAL", SAFE, NO_MECHANISM),
        ("sasl=SCRAM-SHA-256-PLUS", SAFE, NO_MECHANISM),
        ("", SAFE, NO_SASL),
    ],
)
def test_no_way_to_log_in_is_said_and_nobody_goes_in(sasl: str, channel: Channel, why: str) -> None:
    play = Play(sasl, channel=channel)
    assert play.events[-1] == LoginRefused(time=NOW, code="", text=why)
    assert play.we() == []


@pytest.mark.parametrize(
    ("password", "channel", "mechanism"),
    [
        ("veche-2345abcdef", SAFE, "PLAIN"),
        ("veche-2345abcdef", Channel(), ""),
        ("sesame 123456", SAFE, "PLAIN"),
        ("sesame abcde-23456", SAFE, "PLAIN"),
        ("sesame 123456", Channel(), "SCRAM-SHA-256"),
        ("open sesame", SAFE, "SCRAM-SHA-256"),
        ("123456", SAFE, "SCRAM-SHA-256"),
    ],
)
def test_tokens_and_codes_are_said_since_no_server_keeps_a_proof_of_them(
    password: str, channel: Channel, mechanism: str
) -> None:
    play = Play(account=Account("ann", password), channel=channel)
    assert play.we() == ([f"AUTHENTICATE {mechanism}"] if mechanism else [])
    if not mechanism:
        assert play.events[-1] == LoginRefused(time=NOW, code="", text=NOT_SAFE)


def test_without_scram_where_there_are_no_random_numbers() -> None:
    assert Play(nonce=False).we() == ["AUTHENTICATE PLAIN"]


def test_a_certificate_where_there_is_no_password() -> None:
    play = Play("sasl=PLAIN,EXTERNAL", account=Account(""))
    assert play.we() == ["AUTHENTICATE EXTERNAL"]
    play.server("AUTHENTICATE +")
    assert play.we() == ["AUTHENTICATE +"]
    play = Play("sasl=PLAIN,EXTERNAL", account=Account("ann"))
    play.we()
    play.server("AUTHENTICATE +")
    assert play.we_say() == b"ann"
    assert Play("sasl=PLAIN", account=Account("ann")).events[-1] == LoginRefused(
        time=NOW, code="", text=NO_MECHANISM
    )


def test_a_guest_does_not_log_in() -> None:
    play = Play(account=None)
    assert play.we() == ["CAP END"]


# --- PLAIN ---


def test_plain() -> None:
    # sasl-3.1: "To enforce the former, it is RECOMMENDED to only send CAP END when the SASL exchange is completed or
    # needs to be aborted."
    play = Play("sasl=PLAIN")
    play.we()
    play.server("AUTHENTICATE +")
    assert play.we_say() == b"\0ann@phone\0sesame"
    events = play.server(":srv 900 * ann!a@h ann :You are now logged in as ann", ":srv 903 * :good")
    assert events == [LoggedIn(time=NOW, account="ann"), LoginAccepted(time=NOW)]
    assert play.we() == ["CAP END"]
    play.server(":srv 001 Annie :hi")  # we were here already, under this nick
    assert (play.session.model.nick, play.session.model.account) == ("Annie", "ann")


@pytest.mark.parametrize(
    ("length", "chunks"),
    [(283, [392]), (288, [400, 1]), (290, [400, 4]), (600, [400, 400, 16]), (588, [400, 400, 1])],
)
def test_long_passwords_are_cut_into_chunks(length: int, chunks: list[int]) -> None:
    play = Play("sasl=PLAIN", account=Account("ann", "x" * length, "phone"))
    play.we()
    play.server("AUTHENTICATE +")
    said = play.we()
    assert [len(line.removeprefix("AUTHENTICATE ")) for line in said] == chunks
    assert (said[-1] == "AUTHENTICATE +") is (chunks[-1] == 1)


@pytest.mark.parametrize("code", ["902", "904", "905", "906", "907"])
def test_a_refusal_is_told_and_nobody_goes_in(code: str) -> None:
    play = Play("sasl=PLAIN")
    play.server("AUTHENTICATE +")
    play.we()
    assert play.server(f":srv {code} * :No") == [LoginRefused(time=NOW, code=code, text="No")]
    assert play.we() == []


# --- SCRAM ---


def scram(play: Play, other: ServerExchange) -> list[Event]:
    """The exchange with a real server side; what came of it."""
    play.we()
    play.server("AUTHENTICATE +")
    user = other.hear_first(play.we_say())
    assert user == "ann@phone"
    play.server("AUTHENTICATE " + encode(other.challenge(KEPT)))
    verdict = other.hear_final(play.we_say())
    if isinstance(verdict, Failure):
        return play.server(":srv 904 * :No")
    events = play.server("AUTHENTICATE " + encode(verdict))
    assert play.we() == ["AUTHENTICATE +"], "non-empty challenges have an answer, if an empty one"
    return events + play.server(":srv 900 * ann!a@h ann :in", ":srv 903 * :good")


def test_scram() -> None:
    play = Play()
    assert scram(play, ServerExchange("server")) == [
        LoggedIn(time=NOW, account="ann"),
        LoginAccepted(time=NOW),
    ]
    assert play.we() == ["CAP END"]


def test_scram_bound_to_the_connection() -> None:
    sasl = "sasl=SCRAM-SHA-256,SCRAM-SHA-256-PLUS"
    play = Play(sasl, channel=Channel(is_private=True, binding=BINDING))
    bound = ServerExchange("server", is_plus=True, bindings=dict([BINDING]))
    assert isinstance(scram(play, bound)[-1], LoginAccepted)


def test_scram_notices_that_the_binding_was_struck_off_the_list() -> None:
    play = Play("sasl=SCRAM-SHA-256", channel=Channel(is_private=True, binding=BINDING))
    play.we()
    play.server("AUTHENTICATE +")
    other = ServerExchange("server", bindings=dict([BINDING]))
    assert other.hear_first(play.we_say()) is Failure.SERVER_DOES_SUPPORT_CHANNEL_BINDING


def test_scram_with_a_wrong_password() -> None:
    play = Play(account=Account("ann", "wrong", "phone"))
    assert scram(play, ServerExchange("server")) == [LoginRefused(time=NOW, code="904", text="No")]


def test_a_long_challenge_comes_in_chunks() -> None:
    play, other = Play(), ServerExchange("n" * 400)
    play.we()
    play.server("AUTHENTICATE +")
    other.hear_first(play.we_say())
    text = encode(other.challenge(KEPT))
    assert len(text) > 400
    play.server("AUTHENTICATE " + text[:400])
    assert play.we() == []
    play.server("AUTHENTICATE " + text[400:])
    assert isinstance(other.hear_final(play.we_say()), bytes)


def test_a_server_that_does_not_know_the_password_is_not_believed() -> None:
    """It says 900 and 903 to everything; whatever is said to it afterwards would be said to a stranger."""
    play = Play()
    play.we()
    play.server("AUTHENTICATE +")
    play.we()
    events = play.server(":srv 900 * ann!a@h ann :in", ":srv 903 * :good")
    assert events[-1] == LoginRefused(time=NOW, code="", text=NOT_PROVEN)
    assert play.we() == []


def test_a_wrong_signature_is_not_believed() -> None:
    play, other = Play(), ServerExchange("server")
    play.we()
    play.server("AUTHENTICATE +")
    other.hear_first(play.we_say())
    play.server("AUTHENTICATE " + encode(other.challenge(KEPT)))
    play.we()
    (refused,) = play.server("AUTHENTICATE " + encode(b"v=" + b64encode(b"x" * 32)))
    assert refused == LoginRefused(time=NOW, code="", text=NOT_PROVEN)
    assert play.we() == ["AUTHENTICATE *"]


@pytest.mark.parametrize(
    "challenge",
    ["AUTHENTICATE !!!", "AUTHENTICATE " + encode(b"r=stranger,s=c2FsdA==,i=4096"), "AUTHENTICATE +"],
)
def test_a_server_that_cheats_hears_no_more(challenge: str) -> None:
    play = Play()
    play.server("AUTHENTICATE +")
    play.we()
    assert play.server(challenge) == [LoginRefused(time=NOW, code="", text=NOT_UNDERSTOOD)]
    assert play.we() == ["AUTHENTICATE *"]


def test_a_challenge_without_end_is_cut_off() -> None:
    play = Play()
    play.server("AUTHENTICATE +")
    play.we()
    events = [event for _ in range(30) for event in play.server("AUTHENTICATE " + "A" * 400)]
    assert events[0] == LoginRefused(time=NOW, code="", text=NOT_UNDERSTOOD)


def test_an_error_of_the_server_waits_for_its_numeric() -> None:
    play = Play()
    play.server("AUTHENTICATE +")
    play.we()
    assert play.server("AUTHENTICATE " + encode(b"e=other-error")) == []
    assert play.we() == ["AUTHENTICATE +"]
    assert play.server("904 * :No") == [LoginRefused(time=NOW, code="904", text="No")]


# --- no downgrade ---


def test_another_mechanism_where_the_server_does_not_have_the_first() -> None:
    # sasl-3.2: "Clients MUST handle the case when a mechanism they picked from the list turns out to be not available."
    play = Play("sasl")
    assert play.we() == ["AUTHENTICATE SCRAM-SHA-256"]
    assert play.server("908 * PLAIN,EXTERNAL :are available", "904 * :No") == []
    assert play.we() == ["AUTHENTICATE PLAIN"]
    assert play.server("908 * PLAIN,EXTERNAL :are available", "904 * :No") == [
        LoginRefused(time=NOW, code="904", text="No")
    ]


def test_plain_where_a_server_tells_no_list_at_all() -> None:
    play = Play("sasl")
    play.we()
    play.server("904 * :No")
    assert play.we() == ["AUTHENTICATE PLAIN"]
    play = Play("sasl", channel=Channel())
    assert play.server("904 * :No") == [LoginRefused(time=NOW, code="", text=NOT_SAFE)]


def test_what_was_begun_and_refused_is_not_tried_in_a_weaker_way() -> None:
    for sasl in ("sasl", "sasl=PLAIN,SCRAM-SHA-256"):
        play = Play(sasl)
        play.server("AUTHENTICATE +")
        play.we()
        assert play.server("908 * PLAIN :are available", "904 * :No") == [
            LoginRefused(time=NOW, code="904", text="No")
        ]
        assert play.we() == []


def test_a_list_that_was_told_is_not_forgotten_at_a_refusal() -> None:
    play = Play("sasl=PLAIN,SCRAM-SHA-256")
    assert play.server("904 * :No") == [LoginRefused(time=NOW, code="904", text="No")]


# --- servers that let us in without ---


def test_a_server_without_capabilities_lets_nobody_in_as_a_guest_unnoticed() -> None:
    play = Play(None)
    events = play.server("421 * CAP :unknown", "001 ann :hi")
    assert events[-1] == LoginRefused(time=NOW, code="", text=NO_SASL)


def test_a_server_that_refuses_the_capability() -> None:
    play = Play(None)
    play.server("CAP * LS :sasl=PLAIN")
    play.we()
    assert play.server("CAP * NAK :sasl") == [LoginRefused(time=NOW, code="", text=NO_SASL)]
    assert play.we() == []


def test_whoever_wants_may_go_in_all_the_same() -> None:
    play = Play("")
    play.session.say("CAP", "END")
    assert not any(isinstance(event, LoginRefused) for event in play.server("001 ann :hi", "422 ann :none"))


# --- later ---


def inside(sasl: str = "sasl=PLAIN", caps: str = "batch labeled-response echo-message message-tags") -> Play:
    play = Play(sasl, account=None, caps=caps)
    play.server("001 ann :hi", "005 ann CASEMAPPING=ascii :are", "422 ann :none", ":ann!a@h JOIN #tea")
    play.we()
    return play


def test_logging_in_later() -> None:
    play = inside()
    assert play.session.login(ANN) == []
    assert play.we() == ["AUTHENTICATE PLAIN"]
    play.server("AUTHENTICATE +")
    assert play.we_say() == b"\0ann@phone\0sesame"
    assert [type(event) for event in play.server("900 ann ann!a@h ann :in", "903 ann :good")] == [
        LoggedIn,
        LoginAccepted,
    ]
    assert play.we() == []


def test_logging_in_later_where_there_are_no_accounts() -> None:
    assert inside("").session.login(ANN) == [LoginRefused(time=NOW, code="", text=NO_SASL)]


def test_the_lines_of_a_login_are_not_taken_for_the_answer_to_something_else() -> None:
    play = inside(caps="echo-message")
    play.session.ask("WHOIS", "bob")
    play.session.login(ANN)
    play.server("AUTHENTICATE +", "904 ann :No")
    (answered,) = play.server("PONG srv veche-1")
    assert isinstance(answered, Answered)
    assert answered.answer.refusal is None


def test_numerics_of_logins_that_we_did_not_begin() -> None:
    play = inside()
    assert play.server("900 ann ann!a@h ann :in") == [LoggedIn(time=NOW, account="ann")]
    assert play.server("901 ann ann!a@h :out") == [LoggedOut(time=NOW)]
    (refused,) = play.server("904 ann :No")
    assert isinstance(refused, Refused)


def test_accounts_of_people() -> None:
    play = inside()
    assert play.server(":bob!b@h ACCOUNT bobby", ":bob!b@h ACCOUNT *", ":ann!a@h ACCOUNT ann") == [
        AccountChanged(time=NOW, nick="bob", account="bobby", is_me=False),
        AccountChanged(time=NOW, nick="bob", account="", is_me=False),
        AccountChanged(time=NOW, nick="ann", account="ann", is_me=True),
    ]
    assert play.session.model.account == "ann"
    (message,) = play.server("@account=bobby :bob!b@h PRIVMSG #tea :hi")
    assert isinstance(message, MessageReceived)
    assert message.account == "bobby"


@pytest.mark.parametrize("caps", ["batch labeled-response", "labeled-response batch echo-message", ""])
def test_the_answer_to_register_belongs_to_it(caps: str) -> None:
    play = inside(caps=caps)
    play.session.ask("REGISTER", "*", "*", "sesame")
    label = "@label=1 " if caps else ""
    events = play.server(f"{label}REGISTER SUCCESS ann :welcome", "PONG srv veche-1")
    (answered,) = [event for event in events if isinstance(event, Answered)]
    assert [line.params for line in answered.answer.lines] == [["SUCCESS", "ann", "welcome"]] + (
        [] if caps else [["srv", "veche-1"]]
    )


# --- several devices ---


def test_what_another_device_says_is_ours_and_told_once() -> None:
    play = inside()
    label = play.session.ask("PRIVMSG", "#tea", "from here")
    events = play.server(
        "@msgid=1 :ann!a@h PRIVMSG #tea :from there",
        f"@label={label};msgid=2 :ann!a@h PRIVMSG #tea :from here",
        "@msgid=3 :ann!a@h PRIVMSG bob :to Bob",
    )
    said = [event for event in events if isinstance(event, MessageReceived)]
    assert [(one.text, one.is_mine, one.conversation) for one in said] == [
        ("from there", True, "#tea"),
        ("from here", True, "#tea"),
        ("to Bob", True, "bob"),
    ]
    (answered,) = [event for event in events if isinstance(event, Answered)]
    assert answered.answer.echo is not None
    assert answered.answer.echo.msgid == "2"


@pytest.mark.parametrize("caps", ["echo-message message-tags", "message-tags"])
def test_another_devices_message_is_no_echo_where_there_are_no_labels(caps: str) -> None:
    play = inside(caps=caps)
    play.server("900 ann ann!a@h ann :in")
    play.session.ask("PRIVMSG", "#tea", "from here")
    events = play.server("@msgid=1 :ann!a@h PRIVMSG #tea :from there")
    if "echo" in caps:
        events += play.server("@msgid=2 :ann!a@h PRIVMSG #tea :from here")
    events += play.server("PONG srv veche-1")
    assert [event.text for event in events if isinstance(event, MessageReceived)] == [
        "from there",
        "from here",
    ]
    (answered,) = [event for event in events if isinstance(event, Answered)]
    assert answered.answer.echo is not None
    assert answered.answer.echo.text == "from here"


def test_a_guest_becomes_one_who_is_here_already() -> None:
    """He had come in as Guest7 and saw himself in the room; now he is that one, wherever that one is."""
    play = Play("sasl=PLAIN", account=None, caps="batch labeled-response echo-message")
    play.server("001 Guest7 :hi", "005 Guest7 CASEMAPPING=ascii :are", "422 Guest7 :none")
    play.server(":Guest7!g@h JOIN #tea", "353 Guest7 = #tea :Guest7 ann bob", "366 Guest7 #tea :end")
    events = play.server(
        "900 Guest7 Guest7!g@h ann :in",
        ":Guest7!g@h NICK ann",
        ":ann!a@h JOIN #tea", "353 ann = #tea :@ann bob", "366 ann #tea :end",
        ":ann!a@h JOIN #milk", "332 ann #milk :fresh", "353 ann = #milk :ann", "366 ann #milk :end",
    )  # fmt: skip
    model = play.session.model
    assert (model.nick, model.account, model.source) == ("ann", "ann", "ann!a@h")
    assert {name: room.nicks() for name, room in model.rooms.items()} == {
        "#tea": ["ann", "bob"],
        "#milk": ["ann"],
    }
    assert model.rooms["#milk"].topic == "fresh"
    assert NickChanged(time=NOW, old="Guest7", new="ann", rooms=("#tea",), is_me=True) in events


# --- odd input ---


@pytest.mark.parametrize("account", [("a\0b", "x"), ("a", "x\0"), ("a\udc80", "x"), ("a", "\udc80")])
def test_what_cannot_be_written_down_is_no_account(account: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Account(*account)


def test_a_password_is_not_shown() -> None:
    assert "sesame" not in repr(Identity("ann", account=ANN, password="sesame"))


LINES = st.sampled_from(
    [
        "AUTHENTICATE", "AUTHENTICATE +", "AUTHENTICATE *", "AUTHENTICATE ====", "AUTHENTICATE cj1y",
        "AUTHENTICATE " + "A" * 400, "900", "900 ann", "900 ann x ann :in", "901 ann", "902", "903", "904 * :No",
        "905 x", "906", "907", "908", "908 *", "908 * PLAIN :x", "908 * , :x", "CAP * LS :sasl=,", "CAP * ACK :sasl",
        "CAP * NEW :sasl=PLAIN", "CAP * DEL :sasl", "CAP * LS :sasl", "CAP * NAK :sasl", "001 ann :hi", "ACCOUNT",
        ":ann ACCOUNT *", "REGISTER", "REGISTER SUCCESS", "PONG srv veche-1", "FAIL REGISTER X :no",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=20))
@settings(max_examples=300, deadline=None)
def test_no_lines_of_a_server_make_a_login_raise_or_tell_the_password(lines: list[str]) -> None:
    play = Play(None, channel=Channel())
    for line in lines:
        play.server(line)
    play.session.login(ANN)
    play.server("AUTHENTICATE +")
    assert encode(b"\0ann@phone\0sesame") not in "".join(play.we())
