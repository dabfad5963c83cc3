"""Who is called by his name in a text, and that the database's pattern misses nobody."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.wire.mentions import could_mention, could_mention_posix, mentions


@pytest.mark.parametrize(
    "text",
    [
        "ann",
        "Ann: hello",
        "hello, ANN!",
        "@ann",
        "is it ann's?",
        "«Ann»",
        "first line\nann",
        "\x01ACTION waves at ann\x01",
        "\x02ann\x02",
        "\x0304ann\x03, \x0304,12Ann",
        "annoying ann",
    ],
)
def test_a_name_that_stands_alone_is_a_mention(text: str) -> None:
    assert mentions("Ann", text)


@pytest.mark.parametrize("text", ["", "anna", "joann", "ann_", "ann2", "annа", "éann", "an n", "a\x02nn"])
def test_a_part_of_another_word_is_none(text: str) -> None:
    assert not mentions("ann", text)


def test_letters_of_every_script_have_two_cases() -> None:
    assert mentions("Аня", "чай, АНЯ?")
    assert mentions("АНЯ", "аня")
    assert not mentions("Аня", "Маняша")
    assert mentions("straße", "STRAßE")
    assert not mentions("straße", "STRASSE")


@pytest.mark.parametrize(
    "word", ["[ann]", "a|b", "^a^", "{x}", "a\\b", "-a-", "a*b", "a?b", "]", "[", "a]b", "`a"]
)
def test_marks_of_names_stand_for_themselves(word: str, database: sqlite3.Connection) -> None:
    assert mentions(word, f"hello {word}, hello")
    assert globs(database, word, f"hello {word}, hello")
    assert not mentions(word, "hello axb hello")


def test_nobody_is_not_mentioned() -> None:
    assert not mentions("", "")
    assert not mentions("", "hello")
    assert could_mention("") == could_mention_posix("") == ""


@pytest.fixture(scope="module")
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    yield connection
    connection.close()


def globs(database: sqlite3.Connection, word: str, text: str) -> bool:
    found: int = database.execute("select ? glob ?", (text, could_mention(word))).fetchone()[0]
    return bool(found)


letters = st.text(
    st.sampled_from("aAnNяЯßẞİıſK[]^-\\*?!_ ,\x03\x020129") | st.characters(codec="utf-8"), max_size=6
)


@given(letters.filter(bool), letters, letters)
def test_the_pattern_matches_whatever_is_a_mention(
    database: sqlite3.Connection, word: str, before: str, after: str
) -> None:
    for said in (word, word.lower(), word.upper(), word.swapcase()):
        text = f"{before}{said}{after}".replace("\0", "")
        if mentions(word, text):
            assert globs(database, word, text)
            assert re.search(could_mention_posix(word), text)
