"""PASS <account>:<password>: logging in for clients that know no SASL, where the server has no password of its own.

The rule: the proof is looked at when everything else of the registration has been said, by what looks at all others;
until then nobody is let in, and who is wrong is not let in at all.
"""

from __future__ import annotations

from functools import partial

from veche.core.ask import Ask
from veche.core.logins import Denied, by_password, split_device
from veche.features.accounts.entry import enter
from veche.state.accounts import Account
from veche.wire import numerics


class _Moment:
    """When it is known whose the account is: in the middle of a registration's progress, or later."""

    __slots__ = ("is_later",)

    def __init__(self) -> None:
        self.is_later = False


def progress(ask: Ask) -> None:
    """Whoever is to be let in proves nothing by AUTHENTICATE any more; what he has said in PASS is looked at now.

    "If the client completes registration [...] while the SASL authentication is still in progress, the server SHOULD
    abort it and send a 906 numeric, then register the client without authentication."
    """
    session = ask.session
    registration = session.registration
    if session.exchange is not None and registration is not None and registration.is_complete:
        session.exchange = None
        ask.reply(numerics.ERR_SASLABORTED, "SASL authentication aborted")
    look_at_pass(ask)


def look_at_pass(ask: Ask) -> None:
    """Hold the registration of whoever has named an account in PASS until it is known whether it is his."""
    session = ask.session
    registration = session.registration
    if registration is None or not registration.is_complete or session.account or ask.settings.password:
        return
    user, colon, password = registration.password.partition(":")
    if not colon:
        return
    registration.password = ""  # it is looked at once
    registration.negotiating = True
    # It belongs to the connection, not to the command that happened to come last: no label.
    login = Ask(ask.engine, session, ask.message, "")
    name, device = split_device(user)
    moment = _Moment()
    by_password(login, name, password, partial(_conclude, login, device, moment))
    moment.is_later = True


def _conclude(ask: Ask, device: str, moment: _Moment, answer: Account | Denied) -> None:
    session = ask.session
    registration = session.registration
    if registration is None:
        raise AssertionError("nobody is let in while his password is looked at")
    if isinstance(answer, Denied):
        # Modern IRC, 464: "Returned to indicate that the connection could not be registered as the password was either
        # incorrect or not supplied."
        reason = answer.text(ask)
        ask.reply(numerics.ERR_PASSWDMISMATCH, reason)
        ask.engine.end(session, reason)
        return
    registration.negotiating = False
    enter(ask, answer, device, partial(_go_on, moment))


def _go_on(moment: _Moment, ask: Ask) -> None:
    if not moment.is_later:
        return  # what comes behind this is done by whoever has asked us
    for progress in ask.engine.registry.progress:
        if not ask.session.ended:
            progress(ask)
