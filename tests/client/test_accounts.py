"""The lasting connection with accounts and TLS, against a small server in the same event loop."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.client.certificates import Certified
from tests.client.fake_server import ACCOUNTS, LOBBY, FakeServer
from veche.client.connection import Connection
from veche.client.errors import (
    AskRefused,
    CannotConnect,
    LoginFailed,
    NotSafe,
    OutcomeUnknown,
    ServerNotTrusted,
)
from veche.client.events import Disconnected, LoginAccepted, MessageReceived
from veche.client.link import NO_TLS, NOT_TRUSTED, OTHER_CERTIFICATE, Timing
from veche.client.login import NO_LOGOUT, NO_SASL, NOT_SAFE
from veche.client.tls import Tls

AT_ONCE = Timing(first_delay=0, patience=5)
PLAIN_ONLY = ACCOUNTS.replace(",SCRAM-SHA-256", "")


@pytest.fixture
def certified(tmp_path: Path) -> Certified:
    return Certified(tmp_path / "server")


def ann(server: FakeServer, **settings: object) -> Connection:
    return Connection("127.0.0.1", server.port, **{"nick": "ann", "timing": AT_ONCE, **settings})  # type: ignore[arg-type]


def with_ann(caps: str = ACCOUNTS) -> FakeServer:
    server = FakeServer(caps)
    server.accounts["ann"] = "sesame"
    return server


# --- accounts ---


async def test_it_comes_in_logged_in_and_again_after_a_reconnect() -> None:
    async with with_ann() as server:
        async with ann(server, account="ann", password="sesame", device="phone") as chat:
            assert chat.model.account == "ann"
            await server.stop()
            await server.start()
            await asyncio.wait_for(chat.send(LOBBY, "hello"), 5)
            assert chat.model.account == "ann"
        assert server.logins == ["SCRAM-SHA-256 ann@phone"] * 2
        assert not any("sesame" in line for line in server.heard)


async def test_a_message_whose_acknowledgement_was_lost_is_said_once_with_an_account_too() -> None:
    async with with_ann() as server, ann(server, account="ann", password="sesame") as chat:
        server.faults.die_after.add("two")
        posted = [chat.post(LOBBY, text) for text in ("one", "two", "three")]
        await asyncio.wait_for(asyncio.gather(*posted), 5)
        assert server.texts() == ["one", "two", "three"]


async def test_a_wrong_password_is_an_error_and_nobody_comes_in() -> None:
    async with with_ann() as server:
        with pytest.raises(LoginFailed, match="failed") as caught:
            await ann(server, account="ann", password="wrong").__aenter__()
        assert caught.value.code == "904"
        assert not any(line.startswith("CAP END") for line in server.heard)


async def test_a_server_without_accounts_is_an_error() -> None:
    async with FakeServer() as server:
        with pytest.raises(LoginFailed, match=NO_SASL):
            await ann(server, account="ann", password="sesame").__aenter__()


async def test_a_password_that_has_been_changed_ends_it_after_some_attempts() -> None:
    async with with_ann() as server, ann(server, account="ann", password="sesame") as chat:
        server.accounts["ann"] = "changed"
        await server.stop()
        await server.start()
        last = None
        async with asyncio.timeout(5):
            async for event in chat.events():
                last = event
        assert isinstance(last, Disconnected)
        assert (last.retry_in, last.reason) == (None, "SASL authentication failed")


def test_a_password_without_an_account_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="server_password"):
        Connection(nick="ann", password="sesame")


async def test_plain_is_said_on_this_machine() -> None:
    async with with_ann(PLAIN_ONLY) as server, ann(server, account="ann", password="sesame"):
        assert server.logins == ["PLAIN ann"]


async def test_plain_is_not_said_where_others_can_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # There is no other machine to connect to in a test.
    monkeypatch.setattr("veche.client.link._is_of_this_machine", lambda transport: False)
    async with with_ann(PLAIN_ONLY) as server:
        with pytest.raises(NotSafe, match=NOT_SAFE):
            await ann(server, account="ann", password="sesame").__aenter__()
        assert not any("AUTHENTICATE" in line for line in server.heard)
        async with ann(server) as chat:
            with pytest.raises(NotSafe):
                await chat.register("*", "*", "sesame")
        async with ann(server, account="ann", password="sesame", allow_clear_password=True):
            assert server.logins == ["PLAIN ann"]


async def test_logging_in_later_holds_for_reconnects() -> None:
    async with with_ann() as server, ann(server) as chat:
        with pytest.raises(LoginFailed, match="failed"):
            await chat.log_in("ann", "wrong")
        await chat.log_in("ann", "sesame")
        assert chat.model.account == "ann"
        await server.stop()
        await server.start()
        await asyncio.wait_for(chat.send(LOBBY, "hello"), 5)
        assert server.logins == ["SCRAM-SHA-256 ann"] * 2
        chat.forget_account()
        await server.stop()
        await server.start()
        await asyncio.wait_for(chat.send(LOBBY, "hello again"), 5)
        assert len(server.logins) == 2


async def test_logging_out_holds_for_reconnects_where_the_server_can_do_it() -> None:
    async with with_ann() as server, ann(server, account="ann", password="sesame") as chat:
        log_out = server._ns
        server._ns = lambda visitor, message: visitor.say("NOTICE", "ann", "What?", answer=True)  # type: ignore[method-assign]
        with pytest.raises(LoginFailed, match=NO_LOGOUT):
            await chat.log_out()
        server._ns = lambda visitor, message: visitor.say("421", "ann", "NS", "What?", answer=True)  # type: ignore[method-assign]
        with pytest.raises(LoginFailed, match=NO_LOGOUT) as caught:
            await chat.log_out()
        assert caught.value.code == "421"
        server._ns = log_out  # type: ignore[method-assign]
        await chat.log_out()
        assert chat.model.account == ""
        await server.stop()
        await server.start()
        await asyncio.wait_for(chat.send(LOBBY, "hello"), 5)
        assert len(server.logins) == 1


async def test_a_server_that_ends_the_connection_at_a_logout_is_come_back_to_as_a_guest() -> None:
    async with with_ann() as server, ann(server, account="ann", password="sesame") as chat:
        server._ns = lambda visitor, message: visitor.transport.close()  # type: ignore[method-assign]
        server.taken.add("ann")  # it is kept for the account
        await chat.log_out()
        await asyncio.wait_for(chat.send(LOBBY, "hello"), 5)
        assert (chat.nick, chat.model.account, len(server.logins)) == ("ann_", "", 1)


async def test_accounts_that_were_away_for_a_while_are_entered_again() -> None:
    async with with_ann() as server, ann(server, account="ann", password="sesame") as chat:
        (visitor,) = server.visitors
        visitor.say("901", "ann", "ann!u@h", "You are logged out")
        visitor.say("CAP", "ann", "DEL", "sasl")
        visitor.say("CAP", "ann", "NEW", "sasl=PLAIN")
        async with asyncio.timeout(5):
            async for event in chat.events():
                if isinstance(event, LoginAccepted) and len(server.logins) == 2:
                    break
        assert server.logins == ["SCRAM-SHA-256 ann", "PLAIN ann"]
        assert chat.is_online


async def test_a_login_cut_off_has_an_unknown_outcome() -> None:
    async with with_ann() as server, ann(server) as chat:
        server._authenticate = lambda visitor, message: visitor.transport.abort()  # type: ignore[assignment,method-assign]
        with pytest.raises(OutcomeUnknown):
            await asyncio.wait_for(chat.log_in("ann", "sesame"), 5)


async def test_registering_logs_in_now_and_after_reconnects() -> None:
    async with FakeServer(ACCOUNTS) as server, ann(server, device="phone") as chat:
        enrolment = await chat.register("*", "*", "sesame")
        assert (enrolment.account, enrolment.needs_code, enrolment.text) == ("ann", False, "Welcome")
        with pytest.raises(AskRefused) as caught:
            await chat.register("*", "*", "sesame")
        assert caught.value.refusal.code == "ACCOUNT_EXISTS"
        await server.stop()
        await server.start()
        await asyncio.wait_for(chat.send(LOBBY, "hello"), 5)
        assert server.logins == ["SCRAM-SHA-256 ann@phone"]


@pytest.mark.parametrize("caps", [ACCOUNTS, "sasl=PLAIN"])
async def test_registering_with_a_code(caps: str) -> None:
    async with FakeServer(caps) as server, ann(server) as chat:
        enrolment = await chat.register("ann", "ann@example.org", "sesame")
        assert (enrolment.account, enrolment.needs_code) == ("ann", True)
        with pytest.raises(AskRefused):
            await chat.verify("ann", "0")
        assert not (await chat.verify("ann", "123")).needs_code
        server.accounts["ann"] = "sesame"
        await server.stop()
        await server.start()
        await asyncio.wait_for(chat.send(LOBBY, "hello"), 5)
        assert len(server.logins) == 1


# --- TLS ---


async def test_a_server_is_recognised_by_its_fingerprint(certified: Certified) -> None:
    async with FakeServer(tls=certified.context()) as server:
        async with ann(server, tls=Tls(fingerprint=certified.fingerprint.upper())) as chat:
            await chat.send(LOBBY, "hello")
            await server.stop()
            await server.start()
            await asyncio.wait_for(chat.send(LOBBY, "again"), 5)
        assert server.texts() == ["hello", "again"]


async def test_a_server_is_recognised_by_an_authority(certified: Certified) -> None:
    tls = Tls(authorities=str(certified.certificate_file))
    async with FakeServer(tls=certified.context()) as server, ann(server, tls=tls) as chat:
        await chat.send(LOBBY, "hello")


async def test_an_unknown_server_is_not_spoken_to(certified: Certified) -> None:
    async with FakeServer(tls=certified.context()) as server:
        with pytest.raises(ServerNotTrusted, match=NOT_TRUSTED) as caught:
            await ann(server, tls=True).__aenter__()
        assert (caught.value.fingerprint, caught.value.expected) == (certified.fingerprint, "")
        assert server.heard == []


async def test_a_certificate_for_another_name_is_none(tmp_path: Path) -> None:
    other = Certified(tmp_path / "other", host="127.0.0.2")
    async with FakeServer(tls=other.context()) as server:
        with pytest.raises(ServerNotTrusted):
            await ann(server, tls=Tls(authorities=str(other.certificate_file))).__aenter__()
        assert server.heard == []


async def test_another_certificate_than_the_known_one(certified: Certified, tmp_path: Path) -> None:
    other = Certified(tmp_path / "other")
    async with FakeServer(tls=other.context()) as server:
        with pytest.raises(ServerNotTrusted, match=OTHER_CERTIFICATE) as caught:
            await ann(server, tls=Tls(fingerprint=certified.fingerprint)).__aenter__()
        assert (caught.value.fingerprint, caught.value.expected) == (other.fingerprint, certified.fingerprint)
        assert server.heard == []


async def test_a_certificate_that_changes_while_we_are_away_is_not_spoken_to(
    certified: Certified, tmp_path: Path
) -> None:
    other, tls = Certified(tmp_path / "other"), Tls(fingerprint=certified.fingerprint)
    async with FakeServer(tls=certified.context()) as server, ann(server, tls=tls) as chat:
        await server.stop()
        server.tls = other.context()
        server.heard.clear()
        await server.start()
        async with asyncio.timeout(5):
            async for event in chat.events():
                if isinstance(event, Disconnected) and event.reason == OTHER_CERTIFICATE:
                    break
        assert server.heard == []


async def test_a_server_without_tls_is_said_to_be_one() -> None:
    async with FakeServer() as server:
        server.greeting = b":srv NOTICE * :Hello\r\n"
        with pytest.raises(CannotConnect, match=NO_TLS):
            await ann(server, tls=True).__aenter__()


async def test_a_login_over_tls_is_safe_with_plain_too(
    certified: Certified, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("veche.client.link._is_of_this_machine", lambda transport: False)
    server = FakeServer(PLAIN_ONLY, tls=certified.context())
    server.accounts["ann"] = "sesame"
    tls = Tls(fingerprint=certified.fingerprint)
    async with server, ann(server, account="ann", password="sesame", tls=tls) as chat:
        await chat.send(LOBBY, "hello")
        assert server.logins == ["PLAIN ann"]


# --- several devices ---


async def test_the_nick_and_rooms_are_what_the_server_says_they_are() -> None:
    """Another device of ours is there already, as Annie, in the lobby and in #tea."""
    async with with_ann() as server:
        welcome = server._welcome

        def attach(visitor: object) -> None:
            if visitor.account and not visitor.is_in and not visitor.is_negotiating:  # type: ignore[attr-defined]
                visitor.nick = "Annie"  # type: ignore[attr-defined]
                welcome(visitor)  # type: ignore[arg-type]
                server._enter(visitor, "#tea")  # type: ignore[arg-type]
            else:
                welcome(visitor)  # type: ignore[arg-type]

        server._welcome = attach  # type: ignore[assignment,method-assign]
        async with ann(server, account="ann", password="sesame") as chat:
            assert chat.nick == "Annie"
            assert sorted(chat.model.rooms) == [LOBBY, "#tea"]
            server.talk("Annie", LOBBY, "from the other device")
            async with asyncio.timeout(5):
                async for event in chat.events():
                    if isinstance(event, MessageReceived):
                        assert event.is_mine
                        break
            receipt = await chat.send(LOBBY, "from here")
            assert receipt.msgid == "m2"
