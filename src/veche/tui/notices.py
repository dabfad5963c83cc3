"""Calling somebody who looks elsewhere: by the bell, by the terminal, or by the desktop.

The rule: what strangers wrote is made harmless first: nothing that ends the sequence, nothing that the desktop reads as
an option or as markup.

Sources: OSC 9 (iTerm2, "Post a notification"; also Windows Terminal, WezTerm, Ghostty); OSC 777 (rxvt-unicode's notify
extension; also foot, VTE); Desktop Notifications Specification, "Markup".
"""

import asyncio
import shutil
from collections.abc import Callable, Mapping

from veche.client.text import plain

MOST_TITLE, MOST_TEXT = 80, 200
# Seconds after which a notify-send that hangs is left alone.
PATIENCE = 5.0
_OSC_9 = frozenset({"iTerm.app", "WezTerm", "ghostty"})


def way_of(
    setting: str, environment: Mapping[str, str], find: Callable[[str], str | None] = shutil.which
) -> str:
    """How to call here: bell, terminal, terminal-777 or desktop."""
    if setting != "auto":
        return setting
    # Inside of these the sequence would have to be wrapped, and they know no such thing; elsewhere is not at home.
    if "TMUX" not in environment and environment.get("TERM", "").split("-")[0] not in {"screen", "tmux"}:
        if environment.get("TERM_PROGRAM", "") in _OSC_9 or "WT_SESSION" in environment:
            return "terminal"
        if environment.get("TERM", "").startswith(("rxvt-unicode", "foot")):
            return "terminal-777"
    has_desktop = bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
    is_far = "SSH_CONNECTION" in environment
    return "desktop" if has_desktop and not is_far and find("notify-send") else "bell"


def harmless(text: str, most: int) -> str:
    """A text that ends no sequence and begins no field of one."""
    text = plain(text).replace(";", ",").replace("\\", "/").strip()
    return text if len(text) <= most else text[: most - 1] + "…"


def sequence(way: str, title: str, text: str) -> str:
    """What the terminal is to be sent; "" where it is not the terminal that calls."""
    title, text = harmless(title, MOST_TITLE), harmless(text, MOST_TEXT)
    if way == "terminal":
        # ConEmu and Windows Terminal read "9;4;..." as a progress bar: the text never begins with a digit.
        return f"\x1b]9;» {title}: {text}\x07"
    if way == "terminal-777":
        return f"\x1b]777;notify;{title};{text}\x07"
    return "\x07" if way == "bell" else ""


async def call_desktop(title: str, text: str) -> None:
    """Let notify-send show it; where that fails, nobody is called."""
    body = harmless(text, MOST_TEXT).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    try:
        process = await asyncio.create_subprocess_exec(
            "notify-send", "--app-name=Veche", "--", harmless(title, MOST_TITLE), body,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE):
            await process.wait()
    except (OSError, TimeoutError):
        return
