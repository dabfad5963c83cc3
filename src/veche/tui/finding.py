"""Rows to choose from: places to go to, people by rank and presence, hits of a search. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from rich.text import Text

from veche.client.model import Model, Room
from veche.client.plain_choice import RoomRow
from veche.client.text import plain
from veche.tui.book import Book, Entry
from veche.tui.formatting import nick_colour

MOST_PEOPLE = 2_000
# Rooms of a LIST that are looked at.
MOST_LISTED = 5_000


def places(model: Model, book: Book, word: str) -> list[tuple[str, Text]]:
    """Where a word may lead: conversations with news first, then the others, then people; what begins with it first."""
    open_ones = sorted(book.conversations.values(), key=lambda one: (-one.mentions, -one.unread))
    names = dict.fromkeys([*(one.name for one in open_ones if one.name), *model.people()])
    low = word.casefold().strip()
    found = [name for name in names if low in plain(name).casefold()]
    found.sort(key=lambda name: not plain(name).casefold().lstrip("#").startswith(low.lstrip("#")))
    if low and not any(model.same(word.strip(), name) for name in found) and " " not in word.strip():
        found.append(word.strip())
    return [(name, Text(plain(name), no_wrap=True, overflow="ellipsis")) for name in found]


def listed_rooms(rows: Sequence[Sequence[str]]) -> list[RoomRow]:
    """The rooms of a LIST: 322 <client> <channel> <client count> :<topic>"""
    found = []
    for row in rows[:MOST_LISTED]:
        count = row[1] if len(row) > 1 else ""
        is_number = count.isascii() and count.isdigit() and len(count) < 9
        if row and row[0]:
            found.append(RoomRow(row[0], int(count) if is_number else None, row[-1] if len(row) > 2 else ""))
    return found


def choices(
    model: Model, listed: list[RoomRow], word: str, people: Callable[[int], str]
) -> list[tuple[str, Text]]:
    """Rooms with their people and topics, our own first, then the biggest; then the people whom we see."""
    ours = {
        key: RoomRow(room.name, len(room.members), room.topic) for key, room in sorted(model.rooms.items())
    }
    others = [row for row in listed if model.fold(row.name) not in ours]
    low = word.casefold().strip()
    found: list[tuple[str, Text]] = []
    for row in [*ours.values(), *sorted(others, key=lambda row: (-(row.people or 0), row.name))]:
        if low in plain(row.name).casefold() or low in plain(row.topic).casefold():
            text = Text(plain(row.name), "bold", no_wrap=True, overflow="ellipsis")
            if row.people is not None:
                text.append(f"  {people(row.people)}", "dim not bold")
            found.append((row.name, text.append("  " + plain(row.topic)[:200], "dim not bold")))
    for nick in model.people():
        if low in plain(nick).casefold():
            found.append((nick, Text("● " + plain(nick), no_wrap=True, overflow="ellipsis")))
    if low and " " not in low and not any(model.same(word.strip(), name) for name, _ in found):
        found.append((word.strip(), Text(word.strip())))
    return list(dict(found).items())


def people_rows(model: Model, room: Room) -> list[tuple[str, Text]]:
    """The people of a room by rank, those who are there before those who are away, then by name."""
    symbols, away = model.rank_symbols, model.away

    def place(key: str) -> tuple[int, bool, str]:
        ranks = room.members[key].ranks
        return (symbols.find(ranks[0]) if ranks else len(symbols), key in away, key)

    rows = []
    for key in sorted(room.members, key=place)[:MOST_PEOPLE]:
        member = room.members[key]
        nick = plain(member.nick)
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append("○" if key in away else "●", "dim" if key in away else "#2f9e44")
        text.append(f"{member.ranks[:1] or ' '}", "bold")
        rows.append((member.nick, text.append(nick, "dim" if key in away else nick_colour(nick))))
    return rows


def search_words(conversation: str, word: str) -> str:
    """The parameter of SEARCH: attributes written as tags are ("in=#tea;text=a\\\\sb")."""
    escapes = {"\\": "\\\\", ";": "\\:", " ": "\\s", "\r": "", "\n": ""}
    written = ["".join(escapes.get(char, char) for char in value) for value in (conversation, word)]
    return (f"in={written[0]};" if conversation else "") + f"text={written[1]}"


def hit_row(params: Sequence[str], nick: str, tags: Mapping[str, str], command: str) -> tuple[str, Entry]:
    """A hit by its id."""
    kind = "notice" if command == "NOTICE" else "message"
    text = params[-1] if params else ""
    if text.startswith("\x01ACTION "):
        kind, text = "action", text[8:].rstrip("\x01")
    try:
        time = datetime.fromisoformat(tags.get("time", "").replace("Z", "+00:00"))
    except ValueError:
        time = datetime.fromtimestamp(0, UTC)
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    msgid = tags.get("msgid", "")
    return msgid or f"{tags.get('time', '')} {nick} {text}", Entry(time, kind, text, nick, msgid)


def hit_of(entry: Entry, local: Callable[[datetime], datetime]) -> Text:
    """A hit as a row."""
    text = Text(f"{local(entry.time):%Y-%m-%d %H:%M} ", "dim", no_wrap=True, overflow="ellipsis")
    return text.append(entry.sender + " ", "bold not dim").append(entry.shown, "not dim")
