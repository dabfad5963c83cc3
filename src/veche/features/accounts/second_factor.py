"""A second factor: codes of the time (TOTP) beside the password, and recovery codes for when the phone is lost.

The rule: it is asked for where a password is said, behind the password and a space, by what compares passwords
(core/logins.py); tokens and certificates are no passwords. It is on only when a code of it has come back, and the
secret is shown once.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable
from functools import partial

from veche.core.ask import Ask
from veche.core.logins import (
    WRONG,
    Denied,
    UsedUp,
    admit,
    by_second_factor,
    is_fresh,
    refuse,
    take_back,
    token_hash,
)
from veche.core.services import Service, Verb
from veche.features.accounts.facts import AccountFact
from veche.state.accounts import Account
from veche.wire.totp import accepted_step, address, new_secret

PHRASES = {
    "totp": ("TOTP ON, TOTP CONFIRM <code>, TOTP OFF <code>", "TOTP ON, TOTP CONFIRM <код>, TOTP OFF <код>"),
    "totp-help": (
        "a second factor: logging in by password also needs a code from an application on your phone",
        "второй фактор: для входа по паролю нужен ещё и код из приложения на телефоне",
    ),
    "totp-more": (
        (
            "With it, say your password, a space and the code where a password is asked for.\n"
            "A client that cannot do that takes a token (HELP TOKEN) or a certificate (HELP CERT).\n"
            "In the place of a code a recovery code is good, each of them once."
        ),
        (
            "С ним там, где спрашивают пароль, называйте пароль, пробел и код.\n"
            "Клиенту, который так не умеет, дайте токен (HELP TOKEN) или сертификат (HELP CERT).\n"
            "Вместо кода годится запасной код, каждый один раз."
        ),
    ),
    "totp-secret": (
        "Put this secret into your application: {secret}",
        "Введите этот секрет в приложение: {secret}",
    ),
    "totp-address": ("or open this address with it: {address}", "или откройте в нём этот адрес: {address}"),
    "totp-confirm": (
        "Then say TOTP CONFIRM and the code that it shows. Until then nothing has changed.",
        "Затем скажите TOTP CONFIRM и код, который оно покажет. До тех пор ничего не меняется.",
    ),
    "totp-is-on": (
        "Your second factor is on already. TOTP OFF <code> takes it away.",
        "Второй фактор уже включён. TOTP OFF <код> выключит его.",
    ),
    "totp-is-off": ("You have no second factor.", "Второго фактора у вас нет."),
    "totp-not-begun": ("Say TOTP ON first.", "Сначала скажите TOTP ON."),
    "totp-wrong": (
        "This code is wrong or used. Is the clock of your phone right?",
        "Этот код неверен или уже использован. Верно ли идут часы телефона?",
    ),
    "totp-set": (
        (
            "Your second factor is on. Logging in by password: <password> <code>. Keep these recovery codes where your "
            "phone is not; each is good once, in the place of a code:"
        ),
        (
            "Второй фактор включён. Вход по паролю: <пароль> <код>. Храните эти запасные коды не в телефоне; каждый "
            "годится один раз вместо кода:"
        ),
    ),
    "totp-recovery": ("  {codes}", "  {codes}"),
    "totp-removed": ("Your second factor is off.", "Второй фактор выключен."),
}
RECOVERY_CODES = 8
_IN_A_ROW = 4

Tell = Callable[..., None]


class Offered:
    """Secrets that owners have been shown and have not confirmed yet, by uid; they do not outlive the process."""

    __slots__ = ("secrets",)

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}


class SecondFactorSet(AccountFact):
    """The account has a second factor: `secret` in base32, the time step that was used to confirm it, and the hashes
    of its recovery codes; with "" it has none any more."""

    __slots__ = ("recovery", "secret", "step")

    def __init__(self, actor: str, account: Account, secret: str, step: int, recovery: list[str]) -> None:
        super().__init__(actor, account)
        self.secret = secret
        self.step = step
        self.recovery = recovery

    def alter(self, account: Account) -> None:
        """Asked for from now on, or not."""
        account.second_factor = [self.secret, self.step, self.recovery] if self.secret else []


FACTS = (SecondFactorSet,)


def offer(ask: Ask, account: Account, tell: Tell) -> None:
    """Make a secret and show it; `tell(key, **values)` hears the outcome as keys of `PHRASES`."""
    if not is_fresh(ask):
        tell("fresh")
    elif account.factor.secret:
        tell("totp-is-on")
    else:
        secret = new_secret(ask.engine.chance.secret())
        ask.engine.shelf(Offered).secrets[account.uid] = secret
        tell("totp-secret", secret=secret)
        tell("totp-address", address=address(secret, account.name, ask.settings.network))
        tell("totp-confirm")


def confirm(ask: Ask, account: Account, code: str, tell: Tell) -> None:
    """Switch it on, if this is a code of the secret that was shown; the recovery codes are among what `tell` hears."""
    offered = ask.engine.shelf(Offered).secrets
    secret = offered.get(account.uid)
    if account.factor.secret:
        tell("totp-is-on")
        return
    if secret is None:
        tell("totp-not-begun")
        return
    denied = admit(ask, account.name)
    if denied is not None:
        tell("totp-denied", denied=denied)
        return
    step = accepted_step(secret, code, ask.engine.clock.now(), 0)
    if not step:
        refuse(ask, account.name, lambda _wrong: tell("totp-wrong"))
        return
    take_back(ask, account.name)
    ask.session.failures = 0
    del offered[account.uid]
    ask.engine.shelf(UsedUp).steps[account.uid] = step
    codes = [_recovery_code(ask) for _ in range(RECOVERY_CODES)]

    def kept(_ask: Ask, _fact: SecondFactorSet) -> None:
        tell("totp-set")
        for start in range(0, RECOVERY_CODES, _IN_A_ROW):
            tell("totp-recovery", codes="  ".join(codes[start : start + _IN_A_ROW]))

    fact = SecondFactorSet(ask.user.uid, account, secret, step, [token_hash(code) for code in codes])
    ask.commit(fact, kept)


def _recovery_code(ask: Ask) -> str:
    """50 bits, which is enough where guesses are counted, as people write it down."""
    text = b32encode(ask.engine.chance.secret()).decode().lower()
    return f"{text[:5]}-{text[5:10]}"


def remove(ask: Ask, account: Account, code: str, tell: Tell) -> None:
    """Switch it off, with a code of it or a recovery code."""
    if not account.factor.secret:
        tell("totp-is-off")
        return
    denied = admit(ask, account.name)
    if denied is not None:
        tell("totp-denied", denied=denied)
    elif by_second_factor(ask, account, code) is None:
        refuse(ask, account.name, lambda _wrong: tell("totp-wrong"))
    else:
        take_back(ask, account.name)
        ask.session.failures = 0
        fact = SecondFactorSet(ask.user.uid, account, "", 0, [])
        ask.commit(fact, lambda _ask, _fact: tell("totp-removed"))


# ---- what NickServ understands


def _totp(service: Service, ask: Ask, params: list[str]) -> None:
    account = ask.world.accounts.by_uid[ask.session.account]
    tell = partial(_tell, service, ask)
    verb = params[0].upper()
    if verb == "ON":
        offer(ask, account, tell)
    elif verb == "CONFIRM" and len(params) > 1:
        confirm(ask, account, params[1], tell)
    elif verb == "OFF" and len(params) > 1:
        remove(ask, account, params[1], tell)
    else:
        service.say(ask, "usage", usage=service.phrases(ask)("totp"))


def _tell(service: Service, ask: Ask, key: str, *, denied: Denied = WRONG, **values: object) -> None:
    if key == "totp-denied":
        service.say_text(ask, denied.text(ask))
    else:
        service.say(ask, key, **values)


VERBS = [Verb("TOTP", _totp, least=1, most=2, needs_account=True)]
