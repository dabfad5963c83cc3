"""The beginning of the client:  python client.py [HOST[:PORT]] ...

Windows, where there is a terminal that can show them and Textual to draw them; else the plain client, in one line if
somebody is there to read why.
"""

import codecs
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec

from veche.client import plain as plain_client
from veche.client.plain_phrases import TABLE as PLAIN
from veche.client.plain_visit import default_nick, user_name
from veche.phrases import Phrases, language_of_locale
from veche.tui.keep import keep_at_home


def can_show_windows(environment: Mapping[str, str], encoding: str, *, is_terminal: bool) -> bool:
    """Whether windows can be drawn: a terminal that is not dumb, in UTF-8."""
    return is_terminal and not what_is_missing(environment, encoding)


def what_is_missing(environment: Mapping[str, str], encoding: str) -> str:
    """Why a terminal cannot show windows, or "" ."""
    term = environment.get("TERM", "")
    if os.name != "nt" and term in {"", "dumb", "unknown"}:
        return f"TERM={term}"
    try:
        is_utf8 = codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        is_utf8 = False
    return "" if is_utf8 else encoding


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client; the exit code."""
    language = language_of_locale()
    parsed = plain_client.parse_arguments(arguments, Phrases(PLAIN, language))
    is_terminal = all(
        stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)
    )
    if parsed.plain or not is_terminal:
        return plain_client.main(arguments)
    # Textual draws on standard error.
    missing = what_is_missing(os.environ, getattr(sys.stderr, "encoding", "") or "ascii")
    if not missing and find_spec("textual") is None:
        missing = "Textual: pip install 'veche[tui]'"
    from veche.tui.phrases import TABLE  # noqa: PLC0415 - what follows is not for pipes

    if missing:
        line = Phrases(TABLE, language)("no_windows", reason=missing)
        sys.stderr.write(
            line.encode(sys.stderr.encoding or "ascii", "replace").decode(sys.stderr.encoding or "ascii")
        )
        sys.stderr.write("\n")
        return plain_client.main(arguments)
    from veche.tui.app import Windows  # noqa: PLC0415 - half a second that the plain client need not wait
    from veche.tui.settings import Settings, read_settings  # noqa: PLC0415

    say = Phrases(TABLE, language)
    keep = keep_at_home()
    settings = Settings()
    try:
        settings, wrong = read_settings(keep.settings_text(), say, themes())
    except (OSError, ValueError) as error:
        wrong = [say("settings_unread", reason=getattr(error, "strerror", "") or "UTF-8")]
    troubles = [say("settings_in", file=keep.settings, line=line) for line in wrong]
    if settings.language in {"en", "ru"}:
        say = Phrases(TABLE, "ru" if settings.language == "ru" else "en")
    wish = plain_client.wish_of(parsed)
    name = wish.nick or default_nick(user_name())
    app = Windows(say, wish, name, settings=settings, keep=keep, troubles=troubles)
    keep_collector_away()
    return app.run() or 0


def keep_collector_away() -> None:
    """What was loaded lives to the end: the collector need not walk through all of Textual, which takes it 50 ms in
    the middle of a key. What comes later and is many, the messages, it does not walk through either (`book.Entry`).
    """
    gc.freeze()


def themes() -> frozenset[str]:
    """The themes that Textual brings with it."""
    from textual.theme import BUILTIN_THEMES  # noqa: PLC0415

    return frozenset(BUILTIN_THEMES)


if __name__ == "__main__":
    sys.exit(main())
