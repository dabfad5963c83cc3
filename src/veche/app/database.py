"""`python server.py db`: looking after the record: check, verify, migrate, backup, restore, copy.

The rule: exit codes are 0; 1 when the record is not as it should be; and those of `errand`. A bar is drawn only on a
terminal.
"""

import os
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from veche.app import cli
from veche.app.caretaker import Caretaker
from veche.app.caretaker_postgresql import PostgresqlCaretaker, copy
from veche.app.database_phrases import PHRASES
from veche.app.errand import CannotError, perform
from veche.app.parts import require
from veche.arguments import Parser
from veche.phrases import Language, Phrases, language_of_locale
from veche.store.postgresql.link import is_url

COMMAND = "db"


def main(argv: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Run with the arguments behind the command's name; returns the exit code."""
    language = language_of_locale(environment)
    say = Phrases(PHRASES, language)
    if not {"--help", "-h"}.isdisjoint(argv):
        print(say("usage", data=cli.default_data(environment) or "--data"))
        return 0
    return perform(lambda: _run(argv, environment, language), say, language)


def _run(argv: Sequence[str], environment: Mapping[str, str], language: Language) -> int:
    parser = Parser("server.py db", language, about="")
    parser.add_argument("words", nargs="*")
    for option in ("--data", "--config", "--store", "--to"):
        parser.add_argument(option)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--force", action="store_true")
    options = parser.parse_intermixed_args(argv)
    command, *words = options.words or [""]
    if not command:
        raise CannotError("no-command")
    caretaker = _hire(options, argv, environment, language)
    plain: dict[str, Callable[[], int]] = {"check": caretaker.check, "migrate": caretaker.migrate}
    of_file: dict[str, Callable[[Path], int]] = {
        "backup": caretaker.backup,
        "restore": caretaker.restore,
        "verify": caretaker.verify,
    }
    if command not in plain and command not in of_file and command != "copy":
        raise CannotError("unknown", command=command)
    if len(words) > (command in of_file):
        raise CannotError("superfluous", word=words[-1])
    if (command == "copy") != (options.to is not None):
        raise CannotError("needs-target" if command == "copy" else "no-target")
    if command == "copy":
        return copy(caretaker, options.to)
    if command in of_file and words:
        return of_file[command](Path(words[0]).absolute())
    if command == "verify":
        return caretaker.verify(None)
    if command in of_file:
        raise CannotError("needs-file", command=command)
    return plain[command]()


def _hire(
    options: Namespace, argv: Sequence[str], environment: Mapping[str, str], language: Language
) -> Caretaker:
    """Who looks after a record where the settings keep it."""
    data, settings, config = cli.locate(options, environment, language)
    url = config.store.url
    if url or is_url(options.to or ""):
        require(["postgresql"], [COMMAND, *argv], language)
    if url:
        return PostgresqlCaretaker(data, settings, language, url, force=options.force)
    return Caretaker(data, settings, language, force=options.force)
