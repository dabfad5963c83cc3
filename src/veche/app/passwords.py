"""Passwords: hashed with argon2id, and compared in threads of their own (ports.Passwords).

The rule: as many at once as there are cores, so that guessing takes a bounded part of the machine, and a bounded line
behind them. Neither a password nor a hash is ever logged or part of an error's text.

Parameters: OWASP's Password Storage Cheat Sheet, "Use Argon2id with a minimum configuration of 19 MiB of memory, an
iteration count of 2, and 1 degree of parallelism". One comparison takes some 40 ms and does not hold the interpreter.
"""

import os
import secrets
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB = 19 * 1024
ITERATIONS = 2
LANES = 1
# Comparisons that may wait for each thread: half a second's work.
LINE = 12

_hasher = PasswordHasher(time_cost=ITERATIONS, memory_cost=MEMORY_KIB, parallelism=LANES)


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with a salt of its own."""
    return _hasher.hash(password)


def is_password_hash(text: str) -> bool:
    """Whether this is an argon2id hash that can be compared with."""
    try:
        _hasher.check_needs_rehash(text)
    except InvalidHashError:
        return False
    return text.startswith("$argon2id$")


def compare(password_hash: str, password: str) -> bool:
    """Whether they fit. Waits."""
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


class PasswordThreads:
    """Compares passwords for one server; `post` calls back in its loop."""

    def __init__(self, post: Callable[[Callable[[], None]], None], cores: int | None = None) -> None:
        threads = (
            cores or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        )
        self._post = post
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="veche-password")
        self._most = threads * (1 + LINE)
        self._waiting = 0
        # What a name that does not exist is compared with: nobody's password, not even ours.
        self._nobody = hash_password(secrets.token_urlsafe(32))

    def verify(self, password_hash: str, password: str, done: Callable[[bool], None]) -> bool:
        """Compare in a thread; False when too many wait."""
        if self._waiting >= self._most:
            return False
        self._waiting += 1
        compared = self._pool.submit(compare, password_hash or self._nobody, password)
        compared.add_done_callback(
            lambda future: self._post(lambda: self._answer(future, password_hash, done))
        )
        return True

    def _answer(self, future: "Future[bool]", password_hash: str, done: Callable[[bool], None]) -> None:
        self._waiting -= 1
        # Cancelled: the server is ending, and nobody is left to be told.
        done(bool(password_hash) and not future.cancelled() and future.result())

    def close(self) -> None:
        """Give up what waits; what is being compared ends within a moment."""
        self._pool.shutdown(wait=True, cancel_futures=True)
