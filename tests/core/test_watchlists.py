"""veche.core.watchlists: who watches whom."""

from __future__ import annotations

from veche.core.session import Session
from veche.core.watchlists import Watchlists
from veche.testing.pipe import FakePipe
from veche.wire.compiler import values_of


def make_session() -> Session:
    return Session(FakePipe(), "", "there", "irc", 0.0, secure=False)


def test_an_index_in_both_directions() -> None:
    lists = Watchlists()
    one, other = make_session(), make_session()
    lists.add(one, "ann", "Ann")
    lists.add(other, "ann", "ANN")
    lists.add(one, "bob", "bob")
    assert lists.watchers_of("ann") == [one, other]
    assert list(lists.nicks_of(one)) == ["ann", "bob"]
    lists.remove(one, "ann")
    lists.remove(one, "ann")
    lists.remove(other, "nobody")
    assert lists.watchers_of("ann") == [other]
    lists.clear(one)
    lists.clear(one)
    lists.clear(other)
    assert lists.watchers_of("ann") == lists.watchers_of("bob") == []
    assert not lists.nicks_of(one)


def test_nothing_is_kept_of_who_watches_nobody() -> None:
    lists = Watchlists()
    session = make_session()
    for number in range(100):
        lists.add(session, f"n{number}", f"N{number}")
    lists.clear(session)
    assert not any(getattr(lists, name) for name in values_of(Watchlists))
