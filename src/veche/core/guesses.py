"""How often somebody may be wrong: one set of counters behind every way to log in, and one behind registering.

The rule: whoever may try is counted before he does, in every counter that concerns him, and what turns out to be right
is given back. Being refused counts nowhere, so these tables can only grow as fast as guesses are allowed; they are
bounded all the same, and drop what was counted longest ago.

Strangers to an account share three limits: per account, per address, and for all together (each guess costs the machine
a hash). Whoever comes from where its owner has logged in before has a limit of his own and none of these, so nothing
that strangers do keeps the owner out. Nobody learns from a wait whether an account exists: a name that nobody has is
counted like any other.

It must not: know passwords, accounts or the clock. Times are monotonic seconds, and never go back between calls. A
window is half-open: what was counted at t is over at t + its length.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from veche.core.settings import Settings

# Keys of each table. With the usual settings less than a twentieth of them is ever used.
SIZE = 16_384
# No account's name is longer, and none of these may fill the memory by being long.
KEY_LENGTH = 64
MINUTE = 60.0


class Counters:
    """Moments by key, within a window whose length each question brings along. At most `SIZE` keys.

    `news(key, many)` hears what is counted here and (-1) what is taken back, for other nodes to count it as well.
    """

    __slots__ = ("moments", "news")

    def __init__(self) -> None:
        self.news: Callable[[str, int], None] | None = None
        # In the order in which something was last counted; each list ascends and is never empty.
        self.moments: dict[str, list[float]] = {}

    def expire(self, key: str, seconds: float, now: float) -> list[float]:
        """What is within the window, ascending."""
        moments = self.moments.get(key)
        if moments is None:
            return []
        # Compared as sums, like what `wait` answers, so that no wait is 0.0 by rounding.
        del moments[: bisect_right(moments, now, key=lambda moment: moment + seconds)]
        if not moments:
            del self.moments[key]
        return moments

    def wait(self, key: str, limit: int, seconds: float, now: float) -> float:
        """Seconds until the window has room for one more; 0.0 when it has."""
        moments = self.expire(key, seconds, now)
        return moments[-limit] + seconds - now if len(moments) >= limit else 0.0

    def count(self, key: str, seconds: float, now: float) -> None:
        """Count one, and forget the keys for which the window has passed, or that are too many."""
        self._add(key, seconds, now)
        if self.news is not None:
            self.news(key, 1)

    def _add(self, key: str, seconds: float, now: float) -> None:
        moments = self.expire(key, seconds, now)
        self.moments.pop(key, None)
        moments.append(now)
        self.moments[key] = moments
        while len(self.moments) > SIZE or next(iter(self.moments.values()))[-1] + seconds <= now:
            del self.moments[next(iter(self.moments))]

    def take_back(self, key: str, moment: float) -> None:
        """Count what was counted at that moment no longer, if it still is."""
        moments = self.moments.get(key, [])
        if moment in moments:
            moments.remove(moment)
            if not moments:
                del self.moments[key]
            if self.news is not None:
                self.news(key, -1)

    def hear(self, key: str, many: int, seconds: float, now: float) -> None:
        """Another node has counted so many, now, or (below 0) takes so many back."""
        for _ in range(many):
            self._add(key, seconds, now)
        if many < 0 and (moments := self.expire(key, seconds, now)):
            del moments[many:]
            if not moments:
                del self.moments[key]

    def ages(self, now: float) -> dict[str, list[float]]:
        """Everything, as seconds that have passed since."""
        return {key: [now - moment for moment in moments] for key, moments in self.moments.items()}

    def take_up(self, ages: Mapping[str, list[float]], now: float) -> None:
        """What `ages` gave elsewhere, in the place of what is here."""
        self.moments = {key: sorted(now - age for age in found) for key, found in ages.items() if found}

    def sweep(self, seconds: float, now: float) -> None:
        """Forget keys for which the window has passed."""
        for key in [key for key, moments in self.moments.items() if moments[-1] + seconds <= now]:
            del self.moments[key]


class Guesses:
    """Attempts to log in, by whatever door and command.

    `account` is the folded name that somebody claims, whether there is such an account or not; `address` is what
    `limits.address_key` makes of where he comes from.
    """

    __slots__ = ("_accounts", "_addresses", "_all", "_known", "_pairs", "settings")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._accounts = Counters()
        self._addresses = Counters()
        self._all = Counters()
        self._pairs = Counters()  # strangers' attempts again, to find what is to be given back
        self._known = Counters()  # attempts of who comes from a known address, by account and address

    def tables(self) -> dict[str, Counters]:
        """All of them, by name."""
        return {
            "accounts": self._accounts,
            "addresses": self._addresses,
            "all": self._all,
            "pairs": self._pairs,
            "known": self._known,
        }

    def wait(self, account: str, address: str, known: bool, now: float) -> float:
        """Count one attempt and return 0.0, or return how many seconds are to wait, and count nothing.

        `known`: that account's owner has logged in from there before.
        """
        settings = self.settings
        window = settings.guess_window_seconds
        account = account[:KEY_LENGTH]
        pair = f"{account} {address}"
        if known:
            wait = self._known.wait(pair, settings.guesses_per_account, window, now)
            if not wait:
                self._known.count(pair, window, now)
            return wait
        wait = max(
            self._accounts.wait(account, settings.guesses_per_account, window, now),
            self._addresses.wait(address, settings.guesses_per_address, window, now),
            self._all.wait("", settings.guesses_per_minute, MINUTE, now),
        )
        if not wait:
            self._accounts.count(account, window, now)
            self._addresses.count(address, window, now)
            self._all.count("", MINUTE, now)
            self._pairs.count(pair, window, now)
        return wait

    def succeeded(self, account: str, address: str, now: float) -> None:
        """The last attempt on this account from this address was none: give back what it took.

        That is so when the proof was right, and when it could not be looked at. Nothing happens where nothing is
        counted any more.
        """
        account = account[:KEY_LENGTH]
        pair = f"{account} {address}"
        window = self.settings.guess_window_seconds
        strange = self._pairs.expire(pair, window, now)
        known = self._known.expire(pair, window, now)
        if known and (not strange or known[-1] >= strange[-1]):
            self._known.take_back(pair, known[-1])
        elif strange:
            moment = strange[-1]
            self._pairs.take_back(pair, moment)
            self._accounts.take_back(account, moment)
            self._addresses.take_back(address, moment)
            self._all.take_back("", moment)

    def sweep(self, now: float) -> None:
        """Forget what is over."""
        window = self.settings.guess_window_seconds
        for counters in (self._accounts, self._addresses, self._pairs, self._known):
            counters.sweep(window, now)
        self._all.sweep(MINUTE, now)

    def __len__(self) -> int:
        """How many keys are remembered, in all tables."""
        return sum(len(counters.moments) for counters in self.tables().values())


class Registrations:
    """New accounts, by whatever door and command: so many from one address, and so many in all."""

    __slots__ = ("_addresses", "_all", "settings")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._addresses = Counters()
        self._all = Counters()

    def tables(self) -> dict[str, Counters]:
        """Both of them, by name."""
        return {"addresses": self._addresses, "all": self._all}

    def wait(self, address: str, now: float) -> float:
        """Count one registration and return 0.0, or return how many seconds are to wait, and count nothing."""
        settings = self.settings
        window = settings.registration_window_seconds
        wait = max(
            self._addresses.wait(address, settings.registrations_per_address, window, now),
            self._all.wait("", settings.registrations, window, now),
        )
        if not wait:
            self._addresses.count(address, window, now)
            self._all.count("", window, now)
        return wait

    def failed(self, address: str, now: float) -> None:
        """The last one from this address has come to nothing, and cost nothing: give back what it took."""
        moments = self._addresses.expire(address, self.settings.registration_window_seconds, now)
        if moments:
            moment = moments[-1]
            self._addresses.take_back(address, moment)
            self._all.take_back("", moment)

    def sweep(self, now: float) -> None:
        """Forget what is over."""
        for counters in (self._addresses, self._all):
            counters.sweep(self.settings.registration_window_seconds, now)
