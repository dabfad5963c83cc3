"""What happens in one round: a list of plain steps, made in advance from a seed, so that any part of it can be played.

The rule: a step says who and what and nothing of the server's state; one that makes no sense any more (somebody who is
not there says something) still can be played.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from veche.core.limits import Networks
from veche.core.operators import KINDS
from veche.core.settings import Gateway, OperatorBlock, Settings
from veche.testing.passwords import FakePasswords
from veche.testing.stage import quiet_settings

from .grammar import command, logging_in, long_message, mend, registration, spoil, tags
from .words import Words

# So many connections at once: enough for several rooms with several members each.
SEATS = 10


class Step(NamedTuple):
    """One thing that happens. `seat` is the connection that it happens to.

    say: `data` arrives (and whoever is not there enters first); time: `amount` seconds pass; leave: the connection
    is gone; finish: its peer sends no more; stall, flow: its peer reads no more, or again; disk: `data` says how it
    does from now on; back: the machine's clock is set by `amount` seconds; kill: the server is killed and starts again.
    """

    kind: str
    seat: int = 0
    data: bytes = b""
    amount: float = 0.0

    def __repr__(self) -> str:
        what = repr(self.data) if self.data else f"{self.amount:g}" if self.amount else ""
        return f"{self.kind} {self.seat} {what}".rstrip()


def make_settings(chance: random.Random) -> Settings:
    """Settings that are likely to matter, some of them so small that limits are met."""
    found = quiet_settings()
    found.operators["root"] = OperatorBlock("root", FakePasswords.hash("secret"))
    found.operators["root"].notices = KINDS
    found.gateways = Networks(["203.0.113.9"])
    found.webirc = [Gateway("gateway", "secret", Networks(["203.0.113.9", "192.0.2.1"]))]
    found.connect_burst = 0
    found.flood = chance.random() < 0.15
    found.language = chance.choice(["en", "ru"])
    found.lobby = chance.choice(["", "#lobby"])
    found.password = chance.choice(["", "", "", "", "secret"])
    found.server = chance.choice(["irc.example", "a" * 55 + ".example"])
    found.motd = chance.choice([[], ["Welcome", "", "ж" * 300]])
    found.send_queue = chance.choice([6000, 1 << 20, 1 << 20])
    found.rooms_per_user = chance.choice([2, 100])
    found.room_creations_per_minute = chance.choice([2, 1000])
    found.list_entries = chance.choice([2, 100])
    found.metadata_keys = chance.choice([1, 20])
    found.metadata_value_bytes = chance.choice([10, 390])
    found.silence_entries = found.accept_entries = found.monitor_entries = chance.choice([1, 50])
    found.redact_seconds = chance.choice([10, 86400])
    found.history_page = chance.choice([3, 100, 1000])
    found.relaymsg = chance.random() < 0.8
    found.always_on = chance.choice(["off", "opt-in", "opt-out", "opt-out"])
    return found


def make_steps(chance: random.Random, lines: int) -> Iterator[Step]:
    """Steps that hold so many lines, more or less."""
    words = Words(chance)
    tails = [b""] * SEATS  # what is still to come of a line that was cut
    while lines > 0:
        kind = words.random()
        seat = int(words.random() * SEATS)
        if kind < 0.04:
            yield from _world(words, seat)
            continue
        said = _lines(words)
        lines -= len(said)
        data = tails[seat] + b"".join(said)
        tails[seat] = b""
        if words.is_rare(0.08) and data:
            at = int(words.random() * len(data))
            data, tails[seat] = data[:at], data[at:]
        yield Step("say", seat, data)


def _lines(words: Words) -> list[bytes]:
    if words.is_rare(0.02):
        found = long_message(words)
    elif words.is_rare(0.01):
        found = mend(words)
    elif words.is_rare(0.01):
        found = logging_in(words)
    elif words.is_rare(0.003):
        found = registration(words, words.nick())
    else:
        found = [tags(words) + command(words) for _ in range(int(words.random() * 3) + 1)]
    return spell(words, found)


def make_entrance(chance: random.Random, seat: int) -> bytes:
    """What somebody says first."""
    words = Words(chance)
    return b"".join(spell(words, registration(words, f"s{seat}")))


def spell(words: Words, found: list[str]) -> list[bytes]:
    """Lines as bytes, some of them spoiled, with all kinds of line ends."""
    lines = []
    for line in found:
        raw = line.encode()
        if words.is_rare(0.03):
            raw = spoil(words, raw)
        lines.append(
            raw + (b"\r\n" if not words.is_rare(0.05) else words.pick([b"\n", b"\r\r\n", b"\n\n", b"\0\n"]))
        )
    return lines


def _world(words: Words, seat: int) -> list[Step]:
    """Something other than a line: mostly time that passes."""
    chance = words.random()
    if chance < 0.65:
        return [Step("time", amount=words.pick([0.001, 0.5, *[1.0] * 20, *[5.0] * 5, 31.0, 301.0]))]
    if chance < 0.75:
        return [Step(words.pick(["leave", "leave", "finish"]), seat)]
    if chance < 0.83:
        return [Step("stall", seat)]
    if chance < 0.9:
        return [Step("flow", other) for other in range(SEATS)]
    if chance < 0.915:
        return [Step("kill")]
    if chance < 0.93:
        return [Step("back", amount=words.pick([-3600.0, 3600.0, -0.5]))]
    return [Step("disk", data=words.pick([b"slow", b"full", b"fast", b"fast", b"slow to read", b"read"]))]
