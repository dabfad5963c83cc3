"""Every way of being wrong, as a story by hand: ann and bob write, cid reads, and history says what it says."""

from collections.abc import Callable

import pytest

from veche.testing.checker.record import (
    Answered,
    Event,
    Kept,
    Seen,
    Sent,
    in_doubt_from,
    known_at,
    without_final_refusals,
)
from veche.testing.checker.verdict import Answers, Promise, Verdict, judge

A1, A2, A3, B1 = "ann #1 x", "ann #2 x", "ann #3 x", "bob #1 x"


def writer(text: str) -> str:
    return text.split(" ", 1)[0]


def sent(text: str) -> Sent:
    return Sent(0.0, writer(text), text)


def echo(text: str, msgid: str | None = None, said: str = "") -> Answered:
    return Answered(
        0.1, writer(text), text, "acknowledged", f"id of {text}" if msgid is None else msgid, said
    )


def refusal(text: str) -> Answered:
    return Answered(0.1, writer(text), text, "refused", "", "FAIL PRIVMSG INTERNAL_ERROR")


def seen(client: str, text: str, msgid: str = "", sender: str = "", time: str = "") -> Seen:
    return Seen(
        0.1, client, text, sender or writer(text), msgid or f"id of {text}", time or f"time of {text}"
    )


def kept(text: str, msgid: str = "", sender: str = "", time: str = "") -> Kept:
    return Kept(text, sender or writer(text), msgid or f"id of {text}", time or f"time of {text}")


def heard(text: str) -> list[Event]:
    """The whole good life of one message: sent, acknowledged, and seen by cid."""
    return [sent(text), echo(text), seen("cid", text)]


def broken(verdict: Verdict) -> set[Promise]:
    return {finding.promise for finding in verdict.findings}


def test_all_is_well_when_history_is_what_everybody_saw() -> None:
    verdict = judge([*heard(A1), *heard(B1), *heard(A2)], [kept(A1), kept(B1), kept(A2)], Answers.ALL)
    assert verdict.is_clean
    assert (verdict.sent, verdict.acknowledged, verdict.seen, verdict.history) == (3, 3, 3, 3)


def test_nothing_at_all_is_well() -> None:
    assert judge([], []).is_clean


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_send_without_an_answer_may_be_in_history_or_not(is_kept: bool) -> None:
    verdict = judge([*heard(A1), sent(A2)], [kept(A1), kept(A2)] if is_kept else [kept(A1)])
    assert verdict.is_clean
    assert (verdict.unknown, verdict.unknown_kept) == (1, int(is_kept))


def test_a_refusal_that_history_knows_nothing_of_is_well() -> None:
    verdict = judge([sent(A1), refusal(A1), *heard(A2)], [kept(A2)], Answers.ALL)
    assert verdict.is_clean
    assert (verdict.refused, verdict.acknowledged, verdict.unknown) == (1, 1, 0)


def test_a_late_reader_and_one_that_was_cut_off_are_well() -> None:
    events = [*heard(A1), *heard(A2), *heard(A3), seen("dan", A2), seen("eve", A1), seen("eve", A2)]
    assert judge(events, [kept(A1), kept(A2), kept(A3)]).is_clean


WRONG: dict[str, tuple[list[Event], list[Kept], set[Promise]]] = {
    "acknowledged and lost": (
        [*heard(A1), sent(A2), echo(A2)],
        [kept(A1)],
        {Promise.ACKNOWLEDGED_IS_KEPT},
    ),
    "seen and forgotten": (
        [*heard(A1), sent(A2), seen("cid", A2)],
        [kept(A1)],
        {Promise.SEEN_IS_KEPT},
    ),
    "twice in history": (
        heard(A1),
        [kept(A1), kept(A1)],
        {Promise.ONCE_IN_HISTORY},
    ),
    "unanswered and twice in history": (
        [sent(A1)],
        [kept(A1, "one"), kept(A1, "two")],
        {Promise.ONCE_IN_HISTORY, Promise.ONE_MSGID},
    ),
    "delivered twice": (
        [*heard(A1), seen("cid", A1)],
        [kept(A1)],
        {Promise.ONCE_ON_THE_WIRE},
    ),
    "in history, from nobody": (
        heard(A1),
        [kept(A1), kept(B1)],
        {Promise.ONLY_WHAT_WAS_SENT},
    ),
    "in history, changed": (
        [*heard(A1), sent(A2)],
        [kept(A1), kept("ann #2 y")],
        {Promise.ONLY_WHAT_WAS_SENT},
    ),
    "in history, under another name": (
        heard(A1),
        [kept(A1, sender="bob")],
        {Promise.ONLY_WHAT_WAS_SENT},
    ),
    "delivered, from nobody": (
        [*heard(A1), seen("cid", B1)],
        [kept(A1)],
        {Promise.ONLY_WHAT_WAS_SENT, Promise.SEEN_IS_KEPT},
    ),
    "delivered, under another name": (
        [*heard(A1), seen("dan", A1, sender="bob")],
        [kept(A1)],
        {Promise.ONLY_WHAT_WAS_SENT},
    ),
    "answered, and never sent": (
        [*heard(A1), echo(A2)],
        [kept(A1)],
        {Promise.ONLY_WHAT_WAS_SENT},
    ),
    "two readers, two orders": (
        [*heard(A1), *heard(B1), seen("dan", B1), seen("dan", A1)],
        [kept(A1), kept(B1)],
        {Promise.LIVE_ORDER},
    ),
    "left out for one reader": (
        [*heard(A1), *heard(B1), *heard(A2), seen("dan", A1), seen("dan", A2)],
        [kept(A1), kept(B1), kept(A2)],
        {Promise.NO_HOLE},
    ),
    "echoes in another order": (
        [sent(A1), sent(A2), echo(A2), echo(A1)],
        [kept(A1), kept(A2)],
        {Promise.ECHO_ORDER},
    ),
    "a sender's order not kept": (
        [sent(A1), sent(A2), *heard(B1)],
        [kept(A2), kept(B1), kept(A1)],
        {Promise.SENDER_ORDER},
    ),
    "another msgid live than in history": (
        [*heard(A1), seen("dan", A1, msgid="other")],
        [kept(A1)],
        {Promise.ONE_MSGID},
    ),
    "another msgid in the echo": (
        [sent(A1), echo(A1, "other"), seen("cid", A1)],
        [kept(A1)],
        {Promise.ONE_MSGID},
    ),
    "no msgid in the echo": (
        [sent(A1), echo(A1, "")],
        [kept(A1)],
        {Promise.ONE_MSGID},
    ),
    "two messages, one msgid": (
        [sent(A1), sent(A2)],
        [kept(A1, "same"), kept(A2, "same")],
        {Promise.OWN_MSGID},
    ),
    "another time in history": (
        heard(A1),
        [kept(A1, time="later")],
        {Promise.ONE_TIME},
    ),
    "two echoes": (
        [*heard(A1), echo(A1)],
        [kept(A1)],
        {Promise.ONE_ANSWER},
    ),
    "acknowledged and refused": (
        [*heard(A1), refusal(A1)],
        [kept(A1)],
        {Promise.ONE_ANSWER, Promise.REFUSED_IS_GONE},
    ),
    "the label of another message": (
        [sent(A1), echo(A1, said=A2)],
        [kept(A1)],
        {Promise.OWN_LABEL},
    ),
    "refused and kept": (
        [sent(A1), refusal(A1)],
        [kept(A1)],
        {Promise.REFUSED_IS_GONE},
    ),
    "refused and delivered": (
        [sent(A1), refusal(A1), seen("cid", A1)],
        [],
        {Promise.REFUSED_IS_GONE, Promise.SEEN_IS_KEPT},
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_wrong_is_seen_and_called_by_its_name(name: str) -> None:
    events, history, promises = WRONG[name]
    verdict = judge(events, history)
    assert broken(verdict) == promises
    assert not verdict.is_clean
    assert all(finding.words for finding in verdict.findings)


def test_an_open_outcome_may_be_kept_or_not_and_is_an_answer() -> None:
    for history in ([kept(A1)], []):
        verdict = judge(without_final_refusals([sent(A1), refusal(A1)]), history, Answers.ALL)
        assert verdict.is_clean
        assert (verdict.refused, verdict.unknown, verdict.unknown_kept) == (0, 1, len(history))


def test_an_acknowledgement_in_doubt_is_an_answer_and_no_promise() -> None:
    events: list[Event] = [*heard(A1), sent(A2), echo(A2), seen("cid", A2), sent(A3), refusal(A3)]
    doubted = in_doubt_from(events, 4)
    for history in ([kept(A1)], [kept(A1), kept(A2)]):
        assert judge(doubted, history, Answers.ALL).is_clean
    assert broken(judge(doubted, [])) == {Promise.ACKNOWLEDGED_IS_KEPT, Promise.SEEN_IS_KEPT}
    assert broken(judge(doubted, [kept(A1), kept(A3)])) == {Promise.REFUSED_IS_GONE}


def test_after_a_clean_end_what_was_kept_must_have_been_answered() -> None:
    events = [*heard(A1), sent(A2), sent(A3)]
    verdict = judge(events, [kept(A1), kept(A2)], Answers.KEPT)
    assert [finding.words.split(":")[0] for finding in verdict.findings] == ["ann #2"]
    assert broken(verdict) == {Promise.ANSWERED}


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_living_server_owes_every_send_an_answer(is_kept: bool) -> None:
    verdict = judge([sent(A1)], [kept(A1)] if is_kept else [], Answers.ALL)
    assert broken(verdict) == {Promise.ALL_ANSWERED}


def test_every_promise_about_messages_has_a_story_that_breaks_it() -> None:
    told = set().union(*(promises for _, _, promises in WRONG.values()))
    # The last four are broken in tests of their own: two above, two by whole runs.
    others = {Promise.ANSWERED, Promise.ALL_ANSWERED, Promise.LASTING, Promise.PLAYED}
    of_state = {Promise.STATE_IS_KEPT, Promise.ONLY_WHAT_WAS_ASKED}  # test_checker_state.py
    assert told | others | of_state == set(Promise)


def test_what_was_learned_after_the_mark_is_no_promise_but_a_send_stays_possible() -> None:
    events: list[Event] = [*heard(A1), sent(A2), echo(A2), seen("cid", A2), sent(A3)]
    known = known_at(events, 4)
    assert known == [*heard(A1), sent(A2), sent(A3)]
    assert judge(known, [kept(A1)]).is_clean
    assert judge(known, [kept(A1), kept(A2), kept(A3)]).is_clean
    assert broken(judge(known, [])) == {Promise.ACKNOWLEDGED_IS_KEPT, Promise.SEEN_IS_KEPT}


def test_verdicts_add_up() -> None:
    total = Verdict()
    total.absorb(judge(heard(A1), [kept(A1)]))
    total.absorb(judge([sent(A2), echo(A2)], []))
    assert (total.sent, total.acknowledged, total.history) == (2, 2, 1)
    assert broken(total) == {Promise.ACKNOWLEDGED_IS_KEPT}


def _swap(history: list[Kept], index: int) -> None:
    history[index], history[index + 1] = history[index + 1], history[index]


DAMAGES: dict[str, Callable[[list[Kept], int], object]] = {
    "take one away": lambda history, index: history.pop(index),
    "put one twice": lambda history, index: history.insert(index, history[index]),
    "change places": _swap,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_no_single_damage_to_a_history_escapes(damage: str) -> None:
    texts = [f"{who} #{number} x" for number in range(10) for who in ("ann", "bob")]
    events = [event for text in texts for event in heard(text)]
    for index in range(len(texts) - 1):
        history = [kept(text) for text in texts]
        DAMAGES[damage](history, index)
        assert not judge(events, history).is_clean, index
