"""HELP and HELPOP: what there is to say here, from the table of commands itself.

The rule: nothing is told here that a feature has not declared (core/help.py); what is taken out of the server is out of
its help. Limits are those that ISUPPORT tells of.

Source: Modern IRC, "HELP message", RPL_HELPSTART (704), RPL_HELPTXT (705), RPL_ENDOFHELP (706), ERR_HELPNOTFOUND (524).
"""

from __future__ import annotations

import textwrap

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.registry import Command, Feature, SetBy, UserMode
from veche.core.settings import Settings
from veche.phrases import Language, Phrases
from veche.wire import numerics

# Letters in a line: as many as are read with ease. Of our two alphabets no letter has more than two bytes, so that they
# fit beside the longest names.
WIDTH = 100
INDEX = "*"
# What people call these topics too.
_ALIASES = {
    "INDEX": INDEX,
    "UMODE": "UMODES",
    "USERMODES": "UMODES",
    "CMODE": "CMODES",
    "CHMODES": "CMODES",
    "CHANMODES": "CMODES",
    "EXTBAN": "EXTBANS",
    "LIMIT": "LIMITS",
}
PHRASES = {
    "index": (
        "What you can say here, by subject. HELP <command> tells of one.",
        "Что здесь можно сказать, по предметам. HELP <команда> расскажет об одной.",
    ),
    "more": ("More: {topics}", "Ещё: {topics}"),
    "privileged": ("For operators of this server only.", "Только для операторов этого сервера."),
    "umodes": (
        "User modes: MODE <your nick> +<letters> sets them, -<letters> takes them off",
        "Режимы пользователя: MODE <ваш ник> +<буквы> ставит их, -<буквы> снимает",
    ),
    "umode": ("User mode {letter}", "Режим пользователя {letter}"),
    "cmode": ("Room mode {letter}", "Режим комнаты {letter}"),
    "operator": (
        "Only operators of this server can set it.",
        "Поставить его могут только операторы этого сервера.",
    ),
    "server": ("Nobody sets it by hand.", "Руками его не ставят."),
    "stays": ("It cannot be taken off.", "Снять его нельзя."),
    "limits": ("The limits of this server", "Пределы этого сервера"),
    "unknown": ("No help available on this topic", "Об этом справки нет"),
}
# What is told of an ISUPPORT token; its number stands behind the last colon of its value.
LIMITS = {
    "NICKLEN": ("A nick has at most {n} bytes", "Ник: не больше {n} байт"),
    "USERLEN": ("A user name has at most {n} bytes", "Имя пользователя: не больше {n} байт"),
    "NAMELEN": ("A real name has at most {n} bytes", "Настоящее имя: не больше {n} байт"),
    "CHANNELLEN": ("The name of a room has at most {n} bytes", "Название комнаты: не больше {n} байт"),
    "CHANLIMIT": ("One person is in {n} rooms at most", "Комнат у одного человека: не больше {n}"),
    "TOPICLEN": ("A topic has at most {n} bytes", "Тема комнаты: не больше {n} байт"),
    "KICKLEN": ("A reason has at most {n} bytes", "Причина: не больше {n} байт"),
    "AWAYLEN": ("An AWAY text has at most {n} bytes", "Текст AWAY: не больше {n} байт"),
    "KEYLEN": ("The key of a room has at most {n} bytes", "Ключ комнаты: не больше {n} байт"),
    "MODES": (
        "One MODE changes at most {n} modes with a parameter",
        "Режимов с параметром в одной команде MODE: не больше {n}",
    ),
    "MAXLIST": (
        "Each list of a room (b, e, I) has at most {n} entries",
        "Записей в каждом списке комнаты (b, e, I): не больше {n}",
    ),
    "MAXTARGETS": (
        "One message goes to at most {n} targets",
        "Адресатов у одного сообщения: не больше {n}",
    ),
    "MONITOR": ("MONITOR watches at most {n} nicks", "MONITOR следит не больше чем за {n} никами"),
    "SILENCE": ("SILENCE holds at most {n} masks", "В списке SILENCE не больше {n} масок"),
    "ACCEPT": ("ACCEPT holds at most {n} people", "В списке ACCEPT не больше {n} человек"),
    "CHATHISTORY": (
        "CHATHISTORY tells at most {n} messages at once",
        "CHATHISTORY отдаёт за раз не больше {n} сообщений",
    ),
    "LINELEN": (
        "A line has at most {n} bytes, its end included",
        "Строка: не больше {n} байт вместе с её концом",
    ),
}


def help_(ask: Ask) -> None:
    """HELP [<subject>]: a command, a mode as `+b`, a topic; the index of all without one."""
    words = " ".join(ask.params).split()
    # "MODE +b" is about +b.
    subject = words[1] if len(words) > 1 and words[1][0] in "+-" else words[0] if words else INDEX
    name = subject.removeprefix("/").upper()
    name = _ALIASES.get(name, name)
    registry = ask.engine.registry
    if subject[0] in "+-":
        lines = _mode(ask, "+" + subject[1:])
    elif name in registry.commands:
        lines = _command(ask, registry.commands[name])
    elif name in registry.topics:
        topic = registry.topics[name]
        lines = [topic.title[1 if ask.language == "ru" else 0]]
        for entry, text in topic.entries.items():
            lines += _entry(ask, entry, text)
    elif name in _TOPICS:
        lines = _TOPICS[name](ask)
    else:
        lines = []
    if lines:
        _answer(ask, subject, lines)
    else:
        ask.reply(numerics.ERR_HELPNOTFOUND, subject, ask.phrase(PHRASES, "unknown"))


def _answer(ask: Ask, subject: str, lines: list[str]) -> None:
    """ "The RPL_HELPSTART message SHOULD be some sort of title and the first RPL_HELPTXT message SHOULD be empty." """
    title, *rest = lines
    *between, last = [piece for line in rest for piece in wrapped(line)]
    ask.reply(numerics.RPL_HELPSTART, subject, title)
    for line in ("", *between):
        ask.reply(numerics.RPL_HELPTXT, subject, line)
    ask.reply(numerics.RPL_ENDOFHELP, subject, last)


def wrapped(line: str) -> list[str]:
    """A line in pieces of at most `WIDTH` letters, broken between words; what goes on is indented."""
    return textwrap.wrap(
        line, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _command(ask: Ask, row: Command) -> list[str]:
    lines = [row.name, *row.help.usages(row.name)]
    lines.append(row.help.text(ask.language, ask.settings))
    if row.privileged:
        lines.append(ask.phrase(PHRASES, "privileged"))
    return lines


def _mode(ask: Ask, letter: str) -> list[str]:
    """What a letter means: there may be one of people and one of rooms."""
    lines = [letter]
    registry = ask.engine.registry
    topic = registry.topics.get("CMODES")
    for entry, text in topic.entries.items() if topic is not None else ():
        if entry == letter:
            shown = f"{letter} {text.usage}".rstrip()
            lines.append(ask.phrase(PHRASES, "cmode", letter=shown))
            lines.append(text.text(ask.language, ask.settings))
    mode = registry.user_modes.get(letter[1:])
    if mode is not None:
        lines.append(ask.phrase(PHRASES, "umode", letter=letter))
        lines.append(of_user_mode(mode, ask.language, ask.settings))
    return lines if len(lines) > 1 else []


def of_user_mode(mode: UserMode, language: Language, settings: Settings) -> str:
    """What a mode of people is, and whose it is to set."""
    phrases = Phrases(PHRASES, language)
    texts = [mode.help.text(language, settings)]
    if mode.set_by is not SetBy.USER:
        texts.append(phrases("operator" if mode.set_by is SetBy.OPERATOR else "server"))
    if not mode.droppable:
        texts.append(phrases("stays"))
    return " ".join(texts)


def _entry(ask: Ask, name: str, text: Help) -> list[str]:
    return [f"{text.usages(name)[0]}: {text.text(ask.language, ask.settings)}"]


# ---- topics that are made of the registry


def _index(ask: Ask) -> list[str]:
    registry = ask.engine.registry
    lines = [ask.phrase(PHRASES, "index")]
    for family in Family:
        names = [row.name for row in registry.commands.values() if row.help.family is family]
        if names:
            lines.append(f"{family.title(ask.language)}: {' '.join(sorted(names))}")
    topics = ", ".join(f"HELP {name}" for name in sorted([*registry.topics, "UMODES", "LIMITS"]))
    lines.append(ask.phrase(PHRASES, "more", topics=topics))
    return lines


def _user_modes(ask: Ask) -> list[str]:
    modes = ask.engine.registry.user_modes
    return [
        ask.phrase(PHRASES, "umodes"),
        *(
            f"+{letter}: {of_user_mode(modes[letter], ask.language, ask.settings)}"
            for letter in sorted(modes, key=lambda letter: (letter.lower(), letter))
        ),
    ]


def _limits(ask: Ask) -> list[str]:
    lines = [ask.phrase(PHRASES, "limits")]
    for token in LIMITS:
        if value := ask.engine.registry.tokens.get(token, ""):
            lines.append(ask.phrase(LIMITS, token, n=value.rpartition(":")[2]))
    return lines


_TOPICS = {INDEX: _index, "UMODES": _user_modes, "LIMITS": _limits}

_HELP = Help(
    "[<subject>]",
    "Tells what there is to say here. A subject is a command, a mode as +b, or one of the topics that the index names.",
    "Рассказывает, что здесь можно сказать. Предмет: команда, режим (например, +b) или раздел из оглавления.",
    Family.SERVER,
)
feature = Feature(
    "manual", commands=[Command("HELP", help_, help=_HELP), Command("HELPOP", help_, help=_HELP)]
)
