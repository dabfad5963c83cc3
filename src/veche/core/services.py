"""Services: names that people talk to as though somebody bore them, and that do what commands do.

The rule: a service is a table of verbs. What it says goes to who asked, as a NOTICE of the service's name, in his
language; and since what is said to it may hold a password, none of it is kept, logged or repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from veche.core.operators import may_operate
from veche.core.replies import fit, own_tags, with_tag
from veche.phrases import Language, Phrases, Table
from veche.wire.caps import MESSAGE_TAGS
from veche.wire.message import escape

if TYPE_CHECKING:
    from veche.core.ask import Ask

_COMMON = {
    "unknown": (
        "{service} does not know this word. HELP shows what it understands.",
        "{service} не знает такого слова. HELP покажет, что он понимает.",
    ),
    "account": (
        "Log in first: this is for people with an account",
        "Сначала войдите: это для тех, у кого есть учётная запись",
    ),
    "fresh": (
        "Prove first that it is you: IDENTIFY <password>. Then say this again.",
        "Сначала подтвердите, что это вы: IDENTIFY <пароль>. Затем повторите.",
    ),
    "operator": ("This is for operators of the server.", "Это для операторов сервера."),
    "usage": ("Say: {usage}", "Скажите так: {usage}"),
    "title": ("{service} understands:", "{service} понимает:"),
    "row": ("  {verb}: {help}", "  {verb}: {help}"),
    "end": ("HELP <word> says how one of them is said.", "HELP <слово> покажет, как им пользоваться."),
}


class Verb:
    """One thing that a service does: `handler(service, ask, params)` with `least` to `most` parameters.

    Its usage and its help are the service's phrases `<name>` and `<name>-help`, in lower case; `<name>-more`, where
    there is one, says more to who asks for help with it, in lines. The last parameter takes the rest of the line.
    `needs_account`: only for who is logged in. `privileged`: only for operators, and shown to nobody else. What is not
    `is_listed` is explained to who asks for it, beside a verb of its kind that is.
    """

    __slots__ = ("aliases", "handler", "is_listed", "least", "most", "name", "needs_account", "privileged")

    def __init__(
        self,
        name: str,
        handler: Callable[[Service, Ask, list[str]], None],
        *,
        least: int = 0,
        most: int = 0,
        aliases: tuple[str, ...] = (),
        needs_account: bool = False,
        privileged: bool = False,
        is_listed: bool = True,
    ) -> None:
        self.name = name
        self.handler = handler
        self.least = least
        self.most = most
        self.aliases = aliases
        self.needs_account = needs_account
        self.privileged = privileged
        self.is_listed = is_listed


class Service:
    """A name that people talk to, its verbs, and what it says in English and Russian."""

    __slots__ = ("_phrases", "_table", "_verbs", "name", "verbs")

    def __init__(self, name: str, phrases: Table, verbs: list[Verb]) -> None:
        self.name = name
        table = self._table = {**_COMMON, **phrases}
        self._phrases: dict[Language, Phrases] = {"en": Phrases(table, "en"), "ru": Phrases(table, "ru")}
        self.verbs = verbs
        self._verbs = {alias: verb for verb in verbs for alias in (verb.name, *verb.aliases)}

    def hear(self, ask: Ask, text: str) -> None:
        """Do what somebody has said."""
        words = text.split()
        name = words[0].upper() if words else "HELP"
        verb = self._verbs.get(name)
        if name == "HELP":
            self._help(ask, words[1:2])
        elif verb is None:
            # What was said is not repeated: it may be a password, with the word before it forgotten.
            self.say(ask, "unknown", service=self.name)
        elif verb.privileged and not may_operate(ask.session):
            self.say(ask, "operator")
        elif verb.needs_account and ask.session.account not in ask.world.accounts.by_uid:
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

    def told_of(self, verb: Verb, language: Language) -> tuple[str, str]:
        """How one says a verb, and what it does."""
        phrases = self._phrases[language]
        key = verb.name.lower()
        return phrases(key), phrases(key + "-help")

    def say(self, ask: Ask, key: str, **values: object) -> None:
        """Tell the asker one of its phrases."""
        self.say_text(ask, self.phrases(ask)(key, **values))

    def say_text(self, ask: Ask, text: str) -> None:
        """Tell the asker a sentence."""
        tags = own_tags(ask.engine, ask.session.view)
        ask.send(fit(tags, f"{self.source(ask)} NOTICE {ask.session.nick} :{text}"))

    def say_row(self, ask: Ask, text: str, kind: str, **fields: str) -> None:
        """Tell the asker a sentence that holds facts, and say them in tags too, for programs: docs/ext/rows.md.

        A field that is empty is left out.
        """
        tags = own_tags(ask.engine, ask.session.view)
        line = fit(tags, f"{self.source(ask)} NOTICE {ask.session.nick} :{text}")
        if ask.session.view & MESSAGE_TAGS:
            told = {"row": kind, **fields}
            line = with_tag(
                line, ";".join(f"veche/{name}={escape(told[name])}" for name in told if told[name])
            )
        ask.send(line)

    def source(self, ask: Ask) -> str:
        """Who speaks, in front of a line."""
        return f":{self.name}!{self.name}@{ask.settings.server}"

    def _help(self, ask: Ask, words: list[str]) -> None:
        phrases = self.phrases(ask)
        verb = self._verbs.get(words[0].upper()) if words else None
        if words and verb is not None:
            key = verb.name.lower()
            self.say(ask, "usage", usage=phrases(key))
            self.say_text(ask, phrases(key + "-help"))
            if key + "-more" in self._table:
                for line in phrases(key + "-more").splitlines():
                    self.say_text(ask, line)
        elif words:
            self.say(ask, "unknown", service=self.name)
        else:
            self.say(ask, "title", service=self.name)
            for verb in self.verbs:
                if verb.is_listed and (not verb.privileged or may_operate(ask.session)):
                    self.say(ask, "row", verb=verb.name, help=phrases(verb.name.lower() + "-help"))
            self.say(ask, "end")
