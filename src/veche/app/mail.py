"""Mail that the server sends, through the mail server that its owner names in [mail] (ports.Mailer).

The rule: nobody waits for mail, and whatever the mail server does stays in here. A line of bounded length, one attempt
at a time, each with an end; what cannot be sent now is tried again until it is too old to be of use. Neither a password
nor what a mail says is ever logged, and of an address only the domain.

aiosmtplib and not smtplib in a thread: a server that answers one byte a minute keeps a thread for hours, while an
attempt that the loop makes ends when its time is over, or the program's.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from functools import partial
from types import ModuleType

from veche.app.config import Mail
from veche.wire.emails import is_email

# Mails that wait; of more each is refused.
LINE = 100
# Seconds for one attempt, from the connection to the server's word that it has taken the mail.
ATTEMPT_SECONDS = 30.0
# Seconds until the next attempt: for a mail that the server would not take yet, and for all when it cannot be reached.
PAUSES = (5.0, 15.0, 45.0, 60.0)
LONGEST_REASON = 200
PORTS = {"starttls": 587, "implicit": 465, "off": 25}
_POLICY = policy.SMTP.clone(cte_type="7bit")  # no mail server needs to know 8BITMIME

_log = logging.getLogger("veche.mail")


class _Waiting:
    """A mail in line; times are the loop's."""

    __slots__ = ("done", "due", "message", "reason", "to", "tries", "until")

    def __init__(self, to: str, message: EmailMessage, until: float, done: Callable[[str], None]) -> None:
        self.to = to
        self.message = message
        self.until = until
        self.done = done
        self.due = 0.0
        self.tries = 0
        self.reason = ""  # why the last attempt failed


class _Failure(Exception):
    """An attempt has failed. `is_final`: the next one would fail too. `of_server`: no other mail would fare better."""

    def __init__(self, reason: str, *, is_final: bool, of_server: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final
        self.of_server = of_server


class SmtpMailer:
    """Sends for one server; `post` calls back in its loop. Made in a running loop.

    `name` is the server's, said to the mail server; `network` stands in front of the sender's address.
    """

    def __init__(
        self,
        settings: Mail,
        name: str,
        network: str,
        post: Callable[[Callable[[], None]], None],
        *,
        attempt_seconds: float = ATTEMPT_SECONDS,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self._settings = settings
        self._name = name
        self._sender = Address(display_name=network, addr_spec=settings.sender)
        self._post = post
        self._attempt_seconds = attempt_seconds
        self._pauses = pauses
        self._line: list[_Waiting] = []
        self._rest_until = 0.0  # no attempt before: the mail server could not be reached
        self._failed = 0  # attempts in a row that did not reach it
        self._loaded: tuple[ModuleType, ssl.SSLContext] | None = None
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._task = self._loop.create_task(self._work(), name="veche-mail")

    def send(self, to: str, subject: str, text: str, done: Callable[[str], None]) -> None:
        """Put a mail in line; `done` hears in a later turn "" once the mail server has it, or why it never will."""
        refusal = ""
        if not is_email(to):
            refusal = "this is no e-mail address"
        elif len(self._line) >= LINE:
            refusal = "too many mails are waiting"
            _log.warning("%s: one more is refused", refusal)
        if refusal:
            self._post(partial(done, refusal))
            return
        until = self._loop.time() + self._settings.expire_seconds
        self._line.append(_Waiting(to, self._write(to, subject, text), until, done))
        self._woken.set()

    async def close(self) -> None:
        """Give up what waits; nobody is told any more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._line:
            _log.warning("%d mails are not sent, because the server ends", len(self._line))

    def _write(self, to: str, subject: str, text: str) -> EmailMessage:
        message = EmailMessage(_POLICY)
        message["From"] = self._sender
        message["To"] = Address(addr_spec=to)
        message["Subject"] = " ".join(subject.split())  # a header is one line
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self._name)
        # RFC 3834, section 5: nobody's absence notice is to answer it.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message

    async def _work(self) -> None:
        while True:
            now = self._loop.time()
            for old in [mail for mail in self._line if mail.until <= now]:
                self._finish(old, f"given up after {old.tries} attempts: {old.reason or 'no time was left'}")
            mail = min(self._line, key=_due, default=None)
            if mail is None:
                await self._wait(None)
            elif mail.due <= now and self._rest_until <= now:
                await self._try(mail)
            else:
                await self._wait(min(max(mail.due, self._rest_until), *(mail.until for mail in self._line)))

    async def _wait(self, until: float | None) -> None:
        """Until another mail is put in line, or that moment comes."""
        self._woken.clear()
        try:
            async with asyncio.timeout_at(until):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _try(self, mail: _Waiting) -> None:
        mail.tries += 1
        try:
            await self._deliver(mail)
        except _Failure as failure:
            mail.reason = failure.reason
            if failure.is_final:
                self._finish(mail, failure.reason)
                return
            now = self._loop.time()
            mail.due = now + self._pause(mail.tries)
            if failure.of_server:
                self._failed += 1
                self._rest_until = now + self._pause(self._failed)
            _log.info("a mail to %s was not taken yet: %s", _domain(mail.to), failure.reason)
        except Exception:
            _log.exception("bug: sending a mail raised")
            self._finish(mail, "a bug")
        else:
            self._failed = 0
            self._finish(mail, "")

    def _pause(self, times: int) -> float:
        return self._pauses[min(times, len(self._pauses)) - 1]

    def _finish(self, mail: _Waiting, reason: str) -> None:
        self._line.remove(mail)
        if reason:
            _log.warning("a mail to %s is not sent: %s", _domain(mail.to), reason)
        self._post(partial(mail.done, reason))

    async def _deliver(self, mail: _Waiting) -> None:
        """One attempt. Raises _Failure."""
        settings = self._settings
        if self._loaded is None:
            # Beside the loop: reading the certificates of all authorities takes a while.
            self._loaded = await asyncio.to_thread(_load)
        smtp, context = self._loaded
        try:
            async with asyncio.timeout(self._attempt_seconds):
                await smtp.send(
                    mail.message,
                    hostname=settings.host,
                    port=settings.port or PORTS[settings.tls],
                    username=settings.user or None,
                    password=settings.password or None,
                    use_tls=settings.tls == "implicit",
                    start_tls=settings.tls == "starttls",
                    tls_context=context if settings.tls != "off" else None,
                    local_hostname=self._name,  # or it would ask the name system, and wait
                    timeout=self._attempt_seconds,
                )
        except (smtp.SMTPException, OSError, ValueError) as error:
            raise self._explain(smtp, error) from None

    def _explain(self, smtp: ModuleType, error: Exception) -> _Failure:
        if isinstance(error, smtp.SMTPRecipientsRefused):
            error = error.recipients[0]
        # What the server says to a login may repeat it.
        if isinstance(error, smtp.SMTPAuthenticationError):
            return _Failure(
                f"the mail server refuses the login ({error.code})", is_final=True, of_server=True
            )
        if isinstance(error, smtp.SMTPResponseException):
            of_server = isinstance(error, smtp.SMTPConnectError | smtp.SMTPHeloError)
            reason = self._clean(f"the mail server says {error.code} {error.message}")
            return _Failure(reason, is_final=error.code >= 500, of_server=of_server)
        if isinstance(error, TimeoutError):
            return _Failure("the mail server does not answer in time", is_final=False, of_server=True)
        # What is left is a connection that failed or broke, or a server that cannot what is needed.
        is_final = not isinstance(error, OSError) or isinstance(error.__cause__, ssl.SSLCertVerificationError)
        return _Failure(self._clean(str(error)), is_final=is_final, of_server=True)

    def _clean(self, text: str) -> str:
        if self._settings.password:
            text = text.replace(self._settings.password, "***")
        return " ".join(text.split())[:LONGEST_REASON]


def _due(mail: _Waiting) -> float:
    return mail.due


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _load() -> tuple[ModuleType, ssl.SSLContext]:
    import aiosmtplib  # noqa: PLC0415 - 70 ms, and few servers send mail in their first minutes

    return aiosmtplib, ssl.create_default_context()
