"""Mail that goes nowhere (ports.Mailer): it is kept to be read, and taken or refused as the test says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from veche.wire.emails import is_email


class Letter:
    """A mail as it was sent."""

    __slots__ = ("subject", "text", "to")

    def __init__(self, to: str, subject: str, text: str) -> None:
        self.to = to
        self.subject = subject
        self.text = text

    def __repr__(self) -> str:
        return f"Letter({self.to!r}, {self.subject!r}, {self.text!r})"


class FakeMailer:
    """Takes every mail, or as long as there is `trouble`, none; says so when `answer` is called."""

    __slots__ = ("letters", "trouble", "waiting")

    def __init__(self) -> None:
        self.trouble = ""  # why mails are not sent, "" for nothing
        self.letters: list[Letter] = []  # what was taken
        self.waiting: list[Callable[[], None]] = []

    def send(self, to: str, subject: str, text: str, done: Callable[[str], None]) -> None:
        """Put a mail in line."""
        reason = self.trouble if is_email(to) else "this is no e-mail address"
        if not reason:
            self.letters.append(Letter(to, subject, text))
        self.waiting.append(partial(done, reason))

    def answer(self) -> bool:
        """Answer everything that was asked; whether anything was."""
        waiting, self.waiting = self.waiting, []
        for done in waiting:
            done()
        return bool(waiting)
