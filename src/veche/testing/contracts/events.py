"""What every store must do with what happened in rooms besides what was said there."""

from veche.core.ports import FORGOTTEN_AT_ONCE, ForgottenEvents, Page, UnknownReference
from veche.testing.contracts.bench import (
    ROOM,
    StoreBench,
    fields,
    make_event,
    make_record,
    make_redaction,
)


class EventsContract:
    """The tests of events, which are written late and shown only on request."""

    def test_events_are_shown_to_who_asks_for_them(self, bench: StoreBench) -> None:
        event = make_event(2, "KICK", 'bob :"it\'s" enough 🍵')
        assert bench.commit(make_record(1), event, make_record(3)) is None
        assert bench.seqs(Page(ROOM, 9)) == [1, 3]
        shown = bench.read(Page(ROOM, 9, events=True))
        assert [record.seq for record in shown] == [1, 2, 3]
        assert fields(shown[1]) == fields(event.record)
        assert bench.seqs(Page(ROOM, 1, before=3000, newest=True, events=True)) == [2]
        assert bench.seqs(Page(ROOM, 1, before=3000, newest=True)) == [1]
        assert bench.seqs(Page(ROOM, 2, around=event.record.msgid, events=True)) == [1, 2]
        assert bench.unread((ROOM, 0, 0, "nobody", "")) == [(2, 0)]
        assert bench.latest(ROOM) == {ROOM: 3000}

    def test_an_event_is_a_place_for_everybody(self, bench: StoreBench) -> None:
        event = make_event(2)
        assert bench.commit(make_record(1), event, make_record(3)) is None
        assert bench.seqs(Page(ROOM, 9, after=event.record.msgid)) == [3]
        assert bench.seqs(Page(ROOM, 9, before=event.record.msgid)) == [1]
        closed = make_event(4, era=77)
        assert bench.commit(closed) is None
        assert isinstance(bench.ask(Page(ROOM, 9, after=closed.record.msgid)), UnknownReference)
        assert bench.seqs(Page(ROOM, 9, era=77, after=event.record.msgid, events=True)) == [3, 4]
        assert bench.seqs(Page(ROOM, 9, after=event.record.msgid, events=True)) == [3]

    def test_events_are_written_late(self, bench: StoreBench) -> None:
        assert bench.commit(make_record(1), make_record(5)) is None
        assert bench.commit(make_event(2), make_event(4, conversation="#new")) is None
        assert bench.store.last() == (5, 5000)
        assert bench.seqs(Page(ROOM, 9, events=True)) == [1, 2, 5]
        assert bench.commit(make_event(6), make_record(7), make_redaction(8, make_record(5))) is None
        assert bench.seqs(Page(ROOM, 9, events=True)) == [1, 2, 6, 7]
        assert bench.commit(make_event(9)) is None
        assert bench.store.last() == (9, 9000)

    def test_a_room_in_which_nothing_was_said(self, bench: StoreBench) -> None:
        assert bench.commit(make_event(1)) is None
        assert bench.latest(ROOM) == {}
        assert bench.seqs(Page(ROOM, 9)) == []
        assert bench.seqs(Page(ROOM, 9, events=True)) == [1]
        assert bench.commit(make_record(2)) is None
        assert bench.seqs(Page(ROOM, 9, events=True)) == [1, 2]

    def test_old_events_are_forgotten_some_at_a_time(self, bench: StoreBench) -> None:
        many = FORGOTTEN_AT_ONCE + 10
        assert bench.commit(make_record(1)) is None
        assert bench.commit(*[make_event(n + 2) for n in range(many)]) is None
        assert bench.commit(make_event(many + 2), ForgottenEvents(many + 2, (many + 1) * 1000)) is None
        assert len(bench.seqs(Page(ROOM, 99, after=1000, events=True))) == 11
        assert bench.commit(ForgottenEvents(many + 2, (many + 1) * 1000)) is None
        assert bench.seqs(Page(ROOM, 99, events=True)) == [1, many + 1, many + 2]
