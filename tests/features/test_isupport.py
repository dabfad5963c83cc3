"""ISUPPORT in batches: nothing else is in them, and nothing of it is outside."""

from __future__ import annotations

import re

import pytest

from veche.testing.stage import Stage

_BATCH = re.compile(r"(?:@(\S+) )?:irc\.example BATCH ([+-])(\w+)(?: (.*))?")


def lists_in(lines: list[str], label: str = "") -> list[list[str]]:
    """The lists of tokens that came in batches; fails for one that came without, or for a batch with anything else."""
    lists: list[list[str]] = []
    open_batch = ""
    for line in lines:
        found = _BATCH.fullmatch(line)
        if found and found[2] == "+" and found[4] == "draft/isupport":
            assert not open_batch
            open_batch = found[3]
            lists.append([])
        elif found and found[3] == open_batch:
            assert lists[-1], "one or more messages"
            open_batch = ""
        elif open_batch:
            # extended-isupport: "The batch MUST only contain one or more `RPL_ISUPPORT` messages, it MUST NOT contain
            # any other message."
            head, _, rest = line.removeprefix(f"@batch={open_batch} ").partition(" 005 ")
            assert head == ":irc.example", line
            lists[-1] += rest.removesuffix(" :are supported by this server").split(" ")[1:]
        else:
            # extended-isupport: "The server MUST group all `RPL_ISUPPORT` messages inside a `draft/isupport` batch when
            # the `batch` and `draft/extended-isupport` capabilities are enabled."
            assert " 005 " not in line
    assert not open_batch
    return lists


@pytest.mark.parametrize("line", ["ISUPPORT", "VERSION", "@label=x ISUPPORT", "@label=x VERSION"])
def test_all_of_the_list_and_nothing_else_is_in_the_batch(line: str) -> None:
    stage = Stage()
    ann = stage.open("ann")
    ann.send("CAP REQ :batch draft/extended-isupport labeled-response", "ISUPPORT")
    # extended-isupport: "When receiving this command, the server MUST reply with one or more `RPL_ISUPPORT` messages
    # (grouped inside a `draft/isupport` batch if the `batch` and `draft/extended-isupport` capabilities are enabled,
    # see below)."
    (early,) = lists_in(ann.take())
    ann.send("NICK ann", "USER ann 0 * :Ann", "CAP END")
    (late,) = lists_in(ann.take())
    ann.send(line)
    (asked,) = lists_in(ann.take())
    # extended-isupport: "In that case, the server MUST send a `RPL_ISUPPORT` list when connection registration
    # completes with entries previously omitted."
    assert early == late == asked
    assert len(early) > 30
