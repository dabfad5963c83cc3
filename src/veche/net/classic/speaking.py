"""What a visitor says, as IRC lines.

The rule: the name in front of what he says is never taken from him. A text that begins with a slash is a command or is
refused: a command mistyped must not become something that the whole room reads.
"""

from collections.abc import Callable

from veche.net.classic import phrases
from veche.net.classic.recalling import history, search
from veche.net.classic.text import plain, split_text
from veche.net.classic.visit import Visit
from veche.wire.lines import BODY_LIMIT
from veche.wire.names import fold, is_valid_nick

# Bytes of one message, in as many lines as it takes. More would be taken for a flood by the engine, and the visitor
# would lose his connection for a letter.
MESSAGE_LIMIT = 4096
_ACTION = len("\x01ACTION \x01")


def speak(visit: Visit, text: str) -> None:
    """Serve one message of a visitor who has arrived."""
    if not text.strip():
        return
    if len(text.encode(errors="replace")) > MESSAGE_LIMIT:
        visit.explain("too_long", limit=MESSAGE_LIMIT)
        return
    was_choosing, visit.choosing = visit.choosing, False
    if _is_old_command(visit, text):
        return
    text = plain(_without_own_name(visit, text)).rstrip()
    command, _, rest = text.partition(" ")
    if text.startswith("//"):
        _say(visit, text[1:])
    elif text.startswith("/"):
        action = COMMANDS.get(command[1:].lower())
        if action is None:
            visit.explain("no_command", name=command, rest=text[1:])
        else:
            action(visit, rest.strip())
    elif was_choosing and visit.uses_lines and _at_number(visit, text.strip()):
        # Only a person who is not writing through the old client: its lines are talk for everybody, always.
        _choose(visit, _at_number(visit, text.strip()))
    elif text.strip():
        _say(visit, text)


def _is_old_command(visit: Visit, text: str) -> bool:
    """Serve TELL, LIST and HELP as the old client writes them; False if it is something else."""
    word, space, rest = text.partition(" ")
    if word in ("LIST", "HELP"):
        # Through the old client nobody can say these words first; a person at nc can, with more behind them.
        if visit.uses_lines and rest.strip():
            return False
        if word == "LIST":
            list_(visit, "")
        else:
            visit.tell(phrases.HELP)
        return True
    if word != "TELL" or not space:
        return False
    names = (visit.claimed, visit.nick)
    own = next((name for name in names if rest.startswith(name + " ")), None)
    if own is None:
        if visit.uses_lines:
            return False
        own = rest.partition(" ")[0]
    tell(visit, plain(rest[len(own) + 1 :]))
    return True


def _without_own_name(visit: Visit, text: str) -> str:
    """The text without the name that the old client writes in front.

    At nc only the real nick is taken off: the name asked for may be another's by now, and "ann: come!" meant for her.
    """
    name = visit.nick if visit.uses_lines else visit.claimed
    return text.removeprefix(name + ": ")


# ---- saying things


def _say(visit: Visit, text: str) -> None:
    if not visit.partner:
        _to_lobby(visit, text)
    elif visit.partner_gone:
        visit.explain("partner_gone", name=visit.partner)
    else:
        _send(visit, visit.partner, text)


def _to_lobby(visit: Visit, text: str, *, action: bool = False) -> None:
    if not visit.lobby:
        visit.explain("no_room")
        visit.explain("how_to_tell")
    elif not visit.entered:
        visit.explain("not_in_room")
    else:
        _send(visit, visit.lobby, text, action=action)


def _send(visit: Visit, target: str, text: str, *, action: bool = False) -> None:
    room = visit.room_for(target) - (_ACTION if action else 0)
    for piece in split_text(text, room):
        if piece.strip():
            visit.to_engine.append(f"PRIVMSG {target} :" + (f"\x01ACTION {piece}\x01" if action else piece))


def _at_number(visit: Visit, word: str) -> str:
    """The person of a number in the list last shown; "" for none."""
    if not (word.isascii() and word.isdigit() and len(word) < 6):
        return ""
    index = int(word) - 1
    return visit.numbered[index] if 0 <= index < len(visit.numbered) else ""


def _person(visit: Visit, word: str) -> str:
    """The nick that a name or number means; "" if it cannot be anybody's, which is explained.

    No nick begins with a digit. A room, or several names, are for IRC clients: the old server knew people only.
    """
    if word.isascii() and word.isdigit():
        nick = _at_number(visit, word)
        if not nick:
            visit.explain("no_number", name=word)
        return nick
    if not is_valid_nick(word, 100):
        visit.explain("nobody", name=word)
        return ""
    return word


def _choose(visit: Visit, nick: str) -> None:
    visit.partner = nick
    visit.partner_gone = False
    visit.explain("chosen", name=nick)


# ---- commands


def tell(visit: Visit, rest: str) -> None:
    """/tell NAME|NUMBER [TEXT]."""
    word, _, text = rest.strip().partition(" ")
    if not word or (not text.strip() and not visit.uses_lines):
        visit.explain("how_to_tell")
        return
    nick = _person(visit, word)
    if nick and text.strip():
        _send(visit, nick, text)
    elif nick and fold(nick) not in visit.members and visit.lobby:
        # Whoever chooses by a name that is mistyped would hear of it only when it is too late to mend the sentence.
        visit.explain("nobody", name=nick)
    elif nick:
        _choose(visit, visit.members.get(fold(nick), nick))


def list_(visit: Visit, _rest: str) -> None:
    """/list: the names, as the old server gave them."""
    if visit.lobby:
        visit.show_list()
    else:
        _look_around(visit, "list")


def who(visit: Visit, rest: str) -> None:
    """/who: the people with their numbers; /who NAME: about one of them."""
    if rest:
        nick = _person(visit, rest.partition(" ")[0])
        if nick:
            visit.to_engine.append(f"WHOIS {nick}")
    elif visit.lobby:
        visit.show_people(len(visit.members))
    else:
        _look_around(visit, "people")


def _look_around(visit: Visit, purpose: str) -> None:
    visit.asked.append(purpose)
    visit.to_engine.append("WHO *")


def help_(visit: Visit, _rest: str) -> None:
    """/help."""
    visit.tell(visit.say("help"))


def nick(visit: Visit, rest: str) -> None:
    """/nick NAME."""
    if not rest:
        visit.explain("how_to_nick")
    elif not is_valid_nick(rest, visit.nick_limit):
        visit.explain("unusable_now", name=rest[:40], nick=visit.nick, **visit.name_limits())
    else:
        visit.to_engine.append(f"NICK {rest}")


def login(visit: Visit, rest: str) -> None:
    """/login [NAME] PASSWORD. Without a name, that which he has asked for and did not get, or his own."""
    word, _, password = rest.partition(" ")
    name, password = (word, password.strip()) if password.strip() else (visit.reserved or visit.nick, word)
    # NAME@DEVICE gives the device a name, here as everywhere.
    if not password or not is_valid_nick(name.partition("@")[0], 100):
        visit.explain("how_to_login")
        return
    visit.logging_in = visit.nick
    visit.to_engine.append(_with_text("NICKSERV", f"IDENTIFY {name} {password}"))


def me(visit: Visit, rest: str) -> None:
    """/me TEXT: to the room, or to whom one talks to."""
    if not rest:
        visit.explain("how_to_me")
    elif not visit.partner:
        _to_lobby(visit, rest, action=True)
    elif visit.partner_gone:
        visit.explain("partner_gone", name=visit.partner)
    else:
        _send(visit, visit.partner, rest, action=True)


def all_(visit: Visit, rest: str) -> None:
    """/all [TEXT]: talk to everybody again."""
    visit.partner = ""
    if rest:
        _to_lobby(visit, rest)
    else:
        visit.explain("to_all")


def away(visit: Visit, rest: str) -> None:
    """/away [TEXT]."""
    visit.to_engine.append(_with_text("AWAY", rest))


def topic(visit: Visit, rest: str) -> None:
    """/topic [TEXT]."""
    if not visit.lobby:
        visit.explain("no_room")
    else:
        visit.to_engine.append(_with_text(f"TOPIC {visit.lobby}", rest))


def join(visit: Visit, _rest: str) -> None:
    """/join: back into the room, for who was put out of it."""
    if not visit.lobby:
        visit.explain("no_room")
    elif visit.entered:
        visit.explain("in_room")
    else:
        visit.to_engine.append(f"JOIN {visit.lobby}")


def motd(visit: Visit, _rest: str) -> None:
    """/motd: the words of the house."""
    if any(line.strip() for line in visit.motd):
        visit.tell("\n".join(visit.motd))
    else:
        visit.explain("no_motd")


def quit_(visit: Visit, rest: str) -> None:
    """/quit [TEXT]."""
    visit.to_engine.append(_with_text("QUIT", rest))


def _with_text(head: str, text: str) -> str:
    """A line with as much of the text as it holds; the engine has its own, shorter limits."""
    return f"{head} :{split_text(text, BODY_LIMIT - len(head.encode()) - 2)[0]}" if text else head


COMMANDS: dict[str, Callable[[Visit, str], None]] = {
    "tell": tell,
    "msg": tell,
    "all": all_,
    "list": list_,
    "who": who,
    "help": help_,
    "nick": nick,
    "login": login,
    "me": me,
    "away": away,
    "topic": topic,
    "history": history,
    "search": search,
    "join": join,
    "motd": motd,
    "quit": quit_,
    "exit": quit_,
}
