"""The power goes while an old record is brought up to date: on what is left, the upgrade is done or not begun."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from veche.core.ports import Page
from veche.store.durable import open_store
from veche.store.engines.sqlite import connect_writer
from veche.store.schema import bring_up_to_date, known_migrations
from veche.testing.checker.disks import LoopDisk
from veche.testing.contracts import ROOM, StoreBench, Turns
from veche.wire.msgids import make_msgid

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux")]

OLD = 3  # a schema before the conversations of people, reactions by whom, checksums, edits
MESSAGES = 10_000
UPGRADE = """
import sys
from pathlib import Path
from veche.store.durable import open_store
print("begins", flush=True)
assert open_store(Path(sys.argv[1]), lambda job: None).close()
"""
SAID = (
    "insert into message (seq, time, conversation, msgid, command, source, sender, account, target, tags, text)"
    " values (?, ?, 1, ?, 'PRIVMSG', 'ann!x@example.org', 'uid-ann', '', ?, '', 'tea')"
)


def make_old(data: Path) -> None:
    data.mkdir()
    database = data / "veche.db"
    database.touch()
    connection = connect_writer(database)
    bring_up_to_date(connection, database, known_migrations()[:OLD])
    connection.execute("begin")
    connection.execute("insert into conversation values (1, ?, 0)", (ROOM,))
    for seq in range(1, MESSAGES + 1):
        msgid = make_msgid(seq * 1000, seq.to_bytes(16, "big"))
        connection.execute(SAID, (seq, seq * 1000, msgid, ROOM))
    connection.execute("commit")
    connection.close()
    os.sync()


def copies_of_an_upgrade(folder: Path) -> list[Path]:
    """The disk of an upgrade at several moments of it, the first before anything was done."""
    folder.mkdir()
    copies: list[Path] = []
    disk = LoopDisk(folder / "disk.img", folder / "disk")
    disk.format()
    with disk:
        data = disk.folder / "data"
        make_old(data)
        with subprocess.Popen([sys.executable, "-c", UPGRADE, str(data)], stdout=subprocess.PIPE) as upgrade:
            assert upgrade.stdout is not None
            upgrade.stdout.readline()
            while not copies or upgrade.poll() is None:
                copies.append(folder / f"{len(copies)}.img")
                disk.copy_as_after_power_cut(
                    copies[-1], lambda: [upgrade.pid] if upgrade.poll() is None else []
                )
        assert upgrade.returncode == 0
    return copies


@pytest.mark.usefixtures("disks")
@pytest.mark.parametrize("attempt", range(3))
def test_a_power_cut_in_an_upgrade_leaves_the_old_record_or_the_new(tmp_path: Path, attempt: int) -> None:
    for copy in copies_of_an_upgrade(tmp_path / str(attempt)):
        with LoopDisk(copy, tmp_path / "left") as left:
            turns = Turns()
            store = open_store(left.folder / "data", turns.post)
            try:
                seqs = StoreBench(store, turns).seqs(Page(ROOM, MESSAGES + 1))
                assert seqs == list(range(1, MESSAGES + 1)), copy
            finally:
                assert store.close()
