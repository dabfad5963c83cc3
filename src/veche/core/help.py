"""What people are told of a command or a mode: the value that stands beside its declaration, and how it is laid out.

The rule: whoever declares something says what it is, in English and Russian, at the same place, so that HELP and the
tables in docs cannot tell of what is not there, nor forget what is. A text is a format string: `{s.nick_length}` in it
is that setting of this server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from veche.core.settings import Settings
    from veche.phrases import Language


class Family(Enum):
    """The headings under which commands are found, in English and Russian, in the order in which they are shown."""

    ROOMS = ("Rooms", "Комнаты")
    TALK = ("Talking", "Разговор")
    PEOPLE = ("Other people", "Другие люди")
    SELF = ("Yourself", "О себе")
    ACCOUNTS = ("Accounts", "Учётные записи")
    HISTORY = ("What was said before", "Что было сказано раньше")
    SERVER = ("This server", "Этот сервер")
    CONNECTION = (
        "Your connection (clients say these by themselves)",
        "Соединение (это говорит сама программа)",
    )
    OPERATORS = ("For operators of the server", "Для операторов сервера")

    def title(self, language: Language) -> str:
        """The heading."""
        return self.value[1 if language == "ru" else 0]


class Help:
    """What is told of one command or mode.

    `usage` is what stands behind its name: `<what must be given> [<what may be>]`, a `{,<one more>}` for lists; several
    ways to say it are separated by "\\n". A text is one or two sentences.
    """

    __slots__ = ("english", "family", "russian", "usage")

    def __init__(self, usage: str, english: str, russian: str, family: Family = Family.SERVER) -> None:
        self.usage = usage
        self.english = english
        self.russian = russian
        self.family = family

    def text(self, language: Language, settings: Settings) -> str:
        """The sentences, with the limits of this server. Raises AttributeError for what is no setting."""
        return (self.russian if language == "ru" else self.english).format(s=settings)

    def usages(self, name: str) -> list[str]:
        """Every way to say it, one a line."""
        return [f"{name} {way}".rstrip() for way in self.usage.split("\n")]


class Topic:
    """Things that are told of together: what each is, by what is typed for it, under a title in English and Russian."""

    __slots__ = ("entries", "title")

    def __init__(self, title: tuple[str, str], entries: Mapping[str, Help]) -> None:
        self.title = title
        self.entries = entries


# What is told of that of which nobody has said anything: the tests let no feature be declared so.
UNWRITTEN = Help("", "", "")


def required(usage: str) -> int:
    """How many parameters one way to say a command needs at least: the words that stand in no brackets."""
    bare = re.sub(r"\{[^{}]*\}", "", usage)
    while (less := re.sub(r"\[[^\[\]]*\]", "", bare)) != bare:
        bare = less
    return len(bare.split())
