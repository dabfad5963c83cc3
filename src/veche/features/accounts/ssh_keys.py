"""NickServ SSHKEY: the keys by which an account's owner is known at the ssh door.

The rule: a key opens the account whose name is given with it (`ssh ann@host`) and no other, so two accounts may have
the same one, and who names somebody else's key keeps that person from nothing. It is kept as its fingerprint, which is
what OpenSSH shows. RFC 4253, 6.6: the format of public keys; RFC 4648, 4: base64.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from functools import partial
from hashlib import sha256

from veche.core.ask import Ask
from veche.core.logins import is_fresh
from veche.core.replies import Failure
from veche.core.services import Service, Verb
from veche.features.accounts.facts import FingerprintAdded, FingerprintRemoved
from veche.features.accounts.fingerprints import LONGEST_NAME, Fingerprints
from veche.state.accounts import Account
from veche.wire.lines import cut

PHRASES = {
    "sshkey": (
        "SSHKEY LIST, SSHKEY ADD [<key or fingerprint>] [<name>], SSHKEY DEL <fingerprint>",
        "SSHKEY LIST, SSHKEY ADD [<ключ или отпечаток>] [<название>], SSHKEY DEL <отпечаток>",
    ),
    "sshkey-help": (
        "keys that let you in by ssh under the name of your account; ADD alone takes the one you came with",
        "ключи, которые впускают вас через ssh под именем учётной записи; один ADD берёт тот, с которым вы вошли",
    ),
    "sshkey-title": (
        "These keys let you in by ssh, as {name}:",
        "Через ssh под именем {name} впускают по ключам:",
    ),
    "sshkey-row": ("  {fingerprint} {name}", "  {fingerprint} {name}"),
    "sshkey-this": ("(this connection)", "(это соединение)"),
    "sshkey-none": (
        "Your account has no key for ssh. SSHKEY ADD <key> takes a line of ~/.ssh/id_ed25519.pub.",
        "У вашей учётной записи нет ключей ssh. SSHKEY ADD <ключ> берёт строку из ~/.ssh/id_ed25519.pub.",
    ),
    "sshkey-without": (
        "You have not shown a key. Give a line of ~/.ssh/id_ed25519.pub, or what ssh-keygen -lf shows: SHA256:...",
        "Вы не показали ключа. Дайте строку из ~/.ssh/id_ed25519.pub или то, что пишет ssh-keygen -lf: SHA256:...",
    ),
    "sshkey-added": (
        "{fingerprint} lets you in by ssh from now on, as {name}.",
        "{fingerprint} теперь впускает вас через ssh под именем {name}.",
    ),
    "sshkey-many": (
        "An account has at most {limit} keys for ssh: SSHKEY DEL one of them first.",
        "У учётной записи не больше {limit} ключей ssh: сначала удалите один (SSHKEY DEL).",
    ),
    "sshkey-unknown": (
        "Your account has no such key, or more than one that begins so.",
        "Такого ключа у вашей учётной записи нет, или так начинаются несколько.",
    ),
    "sshkey-removed": (
        "{fingerprint} lets nobody in by ssh any more.",
        "{fingerprint} больше никого не впускает через ssh.",
    ),
}
# Keys of one account: more than anybody has machines.
MOST_KEYS = 20
_FINGERPRINT = re.compile(r"SHA256:([A-Za-z0-9+/]{43})=?")
_KIND = re.compile(r"(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]{1,60}")


class SshKeyAdded(FingerprintAdded):
    """A key of the owner's."""

    __slots__ = ()

    def alter(self, account: Account) -> None:
        """It lets the owner in."""
        account.ssh_keys[self.fingerprint] = self.name

    def refusal(self, account: Account) -> Failure | None:
        """Several that stand in line may be one too many."""
        if self.fingerprint in account.ssh_keys or len(account.ssh_keys) < MOST_KEYS:
            return None
        return Failure("TEMPORARILY_UNAVAILABLE", text=f"An account has at most {MOST_KEYS} keys for ssh")


class SshKeyRemoved(FingerprintRemoved):
    """A key lets nobody in any more."""

    __slots__ = ()

    def alter(self, account: Account) -> None:
        """It is not in the account's list."""
        account.ssh_keys.pop(self.fingerprint, None)


def fingerprint_of(key: str) -> str:
    """The fingerprint (SHA256:...) of a public key in base64, or of what is one already; "" for anything else."""
    if found := _FINGERPRINT.fullmatch(key):
        return f"SHA256:{found[1]}"
    try:
        blob = b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return ""
    # "string key type" stands in front: its length in four bytes, and the word.
    size = int.from_bytes(blob[:4], "big")
    if not _KIND.fullmatch(blob[4 : 4 + size].decode("ascii", "replace")) or len(blob) <= 4 + size:
        return ""
    return "SHA256:" + b64encode(sha256(blob).digest()).decode().rstrip("=")


def _shown(ask: Ask) -> tuple[str, ...]:
    return ask.session.vouched.ssh_keys if ask.session.vouched is not None else ()


def _add(service: Service, ask: Ask, account: Account, rest: str) -> None:
    word, _, name = rest.partition(" ")
    if _KIND.fullmatch(word):  # a whole line of a .pub file
        word, _, name = name.partition(" ")
    fingerprint = fingerprint_of(word)
    if not fingerprint and not rest:
        fingerprint = next(iter(_shown(ask)), "")
    name = cut(name.strip(), LONGEST_NAME)
    if not is_fresh(ask):
        service.say(ask, "fresh")
    elif not fingerprint:
        service.say(ask, "sshkey-without")
    elif fingerprint not in account.ssh_keys and len(account.ssh_keys) >= MOST_KEYS:
        service.say(ask, "sshkey-many", limit=MOST_KEYS)
    else:
        fact = SshKeyAdded(ask.user.uid, account, fingerprint, name)
        ask.commit(fact, partial(_say_added, service, account.name))


def _say_added(service: Service, name: str, ask: Ask, fact: SshKeyAdded) -> None:
    service.say(ask, "sshkey-added", fingerprint=fact.fingerprint, name=name)


def _plain(text: str) -> str:
    return text.strip().removeprefix("SHA256:")


_KEYS = Fingerprints("sshkey", lambda account: account.ssh_keys, _shown, _plain, _add, SshKeyRemoved)
FACTS = (SshKeyAdded, SshKeyRemoved)
VERBS = [Verb("SSHKEY", _KEYS.hear, least=1, most=2, needs_account=True)]
