"""Services: names that people talk to as though somebody bore them, and that do what commands do.

The rule: a service is a table of verbs. What it says goes to who asked, as a NOTICE of the service's name, in his
language; and since what is said to it may hold a password, none of it is kept, logged or repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from veche.core.replies import fit, own_tags
from veche.phrases import Language, Phrases, Table

if TYPE_CHECKING:
    from veche.core.ask import Ask

_COMMON = {
    "unknown": (
        "{service} does not know {verb}. HELP shows what it understands.",
        "{service} не знает слова {verb}. HELP покажет, что он понимает.",
    ),
    "account": (
        "Log in first: this is for people with an account",
        "Сначала войдите: это для тех, у кого есть учётная запись",
    ),
    "usage": ("Say: {usage}", "Скажите так: {usage}"),
    "help": ("HELP", "HELP"),
    "help-help": ("shows this", "показывает это"),
    "title": ("{service} understands:", "{service} понимает:"),
}


class Verb:
    """One thing that a service does: `handler(service, ask, params)` with `least` to `most` parameters.

    Its usage and its help are the service's phrases `<name>` and `<name>-help`, in lower case. The last parameter takes
    the rest of the line. `needs_account`: only for who is logged in.
    """

    __slots__ = ("aliases", "handler", "least", "most", "name", "needs_account")

    def __init__(
        self,
        name: str,
        handler: Callable[[Service, Ask, list[str]], None],
        *,
        least: int = 0,
        most: int = 0,
        aliases: tuple[str, ...] = (),
        needs_account: bool = False,
    ) -> None:
        self.name = name
        self.handler = handler
        self.least = least
        self.most = most
        self.aliases = aliases
        self.needs_account = needs_account


class Service:
    """A name that people talk to, its verbs, and what it says in English and Russian."""

    __slots__ = ("_phrases", "_verbs", "name", "verbs")

    def __init__(self, name: str, phrases: Table, verbs: list[Verb]) -> None:
        self.name = name
        table = {**_COMMON, **phrases}
        self._phrases: dict[Language, Phrases] = {"en": Phrases(table, "en"), "ru": Phrases(table, "ru")}
        self.verbs = verbs
        self._verbs = {alias: verb for verb in verbs for alias in (verb.name, *verb.aliases)}

    def hear(self, ask: Ask, text: str) -> None:
        """Do what somebody has said."""
        words = text.split()
        name = words[0].upper() if words else "HELP"
        verb = self._verbs.get(name)
        if name == "HELP":
            self._help(ask)
        elif verb is None:
            self.say(ask, "unknown", service=self.name, verb=name[:32])
        elif verb.needs_account and not ask.session.account:
            self.say(ask, "account")
        elif len(words) - 1 < verb.least:
            self.say(ask, "usage", usage=self.phrases(ask)(verb.name.lower()))
        else:
            params = text.split(None, verb.most)[1:] if verb.most else []
            verb.handler(self, ask, params)

    def command(self, ask: Ask) -> None:
        """The service as a command: `NICKSERV <verb> ...`, with the words as they came."""
        self.hear(ask, " ".join(ask.params))

    def phrases(self, ask: Ask) -> Phrases:
        """What it says, in the asker's language."""
        return self._phrases[ask.language]

    def say(self, ask: Ask, key: str, **values: object) -> None:
        """Tell the asker one of its phrases."""
        self.say_text(ask, self.phrases(ask)(key, **values))

    def say_text(self, ask: Ask, text: str) -> None:
        """Tell the asker a sentence."""
        tags = own_tags(ask.engine, ask.session.view)
        ask.send(fit(tags, f"{self.source(ask)} NOTICE {ask.session.nick} :{text}"))

    def source(self, ask: Ask) -> str:
        """Who speaks, in front of a line."""
        return f":{self.name}!{self.name}@{ask.settings.server}"

    def _help(self, ask: Ask) -> None:
        phrases = self.phrases(ask)
        self.say(ask, "title", service=self.name)
        for verb in self.verbs:
            key = verb.name.lower()
            self.say_text(ask, f"  {phrases(key)}: {phrases(key + '-help')}")
