"""veche.core.guesses: how often somebody may be wrong, and that nobody keeps the owner out."""

from __future__ import annotations

import tracemalloc
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.core.guesses import KEY_LENGTH, SIZE, Guesses, Registrations
from veche.core.settings import Settings

HOME = "192.0.2.1"


def settings_of(**chosen: int) -> Settings:
    settings = Settings()
    settings.guess_window_seconds = 100
    settings.guesses_per_account = 3
    settings.guesses_per_address = 5
    settings.guesses_per_minute = 1000
    settings.registration_window_seconds = 100
    settings.registrations_per_address = 2
    settings.registrations = 4
    for name, value in chosen.items():
        setattr(settings, name, value)
    return settings


def guesses_of(**chosen: int) -> Guesses:
    return Guesses(settings_of(**chosen))


def many(guesses: Guesses, account: str, addresses: list[str], now: float) -> int:
    """How many of these attempts may be made."""
    return sum(not guesses.wait(account, address, False, now) for address in addresses)


def test_a_thousand_guesses_from_a_hundred_addresses() -> None:
    guesses = guesses_of()
    assert many(guesses, "ann", [f"198.51.100.{n}" for n in range(100)] * 10, 0.0) == 3
    assert guesses.wait("ann", HOME, False, 0.0) == 100.0
    assert guesses.wait("ann", HOME, True, 0.0) == 0.0, "where the owner has been before he comes in"
    assert guesses.wait("bob", HOME, False, 0.0) == 0.0, "and so does everybody else"


def test_a_stranger_waits_until_his_first_guess_is_over() -> None:
    guesses = guesses_of()
    assert [guesses.wait("ann", HOME, False, float(now)) for now in (0, 10, 20)] == [0.0] * 3
    assert guesses.wait("ann", HOME, False, 30.0) == 70.0
    assert guesses.wait("ann", HOME, False, 99.0) == 1.0, "being refused costs nothing"
    assert guesses.wait("ann", HOME, False, 100.0) == 0.0
    assert guesses.wait("ann", HOME, False, 100.0) == 10.0


def test_one_address_guesses_at_few_accounts() -> None:
    guesses = guesses_of()
    assert [guesses.wait(f"n{n}", HOME, False, 0.0) for n in range(7)] == [0.0] * 5 + [100.0] * 2
    assert guesses.wait("n0", "192.0.2.2", False, 0.0) == 0.0


def test_all_strangers_together_guess_so_often_in_a_minute() -> None:
    guesses = guesses_of(guesses_per_minute=50)
    allowed = [not guesses.wait(f"n{n}", f"a{n}", False, n / 10) for n in range(100)]
    assert sum(allowed) == 50
    assert guesses.wait("ann", "new", False, 10.0) == 50.0
    assert guesses.wait("ann", HOME, True, 10.0) == 0.0
    assert guesses.wait("ann", "new", False, 60.0) == 0.0


def test_a_known_address_has_a_limit_too() -> None:
    guesses = guesses_of()
    assert [guesses.wait("ann", HOME, True, 0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 100.0]
    assert guesses.wait("ann", "192.0.2.2", True, 0.0) == 0.0, "each of them its own"
    assert guesses.wait("bob", HOME, True, 0.0) == 0.0, "for each account"
    assert guesses.wait("ann", HOME, True, 100.0) == 0.0


def test_what_was_right_is_given_back() -> None:
    guesses = guesses_of(guesses_per_minute=5)
    for now in range(50):
        assert guesses.wait("ann", HOME, now % 2 == 0, now / 10) == 0.0
        guesses.succeeded("ann", HOME, now / 10)
    assert len(guesses) == 0


@pytest.mark.parametrize("known", [False, True])
def test_only_what_was_right_is_given_back(known: bool) -> None:
    """Who has an account of his own does not buy guesses at others' with it."""
    guesses = guesses_of(guesses_per_account=10)
    wrong = 0
    for _ in range(20):
        if not guesses.wait("eve", HOME, known, 0.0):
            guesses.succeeded("eve", HOME, 0.0)
        wrong += not guesses.wait("ann", HOME, False, 0.0)
    assert wrong == 5


def test_what_was_wrong_before_stays_counted() -> None:
    guesses = guesses_of()
    assert [guesses.wait("ann", HOME, False, float(now)) for now in range(3)] == [0.0] * 3
    guesses.succeeded("ann", HOME, 2.0)
    assert guesses.wait("ann", HOME, False, 3.0) == 0.0
    assert guesses.wait("ann", HOME, False, 4.0) == 96.0, "those of 0 and 1 count, and that of 2 does not"


def test_the_last_attempt_is_the_one_that_was_right() -> None:
    """A stranger becomes known by logging in; his next attempt is counted elsewhere."""
    guesses = guesses_of()
    assert guesses.wait("ann", HOME, True, 0.0) == 0.0
    assert guesses.wait("ann", HOME, False, 1.0) == 0.0
    guesses.succeeded("ann", HOME, 1.0)
    assert [guesses.wait("ann", HOME, False, 2.0) for _ in range(4)] == [0.0] * 3 + [100.0]
    assert [guesses.wait("ann", HOME, True, 2.0) for _ in range(3)] == [0.0] * 2 + [98.0]
    guesses.succeeded("ann", HOME, 2.0)
    assert guesses.wait("ann", HOME, True, 2.0) == 0.0
    assert guesses.wait("ann", HOME, False, 2.0) == 100.0


def test_nothing_is_given_back_twice_or_too_late() -> None:
    guesses = guesses_of()
    guesses.succeeded("ann", HOME, 0.0)
    assert [guesses.wait("ann", HOME, False, 0.0) for _ in range(3)] == [0.0] * 3
    guesses.succeeded("ann", "192.0.2.2", 0.0)
    guesses.succeeded("bob", HOME, 0.0)
    assert guesses.wait("ann", HOME, False, 0.0) == 100.0
    guesses.succeeded("ann", HOME, 100.0)
    assert [guesses.wait("ann", HOME, False, 100.0) for _ in range(4)] == [0.0] * 3 + [100.0]


def test_limits_that_change_count_from_then_on() -> None:
    guesses = guesses_of()
    assert [guesses.wait("ann", HOME, False, float(now)) for now in range(3)] == [0.0] * 3
    guesses.settings.guesses_per_account = 1
    assert guesses.wait("ann", HOME, False, 10.0) == 92.0
    guesses.settings.guess_window_seconds = 5
    assert guesses.wait("ann", HOME, False, 10.0) == 0.0


def test_a_name_of_any_length_is_one_that_nobody_has() -> None:
    guesses = guesses_of()
    assert [guesses.wait("n" * KEY_LENGTH + str(n), f"a{n}", False, 0.0) for n in range(3)] == [0.0] * 3
    assert guesses.wait("n" * 5000, "new", False, 0.0) == 100.0
    guesses.succeeded("n" * 5000, "a1", 0.0)
    assert guesses.wait("n" * 5000, "new", False, 0.0) == 0.0


def test_what_is_over_is_forgotten() -> None:
    guesses = guesses_of()
    guesses.wait("ann", HOME, False, 0.0)
    guesses.wait("bob", HOME, True, 50.0)
    assert len(guesses) == 5
    guesses.sweep(99.0)
    assert len(guesses) == 4, "of all together only a minute counts"
    guesses.sweep(100.0)
    assert len(guesses) == 1
    guesses.sweep(150.0)
    assert len(guesses) == 0


def test_being_refused_leaves_nothing_behind() -> None:
    guesses = guesses_of(guesses_per_minute=10)
    assert sum(not guesses.wait(f"n{n}", f"a{n}", False, 0.0) for n in range(1000)) == 10
    assert len(guesses) == 31


def test_what_is_over_is_forgotten_without_being_told_to() -> None:
    guesses = guesses_of()
    for n in range(1000):
        assert guesses.wait(f"n{n}", f"a{n}", False, float(n)) == 0.0
        assert guesses.wait(f"n{n}", f"a{n}", True, float(n)) == 0.0
    assert len(guesses) == 4 * 100 + 1


def test_tables_have_an_end() -> None:
    guesses = guesses_of(guesses_per_minute=10**9)
    for n in range(SIZE + 100):
        assert guesses.wait(f"n{n}", f"a{n}", False, 0.0) == 0.0
        assert guesses.wait(f"n{n}", f"a{n}", True, 0.0) == 0.0
    assert len(guesses) == 4 * SIZE + 1


def test_one_key_remembers_no_more_than_its_window() -> None:
    guesses = guesses_of()
    for n in range(5000):
        guesses.wait("ann", HOME, False, n * 40.0)
    moments = [
        moments
        for counters in (guesses._accounts, guesses._addresses, guesses._all, guesses._pairs)
        for moments in counters.moments.values()
    ]
    assert max(map(len, moments)) <= 3


@pytest.mark.slow
def test_a_million_random_names_need_no_more_memory() -> None:
    guesses = Guesses(Settings())
    remembered = []
    for n in range(1_000_000):
        guesses.wait(f"name{n:x}", f"2001:db8:{n:x}::/64", False, n / 100)
        if n % 100_000 == 99_999:
            remembered.append(len(guesses))
    assert max(remembered) <= 3 * 10 * 60 + 1, "as many as are allowed in ten minutes"
    tracemalloc.start()
    try:
        for n in range(100_000):
            guesses.wait(f"other{n:x}", f"2001:db9:{n:x}::/64", False, 10_000 + n / 100)
        # What is remembered has been exchanged for as much, which is all there is.
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()


# ---- for every order of events

STEPS = st.lists(
    st.tuples(
        st.integers(0, 40),  # seconds since the step before
        st.sampled_from(["ann", "bob", "eve"]),
        st.sampled_from(["a", "b", "c", "d"]),
        st.booleans(),  # known
        st.booleans(),  # right
    ),
    max_size=60,
)


@given(STEPS, st.integers(1, 4), st.integers(1, 4), st.integers(1, 6))
def test_no_window_holds_more_than_is_allowed(
    steps: list[tuple[int, str, str, bool, bool]], per_account: int, per_address: int, per_minute: int
) -> None:
    guesses = guesses_of(
        guesses_per_account=per_account, guesses_per_address=per_address, guesses_per_minute=per_minute
    )
    now = 0
    wrong: dict[tuple[str, ...], list[int]] = defaultdict(list)
    limits = {"account": (per_account, 100), "address": (per_address, 100), "all": (per_minute, 60)}
    limits["known"] = limits["account"]
    for later, account, address, known, right in steps:
        now += later
        keys = (
            [("known", account, address)] if known else [("account", account), ("address", address), ("all",)]
        )
        room = {
            key: limits[key[0]][0] - sum(moment + limits[key[0]][1] > now for moment in wrong[key])
            for key in keys
        }
        wait = guesses.wait(account, address, known, float(now))
        # Refused exactly when a window is full, and so never more than there is room for.
        assert (wait > 0) == (min(room.values()) <= 0)
        if wait:
            assert wait <= 100
        elif right:
            guesses.succeeded(account, address, float(now))
        else:
            for key in keys:
                wrong[key].append(now)


@given(STEPS)
def test_a_wait_is_true(steps: list[tuple[int, str, str, bool, bool]]) -> None:
    """Who waits as long as he was told, while nobody else tries, may try; and not a moment before."""
    guesses = guesses_of(guesses_per_minute=4)
    now = 0.0
    for later, account, address, known, _ in steps:
        now += later
        if wait := guesses.wait(account, address, known, now):
            assert guesses.wait(account, address, known, now + wait - 0.5) > 0
            now += wait
            assert guesses.wait(account, address, known, now) == 0.0


@given(STEPS)
def test_what_strangers_do_changes_nothing_for_who_is_known(
    steps: list[tuple[int, str, str, bool, bool]],
) -> None:
    def play(*, strangers: bool) -> list[float]:
        guesses = guesses_of(guesses_per_minute=4)
        now = 0.0
        heard = []
        for later, account, address, known, right in steps:
            now += later
            if known or strangers:
                # Strangers come from elsewhere: who shares an address with the owner is not told apart from him.
                wait = guesses.wait(account, address if known else address.upper(), known, now)
                if known:
                    heard.append(wait)
                if right and not wait:
                    guesses.succeeded(account, address if known else address.upper(), now)
        return heard

    assert play(strangers=True) == play(strangers=False)


# ---- registering


def test_so_many_accounts_are_made_from_one_address_and_in_all() -> None:
    registrations = Registrations(settings_of())
    assert [registrations.wait(HOME, 0.0) for _ in range(3)] == [0.0, 0.0, 100.0]
    assert [registrations.wait(f"a{n}", 10.0) for n in range(3)] == [0.0, 0.0, 90.0]
    assert registrations.wait(HOME, 100.0) == 0.0


def test_what_came_to_nothing_is_given_back() -> None:
    registrations = Registrations(settings_of())
    for now in range(20):
        assert registrations.wait(HOME, float(now)) == 0.0
        registrations.failed(HOME, float(now))
    registrations.failed(HOME, 20.0)
    assert [registrations.wait(HOME, 20.0) for _ in range(3)] == [0.0, 0.0, 100.0]
    registrations.sweep(120.0)
    assert [registrations.wait(HOME, 120.0) for _ in range(3)] == [0.0, 0.0, 100.0]
