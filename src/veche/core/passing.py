"""What has no place in the order of several nodes: told to those whom it is for over NATS alone, and kept nowhere.

The rules: it is judged where it is said, and again where it is heard, by a world that may be another one. What is said
to nobody in particular (the server itself says it) is for the witnesses of its kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from veche.core import sheets, telling
from veche.core.log import Entry
from veche.state.events import LastingFact

if TYPE_CHECKING:
    from veche.core.shared import SharedLog


def pass_by(log: SharedLog, entry: Entry) -> None:
    """Tell of it at once, here and elsewhere."""
    fact = entry.fact
    fact.time = max(log.time, int(log.clock.now() * 1000))
    if entry.row.guard is not None:
        entry.refusal = entry.row.guard(log.world, fact)
    if entry.refusal is None:
        if isinstance(fact, LastingFact):
            fact.msgid = log.chance.msgid(fact.time)
        if told := telling.alone(log, entry):
            log.turns.pass_on(told)
    log.settle(entry)


def hear(log: SharedLog, body: str) -> None:
    """What another node has passed on: told to whom it is for, as far as it means anything here."""
    log.origin = -1
    log.fanout.is_following = True
    try:
        for told in sheets.read(body)[1]:
            fact = log.decode(told)
            if fact is None or (fact.actor and fact.actor not in log.world.users):
                continue
            row = log.registry.facts[type(fact)]
            if row.passes is not None and (row.guard is None or row.guard(log.world, fact) is None):
                log.settle(Entry(fact, row, None, None, None))
    finally:
        log.origin = log.node
        log.fanout.is_following = False
