"""What the papers tell people to type, typed: what runs in a network of its own for tests/test_paper_commands.py.

    paper_commands.py FOLDER        commands as JSON on standard input; what came of each, as a line of JSON

Inside of a network namespace all usual ports are free and 192.168.1.20 is this machine, so commands are typed as they
are written. FOLDER holds `checkout` (links to the real one), `home`, and `bin` with the names that people type.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.clients.lines import Line  # noqa: E402 - the path comes first
from tests.clients.terminals import PATIENCE, Terminals  # noqa: E402

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
CHECKOUT, HOME = FOLDER / "checkout", FOLDER / "home"
ENVIRONMENT = {
    "HOME": str(HOME),
    "PATH": f"{FOLDER / 'bin'}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "LC_ALL": "C.UTF-8",
    "TERM": "screen-256color",
}
How = Callable[[str], None]


def read_on(process: subprocess.Popen[str], words: str) -> None:
    """Read what it prints until these words."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return
    raise AssertionError(f"it ended without {words!r}: {said}")


@contextmanager
def started(command: str, words: str) -> Iterator[subprocess.Popen[str]]:
    """A program that runs until Ctrl-C; it has printed these words, and ends well."""
    with subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        cwd=CHECKOUT,
        env={**ENVIRONMENT, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            if words:
                read_on(process, words)
            yield process
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 0, command
        finally:
            process.kill()


def piped(typed: str, *shown: str) -> How:
    """Run it to its end with this as what is typed; all of these are shown, and it ends well."""

    def run(command: str) -> None:
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=CHECKOUT,
            env=ENVIRONMENT,
            input=typed,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = ran.stdout + ran.stderr
        assert ran.returncode == 0, said
        assert not (missing := [words for words in shown if words not in said]), f"{missing} not in: {said}"

    return run


def seated(*steps: tuple[str, str]) -> How:
    """Sit down in front of it: type each (text, what is shown then); "" types nothing, "^Q" presses a key."""

    def run(command: str) -> None:
        words = " ".join(f"{name}='{value}'" for name, value in ENVIRONMENT.items())
        folder = FOLDER / "terminals"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        with Terminals(folder) as terminals:
            terminal = terminals.open("it", f"cd {CHECKOUT} && exec env -i {words} bash -c '{command}'")
            for typed, shown in steps:
                if typed.startswith("^"):
                    terminals.run("send-keys", "-t", "it", f"C-{typed[1:].lower()}")
                elif typed:
                    terminal.type(typed)
                terminal.shows(shown)

    return run


def bot(nick: str, room: str) -> How:
    """It says that it is there, and somebody in its room finds it there; it goes at Ctrl-C."""

    def run(command: str) -> None:
        with Line(6667) as watcher, started(command, f"{nick} is there"):
            watcher.register("watcher")
            watcher.say(f"JOIN {room}")
            names = watcher.skip_to(" 353 ")
            assert nick in names, names

    return run


def certificate(command: str) -> None:
    piped("")(command)
    assert "BEGIN CERTIFICATE" in (CHECKOUT / "veche.pem").read_text()


TALK = ("", "hello")
# In the order in which they are typed. A command of a page is done by the first row whose pattern is all of it.
WITH_SERVER: list[tuple[str, How]] = [
    (r"python client\.py", piped("Ann\n\nhello\n", "hello")),
    (r'echo "[^"]+" \| python client\.py --nick backup', piped("")),
    (r"python client\.py --plain", piped("Ann\n\nhello\n", "hello")),
    (
        r"nc (127\.0\.0\.1|localhost) 1995",
        seated(("", "NICK"), ("Dave", "Connected"), ("tea?", "Dave: tea?")),
    ),
    (r"python tests/net/old_client\.py 1995 (\w+)", seated(("", "Connected"), ("cake?", ": cake?"))),
    (r"irssi -c 127\.0\.0\.1 -n Carol", seated(("", "Welcome to"))),
    (r"catgirl .* -o > veche\.pem", certificate),
    (r"catgirl .* -t \./veche\.pem", seated(("", "Welcome to"))),
    (r"python examples/reminders\.py .*", bot("reminders", "#tea")),
    (r"python examples/moderator\.py .*", bot("guard", "#tea")),
    (r"python server\.py db backup .*", piped("")),
    (r"python server\.py export person ann ann\.(json|mbox)", piped("")),
    (r"python server\.py export room '#tea' tea\.(html|json)", piped("")),
]
WITH_LAN: list[tuple[str, How]] = [
    (r"python client\.py 192\.168\.1\.20", piped("Bob\n\nhello\n", "hello")),
    (r"nc 192\.168\.1\.20 1995", seated(("", "NICK"), ("Eve", "Connected"))),
]
WITHOUT_SERVER: list[tuple[str, How]] = [
    (r"python server\.py db restore /var/backups/veche-3\.db", piped("")),
    # Two rounds instead of twenty: the last one counts.
    (
        r"\.venv/bin/python -m veche\.testing\.checker kill --rounds 20",
        lambda command: piped("", "GREEN")(f"{command} --rounds 2"),
    ),
    (r"\.venv/bin/python -m fuzz --seed 4711 --lines 5000", piped("")),
]
SERVERS = {
    r"python server\.py": WITH_SERVER,
    r"python server\.py --lan": WITH_LAN,
    r"~/veche/bin/veche serve": [],
}


def prepare() -> None:
    """What the pages say that there is: accounts, a room with talk in it, a file with a password, a backup."""
    for name in ("ann", "guard"):
        with Line(6667) as line:
            line.register(name)
            line.say(
                "REGISTER * * teapot-and-cups", "JOIN #tea", "PRIVMSG #tea :the tea is ready", "PING done"
            )
            line.skip_to("PONG")
            line.say("QUIT")
    secret = CHECKOUT / "secret"
    secret.write_text("teapot-and-cups\n")
    secret.chmod(0o600)


def do(command: str, how: How) -> None:
    """Do it and print what came of it."""
    begun = time.monotonic()
    try:
        how(command)
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        trouble = str(error) or repr(error)
    else:
        trouble = ""
    print(
        json.dumps({"command": command, "trouble": trouble, "seconds": time.monotonic() - begun}), flush=True
    )


def matching(commands: list[str], rows: list[tuple[str, How]]) -> list[tuple[str, How]]:
    return [(command, how) for pattern, how in rows for command in commands if re.fullmatch(pattern, command)]


def serve(server: str, commands: list[str], rows: list[tuple[str, How]]) -> None:
    """Start the server by its command, and do what needs it."""

    def run(command: str) -> None:
        with started(command, "ready"):
            if rows is WITH_SERVER:
                prepare()
            for typed, how in matching(commands, rows):
                do(typed, how)
            if rows is WITH_SERVER:
                shutil.copy("/var/backups/veche.db", "/var/backups/veche-3.db")

    do(server, run)


def main() -> None:
    with socket.socket() as any_socket:  # lo up, with one more address
        for name, address in ((b"lo", ""), (b"lo:1", "192.168.1.20")):
            if address:
                request = struct.pack("16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(address))
                fcntl.ioctl(any_socket, 0x8916, request)  # SIOCSIFADDR
            fcntl.ioctl(
                any_socket, 0x8914, struct.pack("16sh", name, 0x1 | 0x40)
            )  # SIOCSIFFLAGS: IFF_UP, IFF_RUNNING
    backups = FOLDER / "backups"
    backups.mkdir()
    subprocess.run(["mount", "--bind", str(backups), "/var/backups"], check=True)
    commands = json.load(sys.stdin)
    for pattern, rows in SERVERS.items():
        for server in (command for command in commands if re.fullmatch(pattern, command)):
            serve(server, commands, rows)
    for command, how in matching(commands, WITHOUT_SERVER):
        do(command, how)


if __name__ == "__main__":
    main()
