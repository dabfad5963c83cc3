"""From what was asked for and what was answered to what must be so. Pure, as `verdict`.

The rule: what is changed has a name (`what`), one person who changes it, and one value after another. The last value
that was acknowledged must be there, or one that was asked for later and not refused: such a change is unknown, as
nobody has promised anything. Any other value was lost, was refused, or is one that nobody asked for.
"""

from collections.abc import Sequence

from .record import Asked, Found, Settled, Step
from .verdict import Answers, Promise, Verdict


def judge_state(steps: Sequence[Step], found: Sequence[Found], answers: Answers = Answers.SOME) -> Verdict:
    """Hold what was asked for and answered against how things stand."""
    verdict = Verdict()
    asks: dict[str, list[Asked]] = {}
    settled: dict[tuple[str, int], list[Settled]] = {}
    for step in steps:
        if isinstance(step, Asked):
            asks.setdefault(step.what, []).append(step)
        else:
            settled.setdefault((step.what, step.number), []).append(step)
    values = {one.what: one.value for one in found}
    verdict.found = len(values)
    for what, asked in asks.items():
        _judge_one(verdict, asked, settled, values.get(what), answers)
    for what in values.keys() - asks.keys():
        verdict.add(Promise.ONLY_WHAT_WAS_ASKED, f"{what}: {values[what]!r}")
    return verdict


def allowed(asks: Sequence[Asked], outcomes: dict[int, str]) -> list[Asked]:
    """The asks of one thing, in their order, of which any may be the last that has come true; `outcomes` by number."""
    last = max(index for index, ask in enumerate(asks) if outcomes.get(ask.number) == "acknowledged")
    return [asks[last], *(ask for ask in asks[last + 1 :] if outcomes.get(ask.number) != "refused")]


def _judge_one(
    verdict: Verdict,
    asks: list[Asked],
    settled: dict[tuple[str, int], list[Settled]],
    value: str | None,
    answers: Answers,
) -> None:
    what = asks[0].what
    outcomes: dict[int, str] = {0: "acknowledged"}
    for ask in asks:
        given = settled.get((what, ask.number), [])
        if len(given) > 1:
            words = ", ".join(one.outcome for one in given)
            verdict.add(Promise.ONE_ANSWER, f"{what} = {ask.value!r}: {words}")
        if given:
            outcomes[ask.number] = given[0].outcome
        if ask.number:
            _count(verdict, given)
    if value is None:
        verdict.add(Promise.STATE_IS_KEPT, f"{what}: nothing is known of it")
        return
    possible = allowed(asks, outcomes)
    if value not in [ask.value for ask in possible]:
        _blame(verdict, asks, outcomes, possible[0], value)
        return
    is_sure = value == possible[0].value
    verdict.unknown_kept += not is_sure
    unanswered = [ask for ask in possible if ask.number not in outcomes]
    if answers is Answers.KEPT and not is_sure:
        if not any(ask.value == value and ask.number in outcomes for ask in possible):
            verdict.add(Promise.ANSWERED, f"{what} = {value!r}")
    elif answers is Answers.ALL and unanswered:
        verdict.add(Promise.ALL_ANSWERED, f"{what} = {unanswered[0].value!r}")


def _count(verdict: Verdict, given: list[Settled]) -> None:
    verdict.sent += 1
    outcome = given[0].outcome if given else "open"
    verdict.acknowledged += outcome == "acknowledged"
    verdict.refused += outcome == "refused"
    verdict.unknown += outcome == "open"


def _blame(verdict: Verdict, asks: list[Asked], outcomes: dict[int, str], sure: Asked, value: str) -> None:
    words = f"{sure.what}: {value!r}; {sure.value!r} was acknowledged last"
    others = [outcomes.get(ask.number) for ask in asks if ask.value == value]
    if not others:
        verdict.add(Promise.ONLY_WHAT_WAS_ASKED, words)
    elif "acknowledged" in others or None in others:
        verdict.add(Promise.STATE_IS_KEPT, words)
    else:
        verdict.add(Promise.REFUSED_IS_GONE, words)
