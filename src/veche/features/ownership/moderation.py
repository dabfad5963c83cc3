"""ChanServ's words for what MODE and INVITE do: OP, VOICE, BAN and their like.

The rule: they are MODE and INVITE, said otherwise. Those let whoever rules a room for his account's sake do from
outside, or without his rank, what he may do with it.
"""

from __future__ import annotations

from collections.abc import Callable

from veche.core.ask import Ask
from veche.core.services import Service, Verb
from veche.features.ownership.rooms import find_room
from veche.state.masks import parse_mask
from veche.state.room import BANS, HELPER, HELPER_POWER, OPERATOR, PROTECTED, VOICE
from veche.wire.names import fold

# Entries that one UNBAN takes off.
MOST_UNBANNED = 10

PHRASES = {
    "op": ("OP <room> [<nick>]", "OP <комната> [<ник>]"),
    "op-help": (
        "makes somebody an operator of a room, or you; DEOP takes it; so do PROTECT, HALFOP, VOICE and DE... of each",
        "даёт ранг оператора комнаты кому-то или вам; DEOP снимает; так же PROTECT, HALFOP, VOICE и DE... к каждому",
    ),
    "invite": ("INVITE <room> [<nick>]", "INVITE <комната> [<ник>]"),
    "invite-help": ("invites somebody, or you, into a room", "приглашает кого-то или вас в комнату"),
    "ban": ("BAN <room> <nick or mask>", "BAN <комната> <ник или маска>"),
    "ban-help": (
        "keeps somebody out: by his account where he has one, else by his host",
        "закрывает вход: по учётной записи, если она есть, иначе по хосту",
    ),
    "unban": ("UNBAN <room> [<nick or mask>]", "UNBAN <комната> [<ник или маска>]"),
    "unban-help": (
        "takes off the bans that mean somebody, or you",
        "снимает баны, под которые попадает кто-то или вы",
    ),
    "no-bans": ("No ban of {room} means this.", "Таких банов в {room} нет."),
    "no-nick": ("There is nobody called {nick} here now.", "Сейчас здесь нет никого по имени {nick}."),
    "no-mask": (
        "This is neither the nick of somebody who is here nor a mask.",
        "Это не ник кого-либо из присутствующих и не маска.",
    ),
}
for _word in ("deop", "halfop", "dehalfop", "voice", "devoice", "protect", "deprotect"):
    PHRASES[_word] = (f"{_word.upper()} <room> [<nick>]", f"{_word.upper()} <комната> [<ник>]")
    PHRASES[_word + "-help"] = PHRASES["op-help"]


def _rank(sign: str, letter: str) -> Callable[[Service, Ask, list[str]], None]:
    def change(_service: Service, ask: Ask, params: list[str]) -> None:
        room = find_room(ask, params[0])
        if room is not None:
            nick = params[1].split()[0] if len(params) > 1 else ask.user.nick
            ask.run("MODE", room.name, sign + letter, nick)

    return change


def _invite(_service: Service, ask: Ask, params: list[str]) -> None:
    room = find_room(ask, params[0])
    if room is not None:
        ask.run("INVITE", params[1].split()[0] if len(params) > 1 else ask.user.nick, room.name)


def _ban(service: Service, ask: Ask, params: list[str]) -> None:
    room = find_room(ask, params[0])
    word = params[1].split()[0]
    user = ask.world.users_by_key.get(fold(word))
    if user is not None:
        mask = f"a:{user.account}" if user.account else f"*!*@{user.host}"
    else:
        mask = word if set(word) & set("!@:*?") and parse_mask(word) is not None else ""
    if room is not None and mask:
        ask.run("MODE", room.name, "+" + BANS, mask)
    elif room is not None:
        service.say(ask, "no-mask")


def _unban(service: Service, ask: Ask, params: list[str]) -> None:
    room = find_room(ask, params[0])
    if room is None:
        return
    word = params[1].split()[0] if len(params) > 1 else ask.user.nick
    entries = room.lists[BANS]
    user = ask.world.users_by_key.get(fold(word))
    asked = parse_mask(word)
    if user is not None:
        masks = [entry.mask.text for entry in entries.values() if entry.mask.matches(user)]
    elif asked is not None and fold(asked.text) in entries:
        masks = [asked.text]
    else:
        masks = []
    if not masks and room.rule(ask.user) >= HELPER_POWER:
        service.say(ask, "no-bans", room=room.name)
    elif not masks:
        ask.run("MODE", room.name, "-" + BANS, word)  # which refuses
    for mask in masks[:MOST_UNBANNED]:
        ask.run("MODE", room.name, "-" + BANS, mask)


def _ranks(name: str, letter: str) -> list[Verb]:
    return [
        Verb(name, _rank("+", letter), least=1, most=2, is_listed=letter == OPERATOR),
        Verb("DE" + name, _rank("-", letter), least=1, most=2, is_listed=False),
    ]


VERBS = [
    *_ranks("OP", OPERATOR),
    *_ranks("PROTECT", PROTECTED),
    *_ranks("HALFOP", HELPER),
    *_ranks("VOICE", VOICE),
    Verb("INVITE", _invite, least=1, most=2),
    Verb("BAN", _ban, least=2, most=2),
    Verb("UNBAN", _unban, least=1, most=2),
]
