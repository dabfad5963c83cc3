"""What the memory engine forgets, erases and gives away: see core/forgetting.py and core/exporting.py."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from veche.core.exporting import MESSAGES_READ, PLACES_LOOKED_AT, Given, Said, Wording
from veche.core.forgetting import MESSAGES_AT_ONCE, PLACES_AT_ONCE, ErasedWords, ForgottenMessages
from veche.core.ports import Record, Records, Redaction

if TYPE_CHECKING:
    from veche.store.engines.memory import MemoryStore


def forget(store: MemoryStore, row: ForgottenMessages) -> None:
    """Some of the oldest messages are no more, with all that hangs on them."""
    old = [
        record
        for record in store.records
        if record.time < row.before and (not row.conversations or record.conversation in row.conversations)
    ][:MESSAGES_AT_ONCE]
    row.gone = [record.seq for record in old]
    places = {record.seq for record in old}
    msgids = {record.msgid for record in old}
    store.records = [record for record in store.records if record.seq not in places]
    store.redactions = {seq: one for seq, one in store.redactions.items() if seq not in places}
    store.kept_reactions = [one for one in store.kept_reactions if one.message not in msgids]
    store.edits = [one for one in store.edits if one[0].message not in places]
    store.events = [event for event in store.events if event.tags not in msgids]  # what happened to them
    store.roots = {seq: root for seq, root in store.roots.items() if seq not in places}


def read_said(store: MemoryStore, person: str, after: int) -> Said:
    upto = after + PLACES_LOOKED_AT
    records = [
        one for one in store.standing(store.records) if after < one.seq <= upto and one.sender == person
    ]
    edited = {record.seq for record in records if record.edited}
    wordings = [Wording(row.message, row.time, was) for row, was in store.edits if row.message in edited]
    given = [
        Given(row.time, row.message, row.conversation, row.value)
        for row in store.kept_reactions
        if after < row.seq <= upto and row.who == person
    ]
    places = [record.seq for record in store.records] + [row.seq for row in store.kept_reactions]
    end = max(places, default=0)
    return Said(records, wordings, given, upto if upto < end else 0)


def read_talk(store: MemoryStore, conversation: str, after: tuple[int, int]) -> Records:
    found = [
        one
        for one in store.standing(store.records)
        if one.conversation == conversation and (one.time, one.seq) > after
    ]
    return Records(found[:MESSAGES_READ], has_more=len(found) > MESSAGES_READ)


def erase(store: MemoryStore, row: ErasedWords) -> None:
    """What a person has said and done is nobody's, in a stretch of the log."""
    row.next = low = max(0, row.upto - PLACES_AT_ONCE)
    msgids: set[str] = set()
    for index, record in reversed([*enumerate(store.records)]):
        if not low < record.seq <= row.upto:
            continue
        is_direct = " " in record.conversation
        if record.sender == row.person:
            row.gone.append(record.seq)
            row.erased.append((record.conversation, record.msgid))
            row.names.add(record.source.partition("!")[0])
            msgids.add(record.msgid)
            store.records[index] = empty = copy(record)  # somebody may be reading the other
            empty.text = empty.tags = empty.source = empty.sender = empty.account = ""
            empty.sent = empty.edited = 0
            empty.target = "" if is_direct else record.target
            store.redactions[record.seq] = Redaction(0, row.time, record.seq, record.msgid, "", "", "", "")
        elif is_direct and row.person in record.conversation.split(" "):
            store.records[index] = copy(record)
            store.records[index].target = ""
    gone = {*row.gone}
    store.edits = [one for one in store.edits if one[0].message not in gone]
    store.kept_reactions = [
        one
        for one in store.kept_reactions
        if one.message not in msgids
        and not (low < one.seq <= row.upto and (one.who == row.person or one.account in row.names))
    ]
    store.events = [
        event
        for event in store.events
        if event.tags not in msgids and not (low < event.seq <= row.upto and _names(event, row))
    ]
    for place, one in store.redactions.items():
        if low < one.seq <= row.upto and one.sender == row.person:
            about = (one.seq, one.time, one.message, one.msgid)
            store.redactions[place] = Redaction(*about, "", "", "", "", one.event)


def _names(event: Record, row: ErasedWords) -> bool:
    """Whether an event is a person's, or speaks of him."""
    if event.sender == row.person or event.source.partition("!")[0] in row.names:
        return True
    words = event.text.split(" ")
    return event.command in ("KICK", "MODE") and any(name in words for name in row.names)
