"""The record in memory, for tests and conversations: nothing lasts, everything else is as on disk.

The rule: it answers exactly as the durable record does, told by the plainest code that can say it: lists and loops.
It is strict where a mistake would only show on disk: a message id that does not hold its message's time is refused
here with an AssertionError, because the durable record would store it and never find it again.
"""

from collections.abc import Callable
from copy import copy
from functools import partial

from veche.core.exporting import Said
from veche.core.forgetting import (
    ErasedWords,
    ForgottenMessages,
    RewrittenFacts,
    Wiped,
)
from veche.core.ports import (
    EDITED,
    FORGOTTEN_AT_ONCE,
    PARTNER_SEARCH,
    REACTED_LIMIT,
    REACTIONS_OF_ONE,
    REDACTED,
    UNREAD_LIMIT,
    UNREAD_SEARCH,
    Edit,
    ForgottenEvents,
    ForgottenFact,
    Page,
    Partner,
    Reacted,
    Reaction,
    Record,
    Records,
    Redaction,
    RoomEvent,
    Row,
    SavedFact,
    Sent,
    StoreError,
    StoreRefused,
    UnknownReference,
    UnreadQuestion,
    Version,
)
from veche.core.search import THREAD_SEARCH, Found, SearchQuestion, is_answer
from veche.core.threads import parent_of
from veche.store.engines.memory_parts import erase, forget, read_said, read_talk
from veche.wire.mentions import mentions
from veche.wire.msgids import time_of_msgid


class MemoryStore:
    """A Store (core.ports) that forgets when the process ends.

    `post` runs a function in a later turn of the owner; every answer goes through it. `records` is what is stored,
    in order: a test may read it, and may put a past into it before the engine starts.
    """

    def __init__(
        self, post: Callable[[Callable[[], None]], None], records: list[Record] | None = None
    ) -> None:
        self.records: list[Record] = records if records is not None else []
        self.events: list[Record] = []
        self.facts: list[SavedFact] = []
        self._seq = 0  # of the last row of any kind
        self.redactions: dict[int, Redaction] = {}  # by the places of the messages
        self.edits: list[tuple[Edit, str]] = []  # each with how the message read until then
        self.roots: dict[int, int] = {}  # of replies, by their places
        self.kept_reactions: list[Reaction] = []
        self._post = post
        self._committing = False
        self._closed = False

    def last(self) -> tuple[int, int]:
        """The highest `seq` of all rows, and the `time` of the newest record or event; (0, 0) when there is none."""
        seq = time = 0
        for newest in (self.records[-1:], self.events[-1:]):
            for record in newest:
                seq, time = max(seq, record.seq), max(time, record.time)
        return max(seq, self._seq, *(fact.seq for fact in self.facts)), time

    def trouble(self) -> str:
        """Nothing is ever in the way."""
        return ""

    def saved(self) -> list[SavedFact]:
        """The saved facts in the order of the log."""
        return sorted(self.facts, key=lambda fact: fact.seq)

    def replace_saved(self, facts: list[SavedFact]) -> None:
        """Put these in the place of all without a key."""
        if any(fact.key for fact in facts):
            raise AssertionError("what has a key is replaced one by one")
        self.facts = [fact for fact in self.facts if fact.key] + facts

    def append(self, rows: list[Row], done: Callable[[StoreError | None], None]) -> None:
        """Store all of `rows` in the next turn, then call `done(None)`."""
        if self._closed:
            self._post(lambda: done(StoreRefused("the record is closed")))
        else:
            self._begin(rows)
            self._post(partial(self._commit, rows, done))

    def page(self, page: Page, done: Callable[[Records | StoreError], None]) -> None:
        """Answer with the messages asked for, as they are when the answer is given."""
        self._post(lambda: done(self._read(page)))

    def latest(
        self, conversations: list[tuple[str, int]], done: Callable[[dict[str, int] | StoreError], None]
    ) -> None:
        """Answer with the time (ms) of the newest message of each conversation and era that has any."""
        self._post(lambda: done(self._latest(conversations)))

    def find_sent(self, key: int, after: int, done: Callable[[Sent | StoreError | None], None]) -> None:
        """Answer with the newest message that bears this key."""
        self._post(lambda: done(self._find_sent(key, after)))

    def said(self, person: str, after: int, done: Callable[[Said | StoreError], None]) -> None:
        """Answer with a part of what a person has said."""
        self._post(lambda: done(_closed() if self._closed else read_said(self, person, after)))

    def talk(
        self, conversation: str, after: tuple[int, int], done: Callable[[Records | StoreError], None]
    ) -> None:
        """Answer with a part of what was said in a conversation."""
        self._post(lambda: done(_closed() if self._closed else read_talk(self, conversation, after)))

    def versions(self, message: int, done: Callable[[list[Version] | StoreError], None]) -> None:
        """Answer with how a message has read, the oldest first."""
        self._post(lambda: done(self._read_versions(message)))

    def reactions(
        self, messages: list[int], done: Callable[[dict[int, dict[str, int]] | StoreError], None]
    ) -> None:
        """Answer with the counts of reactions to messages, by place in the log and value."""
        self._post(lambda: done(self._count_reactions(messages)))

    def reacted(self, messages: list[int], done: Callable[[list[Reacted] | StoreError], None]) -> None:
        """Answer with the newest reactions to each message."""
        self._post(lambda: done(self._read_reacted(messages)))

    def partners(
        self, who: str, after: int, limit: int, done: Callable[[list[Partner] | StoreError], None]
    ) -> None:
        """Answer with the direct conversations of `who` that have anything later than `after`, the newest first."""
        self._post(lambda: done(self._read_partners(who, after, limit)))

    def unread(
        self,
        questions: list[UnreadQuestion],
        done: Callable[[list[tuple[int, int]] | StoreError], None],
    ) -> None:
        """Answer with how much others have said since a time, and how much of it mentions a word."""
        self._post(lambda: done(self._count_unread(questions)))

    def search(self, question: SearchQuestion, done: Callable[[Found | StoreError], None]) -> None:
        """Answer with the messages that are looked for."""
        self._post(lambda: done(self._search(question)))

    def close(self) -> None:
        """Take no more: what comes after this is refused. Idempotent."""
        self._closed = True

    def _begin(self, rows: list[Row]) -> None:
        """Check what the log promises: one commit at a time, and records that can be found again."""
        if self._committing:
            raise AssertionError("the log has one commit under way at a time")
        self._committing = True
        seq, time = self.last()
        for record in rows:
            if isinstance(
                record, RoomEvent | ForgottenEvents | ForgottenMessages | ErasedWords | RewrittenFacts | Wiped
            ):
                continue  # they are late
            if record.seq <= seq:
                raise AssertionError(f"seq grows in the log: {record!r}")
            seq = record.seq
            if not isinstance(record, Record):
                continue
            if record.time < time:
                raise AssertionError(f"time never falls in the log: {record!r}")
            if time_of_msgid(record.msgid) != record.time:
                raise AssertionError(f"the message id holds another time than the message: {record!r}")
            time = record.time

    def _commit(self, rows: list[Row], done: Callable[[StoreError | None], None]) -> None:
        self._committing = False
        self._keep(rows)
        done(None)

    def _keep(self, rows: list[Row]) -> None:
        for row in rows:
            self._seq = max(self._seq, row.seq)
            if isinstance(row, RoomEvent):
                self.events.append(row.record)
            elif isinstance(row, ForgottenEvents):
                self.events = [
                    event
                    for n, event in enumerate(self.events)
                    if event.time >= row.before or n >= FORGOTTEN_AT_ONCE
                ]
            elif isinstance(row, ForgottenMessages):
                forget(self, row)
            elif isinstance(row, ErasedWords):
                erase(self, row)
            elif isinstance(row, RewrittenFacts):
                self.facts = [fact for fact in self.facts if fact.key or fact.kind not in row.kinds]
                self.facts += [SavedFact(*fact) for fact in row.facts]
            elif isinstance(row, Wiped):
                pass  # there is nothing else
            elif isinstance(row, Record):
                self._note_reply(row)
                self.records.append(row)
            elif isinstance(row, Edit):
                self._edit(row)
            elif isinstance(row, SavedFact | ForgottenFact):
                self._save(row)
            elif isinstance(row, Redaction):
                self._redact(row)
            else:
                self._react(row)

    def _save(self, row: SavedFact | ForgottenFact) -> None:
        if row.key:
            self.facts = [fact for fact in self.facts if (fact.kind, fact.key) != (row.kind, row.key)]
        if isinstance(row, SavedFact):
            self.facts.append(row)

    def _redact(self, row: Redaction) -> None:
        for index, record in enumerate(self.records):
            if record.seq == row.message and row.message not in self.redactions:
                self.records[index] = copy(record)  # somebody may be reading the other
                self.records[index].text = self.records[index].tags = ""
                self.redactions[row.message] = row
                self.edits = [(one, "" if one.message == row.message else was) for one, was in self.edits]
                gone = {one.msgid for one, _ in self.edits if one.message == row.message}
                self.events = [event for event in self.events if event.msgid not in gone]
                if row.event:
                    self._tell(record, REDACTED, row, row.event, row.reason)
        self.kept_reactions = [one for one in self.kept_reactions if one.message != row.msgid]

    def _edit(self, row: Edit) -> None:
        for index, record in enumerate(self.records):
            if record.seq == row.message and record.seq not in self.redactions:
                self.edits.append((row, record.text))
                self._tell(record, "EDIT " + record.command, row, row.msgid, "")
                self.records[index] = copy(record)
                self.records[index].text, self.records[index].edited = row.text, row.time

    def _tell(self, record: Record, command: str, row: Edit | Redaction, msgid: str, text: str) -> None:
        """What happened to a message, among the events; as `tags` its id."""
        event = copy(record)
        event.seq, event.time, event.msgid, event.command, event.text = (
            row.seq,
            row.time,
            msgid,
            command,
            text,
        )
        event.source, event.sender, event.account = row.source, row.sender, row.account
        event.tags, event.sent, event.edited = record.msgid, 0, 0
        self.events.append(event)

    def _note_reply(self, row: Record) -> None:
        parent = parent_of(row.tags)
        if parent is None:
            return
        for record in self.records:
            if (record.msgid, record.conversation) == (parent[0], row.conversation) and record.era in {
                0,
                row.era,
            }:
                self.roots[row.seq] = self.roots.get(record.seq, record.seq)

    def _read_versions(self, message: int) -> list[Version] | StoreError:
        if self._closed:
            return StoreRefused("the record is closed")
        versions = []
        for record in self.standing([record for record in self.records if record.seq == message]):
            since = record.time
            for edit, was in self.edits:
                if edit.message == message:
                    versions.append(Version(since, was))
                    since = edit.time
            versions.append(Version(since, record.text))
        return versions

    def _react(self, row: Reaction) -> None:
        kept = self.kept_reactions
        same = [one for one in kept if (one.message, one.who) == (row.message, row.who)]
        before = [one for one in same if one.value == row.value]
        if not row.adding:
            self.kept_reactions = [one for one in kept if one not in before]
        elif not before and len(same) < REACTIONS_OF_ONE and self._find(row) is not None:
            kept.append(row)

    def _find(self, row: Reaction) -> Record | None:
        return next(
            (
                record
                for record in self.records
                if record.msgid == row.message
                and record.conversation == row.conversation
                and record.era in {0, row.era}
                and record.seq not in self.redactions
            ),
            None,
        )

    def _read(self, page: Page) -> Records | StoreError:
        if self._closed:
            return StoreRefused("the record is closed")
        every = sorted(self.records + self.events, key=lambda record: (record.time, record.seq))
        seen = [
            record
            for record in every
            if record.conversation == page.conversation
            and record.era in {0, page.era}
            and record.time >= page.since
        ]
        limit = max(0, page.limit)
        try:
            chosen = self._thread_of(page.thread, seen, page) if page.thread else seen
            if page.around is not None:
                return _around(self._shown(chosen, page), _place(page.around, seen, _FIRST), limit)
            start, end, newest = page.after, page.before, page.newest
            if page.between is not None:
                start, end = page.between
                if newest := _place(end, seen, _FIRST) < _place(start, seen, _FIRST):
                    start, end = end, start
            after = (-1, 0) if start is None else _place(start, seen, _LAST)
            before = (_LAST, 0) if end is None else _place(end, seen, _FIRST)
        except UnknownReference as error:
            return error
        seen = [record for record in self._shown(chosen, page) if after < (record.time, record.seq) < before]
        shown = seen[max(0, len(seen) - limit) :] if newest else seen[:limit]
        return Records(shown, has_more=len(shown) < len(seen))

    def _thread_of(self, msgid: str, seen: list[Record], page: Page) -> list[Record]:
        """Of what may be read the thread that a message is in. Raises UnknownReference."""
        root = self._root(msgid, [record for record in seen if record.command in _SAID])
        thread = [record for record in seen if root in (record.seq, self.roots.get(record.seq))]
        if thread and thread[0].seq in self.redactions and REDACTED in page.corrections:
            thread[0] = _tombstone(thread[0], self.redactions[root])
        return thread

    def _root(self, msgid: str, seen: list[Record]) -> int:
        _, seq = _place(msgid, seen, _FIRST)
        return self.roots.get(seq, seq)

    def _thread_for(self, question: SearchQuestion, standing: list[Record]) -> list[Record]:
        try:
            seen = [record for record in self.records if record.conversation in question.conversations]
            root = self._root(question.thread, seen)
        except UnknownReference:
            return []
        thread = [record.seq for record in self.records if root in (record.seq, self.roots.get(record.seq))]
        newest = thread[-THREAD_SEARCH:]
        return [record for record in standing if record.seq in newest]

    def _find_sent(self, key: int, after: int) -> Sent | StoreError | None:
        if self._closed:
            return StoreRefused("the record is closed")
        said = {record.seq: record for record in self.records}
        found = [
            (record.seq, Sent(record.conversation, record.era, record.msgid, record.time))
            for record in self.records
            if record.sent == key and record.time > after
        ]
        for edit, _ in self.edits:
            if edit.sent == key and edit.time > after:
                record = said[edit.message]
                found.append((edit.seq, Sent(record.conversation, record.era, edit.msgid, edit.time)))
        return max(found)[1] if found else None

    def _shown(self, records: list[Record], page: Page) -> list[Record]:
        """Without what was taken back, and without what happened for who does not want to see it."""
        standing = self.standing(records)
        if page.thread:
            graves = [record for record in records if record.command == REDACTED and not record.msgid]
            return [record for record in records if record in standing or record in graves]
        if page.events:
            now = {record.msgid: record.text for record in self.records}
            return [
                _worded(record, now)
                for record in standing
                if record.command not in _CORRECTIONS or record.command in page.corrections
            ]
        return [record for record in standing if record.command in _SAID]

    def standing(self, records: list[Record]) -> list[Record]:
        """Those that were not taken back."""
        return [record for record in records if record.seq not in self.redactions]

    def _read_reacted(self, messages: list[int]) -> list[Reacted] | StoreError:
        if self._closed:
            return StoreRefused("the record is closed")
        places = {record.msgid: record.seq for record in self.records if record.seq in messages}
        told = [
            (row.seq, Reacted(place, row.time, row.msgid, row.source, row.who, row.account, row.value))
            for msgid, place in places.items()
            for row in [one for one in self.kept_reactions if one.message == msgid and one.source][
                -REACTED_LIMIT:
            ]
        ]
        return [reacted for _, reacted in sorted(told)]

    def _count_reactions(self, messages: list[int]) -> dict[int, dict[str, int]] | StoreError:
        if self._closed:
            return StoreRefused("the record is closed")
        places = {record.msgid: record.seq for record in self.records if record.seq in messages}
        counts: dict[int, dict[str, int]] = {}
        for row in self.kept_reactions:
            if row.message in places:
                values = counts.setdefault(places[row.message], {})
                values[row.value] = values.get(row.value, 0) + 1
        return counts

    def _latest(self, conversations: list[tuple[str, int]]) -> dict[str, int] | StoreError:
        if self._closed:
            return StoreRefused("the record is closed")
        asked = {(name, era) for name, wanted in conversations for era in (0, wanted)}
        return {
            record.conversation: record.time
            for record in self.standing(self.records)
            if (record.conversation, record.era) in asked
        }

    def _read_partners(self, who: str, after: int, limit: int) -> list[Partner] | StoreError:
        if self._closed:
            return StoreRefused("the record is closed")
        talks: dict[str, list[Record]] = {}  # the newest first, as in the answer
        for record in reversed(self.standing(self.records)):
            ids = record.conversation.split(" ")
            if record.era == 0 and len(ids) == 2 and who in ids:
                talks.setdefault(record.conversation, []).append(record)
        return [
            Partner(key, said[0].time, _said_last(said[:PARTNER_SEARCH], _other(key, who)))
            for key, said in talks.items()
            if said[0].time > after
        ][: max(0, limit)]

    def _count_unread(self, questions: list[UnreadQuestion]) -> list[tuple[int, int]] | StoreError:
        if self._closed:
            return StoreRefused("the record is closed")
        return [self._count_new(*question) for question in questions]

    def _search(self, question: SearchQuestion) -> Found | StoreError:
        if self._closed:
            return StoreRefused("the record is closed")
        searched = self.standing(self.records)
        if question.thread:
            searched = self._thread_for(question, searched)
        found = [record for record in searched if is_answer(question, record)]
        limit = max(0, question.limit)
        return Found(found[:limit] if question.is_from_start else found[max(0, len(found) - limit) :], True)

    def _count_new(self, conversation: str, era: int, after: int, reader: str, word: str) -> tuple[int, int]:
        new = [
            record
            for record in self.standing(self.records)
            if record.conversation == conversation and record.era in {0, era} and record.time > after
        ]
        others = [record for record in new[-UNREAD_SEARCH:] if record.sender != reader][-UNREAD_LIMIT:]
        return len(others), sum(mentions(word, record.text) for record in others)


_SAID = frozenset({"PRIVMSG", "NOTICE"})
_CORRECTIONS = EDITED | {REDACTED}


def _worded(record: Record, now: dict[str, str]) -> Record:
    """An edit with what its message says now; anything else as it is."""
    if record.command not in EDITED:
        return record
    record = copy(record)
    record.text = now[record.tags]
    return record


def _tombstone(record: Record, redaction: Redaction) -> Record:
    """What stands in a thread for a message that was taken back."""
    grave = copy(record)
    grave.tags, grave.msgid, grave.command, grave.text = record.msgid, "", REDACTED, redaction.reason
    grave.source, grave.sender, grave.account = redaction.source, redaction.sender, redaction.account
    return grave


def _other(key: str, who: str) -> str:
    one, other = key.split(" ")
    return other if one == who else one


def _said_last(said: list[Record], by: str) -> str:
    return next((record.source for record in said if record.sender == by), "")


# A moment stands before (as a start: behind) every message of its millisecond.
_FIRST = 0
_LAST = 1 << 63


def _place(reference: int | str, seen: list[Record], edge: int) -> tuple[int, int]:
    """Where a reference stands among messages, to be compared with their (time, seq)."""
    if isinstance(reference, int):
        return (reference, edge)
    for record in seen:
        if record.msgid == reference:
            return (record.time, record.seq)
    raise UnknownReference(f"no message {reference[:64]!r} in this conversation")


def _around(seen: list[Record], place: tuple[int, int], limit: int) -> Records:
    """Half of the messages from before `place`, half from there on; where one side is short, more of the other."""
    older = sum((record.time, record.seq) < place for record in seen)
    start = max(0, min(older - limit // 2, len(seen) - limit))
    shown = seen[start : start + limit]
    return Records(shown, has_more=len(shown) < len(seen))


def _closed() -> StoreRefused:
    return StoreRefused("the record is closed")
