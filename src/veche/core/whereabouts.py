"""What the sessions of a user tell of him: since when he is idle, and where he comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from veche.core.engine import Engine

LOCAL_ADDRESS = "127.0.0.1"  # what is shown for who comes in by a local socket


def idle_seconds(engine: Engine, uid: str) -> int:
    """Seconds since he said something last, by whichever of his sessions; 0 for who has none."""
    now = engine.clock.monotonic()
    return int(min((now - session.spoke for session in engine.fanout.sessions.get(uid, ())), default=0.0))


def address_of(engine: Engine, uid: str) -> str:
    """The real address of his newest session, "" for none; only for himself and for operators.

    Modern IRC, 338: "IPv6 addresses such as "::1" are prefixed with a zero", lest they begin with a colon.
    """
    sessions = engine.fanout.sessions.get(uid)
    if not sessions:
        return ""
    address = sessions[-1].address or LOCAL_ADDRESS
    return "0" + address if address[0] == ":" else address
