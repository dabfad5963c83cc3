"""Where PostgreSQL's own settings let words linger that were erased (wiping.py), for how long, and what helps.

The rule: only what the role may see is told; a setting that it may not see counts as PostgreSQL's default.
"""

from typing import NamedTuple, Protocol

from veche.store.postgresql.link import SCHEMA
from veche.store.postgresql.wiping import REWRITTEN, TABLES

Row = tuple[object, ...]


class Asked(Protocol):
    """A record that answers questions."""

    def query(self, sql: str, values: Row = ()) -> list[Row]:
        """All rows of an answer."""


class Lingering(NamedTuple):
    """One way in which words linger: a phrase's key (app/lingering.py), and the values in it."""

    key: str
    values: dict[str, object]


# Each gives a row where words linger, with the phrase's values under their names' places.
_QUESTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    # "log segments ... archive_command ... are kept": whoever takes them away keeps them for as long as he likes.
    "archive": ((), "select 1 where current_setting('archive_mode') <> 'off'"),
    "slots": (
        ("names",),
        "select string_agg(slot_name, ', ' order by slot_name) from pg_replication_slots having count(*) > 0",
    ),
    "standbys": (("count",), "select count(*)::int from pg_stat_replication having count(*) > 0"),
    "kept": (
        ("size",),
        "select current_setting('wal_keep_size') where pg_size_bytes(current_setting('wal_keep_size')) > 0",
    ),
    "statements": (
        ("setting",),
        """
        select name || ' = ' || setting from pg_settings
        where name = 'log_statement' and setting in ('mod', 'all')
            or name in ('log_min_duration_statement', 'log_min_duration_sample') and setting::int >= 0
        order by name desc limit 1
        """,
    ),
    "checkpoints": (
        ("seconds", "role"),
        """
        select (select setting::int from pg_settings where name = 'checkpoint_timeout'), current_user::text
        where not (select rolsuper from pg_roles where rolname = current_user)
            and not exists (select from pg_roles
                where rolname = 'pg_checkpoint' and pg_has_role(current_user, oid, 'member'))
        """,
    ),
    "owner": (
        ("database",),
        """
        select datname::text from pg_database
        where datname = current_database() and not pg_has_role(current_user, datdba, 'member')
            and not (select rolsuper from pg_roles where rolname = current_user)
        """,
    ),
}
_LARGE = "select pg_total_relation_size(to_regclass(?)) > ?"
_IS_NOTED = "select exists (select from about where key = 'wiping')"


def look(record: Asked) -> list[Lingering]:
    """Every way in which words linger in this database; none where what is erased is gone within a minute or so."""
    found = []
    for key, (names, question) in _QUESTIONS.items():
        found += [Lingering(key, dict(zip(names, row, strict=False))) for row in record.query(question)]
    tables = [f"{SCHEMA}.{table}" for table in TABLES]
    if large := [table for table in tables if record.query(_LARGE, (table, REWRITTEN))[0][0]]:
        found.append(Lingering("large", {"tables": ", ".join(large), "megabytes": REWRITTEN >> 20}))
    if record.query(_IS_NOTED)[0][0]:
        found.append(Lingering("noted", {}))
    return found
