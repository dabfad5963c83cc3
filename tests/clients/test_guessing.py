"""Guessing passwords at a real server, with real hashes: how many are looked at, whom it hinders, and what it tells."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pytest

from tests.clients.lines import Line
from tests.clients.serving import Ports, serving

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux")]

PASSWORD = "correct-horse"
HOME, ELSEWHERE = "192.0.2.1", "203.0.113.9"
WRONG = "The account name or the password is wrong"
WAIT = "Too many wrong attempts"
GUESSERS, GUESSES = 100, 10
PER_ACCOUNT, WINDOW = 7, 15


def options(*settings: str) -> list[str]:
    return [f"--set={setting}" for setting in settings]


def from_where(ports: Ports, address: str) -> Line:
    """Somebody who wants to log in, from an address."""
    line = Line(ports.irc, address=address)
    line.say("CAP REQ :sasl")
    line.skip_to(" ACK ")
    return line


def guess(ports: Ports, number: int) -> list[str]:
    """What one guesser is told, who comes back when he is thrown out."""
    heard: list[str] = []
    address = f"198.51.100.{number + 1}"
    line = from_where(ports, address)
    for attempt in range(GUESSES):
        heard.append(line.by_plain("ann", f"guess-{number}-{attempt}"))
        if sum(WRONG in answer for answer in heard) % 5 == 0 and WRONG in heard[-1]:
            line.socket.close()
            line = from_where(ports, address)
    line.socket.close()
    return heard


@contextmanager
def pinging(line: Line) -> Iterator[list[float]]:
    """What each PING takes meanwhile, in seconds."""
    took: list[float] = []
    is_over = threading.Event()

    def ping() -> None:
        while not is_over.wait(0.1):
            took.append(line.ping())

    thread = threading.Thread(target=ping)
    thread.start()
    try:
        yield took
    finally:
        is_over.set()
        thread.join()


def test_a_thousand_guesses_from_a_hundred_addresses(tmp_path: Path) -> None:
    chosen = options(
        'proxy.trusted=["127.0.0.1"]',
        'proxy.doors=["irc"]',
        "limits.flood_per_second=50",  # the one who pings is no flood
        f"accounts.guesses_per_account={PER_ACCOUNT}",
        f"accounts.guess_window_seconds={WINDOW}",
    )
    with serving(tmp_path, *chosen) as ports:
        with Line(ports.irc, address=HOME) as ann:
            ann.register("ann")
            ann.say(f"REGISTER * * {PASSWORD}")
            ann.skip_to(" 900 ")
        bob = Line(ports.irc, address="192.0.2.77")
        bob.register("bob")
        # They all begin at once, and none waits for another.
        with pinging(bob) as took, ThreadPoolExecutor(GUESSERS) as guessers:
            began = time.monotonic()
            heard = [
                line
                for lines in guessers.map(lambda number: guess(ports, number), range(GUESSERS))
                for line in lines
            ]
            # Whoever is at home is not kept out, and whoever is elsewhere is, but not for ever.
            with from_where(ports, HOME) as ann:
                assert " 900 " in ann.by_plain("ann", PASSWORD)
            spent = time.monotonic() - began
            with from_where(ports, ELSEWHERE) as ann:
                answer = ann.by_plain("ann", PASSWORD)
                assert spent > WINDOW or WAIT in answer
                while " 900 " not in answer:
                    assert WAIT in answer
                    assert time.monotonic() - began < 3 * WINDOW
                    time.sleep(0.5)  # only time helps, and it is the server's
                    answer = ann.by_plain("ann", PASSWORD)
        looked_at = sum(WRONG in line for line in heard)
        assert looked_at + sum(WAIT in line for line in heard) == GUESSERS * GUESSES
        windows = 1 + int(spent // WINDOW)
        assert 0 < looked_at <= PER_ACCOUNT * windows
        # A machine that is busy with other things may be slow for once.
        assert sorted(took)[len(took) * 19 // 20] < 0.2, sorted(took)[-10:]
        bob.socket.close()


def test_an_unknown_account_and_a_wrong_password_are_told_the_same_after_the_same_time(
    tmp_path: Path,
) -> None:
    chosen = options(
        "limits.flood=false",  # and so no answer is late on purpose
        "limits.connect_burst=0",
        "accounts.guesses_per_account=1000",
        "accounts.guesses_per_address=1000",
        "accounts.guesses_per_minute=10000",
    )
    took: dict[str, list[float]] = {"ann": [], "eve": []}
    heard: dict[str, set[str]] = {"ann": set(), "eve": set()}
    with serving(tmp_path, *chosen) as ports:
        with Line(ports.irc) as ann:
            ann.register("ann")
            ann.say(f"REGISTER * * {PASSWORD}")
            ann.skip_to(" 900 ")
        for number in range(200):
            # By turns, so that whatever else the machine does befalls both; each on a connection of its own, and the
            # first as often this one as that.
            for name in ("ann", "eve") if number % 2 else ("eve", "ann"):
                with from_where(ports, "") as line:
                    began = time.monotonic()
                    heard[name].add(line.by_plain(name, "wrong-horse"))
                    took[name].append(time.monotonic() - began)
    assert heard["ann"] == heard["eve"]
    assert len(heard["ann"]) == 1
    known, unknown = median(took["ann"]), median(took["eve"])
    assert known > 0.005, "a hash was made"
    assert abs(known - unknown) < 0.1 * min(known, unknown), (known, unknown)


def test_whoever_makes_the_server_hash_without_an_end_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Limits that are as good as none, and fifty who use that: the line for hashes has an end all the same."""
    chosen = options(
        "limits.flood_per_second=50",
        "limits.connect_burst=0",
        "limits.connections_per_address=0",
        "accounts.guesses_per_address=1000",
        "accounts.guesses_per_minute=10000",
    )
    with serving(tmp_path, *chosen) as ports:
        bob = Line(ports.irc)
        bob.register("bob")

        def hammer(number: int) -> list[str]:
            heard = []
            for attempt in range(10):
                with from_where(ports, "") as line:
                    heard.append(line.by_plain(f"name{number}x{attempt}", "wrong-horse"))
            return heard

        with pinging(bob) as took, ThreadPoolExecutor(50) as hammers:
            heard = [line for lines in hammers.map(hammer, range(50)) for line in lines]
        assert {WRONG in line or "Too many people are logging in" in line for line in heard} == {True}
        assert any("Too many people are logging in" in line for line in heard)
        assert len(took) > 5
        assert sorted(took)[len(took) * 19 // 20] < 0.2, sorted(took)[-10:]
        bob.socket.close()
