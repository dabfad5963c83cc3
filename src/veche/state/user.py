"""A user: somebody with a nick, as everyone else sees him. Sessions and connections are not his business."""

from typing import Final

# The mode of who is no person (bot-mode, BOT=B). More than its feature knows it: whatever he sends is tagged.
BOT: Final = "B"
# The mode of who is logged in to an account.
LOGGED_IN: Final = "r"

# One for all: an empty set of each user's own would be 200 bytes.
_NO_MODES: Final[frozenset[str]] = frozenset()


class User:
    """One user. `uid` never changes and is never given twice; everything else may change by facts."""

    __slots__ = (
        "absent",
        "accepts",
        "account",
        "away",
        "host",
        "identity",
        "invitations",
        "is_away_for_absence",
        "key",
        "knocked",
        "metadata",
        "modes",
        "nick",
        "notes",
        "notices",
        "operator",
        "real_name",
        "returns",
        "rooms",
        "signed_on",
        "silences",
        "source",
        "stays",
        "title",
        "uid",
        "username",
    )

    def __init__(
        self, uid: str, nick: str, key: str, username: str, host: str, real_name: str, signed_on: int
    ) -> None:
        self.uid = uid
        self.nick = nick
        self.key = key  # the folded nick
        self.username = username
        self.host = host
        self.real_name = real_name
        self.signed_on = signed_on  # ms since 1970
        self.account = ""  # the name of the account that he is logged in to
        # What the record knows him by: his account's uid, and as long as he has none, his own.
        self.identity = uid
        self.returns = False  # whether he can prove, as a guest, by another connection that he is himself
        self.stays = False  # whether he stays in his rooms, and is reached, when his last device has gone
        self.absent = 0  # since when none of his devices is here (ms since 1970); 0 while one is
        self.away = ""
        self.is_away_for_absence = False  # the server has said that he is away, not he
        self.modes = _NO_MODES
        self.rooms: dict[str, None] = {}  # keys of the rooms that he is in, in the order of joining
        # Rooms that he may come into once, by key, with the incarnation (`Room.created`) that he was asked into.
        self.invitations: dict[str, int] = {}
        self.silences: dict[str, str] = {}  # masks of those whom he does not hear, by folded mask
        self.accepts: dict[
            str, None
        ] = {}  # uids of those whom he hears with mode g, in the order of accepting
        self.metadata: dict[str, str] = {}  # by key; what he says of himself to all
        self.notes: dict[str, dict[str, str]] = {}  # his own about others, by folded name and key
        self.knocked = 0  # when he was told last that somebody else wants to be heard (ms since 1970)
        self.operator = ""  # the name that an operator (mode o) answers to the installation under
        self.title = ""  # what WHOIS says of him, if it is something of its own
        self.notices = ""  # the kinds of server notices that he reads with mode s, as letters
        self.source = f"{nick}!{username}@{host}"

    def rename(self, nick: str, key: str) -> None:
        """Take another nick."""
        self.nick = nick
        self.key = key
        self.source = f"{nick}!{self.username}@{self.host}"

    @property
    def may_return(self) -> bool:
        """Whether he can come back by another node as who he was."""
        return self.returns or bool(self.account)

    def __repr__(self) -> str:
        return f"<User {self.source}>"
