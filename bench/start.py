"""How long a start takes when there is much to remember:  python -m bench.start [--accounts N] [--staying N]

Writes a record with so many accounts, of whose owners so many stay in rooms without a device, starts the real server
with it several times, and prints the time until `ready` and what each of those who stay costs in memory: resident KiB
beside a start with the same accounts and nobody who stays. Not compared with a peer: none of them keeps this on disk.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from veche.core.ports import Row, StoreError
from veche.core.saved import row_of
from veche.features.accounts.facts import AccountKept
from veche.features.accounts.staying import MemberKept, PersonKept
from veche.state.accounts import Account
from veche.state.credentials import PasswordKeys
from veche.state.events import Fact
from veche.state.lasting import RoomKept
from veche.state.user import User
from veche.store.durable import open_store

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0
# As long as real ones.
KEYS = PasswordKeys(
    "$argon2id$v=19$m=19456,t=2,p=1$" + "A" * 22 + "$" + "B" * 43, "C" * 24, 50_000, "D" * 44, "E" * 44
)


def facts(accounts: int, staying: int, rooms: int) -> list[Fact]:
    """What is kept of that many people, each of those who stay being in three rooms."""
    kept: list[Fact] = [RoomKept(f"#room{number}", 1_700_000_000_000, ["n", "t"]) for number in range(rooms)]
    for number in range(accounts):
        account = Account(f"uid-of-account-{number:08d}", f"person{number}", 1_700_000_000_000)
        account.keys = KEYS
        account.email = f"person{number}@example.org"
        account.hosts = ["a1b2c3d4e5f6a7b8.cloak", "b1b2c3d4e5f6a7b8.cloak"]
        account.devices = {"phone": 1_700_000_000_000, "laptop": 1_700_000_000_000}
        kept.append(AccountKept(account))
        if number < staying:
            kept += _stays(account, number, rooms)
    return kept


def _stays(account: Account, number: int, rooms: int) -> list[Fact]:
    user = User(
        f"uid-of-user-{number:08d}",
        account.name,
        account.key,
        "~user",
        "a1b2c3d4e5f6a7b8.cloak",
        "A Person",
        1,
    )
    user.identity = account.uid
    user.absent = 1_700_000_000_000
    user.away = "Not connected; will read this on coming back"
    members = [
        MemberKept(account.uid, f"#room{(number + step) % rooms}", "", 1_700_000_000_000) for step in range(3)
    ]
    return [PersonKept(user), *members]


def write_record(directory: Path, kept: list[Fact]) -> None:
    """A data directory that holds these."""
    posted: list[Callable[[], None]] = []
    store = open_store(directory, posted.append)
    rows: list[Row] = [row_of(number, fact) for number, fact in enumerate(kept, 1)]
    failed: list[StoreError | None] = []
    for start in range(0, len(rows), 1000):
        store.append(rows[start : start + 1000], failed.append)
        while len(failed) <= start // 1000:
            time.sleep(0.001)
            while posted:
                posted.pop(0)()
    store.close()
    if any(failed):
        raise SystemExit(f"the record could not be written: {failed}")


def start(directory: Path) -> tuple[float, int]:
    """Seconds until the server is ready, and its resident KiB then."""
    doors = ["--irc=127.0.0.1:0", "--ircs=off", "--web=off", "--classic=off"]
    command = [sys.executable, "-m", "veche.app.server", f"--data={directory}", *doors]
    began = time.monotonic()
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    ) as server:
        assert server.stdout is not None
        try:
            while True:
                if not select.select([server.stdout], [], [], PATIENCE)[0]:
                    raise SystemExit("the server is not ready after a minute")
                line = server.stdout.readline()
                if line == "ready\n":
                    break
                if not line:
                    raise SystemExit("the server has ended")
            took = time.monotonic() - began
            status = Path(f"/proc/{server.pid}/status").read_text()
            resident = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(PATIENCE)
    return took, resident


def measure(accounts: int, staying: int, rooms: int, repeats: int) -> str:
    """The figures, as a paragraph."""
    with tempfile.TemporaryDirectory() as scratch:
        runs = {}
        for name, count in (("nobody", 0), ("staying", staying)):
            directory = Path(scratch) / name
            write_record(directory, facts(accounts, count, rooms))
            runs[name] = directory
        times: dict[str, list[float]] = {name: [] for name in runs}
        sizes: dict[str, list[int]] = {name: [] for name in runs}
        for _ in range(repeats):  # interleaved, since machines have moods
            for name, directory in runs.items():
                took, resident = start(directory)
                times[name].append(took)
                sizes[name].append(resident)
    each = (statistics.median(sizes["staying"]) - statistics.median(sizes["nobody"])) / max(staying, 1)
    return (
        f"{accounts} accounts, {staying} of their owners staying in 3 of {rooms} rooms each: "
        f"ready after {statistics.median(times['staying']):.2f} s (worst of {repeats}: {max(times['staying']):.2f} s); "
        f"without those who stay {statistics.median(times['nobody']):.2f} s. "
        f"Each who stays takes {each:.1f} KiB of memory; "
        f"the whole server {statistics.median(sizes['staying']) / 1024:.0f} MiB."
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.start")
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--staying", type=int, default=5_000)
    parser.add_argument("--rooms", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    print(measure(chosen.accounts, chosen.staying, chosen.rooms, chosen.repeats))


if __name__ == "__main__":
    main()
