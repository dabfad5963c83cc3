"""Which compiled modules are found and used. What they do is what the sources do: .ci/run tests both."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

from veche.app import compiled


def module_file(name: str) -> Path:
    return compiled.PACKAGE.joinpath(*name.split(".")[1:]).with_suffix(".py")


def test_what_is_compiled_is_there_and_counts() -> None:
    sources = set(compiled.sources())
    assert [name for name in compiled.MODULES if module_file(name) not in sources] == []


def test_every_floor_below_this_one_counts() -> None:
    """A compiled module may know what another one says, so a change there makes it another one too."""
    others = {"__init__", "__main__", "__pycache__", "app", "client", "ssh", "testing", "tui", "web_assets"}
    floors = {path.stem for path in compiled.PACKAGE.iterdir() if path.suffix in ("", ".py")} - others
    assert set(compiled.FLOORS) == floors


@pytest.mark.parametrize("file", ["core/log.py", "phrases.py"])
def test_a_change_of_any_source_is_another_fingerprint(tmp_path: Path, file: str) -> None:
    for name in ("core/log.py", "phrases.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x = 1\n")
    before = compiled.fingerprint(tmp_path)
    assert compiled.fingerprint(tmp_path) == before
    (tmp_path / file).write_text("x = 2\n")
    assert compiled.fingerprint(tmp_path) != before


def test_nothing_endless_is_compiled() -> None:
    """The compiler makes a list of a generator expression: of an endless one, for ever."""
    texts = {name: module_file(name).read_text(encoding="utf-8") for name in compiled.MODULES}
    assert [name for name, text in texts.items() if "itertools" in text] == []


def test_the_finder_finds_what_lies_there_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "veche" / "core" / f"log{compiled.SUFFIX}"
    file.parent.mkdir(parents=True)
    file.touch()
    finder = compiled.Finder(tmp_path)
    spec = finder.find_spec("veche.core.log", None)
    assert spec is not None
    assert spec.origin == str(file)
    assert finder.find_spec("veche.core.engine", None) is None


def test_they_are_used_all_or_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import_module("veche.core.log")
    others = [finder for finder in sys.meta_path if not isinstance(finder, compiled.Finder)]
    monkeypatch.setattr(sys, "meta_path", others)
    monkeypatch.setattr(compiled, "HOME", tmp_path)
    assert not compiled.use("")  # there are none
    compiled.place().mkdir()
    assert not compiled.use("0")
    assert not compiled.use("")  # some of them run from their sources already
    with pytest.raises(RuntimeError, match="has been imported: run tools/compile"):
        compiled.use("1")
    assert "veche.core.log" in sys.modules
    monkeypatch.setattr(compiled, "HOME", tmp_path / "nowhere")
    monkeypatch.setattr(compiled, "MODULES", ("veche.core.nothing",))
    with pytest.raises(RuntimeError, match="nothing was compiled of these sources"):
        compiled.use("1")
    assert not compiled.is_used()
