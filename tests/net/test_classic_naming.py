"""Names that visitors give, and strangers who give none."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.net.classic.naming import fault_of, name_in, proposals, stranger
from veche.wire.names import is_valid_nick


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (" ann \r", "ann"),
        ("NICK ann", "ann"),
        ("/nick ann", "ann"),
        ("NICK", "NICK"),
        ("ann lee", "ann lee"),
        ("\x1b[31mann", "ann"),
        ("  ", ""),
    ],
)
def test_the_name_in_an_answer(answer: str, name: str) -> None:
    assert name_in(answer) == name


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        ("ann", ["ann", "ann2", "ann3"]),
        ("Аня", ["Аня", "Аня2", "Аня3"]),
        ("ann lee", ["ann_lee", "ann_lee2", "ann_lee3"]),
        ("#ann!", ["ann", "ann2", "ann3"]),
        ("42", ["_42", "_422", "_423"]),
        ("", ["guest-1234", "guest-1235", "guest-1236"]),
        ("Guest-7", ["guest-1234", "guest-1235", "guest-1236"]),
        ("🙂", ["guest-1234", "guest-1235", "guest-1236"]),
        ("annа", ["guest-1234", "guest-1235", "guest-1236"]),  # the last letter is Cyrillic
        ("щ" * 40, ["щ" * 15, "щ" * 14 + "2", "щ" * 14 + "3"]),
        ("a" * 40, ["a" * 30, "a" * 29 + "2", "a" * 29 + "3"]),
    ],
)
def test_proposals(wanted: str, first: list[str]) -> None:
    assert list(islice(proposals(wanted, 30, 1234), 3)) == first


@given(st.text())
def test_every_proposal_is_a_name_and_none_comes_twice(wanted: str) -> None:
    names = list(islice(proposals(name_in(wanted), 30, 1000), 20))
    assert all(is_valid_nick(name, 30) for name in names)
    assert len(set(names)) == 20


def test_faults() -> None:
    assert fault_of("ann", 30) == ""
    assert fault_of("", 30) == "nameless"
    assert fault_of("ann lee", 30) == "unusable"


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        (b"GET / HTTP/1.1\r", "web"),
        (b"PRI * HTTP/2.0\r", "web"),
        (b"\x16\x03\x01\x02\x00\x01", "program"),
        (b"SSH-2.0-OpenSSH_9.2p1", "program"),
        (b"\x03\x00\x00\x13\x0e\xe0", "program"),
        (b"CAP LS 302", "irc"),
        (b"PASS secret", "irc"),
        (b"USER ann 0 * :Ann", "irc"),
        (b"NICK ann", ""),
        (b"ann", ""),
        (b"get a life", ""),
        (b"Capone", ""),
        ("Вася".encode(), ""),
        (b"", ""),
    ],
)
def test_strangers(first: bytes, kind: str) -> None:
    assert stranger(first) == kind
