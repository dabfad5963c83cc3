"""The index on disk: `search.db`, a database of its own beside the record.

    block       a stretch of 32,768 places in the log that has been indexed: when its messages were said
    posting     in a block the messages that have a word: one row for each form of it, 2 bytes for each message

The rules:
* **Everything in it can be made anew from the record**, so whatever is wrong with it (another version, damage, another
  record that it belongs to) ends in its removal and a new beginning, never in an error at the start.
* A block is written once, whole, in the order of its key; so the database grows at its end, and nothing is merged but
  the few messages that are edited later.
* What a message is known by is taken out of the lists by its place alone: nobody needs to know what it said. SQLite
  overwrites what it frees (secure_delete), and the log of the database is emptied behind it.
"""

import json
import os
import sqlite3
import sys
from array import array
from bisect import insort
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path

from veche.store.engines.sqlite import BUSY_TIMEOUT
from veche.store.files import open_private
from veche.wire.words import VERSION

# Places in the log in one block: 16 bits would do, but a block is in memory until it is full.
BLOCK_BITS = 15
BLOCK = 1 << BLOCK_BITS

# Changes with the schema below and with what is in the lists.
_FORMAT = 1

_SCHEMA = """
    begin;
    create table about (key text primary key, value) without rowid;
    create table block (
        id integer primary key,
        first integer,          -- ms: when its first and its last message were said; null where there are none
        last integer,
        seq integer,            -- of its last message, with the id: by these the record is recognised
        msgid text
    );
    create table posting (
        block integer not null,
        stem text not null,     -- or "#" with a conversation's number, "@" with an id, "!" with a nick
        form text not null,     -- how it goes on where it stands, or "~" and the whole word, which begins otherwise
        list blob not null,     -- places in the block, ascending, 2 bytes each
        primary key (block, stem, form)
    ) without rowid;
    commit;
"""
_PRAGMAS = (
    f"busy_timeout={BUSY_TIMEOUT}",
    "journal_mode=wal",
    "synchronous=normal",  # a power cut may take back the last blocks: they are made again
    "secure_delete=on",
    "cache_size=-16384",
    "temp_store=memory",
    "trusted_schema=off",
    "cell_size_check=on",
)

_INSERT = """
    insert into posting (block, stem, form, list)
    select :block, value ->> 0, value ->> 1, substr(:lists, 1 + (value ->> 2), value ->> 3) from json_each(:rows)
"""
_LISTS = """
    select json_group_array(json_array(block, hex(list))) from posting
    where block in (select value from json_each(:blocks)) and stem in (select value from json_each(:stems))
"""
# A stem begins as all its forms do: see wire/words.py.
_BEGINNINGS = """
    select json_group_array(json_array(block, hex(list))) from posting
    where block in (select value from json_each(:blocks)) and stem >= :low and stem < :high
        and substr(iif(form like '~%', substr(form, 2), stem || form), 1, length(:beginning)) = :beginning
"""
_MENTIONS = """
    select json_group_array(json_array(stem, form, hex(list))) from posting
    where block = ? and instr(list, ?) > 0
"""

# A block's lists as they are in memory: by stem, then by form.
Lists = dict[str, dict[str, "array[int]"]]
# Places of one block, in several ascending lists that may overlap: what was read, as it was read.
Runs = list["array[int]"]


class Postings:
    """The index on disk. All of it belongs to one thread. Raises sqlite3.Error and OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = self._open()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def start_anew(self) -> None:
        """Forget everything."""
        self._connection.close()
        self._remove()
        self._connection = self._open()

    def guard(self, is_late: Callable[[], bool], steps: int) -> None:
        """Have `is_late` asked every so many steps of SQLite's machine; its yes ends the statement."""
        self._connection.set_progress_handler(is_late, steps)

    def blocks(self) -> dict[int, tuple[int, int]]:
        """Every block that has been written, with the times (ms) of its first and its last message; (1, 0) for none."""
        found = self._connection.execute(
            "select json_group_array(json_array(id, coalesce(first, 1), coalesce(last, 0))) from block"
        ).fetchone()
        return {block: (first, last) for block, first, last in json.loads(found[0])}

    def last_message(self) -> tuple[int, str] | None:
        """Place and id of the newest message in a written block."""
        row: tuple[int, str] | None = self._connection.execute(
            "select seq, msgid from block where seq is not null order by id desc limit 1"
        ).fetchone()
        return row

    def corrected(self) -> int:
        """The place of the last redaction or edit that has been taken account of."""
        row = self._connection.execute("select value from about where key = 'redaction'").fetchone()
        return 0 if row is None else int(row[0])

    def write(
        self, block: int, lists: Lists, times: tuple[int, int] | None, last: tuple[int, str] | None
    ) -> None:
        """Keep a whole block."""
        rows: list[tuple[str, str, int, int]] = []
        whole = bytearray()
        for stem in sorted(lists):
            for form, places in sorted(lists[stem].items()):
                rows.append((stem, _ending(stem, form), len(whole), 2 * len(places)))
                whole += places.tobytes()
        with _transaction(self._connection):
            self._connection.execute(
                "insert into block (id, first, last, seq, msgid) values (?, ?, ?, ?, ?)",
                (block, *(times or (None, None)), *(last or (None, None))),
            )
            self._connection.execute(
                _INSERT, {"block": block, "rows": json.dumps(rows), "lists": bytes(whole)}
            )

    def find(self, stems: Iterable[str], blocks: list[int]) -> dict[int, Runs]:
        """In which places of these blocks any of these stems stands."""
        return self._collect(_LISTS, {"stems": json.dumps(list(stems)), "blocks": json.dumps(blocks)})

    def find_beginning(self, beginning: str, blocks: list[int]) -> dict[int, Runs]:
        """In which places of these blocks a word begins so."""
        low = beginning[:2]
        high = low[:-1] + chr(ord(low[-1]) + 1)
        return self._collect(
            _BEGINNINGS, {"beginning": beginning, "low": low, "high": high, "blocks": json.dumps(blocks)}
        )

    def correct(
        self, messages: list[int], again: list[tuple[int, set[tuple[str, str]]]], correction: int
    ) -> None:
        """Take messages out of all lists, put some of them into others, by stems and forms; and note that corrections
        up to this one have been taken account of."""
        with _transaction(self._connection):
            for message in messages:
                self._take_out(message >> BLOCK_BITS, message % BLOCK)
            for message, known in again:
                for stem, form in known:
                    self._put_in(message >> BLOCK_BITS, message % BLOCK, stem, _ending(stem, form))
            self._connection.execute("insert or replace into about values ('redaction', ?)", (correction,))
        if messages:
            self._connection.execute("pragma wal_checkpoint(truncate)").fetchone()

    def _put_in(self, block: int, place: int, stem: str, form: str) -> None:
        key = (block, stem, form)
        found = self._connection.execute(
            "select hex(list) from posting where block = ? and stem = ? and form = ?", key
        ).fetchone()
        places = unpack(found[0]) if found is not None else array("H")
        insort(places, place)
        self._connection.execute(
            "insert or replace into posting (block, stem, form, list) values (?, ?, ?, ?)",
            (*key, places.tobytes()),
        )

    @property
    def connection(self) -> sqlite3.Connection:
        """For questions of those who look through many rows."""
        return self._connection

    def tidied(self) -> int:
        """The mark of the last forgetting that has been taken account of; see tidying.py."""
        row = self._connection.execute("select value from about where key = 'forgetting'").fetchone()
        return 0 if row is None else int(row[0])

    def note_tidied(self, mark: int) -> None:
        """All that was forgotten up to this mark is in no list any more, and in no file."""
        self._connection.execute("insert or replace into about values ('forgetting', ?)", (mark,))
        self._connection.execute("pragma wal_checkpoint(truncate)").fetchone()

    def set_last(self, block: int, seq: int | None, msgid: str | None) -> None:
        """This is the newest message that stands in a block; None where there is none."""
        self._connection.execute("update block set seq = ?, msgid = ? where id = ?", (seq, msgid, block))

    def empty(self, block: int) -> None:
        """Nothing stands in a block any more."""
        self._connection.execute("delete from posting where block = ?", (block,))

    def rewrite(self, block: int, lists: "list[tuple[str, str, array[int]]]") -> None:
        """Put other lists into the place of these; an empty one is none."""
        with _transaction(self._connection):
            for stem, form, places in lists:
                self._put(block, stem, form, places)

    def _take_out(self, block: int, place: int) -> None:
        found = self._connection.execute(_MENTIONS, (block, array("H", [place]).tobytes())).fetchone()
        for stem, form, shown in json.loads(found[0]):
            places = unpack(shown)
            if place not in places:
                continue  # the two bytes stood across two places
            places.remove(place)
            self._put(block, stem, form, places)

    def _put(self, block: int, stem: str, form: str, places: "array[int]") -> None:
        key = (block, stem, form)
        if places:
            self._connection.execute(
                "update posting set list = ? where block = ? and stem = ? and form = ?",
                (places.tobytes(), *key),
            )
        else:
            self._connection.execute("delete from posting where block = ? and stem = ? and form = ?", key)

    def _collect(self, sql: str, values: dict[str, str]) -> dict[int, Runs]:
        found: dict[int, Runs] = {}
        for block, shown in json.loads(self._connection.execute(sql, values).fetchone()[0]):
            found.setdefault(block, []).append(unpack(shown))
        return found

    def _open(self) -> sqlite3.Connection:
        try:
            connection = self._connect()
        except sqlite3.DatabaseError:
            self._remove()
            connection = self._connect()
        return connection

    def _connect(self) -> sqlite3.Connection:
        """Raises sqlite3.DatabaseError also for an index of another version."""
        os.close(open_private(self._path, os.O_RDWR | os.O_CREAT))
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"pragma {pragma}").fetchone()
            if not connection.execute("select count(*) from sqlite_schema").fetchone()[0]:
                connection.executescript(_SCHEMA)
                connection.execute("insert into about values ('made by', ?)", (_made_by(),))
            found = connection.execute("select value from about where key = 'made by'").fetchone()
            if found != (_made_by(),):
                raise sqlite3.DatabaseError("the index was made by another version")
        except BaseException:
            connection.close()
            raise
        return connection

    def _remove(self) -> None:
        for end in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + end).unlink(missing_ok=True)


def _ending(stem: str, form: str) -> str:
    """How a form of a stem goes on where it stands, or "~" and all of a word that begins otherwise."""
    return form.removeprefix(stem) if form.startswith(stem) else "~" + form


def _made_by() -> str:
    """What an index depends on. The lists are in the machine's own order of bytes."""
    return f"{_FORMAT} {VERSION} {version('snowballstemmer')} {sys.byteorder}"


class _transaction:  # noqa: N801 - reads as a statement
    """BEGIN, and COMMIT; after an error all is as before."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("begin immediate")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            try:
                self._connection.execute("commit")
                return
            except sqlite3.Error:
                self._roll_back()
                raise
        self._roll_back()

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("rollback")


def unpack(shown: str) -> "array[int]":
    """A list, shown by SQLite's hex()."""
    places = array("H")
    places.frombytes(bytes.fromhex(shown))
    return places
