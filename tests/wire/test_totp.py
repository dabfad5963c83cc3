"""veche.wire.totp: codes of the time."""

from __future__ import annotations

from base64 import b32encode

import pytest

from veche.wire.totp import STEP, accepted_step, address, hotp, new_secret, step_at

SECRET = b"12345678901234567890"
TEXT = b32encode(SECRET).decode()


# RFC 4226, appendix D.
@pytest.mark.parametrize(
    ("counter", "code"),
    list(enumerate("755224 287082 359152 969429 338314 254676 287922 162583 399871 520489".split())),  # noqa: SIM905
)
def test_the_codes_of_the_rfc(counter: int, code: str) -> None:
    assert hotp(SECRET, counter) == code


# RFC 6238, appendix B, whose codes have two digits more in front.
@pytest.mark.parametrize(
    ("time", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_times_of_the_rfc(time: int, code: str) -> None:
    assert accepted_step(TEXT, code[2:], time, 0) == step_at(time)


def test_one_step_early_or_late_and_no_more() -> None:
    now = 1_000_000.0
    middle = step_at(now)
    accepted = [
        accepted_step(TEXT, hotp(SECRET, middle + distance), now, 0) for distance in (-2, -1, 0, 1, 2)
    ]
    assert accepted == [0, middle - 1, middle, middle + 1, 0]


def test_no_step_is_accepted_twice_nor_one_before_it() -> None:
    now = 1_000_000.0
    middle = step_at(now)
    assert accepted_step(TEXT, hotp(SECRET, middle), now, middle) == 0
    assert accepted_step(TEXT, hotp(SECRET, middle - 1), now, middle) == 0
    assert accepted_step(TEXT, hotp(SECRET, middle + 1), now + STEP, middle) == middle + 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "７５５２２４", " 755224", "755224\n"])
def test_what_is_no_code(code: str) -> None:
    assert accepted_step(TEXT, code, 15.0, -1) == 0


def test_the_address_of_a_secret() -> None:
    secret = new_secret(SECRET)
    assert secret == TEXT
    assert address(secret, "Анна", "My net") == (
        "otpauth://totp/My%20net:%D0%90%D0%BD%D0%BD%D0%B0?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=My%20net"
    )
