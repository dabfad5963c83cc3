"""A block of the index in memory: filled message by message, searched as it is, written when it is full."""

from array import array
from bisect import insort
from collections.abc import Collection

from veche.store.search.postings import BLOCK, BLOCK_BITS, Lists, Runs
from veche.wire.names import fold
from veche.wire.words import words


def known_by(conversation: int, name: str, source: str, text: str) -> set[tuple[str, str]]:
    """By which stems and forms a message is found: its words, where it was said, by whom, to whom."""
    known = {(word.stem, word.form) for word in words(text)}
    marks = ["#" + str(conversation), "!" + fold(source.partition("!")[0])]
    # Two ids joined by a space are a direct conversation; no room has a space in its name.
    if name.count(" ") == 1:
        marks += ["@" + who for who in set(name.split(" "))]
    known.update((mark, mark) for mark in marks)
    return known


class Block:
    """The words of the messages in one stretch of the log. `upto` is the place up to which it has been filled."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.start = number << BLOCK_BITS
        self.end = self.start + BLOCK
        self.upto = self.start - 1
        self.lists: Lists = {}
        self.times: tuple[int, int] | None = None
        self.last: tuple[int, str] | None = None

    def add(
        self, seq: int, time: int, msgid: str, conversation: int, name: str, source: str, text: str
    ) -> None:
        """The next message. `conversation` is its number, `name` its key."""
        self._put(seq - self.start, conversation, name, source, text)
        self.times = (self.times[0] if self.times else time, time)
        self.last = (seq, msgid)
        self.upto = seq

    def add_again(
        self, seq: int, _time: int, _msgid: str, conversation: int, name: str, source: str, text: str
    ) -> None:
        """A message that was forgotten and reads otherwise now; nothing happens if it is not for here, or not yet."""
        if self.start <= seq <= self.upto:
            self._put(seq - self.start, conversation, name, source, text)

    def _put(self, place: int, conversation: int, name: str, source: str, text: str) -> None:
        lists = self.lists
        for stem, form in known_by(conversation, name, source, text):
            forms = lists.get(stem)
            if forms is None:
                lists[stem] = {form: array("H", (place,))}
            elif form not in forms:
                forms[form] = array("H", (place,))
            elif forms[form][-1] < place:
                forms[form].append(place)
            else:
                insort(forms[form], place)

    def find(self, stems: list[str]) -> Runs:
        """In which places any of these stems stands."""
        return [places for stem in stems for places in self.lists.get(stem, {}).values()]

    def find_beginning(self, beginning: str) -> Runs:
        """In which places a word begins so."""
        return [
            places
            for forms in self.lists.values()
            for form, places in forms.items()
            if form.startswith(beginning)
        ]

    def forget(self, message: int) -> None:
        """Take a message out of all lists; nothing happens if it is not in here."""
        self.forget_all((message,))

    def forget_all(self, messages: Collection[int]) -> None:
        """Take several out of all lists."""
        gone = {message - self.start for message in messages if self.start <= message <= self.upto}
        if not gone:
            return
        for stem, forms in [*self.lists.items()]:
            for form, places in [*forms.items()]:
                if not gone.isdisjoint(places):
                    forms[form] = array("H", [place for place in places if place not in gone])
                    if not forms[form]:
                        del forms[form]
            if not forms:
                del self.lists[stem]
