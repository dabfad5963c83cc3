"""What a bot does, and upon what: commands, messages, events, timers, services; and how each is declared.

The rule: this only keeps what was declared; `bot` runs it.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from veche.client.events import Event, PersonJoined

# Any: a handler takes what its decorator says; what it returns is awaited, and a text is said.
Handler = Callable[..., Any]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Command:
    """A command: who may use it (`only`: accounts; None: everybody), and which messages it is taken from."""

    name: str
    handler: Handler
    about: str
    only: Collection[str] | None
    bots: bool
    missed: bool


@dataclass(frozen=True, slots=True)
class Listener:
    """A handler of messages that match a pattern."""

    handler: Handler
    pattern: re.Pattern[str] | None
    bots: bool
    notices: bool
    missed: bool


@dataclass(frozen=True, slots=True)
class Timer:
    """A handler that is run every so many seconds while the bot is connected."""

    handler: Handler
    seconds: float
    at_once: bool = False


class Rules:
    """Everything that was declared; the decorators of a `Bot`."""

    def __init__(self) -> None:
        self.timers: list[Timer] = []
        self._commands: dict[str, Command] = {}
        self._listeners: list[Listener] = []
        self._observers: list[tuple[type[Event], Handler]] = []
        self._services: list[Handler] = []

    def command(
        self,
        name: str,
        *,
        about: str = "",
        only: Collection[str] | None = None,
        bots: bool = False,
        missed: bool = False,
    ) -> Callable[[H], H]:
        """The handler, given a `Said`, is run when somebody says `!name`; a text that it returns is the answer.

        `only`: the accounts that may, looked at each time; an empty collection is nobody. `bots`: from other bots too.
        `missed`: also when it was said while we were away.
        """
        if not re.fullmatch(r"\S+", name):
            raise ValueError("a command is one word")

        def add(handler: H) -> H:
            self._commands[name.casefold()] = Command(name, handler, about, only, bots, missed)
            return handler

        return add

    def message(
        self, pattern: str = "", *, bots: bool = False, notices: bool = False, missed: bool = False
    ) -> Callable[[H], H]:
        """The handler, given a `Said`, is run for what people say and is no command, if the regular expression
        `pattern` is found in it; a text that it returns is the answer. `notices`: for NOTICE too.
        """
        compiled = re.compile(pattern, re.IGNORECASE) if pattern else None

        def add(handler: H) -> H:
            self._listeners.append(Listener(handler, compiled, bots, notices, missed))
            return handler

        return add

    def joined(self, handler: H) -> H:
        """The handler, given a `PersonJoined`, is run when somebody else comes into a room; a text that it returns is
        said in the room.
        """
        self._observers.append((PersonJoined, handler))
        return handler

    def event(self, kind: type[Event]) -> Callable[[H], H]:
        """The handler is run for each event of this kind (`veche.client.events`), and given it."""

        def add(handler: H) -> H:
            self._observers.append((kind, handler))
            return handler

        return add

    def every(self, seconds: float, *, at_once: bool = False) -> Callable[[H], H]:
        """The handler, given nothing, is run every so many seconds while we are connected, and never twice at once.
        `at_once`: at the beginning, too.
        """
        if not seconds > 0:
            raise ValueError("a timer needs some time")

        def add(handler: H) -> H:
            self.timers.append(Timer(handler, seconds, at_once))
            return handler

        return add

    def service(self, handler: H) -> H:
        """The coroutine function, given nothing, runs beside the bot and is cancelled at its end."""
        self._services.append(handler)
        return handler
