"""What outlives the process beside the messages: saved facts, brought back at the start and kept few.

The rule: the saved facts, applied by phase to an empty world, give the lasting part of the world (rooms that stay,
bans of the server) as it was acknowledged. What has a key is kept few by the store, which holds the newest of each key.
When those without have become many more than needed, snapshots replace them.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

from veche.core.ports import ForgottenFact, SavedFact, Store, StoreError
from veche.state.codec import CodecError, decode, encode
from veche.state.events import Fact, Forgotten, Restored

if TYPE_CHECKING:
    from veche.core.log import Log

# Fewer saved facts than this are never worth replacing.
FEW = 1000
# Replaced when the facts are so many times as many as a snapshot needs.
WASTE = 4

_log = logging.getLogger("veche.saved")


def row_of(seq: int, fact: Fact) -> SavedFact | ForgottenFact:
    """What the store is handed for one of the facts that `FactRow.saves` has named."""
    if isinstance(fact, Forgotten):
        return ForgottenFact(seq, fact.kind_name, fact.key)
    return SavedFact(seq, type(fact).__name__, encode(fact), fact.saved_key())


def restore(log: Log, store: Store) -> None:
    """Apply what was saved to the log's empty world, before anybody comes."""
    saved = store.saved()
    kinds = log.registry.kinds
    unknown = Counter(row.kind for row in saved if row.kind not in kinds)
    for name, count in unknown.items():
        _log.warning("%d saved %s left alone: no feature of this server knows them", count, name)
    # Sorting keeps the order of the log within a phase.
    known = sorted((row for row in saved if row.kind in kinds), key=lambda row: kinds[row.kind].phase)
    for row in known:
        kind = kinds[row.kind]
        try:
            fact = decode(kind, row.body)
        except CodecError as error:
            _log.error("a saved fact cannot be read and is left alone: %s", error)
            continue
        _apply(log, fact)
    if Restored in log.registry.facts:
        # The last that anybody is sure to have heard is what is older than the newest message.
        _apply(log, Restored(log.time - 1))
    _make_few(log, store, [row for row in saved if not row.key])


def _apply(log: Log, fact: Fact) -> None:
    log.registry.facts[type(fact)].apply(log.world, fact)
    if log.journal is not None:
        log.journal.append(fact)


def _make_few(log: Log, store: Store, saved: list[SavedFact]) -> None:
    if len(saved) < FEW or any(row.kind not in log.registry.kinds for row in saved):
        return
    facts = [
        fact
        for feature in log.registry.features
        if feature.snapshot is not None
        for fact in feature.snapshot(log.world)
        if not fact.saved_key()
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
