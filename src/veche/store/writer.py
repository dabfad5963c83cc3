"""The one thread that writes: it owns the only writing connection and makes every checkpoint.

The rules:
* **A batch is one statement.** Every call into SQLite gives up the interpreter lock and must win it back, beside a busy
  event loop at up to 5 ms a time. So a batch that brings no new conversation is one INSERT outside a transaction, which
  SQLite begins, syncs and commits itself: 5.8 ms beside a loop that never rests, 16.5 ms with BEGIN and COMMIT around
  it. `executemany` fights for the lock at every row and is never used. A batch of saved facts of one sort is one
  statement too.
* Statements come in a few sizes, filled up with rows of nulls that the statement leaves out: preparing one of a new
  size costs more than the rows do (4.9 against 2.4 microseconds a row).
* What happened is said before anything else is done: checkpoints are made after the answer, so nobody waits for one.
* After a failed sync nothing is written any more: behind frames that the disk may lack, a commit would not last.
* A database or log file that has been moved or deleted under us is an error, not a success that nobody can read.
"""

import json
import logging
import sqlite3
import time
from bisect import bisect_left
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event

from veche.core.forgetting import ErasedWords, ForgottenMessages, RewrittenFacts, Wiped
from veche.core.ports import (
    Edit,
    ForgottenEvents,
    ForgottenFact,
    Reaction,
    Record,
    Redaction,
    RoomEvent,
    Row,
    SavedFact,
    StoreError,
    StoreRefused,
    StoreUnknown,
)
from veche.store.checkpoints import Checkpoints
from veche.store.corrections import edit, react, redact
from veche.store.engines.sqlite import (
    BUSY_TIMEOUT,
    connect_writer,
    describe,
    empty_wal,
    is_harmless,
    is_sync_failure,
    outcome,
)
from veche.store.erasing import take_away
from veche.store.facts import Statement, replace_saved, statements
from veche.store.files import Identity, identity
from veche.store.forgetting import takes_away
from veche.store.room_events import forget_events, insert_events
from veche.store.threads import note_replies, replies_among
from veche.store.values import MESSAGE, Key, message_values, unnumbered
from veche.store.worker import Post, Worker

# Rows in one statement: 13 variables each, SQLite takes 32,766; the log's batches are not larger.
SIZES = (
    *(1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128),
    *(160, 192, 224, 256, 384, 512, 768, 1024),
)
MOST_ROWS = SIZES[-1]

# In the log, besides one for each row.
_PAGES_OF_A_BATCH = 2

# How long (s) a look at the files is believed. Not at every batch: each look gives up the interpreter lock too.
_LOOK_EVERY = 0.1

# How long (s) a refusal is taken for how things are: the next try may succeed, and who would make it is sent elsewhere
# while a server is not ready.
_TROUBLE_LASTS = 60.0

# While somebody reads, the WAL cannot be emptied. So often it is tried again, and so long (s) apart;
# who reads longer than that leaves it to the next commits.
_SCRUBS, _SCRUB_PAUSE = 100, 0.02

_COLUMNS = ", ".join(MESSAGE)
_ROW = "(" + ", ".join("?" * len(MESSAGE)) + ")"
_EMPTY_ROW = (None,) * len(MESSAGE)
_INSERT = {
    size: f"insert into message ({_COLUMNS}) select * from (values {', '.join([_ROW] * size)})"  # noqa: S608
    " where column1 is not null"
    for size in SIZES
}
# A list of keys or rows goes in and out as one JSON text, since every row fetched is a fight for the interpreter lock.
_FIND_NUMBERS = """
    select json_group_array(json_array(known.name, known.era, known.id))
    from json_each(?) asked join conversation known on known.name = asked.value ->> 0 and known.era = asked.value ->> 1
"""
_INSERT_CONVERSATIONS = """
    insert into conversation (id, name, era) select value ->> 0, value ->> 1, value ->> 2 from json_each(?)
"""

_INSERT_PARTICIPANTS = """
    insert or ignore into participant (who, conversation) select value ->> 0, value ->> 1 from json_each(?)
"""

Done = Callable[[StoreError | None], None]

_log = logging.getLogger("veche.store")


class Writer:
    """The writing end of the record. `append`, `finish` and `disconnect` are the owner's; the rest is the thread's.

    `connection` is the writing connection to the database at `path`, and from now on the writer's alone.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, post: Post) -> None:
        self._path = path
        self._wal = path.with_name(path.name + "-wal")
        self._connection = connection
        self._worker = Worker("veche-writer", post)
        self._under_way = False  # the owner's, not the thread's
        self._identities = self._find_identities()
        self._looked = 0.0
        self._numbers: dict[Key, int] = {}
        self._highest = -1  # of the conversations' numbers; -1 when not known
        self._checkpoints = Checkpoints(path)
        self._must_reopen = False
        self._must_scrub = False  # the WAL holds what was taken back
        self._scrubs = 0  # how often it was tried in vain to empty it for that
        self._broken: StoreUnknown | None = None
        self._trouble = ""
        self._refused = 0.0

    @property
    def trouble(self) -> str:
        """Why the last batch was refused; "" when it was not, or when nobody has tried for a while."""
        return self._trouble if time.monotonic() - self._refused < _TROUBLE_LASTS else ""

    def append(self, rows: list[Row], done: Done) -> None:
        """Commit all of `rows` or none, and post `done`. Raises AssertionError while a commit is under way."""
        if self._under_way:
            raise AssertionError("the log has one commit under way at a time")
        self._under_way = True
        if self._broken is not None:
            self._worker.post(partial(self._answer, done, self._broken))
        else:
            self._worker.put(partial(self._write, rows, done))

    def replace_saved(self, facts: list[SavedFact]) -> None:
        """Put these facts in the place of all without a key. Blocks; for the start. Raises StoreError."""
        if any(fact.key for fact in facts):
            raise AssertionError("what has a key is replaced one by one")
        errors: list[StoreError | None] = []
        ended = Event()

        def replace() -> None:
            errors.append(self._replace_saved(facts))
            ended.set()

        self._worker.put(replace)
        ended.wait()
        if errors[0] is not None:
            raise errors[0]

    def finish(self, seconds: float) -> bool:
        """Write what was handed in, empty the WAL into the database and end; whether all that came to pass in time."""
        if self._broken is not None:
            return False
        emptied: list[bool] = []
        self._worker.put(lambda: emptied.append(self._empty_wal()))
        return self._worker.finish(seconds) and emptied == [True]

    def disconnect(self) -> None:
        """Close the connection, which removes the WAL. Only after `finish` has said True."""
        self._connection.close()

    def _answer(self, done: Done, error: StoreError | None) -> None:
        self._under_way = False
        done(error)

    # Everything below runs in the writer's thread.

    def _write(self, rows: list[Row], done: Done) -> None:
        # It may have broken at the checkpoint after the last batch, when this one had already been handed in.
        error = self._broken or self._try(rows)
        if isinstance(error, StoreUnknown):
            self._broken = error
        self._report(error)
        self._worker.post(partial(self._answer, done, error))
        if error is None and self._must_scrub:
            self._scrub()
        if error is None and self._checkpoints.is_due:
            self._checkpoint()

    def _try(self, rows: list[Row]) -> StoreError | None:
        records = [row for row in rows if isinstance(row, Record)]
        others = [row for row in rows if not isinstance(row, Record)] if len(records) < len(rows) else []
        changes = [row for row in others if isinstance(row, Edit | Redaction | Reaction)]
        replies = replies_among(records)
        events = [row.record for row in others if isinstance(row, RoomEvent)]
        committing = False
        try:
            facts = statements([row for row in others if isinstance(row, SavedFact | ForgottenFact)])
            self._look()
            self._reopen_if_needed()
            self._require_room()
            new = self._find_numbers(records + events if events else records)
            if not new and not others and not replies and len(records) <= MOST_ROWS:
                committing = True
                self._insert(records)
            elif len(facts) == 1 and not records and not changes and not events:
                committing = True
                self._connection.execute(*facts[0])
            elif not new and len(events) == len(rows):
                committing = True
                insert_events(self._connection, events, self._numbers)
            else:
                self._connection.execute("begin immediate")
                self._insert_conversations(new)
                for start in range(0, len(records), MOST_ROWS):
                    self._insert(records[start : start + MOST_ROWS])
                if replies:
                    note_replies(self._connection, replies)
                self._insert_others(facts, changes)
                if events:
                    insert_events(self._connection, events, self._numbers)
                for row in others:
                    if isinstance(row, ForgottenEvents):
                        forget_events(self._connection, row.before)
                    elif isinstance(row, ForgottenMessages | ErasedWords | RewrittenFacts | Wiped):
                        take_away(self._connection, row, self._path)
                committing = True
                self._connection.execute("commit")
        except StoreError as error:
            return error
        except Exception as error:
            return self._fail(error, committing)
        self._checkpoints.wrote(len(rows) + _PAGES_OF_A_BATCH)
        if any(takes_away(row) for row in others):
            self._must_scrub = True
            self._scrubs = 0
        return None

    def _insert(self, records: list[Record]) -> None:
        numbers = self._numbers
        values: list[object] = []
        for record in records:
            values += message_values(record, numbers[record.conversation, record.era])
        size = SIZES[bisect_left(SIZES, len(records))]
        values += _EMPTY_ROW * (size - len(records))
        self._connection.execute(_INSERT[size], values)

    def _insert_others(self, facts: list[Statement], changes: list[Edit | Redaction | Reaction]) -> None:
        """Everything but messages, in the order of the log within each kind."""
        for statement in facts:
            self._connection.execute(*statement)
        for row in changes:
            if isinstance(row, Edit):
                edit(self._connection, row)
        redactions = [row for row in changes if isinstance(row, Redaction)]
        if redactions:
            redact(self._connection, redactions)
        for row in changes:
            if isinstance(row, Reaction):
                react(self._connection, row)

    def _replace_saved(self, facts: list[SavedFact]) -> StoreError | None:
        committing = False
        try:
            self._connection.execute("begin immediate")
            replace_saved(self._connection, facts)
            committing = True
            self._connection.execute("commit")
        except Exception as error:
            return self._fail(error, committing)
        return None

    def _find_numbers(self, records: list[Record]) -> list[Key]:
        """See to it that every conversation of a batch has a number; return those that are not in the database yet."""
        numbers = self._numbers
        unknown = unnumbered(numbers, records)
        if not unknown:
            return []
        found = self._connection.execute(_FIND_NUMBERS, (json.dumps(list(unknown)),)).fetchone()
        for name, era, number in json.loads(found[0]):
            numbers[name, era] = number
        if self._highest < 0:
            self._highest = self._connection.execute(
                "select coalesce(max(id), 0) from conversation"
            ).fetchone()[0]
        new = sorted(unknown - numbers.keys())
        for key in new:
            self._highest += 1
            numbers[key] = self._highest
        return new

    def _insert_conversations(self, new: list[Key]) -> None:
        if not new:
            return
        rows = [(self._numbers[key], *key) for key in new]
        self._connection.execute(_INSERT_CONVERSATIONS, (json.dumps(rows),))
        # Two ids joined by a space are a direct conversation; no room has a space in its name.
        direct = [
            (name.split(" "), number) for number, name, era in rows if era == 0 and name.count(" ") == 1
        ]
        if direct:
            participants = [(who, number) for both, number in direct for who in both]
            self._connection.execute(_INSERT_PARTICIPANTS, (json.dumps(participants),))

    def _fail(self, error: Exception, committing: bool) -> StoreError:
        """A batch has met an error: what that means, and how the connection becomes usable again."""
        # Numbers given in a batch that was taken back must not be used again.
        self._numbers.clear()
        self._highest = -1
        result = outcome(error, committing=committing)
        if isinstance(result, StoreUnknown):
            return result
        if not isinstance(error, sqlite3.Error):
            _log.exception("bug: a batch could not be handed to SQLite")
        self._must_reopen = not is_harmless(error)
        try:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
        except sqlite3.Error:
            self._must_reopen = True
        return result

    def _reopen_if_needed(self) -> None:
        if not self._must_reopen:
            return
        self._connection.close()
        self._connection = connect_writer(self._path)
        # Closing the last connection removes the WAL, and a new one is made. That the database is still the same
        # file has just been looked at.
        self._identities = self._find_identities()
        self._must_reopen = False

    def _find_identities(self) -> tuple[Identity | None, Identity | None]:
        return identity(self._path), identity(self._wal)

    def _look(self) -> None:
        """Raise StoreRefused when the paths no longer lead to the files that we write to."""
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY:
            return
        for path, before, found in zip(
            (self._path, self._wal), self._identities, self._find_identities(), strict=True
        ):
            if before != found:
                what = "is gone" if found is None else "is another file now"
                raise StoreRefused(f"{path} {what}, while the server runs: stop the server, then put it back")
        self._looked = now

    def _checkpoint(self) -> None:
        """Move pages from the WAL into the database, so that the WAL starts anew."""
        try:
            self._checkpoints.make(self._connection)
        except sqlite3.Error as error:
            self._note_checkpoint(error)

    def _require_room(self) -> None:
        """Raise StoreRefused while the WAL is too long, because somebody reads it without an end."""
        if self._checkpoints.refuses:
            self._checkpoints.try_again(self._connection)
        if self._checkpoints.refuses:
            raise StoreRefused(self._checkpoints.refuses)

    def _scrub(self) -> None:
        """Empty the WAL, which still holds what was taken back as it was said. Waits for no reader, but tries again."""
        try:
            self._connection.execute("pragma busy_timeout=0")
            self._must_scrub = not self._empty_wal()
            self._connection.execute(f"pragma busy_timeout={BUSY_TIMEOUT}")
        except sqlite3.Error as error:
            self._note_checkpoint(error)
        if not self._must_scrub:
            self._checkpoints.emptied()
        elif self._scrubs < _SCRUBS:
            self._scrubs += 1
            self._worker.put(self._scrub_again)

    def _scrub_again(self) -> None:
        if self._must_scrub and self._broken is None:
            time.sleep(_SCRUB_PAUSE)
            self._scrub()

    def _empty_wal(self) -> bool:
        try:
            return self._broken is None and empty_wal(self._connection)
        except sqlite3.Error as error:
            self._note_checkpoint(error)
            return False

    def _note_checkpoint(self, error: sqlite3.Error) -> None:
        """A checkpoint has failed. The WAL still holds everything, so that only a failed sync is the end."""
        if is_sync_failure(error):
            self._broken = StoreUnknown(f"the disk failed to sync at a checkpoint ({describe(error)})")
            self._report(self._broken)
        else:
            _log.warning("a checkpoint failed and will be tried again: %s", describe(error))

    def _report(self, error: StoreError | None) -> None:
        """Tell the operator when trouble begins, changes and ends; not at every message."""
        trouble = "" if error is None else str(error)
        if trouble:
            self._refused = time.monotonic()
        if trouble == self._trouble:
            return
        self._trouble = trouble
        if trouble:
            _log.error("messages cannot be stored: %s", trouble)
        else:
            _log.warning("messages are stored again")
