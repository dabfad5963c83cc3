"""Framing: what is one message, when nothing says so."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.net.classic.framing import PENDING_LIMIT, QUIET_SECONDS, TYPING_SECONDS, Framing


def named(name: bytes = b"ann") -> Framing:
    framing = Framing()
    assert framing.receive(name) == []
    assert framing.flush() == [name]
    return framing


def test_a_chunk_is_a_message_after_a_silence() -> None:
    framing = Framing()
    assert framing.receive(b"ann") == []
    assert framing.wait == QUIET_SECONDS
    assert framing.flush() == [b"ann"]
    assert framing.wait == 0
    assert not framing.uses_lines


def test_a_message_torn_by_the_network_is_one() -> None:
    framing = named()
    text = "ann: привет".encode()
    framing.receive(text[:8])
    framing.receive(text[8:])
    assert framing.flush() == [text]


def test_who_ends_his_name_with_a_newline_is_read_by_lines() -> None:
    framing = Framing()
    assert framing.receive(b"ann\nhel") == [b"ann"]
    assert framing.uses_lines
    assert framing.wait == 0
    assert framing.receive(b"lo\n") == [b"hello"]
    assert framing.end == "\n"


def test_a_telnet_is_answered_with_its_own_line_ends() -> None:
    framing = Framing()
    assert framing.receive(b"ann\r") == []
    assert framing.receive(b"\nhi\r\n\r\n") == [b"ann", b"hi", b""]
    assert framing.end == "\r\n"


def test_carriage_return_and_nul_end_a_line() -> None:
    assert Framing().receive(b"ann\r\0") == [b"ann"]


def test_lines_begin_whenever_a_message_ends_in_one() -> None:
    framing = named()
    assert framing.receive(b"ann: one\n") == [b"ann: one"]
    assert framing.uses_lines


def test_a_newline_inside_an_old_clients_message_makes_nobody_wait() -> None:
    framing = named()
    framing.receive(b"ann: one\ntwo")
    assert not framing.uses_lines
    assert framing.flush() == [b"ann: one", b"two"]


@pytest.mark.parametrize(
    ("chunks", "messages"),
    [
        ([b"ann: one", b"ann: two"], [b"ann: one", b"ann: two"]),
        ([b"ann: oneann: two"], [b"ann: one", b"ann: two"]),
        ([b"ann: one ", b"ann: two"], [b"ann: one ", b"ann: two"]),
        ([b"ann: oneTELL ann bob psst"], [b"ann: one", b"TELL ann bob psst"]),
        ([b"LIST ", b"LIST "], [b"LIST ", b"LIST "]),
        ([b"LIST LIST HELP ann: x"], [b"LIST ", b"LIST ", b"HELP ", b"ann: x"]),
        ([b"ann: oneLIST "], [b"ann: one", b"LIST "]),
        ([b"ann: they call me ann: two"], [b"ann: they call me ann: two"]),
        ([b"ann: read the LIST first"], [b"ann: read the LIST first"]),
        ([b"ann: on", b"e bob: two"], [b"ann: one bob: two"]),
    ],
)
def test_glued_messages_are_told_apart(chunks: list[bytes], messages: list[bytes]) -> None:
    framing = named()
    for chunk in chunks:
        framing.receive(chunk)
    assert framing.flush() == messages


@pytest.mark.parametrize(
    ("chunks", "messages"),
    [
        ([b"ann", b"ann: hi"], [b"ann", b"ann: hi"]),
        ([b"annann: hi"], [b"ann", b"ann: hi"]),
        ([b"annTELL ann bob hi"], [b"ann", b"TELL ann bob hi"]),
        ([b"an", b"n"], [b"ann"]),
        ([b": hello"], [b"", b": hello"]),
        ([b"LIST "], [b"", b"LIST "]),
    ],
)
def test_a_name_glued_to_the_first_message(chunks: list[bytes], messages: list[bytes]) -> None:
    framing = Framing()
    for chunk in chunks:
        framing.receive(chunk)
    assert framing.flush() == messages


def test_keys_that_come_one_by_one_are_given_time() -> None:
    framing = Framing()
    for key in b"ann":
        framing.receive(bytes([key]))
        assert framing.wait == TYPING_SECONDS
    assert framing.receive(b"\r\n") == [b"ann"]


def test_endless_text_overflows() -> None:
    framing = named()
    for _ in range(PENDING_LIMIT // 1000 + 2):
        framing.receive(b"x" * 1000)
    assert framing.overflowed
    assert framing.flush() == []


# ---- telnet


def test_telnet_negotiation_is_refused_and_not_read() -> None:
    framing = Framing()
    assert framing.receive(b"\xff\xfd\x18\xff\xfb\x1fann\r\n") == [b"ann"]
    assert b"\xff\xfc\x18" in framing.replies
    assert b"\xff\xfe\x1f" in framing.replies


def test_telnet_commands_may_come_in_pieces() -> None:
    framing = Framing()
    whole = b"\xff\xfa\x18\x00xterm\xff\xf0ann\r\n"
    messages = [message for byte in whole for message in framing.receive(bytes([byte]))]
    assert messages == [b"ann"]


def test_an_interrupt_is_noticed_and_its_timing_mark_answered() -> None:
    framing = Framing()
    framing.receive(b"ann\r\n")
    framing.receive(b"\xff\xf4\xff\xfd\x06")
    assert framing.interrupted
    assert b"\xff\xfc\x06" in framing.replies


def test_letters_that_a_telnet_takes_for_keys_are_mended() -> None:
    """What telnet sends for "вася" when nobody has asked it for all eight bits; asked, it stops."""
    framing = Framing()
    framing.receive(b"ann\r\n")
    assert framing.receive(b"\xd0\xb2\xd0\xb0\xd1\x81\xd1\xff\xf5\xff\xfd\x06\r\n") == ["вася".encode()]
    assert not framing.interrupted
    assert b"\xff\xfd\x00" in framing.replies
    assert b"\xff\xfe\x00" not in framing.replies


def test_a_byte_255_that_is_no_telnet_command_stays() -> None:
    framing = Framing()
    framing.receive(b"ann\n")
    assert framing.receive("моя\n".encode("cp1251")) == ["моя".encode("cp1251")]
    assert framing.replies == b""


@pytest.mark.parametrize(
    "unit", [b"\xff\xfa", b"\xff\xf1", b"a\xff\xf1", b"\xff\xfd\x01", b"LIST ", b"ann: ", b"\xff"]
)
def test_no_input_costs_the_square_of_its_length(unit: bytes) -> None:
    framing = named()
    started = time.process_time()
    framing.receive(unit * (200_000 // len(unit)))
    framing.flush()
    assert time.process_time() - started < 1.0
    assert len(framing.replies) < 1000


@given(
    st.lists(
        st.binary(max_size=40) | st.sampled_from([b"\xff", b"\xff\xfa", b"\n", b"\r\n", b"ann: ", b"LIST "])
    )
)
def test_nothing_that_comes_raises(chunks: list[bytes]) -> None:
    framing = Framing()
    for index, chunk in enumerate(chunks):
        framing.receive(chunk)
        if index % 3 == 0:
            framing.flush()
    framing.flush()
    assert framing.wait == 0


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n\r\0"), min_size=1))
def test_a_line_comes_out_as_it_went_in_byte_by_byte(text: str) -> None:
    framing = Framing()
    framing.receive(b"ann\n")
    messages = [message for byte in (text + "\n").encode() for message in framing.receive(bytes([byte]))]
    assert messages == [text.encode()]
