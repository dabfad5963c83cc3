"""The plain client's beginning and end:  python client.py [HOST[:PORT]] [--nick NICK] [--plain]

Exit codes: 0 when all that was to be sent was acknowledged, 1 when something was refused or the server could not be
reached, 2 for a bad command line.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Sequence

from veche.arguments import Parser
from veche.client.plain_phrases import TABLE
from veche.client.plain_terminal import open_terminal
from veche.client.plain_visit import DEFAULT_PORT, visit
from veche.phrases import Phrases, language_of_locale

DEFAULT_HOST = "127.0.0.1"


def parse_server(text: str) -> tuple[str, int]:
    """HOST, HOST:PORT, [IPv6] or [IPv6]:PORT. Raises ValueError for anything else."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(text)
        port = rest[1:]
    elif text.count(":") > 1:
        host, rest, port = text, "", ""  # an IPv6 address without a port
    else:
        host, rest, port = text.partition(":")
    host = host or DEFAULT_HOST
    if rest and not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536):
        raise ValueError(text)
    return host, int(port) if port else DEFAULT_PORT


async def until_stopped(visiting: Awaitable[int]) -> int:
    """Run a visit; SIGTERM, SIGHUP and ^C end it with a goodbye to the server."""
    task = asyncio.ensure_future(visiting)
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return 130  # as shells count "ended by ^C"


async def run(arguments: argparse.Namespace, say: Phrases) -> int:
    """The whole program, with the terminal given back at the end whatever happens."""
    # A program may be started with its input or output closed; Python has None for them then.
    source = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: ASYNC230, SIM115 - it never blocks, and stays open
    sink = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: ASYNC230, SIM115
    terminal = open_terminal(source, sink, os.environ.get("TERM", ""))
    try:
        host, port = arguments.server
        return await until_stopped(visit(terminal, say, host, port, arguments.nick))
    finally:
        terminal.close()


def parse_arguments(arguments: Sequence[str] | None, say: Phrases) -> argparse.Namespace:
    """The command line. Ends the program with code 2 when it is wrong."""

    def server(text: str) -> tuple[str, int]:
        try:
            return parse_server(text)
        except ValueError:
            raise argparse.ArgumentTypeError(say("bad_server", value=text)) from None

    where = f"{DEFAULT_HOST}:{DEFAULT_PORT}"
    parser = Parser("client.py", say.language, about=say("about"))
    group = parser.add_argument_group(say("group_chat"))
    group.add_argument(
        "server",
        nargs="?",
        type=server,
        default=(DEFAULT_HOST, DEFAULT_PORT),
        metavar="HOST[:PORT]",
        help=say("arg_server", default=where),
    )
    group.add_argument("--nick", default="", metavar="NICK", help=say("arg_nick"))
    group.add_argument("--plain", action="store_true", help=say("arg_plain"))
    parser.add_help_group(say("group_other"))
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client; the exit code."""
    say = Phrases(TABLE, language_of_locale())
    parsed = parse_arguments(arguments, say)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(
            stream, "reconfigure"
        ):  # a locale without these letters shows marks instead of ending the program
            stream.reconfigure(errors="replace")
    return asyncio.run(run(parsed, say))


if __name__ == "__main__":
    sys.exit(main())
