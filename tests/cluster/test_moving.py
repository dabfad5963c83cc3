"""A node that is asked to end: its people go to another one in waves, and were never gone. Two real servers."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from veche.testing.checker.process import OPTIONS, PROGRAM, Server
from veche.testing.nats import Nats

if TYPE_CHECKING:
    from veche.testing.postgres import Postgres

pytestmark = [pytest.mark.slow, pytest.mark.needs("postgres", "nats")]


class Visitor:
    """Somebody at one of the servers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.heard: list[str] = []

    @classmethod
    async def enter(cls, port: int, *lines: str, until: str = " 376 ") -> Visitor:
        made = cls(*await asyncio.open_connection("127.0.0.1", port))
        await made.say(*lines, until=until)
        return made

    async def say(self, *lines: str, until: str) -> str:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())
        return await self.hear(until)

    async def hear(self, what: str) -> str:
        async with asyncio.timeout(30):
            while True:
                line = (await self.reader.readline()).decode().rstrip("\r\n")
                self.heard.append(line)
                if what in line or not line:
                    return line

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


def hello(nick: str) -> tuple[str, ...]:
    return f"NICK {nick}", f"USER {nick} 0 * :{nick}"


async def test_a_node_that_ends_sends_its_people_to_the_others(
    postgres: Postgres, database: str, tmp_path: Path
) -> None:
    with Nats(tmp_path / "nats") as nats:
        record = ("--set", "accounts.always_on=off", "--store", postgres.url(database), "--cluster", nats.url)
        words = (*PROGRAM, *OPTIONS, *record)
        servers = [Server(words, tmp_path / f"{name}.log") for name in ("one", "two")]
        for server, name in zip(servers, ("one", "two"), strict=True):
            await server.start(tmp_path / name)
        leaves, stays = servers
        ann = await Visitor.enter(leaves.port, *hello("ann"))
        await ann.say("PRIVMSG NickServ :REGISTER sesame-open-9", until=" 900 ")
        await ann.say("JOIN #tea", "AWAY :out", until=" 306 ")
        bob = await Visitor.enter(stays.port, *hello("bob"))
        await bob.say("JOIN #tea", until=" 366 ")
        gus = await Visitor.enter(leaves.port, "CAP REQ veche/guest", *hello("gus"), "CAP END")
        token = next(line.split()[2] for line in gus.heard if " GUEST " in line)
        await gus.say("JOIN #tea", until=" 366 ")
        crowd = [await Visitor.enter(leaves.port, *hello(f"guest{n}")) for n in range(150)]

        ending = asyncio.create_task(leaves.end(signal.SIGTERM, 30))
        assert (
            await ann.hear("ERROR") == "ERROR :This server is leaving, and others go on: please connect again"
        )
        again = await Visitor.enter(stays.port, "PASS ann:sesame-open-9", *hello("ann"), until=" JOIN #tea")
        await again.say("PRIVMSG #tea :here I am", until="")
        assert (await gus.hear("ERROR")).startswith("ERROR :This server is leaving")
        hello_again = (f"GUEST {token}", *hello("gus"))
        gus_again = await Visitor.enter(stays.port, *hello_again, until=" JOIN #tea")
        ended = await ending
        assert ended is not None
        assert ended[0] == 0
        for guest in crowd:
            assert (await guest.hear("ERROR")).startswith("ERROR :This server is leaving")
        assert (await bob.hear("PRIVMSG")).endswith(" PRIVMSG #tea :here I am")
        await bob.say("PING :1", until=" PONG ")
        # Neither her going nor her coming was told to anybody, nor the guest's, and the node is known to be gone.
        assert not [line for line in bob.heard if ":ann!" in line and " PRIVMSG " not in line]
        assert [line.split()[1] for line in bob.heard if ":gus!" in line] == ["JOIN"]
        assert "out" in await bob.say("WHOIS ann", until=" 301 ")
        assert postgres.ask("select count(*) from veche_cluster.node", database).strip() == "1"
        for visitor in (ann, bob, again, gus, gus_again, *crowd):
            await visitor.close()
        await stays.kill()
