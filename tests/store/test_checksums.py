"""Checksums of rows: every change is noticed, and whoever changes a row writes its new one."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from veche.core.ports import Record, SavedFact
from veche.store.checksums import ROW, sum_of_fact, sum_of_row
from veche.store.durable import open_store
from veche.store.values import MESSAGE, message_values
from veche.testing.contracts import StoreBench, Turns, make_record, make_redaction
from veche.wire.compiler import values_of

NUMBERS = ("seq", "time", "era", "sent")
TEXTS = (
    "msgid",
    "conversation",
    "command",
    "source",
    "sender",
    "account",
    "target",
    "tags",
    "text",
)


def checksum(record: Record) -> object:
    """What is written beside a message."""
    return message_values(record, 1)[MESSAGE.index("checksum")]


def copy(record: Record) -> Record:
    return Record(**{name: getattr(record, name) for name in values_of(Record)})


@st.composite
def records(draw: st.DrawFn) -> Record:
    record = make_record(1)
    for name in NUMBERS:
        setattr(record, name, draw(st.integers(0, 2**63 - 1)))
    for name in TEXTS:
        setattr(record, name, draw(st.text(st.characters(exclude_categories=["Cs"], min_codepoint=1))))
    return record


@given(records(), st.sampled_from(NUMBERS), st.integers(0, 62))
def test_every_bit_of_a_number_counts(record: Record, name: str, bit: int) -> None:
    other = copy(record)
    setattr(other, name, getattr(record, name) ^ 1 << bit)
    assert checksum(other) != checksum(record)


@given(records(), st.sampled_from(TEXTS), st.data())
def test_every_bit_of_a_text_counts(record: Record, name: str, data: st.DataObject) -> None:
    text = getattr(record, name).encode() or b"x"
    setattr(record, name, text.decode())
    bit = data.draw(st.integers(0, 8 * len(text) - 1))
    flipped = bytearray(text)
    flipped[bit // 8] ^= 1 << bit % 8
    try:
        changed = flipped.decode()
    except UnicodeDecodeError:
        return  # whoever reads it notices
    other = copy(record)
    setattr(other, name, changed)
    assert checksum(other) != checksum(record)


def test_texts_do_not_flow_into_one_another() -> None:
    one, other = make_record(1), make_record(1)
    one.tags, one.text = "ab", "c"
    other.tags, other.text = "a", "bc"
    assert checksum(one) != checksum(other)


@given(records())
def test_a_row_has_the_checksum_of_its_message(record: Record) -> None:
    texts = [getattr(record, name) for name in TEXTS]
    assert sum_of_row(record.seq, record.time, record.era, record.sent, 0, 0, *texts) == checksum(record)


def test_the_form_never_changes() -> None:
    record = make_record(7, text="чай", tags="+x=y", era=5)
    record.sent = 2**62
    assert checksum(record) == 456689168
    assert sum_of_fact(9, "Kind", "key", '{"a": "чай"}') == 3846749771


def test_what_is_written_has_its_checksum_and_so_has_what_was_taken_back(tmp_path: Path) -> None:
    turns = Turns()
    store = open_store(tmp_path, turns.post)
    bench = StoreBench(store, turns)
    said = [make_record(n, text=f"чай {n}", tags="+x=y", era=n % 2) for n in range(1, 40)]
    said[3].sent = 2**63 - 1
    assert bench.commit(*said) is None
    assert bench.commit(SavedFact(50, "Plain", "{}"), SavedFact(51, "Keyed", "1", "ann")) is None
    assert bench.commit(SavedFact(52, "Keyed", "2", "ann")) is None
    assert bench.commit(make_redaction(53, said[5]), make_record(54)) is None
    assert store.close()
    connection = sqlite3.connect(tmp_path / "veche.db")
    sums = connection.execute(
        f"select checksum, {ROW} from message join conversation known on known.id = conversation order by seq"
    ).fetchall()
    assert len(sums) == 40
    assert [found for found, *_ in sums] == [sum_of_row(*row) for _, *row in sums]
    assert [found for found, *_ in sums[:5]] == [checksum(record) for record in said[:5]]
    assert sums[5][0] != checksum(said[5])
    facts = connection.execute(
        "select checksum, seq, kind, '', body from saved_fact union all select checksum, seq, kind, key, body"
        " from keyed_fact"
    ).fetchall()
    assert [found for found, *_ in facts] == [sum_of_fact(*row) for _, *row in facts]
    assert json.loads(facts[1][4]) == 2
    connection.close()
