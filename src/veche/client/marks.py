"""What is said about messages and people without saying anything: reactions, read markers, counts, who is away.

The rule: as in `heard`: a function never fails, whatever the server sends, and what makes no sense gives no event.

Sources: react; reply; read-marker; away-notify; docs/ext/reactions.md, docs/ext/unread.md.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from veche.client.events import Event, PresenceChanged, Reacted, ReadMarkerMoved, Told, UnreadCounted
from veche.client.model import Model
from veche.wire import numerics as n
from veche.wire.message import Message

REPLY_TAG = "+reply"
REACT_TAG = "+draft/react"
UNREACT_TAG = "+draft/unreact"
_SUMS_TAG = "veche/reactions"
# A reaction is an emoji or a short word; a longer one is cut, that nobody may fill a screen with it.
MOST_LETTERS = 32
# "At most 40 different ones are told."
MOST_SUMS = 40
_ENCODED = re.compile("%(25|2C|3A)", re.IGNORECASE)


def answered(tags: Mapping[str, str]) -> str:
    """The msgid of the message that one with these tags answers; "" for none."""
    return tags.get(REPLY_TAG, "") or tags.get("+draft/reply", "")


def summed(tags: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    """The reactions that a message of the history has had: "a list, separated by commas, of `<reaction>:<count>`"."""
    value = tags.get(_SUMS_TAG, "")
    found: dict[str, int] = {}
    for part in value.split(",")[:MOST_SUMS] if value else []:
        name, _, count = part.partition(":")
        # "In a reaction `%`, `,` and `:` are percent-encoded (`%25`, `%2C`, `%3A`)".
        reaction = _ENCODED.sub(lambda code: chr(int(code[1], 16)), name)[:MOST_LETTERS]
        if reaction and (number := _number(count)):
            found[reaction] = number
    return tuple(found.items())


def _number(word: str) -> int:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 8 else 0


def _word(message: Message, index: int) -> str:
    return message.params[index] if index < len(message.params) else ""


def _tagmsg(model: Model, message: Message, time: datetime) -> list[Event]:
    msgid, target = answered(message.tags), _word(message, 0)
    if not msgid or not target or not message.nick:
        return []
    conversation, is_private, is_mine = model.place(message.nick, target)
    return [
        Reacted(
            time=time,
            msgid=msgid,
            sender=message.nick,
            conversation=conversation,
            reaction=reaction[:MOST_LETTERS],
            is_taken_back=tag == UNREACT_TAG,
            is_private=is_private,
            is_mine=is_mine,
        )
        for tag in (REACT_TAG, UNREACT_TAG)
        if (reaction := message.tags.get(tag, ""))
    ]


def _markread(_model: Model, message: Message, time: datetime) -> list[Event]:
    # MARKREAD <target> timestamp=<time>; "If there is no known timestamp, the timestamp is replaced with an asterisk."
    target, word = _word(message, 0), _word(message, 1)
    if not target or not (word == "*" or word.startswith("timestamp=")):
        return []
    until = None
    if word != "*":
        try:
            until = datetime.fromisoformat(word.removeprefix("timestamp=")).astimezone(UTC)
        except (ValueError, OverflowError):
            return []
        if not 1980 <= until.year <= 2200:
            return []
    return [ReadMarkerMoved(time=time, conversation=target, until=until)]


def _unread(_model: Model, message: Message, time: datetime) -> list[Event]:
    # ":<server> UNREAD <target> <messages> <mentions>"; the first number "ends in `+` where there are at least so many"
    target, messages, mentions = (_word(message, index) for index in range(3))
    if not target or not messages:
        return []
    return [
        UnreadCounted(
            time=time,
            conversation=target,
            messages=_number(messages.removesuffix("+")),
            mentions=_number(mentions.removesuffix("+")),
            has_more=messages.endswith("+"),
        )
    ]


def _away(model: Model, message: Message, time: datetime) -> list[Event]:
    # away-notify: ":nick!user@host AWAY [:message]": "If the message parameter is omitted [...] is no longer away".
    text = _word(message, 0)
    if not message.nick or not model.note_away(message.nick, text or None):
        return []
    return [PresenceChanged(time=time, nick=message.nick, is_away=bool(text), text=text)]


def _who(model: Model, message: Message, time: datetime) -> list[Event]:
    # 352 <client> <channel> <username> <host> <server> <nick> <flags> :<hopcount> <realname>, "G" for who is away
    nick, flags = _word(message, 5), _word(message, 6)
    if nick and flags[:1] in {"G", "H"}:
        is_away = flags[0] == "G"
        if not is_away or model.fold(nick) not in model.away:  # why he is away, another word may have told
            model.note_away(nick, "" if is_away else None)
    return _told(message, time)


def _told(message: Message, time: datetime) -> list[Event]:
    return [Told(time=time, code=message.command, params=tuple(message.params[1:]))]


TABLE: dict[str, Callable[[Model, Message, datetime], list[Event]]] = {
    "TAGMSG": _tagmsg,
    "MARKREAD": _markread,
    "UNREAD": _unread,
    "AWAY": _away,
    n.RPL_WHOREPLY: _who,
}
