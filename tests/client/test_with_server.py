"""The client library and the plain client with a real server: accounts, devices, encryption."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from base64 import b32decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.client.certificates import Certified
from tests.client.fake_terminal import FakeTerminal
from tests.clients.serving import Ports, serving
from veche.client.connection import Connection
from veche.client.errors import AskRefused, LoginFailed
from veche.client.events import (
    Event,
    MessageEdited,
    MessageReceived,
    MessageRedacted,
    Reacted,
    ReadMarkerMoved,
    UnreadCounted,
)
from veche.client.link import Timing
from veche.client.plain_phrases import TABLE
from veche.client.plain_trust import KnownServers
from veche.client.plain_visit import Visit, Wish
from veche.client.session import Session
from veche.client.tls import Tls
from veche.phrases import Phrases
from veche.wire.totp import hotp, step_at

pytestmark = pytest.mark.slow

PASSWORD = "correct horse battery"
AT_ONCE = Timing(first_delay=0.05, patience=10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def ports(folder: Path) -> Iterator[Ports]:
    many = ("--set", "limits.flood=false", "--set", "accounts.registrations_per_address=100")
    with serving(folder, *many) as ports:
        yield ports


@pytest.fixture
def fingerprint(folder: Path, ports: Ports) -> str:
    pem = (folder / "data" / "tls" / "cert.pem").read_bytes()
    return x509.load_pem_x509_certificates(pem)[0].fingerprint(hashes.SHA256()).hex()


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The mechanisms that clients choose."""
    said: list[str] = []
    say = Session.say

    def listen(session: Session, command: str, *params: str) -> None:
        if command == "AUTHENTICATE" and params[0].isupper() and len(params[0]) > 4:
            said.append(params[0])
        say(session, command, *params)

    monkeypatch.setattr(Session, "say", listen)
    return said


def at(ports: Ports, nick: str, **options: Any) -> Connection:
    return Connection("127.0.0.1", options.pop("port", ports.irc), nick=nick, timing=AT_ONCE, **options)


async def enrol(ports: Ports, name: str) -> None:
    async with at(ports, name) as chat:
        enrolment = await chat.register("*", "*", PASSWORD)
        assert (enrolment.account, enrolment.needs_code, chat.model.account) == (name, False, name)


class Reader:
    """What one connection hears, from now on."""

    def __init__(self, chat: Connection) -> None:
        self.events: list[Event] = []
        self._task = asyncio.create_task(self._read(chat))

    async def _read(self, chat: Connection) -> None:
        async for event in chat.events():
            self.events.append(event)

    async def wait_text(self, text: str) -> list[tuple[str, bool]]:
        """Wait for a message; all texts so far, and which are one's own."""
        async with asyncio.timeout(10):
            while text not in [said for said, _ in self.said()]:
                await asyncio.sleep(0.01)
        return self.said()

    async def wait(self, kind: type[Event]) -> None:
        """Wait for an event of this kind."""
        async with asyncio.timeout(10):
            while not any(isinstance(event, kind) for event in self.events):
                await asyncio.sleep(0.01)

    def said(self) -> list[tuple[str, bool]]:
        return [(event.text, event.is_mine) for event in self.events if isinstance(event, MessageReceived)]


async def test_an_account_is_made_and_entered_by_the_best_mechanism(
    ports: Ports, fingerprint: str, chosen: list[str]
) -> None:
    await enrol(ports, "anna")
    async with at(ports, "anna", account="anna", password=PASSWORD) as chat:
        assert chat.model.account == "anna"
        with pytest.raises(AskRefused, match="ALREADY_AUTHENTICATED"):
            await chat.register("*", "*", PASSWORD)
    tls = Tls(fingerprint=fingerprint)
    async with at(ports, "anna", account="anna", password=PASSWORD, tls=tls, port=ports.ircs) as chat:
        assert chat.model.account == "anna"
    assert chosen == ["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]


async def test_a_certificate_is_as_good_as_a_password(ports: Ports, fingerprint: str, tmp_path: Path) -> None:
    own = Certified(tmp_path)
    tls = Tls(fingerprint=fingerprint, certificate=str(own.certificate_file), key=str(own.key_file))
    with pytest.raises(LoginFailed):
        await at(ports, "ida", tls=tls, port=ports.ircs).__aenter__()
    await enrol(ports, "ida")
    async with at(ports, "ida", account="ida", password=PASSWORD) as chat:
        await chat.ask("NS", "CERT", "ADD", own.fingerprint)
    for account in ("", "ida"):
        async with at(ports, "ida", account=account, tls=tls, port=ports.ircs) as chat:
            assert chat.model.account == "ida"


async def test_a_token_and_a_code_are_good_in_the_place_of_the_password(ports: Ports) -> None:
    await enrol(ports, "kim")

    async def tell(chat: Connection, *words: str) -> str:
        answer = await chat.ask("NS", *words)
        return " ".join(line.params[-1] for line in answer.lines)

    async with at(ports, "kim", account="kim", password=PASSWORD) as chat:
        token = re.findall(r"veche-\S+", await tell(chat, "TOKEN", "ADD", "phone"))[0]
        secret = re.findall(r": ([A-Z2-7]{16,})", await tell(chat, "TOTP", "ON"))[0]
        now = hotp(b32decode(secret), step_at(time.time()))
        recovery = re.findall(r"[a-z2-7]{5}-[a-z2-7]{5}", await tell(chat, "TOTP", "CONFIRM", now))[0]
    for password in (token, f"{PASSWORD} {recovery}"):
        async with at(ports, "kim", account="kim", password=password) as chat:
            assert chat.model.account == "kim"
    with pytest.raises(LoginFailed, match="second factor"):
        await at(ports, "kim", account="kim", password=PASSWORD).__aenter__()


async def test_a_wrong_password_and_no_account_are_refused_alike(ports: Ports) -> None:
    await enrol(ports, "bert")
    said = []
    for name, password in (("bert", "wrong horse"), ("nobody", PASSWORD)):
        with pytest.raises(LoginFailed) as caught:
            await at(ports, name, account=name, password=password).__aenter__()
        said.append((caught.value.code, str(caught.value)))
    assert said[0] == said[1]
    assert said[0][0] == "904"


async def test_devices_are_one_person_and_say_everything_once(ports: Ports, fingerprint: str) -> None:
    await enrol(ports, "carla")
    who = {"account": "carla", "password": PASSWORD}
    tls = Tls(fingerprint=fingerprint)
    async with at(ports, "dirk") as dirk, at(ports, "carla", device="phone", **who) as phone:
        await dirk.join("#tea")
        await phone.join("#tea")
        async with at(ports, "cc", device="laptop", tls=tls, port=ports.ircs, **who) as laptop:
            assert (laptop.nick, sorted(laptop.model.rooms)) == ("carla", ["#lobby", "#tea"])
            readers = [Reader(chat) for chat in (dirk, phone, laptop)]
            await phone.send("#tea", "one")
            await laptop.send("#tea", "two")
            await laptop.send("dirk", "three")
            await dirk.send("carla", "four")
            await phone.send("#tea", "five")
            both = [("one", True), ("two", True), ("three", True), ("four", False), ("five", True)]
            assert await readers[1].wait_text("five") == both
            assert await readers[2].wait_text("five") == both
            await readers[0].wait_text("five")
            assert [text for text, _ in readers[0].said()] == ["one", "two", "three", "four", "five"]


async def test_a_guest_who_logs_in_is_who_is_there_already(ports: Ports) -> None:
    await enrol(ports, "elsa")
    async with at(ports, "elsa", account="elsa", password=PASSWORD) as chat, at(ports, "visitor") as guest:
        await chat.join("#kitchen")
        await guest.join("#corner")
        await guest.log_in("elsa", PASSWORD)
        async with asyncio.timeout(10):
            while sorted(guest.model.rooms) != ["#kitchen", "#lobby"]:
                await asyncio.sleep(0.01)
        assert (guest.nick, guest.model.account) == ("elsa", "elsa")
        reader = Reader(chat)
        await guest.send("#kitchen", "hello")
        assert await reader.wait_text("hello") == [("hello", True)]


async def test_logging_out_makes_a_guest_who_cannot_be_taken_for_the_owner(ports: Ports) -> None:
    await enrol(ports, "jan")
    who = {"account": "jan", "password": PASSWORD}
    async with at(ports, "jan", **who) as chat:
        await chat.log_out()
        await chat.send("#lobby", "a guest")
        assert chat.model.account == ""
        assert chat.nick != "jan"
    async with at(ports, "jan", **who) as chat, at(ports, "jan", **who) as other:
        await chat.log_out()
        await asyncio.wait_for(chat.send("#lobby", "another guest"), 10)
        assert (chat.model.account, other.model.account) == ("", "jan")
        assert (chat.nick, other.nick) == ("jan_", "jan")


async def test_what_was_said_while_a_device_was_cut_off_is_told_once_and_nothing_is_sent_twice(
    ports: Ports,
) -> None:
    await enrol(ports, "frida")
    who = {"account": "frida", "password": PASSWORD}
    async with at(ports, "frida", **who) as phone, at(ports, "frida", **who) as laptop:
        await phone.join("#tea")
        reader = Reader(phone)
        posted = [phone.post("#tea", f"line {number}") for number in range(20)]
        await posted[3]
        assert phone._keeper._link is not None
        phone._keeper._link.end("cut by the test")
        await laptop.send("#tea", "meanwhile")
        await asyncio.wait_for(asyncio.gather(*posted), 20)
        await phone.send("#tea", "last")
        texts = [text for text, is_mine in await reader.wait_text("last") if is_mine]
        assert sorted(texts) == sorted([*(f"line {number}" for number in range(20)), "meanwhile", "last"])
        history = [message.text async for message in laptop.history("#tea", 40)]
        assert sorted(history[: len(texts)]) == sorted(texts)
        assert phone.model.account == "frida"


async def test_the_plain_client_makes_an_account_and_comes_back(
    ports: Ports, fingerprint: str, tmp_path: Path
) -> None:
    def visit(terminal: FakeTerminal, **options: Any) -> asyncio.Task[int]:
        wish = Wish(host="127.0.0.1", known=KnownServers(tmp_path / "known"), **options)
        return asyncio.create_task(Visit(terminal, Phrases(TABLE, "en"), wish).run())

    terminal = FakeTerminal("greta", "", "/register", PASSWORD, PASSWORD)
    visiting = visit(terminal, port=ports.irc)
    await terminal.wait_shown("The account greta is yours")
    terminal.type("/quit")
    assert await asyncio.wait_for(visiting, 10) == 0
    terminal = FakeTerminal("y", "", "hello")
    visiting = visit(terminal, port=ports.ircs, tls=True, account="greta@laptop", password=PASSWORD)
    await terminal.wait_shown("<greta> hello")
    terminal.type("/quit")
    assert await asyncio.wait_for(visiting, 10) == 0
    terminal = FakeTerminal("greta", "hans", "", "/quit")
    assert await asyncio.wait_for(visit(terminal, port=ports.irc), 10) == 0
    assert (
        "* If it is the name of your account, start with: python client.py --account greta" in terminal.shown
    )


async def test_what_was_corrected_while_a_device_was_cut_off_is_told_once(ports: Ports) -> None:
    await enrol(ports, "gerda")
    who = {"account": "gerda", "password": PASSWORD}
    async with at(ports, "gerda", **who) as phone, at(ports, "gerda", **who) as laptop:
        await phone.join("#later")
        reader = Reader(phone)
        first = await laptop.send("#later", "a letter")
        second = await laptop.send("#later", "a secret")
        await reader.wait_text("a secret")
        for word in ("once", "again"):
            assert phone._keeper._link is not None
            phone._keeper._link.end("cut by the test")
            if word == "once":
                await laptop.edit("#later", first.msgid, "a latter")
                await laptop.edit("#later", first.msgid, "a better letter")
                await laptop.redact("#later", second.msgid)
                third = await laptop.send("#later", "said and corrected meanwhile")
                await laptop.edit("#later", third.msgid, "said meanwhile")
                fourth = await laptop.send("#later", "said and taken back meanwhile")
                await laptop.redact("#later", fourth.msgid)
            await laptop.send("#later", word)
            await reader.wait_text(word)
        # It may have been back before all was corrected; each thing is told once all the same.
        told: dict[str, list[str | None]] = {}
        for event in reader.events:
            if isinstance(event, MessageReceived | MessageEdited):
                told.setdefault(event.msgid, []).append(event.text)
            elif isinstance(event, MessageRedacted):
                told.setdefault(event.msgid, []).append(None)
        assert told[first.msgid][-1] == "a better letter"
        assert told[second.msgid] == ["a secret", None]
        assert told[third.msgid][-1] == "said meanwhile"
        assert told.get(fourth.msgid, [None])[-1] is None
        for states in told.values():
            assert all(one != other for one, other in itertools.pairwise(states))


async def test_what_was_corrected_meanwhile_is_told_of_what_was_only_asked_for(ports: Ports) -> None:
    async with at(ports, "otto", rooms=("#old",)) as otto:
        asked, found, other = [
            await otto.send("#old", text) for text in ("old page", "old find", "old other")
        ]
        async with at(ports, "lena", rooms=("#old",)) as lena:
            reader = Reader(lena)
            await otto.send("#old", "here")
            await reader.wait_text("here")
            assert [one.text async for one in lena.history("#old", 4)][3] == "old page"
            assert lena._keeper._link is not None
            lena._keeper._link.end("cut by the test")
            await otto.edit("#old", asked.msgid, "a new page")
            await otto.redact("#old", found.msgid)
            await otto.send("#old", "end")
            await reader.wait_text("end")
            told = {
                event.msgid: type(event)
                for event in reader.events
                if isinstance(event, MessageEdited | MessageRedacted)
            }
            assert told == {asked.msgid: MessageEdited, found.msgid: MessageRedacted}
            assert other.msgid not in told


async def test_history_is_read_past_those_who_only_come_and_go(ports: Ports) -> None:
    async with at(ports, "hans", rooms=("#busy",)) as hans, at(ports, "grete") as grete:
        await hans.send("#busy", "the only words")
        for _ in range(70):
            await grete.join("#busy")
            await grete.part("#busy")
        await grete.join("#busy")
        assert [one.text async for one in grete.history("#busy", 5)] == ["the only words"]
    async with at(ports, "inga", rooms=("#busy",), backlog=10) as inga:
        reader = Reader(inga)
        assert ("the only words", False) in await reader.wait_text("the only words")


async def test_answers_reactions_threads_and_markers(ports: Ports) -> None:
    async with at(ports, "ria", rooms=("#marks",)) as ria, at(ports, "rob", rooms=("#marks",)) as rob:
        heard = Reader(ria)
        await enrol_here(ria)
        root = await rob.send("#marks", "ria: tea?")
        answer = await ria.post("#marks", "yes", reply_to=root.msgid)
        await rob.react("#marks", answer.msgid, "👍")
        await heard.wait(Reacted)
        assert [one.text for one in await ria.thread("#marks", answer.msgid)] == ["ria: tea?", "yes"]
        (last, first) = [message async for message in rob.history("#marks", 2)]
        assert (last.reply_to, last.reactions, first.reactions) == (root.msgid, (("👍", 1),), ())
        await rob.react("#marks", answer.msgid, "👍", take_back=True)
        more = await rob.send("#marks", "ria: and cake?")
        await ria.mark_read("#marks", first.time)
        await heard.wait(ReadMarkerMoved)
        await heard.wait(UnreadCounted)
        counted = [one for one in heard.events if isinstance(one, UnreadCounted)][-1]
        assert (counted.messages, counted.mentions) == (1, 1)
        await rob.redact("#marks", more.msgid)
        await heard.wait(MessageRedacted)
        taken = [one.is_taken_back for one in heard.events if isinstance(one, Reacted)]
        assert taken == [False, True]


async def enrol_here(chat: Connection) -> None:
    assert (await chat.register("*", "*", PASSWORD)).account == chat.nick
