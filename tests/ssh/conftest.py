"""One server with an ssh door for all that does it no harm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.serving import Ports, serving

# Everybody here comes from one address, and half of them make an account.
LIMITS = (
    "limits.connections_per_address=0",
    "limits.connect_burst=0",
    "limits.flood=false",
    "accounts.registrations_per_address=100",
    "accounts.registrations=100",
)


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    folder: Path = tmp_path_factory.mktemp("ssh")
    with serving(folder, "--ssh=127.0.0.1:0", *(f"--set={limit}" for limit in LIMITS)) as found:
        yield found
