"""New passwords and typed ones: in the one form that is hashed and compared, and whether one is too easy to guess.

The rule: a password is prepared before it is made or compared, by whatever way it comes, so that the same characters
typed on two keyboards are the same password. Nothing is ever cut off. What may be a password is PRECIS's OpaqueString
(RFC 8265, section 4; its FreeformClass is RFC 8264, section 4.3); what is too easy is what guessers try first.

Two things are not as in the RFC, for want of data in the standard library: which letters of Arabic and its
neighbours join is not looked up (all of them do), and a code point is unassigned when this Python knows none.
"""

import unicodedata
from collections.abc import Iterable

from veche.wire.common_passwords import commonest
from veche.wire.names import fold

SHORTEST = 8  # characters
LONGEST = 300  # bytes, prepared
# NFC and the mapping of spaces make nothing shorter than a third.
_LONGEST_RAW = 3 * LONGEST
# A name with a year or "123" around it is that name.
_SHORTEST_NAME = 3

# What is said of each reason for which `weakness` refuses a password.
PHRASES = {
    "unusable": (
        "A password has 1 to 300 bytes and no control or invisible characters",
        "В пароле от 1 до 300 байт и нет ни управляющих, ни невидимых знаков",
    ),
    "short": (
        "A password needs at least 8 characters",
        "В пароле должно быть не меньше 8 знаков",
    ),
    "common": (
        "This password is one of those that are guessed first",
        "Этот пароль — из тех, что угадывают первыми",
    ),
    "name": (
        "A password must be more than your name or this network's",
        "Пароль должен быть чем-то большим, чем ваше имя или название сети",
    ),
}

# ---- what may be a password

# RFC 8264, 8, for FreeformClass: LetterDigits, OtherLetterDigits, Spaces, Symbols, Punctuation. All else is disallowed:
# controls, formats, surrogates, private use and the unassigned.
_ALLOWED = frozenset(
    "Ll Lu Lo Nd Lm Mn Mc Lt Nl No Me Zs Sm Sc Sk So Pc Pd Ps Pe Pi Pf Po".split()  # noqa: SIM905
)
# What is disallowed although its category is not: 9.6 "Exceptions", 9.9 "OldHangulJamo", and of 9.13
# "PrecisIgnorableProperties" the default-ignorable code points that are letters or marks.
_DISALLOWED = (
    (0x034F, 0x034F), (0x0640, 0x0640), (0x07FA, 0x07FA), (0x1100, 0x11FF), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x302E, 0x302F), (0x3031, 0x3035), (0x303B, 0x303B), (0x3164, 0x3164), (0xA960, 0xA97C), (0xD7B0, 0xD7FB),
    (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0000, 0xE0FFF),
)  # fmt: skip
_ARABIC_INDIC = frozenset(map(chr, range(0x0660, 0x066A)))
_EXTENDED_ARABIC_INDIC = frozenset(map(chr, range(0x06F0, 0x06FA)))


def prepare(password: str) -> str | None:
    """The password as it is hashed and compared, at most `LONGEST` bytes in UTF-8; None for what cannot be one."""
    if len(password.encode(errors="surrogatepass")) > _LONGEST_RAW:
        return None
    if not password.isascii():
        # 4.2.2: "Any instances of non-ASCII space MUST be mapped", and "Unicode Normalization Form C (NFC) MUST be
        # applied". Case, width and direction stay as they are.
        spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in password)
        password = unicodedata.normalize("NFC", spaced)
    # 4.1: "A password MUST NOT be zero bytes in length. This rule is to be enforced after any normalization".
    if not 1 <= len(password.encode(errors="surrogatepass")) <= LONGEST:
        return None
    return password if all(_is_allowed(password, index) for index in range(len(password))) else None


def _is_allowed(text: str, index: int) -> bool:
    char = text[index]
    if char.isascii():
        return char.isprintable()
    code = ord(char)
    if code in _CONTEXT or char in _ARABIC_INDIC or char in _EXTENDED_ARABIC_INDIC:
        return _fits_context(text, index)
    return unicodedata.category(char) in _ALLOWED and not any(
        first <= code <= last for first, last in _DISALLOWED
    )


# RFC 5892, appendix A: what may only stand beside certain others. ZERO WIDTH NON-JOINER and JOINER, MIDDLE DOT, GREEK
# KERAIA, HEBREW GERESH and GERSHAYIM, KATAKANA MIDDLE DOT.
_CONTEXT = frozenset({0x200C, 0x200D, 0x00B7, 0x0375, 0x05F3, 0x05F4, 0x30FB})


def _fits_context(text: str, index: int) -> bool:
    char = text[index]
    before, after = text[index - 1 : index] if index else "", text[index + 1 : index + 2]
    match ord(char):
        case 0x200C:
            return _is_virama(before) or _is_between_joining(text, index)
        case 0x200D:
            return _is_virama(before)
        case 0x00B7:
            return before == after == "l"
        case 0x0375:
            return _is_of(after, "GREEK")
        case 0x05F3 | 0x05F4:
            return _is_of(before, "HEBREW")
        case 0x30FB:
            return any(_is_of(other, "HIRAGANA", "KATAKANA", "CJK") for other in text if other != char)
    others = _EXTENDED_ARABIC_INDIC if char in _ARABIC_INDIC else _ARABIC_INDIC
    return others.isdisjoint(text)


def _is_virama(char: str) -> bool:
    return char != "" and unicodedata.combining(char) == 9


def _is_between_joining(text: str, index: int) -> bool:
    """Whether the nearest letters on both sides, over marks, are of the scripts whose letters join."""
    sides = [
        next((char for char in side if unicodedata.category(char) != "Mn"), "")
        for side in (reversed(text[:index]), text[index + 1 :])
    ]
    return all(side and unicodedata.bidirectional(side) == "AL" for side in sides)


def _is_of(char: str, *scripts: str) -> bool:
    return char != "" and unicodedata.name(char, "").startswith(scripts)


# ---- what is too easy

# Rows of keyboards and orders that everybody knows, which are typed in both directions and round.
_RUNS = (
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "абвгдежзийклмнопрстуфхцчшщъыьэюя",
    "йцукенгшщзхъфывапролджэячсмитьбю",
)
# The Russian keys, and what the same keys give in Latin: who types a word in the wrong layout has typed that word.
_KEYS = str.maketrans("йцукенгшщзхъфывапролджэячсмитьбюё", "qwertyuiop[]asdfghjkl;'zxcvbnm,.`")


def weakness(password: str, names: Iterable[str]) -> str:
    """Why this must not become a password, as a key of `PHRASES`; "" for nothing.

    `names` are those that a guesser tries beside the commonest passwords: of the account and of the network.
    """
    prepared = prepare(password)
    if prepared is None:
        return "unusable"
    if len(prepared) < SHORTEST:
        return "short"
    folded = fold(prepared)
    if any(_is_about(folded, fold(name)) for name in names):
        return "name"
    typed = folded.translate(_KEYS)
    if not {folded, typed}.isdisjoint(commonest()) or _is_repeated(folded) or _is_run(folded):
        return "common"
    return ""


def _is_about(password: str, name: str) -> bool:
    """Whether nothing but digits and signs stands around the name, or the name is all that is repeated."""
    if len(name) < _SHORTEST_NAME:
        return password == name
    start = password.find(name)
    if start < 0:
        return password == name[::-1]
    return not any(char.isalpha() for char in password.replace(name, ""))


def _is_repeated(password: str) -> bool:
    """Whether it is up to four characters over and over, or has fewer than four different ones."""
    return len(set(password)) < 4 or password == (password[:4] * len(password))[: len(password)]


def _is_run(password: str) -> bool:
    """Whether it is one run of keys or letters, in either direction."""
    rounds = [run * (len(password) // len(run) + 2) for run in _RUNS]
    return any(password in run or password[::-1] in run for run in rounds)
