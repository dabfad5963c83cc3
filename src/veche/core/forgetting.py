"""Rows by which the record forgets: what has been kept long enough, and people who are erased.

The rule: a row takes away a bounded number of messages, so that nobody's message waits long behind it; whoever hands it
in does so again until nothing is left. What is forgotten is gone from pages, search, reactions and files.
"""

# Messages that are forgotten in one commit: some 20 ms, for which whatever is said meanwhile waits.
MESSAGES_AT_ONCE = 250


class ForgottenMessages:
    """What was said before a time (ms) need not be kept any more: some of the oldest are forgotten.

    Those of `conversations` alone, by their keys and in every era; of all where none is named. With them go their
    reactions, and who took them back. Unlike what was taken back they are no places any more: a page cannot begin
    there. `gone` are their places in the log, set by the store when the batch is committed: MESSAGES_AT_ONCE when there
    may be more.
    """

    __slots__ = ("before", "conversations", "gone", "seq")

    def __init__(self, seq: int, before: int, conversations: tuple[str, ...] = ()) -> None:
        self.seq = seq
        self.before = before
        self.conversations = conversations
        self.gone: list[int] = []

    def __repr__(self) -> str:
        return f"ForgottenMessages({self.before}, {self.conversations!r})"


# Places in the log that are looked at for one person's words in one commit: some 20 ms, as above.
PLACES_AT_ONCE = 20_000


class ErasedWords:
    """What a person has said and done is nobody's any more, in the stretch of the log that ends at the place `upto`.

    `person` is what the record knows him by. His messages stay as places, empty and without a sender, as though the
    server had taken them back; those to him stand without his name; his edits, reactions, comings and goings are gone.
    `names` are those under which others' lines speak of him; the store adds what else he was called.

    Set by the store when the batch is committed: `gone` are the places of his messages, `erased` these as
    (conversation, msgid), the newest first, and `next` is where to go on, 0 when the log has been looked through.
    """

    __slots__ = ("erased", "gone", "names", "next", "person", "seq", "time", "upto")

    def __init__(self, seq: int, time: int, person: str, upto: int, names: set[str]) -> None:
        self.seq = seq
        self.time = time
        self.person = person
        self.upto = upto
        self.names = names
        self.gone: list[int] = []
        self.erased: list[tuple[str, str]] = []
        self.next = 0

    def __repr__(self) -> str:
        return f"ErasedWords({self.person!r}, {self.upto})"


class RewrittenFacts:
    """All saved facts of these kinds that have no key are replaced by these: (place, kind, body).

    They give the same world; but nothing of how it came to be is in them.
    """

    __slots__ = ("facts", "kinds", "seq")

    def __init__(self, seq: int, kinds: list[str], facts: list[tuple[int, str, str]]) -> None:
        self.seq = seq
        self.kinds = kinds
        self.facts = facts

    def __repr__(self) -> str:
        return f"RewrittenFacts({len(self.facts)})"


class Wiped:
    """What was taken away up to here must be in no log and no copy of the store's own either, as far as it can help."""

    __slots__ = ("seq",)

    def __init__(self, seq: int) -> None:
        self.seq = seq

    def __repr__(self) -> str:
        return f"Wiped({self.seq})"
