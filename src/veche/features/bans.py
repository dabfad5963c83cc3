"""UBAN, KLINE, DLINE: keeping people out of the server.

No specification; KLINE and DLINE as servers have had them since RFC 1459's days, UBAN as Ergo has it: one command for
both, which tells by the mask what is meant (state/server_bans.py).

    UBAN ADD <mask> [<duration>] [<reason>]     KLINE [<duration>] <user@host> [<reason>]     UNKLINE <user@host>
    UBAN DEL <mask>                             DLINE [<duration>] <address> [<reason>]       UNDLINE <address>
    UBAN LIST

The rules: a ban is saved and stands again after a restart. Whoever is meant and here is disconnected, but never the
operator who says so. What is banned is nobody's business but the operators'; who is banned reads the reason.
"""

import logging
from collections.abc import Iterator
from typing import Final

from veche.core.ask import Ask
from veche.core.durations import format_duration, parse_duration
from veche.core.engine import Engine
from veche.core.help import Family, Help
from veche.core.operators import guard_operator, name_of, say, tell
from veche.core.registry import Command, FactRow, Feature
from veche.core.replies import Refusal, plain_time
from veche.core.session import Session
from veche.state.events import SILENCE, Audience, Fact, UserArrived
from veche.state.server_bans import ServerBan, ServerMask, parse_server_mask
from veche.state.world import World
from veche.wire import numerics
from veche.wire.compiler import mypyc_attr
from veche.wire.lines import cut
from veche.wire.names import fold

REASON_LENGTH: Final = 200
NO_REASON: Final = "No reason is given"

_log = logging.getLogger("veche.oper")


@mypyc_attr(allow_interpreted_subclasses=True)
class ServerBanAdded(Fact):
    """Whoever a mask means is kept out; `by` is the operator's name, `until` seconds since 1970 or 0 for ever."""

    __slots__ = ("by", "mask", "reason", "until")

    def __init__(self, actor: str, by: str, mask: str, reason: str, until: int) -> None:
        super().__init__(actor)
        self.by = by
        self.mask = mask
        self.reason = reason
        self.until = until


@mypyc_attr(allow_interpreted_subclasses=True)
class ServerBanLifted(Fact):
    """A mask of the server's bans is no longer one."""

    __slots__ = ("by", "mask")

    def __init__(self, actor: str, by: str, mask: str) -> None:
        super().__init__(actor)
        self.by = by
        self.mask = mask


# ---- handlers


def uban(ask: Ask) -> None:
    """UBAN ADD|DEL|LIST."""
    word = ask.params[0].upper()
    if word == "LIST":
        ask.engine.pieces.start(ask, _list(ask))
    elif word in ("ADD", "DEL") and len(ask.params) < 2:
        ask.reply(numerics.ERR_NEEDMOREPARAMS, "UBAN", "Not enough parameters")
    elif word == "ADD":
        rest = ask.params[2:]
        seconds = parse_duration(rest[0]) if rest else None
        _add(ask, ask.params[1], seconds or 0, " ".join(rest[1:] if seconds else rest))
    elif word == "DEL":
        _lift(ask, ask.params[1])
    else:
        ask.fail("INVALID_PARAMS", ask.params[0], text="Say ADD, DEL or LIST")


def kline(ask: Ask) -> None:
    """KLINE [<duration>] <user@host> [<reason>]."""
    _add_line(ask, is_address=False)


def dline(ask: Ask) -> None:
    """DLINE [<duration>] <address or network> [<reason>]."""
    _add_line(ask, is_address=True)


def unline(ask: Ask) -> None:
    """UNKLINE or UNDLINE <mask>."""
    _lift(ask, ask.params[0])


def _add_line(ask: Ask, *, is_address: bool) -> None:
    # A bare number is minutes, as these two commands have always had it.
    first = ask.params[0] + "m" if ask.params[0].isdigit() else ask.params[0]
    seconds = parse_duration(first) if len(ask.params) > 1 else None
    text, *reason = ask.params[1:] if seconds else ask.params
    mask = parse_server_mask(text)
    if mask is not None and mask.is_address is not is_address:
        # An address given to KLINE means everybody who comes from there; DLINE takes nothing but addresses.
        mask = None if is_address else parse_server_mask(f"*@{text}")
    _add(ask, mask.text if mask is not None else "", seconds or 0, " ".join(reason))


def _add(ask: Ask, text: str, seconds: int, reason: str) -> None:
    mask = parse_server_mask(text)
    if mask is None:
        ask.fail("INVALID_MASK", text="A mask is user@host, or an IP address or network")
        return
    if mask.is_too_wide:
        ask.fail("MASK_TOO_WIDE", mask.text, text="This means about everybody")
        return
    until = int(ask.engine.clock.now()) + seconds if seconds else 0
    reason = cut(reason, REASON_LENGTH) or NO_REASON
    ask.commit(ServerBanAdded(ask.user.uid, name_of(ask.user), mask.text, reason, until), _added)


def _added(ask: Ask, fact: ServerBanAdded) -> None:
    say(ask, f"{fact.mask} is banned {_term(fact.until, fact.time // 1000)}: {fact.reason}")


def _lift(ask: Ask, text: str) -> None:
    mask = parse_server_mask(text)
    found = [text] if mask is None else [mask.text, f"*@{mask.text}"]
    bans = ask.world.server_bans.entries
    for shown in found:
        if fold(shown) in bans:
            ask.commit(ServerBanLifted(ask.user.uid, name_of(ask.user), shown), _lifted)
            return
    ask.fail("NO_SUCH_BAN", text, text="There is no such ban")


def _lifted(ask: Ask, fact: ServerBanLifted) -> None:
    say(ask, f"{fact.mask} is no longer banned")


def _list(ask: Ask) -> Iterator[None]:
    now = ask.engine.clock.now()
    count = 0
    for ban in list(ask.world.server_bans.entries.values()):
        if not ban.is_over(now):
            count += 1
            made = plain_time(ban.made * 1000)
            say(ask, f"{ban.mask.text}, {_term(ban.until, int(now))}, by {ban.by} at {made}: {ban.reason}")
        yield
    say(ask, f"End of the list of bans: {count}")


def _term(until: int, now: int) -> str:
    return f"for {format_duration(max(1, until - now))}" if until else "for ever"


# ---- facts


def guard_ban(world: World, fact: ServerBanAdded) -> Refusal | None:
    """Operators only; the list has an end."""
    bans = world.server_bans
    if fold(fact.mask) not in bans.entries and bans.is_full(fact.time / 1000):
        return Refusal(numerics.ERR_BANLISTFULL, "*", fact.mask, "The list of bans is full")
    return guard_operator(world, fact)


def apply_ban(world: World, fact: ServerBanAdded) -> Audience:
    """The ban stands, in the place of an older one with its mask."""
    mask = parse_server_mask(fact.mask)
    if mask is not None:  # saved by a version that knew other masks, perhaps
        world.server_bans.add(ServerBan(mask, fact.by, fact.reason, fact.time // 1000, fact.until))
    return SILENCE


def guard_lift(world: World, fact: ServerBanLifted) -> Refusal | None:
    """Somebody else may have lifted it before."""
    if fold(fact.mask) not in world.server_bans.entries:
        return Refusal(numerics.ERR_UNKNOWNERROR, "UBAN", "There is no such ban")
    return guard_operator(world, fact)


def apply_lift(world: World, fact: ServerBanLifted) -> Audience:
    """The ban is gone."""
    if fold(fact.mask) in world.server_bans.entries:
        world.server_bans.remove(fold(fact.mask))
    return SILENCE


def _snapshot(world: World) -> list[Fact]:
    facts: list[Fact] = []
    for ban in world.server_bans.entries.values():
        fact = ServerBanAdded("", ban.by, ban.mask.text, ban.reason, ban.until)
        fact.time = ban.made * 1000
        facts.append(fact)
    return facts


# ---- who is kept out


def admits(engine: Engine, address: str) -> str:
    """At the door: banned addresses go before anything else is done for them."""
    ban = engine.world.server_bans.of_address(address, engine.clock.now())
    if ban is None:
        return ""
    tell(engine, "b", f"{address} was turned away at the door: {ban.mask.text}")
    return f"You are banned from this server: {ban.reason}"


def turn_away(ask: Ask) -> None:
    """At his introduction, once it is whole. Comes before the registration, which would let him in."""
    session = ask.session
    registration = session.registration
    if registration is None or registration.negotiating or not registration.nick or not registration.username:
        return
    ban = ask.world.server_bans.of_person(
        registration.nick, registration.username, session.host, session.address, ask.engine.clock.now()
    )
    if ban is not None:
        where = session.address or "this machine"
        tell(ask.engine, "b", f"{registration.nick} [{where}] was turned away: {ban.mask.text}")
        _throw_out(ask.engine, session, ban.reason)


def turn_out(ask: Ask, fact: UserArrived) -> None:
    """A ban may have stood in line before him."""
    ban = ask.world.server_bans.of_person(
        fact.nick, fact.username, fact.host, ask.session.address, ask.engine.clock.now()
    )
    if ban is not None:
        _throw_out(ask.engine, ask.session, ban.reason)


def clear_out(engine: Engine, fact: ServerBanAdded) -> None:
    """Whoever is meant and here goes, but for who says so."""
    mask = parse_server_mask(fact.mask)
    if mask is None:
        return
    count = 0
    for session in list(engine.sessions):
        if _is_meant(session, mask) and (session.user is None or session.user.uid != fact.actor):
            _throw_out(engine, session, fact.reason)
            count += 1
    _log.info("%s bans %s: %s", fact.by, fact.mask, fact.reason)
    term = _term(fact.until, fact.time // 1000)
    tell(engine, "b", f"{fact.by} has banned {fact.mask} {term}: {fact.reason} ({count} connections ended)")


def _is_meant(session: Session, mask: ServerMask) -> bool:
    user = session.user
    if session.ended:
        return False
    if user is None:
        return mask.is_address and mask.matches("", "", "", session.address)
    return mask.matches(user.nick, user.username, session.host, session.address) or (
        user.host != session.host and mask.matches(user.nick, user.username, user.host, session.address)
    )


def _throw_out(engine: Engine, session: Session, reason: str) -> None:
    server = engine.settings.server
    # "the server has been configured to explicitly deny connections from this client"
    line = (
        f":{server} {numerics.ERR_YOUREBANNEDCREEP} {session.nick} :You are banned from this server: {reason}"
    )
    engine.outboxes.send(session, line)
    session.quitting = session.quitting or "Banned"
    engine.end(session, f"You are banned from this server: {reason}")


def _tell_lifted(engine: Engine, fact: ServerBanLifted) -> None:
    _log.info("%s lifts the ban of %s", fact.by, fact.mask)
    tell(engine, "b", f"{fact.by} has lifted the ban of {fact.mask}")


feature = Feature(
    "bans",
    commands=[
        Command(
            "UBAN",
            uban,
            least=1,
            privileged=True,
            help=Help(
                "ADD <mask> [<duration>] [<reason>]\nDEL <mask>\nLIST",
                "Keeps out of the server whom a mask means, user@host or an address or network, and ends "
                "their connections; lifts such a ban; lists them. A duration is 30m, 1d2h, 2w; without one it "
                "is for ever.",
                "Закрывает сервер для тех, кому подходит маска (user@host, адрес или сеть), и обрывает их "
                "соединения; снимает такой бан; показывает все. Срок: 30m, 1d2h, 2w; без него навсегда.",
                Family.OPERATORS,
            ),
        ),
        Command(
            "KLINE",
            kline,
            least=1,
            privileged=True,
            help=Help(
                "[<duration>] <user@host> [<reason>]",
                "Bans a mask of user@host from the server, as UBAN ADD does. A duration that is a bare number "
                "is in minutes.",
                "Закрывает сервер для маски user@host, как UBAN ADD. Срок без буквы: минуты.",
                Family.OPERATORS,
            ),
        ),
        Command(
            "DLINE",
            dline,
            least=1,
            privileged=True,
            help=Help(
                "[<duration>] <address> [<reason>]",
                "Bans an address or network from the server, as UBAN ADD does. A duration that is a bare "
                "number is in minutes.",
                "Закрывает сервер для адреса или сети, как UBAN ADD. Срок без буквы: минуты.",
                Family.OPERATORS,
            ),
        ),
        Command(
            "UNKLINE",
            unline,
            least=1,
            privileged=True,
            help=Help(
                "<user@host>",
                "Lifts a ban of the server, as UBAN DEL does.",
                "Снимает бан сервера, как UBAN DEL.",
                Family.OPERATORS,
            ),
        ),
        Command(
            "UNDLINE",
            unline,
            least=1,
            privileged=True,
            help=Help(
                "<address>",
                "Lifts a ban of the server, as UBAN DEL does.",
                "Снимает бан сервера, как UBAN DEL.",
                Family.OPERATORS,
            ),
        ),
    ],
    facts={
        ServerBanAdded: FactRow(
            guard=guard_ban,
            apply=apply_ban,
            render=lambda fact, view, tags: "",
            saves=lambda world, fact: [fact],
        ),
        ServerBanLifted: FactRow(
            guard=guard_lift,
            apply=apply_lift,
            render=lambda fact, view, tags: "",
            saves=lambda world, fact: [fact],
        ),
    },
    admits=admits,
    progress=turn_away,
    reactions={UserArrived: turn_out},
    witnesses={ServerBanAdded: clear_out, ServerBanLifted: _tell_lifted},
    snapshot=_snapshot,
)
