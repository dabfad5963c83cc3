"""What people say and take back, at random: long messages, reactions, redactions, ranks and bridges, on any disk.

Beside what must be true of every talk (see test_random_talk): what was taken back is never heard again by who was
told so, neither live nor in history.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_random_talk import HOME, NAMES, Action, Talk, disk, said, say, world
from veche.testing.checks import check_stage
from veche.testing.clock import NOON
from veche.testing.stage import Person, quiet_settings
from veche.wire.message import Message, parse
from veche.wire.msgids import CHANCE_BYTES, make_msgid

CAPS = [
    "message-tags server-time echo-message labeled-response batch draft/message-redaction draft/message-edit",
    "message-tags draft/multiline batch draft/message-edit",
    "message-tags batch draft/chathistory draft/message-redaction draft/relaymsg draft/event-playback",
    "batch draft/multiline",
    "-batch",
    "-draft/message-redaction",
    "draft/message-edit",
    "-draft/message-edit",
    "echo-message",
]  # fmt: skip
TARGETS = [HOME, HOME, HOME, "@" + HOME, "+" + HOME, "ann", "bob", "nobody"]
TEXTS = ["hello", "hello", "", " ", "two words", "x" * 300, "ж" * 100, ":)", "\x01ACTION waves\x01"]
# Nobody can guess an id; here they are numbers.
MSGIDS = [make_msgid(int(NOON * 1000), number.to_bytes(CHANCE_BYTES, "big")) for number in range(1, 4)]

target, text, msgid = st.sampled_from(TARGETS), st.sampled_from(TEXTS), st.sampled_from(MSGIDS)
label = st.sampled_from(["", "", "label={};"])

LINES = st.one_of(
    said("PRIVMSG {} :{}", target, text),
    said("PRIVMSG {} :{}", target, text),
    said("NOTICE {} :{}", target, text),
    said("REDACT {} {} :{}", target, msgid, text),
    said("RELAYMSG {} zoe/x :{}", st.just(HOME), text),
    said("MODE {} {} {}", st.just(HOME), st.sampled_from(["+o", "-o", "+v", "+b", "-b"]), st.sampled_from(NAMES)),
    said("MODE {} {}", st.just(HOME), st.sampled_from(["+m", "-m", "+d 5", "-d", "+k x", "-k", "+c", "+C"])),
    said("CHATHISTORY LATEST {} * 50", target),
    said("CHATHISTORY THREAD {} msgid={} * 50", target, msgid),
    said("SEARCH in={};text=hello", target),
    said("EDITS {} {}", target, msgid),
    said("CAP REQ :{}", st.sampled_from(CAPS)),
    said("NICK {}", st.sampled_from(NAMES)),
    said("PART {}", st.just(HOME)),
    said("JOIN {}", st.just(HOME)),
    said("BATCH -1"),
)  # fmt: skip
REDACTIONS = said("REDACT {} {}", st.just(HOME), msgid)
LABELS = st.sampled_from(["", "@label={} "])
TAGGED = st.one_of(
    said("@{}+reply={};+draft/react=lol TAGMSG {}", label, msgid, target),
    said("@+reply={};+draft/unreact=lol TAGMSG {}", msgid, target),
    said("@{}+typing=active TAGMSG {}", label, target),
    said("@{}+draft/edit={} PRIVMSG {} :{}", label, msgid, target, text),
    said("@{}+draft/edit={} PRIVMSG {} :{}", label, msgid, target, text),
    said("@{}+veche/id=e;+draft/edit={} PRIVMSG {} :{}", label, msgid, target, text),
    said("@{}+reply={} PRIVMSG {} :{}", label, msgid, target, text),
)


@st.composite
def long_messages(draw: st.DrawFn) -> list[tuple[str, str]]:
    """A batch, mostly a good one."""
    to = draw(target)
    lines = [(f"@{draw(label)}+x=y ", f"BATCH +1 draft/multiline {to}")]
    for piece in draw(st.lists(text, max_size=4)):
        tag = draw(
            st.sampled_from(["@batch=1 ", "@batch=1 ", "@batch=1 ", "@batch=1;draft/multiline-concat ", ""])
        )
        lines.append((tag, f"PRIVMSG {to} :{piece}"))
    if not draw(st.integers(0, 3)):
        lines[0] = (f"@+draft/edit={draw(msgid)} ", lines[0][1])
    if draw(st.integers(0, 5)):
        lines.append(("", "BATCH -1"))
    return lines


name = st.sampled_from(NAMES[:3])
ACTIONS = st.one_of(
    st.builds(say, name, st.lists(st.tuples(LABELS, LINES), max_size=4), ends_turn=st.just(True)),
    st.builds(say, name, st.lists(st.tuples(TAGGED, st.just("")), max_size=2), ends_turn=st.booleans()),
    st.builds(say, name, long_messages(), ends_turn=st.booleans()),
    st.builds(disk, st.sampled_from(["slow", "release", "release", "refuse", "fast", "fast", "slow to read", "read"])),
    st.builds(say, name, st.lists(st.tuples(LABELS, REDACTIONS), min_size=1, max_size=2), ends_turn=st.just(True)),
    st.builds(world, st.sampled_from(["leave", "in", "in", "in", "in", "40"]), name),
)  # fmt: skip


def returned(person: Person) -> list[Message]:
    """What this person heard of messages behind the line that told him that they were taken back."""
    gone: set[str] = set()
    wrong = []
    for raw in person.heard:
        message = parse(raw.decode().removesuffix("\r"))
        if message is None:
            continue
        if message.command == "REDACT":
            gone.add(message.params[1])
        elif {message.tags.get(tag) for tag in ("msgid", "+draft/edit")} & gone:
            wrong.append(message)
    return wrong


def run(actions: list[Action], *, keeps: bool) -> Talk:
    talk = Talk(quiet_settings(), "#tea", keeps=keeps)
    with talk.stage.bugs:
        for one, caps in zip(NAMES[:3], CAPS, strict=False):
            talk.person(one).send(f"CAP REQ :{caps}")
        for action in actions:
            action(talk)
        talk.stage.disk.read()
        talk.stage.disk.hurry()
        for person in talk.present.values():
            person.send("BATCH -1")
        talk.stage.pass_time(40)
        assert not check_stage(talk.stage)
    assert not [message for person in talk.stage.persons for message in returned(person)]
    return talk


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(actions=st.lists(ACTIONS, min_size=15, max_size=40), keeps=st.integers(0, 9).map(bool))
def test_any_messages_leave_the_server_sound(actions: list[Action], *, keeps: bool) -> None:
    run(actions, keeps=keeps)


@pytest.mark.long
@settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
@given(actions=st.lists(ACTIONS, min_size=15, max_size=60), keeps=st.integers(0, 9).map(bool))
def test_any_many_messages_leave_the_server_sound(actions: list[Action], *, keeps: bool) -> None:
    run(actions, keeps=keeps)
