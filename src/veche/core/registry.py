"""What features declare, and the tables that are made of it: commands, facts, capabilities, tokens.

The rule: a feature is one value; nothing else in the server knows its names. A command or fact declared twice is a bug
that is found at start, not a rule of precedence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from veche.core.help import UNWRITTEN, Help, Topic
from veche.state.events import Audience, Fact
from veche.wire.caps import BITS
from veche.wire.isupport import TEXT, format_tokens, split_lines
from veche.wire.numerics import RPL_ISUPPORT

if TYPE_CHECKING:
    from veche.core.ask import Ask
    from veche.core.batches import OpenBatch
    from veche.core.engine import Engine
    from veche.core.ports import Record, Row
    from veche.core.replies import Refusal
    from veche.core.session import Session
    from veche.core.settings import Settings
    from veche.state.room import Room
    from veche.state.user import User
    from veche.state.world import World

Handler = Callable[["Ask"], None]
ValueFor = Callable[["Session", "Settings"], str | None]


class Told:
    """The value of a capability that is only told, by CAP LS 302, and never asked for; None for who is not told."""

    __slots__ = ("value",)

    def __init__(self, value: ValueFor) -> None:
        self.value = value


Guard = Callable[["World", Any], "Refusal | None"]
Saves = Callable[["World", Any], list[Fact]]
Events = Callable[["World", Any], "list[Record]"]


class Command:
    """One row of the command table.

    `least` is the number of parameters without which 461 is sent. `early` commands are served before registration.
    `pipelines`: the next such command need not wait for the outcome of this one. `cost` is taken from the
    flood budget (0: free); `costly_targets` names the parameter whose comma-separated targets each cost that much.
    `muted`: refusals are kept to oneself unless the request was labelled (NOTICE).
    `privileged` commands are for operators alone; all others read 481. `help` is what HELP tells of it.
    """

    __slots__ = (
        "cost",
        "costly_targets",
        "early",
        "handler",
        "help",
        "least",
        "muted",
        "name",
        "pipelines",
        "privileged",
    )

    def __init__(
        self,
        name: str,
        handler: Handler,
        *,
        least: int = 0,
        early: bool = False,
        pipelines: bool = False,
        cost: float = 1.0,
        costly_targets: int = -1,
        muted: bool = False,
        privileged: bool = False,
        help: Help = UNWRITTEN,  # noqa: A002 - it is what the word means
    ) -> None:
        self.name = name
        self.help = help
        self.privileged = privileged
        self.handler = handler
        self.least = least
        self.early = early
        self.pipelines = pipelines
        self.cost = cost
        self.costly_targets = costly_targets
        self.muted = muted


class SetBy(Enum):
    """Who may give somebody a user mode. Everybody may ask for his own only."""

    USER = "the user himself"
    OPERATOR = "an operator, for himself"
    SERVER = "the server"


class UserMode:
    """One mode of users. `in_who` says whether WHO shows its letter among a user's flags; `help` what HELP tells of it.

    Whoever has it may take it off, unless it says how things are and is not `droppable`.
    """

    __slots__ = ("droppable", "help", "in_who", "set_by")

    def __init__(
        self,
        set_by: SetBy = SetBy.USER,
        *,
        droppable: bool = True,
        in_who: bool = False,
        help: Help = UNWRITTEN,  # noqa: A002 - it is what the word means
    ) -> None:
        self.set_by = set_by
        self.help = help
        self.droppable = droppable
        self.in_who = in_who


class BatchType:
    """One type of batch that clients may open, for whoever has negotiated `cap`.

    `opens(ask, reference, params)` is what is made of an opening: a batch that has begun, or one that failed at once.
    """

    __slots__ = ("cap", "opens")

    def __init__(self, cap: int, opens: Callable[[Ask, str, list[str]], OpenBatch]) -> None:
        self.cap = cap
        self.opens = opens


class OwnCopy(Enum):
    """Whether who asked for a fact gets its line too."""

    ALWAYS = "always"
    ECHO = "with echo-message"
    NEVER = "never"


class FactRow:
    """What can be done with one kind of fact. The fact's own type is each function's parameter; hence Any.

    `guard(world, fact)`: the refusal, or None. Pure. Asked once, when everything before the fact has been applied.
    `apply(world, fact)`: the change; cannot fail; returns who hears of it.
    `render(fact, view, tags)`: the line (without its end) for one view, beginning with the given tag part.
    `record(world, fact)`: the row of the record for what must last, or None if this one need not; no function for
    facts that nobody stores. Asked behind the guard, so that the world is the one in which the fact happens.
    `saves(world, fact)`: the facts that must be known again after a restart if this one happens: itself, others, or
    none. They are applied to a world without users, in order of `Fact.phase`, before anybody comes. Of those with
    one `Fact.saved_key` only the newest is kept; `Forgotten(kind, key)` among them ends that.
    `own_copy`: whether the asker gets a copy.
    `events(world, fact)`: what a room's history may tell of it, a row for each room; asked right before it is applied.
    These need not last: they are written later, and not at all if an installation keeps none.
    `hears(world, fact)`: of a fact that changes nothing and has no witnesses, who will hear of it, so that nodes on
    which none of them is need not be told; None where it will change something after all. No function: all nodes are.
    `passes(fact)`: whether it need not stand in the order of several nodes, since it is kept nowhere.
    `reactions` and `witnesses` are what features declare; the registry puts them here.
    """

    __slots__ = (
        "apply",
        "events",
        "guard",
        "hears",
        "own_copy",
        "passes",
        "reactions",
        "record",
        "render",
        "saves",
        "witnesses",
    )

    def __init__(
        self,
        *,
        apply: Callable[[World, Any], Audience],
        render: Callable[[Any, int, str], str],
        guard: Callable[[World, Any], Refusal | None] | None = None,
        record: Callable[[World, Any], Row | None] | None = None,
        saves: Callable[[World, Any], list[Fact]] | None = None,
        own_copy: OwnCopy = OwnCopy.ALWAYS,
        events: Events | None = None,
        hears: Callable[[World, Any], Audience | None] | None = None,
        passes: Callable[[Any], bool] | None = None,
    ) -> None:
        self.apply = apply
        self.hears = hears
        self.passes = passes
        self.events = events
        self.guard = guard
        self.render = render
        self.record = record
        self.saves = saves
        self.own_copy = own_copy
        self.reactions: list[Callable[[Ask, Any], None]] = []
        self.witnesses: list[Callable[[Engine, Any], None]] = []


class Feature:
    """A family of commands and all that belongs to it.

    `tokens(settings)` gives its ISUPPORT tokens. `caps` maps its capabilities to their CAP LS 302 values; a function of
    session and settings where that depends on who asks, None for who is not offered it.
    `reactions` are called after a fact was applied for an asker of this node: `reaction(ask, fact)`.
    `witnesses` are called after every applied fact of their kind, whoever caused it: `witness(engine, fact)`; its
    audience has heard of it, and a user who has left is still attached to his sessions.
    `snapshot(world)`: the fewest facts that, saved, bring back what this feature has saved so far without a key.
    `progress` is called after each command of a connection that is not registered yet, once all is known that a user
    needs, until one has ended it. One that comes before may have found that something is missing after all.
    `begins(engine)` is called once, when everything that was kept has been restored and before anybody comes.
    `admits(engine, address)` is asked of each connection before anything else: why it is refused, or "".
    `guards` are asked after the guard of a fact's own feature, and refuse as it does; of special cases of a kind, too,
    unless those are declared themselves. `saves` add to what its own
    feature saves. `events` say what of a fact the history of rooms may tell (FactRow).
    `user_modes` are the modes that it gives to users, by letter. `whois(ask, user)` adds to the answer to WHOIS.
    `batches` are the types of batches that clients may open.
    `greeting(ask)` adds to the welcome; `follow(ask, user)` tells who begins to watch somebody about him.
    `parting(engine, session)` is called when a session ceases to speak for its user, who may have others.
    `lingers(engine, session, user)` is asked when the last session of a user with an account ends, for whatever
    reason but that he was to go: whether the user stays all the same. `session` is None where a whole node is lost.
    `shows_room(ask, room)` adds to what a session is told of a room behind its JOIN.
    `services` are names that nobody bears: `service(ask, text)` is told what somebody says to one, by folded name.
    `instead` are client-only tags with which a message is no message: `instead(ask, fact, value)` hears what would have
    been said, to one target, and makes of it what the tag says. They are not relayed as others are.
    `topics` are what HELP tells of beside commands and user modes, by their names (CMODES, for example).
    """

    __slots__ = (
        "admits",
        "batches",
        "begins",
        "caps",
        "commands",
        "events",
        "facts",
        "follow",
        "greeting",
        "guards",
        "instead",
        "lingers",
        "name",
        "parting",
        "progress",
        "reactions",
        "saves",
        "services",
        "shows_room",
        "snapshot",
        "tokens",
        "topics",
        "user_modes",
        "whois",
        "witnesses",
    )

    def __init__(  # noqa: PLR0913 - a declaration: every part is named where it is given
        self,
        name: str,
        *,
        commands: Iterable[Command] = (),
        facts: Mapping[type[Fact], FactRow] | None = None,
        caps: Mapping[str, str | ValueFor | Told] | None = None,
        tokens: Callable[[Settings], Mapping[str, str]] | None = None,
        reactions: Mapping[type[Fact], Callable[[Ask, Any], None]] | None = None,
        witnesses: Mapping[type[Fact], Callable[[Engine, Any], None]] | None = None,
        snapshot: Callable[[World], list[Fact]] | None = None,
        progress: Handler | None = None,
        guards: Mapping[type[Fact], Guard] | None = None,
        saves: Mapping[type[Fact], Saves] | None = None,
        events: Mapping[type[Fact], Events] | None = None,
        user_modes: Mapping[str, UserMode] | None = None,
        whois: Callable[[Ask, User], None] | None = None,
        admits: Callable[[Engine, str], str] | None = None,
        begins: Callable[[Engine], None] | None = None,
        batches: Mapping[str, BatchType] | None = None,
        greeting: Handler | None = None,
        follow: Callable[[Ask, User], None] | None = None,
        parting: Callable[[Engine, Session], None] | None = None,
        lingers: Callable[[Engine, Session | None, User], bool] | None = None,
        services: Mapping[str, Callable[[Ask, str], None]] | None = None,
        shows_room: Callable[[Ask, Room], None] | None = None,
        topics: Mapping[str, Topic] | None = None,
        instead: Mapping[str, Callable[[Ask, Any, str], None]] | None = None,
    ) -> None:
        self.name = name
        self.instead = dict(instead or {})
        self.commands = list(commands)
        self.facts = dict(facts or {})
        self.caps = dict(caps or {})
        self.tokens = tokens
        self.reactions = dict(reactions or {})
        self.witnesses = dict(witnesses or {})
        self.snapshot = snapshot
        self.progress = progress
        self.guards = dict(guards or {})
        self.saves = dict(saves or {})
        self.events = dict(events or {})
        self.user_modes = dict(user_modes or {})
        self.whois = whois
        self.admits = admits
        self.begins = begins
        self.batches = dict(batches or {})
        self.greeting = greeting
        self.follow = follow
        self.parting = parting
        self.lingers = lingers
        self.services = dict(services or {})
        self.shows_room = shows_room
        self.topics = dict(topics or {})


class Registry:
    """All features of a server as tables. Raises ValueError for what is declared twice or is no capability."""

    __slots__ = (
        "admits",
        "batch_caps",
        "batches",
        "cap_bits",
        "caps",
        "commands",
        "facts",
        "features",
        "follows",
        "greetings",
        "instead",
        "isupport",
        "kinds",
        "lingers",
        "mode_letters",
        "partings",
        "progress",
        "reactions",
        "served",
        "services",
        "shown_rooms",
        "tells",
        "tokens",
        "topics",
        "user_modes",
        "who_flags",
        "whois",
        "witnesses",
    )

    def __init__(self, features: Iterable[Feature], settings: Settings) -> None:
        self.features = list(features)
        self.commands: dict[str, Command] = {}
        self.facts: dict[type[Fact], FactRow] = {}
        self.kinds: dict[str, type[Fact]] = {}  # by the names under which they are saved
        self.caps: dict[str, str | ValueFor] = {}
        self.tells: dict[str, ValueFor] = {}
        self.cap_bits: dict[str, int] = {}
        self.tokens: dict[str, str] = {}
        self.reactions: dict[type[Fact], list[Callable[[Ask, Any], None]]] = {}
        self.witnesses: dict[type[Fact], list[Callable[[Engine, Any], None]]] = {}
        self.progress: list[Handler] = []
        self.user_modes: dict[str, UserMode] = {}
        self.whois: list[Callable[[Ask, User], None]] = []
        self.admits = [feature.admits for feature in self.features if feature.admits is not None]
        self.topics: dict[str, Topic] = {}
        self.batches: dict[str, BatchType] = {}
        self.batch_caps = 0  # whoever has one of these knows what a batch of his own is
        for feature in self.features:
            for command in feature.commands:
                _add(self.commands, command.name, command, feature)
            for kind, row in feature.facts.items():
                _add(self.facts, kind, row, feature)
                _add(self.kinds, kind.__name__, kind, feature)
            self._add_caps(feature)
            if feature.tokens is not None:
                for token, value in feature.tokens(settings).items():
                    _add(self.tokens, token, value, feature)
            if feature.progress is not None:
                self.progress.append(feature.progress)
            for kind, reaction in feature.reactions.items():
                self.reactions.setdefault(kind, []).append(reaction)
            for kind, witness in feature.witnesses.items():
                self.witnesses.setdefault(kind, []).append(witness)
            self._add_modes(feature)
            if feature.whois is not None:
                self.whois.append(feature.whois)
        self.served: dict[str, int] = {}  # how often each command was handed to its handler
        self.greetings = [feature.greeting for feature in self.features if feature.greeting is not None]
        self.partings = [feature.parting for feature in self.features if feature.parting is not None]
        self.shown_rooms = [feature.shows_room for feature in self.features if feature.shows_room is not None]
        self.lingers = [feature.lingers for feature in self.features if feature.lingers is not None]
        self.services: dict[str, Callable[[Ask, str], None]] = {}
        for feature in self.features:
            for name, service in feature.services.items():
                _add(self.services, name, service, feature)
        self.instead: dict[str, Callable[[Ask, Any, str], None]] = {}
        for feature in self.features:
            for tag, becomes in feature.instead.items():
                _add(self.instead, tag, becomes, feature)
        self.follows = [feature.follow for feature in self.features if feature.follow is not None]
        self._extend_rows()
        self.who_flags = sorted(letter for letter, mode in self.user_modes.items() if mode.in_who)
        self.mode_letters = "".join(sorted(self.user_modes))
        # The 005 lines, behind the nick.
        lines = split_lines(format_tokens(self.tokens))
        self.isupport = tuple((RPL_ISUPPORT, f"{' '.join(words)} :{TEXT}") for words in lines)

    def _extend_rows(self) -> None:
        """Add to each kind of fact what other features than its own have to say about it."""
        for kind, row in self.facts.items():
            guards = [_nearest(feature.guards, kind) for feature in self.features]
            further = [guard for guard in guards if guard is not None]
            saving = [feature.saves[kind] for feature in self.features if kind in feature.saves]
            telling = [feature.events[kind] for feature in self.features if kind in feature.events]
            reactions, witnesses = self.reactions.get(kind, []), self.witnesses.get(kind, [])
            if further or saving or telling or reactions or witnesses:
                extended = self.facts[kind] = _extended(row, further, saving)
                extended.events = telling[0] if telling else None
                extended.reactions = reactions
                extended.witnesses = witnesses

    def _add_caps(self, feature: Feature) -> None:
        for cap, value in feature.caps.items():
            if isinstance(value, Told):
                _add(self.tells, cap, value.value, feature)
                continue
            _add(self.caps, cap, value, feature)
            self.cap_bits[cap] = BITS[cap]
        for name, batch_type in feature.batches.items():
            _add(self.batches, name, batch_type, feature)
            self.batch_caps |= batch_type.cap

    def _add_modes(self, feature: Feature) -> None:
        for letter, mode in feature.user_modes.items():
            _add(self.user_modes, letter, mode, feature)
        for name, topic in feature.topics.items():
            _add(self.topics, name, topic, feature)

    def offered(self, session: Session, settings: Settings) -> dict[str, str]:
        """The capabilities that this session may ask for, with their values."""
        offers: dict[str, str] = {}
        for name, value in self.caps.items():
            offer = value if isinstance(value, str) else value(session, settings)
            if offer is not None:
                offers[name] = offer
        return offers


def _extended(row: FactRow, guards: list[Guard], saving: list[Saves]) -> FactRow:
    """The same row with more guards behind its own, and more that is saved."""
    row = FactRow(
        apply=row.apply,
        render=row.render,
        guard=row.guard,
        record=row.record,
        saves=row.saves,
        own_copy=row.own_copy,
        events=row.events,
        hears=row.hears,
        passes=row.passes,
    )
    if guards:
        row.guard = _all_guards([row.guard, *guards] if row.guard is not None else guards)
    if saving:
        row.saves = _all_saves([row.saves, *saving] if row.saves is not None else saving)
    return row


def _nearest(guards: Mapping[type[Fact], Guard], kind: type[Fact]) -> Guard | None:
    """What a feature asks of a kind of fact: what it says of that one, else of what it is a special case of."""
    return next((guards[base] for base in kind.__mro__ if base in guards), None)


def _all_guards(guards: list[Guard]) -> Guard:
    def guard(world: World, fact: Any) -> Refusal | None:
        for ask in guards:
            refusal = ask(world, fact)
            if refusal is not None:
                return refusal
        return None

    return guard


def _all_saves(saving: list[Saves]) -> Saves:
    return lambda world, fact: [saved for saves in saving for saved in saves(world, fact)]


def _add(table: dict[Any, Any], key: object, value: object, feature: Feature) -> None:
    if key in table:
        raise ValueError(
            f"feature {feature.name} declares {key!r}, which another feature has declared already"
        )
    table[key] = value
