"""What scripts do over ssh:  ssh HOST send '#room' < FILE    ssh HOST tail [-n N] [-f] '#room'

Standard output has the messages and nothing else; what went wrong is told on standard error, in words. Exit codes: 0
done; 1 refused, or no way to the chat; 2 a command that is not understood. What others have said is shown without
anything that a terminal would obey (client/text.py).
"""

import argparse
import asyncio
import re
import sys
from collections.abc import AsyncIterator, Sequence
from typing import NoReturn

from veche.client.connection import Connection
from veche.client.errors import AskRefused, ClientError, LoginFailed, OutcomeUnknown
from veche.client.events import Disconnected, MessageReceived
from veche.client.link import Timing
from veche.client.plain_phrases import TABLE as PLAIN
from veche.client.plain_phrases import reason_of_login
from veche.client.plain_visit import Wish, other_nick
from veche.client.text import plain, split_text
from veche.phrases import Language, Phrases
from veche.ssh.phrases import TABLE

USAGE, REFUSED = 2, 1
MOST_LINES = 1000
DEFAULT_LINES = 10
# A nick that is taken gets a number behind it, so often.
MOST_NICKS = 20
_HISTORY = "draft/chathistory"


class Wrong(Exception):
    """The command line is wrong; the text says how."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Instead of ending the process in English."""
        raise Wrong(message)


async def run(words: Sequence[str], wish: Wish, language: Language) -> int:
    """Obey one command; the exit code."""
    say = Phrases(TABLE, language)
    try:
        wanted = _parse(words, say)
    except Wrong as error:
        _complain(f"{error}\n{say('help')}")
        return USAGE
    attempts = 0

    async def choose(_nick: str, _code: str, _text: str) -> str:
        nonlocal attempts
        attempts += 1
        return other_nick(wish.nick, attempts) if attempts <= MOST_NICKS else ""

    try:
        async with Connection(
            wish.host,
            nick=wish.nick,
            account=wish.account,
            open_socket=wish.open_socket,
            # A script is told that the link broke rather than kept waiting.
            timing=Timing(give_up_after=0.0),
            choose_nick=choose,
        ) as chat:
            if wanted.command == "send":
                return await _send(chat, wanted.target, say)
            return await _tail(chat, wanted.target, wanted.lines, say, follows=wanted.follow)
    except LoginFailed as error:
        _complain(say("not_in", reason=reason_of_login(Phrases(PLAIN, language), error)))
    except ClientError as error:
        _complain(say("not_in", reason=plain(str(error))))
    return REFUSED


def _parse(words: Sequence[str], say: Phrases) -> argparse.Namespace:
    command, *rest = words
    parser = _Parser(prog=command, add_help=False)
    parser.add_argument("target", nargs="?", default="")
    if command == "tail":
        parser.add_argument("-n", dest="lines", default=str(DEFAULT_LINES))
        parser.add_argument("-f", dest="follow", action="store_true")
    wanted = parser.parse_args(rest)
    wanted.command = command
    if not re.fullmatch(r"[^\s,:][^\s,]{0,63}", wanted.target):
        raise Wrong(say("no_target"))
    if command == "tail":
        if not re.fullmatch("[0-9]{1,4}", wanted.lines) or not 0 < int(wanted.lines) <= MOST_LINES:
            raise Wrong(say("bad_number", most=MOST_LINES))
        wanted.lines = int(wanted.lines)
    return wanted


async def _send(chat: Connection, target: str, say: Phrases) -> int:
    """Every line a message, in order; the first that is refused ends it."""
    sent = found = 0
    if chat.model.is_room(target):
        try:
            await chat.join(target)
        except (AskRefused, OutcomeUnknown) as error:
            return _refuse(say, target, error)
    async for line in _lines():
        for text in split_text(line, chat.text_limit(target)):
            found += 1
            try:
                await chat.send(target, text)
            except (AskRefused, OutcomeUnknown) as error:
                _complain(say("sent_some", count=sent, all=found))
                return _refuse(say, target, error)
            sent += 1
    if not found:
        _complain(say("nothing"))
        return REFUSED
    return 0


async def _tail(chat: Connection, target: str, lines: int, say: Phrases, *, follows: bool) -> int:
    if _HISTORY not in chat.model.capabilities:
        _complain(say("no_history", target=plain(target)))
        return REFUSED
    try:
        if chat.model.is_room(target):
            await chat.join(target)
        said = [event async for event in chat.history(target, lines)][::-1]
    except (AskRefused, OutcomeUnknown) as error:
        return _refuse(say, target, error)
    for event in said:
        _show(event)
    if not follows:
        return 0
    seen = {event.msgid for event in said} - {""}
    async for heard in chat.events():
        if isinstance(heard, MessageReceived) and chat.model.same(heard.conversation, target):
            if heard.msgid not in seen:
                _show(heard)
        elif isinstance(heard, Disconnected):
            _complain(say("ended", reason=plain(heard.reason)))
            return REFUSED
    return REFUSED


def _show(event: MessageReceived) -> None:
    time = event.time.astimezone().strftime("%Y-%m-%d %H:%M")
    text = plain(event.text)
    words = f"* {plain(event.sender)} {text}" if event.kind == "action" else f"<{plain(event.sender)}> {text}"
    sys.stdout.write(f"{time} {words}\n")
    sys.stdout.flush()


def _refuse(say: Phrases, target: str, error: AskRefused | OutcomeUnknown) -> int:
    if isinstance(error, AskRefused):
        _complain(
            say("refused", target=plain(target), reason=plain(error.refusal.text or error.refusal.code))
        )
    else:
        _complain(say("not_told", target=plain(target)))
    return REFUSED


def _complain(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


async def _lines() -> AsyncIterator[str]:
    """Standard input, without empty lines; what is no UTF-8 gets marks instead."""
    reader = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    while True:
        try:
            line = await reader.readline()
        except ValueError:  # longer than any line that people write
            continue
        if not line:
            return
        if text := line.decode(errors="replace").rstrip("\r\n"):
            yield text
