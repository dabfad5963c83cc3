"""CHATHISTORY: what was said, by pages.

Source: chathistory (draft), batch type chathistory; THREAD is our own, docs/ext/threads.md.
Members read the record of their rooms, and everyone his own direct conversations; a room that one is not in and one
that does not exist give the same answer.
"""

from functools import partial

from veche.core.ask import Ask
from veche.core.conversations import PARTNERS, Conversation, conversation_of, look_for, of_partner, of_room
from veche.core.help import Family, Help
from veche.core.playback import (
    Around,
    JustCorrected,
    close_batch,
    open_batch,
    shown_corrections,
    shows_events,
    tell_page,
)
from veche.core.ports import Page, Partner, Record, Records, StoreError, UnknownReference
from veche.core.registry import Command, Feature
from veche.core.replies import iso_time
from veche.core.settings import Settings
from veche.features.reactions import with_reactions
from veche.wire.msgids import time_of_msgid
from veche.wire.times import BadTime, parse_time

# subcommand -> how many message references it takes
_REFERENCES = {"LATEST": 1, "BEFORE": 1, "AFTER": 1, "AROUND": 1, "BETWEEN": 2, "THREAD": 2}
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
    look_for(ask, target, partial(_read, ask, verb, target, page))


def _read(
    ask: Ask, verb: str, target: str, page: Page, conversation: Conversation | StoreError | None
) -> None:
    """Ask the record for a page of a conversation."""
    store = ask.engine.store
    if isinstance(conversation, StoreError):
        ask.fail("MESSAGE_ERROR", verb, target, text="Messages could not be retrieved")
    elif store is None or conversation is None:
        # The same text for what does not exist and for what is not one's business.
        ask.fail("INVALID_TARGET", verb, target, text="Messages could not be retrieved")
    else:
        page.conversation, page.era, page.since = conversation.key, conversation.era, conversation.since
        page.events = shows_events(ask.session) and not page.thread
        page.corrections = shown_corrections(ask.session)
        ask.wait()
        answer = partial(_answer, ask, verb, conversation, page)
        if page.events:
            ask.engine.log.when_written(partial(store.page, page, answer))
        else:
            store.page(page, answer)


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
    if verb == "THREAD":
        thread = _reference(first)
        if isinstance(thread, int):
            raise BadReference(first)
        behind = references[1]
        return Page("", limit, thread=thread, after=None if behind == "*" else _reference(behind))
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


def _answer(
    ask: Ask,
    verb: str,
    conversation: Conversation,
    page: Page,
    records: Records | StoreError,
    *,
    is_second: bool = False,
) -> None:
    """The page has come; `is_second`: it was read again."""
    store = ask.engine.store
    name = conversation.name
    again = partial(_answer, ask, verb, conversation, page, is_second=True)
    if isinstance(records, UnknownReference) and not is_second and _use_times(page, conversation.forgets):
        if store is not None:
            store.page(page, again)
        return
    if isinstance(records, UnknownReference):
        ask.fail("INVALID_PARAMS", verb, name, text="No message with this id in this conversation")
    elif isinstance(records, StoreError):
        ask.fail("MESSAGE_ERROR", verb, name, text="Messages could not be retrieved")
    else:
        standing = ask.engine.shelf(JustCorrected).standing(records)
        if len(standing) < len(records) and store is not None and not is_second:
            # Something on it was taken back meanwhile. A page that came out short would be taken for the end.
            store.page(page, again)
            return
        with_reactions(ask, name, standing, partial(_tell, ask, name, standing, is_end=not records.has_more))
        return
    ask.settled()


def _use_times(page: Page, forgets: int) -> bool:
    """Put into the place of ids from before `forgets` the times that are in them; whether there were any.

    What they name is not kept any more, or never was; the client knows them all the same, and means that moment.
    """
    if not forgets:
        return False
    before = (page.after, page.before, page.around, page.between)
    page.after, page.before, page.around = (_time_for(one, forgets) for one in before[:3])
    if page.between is not None:
        first, second = (_time_for(one, forgets) for one in page.between)
        if first is not None and second is not None:
            page.between = (first, second)
    return (page.after, page.before, page.around, page.between) != before


def _time_for(reference: int | str | None, forgets: int) -> int | str | None:
    try:
        time = time_of_msgid(reference) if isinstance(reference, str) else forgets
    except ValueError:
        return reference
    return time if time < forgets else reference


def _tell(ask: Ask, name: str, records: list[Record], around: Around, *, is_end: bool) -> None:
    if ask.session.user is not None:
        tell_page(ask, name, records, is_end=is_end, around=around)
    ask.settled()


def _targets(ask: Ask) -> None:
    """CHATHISTORY TARGETS <timestamp> <timestamp> <limit>: the conversations whose newest message lies between.

    A guest's conversations are the rooms that he is in and the people who are here; the owner of an account is told
    of everybody he has talked with.
    """
    if not _has_count(ask, "TARGETS", 4):
        return
    try:
        times = [_time(word) for word in ask.params[1:3]]
        limit = _limit(ask)
    except BadReference as bad:
        ask.fail("INVALID_PARAMS", "TARGETS", str(bad), text="Invalid timestamp or limit")
        return
    store = ask.engine.store
    if store is None:
        ask.fail("MESSAGE_ERROR", "TARGETS", text="Messages could not be retrieved")
        return
    user = ask.user
    talks = [of_room(ask, ask.world.rooms[key]) for key in user.rooms]
    ask.wait()
    if user.account:
        answer = partial(_with_partners, ask, talks, times, limit)
        store.partners(user.identity, min(times), PARTNERS, answer)
        return
    for uid in ask.world.peers(user):
        other = ask.world.users[uid]
        talks.append(Conversation(conversation_of(user.identity, other.identity), 0, other.nick))
    _ask_latest(ask, talks, [], times, limit)


def _time(word: str) -> int:
    """The time in ms that a reference names. Raises BadReference for one that names a message."""
    value = _reference(word)
    if isinstance(value, str):
        raise BadReference(word)
    return value


def _with_partners(
    ask: Ask,
    rooms: list[Conversation],
    times: list[int],
    limit: int,
    partners: list[Partner] | StoreError,
) -> None:
    if isinstance(partners, StoreError):
        ask.fail("MESSAGE_ERROR", "TARGETS", text="Messages could not be retrieved")
        ask.settled()
    elif ask.session.user is None:
        ask.settled()
    else:
        people = [(partner.time, of_partner(ask, partner).name) for partner in partners]
        _ask_latest(ask, rooms, [one for one in people if one[1] != "*"], times, limit)


def _ask_latest(
    ask: Ask, talks: list[Conversation], found: list[tuple[int, str]], times: list[int], limit: int
) -> None:
    """Ask when the newest message of each of these was; of those `found` that is known."""
    if ask.engine.store is not None:
        questions = [(talk.key, talk.era) for talk in talks]
        ask.engine.store.latest(questions, partial(_answer_targets, ask, talks, found, times, limit))


def _answer_targets(
    ask: Ask,
    talks: list[Conversation],
    found: list[tuple[int, str]],
    times: list[int],
    limit: int,
    latest: dict[str, int] | StoreError,
) -> None:
    if isinstance(latest, StoreError):
        ask.fail("MESSAGE_ERROR", "TARGETS", text="Messages could not be retrieved")
    else:
        low, high = min(times), max(times)
        newest = [(latest[talk.key], talk.name) for talk in talks if latest.get(talk.key, -1) >= talk.since]
        every = sorted((time, name) for time, name in newest + found if low < time < high)
        # As in BETWEEN, counting starts from the first time given; the order is that of time in any case.
        told = every[:limit] if times[0] <= times[1] else every[-limit:]
        reference = open_batch(ask, "draft/chathistory-targets", is_end=len(told) == len(every))
        tag = f"@batch={reference} " if reference else ""
        for time, name in told:
            ask.send(f"{tag}:{ask.settings.server} CHATHISTORY TARGETS {name} {iso_time(time)}")
        close_batch(ask, reference)
    ask.settled()


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
                "THREAD <target> <message> <*|message> <count>\n"
                "TARGETS <time> <time> <count>",
                "Shows what was said in a room that you are in, or between you and somebody; THREAD shows a "
                "message with all that answers to it, behind another message or (*) from the start; TARGETS shows "
                "where something was said. A message is msgid=<msgid> or timestamp=<time>, a time is the "
                "latter. At most {s.history_page} messages at once; how far back you read a room is for the "
                "server and the room's operators to say.",
                "Показывает, что говорили в комнате, где вы находитесь, или в личной переписке; THREAD "
                "показывает сообщение и все ответы на него, после другого сообщения или (*) с начала; TARGETS "
                "показывает, где что-то говорили. Сообщение (message): msgid=<msgid> или timestamp=<время>; "
                "time: только второе. За раз не больше {s.history_page} сообщений; насколько старое в комнате "
                "вам видно, решают сервер и операторы комнаты.",
                Family.HISTORY,
            ),
        )
    ],
    caps={
        "draft/chathistory": "",
        "veche/threads": lambda session, settings: "" if settings.stores else None,
    },
    tokens=_tokens,
)
