"""The plain client's beginning and end:  python client.py [[ircs://]HOST[:PORT]] [--account NAME] [--nick NICK]

Exit codes: 0 when all that was to be sent was acknowledged, 1 when something was refused or the server could not be
reached, 2 for a bad command line.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Sequence
from typing import NamedTuple

from veche.arguments import Parser
from veche.client.plain_account import VARIABLE, given_password
from veche.client.plain_phrases import TABLE
from veche.client.plain_terminal import open_terminal
from veche.client.plain_trust import KnownServers, default_place
from veche.client.plain_visit import DEFAULT_PORT, TLS_PORT, Visit, Wish
from veche.client.tls import Tls
from veche.phrases import Phrases, language_of_locale

DEFAULT_HOST = "127.0.0.1"


class Server(NamedTuple):
    """Where to, and whether encrypted."""

    host: str
    port: int
    tls: bool = False


def parse_server(text: str) -> Server:
    """HOST, HOST:PORT, [IPv6] or [IPv6]:PORT, perhaps with irc:// or ircs:// in front and a slash behind.

    Raises ValueError for anything else.
    """
    scheme, colons, rest = text.partition("://")
    is_tls = colons != "" and scheme.lower() == "ircs"
    if colons:
        if scheme.lower() not in {"irc", "ircs"}:
            raise ValueError(text)
        text = rest.removesuffix("/")
    host, port = _parse_address(text)
    return Server(host or DEFAULT_HOST, port or (TLS_PORT if is_tls else DEFAULT_PORT), is_tls)


def _parse_address(text: str) -> tuple[str, int]:
    """Host and port; "" and 0 where it names none."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(text)
        port = rest[1:]
    elif text.count(":") > 1:
        host, rest, port = text, "", ""  # an IPv6 address without a port
    else:
        host, rest, port = text.partition(":")
    if rest and not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536):
        raise ValueError(text)
    return host, int(port) if port else 0


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
        return await until_stopped(Visit(terminal, say, wish_of(arguments)).run())
    finally:
        terminal.close()


def wish_of(arguments: argparse.Namespace) -> Wish:
    """The command line as the visit wants it."""
    host, port, is_tls = arguments.server
    wants_tls = is_tls or arguments.tls or bool(arguments.fingerprint)
    if wants_tls and not is_tls and port == DEFAULT_PORT:
        port = TLS_PORT  # nobody speaks TLS at the other one
    return Wish(
        host=host,
        port=port,
        nick=arguments.nick,
        tls=wants_tls,
        fingerprint=arguments.fingerprint,
        account=arguments.account,
        password=arguments.password_file,
        known=KnownServers(default_place()),
    )


def parse_arguments(arguments: Sequence[str] | None, say: Phrases) -> argparse.Namespace:
    """The command line. Ends the program with code 2 when it is wrong."""

    def server(text: str) -> Server:
        try:
            return parse_server(text)
        except ValueError:
            raise argparse.ArgumentTypeError(say("bad_server", value=text)) from None

    def fingerprint(text: str) -> str:
        try:
            return Tls(fingerprint=text).fingerprint
        except ValueError:
            raise argparse.ArgumentTypeError(say("bad_fingerprint", value=text)) from None

    def password(file: str) -> str:
        try:
            return given_password(file, os.environ)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", "") or say("empty_file")
            raise argparse.ArgumentTypeError(say("bad_password_file", value=file, reason=reason)) from None

    where = f"{DEFAULT_HOST}:{DEFAULT_PORT}"
    parser = Parser("client.py", say.language, about=say("about"))
    group = parser.add_argument_group(say("group_chat"))
    group.add_argument(
        "server",
        nargs="?",
        type=server,
        default=Server(DEFAULT_HOST, DEFAULT_PORT),
        metavar="HOST[:PORT]",
        help=say("arg_server", default=where),
    )
    group.add_argument("--nick", default="", metavar="NICK", help=say("arg_nick"))
    group.add_argument("--account", default="", metavar="NAME", help=say("arg_account", variable=VARIABLE))
    # A string as default goes through `type`, so that without a file the variable is looked at.
    group.add_argument(
        "--password-file", default="", type=password, metavar="FILE", help=say("arg_password_file")
    )
    group.add_argument("--tls", action="store_true", help=say("arg_tls"))
    group.add_argument(
        "--fingerprint",
        default="",
        type=lambda text: fingerprint(text) if text else "",
        metavar="SHA-256",
        help=say("arg_fingerprint"),
    )
    group.add_argument("--windows", action="store_true", help=say("arg_windows"))
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
