"""veche.core.behind: what happens in rooms is written later, and nobody waits for it."""

from __future__ import annotations

import pytest

from veche.core import behind as module
from veche.core.behind import AT_ONCE, PAUSE, Behind
from veche.core.ports import ForgottenEvents, Record, RoomEvent, StoreRefused, StoreUnknown
from veche.testing.contracts import make_record
from veche.testing.stage import Person, Stage, quiet_settings

PAGE = "CHATHISTORY LATEST #tea * 99"


def a_stage() -> Stage:
    settings = quiet_settings()
    settings.event_days = 30
    return Stage(settings)


def events(stage: Stage) -> list[str]:
    return [record.command for record in stage.disk.events]


def told(person: Person) -> list[str]:
    """What the page that was heard shows: commands alone."""
    return [line.split(" ")[2] for line in person.take() if line.startswith("@batch=")]


def test_a_join_does_not_wait_for_the_disk() -> None:
    stage = a_stage()
    ann = stage.enter("ann")
    stage.disk.is_slow = True
    ann.send("JOIN #tea")
    assert ann.take()[0] == ":ann!~ann@there JOIN #tea"
    assert not stage.disk.waiting
    stage.pass_time(PAUSE)
    assert [type(row) for row in stage.disk.waiting[0][0]] == [RoomEvent, ForgottenEvents]
    ann.send("PART #tea")
    assert ann.take() == []  # as behind any commit that is under way
    stage.disk.release()
    stage.turn()
    assert ann.take() == [":ann!~ann@there PART #tea"]
    assert not stage.disk.waiting


def test_events_never_share_the_commit_of_a_message() -> None:
    stage = a_stage()
    ann = stage.enter("ann", "echo-message")
    ann.send("JOIN #tea", "PRIVMSG #tea :hello")
    assert events(stage) == []
    assert [record.text for record in stage.disk.records] == ["hello"]
    stage.pass_time(PAUSE)
    assert events(stage) == ["JOIN"]
    assert stage.disk.events[0].seq < stage.disk.records[0].seq


def test_who_asks_reads_what_he_has_just_seen() -> None:
    stage = a_stage()
    ann = stage.enter("ann", "batch", "draft/event-playback")
    ann.send("JOIN #tea")
    ann.take()
    stage.disk.is_slow = True
    ann.send(PAGE)
    assert ann.take() == []  # the rows are on their way, and the page behind them
    stage.disk.release()
    stage.turn()
    assert told(ann) == ["JOIN"]
    ann.send(PAGE)  # nothing waits now
    assert told(ann) == ["JOIN"]


def test_what_a_full_disk_refuses_is_written_later() -> None:
    stage = a_stage()
    ann = stage.enter("ann", "batch", "draft/event-playback")
    stage.disk.is_full = True
    ann.send("JOIN #tea")
    stage.pass_time(PAUSE)
    ann.take()
    ann.send("TOPIC #tea :Green", PAGE)
    assert told(ann) == []  # and he is answered all the same
    stage.pass_time(5 * PAUSE)
    assert events(stage) == []
    stage.disk.is_full = False
    stage.pass_time(PAUSE)
    assert events(stage) == ["JOIN", "TOPIC"]


def test_a_crowd_is_written_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 3)
    stage = a_stage()
    ann = stage.enter("ann", "batch", "draft/event-playback")
    ann.send("JOIN #tea", *("TOPIC #tea :Green", "TOPIC #tea :") * 3)
    stage.pass_time(PAUSE)
    assert len(events(stage)) == 3
    stage.pass_time(PAUSE)
    assert len(events(stage)) == 6
    ann.take()
    ann.send(PAGE)
    assert told(ann) == ["JOIN", *["TOPIC"] * 6]


def test_what_changes_nothing_or_is_refused_is_not_kept() -> None:
    stage = a_stage()
    ann = stage.enter("ann")
    bob = stage.enter("bob")
    ann.send("JOIN #tea", "JOIN #tea", "MODE #tea +t", "MODE #tea +m")
    bob.send("TOPIC #tea :mine", "PART #tea", "KICK #tea ann", "MODE #tea -m")
    stage.pass_time(PAUSE)
    assert events(stage) == ["JOIN", "MODE"]


def test_an_installation_may_keep_none_of_it() -> None:
    stage = Stage(quiet_settings())
    ann = stage.enter("ann", "message-tags", "batch", "draft/event-playback")
    ann.send("JOIN #tea")
    assert ann.take()[0] == ":ann!~ann@there JOIN #tea"
    stage.pass_time(5 * PAUSE)
    assert events(stage) == []
    ann.send(PAGE)
    assert told(ann) == []


# ---- the rows alone


def rows(count: int) -> list[Record]:
    return [make_record(n + 1) for n in range(count)]


def test_no_more_than_so_many_wait(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(module, "MOST", 5)
    behind = Behind()
    assert behind.add(rows(4))
    assert not behind.add(rows(2))
    assert not behind.add(rows(2))
    assert len(behind.rows) == 4
    assert len(caplog.records) == 1  # told once
    assert not behind.add(rows(1))
    behind.take(9, 0)
    behind.add(rows(3))
    assert behind.ended(StoreRefused("full"))
    assert len(behind.rows) == 5  # what was refused comes first, as much as has room


def test_what_nobody_can_know_is_not_tried_again() -> None:
    behind = Behind()
    heard: list[str] = []
    behind.add(rows(1))
    assert behind.wait(lambda: heard.append("done"))
    behind.take(1, 0)
    assert behind.wait(lambda: heard.append("and done"))
    assert not behind.ended(StoreUnknown("sync failed"))
    assert heard == ["done", "and done"]
    assert behind.rows == []
    assert not behind.wait(lambda: heard.append("never"))


def test_old_ones_are_looked_for_once_a_minute() -> None:
    behind = Behind()
    behind.keep = 1000
    forgetting = []
    for now in (100_000, 130_000, 160_000, 219_999, 220_000):
        behind.add(rows(1))
        taken = behind.take(7, now)
        behind.ended(None)
        forgetting += [row.before for row in taken if isinstance(row, ForgottenEvents)]
    assert forgetting == [99_000, 159_000, 219_000]
    assert AT_ONCE <= module.MOST
