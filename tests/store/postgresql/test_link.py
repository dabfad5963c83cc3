"""Addresses of databases: what is one, and what of it people may see."""

import pytest

from veche.store.postgresql.link import has_password, is_url, shown


@pytest.mark.parametrize(
    ("url", "seen", "secret"),
    [
        (
            "postgresql://ann:tea@db.example:5433/chat?sslmode=require",
            "postgresql://ann@db.example:5433/chat",
            True,
        ),
        ("postgres://ann@db.example/chat", "postgresql://ann@db.example/chat", False),
        ("postgresql://db.example/chat?password=tea", "postgresql://db.example/chat", True),
        ("postgresql://ann:t%40a:b@[::1]:5432/chat", "postgresql://ann@[::1]:5432/chat", True),
        ("postgresql:///chat?host=/run/postgresql", "postgresql:///chat", False),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, seen: str, secret: bool) -> None:
    assert is_url(url)
    assert shown(url) == seen
    assert has_password(url) is secret


@pytest.mark.parametrize(
    "text",
    [
        "",
        "chat",
        "mysql://db/chat",
        "postgresql:/db",
        "postgresql://a:te#a@db/chat",
        "postgresql://a:te/a@db/chat",
    ],
)
def test_what_is_no_address(text: str) -> None:
    assert not is_url(text)
