"""ChanServ's words for whose a room is: REGISTER, DROP, TRANSFER, ACCESS, SET, INFO, LIST.

The rule: a verb finds the room and the account, commits a fact, and says that it has happened; what may not happen is
said by the fact's guard.
"""

from __future__ import annotations

import logging
from functools import partial
from zlib import crc32

from veche.core.ask import Ask
from veche.core.operators import is_operator, name_of, tell
from veche.core.pace import SharedPace
from veche.core.replies import own_tags, plain_time
from veche.core.retention import problem_of
from veche.core.services import Service, Verb
from veche.features.metadata.facts import MetadataChanged
from veche.features.ownership.facts import (
    FOUNDER_POWER,
    AccessChanged,
    LockSet,
    OwnershipFact,
    RoomGivenUp,
    RoomOffered,
    RoomRegistered,
    RoomTransferred,
    tell_problem,
)
from veche.features.ownership.rooms import find_registered, find_room
from veche.state.accounts import Account
from veche.state.ownership import LOCKS, Registration
from veche.state.room import KEEP_KEY, RANKS, Room, power_of
from veche.wire.names import fold, matches

LONGEST_LIST = 100
# What one user is told of offers, however many make him some.
OFFERING = SharedPace("offer", burst=5, seconds=10.0)

_log = logging.getLogger("veche.oper")

PHRASES = {
    "register": ("REGISTER <room>", "REGISTER <комната>"),
    "register-help": (
        "makes a room yours in which you are an operator; it stays when it is empty",
        "закрепляет за вами комнату, в которой вы оператор; она остаётся и пустой",
    ),
    "registered": (
        "{room} is yours now: topic, modes, lists and ranks stay. HELP shows what you can do with it.",
        "Комната {room} теперь ваша: тема, режимы, списки и ранги сохранятся. HELP покажет, что с ней можно делать.",
    ),
    "drop": ("DROP <room> [<code>]", "DROP <комната> [<код>]"),
    "drop-help": (
        "gives a room up: it is nobody's any more, and gone when it is empty",
        "отказывается от комнаты: она станет ничьей и исчезнет, когда опустеет",
    ),
    "drop-code": (
        "To give {room} up, with all its ranks, say: DROP {room} {code}",
        "Чтобы отказаться от {room} вместе со всеми рангами, скажите: DROP {room} {code}",
    ),
    "dropped": ("{room} is nobody's any more.", "Комната {room} больше никому не принадлежит."),
    "transfer": ("TRANSFER <room> <account>", "TRANSFER <комната> <учётная запись>"),
    "transfer-help": (
        "offers a room of yours to another account, whose owner says ACCEPT",
        "предлагает вашу комнату другой учётной записи; её владелец отвечает ACCEPT",
    ),
    "offered": (
        "{room} is offered to {account}. It is yours until its owner says ACCEPT {room}",
        "Комната {room} предложена {account}. Она ваша, пока владелец записи не скажет: ACCEPT {room}",
    ),
    "offer": (
        "{nick} offers you the room {room}. To take it over, say: /msg ChanServ ACCEPT {room}",
        "{nick} предлагает вам комнату {room}. Чтобы принять её, скажите: /msg ChanServ ACCEPT {room}",
    ),
    "transferred": ("{room} belongs to {account} now.", "Комната {room} теперь принадлежит {account}."),
    "accept": ("ACCEPT <room>", "ACCEPT <комната>"),
    "accept-help": ("takes over a room that was offered to you", "принимает комнату, которую вам предложили"),
    "access": (
        "ACCESS <room> [LIST], ACCESS <room> ADD <account> <rank>, ACCESS <room> DEL <account>",
        "ACCESS <комната> [LIST], ACCESS <комната> ADD <учётная запись> <ранг>, ACCESS <комната> DEL <учётная запись>",
    ),
    "access-help": (
        "gives ranks to accounts, whenever they come in: q a o h v",
        "даёт учётным записям ранги при каждом входе: q a o h v",
    ),
    "access-more": (
        (
            "q founder, a protected, o operator, h helper, v voice\n"
            "You give and take what you may give and take with MODE; your own you may always give up.\n"
            "AMODE <room> +o <account> is the same."
        ),
        (
            "q основатель, a защищённый, o оператор, h помощник, v голос\n"
            "Вы даёте и снимаете то же, что и с MODE; от своего ранга можно отказаться всегда.\n"
            "AMODE <комната> +o <учётная запись> — то же самое."
        ),
    ),
    "access-title": ("Ranks by account in {room}:", "Ранги учётных записей в {room}:"),
    "access-row": ("  {rank} {account}", "  {rank} {account}"),
    "access-hidden": (
        "Who has ranks in {room} is shown to who is inside or has one.",
        "Ранги комнаты {room} видят те, кто внутри или сам имеет ранг.",
    ),
    "access-set": (
        "{account} has the rank {rank} in {room} now.",
        "У {account} теперь ранг {rank} в {room}.",
    ),
    "access-gone": ("{account} has no rank in {room} any more.", "У {account} больше нет ранга в {room}."),
    "rank-bad": ("A rank is one of q a o h v.", "Ранг — одна из букв q a o h v."),
    "set": (
        "SET <room> TOPICLOCK|MODELOCK on|off, SET <room> KEEP <time>|off|default",
        "SET <комната> TOPICLOCK|MODELOCK on|off, SET <комната> KEEP <срок>|off|default",
    ),
    "set-help": (
        (
            "TOPICLOCK: only operators by account set the topic; MODELOCK: only founders change modes; KEEP: how long "
            "messages are kept"
        ),
        (
            "TOPICLOCK: тему меняют только операторы по учётной записи; MODELOCK: режимы меняют только основатели; "
            "KEEP: сколько хранятся сообщения"
        ),
    ),
    "set-more": (
        (
            "KEEP 30d deletes what was said longer ago, for good; KEEP off keeps nothing of what is said from now on; "
            "KEEP default is as everywhere on this server."
        ),
        (
            "KEEP 30d навсегда удаляет сказанное раньше; KEEP off не хранит ничего из сказанного с этой минуты; "
            "KEEP default — как везде на этом сервере."
        ),
    ),
    "keep-inside": (
        "To set how long {room} keeps messages, be inside as its founder.",
        "Чтобы задать срок хранения в {room}, войдите туда как основатель.",
    ),
    "set-made": ("{lock} of {room} is {value} now.", "{lock} комнаты {room}: теперь {value}."),
    "info": ("INFO <room>", "INFO <комната>"),
    "info-help": ("says whose a room is, and since when", "показывает, чья это комната и с каких пор"),
    "info-founder": ("{room} belongs to {account}, since {time}.", "{room} принадлежит {account} с {time}."),
    "info-offered": ("It is offered to {account}.", "Она предложена {account}."),
    "info-access": ("Other accounts with a rank: {count}.", "Других учётных записей с рангом: {count}."),
    "info-locks": ("Locked: {locks}.", "Закрыто: {locks}."),
    "list": ("LIST [<mask>]", "LIST [<маска>]"),
    "list-help": (
        "lists the rooms in which you have a rank by account; operators of the server see all",
        "перечисляет комнаты, где у вашей учётной записи есть ранг; операторы сервера видят все",
    ),
    "list-row": ("  {room}: {account}, since {time}", "  {room}: {account}, с {time}"),
    "list-end": ("Rooms: {count}. Shown: {shown}.", "Комнат: {count}. Показано: {shown}."),
    "nobody": ("(nobody)", "(никто)"),
}


# ---- registering and giving up


def _register(service: Service, ask: Ask, params: list[str]) -> None:
    room = find_room(ask, params[0])
    if room is not None:
        at_most = ask.settings.rooms_per_account
        fact = RoomRegistered(ask.user.uid, room.name, ask.user.identity, at_most)
        ask.commit(fact, partial(_say, service, "registered"))


def _say(service: Service, key: str, ask: Ask, fact: OwnershipFact) -> None:
    service.say(ask, key, room=fact.room)


def _drop(service: Service, ask: Ask, params: list[str]) -> None:
    found = find_registered(ask, params[0])
    if found is None:
        return
    room, registration = found
    fact = RoomGivenUp(ask.user.uid, room.name)
    # Against a slip of the hand, not against anybody: it may be known, but not typed by chance.
    code = f"{crc32(f'{room.key} {registration.time}'.encode()):08x}"
    if fact.refusal(ask.world, room) is not None or (len(params) > 1 and params[1] == code):
        ask.commit(fact, partial(_say_dropped, service, registration.founder))
    else:
        service.say(ask, "drop-code", room=room.name, code=code)


def _say_dropped(service: Service, founder: str, ask: Ask, fact: RoomGivenUp) -> None:
    service.say(ask, "dropped", room=fact.room)
    if ask.user.identity != founder:
        _note(ask, f"has dropped the room {fact.room}")


def _note(ask: Ask, deed: str) -> None:
    """Tell operators what one of them has done with a room that was not his."""
    _log.info("%s %s", name_of(ask.user), deed)
    tell(ask.engine, "a", f"{name_of(ask.user)} {deed}")


# ---- to another founder


def _transfer(service: Service, ask: Ask, params: list[str]) -> None:
    found = find_registered(ask, params[0])
    account = _account(ask, params[1]) if found is not None else None
    if found is None or account is None:
        return
    room, _ = found
    if is_operator(ask.user):
        moved = RoomTransferred(ask.user.uid, room.name, account.uid, 0)
        ask.commit(moved, partial(_say_given, service))
    else:
        ask.commit(RoomOffered(ask.user.uid, room.name, account.uid), partial(_say_offered, service))


def _account(ask: Ask, name: str) -> Account | None:
    account = ask.world.accounts.named(name)
    if account is None:
        tell_problem("no-account", {}, ask)
    return account


def _say_offered(service: Service, ask: Ask, fact: RoomOffered) -> None:
    account = ask.world.accounts.by_uid[fact.account]
    service.say(ask, "offered", room=fact.room, account=account.name)
    bearer = ask.world.present.get(fact.account)
    if bearer is not None and OFFERING.wait(ask, bearer.uid):
        return  # the offer stands all the same
    for session in ask.engine.fanout.sessions.get(bearer.uid, ()) if bearer is not None else ():
        other = Ask(ask.engine, session, ask.message, "")
        text = service.phrases(other)("offer", nick=ask.user.nick, room=fact.room)
        tags = own_tags(ask.engine, session.view)
        ask.engine.outboxes.send(session, f"{tags}{service.source(ask)} NOTICE {session.nick} :{text}")


def _accept(service: Service, ask: Ask, params: list[str]) -> None:
    room = ask.world.rooms.get(fold(params[0]))
    registration = room.registration if room is not None else None
    # Whoever was offered a secret room may hear that it is there; nobody else.
    if room is None or registration is None or registration.offered != ask.user.identity:
        tell_problem("not-offered", {"room": params[0][: ask.settings.room_length]}, ask)
        return
    at_most = ask.settings.rooms_per_account
    fact = RoomTransferred(ask.user.uid, room.name, ask.user.identity, at_most)
    ask.commit(fact, partial(_say_transferred, service))


def _say_given(service: Service, ask: Ask, fact: RoomTransferred) -> None:
    _say_transferred(service, ask, fact)
    account = ask.world.accounts.by_uid[fact.account]
    _note(ask, f"has given the room {fact.room} to {account.name}")


def _say_transferred(service: Service, ask: Ask, fact: RoomTransferred) -> None:
    account = ask.world.accounts.by_uid[fact.account]
    service.say(ask, "transferred", room=fact.room, account=account.name)


# ---- ranks by account


def _access(service: Service, ask: Ask, params: list[str]) -> None:
    found = find_registered(ask, params[0])
    if found is None:
        return
    words = params[1].split() if len(params) > 1 else []
    act = words[0].upper() if words else "LIST"
    if act == "LIST":
        _list_access(service, ask, *found)
    elif act == "ADD" and len(words) > 2:
        _set_access(service, ask, found[0], words[1], words[2])
    elif act == "DEL" and len(words) > 1:
        _set_access(service, ask, found[0], words[1], "")
    elif len(act) == 2 and act[0] in "+-" and len(words) > 1:
        _set_access(service, ask, found[0], words[1], act[1].lower() if act[0] == "+" else "")
    else:
        service.say(ask, "usage", usage=service.phrases(ask)("access"))


def _set_access(service: Service, ask: Ask, room: Room, name: str, rank: str) -> None:
    if rank not in ("", *RANKS):
        service.say(ask, "rank-bad")
        return
    account = _account(ask, name)
    if account is not None:
        fact = AccessChanged(ask.user.uid, room.name, account.uid, rank, ask.settings.list_entries)
        ask.commit(fact, partial(_say_access, service, account.name))


def _say_access(service: Service, name: str, ask: Ask, fact: AccessChanged) -> None:
    key = "access-set" if fact.rank else "access-gone"
    service.say(ask, key, room=fact.room, account=name, rank=fact.rank)


def _list_access(service: Service, ask: Ask, room: Room, registration: Registration) -> None:
    user = ask.user
    if user.uid not in room.members and not room.rule(user) and not is_operator(user):
        service.say(ask, "access-hidden", room=room.name)
        return
    service.say(ask, "access-title", room=room.name)
    service.say(ask, "access-row", rank="q", account=_name(service, ask, registration.founder))
    for uid, rank in sorted(registration.access.items(), key=lambda entry: -power_of(entry[1])):
        service.say(ask, "access-row", rank=rank, account=_name(service, ask, uid))


def _name(service: Service, ask: Ask, uid: str) -> str:
    account = ask.world.accounts.by_uid.get(uid)
    return account.name if account is not None else service.phrases(ask)("nobody")


# ---- the rest


def _set(service: Service, ask: Ask, params: list[str]) -> None:
    found = find_registered(ask, params[0])
    if found is None:
        return
    lock, value = params[1].lower(), params[2].lower()
    if lock == "keep":
        _set_keep(service, ask, found[0], value)
        return
    if lock not in LOCKS or value not in ("on", "off"):
        service.say(ask, "usage", usage=service.phrases(ask)("set"))
        return
    fact = LockSet(ask.user.uid, found[0].name, lock, is_on=value == "on")
    ask.commit(fact, partial(_say_set, service, value))


def _set_keep(service: Service, ask: Ask, room: Room, value: str) -> None:
    """How long what is said is kept: a metadata of the room's, whose guard has the last word."""
    wrong = problem_of(ask.settings, value, ask.language) if value != "default" else ""
    if room.rule(ask.user) < FOUNDER_POWER and not is_operator(ask.user):
        tell_problem("founder-only", {"room": room.name}, ask)
    elif not room.is_operator(ask.user.uid):
        service.say(ask, "keep-inside", room=room.name)
    elif wrong:
        service.say_text(ask, wrong)
    elif value == "default" and KEEP_KEY not in room.metadata:
        service.say(ask, "set-made", room=room.name, lock="KEEP", value=value)
    else:
        fact = MetadataChanged(ask.user.uid, ask.user.source, room.name, room.key, "")
        fact.key = KEEP_KEY
        fact.value = None if value == "default" else value
        fact.at_most = ask.settings.metadata_keys
        ask.commit(
            fact, lambda ask, _fact: service.say(ask, "set-made", room=room.name, lock="KEEP", value=value)
        )


def _say_set(service: Service, value: str, ask: Ask, fact: LockSet) -> None:
    service.say(ask, "set-made", room=fact.room, lock=fact.lock.upper(), value=value)


def _info(service: Service, ask: Ask, params: list[str]) -> None:
    found = find_registered(ask, params[0])
    if found is None:
        return
    room, registration = found
    since = plain_time(registration.time)
    account = _name(service, ask, registration.founder)
    service.say(ask, "info-founder", room=room.name, account=account, time=since)
    if registration.access:
        service.say(ask, "info-access", count=len(registration.access))
    if registration.locks:
        locks = " ".join(lock.upper() for lock in sorted(registration.locks))
        service.say(ask, "info-locks", locks=locks)
    concerned = ask.user.identity == registration.offered or room.rule(ask.user) >= FOUNDER_POWER
    if registration.offered and (concerned or is_operator(ask.user)):
        service.say(ask, "info-offered", account=_name(service, ask, registration.offered))


def _list(service: Service, ask: Ask, params: list[str]) -> None:
    mask = fold(params[0] if params else "*")
    user = ask.user
    found = [
        (room.key, room.name, room.registration)
        for room in ask.world.rooms.values()
        if room.registration is not None
        and matches(mask, room.key)
        and (is_operator(user) or room.rank_of(user.identity))
    ]
    found.sort(key=lambda row: row[0])
    for _, name, registration in found[:LONGEST_LIST]:
        account = _name(service, ask, registration.founder)
        service.say(ask, "list-row", room=name, account=account, time=plain_time(registration.time))
    service.say(ask, "list-end", count=len(found), shown=min(len(found), LONGEST_LIST))


OWNERSHIP = [
    Verb("REGISTER", _register, least=1, most=1, needs_account=True),
    Verb("INFO", _info, least=1, most=1),
    Verb("ACCESS", _access, least=1, most=2, aliases=("AMODE",)),
    Verb("SET", _set, least=3, most=3, needs_account=True),
    Verb("TRANSFER", _transfer, least=2, most=2),
    Verb("ACCEPT", _accept, least=1, most=1, needs_account=True),
    Verb("DROP", _drop, least=1, most=2),
    Verb("LIST", _list, most=1),
]
