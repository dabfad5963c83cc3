"""SAJOIN, SAMODE, SANICK: what operators do in the place of others, for rooms and people in trouble.

No specification; as InspIRCd and Ergo have them. The rule: each is the fact that it would be otherwise, so that
everybody sees what happened; who did it is told to the operators, and logged.
"""

import logging

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.nicks import may_be_nick
from veche.core.operators import name_of, tell
from veche.core.registry import Command, Feature
from veche.features.join import show_room
from veche.features.mode import change_room
from veche.state.events import MemberJoined, NickChanged
from veche.state.user import User
from veche.wire import numerics
from veche.wire.message import Message
from veche.wire.names import fold, is_valid_room

_log = logging.getLogger("veche.oper")


def sajoin(ask: Ask) -> None:
    """SAJOIN [<nick>] <room>: past bans, keys and limits."""
    target = _find(ask, ask.params[0]) if len(ask.params) > 1 else ask.user
    name = ask.params[-1]
    if target is None:
        return
    if not is_valid_room(name, ask.settings.room_length):
        ask.reply(numerics.ERR_NOSUCHCHANNEL, name, "No such channel")
        return
    if fold(name) in target.rooms:
        ask.reply(numerics.ERR_USERONCHANNEL, target.nick, name, "is already on channel")
        return
    fact = MemberJoined(target.uid, target.source, target.account, target.real_name, name)
    fact.founder = "" if fold(name) == fold(ask.settings.lobby) else "o"
    fact.is_forced = True
    _note(ask, f"has made {target.nick} join {name}")
    # He reads what he would have read had he asked himself; who is here without a session, nothing.
    sessions = ask.engine.fanout.sessions.get(target.uid)
    if not sessions:
        ask.engine.log.commit(fact, None)
    elif ask.session in sessions:
        ask.commit(fact, show_room)
    else:
        Ask(ask.engine, sessions[-1], Message("JOIN", [name]), "").commit(fact, show_room)


def samode(ask: Ask) -> None:
    """SAMODE <room> <modestring> [<mode arguments>...]: as the server, which may everything."""
    room = ask.world.rooms.get(fold(ask.params[0]))
    if room is None:
        ask.reply(numerics.ERR_NOSUCHCHANNEL, ask.params[0], "No such channel")
        return
    _note(ask, f"has set the modes of {room.name}: {' '.join(ask.params[1:])}")
    change_room(ask, room, "", ask.settings.server)


def sanick(ask: Ask) -> None:
    """SANICK <nick> <new nick>."""
    target = _find(ask, ask.params[0])
    wanted = ask.params[1]
    if target is None:
        return
    if not may_be_nick(wanted, ask.settings):
        ask.reply(numerics.ERR_ERRONEUSNICKNAME, wanted, "Erroneous nickname")
        return
    _note(ask, f"has changed the nick of {target.nick} to {wanted}")
    ask.commit(NickChanged(target.uid, target.source, wanted))


def _find(ask: Ask, nick: str) -> User | None:
    user = ask.world.users_by_key.get(fold(nick))
    if user is None:
        ask.reply(numerics.ERR_NOSUCHNICK, nick, "No such nick/channel")
    return user


def _note(ask: Ask, text: str) -> None:
    _log.info("%s %s", name_of(ask.user), text)
    tell(ask.engine, "a", f"{name_of(ask.user)} {text}")


feature = Feature(
    "force",
    commands=[
        Command(
            "SAJOIN",
            sajoin,
            least=1,
            privileged=True,
            help=Help(
                "[<nick>] <room>",
                "Brings somebody, or you, into a room, past bans, keys and limits.",
                "Вводит кого-нибудь или вас в комнату, несмотря на баны, ключи и пределы.",
                Family.OPERATORS,
            ),
        ),
        Command(
            "SAMODE",
            samode,
            least=2,
            privileged=True,
            help=Help(
                "<room> <changes> [<parameter>...]",
                "Changes the modes of a room as the server, which may everything.",
                "Меняет режимы комнаты от имени сервера, которому можно всё.",
                Family.OPERATORS,
            ),
        ),
        Command(
            "SANICK",
            sanick,
            least=2,
            privileged=True,
            help=Help(
                "<nick> <new nick>",
                "Gives somebody another nick.",
                "Даёт человеку другой ник.",
                Family.OPERATORS,
            ),
        ),
    ],
)
