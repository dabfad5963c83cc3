"""Mail through a real mail server, and through every kind of bad one: nobody waits, and everybody is told once."""

from __future__ import annotations

import asyncio
import email
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Literal

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from veche.app.certificates import own_pair
from veche.app.config import Mail
from veche.app.mail import LINE, SmtpMailer
from veche.core.ports import Mailer
from veche.testing.mailer import FakeMailer

SECRET = "hunter2-marker"


class Post:
    """What the mail server has taken, and what it says to recipients."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.answers: list[str] = []  # to the next recipients, instead of 250
        self.sender = ""
        self.logins: list[str] = []

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        letter = email.message_from_bytes(envelope.original_content or b"", policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.sender = envelope.mail_from or ""
        return "250 OK"

    def login(
        self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        self.logins.append(mechanism)
        fits = isinstance(data, LoginPassword) and data.password == SECRET.encode()
        # A careless server repeats what it was told.
        return AuthResult(success=fits, handled=fits, message=None if fits else f"535 not {SECRET}")


class Answers:
    """What became of each mail, by its address."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self._changed = asyncio.Event()

    def of(self, to: str) -> Callable[[str], None]:
        def done(reason: str) -> None:
            self.heard.append((to, reason))
            self._changed.set()

        return done

    async def wait(self, count: int) -> list[tuple[str, str]]:
        async with asyncio.timeout(10):
            while len(self.heard) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.heard


@asynccontextmanager
async def serving(
    factory: Callable[[], asyncio.BaseProtocol], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def mailing(
    port: int, tls: Literal["starttls", "implicit", "off"] = "off", **more: Any
) -> AsyncIterator[SmtpMailer]:
    attempt_seconds = more.pop("attempt_seconds", 5.0)
    pauses = more.pop("pauses", (0.001,))
    settings = Mail(host="127.0.0.1", port=port, tls=tls, sender="chat@example.org", **more)
    loop = asyncio.get_running_loop()
    mailer = SmtpMailer(
        settings, "irc.example", "Сеть", loop.call_soon_threadsafe, attempt_seconds=attempt_seconds, pauses=pauses
    )  # fmt: skip
    try:
        yield mailer
    finally:
        await mailer.close()


class Bad(asyncio.Protocol):
    """A mail server that greets (or not) and then says the same to everything (or nothing)."""

    def __init__(self, greeting: bytes = b"", answer: bytes = b"") -> None:
        self.greeting = greeting
        self.answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.greeting:
            transport.write(self.greeting)

    def data_received(self, _data: bytes) -> None:
        if self.answer == b"END":
            self.transport.abort()
        elif self.answer:
            self.transport.write(self.answer)


@pytest.fixture
def contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for this machine that the system trusts."""
    own_pair(tmp_path / "tls", ["localhost"], time.time())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls" / "cert.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls" / "cert.pem", tmp_path / "tls" / "key.pem")
    return context


async def test_a_mail_arrives_as_it_was_written() -> None:
    post, answers = Post(), Answers()
    async with serving(lambda: SMTP(post)) as port, mailing(port) as mailer:
        mailer.send(
            "ann@example.org", "Код для\r\nBcc: eve@example.org", "Код: 1234\n.\nКонец", answers.of("ann")
        )
        assert answers.heard == []  # in a later turn, never inside the call
        assert await answers.wait(1) == [("ann", "")]
    (letter,) = post.letters
    assert post.sender == "chat@example.org"
    assert letter["From"] == "Сеть <chat@example.org>"
    assert letter["To"] == "ann@example.org"
    assert letter["Subject"] == "Код для Bcc: eve@example.org"
    assert letter["Bcc"] is None
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"].endswith("@irc.example>")
    assert letter["Date"]
    assert letter.get_content().replace("\r\n", "\n") == "Код: 1234\n.\nКонец\n"


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # the server does not know that TLS was there before it
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_it_is_encrypted_and_logs_in(
    contexts: ssl.SSLContext, tls: Literal["starttls", "implicit"], caplog: pytest.LogCaptureFixture
) -> None:
    post, answers = Post(), Answers()

    def server() -> SMTP:
        starts = contexts if tls == "starttls" else None
        return SMTP(
            post, tls_context=starts, require_starttls=tls == "starttls", authenticator=post.login, auth_required=True,
            auth_require_tls=tls == "starttls",
        )  # fmt: skip

    with caplog.at_level(logging.DEBUG):
        async with (
            serving(server, contexts if tls == "implicit" else None) as port,
            mailing(port, tls, user="chat", password=SECRET) as mailer,
        ):
            mailer.send("ann@example.org", "x", "y", answers.of("ann"))
            assert await answers.wait(1) == [("ann", "")]
        async with (
            serving(server, contexts if tls == "implicit" else None) as port,
            mailing(port, tls, user="chat", password=SECRET + "x") as mailer,
        ):
            mailer.send("ann@example.org", "x", "y", answers.of("bob"))
            await answers.wait(2)
    assert answers.heard[1] == ("bob", "the mail server refuses the login (535)")
    assert len(post.letters) == 1
    assert post.logins
    assert "a mail to example.org is not sent: the mail server refuses the login (535)" in caplog.text
    said = "".join(
        record.getMessage() for record in caplog.records if record.name != "mail.log"
    )  # not the server's
    assert SECRET not in said
    assert "ann@" not in said


async def test_without_encryption_nothing_is_said(contexts: ssl.SSLContext) -> None:
    """Whoever is in between takes STARTTLS out of the server's answer."""
    post, answers = Post(), Answers()
    async with (
        serving(lambda: SMTP(post)) as port,
        mailing(port, "starttls", user="chat", password=SECRET) as mailer,
    ):
        mailer.send("ann@example.org", "x", "y", answers.of("ann"))
        ((_, reason),) = await answers.wait(1)
    assert "STARTTLS" in reason
    assert (post.letters, post.logins) == ([], [])


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    contexts: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    post, answers = Post(), Answers()
    async with (
        serving(lambda: SMTP(post), contexts) as port,
        mailing(port, "implicit", user="chat", password=SECRET) as mailer,
    ):
        mailer.send("ann@example.org", "x", "y", answers.of("ann"))
        ((_, reason),) = await answers.wait(1)
    assert "certificate verify failed" in reason.lower()
    assert post.logins == []


@pytest.mark.parametrize("to", ["ann", "ann@example.org\r\nRCPT TO:<eve@example.org>", "", "a@b.c>\nDATA"])
async def test_what_is_no_address_never_reaches_a_mail_server(to: str) -> None:
    post, answers = Post(), Answers()
    async with serving(lambda: SMTP(post)) as port, mailing(port) as mailer:
        mailer.send(to, "x", "y", answers.of("nobody"))
        assert answers.heard == []
        assert await answers.wait(1) == [("nobody", "this is no e-mail address")]
    assert post.letters == []


async def test_what_is_refused_is_given_up_and_what_is_put_off_is_tried_again() -> None:
    post, answers = Post(), Answers()
    post.answers = ["550 no such user", "451 come back later", "451 later still"]
    async with serving(lambda: SMTP(post)) as port, mailing(port) as mailer:
        mailer.send("ann@example.org", "x", "first", answers.of("ann"))
        await answers.wait(1)
        mailer.send("bob@example.org", "x", "second", answers.of("bob"))
        await answers.wait(2)
    assert answers.heard == [("ann", "the mail server says 550 no such user"), ("bob", "")]
    assert [letter.get_content().strip() for letter in post.letters] == ["second"]


async def test_who_is_put_off_keeps_nobody_up() -> None:
    post, answers = Post(), Answers()
    post.answers = ["451 come back later"]
    async with serving(lambda: SMTP(post)) as port, mailing(port, pauses=(3600.0,)) as mailer:
        for name in ("ann", "bob", "cid"):
            mailer.send(f"{name}@example.org", "x", "y", answers.of(name))
        assert await answers.wait(2) == [("bob", ""), ("cid", "")]


async def test_a_mail_server_that_comes_back_gets_what_waited() -> None:
    post, answers = Post(), Answers()
    refused = Refusing(post)
    async with serving(refused) as port, mailing(port) as mailer:
        mailer.send("ann@example.org", "x", "first", answers.of("ann"))
        mailer.send("bob@example.org", "x", "second", answers.of("bob"))
        assert sorted(await answers.wait(2)) == [("ann", ""), ("bob", "")]
    assert refused.times > 3


class Refusing:
    """Drops three connections, then serves."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.times = 0

    def __call__(self) -> asyncio.BaseProtocol:
        self.times += 1
        return Bad(b"220 hello\r\n", b"END") if self.times <= 3 else SMTP(self.post)


@pytest.mark.parametrize(
    ("greeting", "answer"),
    [
        (b"", b""),  # takes the connection and is silent
        (b"220 hel", b""),  # stops in the middle of a line
        (b"220 hello\r\n", b""),  # greets and is silent
        (b"220 hello\r\n", b"END"),  # greets and goes
        (b"220 hello\r\n", b"250-more\r\n"),  # says more without end
        (b"421 busy\r\n", b""),
        (b"\xff\xfe\0nonsense\r\n", b"\xff\r\n"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", b""),
    ],
)
async def test_a_bad_mail_server_keeps_nobody(greeting: bytes, answer: bytes) -> None:
    answers = Answers()
    async with (
        serving(lambda: Bad(greeting, answer)) as port,
        mailing(port, attempt_seconds=0.05, pauses=(0.01,), expire_seconds=0.15) as mailer,
    ):
        mailer.send("ann@example.org", "x", "y", answers.of("ann"))
        ((_, reason),) = await answers.wait(1)
    assert reason


async def test_a_mail_server_that_is_not_there_is_given_up_in_time() -> None:
    answers = Answers()
    async with serving(asyncio.Protocol) as port:
        pass  # now nobody listens there
    async with mailing(port, pauses=(0.01,), expire_seconds=0.15) as mailer:
        for name in ("ann", "bob"):
            mailer.send(f"{name}@example.org", "x", "y", answers.of(name))
        await answers.wait(2)
    assert {name for name, _ in answers.heard} == {"ann", "bob"}
    assert all(reason.startswith("given up after ") for _, reason in answers.heard)
    assert any("Connect" in reason for _, reason in answers.heard)


async def test_the_line_has_an_end_and_the_loop_goes_on() -> None:
    """A mail server that is silent for ever, and a thousand mails: refused at once are those that find no place."""
    answers = Answers()
    async with serving(Bad) as port, mailing(port, attempt_seconds=60.0) as mailer:
        begin = time.perf_counter()
        for number in range(1000):
            mailer.send(f"n{number}@example.org", "x", "y", answers.of(str(number)))
        await answers.wait(1000 - LINE)
        assert time.perf_counter() - begin < 5
        assert {reason for _, reason in answers.heard} == {"too many mails are waiting"}
        assert [int(name) for name, _ in answers.heard] == list(range(LINE, 1000))
    assert len(answers.heard) == 1000 - LINE  # what waits when the program ends is never heard of


@pytest.mark.parametrize("kind", ["real", "fake"])
async def test_the_fake_keeps_the_same_promises(kind: str) -> None:
    post, answers, fake = Post(), Answers(), FakeMailer()
    async with serving(lambda: SMTP(post)) as port, mailing(port) as real:
        mailer: Mailer = real if kind == "real" else fake
        mailer.send("ann@example.org", "Hello", "text", answers.of("ann"))
        mailer.send("nobody", "Hello", "text", answers.of("nobody"))
        assert answers.heard == []
        fake.answer()
        await answers.wait(2)
        assert dict(answers.heard) == {"ann": "", "nobody": "this is no e-mail address"}
        post.answers, fake.trouble = ["550 no"], "the mail server says 550 no"
        mailer.send("bob@example.org", "Hello", "text", answers.of("bob"))
        assert len(answers.heard) == 2
        fake.answer()
        await answers.wait(3)
    assert answers.heard[2] == ("bob", "the mail server says 550 no")
    taken = (
        [letter["To"] for letter in post.letters]
        if kind == "real"
        else [letter.to for letter in fake.letters]
    )
    assert taken == ["ann@example.org"]
