"""Which loads there are: the words for the generator, and what they mean."""

from __future__ import annotations

from fnmatch import fnmatchcase


class Load:
    """One kind of load. `words` are the generator's, `options` what it reads from its environment.

    `clients` is what a server must be able to deal with (Subject.serves). `beside` is the load that differs from this
    one in the kind of clients alone. At most `repeats` runs are made of it, because it takes long. `without` are
    subjects that cannot play it, each with the reason.
    """

    def __init__(
        self,
        title: str,
        words: str,
        *,
        clients: str = "plain",
        beside: str = "",
        repeats: int = 1000,
        without: dict[str, str] | None = None,
        **options: str,
    ) -> None:
        self.title = title
        self.words = words.split()
        self.clients = clients
        self.beside = beside
        self.repeats = repeats
        self.without = without or {}
        self.options = options

    @property
    def phase(self) -> str:
        """The name of the phase that counts."""
        return PHASES.get(self.words[0], self.words[0])


# The phase that counts, where it is not called as the kind of load is.
PHASES = {"idle": "connect", "joins": "join-storm", "quits": "quit-storm", "nicks": "nick", "ask": "names"}

_NO_MODEL = {"model": "it knows no such command", "model-storing": "it knows no such command"}
_SLOW = {"ngircd": "it would take minutes: each line to a room is looked for in lists of everybody"}


_NO_ACCOUNTS = dict.fromkeys(("compiled-off", "veche-off"), "accounts are kept in the record")


def _growth(members: int, messages: int) -> Load:
    many = members >= 10_000
    without = _SLOW if members > 1000 else {}
    if many:
        without = without | {"model-storing": "one of the two is enough to see how it grows"}
    return Load(
        f"one room of {members:,}, 20 senders with 4 messages outstanding each",
        f"fan {members} 20 {messages} 4",
        repeats=2 if many else 3,
        without=without,
    )


def _acknowledged(senders: int, messages: int) -> Load:
    who = "sender waits" if senders == 1 else "senders wait"
    return Load(
        f"{senders:,} {who} for the echo of each message before the next",
        f"ack {senders} {messages} 1",
        clients="echo",
        CAPABILITIES="echo",
    )


LOADS = {
    "fan": Load("one room of 500, 20 senders with 4 messages outstanding each", "fan 500 20 200 4"),
    "fan-one": Load("one room of 500, 1 sender with 1 message outstanding", "fan 500 1 300 1"),
    "fan-mixed": Load(
        "as fan, and every other member has the capabilities of today's clients",
        "fan 500 20 200 4",
        clients="capable",
        beside="fan",
        CAPABILITIES="half",
    ),
    "fan-tls": Load(
        "as fan, and everybody comes by TLS", "fan 500 20 200 4", clients="tls", beside="fan", TRANSPORT="tls"
    ),
    "fan-web": Load(
        "as fan, and everybody comes by WebSocket",
        "fan 500 20 200 4",
        clients="web",
        beside="fan",
        TRANSPORT="web",
    ),
    "pairs": Load("100 pairs, 16 messages outstanding each", "pairs 100 500 16"),
    "pairs-one": Load("100 pairs, 1 message outstanding each", "pairs 100 200 1"),
    "steady": Load("20 messages a second to a room of 300", "steady 300 20 10"),
    "life": Load(
        "5,000 in three rooms each of 300, the n-th of them 1/n as much liked; one in ten speaks once a minute",
        "life 5000 300 20",
        repeats=2,
        without=_SLOW,
    ),
    "connect": Load("10,000 connections that only register", "connect 10000", repeats=3, SOURCES="2"),
    "joins": Load("5,000 join one room at once", "joins 5000", repeats=2, without=_SLOW | _NO_MODEL),
    "quits": Load(
        "of 5,000 in one room 2,500 quit at once", "quits 5000", repeats=2, without=_SLOW | _NO_MODEL
    ),
    "nicks": Load(
        "a change of nick that 5,000 see, twenty times", "nicks 5000 20", repeats=2, without=_SLOW | _NO_MODEL
    ),
    "ask": Load(
        "NAMES and WHO of a room of 10,000, ten times each",
        "ask 10000 10",
        repeats=2,
        without=_SLOW | _NO_MODEL,
        SOURCES="2",
    ),
    "grow-100": _growth(100, 400),
    "grow-300": _growth(300, 130),
    "grow-1000": _growth(1000, 40),
    "grow-3000": _growth(3000, 16),
    "grow-10000": _growth(10_000, 8),
    "idle-plain": Load(
        "19,000 connections, of whom pairs among the first and the last thousand talk",
        "idle 19000 100",
        repeats=2,
        without=_SLOW,
        SOURCES="4",
    ),
    "idle-tls": Load(
        "10,000 connections by TLS, of whom pairs among the first and the last thousand talk",
        "idle 10000 100",
        clients="tls",
        repeats=2,
        TRANSPORT="tls",
        SOURCES="2",
    ),
    "idle-web": Load(
        "10,000 connections by WebSocket, of whom pairs among the first and the last thousand talk",
        "idle 10000 100",
        clients="web",
        repeats=2,
        TRANSPORT="web",
        SOURCES="2",
    ),
    "sasl": Load(
        "5,000 come at once and log in by SASL (SCRAM-SHA-256)",
        "connect 5000",
        clients="accounts",
        repeats=2,
        without=_NO_ACCOUNTS,
        SASL="SCRAM-SHA-256",
        HANDSHAKES="5000",
        SOURCES="2",
    ),
    "ack-1": _acknowledged(1, 2000),
    "ack-10": _acknowledged(10, 500),
    "ack-100": _acknowledged(100, 200),
    "ack-1000": _acknowledged(1000, 30),
    "rate": Load("500 pairs, 10,000 messages a second in total", "rate 500 10000 5"),
}


def matching(patterns: str) -> list[str]:
    """The loads whose names fit one of some patterns ("fan*,steady"), in their order. Raises ValueError for none."""
    chosen: set[str] = set()
    for pattern in patterns.split(","):
        found = {name for name in LOADS if fnmatchcase(name, pattern)}
        if not found:
            raise ValueError(f"unknown: {pattern}")
        chosen |= found
    return [name for name in LOADS if name in chosen]
