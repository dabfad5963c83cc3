"""The session as plays: what the server says, what we say, what happened."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veche.client.events import (
    Answered,
    CapabilitiesChanged,
    CtcpReceived,
    Event,
    HistoryReceived,
    LineDropped,
    MessageReceived,
    NickRefused,
    PersonJoined,
    Refused,
    Registered,
    ServerClosed,
    Told,
)
from veche.client.registration import Identity
from veche.client.session import Session

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
LABELS = "batch labeled-response echo-message"


class Play:
    """A session with its two sides in view: `server` says lines and `we` returns what we have said since."""

    def __init__(self, caps: str | None = LABELS, nick: str = "ann") -> None:
        self.session = Session(Identity(nick), clock=lambda: NOW)
        if caps is not None:
            self.session.start()
            self.server(*([f"CAP * LS :{caps}", f"CAP {nick} ACK :{caps}"] if caps else []))
            self.server(f"001 {nick} :hi", f"005 {nick} CASEMAPPING=ascii :are", f"422 {nick} :none")
            self.server(f":{nick}!a@h JOIN #tea", f"353 {nick} = #tea :@{nick} bob", f"366 {nick} #tea :end")
            self.we()

    def server(self, *lines: str) -> list[Event]:
        return self.session.receive("".join(line + "\r\n" for line in lines).encode())

    def we(self) -> list[str]:
        return self.session.take_output().decode().splitlines()

    def ask(self, *words: str) -> str:
        return self.session.ask(*words)


def answer_of(events: list[Event]) -> Answered:
    answers = [event for event in events if isinstance(event, Answered)]
    assert len(answers) == 1, events
    return answers[0]


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


# --- registration ---


def test_registration_with_capabilities() -> None:
    play = Play(caps=None)
    play.session.start()
    assert play.we() == ["CAP LS 302", "NICK ann", "USER ann 0 * ann"]
    play.server("CAP * LS * :batch sasl=PLAIN", "CAP * LS :echo-message unheard/of ")
    assert play.we() == ["CAP REQ :batch echo-message sasl"]
    (changed,) = play.server("CAP ann ACK :batch echo-message sasl ")
    assert isinstance(changed, CapabilitiesChanged)
    assert changed.enabled == {"batch", "echo-message", "sasl"}
    assert play.we() == ["CAP END"]
    events = play.server("001 ann2 :hi", "376 ann2 :end")
    assert events[-1] == Registered(time=NOW, nick="ann2")
    assert play.session.model.nick == "ann2"


@pytest.mark.parametrize("refusal", ["CAP * NAK :batch", "410 * REQ :what?"])
def test_registration_goes_on_without_capabilities(refusal: str) -> None:
    play = Play(caps=None)
    play.session.start()
    play.server("CAP * LS :batch")
    play.we()
    play.server(refusal)
    assert play.we() == ["CAP END"]


def test_registration_at_a_server_that_knows_no_capabilities() -> None:
    play = Play(caps=None)
    play.session.start()
    assert kinds(play.server("421 * CAP :unknown", "001 ann :hi", "422 ann :none")) == [
        "Told",
        "Told",
        "Registered",
    ]


def test_a_password_is_sent_before_the_nick() -> None:
    session = Session(Identity("ann", password="sesame", realname="Ann A."), clock=lambda: NOW)
    session.start()
    assert session.take_output() == b"CAP LS 302\r\nPASS sesame\r\nNICK ann\r\nUSER ann 0 * :Ann A.\r\n"


def test_a_taken_nick_is_told_and_another_tried() -> None:
    play = Play(caps=None)
    play.session.start()
    (refused,) = play.server("433 * ann :in use")
    assert refused == NickRefused(time=NOW, nick="ann", code="433", text="in use")
    play.we()
    play.session.try_nick("ann2")
    assert play.we() == ["NICK ann2"]


def test_a_nick_may_be_refused_by_a_standard_reply_too() -> None:
    play = Play(caps=None)
    play.session.start()
    (refused,) = play.server("FAIL NICK NICKNAME_RESERVED ann :it is somebody's")
    assert refused == NickRefused(time=NOW, nick="ann", code="NICKNAME_RESERVED", text="it is somebody's")


def test_new_capabilities_are_taken_and_old_ones_given_up() -> None:
    play = Play("batch labeled-response")
    play.server("CAP ann NEW :echo-message other")
    assert play.we() == ["CAP REQ echo-message"]
    play.server("CAP ann ACK :echo-message", "CAP ann DEL :labeled-response")
    assert play.we() == []
    assert play.session.model.capabilities == {"batch", "echo-message"}
    assert not play.session.has_labels


# --- asks with labels ---


def test_an_echo_with_our_label_acknowledges_a_message() -> None:
    play = Play()
    label = play.ask("PRIVMSG", "#tea", "hello all")
    assert play.we() == [f"@label={label} PRIVMSG #tea :hello all"]
    events = play.server(
        f"@label={label};msgid=x7;time=2026-07-01T11:00:00.250Z :ann!a@h PRIVMSG #tea :hello all"
    )
    assert kinds(events) == ["MessageReceived", "Answered"]
    echo = answer_of(events).answer.echo
    assert echo == events[0]
    assert isinstance(echo, MessageReceived)
    assert (echo.msgid, echo.is_mine, echo.time.microsecond) == ("x7", True, 250_000)


def test_a_labelled_fail_refuses_and_is_told_to_the_asker_alone() -> None:
    play = Play()
    label = play.ask("PRIVMSG", "#tea", "hello")
    events = play.server(f"@label={label} FAIL PRIVMSG INTERNAL_ERROR #tea :The disk is full")
    assert kinds(events) == ["Answered"]
    refusal = answer_of(events).answer.refusal
    assert refusal == Refused(
        time=NOW, command="PRIVMSG", code="INTERNAL_ERROR", context=("#tea",), text="The disk is full"
    )


def test_an_answer_of_several_lines_is_a_batch() -> None:
    play = Play()
    label = play.ask("WHOIS", "bob")
    events = play.server(
        f"@label={label} BATCH +b labeled-response",
        "@batch=b 311 ann bob u h * :Bob",
        ":cid!c@h JOIN #tea",
        "@batch=b 318 ann bob :end",
        "BATCH -b",
    )
    assert kinds(events) == ["PersonJoined", "Answered"]
    assert [row[-1] for row in answer_of(events).answer.numerics("311")] == ["Bob"]


def test_an_ack_answers_what_has_no_output() -> None:
    play = Play()
    label = play.ask("PONG", "x")
    assert answer_of(play.server(f"@label={label} ACK")).answer.refusal is None


def test_who_is_away_is_told_with_the_acknowledgement() -> None:
    play = Play()
    label = play.ask("PRIVMSG", "bob", "hi")
    events = play.server(
        f"@label={label} BATCH +b labeled-response",
        "@batch=b :ann!a@h PRIVMSG bob hi",
        "@batch=b 301 ann bob :at lunch",
        "BATCH -b",
    )
    assert kinds(events) == ["MessageReceived", "Told", "Answered"]
    assert answer_of(events).answer.echo == events[0]


def test_what_we_say_to_ourselves_is_heard_once() -> None:
    play = Play()
    label = play.ask("PRIVMSG", "ann", "note")
    events = play.server(f"@label={label} :ann!a@h PRIVMSG ann note", ":ann!a@h PRIVMSG ann note")
    assert kinds(events) == ["MessageReceived", "Answered"]


def test_our_new_nick_is_ours_whatever_source_the_server_writes() -> None:
    play = Play()
    label = play.ask("NICK", "anna")
    events = play.server(f"@label={label} :anna!a@h NICK :anna")
    assert kinds(events) == ["NickChanged", "Answered"]
    assert (play.session.model.nick, play.session.model.source) == ("anna", "anna!a@h")


def test_a_strange_label_answers_nothing() -> None:
    play = Play()
    assert kinds(play.server("@label=99 ACK", "@label=99 401 ann bob :none")) == ["Refused"]


def test_giving_up_ends_an_ask_once() -> None:
    play = Play()
    label = play.ask("LIST")
    (event,) = play.session.give_up(label)
    assert isinstance(event, Answered)
    assert not event.answer.is_complete
    assert play.session.give_up(label) == []
    assert play.server(f"@label={label} ACK") == []


# --- asks without labels ---


def test_without_labels_a_pong_ends_the_answer() -> None:
    play = Play("")
    label = play.ask("WHO", "#tea")
    assert play.we() == ["WHO #tea", f"PING veche-{label}"]
    assert kinds(play.server("352 ann #tea u h s bob H :0 Bob", "315 ann #tea :end")) == []
    (answered,) = play.server(f"PONG srv veche-{label}")
    assert isinstance(answered, Answered)
    assert len(answered.answer.lines) == 3


def test_without_labels_an_error_belongs_to_the_oldest_ask() -> None:
    play = Play("")
    first, second = play.ask("PRIVMSG", "nobody", "hi"), play.ask("PRIVMSG", "bob", "hi")
    refused = answer_of(play.server("401 ann nobody :none", f"PONG srv veche-{first}"))
    assert refused.answer.refusal is not None
    events = play.server(f"PONG srv veche-{second}")
    assert kinds(events) == ["MessageReceived", "Answered"], (
        "we say our message ourselves where there is no echo"
    )
    assert answer_of(events).answer.refusal is None


def test_without_labels_an_echo_is_ours_however_the_server_spells_the_target() -> None:
    play = Play("echo-message")
    label = play.ask("PRIVMSG", "#TEA", "hi")
    events = play.server("@msgid=x :ann!a@h PRIVMSG #tea hi", f"PONG srv veche-{label}")
    assert kinds(events) == ["MessageReceived", "Answered"]
    assert answer_of(events).answer.echo == events[0]


def test_a_foreign_pong_ends_nothing() -> None:
    play = Play("")
    play.ask("PING", "alive")
    assert play.we() == ["PING veche-1"]
    assert play.server("PONG srv 1", "PONG srv veche-2", "PONG") == []
    assert kinds(play.server("PONG srv veche-1")) == ["Answered"]


# --- history ---


def test_asked_history_comes_with_the_answer_and_changes_nothing_now() -> None:
    play = Play()
    label = play.ask("CHATHISTORY", "LATEST", "#tea", "*", "10")
    events = play.server(
        f"@label={label} BATCH +h chathistory #tea",
        "@batch=h;msgid=1;time=2026-01-01T00:00:00.000Z :bob!b@h PRIVMSG #tea :old",
        "@batch=h :bob!b@h PART #tea",
        "@batch=h;msgid=2 :ann!a@h NOTICE #tea :older me",
        "BATCH -h",
    )
    assert kinds(events) == ["Answered"]
    history = answer_of(events).answer.history
    assert [(message.sender, message.text, message.is_replay) for message in history] == [
        ("bob", "old", True),
        ("ann", "older me", True),
    ]
    assert play.session.model.people() == ["bob"]


def test_history_without_labels_belongs_to_the_open_ask() -> None:
    play = Play("batch draft/chathistory")
    label = play.ask("CHATHISTORY", "LATEST", "#tea", "*", "10")
    lines = ["BATCH +h chathistory #tea", "@batch=h :bob!b@h PRIVMSG #tea :old", "BATCH -h"]
    assert play.server(*lines) == []
    assert len(answer_of(play.server(f"PONG srv veche-{label}")).answer.history) == 1


def test_history_that_nobody_asked_for_is_an_event() -> None:
    play = Play()
    lines = ["BATCH +h chathistory #tea", "@batch=h :bob!b@h PRIVMSG #tea :old", "BATCH -h"]
    (event,) = play.server(*lines)
    assert isinstance(event, HistoryReceived)
    assert (event.conversation, event.messages[0].text) == ("#tea", "old")


def test_a_batch_inside_a_batch_ends_with_the_outer_one() -> None:
    play = Play()
    label = play.ask("CHATHISTORY", "LATEST", "#tea", "*", "10")
    events = play.server(
        f"@label={label} BATCH +out labeled-response",
        "@batch=out BATCH +in other/type",
        "@batch=in 352 ann #tea u h s bob H :0 Bob",
        "@batch=out BATCH -in",
        "BATCH -out",
    )
    assert len(answer_of(events).answer.lines) == 1


def test_batches_without_end_cost_little() -> None:
    play = Play()
    play.server(*(f"BATCH +{number} netsplit" for number in range(1000)))
    (event,) = play.server("@batch=999 :bob!b@h PRIVMSG #tea :still here")
    assert isinstance(event, MessageReceived)


# --- the rest ---


def test_a_ping_is_answered() -> None:
    play = Play()
    assert play.server("PING :are you there") == []
    assert play.we() == ["PONG :are you there"]


def test_a_ctcp_is_told_and_never_answered() -> None:
    play = Play()
    (event,) = play.server(":bob!b@h PRIVMSG ann :\x01VERSION\x01")
    assert event == CtcpReceived(time=NOW, sender="bob", target="ann", command="VERSION", argument="")
    assert play.we() == []


def test_an_error_is_told() -> None:
    assert Play().server("ERROR :Closing link") == [ServerClosed(time=NOW, reason="Closing link")]


def test_lines_that_cannot_be_read_are_passed_over() -> None:
    play = Play()
    events = play.session.receive(
        b"PRIVMSG \xff\r\n" + b"x" * 9000 + b"\r\n:bob!b@h JOIN #tea\r\n" + b"y" * 20000
    )
    assert kinds(events) == ["LineDropped", "LineDropped", "PersonJoined", "LineDropped"]
    assert isinstance(events[0], LineDropped)


@pytest.mark.parametrize("words", [("PRIVMSG", "a b", "c"), ("PRIVMSG", "a", "b\nQUIT"), ("A", "")])
def test_what_cannot_be_one_line_is_not_asked(words: tuple[str, ...]) -> None:
    play = Play()
    if words == ("A", ""):
        assert play.ask(*words) == "1"
        return
    with pytest.raises(ValueError, match=r"parameter|line end"):
        play.ask(*words)
    assert play.we() == []


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_bytes_may_come_in_any_pieces(size: int) -> None:
    stream = (
        "@label=1;time=2026-07-01T11:00:00.250Z :ann!a@h PRIVMSG #tea :привет\r\n:bob!b@h QUIT\r\n".encode()
    )
    play = Play()
    play.ask("PRIVMSG", "#tea", "привет")
    events: list[Event] = []
    for start in range(0, len(stream), size):
        events += play.session.receive(stream[start : start + size])
    assert kinds(events) == ["MessageReceived", "Answered", "PersonQuit"]


WORDS = """
001 005 353 366 332 331 333 301 401 433 473 376 422 BATCH CAP JOIN PART KICK QUIT NICK MODE TOPIC PRIVMSG NOTICE PING
PONG ERROR FAIL WARN INVITE CHATHISTORY ACK ann #tea bob = @ann +o -o +ov-k #tea,#milk LS ACK NEW DEL NAK batch
labeled-response echo-message +h -h chathistory labeled-response veche-1 veche-2 CASEMAPPING=rfc1459 CHANTYPES * 0
PREFIX=(ov)@+ PREFIX CHANMODES=, CHATHISTORY=x -PREFIX STATUSMSG=@ : :ann :x :\x01ACTION :\x01
"""
TAGS = st.sampled_from(
    [
        "",
        "@label=1 ",
        "@label=2 ",
        "@batch=h ",
        "@time=2026-02-31T00:00:00.000Z ",
        "@time=9999-12-31T23:59:60.000Z ",
        "@;= ",
    ]
)
SOURCES = st.sampled_from(["", ":ann ", ":ann!a@h ", ":bob!b@h ", ": ", ":!@ "])
LINES = st.builds(
    lambda tags, source, words: tags + source + " ".join(words),
    TAGS,
    SOURCES,
    st.lists(st.sampled_from(WORDS.split()), max_size=6),
)


@given(st.lists(LINES, max_size=30), st.sampled_from(["", LABELS]))
@settings(max_examples=300, deadline=None)
def test_no_lines_of_a_server_make_the_session_raise(lines: list[str], caps: str) -> None:
    play = Play(caps)
    play.ask("PRIVMSG", "#tea", "hi")
    play.ask("CHATHISTORY", "LATEST", "#tea", "*", "5")
    for event in play.server(*lines):
        assert isinstance(event, Event)
    play.session.ask("PRIVMSG", "bob", "still alive")
    play.session.take_output()


@given(st.lists(st.binary(max_size=300), max_size=10))
@settings(deadline=None)
def test_no_bytes_of_a_server_make_the_session_raise(pieces: list[bytes]) -> None:
    session = Session(Identity("ann"), clock=lambda: NOW)
    session.start()
    for piece in pieces:
        for event in session.receive(piece):
            assert isinstance(event, Event)
    session.take_output()


def test_told_and_joined_are_exported_as_they_happen() -> None:
    events = Play().server(":bob!b@h JOIN #milk", ":cid!c@h JOIN #tea", "333 ann #tea bob 1")
    assert events == [
        PersonJoined(time=NOW, room="#tea", nick="cid", is_me=False),
        Told(time=NOW, code="333", params=("#tea", "bob", "1")),
    ]


def test_a_guest_comes_back_with_what_the_server_has_told_him() -> None:
    play = Play("veche/guest")
    play.server(":irc.example GUEST u1.seal")
    assert play.session.guest == "u1.seal"
    again = Session(Identity("ann", guest=play.session.guest), clock=lambda: NOW)
    again.start()
    said = again.take_output().decode().splitlines()
    assert said.index("GUEST u1.seal") < said.index("NICK ann")


def test_a_guest_who_is_not_known_any_more_comes_in_as_another() -> None:
    session = Session(Identity("ann", guest="u1.seal"), clock=lambda: NOW)
    session.start()
    assert session.receive(b":irc.example FAIL GUEST GONE :You are a new one\r\n") == []
    assert session.receive(b":irc.example 421 * GUEST :Unknown command\r\n") == []
    events = session.receive(b":irc.example 001 ann :hi\r\n:irc.example 422 ann :none\r\n")
    assert any(isinstance(event, Registered) for event in events)
    assert "seal" not in repr(Identity("ann", guest="u1.seal"))
