"""SEARCH: which messages have some words, of those that one may read.

Source: search (soju.im/search), batch type soju.im/search. What one may read is what CHATHISTORY would show: the rooms
that one is in, and one's own direct conversations. What was said to the ranks of a room alone is not searched.

The text is looked for by words (wire/words.py): in all their forms, "several in a row", and beginnings*.
"""

from __future__ import annotations

from copy import copy
from functools import partial

from veche.core.ask import Ask
from veche.core.conversations import find, of_room
from veche.core.help import Family, Help
from veche.core.playback import JustCorrected, playback_line
from veche.core.ports import Record, StoreError
from veche.core.registry import Command, Feature
from veche.core.replies import standard_line
from veche.core.search import Found, Reading, SearchQuestion
from veche.wire.caps import BATCH
from veche.wire.message import parse_tags
from veche.wire.names import is_room
from veche.wire.times import BadTime, parse_time
from veche.wire.words import parse

CAPABILITY = "soju.im/search"
# "Servers MUST recognise the following attributes." "Additionally, the following attributes MUST be recognized"
# And one of our own: the id of a message, in whose thread is searched.
ATTRIBUTES = ("in", "from", "after", "before", "text", "limit", "thread")
_LONGEST_MSGID = 64
# Messages in an answer where nobody says how many.
USUAL_LIMIT = 100
# Searches of one person that may be under way, on all devices together.
AT_ONCE = 2


class BadAttribute(Exception):
    """An attribute that cannot be understood; its text is the attribute's name."""


class UnderWay:
    """How many searches of whom are being made."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def begin(self, who: str) -> bool:
        """One more; False when he has enough of them."""
        count = self.counts.get(who, 0)
        if count >= AT_ONCE:
            return False
        self.counts[who] = count + 1
        return True

    def end(self, who: str) -> None:
        """One less."""
        self.counts[who] -= 1
        if not self.counts[who]:
            del self.counts[who]


def search(ask: Ask) -> None:
    """SEARCH <attribute>=<value>[;<attribute>=<value>...]."""
    # The values are those of message tags, as the clients that know this write them; what has spaces in it may also
    # stand behind a colon as it is.
    attributes = parse_tags(ask.params[0])
    try:
        question = _question(attributes, ask.settings.history_page)
    except BadAttribute as bad:
        # "If the selectors were invalid, the `INVALID_PARAMS` error code SHOULD be returned."
        ask.fail("INVALID_PARAMS", str(bad), text="Invalid parameters")
        return
    names = _choose(ask, question, attributes.get("in", ""))
    store = ask.engine.store
    who = ask.user.identity
    if store is None:
        _fail(ask)
    elif not (question.conversations or question.person):
        # What one may not read and what does not exist are the same: nothing was said there.
        _give(ask, names, [])
    elif not ask.engine.shelf(UnderWay).begin(who):
        ask.fail("INTERNAL_ERROR", text="Your last search is not over yet. Please wait for it.")
    else:
        ask.wait()
        store.search(question, partial(_answer, ask, who, names))


def _question(attributes: dict[str, str], most: int) -> SearchQuestion:
    """What is looked for; where is for the caller to say. Raises BadAttribute."""
    for name, value in attributes.items():
        if name not in ATTRIBUTES or not value:
            raise BadAttribute(name)
    text = attributes.get("text", "")
    wanted = parse(text)
    if text and not wanted:
        raise BadAttribute("text")  # nothing in it is a word
    return SearchQuestion(
        {},
        _limit(attributes.get("limit", str(USUAL_LIMIT)), most),
        wanted=wanted,
        nick=attributes.get("from", ""),
        after=_time(attributes, "after"),
        before=_time(attributes, "before"),
        thread=_thread(attributes),
    )


def _thread(attributes: dict[str, str]) -> str:
    """An id says nothing of where its message is, so that has to be said beside it."""
    thread = attributes.get("thread", "")
    if thread and (not thread.isascii() or len(thread) > _LONGEST_MSGID or "in" not in attributes):
        raise BadAttribute("thread")
    return thread


def _limit(word: str, most: int) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= 9) or int(word) == 0:
        raise BadAttribute("limit")
    # "The server MAY return less messages than this number."
    return min(int(word), most)


def _time(attributes: dict[str, str], name: str) -> int | None:
    if name not in attributes:
        return None
    try:
        return parse_time(attributes[name])
    except BadTime:
        raise BadAttribute(name) from None


def _choose(ask: Ask, question: SearchQuestion, target: str) -> dict[str, str]:
    """Put into the question what may be read of what is meant; the names of the rooms among it, by their keys."""
    if target:
        one = find(ask, target)
        chosen = [one] if one is not None else []
    else:
        chosen = [of_room(ask, ask.world.rooms[key]) for key in ask.user.rooms]
        question.person = ask.user.identity
    question.conversations = {one.key: Reading(one.era, one.since) for one in chosen}
    return {one.key: one.name for one in chosen if is_room(one.name)}


def _answer(ask: Ask, who: str, names: dict[str, str], found: Found | StoreError) -> None:
    """The record has answered."""
    ask.engine.shelf(UnderWay).end(who)
    if isinstance(found, StoreError):
        _fail(ask)
    else:
        if not found.is_complete:
            text = "There may be more: not everything could be searched"
            ask.send(standard_line(ask.settings.server, "NOTE", "SEARCH", "INCOMPLETE", (), text))
        _give(ask, names, ask.engine.shelf(JustCorrected).standing(found.records))
    ask.settled()


def _fail(ask: Ask) -> None:
    """ "If the search cannot be run due to an internal error, the `INTERNAL_ERROR` error code SHOULD be returned." """
    ask.fail("INTERNAL_ERROR", text="The search could not be run")


def _give(ask: Ask, names: dict[str, str], records: list[Record]) -> None:
    """ "If the batch capability was negotiated, the server MUST reply to a successful SEARCH command using a batch" """
    reference = ask.engine.next_batch()
    has_batch = bool(ask.session.caps & BATCH)
    if has_batch:
        ask.send(f":{ask.settings.server} BATCH +{reference} {CAPABILITY}")
    for record in records:
        ask.send(playback_line(_as_called(record, names), ask.session, reference))
    if has_batch:
        ask.send(f":{ask.settings.server} BATCH -{reference}")


def _as_called(record: Record, names: dict[str, str]) -> Record:
    """A message of a room as said under its name of today, under which its surroundings are in CHATHISTORY."""
    name = names.get(record.conversation, record.target)
    if record.target == name:
        return record
    record = copy(record)
    record.target = name
    return record


feature = Feature(
    "search",
    commands=[
        Command(
            "SEARCH",
            search,
            least=1,
            help=Help(
                "<attribute=value;...>",
                "Finds messages in the rooms that you are in and in your direct conversations. Attributes: text "
                '(words in any of their forms, "several in a row", beginnings*), in (a room or a person), from (a '
                "nick), after and before (times), thread (a msgid; with in), limit.",
                "Ищет сообщения в комнатах, где вы находитесь, и в личной переписке. Условия: text (слова в любой "
                'форме, "несколько подряд", начала*), in (комната или человек), from (имя), after и before '
                "(время), thread (msgid сообщения, вместе с in), limit (сколько).",
                Family.HISTORY,
            ),
        )
    ],
    caps={CAPABILITY: ""},
)
