"""PERSISTENCE: whether one stays without a device, asked and set by clients instead of people.

Source: the open proposal `draft/persistence`, as Ergo speaks it:

    PERSISTENCE GET
    PERSISTENCE SET {ON|OFF|DEFAULT}
    :server PERSISTENCE STATUS <what one has chosen: ON, OFF, DEFAULT> <what is so: ON, OFF>

A face of the same choice as NickServ's SET ALWAYS-ON.
"""

from __future__ import annotations

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.registry import Command, Feature
from veche.core.session import Session
from veche.features.accounts.choices import DEFAULT, choose
from veche.state.accounts import ALWAYS_ON, Account
from veche.state.events import DeviceCame, LoggedIn, UserArrived
from veche.wire.caps import PERSISTENCE

_SETTINGS = ("on", "off", DEFAULT)


def persistence(ask: Ask) -> None:
    """PERSISTENCE GET, PERSISTENCE SET <setting>."""
    account = ask.world.accounts.by_uid.get(ask.session.account)
    verb = ask.params[0].upper()
    setting = ask.params[1].lower() if len(ask.params) > 1 else ""
    if account is None:
        ask.fail("ACCOUNT_REQUIRED", text="You're not logged into an account")
    elif verb == "GET":
        _tell(ask, ask.session, account)
    elif verb == "SET" and setting in _SETTINGS:
        choose(ask, account, ALWAYS_ON, setting, lambda ask: _tell_all(ask, account))
    else:
        ask.fail("INVALID_PARAMS", text="Invalid parameters")


def _tell(ask: Ask, session: Session, account: Account) -> None:
    chosen = account.choices.get(ALWAYS_ON, DEFAULT).upper()
    effective = "ON" if account.stays(ask.settings.always_on) else "OFF"
    line = f":{ask.settings.server} PERSISTENCE STATUS {chosen} {effective}"
    if session is ask.session:
        ask.send(line)
    else:
        ask.engine.outboxes.send(session, line)


def _tell_all(ask: Ask, account: Account) -> None:
    """Every device of the owner's that wants to know."""
    user = ask.session.user
    sessions = ask.engine.fanout.sessions.get(user.uid, ()) if user is not None else ()
    for session in sessions:
        if session is ask.session or session.caps & PERSISTENCE:
            _tell(ask, session, account)


def tell_newcomer(ask: Ask, _fact: UserArrived | DeviceCame | LoggedIn) -> None:
    """Whoever wants to know is told when he is in."""
    account = ask.world.accounts.by_uid.get(ask.session.account)
    if account is not None and ask.session.caps & PERSISTENCE:
        _tell(ask, ask.session, account)


feature = Feature(
    "persistence",
    commands=[
        Command(
            "PERSISTENCE",
            persistence,
            least=1,
            help=Help(
                "GET\nSET ON\nSET OFF\nSET DEFAULT",
                "Shows whether you stay in your rooms while none of your devices is here, or chooses it, as NickServ's "
                "SET ALWAYS-ON does; DEFAULT leaves it to this server. It takes an account.",
                "Показывает, остаётесь ли вы в комнатах, когда ни одного вашего устройства здесь нет, или меняет это, "
                "как SET ALWAYS-ON у NickServ; DEFAULT: как принято на сервере. Нужна учётная запись.",
                Family.ACCOUNTS,
            ),
        )
    ],
    caps={"draft/persistence": ""},
    reactions={UserArrived: tell_newcomer, DeviceCame: tell_newcomer, LoggedIn: tell_newcomer},
)
