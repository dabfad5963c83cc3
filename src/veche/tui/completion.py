"""What Tab makes of the word before the cursor: names, rooms, commands and emoji.

The rule: pure. The first Tab takes the best, every further one the next.
"""

from collections.abc import Iterable

from veche.client.plain_commands import SHAPES

EMOJI = {
    "smile": "😄", "grin": "😁", "joy": "😂", "wink": "😉", "blush": "😊", "heart": "❤", "thumbsup": "👍",
    "thumbsdown": "👎", "ok": "👌", "clap": "👏", "wave": "👋", "pray": "🙏", "fire": "🔥", "tada": "🎉",
    "rocket": "🚀", "eyes": "👀", "thinking": "🤔", "cry": "😢", "sob": "😭", "angry": "😠", "cool": "😎",
    "party": "🥳", "check": "✅", "cross": "❌", "warning": "⚠", "star": "⭐", "bug": "🐛", "coffee": "☕",
    "tea": "🍵", "cake": "🍰", "beer": "🍺", "sun": "☀", "moon": "🌙", "snow": "❄", "cat": "🐱", "dog": "🐶",
    "bulb": "💡", "zap": "⚡", "hundred": "💯", "shrug": "🤷",
}  # fmt: skip


def candidates(before: str, people: Iterable[str], rooms: Iterable[str]) -> tuple[int, list[str]]:
    """Where the word before the cursor begins, and what it may become, best first; `people`: latest speakers first."""
    start = max(before.rfind(" "), before.rfind("\n")) + 1
    word = before[start:]
    if not word:
        return start, []
    low = word.casefold()
    if word[0] == "/" and start == 0:
        return start, [f"/{name} " for name in SHAPES if name.startswith(low[1:])]
    if word[0] == ":" and len(word) > 1:
        return start, [EMOJI[name] + " " for name in sorted(EMOJI) if name.startswith(low[1:])]
    if word[0] in "#&":
        return start, [name + " " for name in rooms if name.casefold().startswith(low)]
    at = "@" if word[0] == "@" else ""
    end = ": " if start == 0 and not at else " "
    return start, [at + name + end for name in people if name.casefold().startswith(low[len(at) :])]
