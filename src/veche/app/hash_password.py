"""`python server.py hash-password`: the argon2id hash of a password, for password_hash in an [oper.NAME] block.

On a terminal it asks twice and shows nothing of what is typed; from a pipe it reads one line. The hash is all that it
writes to stdout. Exit codes: 0; 1 when there is no usable password; 2 for options that there are not; 130 after ^C.
"""

import getpass
import os
import sys
from collections.abc import Mapping, Sequence

from veche.app.passwords import hash_password
from veche.phrases import Phrases, language_of_locale

COMMAND = "hash-password"
LONGEST = 300  # bytes, so that OPER, a name and it fit into a line
EXIT_UNUSABLE = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

PHRASES = {
    "usage": (
        (
            "usage: server.py hash-password\n\n"
            "Asks for a password twice, or reads it from a pipe, and writes its argon2id hash to stdout,\n"
            "for password_hash in an [oper.NAME] block of the settings."
        ),
        (
            "запуск: server.py hash-password\n\n"
            "Спрашивает пароль дважды или читает его из канала и выводит его хеш argon2id в stdout —\n"
            "для password_hash в разделе [oper.ИМЯ] настроек."
        ),
    ),
    "options": ("hash-password takes no options: {words}", "у hash-password нет параметров: {words}"),
    "password": ("Password: ", "Пароль: "),
    "again": ("The same again: ", "Ещё раз: "),
    "differ": ("these were two different passwords", "это были два разных пароля"),
    "empty": ("the password is empty", "пароль пуст"),
    "long": ("the password is longer than {limit} bytes", "пароль длиннее {limit} байт"),
    "control": (
        "the password holds control characters, which cannot be sent",
        "в пароле есть управляющие знаки, их нельзя передать",
    ),
    "utf8": ("the password is not UTF-8", "пароль не в UTF-8"),
}


class _UnusableError(Exception):
    """No usable password; the argument is the phrase's key."""


def main(argv: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Run with the arguments behind the command's name; returns the exit code."""
    phrases = Phrases(PHRASES, language_of_locale(environment))
    if list(argv) in (["--help"], ["-h"]):
        print(phrases("usage"))
        return 0
    if argv:
        print("veche: " + phrases("options", words=" ".join(argv)), file=sys.stderr)
        return EXIT_USAGE
    try:
        password = _ask(phrases)
    except _UnusableError as error:
        print("veche: " + phrases(str(error), limit=LONGEST), file=sys.stderr)
        return EXIT_UNUSABLE
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return EXIT_INTERRUPTED
    print(hash_password(password))
    return 0


def _ask(phrases: Phrases) -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        try:
            password = _check(getpass.getpass(phrases("password"), sys.stderr))
            if getpass.getpass(phrases("again"), sys.stderr) != password:
                raise _UnusableError("differ")
        except EOFError:
            raise _UnusableError("empty") from None
        return password
    data = sys.stdin.buffer.readline(LONGEST + 3) if sys.stdin is not None else b""
    try:
        return _check(data.decode().removesuffix("\n").removesuffix("\r"))
    except UnicodeDecodeError:
        raise _UnusableError("utf8") from None


def _check(password: str) -> str:
    if not password:
        raise _UnusableError("empty")
    try:
        size = len(password.encode())
    except UnicodeEncodeError:  # the terminal gave bytes that are none of its encoding
        raise _UnusableError("utf8") from None
    if size > LONGEST:
        raise _UnusableError("long")
    if any(char < " " or char == "\x7f" for char in password):
        raise _UnusableError("control")
    return password
