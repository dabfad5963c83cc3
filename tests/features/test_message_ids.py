"""Message ids: each message has one, no other has the same, and nobody but the server chooses it."""

from __future__ import annotations

from veche.testing.stage import Person, Stage
from veche.wire.message import parse


def ids_of(person: Person) -> list[str]:
    """The ids of what somebody has heard, in order."""
    messages = [parse(line) for line in person.take()]
    return [message.tags["msgid"] for message in messages if message is not None and "msgid" in message.tags]


def test_no_two_messages_have_the_same_id() -> None:
    # message-ids: "The tag value MUST be a unique ID chosen by the originating server."
    stage = Stage()
    ann = stage.enter("ann", "message-tags", "echo-message")
    bob = stage.enter("bob", "message-tags")
    for person in (ann, bob):
        person.send("JOIN #tea")
    ann.take()
    bob.take()
    ann.send("PRIVMSG #tea :one", "PRIVMSG #tea :one", "NOTICE #tea :one", "@+x=y TAGMSG #tea")
    ann.send("PRIVMSG #tea,bob :two", "NOTICE bob :two")
    stage.clock.set_wall(-60)
    ann.send("PRIVMSG #tea :one")
    echoed = ids_of(ann)
    assert len(echoed) == len(set(echoed)) == 8
    assert ids_of(bob) == echoed, "everybody reads the same one"
    ann.send(f"@msgid={echoed[0]} PRIVMSG #tea :mine")
    assert ids_of(ann)[0] not in echoed
    assert ids_of(bob)[0] not in echoed


def test_a_message_to_oneself_and_its_echo_are_one() -> None:
    ann = Stage().enter("ann", "message-tags", "echo-message")
    ann.send("PRIVMSG ann :note")
    one, other = ids_of(ann)
    assert one == other
