"""`server.py db`: what it says, what it leaves behind, and what it refuses to do."""

from __future__ import annotations

import io
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from veche.app import caretaker, database
from veche.app.caretaker import show_number, show_size, show_time
from veche.app.database_phrases import PHRASES
from veche.app.progress import Bar
from veche.core.ports import Page, SavedFact
from veche.store import backup, upkeep
from veche.store.directory import DataDirectory
from veche.store.durable import open_store
from veche.store.engines.sqlite import connect_writer
from veche.store.schema import bring_up_to_date, known_migrations
from veche.testing.contracts import ROOM, StoreBench, Turns, make_record

KNOWN = len(known_migrations())


class Desk:
    """A data directory with a record, and what the command says about it."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = path / "data"
        self.file = path / "backup.db"
        self._capsys = capsys
        self.out = self.err = ""

    def write(self, first: int = 1, count: int = 40) -> None:
        turns = Turns()
        store = open_store(self.data, turns.post)
        bench = StoreBench(store, turns)
        assert bench.commit(*[make_record(n, text=f"чай {n}") for n in range(first, first + count)]) is None
        assert bench.commit(SavedFact(first + count, "AccountKept", "{}", "ann")) is None
        assert store.close()

    def run(self, *words: object, language: str = "C") -> object:
        try:
            code: object = database.main(
                [*map(str, words), "--data", str(self.data)], {"LC_ALL": language, "HOME": "/nowhere"}
            )
        except SystemExit as end:
            code = end.code
        self.out, self.err = self._capsys.readouterr()
        return code

    def seqs(self) -> list[int]:
        turns = Turns()
        store = open_store(self.data, turns.post)
        found = StoreBench(store, turns).seqs(Page(ROOM, 1000))
        assert store.close()
        return found

    def spoil(self, file: Path) -> None:
        content = file.read_bytes()
        assert "чай 31".encode() in content
        file.write_bytes(content.replace("чай 31".encode(), "чай 30".encode()))


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    desk = Desk(tmp_path, capsys)
    desk.write()
    return desk


def test_check_tells_at_a_glance(desk: Desk) -> None:
    assert desk.run("check") == 0
    assert f"schema {KNOWN} of {KNOWN}" in desk.out
    assert "holds    40 messages, 1 conversation, 1 saved fact; the newest of 1970-01-01" in desk.out
    assert "does not run" in desk.out
    assert desk.out.endswith("all is well\n")
    assert desk.err == ""
    assert desk.run("check", language="ru_RU.UTF-8") == 0
    assert "внутри   40 сообщений, 1 беседа, 1 сохранённый факт; последнее — 1970-01-01" in desk.out
    assert desk.out.endswith("всё в порядке\n")


def test_check_tells_of_a_server(desk: Desk) -> None:
    directory = DataDirectory(desk.data)
    try:
        assert desk.run("check") == 0
        assert "server   runs (" in desk.out
    finally:
        directory.close()


def test_check_finds_what_does_not_hold_together(desk: Desk) -> None:
    connection = sqlite3.connect(desk.data / "veche.db", isolation_level=None)
    root = connection.execute("select rootpage from sqlite_schema where name = 'message_by_time'").fetchone()[
        0
    ]
    connection.close()
    content = bytearray((desk.data / "veche.db").read_bytes())
    content[(root - 1) * 4096 + 3 : (root - 1) * 4096 + 5] = b"\xff\xff"
    (desk.data / "veche.db").write_bytes(content)
    assert desk.run("check") == 1
    assert "does not hold together" in desk.out
    assert "db restore" in desk.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "say what to do"),
        (["frob"], "there is no db frob"),
        (["backup"], "db backup needs the name of a file"),
        (["restore"], "db restore needs the name of a file"),
        (["check", "x"], "unexpected argument: x"),
        (["verify", "a", "b"], "unexpected argument: b"),
        (["check", "--frob"], "there is no option --frob"),
        (["restore", "/nowhere/at/all"], "there is no record at /nowhere/at/all"),
        (["verify", "/etc/passwd"], "/etc/passwd is not the database of a Veche server"),
        (["backup", "/nowhere/x.db"], "there is no directory /nowhere"),
        (["backup", "/tmp"], "/tmp is a directory"),
        (["check", "--set", "server.frob=1"], "server.frob"),
    ],
)
def test_what_cannot_be_done_is_explained(desk: Desk, words: list[str], said: str) -> None:
    assert desk.run(*words) == 2
    assert said in desk.err
    assert desk.out == ""


@pytest.mark.parametrize("command", ["check", "verify", "migrate", "backup"])
def test_no_data_directory_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    desk = Desk(tmp_path, capsys)
    assert desk.run(command, *([desk.file] if command == "backup" else [])) == 2
    assert "there is no record" in desk.err
    assert not desk.data.exists()


@pytest.mark.parametrize("command", ["check", "verify", "migrate", "backup"])
def test_a_newer_record_is_left_alone(desk: Desk, command: str) -> None:
    connection = sqlite3.connect(desk.data / "veche.db")
    connection.execute(f"pragma user_version = {KNOWN + 1}")
    connection.close()
    assert desk.run(command, *([desk.file] if command == "backup" else [])) == 2
    assert "was written by a newer Veche" in desk.err


def test_verify_reads_everything(desk: Desk) -> None:
    assert desk.run("verify") == 0
    assert desk.out == "read: 40 messages, 1 saved fact\nall is well\n"


def test_verify_names_what_is_damaged(desk: Desk) -> None:
    desk.spoil(desk.data / "veche.db")
    assert desk.run("verify") == 1
    assert f"message {make_record(31).msgid} in #tea, of 1970-01-01" in desk.out
    assert "(place 31): not as it was written" in desk.out
    assert "db restore" in desk.out
    assert desk.run("verify", language="ru") == 1
    assert "не такое, каким было записано" in desk.out


def make_old(desk: Desk, number: int) -> None:
    desk.data.mkdir()
    database = desk.data / "veche.db"
    database.touch()
    connection = connect_writer(database)
    bring_up_to_date(connection, database, known_migrations()[:number])
    connection.execute("insert into conversation values (1, '#tea', 0)")
    for n in range(1, 30):
        one = make_record(n)
        connection.execute(
            "insert into message (seq, time, conversation, msgid, command, source, sender, account, target, tags,"
            " text) values (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                n,
                one.time,
                one.msgid,
                one.command,
                one.source,
                one.sender,
                one.account,
                one.target,
                "",
                one.text,
            ),
        )
    connection.execute("insert into keyed_fact (kind, key, seq, body) values ('Read', 'ann', 40, '{}')")
    connection.execute("insert into saved_fact (seq, kind, body) values (41, 'Kept', '{}')")
    connection.close()


def test_migrate_brings_an_old_record_up_to_date_with_checksums(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path, capsys)
    make_old(desk, 7)
    assert desk.run("verify") == 2
    assert "run db migrate first" in desk.err
    assert desk.run("check") == 0, desk.out
    assert "schema is older" in desk.out
    assert desk.run("migrate") == 0
    copy = desk.data / f"before-schema-{KNOWN}.db"
    assert desk.out == (
        f"schema 7 is now schema {KNOWN}; {copy} is a copy from before\n31 rows have got their checksums\n"
    )
    assert copy.exists()
    assert desk.run("migrate") == 0
    assert desk.out == f"schema {KNOWN}: up to date\n"
    assert desk.run("verify") == 0
    assert desk.out == "read: 29 messages, 2 saved facts\nall is well\n"
    assert len(desk.seqs()) == 29


def test_a_backup_is_private_whole_and_a_record_itself(desk: Desk) -> None:
    (desk.data / "cloak.key").write_bytes(b"k" * 32)
    (desk.data / "veche.toml").write_text("")
    assert desk.run("backup", desk.file) == 0
    assert f"{desk.file}: " in desk.out
    assert "(cloak.key, veche.toml)" in desk.out
    assert stat.S_IMODE(desk.file.stat().st_mode) == 0o600
    assert [file.name for file in desk.file.parent.iterdir()].count("backup.db.part") == 0
    assert desk.run("verify", desk.file) == 0
    assert desk.run("check") == 0


def test_a_backup_replaces_nothing_unasked(desk: Desk) -> None:
    desk.file.write_text("dear")
    assert desk.run("backup", desk.file) == 2
    assert "is there already" in desk.err
    assert desk.file.read_text() == "dear"
    assert desk.run("backup", desk.file, "--force") == 0
    assert desk.run("verify", desk.file) == 0


def test_a_backup_that_somebody_else_makes_meanwhile_is_not_replaced(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = backup.keep_files

    def be_slow(target: Path, data: Path, settings: Path) -> list[str]:
        desk.file.write_text("dear")
        return keep(target, data, settings)

    monkeypatch.setattr(backup, "keep_files", be_slow)
    assert desk.run("backup", desk.file) == 2
    assert desk.file.read_text() == "dear"
    assert not desk.file.with_name("backup.db.part").exists()


def test_damage_does_not_become_a_backup(desk: Desk) -> None:
    assert desk.run("backup", desk.file) == 0
    before = desk.file.read_bytes()
    desk.spoil(desk.data / "veche.db")
    assert desk.run("backup", desk.file, "--force") == 1
    assert desk.file.read_bytes() == before
    assert desk.file.with_name("backup.db.damaged").exists()
    assert "place 31" in desk.out
    assert "did not become" in desk.err


def test_what_a_killed_backup_has_left_does_not_matter(desk: Desk) -> None:
    for end in ("", "-journal", "-wal", "-shm"):
        desk.file.with_name("backup.db.part" + end).write_bytes(b"half" * 5000)
    assert desk.run("backup", desk.file) == 0
    assert [file.name for file in desk.file.parent.glob("backup.db*")] == ["backup.db"]
    assert desk.run("verify", desk.file) == 0


def test_a_backup_that_does_not_fit_is_not_begun(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr(caretaker, "disk_usage", lambda path: Usage)
    assert desk.run("backup", desk.file) == 2
    assert "1.0 kB are free; nothing was written" in desk.err
    assert not desk.file.exists()


def test_a_backup_is_put_in_place_and_what_was_there_put_aside(desk: Desk) -> None:
    assert desk.run("backup", desk.file) == 0
    desk.write(first=100, count=5)
    assert desk.run("restore", desk.file) == 0
    assert "40 messages" in desk.out
    asides = list(desk.data.glob("before-restore-*"))
    assert len(asides) == 1
    assert f"what was there is in {asides[0]}" in desk.out
    assert desk.seqs() == list(range(1, 41))
    connection = sqlite3.connect(asides[0] / "veche.db")
    assert connection.execute("select count(*) from message").fetchone() == (45,)
    connection.close()
    assert not (desk.data / "veche.db.restoring").exists()
    assert desk.run("verify") == 0
    connection = sqlite3.connect(desk.data / "veche.db")
    assert connection.execute("select count(*) from sqlite_schema where name = 'kept_file'").fetchone() == (
        0,
    )
    connection.close()


def test_a_backup_makes_a_server_on_another_machine(desk: Desk, tmp_path: Path) -> None:
    (desk.data / "cloak.key").write_bytes(b"k" * 32)
    (desk.data / "tls").mkdir()
    (desk.data / "tls" / "key.pem").write_text("key")
    (desk.data / "veche.toml").write_text("# old\n")
    assert desk.run("backup", desk.file) == 0
    desk.data = tmp_path / "new" / "data"
    desk.data.mkdir(parents=True)
    (desk.data / "veche.toml").write_text("# new\n")
    assert desk.run("restore", desk.file) == 0
    assert "put back as well: cloak.key, tls/key.pem" in desk.out
    assert (desk.data / "cloak.key").read_bytes() == b"k" * 32
    assert stat.S_IMODE((desk.data / "tls" / "key.pem").stat().st_mode) == 0o600
    assert (desk.data / "veche.toml").read_text() == "# new\n", "what is there stays"
    assert (desk.data / "made").exists()
    assert desk.seqs() == list(range(1, 41))


@pytest.mark.needs("root")
def test_what_the_superuser_puts_in_place_is_the_servers(desk: Desk, tmp_path: Path) -> None:
    (desk.data / "cloak.key").write_bytes(b"k")
    (desk.data / "tls").mkdir()
    (desk.data / "tls" / "key.pem").write_text("key")
    assert desk.run("backup", desk.file) == 0
    desk.data = tmp_path / "new"
    desk.data.mkdir()
    os.chown(desk.data, 65534, 65534)
    assert desk.run("restore", desk.file) == 0
    found = {
        file.name: file.stat().st_uid
        for file in desk.data.rglob("*")
        if not file.name.endswith(("-shm", "-wal"))
    }
    assert set(found) >= {"veche.db", "lock", "made", "cloak.key", "tls", "key.pem"}
    assert set(found.values()) == {65534}


def test_a_backup_is_not_put_under_a_running_server(desk: Desk) -> None:
    assert desk.run("backup", desk.file) == 0
    directory = DataDirectory(desk.data)
    try:
        assert desk.run("restore", desk.file) == 2
        assert "already runs on the data directory" in desk.err
        assert desk.run("migrate") == 2
    finally:
        directory.close()


def test_a_damaged_backup_replaces_nothing(desk: Desk) -> None:
    assert desk.run("backup", desk.file) == 0
    desk.write(first=100, count=5)
    desk.spoil(desk.file)
    assert desk.run("restore", desk.file) == 1
    assert "place 31" in desk.out
    assert "nothing was put in place" in desk.err
    assert len(desk.seqs()) == 45
    assert not list(desk.data.glob("before-restore-*"))


def test_a_backup_of_an_older_schema_is_put_in_place_of_today(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path, capsys)
    make_old(desk, 5)
    assert desk.run("backup", desk.file) == 0
    desk.data = tmp_path / "new"
    assert desk.run("restore", desk.file) == 0
    assert len(desk.seqs()) == 29


def test_whatever_a_restore_was_killed_in_leaves_a_server_that_does_not_begin_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each step: the old record, or none and an error, or the new one; and it can be done again."""
    assert desk.run("backup", desk.file) == 0
    desk.write(first=100, count=5)
    rename, replace, steps = Path.rename, Path.replace, [0]

    def count_down(change: str) -> None:
        steps[0] -= 1
        if steps[0] < 0:
            raise KeyboardInterrupt

    def rename_or_end(path: Path, target: Path) -> Path:
        count_down("rename")
        return rename(path, target)

    def replace_or_end(path: Path, target: Path) -> Path:
        count_down("replace")
        return replace(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", rename_or_end)
        patched.setattr(Path, "replace", replace_or_end)
        for allowed in range(10):
            steps[0] = allowed
            code = desk.run("restore", desk.file)
            with monkeypatch.context() as whole:
                whole.setattr(Path, "rename", rename)
                whole.setattr(Path, "replace", replace)
                there = (desk.data / "veche.db").exists()
                if there:
                    assert len(desk.seqs()) in {40, 45}
                else:
                    assert desk.run("check") == 2
            if code == 0:
                break
    assert code == 0
    assert len(desk.seqs()) == 40


def test_every_phrase_is_there_in_both_languages() -> None:
    for key, (english, russian) in PHRASES.items():
        counts = {form.count("{") for form in [*_forms(key, english, 2), *_forms(key, russian, 3)]}
        assert len(counts) == 1, key


def _forms(key: str, text: str, count: int) -> list[str]:
    """A phrase, or what it is for each sort of numbers."""
    forms = text.split("|") if key.startswith("number-of-") else [text]
    assert len(forms) == (count if key.startswith("number-of-") else 1)
    return forms


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_949, "99.9 kB"),
        (123_456, "123 kB"),
        (2_345_678_901, "2.3 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_sizes_are_for_people(size: int, shown: str) -> None:
    assert show_size(size) == shown


def test_numbers_and_times_are_for_people() -> None:
    assert show_number(10_000_000) == "10 000 000"
    assert show_time(0) == "?"
    assert show_time(1 << 62) == "?"


def test_a_bar_is_drawn_on_a_terminal_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown, hidden = Terminal(), io.StringIO()
    for stream in (shown, hidden):
        bar = Bar("reading", stream)
        bar(5, 10)
        bar.clear()
    assert "reading [###############...............]  50%" in shown.getvalue()
    assert shown.getvalue().endswith("\r")
    assert hidden.getvalue() == ""


def test_who_runs_is_found_by_the_lock(tmp_path: Path) -> None:
    assert upkeep.running(tmp_path) is None
    directory = DataDirectory(tmp_path / "data")
    assert upkeep.running(tmp_path / "data") is not None
    directory.close()
    assert upkeep.running(tmp_path / "data") is None
