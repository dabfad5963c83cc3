"""Passwords: hashed with argon2id, and compared in threads of their own (ports.Passwords).

The rule: as many at once as there are cores, so that guessing takes a bounded part of the machine, and a bounded line
behind them. Neither a password nor a hash is ever logged or part of an error's text.

Parameters: OWASP's Password Storage Cheat Sheet, "Use Argon2id with a minimum configuration of 19 MiB of memory, an
iteration count of 2, and 1 degree of parallelism". One comparison takes some 40 ms and does not hold the interpreter.
"""

import os
import re
import secrets
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB = 19 * 1024
ITERATIONS = 2
LANES = 1
# Comparisons that may wait for each thread: half a second's work.
LINE = 12
_HASH = re.compile(
    r"\$argon2id\$v=19\$m=\d{1,7},t=\d{1,3},p=\d{1,3}\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{16,128}"
)


@cache
def _hasher() -> "PasswordHasher":
    # Loaded at the first password and not at every start: it takes 30 ms, and few servers' days begin with one.
    from argon2 import PasswordHasher  # noqa: PLC0415

    return PasswordHasher(time_cost=ITERATIONS, memory_cost=MEMORY_KIB, parallelism=LANES)


@cache
def _nobody() -> str:
    """What a name that does not exist is compared with: the hash of nobody's password, not even ours."""
    return hash_password(secrets.token_urlsafe(32))


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with a salt of its own."""
    return _hasher().hash(password)


def is_password_hash(text: str) -> bool:
    """Whether this looks like an argon2id hash, whole and alone."""
    return _HASH.fullmatch(text) is not None


def compare(password_hash: str, password: str) -> bool:
    """Whether they fit; never for a hash that is "", which takes as long. Waits."""
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415

    # For a known name too, lest the first unknown one be told by the time that making this takes.
    nobody = _nobody()
    try:
        _hasher().verify(password_hash or nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(password_hash)


class PasswordThreads:
    """Compares passwords for one server; `post` calls back in its loop."""

    def __init__(self, post: Callable[[Callable[[], None]], None], threads: int = 0) -> None:
        threads = threads or os.cpu_count() or 1
        self._post = post
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="veche-password")
        self._most = threads * (1 + LINE)
        self._waiting = 0

    def verify(self, password_hash: str, password: str, done: Callable[[bool], None]) -> bool:
        """Compare in a thread; False when too many wait."""
        if self._waiting >= self._most:
            return False
        self._waiting += 1
        compared = self._pool.submit(compare, password_hash, password)
        compared.add_done_callback(lambda future: self._post(lambda: self._answer(future, done)))
        return True

    def _answer(self, future: "Future[bool]", done: Callable[[bool], None]) -> None:
        self._waiting -= 1
        # Cancelled: the server is ending, and nobody is left to be told.
        done(not future.cancelled() and future.result())

    def close(self) -> None:
        """Give up what waits; what is being compared ends within a moment."""
        self._pool.shutdown(wait=True, cancel_futures=True)
