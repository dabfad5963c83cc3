"""What happened in rooms: how it is written and forgotten. SQL for the writer.

The rule: rows go in as one JSON text and one statement, however many they are; and some at a time are forgotten.
"""

import json
import sqlite3
from collections.abc import Mapping

from veche.core.ports import FORGOTTEN_AT_ONCE, Record
from veche.store.values import EVENT, event_values

_INSERT = f"""
    insert into event ({", ".join(EVENT)})
    select {", ".join(f"value ->> {place}" for place in range(len(EVENT)))} from json_each(?)
"""  # noqa: S608
# By their places, which no index is needed for; time never decreases with them.
_FORGET = f"""
    delete from event where time < ? and seq in (select seq from event order by seq limit {FORGOTTEN_AT_ONCE})
"""  # noqa: S608


def insert_events(
    connection: sqlite3.Connection, records: list[Record], numbers: Mapping[tuple[str, int], int]
) -> None:
    """Write what happened; `numbers` are those of the conversations in the database."""
    rows = [event_values(record, numbers[record.conversation, record.era]) for record in records]
    connection.execute(_INSERT, (json.dumps(rows),))


def forget_events(connection: sqlite3.Connection, before: int) -> None:
    """Forget some of the oldest that happened before a time (ms)."""
    connection.execute(_FORGET, (before,))
