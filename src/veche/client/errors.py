"""What may go wrong for who uses the library, as exceptions."""

from veche.client.events import Refused


class ClientError(Exception):
    """Any of the errors below."""


class CannotConnect(ClientError):
    """The server was not to be reached, or closed the door before we were in. The text says why; `has_answered`
    tells that it was the server who said so.
    """

    def __init__(self, reason: str, *, has_answered: bool = False) -> None:
        super().__init__(reason)
        self.has_answered = has_answered


class NotIrc(CannotConnect):
    """Somebody took the connection and did not speak IRC; `said` is what came first, b"" for nothing at all."""

    def __init__(self, reason: str, said: bytes) -> None:
        super().__init__(reason, has_answered=True)
        self.said = said


class ServerNotTrusted(CannotConnect):
    """The server's certificate is not the one we know, or from nobody whom we trust; nothing was said to it.

    `fingerprint` and `key_fingerprint` (see `Tls`) are those of the certificate that was shown, "" if it could not be
    had; `expected` is the one that was asked for, if one was. A program may show the first to a person, and come again
    with either when they know it.
    """

    def __init__(self, reason: str, fingerprint: str, key_fingerprint: str, expected: str) -> None:
        super().__init__(reason)
        self.fingerprint = fingerprint
        self.key_fingerprint = key_fingerprint
        self.expected = expected


class LoginFailed(ClientError):
    """We are not logged in. `code` is the server's numeric, "" where it is we who gave up; the text says why."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class NotSafe(LoginFailed):
    """A password would have had to be said on a connection on which others can read it; it was not."""


class NickNotAccepted(ClientError):
    """The server refused our nick and no other was offered; `code` is its numeric."""

    def __init__(self, nick: str, code: str, text: str) -> None:
        super().__init__(f"{nick}: {text}")
        self.nick = nick
        self.code = code
        self.text = text


class AskRefused(ClientError):
    """The server said no to what was asked or sent; `refusal` holds its code and text."""

    def __init__(self, refusal: Refused) -> None:
        super().__init__(f"{refusal.code} {refusal.text}".strip())
        self.refusal = refusal


class OutcomeUnknown(ClientError):
    """The connection was lost before the answer came, and nothing tells whether the server did what was asked."""


class ConnectionClosed(ClientError):
    """The connection is closed for good, by us or because the server stayed away too long; nothing was sent."""
