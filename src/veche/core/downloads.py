"""Links by which somebody takes away what is kept: his own words, or those of a room that he founded. Good once.

The rules: a link is a secret, so the server knows it by its hash alone, writes it into no log, and forgets it after
`LINK_SECONDS` or when it has been used. Whether its owner may still have what it promises is asked again when it is
used. An account has one open link and one download at a time, and all accounts together `MOST_RUNNING`.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from math import ceil
from typing import TYPE_CHECKING

from veche.core.conversations import EVERYTHING, rule_of
from veche.core.durations import format_duration
from veche.core.guesses import Counters
from veche.state.room import FOUNDER

if TYPE_CHECKING:
    from veche.core.ask import Ask
    from veche.core.settings import Settings
    from veche.phrases import Language
    from veche.state.accounts import Account
    from veche.state.room import Room
    from veche.state.world import World

# How long a link is good, in seconds, and where it leads to at the web door.
LINK_SECONDS = 600
PATH = "/export/"
# Links that one account is given within the window: a download that broke is asked for again.
LINKS = 3
WINDOW = 3600.0
# Downloads at once, of all accounts together: they read the whole record, beside everybody who pages through it.
MOST_RUNNING = 2

PHRASES = {
    "export-link": (
        "{link} gives the file, once, within {time}. Whoever has the link gets it: show it to nobody.",
        "{link} — здесь файл, один раз, в течение {time}. Его получит всякий, у кого есть ссылка: не показывайте её.",
    ),
    "export-often": (
        "You have asked often enough for now; another link is there in {time}.",
        "Пока достаточно: следующую ссылку можно попросить через {time}.",
    ),
    "export-no-web": (
        (
            "The web door of this server is closed, so there is no way to give you a file. Ask its operator: "
            "python server.py export {what}"
        ),
        (
            "Веб-дверь этого сервера закрыта, и отдать файл нечем. Попросите оператора: "
            "python server.py export {what}"
        ),
    ),
    "export-no-record": (
        "This server keeps no record: there is nothing to take away.",
        "Этот сервер не ведёт летописи: забирать нечего.",
    ),
    "export-not-all": (
        "Here even founders read only a part of the past ({rule}), so nobody takes all of {room} away.",
        "Здесь и основатели читают лишь часть прошлого ({rule}), поэтому {room} целиком не забрать.",
    ),
}  # fmt: skip


class Ticket:
    """What a link promises: all of an account (its uid) or of a room (its folded name), as `form`.

    `until` is monotonic seconds; `language` is what a page is written in.
    """

    __slots__ = ("account", "form", "language", "room", "until")

    def __init__(self, account: str, room: str, form: str, language: Language, until: float) -> None:
        self.account = account
        self.room = room
        self.form = form
        self.language = language
        self.until = until


class Downloads:
    """The links that are open, who asked how often, and whose downloads run."""

    __slots__ = ("_links", "_running", "asked")

    def __init__(self) -> None:
        self.asked = Counters()  # links that were asked for, by account
        self._links: dict[
            str, tuple[str, Ticket]
        ] = {}  # by account: the hash of the link, and what it promises
        self._running: set[str] = set()

    def wait(self, account: str, now: float) -> float:
        """Count a link and return 0.0, or return how many seconds are to wait for the next, and count nothing."""
        wait = self.asked.wait(account, LINKS, WINDOW, now)
        if not wait:
            self.asked.count(account, WINDOW, now)
        return wait

    def offer(self, token: str, ticket: Ticket, now: float) -> None:
        """There is this link; another one of the same account is good no more."""
        self._links = {key: one for key, one in self._links.items() if now < one[1].until}
        self._links[ticket.account] = (_hash(token), ticket)

    def find(self, token: str, now: float) -> Ticket | None:
        """What a link promises that is still good. All are compared, each in constant time."""
        given = _hash(token)
        found = None
        for known, ticket in self._links.values():
            if hmac.compare_digest(known, given) and now < ticket.until:
                found = ticket
        return found

    def begin(self, ticket: Ticket) -> bool:
        """Use a link up, unless too much is under way; whoever does so says `end`."""
        if ticket.account in self._running or len(self._running) >= MOST_RUNNING:
            return False
        self._links.pop(ticket.account, None)
        self._running.add(ticket.account)
        return True

    def end(self, ticket: Ticket) -> None:
        """It is over, well or not. Idempotent."""
        self._running.discard(ticket.account)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def offer(ask: Ask, account: Account, form: str, room: Room | None = None) -> tuple[str, dict[str, object]]:
    """Make a link for who asks, who has proved that he may; a key of `PHRASES` and its values."""
    engine = ask.engine
    if engine.store is None:
        return "export-no-record", {}
    if not engine.web_address:
        what = f"room '{room.name}' room.{form}" if room is not None else f"person {account.name} me.{form}"
        return "export-no-web", {"what": what}
    downloads = engine.shelf(Downloads)
    now = engine.clock.monotonic()
    if wait := downloads.wait(account.uid, now):
        return "export-often", {"time": format_duration(ceil(wait))}
    token = urlsafe_b64encode(engine.chance.secret()).decode().rstrip("=")
    key = room.key if room is not None else ""
    downloads.offer(token, Ticket(account.uid, key, form, ask.language, now + LINK_SECONDS), now)
    return "export-link", {
        "link": engine.web_address + PATH + token,
        "time": format_duration(LINK_SECONDS),
    }


def may_take(world: World, settings: Settings, ticket: Ticket) -> bool:
    """Whether what a link promises is still for its owner: he is not suspended, or not a founder any more."""
    account = world.accounts.by_uid.get(ticket.account)
    if account is None or account.suspended:
        return False
    if not ticket.room:
        return True
    room = world.rooms.get(ticket.room)
    return room is not None and room.rank_of(account.uid) == FOUNDER and rule_of(settings, room) == EVERYTHING
