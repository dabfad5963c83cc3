"""The durable record passes the contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from veche.store.durable import open_store
from veche.testing.contracts import StoreBench, StoreContract, Turns


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[StoreBench]:
        turns = Turns()
        store = open_store(tmp_path / "data", turns.post)
        yield StoreBench(store, turns)
        store.close()
