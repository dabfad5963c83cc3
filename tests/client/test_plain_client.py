"""The plain client with a fake terminal, against a small server in the same event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.client.fake_server import LOBBY, FakeServer
from tests.client.fake_terminal import FakeTerminal
from veche.client.connection import Connection
from veche.client.link import Timing
from veche.client.plain_client import PlainClient
from veche.client.plain_phrases import TABLE
from veche.client.plain_trust import KnownServers
from veche.client.plain_visit import Visit, Wish
from veche.phrases import Language, Phrases

NOBODY = KnownServers(Path("/nonexistent/known_servers"))


def in_utc(time: datetime) -> datetime:
    return time.astimezone(UTC)


def wish(server: FakeServer, **options: Any) -> Wish:
    return Wish(**{"host": "127.0.0.1", "port": server.port, "known": NOBODY, **options})


@asynccontextmanager
async def sitting(
    server: FakeServer, *, nick: str = "ann", language: Language = "en"
) -> AsyncIterator[FakeTerminal]:
    """A person at a terminal; at the end they leave, and the client must end."""
    terminal = FakeTerminal()
    async with Connection(
        "127.0.0.1", server.port, nick=nick, backlog=20, timing=Timing(first_delay=0)
    ) as chat:
        client = PlainClient(
            chat, terminal, Phrases(TABLE, language), server="srv", today=date(2026, 1, 1), local=in_utc
        )
        running = asyncio.create_task(client.run())
        await terminal.wait_prompt("Talk to" if language == "en" else "говорить")
        yield terminal
        terminal.close_input()
        assert await asyncio.wait_for(running, 5) == "end of input"


async def script(server: FakeServer, *lines: str, language: Language = "en") -> tuple[int, list[str]]:
    terminal = FakeTerminal(*lines, is_interactive=False)
    visit = Visit(terminal, Phrases(TABLE, language), wish(server, nick="ann"))
    code = await asyncio.wait_for(visit.run(), 10)
    return code, terminal.shown


# --- a person ---


async def test_a_newcomer_sees_the_old_talk_and_the_numbered_list() -> None:
    async with FakeServer() as server:
        server.keep("bob", LOBBY, "earlier")
        async with sitting(server, nick="bob"), sitting(server) as terminal:
            assert terminal.shown == [
                "10:00 <bob> earlier",
                "* You are ann on srv. /help shows what you can do.",
                "Rooms:",
                "  1. #lobby  2 people  (you are here)",
                "People to talk to:",
                "  2. bob",
            ]
            assert terminal.prompt == "Talk to (number or name, Enter for #lobby): "


async def test_the_same_in_russian() -> None:
    async with FakeServer() as server, sitting(server, language="ru") as terminal:
        assert terminal.shown == [
            "* Вы ann на srv. /help — что можно делать.",
            "Комнаты:",
            "  1. #lobby  1 человек  (вы здесь)",
            "Здесь пока больше никого нет.",
        ]


async def test_enter_stays_and_what_is_typed_is_said_to_all() -> None:
    async with FakeServer() as server, sitting(server, nick="bob") as bob, sitting(server) as ann:
        ann.type("", "hello all")
        await ann.wait_shown("<ann> hello all")
        await bob.wait_shown("<ann> hello all")
        assert ann.prompt == "#lobby> "
        assert server.texts() == ["hello all"]


async def test_a_number_chooses_a_person_to_whisper_to() -> None:
    async with FakeServer() as server, sitting(server, nick="bob") as bob, sitting(server) as ann:
        ann.type("2")
        await ann.wait_shown("Talking to bob now.")
        assert ann.prompt == "bob> "
        ann.type("psst", "/me winks", "/tell #lobby to all")
        await ann.wait_shown("[you -> bob] psst")
        await bob.wait_shown("[ann -> you] psst")
        await bob.wait_shown("[ann -> you] * ann winks")
        await bob.wait_shown("<ann> to all")


async def test_a_name_chooses_too_and_a_mistyped_one_is_not_said_aloud() -> None:
    async with FakeServer() as server, sitting(server, nick="bob"), sitting(server) as ann:
        ann.type("bobb", "7", "BOB")
        await ann.wait_shown("Nobody here is called bobb")
        await ann.wait_shown("There is no number 7")
        await ann.wait_shown("Talking to bob now.")
        assert server.history == []


async def test_a_sentence_at_the_choice_is_simply_said() -> None:
    async with FakeServer() as server, sitting(server) as ann:
        ann.type("good morning to you")
        await ann.wait_shown("<ann> good morning to you")


async def test_rooms_are_joined_and_left() -> None:
    async with FakeServer() as server, sitting(server) as ann:
        ann.type("/join tea")
        await ann.wait_shown("You are in #tea: ann")
        await ann.wait_prompt("#tea> ")
        ann.type("/topic", "/topic green", "/part")
        await ann.wait_shown("#tea has no topic")
        await ann.wait_shown("ann has set the topic of #tea: green")
        await ann.wait_shown("You have left #tea")
        await ann.wait_prompt("#lobby> ")
        ann.type("/join #closed")
        await ann.wait_shown("! Not done: #closed is by invitation only")


async def test_mistakes_are_explained() -> None:
    async with FakeServer() as server, sitting(server) as ann:
        ann.type("/nosuch", "/tell bob", "//slash", "/tell nobody hi", "/away gone")
        await ann.wait_shown("There is no command /nosuch")
        await ann.wait_shown("Usage: /tell NAME TEXT")
        await ann.wait_shown("<ann> /slash")
        await ann.wait_shown("! Not sent: hi  --  there is nobody called nobody")
        await ann.wait_shown("! Not done: the server does not know the command AWAY")


async def test_help_lists_every_command_and_explains_one() -> None:
    async with FakeServer() as server, sitting(server) as ann:
        ann.type("/help", "/help msg")
        await ann.wait_shown("Type to talk.")
        await ann.wait_shown("/quit [TEXT]")
        await ann.wait_shown("//text")
        await ann.wait_shown("/msg NAME [TEXT]")


async def test_others_are_seen_to_come_and_go_and_change_names() -> None:
    async with FakeServer() as server, sitting(server) as ann:
        async with sitting(server, nick="bob") as bob:
            await ann.wait_shown("bob has come into #lobby")
            ann.type("/to bob")
            await ann.wait_prompt("bob> ")
            bob.type("/nick rob")
            await bob.wait_shown("You are now rob")
        await ann.wait_shown("rob has gone")


async def test_who_is_here() -> None:
    async with FakeServer() as server, sitting(server) as ann:
        ann.type("/who")
        await ann.wait_shown("  ann               Ann Lee")


async def test_a_lost_connection_comes_back_with_what_was_missed() -> None:
    async with FakeServer() as server, sitting(server) as ann:
        ann.type("", "before")
        await ann.wait_shown("<ann> before")
        await server.stop()
        await ann.wait_shown("Connection lost")
        await ann.wait_prompt("(offline) #lobby> ")
        ann.type("typed meanwhile")
        server.keep("bob", LOBBY, "missed")
        await server.start()
        await ann.wait_shown("<bob> missed")
        await ann.wait_shown("1 missed message in #lobby, see above.")
        await ann.wait_shown("<ann> typed meanwhile")
        await ann.wait_prompt("#lobby> ")
        assert ann.prompt == "#lobby> "
        assert server.texts() == ["before", "missed", "typed meanwhile"]


async def test_without_a_lobby_somebody_must_be_chosen_first() -> None:
    async with FakeServer(lobby="") as server, sitting(server) as ann:
        assert ann.prompt == "Talk to (number or name): "
        ann.type("", "hello to nobody")
        await ann.wait_shown("! To whom?")


async def test_a_text_too_long_for_a_line_goes_in_pieces() -> None:
    async with FakeServer() as server, sitting(server) as ann:
        text = "слово " * 200
        ann.type("", text, "end")
        await ann.wait_shown("<ann> end")
        pieces = server.texts()[:-1]
        assert len(pieces) > 3
        assert " ".join(piece.strip() for piece in pieces) == text.strip()


async def test_strangers_cannot_write_to_the_terminal() -> None:
    async with FakeServer() as server, sitting(server) as ann:
        server.talk("b\x1bob", LOBBY, "\x1b]0;owned\x07\x9b2J\u202etxt.exe")
        assert await ann.wait_shown("owned") == "10:00 <bob> ]0;owned2J\ufffdtxt.exe"


# --- a script ---


async def test_a_script_is_sent_in_order_and_acknowledged() -> None:
    async with FakeServer() as server:
        code, shown = await script(server, *(f"line {number}" for number in range(50)))
        assert code == 0
        assert server.texts() == [f"line {number}" for number in range(50)]
        assert len(shown) == 51, "the date, and every line as the server has it"
        assert server.heard[-1].startswith("QUIT")


async def test_a_script_never_has_more_than_a_window_outstanding() -> None:
    async with FakeServer() as server:
        held: list[tuple[object, object]] = []
        serve = server._privmsg
        server._privmsg = lambda visitor, message: held.append((visitor, message))  # type: ignore[method-assign]
        running = asyncio.create_task(script(server, *(f"line {number}" for number in range(50))))
        async with asyncio.timeout(5):
            while len(held) < 4:
                await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(held) == 4
        server._privmsg = serve  # type: ignore[method-assign]
        running.cancel()
        await asyncio.wait({running})


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["/tell nobody hi"], "! Not sent: hi  --  there is nobody called nobody"),
        (["/nosuch"], "! There is no command /nosuch"),
        (["/msg 9 hi"], "! There is no number 9 in the list"),
        (["/join #closed"], "! Not done: #closed is by invitation only"),
        (["forbidden"], "! Not sent: forbidden  --  you may not speak in #lobby now"),
    ],
)
async def test_a_script_that_was_refused_something_ends_with_one(lines: list[str], complaint: str) -> None:
    async with FakeServer() as server:
        server.faults.refuse.add("forbidden")
        code, shown = await script(server, *lines, "after")
        assert code == 1
        assert any(line.startswith(complaint) for line in shown), shown
        assert server.texts()[-1:] == ["after"], "and goes on"


async def test_a_script_may_quit_by_itself() -> None:
    async with FakeServer() as server:
        code, _ = await script(server, "one", "/quit see you", "two")
        assert (code, server.texts()) == (0, ["one"])
        assert server.heard[-1] == "QUIT :see you"


async def test_a_script_comes_through_a_broken_connection() -> None:
    async with FakeServer() as server:
        server.faults.die_after.add("line 3")
        server.faults.die_before.add("line 7")
        # A script's first reconnect waits a second at most; the fault here is the connection, not the waiting.
        terminal = FakeTerminal(*(f"line {number}" for number in range(10)), is_interactive=False)
        timing = Timing(first_delay=0)
        async with Connection("127.0.0.1", server.port, nick="ann", timing=timing) as chat:
            client = PlainClient(chat, terminal, Phrases(TABLE, "en"), server="srv", today=date(2026, 1, 1))
            assert await asyncio.wait_for(client.run(), 5) == "end of input"
        assert not client.failed
        assert server.texts() == [f"line {number}" for number in range(10)]


async def test_a_script_takes_a_numbered_nick_when_its_own_is_taken() -> None:
    async with FakeServer() as server:
        server.taken.update({"ann", "ann2"})
        code, shown = await script(server, "hello")
        assert code == 0
        assert shown[:4] == [
            "! The name ann is taken.",
            "* Trying the name ann2.",
            "! The name ann2 is taken.",
            "* Trying the name ann3.",
        ]
        assert server.history[0].sender == "ann3"


async def test_a_script_whose_name_is_no_name_is_a_guest() -> None:
    async with FakeServer() as server:
        server.unfit.add("ann")
        server.taken.add("guest2")
        code, shown = await script(server, "hello")
        assert code == 0
        assert shown[:2] == [
            "! The server does not accept the name ann (Erroneous nickname).",
            "* Trying the name guest2.",
        ]
        assert server.history[0].sender == "guest3"


async def test_a_person_whose_name_is_refused_gets_another_suggested() -> None:
    async with FakeServer() as server:
        server.unfit.add("ann")
        server.taken.update({"guest2", "anna"})
        terminal = FakeTerminal("ann", "", "anna", "", "", "hello", "/quit")
        coming = Visit(terminal, Phrases(TABLE, "en"), wish(server)).run()
        assert await asyncio.wait_for(coming, 5) == 0
        asked = [prompt for prompt in terminal.prompts if prompt.startswith("Another name")]
        assert asked == ["Another name [guest2]: ", "Another name [guest3]: ", "Another name [anna2]: "]
        assert server.history[0].sender == "anna2"


async def test_a_person_is_asked_for_another_nick() -> None:
    async with FakeServer() as server:
        server.taken.add("ann")
        terminal = FakeTerminal("ann", "anna", "", "hello", "/quit")
        assert await asyncio.wait_for(Visit(terminal, Phrases(TABLE, "en"), wish(server)).run(), 5) == 0
        assert "! The name ann is taken." in terminal.shown
        assert any(prompt.startswith("Your name [") for prompt in terminal.prompts)
        assert server.history[0].sender == "anna"
        assert terminal.shown[-1] == "Goodbye."


async def test_an_absent_server_is_said_to_be_absent() -> None:
    async with FakeServer() as server:
        pass
    code, shown = await script(server, "hello")
    assert code == 1
    assert shown[0].startswith(f"! Cannot reach 127.0.0.1:{server.port}")
