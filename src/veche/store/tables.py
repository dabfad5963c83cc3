"""A database as tables of rows, whatever engine keeps it: what checking, copying and backing up read and write.

The rules:
* Tables and their columns are taken from the database itself, so a table that a later schema adds is copied too.
* Rows are read in the order of their table's key, some at a time, so that nothing needs to fit into memory.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

Row = tuple[Any, ...]

# Rows that are read or written at a time.
PORTION = 4000


class Table(NamedTuple):
    """A table with its columns and those of them that tell its rows apart, in their order."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


class Tables(Protocol):
    """An open database."""

    def schema(self) -> int:
        """The number of the last migration that it has."""

    def tables(self) -> list[Table]:
        """All tables of the record, by their names."""

    def query(self, sql: str, values: Row = ()) -> list[Row]:
        """All rows of an answer; what is given stands for each `?`."""

    def write(self, table: Table, rows: list[Row]) -> None:
        """Add rows, in the transaction that is open."""


def count(database: Tables, table: Table) -> int:
    """How many rows a table has."""
    number: int = database.query(f"select count(*) from {table.name}")[0][0]  # noqa: S608 - a name of ours
    return number


def read(database: Tables, table: Table, size: int = PORTION) -> Iterator[list[Row]]:
    """All rows of a table in the order of its key, `size` at a time."""
    columns, key = ", ".join(table.columns), ", ".join(table.key)
    places = [table.columns.index(name) for name in table.key]
    values: Row = ()
    condition = ""
    while rows := database.query(
        f"select {columns} from {table.name} {condition} order by {key} limit {size}",  # noqa: S608 - names of ours
        values,
    ):
        yield rows
        values = tuple(rows[-1][place] for place in places)
        condition = f"where ({key}) > ({', '.join('?' * len(values))})"


class SqliteTables:
    """A database of SQLite's, on a connection that is the caller's to open and to close."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def schema(self) -> int:
        """The number of the last migration that it has."""
        number: int = self.connection.execute("pragma user_version").fetchone()[0]
        return number

    def tables(self) -> list[Table]:
        """All tables, by their names."""
        names = self.connection.execute(
            "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name"
        ).fetchall()
        return [self._table(name) for (name,) in names]

    def query(self, sql: str, values: Row = ()) -> list[Row]:
        """All rows of an answer. Raises sqlite3.Error."""
        return self.connection.execute(sql, values).fetchall()

    def write(self, table: Table, rows: list[Row]) -> None:
        """Add rows. Raises sqlite3.Error."""
        picked = ", ".join(f"value ->> {place}" for place in range(len(table.columns)))
        self.connection.execute(
            f"insert into {table.name} ({', '.join(table.columns)}) select {picked} from json_each(?)",  # noqa: S608
            (json.dumps(rows, ensure_ascii=False),),
        )

    def _table(self, name: str) -> Table:
        found = self.connection.execute(
            "select name, pk from pragma_table_info(?) order by cid", (name,)
        ).fetchall()
        key = sorted((place, column) for column, place in found if place)
        return Table(name, tuple(column for column, _ in found), tuple(column for _, column in key))


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a database to read, also beside a server that writes to it. Raises sqlite3.Error."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        for pragma in ("query_only=on", "cache_size=-16384", "trusted_schema=off", "cell_size_check=on"):
            connection.execute(f"pragma {pragma}").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection
