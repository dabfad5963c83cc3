"""What a person typed, as a value: something to say, a command, or a mistake that can be explained.

The rule: pure; it knows the commands and their shapes and nothing of what is going on.
"""

from dataclasses import dataclass, field

from veche.phrases import Language


@dataclass(frozen=True, slots=True)
class Say:
    """A text for the current conversation."""

    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command with as many arguments as were given, of those that it takes; `secret` is a password that was asked
    for it.
    """

    name: str
    args: tuple[str, ...] = ()
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class UnknownCommand:
    """A slash and a word that is none of ours."""

    word: str


@dataclass(frozen=True, slots=True)
class Misused:
    """A command without what it needs."""

    name: str


Typed = Say | Command | UnknownCommand | Misused


@dataclass(frozen=True, slots=True)
class Shape:
    """How a command is written: arguments at least and at most (the last one takes the rest of the line)."""

    least: int
    most: int
    usage: tuple[str, str]
    aliases: str


SHAPES: dict[str, Shape] = {
    "list": Shape(0, 0, ("", ""), "l ls users rooms names список"),
    "to": Shape(1, 1, ("NAME", "ИМЯ"), "t query q chat switch с"),
    "msg": Shape(1, 2, ("NAME [TEXT]", "ИМЯ [ТЕКСТ]"), "m message"),
    "tell": Shape(2, 2, ("NAME TEXT", "ИМЯ ТЕКСТ"), "w whisper pm сказать"),
    "join": Shape(1, 2, ("#ROOM [KEY]", "#КОМНАТА [КЛЮЧ]"), "j войти"),
    "part": Shape(0, 1, ("[#ROOM]", "[#КОМНАТА]"), "leave выйти"),
    "nick": Shape(1, 1, ("NAME", "ИМЯ"), "name ник имя"),
    "who": Shape(0, 1, ("[NAME]", "[ИМЯ]"), "whois кто"),
    "topic": Shape(0, 1, ("[TEXT]", "[ТЕКСТ]"), "тема"),
    "me": Shape(1, 1, ("TEXT", "ТЕКСТ"), "я"),
    "edit": Shape(1, 1, ("TEXT", "ТЕКСТ"), "e исправить"),
    "history": Shape(0, 1, ("[NUMBER]", "[ЧИСЛО]"), "hist история"),
    "search": Shape(1, 1, ("WORDS", "СЛОВА"), "find поиск найти"),
    "away": Shape(0, 1, ("[TEXT]", "[ТЕКСТ]"), "отошёл отошел"),
    "register": Shape(0, 1, ("[EMAIL]", "[ПОЧТА]"), "регистрация"),
    "verify": Shape(1, 1, ("CODE", "КОД"), "код"),
    "login": Shape(0, 1, ("[ACCOUNT]", "[ЗАПИСЬ]"), "identify вход"),
    "logout": Shape(0, 0, ("", ""), "выход"),
    "help": Shape(0, 1, ("[COMMAND]", "[КОМАНДА]"), "h ? помощь справка"),
    "quit": Shape(0, 1, ("[TEXT]", "[ТЕКСТ]"), "exit bye уйти пока"),
}
_NAMES = {alias: name for name, shape in SHAPES.items() for alias in (name, *shape.aliases.split())}


def parse_typed(line: str) -> Typed | None:
    """What a line means; None if there is nothing in it. Two slashes stand for a text that begins with one."""
    line = line.rstrip("\r\n")
    if not line.strip():
        return None
    if line[0] != "/" or line[:2] == "//":
        return Say(line.removeprefix("/"))
    word, _, rest = line[1:].partition(" ")
    name = _NAMES.get(word.lower())
    if name is None:
        return UnknownCommand(word)
    shape = SHAPES[name]
    args = tuple(rest.strip().split(None, shape.most - 1)) if shape.most and rest.strip() else ()
    # A password behind the name is not taken, lest it become the habit: it would be on the screen.
    is_misused = len(args) < shape.least or (name in {"login", "register"} and " " in "".join(args))
    return Misused(name) if is_misused else Command(name, args)


def command_named(word: str) -> str | None:
    """The command that a word or alias means, with or without its slash."""
    return _NAMES.get(word.removeprefix("/").lower())


def usage(name: str, language: Language) -> str:
    """How a command is written, in words of the language."""
    return f"/{name} {SHAPES[name].usage[1 if language == 'ru' else 0]}".rstrip()
