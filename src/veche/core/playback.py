"""Records as lines: what was said, told again.

Source: chathistory ("Returned message notes"): the time and msgid are those of the message itself.
"""

from veche.core.ports import Record
from veche.core.replies import iso_time
from veche.core.session import Session
from veche.wire.caps import BATCH, MESSAGE_TAGS, SERVER_TIME
from veche.wire.lines import BODY_LIMIT, cut


def playback_line(record: Record, session: Session, batch: str = "") -> str:
    """One record as the session's capabilities show it; `batch` is the reference of the batch that it is part of.

    Who knows no server-time reads the time (UTC) in front of the text, lest old talk be taken for new.
    """
    tags = []
    if batch and session.caps & BATCH:
        tags.append("batch=" + batch)
    text = record.text
    if session.view & SERVER_TIME:
        tags.append("time=" + iso_time(record.time))
    else:
        stamp = f"[{iso_time(record.time)[:16].replace('T', ' ')} UTC] "
        # CTCP begins and ends with \x01; a stamp in front of it would show the bare control characters.
        text = f"\x01ACTION {stamp}{text[8:]}" if text.startswith("\x01ACTION ") else stamp + text
    if session.view & MESSAGE_TAGS:
        tags.append("msgid=" + record.msgid)
        if record.tags:
            tags.append(record.tags)
    head = "@" + ";".join(tags) + " " if tags else ""
    return head + cut(f":{record.source} {record.command} {record.target} :{text}", BODY_LIMIT)
