"""veche.wire.emails: what is an address, and what could say something else in a header."""

from __future__ import annotations

from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.wire.emails import is_email


@pytest.mark.parametrize(
    "text",
    [
        "ann@example.org", "a@b.co", "ann.lee+irc@mail.example.org", "ANN@EXAMPLE.ORG", "o'neil@example.org",
        "x_-!#$%&*/=?^`{|}~@example.org", "ann@xn--e1afmkfd.xn--p1ai", "1@2.3d", "a" * 64 + "@example.org",
        "ann@" + "a" * 63 + ".org",
    ],
)  # fmt: skip
def test_addresses(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "ann", "@", "ann@", "@example.org", "ann@example", "ann@localhost", "ann@192.0.2.1", "ann@[192.0.2.1]",
        "ann@@example.org", "ann@b@example.org", ".ann@example.org", "ann.@example.org", "a..b@example.org",
        "ann@-a.org", "ann@a-.org", "ann@example..org", "ann@example.org.", "ann@.org", "ann lee@example.org",
        "ann@example.org ", " ann@example.org", "<ann@example.org>", "Ann <ann@example.org>", '"ann"@example.org',
        "ann@example.org,bob@example.org", "ann@example.org\n", "ann@example.org\r\nBcc: b@example.org", "ann\0@a.org",
        "ann(x)@example.org", "ann:x@example.org", "ann;x@example.org", "ann\\@example.org", "анна@example.org",
        "ann@пример.рф", "ann@exa_mple.org", "a" * 65 + "@example.org", "ann@" + "a" * 64 + ".org", "*",
        "ann@" + "a.b" * 85 + ".org", "１@example.org", "ann@example.org\u200b",
    ],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    assert not is_email(text)


@given(st.text("ab.@\r\n ,<>\"'-1", max_size=14))
def test_an_address_says_nothing_else(text: str) -> None:
    if is_email(text):
        assert not set(text) & set('\r\n ,<>"')
        assert Address(addr_spec=text).addr_spec == text  # as the standard library reads it


def test_a_long_text_is_judged_at_once() -> None:
    assert not is_email("a." * 100_000 + "@")
    assert not is_email("a@" + "a." * 100_000)
    assert not is_email("a" * 250)
