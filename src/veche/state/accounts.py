"""Accounts: names that belong to somebody, whether he is here or not, and by what he proves that he is the one.

The rule: an account is known by its `uid`, which never changes and is never given twice; its name may change. Facts
change accounts by `Accounts.put`, so that its name is found by every way of writing it.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from typing import NamedTuple

from veche.state.credentials import PasswordKeys
from veche.wire.confusables import looks
from veche.wire.names import fold

# The role of the one account that the installation belongs to.
OWNER = "owner"
# Choices of an account.
ALWAYS_ON, KEEP_NAME = "always-on", "keep-name"


# What a code that was sent by e-mail is good for: to have the address, or to set another password.
EMAIL, PASSWORD = "email", "password"


class Code(NamedTuple):
    """A code that was sent by e-mail and has not come back: its SHA-256 in hex, until when it is good (ms since 1970),
    and the address that it was sent to."""

    hash: str
    until: int
    email: str


class Token(NamedTuple):
    """A password of one device's own: its SHA-256 in hex, what it is good for (core/scopes.py), and when it was made
    (ms since 1970)."""

    hash: str
    scope: str
    made: int


class SecondFactor(NamedTuple):
    """What the owner proves beside his password: by codes that his phone makes of `secret` (base32, wire/totp.py), or
    by one of the codes whose SHA-256 is in `recovery`. Only time steps above `used` count. "" and nothing: not asked
    for."""

    secret: str = ""
    used: int = 0
    recovery: tuple[str, ...] = ()


class Account:
    """One account, as the record keeps it. Times are ms since 1970, 0 for never.

    `verified` is False while the account itself waits for a code that was sent by e-mail. `email` is an address from
    which a code has come back, "" for none. `codes` are the codes that are waited for, by what they are good for, as
    values of `Code`. `suspended` is the reason for which nobody may log in, "" for none, and `suspended_until` when
    that ends by itself, 0 for never. `tokens`: values of `Token` by the name of the device. `second_factor`: values of
    `SecondFactor`. `certificates` are names by SHA-256 fingerprints of TLS certificates that prove the
    owner, and `ssh_keys` by fingerprints of keys that do so at the ssh door. `hosts` are the cloaked hosts that he
    was logged in from, the newest last. `devices`: when each was here last, by the name that the owner gave it.
    `choices` are what the owner has set, by name, as text.
    """

    __slots__ = (
        "certificates",
        "choices",
        "codes",
        "created",
        "devices",
        "email",
        "hosts",
        "key",
        "keys",
        "name",
        "role",
        "second_factor",
        "seen",
        "ssh_keys",
        "suspended",
        "suspended_until",
        "tokens",
        "uid",
        "verified",
    )

    def __init__(self, uid: str, name: str, created: int) -> None:
        self.uid = uid
        self.name = name
        self.key = fold(name)
        self.created = created
        self.keys = PasswordKeys()
        self.email = ""
        self.verified = True
        self.suspended = ""
        self.suspended_until = 0
        # These hold lists where JSON has made lists of them: they are read by the functions below.
        self.codes: dict[str, list[str | int]] = {}
        self.tokens: dict[str, list[str | int]] = {}
        self.second_factor: list[str | int | list[str]] = []
        self.certificates: dict[str, str] = {}
        self.ssh_keys: dict[str, str] = {}
        self.hosts: list[str] = []
        self.devices: dict[str, int] = {}
        self.seen = 0
        self.role = ""  # OWNER: of the installation
        self.choices: dict[str, str] = {}

    @property
    def identity(self) -> str:
        """What the record knows the owner by, as `User.identity`."""
        return self.uid

    def values(self) -> dict[str, object]:
        """Everything, as values that JSON knows; what is as in a new account is left out."""
        fresh = Account(self.uid, self.name, self.created)
        values: dict[str, object] = {
            name: getattr(self, name)
            for name in self.__slots__
            if name not in ("key", "keys") and getattr(self, name) != getattr(fresh, name)
        }
        values.update(uid=self.uid, name=self.name, created=self.created)
        if keys := self.keys.values():
            values["keys"] = keys
        return values

    @classmethod
    def from_values(cls, values: Mapping[str, object]) -> "Account":
        """The account that `values` was taken of. Raises KeyError when it has no uid, name or time."""
        account = cls(str(values["uid"]), str(values["name"]), int(str(values["created"])))
        for name in cls.__slots__:
            if name in values and name not in ("uid", "name", "created", "keys"):
                # Copied, so that whoever changes the account does not change the fact that these values are of.
                setattr(account, name, copy(values[name]))
        keys = values.get("keys")
        if isinstance(keys, dict):
            account.keys = PasswordKeys.from_values(keys)
        return account

    def copy(self) -> "Account":
        """Another one that is equal, and shares nothing that can be changed."""
        # What stands in its dictionaries is replaced and never changed.
        return Account.from_values(self.values())

    def code(self, purpose: str) -> Code | None:
        """The code that is waited for, whether its time is over or not."""
        values = self.codes.get(purpose)
        return Code(str(values[0]), int(values[1]), str(values[2])) if values else None

    def token(self, device: str) -> Token | None:
        """The token of a device."""
        values = self.tokens.get(device)
        return Token(str(values[0]), str(values[1]), int(values[2])) if values else None

    @property
    def factor(self) -> SecondFactor:
        """The second factor; without a secret there is none."""
        if not self.second_factor:
            return SecondFactor()
        secret, used, recovery = self.second_factor
        hashes = tuple(recovery) if isinstance(recovery, list | tuple) else ()
        return SecondFactor(str(secret), int(str(used)), hashes)

    def keeps_name(self, policy: str) -> bool:
        """Whether nobody else may bear its name. `policy` is the installation's: "strict", "optional" or "off"."""
        if not self.verified:
            return False  # not yet his: who has been quick with somebody else's name keeps it from nobody
        return policy == "strict" or (policy == "optional" and self.choices.get(KEEP_NAME, "on") == "on")

    def stays(self, policy: str) -> bool:
        """Whether the owner is reached in his rooms, and stays in them, when none of his devices is here. `policy` is
        the installation's: "off", "opt-in" (who has chosen it), "opt-out" (all but who has chosen not to)."""
        chosen = self.choices.get(ALWAYS_ON, "")
        return (policy == "opt-out" and chosen != "off") or (policy == "opt-in" and chosen == "on")

    def __repr__(self) -> str:
        return f"<Account {self.name}>"


class Accounts:
    """All accounts, by uid and by folded name, and their uids by all that their names may look like, and by the
    fingerprints of their certificates."""

    __slots__ = ("_certified", "by_certificate", "by_key", "by_look", "by_uid")

    def __init__(self) -> None:
        self.by_uid: dict[str, Account] = {}
        self.by_key: dict[str, Account] = {}
        self.by_look: dict[str, str] = {}
        self.by_certificate: dict[str, str] = {}
        self._certified: dict[str, tuple[str, ...]] = {}  # what stands in by_certificate, by uid

    def put(self, account: Account) -> None:
        """This is how the account stands from now on, whether there was one of this uid before or not."""
        before = self.by_uid.get(account.uid)
        if before is None or before.name != account.name:
            self.remove(account.uid)
            for look in looks(account.name):
                self.by_look.setdefault(look, account.uid)
        self.by_uid[account.uid] = account
        self.by_key[account.key] = account
        if account.certificates or account.uid in self._certified:
            self._forget_certificates(account.uid)
            self._certified[account.uid] = tuple(account.certificates)
            self.by_certificate.update(dict.fromkeys(account.certificates, account.uid))

    def _forget_certificates(self, uid: str) -> None:
        for fingerprint in self._certified.pop(uid, ()):
            self.by_certificate.pop(fingerprint, None)

    def remove(self, uid: str) -> None:
        """There is no such account any more; nothing happens where there was none."""
        account = self.by_uid.pop(uid, None)
        if account is not None:
            del self.by_key[account.key]
            self._forget_certificates(uid)
            for look in looks(account.name):
                if self.by_look.get(look) == uid:
                    del self.by_look[look]

    def named(self, name: str) -> Account | None:
        """The account of this name, however it is written."""
        return self.by_key.get(fold(name))

    def certified(self, fingerprint: str) -> Account | None:
        """The account whose owner is known by this certificate. A fingerprint belongs to one account at most."""
        return self.by_uid.get(self.by_certificate.get(fingerprint, ""))

    def owner_of(self, nick: str) -> Account | None:
        """The account that a nick belongs to, if it belongs to one: its name, or what can be mistaken for it."""
        account = self.by_key.get(fold(nick))
        if account is not None or not self.by_look:
            return account
        return next((self.by_uid[self.by_look[look]] for look in looks(nick) if look in self.by_look), None)

    def __iter__(self) -> Iterator[Account]:
        return iter(self.by_uid.values())

    def __len__(self) -> int:
        return len(self.by_uid)
