"""Visitors of the classic door in tests: the translator between a test's hands and an engine without sockets."""

from __future__ import annotations

from datetime import UTC

from veche.core.session import Session
from veche.core.settings import Settings
from veche.net.classic.session import GREETING, ClassicSession
from veche.phrases import Language
from veche.testing.stage import Stage, quiet_settings


def lobby_stage(lobby: str = "#lobby", **settings: object) -> Stage:
    """A server with a lobby."""
    chosen: Settings = quiet_settings()
    chosen.lobby = lobby
    for name, value in settings.items():
        setattr(chosen, name, value)
    return Stage(chosen)


class Visitor:
    """One visitor. `sends` gives the door bytes, `waits` lets its silence be noticed, `reads` is what he was told."""

    def __init__(self, stage: Stage, language: Language = "en") -> None:
        self.stage = stage
        self.door = ClassicSession(
            stage.settings.lobby, language, stage.settings.nick_length, 1234, stage.engine.clock.now, UTC
        )
        self.is_closed = False
        self.unread: list[str] = []
        self.session: Session | None = stage.engine.connect(self, "", "classic")
        assert GREETING == b"NICK"
        self._settle()

    # ---- the engine's pipe

    def write(self, data: bytes) -> None:
        self.door.hear(data)

    def waiting(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """Nothing is read but what the test sends."""

    def resume_reading(self) -> None:
        """Nothing is read but what the test sends."""

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True

    # ---- what the test does

    def sends(self, data: bytes | str) -> None:
        """One chunk arrives."""
        self.door.receive(data.encode() if isinstance(data, str) else data)
        self._settle()

    def waits(self) -> None:
        """Nothing arrives for as long as the door wants."""
        assert self.door.wait
        self.door.quiet()
        self._settle()

    def says(self, text: str) -> None:
        """One message of the old client."""
        self.sends(text)
        self.waits()

    def types(self, *lines: str) -> None:
        """A person at nc."""
        for line in lines:
            self.sends(line + "\n")

    def shuts(self) -> None:
        """He will send nothing more."""
        self.door.finished()
        self._settle()

    def reads(self) -> list[str]:
        """What he was told since he looked last."""
        self._settle()
        unread, self.unread = self.unread, []
        return unread

    def _settle(self) -> None:
        """Let everything happen that needs no time, as the protocol's turns do."""
        engine = self.stage.engine
        while True:
            lines = self.door.take_lines_for_engine()
            if self.session is not None:
                if lines:
                    engine.receive(self.session, lines)
                if self.door.ending:
                    engine.end(self.session, self.door.ending)
                elif self.door.has_finished and not self.session.finished:
                    engine.finished(self.session)
            self.stage.turn()
            if self.is_closed and self.session is not None:
                engine.closed(self.session, "Connection closed")
                self.session = None
                continue
            self.unread += self.door.take_messages()
            if not lines:
                return


def old_visitor(stage: Stage, name: str) -> Visitor:
    """Somebody with the old client, who has read what there was."""
    visitor = Visitor(stage)
    visitor.says(name)
    visitor.reads()
    return visitor


def person(stage: Stage, name: str, language: Language = "en") -> Visitor:
    """Somebody with nc, who has read what there was."""
    visitor = Visitor(stage, language)
    visitor.types(name)
    visitor.reads()
    return visitor
