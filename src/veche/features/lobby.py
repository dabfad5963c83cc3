"""The lobby: the room in which everyone who arrives is at once, and what was said there last.

A client that has asked for `draft/chathistory` fetches its own history: "if a client requests this capability, the
server [...] SHOULD NOT play back any history that would otherwise be sent automatically". Everybody else is told it, in
a batch where he knows batches (batch type chathistory).
"""

from functools import partial

from veche.core.ask import Ask
from veche.core.playback import JustRedacted, playback_line
from veche.core.ports import Page, Record, StoreError
from veche.core.registry import Feature
from veche.state.events import MemberJoined, UserArrived
from veche.wire.caps import BATCH, CHATHISTORY
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
        standing = ask.engine.shelf(JustRedacted).standing(records)
        _tell_all(ask, [record for record in standing if record.seq <= last])
    ask.settled()


def _tell_all(ask: Ask, records: list[Record]) -> None:
    """ "the server SHOULD put all PRIVMSGs and NOTICEs into a single chathistory batch" """
    server = ask.settings.server
    batch = ask.engine.next_batch() if records and ask.session.caps & BATCH else ""
    if batch:
        ask.send(f":{server} BATCH +{batch} chathistory {records[0].target}")
    for record in records:
        ask.send(playback_line(record, ask.session, batch))
    if batch:
        ask.send(f":{server} BATCH -{batch}")


feature = Feature("lobby", reactions={UserArrived: enter, MemberJoined: tell})
