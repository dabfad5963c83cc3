"""What somebody has missed is told to the device that he comes back with, once.

A client that has asked for `draft/chathistory` fetches its own history: "if a client requests this capability, the
server [...] SHOULD NOT play back any history that would otherwise be sent automatically". The rule: what is told again
is older than the session, and newer than what the device (or, for one without a name, any of his) has seen.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from veche.core.ask import Ask
from veche.core.conversations import of_partner, of_room
from veche.core.playback import JustCorrected, fetches_itself, may_show, tell_page
from veche.core.ports import Page, Partner, Records, StoreError
from veche.state.events import Fact

# Conversations of two that are looked for.
PARTNERS: Final = 50


def tell_missed(ask: Ask, _fact: Fact) -> None:
    """Tell the session what was said while its user was not here."""
    session = ask.session
    store = ask.engine.store
    since, session.since = session.since, 0
    user = session.user
    if not since or store is None or user is None or not user.account or fetches_itself(session):
        return
    limit = ask.settings.missed_messages
    if not limit:
        return
    # What is said from now on reaches him as it is said; a page may be read when some of that is in the record.
    last = ask.engine.log.seq
    if user.stays:  # else he has just come into his rooms, and missed nothing there that was his to hear
        for key in user.rooms:
            room = of_room(ask, ask.world.rooms[key])
            page = Page(room.key, limit, era=room.era, since=room.since, after=since, newest=True)
            ask.wait()
            store.page(page, partial(_show, ask, room.name, last))
    ask.wait()
    store.partners(user.identity, since, PARTNERS, partial(_ask_for_each, ask, since, last))


def _ask_for_each(ask: Ask, since: int, last: int, partners: list[Partner] | StoreError) -> None:
    store = ask.engine.store
    if not isinstance(partners, StoreError) and store is not None and ask.session.user is not None:
        for partner in reversed(partners):  # the oldest first, as it was said
            page = Page(partner.conversation, ask.settings.missed_messages, after=since, newest=True)
            ask.wait()
            name = of_partner(ask, partner).name
            store.page(page, partial(_show, ask, name if name != "*" else ask.user.nick, last))
    ask.settled()


def _show(ask: Ask, name: str, last: int, records: Records | StoreError) -> None:
    # A newcomer can do nothing about an error, and the store has told the log.
    if not isinstance(records, StoreError) and ask.session.user is not None:
        shown = [
            record
            for record in ask.engine.shelf(JustCorrected).standing(records)
            if record.seq <= last and may_show(ask, record)
        ]
        if shown:
            tell_page(ask, name, shown)
    ask.settled()
