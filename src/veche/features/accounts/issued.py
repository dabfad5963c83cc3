"""Accounts of people whom somebody else vouches for: the issuer of a token that the owner of the server trusts.

The rule: the issuer's name for somebody is the name of his account. Where the owner of the server wants it so, such an
account is made when its owner comes for the first time; it has no password then.
"""

from __future__ import annotations

from functools import partial

from veche.core.ask import Ask
from veche.core.logins import Denied, Done, by_issuer
from veche.core.nicks import clash, may_be_nick
from veche.features.accounts.facts import AccountRegistered
from veche.features.accounts.register import ACCOUNTS, is_too_fast, limit
from veche.state.accounts import Account

NOT_MADE = Denied("not-made")


def find_or_make(ask: Ask, name: str, done: Done) -> None:
    """The account of whom the issuer calls so; `done` hears it in this turn or a later one, or why there is none."""
    account = ask.world.accounts.named(name)
    if account is not None:
        done(by_issuer(ask, account))
    elif not _may_make(ask, name):
        done(NOT_MADE)
    else:
        _make(ask, name, done)


def _may_make(ask: Ask, name: str) -> bool:
    settings = ask.settings
    user = ask.session.user
    actor = user.uid if user is not None else ""
    if not settings.oauth_creates or ACCOUNTS in ask.world.refused or not may_be_nick(name, settings):
        return False
    if ask.world.accounts.owner_of(name) is not None or clash(ask.world, name, actor) is not None:
        return False
    return not is_too_fast(ask)


def _make(ask: Ask, name: str, done: Done) -> None:
    user = ask.session.user
    is_guest = user is not None and not user.account
    # What a guest has said so far stays his: the account is known to the record by what he was known by.
    uid = user.identity if user is not None and is_guest else ask.engine.chance.uid()
    account = Account(uid, name, int(ask.engine.clock.now() * 1000))
    actor, source = (user.uid, user.source) if user is not None else ("", "")
    ask.commit(limit(ask, AccountRegistered(actor, source, account)), partial(_made, uid, done))


def _made(uid: str, done: Done, ask: Ask, _fact: AccountRegistered) -> None:
    if not ask.session.ended:
        done(by_issuer(ask, ask.world.accounts.by_uid[uid]))
