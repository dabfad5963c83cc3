"""How an answer is found: candidates from the index, a few blocks at a time, each then looked at in the record.

The rules:
* The index only proposes: `is_answer` (core/search.py) is asked about each message as it stands in the record now. So
  nothing is shown that may not be read, whatever the index says.
* Blocks are taken in the order of the answer, first a few and then more, until there is enough; so a frequent word
  costs little. In each step the lists of one group after the other are read for the blocks that are still in question.
* The conversations that one may read are words of the index too. They are asked for where the other words leave many
  candidates: a frequent word in a quiet room.
* Lists stay as they were read. Where a short one meets a long one, each place of the short one is looked up in the
  long one; making a set of the long one cost more than reading it from the disk did.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator

from veche.core.ports import Record
from veche.core.search import THREAD_SEARCH, Found, SearchQuestion, is_answer
from veche.store.search.block import Block
from veche.store.search.postings import BLOCK, BLOCK_BITS, Postings, Runs
from veche.store.search.record import IndexedRecord

_FIRST_BLOCKS = 4
_MOST_BLOCKS = 512
# Candidates that are looked at in the record without asking first who may read them.
_FEW = 300
# Candidates that are looked at beyond those that are still missing.
_SPARE = 10
# From so many times the length of another on a list is not read through: looking something up in it takes fewer steps.
_LONG = 16
_LOWEST, _HIGHEST = -(1 << 63), (1 << 63) - 1

# A group of which a message must have one: stems, or a beginning.
Group = list[str] | str


class Finder:
    """Finds the answer to one question. `is_late` tells when the time for it is over."""

    def __init__(
        self,
        question: SearchQuestion,
        record: IndexedRecord,
        postings: Postings,
        tail: Block,
        is_late: Callable[[], bool],
    ) -> None:
        self._question = question
        self._record = record
        self._postings = postings
        self._tail = tail
        self._is_late = is_late
        self._found: list[Record] = []
        self._limit = max(0, question.limit)
        self._times: dict[int, tuple[int, int]] = {}

    def find(self, blocks: dict[int, tuple[int, int]], *, is_whole: bool) -> Found:
        """The answer from these blocks, given with their times, and from the tail. `is_whole`: there are no others."""
        readers = self._readers()
        if self._question.thread:
            is_whole = self._look(self._thread())
        elif readers and self._limit:
            is_whole = self._search(self._in_question(blocks), readers, is_whole=is_whole)
        found = sorted(self._found, key=lambda record: record.seq)
        return Found(found, is_whole or len(found) >= self._limit)

    def _search(self, blocks: list[int], readers: list[str], *, is_whole: bool) -> bool:
        groups = self._groups()
        for some in _portions(blocks):
            if self._is_late():
                return False
            alive = self._candidates(groups, readers, some)
            seqs = [seq for block in some if block in alive for seq in self._trim(block, alive[block])]
            if not self._look(seqs):
                return False
            if len(self._found) >= self._limit:
                return is_whole
        return is_whole

    def _readers(self) -> list[str]:
        """What stands in the index for the conversations that may be read."""
        person = self._question.person
        return [f"#{number}" for number in self._numbers()] + (["@" + person] if person else [])

    def _numbers(self) -> list[int]:
        conversations = self._question.conversations
        return self._record.numbers([(key, reading.era) for key, reading in conversations.items()])

    def _thread(self) -> list[int]:
        """The messages of the thread that is asked for, by their places; none where there is no such message."""
        return self._record.thread(self._numbers(), self._question.thread, THREAD_SEARCH)

    def _groups(self) -> list[Group]:
        groups: list[Group] = [["!" + self._question.nick]] if self._question.nick else []
        for wanted in self._question.wanted:
            groups += [[stem] for stem in wanted.stems]
            if wanted.beginning:
                groups.append(wanted.beginning)
        return groups

    def _in_question(self, blocks: dict[int, tuple[int, int]]) -> list[int]:
        """The blocks in whose time something may have been said, in the order of the answer."""
        after, before = self._bounds()
        tail = self._tail
        times = blocks if tail.times is None else {**blocks, tail.number: tail.times}
        self._times = {
            block: (first, last)
            for block, (first, last) in times.items()
            if first <= before and last >= after
        }
        return sorted(self._times, reverse=not self._question.is_from_start)

    def _bounds(self) -> tuple[int, int]:
        after, before = self._question.after, self._question.before
        return (
            _LOWEST if after is None else max(_LOWEST, min(after, _HIGHEST)),
            _HIGHEST if before is None else max(_LOWEST, min(before, _HIGHEST)),
        )

    def _candidates(self, groups: list[Group], readers: list[str], blocks: list[int]) -> dict[int, Runs]:
        alive: dict[int, Runs] = {}
        for index, group in enumerate(groups):
            alive = self._narrow(alive, group, blocks if index == 0 else [*alive])
            if not alive:
                return alive
        if not groups or len(readers) == 1 or sum(map(_length, alive.values())) > _FEW:
            alive = self._narrow(alive, readers, [*alive] if groups else blocks)
        return alive

    def _narrow(self, alive: dict[int, Runs], group: Group, blocks: list[int]) -> dict[int, Runs]:
        tail = self._tail
        written = [block for block in blocks if block != tail.number]
        found: dict[int, Runs] = {}
        if isinstance(group, str):
            if written:
                found = self._postings.find_beginning(group, written)
            if len(written) < len(blocks):
                found[tail.number] = tail.find_beginning(group)
        else:
            if written:
                found = self._postings.find(group, written)
            if len(written) < len(blocks):
                found[tail.number] = tail.find(group)
        both = {
            block: _common(alive[block], runs) if block in alive else runs for block, runs in found.items()
        }
        return {block: runs for block, runs in both.items() if any(runs)}

    def _trim(self, block: int, runs: Runs) -> list[int]:
        """Candidates by their places in the log, without those of other times where the block has any."""
        start = block << BLOCK_BITS
        after, before = self._bounds()
        first, last = self._times[block]
        low, high = start, start + BLOCK - 1
        if first < after:
            low = self._record.first_place(low, high, after)
        if last > before:
            high = self._record.last_place(start, high, before)
        return [start + place for place in set().union(*runs) if low <= start + place <= high]

    def _look(self, seqs: list[int]) -> bool:
        """Look at candidates in the order of the answer until there are enough; False when the time is over."""
        seqs.sort(reverse=not self._question.is_from_start)
        start = 0
        while start < len(seqs) and len(self._found) < self._limit:
            if self._is_late():
                return False
            # As a rule a candidate is an answer. Many at once: each question is a turn at the interpreter lock.
            some = seqs[start : start + self._limit - len(self._found) + _SPARE]
            start += len(some)
            records = sorted(
                self._record.messages(some),
                key=lambda record: record.seq,
                reverse=not self._question.is_from_start,
            )
            for record in records:
                if len(self._found) < self._limit and is_answer(self._question, record):
                    self._found.append(record)
        return True


def _length(runs: Runs) -> int:
    return sum(map(len, runs))


def _common(some: Runs, others: Runs) -> Runs:
    """The places that stand in both."""
    if _length(some) > _length(others):
        some, others = others, some
    wanted = set().union(*some)
    found: set[int] = set()
    for run in others:
        if len(run) > _LONG * len(wanted):
            found.update(place for place in wanted if _has(run, place))
        else:
            found |= wanted.intersection(run)
    return [array("H", sorted(found))]


def _has(run: "array[int]", place: int) -> bool:
    at = bisect_left(run, place)
    return at < len(run) and run[at] == place


def _portions(blocks: list[int]) -> Iterator[list[int]]:
    size, start = _FIRST_BLOCKS, 0
    while start < len(blocks):
        yield blocks[start : start + size]
        start += size
        size = min(2 * size, _MOST_BLOCKS)
