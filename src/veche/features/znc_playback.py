"""*playback: the words by which clients made for ZNC ask for what they have missed.

Source: ZNC, module "playback": a client that has asked for `znc.in/playback` is told nothing unasked, and says
`PRIVMSG *playback :PLAY * <seconds>` with the time of the last line that it has. Whatever it is answered comes from the
record, which is everybody's: CLEAR is refused. `znc.in/self-message`: a client that has asked for it is told one's own
messages too, among what is played and from one's other devices.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

from veche.core.ask import Ask
from veche.core.conversations import Conversation, look_for, of_partner, of_room
from veche.core.playback import JustCorrected, may_show, tell_page
from veche.core.ports import Page, Partner, Records, StoreError
from veche.core.registry import Feature
from veche.core.replies import fit

NAME = "*playback"
PHRASES = {
    "unknown": (
        "I understand PLAY <name,...|*> [<from> [<to>]] and LIST [<name,...|*>]; times are seconds since 1970",
        "Я понимаю PLAY <имя,...|*> [<с> [<по>]] и LIST [<имя,...|*>]; время в секундах с 1970 года",
    ),
    "clear": (
        "Nothing is cleared: what was said belongs to everybody who was there. REDACT takes back single messages",
        "Ничего не стирается: сказанное принадлежит всем, кто там был. Отдельные сообщения отзывает REDACT",
    ),
    "failed": (
        "The record cannot be read now, please try again later",
        "Записи сейчас не читаются, попробуйте позже",
    ),
}
# Direct conversations that "*" means, the newest; and what is played of each conversation at most, unless an
# installation says otherwise for what somebody has missed.
PARTNERS = 50
USUAL = 200
_LATEST = 1 << 53  # ms: later than anything


def hear(ask: Ask, text: str) -> None:
    """Do what somebody says to *playback."""
    verb, *words = text.split()[:4] or [""]
    verb = verb.upper()
    if verb == "CLEAR":
        _say(ask, ask.phrase(PHRASES, "clear"))
    elif verb == "LIST":
        _each(ask, words[0] if words else "*", 0, _list)
    elif verb == "PLAY" and words:
        start, end = (_time(word) for word in [*words[1:], "0", "0"][:2])
        if start is None or end is None:
            _say(ask, ask.phrase(PHRASES, "unknown"))
            return
        _each(ask, words[0], start, partial(_play, start, end or _LATEST, ask.engine.log.seq))
    else:
        _say(ask, ask.phrase(PHRASES, "unknown"))


def _time(word: str) -> int | None:
    """A time in seconds, with a fraction perhaps, as milliseconds; None for what is none."""
    whole, _, fraction = word.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 12):
        return None
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        return None
    return int(whole) * 1000 + int((fraction + "000")[:3])


def _say(ask: Ask, text: str) -> None:
    # Modules of ZNC speak so, and clients read the answer to LIST.
    ask.send(fit("", f":{NAME}!playback@{ask.settings.server} PRIVMSG {ask.session.nick} :{text}"))


Do = Callable[[Ask, Conversation, Callable[[], None]], None]


def _each(ask: Ask, names: str, after: int, do: Do) -> None:
    """Do something for each conversation that is named, one behind the other; "*" means all of them."""
    store = ask.engine.store
    if store is None:
        return
    if names != "*":
        chosen = list(dict.fromkeys(name for name in names.split(",") if name))[: ask.settings.rooms_per_user]
        _go_through(ask, deque(partial(look_for, ask, name) for name in chosen), do)
        return
    rooms = [of_room(ask, ask.world.rooms[key]) for key in ask.user.rooms]
    if not ask.user.account:
        _go_through(ask, deque(partial(_known, room) for room in rooms), do)
        return
    ask.wait()
    store.partners(ask.user.identity, after, PARTNERS, partial(_with_partners, ask, rooms, do))


def _with_partners(ask: Ask, rooms: list[Conversation], do: Do, partners: list[Partner] | StoreError) -> None:
    if isinstance(partners, StoreError):
        _say(ask, ask.phrase(PHRASES, "failed"))
    elif ask.session.user is not None:
        people = [of_partner(ask, partner) for partner in reversed(partners)]
        _go_through(ask, deque(partial(_known, talk) for talk in [*rooms, *people]), do)
    ask.settled()


Found = Callable[[Conversation | StoreError | None], None]


def _known(talk: Conversation, done: Found) -> None:
    done(talk)


def _go_through(ask: Ask, finders: deque[Callable[[Found], None]], do: Do) -> None:
    """The next conversation; pages are read one at a time, so that nobody's request fills the line of questions."""

    def found(talk: Conversation | StoreError | None) -> None:
        if isinstance(talk, Conversation):
            do(ask, talk, next_one)
        else:
            next_one()

    def next_one() -> None:
        if finders and ask.session.user is not None:
            finders.popleft()(found)

    next_one()


def _page(ask: Ask, talk: Conversation, page: Page, done: Callable[[Records], None]) -> None:
    """Read a page of a conversation; `done` hears it, without what was taken back."""

    def answer(records: Records | StoreError) -> None:
        if isinstance(records, StoreError):
            _say(ask, ask.phrase(PHRASES, "failed"))
        elif ask.session.user is not None:
            done(Records(ask.engine.shelf(JustCorrected).standing(records), has_more=records.has_more))
        ask.settled()

    page.conversation, page.era, page.since = talk.key, talk.era, talk.since
    if ask.engine.store is not None:
        ask.wait()
        ask.engine.store.page(page, answer)


def _play(start: int, end: int, last: int, ask: Ask, talk: Conversation, go_on: Callable[[], None]) -> None:
    def show(records: Records) -> None:
        # What is said from now on reaches him as it is said.
        if told := [record for record in records if record.seq <= last and may_show(ask, record)]:
            tell_page(ask, talk.name, told)
        go_on()

    limit = ask.settings.missed_messages or USUAL
    _page(ask, talk, Page("", limit, after=start or None, before=end, newest=True), show)


def _list(ask: Ask, talk: Conversation, go_on: Callable[[], None]) -> None:
    """`<name> <time of the first> <time of the last>`: of what can be read at all."""

    def with_first(first: Records) -> None:
        def with_last(newest: Records) -> None:
            for one, other in _pairs(first, newest):
                _say(ask, f"{talk.name} {one / 1000:.3f} {other / 1000:.3f}")
            go_on()

        _page(ask, talk, Page("", 1, newest=True), with_last)

    _page(ask, talk, Page("", 1), with_first)


def _pairs(first: Records, newest: Records) -> Iterator[tuple[int, int]]:
    for one, other in zip(first, newest, strict=False):
        yield one.time, other.time


feature = Feature(
    "znc-playback",
    services={NAME: hear},
    caps={"znc.in/playback": "", "znc.in/self-message": ""},
)
