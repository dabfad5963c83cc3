"""What was taken back, and what read otherwise before an edit, comes back by no way that there is to read it."""

from __future__ import annotations

import pytest

from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage, quiet_settings

OLD = "tulip"
EVERYTHING = (
    "message-tags",
    "server-time",
    "echo-message",
    "labeled-response",
    "batch",
    "draft/multiline",
    "draft/chathistory",
    "draft/event-playback",
    "draft/message-edit",
    "draft/message-redaction",
    "veche/reactions",
)
# {room} and {id} of the message that is corrected, {answer} of one that answers it.
READING = [
    "CHATHISTORY LATEST {room} * 50",
    "CHATHISTORY BEFORE {room} timestamp=2100-01-01T00:00:00.000Z 50",
    "CHATHISTORY AFTER {room} timestamp=2000-01-01T00:00:00.000Z 50",
    "CHATHISTORY AROUND {room} msgid={id} 50",
    "CHATHISTORY AFTER {room} msgid={id} 50",
    "CHATHISTORY BETWEEN {room} timestamp=2000-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 50",
    "CHATHISTORY THREAD {room} msgid={id} * 50",
    "CHATHISTORY THREAD {room} msgid={answer} * 50",
    "HISTORY {room} 50",
    "HISTORY {room} 100d",
    "SEARCH text=tulip",
    "SEARCH in={room};text=tul*",
    "SEARCH in={room};thread={answer}",
    "SEARCH in={room};from=ann",
    "PRIVMSG *playback :PLAY {room} 0",
    "PRIVMSG *playback :PLAY * 0",
    "EDITS {room} {id}",
]


def said_and_corrected(room: str, correction: str, *caps: str) -> tuple[Stage, Person, dict[str, str]]:
    """ann has said something, bob has reacted and answered, and then she has corrected it. bob is to read."""
    settings = quiet_settings()
    settings.lobby = "#tea"  # who comes is shown its last lines
    stage = Stage(settings)
    bob = stage.enter("bob", *caps)
    ann = stage.enter("ann", *EVERYTHING)
    target = room if room[0] == "#" else "bob"
    ann.send(f"PRIVMSG {target} :the word is {OLD}")
    ids = {"room": room, "id": msgid(ann, OLD)}
    bob.send(f"@+reply={ids['id']};+draft/react=🌷 TAGMSG {room}", f"@+reply={ids['id']} PRIVMSG {room} :ah")
    ids["answer"] = msgid(ann, ":ah")
    stage.pass_time(5)
    ann.send(correction.format(target=target, **ids))
    assert any(ids["id"] in line for line in ann.take()), "nothing was corrected"
    bob.take()
    return stage, bob, ids


def msgid(person: Person, text: str) -> str:
    """The id of a message that somebody has just heard."""
    line = next(line for line in person.take() if text in line)
    return line.partition("msgid=")[2].partition(";")[0].partition(" ")[0]


@pytest.mark.parametrize("caps", [EVERYTHING, ("message-tags",), ()], ids=["everything", "tags", "nothing"])
@pytest.mark.parametrize("room", ["#tea", "ann"])
@pytest.mark.parametrize(
    "correction",
    ["REDACT {target} {id} :oops", "@+draft/edit={id} PRIVMSG {target} :another word"],
    ids=["redacted", "edited"],
)
def test_nobody_reads_it_again(room: str, correction: str, caps: tuple[str, ...]) -> None:
    stage, bob, ids = said_and_corrected(room, correction, *caps)
    with stage.bugs:
        for line in READING:
            if line.startswith("EDITS") and room[0] != "#":
                continue
            bob.send(line.format(**ids))
            heard = bob.take()
            assert not any(OLD in told for told in heard), (line, heard)
        # Nor does who comes later, nor anybody after a restart.
        late = stage.enter("cid", *caps)
        late.send("HISTORY #tea")
        assert not any(OLD in told for told in late.take())
        stage.restart()
        again = stage.enter("dan", *caps)
        again.send("HISTORY #tea", "SEARCH text=tulip")
        assert not any(OLD in told for told in again.take())
    assert check_stage(stage) == []


def test_the_new_words_are_where_the_old_ones_were() -> None:
    stage, bob, ids = said_and_corrected(
        "#tea", "@+draft/edit={id} PRIVMSG {target} :another word", *EVERYTHING
    )
    for line in ("CHATHISTORY AROUND #tea msgid={id} 1", "SEARCH in=#tea;text=another"):
        bob.send(line.format(**ids))
        told = [heard for heard in bob.take() if "PRIVMSG" in heard]
        assert len(told) == 1, line
        assert f"msgid={ids['id']};veche/edited=2026-01-01T12:00:05.000Z" in told[0]
        assert "time=2026-01-01T12:00:00.000Z" in told[0]
        assert told[0].endswith(":another word")
    bob.send("CHATHISTORY AROUND #tea msgid={id} 1".format(**ids))
    assert any("veche/reactions=🌷:1" in heard for heard in bob.take()), (
        "a reaction is to a message, not to its words"
    )
    assert check_stage(stage) == []
