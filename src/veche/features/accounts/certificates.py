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
from veche.features.accounts.fingerprints import LONGEST_NAME, Fingerprints
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
_FINGERPRINT = re.compile("[0-9a-f]{64}")


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


def plain(text: str) -> str:
    """A fingerprint as programs show it (with colons, in capitals) as accounts have it."""
    return text.replace(":", "").lower()


def _shown(ask: Ask) -> tuple[str, ...]:
    return (ask.session.certificate,)


_CERTIFICATES = Fingerprints(
    "cert", lambda account: account.certificates, _shown, plain, _add, CertificateRemoved
)
VERBS = [Verb("CERT", _CERTIFICATES.hear, least=1, most=2, needs_account=True)]
