"""Time and chance that a test holds in its hand (ports.Clock, ports.Chance)."""

from hashlib import sha256

from veche.wire.msgids import CHANCE_BYTES, make_msgid

# 2026-01-01T12:00:00Z: where every test's time begins, unless it says otherwise.
NOON = 1767268800.0


class FakeClock:
    """Time that moves when the test moves it. Both clocks go together until the wall clock is set."""

    __slots__ = ("_monotonic", "_wall")

    def __init__(self, now: float = NOON) -> None:
        self._wall = now
        self._monotonic = 1000.0

    def now(self) -> float:
        """The wall clock."""
        return self._wall

    def monotonic(self) -> float:
        """The clock that never goes back."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._wall += seconds
        self._monotonic += seconds

    def advance_to(self, monotonic: float) -> None:
        """Let time pass up to a deadline; nothing happens where that is over."""
        self.advance(max(0.0, monotonic - self._monotonic))

    def set_wall(self, seconds: float) -> None:
        """Somebody sets the machine's clock forward, or back (negative), while no time passes."""
        self._wall += seconds


class FakeChance:
    """Identifiers that come out the same in every run: the first is number one, on the `node`th of several a million
    for each before it."""

    __slots__ = ("_msgids", "_nonces", "_secrets", "_uids")

    def __init__(self, node: int = 0) -> None:
        self._msgids = self._uids = self._nonces = self._secrets = node * 1_000_000

    def msgid(self, time: int) -> str:
        """A message id in the real form, with a number where the chance would be."""
        self._msgids += 1
        return make_msgid(time, self._msgids.to_bytes(CHANCE_BYTES, "big"))

    def uid(self) -> str:
        """u1, u2, ..."""
        self._uids += 1
        return f"u{self._uids}"

    def secret(self) -> bytes:
        """Bytes that look like chance, and are the same in every run."""
        self._secrets += 1
        return sha256(str(self._secrets).encode()).digest()[:20]

    def nonce(self) -> str:
        """n1, n2, ..."""
        self._nonces += 1
        return f"n{self._nonces}"
