"""Every way of a change being wrong, as a story by hand; and answers that come in pieces."""

from __future__ import annotations

from pathlib import Path

import pytest

from veche.testing.checker import record
from veche.testing.checker.__main__ import main
from veche.testing.checker.household import wanderer_things
from veche.testing.checker.labels import Labels
from veche.testing.checker.record import Asked, Found, Settled, Step, asked_at
from veche.testing.checker.state_verdict import judge_state
from veche.testing.checker.verdict import Answers, Promise, Verdict
from veche.wire.message import Message, parse

TOPIC = "ann: topic"


def story(*outcomes: str) -> list[Step]:
    """The topic was "" and became v1, v2 ... with these answers; "" for none."""
    steps: list[Step] = [Asked(0.0, TOPIC, 0, "")]
    for number, outcome in enumerate(outcomes, 1):
        steps.append(Asked(0.1, TOPIC, number, f"v{number}"))
        for one in outcome.split():
            steps.append(Settled(0.2, TOPIC, number, one, ""))  # type: ignore[arg-type]  # an outcome
    return steps


def judged(steps: list[Step], value: str, answers: Answers = Answers.SOME) -> Verdict:
    return judge_state(steps, [Found(TOPIC, value)], answers)


def broken(verdict: Verdict) -> set[Promise]:
    return {finding.promise for finding in verdict.findings}


YES, NO = "acknowledged", "refused"


@pytest.mark.parametrize(
    ("outcomes", "value"),
    [
        ((), ""),
        ((YES,), "v1"),
        ((YES, NO), "v1"),
        (("",), ""),
        (("",), "v1"),
        ((YES, "", ""), "v1"),
        ((YES, "", ""), "v2"),
        ((YES, "", ""), "v3"),
        (("open", YES), "v2"),
        ((YES, "open"), "v2"),
    ],
)
def test_what_was_acknowledged_last_is_well_and_so_is_what_nobody_answered_for(
    outcomes: tuple[str, ...], value: str
) -> None:
    assert judged(story(*outcomes), value).is_clean


@pytest.mark.parametrize(
    ("outcomes", "value", "promise"),
    [
        ((YES,), "", Promise.STATE_IS_KEPT),
        ((YES, YES), "v1", Promise.STATE_IS_KEPT),
        ((YES, YES, ""), "v1", Promise.STATE_IS_KEPT),
        (("", YES), "v1", Promise.STATE_IS_KEPT),
        ((YES, NO), "v2", Promise.REFUSED_IS_GONE),
        ((YES, ""), "v7", Promise.ONLY_WHAT_WAS_ASKED),
        (("acknowledged acknowledged",), "v1", Promise.ONE_ANSWER),
    ],
)
def test_any_other_value_is_a_broken_promise(outcomes: tuple[str, ...], value: str, promise: Promise) -> None:
    assert broken(judged(story(*outcomes), value)) == {promise}


def test_what_is_not_there_at_all_is_lost() -> None:
    assert broken(judge_state(story(YES), [])) == {Promise.STATE_IS_KEPT}


def test_what_nobody_knows_is_not_there() -> None:
    verdict = judge_state(story(), [Found(TOPIC, ""), Found("bob: topic", "x")])
    assert broken(verdict) == {Promise.ONLY_WHAT_WAS_ASKED}


def test_a_server_that_ended_in_good_order_has_answered_for_what_is_so() -> None:
    assert broken(judged(story(YES, ""), "v2", Answers.KEPT)) == {Promise.ANSWERED}
    assert judged(story(YES, ""), "v1", Answers.KEPT).is_clean
    assert broken(judged(story(YES, ""), "v1", Answers.ALL)) == {Promise.ALL_ANSWERED}


def test_the_counts_show_how_much_was_put_to_the_test() -> None:
    verdict = judged(story(YES, NO, ""), "v3")
    assert (verdict.sent, verdict.acknowledged, verdict.refused, verdict.unknown) == (3, 1, 1, 1)
    assert (verdict.unknown_kept, verdict.found) == (1, 1)


def test_what_came_behind_the_mark_is_not_certain() -> None:
    steps = story(YES, YES)
    assert judged(asked_at(steps, 3), "v2").is_clean
    assert judged(asked_at(steps, 3), "v1").is_clean
    assert not judged(asked_at(steps, 3), "").is_clean


def test_observations_are_judged_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record.save(tmp_path / "bad.jsonl", [*story(YES), Found(TOPIC, "")])
    record.save(tmp_path / "good.jsonl", [*story(YES), Found(TOPIC, "v1")])
    assert main(["judge", str(tmp_path / "bad.jsonl")]) == 1
    assert "a change was acknowledged, and is not so" in capsys.readouterr().out
    assert main(["judge", str(tmp_path / "good.jsonl")]) == 0


def heard(*lines: str) -> list[tuple[str, list[str]]]:
    """What `Labels` puts together of these lines."""
    labels = Labels()
    messages = [parse(line) for line in lines]
    answers = [labels.take(message) for message in messages if isinstance(message, Message)]
    return [(found[0], [one.command for one in found[1]]) for found in answers if found is not None]


def test_an_answer_is_a_line_or_a_batch_with_all_that_is_in_it() -> None:
    assert heard("@label=1 ACK", ":ann JOIN #tea") == [("1", ["ACK"])]
    assert heard(
        "@label=1 BATCH +a labeled-response",
        "@batch=a 353 x",
        "@batch=a BATCH +b metadata #tea",
        ":bob JOIN #tea",
        "@batch=b 761 y",
        "@batch=a BATCH -b",
        "@label=2 ACK",
        "BATCH -a",
        "@batch=a 353 late",
    ) == [("2", ["ACK"]), ("1", ["353", "BATCH", "761", "BATCH"])]


@pytest.mark.parametrize(
    ("line", "is_so"),
    [
        (":w1!u@h RENAME #r0-w1 #s0-w1 :", True),
        (":w1!u@h NICK w1-1", False),
        ("FAIL RENAME CANNOT_RENAME #r0-w1 #s0-w1 :The record could not be asked", False),
    ],
)
def test_a_refusal_that_quotes_the_change_is_no_proof_of_it(line: str, is_so: bool) -> None:
    changes = {what: changes for what, _first, changes in wanderer_things("w1")}
    assert next(changes["room 0"]).is_proven_by([parse(line)]) is is_so
