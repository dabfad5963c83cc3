"""The passwords that are tried first: enough of them, and all of the kind that could be chosen."""

from __future__ import annotations

from veche.wire.common_passwords import commonest
from veche.wire.passwords import SHORTEST, prepare


def test_there_are_more_than_anybody_asks_for() -> None:
    # ASVS 6.2.4: "at least, the top 3000 passwords which match the application's password policy".
    assert len(commonest()) >= 3000


def test_all_of_them_could_be_chosen() -> None:
    for word in commonest():
        assert len(word) >= SHORTEST, word
        assert prepare(word) == word
        assert word == word.lower()


def test_those_that_everybody_knows_are_there() -> None:
    assert {
        "password",
        "12345678",
        "iloveyou",
        "1q2w3e4r",
        "gfhjkm123",
        "sunshine",
        "trustno1",
    } <= commonest()
