"""What must be true of every conversation, whatever it was about.

The rule: each check returns what is wrong, as sentences; nothing here raises.
"""

from veche.state.events import Fact
from veche.state.snapshot import snapshot
from veche.state.world import World
from veche.testing.invariants import check_disk, check_indexes
from veche.testing.shapes import least_parameters
from veche.testing.stage import Person, Stage
from veche.wire.lines import BODY_LIMIT
from veche.wire.message import parse

# message-tags, "Size limit": all tags of a message with their '@' and the space behind them.
TAGS_LIMIT = 8191


def check_stage(stage: Stage) -> list[str]:
    """Everything that is wrong with what a server has said and become."""
    wrong = [f"the server has {bug}" for bug in stage.bugs.found]
    for person in stage.persons:
        wrong += check_lines(person)
        wrong += check_labels(person)
    wrong += check_rebuilding(stage)
    if stage.engine.log.is_idle:
        wrong += check_indexes(stage.engine)
        if not stage.disk.has_refused:  # else what happened outside of the server may not be known any more
            wrong += check_disk(stage.engine)
    return wrong


def check_rebuilding(stage: Stage) -> list[str]:
    """Whether the facts alone, applied to an empty world, give the world as it is."""
    rebuilt = World()
    registry = stage.engine.registry
    facts: list[Fact] = stage.engine.log.journal or []
    for fact in facts:
        registry.facts[type(fact)].apply(rebuilt, fact)
    live, again = snapshot(stage.engine.world), snapshot(rebuilt)
    wrong = [
        f"the facts give other {part}:\n  live    {live[part]}\n  rebuilt {again[part]}"
        for part in live
        if live[part] != again[part]
    ]
    sessions = {uid for uid, found in stage.engine.fanout.sessions.items() if found}
    users = {user.uid for user in stage.engine.world.users.values() if not user.absent}
    if stage.engine.log.is_idle and sessions != users:
        wrong.append(f"users without sessions or the reverse: {sessions ^ users}")
    return wrong


def check_lines(person: Person) -> list[str]:
    """Whether every line that this person ever heard is one line that any client can read."""
    wrong = [
        f"{person.name} heard {problem}: {raw!r}" for raw in person.heard for problem in problems_of(raw)
    ]
    if person.tail and not person.pipe.aborted:
        wrong.append(f"{person.name} heard a line without its end: {person.tail!r}")
    return wrong


def problems_of(raw: bytes) -> list[str]:
    """What is wrong with a line, given without its LF."""
    if not raw.endswith(b"\r"):
        return ["a line that does not end in CR LF"]
    raw = raw[:-1]
    wrong = []
    if b"\r" in raw or b"\0" in raw:
        wrong.append("a CR or NUL inside a line")
    try:
        message = parse(raw.decode())
    except UnicodeDecodeError:
        return [*wrong, "what is not UTF-8"]
    tags, space, body = raw.partition(b" ") if raw[:1] == b"@" else (b"", b"", raw)
    if len(body) > BODY_LIMIT:
        wrong.append(f"a line of {len(body)} bytes")
    if len(tags) + len(space) > TAGS_LIMIT:
        wrong.append(f"tags of {len(tags)} bytes")
    if message is None:
        return [*wrong, "a line without a command"]
    head = body.decode().partition(" :")[0]
    if "  " in head or head[-1:] == " ":
        wrong.append("a parameter that is empty")
    if message.command.isdigit():
        if not message.source or not message.params or not message.params[0]:
            wrong.append("a numeric that is addressed to nobody")
        if len(message.params) < least_parameters(message.command):
            wrong.append(f"a {message.command} of {len(message.params)} parameters")
    return wrong


def check_labels(person: Person) -> list[str]:
    """Whether each label was answered once, and none that was not asked."""
    seen: dict[str, int] = {}
    for raw in person.heard:
        message = parse(raw.decode(errors="replace").rstrip("\r"))
        if message is not None and (label := message.tags.get("label")):
            seen[label] = seen.get(label, 0) + 1
    # Who has gone, waits for something, or has not closed his batch, has not been answered yet.
    is_waiting = not person.stage.engine.is_idle or (
        person.session is not None and person.session.batch is not None
    )
    owed = [] if person.ended or is_waiting else person.asked
    wrong = [
        f"{person.name} heard {count} answers to {person.offered.count(label)} requests labelled {label}"
        for label, count in seen.items()
        if count > person.offered.count(label)
    ]
    return wrong + [
        f"{person.name} was not answered to label {label}"
        for label in dict.fromkeys(owed)
        if seen.get(label, 0) < owed.count(label)
    ]
