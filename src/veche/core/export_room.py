"""What was said in a room, to be taken away: as a page that stands alone, or as JSON.

The rules: in the page every text is escaped, nothing is loaded and nothing runs: its own policy (CSP) forbids all but
the style whose hash is in it. A document comes in pieces, as the record is read.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from veche.core.replies import iso_time
from veche.core.threads import parent_of
from veche.phrases import Language, Phrases
from veche.wire.names import fold

if TYPE_CHECKING:
    from veche.core.rows import Record

FORMAT = "veche-room-1"
_FORMATTING = re.compile(
    "\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|[\x00-\x09\x0b-\x1f\x7f-\x9f]"
)
_LINK = re.compile(r"https?://[^\s<>\"'`]{1,2000}")
# Messages that are remembered for the answers to them.
_REMEMBERED = 5000
_COLOURS = 12

PHRASES = {
    "title": ("{room} on {server}", "{room}, сервер {server}"),
    "taken": ("Taken away on {time}", "Выгружено {time}"),
    "end": ("Messages: {count}.", "Сообщений: {count}."),
    "nothing": ("Nothing was said here.", "Здесь ничего не сказано."),
    "edited": ("edited", "изменено"),
    "closed": ("said while the room was closed", "сказано, пока комната была закрыта"),
    "notice": ("notice", "уведомление"),
    "some": ("for those with {rank}", "для тех, у кого {rank}"),
}
STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --dim: #6b7078; --line: #dfe2e6; --paper: #fff; --soft: #f4f5f7; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e6ea; --dim: #969ca6; --line: #33373d; --paper: #17191c; --soft: #202327; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
header { border-bottom: 1px solid var(--line); padding-bottom: 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
header p { margin: 0; color: var(--dim); overflow-wrap: anywhere; }
h2 { font-size: .85rem; font-weight: 600; color: var(--dim); text-align: center; margin: 2rem 0 1rem; }
article { padding: .3rem .6rem; border-radius: .4rem; }
article:hover, article:target { background: var(--soft); }
article p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.who { font-weight: 600; }
time, .mark { color: var(--dim); font-size: .8rem; margin-left: .5rem; }
.action p { font-style: italic; }
.notice p { color: var(--dim); }
.reply { display: block; color: var(--dim); font-size: .85rem; border-left: 3px solid var(--line); padding-left: .5rem;
  text-decoration: none; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.reacted span { display: inline-block; margin: .2rem .3rem 0 0; padding: 0 .5rem; border: 1px solid var(--line);
  border-radius: 1rem; font-size: .85rem; overflow-wrap: anywhere; }
footer { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: 1rem; color: var(--dim); }
.c0 { color: #b3261e; } .c1 { color: #8a4f00; } .c2 { color: #6b5f00; } .c3 { color: #3c6e00; } .c4 { color: #00703c; }
.c5 { color: #006d6d; } .c6 { color: #00639c; } .c7 { color: #1f57c3; } .c8 { color: #5b45c9; } .c9 { color: #8b3bb0; }
.c10 { color: #a8327d; } .c11 { color: #b0274f; }
@media (prefers-color-scheme: dark) {
  .c0 { color: #ff8a80; } .c1 { color: #ffb74d; } .c2 { color: #e6d34f; } .c3 { color: #aee571; }
  .c4 { color: #69d69b; } .c5 { color: #5fd6d6; } .c6 { color: #6cc4ff; } .c7 { color: #90b4ff; }
  .c8 { color: #b5a6ff; } .c9 { color: #dba2f5; } .c10 { color: #ff9bd8; } .c11 { color: #ff92ad; }
}
"""


class Talk(NamedTuple):
    """A part of what was said, ascending, with the sums of reactions by place in the log."""

    records: list[Record]
    reactions: dict[int, dict[str, int]]


class RoomAsJson:
    """One JSON document in pieces: a message in each line."""

    suffix, content_type = "json", "application/json"

    def __init__(self, room: str, topic: str, server: str, now: int, language: Language = "en") -> None:
        del language  # programs speak none
        head = {"format": FORMAT, "server": server, "exported": iso_time(now), "room": room, "topic": topic}
        self._head = json.dumps(head, ensure_ascii=False, indent=1)
        self._is_first = True

    def begin(self) -> str:
        """What stands before the messages."""
        return self._head.removesuffix("\n}") + ',\n "messages": ['

    def part(self, talk: Talk) -> str:
        """Some messages."""
        return "".join(self._item(record, talk.reactions.get(record.seq, {})) for record in talk.records)

    def end(self) -> str:
        """What stands behind them."""
        return "\n ]\n}\n"

    def _item(self, record: Record, reactions: dict[str, int]) -> str:
        item: dict[str, object] = {
            "id": record.msgid,
            "time": iso_time(record.time),
            "nick": record.source.partition("!")[0],
            "account": record.account,
            "to": record.target,
            "command": record.command,
            "text": record.text,
        }
        if parent := parent_of(record.tags):
            item["reply_to"] = parent[0]
        if record.edited:
            item["edited"] = iso_time(record.edited)
        if record.era:
            item["closed"] = True
        if reactions:
            item["reactions"] = reactions
        comma = "" if self._is_first else ","
        self._is_first = False
        return f"{comma}\n  {json.dumps(item, ensure_ascii=False)}"


class RoomAsPage:
    """A page of HTML that needs nothing else, in pieces."""

    suffix, content_type = "html", "text/html"

    def __init__(self, room: str, topic: str, server: str, now: int, language: Language = "en") -> None:
        self._room = room
        self._topic = topic
        self._server = server
        self._now = now
        self._language = language
        self._say = Phrases(PHRASES, language)
        self._day = ""
        self._count = 0
        self._said: dict[str, tuple[str, str]] = {}  # by id: who, and how it begins

    def begin(self) -> str:
        """What stands above the messages."""
        title = escape(self._say("title", room=self._room, server=self._server))
        taken = escape(self._say("taken", time=_shown(self._now)))
        digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        topic = f"<p><bdi>{_linked(_clean(self._topic))}</bdi></p>\n" if self._topic else ""
        return (
            f'<!doctype html>\n<html lang="{self._language}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
            f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
            f"<header>\n<h1><bdi>{escape(self._room)}</bdi></h1>\n{topic}<p>{taken}</p>\n</header>\n"
        )

    def part(self, talk: Talk) -> str:
        """Some messages."""
        return "".join(self._message(record, talk.reactions.get(record.seq, {})) for record in talk.records)

    def end(self) -> str:
        """What stands below them."""
        text = self._say("end", count=self._count) if self._count else self._say("nothing")
        return f"<footer>{escape(text)}</footer>\n</main>\n</body>\n</html>\n"

    def _message(self, record: Record, reactions: dict[str, int]) -> str:
        self._count += 1
        shown = iso_time(record.time)
        day = ""
        if shown[:10] != self._day:
            self._day = shown[:10]
            day = f'<h2><time datetime="{self._day}">{self._day}</time></h2>\n'
        nick = record.source.partition("!")[0]
        kind, text = "said", record.text
        if text.startswith("\x01ACTION "):
            kind, text = "action", text[8:].rstrip("\x01")
        elif record.command == "NOTICE":
            kind = "notice"
        text = _clean(text)
        self._remember(record.msgid, nick, text)
        return (
            f'{day}<article class="{kind}" id="m-{escape(record.msgid)}">\n'
            f"{self._reply(record)}"
            f'<span class="who c{_colour(nick)}"><bdi>{escape(nick)}</bdi></span>'
            f'<time datetime="{shown}">{shown[11:16]}</time>{self._marks(record)}\n'
            f"<p><bdi>{_linked(text)}</bdi></p>\n{_reacted(reactions)}</article>\n"
        )

    def _remember(self, msgid: str, nick: str, text: str) -> None:
        self._said[msgid] = (nick, text.partition("\n")[0][:120])
        if len(self._said) > _REMEMBERED:
            del self._said[next(iter(self._said))]

    def _reply(self, record: Record) -> str:
        parent = parent_of(record.tags)
        said = self._said.get(parent[0]) if parent is not None else None
        if parent is None or said is None:
            return ""
        who, begins = said
        quoted = f"<bdi>{escape(who)}</bdi>: <bdi>{escape(begins)}</bdi>"
        return f'<a class="reply" href="#m-{escape(parent[0])}">{quoted}</a>\n'

    def _marks(self, record: Record) -> str:
        marks = []
        if record.edited:
            marks.append(self._say("edited"))
        if record.command == "NOTICE":
            marks.append(self._say("notice"))
        if record.era:
            marks.append(self._say("closed"))
        if record.target[:1] in "~&@%+" and record.target:
            marks.append(self._say("some", rank=record.target[0]))
        return "".join(f'<span class="mark">{escape(mark)}</span>' for mark in marks)


def _shown(time: int) -> str:
    return iso_time(time)[:16].replace("T", " ") + " UTC"


def _clean(text: str) -> str:
    """Without colours and whatever else is no text."""
    return _FORMATTING.sub("", text)


def _linked(text: str) -> str:
    """Escaped, with links where addresses of the web stand, and nowhere else."""
    pieces = []
    end = 0
    for found in _LINK.finditer(text):
        url = found[0].rstrip(".,;:!?)]}")
        pieces.append(escape(text[end : found.start()]))
        pieces.append(f'<a href="{escape(url)}" rel="noopener noreferrer nofollow">{escape(url)}</a>')
        end = found.start() + len(url)
    pieces.append(escape(text[end:]))
    return "".join(pieces)


def _reacted(reactions: dict[str, int]) -> str:
    if not reactions:
        return ""
    sums = "".join(
        f"<span><bdi>{escape(_clean(value)[:64])}</bdi> {count}</span>" for value, count in reactions.items()
    )
    return f'<div class="reacted">{sums}</div>\n'


def _colour(nick: str) -> int:
    return sum(fold(nick).encode()) % _COLOURS
