"""What is told of an account: everything to its owner, to others nothing that says where he is or how to reach him."""

from __future__ import annotations

from collections.abc import Iterable

from veche.core.ask import Ask
from veche.core.operators import is_operator
from veche.core.replies import pack, plain_time
from veche.core.services import Service, Verb
from veche.features.accounts.sessions import sessions_of
from veche.state.accounts import EMAIL, Account
from veche.wire.lines import cut

PHRASES = {
    "info": ("INFO [<account>]", "INFO [<учётная запись>]"),
    "info-help": (
        "tells what is kept of your account, or what others may know of one",
        "показывает, что хранится о вашей учётной записи, или что о чужой могут знать все",
    ),
    "info-since": ("{account}: since {created}.", "{account}: с {created}."),
    "info-here": ("Is here now.", "Сейчас здесь."),
    "info-seen": ("Last here {seen}.", "Последний раз {seen}."),
    "info-suspended": ("Suspended: {reason}", "Заблокирована: {reason}"),
    "info-email": ("E-mail: {email}", "Почта: {email}"),
    "info-email-waits": (
        "E-mail: {email} (until {until} a code is waited for)",
        "Почта: {email} (до {until} ждём код)",
    ),
    "info-factor": (
        "Second factor: on, recovery codes left: {count}.",
        "Второй фактор: включён, запасных кодов: {count}.",
    ),
    "info-no-factor": ("Second factor: off.", "Второй фактор: выключен."),
    "info-devices": ("Devices: {names}.", "Устройства: {names}."),
    "info-tokens": ("Devices with a token: {names}.", "Устройства с токеном: {names}."),
    "info-ssh-keys": ("Keys for ssh: {count}.", "Ключей ssh: {count}."),
    "info-certificates": ("Certificates: {count}.", "Сертификатов: {count}."),
    "info-hosts": (
        "Places from where you have logged in: {names}.",
        "Откуда вы входили: {names}.",
    ),
    "info-choices": ("Choices: {choices}.", "Настройки: {choices}."),
}
# Bytes of names in one line.
ROOM = 300


def _info(service: Service, ask: Ask, params: list[str]) -> None:
    own = ask.world.accounts.by_uid.get(ask.session.account)
    account = ask.world.accounts.named(params[0]) if params else own
    if account is None:
        if params:
            service.say(ask, "no-account", account=cut(params[0], ask.settings.nick_length))
        else:
            service.say(ask, "account")
        return
    _tell_all(service, ask, account)
    if account is own:
        _tell_owner(service, ask, account)


def _tell_all(service: Service, ask: Ask, account: Account) -> None:
    service.say(ask, "info-since", account=account.name, created=plain_time(account.created))
    present = ask.world.present.get(account.uid)
    is_elsewhere = present is not None and ask.engine.log.is_elsewhere(present.uid)
    if is_elsewhere or any(session.user is not None for session in sessions_of(ask.engine, account.uid)):
        service.say(ask, "info-here")
    elif account.seen:
        service.say(ask, "info-seen", seen=plain_time(account.seen))
    if account.suspended and is_operator(ask.user):
        service.say(ask, "info-suspended", reason=account.suspended)


def _tell_owner(service: Service, ask: Ask, account: Account) -> None:
    if account.email:
        service.say(ask, "info-email", email=account.email)
    pending = account.code(EMAIL)
    if pending is not None and ask.engine.clock.now() * 1000 < pending.until:
        service.say(ask, "info-email-waits", email=pending.email, until=plain_time(pending.until))
    factor = account.factor
    if factor.secret:
        service.say(ask, "info-factor", count=len(factor.recovery))
    else:
        service.say(ask, "info-no-factor")
    _tell_words(service, ask, "info-devices", account.devices)
    _tell_words(service, ask, "info-tokens", account.tokens)
    if account.certificates:
        service.say(ask, "info-certificates", count=len(account.certificates))
    if account.ssh_keys:
        service.say(ask, "info-ssh-keys", count=len(account.ssh_keys))
    _tell_words(service, ask, "info-hosts", account.hosts)
    if account.choices:
        chosen = ", ".join(f"{what.upper()} {value}" for what, value in sorted(account.choices.items()))
        service.say(ask, "info-choices", choices=chosen)


def _tell_words(service: Service, ask: Ask, key: str, words: Iterable[str]) -> None:
    """Names, in as many lines as they need."""
    for text in pack(words, ", ", ROOM):
        service.say(ask, key, names=text)


VERBS = [Verb("INFO", _info, most=1)]
