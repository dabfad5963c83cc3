"""A terminal for tests: lines go in by `type`, what is shown stands in `shown`."""

from __future__ import annotations

import asyncio


class FakeTerminal:
    """Behaves as the real ones; `close_input` is the end of input."""

    def __init__(self, *lines: str, is_interactive: bool = True) -> None:
        self.is_interactive = is_interactive
        self.shown: list[str] = []
        self.prompts: list[str] = [""]
        self.secrets: list[str] = []  # the questions whose answers nobody sees
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._changed = asyncio.Event()
        for line in lines:
            self.type(line)
        if not is_interactive:
            self.close_input()

    @property
    def prompt(self) -> str:
        return self.prompts[-1]

    def type(self, *lines: str) -> None:
        for line in lines:
            self._lines.put_nowait(line)

    def close_input(self) -> None:
        self._lines.put_nowait(None)

    async def wait_shown(self, text: str) -> str:
        """Wait until a line with this text has been shown since the last look; return it."""
        async with asyncio.timeout(5):
            while True:
                for index, line in enumerate(self.shown):
                    if text in line:
                        del self.shown[: index + 1]
                        return line
                self._changed.clear()
                await self._changed.wait()

    async def wait_prompt(self, text: str) -> None:
        """Wait until the prompt holds this text."""
        async with asyncio.timeout(5):
            while text not in self.prompt:
                self._changed.clear()
                await self._changed.wait()

    # --- what the client calls ---

    def show(self, line: str) -> None:
        self.shown.append(line)
        self._changed.set()

    def set_prompt(self, prompt: str, where: str = "") -> None:
        self.prompts.append(prompt)
        self._changed.set()

    async def read_line(self) -> str | None:
        return await self._lines.get()

    async def read_secret(self, question: str) -> str | None:
        self.secrets.append(question)
        return await self._lines.get()

    def close(self) -> None:
        pass
