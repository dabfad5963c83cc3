"""The texts of the panes around the messages. Pure: what there is becomes styled text."""

from typing import NamedTuple

from rich.text import Text
from textual.content import Content

from veche.client.text import plain
from veche.phrases import Phrases
from veche.tui.book import Conversation

ORANGE, GREEN, RED = "#e8590c", "#2f9e44", "#e03131"
# What the line of state offers where one writes, and in the messages.
WRITING_KEYS = (
    ("F1", "key_help"), ("^K", "key_switch"), ("^F", "key_search"), ("^N", "key_next"), ("⇧Tab", "key_messages"),
    ("^T", "key_theme"),
)  # fmt: skip
MESSAGE_KEYS = (
    ("R", "deed_answer"), ("A", "deed_react"), ("T", "deed_thread"), ("E", "deed_edit"), ("D", "deed_redact"),
    ("C", "deed_copy"), ("P", "deed_person"), ("Enter", "deed_menu"), ("Esc", "deed_leave"),
)  # fmt: skip


def literal(text: str) -> Content:
    """A text for a title or a placeholder, where a string would be read as markup: a room may be called #[red]."""
    return Content(text or " ")


def line() -> Text:
    """An empty line that is cut where it does not fit."""
    return Text(no_wrap=True, overflow="ellipsis")


def room_row(one: Conversation, server: str, *, has_draft: bool) -> Text:
    """A conversation with what is new in it."""
    sign = "" if one.is_room else "● " if one.name else ""
    text = line().append(sign + (plain(one.name) or server))
    if one.unread:
        text.stylize("bold")
        text.append(f" {one.unread}", f"bold {ORANGE}" if one.mentions else "dim")
    if one.mentions and one.is_room:
        text.append(f" @{one.mentions}", f"bold {ORANGE}")
    if has_draft:
        text.append(" ✎", "dim")
    return text


def headline(current: Conversation, server: str, topic: str, say: Phrases) -> Text:
    """Where one is, and what it is about."""
    text = line().append(plain(current.name) or server, "bold")
    if current.thread:
        first = current.entries[1].shown if len(current.entries) > 1 else ""
        return text.append(" › " + say("thread"), "bold").append("  " + first[:300], "dim not bold")
    return text.append("  " + plain(topic)[:2000], "dim not bold") if topic else text


def state_line(
    say: Phrases, *, nick: str, server: str, is_online: bool, waiting: int, is_choosing: bool
) -> Text:
    """Who one is and whether one is heard; then the keys that are of use now."""
    text = line().append(" ● " if is_online else " ○ ", GREEN if is_online else RED)
    if is_choosing:
        text = line()
    else:
        text.append(f"{plain(nick)} @ {server} · {say('state_online' if is_online else 'state_lost')}")
    if waiting:
        text.append(" · " + say.count("still_waiting", waiting), "bold")
    for keys, name in MESSAGE_KEYS if is_choosing else WRITING_KEYS:
        text.append(f"  {keys} ", "bold").append(say(name), "dim")
    return text


def about_line(say: Phrases, kind: str, sender: str, shown: str) -> Text:
    """What the text that is being written is: an answer, or another wording."""
    text = line().append(say("about_" + kind, nick=sender) + " ", f"bold {ORANGE}")
    return text.append(shown[:300], "dim").append("  " + say("about_leave"), "dim italic")


class Tab(NamedTuple):
    """A server in the bar above, and what is new on it."""

    name: str
    news: tuple[int, int]  # unread, and said to us
    is_current: bool = False


def tab_bar(tabs: list[Tab]) -> tuple[Text, list[int]]:
    """The bar, and the column behind each tab, by which a click is understood."""
    text, ends = line(), []
    for number, tab in enumerate(tabs, 1):
        text.append(f" {number} {tab.name}", "bold reverse" if tab.is_current else "")
        unread, mentions = tab.news
        if unread:
            text.append(f" {unread}", f"bold {ORANGE}" if mentions else "dim")
        text.append(" ")
        ends.append(text.cell_len)
    return text, ends
