"""Whatever bits a disk turns in what is kept is found, and named by room, message and time."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from veche.core.forgetting import ErasedWords
from veche.core.ports import SavedFact
from veche.core.search import Reading, SearchQuestion
from veche.store.durable import open_store
from veche.store.search.postings import BLOCK
from veche.store.verify import Verdict
from veche.store.verify_sqlite import verify
from veche.testing.contracts import StoreBench, Turns, make_message, make_record, make_redaction


def fill(data: Path, *, first: int = 1) -> None:
    """A record of some pages: two rooms and a conversation, something taken back, facts."""
    turns = Turns()
    store = open_store(data, turns.post)
    bench = StoreBench(store, turns)
    said = [
        make_message(n, ("#tea", "#чай", "uid-ann uid-bob")[n % 3], "ann", text=f"говорит {n} " * 9)
        for n in range(first, first + 240)
    ]
    assert bench.commit(*said) is None
    assert bench.commit(SavedFact(first + 300, "RoomKept", '{"name": "#tea"}')) is None
    assert bench.commit(SavedFact(first + 301, "AccountKept", '{"name": "ann"}', "uid-ann")) is None
    assert bench.commit(make_redaction(first + 302, said[7])) is None
    assert store.close()


def look(data: Path) -> Verdict:
    verdict = Verdict()
    verify(
        data / "veche.db",
        data / "search.db",
        verdict,
        lambda what: lambda done, of: None,
        lambda seconds: None,
    )
    return verdict


def found(data: Path) -> list[tuple[str, str, int, int]]:
    return [(one.what, one.room, one.time, one.place) for one in look(data).damages]


def change(data: Path, sql: str) -> None:
    connection = sqlite3.connect(data / "veche.db", isolation_level=None)
    connection.execute(sql)
    connection.close()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("filled") / "data"
    fill(data)
    return data


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Path:
    shutil.copytree(filled, tmp_path / "data")
    return tmp_path / "data"


def contents(database: Path) -> list[object]:
    """What the checksums vouch for; or why it cannot be read."""
    try:
        connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
        try:
            return [
                connection.execute(sql).fetchall()
                for sql in (
                    "select message.*, name, era from message join conversation on id = conversation order by seq",
                    "select * from saved_fact order by seq",
                    "select * from keyed_fact order by id",
                    "select seq from message indexed by message_by_time order by seq",
                )
            ]
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return [str(error)]


def test_a_sound_record_is_sound(data: Path) -> None:
    verdict = look(data)
    assert verdict.damages == []
    assert (verdict.messages, verdict.facts, verdict.unsealed, verdict.count) == (240, 2, 0, 0)


@given(bit=st.integers(0), everywhere=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_bit_that_turned_is_found_wherever_it_is(
    filled: Path, tmp_path: Path, bit: int, everywhere: bool
) -> None:
    for left in tmp_path.iterdir():
        left.unlink()
    database = tmp_path / "veche.db"
    whole = bytearray((filled / "veche.db").read_bytes())
    # In the pages of messages, which are the most, or anywhere.
    places = range(len(whole)) if everywhere else [at for at, byte in enumerate(whole) if byte >= 0xD0]
    place = places[bit // 8 % len(places)]
    whole[place] ^= 1 << bit % 8
    database.write_bytes(whole)
    if not look(tmp_path).count:
        assert contents(database) == contents(filled / "veche.db"), f"bit {bit % 8} of byte {place}"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("update message set text = text || '!' where seq = 31", ("changed", "#чай", 31_000, 31)),
        ("update message set sender = 'uid-bob' where seq = 30", ("changed", "#tea", 30_000, 30)),
        ("update message set account = 'eve' where seq = 32", ("changed", "uid-ann uid-bob", 32_000, 32)),
        ("update message set sent = 1 where seq = 31", ("changed", "#чай", 31_000, 31)),
        ("update message set checksum = checksum + 1 where seq = 31", ("changed", "#чай", 31_000, 31)),
        ("update message set text = 'back' where seq = 8", ("changed", "uid-ann uid-bob", 8000, 8)),
        ("update message set conversation = 77 where seq = 31", ("no-room", "", 31_000, 31)),
        ("delete from redaction", ("no-redaction", "uid-ann uid-bob", 8000, 8)),
        ("update saved_fact set body = '{}'", ("fact", "", 0, 301)),
        ("update keyed_fact set key = 'uid-bob'", ("fact", "", 0, 302)),
    ],
)
def test_what_was_changed_is_named(data: Path, sql: str, expected: tuple[str, str, int, int]) -> None:
    change(data, sql)
    assert found(data) == [expected]


def test_time_that_goes_back_is_told(data: Path) -> None:
    change(data, "update message set checksum = null, time = time + 1 where seq = 31")
    assert [one.what for one in look(data).damages] == ["changed"]


def test_rows_from_before_checksums_are_counted_and_not_blamed(data: Path) -> None:
    change(data, "update message set checksum = null where seq < 11")
    change(data, "update saved_fact set checksum = null")
    verdict = look(data)
    assert (verdict.unsealed, verdict.damages) == (11, [])


def test_a_page_that_cannot_be_read_hides_no_other(data: Path) -> None:
    """Of its messages the index still knows the rooms and the times."""
    database = data / "veche.db"
    whole = bytearray(database.read_bytes())
    middle = whole.index("говорит 120 ".encode())
    page = middle // 4096 * 4096
    whole[page : page + 4096] = bytes(4096)
    database.write_bytes(whole)
    verdict = look(data)
    lost = [one for one in verdict.damages if one.what == "unreadable"]
    assert 120 in [one.place for one in lost]
    assert all(
        (one.room, one.time) == (("#tea", "#чай", "uid-ann uid-bob")[one.place % 3], one.place * 1000)
        for one in lost
    )
    assert verdict.messages + len(lost) == 240


def test_bytes_that_are_no_text_are_found(data: Path) -> None:
    database = data / "veche.db"
    database.write_bytes(database.read_bytes().replace("говорит 120 г".encode(), b"\xff" * 21))
    assert ("changed", "#tea", 120_000, 120) in found(data)


def search_for_something(data: Path) -> None:
    """A record of more than a block, indexed."""
    turns = Turns()
    store = open_store(data, turns.post)
    bench = StoreBench(store, turns)
    assert bench.commit(*[make_record(n) for n in range(BLOCK - 20, BLOCK + 5)]) is None
    while not bench.search(SearchQuestion({"#tea": Reading()}, 1)).is_complete:
        pass
    assert store.close()


def test_a_message_that_vanished_from_record_and_index_is_told_by_the_search(tmp_path: Path) -> None:
    data = tmp_path / "data"
    search_for_something(data)
    assert found(data) == []
    change(data, f"delete from message where seq = {BLOCK - 10}")
    assert found(data) == [("lost", "#tea", (BLOCK - 11) * 1000, BLOCK - 10)]


def test_what_the_search_does_not_find_is_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    search_for_something(data)
    connection = sqlite3.connect(data / "search.db", isolation_level=None)
    connection.execute("update posting set list = substr(list, 3) where stem like '#%'")
    connection.close()
    assert found(data) == [("search-lacks", "#tea", (BLOCK - 20) * 1000, BLOCK - 20)]


def test_what_was_forgotten_and_not_yet_taken_out_of_the_index_is_no_damage(tmp_path: Path) -> None:
    data = tmp_path / "data"
    search_for_something(data)
    change(data, f"delete from message where seq = {BLOCK - 10}")
    change(data, "insert into about (key, value) values ('forgetting', '1')")
    assert found(data) == []


def test_an_erased_person_is_no_damage(tmp_path: Path) -> None:
    fill(tmp_path / "data")
    turns = Turns()
    store = open_store(tmp_path / "data", turns.post)
    bench = StoreBench(store, turns)
    assert bench.commit(ErasedWords(store.last()[0], 99_000, "ann", 240, {"ann"})) is None
    assert store.close()
    verdict = look(tmp_path / "data")
    assert (verdict.messages, verdict.damages) == (240, [])
