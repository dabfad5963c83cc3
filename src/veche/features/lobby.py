"""The lobby: the room in which everyone who arrives is at once, and what was said there last.

A client that has asked for `draft/chathistory` fetches its own history: "if a client requests this capability, the
server [...] SHOULD NOT play back any history that would otherwise be sent automatically". Everybody else is told it, in
a batch where he knows batches (batch type chathistory).
"""

from functools import partial

from veche.core.ask import Ask
from veche.core.conversations import of_room
from veche.core.playback import JustCorrected, fetches_itself, tell_page
from veche.core.ports import Page, Records, StoreError
from veche.core.registry import Feature
from veche.state.events import MemberJoined, UserArrived
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
    if store is None or not settings.lobby_replay or fold(fact.room) != key or fetches_itself(ask.session):
        return
    ask.wait()
    lobby = of_room(ask, ask.world.rooms[key])
    # What is said from now on reaches him as it is said; the page may be read when some of that is in the record.
    last = ask.engine.log.seq
    page = Page(lobby.key, settings.lobby_replay, era=lobby.era, since=lobby.since, newest=True)
    store.page(page, partial(_show, ask, lobby.name, last))


def _show(ask: Ask, name: str, last: int, records: Records | StoreError) -> None:
    # A newcomer can do nothing about an error, and the store has told the log.
    if not isinstance(records, StoreError):
        standing = ask.engine.shelf(JustCorrected).standing(records)
        # "the server SHOULD put all PRIVMSGs and NOTICEs into a single chathistory batch"
        if told := [record for record in standing if record.seq <= last]:
            tell_page(ask, name, told)
    ask.settled()


feature = Feature("lobby", reactions={UserArrived: enter, MemberJoined: tell})
