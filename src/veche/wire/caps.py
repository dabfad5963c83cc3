"""Capabilities by name and bit. A session holds its set as one int, so that a view is an int too.

The rule: every capability that Veche can speak has its bit here; which of them a server offers is for its features.

Source: capability-negotiation and the specification of each name.
"""

_NAMES = (
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
)

BITS: dict[str, int] = {name: 1 << index for index, name in enumerate(_NAMES)}

MESSAGE_TAGS = BITS["message-tags"]
SERVER_TIME = BITS["server-time"]
ECHO_MESSAGE = BITS["echo-message"]
LABELED_RESPONSE = BITS["labeled-response"]
BATCH = BITS["batch"]
CAP_NOTIFY = BITS["cap-notify"]
CHATHISTORY = BITS["draft/chathistory"]
MULTI_PREFIX = BITS["multi-prefix"]
USERHOST_IN_NAMES = BITS["userhost-in-names"]
NO_IMPLICIT_NAMES = BITS["no-implicit-names"]
EXTENDED_JOIN = BITS["extended-join"]
AWAY_NOTIFY = BITS["away-notify"]
SETNAME = BITS["setname"]
INVITE_NOTIFY = BITS["invite-notify"]
EXTENDED_MONITOR = BITS["extended-monitor"]
CHGHOST = BITS["chghost"]
EXTENDED_ISUPPORT = BITS["draft/extended-isupport"]
PRE_AWAY = BITS["draft/pre-away"]
MULTILINE = BITS["draft/multiline"]
REDACTION = BITS["draft/message-redaction"]
EDIT = BITS["draft/message-edit"]
RELAYMSG = BITS["draft/relaymsg"]
CHANNEL_RENAME = BITS["draft/channel-rename"]
OPER_TAG = BITS["draft/oper-tag"]
METADATA = BITS["draft/metadata-2"]
SASL = BITS["sasl"]
PERSISTENCE = BITS["draft/persistence"]
UNREAD = BITS["veche/unread"]
EVENT_PLAYBACK = BITS["draft/event-playback"]
PLAYBACK = BITS["znc.in/playback"]
REACTIONS = BITS["veche/reactions"]
SELF_MESSAGE = BITS["znc.in/self-message"]
READ_MARKER = BITS["draft/read-marker"]
ACCOUNT_NOTIFY = BITS["account-notify"]
ACCOUNT_TAG = BITS["account-tag"]

# The capabilities that change how a line to everybody looks; sessions that agree in these share one rendering.
VIEW = (
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
