"""[messages]: what one value alone cannot say."""

from __future__ import annotations

import msgspec
import pytest

from veche.app.config import Config


def read(denied: list[str]) -> Config:
    return msgspec.convert({"messages": {"client_tags_denied": denied}}, Config)


def test_denied_tags_are_names_and_a_star_in_front() -> None:
    found = read(["*", "-typing", "-example.com/foo"]).messages.client_tags_denied
    assert found == ("*", "-typing", "-example.com/foo")


@pytest.mark.parametrize("denied", [["typing", "*"], ["+typing"], ["a,b"], ["a b"], [""], ["ж"]])
def test_what_a_client_could_not_read_is_refused(denied: list[str]) -> None:
    # message-tags: "An asterisk `*` (0x2A) indicates that **all** client-only tags are blocked. When used, this MUST be
    # the first item in the list."
    with pytest.raises(msgspec.ValidationError):
        read(denied)
