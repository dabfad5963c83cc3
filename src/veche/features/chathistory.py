"""CHATHISTORY: what was said, by pages.

Source: chathistory (draft), batch type chathistory. Members read the record of their rooms, and everyone his own
direct conversations; a room that one is not in and one that does not exist give the same answer.
"""

from copy import copy
from functools import partial

from veche.core.ask import Ask
from veche.core.conversations import find
from veche.core.help import Family, Help
from veche.core.playback import JustRedacted, playback_line
from veche.core.ports import Page, Record, StoreError, UnknownReference
from veche.core.registry import Command, Feature
from veche.core.replies import iso_time
from veche.core.settings import Settings
from veche.wire.caps import BATCH
from veche.wire.names import is_room
from veche.wire.times import BadTime, parse_time

# subcommand -> how many message references it takes
_REFERENCES = {"LATEST": 1, "BEFORE": 1, "AFTER": 1, "AROUND": 1, "BETWEEN": 2}
_LONGEST_MSGID = 64


class BadReference(Exception):
    """A reference or limit that cannot be understood; its text is what was given."""


def chathistory(ask: Ask) -> None:
    """CHATHISTORY <subcommand> <target> <reference> [<reference>] <limit>."""
    verb = ask.params[0].upper()
    if verb == "TARGETS":
        _targets(ask)
        return
    references = _REFERENCES.get(verb)
    if references is None:
        ask.fail("INVALID_PARAMS", ask.params[0], text="Unknown command")
        return
    if not _has_count(ask, verb, references + 3):
        return
    target = ask.params[1]
    try:
        page = _page(verb, ask.params[2:-1], _limit(ask))
    except BadReference as bad:
        ask.fail("INVALID_PARAMS", verb, str(bad), text="Invalid message reference or limit")
        return
    conversation = find(ask, target)
    if ask.engine.store is None or conversation is None:
        # The same text for what does not exist and for what is not one's business.
        ask.fail("INVALID_TARGET", verb, target, text="Messages could not be retrieved")
        return
    page.conversation, page.era = conversation.key, conversation.era
    ask.wait()
    ask.engine.store.page(page, partial(_answer, ask, verb, conversation.name))


def _has_count(ask: Ask, verb: str, count: int) -> bool:
    if len(ask.params) < count:
        ask.fail("INVALID_PARAMS", verb, text="Insufficient parameters")
    elif len(ask.params) > count:
        ask.fail("INVALID_PARAMS", verb, text="Too many parameters")
    return len(ask.params) == count


def _page(verb: str, references: list[str], limit: int) -> Page:
    """The question to the record; which conversation is for the caller to say."""
    first = references[0]
    if verb == "LATEST":
        return Page("", limit, after=None if first == "*" else _reference(first), newest=True)
    if verb == "BEFORE":
        return Page("", limit, before=_reference(first), newest=True)
    if verb == "AFTER":
        return Page("", limit, after=_reference(first))
    if verb == "AROUND":
        return Page("", limit, around=_reference(first))
    # "the returned messages MUST be counted starting from and excluding the first message selector [...]
    # This may be forwards or backwards in time."
    return Page("", limit, between=(_reference(first), _reference(references[1])))


def _reference(word: str) -> int | str:
    """A time in ms or a msgid. Raises BadReference."""
    kind, _, value = word.partition("=")
    if kind == "timestamp":
        try:
            return parse_time(value)
        except BadTime:
            raise BadReference(value) from None
    if kind == "msgid" and 0 < len(value) <= _LONGEST_MSGID and value.isascii():
        return value
    raise BadReference(word)


def _limit(ask: Ask) -> int:
    """The number of messages asked for, at most a page of the server's. Raises BadReference."""
    word = ask.params[-1]
    if not (word.isascii() and word.isdigit() and 0 < len(word) <= 9) or int(word) == 0:
        raise BadReference(word)
    return min(int(word), ask.settings.history_page)


def _answer(ask: Ask, verb: str, name: str, records: list[Record] | StoreError) -> None:
    """The page has come."""
    if isinstance(records, UnknownReference):
        ask.fail("INVALID_PARAMS", verb, name, text="No message with this id in this conversation")
    elif isinstance(records, StoreError):
        ask.fail("MESSAGE_ERROR", verb, name, text="Messages could not be retrieved")
    else:
        reference = _open(ask, f"chathistory {name}")
        for record in ask.engine.shelf(JustRedacted).standing(records):
            ask.send(playback_line(_as_called(record, name), ask.session, reference))
        _close(ask, reference)
    ask.settled()


def _as_called(record: Record, name: str) -> Record:
    """A message of a room as said under its name of today: a client looks for it there, whatever it was called then."""
    if record.target == name or not is_room(name):
        return record
    record = copy(record)
    record.target = name
    return record


def _targets(ask: Ask) -> None:
    """CHATHISTORY TARGETS <timestamp> <timestamp> <limit>: the conversations whose newest message lies between.

    A guest's conversations are the rooms that he is in and the people who are here.
    """
    if not _has_count(ask, "TARGETS", 4):
        return
    try:
        times = []
        for word in ask.params[1:3]:
            value = _reference(word)
            if isinstance(value, str):
                raise BadReference(word)
            times.append(value)
        limit = _limit(ask)
    except BadReference as bad:
        ask.fail("INVALID_PARAMS", "TARGETS", str(bad), text="Invalid timestamp or limit")
        return
    store = ask.engine.store
    if store is None:
        ask.fail("MESSAGE_ERROR", "TARGETS", text="Messages could not be retrieved")
        return
    user = ask.user
    names = {ask.world.conversation_of(key): ask.world.rooms[key].name for key in user.rooms}
    for uid in ask.world.peers(user):
        other = ask.world.users[uid]
        one, two = sorted((user.identity, other.identity))
        names[f"{one} {two}"] = other.nick
    ask.wait()
    store.latest(list(names), partial(_answer_targets, ask, names, times, limit))


def _answer_targets(
    ask: Ask, names: dict[str, str], times: list[int], limit: int, latest: dict[str, int] | StoreError
) -> None:
    if isinstance(latest, StoreError):
        ask.fail("MESSAGE_ERROR", "TARGETS", text="Messages could not be retrieved")
    else:
        low, high = min(times), max(times)
        found = sorted((time, names[key]) for key, time in latest.items() if low < time < high)
        # As in BETWEEN, counting starts from the first time given; the order is that of time in any case.
        found = found[:limit] if times[0] <= times[1] else found[-limit:]
        reference = _open(ask, "draft/chathistory-targets")
        for time, name in found:
            tag = f"@batch={reference} " if ask.session.caps & BATCH else ""
            ask.send(f"{tag}:{ask.settings.server} CHATHISTORY TARGETS {name} {iso_time(time)}")
        _close(ask, reference)
    ask.settled()


def _open(ask: Ask, kind: str) -> str:
    """Open a batch if the session knows batches; returns its reference."""
    reference = ask.engine.next_batch()
    if ask.session.caps & BATCH:
        ask.send(f":{ask.settings.server} BATCH +{reference} {kind}")
    return reference


def _close(ask: Ask, reference: str) -> None:
    if ask.session.caps & BATCH:
        ask.send(f":{ask.settings.server} BATCH -{reference}")


def _tokens(settings: Settings) -> dict[str, str]:
    return {"CHATHISTORY": str(settings.history_page), "MSGREFTYPES": "msgid,timestamp"}


feature = Feature(
    "chathistory",
    commands=[
        Command(
            "CHATHISTORY",
            chathistory,
            least=1,
            help=Help(
                "LATEST <target> <*|message> <count>\n"
                "BEFORE <target> <message> <count>\n"
                "AFTER <target> <message> <count>\n"
                "AROUND <target> <message> <count>\n"
                "BETWEEN <target> <message> <message> <count>\n"
                "TARGETS <time> <time> <count>",
                "Shows what was said in a room that you are in, or between you and somebody; TARGETS shows "
                "where something was said. A message is msgid=<msgid> or timestamp=<time>, a time only the "
                "latter. At most {s.history_page} messages at once.",
                "Показывает, что говорили в комнате, где вы находитесь, или в личной переписке; TARGETS "
                "показывает, где что-то говорили. Сообщение (message): msgid=<msgid> или timestamp=<время>; "
                "time: только второе. За раз не больше {s.history_page} сообщений.",
                Family.HISTORY,
            ),
        )
    ],
    caps={"draft/chathistory": ""},
    tokens=_tokens,
)
