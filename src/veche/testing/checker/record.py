"""What the checker observed, in the order in which it observed it: plain data that `load` writes and `verdict` reads.

The rule: one list, in one order, written by one event loop. "Everything that was known before the power went" is then
a prefix of the list, and no clock has to be trusted.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

# "open": the server said that it does not know.
Outcome = Literal["acknowledged", "refused", "open"]


class Sent(NamedTuple):
    """A writer handed a message to its socket. The text is unique in the room, and serves as the message's name."""

    at: float
    writer: str
    text: str


class Answered(NamedTuple):
    """The answer to one send, known by its label: the labelled echo, or a FAIL or error numeric (`words`)."""

    at: float
    writer: str
    text: str
    outcome: Outcome
    msgid: str
    words: str


class Seen(NamedTuple):
    """A message as it was delivered to one client (a writer's own echo is delivered to the writer as well)."""

    at: float
    client: str
    text: str
    sender: str
    msgid: str
    time: str


class Kept(NamedTuple):
    """A message as the history of the room shows it afterwards."""

    text: str
    sender: str
    msgid: str
    time: str


Event = Sent | Answered | Seen


class Asked(NamedTuple):
    """Somebody asked for a change: `what` is to be `value` from now on. `number` counts the asks for one `what`, from
    1; 0 is how it was before anybody asked."""

    at: float
    what: str
    number: int
    value: str


class Settled(NamedTuple):
    """The answer to one ask: the line that says that it is so, or `words` that say why it is not."""

    at: float
    what: str
    number: int
    outcome: Outcome
    words: str


class Found(NamedTuple):
    """How something stands afterwards, by the server's own words."""

    what: str
    value: str


Step = Asked | Settled


def known_at(events: list[Event], mark: int) -> list[Event]:
    """What was certain when the list was `mark` long; later sends stay, for what was sent may always be in history."""
    return events[:mark] + [event for event in events[mark:] if isinstance(event, Sent)]


def in_doubt_from(events: list[Event], mark: int) -> list[Event]:
    """As `known_at`, but what was acknowledged later has been answered, with an open outcome; refusals stay."""
    doubted: list[Event] = []
    for event in events[mark:]:
        if isinstance(event, Answered) and event.outcome == "acknowledged":
            doubted.append(event._replace(outcome="open"))
        elif not isinstance(event, Seen):
            doubted.append(event)
    return events[:mark] + doubted


def without_final_refusals(events: list[Event]) -> list[Event]:
    """Every refusal taken for what it may have been: an answer that leaves the outcome open."""
    return [
        event._replace(outcome="open")
        if isinstance(event, Answered) and event.outcome == "refused"
        else event
        for event in events
    ]


def asked_at(steps: list[Step], mark: int) -> list[Step]:
    """As `known_at`, for changes."""
    return steps[:mark] + [step for step in steps[mark:] if isinstance(step, Asked)]


Item = Event | Kept | Step | Found
_KINDS: dict[str, type[Item]] = {
    "sent": Sent,
    "answered": Answered,
    "seen": Seen,
    "kept": Kept,
    "asked": Asked,
    "settled": Settled,
    "found": Found,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def save(path: Path, items: Iterable[Item]) -> None:
    """Write one observation per line, for `judge FILE` and for human eyes."""
    with path.open("w", encoding="utf-8") as file:
        for item in items:
            file.write(json.dumps([_NAMES[type(item)], *item], ensure_ascii=False) + "\n")


def load(path: Path) -> list[Item]:
    """Read what `save` wrote."""
    with path.open(encoding="utf-8") as file:
        return [_KINDS[name](*fields) for name, *fields in map(json.loads, file)]
