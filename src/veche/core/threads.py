"""Threads: a message and what answers to it, to that, and so on. Which message one answers is in its tags.

Source: reply ("its value references the server provided ID of another message"). Clients have said it as a draft, too.
"""

from veche.wire.msgids import time_of_msgid

TAGS = ("+reply", "+draft/reply")


def parent_of(tags: str) -> tuple[str, int] | None:
    """The id of the message that one with these client-only tags (escaped, without '@') answers, and when that was
    said.

    None for who answers nothing, or what cannot be an id of ours.
    """
    for tag in tags.split(";"):
        key, _, value = tag.partition("=")
        if key in TAGS:
            try:
                return value, time_of_msgid(value)
            except ValueError:
                return None
    return None
