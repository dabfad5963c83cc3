"""docs/conformance.md says what the plays say now, and every sentence that binds has a test or a reason."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
TOOL = ROOT / "tools" / "conformance"
# Specifications whose sentences nobody has counted yet: the list may only shrink.
NOT_COUNTED = {"Modern IRC", "relaymsg"}


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    loader = SourceFileLoader("conformance", str(TOOL))
    spec = importlib.util.spec_from_loader("conformance", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_the_table_of_clauses_is_fresh() -> None:
    ran = subprocess.run(
        [sys.executable, str(TOOL), "--check"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_sentences_of_every_specification_are_counted(tool: ModuleType) -> None:
    known = set(tool.SPECIFICATIONS)
    counted = {file.stem for file in tool.SENTENCES.glob("*.txt")}
    assert counted <= known, "a list for which there is no specification"
    assert known - counted <= NOT_COUNTED
    assert counted & NOT_COUNTED == set(), "NOT_COUNTED may shrink"


def test_a_sentence_is_quoted_by_a_part_of_it_or_by_more_than_it(tool: ModuleType) -> None:
    one = tool.Sentence("The server MUST NOT send `BATCH` to who has not asked for it.", "")
    other = tool.Sentence("It SHOULD, however, answer.", "")
    for clause in (
        "MUST NOT send BATCH to who has not asked",
        "The server MUST NOT send BATCH [...] for it.",
        "The server MUST NOT send BATCH to who has not asked for it. Nor is it to say so.",
    ):
        one.files.clear()
        rest, wrong = tool.lay_out({clause: ["a.talk"]}, [one, other])
        assert (rest, wrong, one.files, other.files) == ({}, [], ["a.talk"], []), clause


def test_what_no_sentence_says_is_no_quotation_of_one(tool: ModuleType) -> None:
    sentence = tool.Sentence("The server MUST NOT send BATCH to who has not asked for it.", "")
    rest, wrong = tool.lay_out({"The server MUST send BATCH to everybody": ["a.talk"]}, [sentence])
    assert list(rest) == ["The server MUST send BATCH to everybody"]
    assert wrong == ["a.talk: no sentence says this: The server MUST send BATCH to everybody"]
    assert sentence.files == []


@pytest.mark.parametrize(
    ("reason", "files", "is_wrong"),
    [
        ("", [], True),
        ("", ["a.talk"], False),
        ("clients", [], False),
        ("never: there are no links", ["a.talk"], False),
        ("clients", ["a.talk"], True),
        ("because", [], True),
    ],
)
def test_a_sentence_has_a_test_or_a_reason(
    tool: ModuleType, reason: str, files: list[str], *, is_wrong: bool
) -> None:
    sentence = tool.Sentence("The server MUST NOT send it.", reason)
    sentence.files = files
    assert bool(tool.wrong_with([sentence])) is is_wrong
