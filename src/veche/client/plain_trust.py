"""Which servers a person trusts: a certificate that nobody vouches for is shown once, and known from then on.

The rule: a server that is known by its key is never accepted with another one, and nobody is asked to look away. To
trust it anew, its line is taken out of the file.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from veche.client.errors import ServerNotTrusted
from veche.client.plain_terminal import Terminal
from veche.phrases import Phrases

FILE = "known_servers"
# What means yes, in both languages.
YES = frozenset({"y", "yes", "д", "да"})


def default_place(environment: Mapping[str, str] = os.environ) -> Path:
    """The file of the servers that are known (XDG Base Directory Specification)."""
    home = environment.get("XDG_DATA_HOME", "")
    return (Path(home) if home else Path.home() / ".local" / "share") / "veche-client" / FILE


class KnownServers:
    """A file with a line for each server: HOST:PORT, a space, and the SHA-256 of its public key."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fingerprint(self, server: str) -> str:
        """What a server is known by; "" for one that is not."""
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return ""
        found = [line.split() for line in lines]
        return next(
            (words[1] for words in reversed(found) if words[:1] == [server.lower()] and len(words) == 2), ""
        )

    def add(self, server: str, fingerprint: str) -> None:
        """Know a server from now on. Raises OSError when that cannot be written down."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{server.lower()} {fingerprint}\n")


def readable(fingerprint: str) -> str:
    """A fingerprint as people compare it: in pairs, in capitals."""
    return ":".join(fingerprint[index : index + 2] for index in range(0, len(fingerprint), 2)).upper()


async def ask_trust(
    terminal: Terminal, say: Phrases, server: str, error: ServerNotTrusted, known: KnownServers
) -> str:
    """Tell a person what the server has shown; by what to know it from now on, or "" to stay away."""
    if error.expected:
        terminal.show("! " + say("trust_changed", server=server, file=known.path))
        terminal.show("! " + say("trust_shown", fingerprint=readable(error.fingerprint)))
        return ""
    if not error.fingerprint:
        terminal.show("! " + say("trust_nothing", server=server))
        return ""
    terminal.show("! " + say("trust_unknown", server=server))
    terminal.show("! " + say("trust_shown", fingerprint=readable(error.fingerprint)))
    if not terminal.is_interactive:
        terminal.show("! " + say("trust_script", fingerprint=error.fingerprint))
        return ""
    terminal.show("! " + say("trust_compare"))
    terminal.set_prompt(say("trust_question"))
    answer = await terminal.read_line()
    terminal.set_prompt("")
    if answer is None or answer.strip().lower() not in YES:
        return ""
    try:
        known.add(server, error.key_fingerprint)
    except OSError as problem:
        terminal.show("! " + say("trust_not_kept", file=known.path, reason=problem.strerror))
    return error.key_fingerprint
