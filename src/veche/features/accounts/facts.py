"""What happens to accounts. Each fact changes one account, and the account as it then stands is what is kept of it.

The rule: an `AccountFact` says in `alter` what it changes, and nothing else does. The log keeps one row for each
account (`AccountKept`), so that a restart costs what there are accounts, not what has ever happened to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from veche.core.nicks import clash
from veche.core.replies import Failure, Refusal
from veche.state.accounts import PASSWORD, Account
from veche.state.credentials import PasswordKeys
from veche.state.events import SILENCE, Audience, Fact, Forgotten, LoggedIn, LoggedOut
from veche.state.world import World
from veche.wire.caps import ACCOUNT_NOTIFY

# Certificates of one account: more than anybody has devices.
MOST_CERTIFICATES = 20
# Where the accounts that are made anywhere are counted; no place is called so.
EVERYWHERE = "*"
# Named devices of one account.
MOST_DEVICES = 100


class AccountKept(Fact):
    """An account is as these values say (`Account.values`)."""

    __slots__ = ("values",)

    def __init__(self, account: Account) -> None:
        super().__init__("")
        self.values = account.values()

    def saved_key(self) -> str:
        """One row for each account."""
        return str(self.values["uid"])


class AccountRegistered(Fact):
    """Somebody has an account now: `values` are those of the account, `source` who asked for it.

    `place` is from where, as nodes of a cluster call it (`Log.mark`), and `limits` how many accounts may be made from
    there, and in all, within how many ms; "" and [] where one server counts for itself (core/guesses.py).
    """

    __slots__ = ("limits", "place", "source", "values")
    defaults: ClassVar[Mapping[str, object]] = {"place": "", "limits": []}

    def __init__(self, actor: str, source: str, account: Account) -> None:
        super().__init__(actor)
        self.source = source
        self.values = account.values()
        self.place = ""
        self.limits: list[int] = []


class AccountFact(Fact):
    """Something has changed about the account with the uid `account`."""

    __slots__ = ("account",)

    def __init__(self, actor: str, account: Account) -> None:
        super().__init__(actor)
        self.account = account.uid

    def refusal(self, _account: Account) -> Refusal | None:
        """Why this cannot happen to the account as it is now; asked when its turn has come. Pure."""
        return None

    def alter(self, account: Account) -> None:
        """Make the change. Cannot fail."""
        raise NotImplementedError


class PasswordSet(AccountFact):
    """There is another password: `keys` are the values of its PasswordKeys.

    `code`: the hash of the code from an e-mail by which it was set, "" for none.
    """

    __slots__ = ("code", "keys")

    def __init__(self, actor: str, account: Account, keys: dict[str, str | int], code: str = "") -> None:
        super().__init__(actor, account)
        self.keys = keys
        self.code = code

    def refusal(self, account: Account) -> Refusal | None:
        """A code is used once."""
        pending = account.code(PASSWORD)
        if self.code and (pending is None or pending.hash != self.code):
            return Failure("INVALID_CODE", account.name, text="This code has just been used")
        return None

    def alter(self, account: Account) -> None:
        """The old password fits no more, and no code sets another one."""
        account.keys = PasswordKeys.from_values(self.keys)
        account.codes.pop(PASSWORD, None)


def _note_device(account: Account, device: str, now: int) -> None:
    """It was here now. Whoever logs in may call it anything: of too many the one that was here longest ago is
    forgotten, rather one that has no token."""
    if not device:
        return
    account.devices[device] = now
    if len(account.devices) > MOST_DEVICES:
        others = (name for name in account.devices if name != device)
        del account.devices[min(others, key=lambda name: (name in account.tokens, account.devices[name]))]


class AccountUsed(AccountFact):
    """The owner has logged in, from a host, by a device that he has given a name, or "".

    `step` and `recovery` (a hash) are what he has used up of his second factor; 0 and "" for nothing.
    """

    __slots__ = ("device", "host", "most_hosts", "recovery", "step")

    def __init__(self, actor: str, account: Account, device: str, host: str, most_hosts: int) -> None:
        super().__init__(actor, account)
        self.device = device
        self.host = host
        self.most_hosts = most_hosts
        self.step = 0
        self.recovery = ""

    def alter(self, account: Account) -> None:
        """The newest host is the last."""
        account.seen = self.time
        account.hosts = [*(host for host in account.hosts if host != self.host), self.host][
            -self.most_hosts :
        ]
        _note_device(account, self.device, self.time)
        factor = account.factor
        if factor.secret and (self.step or self.recovery):
            left = [code for code in factor.recovery if code != self.recovery]
            account.second_factor = [factor.secret, max(factor.used, self.step), left]


class DeviceSeen(AccountFact):
    """A device of the owner's has just gone; `device` is its name, or ""."""

    __slots__ = ("device",)
    divides = True

    def __init__(self, account: Account, device: str) -> None:
        super().__init__("", account)
        self.device = device

    def alter(self, account: Account) -> None:
        """Up to now it has missed nothing."""
        account.seen = self.time
        _note_device(account, self.device, self.time)


class ChoiceMade(AccountFact):
    """The owner wants something to be otherwise: `value` for the choice `name`, "" for what everybody has.

    `stays`: whether the user who is logged in stays from now on when his last device has gone, if that is what it is
    about; None leaves it as it is. It is in the same fact, so that no restart finds one without the other.
    """

    __slots__ = ("name", "stays", "value")

    def __init__(self, actor: str, account: Account, name: str, value: str) -> None:
        super().__init__(actor, account)
        self.name = name
        self.value = value
        self.stays: bool | None = None

    def alter(self, account: Account) -> None:
        """What is as everybody has it is not kept."""
        if self.value:
            account.choices[self.name] = self.value
        else:
            account.choices.pop(self.name, None)


class FingerprintAdded(AccountFact):
    """The owner is known by one more thing: by its fingerprint, and for himself by `name`, or ""."""

    __slots__ = ("fingerprint", "name")

    def __init__(self, actor: str, account: Account, fingerprint: str, name: str) -> None:
        super().__init__(actor, account)
        self.fingerprint = fingerprint
        self.name = name


class FingerprintRemoved(AccountFact):
    """The owner is not known by something any more; nothing happens where he was not."""

    __slots__ = ("fingerprint",)

    def __init__(self, actor: str, account: Account, fingerprint: str) -> None:
        super().__init__(actor, account)
        self.fingerprint = fingerprint


class CertificateAdded(FingerprintAdded):
    """A certificate of the owner's."""

    __slots__ = ()

    def alter(self, account: Account) -> None:
        """It proves the owner."""
        account.certificates[self.fingerprint] = self.name


class CertificateRemoved(FingerprintRemoved):
    """A certificate proves nothing any more."""

    __slots__ = ()

    def alter(self, account: Account) -> None:
        """It is not in the account's list."""
        account.certificates.pop(self.fingerprint, None)


# ---- guards, applies, what is kept


def many_accounts(name: str) -> Failure:
    """The refusal of one more account for now."""
    return Failure(
        "TEMPORARILY_UNAVAILABLE", name, text="Many accounts have just been made, please try again later"
    )


def exists(name: str) -> Failure:
    """The refusal of a name that somebody has."""
    return Failure("ACCOUNT_EXISTS", name, text="Somebody has this name already, or one that looks like it")


def guard_registration(world: World, fact: AccountRegistered) -> Refusal | None:
    """Two may have asked for one name; and nobody takes the name of somebody else who is here."""
    name = str(fact.values["name"])
    if world.accounts.owner_of(name) is not None or clash(world, name, fact.actor) is not None:
        return exists(name)
    if fact.limits:
        from_there, in_all, window = fact.limits
        since = fact.time - window
        for place, most in ((fact.place, from_there), (EVERYWHERE, in_all)):
            if sum(made > since for made in world.registrations.get(place, ())) >= most:
                return many_accounts(name)
    return None


def apply_registration(world: World, fact: AccountRegistered) -> Audience:
    """The account is there; whether its owner is logged in is another fact."""
    if fact.limits:
        _count_registration(world, fact)
    world.register_account(Account.from_values(fact.values), fact.actor)
    return SILENCE


def _count_registration(world: World, fact: AccountRegistered) -> None:
    """What is older than the window is forgotten by and by, so that this is bounded by what the limits allow."""
    made, since = world.registrations, fact.time - fact.limits[2]
    for place in (fact.place, EVERYWHERE):
        times = [one for one in made.pop(place, ()) if one > since]
        made[place] = [*times, fact.time]  # behind those that were counted before
    while made[oldest := next(iter(made))][-1] <= since:
        del made[oldest]


def save_registration(_world: World, fact: AccountRegistered) -> list[Fact]:
    """The account as it begins."""
    return [AccountKept(Account.from_values(fact.values))]


def guard_account(world: World, fact: AccountFact) -> Refusal | None:
    """It may have been erased while this stood in line."""
    account = world.accounts.by_uid.get(fact.account)
    if account is not None:
        return fact.refusal(account)
    return Failure("ACCOUNT_REQUIRED", text="This account does not exist any more")


def guard_certificate(world: World, fact: CertificateAdded) -> Refusal | None:
    """A certificate proves one owner: two may have named the same one, or one too many."""
    refusal = guard_account(world, fact)
    if refusal is None:
        owner = world.accounts.certified(fact.fingerprint)
        is_new = fact.fingerprint not in world.accounts.by_uid[fact.account].certificates
        if owner is not None and owner.uid != fact.account:
            return Failure("TEMPORARILY_UNAVAILABLE", text="This certificate belongs to another account")
        if is_new and len(world.accounts.by_uid[fact.account].certificates) >= MOST_CERTIFICATES:
            return Failure(
                "TEMPORARILY_UNAVAILABLE", text=f"An account has at most {MOST_CERTIFICATES} certificates"
            )
    return refusal


def apply_account(world: World, fact: AccountFact) -> Audience:
    """The account is changed."""
    account = world.accounts.by_uid[fact.account]
    fact.alter(account)
    world.accounts.put(account)
    return SILENCE


def apply_choice(world: World, fact: ChoiceMade) -> Audience:
    """The account is changed, and whether its owner stays, if he is here."""
    user = world.present.get(fact.account)
    if fact.stays is not None and user is not None and user.account:
        world.set_staying(user, stays=fact.stays)
    return apply_account(world, fact)


def save_account(world: World, fact: AccountFact) -> list[Fact]:
    """The account as it stands behind this."""
    account = world.accounts.by_uid[fact.account].copy()
    fact.alter(account)
    return [AccountKept(account)]


def restore_account(world: World, fact: AccountKept) -> Audience:
    """The account is as it was."""
    world.accounts.put(Account.from_values(fact.values))
    return SILENCE


def guard_login(world: World, fact: LoggedIn) -> Refusal | None:
    """Another device of the owner's may have been quicker; then the session joins that one."""
    account = world.accounts.by_uid.get(fact.account)
    if account is not None and account.suspended:
        return Failure("TEMPORARILY_UNAVAILABLE", text=f"This account is suspended: {account.suspended}")
    if account is None or world.present.get(fact.account) not in (None, world.users.get(fact.actor)):
        return Failure(
            "TEMPORARILY_UNAVAILABLE", text="You have just logged in on another device. Please try again."
        )
    return None


def apply_login(world: World, fact: LoggedIn) -> Audience:
    """A user is known as the account's owner; who shares a room with him may hear of it, and so does he."""
    user = world.users[fact.actor]
    world.log_in(user, world.accounts.by_uid[fact.account])
    world.set_staying(user, stays=fact.stays)
    return Audience(uids=world.peers(user) | {user.uid})


def apply_logout(world: World, fact: LoggedOut) -> Audience:
    """A user is a guest."""
    user = world.users[fact.actor]
    world.set_staying(user, stays=False)
    world.log_out(user, fact.identity)
    return Audience(uids=world.peers(user) | {user.uid})


def render_account(fact: LoggedIn | LoggedOut, view: int, tags: str) -> str:
    """account-notify: ":nick!user@host ACCOUNT accountname", and "*" for who "has logged out of their account"."""
    if not view & ACCOUNT_NOTIFY:
        return ""
    return f"{tags}:{fact.source} ACCOUNT {fact.name if isinstance(fact, LoggedIn) else '*'}"


def forget(account: Account) -> list[Fact]:
    """What is saved when an account is no more."""
    return [Forgotten(AccountKept, account.uid)]
