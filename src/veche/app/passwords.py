"""Passwords: hashed with argon2id, and made and compared in threads of their own (ports.Passwords).

The rule: as many at once as there are cores, so that guessing takes a bounded part of the machine, and behind them a
bounded line, in the order of asking. Neither a password nor a hash is ever logged or part of an error's text.

Parameters: OWASP's Password Storage Cheat Sheet, "Use Argon2id with a minimum configuration of 19 MiB of memory, an
iteration count of 2, and 1 degree of parallelism". One comparison takes some 40 ms and does not hold the interpreter.
Making the keys of SCRAM beside it takes 10 ms more and does not either.
"""

import os
import re
import secrets
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from veche.state.credentials import SCRAM_ITERATIONS, PasswordKeys
from veche.wire.scram import Credentials, decoy, derive

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB = 19 * 1024
ITERATIONS = 2
LANES = 1
SALT_BYTES = 16
# What may wait for each thread: half a second's work.
LINE = 12
_HASH = re.compile(
    r"\$argon2id\$v=19\$m=\d{1,7},t=\d{1,3},p=\d{1,3}\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{16,128}"
)

_Answer = TypeVar("_Answer")


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


def make(password: str) -> PasswordKeys:
    """What is kept of a new password; none where the memory does not suffice for it. Waits."""
    from argon2.exceptions import HashingError  # noqa: PLC0415

    try:
        password_hash = hash_password(password)
    except HashingError:
        return PasswordKeys()
    scram = derive(password, secrets.token_bytes(SALT_BYTES), SCRAM_ITERATIONS)
    return PasswordKeys.of(password_hash, scram)


class PasswordThreads:
    """Compares and makes passwords for one server; `post` calls back in its loop.

    `secret` is the installation's own, and as lasting as its accounts: by it names that nobody has look like others.
    """

    def __init__(self, post: Callable[[Callable[[], None]], None], threads: int = 0) -> None:
        threads = threads or os.cpu_count() or 1
        self.secret = b""
        self._post = post
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="veche-password")
        self._most = threads * (1 + LINE)
        self._waiting = 0

    def verify(self, password_hash: str, password: str, done: Callable[[bool], None]) -> bool:
        """Compare in a thread; False when too many wait."""
        return self._begin(lambda: compare(password_hash, password), done, otherwise=False)

    def make(self, password: str, done: Callable[[PasswordKeys], None]) -> bool:
        """Make in a thread; False when too many wait."""
        return self._begin(lambda: make(password), done, otherwise=PasswordKeys())

    def decoy(self, name: str) -> Credentials:
        """Credentials of nobody."""
        return decoy(self.secret, name, SCRAM_ITERATIONS)

    def _begin(
        self, work: Callable[[], _Answer], done: Callable[[_Answer], None], *, otherwise: _Answer
    ) -> bool:
        """Work when it is its turn; `otherwise` is the answer when the server ends before."""
        if self._waiting >= self._most:
            return False
        self._waiting += 1

        def answer(future: "Future[_Answer]") -> None:
            self._waiting -= 1
            done(otherwise if future.cancelled() else future.result())

        self._pool.submit(work).add_done_callback(lambda future: self._post(lambda: answer(future)))
        return True

    def close(self) -> None:
        """Give up what waits; what is being done ends within a moment."""
        self._pool.shutdown(wait=True, cancel_futures=True)
