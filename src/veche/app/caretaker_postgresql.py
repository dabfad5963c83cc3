"""Looking after a record in PostgreSQL, and copying records from one engine into the other.

The rule: a backup is the same file whatever engine keeps the record. What is put in place appears in one transaction
(PostgreSQL) or by one renaming (SQLite), after it has been compared with what it was copied from.
"""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from veche.app.caretaker import (
    EXIT_FOUND,
    Caretaker,
    now_in_name,
    show_number,
    show_numbers,
    show_size,
    show_time,
)
from veche.app.errand import CannotError
from veche.app.lingering import tell
from veche.app.progress import Bar
from veche.phrases import Language
from veche.store import backup, schema, upkeep
from veche.store.directory import DataDirectory
from veche.store.postgresql.link import is_url, shown
from veche.store.postgresql.schema import known_migrations
from veche.store.postgresql.tables import PostgresqlTables, open_tables
from veche.store.refusals import DataDirectoryError
from veche.store.tables import SqliteTables, Tables, open_to_read
from veche.store.transfer import Copied, transfer
from veche.store.verify import Verdict, verify_rows
from veche.store.verify_sqlite import verify_search

_SETTINGS = ("fsync", "full_page_writes")


class PostgresqlCaretaker(Caretaker):
    """One run of the command for a record at `url`."""

    def __init__(self, data: Path, settings: Path, language: Language, url: str, *, force: bool) -> None:
        super().__init__(data, settings, language, force=force)
        self.url = url

    @property
    def name(self) -> str:
        """Where the record is, for people."""
        return shown(self.url)

    def check(self) -> int:
        """Look at the record quickly."""
        say, known = self.say, max(known_migrations())
        with open_tables(self.url, writes=False) as record:
            found = self._require_made(record)
            version = record.query("select split_part(version(), ' on ', 1)")[0][0]
            size = show_size(record.size())
            print(say("postgresql", path=self.name, size=size, schema=found, known=known, version=version))
            counts = {
                name: record.query(f"select count(*) from {table}")[0][0]  # noqa: S608 - names of ours
                for name, table in (("messages", "message"), ("conversations", "conversation"))
            }
            facts = record.query(
                "select (select count(*) from saved_fact) + (select count(*) from keyed_fact)"
            )
            newest = record.query("select time from message order by seq desc limit 1")
            if counts["messages"] or facts[0][0]:
                numbers = show_numbers(say, **counts, facts=facts[0][0])
                print(say("holds", **numbers, newest=show_time(newest[0][0] if newest else 0)))
            else:
                print(say("empty"))
            print(say("served") if record.is_served() else say("rests"))
            if found < known:
                print(say("older"))
            print("\n".join(tell(record, self.language)))
            unsafe = [name for name in _SETTINGS if record.query(f"show {name}")[0][0] != "on"]
        for setting in unsafe:
            print(say("unsafe", setting=setting))
        if unsafe:
            return EXIT_FOUND
        print(say("well"))
        return 0

    def verify(self, file: Path | None) -> int:
        """Read everything, of the record or of a backup."""
        if file is not None:
            return super().verify(file)
        verdict = Verdict()
        rows, index = Bar(self.say("rows")), Bar(self.say("index"))
        with open_tables(self.url, writes=False) as record:
            self._require_schema(record)
            try:
                verify_rows(record, verdict, rows)
                rows.clear()
                if (self.data / "search.db").exists() and not verdict.count:
                    verify_search(record, self.data / "search.db", verdict, index)
            finally:
                rows.clear()
                index.clear()
        self._tell(verdict)
        if verdict.count:
            return EXIT_FOUND
        print(self.say("well"))
        return 0

    def migrate(self) -> int:
        """Bring the record up to date."""
        bar = Bar(self.say("seals"))
        with open_tables(self.url, writes=True) as record:
            self._require_made(record)
            try:
                before, after = record.upgrade()
                sealed = record.seal_all(bar)
            finally:
                bar.clear()
        if before < after:
            print(self.say("upgraded-there", before=before, after=after))
        else:
            print(self.say("up-to-date", after=after))
        if sealed:
            print(self.say("sealed", count=show_number(sealed)))
        return 0

    def restore(self, file: Path) -> int:
        """Put a backup in place of the record; what is there gets another name."""
        upkeep.require_record(file)
        directory = DataDirectory(self.data)
        fresh = backup.fresh_file(directory)
        bar = Bar(self.say("copying"))
        try:
            self._require_space(fresh, file.stat().st_size)
            source = open_to_read(file)
            try:
                backup.copy_database(source, fresh, bar)
            finally:
                source.close()
                bar.clear()
            if not self._is_sound(fresh):
                print("veche: " + self.say("backup-unsound", path=file), file=sys.stderr)
                return EXIT_FOUND
            kept = backup.take_kept_files(fresh)
            source = open_to_read(fresh)
            try:
                with open_tables(self.url, writes=True) as record:
                    copied, aside = _fill_postgresql(self, SqliteTables(source), record)
            finally:
                source.close()
            written = backup.put_back(self.data, kept)
        finally:
            fresh.unlink(missing_ok=True)
            directory.close()
        numbers = show_numbers(self.say, messages=copied.messages, facts=copied.facts)
        print(self.say("put-back-only", path=self.name, **numbers))
        if aside:
            print(self.say("aside-schema", name=aside))
        if written:
            print(self.say("put-back", names=", ".join(written)))
        print(self.say("start"))
        return 0

    @contextmanager
    def standing_still(self) -> Iterator[Tables]:
        """The record, to read all of it while no server changes it. Raises DataDirectoryError where one runs."""
        with open_tables(self.url, writes=True) as record:
            self._require_schema(record)
            yield record

    def _size(self) -> int:
        with open_tables(self.url, writes=False) as record:
            self._require_schema(record)
            return record.size()

    def _copy_into(self, fresh: Path) -> None:
        with open_tables(self.url, writes=False) as record:
            record.begin_reading()
            _fill_sqlite(self, record, fresh)

    def _require_made(self, record: PostgresqlTables) -> int:
        found, known = record.schema(), max(known_migrations())
        if not found:
            raise CannotError("not-made", path=self.name)
        if found > known:
            needs = record.query("select value from about where key = 'needs'")[0][0]
            raise DataDirectoryError("newer", path=self.name, found=found, known=known, needs=needs)
        return found

    def _require_schema(self, record: PostgresqlTables) -> None:
        found, known = self._require_made(record), max(known_migrations())
        if found < known:
            raise CannotError("behind-schema", path=self.name, found=found, known=known)


def copy(caretaker: Caretaker, to: str) -> int:
    """Copy a caretaker's record to where `to` says, which is not where it is."""
    if is_url(to):
        if shown(to) == caretaker.name:
            raise CannotError("same", target=caretaker.name)
        return _copy_to_postgresql(caretaker, to)
    kind, colon, place = to.partition(":")
    if kind != "sqlite" or (colon and not place):
        raise CannotError("bad-target", target=to)
    data = Path(place).absolute() if place else caretaker.data
    if str(data / "veche.db") == caretaker.name:
        raise CannotError("same", target=caretaker.name)
    return _copy_to_sqlite(caretaker, data)


def _copy_to_postgresql(caretaker: Caretaker, url: str) -> int:
    with caretaker.standing_still() as source, open_tables(url, writes=True) as record:
        if record.schema() and not caretaker.force:
            raise CannotError("target-taken", target=shown(url))
        copied, aside = _fill_postgresql(caretaker, source, record)
    _tell(caretaker, shown(url), copied, shown(url))
    if aside:
        print(caretaker.say("aside-schema", name=aside))
    return 0


def _copy_to_sqlite(caretaker: Caretaker, data: Path) -> int:
    with caretaker.standing_still() as source:
        directory = DataDirectory(data)
        fresh = backup.fresh_file(directory)
        try:
            if directory.database.exists() and not caretaker.force:
                raise CannotError("target-taken", target=directory.database)
            copied = _fill_sqlite(caretaker, source, fresh)
            aside = backup.install(fresh, directory, now_in_name())
        finally:
            fresh.unlink(missing_ok=True)
            directory.close()
    _tell(caretaker, str(data / "veche.db"), copied, "")
    if aside is not None:
        print(caretaker.say("aside", path=aside))
    return 0


def _tell(caretaker: Caretaker, target: str, copied: Copied, url: str) -> None:
    numbers = show_numbers(caretaker.say, messages=copied.messages, facts=copied.facts, rows=copied.rows)
    print(caretaker.say("copied", target=target, **numbers))
    print(caretaker.say("switch", source=caretaker.name, url=url))


def _fill_postgresql(caretaker: Caretaker, source: Tables, record: PostgresqlTables) -> tuple[Copied, str]:
    bar = Bar(caretaker.say("copying"))
    try:
        return record.put_in_place(now_in_name().replace("-", "_"), lambda: transfer(source, record, bar))
    finally:
        bar.clear()


def _fill_sqlite(caretaker: Caretaker, source: Tables, fresh: Path) -> Copied:
    """Copy a record into a new database file, which is not on disk yet."""
    backup.make_private(fresh)
    bar = Bar(caretaker.say("copying"))
    connection = sqlite3.connect(fresh, isolation_level=None)
    try:
        connection.execute("pragma synchronous=off")
        connection.execute("pragma temp_store=memory")
        schema.apply_missing(connection, schema.known_migrations())
        connection.execute("begin")
        copied = transfer(source, SqliteTables(connection), bar)
        connection.execute("commit")
    finally:
        connection.close()
        bar.clear()
    return copied
