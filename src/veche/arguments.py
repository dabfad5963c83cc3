"""The command lines of all programs: argparse that speaks the reader's language and does not guess at half an option.

The rule: nothing that a person reads of it is argparse's own English. It knows how a command line is read and shown,
and no option but --help and --version. Arguments go into groups: outside of them they get a heading in English.
"""

import argparse
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from veche import __version__
from veche.phrases import Language, Phrases, Table, called

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

TABLE: Table = {
    "usage": ("usage: ", "запуск: "),
    "help": ("show this and exit", "показать это и выйти"),
    "version": ("show the version and exit", "показать версию и выйти"),
    "unrecognized": ("there is no option {detail}", "нет такого параметра: {detail}"),
    "superfluous": ("unexpected argument: {detail}", "лишний аргумент: {detail}"),
    "needs-value": ("{detail} needs a value", "параметру {detail} нужно значение"),
    "takes-none": ("{detail} takes no value", "параметр {detail} пишется без значения"),
    "see-help": ("--help lists the options.", "Список параметров: --help."),
}
# What argparse says, and what we say instead of it.
_MESSAGES = (
    (re.compile(r"unrecognized arguments: (-.*)", re.DOTALL), "unrecognized"),
    (re.compile(r"unrecognized arguments: (.*)", re.DOTALL), "superfluous"),
    (re.compile(r"argument (.*): expected one argument", re.DOTALL), "needs-value"),
    (re.compile(r"argument (.*): ignored explicit argument .*", re.DOTALL), "takes-none"),
)


class _Formatter(argparse.HelpFormatter):
    """Help in one column of options and one of words, with the usage line in the reader's language."""

    def __init__(self, prog: str, say: Phrases) -> None:
        super().__init__(prog, max_help_position=28, width=100)
        self._say = say

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, prefix if prefix is not None else self._say("usage"))


class Parser(argparse.ArgumentParser):
    """The command line of the program `prog`. Arguments go into groups, each with a heading; errors end the process
    with code 2 and two lines on stderr.
    """

    def __init__(self, prog: str, language: Language, *, about: str, end: str = "") -> None:
        self._say = Phrases(TABLE, language)
        super().__init__(
            prog=called(prog),
            description=about,
            epilog=end,
            formatter_class=lambda prog: _Formatter(prog, self._say),
            allow_abbrev=False,
            add_help=False,
        )

    def add_help_group(self, heading: str) -> None:
        """The last group: --help and --version."""
        group = self.add_argument_group(heading)
        group.add_argument("--help", "-h", action="help", help=self._say("help"))
        group.add_argument(
            "--version", action="version", version=f"veche {__version__}", help=self._say("version")
        )

    def error(self, message: str) -> NoReturn:
        """One line about what is wrong and one about where help is; argparse would print the whole usage."""
        for pattern, key in _MESSAGES:
            if found := pattern.fullmatch(message):
                message = self._say(key, detail=found[1])
                break
        self.exit(2, f"veche: {message.removeprefix('argument ')}\n{self._say('see-help')}\n")

    def _print_message(self, message: str, file: "SupportsWrite[str] | None" = None) -> None:
        # A terminal that cannot show a letter must not turn --help into a traceback.
        out = file or sys.stderr
        encoding = getattr(out, "encoding", None) or "utf-8"
        out.write(message.encode(encoding, "replace").decode(encoding))
