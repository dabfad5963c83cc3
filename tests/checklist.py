"""The checklist: every capability, token, command and mode that a modern server has, and what Veche does without.

What is not built yet stands in NOT_YET with its reason, and NOT_YET may only shrink: whatever works and still stands
there fails its test. What will never be built stands in REFUSED and REFUSED_CAPS. `tests/test_checklist.py` tries all
of it.
"""

from __future__ import annotations

from veche.core.settings import OperatorBlock
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Person, Stage, quiet_settings

CAPS = """
    account-notify account-tag away-notify batch cap-notify chghost echo-message extended-join extended-monitor
    invite-notify labeled-response message-tags multi-prefix no-implicit-names sasl server-time setname standard-replies
    sts userhost-in-names
    draft/account-registration draft/channel-rename draft/chathistory draft/event-playback draft/extended-isupport
    draft/message-redaction draft/metadata-2 draft/multiline draft/pre-away draft/read-marker
    draft/oper-tag
    draft/persistence draft/relaymsg draft/webpush soju.im/webpush soju.im/search soju.im/FILEHOST draft/FILEHOST
    soju.im/account-required znc.in/playback znc.in/self-message veche/unread veche/reactions veche/once
    veche/guest
    draft/message-edit veche/threads
""".split()  # noqa: SIM905 - a table reads better without a hundred quotation marks

TOKENS = """
    ACCOUNTEXTBAN AWAYLEN BOT CASEMAPPING CHANLIMIT CHANMODES CHANNELLEN CHANTYPES CHATHISTORY ELIST EXCEPTS EXTBAN
    FORWARD INVEX KICKLEN LINELEN MAXLIST MAXTARGETS MODES MONITOR MSGREFTYPES NAMELEN NETWORK NICKLEN PREFIX SAFELIST
    SAFERATE STATUSMSG TARGMAX TOPICLEN UTF8ONLY WHOX USERLEN HOSTLEN CLIENTTAGDENY
    VAPID draft/ACCOUNTREQUIRED draft/FILEHOST draft/ICON
    KEYLEN KNOCK SILENCE ACCEPT CALLERID soju.im/SAFERATE
""".split()  # noqa: SIM905 - a table reads better without a hundred quotation marks

# What ann, operator of #tea, says, and a numeric or command that she hears for it. bob is in #tea; cid is not.
COMMANDS = {
    "CAP": ("CAP LS 302", "CAP"),
    "AUTHENTICATE": ("AUTHENTICATE PLAIN", "904"),
    "PASS": ("PASS x", "462"),
    "GUEST": ("GUEST x", "462"),
    "NICK": ("NICK anna", "NICK"),
    "USER": ("USER x 0 * :x", "462"),
    "PING": ("PING x", "PONG"),
    "PONG": ("PONG x", ""),
    "QUIT": ("QUIT", "ERROR"),
    "ERROR": ("ERROR x", ""),
    "ISUPPORT": ("ISUPPORT", "005"),
    "WEBIRC": ("WEBIRC a b c d", "ERROR"),
    "JOIN": ("JOIN #new", "JOIN"),
    "PART": ("PART #tea", "PART"),
    "TOPIC": ("TOPIC #tea :x", "TOPIC"),
    "NAMES": ("NAMES #tea", "353"),
    "LIST": ("LIST", "322"),
    "INVITE": ("INVITE cid #tea", "341"),
    "UNINVITE": ("UNINVITE cid #tea", "505"),
    "KICK": ("KICK #tea bob", "KICK"),
    "MODE": ("MODE #tea +m", "MODE"),
    "RENAME": ("RENAME #tea #coffee", "PART"),
    "KNOCK": ("KNOCK #tea", "714"),
    "PRIVMSG": ("PRIVMSG ann :x", "PRIVMSG"),
    "NOTICE": ("NOTICE ann :x", "NOTICE"),
    "TAGMSG": ("@+typing=active TAGMSG ann", "TAGMSG"),
    "BATCH": ("BATCH +1 unknown", "FAIL"),
    "REDACT": ("REDACT #tea x", "FAIL"),
    "EDITS": ("EDITS #tea x", "FAIL"),
    "RELAYMSG": ("RELAYMSG #tea x/y :z", "PRIVMSG"),
    "WHO": ("WHO #tea", "352"),
    "WHOX": ("WHO #tea %n", "354"),
    "WHOIS": ("WHOIS bob", "311"),
    "WHOWAS": ("WHOWAS nobody", "406"),
    "ISON": ("ISON bob", "303"),
    "USERHOST": ("USERHOST bob", "302"),
    "MONITOR": ("MONITOR + bob", "730"),
    "AWAY": ("AWAY :x", "306"),
    "SETNAME": ("SETNAME :Anna", "SETNAME"),
    "METADATA": ("METADATA ann LIST", "BATCH"),
    "ACCEPT": ("ACCEPT bob", ""),
    "SILENCE": ("SILENCE +x", "SILENCE"),
    "REGISTER": ("REGISTER * * x", "FAIL"),
    "VERIFY": ("VERIFY a b", "FAIL"),
    "NICKSERV": ("NICKSERV help", "NOTICE"),
    "NS": ("NS help", "NOTICE"),
    "CHANSERV": ("CHANSERV help", "NOTICE"),
    "CS": ("CS help", "NOTICE"),
    "CHATHISTORY LATEST": ("CHATHISTORY LATEST #tea * 1", "BATCH"),
    "CHATHISTORY BEFORE": ("CHATHISTORY BEFORE #tea timestamp=2026-01-01T00:00:00.000Z 1", "BATCH"),
    "CHATHISTORY AFTER": ("CHATHISTORY AFTER #tea timestamp=2026-01-01T00:00:00.000Z 1", "BATCH"),
    "CHATHISTORY AROUND": ("CHATHISTORY AROUND #tea timestamp=2026-01-01T00:00:00.000Z 1", "BATCH"),
    "CHATHISTORY THREAD": ("CHATHISTORY THREAD #tea msgid=x * 1", "FAIL"),
    "CHATHISTORY BETWEEN": (
        "CHATHISTORY BETWEEN #tea timestamp=2026-01-01T00:00:00.000Z timestamp=2027-01-01T00:00:00.000Z 1",
        "BATCH",
    ),
    "CHATHISTORY TARGETS": (
        "CHATHISTORY TARGETS timestamp=2026-01-01T00:00:00.000Z timestamp=2027-01-01T00:00:00.000Z 1",
        "BATCH",
    ),
    "MARKREAD": ("MARKREAD #tea", "MARKREAD"),
    "PERSISTENCE": ("PERSISTENCE GET", "FAIL"),
    "UNREAD": ("UNREAD #tea", "UNREAD"),
    "SEARCH": ("SEARCH text=x", "BATCH"),
    "HISTORY": ("HISTORY #tea", "BATCH"),
    "MOTD": ("MOTD", "422"),
    "VERSION": ("VERSION", "351"),
    "ADMIN": ("ADMIN", "256"),
    "INFO": ("INFO", "371"),
    "TIME": ("TIME", "391"),
    "LUSERS": ("LUSERS", "251"),
    "STATS": ("STATS u", "219"),
    "HELP": ("HELP", "704"),
    "HELPOP": ("HELPOP JOIN", "704"),
    "LINKS": ("LINKS", "365"),
    "USERS": ("USERS", "446"),
    "OPER": ("OPER root wrong", "464"),
    "DEOPER": ("DEOPER", "481"),
    "KILL": ("KILL bob x", "481"),
    "REHASH": ("REHASH", "481"),
    "WALLOPS": ("WALLOPS x", "481"),
    "SAJOIN": ("SAJOIN bob #x", "481"),
    "SAMODE": ("SAMODE #tea +m", "481"),
    "SANICK": ("SANICK bob x", "481"),
    "UBAN": ("UBAN ADD x", "481"),
    "KLINE": ("KLINE x@y", "481"),
    "DLINE": ("DLINE 192.0.2.1", "481"),
    "UNKLINE": ("UNKLINE x@y", "481"),
    "UNDLINE": ("UNDLINE 192.0.2.1", "481"),
    "SNOMASK": ("SNOMASK +b", "481"),
    "DEFCON": ("DEFCON 3", "481"),
    "DIE": ("DIE", "481"),
    "RESTART": ("RESTART", "481"),
    "CONNECT": ("CONNECT a", "481"),
    "SQUIT": ("SQUIT a b", "481"),
    "TRACE": ("TRACE", "262"),
    "SUMMON": ("SUMMON a", "445"),
}

# Modes of a room with a parameter that they take; the flags take none.
ROOM_MODES = {
    **dict.fromkeys("CcimMnRstuP", ""),
    "b": "x", "e": "x", "I": "x", "k": "x", "l": "5", "f": "#other", "d": "5",
    "q": "bob", "a": "bob", "o": "bob", "h": "bob", "v": "bob",
}  # fmt: skip
# Lists tell more with extended bans.
EXTENDED_BANS = ["a:x", "m:x!*@*", "R:*", "U:*", "r:x", "t:5:x!*@*"]
# Modes that a user sets for himself, and those that others or the circumstances set.
USER_MODES = "iwBRTg"
GIVEN_MODES = "oZsr"

NOT_YET = {
    **dict.fromkeys(["draft/webpush", "soju.im/webpush", "VAPID"], "push comes with the web client"),
    **dict.fromkeys(["soju.im/FILEHOST", "draft/FILEHOST"], "files come with the web client"),
}
# Asked for by nobody any more, or dangerous: refused for good. Name: (line, the refusal, why).
REFUSED = {
    "STARTTLS": (
        "STARTTLS",
        "421",
        "a line in clear text decides about encryption: whoever is in between strips it",
    ),
}
# Capabilities that are never offered. Name: (what serves instead, why).
REFUSED_CAPS = {
    "draft/metadata-3": (
        "draft/metadata-2",
        "an open proposal whose text still changes, with other numerics for the same things; its clients know both",
    ),
    "soju.im/client-cert": (
        "sasl",
        "it knows certificates by SHA-512, people and clients by SHA-256; NickServ CERT does the same for any client",
    ),
}


def a_stage() -> Stage:
    """A server that has an operator and a picture, and denies a tag."""
    settings = quiet_settings()
    settings.room_creations_per_minute = 1000
    settings.operators["root"] = OperatorBlock("root", FakePasswords.hash("x"))
    settings.client_tags_denied = ("draft/nonsense",)
    settings.icon = "https://irc.example/icon.png"
    return Stage(settings)


def verbs(lines: list[str]) -> list[str]:
    """The commands and numerics of lines."""
    found = []
    for line in lines:
        words = line.split(" ")
        if words[0][:1] == "@":
            words = words[1:]
        found.append(words[1] if words[0][:1] == ":" else words[0])
    return found


def in_a_room(stage: Stage) -> Person:
    """ann is operator of #tea and can read every answer; bob is there too."""
    ann = stage.enter("ann", "batch", "echo-message", "message-tags", "setname", "standard-replies")
    bob = stage.enter("bob")
    stage.enter("cid")
    ann.send("JOIN #tea")
    bob.send("JOIN #tea")
    ann.take()
    return ann


def tokens() -> dict[str, str]:
    """What 005 says."""
    ann = a_stage().enter("ann")
    ann.send("ISUPPORT")
    words = [
        word
        for line in ann.take()
        for word in line.removesuffix(" :are supported by this server").split(" ")[3:]
    ]
    return {word.partition("=")[0]: word.partition("=")[2] for word in words}
