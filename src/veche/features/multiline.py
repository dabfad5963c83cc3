"""Messages of several lines: a batch of PRIVMSG or NOTICE lines that is said as one message.

Source: multiline (draft). The message is put together here and then said as any other is (messages.py); what it looks
like is for `veche.core.longtext`.
"""

from veche.core.ask import Ask
from veche.core.batches import OpenBatch
from veche.core.longtext import CONTINUED, NEW_LINE
from veche.core.registry import BatchType, Feature
from veche.core.session import Session
from veche.core.settings import Settings
from veche.features.client_tags import client_tags
from veche.features.messages import say
from veche.wire.caps import MULTILINE
from veche.wire.names import fold

_CONCAT = "draft/multiline-concat"
# "Clients MUST NOT send tags other than `draft/multiline-concat` and `batch` on messages within the batch."
_TAGS = frozenset({_CONCAT, "batch"})


class OpenMessage(OpenBatch):
    """A long message that is being sent."""

    __slots__ = ("command", "lines", "size", "target", "text")

    def __init__(self, ask: Ask, reference: str, target: str) -> None:
        super().__init__(ask, reference)
        self.target = target
        self.command = ""
        self.text = ""
        self.lines = 0
        self.size = 0  # "the combined message value", in bytes

    def take(self, ask: Ask) -> None:
        """One line. It is judged at once, so that a batch cannot grow beyond its limits."""
        message = ask.message
        params = message.params
        if message.command not in ("PRIVMSG", "NOTICE") or message.command != (
            self.command or message.command
        ):
            self._fail("A batch holds PRIVMSG lines only, or NOTICE lines only")
        elif len(params) != 2:
            self._fail("Each line has a target and a text")
        elif fold(params[0]) != fold(self.target):
            self.fail("MULTILINE_INVALID_TARGET", self.target, params[0], text="Invalid multiline target")
        elif not _TAGS.issuperset(message.tags):
            self._fail("Tags belong to the opening of the batch")
        elif _CONCAT in message.tags and not params[1]:
            self._fail("Invalid multiline batch with concatenated blank line")
        else:
            self.command = message.command
            self._add(params[1], ask.settings, is_continued=_CONCAT in message.tags)

    def _add(self, line: str, settings: Settings, *, is_continued: bool) -> None:
        # "Each line feed used to join line messages contributes one byte towards the `max-bytes` limit."
        self.size += len(line.encode()) + (self.lines > 0 and not is_continued)
        self.lines += 1
        if self.size > settings.multiline_bytes:
            limit = settings.multiline_bytes
            self.fail("MULTILINE_MAX_BYTES", str(limit), text="Multiline batch max-bytes exceeded")
        elif self.lines > settings.multiline_lines:
            limit = settings.multiline_lines
            self.fail("MULTILINE_MAX_LINES", str(limit), text="Multiline batch max-lines exceeded")
        elif self.lines == 1:
            self.text = line
        else:
            self.text += (CONTINUED if is_continued else NEW_LINE) + line

    def interrupt(self) -> None:
        """A stranger among the lines, or one that cannot be read."""
        self._fail("Something else came before the batch was closed")

    def close(self) -> None:
        """Say it. A refusal is answered to the opening, as the echo is; a NOTICE is refused in silence."""
        if not self.text.strip(NEW_LINE):
            self._fail("Invalid multiline batch with blank lines only")
            return
        ask = self.ask
        ask.muted = self.command == "NOTICE" and not ask.label
        say(ask, self.command, self.target, self.text, client_tags(ask))

    def _fail(self, text: str) -> None:
        self.fail("MULTILINE_INVALID", text=text)


def open_message(ask: Ask, reference: str, params: list[str]) -> OpenBatch:
    """BATCH +<reference> draft/multiline <target>."""
    message = OpenMessage(ask, reference, params[0] if params else "")
    message.begin()
    if len(params) != 1 or not params[0]:
        message.fail("MULTILINE_INVALID", text="A multiline batch has one target")
    return message


def _limits(_session: Session, settings: Settings) -> str:
    return f"max-bytes={settings.multiline_bytes},max-lines={settings.multiline_lines}"


feature = Feature(
    "multiline",
    caps={"draft/multiline": _limits},
    batches={"draft/multiline": BatchType(MULTILINE, open_message)},
)
