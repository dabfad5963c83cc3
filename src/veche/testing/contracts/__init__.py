"""What every store must do, as tests: an engine and a fake that pass these may stand in for one another.

A test file subclasses StoreContract and gives the fixture `bench`:

    class TestMemoryStore(StoreContract):
        @pytest.fixture
        def bench(self) -> StoreBench:
            turns = Turns()
            return StoreBench(MemoryStore(turns.post), turns)
"""

from veche.testing.contracts.bench import (
    ROOM,
    StoreBench,
    Turns,
    close,
    fields,
    make_edit,
    make_event,
    make_message,
    make_reaction,
    make_record,
    make_redaction,
)
from veche.testing.contracts.corrections import CorrectionsContract
from veche.testing.contracts.erasing import ErasingContract
from veche.testing.contracts.events import EventsContract
from veche.testing.contracts.exporting import ExportingContract
from veche.testing.contracts.forgetting import ForgettingContract
from veche.testing.contracts.messages import MessagesContract
from veche.testing.contracts.overview import OverviewContract
from veche.testing.contracts.saved import SavedContract
from veche.testing.contracts.searching import SearchContract

__all__ = [
    "ROOM",
    "StoreBench",
    "StoreContract",
    "Turns",
    "close",
    "fields",
    "make_edit",
    "make_event",
    "make_message",
    "make_reaction",
    "make_record",
    "make_redaction",
]


class StoreContract(
    MessagesContract,
    CorrectionsContract,
    EventsContract,
    OverviewContract,
    SavedContract,
    SearchContract,
    ForgettingContract,
    ErasingContract,
    ExportingContract,
):
    """The tests. Subclasses are collected by pytest; `bench` is a fixture of theirs with an empty store."""
