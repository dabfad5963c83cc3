"""Who watches whom: the sessions that want to hear of a nick, whether anybody bears it or not.

The rule: this is an index of sessions and no part of the world; it is as large as what the sessions have asked for.
"""

from veche.core.session import Session


class Watchlists:
    """Nicks by session and sessions by nick. A nick is known by its folded form."""

    __slots__ = ("_nicks", "_sessions")

    def __init__(self) -> None:
        self._sessions: dict[str, dict[Session, None]] = {}
        self._nicks: dict[Session, dict[str, str]] = {}

    def add(self, session: Session, key: str, nick: str) -> None:
        """This session watches a nick from now on."""
        self._nicks.setdefault(session, {})[key] = nick
        self._sessions.setdefault(key, {})[session] = None

    def remove(self, session: Session, key: str) -> None:
        """It watches that nick no more; nothing happens where it did not."""
        if self._nicks.get(session, {}).pop(key, None) is None:
            return
        watchers = self._sessions[key]
        del watchers[session]
        if not watchers:
            del self._sessions[key]
        if not self._nicks[session]:
            del self._nicks[session]

    def clear(self, session: Session) -> None:
        """It watches nobody."""
        for key in list(self._nicks.get(session, ())):
            self.remove(session, key)

    def nicks_of(self, session: Session) -> dict[str, str]:
        """The nicks that a session watches, by key, as it wrote them, in the order of adding."""
        return self._nicks.get(session, {})

    def watchers_of(self, key: str) -> list[Session]:
        """The sessions that watch a nick."""
        return list(self._sessions.get(key, ()))
