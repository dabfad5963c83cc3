"""What stands in line with ids of its senders, where several nodes write: the record is asked in the turn itself.

The rule: in a turn nobody else says anything. So what the record does not know then has not been said, on whichever
node somebody has sent it before; and nothing is judged in a turn whose id was not asked about in it.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from veche.core import once
from veche.state.events import SaidFact

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Mapping

    from veche.core.log import Entry
    from veche.core.ports import Sent
    from veche.core.shared import SharedLog


class IdsInLine:
    """`is_unasked`: somebody has come into line with an id since the last turn was asked for."""

    __slots__ = ("_asked", "is_unasked")

    def __init__(self) -> None:
        self._asked: set[int] = set()
        self.is_unasked = False

    def ask(self, line: deque[Entry]) -> set[int]:
        """The keys of all ids in line, for the turn that is asked for now."""
        self.is_unasked = False
        facts = (entry.fact for entry in line)
        self._asked = {fact.sent for fact in facts if isinstance(fact, SaidFact) and fact.sent}
        return self._asked

    def answer(self, log: SharedLog, said: Mapping[int, Sent]) -> None:
        """What was said before is answered as it was then, and leaves the line."""
        waiting = [*log.line]
        log.line.clear()
        pumping, log.pumping = log.pumping, True
        for entry in waiting:
            fact, ask = entry.fact, entry.ask
            if ask is not None and isinstance(fact, SaidFact) and fact.sent in said:
                once.was_said(ask, fact.sent, said[fact.sent])
                log.release(ask, fact)
            else:
                log.line.append(entry)
        log.pumping = pumping

    def take_unasked(self, line: deque[Entry]) -> list[Entry]:
        """Take out of the line what stands at and behind the first whose id was not asked about."""
        if not self.is_unasked:
            return []
        for place, entry in enumerate(line):
            fact = entry.fact
            if isinstance(fact, SaidFact) and fact.sent and fact.sent not in self._asked:
                rest = [*islice(line, place, None)]
                for _ in rest:
                    line.pop()
                return rest
        return []
