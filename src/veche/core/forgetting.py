"""Rows by which the record forgets: what has been kept long enough.

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
