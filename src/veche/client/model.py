"""What the client knows: who it is, which rooms it is in, who is in them, and what the server says of itself.

The rule: only `heard` changes a model, on the word of the server; names are compared by `Model.fold` alone.

Sources: Modern IRC, "RPL_ISUPPORT Parameters" (CASEMAPPING, CHANTYPES, CHANMODES, PREFIX, STATUSMSG).
"""

from collections.abc import Iterable

from veche.wire import names
from veche.wire.isupport import parse_tokens
from veche.wire.modes import Kind

# Modern IRC, CASEMAPPING: rfc1459 also holds {}|^ for the lower case of []\~; the strict form leaves ^ and ~ apart.
_RFC1459 = str.maketrans("[]\\~", "{}|^")
_RFC1459_STRICT = str.maketrans("[]\\", "{}|")
# "If the parameter is not published by the server at all, clients SHOULD assume CASEMAPPING=rfc1459",
# CHANTYPES=#& and PREFIX=(ov)@+; CHANMODES has no default, so the letters that every server has.
_DEFAULTS = {"PREFIX": "(ov)@+", "CHANTYPES": "#&", "CHANMODES": "beI,k,l,imnpst", "CASEMAPPING": "rfc1459"}


class Member:
    """One person in one room; `ranks` are the prefix symbols that they hold, highest first ("@+")."""

    __slots__ = ("nick", "ranks")

    def __init__(self, nick: str, ranks: str = "") -> None:
        self.nick = nick
        self.ranks = ranks

    def __repr__(self) -> str:
        return f"Member({self.ranks + self.nick!r})"


class Room:
    """A room that we are in; `members` by folded nick. `arriving` collects a NAMES answer until its end.

    Who comes or goes in the middle of a NAMES answer changes both.
    """

    __slots__ = ("arriving", "members", "name", "topic")

    def __init__(self, name: str) -> None:
        self.name = name
        self.topic = ""
        self.members: dict[str, Member] = {}
        self.arriving: dict[str, Member] = {}

    def add(self, key: str, member: Member) -> None:
        """Somebody came in."""
        self.members.setdefault(key, member)
        self.arriving.setdefault(key, member)

    def remove(self, key: str) -> None:
        """Somebody is gone."""
        self.members.pop(key, None)
        self.arriving.pop(key, None)

    def rename(self, old_key: str, new_key: str, nick: str) -> None:
        """Somebody is called `nick` now."""
        for people in (self.members, self.arriving):
            member = people.pop(old_key, None)
            if member is not None:
                member.nick = nick
                people[new_key] = member

    def take_arrived(self) -> None:
        """The NAMES answer is complete: it says who is here."""
        self.members, self.arriving = self.arriving, {}

    def nicks(self) -> list[str]:
        """The nicks in order of their folded names."""
        return [self.members[key].nick for key in sorted(self.members)]


class Model:
    """One server as seen by one session. Nothing here waits, and nothing here can fail on odd input."""

    def __init__(self, nick: str) -> None:
        self.nick = nick
        # nick!user@host as others see it; "" until the server has shown it.
        self.source = ""
        # The account that we are logged in to; "" for none.
        self.account = ""
        self.rooms: dict[str, Room] = {}
        # Who of those that share a room with us is away, and why: by folded nick. As far as the server has said.
        self.away: dict[str, str] = {}
        self.capabilities: set[str] = set()
        self.tokens: dict[str, str] = {}
        self._read_tokens()

    # --- names ---

    def fold(self, name: str) -> str:
        """The key of a name under the server's CASEMAPPING."""
        key = names.fold(name)
        return key.translate(self._mapping) if self._mapping else key

    def same(self, one: str, other: str) -> bool:
        """Whether two names are one name to the server."""
        return one == other or self.fold(one) == self.fold(other)

    def is_me(self, nick: str) -> bool:
        """Whether this nick is ours."""
        return self.same(nick, self.nick)

    def is_room(self, target: str) -> bool:
        """Whether a target names a room rather than a person (CHANTYPES)."""
        return target[:1] in self._room_signs if target else False

    def without_status(self, target: str) -> str:
        """`@#room`, a message to the operators of a room, is part of the room's conversation (STATUSMSG)."""
        if len(target) > 1 and target[0] in self.tokens.get("STATUSMSG", "") and self.is_room(target[1:]):
            return target[1:]
        return target

    def place(self, sender: str, target: str) -> tuple[str, bool, bool]:
        """Where something belongs that `sender` sent to `target`: its conversation, is_private, is_mine.

        What is not for a room is in the conversation with the other one of the two.
        """
        target = self.without_status(target)
        is_private, is_mine = not self.is_room(target), self.is_me(sender)
        return sender if is_private and not is_mine else target, is_private, is_mine

    # --- rooms and people ---

    def room(self, name: str) -> Room | None:
        """The room of this name if we are in it."""
        return self.rooms.get(self.fold(name))

    def people(self) -> list[str]:
        """Everybody else who shares a room with us, in order of their folded names."""
        found = {key: member.nick for room in self.rooms.values() for key, member in room.members.items()}
        found.pop(self.fold(self.nick), None)
        return [found[key] for key in sorted(found)]

    def rooms_of(self, nick: str) -> tuple[str, ...]:
        """The names of the rooms that we share with this person."""
        key = self.fold(nick)
        return tuple(room.name for room in self.rooms.values() if key in room.members)

    def note_away(self, nick: str, text: str | None) -> bool:
        """Somebody is away, or (None) is here; whether that is news. Who shares no room with us is not remembered."""
        key = self.fold(nick)
        if text is None:
            return self.away.pop(key, None) is not None
        if not any(key in room.members for room in self.rooms.values()):
            return False
        is_news = self.away.get(key) != text
        self.away[key] = text
        return is_news

    def parse_member(self, word: str) -> Member:
        """One name of a NAMES answer: prefix symbols, nick, and with userhost-in-names `!user@host`."""
        nick = word.lstrip(self.rank_symbols)
        return Member(nick.partition("!")[0], word[: len(word) - len(nick)])

    def change_rank(self, member: Member, letter: str, *, gained: bool) -> None:
        """Give or take the rank of a mode letter, keeping the order of PREFIX."""
        symbol = self.symbol_of.get(letter, "")
        held = set(member.ranks) - {symbol}
        if gained:
            held.add(symbol)
        member.ranks = "".join(symbol for symbol in self.rank_symbols if symbol in held)

    # --- what the server says of itself ---

    def learn_tokens(self, words: Iterable[str]) -> None:
        """Take the tokens of one RPL_ISUPPORT line; `-NAME` takes a token back."""
        for name, value in parse_tokens(list(words)).items():
            if name[0] == "-":
                self.tokens.pop(name[1:], None)
            else:
                self.tokens[name] = value
        self._read_tokens()

    def number(self, token: str, default: int) -> int:
        """A token's value as a number of at least 0, or `default` where there is none."""
        value = self.tokens.get(token, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else default

    def _read_tokens(self) -> None:
        def value(name: str) -> str:
            return self.tokens.get(name, _DEFAULTS[name])

        mapping = value("CASEMAPPING")
        self._mapping = {"rfc1459": _RFC1459, "rfc1459-strict": _RFC1459_STRICT}.get(mapping)
        self._rename_keys()
        self._room_signs = frozenset(value("CHANTYPES"))
        letters, _, symbols = value("PREFIX").removeprefix("(").partition(")")
        self.symbol_of: dict[str, str] = dict(zip(letters, symbols, strict=False))
        self.rank_symbols = "".join(self.symbol_of.values())
        kinds: dict[str, Kind] = {}
        # "a server MAY send additional types [...] The behaviour of any additional types is undefined."
        for part, kind in zip(
            value("CHANMODES").split(","), (Kind.LIST, Kind.ALWAYS, Kind.WHEN_SET, Kind.FLAG), strict=False
        ):
            kinds.update(dict.fromkeys(part, kind))
        kinds.update(dict.fromkeys(self.symbol_of, Kind.RANK))
        self.mode_kinds = kinds

    def _rename_keys(self) -> None:
        """Tokens come before rooms, but nothing forbids a server to change CASEMAPPING later."""
        self.rooms = {self.fold(room.name): room for room in self.rooms.values()}
        for room in self.rooms.values():
            room.members = {self.fold(member.nick): member for member in room.members.values()}
        self.away = {self.fold(key): text for key, text in self.away.items()}
