"""The real server and real faults: whatever is done to it, nothing that was acknowledged or seen is lost.

Each test is one run of the delivery checker (`python -m veche.testing.checker --help`), a few rounds every day and
many under --long. The last tests break the server on purpose, and expect the checker to notice: without them, green
would mean little.
"""

import itertools
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from veche.testing.checker.disks import is_one_read_one_moment, read_at_once

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux")]

Rounds = Callable[[int, int], int]
Check = Callable[..., tuple[int, str]]
Holds = Callable[..., None]


def test_kill_9_at_any_moment_loses_nothing(holds: Holds, rounds: Rounds) -> None:
    holds("kill", rounds(5, 200))


@pytest.mark.usefixtures("disks")
def test_a_power_cut_at_any_moment_loses_nothing(holds: Holds, rounds: Rounds) -> None:
    holds("powercut", rounds(2, 20))


def test_what_was_read_before_sigterm_is_answered(holds: Holds, rounds: Rounds) -> None:
    holds("terminate", rounds(3, 20))


def test_what_is_sent_again_after_kill_9_is_said_once(holds: Holds, rounds: Rounds) -> None:
    holds("again", rounds(2, 5))


def test_kill_9_at_any_moment_leaves_accounts_and_rooms_as_they_were_acknowledged(
    holds: Holds, rounds: Rounds
) -> None:
    holds("kill", rounds(3, 50), "--load", "state")


@pytest.mark.usefixtures("disks")
def test_a_power_cut_at_any_moment_leaves_accounts_and_rooms_as_they_were_acknowledged(
    holds: Holds, rounds: Rounds
) -> None:
    holds("powercut", rounds(1, 10), "--load", "both")


def test_changes_that_were_read_before_sigterm_are_answered(holds: Holds, rounds: Rounds) -> None:
    holds("terminate", rounds(2, 10), "--load", "both")


def test_answers_reach_those_who_have_sent_more_than_was_read(holds: Holds, rounds: Rounds) -> None:
    """A socket that is closed with unread input resets the connection, and takes along what was not sent yet."""
    heavy = ["--writers", "16", "--window", "64", "--size", "400"]
    holds("terminate", rounds(2, 10), *heavy)


@pytest.mark.usefixtures("small_disks")
def test_a_full_disk_is_said_and_survived(holds: Holds, rounds: Rounds) -> None:
    holds("diskfull", rounds(1, 3))


@pytest.mark.needs("strace")
def test_a_slow_disk_delays_answers_and_nothing_else(holds: Holds, rounds: Rounds) -> None:
    holds("slowdisk", rounds(1, 1), "--away", "4")


@pytest.mark.usefixtures("disks")
def test_a_disk_that_dies_takes_nothing_along_that_was_promised(holds: Holds, rounds: Rounds) -> None:
    holds("diskdies", rounds(1, 5))


@pytest.mark.usefixtures("disks")
def test_a_server_that_does_not_sync_loses_messages_at_a_power_cut(check: Check) -> None:
    status, said = check("powercut", 2, "--sabotage", "sync-normal")
    assert status == 1, said
    assert "acknowledged, but not in history" in said


def test_a_server_that_delivers_first_forgets_what_people_have_seen(check: Check) -> None:
    status, said = check("kill", 4, "--sabotage", "deliver-first")
    assert status == 1, said
    assert "seen by someone, but not in history" in said
    assert "acknowledged, but not in history" in said


@pytest.mark.usefixtures("disks")
def test_a_server_that_does_not_sync_loses_changes_at_a_power_cut(check: Check) -> None:
    status, said = check("powercut", 2, "--load", "state", "--sabotage", "sync-normal")
    assert status == 1, said
    assert "a change was acknowledged, and is not so" in said


def test_a_server_that_answers_first_forgets_what_it_has_said_is_so(check: Check) -> None:
    status, said = check("kill", 4, "--load", "state", "--sabotage", "deliver-first")
    assert status == 1, said
    assert "a change was acknowledged, and is not so" in said


def test_a_copy_of_the_disk_shows_one_moment(tmp_path: Path) -> None:
    """The ground that the power cuts stand on: one direct read of a file is not torn by a thread that writes to it."""
    if not is_one_read_one_moment(tmp_path):
        return  # nothing rests on it here: the server is stopped while its disk is copied
    size, block = 32 << 20, 4096
    path = tmp_path / "image"
    path.write_bytes(bytes(size))
    places = (0, size // 2, size - block)
    ending = threading.Event()

    def count() -> None:
        with path.open("r+b", buffering=0) as file:
            for number in itertools.count(1):
                for place in places:
                    os.pwrite(file.fileno(), number.to_bytes(block, "big"), place)
                if ending.is_set():
                    return

    writer = threading.Thread(target=count)
    writer.start()
    try:
        for _ in range(10):
            content = read_at_once(path)
            first, middle, last = (int.from_bytes(content[place : place + block], "big") for place in places)
            assert first >= middle >= last >= first - 1
    finally:
        ending.set()
        writer.join()
