"""argon2id in threads: what fits, what does not, what is made, and how many may wait."""

from __future__ import annotations

import asyncio
import threading
from base64 import b64decode
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import HashingError

from veche.app import passwords
from veche.app.passwords import LINE, PasswordThreads, compare, hash_password, is_password_hash, make
from veche.core.ports import Passwords
from veche.state.credentials import SCRAM_ITERATIONS, PasswordKeys
from veche.testing.passwords import FakePasswords
from veche.wire.scram import ClientExchange, ServerExchange, derive

# Made once: the names of parametrized tests must be the same in every run.
HASH = "$argon2id$v=19$m=19456,t=2,p=1$PHpbxCp5AlHR2Dlsbzbhrg$1j3+r2J5JQRg30ppxdY543v4dFxVJ2YyPuaDiYIORO0"


def test_a_password_fits_its_hash_alone() -> None:
    assert is_password_hash(HASH)
    assert hash_password("secret").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hash_password("secret") != hash_password("secret")
    assert compare(HASH, "secret")
    assert not compare(HASH, "Secret")
    assert not compare(HASH, "")


@pytest.mark.parametrize(
    "text", ["", "secret", "$argon2id$", HASH[:-30], HASH.replace("argon2id", "argon2i"), f"{HASH}\n"]
)
def test_what_is_no_hash_fits_nothing(text: str) -> None:
    assert not is_password_hash(text)
    assert not compare(text, "secret")


async def test_comparisons_come_back_in_the_loop() -> None:
    loop = asyncio.get_running_loop()
    threads = PasswordThreads(loop.call_soon_threadsafe, 2)
    answers: list[bool] = []
    done = asyncio.Event()

    def note(fits: bool) -> None:
        answers.append(fits)
        if len(answers) == 3:
            done.set()

    for password_hash, password in ((HASH, "secret"), (HASH, "wrong"), ("", "secret")):
        assert threads.verify(password_hash, password, note)
    assert answers == []  # in a later turn, never inside the call
    await asyncio.wait_for(done.wait(), 10)
    threads.close()
    assert sorted(answers) == [False, False, True]


def test_the_line_has_an_end() -> None:
    posted: list[Callable[[], None]] = []
    threads = PasswordThreads(posted.append, 1)
    taken = [threads.verify(HASH, "wrong", lambda fits: None) for _ in range(LINE + 5)]
    assert taken == [True] * (LINE + 1) + [False] * 4
    threads.close()
    for callback in posted:
        callback()
    assert len(posted) == LINE + 1


def test_what_is_made_and_what_is_compared_stand_in_one_line() -> None:
    posted: list[Callable[[], None]] = []
    threads = PasswordThreads(posted.append, 1)
    begin = [
        lambda: threads.verify(HASH, "wrong", lambda fits: None),
        lambda: threads.make("secret", lambda keys: None),
    ]
    taken = [begin[index % 2]() for index in range(LINE + 3)]
    assert taken == [True] * (LINE + 1) + [False] * 2
    threads.close()
    for callback in posted:
        callback()
    assert len(posted) == LINE + 1


def test_the_order_is_that_of_asking() -> None:
    posted: list[Callable[[], None]] = []
    come = threading.Semaphore(0)

    def post(callback: Callable[[], None]) -> None:
        posted.append(callback)
        come.release()

    threads = PasswordThreads(post, 1)
    answers: list[str] = []
    for number in range(3):
        assert threads.verify(HASH, "wrong", lambda fits, n=number: answers.append(f"verify {n}"))  # type: ignore[misc]
        assert threads.make("secret", lambda keys, n=number: answers.append(f"make {n}"))  # type: ignore[misc]
    for _ in range(6):
        assert come.acquire(timeout=10)
    threads.close()
    for callback in posted:
        callback()
    assert answers == ["verify 0", "make 0", "verify 1", "make 1", "verify 2", "make 2"]


def test_what_is_made_is_of_its_own_and_costly_enough() -> None:
    keys, others = make("secret"), make("secret")
    assert compare(keys.hash, "secret")
    assert len(b64decode(keys.salt)) == 16
    assert keys.iterations == SCRAM_ITERATIONS
    # Either way by itself, with the keys' own salt.
    again = PasswordKeys.of(keys.hash, derive("secret", keys.scram.salt, keys.iterations))
    assert again.values() == keys.values()
    assert not {keys.hash, keys.salt, keys.stored_key, keys.server_key} & {
        others.hash, others.salt, others.stored_key, others.server_key
    }  # fmt: skip


def test_what_the_memory_does_not_suffice_for_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hungry(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            raise HashingError("Memory allocation error")

    monkeypatch.setattr(passwords, "_hasher", Hungry)
    assert not make("secret").has_password


def test_who_waits_when_the_server_ends_is_told_of_no_password() -> None:
    posted: list[Callable[[], None]] = []
    threads = PasswordThreads(posted.append, 1)
    made: list[PasswordKeys] = []
    for _ in range(LINE + 1):
        assert threads.make("secret", made.append)
    threads.close()
    for callback in posted:
        callback()
    assert len(made) == LINE + 1
    # One was being made already, and may have been done with.
    assert sum(keys.has_password for keys in made) <= 1


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("kind", ["real", "fake"])
async def test_the_fake_keeps_the_same_promises(kind: str) -> None:
    answers: dict[str, bool] = {}
    threads = PasswordThreads(asyncio.get_running_loop().call_soon_threadsafe, 1)
    fake = FakePasswords()
    port: Passwords = threads if kind == "real" else fake
    secret = HASH if kind == "real" else FakePasswords.hash("secret")
    for name, password_hash, password in (
        ("right", secret, "secret"),
        ("wrong", secret, "Secret"),
        ("nobody", "", "secret"),
        ("nothing", "", ""),
        ("no hash", "secret", "secret"),
    ):
        assert port.verify(password_hash, password, lambda fits, name=name: answers.update({name: fits}))  # type: ignore[misc]
    assert answers == {}
    fake.answer()
    await wait_until(lambda: len(answers) == 5)
    threads.close()
    assert answers == {"right": True, "wrong": False, "nobody": False, "nothing": False, "no hash": False}


@pytest.mark.parametrize("kind", ["real", "fake"])
async def test_the_fake_makes_what_the_real_one_makes(kind: str) -> None:
    made: list[PasswordKeys] = []
    fits: list[bool] = []
    threads = PasswordThreads(asyncio.get_running_loop().call_soon_threadsafe, 1)
    fake = FakePasswords()
    port: Passwords = threads if kind == "real" else fake
    assert port.make("карандаш", made.append)
    assert made == []
    fake.answer()
    await wait_until(lambda: len(made) == 1)
    keys = PasswordKeys.from_values(made[0].values())
    assert port.verify(keys.hash, "карандаш", fits.append)
    assert port.verify(keys.hash, "pencil", fits.append)
    fake.answer()
    await wait_until(lambda: len(fits) == 2)
    threads.close()
    assert sorted(fits) == [False, True]
    server, client = ServerExchange("server"), ClientExchange("ann", "карандаш", "client")
    assert server.hear_first(client.first()) == "ann"
    proof = client.hear_challenge(server.challenge(keys.scram))
    assert isinstance(proof, bytes), proof
    verdict = server.hear_final(proof)
    assert isinstance(verdict, bytes), verdict
    assert client.hear_verdict(verdict) == b""
    assert client.is_proven


def test_a_busy_fake_takes_nothing() -> None:
    fake = FakePasswords()
    fake.is_busy = True
    assert not fake.make("secret", lambda keys: None)
    assert not fake.verify("", "secret", lambda fits: None)
    assert not fake.answer()
