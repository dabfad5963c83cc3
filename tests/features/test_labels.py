"""Every command that there is, with a label: one answer, and one only."""

from __future__ import annotations

import pytest

from tests.checklist import COMMANDS
from veche.core.settings import OperatorBlock
from veche.testing.checks import check_stage
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Stage, quiet_settings

CAPS = """
    batch labeled-response message-tags server-time draft/chathistory draft/extended-isupport draft/metadata-2
    draft/multiline draft/channel-rename draft/message-redaction setname away-notify
""".split()  # noqa: SIM905 - a table reads better without a hundred quotation marks
# A client must not send it, so it is not answered; and what ends the connection is told without a label.
WITHOUT = {"ERROR", "WEBIRC"}
# What is no part of the answer: her own message as it comes to her, what others do, the end of the connection.
BESIDE = {
    "PRIVMSG": " PRIVMSG ann ",
    "NOTICE": " NOTICE ann ",
    "TAGMSG": " TAGMSG ann",
    "KILL": ":bob!",
    "QUIT": "ERROR ",
}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_labelled_command_has_one_labelled_answer(command: str) -> None:
    settings = quiet_settings()
    settings.operators["root"] = OperatorBlock("root", FakePasswords.hash("secret"))
    stage = Stage(settings)
    ann, bob, cid = stage.enter("ann", *CAPS), stage.enter("bob"), stage.enter("cid")
    ann.send("OPER root secret", "JOIN #tea")
    bob.send("JOIN #tea")
    for person in (ann, bob, cid):
        person.take()
    line = COMMANDS[command][0]
    ann.send(f"@label=x;{line[1:]}" if line[0] == "@" else f"@label=x {line}")
    heard = ann.take()
    labelled = [
        line for line in heard if line[0] == "@" and "label=x" in line.partition(" ")[0][1:].split(";")
    ]
    # labeled-response: "For any message received from a client that includes this tag, the server MUST include the
    # same tag and value in any response required from this message where it is feasible to do so."
    # labeled-response: "Servers MUST include the tag in exactly one logical message."
    assert len(labelled) == (0 if command in WITHOUT else 1), heard
    # labeled-response: "If a response consists of more than one message, a batch MUST be used to group them into a
    # single logical response.": whatever else she hears is in that batch, or no answer.
    loose = [line for line in heard if line not in labelled and not _is_in_a_batch(line)]
    if command not in WITHOUT:
        assert all(BESIDE.get(command, "\\n") in line for line in loose), heard
    assert check_stage(stage) == []


def _is_in_a_batch(line: str) -> bool:
    tags, _, rest = line.partition(" ") if line[0] == "@" else ("", "", line)
    return any(tag.startswith("batch=") for tag in tags[1:].split(";")) or " BATCH -" in rest
