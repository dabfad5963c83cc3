"""The durable record passes the contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from veche.store.durable import SqliteStore, open_store
from veche.testing.contracts import StoreBench, StoreContract, Turns


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[StoreBench]:
        turns = Turns()
        stores = [open_store(tmp_path / "data", turns.post)]

        def restart() -> SqliteStore:
            assert stores[-1].close()
            stores.append(open_store(tmp_path / "data", turns.post))
            return stores[-1]

        bench = StoreBench(stores[0], turns, restart=restart)
        yield bench
        stores[-1].close()
