"""What a device may do that has logged in with a token of its own.

The rule: "full" is everything that its owner may do, but for what needs his password; "read" is what changes nothing
and tells nobody anything. It is obeyed in one place, by the dispatch, and whatever is not named here is not reading.
"""

from typing import Final

FULL, READ = "full", "read"
SCOPES: Final = (FULL, READ)

# With any parameters.
_READING: Final = frozenset(
    """ADMIN AUTHENTICATE CAP CHATHISTORY HELP HELPOP INFO ISON ISUPPORT LINKS LIST LUSERS MARKREAD MONITOR MOTD NAMES
    PING PONG QUIT SEARCH TIME UNREAD USERHOST VERSION WHO WHOIS WHOWAS""".split()  # noqa: SIM905
)
# With a room's name and nothing else they ask.
_ASKING: Final = frozenset({"MODE", "TOPIC"})


def may_say(scope: str, command: str, count: int) -> bool:
    """Whether a registered session of this scope may say this command with so many parameters."""
    return scope == FULL or command in _READING or (command in _ASKING and count == 1)
