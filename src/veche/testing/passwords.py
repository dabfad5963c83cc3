"""Passwords that are compared at once and cost nothing (ports.Passwords). A hash is the password with words before."""

from collections.abc import Callable

_MARK = "hash of "


class FakePasswords:
    """Answers when it is told to. `is_busy`: nothing more is taken."""

    __slots__ = ("compared", "is_busy", "waiting")

    def __init__(self) -> None:
        self.is_busy = False
        self.waiting: list[Callable[[], None]] = []
        self.compared: list[
            str
        ] = []  # the hashes of every comparison, so that a test sees what was done for whom

    @staticmethod
    def hash(password: str) -> str:
        """The hash that this password fits."""
        return _MARK + password

    def verify(self, password_hash: str, password: str, done: Callable[[bool], None]) -> bool:
        """Compare when `answer` is called."""
        if self.is_busy:
            return False
        self.compared.append(password_hash)
        fits = password_hash == _MARK + password
        self.waiting.append(lambda: done(fits))
        return True

    def answer(self) -> bool:
        """Answer everything that was asked; whether anything was."""
        waiting, self.waiting = self.waiting, []
        for done in waiting:
            done()
        return bool(waiting)
