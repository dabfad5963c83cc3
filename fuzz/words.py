"""Random words of the protocol: every kind of parameter, good ones and bad ones, from a small stock so that they meet.

The rule: everything comes from the one generator that was handed in, so that a seed is the whole run.
"""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

NICKS = [
    *(f"s{number}" for number in range(10)), *(f"s{number}" for number in range(10)),  # those who sit there (steps.py)
    "ann", "bob", "cid", "dan", "eve", "ANN", "Ева", "Ж" * 20, "𐌰" * 10, "n" * 40, "[x]", "root", "a/b",
    "nobody", "irc.example",
]  # fmt: skip
ODD_NICKS = [
    "",
    "1x",
    "*",
    "#tea",
    "a,b",
    "a b",
    ":a",
    "a!b@c",
    "-",
    "n" * 41,
    "ё\u0301",
    "\u200b",
    "%tcuhn,42",
]
ROOMS = [
    "#tea", "#tea", "#tea", "#tea", "#tea", "#milk", "#чай", "#чай", "#lobby", "#" + "ж" * 63, "#" + "😀" * 63,
    "#TEA", "#ЧАЙ",
]  # fmt: skip
ODD_ROOMS = [
    "#",
    "tea",
    "#a:b",
    "#" + "r" * 64,
    "&tea",
    "0",
    "#a,#b",
    "#\x07",
    "",
    "##",
    "~#tea",
    "@+#tea",
    "+#",
]
TEXTS = [
    "hello", "two words", "", " ", ":", ":)", "x" * 60, "x" * 390, "€" * 130, "😀" * 110, "ж" * 200, "\x02\x1f", "\t",
    "\x01ACTION waves\x01", "\x01VERSION\x01", "\u202e", "*", "a=b;c", "é" * 75, "hello :there", "  two  spaces ",
    "#tea", "ann", "\U000e0001", "\ufeff", "\u2028", "%s%n{0}", "\x1b[2J", "a,b,c", "\x85", "\xa0",
]  # fmt: skip
NUMBERS = [
    "0",
    "1",
    "2",
    "5",
    "42",
    "100",
    "-1",
    "999999999999",
    "1e3",
    "٣",
    "0x10",
    "+7",
    "00",
    "4294967296",
    "²",
]
LETTERS = [
    "o", "v", "h", "a", "q", "b", "e", "I", "k", "l", "d", "f", "C", "M", "P", "R", "c", "i", "m", "n", "s", "t", "u",
    "o", "v", "b", "x", "é", "B", "g", "w", "T", "r", "Z",
]  # fmt: skip
MASKS = [
    "*!*@*", "eve!*@*", "~dan*@*", "*@192.0.2.0/24", "192.0.2.1", "*@*", "ann", "ж" * 90 + "@*", "R:*", "a:ann",
    "m:eve!*@*", "~q:*", "t:5:ann!*@*", "U:*", "*" * 60, "a?b*c!d@e", "!@", "@", "$a", "2001:db8::/32", "unix",
    "300.1.1.1/99", "*!*", "x" * 200, "dan!*@*#forward", "r:*Ann*", "198.51.100.7", "127.0.0.1",
]  # fmt: skip
TIMES = [
    "*", "timestamp=2026-01-01T12:00:00.000Z", "timestamp=2026-01-01T12:01:00Z", "timestamp=0", "msgid=x", "msgid=",
    "timestamp=9999-99-99T99:99:99.999Z", "timestamp=-1", "msgid=" + "A" * 30, "-", "timestamp=2026-01-01",
]  # fmt: skip
CAPS = [
    "message-tags", "server-time", "echo-message", "batch", "labeled-response", "multi-prefix", "userhost-in-names",
    "extended-join", "away-notify", "setname", "invite-notify", "cap-notify", "standard-replies", "account-tag",
    "account-notify", "draft/account-registration", "sasl",
    "draft/chathistory", "draft/channel-rename", "draft/multiline", "draft/message-redaction", "draft/metadata-2",
    "extended-monitor", "chghost", "draft/pre-away", "draft/relaymsg", "draft/oper-tag", "no-implicit-names",
    "draft/extended-isupport", "sts", "nonsense", "sasl", "Batch", "batch=1", "-", "=",
]  # fmt: skip
KEYS = ["avatar", "url", "k" * 64, "soju.im/muted", "No!", "a/b.c-d_e", "key", "display-name", "-"]
ADDRESSES = [
    "",
    "192.0.2.1",
    "192.0.2.2",
    "198.51.100.7",
    "2001:db8::1",
    "2001:db8:1::1",
    "127.0.0.1",
    "203.0.113.9",
]
PASSWORDS = ["tram-9-window-blue", "tram-9-window-blue", "tram-9-window-blue", "short", "secret"]
DURATIONS = ["1s", "5", "1h", "1d2h", "0", "-5m", "permanent", "99999999999d", "1x", "h"]


class Words:
    """A stock of words and one source of chance. Every method gives one word (or text) of its kind."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.random = chance.random
        self.labels = 0

    def pick(self, stock: Sequence[T]) -> T:
        """One of these."""
        return stock[int(self.random() * len(stock))]

    def is_rare(self, part: float) -> bool:
        """True in `part` of all cases."""
        return self.random() < part

    def nick(self) -> str:
        """Mostly somebody who may be there."""
        return self.pick(ODD_NICKS if self.is_rare(0.04) else NICKS)

    def room(self) -> str:
        """Mostly a room that may be there."""
        return self.pick(ODD_ROOMS if self.is_rare(0.04) else ROOMS)

    def target(self) -> str:
        """Somebody, a room, or some members of a room."""
        chance = self.random()
        if chance < 0.5:
            return self.room()
        return self.nick() if chance < 0.9 else self.pick("~&@%+") + self.room()

    def nicks(self) -> str:
        """One or several."""
        return self._several(self.nick)

    def rooms(self) -> str:
        """One or several."""
        return self._several(self.room)

    def targets(self) -> str:
        """One or several."""
        return self._several(self.target)

    def _several(self, one: Callable[[], str]) -> str:
        word = one()
        while self.is_rare(0.25):
            word += "," + one()
        return word

    def text(self) -> str:
        """What people say, and what they do not."""
        if self.is_rare(0.05):  # as long as a line may be, or a byte more
            return self.pick(["x", "ж", "😀"]) * (int(self.random() * 40) + 100)
        return self.pick(TEXTS)

    def number(self) -> str:
        """A number, more or less."""
        return self.pick(NUMBERS)

    def word(self) -> str:
        """A few letters of any alphabet, without a space."""
        size = int(self.random() * 8)
        return "".join(self.pick("abcXYZ019-_[]{}\\^|`~*?!@%+#&:;,./$éжЖ😀\u0301") for _ in range(size))

    def mask(self) -> str:
        """A mask of people or addresses."""
        return self.nick() + "!*@*" if self.is_rare(0.3) else self.pick(MASKS)

    def modes(self) -> str:
        """A mode string, with as many parameters as there happen to be."""
        text = ""
        for _ in range(int(self.random() * 5) + 1):
            text += self.pick(["+", "-", "", ""]) + self.pick(LETTERS)
        for _ in range(int(self.random() * 4)):
            text += " " + self.pick([self.nick, self.nick, self.mask, self.number, self.key, self.room])()
        return text

    def umodes(self) -> str:
        """Modes that users have, and others."""
        return self.pick(
            ["+i", "-i", "+g", "-g", "+RT", "-R-T", "+B", "-B", "+iws", "+oZr", "-o", "+s KkUu", "+", "x"]
        )

    def id(self) -> str:
        """Stands for the id of one of the last messages (see play.py), or is none."""
        return (
            f"$ID{int(self.random() ** 2 * 6)}"
            if not self.is_rare(0.1)
            else self.pick(["x", "*", "A" * 30, "é"])
        )

    def when(self) -> str:
        """A place in history."""
        return "msgid=" + self.id() if self.is_rare(0.4) else self.pick(TIMES)

    def caps(self) -> str:
        """Capabilities to ask for or to give back."""
        if self.is_rare(0.05):
            return self.pick(["batch " * 80, "", " ", "*"])
        count = int(self.random() * 6) + 1
        return " ".join(("-" if self.is_rare(0.2) else "") + self.pick(CAPS) for _ in range(count))

    def key(self) -> str:
        """A key of metadata, or of a room."""
        return self.pick(KEYS)

    def address(self) -> str:
        """An address, mostly."""
        return self.word() if self.is_rare(0.1) else self.pick(ADDRESSES)

    def duration(self) -> str:
        """How long a ban is to last."""
        return self.pick(DURATIONS)

    def password(self) -> str:
        """Mostly the one that everybody has."""
        return self.pick(PASSWORDS)

    def login(self) -> str:
        """What AUTHENTICATE says for SASL PLAIN: somebody's name and password; or it is cut."""
        text = b64encode(f"\0{self.nick()}\0{self.password()}".encode()).decode()
        return text if self.is_rare(0.9) else text[: int(self.random() * len(text))]

    def anything(self) -> str:
        """A parameter of any kind."""
        kinds = [
            self.nick, self.room, self.target, self.targets, self.text, self.number, self.word, self.mask, self.modes,
            self.id, self.when, self.caps, self.key, self.address, self.duration, self.umodes,
        ]  # fmt: skip
        word: str = self.pick(kinds)()
        return word
