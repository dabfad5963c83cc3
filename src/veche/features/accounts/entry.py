"""Entering an account that has been proved to be one's own: before registration, as a guest, or from another one.

The rule: an account has one user, whatever number of devices he has. Who proves that it is his while that user is here
speaks for that user from then on.
"""

from __future__ import annotations

from collections.abc import Callable

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.logins import KNOWN_HOSTS, Proof
from veche.core.scopes import FULL
from veche.features.accounts.facts import AccountUsed
from veche.features.registration import come_back
from veche.state.accounts import Account
from veche.state.events import DeviceCame, LoggedIn
from veche.state.user import LOGGED_IN, User
from veche.wire import numerics

Then = Callable[[Ask], None]


def enter(ask: Ask, account: Account, device: str, then: Then | None = None) -> None:
    """The session is one of the owner's from now on; it is told so (900), and then `then` is called.

    `device` is what he calls it; who has come with a token calls it what the token is for.
    """
    session = ask.session
    if session.proof is not None and session.proof.token:
        device = session.proof.token
    session.since = _last_here(ask, account, device)
    if session.registration is not None:
        session.account = account.uid
        session.device = device
        _entered(ask, account, then)
        return
    user = ask.user
    present = ask.world.present.get(account.uid)
    if session.scope != FULL and user.identity != account.uid:
        # It would take along whom it may only read for: into whose rooms, and with what ranks.
        ask.reply(
            numerics.ERR_SASLALREADY, "This device may only read, and log in to the account that it is of"
        )
    elif present is user and user.account:
        session.device = device or session.device
        _entered(ask, account, then)
    elif present not in (None, user):
        _move(ask, user, account, device, then)
    elif user.account and _has_other_devices(ask.engine, user):
        # The user whom it would take along is on other devices too.
        ask.reply(numerics.ERR_SASLALREADY, "You are logged in to another account, log out first")
    else:

        def logged_in(ask: Ask, _fact: LoggedIn) -> None:
            session.account = account.uid
            session.device = device
            _entered(ask, account, then)

        stays = account.stays(ask.settings.always_on)
        ask.commit(LoggedIn(user.uid, user.source, account.uid, account.name, stays=stays), logged_in)


def _has_other_devices(engine: Engine, user: User) -> bool:
    return len(engine.fanout.sessions[user.uid]) > 1 or engine.log.is_elsewhere(user.uid)


def _last_here(ask: Ask, account: Account, device: str) -> int:
    """Since when this device has missed what was said (ms); 0 for nothing, or for a device that is not known.

    One without a name has missed what no other has seen.
    """
    if device:
        return account.devices.get(device, 0)
    present = ask.world.present.get(account.uid)
    if present is not None and present.account:
        return present.absent
    return account.seen


def _entered(ask: Ask, account: Account, then: Then | None) -> None:
    session = ask.session
    proof, session.proof = session.proof or Proof(), None
    session.token, session.scope = proof.token, proof.scope
    if not proof.token:
        session.proved = ask.engine.clock.monotonic()
    # "900 <nick> <nick>!<user>@<host> <account> :You are now logged in as <user>"
    user = session.user
    registration = session.registration
    if user is not None:
        source = user.source
    else:
        name = registration.username if registration is not None else ""
        source = f"{session.nick}!{name or '*'}@{session.host}"
    ask.reply(numerics.RPL_LOGGEDIN, source, account.name, f"You are now logged in as {account.name}")
    if user is not None:
        ask.send(f":{user.source} MODE {user.nick} +{LOGGED_IN}")
    if then is not None:
        then(ask)
    ask.commit(_use(ask, account, proof))


def _use(ask: Ask, account: Account, proof: Proof) -> AccountUsed:
    session = ask.session
    actor = session.user.uid if session.user is not None else ""
    used = AccountUsed(actor, account, session.device, session.host, KNOWN_HOSTS)
    used.step, used.recovery = proof.step, proof.recovery
    return used


def note_use(ask: Ask, account: Account) -> None:
    """Who is logged in already has proved once more that he is the owner."""
    proof, ask.session.proof = ask.session.proof or Proof(), None
    ask.session.proved = ask.engine.clock.monotonic()
    ask.commit(_use(ask, account, proof))


def _move(ask: Ask, user: User, account: Account, device: str, then: Then | None) -> None:
    """The session leaves the user that it speaks for, and speaks for the account's owner.

    Its client is told so in words that each one knows: it parts from the rooms, has another nick, and joins the rooms
    in which the owner is.
    """
    session = ask.session
    rooms = [ask.world.rooms[key].name for key in user.rooms]
    before = user.source
    session.quitting = f"Logged in as {account.name}"

    def left(ask: Ask) -> None:
        session.quitting = ""
        session.account = account.uid
        session.device = device
        for room in rooms:
            ask.send(f":{before} PART {room} :Logged in as {account.name}")
        _appear(ask, user, account, device, then)

    ask.engine.leave(ask, left)


def _appear(ask: Ask, before: User, account: Account, device: str, then: Then | None) -> None:
    """The session, which speaks for nobody, is the owner's."""
    present = ask.world.present.get(account.uid)
    if present is None or ask.engine.log.is_leaving(present.uid):
        # He has gone in the moment between, or is about to: killed or suspended. That is rare, and connecting again is
        # what puts it right, or says why not.
        ask.engine.end(ask.session, "Your other devices have just gone, please connect again")
        return
    ask.engine.attach(ask.session, present)
    if present.nick != before.nick:
        ask.send(f":{before.source} NICK {present.nick}")
    _entered(ask, account, then)
    ask.commit(DeviceCame(present.uid, device), come_back)
