"""Invitations: codes that let newcomers in, and take them to a room.

A code is given as the server's password (PASS, which every client knows), or told to NickServ by who is in already.
It lets in where only accounts are let in, and gives an account where not everybody may have one; it is taken once for
each person, as often as its maker has said, until its time is over. The rule: the record and the world hold hashes of
codes, and a code is shown once, to who made it.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from functools import partial
from typing import Final

from veche.core.ask import Ask
from veche.core.durations import format_duration, parse_duration
from veche.core.operators import guard_operator, may_operate
from veche.core.registry import FactRow, Feature, Told
from veche.core.replies import Refusal
from veche.core.services import Service, Verb
from veche.core.session import Session
from veche.core.settings import Settings
from veche.features.accounts.erasure import AccountErased
from veche.features.accounts.facts import AccountRegistered
from veche.state.events import SILENCE, Audience, Fact, Forgotten, UserArrived
from veche.state.invitations import Invitation, key_of
from veche.state.room import HELPER_POWER, Room
from veche.state.user import User
from veche.state.world import World
from veche.wire.caps import SASL
from veche.wire.compiler import mypyc_attr
from veche.wire.names import fold, is_room

# Invitations of one maker that can be open at once, and how often one can be taken at most.
MOST, MOST_USES = 100, 1000
USUAL_SECONDS: Final = 7 * 86400
# As ports.Chance makes them.
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")

PHRASES: Final = {
    "invitation": (
        "INVITATION CREATE [#room] [<uses>] [<duration>], INVITATION LIST, INVITATION REVOKE <id>",
        "INVITATION CREATE [#комната] [<сколько раз>] [<срок>], INVITATION LIST, INVITATION REVOKE <id>",
    ),
    "invitation-help": (
        "makes a code that lets somebody in, lists yours, takes one back",
        "создаёт код, который впускает новичка, показывает ваши, отзывает код",
    ),
    "redeem": ("REDEEM <code>", "REDEEM <код>"),
    "redeem-help": ("takes an invitation", "принимает приглашение"),
    "invited": (
        "{code} lets in {uses} for {time}. A newcomer gives it as the server's password (PASS).",
        "{code} впустит: {uses}, в течение {time}. Новичок указывает его как пароль сервера (PASS).",
    ),
    "line": ("{handle}: {uses}, for {time}, {room}", "{handle}: {uses}, ещё {time}, {room}"),
    "uses": ("{n} time|{n} times", "{n} раз|{n} раза|{n} раз"),
    "none": ("There are no invitations of yours.", "Ваших приглашений нет."),
    "anywhere": ("to no room", "без комнаты"),
    "revoked": ("{handle} lets nobody in any more.", "{handle} больше никого не впустит."),
    "unknown-id": ("There is no such invitation of yours.", "Такого вашего приглашения нет."),
    "welcome": ("You have been invited by {name}.", "Вас пригласил(а) {name}."),
    "bad-code": (
        "This invitation is wrong, used up or too old. Ask whoever gave it to you for another one.",
        "Приглашение неверно, использовано или устарело. Попросите новое у того, кто его дал.",
    ),
    "not-you": ("Only {who} may invite here.", "Приглашать здесь могут только {who}."),
    "operators": ("operators of the server", "операторы сервера"),
    "owners": ("those who have an account and are logged in", "те, кто вошёл в учётную запись"),
    "bad-room": (
        "You can only invite to a room that you are in, and to one with +i as its helper or more.",
        "Пригласить можно только в комнату, где вы есть, а в комнату с +i только её помощнику и рангам выше.",
    ),
    "too-many": (
        "You have {most} open invitations; take one back first.",
        "У вас уже {most} приглашений; сначала отзовите одно.",
    ),
    "account-required": (
        "You need an account to come in here: log in (SASL), or give an invitation as the server's password",
        "Сюда входят с учётной записью: войдите (SASL) или укажите приглашение как пароль сервера",
    ),
}  # fmt: skip


@mypyc_attr(allow_interpreted_subclasses=True)
class InvitationKept(Fact):
    """There is this invitation: `values` are those of Invitation."""

    __slots__ = ("values",)

    def __init__(self, invitation: Invitation) -> None:
        super().__init__("")
        self.values = invitation.values()

    def saved_key(self) -> str:
        """One row for each."""
        return str(self.values[0])


@mypyc_attr(allow_interpreted_subclasses=True)
class InvitationMade(InvitationKept):
    """Somebody has made an invitation. `is_open`: any owner of an account may; else operators alone."""

    __slots__ = ("is_open",)

    def __init__(self, actor: str, invitation: Invitation, *, is_open: bool) -> None:
        super().__init__(invitation)
        self.actor = actor
        self.is_open = is_open


@mypyc_attr(allow_interpreted_subclasses=True)
class InvitationTaken(Fact):
    """Somebody has taken an invitation, for himself."""

    __slots__ = ("key",)

    def __init__(self, actor: str, key: str) -> None:
        super().__init__(actor)
        self.key = key


@mypyc_attr(allow_interpreted_subclasses=True)
class InvitationRevoked(Fact):
    """An invitation lets nobody in any more."""

    __slots__ = ("key",)

    def __init__(self, actor: str, key: str) -> None:
        super().__init__(actor)
        self.key = key


# ---- making them, as verbs of NickServ


def _invitation(service: Service, ask: Ask, params: list[str]) -> None:
    verb, words = params[0].upper(), params[1].split() if len(params) > 1 else []
    if not _may_invite(ask):
        service.say(ask, "not-you", who=service.phrases(ask)(_inviters(ask.settings)))
    elif verb == "CREATE":
        _create(service, ask, words)
    elif verb == "LIST":
        _list(service, ask)
    elif verb == "REVOKE" and words:
        _revoke(service, ask, words[0].lower())
    else:
        service.say(ask, "usage", usage=service.phrases(ask)("invitation"))


def _may_invite(ask: Ask) -> bool:
    if may_operate(ask.session):
        return True
    return ask.settings.invitations == "accounts" and bool(ask.user.account)


def _inviters(settings: Settings) -> str:
    return "owners" if settings.invitations == "accounts" else "operators"


def _create(service: Service, ask: Ask, words: list[str]) -> None:
    room, uses, seconds = "", 1, USUAL_SECONDS
    for word in words:
        duration = parse_duration(word)
        if is_room(word):
            room = word
        elif word.isascii() and word.isdigit() and 0 < int(word[:9]) <= MOST_USES:
            uses = int(word)
        elif duration is not None:
            seconds = duration
        else:
            service.say(ask, "usage", usage=service.phrases(ask)("invitation"))
            return
    found = ask.world.rooms.get(fold(room)) if room else None
    if room and (found is None or not _may_invite_into(found, ask.user)):
        service.say(ask, "bad-room")
        return
    if len(_own(ask)) >= MOST:
        service.say(ask, "too-many", most=MOST)
        return
    code = urlsafe_b64encode(ask.engine.chance.secret()).decode().rstrip("=")
    now = int(ask.engine.clock.now() * 1000)
    name, era = (found.name, found.created) if found is not None else ("", 0)
    user = ask.user
    invitation = Invitation(key_of(code), user.identity, user.nick, name, uses, now + seconds * 1000, era)
    fact = InvitationMade(user.uid, invitation, is_open=ask.settings.invitations == "accounts")
    phrases = service.phrases(ask)
    told = {"code": code, "uses": phrases.count("uses", uses), "time": format_duration(seconds)}
    ask.commit(fact, lambda ask, _fact: service.say(ask, "invited", **told))


def _may_invite_into(room: Room, user: User) -> bool:
    """As with INVITE: members may, and into a room that is for the invited alone its helpers and those above them."""
    return user.uid in room.members and ("i" not in room.flags or room.rule(user) >= HELPER_POWER)


def _own(ask: Ask) -> list[Invitation]:
    now = int(ask.engine.clock.now() * 1000)
    return [
        invitation
        for invitation in ask.world.invitations.values()
        if invitation.by == ask.user.identity and invitation.is_good(now)
    ]


def _list(service: Service, ask: Ask) -> None:
    phrases = service.phrases(ask)
    own = _own(ask)
    if not own:
        service.say(ask, "none")
    now = int(ask.engine.clock.now() * 1000)
    for invitation in own:
        service.say(
            ask,
            "line",
            handle=invitation.handle,
            uses=phrases.count("uses", invitation.uses),
            time=format_duration(max(1, (invitation.until - now) // 1000)),
            room=invitation.room or phrases("anywhere"),
        )


def _revoke(service: Service, ask: Ask, handle: str) -> None:
    mine = [invitation for invitation in _own(ask) if invitation.handle == handle]
    if not mine:
        service.say(ask, "unknown-id")
        return
    fact = InvitationRevoked(ask.user.uid, mine[0].key)
    ask.commit(fact, lambda ask, _fact: service.say(ask, "revoked", handle=handle))


def _redeem(service: Service, ask: Ask, params: list[str]) -> None:
    key = key_of(params[0])
    if not _is_good(ask, key):
        service.say(ask, "bad-code")
    elif not ask.session.is_invited:
        ask.commit(InvitationTaken(ask.user.uid, key), partial(_taken, service))


def _taken(service: Service, ask: Ask, fact: InvitationTaken) -> None:
    invitation = ask.world.invitations[fact.key]
    ask.session.is_invited = True
    service.say(ask, "welcome", name=invitation.name)
    if invitation.room:
        ask.run("JOIN", invitation.room)


VERBS: Final = [
    Verb("INVITATION", _invitation, least=1, most=2, aliases=("INVITATIONS",)),
    Verb("REDEEM", _redeem, least=1, most=1),
]


# ---- coming in by them


def present(ask: Ask) -> None:
    """Look at the password of a connection that has said all else: an invitation opens what the password would.

    Who has neither an account nor an invitation is not let in where an account is required.
    """
    session = ask.session
    registration = session.registration
    if registration is None or not registration.is_complete:
        return
    password = registration.password
    if password and not session.invitation and _CODE.fullmatch(password):
        if _is_good(ask, key_of(password)):
            session.invitation = key_of(password)
            registration.password = ask.settings.password
        elif hmac.compare_digest(ask.engine.owner_code.encode(), password.encode()):
            session.is_invited = True  # to his own house
            registration.password = ask.settings.password
    is_welcome = bool(session.account or session.invitation or session.is_invited)
    if ask.settings.account_required and not is_welcome:
        # "Sent by the server in response to the end of connection registration (e.g. to USER, NICK, or CAP END) if
        # connection registration cannot proceed unless the user logs into an account with SASL."
        ask.fail("ACCOUNT_REQUIRED", command="*", text=ask.phrase(PHRASES, "account-required"))
        if session.caps & SASL:
            registration.negotiating = True  # it may still log in, and say CAP END again
        else:
            ask.engine.end(session, ask.phrase(PHRASES, "account-required"))


def _is_good(ask: Ask, key: str) -> bool:
    invitation = ask.world.invitations.get(key)
    return invitation is not None and invitation.is_good(int(ask.engine.clock.now() * 1000))


def arrive(ask: Ask, fact: UserArrived) -> None:
    """Whoever comes by an invitation takes it."""
    session = ask.session
    if session.invitation and not session.account:
        ask.commit(InvitationTaken(fact.actor, session.invitation), _came)
    session.invitation = ""


def _came(ask: Ask, fact: InvitationTaken) -> None:
    _taken(FACE, ask, fact)


# What is said to who comes in by a code is said as NickServ would.
FACE: Final = Service("NickServ", PHRASES, [])


def use_up(ask: Ask, _fact: AccountRegistered) -> None:
    """An invitation is for one account."""
    ask.session.is_invited = False


# ---- facts


def guard_making(world: World, fact: InvitationMade) -> Refusal | None:
    """Operators may, and whoever has an account where that is so."""
    user = world.users.get(fact.actor)
    if fact.is_open and user is not None and user.account:
        return None
    return guard_operator(world, fact)


def apply_making(world: World, fact: InvitationKept) -> Audience:
    """There is one more; those of the same maker that are over are forgotten."""
    invitation = _of(fact)
    for key in _over(world, invitation.by, fact.time):
        del world.invitations[key]
    world.invitations[invitation.key] = invitation
    return SILENCE


def save_making(world: World, fact: InvitationMade) -> list[Fact]:
    """The new one; the others are not needed any more."""
    gone = [Forgotten(InvitationKept, key) for key in _over(world, _of(fact).by, fact.time)]
    return [*gone, InvitationKept(_of(fact))]


def _of(fact: InvitationKept) -> Invitation:
    key, by, name, room, uses, until, *rest = fact.values
    era = int(rest[0]) if rest else 0
    return Invitation(str(key), str(by), str(name), str(room), int(uses), int(until), era)


def _over(world: World, by: str, now: int) -> list[str]:
    return [key for key, one in world.invitations.items() if one.by == by and not one.is_good(now)]


def guard_taking(world: World, fact: InvitationTaken) -> Refusal | None:
    """Somebody else may have taken it the last time. Then nobody has been let in by it."""
    invitation = world.invitations.get(fact.key)
    if invitation is not None and invitation.is_good(fact.time):
        return None
    return Refusal("", then=_turn_away)


def _turn_away(ask: Ask) -> None:
    FACE.say(ask, "bad-code")
    if ask.settings.account_required and not ask.session.account:
        ask.engine.end(ask.session, ask.phrase(PHRASES, "bad-code"))


def apply_taking(world: World, fact: InvitationTaken) -> Audience:
    """One use less; and the room that it leads to is open to him, once."""
    invitation = world.invitations[fact.key]
    invitation.uses -= 1
    room = world.rooms.get(fold(invitation.room))
    if room is not None and _opens(world, invitation, room):
        world.users[fact.actor].invitations[room.key] = room.created
    return SILENCE


def _opens(world: World, invitation: Invitation, room: Room) -> bool:
    """Whether that is the room that was meant, and its maker, if he is here, could still invite into it himself."""
    maker = world.present.get(invitation.by)
    return invitation.era in (0, room.created) and (maker is None or _may_invite_into(room, maker))


def save_taking(world: World, fact: InvitationTaken) -> list[Fact]:
    """As it stands then."""
    one = world.invitations[fact.key]
    if one.uses <= 1:
        return [Forgotten(InvitationKept, fact.key)]
    left = Invitation(one.key, one.by, one.name, one.room, one.uses - 1, one.until, one.era)
    return [InvitationKept(left)]


def apply_revocation(world: World, fact: InvitationRevoked) -> Audience:
    """It is gone."""
    world.invitations.pop(fact.key, None)
    return SILENCE


def save_erasure(world: World, fact: AccountErased) -> list[Fact]:
    """Whoever is no more invites nobody."""
    return [
        Forgotten(InvitationKept, key) for key, one in world.invitations.items() if one.by == fact.account
    ]


def _nothing(_fact: object, _view: int, _tags: str) -> str:
    return ""


def _tokens(settings: Settings) -> dict[str, str]:
    # "If present, it indicates that the connection to the server cannot be completed unless the clients authenticates"
    return {"draft/ACCOUNTREQUIRED": ""} if settings.account_required else {}


def _required(_session: Session, settings: Settings) -> str | None:
    """soju.im/account-required: "servers MUST reject any CAP REQ command including this capability", so it is told."""
    return "" if settings.account_required else None


feature = Feature(
    "invitations",
    facts={
        InvitationMade: FactRow(guard=guard_making, apply=apply_making, render=_nothing, saves=save_making),
        InvitationKept: FactRow(apply=apply_making, render=_nothing),
        InvitationTaken: FactRow(guard=guard_taking, apply=apply_taking, render=_nothing, saves=save_taking),
        InvitationRevoked: FactRow(
            apply=apply_revocation,
            render=_nothing,
            saves=lambda world, fact: [Forgotten(InvitationKept, fact.key)],
        ),
    },
    saves={AccountErased: save_erasure},
    progress=present,
    reactions={UserArrived: arrive, AccountRegistered: use_up},
    caps={"soju.im/account-required": Told(_required)},
    tokens=_tokens,
)
