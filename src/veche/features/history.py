"""HISTORY: what was said last, for people whose clients know no CHATHISTORY.

Source: Ergo has it so: `HISTORY <target> [<limit>]`, a number of messages or a length of time. The answer is told
as the lobby's last lines are: each with its time in front where the client is told none, in a batch where it knows
those.
"""

from __future__ import annotations

from functools import partial

from veche.core.ask import Ask
from veche.core.conversations import Conversation, look_for
from veche.core.durations import parse_duration
from veche.core.help import Family, Help
from veche.core.playback import JustCorrected, tell_page
from veche.core.ports import Page, Records, StoreError
from veche.core.registry import Command, Feature

# Messages that are shown to who does not say how many.
USUAL = 50


def history(ask: Ask) -> None:
    """HISTORY <target> [<count>|<duration>]."""
    word = ask.params[1] if len(ask.params) > 1 else str(USUAL)
    page = Page("", ask.settings.history_page, newest=True)
    seconds = parse_duration(word)
    if seconds is not None:
        page.after = int(ask.engine.clock.now() * 1000) - seconds * 1000
    elif word.isascii() and word.isdigit() and 0 < len(word) <= 9 and int(word) > 0:
        page.limit = min(int(word), page.limit)
    else:
        ask.fail(
            "INVALID_PARAMS", word, text="This is neither a number of messages nor a time like 2h or 30m"
        )
        return
    look_for(ask, ask.params[0], partial(_read, ask, ask.params[0], page))


def _read(ask: Ask, target: str, page: Page, talk: Conversation | StoreError | None) -> None:
    store = ask.engine.store
    if isinstance(talk, StoreError):
        ask.fail("MESSAGE_ERROR", target, text="Messages could not be retrieved")
    elif talk is None or store is None:
        ask.fail("INVALID_TARGET", target, text="Messages could not be retrieved")
    else:
        page.conversation, page.era, page.since = talk.key, talk.era, talk.since
        ask.wait()
        store.page(page, partial(_show, ask, talk.name))


def _show(ask: Ask, name: str, records: Records | StoreError) -> None:
    if isinstance(records, StoreError):
        ask.fail("MESSAGE_ERROR", name, text="Messages could not be retrieved")
    elif ask.session.user is not None:
        standing = ask.engine.shelf(JustCorrected).standing(records)
        tell_page(ask, name, standing, is_end=not records.has_more, plain=True)
    ask.settled()


feature = Feature(
    "history",
    commands=[
        Command(
            "HISTORY",
            history,
            least=1,
            help=Help(
                "<target> [<count|time>]",
                "Shows what was said last in a room that you are in, or between you and somebody: so many messages, or "
                "those of a time like 2h or 30m. At most {s.history_page} at once.",
                "Показывает, что говорили последним в комнате, где вы находитесь, или в личной переписке: столько-то "
                "сообщений (count) или за время (time), например 2h или 30m. За раз не больше {s.history_page}.",
                Family.HISTORY,
            ),
        )
    ],
)
