"""How everything stands, by the server's own words: each resident comes back, logs in, and asks.

The rule: nothing is taken from what was asked for but the passwords to try; what is found is told as `Found`.
"""

from base64 import b64encode
from collections import defaultdict

from veche.wire.message import Message

from .client import CheckerError, Client
from .household import FIRST_PASSWORD, NONE, STATE_CAPABILITIES
from .labels import Labels
from .record import Asked, Found, Step

# Wrong passwords on one connection, behind which a server may end it.
TRIES = 4


class Inquirer:
    """One resident who has come back, and the answers that he gets."""

    def __init__(self, name: str) -> None:
        self.client = Client(name, self._hear)
        self._labels = Labels()
        self._answers: dict[str, list[Message]] = {}
        self._asked = 0

    def _hear(self, message: Message) -> None:
        found = self._labels.take(message)
        if found is not None:
            self._answers[found[0]] = found[1]

    async def log_in(self, port: int, passwords: list[str]) -> str:
        """Come in with the first of these passwords that is good, and return it; "" for none."""
        client = self.client
        await client.connect(port, STATE_CAPABILITIES)
        for password in passwords[:TRIES]:
            if await self.is_good(password):
                welcome = await client.ask(
                    f"NICK {client.nick}\r\nUSER back 0 * :back\r\nCAP END", "376", "422"
                )
                client.nick = welcome.params[0]  # the one that its owner has by now
                return password
        return NONE

    async def is_good(self, password: str) -> bool:
        """Whether this password lets in."""
        word = plain(self.client.nick, password)
        answer = await self.client.ask(f"AUTHENTICATE PLAIN\r\nAUTHENTICATE {word}", "900", "904", "FAIL")
        return answer.command == "900"

    async def ask(self, *lines: str) -> list[list[Message]]:
        """Ask these, and return the whole answer to each."""
        labels = []
        for line in lines:
            self._asked += 1
            labels.append(f"q{self._asked}")
            self.client.send(f"@label=q{self._asked} {line}")
        await self.client.ask("PING inventory", "PONG")
        if missing := [line for line, label in zip(lines, labels, strict=True) if label not in self._answers]:
            raise CheckerError(f"{self.client.nick}: no answer to {missing}")
        return [self._answers[label] for label in labels]


async def take_stock(port: int, steps: list[Step]) -> list[Found]:
    """How everything stands that was asked for in these steps."""
    by_name: dict[str, dict[str, list[Asked]]] = defaultdict(lambda: defaultdict(list))
    for step in steps:
        if isinstance(step, Asked):
            name, _, what = step.what.partition(": ")
            by_name[name][what].append(step)
    found: list[Found] = []
    names_here: dict[str, str] = {}  # who is in the room of all, with his prefix
    for name, things in by_name.items():
        values = await _ask_resident(port, name, things, names_here)
        found += [Found(f"{name}: {what}", value) for what, value in values.items() if what in things]
    return found


async def _ask_resident(
    port: int, name: str, things: dict[str, list[Asked]], names_here: dict[str, str]
) -> dict[str, str]:
    """Some of what is named in `things`, as this resident finds it; `names_here` is added to, or read."""
    if "here" in things:
        return {"here": "here" if name in names_here else NONE}
    asked = things.get("account") or things.get("password") or []
    # The newest first: what nobody has answered for may be good or not.
    tries = list(dict.fromkeys(ask.value for ask in reversed(asked) if ask.value)) or [FIRST_PASSWORD]
    person = Inquirer(name)
    try:
        password = await person.log_in(port, tries)
        if "account" in things:
            return {"account": password}
        if not password:
            return {}
        if "nick" in things:
            return await _ask_wanderer(person)
        values = await _ask_keeper(person, name, names_here)
    finally:
        person.client.abort()
    values["password"] = password
    # The one that was good before must be so no more.
    older = tries[tries.index(password) + 1 :][:1]
    again = Inquirer(name)
    try:
        if older and await again.log_in(port, older):
            values["password"] += f" and {older[0]}"
    finally:
        again.client.abort()
    return values


async def _ask_wanderer(person: Inquirer) -> dict[str, str]:
    nick = person.client.nick
    (whois,) = await person.ask(f"WHOIS {nick}")
    away = _last(whois, "301")
    # What the server itself says of who has no device is not his.
    values = {"nick": nick, "away": away if away[:1] == "v" else NONE, "real name": _last(whois, "311")}
    for room in _rooms(whois):
        values[f"room {room[2]}"] = room
    return values


async def _ask_keeper(person: Inquirer, name: str, names_here: dict[str, str]) -> dict[str, str]:
    own, kept = f"#own-{name}", f"#kept-{name}"
    whois, topic, modes, bans, marker, said, notes, silences, tokens, info, access = await person.ask(
        f"WHOIS {name}",
        f"TOPIC {own}",
        f"MODE {own}",
        f"MODE {own} b",
        f"MARKREAD {own}",
        "METADATA * LIST",
        f"METADATA {own} LIST",
        "SILENCE",
        "NS TOKEN LIST",
        f"CS INFO {kept}",
        f"CS ACCESS {kept}",
    )
    rooms = _rooms(whois)
    common = next((room for room in rooms if room.startswith("#all-")), "")
    if common:
        (names,) = await person.ask(f"NAMES {common}")
        for line in names:
            for word in line.params[-1].split() if line.command == "353" else ():
                names_here[word.lstrip("~&@%+")] = word
    (flags, *words) = next((line.params[2:] for line in modes if line.command == "324"), ["+"])
    marked = _last(marker, "MARKREAD")
    values = {
        "rank": rooms.get(common, "not there"),
        "own": rooms.get(own, "not there"),
        "side": rooms.get(f"#side-{name}", NONE),
        "topic": _last(topic, "332"),
        "limit": words[0] if "l" in flags and words else NONE,
        "marker": NONE if marked == "*" else marked,
        "url": _metadata(said).get("url", NONE),
        "note": _metadata(notes).get("soju.im/muted", NONE),
        "registered": "yes" if f"{kept} belongs to {name}" in _words(info) else NONE,
        "access": "v" if f"  v w{name[1:].partition('x')[0]}" in _words(access) else NONE,
        "silence": _is_on(any(line.params[-1] == "z!*@*" for line in silences if line.command == "271")),
    }
    banned = {line.params[2] for line in bans if line.command == "367"}
    for mask in ("x!*@*", "y!*@*"):
        values[f"ban {mask}"] = _is_on(mask in banned)
    for device in ("d1", "d2"):
        values[f"token {device}"] = "made" if f" {device}: full" in _words(tokens) else NONE
    return values


def plain(name: str, password: str) -> str:
    return b64encode(f"\0{name}\0{password}".encode()).decode()


def _is_on(is_so: bool) -> str:
    return "on" if is_so else NONE


def _words(answer: list[Message]) -> str:
    return " ".join(line.params[-1] for line in answer if line.command == "NOTICE")


def _last(answer: list[Message], command: str) -> str:
    return next((line.params[-1] for line in answer if line.command == command), NONE)


def _rooms(whois: list[Message]) -> dict[str, str]:
    """Rooms that somebody is in, with his prefix."""
    words = [word for line in whois if line.command == "319" for word in line.params[-1].split()]
    return {word.lstrip("~&@%+"): word.partition("#")[0] for word in words}


def _metadata(answer: list[Message]) -> dict[str, str]:
    return {line.params[2]: line.params[-1] for line in answer if line.command == "761"}
