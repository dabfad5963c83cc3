"""veche.wire.msgids: ids that hold their time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.wire.msgids import make_msgid, time_of_msgid


@given(st.integers(0, (1 << 48) - 1), st.binary(min_size=16, max_size=16))
def test_the_time_can_be_read_from_the_id(time: int, chance: bytes) -> None:
    # message-ids: "To allow their use outside the tag space, e.g. as command parameters, message IDs MUST NOT start
    # with a colon (`:`) and MUST NOT contain any of `SPACE`, `CR`, `LF`."
    msgid = make_msgid(time, chance)
    assert time_of_msgid(msgid) == time
    assert len(msgid) == 30
    assert set(msgid) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize(
    "msgid",
    ["", "x", "é" * 30, "A" * 29, "A" * 31, "!" * 30, " " * 30, "A" * 7 + "=" + "A" * 22, "A" * 29 + "+"],
)
def test_a_foreign_id_is_refused(msgid: str) -> None:
    with pytest.raises(ValueError, match="not a message id"):
        time_of_msgid(msgid)
