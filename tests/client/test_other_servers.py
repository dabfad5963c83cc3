"""The library against real servers of other makes: the same conversation everywhere."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from veche.client.bot import Bot
from veche.client.connection import WINDOW, Connection, Receipt
from veche.client.errors import AskRefused, CannotConnect, OutcomeUnknown
from veche.client.events import MessageReceived

NGIRCD = """
[Global]
Name = ng.test
Info = test
Listen = 127.0.0.1
Ports = {port}
AdminEMail = nobody@localhost
[Options]
Ident = no
PAM = no
DNS = no
"""
INSPIRCD = """
<server name="insp.test" description="test" network="Test">
<admin name="a" description="a" nick="a" email="nobody@localhost">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" timeout="20" threshold="1000" commandrate="100000" resolvehostnames="no" useident="no">
<pid file="{folder}/pid">
<log method="file" type="*" level="normal" target="{folder}/log">
<module name="cap"><module name="ircv3_batch"><module name="ircv3_ctctags"><module name="ircv3_echomessage">
<module name="ircv3_labeledresponse"><module name="ircv3_msgid"><module name="ircv3_servertime"><module name="namesx">
"""
SERVERS = {
    "ngircd": (NGIRCD, ["ngircd", "--nodaemon", "--config", "{config}"]),
    "inspircd": (INSPIRCD, ["inspircd", "--nofork", "--nopid", "--config={config}"]),
}


@asynccontextmanager
async def running(name: str, folder: Path) -> AsyncIterator[int]:
    """A real server on a free port of loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text, command = SERVERS[name]
    config = folder / "server.conf"
    config.write_text(text.format(port=port, folder=folder))
    words = [word.format(config=config) for word in command]
    if name == "inspircd" and os.geteuid() == 0:
        words.append("--runasroot")
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    server = await asyncio.create_subprocess_exec(
        *words,
        env={**os.environ, "PATH": path},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        server.terminate()
        await asyncio.wait_for(server.wait(), 10)


@asynccontextmanager
async def entered(port: int, nick: str) -> AsyncIterator[Connection]:
    """A connection, made as soon as the server listens."""
    chat = Connection("127.0.0.1", port, nick=nick, rooms=("#tea",))
    async with asyncio.timeout(10):
        while True:
            try:
                await chat.__aenter__()
                break
            except CannotConnect:
                await asyncio.sleep(0.05)
                chat = Connection("127.0.0.1", port, nick=nick, rooms=("#tea",))
    try:
        yield chat
    finally:
        await chat.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.needs(name)) for name in SERVERS])
async def test_a_conversation_at_another_server(name: str, tmp_path: Path) -> None:
    async with (
        running(name, tmp_path) as port,
        entered(port, "ann") as ann,
        entered(port, "bob") as bob,
    ):
        receipts = await asyncio.gather(*(ann.post("#tea", f"line {number}") for number in range(10)))
        assert [receipt.text for receipt in receipts] == [f"line {number}" for number in range(10)]
        await ann.act("#tea", "waves")
        await ann.send("bob", "psst")
        with pytest.raises(AskRefused) as refused:
            await ann.send("nobody", "hello?")
        assert refused.value.refusal.code == "401"
        assert ann.model.people() == ["bob"]
        assert (await bob.ask("WHOIS", "ann")).numerics("311")[0][0] == "ann"
        await bob.ask("NICK", "robert")
        assert bob.nick == "robert"
        told = await heard(bob, "psst")
        assert told == [*(f"line {number}" for number in range(10)), "waves", "psst"]
        ours = await heard(ann, "psst")
        assert ours == told, "what we say comes back to us once, with echo-message or without"


@pytest.mark.slow
@pytest.mark.needs("ngircd")
async def test_a_lost_connection_costs_nobody_a_second_copy_at_a_server_without_history(
    tmp_path: Path,
) -> None:
    """No labels, no echo, no history, no ids: what was under way is unknown, what waited is said, all of it once."""
    async with running("ngircd", tmp_path) as port, entered(port, "bob") as bob, entered(port, "ann") as ann:
        posted = [ann.post("#tea", f"line {number}") for number in range(20)]
        await posted[3]
        link = ann._keeper._link
        assert link is not None
        link.end("cut by the test")
        ends = await asyncio.wait_for(asyncio.gather(*posted, return_exceptions=True), 30)
        await ann.send("#tea", "last")
        told = await heard(bob, "last")
        assert len(told) == len(set(told)), "nothing is said twice"
        for number, end in enumerate(ends):
            assert isinstance(end, (Receipt, OutcomeUnknown)), end
            assert f"line {number}" in told or isinstance(end, OutcomeUnknown)
        unknown = sum(isinstance(end, OutcomeUnknown) for end in ends)
        assert unknown <= WINDOW
        assert ann.model.capabilities.isdisjoint({"veche/once", "draft/chathistory"})


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.needs(name)) for name in SERVERS])
async def test_a_bot_at_another_server(name: str, tmp_path: Path) -> None:
    bot = Bot("robo", language="en")
    bot.command("shout")(lambda said: said.argument.upper())
    async with running(name, tmp_path) as port, entered(port, "ann") as ann, entered(port, "robo") as chat:
        serving = asyncio.create_task(bot.run(chat))
        await ann.send("#tea", "!shout hello")
        assert await heard(ann, "HELLO") == ["!shout hello", "HELLO"]
        await ann.send("robo", "shout psst")
        assert await heard(ann, "PSST") == ["shout psst", "PSST"]
        assert chat._keeper._link is not None
        chat._keeper._link.end("cut by the test")
        async with asyncio.timeout(10):
            while chat.is_online:
                await asyncio.sleep(0.01)
            while not chat.is_online:
                await asyncio.sleep(0.01)
        await ann.send("#tea", "!shout again")
        assert (await heard(ann, "AGAIN"))[-1] == "AGAIN"
        token = chat.model.tokens.get("BOT", "")
        modes = (await chat.ask("MODE", "robo")).numerics("221")
        assert token == "" or token in modes[0][0], "where there is a mode for bots, it has it"
        await chat.close()
        await asyncio.wait_for(serving, 5)


async def heard(chat: Connection, last: str) -> list[str]:
    texts = []
    async with asyncio.timeout(10):
        async for event in chat.events():
            if isinstance(event, MessageReceived) and event.kind != "notice":
                texts.append(event.text)
                if event.text == last:
                    break
    return texts
