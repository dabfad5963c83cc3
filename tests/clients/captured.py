"""What clients have written down of a session, and what in it nobody should have provoked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

# irssi and catgirl put ">> " in front of what they have received, WeeChat the time, "-->" and the server's name.
_RECEIVED = r"^(?:>> |[-\d]+ [:\d]+\t--> \w+\t)?"
_REFUSAL = re.compile(_RECEIVED + r"(?:@\S+ )?(?::\S+ )?((?:FAIL|WARN|ERROR|[45]\d\d) .*)", re.MULTILINE)
# WeeChat's own errors, such as a line that it cannot understand, in whatever buffer it shows them.
_WEECHAT_ERROR = re.compile(r"^[-\d]+ [:\d]+\t=!=\t(.*)", re.MULTILINE)
# It says so of every certificate that somebody has made himself.
_CERTIFICATE = "gnutls: peer's certificate "


def refusals(lines: str | Iterable[str]) -> list[str]:
    """What the server has refused, without tags and sources: FAIL, WARN, ERROR, and numerics of errors.

    RFC 2812, 5.2: "Error replies are found in the range from 400 to 599."
    """
    return _REFUSAL.findall(lines if isinstance(lines, str) else "\n".join(lines))


def weechat_errors(home: Path) -> list[str]:
    """What WeeChat has complained of by itself; it logs each of its buffers, to the end only when it has ended."""
    logs = sorted((home / "logs").glob("irc.*.weechatlog"))
    assert logs, f"WeeChat has written nothing down in {home}"
    errors = [text for log in logs for text in _WEECHAT_ERROR.findall(log.read_text(encoding="utf-8"))]
    return [text for text in errors if not text.startswith(_CERTIFICATE)]
