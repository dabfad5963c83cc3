"""Codes that a phone makes of a secret and the time (TOTP), and the address by which the secret gets into the phone.

Source: RFC 6238, with what every authenticator application takes: HMAC-SHA-1, 30 seconds, six digits; RFC 4226 for the
code of one counter. Our own, since it is fifteen lines. The rule: whoever accepts a code remembers its time step, and
never accepts that step or one before it again.
"""

import hmac
import re
from base64 import b32decode, b32encode
from urllib.parse import quote, urlencode

STEP = 30  # seconds
DIGITS = 6
# RFC 4226, 4, R6: "The length of the shared secret MUST be at least 128 bits. This document RECOMMENDs a shared secret
# length of 160 bits."
SECRET_BYTES = 20
# RFC 6238, 5.2: "We RECOMMEND that at most one time step is allowed as the network delay"; and as many for a clock that
# is ahead.
DRIFT = 1
_CODE = re.compile(rf"[0-9]{{{DIGITS}}}", re.ASCII)


def hotp(secret: bytes, counter: int) -> str:
    """The code of one counter (RFC 4226, 5.3)."""
    digest = hmac.digest(secret, counter.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_at(now: float) -> int:
    """The time step of a moment (seconds since 1970)."""
    return int(now // STEP)


def accepted_step(secret: str, code: str, now: float, used: int) -> int:
    """The time step above `used` that this code is of, at most `DRIFT` from now; 0 for none.

    `secret` is in base32. RFC 6238, 5.2: "The verifier MUST NOT accept the second attempt of the OTP after the
    successful validation has been issued for the first OTP".
    """
    if not _CODE.fullmatch(code):
        return 0
    key = b32decode(secret)
    accepted = 0
    middle = step_at(now)
    for step in range(max(middle - DRIFT, 0), middle + DRIFT + 1):
        # Every step is looked at, so that the time that it takes tells nothing.
        if hmac.compare_digest(hotp(key, step).encode(), code.encode()) and step > used and not accepted:
            accepted = step
    return accepted


def new_secret(chance: bytes) -> str:
    """A secret as people type it: base32 without padding. `chance`: `SECRET_BYTES` unpredictable bytes."""
    return b32encode(chance[:SECRET_BYTES]).decode().rstrip("=")


def address(secret: str, account: str, issuer: str) -> str:
    """`otpauth://totp/...`, which an authenticator application opens or reads from a picture ("Key Uri Format")."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"
