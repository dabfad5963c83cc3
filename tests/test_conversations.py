"""Every play in tests/conversations, twice: with each line in one piece, and in single bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from veche.testing.conversation import PlayFailed, play
from veche.testing.script import read_script

PLAYS = sorted(Path(__file__).parent.joinpath("conversations").glob("*.talk"))


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("path", PLAYS, ids=[path.stem for path in PLAYS])
def test_conversation(path: Path, *, bytewise: bool) -> None:
    failed = ""
    try:
        play(read_script(path), bytewise=bytewise)
    except PlayFailed as failure:
        failed = str(failure)
    if failed:
        pytest.fail(failed, pytrace=False)  # the difference says it all
