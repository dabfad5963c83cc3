"""Looking after a record in SQLite, step by step: what `python server.py db` does, and what it says of it.

The rule: what a command has to say goes to stdout, why it cannot do what was asked is raised as a CannotError, and
what it writes is whole or not there.
"""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from shutil import disk_usage

from veche.app.database_phrases import PHRASES
from veche.app.errand import CannotError
from veche.app.progress import Bar
from veche.phrases import Language, Phrases
from veche.store import backup, schema, upkeep
from veche.store.directory import DataDirectory
from veche.store.tables import SqliteTables, Tables, open_to_read
from veche.store.verify import Damage, Progress, Verdict
from veche.store.verify_sqlite import verify

EXIT_FOUND = 1
TOLD = 20  # of what is damaged each is told; of what is beyond only the number
LOW_SPACE = 256 * 1024 * 1024  # bytes


class Caretaker:
    """One run of the command."""

    def __init__(self, data: Path, settings: Path, language: Language, *, force: bool) -> None:
        self.data = data
        self.settings = settings
        self.language = language
        self.force = force
        self.say = Phrases(PHRASES, language)
        self.database = data / "veche.db"

    @property
    def name(self) -> str:
        """Where the record is, for people."""
        return str(self.database)

    @contextmanager
    def standing_still(self) -> Iterator[Tables]:
        """The record, to read all of it while no server changes it. Raises DataDirectoryError where one runs."""
        self._require_today(self.database)
        directory = DataDirectory(self.data)
        try:
            connection = open_to_read(self.database)
            try:
                yield SqliteTables(connection)
            finally:
                connection.close()
        finally:
            directory.close()

    def check(self) -> int:
        """Look at the record quickly."""
        upkeep.require_record(self.database)
        try:
            found = upkeep.look_over(self.data)
        except sqlite3.Error as error:
            print(self.say("problem", detail=error))
            print(self.say("repair", path=self.database))
            return EXIT_FOUND
        known = len(schema.known_migrations())
        free, size = show_size(found.free), show_size(found.size)
        print(self.say("record", path=self.database, size=size, schema=found.schema, known=known))
        if found.messages or found.facts:
            numbers = {
                "messages": found.messages,
                "conversations": found.conversations,
                "facts": found.facts,
            }
            print(self.say("holds", **show_numbers(self.say, **numbers), newest=show_time(found.newest)))
        else:
            print(self.say("empty"))
        print(self.say("log", size=show_size(found.log)))
        if found.search is None:
            print(self.say("no-search"))
        else:
            shown = {"indexed": found.search, "blocks": max(found.search, found.blocks)}
            print(self.say("search", size=show_size(found.search_size), **shown))
        print(self.say("disk", free=free))
        print(self.say("runs", pid=found.runs) if found.runs else self.say("rests"))
        if found.schema < known:
            print(self.say("older"))
        if LOW_SPACE <= found.free < found.size:
            print(self.say("tight", size=size, free=free))
        for problem in found.problems:
            print(self.say("problem", detail=problem))
        if found.problems:
            print(self.say("repair", path=self.database))
        if found.free < LOW_SPACE:
            print(self.say("full", free=free))
        if found.problems or found.free < LOW_SPACE:
            return EXIT_FOUND
        print(self.say("well"))
        return 0

    def verify(self, file: Path | None) -> int:
        """Read everything, of the record or of a backup."""
        database = file or self.database
        self._require_today(database)
        verdict = self._look_through(database, None if file else self.data / "search.db")
        self._tell(verdict)
        if verdict.count:
            return EXIT_FOUND
        print(self.say("well"))
        return 0

    def _require_today(self, database: Path) -> None:
        found, known = upkeep.require_record(database), len(schema.known_migrations())
        if found < known:
            raise CannotError("old-schema", path=database, found=found, known=known)

    def _look_through(self, database: Path, search: Path | None) -> Verdict:
        bars: list[Bar] = []

        def progress(what: str) -> Progress:
            for bar in bars:
                bar.clear()
            bars.append(Bar(self.say({"search": "index"}.get(what, what))))
            return bars[-1]

        verdict = Verdict()
        try:
            verify(database, search or database.with_name("no search"), verdict, progress)
        finally:
            for bar in bars:
                bar.clear()
        return verdict

    def _tell(self, verdict: Verdict) -> None:
        say = self.say
        print(say("verified", **show_numbers(say, messages=verdict.messages, facts=verdict.facts)))
        if verdict.unsealed:
            print(say("unsealed", count=show_number(verdict.unsealed)))
        if not verdict.count:
            return
        print(say("damaged", count=show_number(verdict.count)))
        for damage in verdict.damages[:TOLD]:
            print("  " + self._name(damage))
        if verdict.count > TOLD:
            print("  " + say("more", count=show_number(verdict.count - TOLD)))
        kinds = {damage.what for damage in verdict.damages}
        if kinds - {"index", "search-lacks", "search-extra"}:
            print(say("remedy"))
        if kinds & {"index", "search-lacks", "search-extra"}:
            print(say("remedy-search", path=self.data / "search.db"))

    def _name(self, damage: Damage) -> str:
        at = self.say(
            "at",
            msgid=damage.msgid or "?",
            room=damage.room or "?",
            time=show_time(damage.time),
            place=damage.place,
        )
        return self.say("damage-" + damage.what, at=at, place=damage.place, detail=damage.detail)

    def migrate(self) -> int:
        """Bring the record up to date."""
        upkeep.require_record(self.database)
        bar = Bar(self.say("seals"))
        try:
            before, after, sealed = upkeep.migrate(self.data, bar)
        finally:
            bar.clear()
        if before < after:
            copy = self.data / f"before-schema-{after}.db"
            print(self.say("upgraded", before=before, after=after, copy=copy))
        else:
            print(self.say("up-to-date", after=after))
        if sealed:
            print(self.say("sealed", count=show_number(sealed)))
        return 0

    def backup(self, file: Path) -> int:
        """Write a backup."""
        self._require_place(file, self._size())
        fresh = file.with_name(file.name + ".part")
        try:
            began = datetime.now().astimezone()
            self._copy_into(fresh)
            names = backup.keep_files(fresh, self.data, self.settings)
            verdict = self._look_through(fresh, None)
            if verdict.count:
                left = file.with_name(file.name + ".damaged")
                backup.put_in_place(fresh, left, replaces=True)
                self._tell(verdict)
                print(self.say("backup-damaged", path=file, left=left), file=sys.stderr)
                return EXIT_FOUND
            backup.put_in_place(fresh, file, replaces=self.force)
        except FileExistsError:
            raise CannotError("exists", path=file) from None
        finally:
            fresh.unlink(missing_ok=True)
        shown = {"size": show_size(file.stat().st_size), "time": f"{began:%Y-%m-%d %H:%M:%S}"}
        print(self.say("written", path=file, **shown))
        if names:
            print(self.say("secrets", names=", ".join(names)))
        return 0

    def _size(self) -> int:
        """About how much a backup takes."""
        upkeep.require_record(self.database)
        return self.database.stat().st_size

    def _copy_into(self, fresh: Path) -> None:
        """Copy the record as it is now into a new file."""
        source, bar = open_to_read(self.database), Bar(self.say("copying"))
        try:
            backup.copy_database(source, fresh, bar)
        finally:
            source.close()
            bar.clear()

    def _require_place(self, file: Path, size: int) -> None:
        if file.is_dir():
            raise CannotError("is-directory", path=file)
        if not file.parent.is_dir():
            raise CannotError("no-directory", path=file.parent)
        if os.path.lexists(file) and not self.force:
            raise CannotError("exists", path=file)
        self._require_space(file, size)

    def _require_space(self, file: Path, size: int) -> None:
        free = disk_usage(file.parent).free
        if free < size:
            raise CannotError("no-space", path=file, needs=show_size(size), free=show_size(free))

    def restore(self, file: Path) -> int:
        """Put a backup in place of the record."""
        upkeep.require_record(file)
        directory = DataDirectory(self.data)
        bar = Bar(self.say("copying"))
        try:
            self._require_space(self.database, file.stat().st_size)
            done = backup.restore(file, directory, now_in_name(), bar, self._is_sound)
        finally:
            bar.clear()
            directory.close()
        if done is None:
            print("veche: " + self.say("backup-unsound", path=file), file=sys.stderr)
            return EXIT_FOUND
        aside, put_back = done
        found = upkeep.look_over(self.data)
        shown = show_numbers(self.say, messages=found.messages)
        print(self.say("restored", path=self.database, **shown, newest=show_time(found.newest)))
        if aside is not None:
            print(self.say("aside", path=aside))
        if put_back:
            print(self.say("put-back", names=", ".join(put_back)))
        print(self.say("start"))
        return 0

    def _is_sound(self, database: Path) -> bool:
        upkeep.upgrade_copy(database)
        verdict = self._look_through(database, None)
        if verdict.count:
            self._tell(verdict)
        return not verdict.count


def now_in_name() -> str:
    """The time, for the name of what is put aside."""
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S}"


def show_size(size: int) -> str:
    """A number of bytes for people."""
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5 or unit == "TB":
            break
    return f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"


def show_number(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}".replace(",", " ")


def show_numbers(say: Phrases, **numbers: int) -> dict[str, str]:
    """So many things of several kinds, each in its right form."""
    return {
        kind: say.count(f"number-of-{kind}", number, shown=show_number(number))
        for kind, number in numbers.items()
    }


def show_time(time: int) -> str:
    """A time (ms) as people here tell it; "?" for one that is not known."""
    if not time:
        return "?"
    try:
        return f"{datetime.fromtimestamp(time / 1000).astimezone():%Y-%m-%d %H:%M:%S %z}"
    except (OverflowError, ValueError, OSError):  # a time that a turned bit has made
        return "?"
