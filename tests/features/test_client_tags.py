"""Client-only tags: which are denied, and which reactions are kept and counted."""

from __future__ import annotations

import pytest

from veche.core.ports import StoreError
from veche.features.client_tags import is_denied, reaction_of, without_typing
from veche.testing.stage import Person, Stage
from veche.wire.message import parse
from veche.wire.msgids import make_msgid

MSGID = make_msgid(1000, bytes(16))


@pytest.mark.parametrize(
    ("denied", "blocked", "allowed"),
    [
        (("foo", "example/bar"), ["+foo", "+example/bar"], ["+fo", "+bar", "+*"]),
        (("*",), ["+foo", "+x"], []),
        (("*", "-foo", "-example/bar"), ["+x", "+bar"], ["+foo", "+example/bar"]),
    ],
)
def test_denied_tags(denied: tuple[str, ...], blocked: list[str], allowed: list[str]) -> None:
    assert all(is_denied(denied, key) for key in blocked)
    assert not any(is_denied(denied, key) for key in allowed)


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"+reply": MSGID, "+draft/react": "🍵"}, (MSGID, "🍵", True)),
        ({"+reply": MSGID, "+draft/unreact": "🍵"}, (MSGID, "🍵", False)),
        ({"+draft/reply": MSGID, "+draft/react": "🍵"}, (MSGID, "🍵", True)),
        ({"+draft/reply": "x", "+reply": MSGID, "+draft/react": "🍵"}, (MSGID, "🍵", True)),
        ({"+draft/reply": "x", "+draft/react": "a"}, None),
        ({"+reply": MSGID, "+draft/unreact": "a", "+draft/react": "a"}, None),
        ({"+reply": MSGID}, None),
        ({"+draft/react": "a"}, None),
        ({"+reply": "x", "+draft/react": "a"}, None),
        ({"+reply": MSGID, "+draft/react": ""}, None),
        ({"+reply": MSGID, "+react": "a"}, None),
        ({"+reply": MSGID, "+unreact": "a"}, None),
        ({"+reply": MSGID, "+draft/react": "ж" * 33}, None),
    ],
)
def test_reactions_that_are_kept(tags: dict[str, str], found: tuple[str, str, bool] | None) -> None:
    # react: "Software implementing this work-in-progress specification MUST NOT use the unprefixed `+react` or
    # `+unreact` tag names."
    # react: "Instead, implementations SHOULD use the `+draft/react` and `+draft/unreact` tag names to be interoperable
    # with other software implementing a compatible work-in-progress version."
    # react: "Additionally, this tag MUST be used in conjunction with the `+reply` client tag."
    # react: "The `+draft/react` and `+draft/unreact` tags MUST NOT both be attached to a single message."
    assert reaction_of(tags, ()) == found
    assert reaction_of(tags, ("*",)) is None


def test_typing_is_not_kept() -> None:
    assert without_typing("+a=1;+typing=active;+typings=x") == "+a=1;+typings=x"
    assert without_typing("+typing") == ""


def last_msgid(person: Person) -> str:
    message = parse(person.take()[-1])
    assert message is not None
    return message.tags["msgid"]


def counts(stage: Stage) -> list[dict[str, int]]:
    answers: list[dict[int, dict[str, int]] | StoreError] = []
    stage.disk.reactions([record.seq for record in stage.disk.records], answers.append)
    stage.turn()
    assert isinstance(answers[0], dict)
    return list(answers[0].values())


def test_reactions_of_rooms_and_of_two_are_counted() -> None:
    stage = Stage()
    ann, bob = stage.enter("ann", "message-tags", "echo-message"), stage.enter("bob", "message-tags")
    ann.send("JOIN #tea", "PRIVMSG #tea :hello")
    room = last_msgid(ann)
    bob.send("JOIN #tea", f"@+reply={room};+draft/react=lol TAGMSG #tea")
    ann.send(f"@+reply={room};+draft/react=lol TAGMSG #tea", f"@+reply={room};+draft/react=lol TAGMSG #tea")
    ann.send("PRIVMSG bob :psst")
    direct = last_msgid(ann)
    bob.send(f"@+reply={direct};+draft/react=❤ TAGMSG ann")
    assert counts(stage) == [{"lol": 2}, {"❤": 1}]
    bob.send(f"@+reply={room};+draft/unreact=lol TAGMSG #tea", f"@+reply={direct};+draft/react=x TAGMSG #tea")
    assert counts(stage) == [{"lol": 1}, {"❤": 1}]
