"""Facts as text and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.state.codec import CodecError, decode, encode, slots_of
from veche.state.events import Fact, LastingFact, MemberLeft, NickChanged


@given(st.text(), st.text(), st.text(), st.integers(0, 2**62))
def test_a_fact_comes_back_as_it_was(actor: str, source: str, nick: str, time: int) -> None:
    fact = NickChanged(actor, source, nick)
    fact.time = time
    back = decode(NickChanged, encode(fact))
    assert type(back) is NickChanged
    assert repr(back) == repr(fact)


def test_the_values_of_bases_are_written_too() -> None:
    assert slots_of(LastingFact) == ("actor", "time", "msgid", "seq")


class Younger(Fact):
    """A fact that has learnt a value since it was first saved."""

    __slots__ = ("colour",)
    defaults: ClassVar[Mapping[str, object]] = {"colour": "green"}


def test_a_value_that_an_older_version_did_not_write_is_the_default() -> None:
    fact = decode(Younger, '{"actor": "u1", "time": 5}')
    assert isinstance(fact, Younger)
    assert (fact.actor, fact.time, fact.colour) == ("u1", 5, "green")


@pytest.mark.parametrize("body", ["", "[]", "null", '{"actor": "u1"}', '{"actor": "u1", "time": '])
def test_what_is_no_fact_of_this_kind_is_refused(body: str) -> None:
    with pytest.raises(CodecError, match="MemberLeft"):
        decode(MemberLeft, body)
