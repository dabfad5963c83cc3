"""Passwords that are compared and made at once and cost nothing (ports.Passwords).

A hash is the password with words before; the keys of SCRAM are true ones, of as few iterations as a client takes and a
salt that is the password's own, so that the same password has the same keys in every run.
"""

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256

from veche.state.credentials import PasswordKeys
from veche.wire.scram import LEAST_ITERATIONS, Credentials, decoy, derive

_MARK = "hash of "


class FakePasswords:
    """Answers when it is told to. `is_busy`: nothing more is taken."""

    __slots__ = ("compared", "is_busy", "waiting")

    def __init__(self) -> None:
        self.is_busy = False
        self.waiting: list[Callable[[], None]] = []
        # The hashes of every comparison, so that a test sees what was done for whom.
        self.compared: list[str] = []

    @staticmethod
    def hash(password: str) -> str:
        """The hash that this password fits."""
        return _MARK + password

    @staticmethod
    @lru_cache(maxsize=64)
    def keys(password: str) -> PasswordKeys:
        """What is kept of this password; not to be changed."""
        salt = sha256(password.encode()).digest()[:16]
        return PasswordKeys.of(FakePasswords.hash(password), derive(password, salt, LEAST_ITERATIONS))

    def verify(self, password_hash: str, password: str, done: Callable[[bool], None]) -> bool:
        """Compare when `answer` is called."""
        if self.is_busy:
            return False
        self.compared.append(password_hash)
        fits = password_hash == _MARK + password
        self.waiting.append(lambda: done(fits))
        return True

    def make(self, password: str, done: Callable[[PasswordKeys], None]) -> bool:
        """Make when `answer` is called."""
        if self.is_busy:
            return False
        self.waiting.append(lambda: done(self.keys(password)))
        return True

    def decoy(self, name: str) -> Credentials:
        """As many iterations as `keys` takes."""
        return decoy(_MARK.encode(), name, LEAST_ITERATIONS)

    def answer(self) -> bool:
        """Answer everything that was asked; whether anything was."""
        waiting, self.waiting = self.waiting, []
        for done in waiting:
            done()
        return bool(waiting)
