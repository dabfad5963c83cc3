"""veche.wire.isupport: tokens written, spread over lines and read again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from veche.wire.isupport import format_tokens, parse_tokens, split_lines


def test_tokens_are_sorted_and_escaped() -> None:
    assert format_tokens({"NETWORK": "A B=C\\", "EXCEPTS": ""}) == ["EXCEPTS", "NETWORK=A\\x20B\\x3DC\\x5C"]


def test_lines_hold_thirteen_tokens() -> None:
    assert [len(line) for line in split_lines([f"T{n}" for n in range(30)])] == [13, 13, 4]
    assert split_lines([]) == []


def test_lines_hold_so_many_bytes() -> None:
    lines = split_lines(["A=" + "ж" * 50] * 5, room=220)
    assert [len(line) for line in lines] == [2, 2, 1]


def test_a_token_may_be_taken_back() -> None:
    assert parse_tokens(["-EXCEPTS", "A=b=c", ""]) == {"-EXCEPTS": "", "A": "b=c"}


values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E) | st.just(" "), max_size=20)


@given(st.dictionaries(st.from_regex(r"[A-Z]{1,10}", fullmatch=True), values))
def test_what_is_written_can_be_read(tokens: dict[str, str]) -> None:
    words = format_tokens(tokens)
    assert not any(" " in word for word in words)
    assert parse_tokens(words) == tokens
