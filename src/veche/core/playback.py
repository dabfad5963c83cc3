"""Records as lines: what was said, told again.

Source: chathistory ("Returned message notes"): the time and msgid are those of the message itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING

from veche.core.ask import nested
from veche.core.longtext import LINE_END, NEW_LINE, is_long, one_line, pieces, render_batch, render_lines
from veche.core.ports import EDITED, REDACTED
from veche.core.replies import iso_time
from veche.wire.caps import (
    ACCOUNT_TAG,
    BATCH,
    CHATHISTORY,
    ECHO_MESSAGE,
    EDIT,
    EVENT_PLAYBACK,
    EXTENDED_JOIN,
    MESSAGE_TAGS,
    MULTILINE,
    PLAYBACK,
    REDACTION,
    SELF_MESSAGE,
    SERVER_TIME,
)
from veche.wire.lines import BODY_LIMIT, cut
from veche.wire.message import escape
from veche.wire.names import is_room

if TYPE_CHECKING:
    from veche.core.ask import Ask
    from veche.core.ports import Record
    from veche.core.session import Session

SAID = frozenset({"PRIVMSG", "NOTICE"})
# On the opening of a batch: there is nothing further in the direction that was asked for.
END = "draft/chathistory-end"
# On a message that does not read as it was said, for who knows edits: since when it reads as it does.
EDITED_TAG = "veche/edited"
# On an edit: which message reads otherwise. The server has made sure that it is its author's to edit.
EDIT_TAG = "+draft/edit"
# In front of what was edited, for everybody else: as people correct themselves on IRC.
MARK = "* "
# How many corrections are remembered: far more than happen while a page is on its way.
_REMEMBERED = 1000


class JustCorrected:
    """The ids of the messages that were taken back last, and what was edited last with the text and time (ms) of that.

    A page may be read from the record before a message is corrected and be answered after everybody has been told.
    """

    __slots__ = ("_edited", "_gone")

    def __init__(self) -> None:
        self._gone: dict[str, None] = {}
        self._edited: dict[str, tuple[str, int]] = {}

    def __contains__(self, msgid: str) -> bool:
        """Whether this message was taken back."""
        return msgid in self._gone

    def redacted(self, msgid: str) -> None:
        """This message is not to be shown any more."""
        self._gone[msgid] = None
        self._edited.pop(msgid, None)
        if len(self._gone) > _REMEMBERED:
            del self._gone[next(iter(self._gone))]

    def edited(self, msgid: str, text: str, time: int) -> None:
        """This message reads otherwise."""
        self._edited.pop(msgid, None)
        self._edited[msgid] = (text, time)
        if len(self._edited) > _REMEMBERED:
            del self._edited[next(iter(self._edited))]

    def standing(self, records: list[Record]) -> list[Record]:
        """The records as they are now, without those that were taken back since they were read."""
        gone, edited = self._gone, self._edited
        if gone:
            records = [record for record in records if _said(record) not in gone]
        return [_as_edited(record, edited) for record in records] if edited else records


def _said(record: Record) -> str:
    """The id of the message that a record is, or the edit of which it is; what it is to be taken back by."""
    return record.tags if record.command in EDITED else record.msgid


def _as_edited(record: Record, edited: dict[str, tuple[str, int]]) -> Record:
    newest = edited.get(_said(record))
    if newest is None or (record.edited >= newest[1] and record.command in SAID):
        return record
    record = copy(record)
    record.text = newest[0]
    if record.command in SAID:
        record.edited = newest[1]
    return record


# What is told with a message, by its place in the log: a tag on it, and lines right behind it.
Around = Mapping[int, tuple[str, list[str]]]
ALONE: Around = {}
NOTHING: tuple[str, list[str]] = ("", [])


def tell_page(
    ask: Ask,
    name: str,
    records: list[Record],
    *,
    is_end: bool = False,
    plain: bool = False,
    around: Around = ALONE,
) -> None:
    """Answer with what was said in a conversation that is called `name` now; in a batch where the client knows those.

    `is_end`: there is nothing behind it in the direction that was asked for. `plain`: the client may be one that does
    not know its own lines. `around` is what goes with the messages; only for who has batches.
    """
    batch = open_batch(ask, f"chathistory {name}", is_end=is_end)
    for record in records:
        shown = _as_called(record, name)
        if not shown.source:  # whoever took it back has been erased: there is nobody but us to tell of it
            shown = copy(shown)
            shown.source = ask.settings.server
        tag, behind = around.get(record.seq, NOTHING)
        ask.send(_own_line(ask, shown, batch) if plain else playback_line(shown, ask.session, batch, tag))
        for line in behind:
            ask.send(nested(line, batch))
    close_batch(ask, batch)


def _own_line(ask: Ask, record: Record, batch: str) -> str:
    """One record. What one has said to somebody, old clients would show as a namesake's: the server tells them."""
    session = ask.session
    if is_room(record.target) or knows_own_lines(session):
        return playback_line(record, session, batch)
    if record.sender != ask.user.identity or record.target == ask.user.nick:
        return playback_line(record, session, batch)
    own = copy(record)
    own.source, own.command, own.target, own.account, own.tags = (
        ask.settings.server,
        "NOTICE",
        ask.user.nick,
        "",
        "",
    )
    said = (
        record.text.removeprefix("\x01ACTION ").rstrip("\x01") if record.text[:1] == "\x01" else record.text
    )
    own.text = f"<{record.source.partition('!')[0]}> {said}"
    return playback_line(own, session, batch)


def knows_own_lines(session: Session) -> bool:
    """Whether a client takes a line of its own user's for that, and not for one of somebody of the same name."""
    return bool(session.caps & (ECHO_MESSAGE | SELF_MESSAGE))


def may_show(ask: Ask, record: Record) -> bool:
    """Whether a line can be told unasked: one's own only to clients that know those."""
    user = ask.session.user
    return knows_own_lines(ask.session) or record.sender != (user and user.identity)


def fetches_itself(session: Session) -> bool:
    """Whether a client asks for what was said before, so that it is not told unasked."""
    return bool(session.caps & (CHATHISTORY | PLAYBACK))


def shows_events(session: Session) -> bool:
    """Whether a page for this session holds what happened too: outside a batch it would be taken for news."""
    return bool(session.caps & EVENT_PLAYBACK and session.caps & BATCH)


def shown_corrections(session: Session) -> frozenset[str]:
    """Which corrections a page for this session holds among what happened."""
    shown = EDITED if session.view & EDIT else frozenset()
    return shown | {REDACTED} if session.caps & REDACTION else shown


def open_batch(ask: Ask, kind: str, *, is_end: bool = False) -> str:
    """Open a batch if the session knows batches; its reference, or ""."""
    session = ask.session
    if not session.caps & BATCH:
        return ""
    reference = ask.engine.next_batch()
    tag = f"@{END} " if is_end and session.view & MESSAGE_TAGS else ""
    ask.send(f"{tag}:{ask.settings.server} BATCH +{reference} {kind}")
    return reference


def close_batch(ask: Ask, reference: str) -> None:
    """End a batch that was opened, if it was."""
    if reference:
        ask.send(f":{ask.settings.server} BATCH -{reference}")


def _as_called(record: Record, name: str) -> Record:
    """A message of a room as said under its name of today: a client looks for it there, whatever it was called then."""
    if record.target == name or not is_room(name) or record.command == "RENAME":
        return record
    record = copy(record)
    record.target = name
    return record


def playback_line(record: Record, session: Session, batch: str = "", tag: str = "") -> str:
    """One record as the session's capabilities show it; `batch` is the reference of the batch that it is part of.

    `tag` is one more of the server's own.

    A message of several lines is as many, with line ends between them. Who knows no server-time reads the time (UTC)
    in front of the text, lest old talk be taken for new; and who knows no edits, a mark in front of what was edited.
    """
    if record.edited or record.command in EDITED:
        record = _as_known(record, session)
    nest = "batch=" + batch if batch and session.caps & BATCH else ""
    tags = [nest] if nest else []
    stamp = ""
    if session.view & SERVER_TIME:
        tags.append("time=" + iso_time(record.time))
    else:
        stamp = f"[{iso_time(record.time)[:16].replace('T', ' ')} UTC] "
    if session.view & ACCOUNT_TAG and record.account:
        tags.append("account=" + escape(record.account))
    if session.view & MESSAGE_TAGS:
        tags += _own_tags(record, tag)
    head = "@" + ";".join(tags) + " " if tags else ""
    if record.command not in SAID:
        return head + cut(_event(record, session), BODY_LIMIT)
    if is_long(record.text):
        return LINE_END.join(_long(record, session, head, stamp, nest))
    return head + cut(
        f":{record.source} {record.command} {record.target} :{_stamped(record.text, stamp)}", BODY_LIMIT
    )


def _own_tags(record: Record, tag: str) -> list[str]:
    """The id, what the server has to add, and what the sender has."""
    tags = ["msgid=" + record.msgid] if record.msgid else []  # a tombstone has none of its own
    if record.edited:
        tags.append(f"{EDITED_TAG}={iso_time(record.edited)}")
    if tag:
        tags.append(tag)
    if record.tags and record.command in SAID:
        tags.append(record.tags)
    return tags


def _as_known(record: Record, session: Session) -> Record:
    """What was edited, and an edit among what happened, as a session knows such things."""
    known = copy(record)
    _, edits, command = record.command.partition("EDIT ")
    if edits:
        known.command = command
        known.tags = f"{EDIT_TAG if session.view & EDIT else '+reply'}={record.tags}"
    if not session.view & EDIT:
        known.edited = 0
        known.text = one_line(record.text, BODY_LIMIT, MARK) if edits else _stamped(record.text, MARK)
    return known


def _event(record: Record, session: Session) -> str:
    """What happened in a room, as the line was that told of it."""
    line, target, text = f":{record.source} {record.command}", record.target, record.text
    if record.command == "JOIN":
        # extended-join: the account ('*' for a guest) and the real name behind it
        known = f" {record.account or '*'} :{text}" if session.view & EXTENDED_JOIN else ""
        return f"{line} {target}{known}"
    if record.command == "NICK":  # it names no room
        return f"{line} {text}"
    if record.command == "QUIT":  # nor does this
        return f"{line} :{text}"
    if record.command in ("KICK", "MODE", "RENAME"):
        return f"{line} {target} {text}"
    if record.command == REDACTED:
        return f"{line} {target} {record.tags}" + (f" :{text}" if text else "")
    return f"{line} {target} :{text}" if text or record.command == "TOPIC" else f"{line} {target}"


def _stamped(text: str, stamp: str) -> str:
    # CTCP begins and ends with \x01; a stamp in front of it would show the bare control characters.
    if stamp and text.startswith("\x01ACTION "):
        return f"\x01ACTION {stamp}{text[8:]}"
    return stamp + text


def _long(record: Record, session: Session, head: str, stamp: str, nest: str) -> list[str]:
    """The lines of a long message; `nest` is the tag of the batch around it."""
    source, command, target, text = record.source, record.command, record.target, record.text
    if stamp:
        room = BODY_LIMIT - len(f":{source} {command} {target} :".encode())
        text = NEW_LINE.join(cut(stamp + piece, room) for piece, _ in pieces(text) if piece)
    elif session.view & MULTILINE:
        lines = render_batch(source, command, target, text, head, f"m{record.seq:x}")
        if nest:
            # batch: "Start and end messages of one batch MAY refer to another batch. If they do, they both MUST have
            # batch tag, and they MUST refer to the same batch."
            lines[-1] = f"@{nest} {lines[-1]}"
        return lines
    return render_lines(source, command, target, text, head)
