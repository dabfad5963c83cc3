"""The beginning of the client with windows:  python client.py --windows [HOST[:PORT]] ...

Where there is no terminal that can show windows, the plain client takes over.
"""

import codecs
import os
import sys
from collections.abc import Mapping, Sequence

from veche.client import plain as plain_client
from veche.client.plain_phrases import TABLE as PLAIN
from veche.client.plain_visit import default_nick, user_name
from veche.phrases import Phrases, language_of_locale


def can_show_windows(environment: Mapping[str, str], encoding: str, *, is_terminal: bool) -> bool:
    """Whether windows can be drawn: a terminal that is not dumb, in UTF-8."""
    try:
        is_utf8 = codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        is_utf8 = False
    return is_terminal and is_utf8 and environment.get("TERM", "") not in {"", "dumb", "unknown"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client; the exit code."""
    language = language_of_locale()
    parsed = plain_client.parse_arguments(arguments, Phrases(PLAIN, language))
    is_terminal = all(
        stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)
    )
    # Textual draws on standard error.
    encoding = getattr(sys.stderr, "encoding", "") or "ascii"
    if parsed.plain or not can_show_windows(os.environ, encoding, is_terminal=is_terminal):
        return plain_client.main(arguments)
    from veche.tui.app import Windows  # noqa: PLC0415 - half a second that the plain client need not wait
    from veche.tui.phrases import TABLE  # noqa: PLC0415

    wish = plain_client.wish_of(parsed)
    app = Windows(Phrases(TABLE, language), wish, wish.nick or default_nick(user_name()))
    return app.run() or 0


if __name__ == "__main__":
    sys.exit(main())
