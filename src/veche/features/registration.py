"""Connection registration: PASS, NICK, USER; changing nicks; the welcome; coming and going.

Source: Modern IRC, "Connection Registration", "Connection Messages".
"""

import hmac
from functools import lru_cache
from typing import Final

from veche.core.ask import Ask
from veche.core.fanout import tags_of
from veche.core.help import Family, Help
from veche.core.nicks import clash, free_guest_name, in_use, kept_for, looks_taken, may_be_nick, reserved
from veche.core.pace import Pace
from veche.core.registry import Command, FactRow, Feature, OwnCopy
from veche.core.replies import Answers, Refusal, fit, plain_time
from veche.core.session import Session
from veche.core.settings import Settings
from veche.state.events import (
    SILENCE,
    Audience,
    AwaySet,
    DeviceCame,
    DeviceLeft,
    MemberJoined,
    NickChanged,
    Restored,
    UserArrived,
    UserLeft,
)
from veche.state.room import ALL_MODES, MODES_WITH_PARAMETER, Room
from veche.state.user import User
from veche.state.world import World
from veche.wire import numerics
from veche.wire.caps import GUEST
from veche.wire.confusables import skeleton
from veche.wire.lines import BODY_LIMIT, cut
from veche.wire.names import fold

CASEMAPPING: Final = "ascii"
# Everybody who shares a room hears of each change.
NICKS: Final = Pace("nick", burst=6, seconds=10.0)


# ---- handlers


def password(ask: Ask) -> None:
    """PASS <password>. "only the last one sent is used for verification"."""
    registration = ask.session.registration
    if registration is None:
        ask.reply(numerics.ERR_ALREADYREGISTERED, "You may not reregister")
        return
    registration.password = ask.params[0]


def nick(ask: Ask) -> None:
    """NICK <nickname>, before registration and after."""
    wanted = ask.params[0] if ask.params else ""
    if not wanted:
        ask.reply(numerics.ERR_NONICKNAMEGIVEN, "No nickname given")
        return
    key = fold(wanted)
    # The classic door, which finds a name for whoever has none, asks for the names that the server gives.
    is_given = ask.session.door == "classic" and ask.session.registration is not None
    if not may_be_nick(wanted, ask.settings, is_given=is_given):
        ask.reply(numerics.ERR_ERRONEUSNICKNAME, wanted, "Erroneous nickname")
        return
    registration = ask.session.registration
    if registration is not None:
        bearer = ask.world.users_by_key.get(key)
        is_oneself = bearer is not None and bearer.identity == ask.session.guest
        if bearer is not None and not is_oneself and not (bearer.account and _may_log_in_yet(ask.session)):
            ask.refuse(in_use(wanted))
            return
        alike = ask.world.users_by_look.get(skeleton(wanted))
        if alike is not None and alike.key != key:
            ask.refuse(looks_taken(wanted))
            return
        registration.nick = wanted
    elif wanted != ask.user.nick:
        fact = NickChanged(ask.user.uid, ask.user.source, wanted, ask.settings.keep_names)
        if guard_nick(ask.world, fact) is None and NICKS.wait(ask):
            ask.reply(numerics.ERR_NICKTOOFAST, wanted, "Nick change too fast. Please wait a while.")
        else:
            ask.commit(fact)


def user(ask: Ask) -> None:
    """USER <username> 0 * <realname>."""
    registration = ask.session.registration
    if registration is None:
        ask.reply(numerics.ERR_ALREADYREGISTERED, "You may not reregister")
        return
    # "If it is empty, the server SHOULD reject the command with ERR_NEEDMOREPARAMS"
    if not ask.params[0]:
        ask.reply(numerics.ERR_NEEDMOREPARAMS, "USER", "Not enough parameters")
        return
    # "the username MUST be silently truncated to the given length". Only what cannot break a source is kept; the
    # tilde says that nobody has vouched for the name.
    name = "".join(char for char in ask.params[0] if char.isalnum() or char in "-._")
    registration.username = cut("~" + (name or "user"), ask.settings.user_length)
    registration.real_name = cut(ask.params[3], ask.settings.real_name_length) or registration.username


def ping(ask: Ask) -> None:
    """PING <token>."""
    if not ask.params or not ask.params[0]:
        ask.reply(numerics.ERR_NOORIGIN, "No origin specified")
        return
    server = ask.settings.server
    # "Servers MUST send a <server> parameter"
    ask.send(fit("", f":{server} PONG {server} :{ask.params[0]}"))


def pong(_ask: Ask) -> None:
    """PONG: that something came is all there is to know, and the engine has noted it."""


def quit_(ask: Ask) -> None:
    """QUIT [<reason>]."""
    session = ask.session
    reason = cut(ask.params[0], ask.settings.kick_length) if ask.params else ""
    # 'servers SHOULD prepend <reason> with the ASCII string "Quit: "'
    session.quitting = f"Quit: {reason}"
    ask.finish()
    # "The server acknowledges this by replying with an ERROR message and closing the connection to the client."
    ask.engine.end(session, f"Closing Link: {session.host} (Quit: {reason})")


def _may_log_in_yet(session: Session) -> bool:
    """Whether a connection that is not registered may still prove that a nick in use is its own: before CAP END, or
    with a password that will be looked at then."""
    registration = session.registration
    return bool(
        session.account or (registration and (registration.negotiating or ":" in registration.password))
    )


def complete(ask: Ask) -> None:
    """Register the connection if it has said all that is needed, whatever command said the last of it."""
    session = ask.session
    registration = session.registration
    if registration is None or not registration.is_complete:
        return
    wanted = ask.settings.password
    if wanted and not hmac.compare_digest(wanted.encode(), registration.password.encode()):
        ask.reply(numerics.ERR_PASSWDMISMATCH, "Password incorrect")
        ask.engine.end(session, "Password incorrect")
        return
    # What follows belongs to the connection, not to the command that happened to come last: no label.
    welcome = Ask(ask.engine, session, ask.message, "")
    if session.account not in ask.world.accounts.by_uid:
        session.account = ""  # erased meanwhile
    user = ask.world.present.get(session.account)
    if user is not None:
        # One more device of his: whatever nick it asked for, he has one already.
        welcome.commit(DeviceCame(user.uid, session.device), _welcome_device)
        return
    guest = ask.world.present.get(session.guest)
    if guest is not None and not guest.account and not session.account:
        welcome.commit(DeviceCame(guest.uid, "", is_guest=True), _welcome_device)
        return
    policy = ask.settings.keep_names
    refusal = _refuse_name(ask.world, registration.nick, "", session.account, policy)
    if refusal is not None:
        ask.refuse(
            refusal
        )  # somebody was quicker while this one was still introducing himself, or it is not his
        registration.nick = ""
        return
    fact = UserArrived(
        ask.engine.chance.uid(),
        registration.nick,
        registration.username,
        session.host,
        registration.real_name,
        session.account,
    )
    account = ask.world.accounts.by_uid.get(session.account)
    fact.policy = policy
    fact.returns = bool(session.caps & GUEST)
    fact.stays = account is not None and account.stays(ask.settings.always_on)
    welcome.commit(fact, _welcome_user)


def _welcome_user(ask: Ask, fact: UserArrived) -> None:
    _welcome(ask, ask.world.users[fact.actor])


def _welcome_device(ask: Ask, fact: DeviceCame) -> None:
    """The newcomer is somebody who is here already, and finds himself where he is."""
    user = ask.world.users.get(fact.actor)
    if user is None:
        complete(
            Ask(ask.engine, ask.session, ask.message, "")
        )  # he has gone meanwhile: this one is his first
        return
    _welcome(ask, user)
    if user.modes:
        ask.send(f":{user.source} MODE {user.nick} +{''.join(sorted(user.modes))}")
    come_back(ask, fact)


def come_back(ask: Ask, _fact: DeviceCame) -> None:
    """A session is told in which rooms its user is; one who was away for having no device is so no more."""
    user = ask.user
    for key in list(user.rooms):
        rejoin(ask, ask.world.rooms[key])
    if user.is_away_for_absence:
        ask.engine.log.commit(AwaySet(user.uid, user.source, ""), None)


def rejoin(ask: Ask, room: Room) -> None:
    """Tell a session that it is in this room, where its user is already, as though it had come in just now."""
    user = ask.user
    fact = MemberJoined(user.uid, user.source, user.account, user.real_name, room.name)
    fact.time = int(ask.engine.clock.now() * 1000)
    view = ask.session.view
    ask.send(ask.engine.registry.facts[MemberJoined].render(fact, view, tags_of(fact, view, user)))
    for show in ask.engine.registry.shown_rooms:
        show(ask, room)


def _welcome(ask: Ask, user: User) -> None:
    """The burst of "Connection Registration", in its order."""
    settings = ask.settings
    ask.engine.attach(ask.session, user)
    text = f"Welcome to the {settings.network} Network, {user.source}"
    ask.send(cut(f":{settings.server} {numerics.RPL_WELCOME} {user.nick} :{text}", BODY_LIMIT))
    started = int(ask.engine.started)
    ask.reply_as_to_all(_about(settings.server, settings.version, started, ask.engine.registry.mode_letters))
    ask.run("ISUPPORT")
    for greet in ask.engine.registry.greetings:
        greet(ask)
    # "The server SHOULD then respond as though the client sent the LUSERS command", and MUST so for MOTD.
    ask.run("LUSERS")
    ask.run("MOTD")


@lru_cache(maxsize=4)
def _about(server: str, version: str, started: int, user_modes: str) -> Answers:
    return (
        (numerics.RPL_YOURHOST, f":Your host is {server}, running version {version}"),
        (numerics.RPL_CREATED, f":This server was created {plain_time(started * 1000)}"),
        (numerics.RPL_MYINFO, f"{server} {version} {user_modes} {ALL_MODES} {MODES_WITH_PARAMETER}"),
    )


# ---- facts


def _refuse_name(world: World, nick: str, uid: str, identity: str, policy: str) -> Refusal | None:
    """Why somebody may not be called so: another one is, or the name is kept for another one."""
    refusal = clash(world, nick, uid)
    if refusal is None and policy and kept_for(world, nick, identity, policy) is not None:
        return reserved(nick)
    return refusal


def guard_arrival(world: World, fact: UserArrived) -> Refusal | None:
    """Two connections may have asked for one nick; the first to be complete has it. Two devices of one person may have
    come in at once: the second joins the first."""
    if fact.account in world.present:
        return Refusal("", then=complete)
    return _refuse_name(world, fact.nick, "", fact.account, fact.policy)


def apply_arrival(world: World, fact: UserArrived) -> Audience:
    """A user comes into the world; who is in no room has nobody to tell."""
    user = User(fact.actor, fact.nick, fold(fact.nick), fact.username, fact.host, fact.real_name, fact.time)
    user.returns = fact.returns
    world.add_user(user)
    account = world.accounts.by_uid.get(fact.account)
    if account is not None:
        world.log_in(user, account)
        world.set_staying(user, stays=fact.stays)
    return SILENCE


def apply_restoration(world: World, fact: Restored) -> Audience:
    """Whoever is not back is absent."""
    world.settle(fact.until)
    return SILENCE


def guard_device(world: World, fact: DeviceCame) -> Refusal | None:
    """A guest may have gone meanwhile, or have got an account, which something else proves."""
    user = world.users.get(fact.actor)
    if fact.is_guest and (user is None or user.account):
        return Refusal("", then=complete)
    return None


def apply_device(world: World, fact: DeviceCame) -> Audience:
    """Which sessions speak for a user is not the world's affair, but whether any does."""
    if (user := world.users.get(fact.actor)) is not None:
        user.absent = 0
    return SILENCE


def guard_departure(world: World, fact: UserLeft) -> Refusal | None:
    """Whoever is to go without a device may have gone already, or have come back with one."""
    user = world.users.get(fact.actor)
    return Refusal("") if fact.if_absent and (user is None or not user.absent) else None


def apply_departure(world: World, fact: UserLeft) -> Audience:
    """A user goes; everyone who shared a room with him hears once."""
    user = world.users[fact.actor]
    fact.source = user.source  # a new nick of his may have stood in line before
    uids = world.peers(user)
    world.remove_user(user)
    return Audience(uids=uids)


def guard_nick(world: World, fact: NickChanged) -> Refusal | None:
    """A nick is free and nobody else's, or one's own in other letters."""
    user = world.users.get(fact.actor)
    identity = user.identity if user is not None else ""
    if not fact.owner:
        return _refuse_name(world, fact.nick, fact.actor, identity, fact.policy)
    if user is None or kept_for(world, user.nick, identity, fact.policy) is None:
        return Refusal("")  # he has gone or taken another one, or the name is nobody's any more
    fact.source = user.source
    # Two may lose their names at once: which is free is known when the turn of each has come.
    fact.nick = free_guest_name(world, fact.prefix)
    return None


def apply_nick(world: World, fact: NickChanged) -> Audience:
    """A user is called otherwise."""
    user = world.users[fact.actor]
    world.rename_user(user, fact.nick, fold(fact.nick))
    return Audience(uids=world.peers(user) | {user.uid})  # he too, whoever has changed it


def _tokens(settings: Settings) -> dict[str, str]:
    return {
        "CASEMAPPING": CASEMAPPING,
        "CHANTYPES": "#",
        "LINELEN": "512",
        "NETWORK": settings.network,
        "NICKLEN": str(settings.nick_length),
        "USERLEN": str(settings.user_length),
        "NAMELEN": str(settings.real_name_length),
        "UTF8ONLY": "",
    }


feature = Feature(
    "registration",
    commands=[
        Command(
            "PASS",
            password,
            least=1,
            early=True,
            help=Help(
                "<password>",
                "Gives the password of the server, before you are let in. Where the server has none, "
                "PASS <account>:<password> logs in.",
                "Называет пароль сервера, до того как вас впустят. Если у сервера пароля нет, "
                "PASS <учётная запись>:<пароль> выполняет вход.",
                Family.CONNECTION,
            ),
        ),
        Command(
            "NICK",
            nick,
            early=True,
            help=Help(
                "<nick>",
                "Says how you are called from now on. At most {s.nick_length} bytes; nobody else may have the "
                "name, or one that looks like it.",
                "Говорит, как вас теперь зовут. Не больше {s.nick_length} байт; ни этого имени, ни похожего "
                "на вид не должно быть у других.",
                Family.SELF,
            ),
        ),
        Command(
            "USER",
            user,
            least=4,
            early=True,
            help=Help(
                "<user name> 0 * <real name>",
                "Says who you are, before you are let in. SETNAME changes the real name later.",
                "Говорит, кто вы, до того как вас впустят. Настоящее имя потом меняет SETNAME.",
                Family.CONNECTION,
            ),
        ),
        Command(
            "PING",
            ping,
            early=True,
            help=Help(
                "<token>",
                "Asks the server for a sign of life; it answers with the same token.",
                "Проверяет, отвечает ли сервер; он вернёт то же слово.",
                Family.CONNECTION,
            ),
        ),
        Command(
            "PONG",
            pong,
            early=True,
            cost=0,
            help=Help(
                "[<token>]",
                "Answers the server's PING.",
                "Отвечает на PING сервера.",
                Family.CONNECTION,
            ),
        ),
        Command(
            "QUIT",
            quit_,
            early=True,
            cost=0,
            help=Help(
                "[<reason>]",
                "Leaves the server. Those who share a room with you read the reason.",
                "Покидает сервер. Причину прочтут те, кто в одной комнате с вами.",
                Family.SELF,
            ),
        ),
    ],
    facts={
        UserArrived: FactRow(
            guard=guard_arrival,
            apply=apply_arrival,
            render=lambda fact, view, tags: "",
            own_copy=OwnCopy.NEVER,
        ),
        UserLeft: FactRow(
            guard=guard_departure,
            apply=apply_departure,
            render=lambda fact, view, tags: fit(tags, f":{fact.source} QUIT :{fact.reason}"),
            own_copy=OwnCopy.NEVER,
        ),
        Restored: FactRow(apply=apply_restoration, render=lambda fact, view, tags: ""),
        DeviceCame: FactRow(guard=guard_device, apply=apply_device, render=lambda fact, view, tags: ""),
        DeviceLeft: FactRow(apply=lambda world, fact: SILENCE, render=lambda fact, view, tags: ""),
        NickChanged: FactRow(
            guard=guard_nick,
            apply=apply_nick,
            render=lambda fact, view, tags: f"{tags}:{fact.source} NICK {fact.nick}",
        ),
    },
    tokens=_tokens,
    progress=complete,
)
