"""Messages of several lines: how the text of one is kept, and what it looks like to who knows them and to who does not.

The rule: a long text is one text. "\\n" stands where a new line begins, "\\n\\r" where the sender has only cut a long
line in two; neither can be in a line, so nothing else can be taken for them. One message, one record, one msgid.

Source: multiline (draft). "Servers SHOULD maintain the line composition sent by the client instead of combining to a
normalised form before re-splitting."
"""

from collections.abc import Iterator
from typing import Final

from veche.wire.lines import cut

NEW_LINE: Final = "\n"
CONTINUED: Final = "\n\r"
# Between the lines of one rendering: whoever sends it adds the end of the last.
LINE_END: Final = "\r\n"


def is_long(text: str) -> bool:
    """Whether a message has several lines."""
    return NEW_LINE in text


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The lines as they were sent, each with whether it continues the one before it."""
    for line in text.split(NEW_LINE):
        yield (line[1:], True) if line[:1] == "\r" else (line, False)


def one_line(text: str, room: int, mark: str = "* ") -> str:
    """A corrected text as those read it who know no edits: one line of at most `room` bytes, with a mark in front.

    What does not fit, further lines too, is an ellipsis; the text is in the history. An ACTION stays one.
    """
    action = text.startswith("\x01ACTION ")
    body = text[8:].rstrip("\x01") if action else text
    first = next((piece for piece, _ in pieces(body) if piece), "")
    whole = mark + first
    fits = room - (9 if action else 0)  # "\x01ACTION " and "\x01"
    if is_long(body) or len(whole.encode()) > fits:
        whole = cut(whole, fits - len(" …".encode())) + " …"
    return f"\x01ACTION {whole}\x01" if action else whole


def render_batch(source: str, command: str, target: str, text: str, tags: str, reference: str) -> list[str]:
    """The lines for who knows long messages. `tags` with '@' and space; the caller may nest the first and the last."""
    lines = [f"{tags}:{source} BATCH +{reference} draft/multiline {target}"]
    for piece, is_continued in pieces(text):
        concat = ";draft/multiline-concat" if is_continued else ""
        lines.append(f"@batch={reference}{concat} :{source} {command} {target} :{piece}")
    lines.append(f":{source} BATCH -{reference}")
    return lines


def render_lines(source: str, command: str, target: str, text: str, tags: str) -> list[str]:
    """The lines for everybody else.

    "Servers MUST NOT send blank lines to clients that have not negotiated the multiline capability." "Any tags that
    would have been added to the batch [...] MUST be included on the first message line to be sent."
    """
    lines = []
    for piece, _ in pieces(text):
        if piece:
            lines.append(f"{tags}:{source} {command} {target} :{piece}")
            if len(lines) == 1:
                tags = _tags_again(tags)
    return lines


def _tags_again(tags: str) -> str:
    """The tags of the lines behind the first.

    "Servers MUST only include a message ID on the first message of a batch when sending a fallback"; what the sender
    added himself (a reaction, a reply) is said once too.
    """
    again = ";".join(tag for tag in tags[1:-1].split(";") if not tag.startswith(("msgid=", "+")))
    return f"@{again} " if again else ""
