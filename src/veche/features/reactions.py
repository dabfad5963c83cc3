"""Reactions in history: their sums for clients that ask for them, and one by one for those that know events.

Source: react (draft); chathistory, "`draft/chathistory-context` tag": "The server may choose to return additional,
related messages alongside regular chat history. Such messages MUST be tagged with the `draft/chathistory-context` tag
and MUST immediately follow their parent message. Context messages MUST NOT be counted towards the message limit."
The sums are an extension of our own, `veche/reactions`: docs/ext/reactions.md.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from veche.core.ask import Ask
from veche.core.playback import SAID, Around, shows_events
from veche.core.ports import Reacted, Record, StoreError
from veche.core.registry import Feature
from veche.core.replies import iso_time
from veche.wire.caps import ACCOUNT_TAG, MESSAGE_TAGS, REACTIONS, SERVER_TIME
from veche.wire.message import escape
from veche.wire.names import is_room

TAG = CAPABILITY = "veche/reactions"
CONTEXT = "draft/chathistory-context"
# Different reactions to one message that are summed, the oldest: they fit into a tag.
MOST = 40
# What stands between values and counts, and is written otherwise in a value.
_WRITTEN = str.maketrans({"%": "%25", ",": "%2C", ":": "%3A"})


def with_reactions(ask: Ask, name: str, records: list[Record], done: Callable[[Around], None]) -> None:
    """`done` hears what is to be told of reactions with these messages, as this client knows it; at once if not.

    `name` is what the conversation is called. Where the record cannot be read, the messages are told without.
    """
    session, store = ask.session, ask.engine.store
    said = [record.seq for record in records if record.command in SAID]
    if store is None or not said or not session.caps & MESSAGE_TAGS:
        done({})
    elif session.caps & REACTIONS:
        store.reactions(said, lambda counts: done(_sums(counts)))
    elif shows_events(session):
        store.reacted(said, partial(_one_by_one, ask, name, records, done))
    else:
        done({})


def _sums(counts: dict[int, dict[str, int]] | StoreError) -> Around:
    """The tag with the sums: `veche/reactions=<value>:<count>,...`."""
    if isinstance(counts, StoreError):
        return {}
    return {place: (f"{TAG}={escape(summed(values))}", []) for place, values in counts.items()}


def summed(values: dict[str, int]) -> str:
    """Reactions and how many there are of each, as the tag says it; `%`, `,` and `:` of a value are percent-encoded."""
    return ",".join(f"{value.translate(_WRITTEN)}:{count}" for value, count in list(values.items())[:MOST])


def _one_by_one(
    ask: Ask,
    name: str,
    records: list[Record],
    done: Callable[[Around], None],
    found: list[Reacted] | StoreError,
) -> None:
    around: dict[int, tuple[str, list[str]]] = {}
    if not isinstance(found, StoreError) and ask.session.user is not None:
        msgids = {record.seq: record.msgid for record in records}
        for one in found:
            line = _line(ask, name, msgids[one.message], one)
            around.setdefault(one.message, ("", []))[1].append(line)
    done(around)


def _line(ask: Ask, name: str, msgid: str, one: Reacted) -> str:
    """The TAGMSG as it was told, right behind its message."""
    view = ask.session.view
    tags = [f"time={iso_time(one.time)}"] if view & SERVER_TIME else []
    tags += [f"account={escape(one.account)}"] if view & ACCOUNT_TAG and one.account else []
    tags += [f"msgid={one.msgid}", CONTEXT, f"+draft/react={escape(one.value)}", f"+reply={msgid}"]
    target = name if is_room(name) or one.who == ask.user.identity else ask.user.nick
    return f"@{';'.join(tags)} :{one.source} TAGMSG {target}"


feature = Feature("reactions", caps={CAPABILITY: ""})
