"""Passwords in what a person types: where they begin, so that nobody reads them over a shoulder or in what is kept.

The rule: pure. It knows the commands and the services that take passwords, here and on other networks, and would rather
hide a word too many: what is hidden is sent all the same.
"""

from veche.client.events import MessageEdited, MessageReceived
from veche.client.plain_commands import command_named

# In the place of a password, of any length, once it is said.
HIDDEN = "***"
# Who takes passwords by message, whatever follows as "@server".
_SERVICES = frozenset(
    "nickserv chanserv operserv authserv userserv memoserv hostserv accserv saslserv services ns cs os q x".split()  # noqa: SIM905
)
# What they are told with a password, or with a code that is as good as one.
_VERBS = frozenset(
    "identify id login auth register verify group ghost recover regain release passwd setpass newpass pass oper drop"  # noqa: SIM905
    " resetpass confirm sidentify redeem totp unregister".split()
)
# SET PASSWORD ..., SASET somebody PASSWORD ...
_SETTERS = frozenset({"set", "saset"})
_PASSWORDS = frozenset({"password", "passwd", "pass"})
# Commands of other clients, which people have in their fingers: all behind the word.
_WHOLE = frozenset({"pass", "oper", "identify", "auth"})
# Those of our own, which ask for the password, and take a name or an address and nothing else.
_SECOND = frozenset({"login", "register"})
_RAW = frozenset({"quote", "raw"})


def secret_at(line: str, where: str) -> int | None:
    """Where the password begins in a line that is being typed to `where`; None for none."""
    if not line.startswith("/"):
        return _in_words(line, 0) if is_service(where) else None
    word, behind = _word(line, 1)
    name = word.casefold()
    while name in _RAW:
        word, behind = _word(line, behind)
        name = word.casefold()
    if name in _WHOLE:
        return _start(line, behind)
    if command_named(name) in _SECOND:
        return _start(line, _word(line, behind)[1])
    if name in {"privmsg", "notice"} or command_named(name) in {"msg", "tell", "to"}:
        target, behind = _word(line, behind)
        return _in_words(line, behind) if is_service(target) else None
    return _in_words(line, behind) if is_service(name) else None


def hushed(target: str, text: str) -> str:
    """A message to somebody as it may be shown and kept."""
    start = _in_words(text, 0) if is_service(target) else None
    return text if start is None else text[:start] + HIDDEN


def fit_to_show(event: MessageReceived | MessageEdited) -> str:
    """What was said, as it may be shown and kept."""
    return hushed(event.conversation, event.text) if event.is_mine else event.text


def is_service(target: str) -> bool:
    """Whether this is somebody who is told passwords."""
    return target.partition("@")[0].casefold() in _SERVICES


def _in_words(line: str, start: int) -> int | None:
    """Where the password begins in what a service is told."""
    verb, behind = _word(line, start)
    if verb.casefold() in _SETTERS:
        for _ in range(2):
            word, behind = _word(line, behind)
            if word.casefold() in _PASSWORDS:
                return _start(line, behind)
        return None
    return _start(line, behind) if verb.casefold().lstrip(":") in _VERBS else None


def _word(line: str, start: int) -> tuple[str, int]:
    """The next word, and the place behind it."""
    start += len(line[start:]) - len(line[start:].lstrip())
    word = line[start:].partition(" ")[0]
    return word, start + len(word)


def _start(line: str, behind: int) -> int | None:
    """The place of the next word; None where there is none."""
    rest = line[behind:].lstrip()
    return len(line) - len(rest) if rest else None
