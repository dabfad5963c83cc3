"""Tokens: passwords that the server makes, one for each device, which can be taken back one by one.

The rule: a token is 160 bits of chance, shown once and kept as its SHA-256. It is accepted wherever a password is said
(SASL PLAIN, PASS, IDENTIFY), names the device, and does not do what is for the password alone: change it, make tokens,
or erase the account.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from veche.core.ask import Ask
from veche.core.logins import TOKEN_PREFIX, device_name, is_fresh, token_hash
from veche.core.replies import Failure, Refusal, iso_time, plain_time
from veche.core.scopes import FULL, SCOPES
from veche.core.services import Service, Verb
from veche.features.accounts.facts import AccountFact
from veche.features.accounts.sessions import SessionsEnded, end_sessions
from veche.state.accounts import Account, Token

Tell = Callable[..., None]
# Tokens of one account: more than anybody has devices.
MOST_TOKENS = 30

PHRASES = {
    "token": (
        "TOKEN ADD <device> [read|full], TOKEN LIST, TOKEN DEL <device>",
        "TOKEN ADD <устройство> [read|full], TOKEN LIST, TOKEN DEL <устройство>",
    ),
    "token-help": (
        "passwords of single devices, which can be taken back; one with read may only read",
        "пароли отдельных устройств, которые можно отозвать; с read устройство может только читать",
    ),
    "token-made": (
        (
            "The token of {device} ({scope}) is {token} - log in with it in the place of your password. It is not "
            "shown again."
        ),
        "Токен устройства {device} ({scope}): {token} - входите с ним вместо пароля. Больше он не будет показан.",
    ),
    "token-scope": (
        "A token is good for one of: {scopes}.",
        "Токен бывает таким: {scopes}.",
    ),
    "token-exists": (
        "{device} has a token already: TOKEN DEL {device} takes it back.",
        "У {device} уже есть токен: TOKEN DEL {device} отзовёт его.",
    ),
    "token-many": ("An account has at most {limit} tokens.", "У учётной записи не больше {limit} токенов."),
    "token-none": ("No device has a token.", "Ни у одного устройства нет токена."),
    "token-title": ("Devices with a token:", "Устройства с токеном:"),
    "token-row": (
        "  {device}: {scope}, made {made}, last used {used}",
        "  {device}: {scope}, создан {made}, последний вход {used}",
    ),
    "never": ("never", "никогда"),
    "token-unknown": ("{device} has no token.", "У {device} нет токена."),
    "token-removed": (
        "The token of {device} lets nobody in any more.",
        "Токен устройства {device} больше никого не впускает.",
    ),
}


class TokenMade(AccountFact):
    """A device has a password of its own; `token` is its hash."""

    __slots__ = ("device", "scope", "token")

    def __init__(self, actor: str, account: Account, device: str, token: str, scope: str) -> None:
        super().__init__(actor, account)
        self.device = device
        self.token = token
        self.scope = scope

    def refusal(self, account: Account) -> Refusal | None:
        """Two may have been asked for at once."""
        if self.device in account.tokens or len(account.tokens) >= MOST_TOKENS:
            return Failure(
                "TEMPORARILY_UNAVAILABLE", text="This device has just got a token, or there are too many"
            )
        return None

    def alter(self, account: Account) -> None:
        """It lets the owner in."""
        account.tokens[self.device] = [self.token, self.scope, self.time]


class TokenRemoved(AccountFact):
    """The token of a device lets nobody in any more."""

    __slots__ = ("device",)

    def __init__(self, actor: str, account: Account, device: str) -> None:
        super().__init__(actor, account)
        self.device = device

    def alter(self, account: Account) -> None:
        """Nothing happens where there was none."""
        account.tokens.pop(self.device, None)


FACTS = (TokenMade, TokenRemoved)


def add(ask: Ask, account: Account, device: str, scope: str, tell: Tell) -> None:
    """Make a token; `tell(key, **values)` hears a key of `PHRASES`, the token itself among its values."""
    if not is_fresh(ask):
        tell("fresh")
    elif scope not in SCOPES:
        tell("token-scope", scopes=", ".join(SCOPES))
    elif device in account.tokens:
        tell("token-exists", device=device)
    elif len(account.tokens) >= MOST_TOKENS:
        tell("token-many", limit=MOST_TOKENS)
    else:
        token = TOKEN_PREFIX + ask.engine.chance.secret().hex()
        ask.commit(
            TokenMade(ask.user.uid, account, device, token_hash(token), scope),
            lambda _ask, _fact: tell("token-made", device=device, scope=scope, token=token),
        )


def listed(account: Account) -> list[tuple[str, Token, int]]:
    """Each device with its token, and when it was here last (ms since 1970, 0 for never)."""
    return [
        (device, token, account.devices.get(device, 0))
        for device in account.tokens
        if (token := account.token(device)) is not None
    ]


def remove(ask: Ask, account: Account, device: str, tell: Tell) -> None:
    """Take a token back, and end what is logged in with it; `tell(key, **values)` hears the outcome."""
    if ask.session.token not in ("", device):
        tell("fresh")  # whoever has found a phone must not keep the others out
        return
    if device not in account.tokens:
        tell("token-unknown", device=device)
        return

    def removed(ask: Ask, _fact: TokenRemoved) -> None:
        tell("token-removed", device=device)
        words = "The token of this device was taken back"
        end_sessions(ask, SessionsEnded(ask.user.uid, account.uid, words, token=device))
        if ask.session.token == device:
            ask.finish()
            ask.engine.end(ask.session, words)

    ask.commit(TokenRemoved(ask.user.uid, account, device), removed)


# ---- what NickServ understands


def _token(service: Service, ask: Ask, params: list[str]) -> None:
    account = ask.world.accounts.by_uid[ask.session.account]
    verb = params[0].upper()
    device = device_name(params[1]) if len(params) > 1 else ""
    if verb == "LIST":
        _list(service, ask, account)
    elif verb == "ADD" and device:
        add(
            ask,
            account,
            device,
            params[2].lower() if len(params) > 2 else FULL,
            partial(_say_added, service, ask),
        )
    elif verb == "DEL" and device:
        remove(ask, account, device, partial(service.say, ask))
    else:
        service.say(ask, "usage", usage=service.phrases(ask)("token"))


def _say_added(service: Service, ask: Ask, key: str, **values: object) -> None:
    text = service.phrases(ask)(key, **values)
    if key == "token-made":
        service.say_row(ask, text, key, **{name: str(value) for name, value in values.items()})
    else:
        service.say_text(ask, text)


def _list(service: Service, ask: Ask, account: Account) -> None:
    rows = listed(account)
    phrases = service.phrases(ask)
    service.say(ask, "token-title" if rows else "token-none")
    for device, token, used in rows:
        is_used = used >= token.made
        text = phrases(
            "token-row",
            device=device,
            scope=token.scope,
            made=plain_time(token.made),
            used=plain_time(used) if is_used else phrases("never"),
        )
        service.say_row(
            ask,
            text,
            "token",
            device=device,
            scope=token.scope,
            made=iso_time(token.made),
            seen=iso_time(used) if is_used else "",
        )


VERBS = [Verb("TOKEN", _token, least=1, most=3, needs_account=True)]
