"""Words for the search: what a text consists of, what somebody looks for, and whether the one has the other.

The rule: a text and a question go through the same `words`, so whatever is done to the one is done to the other; and
every store finds what `is_in` finds, however it goes about it.

A word is a run of letters and digits, without marks on Latin and Greek letters, in small letters, ё as е. Its stem is
that of Snowball: Russian for Cyrillic words and English for ASCII ones, as PostgreSQL's configuration "russian" has
it. Of scripts that set no spaces, and of pictures, each character is a word. See docs/adr/0025.

A question is words, "several in a row" and beginnings*. Nothing in it is an operator, so nothing can be injected.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from snowballstemmer.english_stemmer import EnglishStemmer
from snowballstemmer.russian_stemmer import RussianStemmer

# Changes whenever `words` gives anything else than before: what is kept of it is then made anew.
VERSION = 1

LONGEST = 64  # characters of a word that count
SHORTEST_BEGINNING = 2  # characters; what is shorter, with a "*", is a whole word
MOST_WORDS = 32  # of a question

# Kana and Han, and symbols and pictures.
_ALONE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u2190-\u2bff\U0001f000-\U0001faff\U00020000-\U0003ffff"
_TOKEN = re.compile(f"[{_ALONE}]|[^\\W_{_ALONE}]+")
# Colours carry their numbers with them; the other codes stand within words.
_FORMATTING = re.compile(
    "\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9a-fA-F]{6}(?:,[0-9a-fA-F]{6})?)?|[\x02\x0f\x11\x16\x1d-\x1f]"
)
_CONTROL = re.compile("[\x01-\x1f]")
_ACTION = "\x01ACTION "
# Keyboards and programs make these of a plain quotation mark.
_QUOTES = re.compile("[\u201c\u201d\u201e\u00ab\u00bb]")
_PIECE = re.compile(r'"([^"]*)"?|[^\s"]+')
_RUSSIAN = re.compile("[а-я]+")


class Word(NamedTuple):
    """A word of a text: its stem, and the form in which it stands there."""

    stem: str
    form: str


class Wanted(NamedTuple):
    """What a text must have: these stems one after the other, and behind them a word that begins with `beginning`.

    `beginning` is "" where only the stems are wanted, and there may be no stems beside it.
    """

    stems: tuple[str, ...]
    beginning: str


def words(text: str) -> list[Word]:
    """The words of a text, in order."""
    if _CONTROL.search(text) is not None:
        text = _plain(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return [_word(token) for token in _TOKEN.findall(text)]


def parse(text: str) -> list[Wanted]:
    """What somebody looks for, in words; at most `MOST_WORDS` of them, the others do not count."""
    wanted: list[Wanted] = []
    room = MOST_WORDS
    for piece in _PIECE.finditer(_QUOTES.sub('"', text)):
        said = piece[0] if piece[1] is None else piece[1]
        # What is written in one piece and consists of several words ("don't", "a.b") is looked for in a row.
        found = words(said)[:room]
        room -= len(found)
        if not found:
            continue
        stems, beginning = tuple(word.stem for word in found), ""
        if said.rstrip().endswith("*") and len(found[-1].form) >= SHORTEST_BEGINNING:
            stems, beginning = stems[:-1], found[-1].form
        wanted.append(Wanted(stems, beginning))
    return wanted


def is_in(wanted: list[Wanted], said: list[Word]) -> bool:
    """Whether words have everything that is wanted."""
    return all(_stands(one, said) for one in wanted)


def _stands(wanted: Wanted, said: list[Word]) -> bool:
    stems, beginning = wanted
    count = len(stems)
    for start in range(len(said) - count - bool(beginning) + 1):
        if all(said[start + n].stem == stem for n, stem in enumerate(stems)) and (
            not beginning or said[start + count].form.startswith(beginning)
        ):
            return True
    return False


def _plain(text: str) -> str:
    """A text as it is read: without formatting, the frame of an action and the seams of long lines."""
    if text.startswith(_ACTION):
        text = text[len(_ACTION) :]
    # See core/longtext.py: "\n\r" stands where a line was only cut in two.
    return _FORMATTING.sub("", text.replace("\n\r", ""))


@lru_cache(maxsize=1 << 17)
def _word(token: str) -> Word:
    form = _fold(token)[:LONGEST]
    return Word(_stem(form), form)


def _fold(token: str) -> str:
    if token.isascii():
        return token.lower()
    token = token.casefold().replace("ё", "е")
    if _RUSSIAN.fullmatch(token):
        return token
    # й is и with a mark, and another letter all the same: Cyrillic keeps its marks.
    kept = "".join(char if "\u0400" <= char <= "\u04ff" else _bare(char) for char in token)
    return unicodedata.normalize("NFC", kept)


def _bare(char: str) -> str:
    return "".join(part for part in unicodedata.normalize("NFD", char) if not unicodedata.combining(part))


def _stem(form: str) -> str:
    # A stemmer holds the word that it works on, so threads do not share one; making one costs a microsecond.
    if form.isascii():
        stem = EnglishStemmer().stemWord(form) if form.isalpha() else form
    else:
        stem = RussianStemmer().stemWord(form) if _RUSSIAN.fullmatch(form) else form
    # Whoever looks for a beginning finds the stem by its first letters; only "dying" and the like lose them.
    return stem if stem[:SHORTEST_BEGINNING] == form[:SHORTEST_BEGINNING] else form
