"""argon2id in threads: what fits, what does not, and how many may wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from veche.app.passwords import LINE, PasswordThreads, compare, hash_password, is_password_hash
from veche.core.ports import Passwords
from veche.testing.passwords import FakePasswords

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
