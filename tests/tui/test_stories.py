"""The stories of the chat in the browser, as far as a terminal can have them: the windows with a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.serving import Ports, serving
from tests.tui.sitting import at, chat_of, chooses, says, shows, until
from veche.client.connection import Connection
from veche.client.events import MessageReceived
from veche.client.link import Timing
from veche.tui.composer import Composer
from veche.tui.dialogs import Menu, Picker, Question

pytestmark = pytest.mark.slow
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    many = ("--set", "limits.flood=false", "--set", "accounts.registrations_per_address=100")
    with serving(tmp_path_factory.mktemp("server"), *many) as doors:
        yield doors


def other(ports: Ports, nick: str, **options: Any) -> Connection:
    """Somebody else, with another program."""
    return Connection("127.0.0.1", ports.irc, nick=nick, timing=Timing(first_delay=0.05), **options)


async def last_said(chat: Connection, room: str) -> MessageReceived:
    return await anext(aiter(chat.history(room, 1)))


async def test_messages_are_answered_marked_edited_and_taken_back(ports: Ports) -> None:
    async with other(ports, "bob", rooms=("#deeds",)) as bob, at(ports.irc, "#deeds") as pilot:
        await bob.send("#deeds", "tea at nine?")
        await until(pilot, shows(pilot, "tea at nine?"))
        await chooses(pilot, "tea at nine?", "r")
        composer = pilot.app.screen.query_one(Composer)
        assert composer.has_focus
        assert "answer to bob" in str(pilot.app.screen.query_one("#about").content)  # type: ignore[attr-defined]
        await says(pilot, "at tne")
        await until(pilot, shows(pilot, "↳ bob: tea at nine?"))
        await until(pilot, shows(pilot, "│ at tne"))
        answer = await last_said(bob, "#deeds")
        assert answer.reply_to != ""
        assert not pilot.app.screen.query_one("#about").display

        await chooses(pilot, "at tne", "e")
        assert composer.text == "at tne"
        composer.load_text("")
        await says(pilot, "at ten")
        await until(pilot, shows(pilot, "at ten (edited)"))
        assert (await last_said(bob, "#deeds")).text == "at ten"

        await bob.react("#deeds", answer.msgid, "👍")
        await until(pilot, shows(pilot, "👍 1"))
        await chooses(pilot, "at ten", "a")
        await until(pilot, lambda: isinstance(pilot.app.screen, Picker))
        await pilot.press("enter")  # what others have said comes first
        await until(pilot, shows(pilot, "👍 2"))
        await chooses(pilot, "at ten", "a")
        await until(pilot, lambda: isinstance(pilot.app.screen, Picker))
        await pilot.press("enter")  # and what I have said myself is taken back
        await until(pilot, shows(pilot, "👍 1"))
        assert (await last_said(bob, "#deeds")).reactions == (("👍", 1),)

        await chooses(pilot, "at ten", "d")
        await until(pilot, lambda: isinstance(pilot.app.screen, Question))
        await pilot.press("enter")  # No has the focus
        await until(pilot, shows(pilot, "at ten"))
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, Question))
        await pilot.press("tab", "enter")
        await until(pilot, shows(pilot, "(taken back by ann)"))
        assert (await last_said(bob, "#deeds")).text == "tea at nine?"
        await chooses(pilot, "tea at nine?", "e")
        await until(pilot, shows(pilot, "not with this message"))


async def test_a_thread_is_a_view_of_its_own(ports: Ports) -> None:
    async with other(ports, "bob", rooms=("#threads",)) as bob:
        root = await bob.send("#threads", "who brings cake?")
        await bob.send("#threads", "and it rains")
        leaf = await bob.post("#threads", "I could", reply_to=root.msgid)
        async with at(ports.irc, "#threads") as pilot:
            await until(pilot, shows(pilot, "I could"))
            await chooses(pilot, "I could", "g")
            await chooses(pilot, "I could", "t")
            await until(pilot, lambda: chat_of(pilot).book.current.thread == root.msgid)
            await until(pilot, lambda: not shows(pilot, "and it rains")())
            assert shows(pilot, "who brings cake?")()
            await bob.post("#threads", "with plums", reply_to=leaf.msgid)
            await until(pilot, shows(pilot, "with plums"))
            await says(pilot, "good!")
            await until(pilot, shows(pilot, "│ good!"))
            assert [one.text for one in await bob.thread("#threads", root.msgid)] == [
                "who brings cake?", "I could", "with plums", "good!",
            ]  # fmt: skip
            await pilot.press("escape")
            await until(pilot, shows(pilot, "and it rains"))
            assert shows(pilot, "│ good!")()


async def test_two_devices_agree_on_what_was_read(ports: Ports) -> None:
    async with other(ports, "dora") as dora:
        await dora.register("*", "*", PASSWORD)
        await dora.join("#sync")
        async with other(ports, "bob", rooms=("#sync",)) as bob:
            texts = ["one", "dora: two", "three"]
            said = [await bob.send("#sync", text) for text in texts]
            who = {"nick": "dora", "account": "dora", "password": PASSWORD}
            async with at(ports.irc, **who) as pilot:
                book = chat_of(pilot).book
                tea = book.open("#sync")
                await until(pilot, lambda: (tea.unread, tea.mentions) == (3, 1))
                await dora.mark_read("#sync", said[1].time)
                await until(pilot, lambda: (tea.unread, tea.mentions) == (1, 0))
                await says(pilot, "/to #sync")
                await until(pilot, lambda: book.current is tea)
                kinds = [entry.text or entry.kind for entry in tea.entries]
                assert kinds[-3:] == ["dora: two", "mark", "three"]
                heard: list[str] = []
                async for event in dora.events():  # the other device learns that it was read here
                    heard.append(type(event).__name__)
                    if (
                        type(event).__name__ == "ReadMarkerMoved"
                        and getattr(event, "until", None) == said[2].time
                    ):
                        break
                assert tea.unread == 0


async def test_who_may_keeps_order_from_the_card_of_a_person(ports: Ports) -> None:
    async with at(ports.irc, "#order") as pilot, other(ports, "troll", rooms=("#order",)) as troll:
        await troll.send("#order", "la la la")
        await until(pilot, shows(pilot, "la la la"))
        await chooses(pilot, "la la la", "p")
        await until(pilot, lambda: isinstance(pilot.app.screen, Menu))
        rows = pilot.app.screen.query_one("#rows")
        labels = [str(rows.get_option_at_index(at).prompt) for at in range(rows.option_count)]  # type: ignore[attr-defined]
        assert [label[2:] for label in labels][:4] == [
            "Write to", "Silence in this room", "Put out of this room", "Put out and ban",
        ]  # fmt: skip
        await pilot.press("2")
        await until(
            pilot, lambda: "for ten" in str(pilot.app.screen.query_one("#rows").get_option_at_index(0).prompt)
        )  # type: ignore[attr-defined]
        await pilot.press("1")
        await until(pilot, shows(pilot, "t:10:m:"))
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(pilot.app.screen, Picker))
        await pilot.press(*"troll", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Menu))
        await pilot.press("4", *("enter",))
        await until(pilot, lambda: not isinstance(pilot.app.screen, Menu))
        await pilot.press(*"enough", "enter")
        await until(pilot, shows(pilot, "enough"))
        await until(pilot, lambda: troll.room("#order") is None)
