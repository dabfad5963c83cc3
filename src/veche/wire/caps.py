"""Capabilities by name and bit. A session holds its set as one int, so that a view is an int too.

The rule: every capability that Veche can speak has its bit here; which of them a server offers is for its features.

Source: capability-negotiation and the specification of each name.
"""

from typing import Final

_NAMES: Final = (
    "message-tags",
    "server-time",
    "echo-message",
    "labeled-response",
    "batch",
    "cap-notify",
    "draft/chathistory",
    "multi-prefix",
    "standard-replies",
    "userhost-in-names",
    "no-implicit-names",
    "extended-join",
    "away-notify",
    "setname",
    "invite-notify",
    "extended-monitor",
    "chghost",
    "draft/extended-isupport",
    "draft/pre-away",
    "draft/multiline",
    "draft/message-redaction",
    "draft/relaymsg",
    "draft/channel-rename",
    "draft/oper-tag",
    "draft/metadata-2",
    "sasl",
    "account-notify",
    "account-tag",
    "draft/account-registration",
    "draft/read-marker",
    "veche/unread",
    "draft/event-playback",
    "znc.in/playback",
    "veche/reactions",
    "znc.in/self-message",
    "draft/persistence",
    "veche/once",
    "soju.im/search",
    "draft/message-edit",
    "veche/threads",
    "veche/guest",
)

BITS: Final[dict[str, int]] = {name: 1 << index for index, name in enumerate(_NAMES)}

MESSAGE_TAGS: Final = BITS["message-tags"]
SERVER_TIME: Final = BITS["server-time"]
ECHO_MESSAGE: Final = BITS["echo-message"]
LABELED_RESPONSE: Final = BITS["labeled-response"]
BATCH: Final = BITS["batch"]
CAP_NOTIFY: Final = BITS["cap-notify"]
CHATHISTORY: Final = BITS["draft/chathistory"]
MULTI_PREFIX: Final = BITS["multi-prefix"]
USERHOST_IN_NAMES: Final = BITS["userhost-in-names"]
NO_IMPLICIT_NAMES: Final = BITS["no-implicit-names"]
EXTENDED_JOIN: Final = BITS["extended-join"]
AWAY_NOTIFY: Final = BITS["away-notify"]
SETNAME: Final = BITS["setname"]
INVITE_NOTIFY: Final = BITS["invite-notify"]
EXTENDED_MONITOR: Final = BITS["extended-monitor"]
CHGHOST: Final = BITS["chghost"]
EXTENDED_ISUPPORT: Final = BITS["draft/extended-isupport"]
PRE_AWAY: Final = BITS["draft/pre-away"]
MULTILINE: Final = BITS["draft/multiline"]
REDACTION: Final = BITS["draft/message-redaction"]
EDIT: Final = BITS["draft/message-edit"]
RELAYMSG: Final = BITS["draft/relaymsg"]
CHANNEL_RENAME: Final = BITS["draft/channel-rename"]
OPER_TAG: Final = BITS["draft/oper-tag"]
METADATA: Final = BITS["draft/metadata-2"]
SASL: Final = BITS["sasl"]
PERSISTENCE: Final = BITS["draft/persistence"]
GUEST: Final = BITS["veche/guest"]
UNREAD: Final = BITS["veche/unread"]
EVENT_PLAYBACK: Final = BITS["draft/event-playback"]
PLAYBACK: Final = BITS["znc.in/playback"]
REACTIONS: Final = BITS["veche/reactions"]
SELF_MESSAGE: Final = BITS["znc.in/self-message"]
READ_MARKER: Final = BITS["draft/read-marker"]
ACCOUNT_NOTIFY: Final = BITS["account-notify"]
ACCOUNT_TAG: Final = BITS["account-tag"]

# The capabilities that change how a line to everybody looks; sessions that agree in these share one rendering.
VIEW: Final = (
    MESSAGE_TAGS
    | SERVER_TIME
    | EXTENDED_JOIN
    | AWAY_NOTIFY
    | SETNAME
    | INVITE_NOTIFY
    | CHGHOST
    | MULTILINE
    | REDACTION
    | EDIT
    | RELAYMSG
    | CHANNEL_RENAME
    | OPER_TAG
    | ACCOUNT_NOTIFY
    | ACCOUNT_TAG
)


def view_of(caps: int) -> int:
    """The part of a session's capabilities that decides what lines look like to it."""
    # multiline: "This specification depends on the `batch` capability which MUST be negotiated to use multiline
    # messages."
    view = caps & VIEW if caps & BATCH else caps & VIEW & ~MULTILINE
    # Which message is edited is said by a tag.
    return view if caps & MESSAGE_TAGS else view & ~EDIT
