"""OPER and DEOPER: becoming an operator of the server, and ceasing to be one.

Source: Modern IRC, "OPER message"; oper-tag, whose capability is offered here.

Whoever guesses learns nothing: an unknown name takes as long as a known one and is refused in the same words, and
whether he comes from the right place is said only to who knows the password. Guesses are few per address, and few in
all, so that they cost the machine little; who is on this machine is not kept out by what others do.
"""

import hmac
import logging
from functools import partial
from math import ceil

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.limits import address_key
from veche.core.operators import READS_NOTICES, name_of, say, tell
from veche.core.registry import Command, FactRow, Feature
from veche.core.replies import Refusal
from veche.core.session import Session
from veche.core.settings import OperatorBlock
from veche.features.user_modes import OPERATOR
from veche.state.events import Audience, Fact
from veche.state.server_bans import parse_server_mask
from veche.state.world import World
from veche.wire import numerics

# Wrong passwords that one address has at once, and the seconds until it has one more; and the same for all together.
BURST, SECONDS = 3, 30.0
BURST_OF_ALL, SECONDS_OF_ALL = 20, 3.0
_ALL = "*"

_log = logging.getLogger("veche.oper")


class OperatorMade(Fact):
    """A user (`actor`) has proved that he is an operator, by the name `name`."""

    __slots__ = ("name", "nick", "notices", "source", "title")

    def __init__(self, actor: str, source: str, nick: str, name: str, title: str, notices: str) -> None:
        super().__init__(actor)
        self.source = source
        self.nick = nick
        self.name = name
        self.title = title
        self.notices = notices


class Attempts:
    """Guesses by address and in all: for each, when those made so far are paid off (monotonic)."""

    __slots__ = ("paid",)

    def __init__(self) -> None:
        self.paid: dict[str, float] = {}

    def take(self, address: str, now: float) -> float:
        """Count one guess and return 0, or return how many seconds are to wait."""
        if len(self.paid) > 1000:
            self.paid = {key: paid for key, paid in self.paid.items() if paid > now}
        waits = [paid - now - (burst - 1) * seconds for paid, burst, seconds in self._budgets(address, now)]
        if (longest := max(waits)) > 0:
            return longest
        for key, seconds in _keys(address):
            self.paid[key] = max(self.paid.get(key, now), now) + seconds
        return 0.0

    def give_back(self, address: str) -> None:
        """That was no guess."""
        for key, seconds in _keys(address):
            self.paid[key] = self.paid.get(key, 0.0) - seconds

    def _budgets(self, address: str, now: float) -> list[tuple[float, int, float]]:
        bursts = {_ALL: BURST_OF_ALL}
        return [(self.paid.get(key, now), bursts.get(key, BURST), seconds) for key, seconds in _keys(address)]


def _keys(address: str) -> list[tuple[str, float]]:
    """The budgets that a guess from this address is taken from, with the price; one from this machine has its own."""
    key = address_key(address)
    is_near = key in ("", "127.0.0.1", "::/64")
    return [(key, SECONDS)] if is_near else [(key, SECONDS), (_ALL, SECONDS_OF_ALL)]


# ---- handlers


def oper(ask: Ask) -> None:
    """OPER <name> <password>."""
    name, password = ask.params[0], ask.params[1]
    engine = ask.engine
    if not ask.settings.operators or engine.passwords is None:
        ask.reply(numerics.ERR_NOOPERHOST, "No O-lines for your host")
        return
    if ask.session.token:
        ask.reply(
            numerics.ERR_NOOPERHOST, "A token makes no operator: log in with your password on this device"
        )
        return
    attempts = engine.shelf(Attempts)
    address = ask.session.address
    wait = attempts.take(address, engine.clock.monotonic())
    if wait:
        _log.warning("OPER from %s is refused for now: too many wrong passwords", address or "this machine")
        ask.reply(numerics.RPL_TRYAGAIN, "OPER", f"Please wait {ceil(wait - 1e-3)} seconds and try again.")
        return
    block = ask.settings.operators.get(name)
    ask.wait()
    password_hash = block.password_hash if block is not None else ""
    if not engine.passwords.verify(password_hash, password, partial(_compared, ask, name)):
        attempts.give_back(address)
        ask.reply(numerics.RPL_TRYAGAIN, "OPER", "Please wait a while and try again.")
        ask.settled()


def _compared(ask: Ask, name: str, fits: bool) -> None:
    """The password has been compared."""
    session = ask.session
    if not session.ended and session.user is not None:
        block = ask.settings.operators.get(name)
        if block is None or not _is_proved(block, session, fits=fits):
            _refuse(ask, block, Refusal(numerics.ERR_PASSWDMISMATCH, "Password incorrect"))
        elif block.hosts and not _is_from_there(block, session):
            _refuse(ask, block, Refusal(numerics.ERR_NOOPERHOST, "No O-lines for your host"))
        else:
            ask.engine.shelf(Attempts).give_back(session.address)
            user = ask.user
            fact = OperatorMade(user.uid, user.source, user.nick, block.name, block.title, block.notices)
            ask.commit(fact, _welcome)
    ask.settled()


def _is_proved(block: OperatorBlock, session: Session, *, fits: bool) -> bool:
    """By what the block asks for: the password, the certificate, or both."""
    has_certificate = hmac.compare_digest(block.certificate.encode(), session.certificate.encode())
    if block.password_hash and not fits:
        return False
    if block.certificate and not has_certificate:
        return False
    return bool(block.password_hash or block.certificate)


def _is_from_there(block: OperatorBlock, session: Session) -> bool:
    user = session.user
    if user is None:
        return False
    masks = [mask for text in block.hosts if (mask := parse_server_mask(text)) is not None]
    return any(mask.matches(user.nick, user.username, user.host, session.address) for mask in masks)


def _refuse(ask: Ask, block: OperatorBlock | None, refusal: Refusal) -> None:
    # A name that nobody bears may be a password that was typed in the wrong place: it is written down nowhere.
    name = block.name if block is not None else "an unknown name"
    where = ask.session.address or "this machine"
    _log.warning("OPER as %s is refused: %s, from %s", name, ask.user.source, where)
    tell(ask.engine, "o", f"{ask.user.source} [{where}] has failed to become an operator as {name}")
    ask.refuse(refusal)


def _welcome(ask: Ask, fact: OperatorMade) -> None:
    ask.reply(numerics.RPL_YOUREOPER, "You are now an IRC operator")
    _log.info(
        "%s from %s is an operator as %s", ask.user.source, ask.session.address or "this machine", fact.name
    )
    tell(ask.engine, "o", f"{name_of(ask.user)} is now an operator")


def deoper(ask: Ask) -> None:
    """DEOPER: be a user like any other again."""
    tell(ask.engine, "o", f"{name_of(ask.user)} is no longer an operator")
    ask.run("MODE", ask.user.nick, "-" + OPERATOR)
    say(ask, "You are no longer an IRC operator")


# ---- facts


def guard_made(world: World, fact: OperatorMade) -> Refusal | None:
    """He may have gone while his password was compared."""
    return (
        None
        if fact.actor in world.users
        else Refusal(numerics.ERR_NOSUCHNICK, fact.nick, "No such nick/channel")
    )


def apply_made(world: World, fact: OperatorMade) -> Audience:
    """He is an operator, and reads the notices that he is to read."""
    user = world.users[fact.actor]
    fact.nick, fact.source = user.nick, user.source
    user.operator = fact.name
    user.title = fact.title
    user.notices = fact.notices
    world.set_modes(user, user.modes | {OPERATOR} | ({READS_NOTICES} if fact.notices else set()))
    return Audience(uids=(user.uid,))


def _render(fact: OperatorMade, _view: int, tags: str) -> str:
    letters = OPERATOR + (READS_NOTICES if fact.notices else "")
    return f"{tags}:{fact.source} MODE {fact.nick} +{letters}"


feature = Feature(
    "oper",
    commands=[
        Command(
            "OPER",
            oper,
            least=2,
            help=Help(
                "<name> <password>",
                "Makes you an operator of this server, if the config knows the name and all that it asks for "
                "is right.",
                "Делает вас оператором этого сервера, если имя есть в настройках и всё, что там требуется, "
                "верно.",
                Family.OPERATORS,
            ),
        ),
        Command(
            "DEOPER",
            deoper,
            privileged=True,
            help=Help(
                "",
                "Makes you a user like any other again.",
                "Делает вас снова обычным пользователем.",
                Family.OPERATORS,
            ),
        ),
    ],
    facts={OperatorMade: FactRow(guard=guard_made, apply=apply_made, render=_render)},
    caps={"draft/oper-tag": ""},
)
