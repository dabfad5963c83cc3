"""The lobby: the room in which everyone who arrives is at once, and what was said there last.

A client that has asked for `draft/chathistory` fetches its own history: "if a client requests this capability, the
server [...] SHOULD NOT play back any history that would otherwise be sent automatically".
"""

from functools import partial

from veche.core.ask import Ask
from veche.core.playback import JustRedacted, playback_line
from veche.core.ports import Page, Record, StoreError
from veche.core.registry import Feature
from veche.state.events import MemberJoined, UserArrived
from veche.wire.caps import CHATHISTORY
from veche.wire.names import fold


def enter(ask: Ask, _fact: UserArrived) -> None:
    """Bring a newcomer into the lobby, as though he had asked for it."""
    if ask.settings.lobby:
        ask.run("JOIN", ask.settings.lobby)


def tell(ask: Ask, fact: MemberJoined) -> None:
    """Tell who comes into the lobby what was said last, unless his client asks for that itself."""
    settings = ask.settings
    store = ask.engine.store
    key = fold(settings.lobby)
    if store is None or not settings.lobby_replay or fold(fact.room) != key or ask.session.caps & CHATHISTORY:
        return
    ask.wait()
    room = ask.world.rooms[key]
    # What is said from now on reaches him as it is said; the page may be read when some of that is in the record.
    last = ask.engine.log.seq
    store.page(Page(key, settings.lobby_replay, era=room.created, newest=True), partial(_show, ask, last))


def _show(ask: Ask, last: int, records: list[Record] | StoreError) -> None:
    if not isinstance(
        records, StoreError
    ):  # a newcomer can do nothing about it, and the store has told the log
        for record in ask.engine.shelf(JustRedacted).standing(records):
            if record.seq <= last:
                ask.send(playback_line(record, ask.session))
    ask.settled()


feature = Feature("lobby", reactions={UserArrived: enter, MemberJoined: tell})
