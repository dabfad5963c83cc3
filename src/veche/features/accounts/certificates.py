"""NickServ CERT: the TLS certificates by which an account's owner is known (SASL EXTERNAL).

The rule: a certificate is known by the SHA-256 of it, whoever has issued it, and proves the owner of one account.
"""

from __future__ import annotations

import re
from functools import partial

from veche.core.ask import Ask
from veche.core.logins import is_fresh
from veche.core.services import Service, Verb
from veche.features.accounts.facts import MOST_CERTIFICATES, CertificateAdded, CertificateRemoved
from veche.state.accounts import Account
from veche.wire.lines import cut

PHRASES = {
    "cert": (
        "CERT LIST, CERT ADD [<fingerprint>] [<name>], CERT DEL <fingerprint>",
        "CERT LIST, CERT ADD [<отпечаток>] [<название>], CERT DEL <отпечаток>",
    ),
    "cert-help": (
        "TLS certificates that log you in without a password; ADD alone takes that of this connection",
        "сертификаты TLS, по которым вы входите без пароля; ADD без отпечатка берёт сертификат этого соединения",
    ),
    "cert-title": (
        "Your account is entered with these certificates:",
        "Вход в вашу учётную запись открывают:",
    ),
    "cert-row": ("  {fingerprint} {name}", "  {fingerprint} {name}"),
    "cert-this": ("(this connection)", "(это соединение)"),
    "cert-none": (
        "Your account has no certificate. CERT ADD adds that of this connection.",
        "У вашей учётной записи нет сертификата. CERT ADD добавит сертификат этого соединения.",
    ),
    "cert-without": (
        "You are not connected with a TLS certificate that is valid now. Name one by its SHA-256: 64 hex digits.",
        "Ваше соединение без действующего сертификата TLS. Назовите его SHA-256: 64 шестнадцатеричные цифры.",
    ),
    "cert-added": (
        "{fingerprint} logs you in from now on (SASL EXTERNAL).",
        "{fingerprint} теперь открывает вход (SASL EXTERNAL).",
    ),
    "cert-other": (
        "This certificate belongs to another account.",
        "Этот сертификат принадлежит другой учётной записи.",
    ),
    "cert-many": (
        "An account has at most {limit} certificates: CERT DEL one of them first.",
        "У учётной записи не больше {limit} сертификатов: сначала удалите один (CERT DEL).",
    ),
    "cert-unknown": (
        "Your account has no such certificate, or more than one that begins so.",
        "Такого сертификата у вашей учётной записи нет, или так начинаются несколько.",
    ),
    "cert-removed": ("{fingerprint} logs nobody in any more.", "{fingerprint} больше не открывает вход."),
}
# Of what the owner calls a certificate, in bytes.
LONGEST_NAME = 64
# So much of a fingerprint is enough to tell it from the owner's others.
_LEAST_DIGITS = 8
_FINGERPRINT = re.compile("[0-9a-f]{64}")


def _cert(service: Service, ask: Ask, params: list[str]) -> None:
    act = _ACTS.get(params[0].upper())
    account = ask.world.accounts.by_uid.get(ask.session.account)
    if act is None or account is None:
        service.say(ask, "usage", usage=service.phrases(ask)("cert"))
    else:
        act(service, ask, account, params[1] if len(params) > 1 else "")


def _list(service: Service, ask: Ask, account: Account, _rest: str) -> None:
    if not account.certificates:
        service.say(ask, "cert-none")
        return
    service.say(ask, "cert-title")
    for fingerprint, name in account.certificates.items():
        here = service.phrases(ask)("cert-this") if fingerprint == ask.session.certificate else ""
        words = service.phrases(ask)("cert-row", fingerprint=fingerprint, name=f"{name} {here}".strip())
        service.say_text(ask, words.rstrip())


def _add(service: Service, ask: Ask, account: Account, rest: str) -> None:
    word, _, name = rest.partition(" ")
    fingerprint = plain(word)
    if not _FINGERPRINT.fullmatch(fingerprint):
        fingerprint, name = ask.session.certificate, rest
    name = cut(name.strip(), LONGEST_NAME)
    owner = ask.world.accounts.certified(fingerprint)
    if not is_fresh(ask):
        service.say(ask, "fresh")
    elif not fingerprint:
        service.say(ask, "cert-without")
    elif owner is not None and owner is not account:
        service.say(ask, "cert-other")
    elif owner is None and len(account.certificates) >= MOST_CERTIFICATES:
        service.say(ask, "cert-many", limit=MOST_CERTIFICATES)
    else:
        fact = CertificateAdded(ask.user.uid, account, fingerprint, name)
        ask.commit(fact, partial(_say_added, service))


def _say_added(service: Service, ask: Ask, fact: CertificateAdded) -> None:
    service.say(ask, "cert-added", fingerprint=fact.fingerprint)


def _del(service: Service, ask: Ask, account: Account, rest: str) -> None:
    if ask.session.token:
        service.say(ask, "fresh")
        return
    start = plain(rest)
    found = [print_ for print_ in account.certificates if print_.startswith(start)]
    if len(start) < _LEAST_DIGITS or len(found) != 1:
        service.say(ask, "cert-unknown")
        return
    ask.commit(CertificateRemoved(ask.user.uid, account, found[0]), partial(_say_removed, service))


def _say_removed(service: Service, ask: Ask, fact: CertificateRemoved) -> None:
    service.say(ask, "cert-removed", fingerprint=fact.fingerprint)


def plain(text: str) -> str:
    """A fingerprint as programs show it (with colons, in capitals) as accounts have it."""
    return text.replace(":", "").lower()


_ACTS = {"LIST": _list, "ADD": _add, "DEL": _del}
VERBS = [Verb("CERT", _cert, least=1, most=2, needs_account=True)]
