"""A thousand people on three real nodes claim fifty nicks at one moment: each nick is somebody's, and one person's."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from veche.testing.checker.claims import Claimant
from veche.testing.checker.databases import Database
from veche.testing.checker.load import Shape
from veche.testing.checker.nodes import COUNT, Looker, Nodes
from veche.testing.checker.plan import Plan
from veche.testing.checker.process import own_server

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux", "postgres", "nats")]

PEOPLE = 1000
PRIZES = 50
AT_A_TIME = 50
PATIENCE = 60.0


async def test_no_nick_has_two_owners(tmp_path: Path) -> None:
    database = Database(tmp_path / "postgresql")
    command = own_server(None, in_a_database=True)
    plan = Plan(command, Shape(), 1, 0.0, 1, tmp_path, print, database=database)
    nodes = Nodes(plan)
    people = [Claimant(f"c{number}", f"prize{number % PRIZES}") for number in range(PEOPLE)]
    try:
        await database.open()
        await nodes.open()
        doors = [server.door for server in nodes.servers]
        for start in range(0, PEOPLE, AT_A_TIME):
            some = range(start, start + AT_A_TIME)
            # The claimants of one nick sit on all nodes.
            await asyncio.gather(*(people[n].client.enter(doors[n // PRIZES % COUNT]) for n in some))
        for person in people:
            person.claim()
        async with asyncio.timeout(PATIENCE):
            while any(person.nick != person.prize and not person.refusals for person in people):
                await asyncio.sleep(0.05)
        assert sum(person.refusals for person in people) == PEOPLE - PRIZES
        assert Counter(person.nick for person in people) == Counter({person.nick for person in people})
        assert {person.nick for person in people} >= {person.prize for person in people}
        # What each of them was told is what every node has.
        for number, door in enumerate(doors):
            looker = Looker(f"looker{number}")
            await looker.client.enter(door)
            for person in people[:: PEOPLE // 20]:
                owner = next(one for one in people if one.nick == person.prize)
                found = await looker.client.ask(f"WHOIS {person.prize}", "311", "401")
                assert found.command == "311"
                assert found.params[2].lstrip("~") == owner.client.nick, found
            looker.client.abort()
    finally:
        for person in people:
            person.client.abort()
        await nodes.close()
        await database.vanish()
