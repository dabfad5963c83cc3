"""The power goes during a backup, or while one is put back: what is left is whole, or says that it is not there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from veche.app import database
from veche.store.durable import open_store
from veche.testing.checker.disks import LoopDisk
from veche.testing.contracts import StoreBench, Turns, make_record

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux"), pytest.mark.usefixtures("disks")]

BEFORE, AFTER = 4000, 4100  # messages when the backup is made, and later


def say(data: Path, first: int, last: int) -> None:
    turns = Turns()
    store = open_store(data, turns.post)
    bench = StoreBench(store, turns)
    for start in range(first, last + 1, 500):
        assert bench.commit(*[make_record(n) for n in range(start, min(start + 500, last + 1))]) is None
    assert store.close()


def run(*words: object) -> int:
    return database.main([str(word) for word in words], {"LC_ALL": "C", "HOME": "/nowhere"})


@contextmanager
def formatted(folder: Path) -> Iterator[LoopDisk]:
    folder.mkdir()
    disk = LoopDisk(folder / "disk.img", folder / "disk")
    disk.format()
    with disk:
        yield disk


def copies_while(disk: LoopDisk, folder: Path, *words: object) -> list[Path]:
    """The disk at several moments of a command."""
    copies: list[Path] = []
    with subprocess.Popen(
        [sys.executable, "-m", "veche.app.server", "db", *map(str, words)], stdout=subprocess.DEVNULL
    ) as command:
        while not copies or command.poll() is None:
            copies.append(folder / f"{len(copies)}.img")
            disk.copy_as_after_power_cut(copies[-1], lambda: [command.pid] if command.poll() is None else [])
    assert command.returncode == 0
    copies.append(folder / f"{len(copies)}.img")
    disk.copy_as_after_power_cut(copies[-1], list)
    return copies


def test_a_power_cut_in_a_backup_leaves_a_whole_file_or_none(tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    with formatted(folder) as disk:
        say(disk.folder / "data", 1, BEFORE)
        copies = copies_while(disk, folder, "backup", disk.folder / "file", "--data", disk.folder / "data")
    there = 0
    for copy in copies:
        with LoopDisk(copy, tmp_path / "left") as left:
            if (left.folder / "file").exists():
                there += 1
                assert run("verify", left.folder / "file") == 0, copy
            assert run("verify", "--data", left.folder / "data") == 0, copy
    assert there, "what was said to be written is there after a power cut"


def test_a_power_cut_while_a_backup_is_put_back_leaves_a_record_or_a_refusal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "restore"
    with formatted(folder) as disk:
        data, file = disk.folder / "data", disk.folder / "file"
        say(data, 1, BEFORE)
        assert run("backup", file, "--data", data) == 0
        say(data, BEFORE + 1, AFTER)
        copies = copies_while(disk, folder, "restore", file, "--data", data)
    capsys.readouterr()
    seen = []
    for copy in copies:
        with LoopDisk(copy, tmp_path / "left") as left:
            data, file = left.folder / "data", left.folder / "file"
            code = run("verify", "--data", data)
            said = capsys.readouterr()
            if code == 0:
                assert (
                    f"{BEFORE:,} ".replace(",", " ") in said.out
                    or f"{AFTER:,} ".replace(",", " ") in said.out
                )
                seen.append(said.out)
            else:
                assert "there is no record" in said.err, copy
            assert run("restore", file, "--data", data) == 0, "it can be done again"
            assert run("verify", "--data", data) == 0
            capsys.readouterr()
    assert "4 000 messages" in seen[-1], "what was said to be done is done after a power cut"
