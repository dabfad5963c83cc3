"""Taking many messages out of the index: a block at a time, compared with what stands in the record now.

The rules:
* What is no message any more stands in no list; nobody needs to know what it said, or which were forgotten when. A
  block is looked through once, however many of its messages are gone, some rows in each step.
* It may stop anywhere. Which forgetting the index has taken account of is noted at the end, so a start that finds
  another mark in the record looks through every block again.
"""

import json
from array import array

from veche.store.search.postings import BLOCK, BLOCK_BITS, Postings, unpack
from veche.store.search.record import IndexedRecord

# Rows of the index that are looked at in one step: about a millisecond's work.
_ROWS = 200

_LISTS = f"""
    select json_group_array(json_array(stem, form, hex(list))) from (
        select stem, form, list from posting where block = ? and (stem, form) > (?, ?)
        order by stem, form limit {_ROWS})
"""  # noqa: S608


class Tidying:
    """What is left to do: blocks in which messages are gone, and the mark of the record that is noted at the end."""

    def __init__(self, blocks: set[int], mark: int) -> None:
        self.blocks = blocks
        self.mark = mark
        self._block = -1
        self._standing: set[int] = set()
        self._at = ("", "")

    def blocks_left(self) -> set[int]:
        """Those that have not been looked through to the end."""
        return self.blocks | {self._block} - {-1}

    def step(self, record: IndexedRecord, postings: Postings) -> bool:
        """Do a little; False when everything is done, and noted. Raises sqlite3.Error, or what the record raises."""
        if self._block < 0:
            if not self.blocks:
                postings.note_tidied(self.mark)
                return False
            self._begin(record, postings, self.blocks.pop())
            return True
        found = postings.connection.execute(_LISTS, (self._block, *self._at)).fetchone()
        rows = json.loads(found[0])
        self._clean(postings, rows)
        if len(rows) < _ROWS:
            self._block = -1
        else:
            self._at = (rows[-1][0], rows[-1][1])
        return True

    def _begin(self, record: IndexedRecord, postings: Postings, block: int) -> None:
        start = block << BLOCK_BITS
        seqs, msgid = record.places(start, start + BLOCK - 1)
        self._standing = {seq - start for seq in seqs}
        postings.set_last(block, seqs[-1] if seqs else None, msgid)
        if self._standing:
            self._block = block
            self._at = ("", "")
        else:
            postings.empty(block)

    def _clean(self, postings: Postings, rows: list[tuple[str, str, str]]) -> None:
        changed: list[tuple[str, str, array[int]]] = []
        for stem, form, shown in rows:
            places = unpack(shown)
            if not self._standing.issuperset(places):
                left = array("H", [place for place in places if place in self._standing])
                changed.append((stem, form, left))
        if changed:
            postings.rewrite(self._block, changed)
