"""Cloaks: what others see instead of an address. Equal for equal addresses, so that a ban holds; telling nothing.

A keyed hash (HMAC-SHA-256, 64 bits of it); the key is made at the first start and kept in the data directory.
IPv6 addresses of one /64 share a cloak, as they share a household.
"""

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache
from pathlib import Path

from veche.core.limits import address_key
from veche.store.files import read_start, require_regular, write_lasting

KEY_FILE = "cloak.key"
KEY_BYTES = 32
LOCAL = "local"  # the host of who comes in by a local socket
# What else the key is for. A cloak is made of an address, so nothing that is made of these words is one.
_DECOYS = b"decoys of names without a password"


def load_key(path: Path) -> bytes:
    """The key of this installation, made at the first start. Raises OSError when it can be neither read nor written."""
    key = read_start(path, KEY_BYTES) if require_regular(path) else b""
    if len(key) < KEY_BYTES:
        key = secrets.token_bytes(KEY_BYTES)
        write_lasting(path, key)
    return key


def decoy_secret(key: bytes) -> bytes:
    """The secret of `wire.scram.decoy` that goes with a key: whoever knows it can tell which names nobody has."""
    return hmac.digest(key, _DECOYS, hashlib.sha256)


class Cloak:
    """Turns addresses into hosts."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._of = lru_cache(maxsize=4096)(self._compute)

    def __call__(self, address: str) -> str:
        """The host that others see for an IP address, or for a local socket ("")."""
        return self._of(address_key(address))

    def _compute(self, key: str) -> str:
        if not key:
            return LOCAL
        digest = hmac.digest(self._key, key.encode(), hashlib.sha256)[:8]
        return base64.b32encode(digest).decode().rstrip("=").lower() + ".cloak"
