"""The tables of phrases are complete in both languages."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

import veche.client
from veche.client.plain_commands import SHAPES
from veche.client.plain_phrases import TABLE


def placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


@pytest.mark.parametrize("key", TABLE)
def test_both_columns_say_the_same(key: str) -> None:
    english, russian = TABLE[key]
    assert english
    assert russian
    forms = [placeholders(form) for form in (*english.split("|"), *russian.split("|"))]
    assert all(form == forms[0] for form in forms)
    assert (english.count("|"), russian.count("|")) in {(0, 0), (1, 2)}


def test_every_command_has_its_help() -> None:
    assert {"help_" + name for name in SHAPES} <= set(TABLE)


def keys_spoken() -> set[str]:
    """The literal first arguments of `say(...)`, `self._say(...)` and their `.count`."""
    keys = set()
    for file in Path(veche.client.__path__[0]).glob("plain*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = ast.unparse(node.func)
                if name in {"say", "self._say", "say.count", "self._say.count"}:
                    keys.add(node.args[0].value)
    return keys


def test_every_key_that_is_spoken_is_in_the_table() -> None:
    spoken = keys_spoken()
    assert len(spoken) > 50
    assert spoken <= set(TABLE)


def test_every_phrase_is_spoken() -> None:
    """Phrases that nobody says any more are taken out; these keys are put together or chosen in the code."""
    made = (
        "refused_",
        "reason_",
        "help_",
        "you_",
        "topic",
        "now_",
        "no_such_",
        "kicked",
        "left",
        "renamed",
        "list_",
    )
    unspoken = set(TABLE) - keys_spoken()
    assert {key for key in unspoken if not key.startswith(made)} == set()
