"""Editing, taking back and searching: the session on lines, and the library with a whole server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.client.test_examples import examples
from tests.clients.serving import Ports, serving
from veche.client.connection import Connection
from veche.client.errors import AskRefused, ClientError, OutcomeUnknown
from veche.client.events import Answer, Answered, Event, MessageEdited, MessageReceived, MessageRedacted
from veche.client.lineup import Lineup, Outgoing
from veche.client.registration import Identity
from veche.client.session import Session

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
EDITING = "message-tags server-time batch labeled-response echo-message draft/message-edit soju.im/search"


def session(caps: str = EDITING) -> Session:
    """One that is in, with these capabilities."""
    it = Session(Identity("ann"), clock=lambda: NOON)
    it.start()
    hear(it, f":s CAP * LS :{caps}", f":s CAP * ACK :{caps}", ":s 001 ann :Hi", ":s 422 ann :none")
    it.take_output()
    return it


def hear(it: Session, *lines: str) -> list[Event]:
    return it.receive("".join(line + "\r\n" for line in lines).encode())


def test_an_edit_bears_the_id_of_what_it_edits_and_its_echo_is_no_message() -> None:
    it = session()
    label = it.ask("PRIVMSG", "#tea", "nine", edit="m1")
    assert it.take_output() == f"@+draft/edit=m1;label={label} PRIVMSG #tea nine\r\n".encode()
    events = hear(it, f"@label={label};msgid=m2;+draft/edit=m1 :ann!a@h PRIVMSG #tea :nine")
    assert events[0] == MessageEdited(
        time=NOON, msgid="m1", sender="ann", target="#tea", conversation="#tea", text="nine", is_mine=True
    )
    assert isinstance(events[1], Answered)
    assert (events[1].answer.refusal, len(events)) == (None, 2)


def test_an_edit_without_an_echo_is_not_told_as_a_message_either() -> None:
    it = session(EDITING.replace("echo-message ", ""))
    label = it.ask("PRIVMSG", "#tea", "nine", edit="m1")
    assert [type(event) for event in hear(it, f"@label={label} :s ACK")] == [Answered]


def test_where_nothing_is_edited_an_edit_is_not_said_aloud() -> None:
    it = session("message-tags")
    with pytest.raises(ValueError, match="does not edit"):
        it.ask("PRIVMSG", "#tea", "nine", edit="m1")
    assert it.take_output() == b""


def test_a_tag_that_the_server_does_not_vouch_for_is_not_believed() -> None:
    events = hear(session("message-tags"), "@+draft/edit=m1 :bob!b@h PRIVMSG #tea :I owe you 100")
    assert [type(event) for event in events] == [MessageReceived]


def test_edits_of_actions_and_whispers_are_told_as_such() -> None:
    (event,) = hear(session(), "@+draft/edit=m1 :bob!b@h PRIVMSG ann :\x01ACTION waves\x01")
    assert isinstance(event, MessageEdited)
    assert (event.kind, event.text, event.conversation, event.is_private) == ("action", "waves", "bob", True)


def test_what_was_taken_back_from_the_operators_of_a_room_is_part_of_the_room() -> None:
    (event,) = hear(session(), "005 ann STATUSMSG=@ :are", ":bob!b@h REDACT @#tea m1")[-1:]
    assert isinstance(event, MessageRedacted)
    assert (event.conversation, event.is_private) == ("#tea", False)


def test_what_was_taken_back_is_told() -> None:
    it = session()
    assert hear(
        it, ":bob!b@h REDACT #tea m1 :wrong room", ":bob!b@h REDACT ann m2", ":bob!b@h REDACT ann"
    ) == [
        MessageRedacted(time=NOON, msgid="m1", by="bob", conversation="#tea", reason="wrong room"),
        MessageRedacted(time=NOON, msgid="m2", by="bob", conversation="bob", is_private=True),
    ]


@pytest.mark.parametrize("is_nested", [False, True])
def test_what_a_search_finds_is_its_answer_and_nothing_that_happens_now(is_nested: bool) -> None:
    it = session()
    label = it.ask("SEARCH", "text=tea")
    outer = [f"@label={label} :s BATCH +1 labeled-response", "@batch=1 :s NOTE SEARCH INCOMPLETE :more"]
    first = (
        "@batch=1 :s BATCH +2 soju.im/search" if is_nested else f"@label={label} :s BATCH +2 soju.im/search"
    )
    events = hear(
        it,
        *(outer if is_nested else []),
        first,
        "@batch=2;time=2026-01-01T10:00:00.000Z;veche/edited=x;msgid=m1 :bob!b@h PRIVMSG #tea :tea",
        ":s BATCH -2",
        *([":s BATCH -1"] if is_nested else []),
    )
    assert [type(event) for event in events] == [Answered]
    assert isinstance(events[0], Answered)
    (found,) = events[0].answer.history
    assert (found.text, found.is_edited, found.is_replay, found.msgid) == ("tea", True, True, "m1")


def test_a_search_without_a_label_is_answered_too() -> None:
    it = session(EDITING.replace("labeled-response ", ""))
    label = it.ask("SEARCH", "text=tea")
    marks = it.take_output().split(b"\r\n")[1].decode().removeprefix("PING ")
    events = hear(
        it,
        ":s BATCH +2 soju.im/search",
        "@batch=2 :bob!b@h PRIVMSG #tea :tea",
        ":s BATCH -2",
        f":s PONG s {marks}",
    )
    assert [type(event) for event in events] == [Answered]
    assert isinstance(events[0], Answered)
    assert (events[0].label, len(events[0].answer.history)) == (label, 1)


def test_an_edit_in_doubt_is_sent_again_and_a_refusal_then_says_nothing() -> None:
    told: list[Answer | ClientError] = []
    lineup = Lineup(4)
    lineup.is_open = True
    piece = Outgoing("PRIVMSG", ("#tea", "nine"), told.append, "", "m1")
    lineup.add(piece)
    assert lineup.take_sendable() is piece
    lineup.sent("1", piece, "ann", "", NOON)
    lineup.lose_connection()
    lineup.come_in("", NOON)
    said = MessageReceived(time=NOON, sender="ann", target="#tea", conversation="#tea", text="nine")
    assert not lineup.recognise(said, str.__eq__)
    lineup.resolve(lambda _target: False)
    assert lineup.take_sendable() is piece
    refusal = hear(session(), ":s FAIL PRIVMSG EDIT_FORBIDDEN #tea m1 :no")[0]
    piece.settle(Answer("PRIVMSG", piece.params, refusal=refusal))  # type: ignore[arg-type]
    assert isinstance(told[0], OutcomeUnknown)


# ---- with a server


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    with serving(tmp_path_factory.mktemp("server"), "--set", "limits.flood=false") as ports:
        yield ports


@pytest.mark.slow
async def test_the_example_does_what_the_page_says(ports: Ports) -> None:
    names: dict[str, object] = {"__name__": "example"}
    exec(examples()[2], names)
    play = names["second_thoughts"]
    assert callable(play)
    heard = await play("127.0.0.1", ports.irc)
    assert heard == ["tea at nine (edited)", "it reads tea at nine now", "it was taken back: no tea"]


@pytest.mark.slow
async def test_a_search_goes_on_over_pages_newest_first_and_tells_nothing_twice(ports: Ports) -> None:
    async with Connection("127.0.0.1", ports.irc, nick="finder", rooms=("#find",)) as chat:
        for number in range(130):
            chat.post("#find", f"cup {number}")
        await chat.send("#find", "cup 130")
        texts = [one.text async for one in chat.search("cup", conversation="#find", limit=1000)]
        assert texts == [f"cup {number}" for number in range(130, -1, -1)]
        later = datetime.now(UTC) - timedelta(hours=1)
        few = [one.text async for one in chat.search("cups", sender="finder", after=later, limit=3)]
        assert few == ["cup 130", "cup 129", "cup 128"]
        with pytest.raises(AskRefused):
            [one async for one in chat.search("...")]


@pytest.mark.slow
async def test_an_edit_that_is_refused_raises_and_changes_nothing(ports: Ports) -> None:
    async with (
        Connection("127.0.0.1", ports.irc, nick="rose", rooms=("#mine",)) as rose,
        Connection("127.0.0.1", ports.irc, nick="thief", rooms=("#mine",)) as thief,
    ):
        said = await rose.send("#mine", "mine")
        with pytest.raises(AskRefused) as refused:
            await thief.edit("#mine", said.msgid, "yours")
        assert refused.value.refusal.code == "EDIT_FORBIDDEN"
        edited = await rose.edit("#mine", said.msgid, "mine alone")
        assert (edited.msgid, edited.time > said.time - timedelta(seconds=1)) == (said.msgid, True)
        assert [one.text async for one in thief.history("#mine")] == ["mine alone"]
        with pytest.raises(ValueError, match="bytes"):
            await rose.edit("#mine", said.msgid, "")
