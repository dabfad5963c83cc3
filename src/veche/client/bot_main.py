"""A bot as a program: its command line, its log, and its end."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence

from veche.arguments import Parser
from veche.client.bot import Bot
from veche.client.bot_state import State, StateError
from veche.client.connection import Connection
from veche.client.errors import ClientError
from veche.client.plain import Server, parse_server
from veche.client.plain_account import VARIABLE, given_password
from veche.client.plain_phrases import TABLE as PLAIN_TABLE
from veche.client.plain_visit import DEFAULT_PORT, TLS_PORT
from veche.client.text import plain
from veche.client.tls import Tls
from veche.phrases import Language, Phrases, language_of_locale

TABLE = {
    **PLAIN_TABLE,
    "about_bot": ("A bot for a Veche chat, or any IRC server.", "Бот для чата «Вече» или любого сервера IRC."),
    "arg_bot_nick": ("the name of the bot (default: its own)", "имя бота (по умолчанию своё)"),
    "arg_bot_account": (
        "log in to this account; the password or a token is in --password-file or {variable}",
        "войти в эту учётную запись; пароль или токен — в --password-file или в {variable}",
    ),
    "no_password": (
        "a bot cannot be asked for a password: --password-file, or {variable}",
        "спросить пароль у бота нельзя: --password-file или {variable}",
    ),
    "arg_room": ("a room to be in; may be said several times", "комната, в которой быть; можно несколько раз"),
    "arg_owner": (
        "an account that may give it orders; may be said several times",
        "учётная запись, которая вправе приказывать; можно несколько раз",
    ),
    "arg_state": ("where it remembers (default: nowhere)", "где он всё помнит (по умолчанию нигде)"),
    "arg_language": ("en or ru: what it speaks (default: the system's)", "en или ru: язык бота (по умолчанию системы)"),
    "bad_language": ("{value!r} is neither en nor ru", "{value!r} — не en и не ru"),
    "bot_in": ("{nick} is there. Ctrl-C stops it.", "{nick} на месте. Остановить: Ctrl-C."),
    "bot_failed": ("{nick} cannot come in: {reason}", "{nick} не может войти: {reason}"),
}  # fmt: skip
MOST_NICKS = 4


def make_parser(prog: str, *, about: str = "") -> tuple[Parser, "argparse._ArgumentGroup", Phrases]:
    """The options of every bot; a program may add its own to the group, and parse then."""
    say = Phrases(TABLE, language_of_locale())

    def checked(check: Callable[[str], object], phrase: str) -> Callable[[str], object]:
        def take(text: str) -> object:
            try:
                return check(text)
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", "") or say("empty_file")
                raise argparse.ArgumentTypeError(say(phrase, value=text, reason=reason)) from None

        return take

    parser = Parser(prog, say.language, about=about or say("about_bot"))
    group = parser.add_argument_group(say("group_chat"))
    add = group.add_argument
    where = f"127.0.0.1:{DEFAULT_PORT}"
    add("server", nargs="?", type=checked(parse_server, "bad_server"), default=where,
        metavar="HOST[:PORT]", help=say("arg_server", default=where))  # fmt: skip
    add("--nick", default="", metavar="NICK", help=say("arg_bot_nick"))
    add("--room", action="append", default=[], metavar="ROOM", help=say("arg_room"))
    add("--account", default="", metavar="NAME", help=say("arg_bot_account", variable=VARIABLE))
    # A string as default goes through `type`, so that without a file the variable is looked at.
    add("--password-file", default="", metavar="FILE", help=say("arg_password_file"),
        type=checked(lambda file: given_password(file, os.environ), "bad_password_file"))  # fmt: skip
    add("--tls", action="store_true", help=say("arg_tls"))
    add("--fingerprint", default="", metavar="SHA-256", help=say("arg_fingerprint"),
        type=checked(lambda text: Tls(fingerprint=text).fingerprint if text else "", "bad_fingerprint"))  # fmt: skip
    add("--owner", action="append", default=[], metavar="NAME", help=say("arg_owner"))
    add("--state", default="", metavar="FILE", help=say("arg_state"))
    add("--language", default=say.language, metavar="en|ru", type=checked(_language, "bad_language"),
        help=say("arg_language"))  # fmt: skip
    return parser, group, say


def parse(arguments: Sequence[str] | None, *, prog: str, about: str = "") -> argparse.Namespace:
    """The command line of a bot without options of its own. Ends the program with code 2 when it is wrong."""
    parser, _, say = make_parser(prog, about=about)
    parser.add_help_group(say("group_other"))
    return parser.parse_args(arguments)


def start(bot: Bot, parsed: argparse.Namespace) -> int:
    """Run a bot until it is stopped (0), or cannot come in (1). Its log goes to stderr."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    say = Phrases(TABLE, parsed.language)
    bot.nick = parsed.nick or bot.nick
    bot.rooms = (*bot.rooms, *parsed.room)
    bot.owners += parsed.owner
    if parsed.account and not parsed.password_file:
        reason = say("no_password", variable=VARIABLE)
        print(say("bot_failed", nick=bot.nick, reason=reason), file=sys.stderr)
        return 1
    try:
        if parsed.state:
            bot.state = State(parsed.state)
        return asyncio.run(_run(bot, parsed, say))
    except (ClientError, StateError) as error:
        print(say("bot_failed", nick=bot.nick, reason=plain(str(error))), file=sys.stderr)
        return 1


async def _run(bot: Bot, parsed: argparse.Namespace, say: Phrases) -> int:
    task = asyncio.ensure_future(_visit(bot, connection_of(bot, parsed), say))
    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        pass  # stopped by a signal, with a goodbye to the server
    return 0


async def _visit(bot: Bot, chat: Connection, say: Phrases) -> None:
    async with chat:
        print(say("bot_in", nick=plain(chat.nick)), flush=True)
        await bot.run(chat)


def connection_of(bot: Bot, parsed: argparse.Namespace) -> Connection:
    """The connection that a command line asks for."""
    server: Server = parsed.server
    is_tls = server.tls or parsed.tls or bool(parsed.fingerprint)
    port = TLS_PORT if is_tls and not server.tls and server.port == DEFAULT_PORT else server.port
    tried: list[str] = []

    async def other_nick(nick: str, _code: str, _text: str) -> str:
        tried.append(nick)
        return nick + "_" if len(tried) < MOST_NICKS else ""

    return Connection(
        server.host,
        port,
        nick=bot.nick,
        account=parsed.account,
        password=parsed.password_file if parsed.account else "",
        device="bot" if parsed.account else "",
        tls=Tls(fingerprint=parsed.fingerprint) if is_tls else False,
        rooms=bot.rooms,
        choose_nick=other_nick,
    )


def _language(text: str) -> Language:
    if text == "en":
        return "en"
    if text == "ru":
        return "ru"
    raise ValueError(text)
