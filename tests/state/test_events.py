"""veche.state.events: facts as values."""

from __future__ import annotations

from veche.state.events import MemberJoined, MemberLeft, NickChanged


def test_a_fact_shows_everything_that_it_says() -> None:
    fact = MemberLeft("u1", "ann!~ann@there", "#tea", "bye")
    assert (
        repr(fact)
        == "MemberLeft(actor='u1', event_id='', reason='bye', room='#tea', source='ann!~ann@there', time=0)"
    )
    assert "nick='anna'" in repr(NickChanged("u1", "ann!~ann@there", "anna"))


def test_facts_change_the_world_unless_they_say_otherwise() -> None:
    assert MemberJoined.changes
