"""What outlives the process beside the messages: saved facts, brought back at the start and kept few.

The rule: the saved facts, applied in order to an empty world, give the lasting part of the world (rooms that stay,
bans of the server) as it was acknowledged. When they have become many more than needed, snapshots replace them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from veche.core.ports import SavedFact, Store, StoreError
from veche.state.codec import CodecError, decode, encode

if TYPE_CHECKING:
    from veche.core.log import Log

# Fewer saved facts than this are never worth replacing.
FEW = 1000
# Replaced when the facts are so many times as many as a snapshot needs.
WASTE = 4

_log = logging.getLogger("veche.saved")


def restore(log: Log, store: Store) -> None:
    """Apply what was saved to the log's empty world, before anybody comes."""
    saved = store.saved()
    for row in saved:
        kind = log.registry.kinds.get(row.kind)
        if kind is None:
            _log.warning("a saved %s is left alone: no feature of this server knows it", row.kind)
            continue
        try:
            fact = decode(kind, row.body)
        except CodecError as error:
            _log.error("a saved fact cannot be read and is left alone: %s", error)
            continue
        log.registry.facts[kind].apply(log.world, fact)
        if log.journal is not None:
            log.journal.append(fact)
    _make_few(log, store, saved)


def _make_few(log: Log, store: Store, saved: list[SavedFact]) -> None:
    if len(saved) < FEW or any(row.kind not in log.registry.kinds for row in saved):
        return
    facts = [
        fact
        for feature in log.registry.features
        if feature.snapshot is not None
        for fact in feature.snapshot(log.world)
    ]
    if len(saved) < WASTE * len(facts):
        return
    rows = []
    for fact in facts:
        log.seq += 1
        rows.append(SavedFact(log.seq, type(fact).__name__, encode(fact)))
    try:
        store.replace_saved(rows)
    except StoreError as error:
        _log.warning("the saved facts stay many for now: %s", error)
