"""Command lines in the reader's language: help, mistakes, and terminals that know no Russian."""

from __future__ import annotations

import io
import re

import pytest

from veche.arguments import TABLE, Parser
from veche.phrases import Language


def parser(language: Language) -> Parser:
    made = Parser("tea.py", language, about="About.", end="End.")
    group = made.add_argument_group("pot")
    group.add_argument("leaf", nargs="?", metavar="LEAF", help="?")
    group.add_argument("--milk", action="store_true", help="?")
    group.add_argument("--cups", type=int, metavar="N", help="?")
    made.add_help_group("rest")
    return made


@pytest.mark.parametrize(
    ("argv", "english", "russian"),
    [
        (["--sugar"], "there is no option --sugar", "нет такого параметра: --sugar"),
        (["--mil"], "there is no option --mil", "нет такого параметра: --mil"),
        (["a", "b"], "unexpected argument: b", "лишний аргумент: b"),
        (["--cups"], "--cups needs a value", "параметру --cups нужно значение"),
        (["--milk=yes"], "--milk takes no value", "параметр --milk пишется без значения"),
    ],
)
def test_mistakes_are_told_in_two_lines(
    capsys: pytest.CaptureFixture[str], argv: list[str], english: str, russian: str
) -> None:
    languages: dict[Language, str] = {"en": english, "ru": russian}
    for column, (language, words) in enumerate(languages.items()):
        with pytest.raises(SystemExit) as ended:
            parser(language).parse_args(argv)
        assert ended.value.code == 2
        out, err = capsys.readouterr()
        assert (out, err) == ("", f"veche: {words}\n{TABLE['see-help'][column]}\n")


def test_help_has_no_english_of_argparse(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser("ru").parse_args(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith("запуск: tea.py [--milk] [--cups N] [--help] [--version] [LEAF]\n")
    assert set(re.findall("[A-Za-z]{4,}", shown)) == {
        "About",
        "milk",
        "cups",
        "help",
        "version",
        "rest",
        "LEAF",
    }


def test_a_terminal_without_russian_letters_shows_marks() -> None:
    written = io.BytesIO()
    sink = io.TextIOWrapper(written, encoding="ascii")
    parser("ru").print_help(sink)
    sink.flush()
    assert written.getvalue().startswith(b"??????: tea.py ")
