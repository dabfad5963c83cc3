"""What every older schema has left behind is there after an upgrade to today's: one past for each schema there was."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from veche.core.ports import Page, SavedFact
from veche.store.durable import SqliteStore, open_store
from veche.store.engines.sqlite import connect_writer
from veche.store.schema import bring_up_to_date, known_migrations
from veche.testing.contracts import (
    ROOM,
    StoreBench,
    Turns,
    make_edit,
    make_event,
    make_message,
    make_reaction,
    make_record,
    make_redaction,
)
from veche.wire.msgids import make_msgid

KNOWN = known_migrations()
DIRECT = "uid-ann uid-bob"

# What a server had written by the time of each schema, in that schema's own words.
_MESSAGE = (
    "insert into message (seq, time, conversation, msgid, command, source, sender, account, target, tags, text)"
    " values ({seq}, {time}, {room}, '{msgid}', 'PRIVMSG', '{who}!x@example.org', 'uid-{who}', '', 'x', '', '{text}')"
)


def say(seq: int, room: int, who: str, text: str) -> str:
    msgid = make_msgid(seq * 1000, seq.to_bytes(16, "big"))
    return _MESSAGE.format(seq=seq, time=seq * 1000, room=room, msgid=msgid, who=who, text=text)


WRITTEN = [
    [
        f"insert into conversation values (1, '{ROOM}', 0), (2, '{ROOM}', 77), (3, '{DIRECT}', 0)",
        say(1, 1, "ann", "tea?"),
        say(2, 2, "ann", "closed"),
        say(3, 3, "ann", "psst"),
        say(4, 3, "bob", "what"),
        "insert into saved_fact values (5, 'TopicSet', '{}'), (6, 'RoomKept', '{\"a\": 1}')",
    ],
    [
        say(7, 1, "bob", ""),
        "insert into redaction values (8, 8000, 7, 'x', 'x', '', 'spam')",
        "update message set redaction = 8 where seq = 7",
        "insert into reaction values (9, 9000, 1, 'lol', 'ann')",
    ],
    ["insert into keyed_fact (kind, key, seq, body) values ('Read', 'ann', 10, '{}')"],
    [
        "insert into conversation values (4, 'uid-ann uid-cid', 0)",
        "insert into participant values ('uid-ann', 4), ('uid-cid', 4)",
        say(11, 4, "cid", "hi"),
    ],
    [say(12, 4, "cid", "once"), "update message set sent = 77 where seq = 12"],
    [
        f"insert into event values (13, 13000, 1, '{make_msgid(13_000, bytes(16))}', 'JOIN', 'x', 'x', '', 'x', 'Ann')"
    ],
    [
        "insert into reaction values (14, 14000, 3, 'yes', 'uid-bob', 'm', 'bob!x@example.org', 'bob')",
    ],
    ["update keyed_fact set checksum = 7 where key = 'ann'"],
    [
        "insert into edit values (15, 15000, 1, 'e', 'tea!', 88)",
        "insert into event values (15, 15000, 1, 'e', 'EDIT PRIVMSG', 'ann!x@example.org', 'uid-ann', '', 'x', '', 1)",
        "update message set edited = 15000 where seq = 1",
        "insert into reply values (12, 11)",
    ],
]


def make_old(data: Path, number: int) -> None:
    """A database of schema `number`, which grew up with every schema before it."""
    data.mkdir()
    database = data / "veche.db"
    database.touch()
    for reached in range(1, number + 1):
        connection = connect_writer(database)
        bring_up_to_date(connection, database, KNOWN[:reached])
        for statement in WRITTEN[reached - 1]:
            connection.execute(statement)
        connection.close()


def start(data: Path) -> tuple[StoreBench, SqliteStore]:
    turns = Turns()
    store = open_store(data, turns.post)
    return StoreBench(store, turns), store


def test_every_schema_has_its_past() -> None:
    assert len(WRITTEN) == len(KNOWN)


@pytest.mark.parametrize("number", range(1, len(KNOWN) + 1))
def test_what_an_older_schema_holds_is_kept(tmp_path: Path, number: int) -> None:
    make_old(tmp_path / "data", number)
    bench, store = start(tmp_path / "data")
    assert bench.seqs(Page(ROOM, 9)) == [1]
    assert bench.seqs(Page(ROOM, 9, era=77)) == [1, 2]
    assert [record.text for record in bench.read(Page(DIRECT, 9))] == ["psst", "what"]
    facts = [(fact.seq, fact.kind, fact.body, fact.key) for fact in store.saved()]
    assert facts[:2] == [(5, "TopicSet", "{}", ""), (6, "RoomKept", '{"a": 1}', "")]
    assert facts[2:] == ([(10, "Read", "{}", "ann")] if number >= 3 else [])
    assert bench.reactions(1) == ({1: {"lol": 1}} if number >= 2 else {})
    assert (
        store.last()
        == [
            (6, 4000),
            (9, 7000),
            (10, 7000),
            (11, 11000),
            (12, 12000),
            (13, 13000),
            (14, 13000),
            (14, 13000),
            (15, 15000),
        ][number - 1]
    )
    assert bench.partners("uid-bob") == [(DIRECT, 4000, "ann!x@example.org")]
    assert [key for key, *_ in bench.partners("uid-ann")] == (["uid-ann uid-cid"] if number >= 4 else []) + [
        DIRECT
    ]
    assert bench.seqs(Page(ROOM, 9, events=True)) == ([1, 13] if number >= 6 else [1])
    assert [one.value for one in bench.reacted(1, 3)] == (["yes"] if number >= 7 else [])
    assert bench.partners(ROOM) == []
    assert [one.text for one in bench.versions(1)] == (["tea!", "tea?"] if number >= 9 else ["tea?"])
    if number >= 9:
        page = Page("uid-ann uid-cid", 9, thread=make_msgid(12_000, (12).to_bytes(16, "big")))
        assert bench.seqs(page) == [11, 12]
        assert bench.find_sent(88) is not None
    sent = bench.find_sent(77)
    assert (sent and (sent.conversation, sent.time)) == (("uid-ann uid-cid", 12000) if number >= 5 else None)
    assert store.close()


@pytest.mark.parametrize("number", range(1, len(KNOWN) + 1))
def test_an_upgraded_record_is_written_on(tmp_path: Path, number: int) -> None:
    make_old(tmp_path / "data", number)
    bench, store = start(tmp_path / "data")
    said = make_record(20)
    assert (
        bench.commit(said, make_record(21), SavedFact(22, "Read", "22", "ann"), SavedFact(23, "X", "{}"))
        is None
    )
    assert bench.commit(make_redaction(24, said), make_reaction(25, make_record(21), "lol", "bob")) is None
    assert bench.commit(make_event(26), make_edit(27, make_record(21), "changed")) is None
    assert store.close()
    bench, store = start(tmp_path / "data")
    assert bench.seqs(Page(ROOM, 9)) == [1, 21]
    assert bench.seqs(Page(ROOM, 2, newest=True, events=True)) == [21, 26]
    assert bench.read(Page(ROOM, 1, newest=True))[0].text == "changed"
    assert [fact.body for fact in store.saved() if fact.key == "ann"] == ["22"]
    assert bench.reactions(21) == {21: {"lol": 1}}
    assert (
        bench.commit(make_message(30, DIRECT, "uid-bob"), make_message(31, "uid-bob uid-dan", "uid-bob"))
        is None
    )
    assert [key for key, *_ in bench.partners("uid-bob")] == ["uid-bob uid-dan", DIRECT]
    assert store.close()


@pytest.mark.parametrize("number", range(1, len(KNOWN) + 1))
def test_an_upgraded_schema_is_the_one_of_a_new_database(tmp_path: Path, number: int) -> None:
    shapes = []
    for name, reached in (("old", number), ("new", 0)):
        if reached:
            make_old(tmp_path / name, reached)
        _, store = start(tmp_path / name)
        assert store.close()
        connection = sqlite3.connect(tmp_path / name / "veche.db")
        shapes.append(
            connection.execute("select type, name, sql from sqlite_schema order by name").fetchall()
        )
        connection.close()
    assert shapes[0] == shapes[1]
