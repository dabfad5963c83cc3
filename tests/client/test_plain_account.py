"""Accounts in the plain client, with a fake terminal, against a small server in the same event loop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.client.certificates import Certified
from tests.client.fake_server import ACCOUNTS, LOBBY, FakeServer
from tests.client.fake_terminal import FakeTerminal
from veche.client.plain_account import given_password
from veche.client.plain_phrases import TABLE
from veche.client.plain_trust import KnownServers
from veche.client.plain_visit import Visit, Wish
from veche.phrases import Language, Phrases


def with_ann() -> FakeServer:
    server = FakeServer(ACCOUNTS)
    server.accounts["ann"] = "sesame"
    return server


async def visit(
    server: FakeServer, terminal: FakeTerminal, known: Path, language: Language = "en", **options: Any
) -> int:
    wish = Wish(**{"host": "127.0.0.1", "port": server.port, "known": KnownServers(known), **options})
    return await asyncio.wait_for(Visit(terminal, Phrases(TABLE, language), wish).run(), 10)


async def script(server: FakeServer, *lines: str, **options: Any) -> tuple[int, list[str]]:
    terminal = FakeTerminal(*lines, is_interactive=False)
    code = await visit(server, terminal, Path("/nonexistent"), **options)
    return code, terminal.shown


def test_where_a_password_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("sesame \nmore", encoding="utf-8")
    assert given_password(str(file), {"VECHE_PASSWORD": "other"}) == "sesame "
    assert given_password("", {"VECHE_PASSWORD": "other"}) == "other"
    assert given_password("", {}) == ""
    file.write_text("\nsesame", encoding="utf-8")
    with pytest.raises(ValueError, match="password"):
        given_password(str(file), {})


# --- coming in ---


async def test_a_person_is_asked_for_the_password_and_not_for_the_name() -> None:
    async with with_ann() as server:
        terminal = FakeTerminal("sesame", "", "hello", "/quit")
        assert await visit(server, terminal, Path("/nonexistent"), account="ann@phone") == 0
        assert terminal.secrets == ["Password of ann: "]
        assert server.logins == ["SCRAM-SHA-256 ann@phone"]
        assert server.history[0].sender == "ann"
        assert any("You are logged in as ann" in line for line in terminal.shown)
        assert not any(prompt.startswith("Your name") for prompt in terminal.prompts)


async def test_another_password_after_a_wrong_one_and_three_in_all() -> None:
    async with with_ann() as server:
        terminal = FakeTerminal("wrong", "sesame", "", "hello", "/quit")
        assert await visit(server, terminal, Path("/nonexistent"), account="ann") == 0
        assert "! Not logged in: the account name or the password is wrong" in terminal.shown
        terminal = FakeTerminal("wrong", "wronger", "wrongest", "sesame")
        assert await visit(server, terminal, Path("/nonexistent"), account="ann") == 1
        assert len(terminal.secrets) == 3


async def test_no_password_is_a_change_of_mind() -> None:
    async with with_ann() as server:
        assert await visit(server, FakeTerminal(""), Path("/nonexistent"), account="ann") == 0
        assert server.heard == []


async def test_a_script_logs_in_with_what_it_was_given_or_says_what_is_missing() -> None:
    async with with_ann() as server:
        assert (await script(server, "hello", account="ann", password="sesame"))[0] == 0
        assert server.logins == ["SCRAM-SHA-256 ann"]
        code, shown = await script(server, "hello", account="ann")
        assert code == 1
        assert "VECHE_PASSWORD" in shown[0]
        code, shown = await script(server, "hello", account="ann", password="wrong")
        assert code == 1
        assert "password is wrong" in shown[-1]
        assert server.texts() == ["hello"]


async def test_a_server_without_accounts_is_said_to_have_none() -> None:
    async with FakeServer() as server:
        code, shown = await script(server, "hello", account="ann", password="sesame")
        assert (code, shown) == (1, ["! Not logged in: this server has no accounts"])


async def test_a_server_for_people_with_accounts_only() -> None:
    async with with_ann() as server:
        welcome = server._welcome

        def refuse_guests(visitor: Any) -> None:
            if visitor.account or visitor.is_negotiating or not visitor.caps:
                welcome(visitor)
            else:
                visitor.say("FAIL", "*", "ACCOUNT_REQUIRED", "Log in first")
                visitor.transport.close()

        server._welcome = refuse_guests  # type: ignore[method-assign]
        code, shown = await script(server, "hello", nick="ann")
        assert code == 1
        assert "only those who have an account: python client.py --account NAME" in shown[0]
        assert (await script(server, "hello", account="ann", password="sesame"))[0] == 0


async def test_a_taken_name_may_be_ones_own() -> None:
    async with with_ann() as server:
        server.taken.add("ann")
        terminal = FakeTerminal("ann", "anna", "", "/nick ann", "/quit")
        assert await visit(server, terminal, Path("/nonexistent")) == 0
        hint = "If it is the name of your account, start with: python client.py --account ann"
        # This server refuses a nick before it has told what it can do.
        assert not any(hint in line for line in terminal.shown)
        assert "* If it is the name of your account, log in: /login ACCOUNT" in terminal.shown


async def test_the_hint_where_the_server_says_later_that_a_name_is_taken() -> None:
    async with with_ann() as server:
        cap = server._cap

        def refuse_at_the_end(visitor: Any, message: Any) -> None:
            cap(visitor, message)
            if message.params[0] == "ACK" or message.params[0] == "REQ":
                visitor.say("433", "*", visitor.nick, "This name belongs to somebody's account")
                visitor.nick = ""

        server._cap = refuse_at_the_end  # type: ignore[method-assign]
        terminal = FakeTerminal("ann", "anna", "", "/quit")
        assert await visit(server, terminal, Path("/nonexistent")) == 0
        hint = "* If it is the name of your account, start with: python client.py --account ann"
        assert hint in terminal.shown


# --- commands ---


async def test_registering_asks_twice_and_shows_nothing() -> None:
    async with FakeServer(ACCOUNTS) as server:
        terminal = FakeTerminal(
            "ann", "", "/register", "sesame", "sesame", "/logout", "/login", "sesame", "/quit"
        )
        assert await visit(server, terminal, Path("/nonexistent")) == 0
        assert server.accounts == {"ann": "sesame"}
        assert server.logins == ["SCRAM-SHA-256 ann"]
        assert terminal.secrets == ["New password: ", "Once more: ", "Password of ann: "]
        assert any("The account ann is yours" in line for line in terminal.shown)
        assert any("You are logged out" in line for line in terminal.shown)
        assert not any("sesame" in line for line in terminal.shown + terminal.prompts)


async def test_two_different_passwords_register_nothing() -> None:
    async with FakeServer(ACCOUNTS) as server:
        terminal = FakeTerminal("ann", "", "/register", "sesame", "sesami", "/register", "", "/quit")
        assert await visit(server, terminal, Path("/nonexistent")) == 0
        assert "! The two were not the same. Nothing was done." in terminal.shown
        assert "! Without a password nothing was done." in terminal.shown
        assert server.accounts == {}


async def test_registering_with_mail_and_a_code_in_russian() -> None:
    async with FakeServer(ACCOUNTS) as server:
        terminal = FakeTerminal(
            "ann", "", "/регистрация ann@example.org", "sesame", "sesame", "/код 1", "/код 123", "/quit"
        )
        assert await visit(server, terminal, Path("/nonexistent"), "ru") == 0
        shown = "\n".join(terminal.shown)
        assert "Учётная запись ann ждёт кода: /verify КОД  (Look at your mail)" in shown
        assert "! Не сделано: это не тот код" in shown
        assert "Учётная запись ann теперь ваша." in shown


async def test_a_script_registers_with_the_password_that_it_was_given() -> None:
    async with FakeServer(ACCOUNTS) as server:
        assert (await script(server, "/register", nick="ann", password="sesame"))[0] == 0
        assert server.accounts == {"ann": "sesame"}
        code, shown = await script(server, "/register", nick="ann", password="sesame")
        assert code == 1
        assert "! Not done: there is an account ann already; if it is yours: /login ann" in shown
        code, shown = await script(server, "/login", nick="ann")
        assert code == 1
        assert "VECHE_PASSWORD" in shown[-1]


async def test_a_wrong_password_at_login_is_said_to_be_wrong() -> None:
    async with with_ann() as server:
        code, shown = await script(server, "/login ann", nick="bob", password="wrong")
        assert code == 1
        assert shown[-1] == "! Not done: the account name or the password is wrong"


async def test_a_new_password_is_not_asked_for_where_others_could_read_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("veche.client.link._is_of_this_machine", lambda transport: False)
    async with FakeServer(ACCOUNTS) as server:
        terminal = FakeTerminal("ann", "", "/register", "/quit")
        assert await visit(server, terminal, Path("/nonexistent")) == 0
        assert terminal.secrets == []
        assert any("Others could read the password" in line for line in terminal.shown)


# --- encryption ---


async def test_a_server_that_made_its_certificate_itself_is_trusted_once(tmp_path: Path) -> None:
    certified, file = Certified(tmp_path / "server"), tmp_path / "known"
    async with FakeServer(tls=certified.context()) as server:
        terminal = FakeTerminal("ann", "n")
        assert await visit(server, terminal, file, tls=True) == 1
        assert server.heard == []
        terminal = FakeTerminal("ann", "y", "", "hello", "/quit")
        assert await visit(server, terminal, file, tls=True) == 0
        terminal = FakeTerminal("ann", "", "again", "/quit")
        assert await visit(server, terminal, file, tls=True) == 0
        assert server.texts() == ["hello", "again"]
        await server.stop()
        server.tls = Certified(tmp_path / "other").context()
        server.heard.clear()
        await server.start()
        terminal = FakeTerminal("ann", "y")
        assert await visit(server, terminal, file, tls=True) == 1
        assert "is not the server that is known" in terminal.shown[0]
        assert server.heard == []


async def test_a_script_names_the_certificate(tmp_path: Path) -> None:
    certified = Certified(tmp_path / "server")
    async with FakeServer(tls=certified.context()) as server:
        code, shown = await script(server, "hello", nick="ann", tls=True)
        assert code == 1
        assert shown[-1].endswith(certified.fingerprint)
        options = {"nick": "ann", "tls": True, "fingerprint": certified.fingerprint}
        assert (await script(server, "hello", **options))[0] == 0
        assert server.texts(LOBBY) == ["hello"]
