"""The stories of the chat in the browser, as far as a terminal can have them: the windows with a real server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from tests.clients.serving import Killable, Ports, serving
from tests.tui.sitting import at, chat_of, chooses, says, shows, state, until, windows
from veche.client.connection import Connection
from veche.client.events import MessageReceived
from veche.client.link import Timing
from veche.tui.arrival import Arrival
from veche.tui.chat import Chat
from veche.tui.composer import Composer
from veche.tui.dialogs import Help, Menu, Picker, Question
from veche.tui.keep import Keep
from veche.tui.log import MessageLog
from veche.tui.phrases import TABLE

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


async def test_a_click_on_a_person_offers_to_write_to_him(ports: Ports) -> None:
    async with other(ports, "bob", rooms=("#mouse",)), at(ports.irc, "#mouse") as pilot:
        people = pilot.app.screen.query_one("#people", OptionList)
        await until(pilot, lambda: people.option_count == 2)
        row = next(at for at in range(2) if people.get_option_at_index(at).id == "bob")
        await pilot.click("#people", offset=(3, row))
        await until(pilot, lambda: isinstance(pilot.app.screen, Menu))
        await pilot.pause()
        await pilot.click(OptionList, offset=(3, 0))
        await until(pilot, lambda: chat_of(pilot).book.current.name == "bob")


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
            said = []
            for text in texts:  # each in a millisecond of its own, since a marker tells no more of its place
                said.append(await bob.send("#sync", text))
                while datetime.now(UTC) < said[-1].time + timedelta(milliseconds=2):
                    await asyncio.sleep(0)
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


async def test_one_registers_with_a_code_and_chooses_where_to_go(ports: Ports) -> None:
    async with other(ports, "bob", rooms=("#choice",)) as bob:
        await bob.ask("TOPIC", "#choice", "[red]what is chosen")
        app = windows(ports.irc, nick="rita")
        app.settings.list_at_start = True
        async with app.run_test(size=(100, 40)) as pilot:
            await pilot.press("tab", "down", "down", "enter")
            await until(pilot, lambda: app.screen.query_one("#email").display)
            for field, text in (("password", PASSWORD), ("again", "otherwise")):
                app.screen.query_one(f"#{field}", Input).value = text
            app.screen.query_one("#password").focus()
            await pilot.press("enter")
            trouble = app.screen.query_one("#trouble", Static)
            await until(
                pilot, lambda: "differ" in str(trouble.content) or "not the same" in str(trouble.content)
            )
            app.screen.query_one("#again", Input).value = PASSWORD
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, Picker))
            rows = app.screen.query_one("#rows", OptionList)
            await until(pilot, lambda: rows.option_count > 1)
            labels = [str(rows.get_option_at_index(at).prompt) for at in range(rows.option_count)]
            assert any("#choice  1 person  [red]what is chosen" in label for label in labels), labels
            await pilot.press(*"#cho", "enter")
            await until(
                pilot, lambda: isinstance(app.screen, Chat) and app.screen.book.current.name == "#choice"
            )
            assert chat_of(pilot)._chat.model.account == "rita"
        async with other(ports, "rita2", account="rita", password=PASSWORD) as again:
            assert again.model.account == "rita"


async def test_several_servers_have_a_bar_with_what_is_new(ports: Ports, tmp_path: Path) -> None:
    with serving(tmp_path, "--set", "limits.flood=false") as second:
        async with at(ports.irc) as pilot:
            first = chat_of(pilot)
            await says(pilot, f"/connect 127.0.0.1:{second.irc}")
            await until(pilot, lambda: isinstance(pilot.app.screen, Arrival))
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Chat) and pilot.app.screen is not first)
            bar = pilot.app.screen.query_one("#servers", Static)
            await until(pilot, lambda: bar.display and f"2 127.0.0.1:{second.irc}" in str(bar.content))
            async with other(ports, "bob") as bob:
                await bob.send("ann", "here, on the first one")
                await until(pilot, lambda: f"1 127.0.0.1:{ports.irc} 1" in str(bar.content))
                await pilot.press("alt+1")
                await until(pilot, lambda: pilot.app.screen is first)
                await pilot.press("ctrl+n")
                await until(pilot, shows(pilot, "here, on the first one"))
            await pilot.press("alt+2")
            await says(pilot, "/disconnect")
            await until(pilot, lambda: pilot.app.screen is first)
            await until(pilot, lambda: not first.query_one("#servers").display)
            await says(pilot, "/to #lobby")
            await until(pilot, lambda: first.book.current.name == "#lobby")
            await says(pilot, "still here")
            await until(pilot, shows(pilot, "│ still here"))


async def test_drafts_are_there_after_a_restart(ports: Ports, tmp_path: Path) -> None:
    keep = Keep(None, tmp_path / "drafts.json")
    async with at(ports.irc, "#drafts", keep=keep) as pilot:
        pilot.app.screen.query_one(Composer).insert("half a thought")
        await says_nothing(pilot)
        await pilot.press("ctrl+k", *"#lobby", "enter")
        await until(pilot, lambda: chat_of(pilot).book.current.name == "#lobby")
        pilot.app.screen.query_one(Composer).insert("and another")
        await until(pilot, lambda: keep.drafts(f"127.0.0.1:{ports.irc}").get("#lobby") == "and another")
    async with at(ports.irc, keep=keep) as pilot:
        composer = pilot.app.screen.query_one(Composer)
        assert composer.text == "and another"
        await pilot.press("ctrl+u")
        composer.load_text("")
        await says(pilot, "/join #drafts")
        await until(pilot, lambda: composer.text == "half a thought")


async def says_nothing(pilot: Pilot[int]) -> None:
    await pilot.pause()


async def test_what_others_thought_of_it_while_we_were_cut_off_is_seen(ports: Ports) -> None:
    async with other(ports, "bob", rooms=("#cut",)) as bob:
        first, second = [await bob.send("#cut", text) for text in ("cake?", "or tea?")]
        await bob.react("#cut", first.msgid, "👎")
        async with at(ports.irc, "#cut") as pilot:
            await until(pilot, shows(pilot, "👎 1"))
            link = chat_of(pilot)._chat._keeper._link
            assert link is not None
            link.end("cut by the test")
            await bob.react("#cut", first.msgid, "👎", take_back=True)
            await bob.react("#cut", first.msgid, "🎉")
            await bob.edit("#cut", second.msgid, "or coffee?")
            await until(pilot, shows(pilot, "🎉 1"))
            await until(pilot, shows(pilot, "or coffee? (edited)"))
            assert not shows(pilot, "👎")()


async def test_a_password_is_shown_nowhere_and_kept_nowhere(ports: Ports, tmp_path: Path) -> None:
    keep, secret = Keep(None, tmp_path / "drafts.json"), "sesame-open-yourself"
    async with at(ports.irc, nick="zoe", keep=keep) as pilot:
        composer = pilot.app.screen.query_one(Composer)

        def drawn() -> str:
            return "\n".join(composer.render_line(y).text for y in range(composer.size.height))

        for line in (f"/msg NickServ REGISTER {secret}", f"IDENTIFY {secret}"):
            composer.insert(line)
            await pilot.pause()
            assert "•" * len(secret) in drawn()
            assert secret not in drawn()
            chat_of(pilot)._keep_drafts()
            await pilot.press("enter")
            await until(pilot, shows(pilot, f"{line.split()[-2]} ***"))
        current = chat_of(pilot).book.current
        assert current.name == "NickServ"
        await until(pilot, lambda: any(one.sender == "NickServ" for one in current.entries))
        assert not any(secret in one.text for one in current.entries)
        await pilot.press("up")
        assert secret not in composer.text
    path = tmp_path / "drafts.json"
    assert not path.exists() or secret not in path.read_text()


@pytest.mark.parametrize("way", ["guest", "register"])
async def test_the_server_is_killed_while_somebody_writes(tmp_path: Path, way: str) -> None:
    server = Killable(tmp_path, "--set", "limits.flood=false")
    server.start()
    try:
        async with at(server.port) as pilot:
            if way == "register":
                await chat_of(pilot)._chat.register("*", "*", PASSWORD)
            said = [f"before {number}" for number in range(4)]
            for text in said:
                await says(pilot, text)
            await until(pilot, shows(pilot, "│ before 3"))
            await says(pilot, "in the middle of it")
            server.kill()
            await until(pilot, lambda: "connection lost" in state(pilot))
            await says(pilot, "while it was gone")
            composer = pilot.app.screen.query_one(Composer)
            composer.insert("a draft that stays")
            server.start()
            await until(pilot, lambda: "· connected" in state(pilot), patience=60)
            expected = [*said, "in the middle of it", "while it was gone"]
            await until(pilot, shows(pilot, "│ while it was gone"))
            shown = [entry.text for entry in chat_of(pilot).book.current.entries if entry.kind == "message"]
            assert shown == expected
            assert composer.text == "a draft that stays"
            async with Connection("127.0.0.1", server.port, nick="bob") as bob:
                kept = [message.text async for message in bob.history("#lobby", 50)]
                assert kept[::-1] == expected
    finally:
        server.kill()


async def test_it_speaks_russian_and_needs_no_colours(ports: Ports) -> None:
    async with at(ports.irc, language="ru") as pilot:
        assert "на связи" in state(pilot)
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, Help))
        assert "Ответить" in str(TABLE["deed_answer"])
        await pilot.press("escape", "ctrl+t", "ctrl+t")
        await says(pilot, "чай \x0304красный")
        await until(pilot, shows(pilot, "чай красный"))
        screen = pilot.app.export_screenshot()
        # The buttons of the window in the picture are no part of the screen.
        colours = {one.lower() for one in re.findall(r"(?:fill: |fill=\")(#[0-9a-fA-F]{6})", screen)}
        colours -= {"#ff5f57", "#febc2e", "#28c840", "#c5c8c6"}
        assert colours
        assert all(one[1:3] == one[3:5] == one[5:7] for one in colours), colours


async def test_in_20_by_5_by_keyboard_alone(ports: Ports) -> None:
    async with other(ports, "bob", rooms=("#tiny",)) as bob, at(ports.irc, "#tiny", (20, 5)) as pilot:
        sent = await bob.send("#tiny", "is anybody there?")
        await until(pilot, shows(pilot, "there?"))
        await chooses(pilot, "anybody", "r")
        await pilot.press(*"yes", "enter")
        await until(pilot, shows(pilot, "ann: yes"))
        assert (await last_said(bob, "#tiny")).reply_to == sent.msgid
        await pilot.press("ctrl+f", *"anybody", "enter")
        await until(pilot, lambda: pilot.app.screen.query_one("#rows", OptionList).option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Chat))
        chosen = pilot.app.screen.query_one(MessageLog).chosen
        assert chosen is not None
        assert chosen.text == "is anybody there?"
