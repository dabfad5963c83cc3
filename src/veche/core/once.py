"""Saying something once: a message that bears its sender's own id is said once, however often it is sent.

A client whose connection broke before the answer came cannot know whether it was heard. It sends the message again with
the id that it gave to it (the client-only tag `+veche/id`), and within a day the same person and id get the first
message's id and echo, and nobody hears it twice. docs/ext/once.md.

The rule: what is under way is known here, what is on disk the record knows (`Store.find_sent`), and what was on disk
before this process is asked for until a day has passed. Where several nodes write, each asks in its turn, when nobody
else can say anything (core/shared.py). Ids are kept as hashes of person and id, 63 bits.
"""

from __future__ import annotations

import re
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from veche.core.playback import JustCorrected, playback_line
from veche.core.ports import EDITED, Page, Record, Sent, StoreError
from veche.wire.caps import ECHO_MESSAGE

if TYPE_CHECKING:
    from veche.core.ask import Ask, Then
    from veche.state.events import SaidFact

TAG: Final = "+veche/id"
# How long (ms) an id is remembered, and how many are without asking the record.
MEMORY_MS: Final = 24 * 3600 * 1000
MOST: Final = 20_000
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Attempt(NamedTuple):
    """A message that somebody wants to say once."""

    ask: Ask
    fact: SaidFact
    then: Then | None


class Spoken:
    """What was said with an id, by its key, the newest last; and what is under way, with those who wait for it."""

    __slots__ = ("_known", "_unsure_until", "pending")

    def __init__(self) -> None:
        self.pending: dict[int, list[Attempt]] = {}
        self._known: dict[int, Sent] = {}
        self._unsure_until = (
            -1
        )  # until when (ms) the record may know an id that is not here; -1: not asked yet

    def look(self, key: int, now: int) -> Sent | None:
        """The message that bore this id within the last day."""
        sent = self._known.get(key)
        return sent if sent is not None and sent.time > now - MEMORY_MS else None

    def is_sure(self, now: int, newest: int) -> bool:
        """Whether an id that is not here was not used. `newest`: when the newest message was said at the first call."""
        if self._unsure_until < 0:
            self._unsure_until = newest + MEMORY_MS if newest else 0
        return now >= self._unsure_until

    def note(self, key: int, sent: Sent) -> None:
        """This was said."""
        self._known[key] = sent
        if len(self._known) > MOST:
            forgotten = self._known.pop(next(iter(self._known)))
            self._unsure_until = max(self._unsure_until, forgotten.time + MEMORY_MS)


def key_of(identity: str, given: str) -> int:
    """What the record knows an id of this person's by."""
    return int.from_bytes(sha256(f"{identity} {given}".encode()).digest()[:8], "big") >> 1


def say_once(ask: Ask, fact: SaidFact, then: Then | None, given: str) -> None:
    """Commit a message that bears its sender's id, unless it was said already; then answer as it was answered."""
    if not _ID.fullmatch(given):
        ask.fail("INVALID_PARAMS", TAG, text="An id has 1 to 64 letters, digits, hyphens or underscores")
        return
    engine = ask.engine
    store = engine.store
    if store is None:
        ask.commit(fact, then)
        return
    spoken = engine.shelf(Spoken)
    key = key_of(ask.user.identity, given)
    now = int(engine.clock.now() * 1000)
    attempt = Attempt(ask, fact, then)
    if key in spoken.pending:
        ask.wait()
        spoken.pending[key].append(attempt)
    elif (sent := spoken.look(key, now)) is not None:
        _answer_again(ask, sent)
    elif engine.log.knows_ids or spoken.is_sure(now, store.last()[1]):
        spoken.pending[key] = []
        _commit(key, attempt)
    else:
        spoken.pending[key] = []
        _hold(ask)
        store.find_sent(key, now - MEMORY_MS, partial(_found, key, attempt))


def _hold(ask: Ask) -> None:
    """Wait for the record, and let all else that the session says wait too: its messages keep their order, in whatever
    order the record answers."""
    ask.wait()
    ask.session.changing += 1


def _go_on(ask: Ask) -> None:
    ask.session.changing -= 1
    ask.settled()


def _found(key: int, attempt: Attempt, answer: Sent | StoreError | None) -> None:
    ask = attempt.ask
    if isinstance(answer, StoreError):
        text = "The record cannot be read now, so nobody has seen this. Please try again later."
        ask.fail("INTERNAL_ERROR", text=text)
        _retry_others(key, ask)
    elif answer is not None:
        _done(key, ask, answer)
        _answer_again(ask, answer)
    elif ask.session.user is None:
        _retry_others(key, ask)  # he has gone; whoever sends it again says it
    else:
        _commit(key, attempt)
    _go_on(ask)


def _commit(key: int, attempt: Attempt) -> None:
    fact = attempt.fact
    fact.sent = key

    def said(ask: Ask, fact: SaidFact) -> None:
        _done(key, ask, Sent(fact.conversation, fact.era, fact.msgid, fact.time))
        if attempt.then is not None:
            attempt.then(ask, fact)

    attempt.ask.commit(fact, said, lambda ask, _fact: _retry_others(key, ask))


def _done(key: int, ask: Ask, sent: Sent) -> None:
    """It is said: whoever has sent it meanwhile too is answered the same."""
    spoken = ask.engine.shelf(Spoken)
    spoken.note(key, sent)
    for waiting in spoken.pending.pop(key, ()):
        _answer_again(waiting.ask, sent)
        waiting.ask.settled()


def was_said(ask: Ask, key: int, sent: Sent) -> None:
    """What was about to be said with an id has turned out to be said already: on another node, for example."""
    _done(key, ask, sent)
    _answer_again(ask, sent)


def _retry_others(key: int, ask: Ask) -> None:
    """It was not said: the next one who has sent it tries in his turn, and the others wait for that."""
    spoken = ask.engine.shelf(Spoken)
    waiting = [one for one in spoken.pending.pop(key, []) if one.ask.session.user is not None]
    if not waiting:
        return
    spoken.pending[key] = waiting[1:]
    _commit(key, waiting[0])
    waiting[0].ask.settled()


def _answer_again(ask: Ask, sent: Sent) -> None:
    """The echo of what was said before; who wants none has his ACK, if he has given a label."""
    store = ask.engine.store
    if ask.session.caps & ECHO_MESSAGE and store is not None:
        _hold(ask)
        # It may have been an edit, which stands among what has happened.
        page = Page(sent.conversation, 1, era=sent.era, around=sent.msgid, events=True, corrections=EDITED)
        store.page(page, partial(_echo, ask, sent.msgid))


def _echo(ask: Ask, msgid: str, records: list[Record] | StoreError) -> None:
    if not isinstance(records, StoreError):
        for record in ask.engine.shelf(JustCorrected).standing(records):
            if record.msgid == msgid:  # else it has been taken back since
                ask.send(playback_line(record, ask.session))
    _go_on(ask)
