"""Spelling, in both languages: the papers, and what the programs say.

The dictionaries are hunspell's (British English, Russian); what they do not know and is right stands in tests/words/,
one word a line, with a star for all endings. Code in back-ticks and in blocks is nobody's language, and capitals alone
are a name.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.test_papers import PAGES, ROOT, read

DICTIONARIES = {"en": "en_GB", "ru": "ru_RU"}
WORDS = {
    "en": re.compile(r"[A-Za-z]+(?:'[a-z]+)?"),
    "ru": re.compile(r"[А-Яа-яЁё\u0301]+(?:-[А-Яа-яЁё]+)*"),
}
# What is no prose, in this order.
NOT_PROSE = [
    re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL),
    re.compile(r"^(?: {4,}|\t).*$", re.MULTILINE),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"``[^`]+``|`[^`]*`"),
    re.compile(r"(?<=\])\([^)\s]+\)"),
    re.compile(r"[a-z]+://\S+"),
    re.compile(r"<[^>]+>"),
    re.compile(r"&\w+;"),
    re.compile(r"[\w.+-]*\w[._/@]\w[\w./-]*"),  # names of files, hosts, keys
]
# What quotes specifications word for word, and what a measurement has written.
QUOTED = re.compile(r"docs/conformance\.md|bench/results/.*")


def prose(text: str) -> str:
    for pattern in NOT_PROSE:
        text = pattern.sub(" ", text)
    return text


def said_in(source: Path) -> tuple[list[str], list[str]]:
    """The phrases of a module, in English and in Russian: pairs of texts whose second is in Cyrillic."""
    english, russian = [], []
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Tuple) or len(node.elts) != 2:
            continue
        pair = [
            part.value for part in node.elts if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
        if len(pair) == 2 and re.search("[а-яё]", pair[1]) and not re.search("[а-яё]", pair[0]):
            english.append(pair[0])
            russian.append(pair[1])
    return english, russian


def known(language: str) -> list[str]:
    return (Path(__file__).parent / "words" / f"{language}.txt").read_text(encoding="utf-8").split()


def pattern_of(word: str) -> str:
    return re.escape(word).replace(r"\*", r"\w*") + r"(?:'s)?"


def unknown(text: str, language: str) -> set[str]:
    """The words of a text that neither the dictionary nor our own list has."""
    ours = re.compile("|".join(map(pattern_of, known(language))), re.IGNORECASE)
    words = {
        word for word in WORDS[language].findall(text) if not word.isupper() and not ours.fullmatch(word)
    }
    ran = subprocess.run(
        ["hunspell", "-l", "-i", "utf-8", "-d", DICTIONARIES[language]],
        input="\n".join(sorted(words)),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    return set(ran.stdout.split())


def papers(language: str) -> dict[str, str]:
    return {
        page: prose(read(page))
        for page in PAGES
        if (page.endswith(".ru.md")) == (language == "ru") and not QUOTED.fullmatch(page)
    }


@pytest.mark.needs("hunspell", "hunspell-dictionaries")
@pytest.mark.parametrize("language", DICTIONARIES)
def test_papers_are_spelled(language: str) -> None:
    pages = papers(language)
    wrong = unknown("\n".join(pages.values()), language)
    where = {
        word: [page for page, text in pages.items() if word in WORDS[language].findall(text)]
        for word in wrong
    }
    assert not wrong, f"mend them, or add them to tests/words/{language}.txt: {where}"


@pytest.mark.needs("hunspell", "hunspell-dictionaries")
@pytest.mark.parametrize("language", DICTIONARIES)
def test_phrases_are_spelled(language: str) -> None:
    texts = [
        prose(re.sub(r"\{[^}]*\}|--\w[\w-]*|#\w+", " ", text))
        for source in sorted((ROOT / "src" / "veche").rglob("*.py"))
        for text in said_in(source)[language == "ru"]
    ]
    assert len(texts) > 500
    wrong = unknown("\n".join(texts), language)
    assert not wrong, f"mend them, or add them to tests/words/{language}.txt: {sorted(wrong)}"


@pytest.mark.parametrize("language", DICTIONARIES)
def test_our_own_words_are_used(language: str) -> None:
    """A word that nobody writes any more would let a slip pass."""
    sources = [*(ROOT / "src" / "veche").rglob("*.py")]
    text = "\n".join(
        [*papers(language).values(), *(source.read_text(encoding="utf-8") for source in sources)]
    )
    written = "\n".join(sorted(set(WORDS[language].findall(text))))
    unused = [
        word for word in known(language) if not re.search(rf"^(?:{pattern_of(word)})$", written, re.M | re.I)
    ]
    assert not unused


@pytest.mark.needs("hunspell", "hunspell-dictionaries")
def test_slips_are_found() -> None:
    assert unknown("The sever keeps evrything and a colour", "en") == {"evrything"}
    assert unknown("Сервер хранит всйо сказанное", "ru") == {"всйо"}
