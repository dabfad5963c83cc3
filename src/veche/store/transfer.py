"""A record is copied from one database into another, of whatever engines, and compared with what it was copied from.

The rules:
* Tables and columns are those that both have. What only one engine needs to keep its rows (numbers of its own, marks of
  its writer) is left out by name; anything else that the target lacks is an error, and never left behind in silence.
* It happens in a transaction of the target's that is the caller's: what is interrupted, or turns out to differ, is
  taken back whole.
* Compared is everything: how many rows each table has, and a sum over all values of all rows.
"""

from typing import NamedTuple
from zlib import crc32

from veche.store.tables import Row, Table, Tables, count, read
from veche.store.verify import Progress

# Of one engine, or of one backup, alone.
_OWN_TABLES = frozenset({"about", "mark", "kept_file"})
_OWN_COLUMNS = {"keyed_fact": frozenset({"id"})}

# What in the table "about" belongs to the record and not to who keeps it.
_ABOUT = "select value from about where key = ?"
_ABOUT_KEYS = ("forgetting",)


class TransferError(Exception):
    """The copy is not what it was copied from."""


class Copied(NamedTuple):
    """How much of what was copied."""

    messages: int
    facts: int
    rows: int


def transfer(source: Tables, target: Tables, progress: Progress) -> Copied:
    """Copy everything into an empty target of the same schema. Raises TransferError when the two differ afterwards."""
    tables = shared_tables(source, target)
    total = 2 * sum(count(source, table) for table in tables)
    done = 0
    counts: dict[str, int] = {}
    for table in tables:
        written, sums = 0, 0
        for rows in read(source, table):
            target.write(table, rows)
            written += len(rows)
            sums += _sum(rows)
            progress(done + written, total)
        done += written
        counts[table.name] = written
        found, sums_found = 0, 0
        for rows in read(target, table):
            found += len(rows)
            sums_found += _sum(rows)
            progress(done + found, total)
        done += found
        if (written, sums) != (found, sums_found):
            raise TransferError(f"{table.name}: {written} rows were copied, and {found} are there, or others")
    _copy_about(source, target)
    return Copied(counts["message"], counts["saved_fact"] + counts["keyed_fact"], sum(counts.values()))


def shared_tables(source: Tables, target: Tables) -> list[Table]:
    """What is to be copied. Raises TransferError when the target has no place for something."""
    there = {table.name: table for table in target.tables()}
    shared = []
    for table in source.tables():
        if table.name in _OWN_TABLES:
            continue
        if table.name not in there:
            raise TransferError(f"{table.name}: the target has no such table")
        place = there[table.name]
        columns = tuple(name for name in place.columns if name in table.columns)
        lacking = set(table.columns) - set(columns) - _OWN_COLUMNS.get(table.name, frozenset())
        if lacking:
            raise TransferError(f"{table.name}: the target has no {', '.join(sorted(lacking))}")
        key = table.key if set(table.key) <= set(columns) else place.key
        if not key or not set(key) <= set(columns):
            raise AssertionError(f"{table.name} has no key that both engines know")
        shared.append(Table(table.name, columns, key))
    return shared


def _sum(rows: list[Row]) -> int:
    return sum(crc32(repr(row).encode("utf-8", "surrogatepass")) for row in rows)


def _copy_about(source: Tables, target: Tables) -> None:
    for key in _ABOUT_KEYS:
        for (value,) in source.query(_ABOUT, (key,)):
            target.write(Table("about", ("key", "value"), ("key",)), [(key, value)])
