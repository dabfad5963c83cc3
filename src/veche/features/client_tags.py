"""Client-only tags: which of them are relayed, how often somebody is shown as typing, and which reactions are kept.

Sources: message-tags ("Client-only tags", `CLIENTTAGDENY`); typing; react (draft); reply. Who sends a tag decides what
it says; the server only ever leaves some of them out.
"""

from collections.abc import Mapping
from typing import Final

from veche.core.ask import Ask
from veche.core.once import TAG
from veche.core.pace import SharedPace
from veche.core.registry import Feature
from veche.core.settings import Settings
from veche.core.threads import TAGS as REPLY_TAGS
from veche.wire.caps import MESSAGE_TAGS
from veche.wire.message import escape
from veche.wire.msgids import time_of_msgid
from veche.wire.names import fold

TYPING: Final = "+typing"
_REACT, _UNREACT = "+draft/react", "+draft/unreact"
# typing: "any `typing` notification is not sent within 3 seconds of another one for a given target". The second at once
# is for "done" behind "active", and for what the network has delivered late.
_TYPING: Final = SharedPace("typing", 2, 3.0)
# When so many facts wait for the disk, nobody need know who is typing.
_BUSY: Final = 200
# Bytes of a reaction that is kept; a longer one is relayed as any tag is.
_LONGEST_REACTION: Final = 64


def client_tags(ask: Ask, without: str = "") -> str:
    """The client-only tags (they begin with '+') of a request, escaped; those denied and `without` are left out.

    All others are dropped: time, msgid, account and so on are the server's to say. So is the sender's own id of a
    message: it is between him and the server. A tag that makes something else of a message is checked by who does so.
    """
    if not ask.session.caps & MESSAGE_TAGS:
        return ""
    tags = ask.message.tags
    instead = ask.engine.registry.instead
    keys = [key for key in tags if key[0] == "+" and key != TAG and key not in instead]
    if not keys:
        return ""
    denied = ask.settings.client_tags_denied
    return ";".join(
        f"{key}={escape(tags[key])}" if tags[key] else key
        for key in keys
        if key != without and not (denied and is_denied(denied, key))
    )


def is_denied(denied: tuple[str, ...], key: str) -> bool:
    """Whether an installation does not relay this tag. "The client-only prefix (`+`) is omitted" in its list.

    "An asterisk `*` (0x2A) indicates that **all** client-only tags are blocked. When used, this MUST be the first item
    in the list." "A hyphen `-` (0x2D) indicates that a block is negated".
    """
    if denied[0] == "*":
        return "-" + key[1:] not in denied
    return key[1:] in denied


def is_shown_typing(ask: Ask, target: str) -> bool:
    """Whether who asks may be shown as typing to a target now. Typing is the first that is left out under load."""
    if len(ask.engine.log.line) > _BUSY:
        return False
    return not _TYPING.wait(ask, f"{ask.user.uid} {fold(target)}")


def without_typing(tags: str) -> str:
    """The tags that are kept with a message: that somebody was typing is nothing to remember."""
    return ";".join(tag for tag in tags.split(";") if tag.partition("=")[0] != TYPING)


def reaction_of(tags: Mapping[str, str], denied: tuple[str, ...]) -> tuple[str, str, bool] | None:
    """To which message a request reacts, how, and whether it does or takes that back; None for what is not kept.

    "this tag MUST be used in conjunction with the [`+reply`] [...] client tag." "The `+draft/react` and
    `+draft/unreact` tags MUST NOT both be attached to a single message."
    """
    adding = _REACT in tags
    if adding == (_UNREACT in tags):
        return None
    key = _REACT if adding else _UNREACT
    value = tags[key]
    # Some clients still say it as a draft.
    message = next((tags[tag] for tag in REPLY_TAGS if tag in tags), "")
    if not 0 < len(value.encode()) <= _LONGEST_REACTION or (denied and is_denied(denied, key)):
        return None
    try:
        time_of_msgid(message)
    except ValueError:
        return None
    return message, value, adding


def _tokens(settings: Settings) -> dict[str, str]:
    # "An empty or missing `CLIENTTAGDENY` matches the default case"
    return {"CLIENTTAGDENY": ",".join(settings.client_tags_denied)} if settings.client_tags_denied else {}


feature = Feature("client_tags", tokens=_tokens)
