"""Tokens of an issuer that answers when it is told to (ports.Tokens)."""

from collections.abc import Callable

from veche.core.ports import TokenProblem


class FakeTokens:
    """Knows whose each token is. `is_busy`: nothing more is taken; `is_away`: the issuer cannot be asked."""

    __slots__ = ("asked", "is_away", "is_busy", "names", "waiting")

    def __init__(self, **names: str) -> None:
        self.names = names
        self.is_busy = False
        self.is_away = False
        self.asked: list[str] = []
        self.waiting: list[Callable[[], None]] = []

    def check(self, token: str, done: Callable[[str | TokenProblem], None]) -> bool:
        """Answer when `answer` is called."""
        if self.is_busy:
            return False
        self.asked.append(token)
        answer: str | TokenProblem = self.names.get(token, TokenProblem.INVALID)
        if self.is_away:
            answer = TokenProblem.UNAVAILABLE
        self.waiting.append(lambda: done(answer))
        return True

    def answer(self) -> bool:
        """Answer everything that was asked; whether anything was."""
        waiting, self.waiting = self.waiting, []
        for done in waiting:
            done()
        return bool(waiting)
