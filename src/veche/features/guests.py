"""GUEST: somebody without an account proves by another node that he is who he was.

An extension of our own, `veche/guest`: docs/ext/guest.md. Where several servers are one, a guest whose client has asked
for it is told a token with his welcome. Whoever says that token before he registers is the same guest, with nick, rooms
and away, if that one is still here: he is kept for a while when his node is lost or sends him away.

The rules:
* A token is what the world knows a guest by, and a seal of it that all nodes can make and nobody else can (160 bits).
  So nothing is kept, no node has to be asked, and a token is good for as long as the guest is here as one.
* It proves a guest and never an account: who has logged in meanwhile is entered by what proves the account.
* Whose client has no token is another guest when he comes back, as ever, and his nick is free at once: a nick that was
  kept for somebody who cannot prove that he is it would be kept from himself.
"""

from __future__ import annotations

from hmac import compare_digest

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.help import Family, Help
from veche.core.registry import Command, Feature
from veche.core.session import Session
from veche.core.settings import Settings
from veche.core.shared import SharedLog
from veche.state.events import LoggedOut
from veche.wire import numerics
from veche.wire.caps import GUEST

CAPABILITY = "veche/guest"


def guest(ask: Ask) -> None:
    """GUEST <token>, before registration."""
    session, log = ask.session, ask.engine.log
    if session.registration is None:
        ask.reply(numerics.ERR_ALREADYREGISTERED, "You may not reregister")
        return
    identity, _, seal = ask.params[0].partition(".")
    if not isinstance(log, SharedLog) or not compare_digest(log.seal(identity).encode(), seal.encode()):
        ask.fail("INVALID_CODE", text="This is no token of a guest of this server")
        return
    user = ask.world.present.get(identity)
    if user is None or user.account:
        ask.fail("GONE", text="That guest is not here any more; you are a new one")
        return
    session.guest = identity


def greet(ask: Ask) -> None:
    """Behind the welcome: how to prove later that one is the same guest."""
    session, log = ask.session, ask.engine.log
    user = ask.user
    if session.caps & GUEST and not user.account and isinstance(log, SharedLog):
        ask.send(f":{ask.settings.server} GUEST {user.identity}.{log.seal(user.identity)}")


def _renew(ask: Ask, _fact: LoggedOut) -> None:
    """Whoever logs out is another guest than he was."""
    if ask.session.user is not None:
        greet(ask)


def _begin(engine: Engine) -> None:
    engine.settings.has_nodes = engine.log.is_shared


def _offered(_session: Session, settings: Settings) -> str | None:
    """Nothing where there is but one server: whoever loses his connection to it is gone at once."""
    return "" if settings.has_nodes else None


feature = Feature(
    "guests",
    commands=[
        Command(
            "GUEST",
            guest,
            least=1,
            early=True,
            help=Help(
                "<token>",
                "Before you are let in: proves by the token that the server told you that you are the guest whom you "
                "were by another node, with nick, rooms and away. Programs say it by themselves.",
                "До того как вас впустят: доказывает полученным от сервера токеном, что вы тот же гость, что и на "
                "другом узле, с тем же ником, комнатами и отлучкой. Программы говорят это сами.",
                Family.CONNECTION,
            ),
        )
    ],
    caps={CAPABILITY: _offered},
    greeting=greet,
    reactions={LoggedOut: _renew},
    begins=_begin,
)
