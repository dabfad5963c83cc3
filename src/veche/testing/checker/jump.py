"""Start the real server with a clock that can be made to jump: the wall's, for this process alone.

    python -m veche.testing.checker.jump FILE -- --data DIR --irc HOST:PORT ...

FILE holds one double (native order): seconds that are added to time.time(), read anew each time. `set_clock` writes it.

The rule: it is broken from outside, before anything of the server is imported, since the product has no switch for it.
The monotonic clock does not jump; no system lets it.
"""

import mmap
import struct
import sys
import time
from collections.abc import Sequence
from pathlib import Path

FORMAT = "=d"


def set_clock(path: Path, seconds: float) -> None:
    """From now on the clock of who was started with this file is so many seconds ahead of the true one."""
    with path.open("r+b" if path.exists() else "wb") as file:
        file.write(struct.pack(FORMAT, seconds))


def main(arguments: Sequence[str]) -> int:
    """Have the clock follow the file, then be the server."""
    if len(arguments) < 2 or arguments[1] != "--":
        print("jump FILE -- the server's own options", file=sys.stderr)
        return 2
    with open(arguments[0], "rb") as file:
        offset = mmap.mmap(file.fileno(), struct.calcsize(FORMAT), access=mmap.ACCESS_READ)
    true = time.time
    time.time = lambda: true() + struct.unpack_from(FORMAT, offset)[0]
    from veche.app.server import main as serve  # noqa: PLC0415 - only now: it must meet the other clock

    return serve(arguments[2:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
