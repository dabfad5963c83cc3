"""What specifications ask of clients, sentence by sentence, as far as this library plays that part."""

from __future__ import annotations

import pytest

from tests.client.fake_server import LOBBY, FakeServer
from tests.client.test_connection import ann, events_until
from tests.client.test_session import NOW, Play, answer_of, kinds
from veche.client.events import CapabilitiesChanged, GapFilled, MessageReceived
from veche.client.registration import WANTED, Identity
from veche.client.session import Session
from veche.wire.lines import BODY_LIMIT


def test_we_ask_what_there_is_and_say_who_we_are_without_waiting() -> None:
    session = Session(Identity("ann"), clock=lambda: NOW)
    session.start()
    # capability-negotiation: "Upon connecting to the IRC server, clients SHOULD send one of the following messages:
    # `CAP LS [version]` to discover the available capabilities on the server."
    # capability-negotiation: "Following this, the client MUST send the standard `NICK` and `USER` IRC commands."
    assert session.take_output() == b"CAP LS 302\r\nNICK ann\r\nUSER ann 0 * ann\r\n"


def test_a_list_may_come_in_lines_and_end_in_spaces() -> None:
    play = Play(caps=None)
    play.session.start()
    play.we()
    # capability-negotiation: "Clients that support CAP version `302` MUST handle the continuation format described
    # as follows:"
    play.server("CAP * LS * :batch  unheard/of=1 ")
    assert play.we() == []
    # capability-negotiation: "Clients MUST ignore any trailing whitespace."
    play.server("CAP * LS :echo-message   ")
    assert play.we() == ["CAP REQ :batch echo-message"]
    (changed,) = play.server("CAP * ACK :batch echo-message  ")
    assert isinstance(changed, CapabilitiesChanged)
    assert changed.enabled == {"batch", "echo-message"}


def test_all_that_we_ever_ask_for_fits_into_one_answer() -> None:
    play = Play(caps=None)
    play.session.start()
    play.we()
    play.server(f"CAP * LS :{' '.join(reversed(WANTED))}")
    # capability-negotiation: "Clients SHOULD ensure that their list of requested capabilities is not too long to be
    # replied to with a single ACK or NAK message."
    (request,) = play.we()
    assert set(request.removeprefix("CAP REQ :").split(" ")) == set(WANTED)
    longest_head = f":{'x' * 63} CAP {'n' * 64} ACK "
    assert len(longest_head) + len(request.removeprefix("CAP REQ ")) <= BODY_LIMIT


def test_what_comes_is_asked_for_and_what_goes_is_gone() -> None:
    play = Play("batch labeled-response echo-message")
    # capability-negotiation: "Clients that support `CAP NEW` messages SHOULD respond with a `CAP REQ` message if
    # they wish to enable one or more of the newly-offered capabilities."
    play.server("CAP ann NEW :message-tags unheard/of")
    assert play.we() == ["CAP REQ message-tags"]
    play.server("CAP ann ACK message-tags")
    # capability-negotiation: "Upon receiving a `CAP DEL` message, the client MUST treat the listed capabilities as
    # cancelled and no longer available."
    (changed,) = play.server("CAP ann DEL :labeled-response message-tags never-had-it")
    assert isinstance(changed, CapabilitiesChanged)
    assert changed.enabled == {"batch", "echo-message"}
    # capability-negotiation: "Clients SHOULD NOT send `CAP REQ` messages to cancel the capabilities in `CAP DEL`,
    # as they have already been cancelled by the server."
    assert play.we() == []
    # capability-negotiation: "Clients MUST gracefully handle situations when the server removes support for any
    # capability.": labels are gone, and answers are known without them.
    label = play.ask("PRIVMSG", "#tea", "hello")
    assert [line for line in play.we() if "@label" in line] == []
    events = play.server(":ann!a@h PRIVMSG #tea :hello", f"PONG srv veche-{label}")
    assert kinds(events) == ["MessageReceived", "Answered"]
    play.server("CAP ann DEL :batch echo-message")
    assert play.session.model.capabilities == set()


def test_a_batch_of_nothing_is_nothing() -> None:
    play = Play()
    # batch: "An empty batch is allowed, and SHOULD be treated as a no-op, unless demanded otherwise by the
    # specification for that batch type."
    assert (
        play.server("BATCH +x netsplit a b", "BATCH -x", "BATCH +x other/type", "BATCH -x", "BATCH -x") == []
    )
    assert play.we() == []
    # batch: "The reference tag MUST be treated as an opaque identifier."
    events = play.server(
        "BATCH +a chathistory #tea",
        "BATCH +A chathistory #tea",
        "@batch=a :bob!b@h PRIVMSG #tea :one",
        "BATCH -A",
        "@batch=a :bob!b@h PRIVMSG #tea :two",
        "BATCH -a",
    )
    assert [
        [message.text for message in event.messages] for event in events if hasattr(event, "messages")
    ] == [
        [],
        ["one", "two"],
    ]


def test_no_label_is_used_twice() -> None:
    play = Play()
    # labeled-response: "The client SHOULD NOT reuse a tag value until it has received a complete response for that
    # value from the server."
    labels = [play.ask("PRIVMSG", "#tea", str(number)) for number in range(1000)]
    assert len(set(labels)) == 1000
    assert max(map(len, labels)) <= 64


def test_what_we_have_said_elsewhere_is_ours_too() -> None:
    play = Play()
    # echo-message: "Clients that receive self-sent `PRIVMSG` and `NOTICE` messages, MUST treat them the same way as
    # if the client itself would have sent the message to the target."
    ours, theirs = play.server(":ann!a@h PRIVMSG bob :from my phone", ":bob!b@h NOTICE ann :hi")
    assert isinstance(ours, MessageReceived)
    assert isinstance(theirs, MessageReceived)
    assert (ours.is_mine, ours.conversation) == (True, "bob")
    assert (theirs.is_mine, theirs.conversation) == (False, "bob")
    label = play.ask("PRIVMSG", "#tea", "here")
    (echo, answered) = play.server(f"@label={label} :ann!a@h PRIVMSG #tea :here")
    assert isinstance(echo, MessageReceived)
    assert echo.is_mine
    assert answer_of([answered]).answer.echo == echo


@pytest.mark.parametrize(
    ("types", "kind"),
    [("", "msgid"), ("msgid,timestamp", "msgid"), ("hash,timestamp", "timestamp"), ("hash,msgid", "msgid")],
)
async def test_history_is_asked_for_by_what_the_server_knows(types: str, kind: str) -> None:
    async with FakeServer() as server:
        server.page = 2
        server.reference_types = types
        for number in range(4):
            server.keep("bob", LOBBY, f"old {number}")
        async with ann(server) as chat:
            # chathistory: "If `MSGREFTYPES` is missing, clients SHOULD assume the server supports both and has no
            # preference."
            # chathistory: "Clients MUST ignore any type they do not support."
            got = [message.text async for message in chat.history(LOBBY, limit=3)]
            assert got == ["old 3", "old 2", "old 1"]
            assert [line.split(" ")[4][: len(kind)] for line in server.heard if " BEFORE " in line] == [kind]
            await chat.send(LOBBY, "before")
            await server.stop()
            server.keep("bob", LOBBY, "missed")
            await server.start()
            await events_until(chat, lambda event: isinstance(event, GapFilled) and event.count == 1)
            asked = [line.split(" ") for line in server.heard if " AFTER " in line]
            assert {words[4].partition("=")[0] for words in asked} == {kind}


async def test_no_maximum_is_none() -> None:
    async with FakeServer() as server:
        server.page = 0
        for number in range(300):
            server.keep("bob", LOBBY, f"old {number}")
        async with ann(server, backlog=250) as chat:
            # chathistory: "If `0`, the client SHOULD assume that there is no maximum number of messages."
            seen = await events_until(chat, lambda event: isinstance(event, GapFilled))
            assert len([event for event in seen if isinstance(event, MessageReceived)]) == 250
            assert [line.split(" ")[-1] for line in server.heard if " LATEST " in line] == ["250"]
