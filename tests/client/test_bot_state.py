"""What a bot remembers: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from veche.client.bot_state import State, StateError


def test_it_is_the_same_after_a_restart(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state["polls"] = {"#чай": ["да", 1, None]}
    state.save()
    assert State(tmp_path / "state") == {"polls": {"#чай": ["да", 1, None]}}
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["state"]


def test_what_has_not_changed_is_not_written(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state["a"] = 1
    state.save()
    (tmp_path / "state").unlink()
    state.save()
    assert not (tmp_path / "state").exists()
    state["a"] = 2
    state.save()
    assert State(tmp_path / "state") == {"a": 2}


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), object()])
def test_what_json_cannot_hold_is_refused_and_the_file_stays(tmp_path: Path, value: object) -> None:
    state = State(tmp_path / "state")
    state["a"] = 1
    state.save()
    state["b"] = value
    with pytest.raises(StateError, match="JSON"):
        state.save()
    assert State(tmp_path / "state") == {"a": 1}


def test_what_is_too_large_is_refused(tmp_path: Path) -> None:
    state = State(tmp_path / "state", limit=100)
    state["a"] = "x" * 100
    with pytest.raises(StateError, match="larger than 100"):
        state.save()
    assert os.listdir(tmp_path) == []
    (tmp_path / "state").write_text('{"a": "%s"}' % ("x" * 100))
    with pytest.raises(StateError):
        State(tmp_path / "state", limit=100)


@pytest.mark.parametrize("text", ["", "{", "[]", "\udcff", "[" * 100_000])
def test_what_is_no_state_is_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "state"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(StateError, match="move it away"):
        State(file)
    assert file.read_bytes() == text.encode(errors="surrogateescape")


def test_a_disk_that_does_not_take_it_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = State(tmp_path / "state")
    state["a"] = 1
    state.save()

    def fail(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    state["a"] = 2
    with pytest.raises(StateError, match="No space left"):
        state.save()
    monkeypatch.undo()
    assert State(tmp_path / "state") == {"a": 1}
    assert os.listdir(tmp_path) == ["state"]
    state.save()
    assert State(tmp_path / "state") == {"a": 2}


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    state = State(tmp_path / "nowhere" / "state")
    state["a"] = 1
    with pytest.raises(StateError, match="No such file"):
        state.save()
