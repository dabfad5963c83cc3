"""Devices and sessions of an account: seen, named, ended, forgotten; and logging out.

The rule: an account has one user with any number of sessions. A session that logs out ceases to speak for that user: if
it is the only one, its user becomes a guest, who keeps what is a guest's and gives back the name; if there are others,
or the user stays without any, it is ended.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from veche.core.ask import Ask
from veche.core.durations import format_duration
from veche.core.engine import Engine
from veche.core.logins import device_name
from veche.core.registry import FactRow, OwnCopy
from veche.core.replies import iso_time, plain_time
from veche.core.scopes import FULL
from veche.core.services import Service, Verb
from veche.core.session import Session
from veche.features.accounts.facts import MOST_DEVICES, AccountFact, DeviceSeen
from veche.state.accounts import Account
from veche.state.events import SILENCE, Fact, LoggedOut
from veche.state.user import LOGGED_IN
from veche.wire import numerics

PHRASES = {
    "sessions": ("SESSIONS", "SESSIONS"),
    "sessions-help": (
        "shows your devices that are connected, and those that are not",
        "показывает ваши устройства: подключённые и прочие",
    ),
    "session-row": (
        "  {device}: by {door}{tls}, from {host}, since {since}, idle for {idle}{token}{this}",
        "  {device}: {door}{tls}, откуда {host}, с {since}, бездействует {idle}{token}{this}",
    ),
    "session-unnamed": ("(without a name)", "(без названия)"),
    "session-tls": (" with TLS", " с TLS"),
    "session-token": (", by a token ({scope})", ", по токену ({scope})"),
    "session-this": (" - this one", " - это соединение"),
    "device-row": ("  {device}: not connected, last here {seen}", "  {device}: не подключено, было {seen}"),
    "sessions-elsewhere": (
        "  And by other nodes of this server, which know more of them: {count}.",
        "  И через другие узлы этого сервера, где о них знают больше: {count}.",
    ),
    "logout": ("LOGOUT [<device>|ALL]", "LOGOUT [<устройство>|ALL]"),
    "logout-help": (
        "logs this device out, another one, or all others",
        "завершает вход этого устройства, другого или всех остальных",
    ),
    "logged-out": (
        "You are logged out. You are a guest now.",
        "Вы вышли из учётной записи. Теперь вы гость.",
    ),
    "ended": ("Sessions that were ended: {count}.", "Завершено соединений: {count}."),
    "device-ended": ("Every session of {device} is ended.", "Все соединения устройства {device} завершены."),
    "device": ("DEVICE <name>", "DEVICE <название>"),
    "device-help": ("gives this device a name", "даёт этому устройству название"),
    "device-named": ("This device is called {device} now.", "Это устройство теперь называется {device}."),
    "device-many": (
        "You have very many devices: FORGET one of them first.",
        "У вас очень много устройств: сначала забудьте одно (FORGET).",
    ),
    "forget": ("FORGET <device>", "FORGET <устройство>"),
    "forget-help": (
        "forgets a device: what it has not seen is not kept apart any more",
        "забывает устройство: что оно пропустило, больше не отмечается",
    ),
    "forgotten": ("{device} is forgotten.", "Устройство {device} забыто."),
    "device-unknown": ("You have no device called {device}.", "У вас нет устройства {device}."),
}
# What the others read of a session that its owner has ended, and what it reads itself.
ENDED = "Logged out from another device"


class DeviceForgotten(AccountFact):
    """The owner does not use a device any more."""

    __slots__ = ("device",)

    def __init__(self, actor: str, account: Account, device: str) -> None:
        super().__init__(actor, account)
        self.device = device

    def alter(self, account: Account) -> None:
        """Nothing is known of it."""
        account.devices.pop(self.device, None)


class SessionsEnded(Fact):
    """The sessions of an account are to end on every node, but for the one that says so: those that were opened with
    the token of `token`, or of the device `device`, or all. `words` is what they read."""

    __slots__ = ("account", "device", "token", "words")
    changes = False

    def __init__(self, actor: str, account: str, words: str, *, device: str = "", token: str = "") -> None:
        super().__init__(actor)
        self.account = account
        self.words = words
        self.device = device
        self.token = token

    def is_meant(self, session: Session) -> bool:
        """Whether this is one of them, of those of the account."""
        return (not self.device or session.device == self.device) and (
            not self.token or session.token == self.token
        )


FACTS = (DeviceForgotten,)
ENDING = FactRow(
    apply=lambda world, fact: SILENCE, render=lambda fact, view, tags: "", own_copy=OwnCopy.NEVER
)


def sessions_of(engine: Engine, uid: str) -> list[Session]:
    """The sessions that are logged in to an account, registered or not, in the order of coming."""
    return [session for session in engine.sessions if session.account == uid and not session.ended]


def count_sessions(engine: Engine, uid: str) -> int:
    """How many sessions are logged in to an account; of those on other nodes the registered ones."""
    user = engine.world.present.get(uid)
    return len(sessions_of(engine, uid)) + (engine.log.sessions_elsewhere(user.uid) if user else 0)


def end_sessions(ask: Ask, fact: SessionsEnded, then: Callable[[Ask, int], None] | None = None) -> None:
    """End sessions of an account wherever they are, but for the asker's own. `then` hears how many it were here."""

    def ended(ask: Ask, fact: SessionsEnded) -> None:
        count = _end(ask.engine, fact, ask.session)
        if then is not None:
            then(ask, count)

    ask.commit(fact, ended)


def note_ending(engine: Engine, fact: SessionsEnded) -> None:
    """Somebody has said so on another node. Where he says it, his own session is to go on: `end_sessions` does it."""
    if engine.log.is_following:
        _end(engine, fact, None)


def _end(engine: Engine, fact: SessionsEnded, but: Session | None) -> int:
    meant = [one for one in sessions_of(engine, fact.account) if one is not but and fact.is_meant(one)]
    for session in meant:
        engine.end(session, fact.words)
    return len(meant)


def note_logout(engine: Engine, fact: LoggedOut) -> None:
    """No session of a guest is logged in."""
    for session in engine.fanout.sessions.get(fact.actor, ()):
        forget_login(session)


def forget_login(session: Session) -> None:
    """The session is nobody's any more who has an account."""
    session.account = session.device = session.token = ""
    session.scope = FULL
    session.proved = -1e9


def log_out(ask: Ask, done: Callable[[Ask], None]) -> None:
    """End this session's login. `done` hears that its user is a guest; it does not when the session is ended."""
    session = ask.session
    user = ask.user
    engine = ask.engine
    has_others = len(engine.fanout.sessions[user.uid]) > 1 or engine.log.is_elsewhere(user.uid)
    if has_others or user.stays:
        ask.finish()
        engine.end(session, "Logged out; connect again to be a guest")
        return
    fact = LoggedOut(user.uid, user.source, engine.chance.uid())
    ask.commit(fact, partial(_logged_out, done))


def _logged_out(done: Callable[[Ask], None], ask: Ask, _fact: LoggedOut) -> None:
    tell_logged_out(ask)
    done(ask)


def tell_logged_out(ask: Ask) -> None:
    """Tell the session that it is logged out: "901 <nick> <nick>!<user>@<host> :You are now logged out"."""
    user = ask.user
    ask.reply(numerics.RPL_LOGGEDOUT, user.source, "You are now logged out")
    ask.send(f":{user.source} MODE {user.nick} -{LOGGED_IN}")


# ---- what NickServ understands


def _sessions(service: Service, ask: Ask, _params: list[str]) -> None:
    account = ask.world.accounts.by_uid[ask.session.account]
    phrases = service.phrases(ask)
    engine = ask.engine
    now, wall = engine.clock.monotonic(), engine.clock.now()
    here = sessions_of(engine, account.uid)
    for session in here:
        since, idle = int((wall - (now - session.opened)) * 1000), int(now - session.spoke)
        text = phrases(
            "session-row",
            device=session.device or phrases("session-unnamed"),
            door=session.door,
            tls=phrases("session-tls") if session.secure else "",
            host=session.host,
            since=plain_time(since),
            idle=format_duration(idle),
            token=phrases("session-token", scope=session.scope) if session.token else "",
            this=phrases("session-this") if session is ask.session else "",
        )
        service.say_row(
            ask,
            text,
            "session",
            device=session.device,
            door=session.door,
            tls="1" if session.secure else "",
            host=session.host,
            since=iso_time(since),
            idle=str(idle),
            scope=session.scope if session.token else "",
            this="1" if session is ask.session else "",
        )
    connected = {session.device for session in here}
    for device, seen in account.devices.items():
        if device not in connected:
            text = phrases("device-row", device=device, seen=plain_time(seen))
            service.say_row(ask, text, "device", device=device, seen=iso_time(seen))
    if count := engine.log.sessions_elsewhere(ask.user.uid):
        service.say(ask, "sessions-elsewhere", count=count)


def _logout(service: Service, ask: Ask, params: list[str]) -> None:
    account = ask.world.accounts.by_uid[ask.session.account]
    if not params:
        log_out(ask, lambda ask: service.say(ask, "logged-out"))
        return
    uid = ask.user.uid
    if params[0].upper() == "ALL":
        fact = SessionsEnded(uid, account.uid, ENDED)
        elsewhere = ask.engine.log.sessions_elsewhere(uid)
        end_sessions(ask, fact, lambda ask, here: service.say(ask, "ended", count=here + elsewhere))
        return
    fact = SessionsEnded(uid, account.uid, ENDED, device=params[0])
    if params[0] == ask.session.device:
        end_sessions(ask, fact)
        log_out(ask, lambda ask: service.say(ask, "logged-out"))
    else:
        end_sessions(ask, fact, partial(_say_ended, service, account, params[0]))


def _say_ended(service: Service, account: Account, device: str, ask: Ask, count: int) -> None:
    is_known = count or device in account.devices
    # Which devices somebody has on other nodes is known there.
    key = "device-ended" if ask.engine.log.sessions_elsewhere(ask.user.uid) else "ended"
    service.say(ask, key if is_known else "device-unknown", count=count, device=device_name(device))


def _device(service: Service, ask: Ask, params: list[str]) -> None:
    account = ask.world.accounts.by_uid[ask.session.account]
    device = device_name(params[0])
    if device not in account.devices and len(account.devices) >= MOST_DEVICES:
        service.say(ask, "device-many")
        return

    def named(ask: Ask, _fact: DeviceSeen) -> None:
        ask.session.device = device
        service.say(ask, "device-named", device=device)

    ask.commit(DeviceSeen(account, device), named)


def _forget(service: Service, ask: Ask, params: list[str]) -> None:
    account = ask.world.accounts.by_uid[ask.session.account]
    device = device_name(params[0])
    if device not in account.devices:
        service.say(ask, "device-unknown", device=device)
        return
    ask.commit(
        DeviceForgotten(ask.user.uid, account, device),
        lambda ask, _fact: service.say(ask, "forgotten", device=device),
    )


VERBS = [
    Verb("SESSIONS", _sessions, needs_account=True),
    Verb("LOGOUT", _logout, most=1, needs_account=True),
    Verb("DEVICE", _device, least=1, most=1, needs_account=True),
    Verb("FORGET", _forget, least=1, most=1, needs_account=True),
]
