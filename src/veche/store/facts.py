"""Saved facts on disk: those that are all kept in one table, the newest of each key in another. SQL for the writer.

The rule: **what a batch does to one table is one statement**, and of what it says about one key only the last counts.
A read marker that is moved is then a batch of one statement, which commits itself: see store/writer.py.
"""

import json
import sqlite3
from collections.abc import Sequence

from veche.core.ports import ForgottenFact, SavedFact
from veche.store.checksums import sum_of_fact

# Some SQL, and what it takes: one JSON text.
Statement = tuple[str, tuple[str]]

_INSERT = (
    "insert into saved_fact (seq, kind, body, checksum)"
    " select value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each(?)"
)

# "where true": without it "on conflict" would be read as the condition of a join.
_REPLACE = """
    insert into keyed_fact (seq, kind, body, key, checksum)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 from json_each(?) where true
    on conflict (kind, key) do update set seq = excluded.seq, body = excluded.body, checksum = excluded.checksum
"""

_FORGET = """
    delete from keyed_fact where (kind, key) in (select value ->> 0, value ->> 1 from json_each(?))
"""

_ALL = """
    select seq, kind, body, '' from saved_fact union all select seq, kind, body, key from keyed_fact order by 1
"""


def sorted_facts(
    rows: Sequence[SavedFact | ForgottenFact],
) -> tuple[list[tuple[int, str, str, int]], list[tuple[int, str, str, str, int]], list[tuple[str, str]]]:
    """What a batch keeps without a key and with one (which stands before the checksum), and what it forgets."""
    plain: list[tuple[int, str, str, int]] = []
    newest: dict[tuple[str, str], SavedFact | ForgottenFact] = {}
    for row in rows:
        if row.key:
            newest[row.kind, row.key] = row
        elif isinstance(row, SavedFact):
            plain.append((row.seq, row.kind, row.body, sum_of_fact(row.seq, row.kind, "", row.body)))
    kept = [
        (row.seq, row.kind, row.body, row.key, sum_of_fact(row.seq, row.kind, row.key, row.body))
        for row in newest.values()
        if isinstance(row, SavedFact)
    ]
    forgotten = [name for name, row in newest.items() if isinstance(row, ForgottenFact)]
    return plain, kept, forgotten


def statements(rows: Sequence[SavedFact | ForgottenFact]) -> list[Statement]:
    """What has to be executed, together, to keep and to forget these facts."""
    every = zip((_INSERT, _REPLACE, _FORGET), sorted_facts(rows), strict=True)
    return [(sql, (json.dumps(values),)) for sql, values in every if values]


def replace_saved(connection: sqlite3.Connection, rows: list[SavedFact]) -> None:
    """Put these in the place of all that have no key. To be called inside a transaction."""
    connection.execute("delete from saved_fact")
    for statement in statements(rows):
        connection.execute(*statement)


def saved_facts(connection: sqlite3.Connection) -> list[SavedFact]:
    """All saved facts in the order of the log."""
    return [SavedFact(*row) for row in connection.execute(_ALL).fetchall()]
