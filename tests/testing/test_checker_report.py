"""What a person reads at the end, and what is written down for later."""

from pathlib import Path

from veche.testing.checker import report
from veche.testing.checker.record import Answered, Event, Kept, Seen, Sent, load, save
from veche.testing.checker.verdict import Promise, Verdict


def test_a_green_report_says_how_much_was_put_to_the_test() -> None:
    verdict = Verdict()
    verdict.sent, verdict.acknowledged, verdict.unknown, verdict.unknown_kept = 1200, 1190, 10, 3
    lines = list(report.summary("kill", verdict))
    assert lines == [
        "kill: sent 1,200, acknowledged 1,190, refused 0, unknown 10 (3 kept), seen 0, in history 0: ok",
        "kill: GREEN: every promise was kept",
    ]


def test_a_red_report_names_what_was_lost_and_does_not_drown_the_reader() -> None:
    verdict = Verdict()
    for number in range(1234):
        verdict.add(Promise.ACKNOWLEDGED_IS_KEPT, f"ann #{number}")
    verdict.add(Promise.ONE_ANSWER, "bob #1")
    lines = list(report.summary("powercut", verdict))
    assert "  1,234 x acknowledged, but not in history" in lines
    assert "      ann #0" in lines
    assert "      ... and 1,229 more" in lines
    assert "  1 x one send, several answers" in lines
    assert lines[-1] == "powercut: RED"
    assert len(lines) < 12


def test_observations_can_be_written_down_and_judged_again(tmp_path: Path) -> None:
    events: list[Event] = [
        Sent(0.1, "ann", "ann #1"),
        Answered(0.2, "ann", "ann #1", "acknowledged", "id", ""),
        Seen(0.3, "cid", "ann #1", "ann", "id", "now"),
    ]
    history = [Kept("ann #1", "ann", "id", "now")]
    save(tmp_path / "round.jsonl", [*events, *history])
    assert load(tmp_path / "round.jsonl") == [*events, *history]
