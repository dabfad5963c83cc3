"""Random lines: every command of the server in its own forms, in wrong ones, with tags and batches, whole and broken.

A form is text with kinds of words (words.py) in braces: "KICK {room} {nick} :{text}". A command of the server that has
no forms here is said with any parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from veche.app.features import FEATURES

from .words import PASSWORDS, Words

FORMS: dict[str, list[str]] = {
    "ACCEPT": ["{nicks}", "-{nick}", "*", ""],
    "ADMIN": ["", "{word}"],
    "AUTHENTICATE": ["PLAIN", "{login}", "{login}", "SCRAM-SHA-256", "EXTERNAL", "*", "+", "{word}", "{text}"],
    "AWAY": [":{text}", "", "*"],
    "BATCH": ["+{word} draft/multiline {target}", "-{word}", "+1 {word} {target}", "{word} {text}"],
    "CAP": ["REQ :{caps}", "REQ :{caps}", "LS", "LS 302", "LIST", "END", "{word} :{caps}", "LS {number}", "REQ"],
    "CHATHISTORY": [
        "LATEST {target} {when} {number}", "BEFORE {target} {when} {number}", "AFTER {target} {when} {number}",
        "AROUND {target} {when} {number}", "BETWEEN {target} {when} {when} {number}", "TARGETS {when} {when} {number}",
        "LATEST {room} * 50", "THREAD {room} {when} * {number}", "THREAD {target} {when} {when} {number}",
        "{word} {target} {when} {number}",
    ],
    "CHANSERV": [
        "REGISTER {room}", "ACCESS {room} ADD {nick} {word}", "ACCESS {room} {word} {nick}", "AMODE {room} +o {nick}",
        "SET {room} {word} {word}", "TRANSFER {room} {nick}", "ACCEPT {room}", "DROP {room} {word}", "INFO {room}",
        "LIST {mask}", "HELP {word}", "{word} {text}", "",
    ],
    "CS": [
        "REGISTER {room}", "ACCESS {room} ADD {nick} o", "ACCESS {room} ADD {nick} v", "ACCESS {room} DEL {nick}",
        "OP {room} {nick}", "DEOP {room}", "BAN {room} {mask}", "UNBAN {room} {nick}", "INVITE {room} {nick}",
        "SET {room} MODELOCK on", "HELP {word}", "{word} {text}",
    ],
    "CONNECT": ["{word} {number}"],
    "DEFCON": ["5", "5", "5", "{number}", "3", "4", ""],
    "DEOPER": [""],
    "DIE": ["", ":{text}"],
    "EDITS": ["{target} {id}", "{room} {id}"],
    "DLINE": ["{duration} {address} :{text}", "{address} :{text}", "{mask}"],
    "HELP": ["", "{word}", "JOIN", "{anything}"],
    "INFO": ["", "{word}"],
    "INVITE": ["{nick} {room}", "{nick} {room}", "", "{room} {nick}"],
    "ISON": ["{nick} {nick} :{text}", "{nicks}"],
    "ISUPPORT": [""],
    "JOIN": ["{rooms}", "{room}", "{room}", "{room}", "{rooms} {text}", "0"],
    "KICK": ["{room} {nicks} :{text}", "{room} {nick}", "{rooms} {nicks} {text}"],
    "KILL": ["{nick} :{text}"],
    "KLINE": ["{duration} {mask} :{text}", "{mask} :{text}"],
    "KNOCK": ["{room} :{text}", "{room}"],
    "LINKS": ["", "{mask}"],
    "LIST": ["", "{rooms}", ">1", "*e*,!*x", "C<1,T>0", "<", "#*,U", "{anything}", "C>{number},U<{number}"],
    "LUSERS": ["", "{word}"],
    "MARKREAD": ["{target}", "{target} timestamp=2026-01-01T12:00:00.500Z", "{target} {when}"],
    "METADATA": [
        "* SET {key} :{text}", "{target} SET {key} :{text}", "{target} GET {key} {key} {key}", "{target} LIST",
        "{target} CLEAR", "* SUB {key} {key}", "* UNSUB {key} {key}", "* SUBS", "{target} SYNC",
        "{target} {word} {key}", "* SET {key}", "{target} SET soju.im/muted 1",
    ],
    "MODE": [
        "{room} {modes}", "{room} {modes}", "{room} {modes}", "{nick} {umodes}", "{target}", "{room} b", "{room} +P",
    ],
    "MONITOR": ["+ {nicks}", "- {nicks}", "C", "L", "S", "{word} {nicks}"],
    "MOTD": ["", "{word}"],
    "NAMES": ["{rooms}", "", "{room}"],
    "NICK": ["{nick}", "{nick}", ":{text}", ""],
    "NICKSERV": ["REGISTER {password}", "IDENTIFY {nick} {password}", "HELP {word}", "{word} {text}", ""],
    "NS": [
        "REGISTER {password}", "IDENTIFY {nick} {password}", "IDENTIFY {password}", "HELP", "{word} {text}", "",
        "IDENTIFY {nick}@{word} {password}", "SET ALWAYS-ON on", "SET ALWAYS-ON off", "SET {word} {word}", "LOGOUT",
        "LOGOUT ALL", "PASSWD {password} {password}", "DROP {password}", "TOKEN ADD {word}", "TOKEN DEL {word}",
        "DEVICE {word}", "FORGET {word}", "SESSIONS", "INFO {nick}", "SUSPEND {nick} {duration} {text}",
        "UNSUSPEND {nick}", "RENAME {nick} {nick}", "LIST {mask}",
    ],
    "NOTICE": ["{targets} :{text}", "{target} :{text}", "{target}", ""],
    "OPER": ["root secret", "root wrong", "{word} {text}"],
    "PART": ["{rooms} :{text}", "{room}"],
    "PASS": ["{text}", "secret"],
    "PING": ["{text}", "", ":{text}", "{word} {word}"],
    "PONG": ["{text}", ""],
    "PRIVMSG": [
        "{targets} :{text}", "{room} :{text}", "{room} :{text}", "{room} :{text}", "{room} :{text}", "{nick} :{text}",
        "{nick} :{text}", "{target}", "",
    ],
    "QUIT": [":{text}", ""],
    "REDACT": ["{target} {id} :{text}", "{room} {id}", "{room} {id}", "{target} {id}"],
    "REGISTER": ["{nick} * {password}", "* * {password}", "{nick} {word} {text}"],
    "REHASH": [""],
    "RELAYMSG": ["{room} {nick}/x :{text}", "{room} {nick}/{word} :{text}", "{room} {nick} :{text}"],
    "RENAME": ["{room} {room} :{text}", "{room} {room}"],
    "RESTART": [""],
    "SAJOIN": ["{nick} {room}", "{room}"],
    "SAMODE": ["{room} {modes}", "{room} +o {nick}", "{room} -imkl+o x {nick}", "{nick} {umodes}"],
    "SANICK": ["{nick} {nick}"],
    "SETNAME": [":{text}"],
    "SILENCE": ["+{mask}", "-{mask}", "{mask}", "", "{nick}"],
    "SNOMASK": ["{modes}", "+ocdk", "-", ""],
    "SQUIT": ["{word} :{text}"],
    "STATS": ["{word}", "u", "l", "o", "p", "k", "d", "m", "{number} {word}"],
    "SUMMON": ["{nick}"],
    "TAGMSG": ["{targets}", "{room}", ""],
    "TIME": ["", "{word}"],
    "TOPIC": ["{room} :{text}", "{room}", "{room} :"],
    "TRACE": ["", "{nick}"],
    "UBAN": ["ADD {mask} {duration} :{text}", "ADD {mask}", "DEL {mask}", "LIST", "{word} {mask}"],
    "UNREAD": ["", "{target}"],
    "UNDLINE": ["{address}", "{mask}"],
    "UNINVITE": ["{nick} {room}"],
    "UNKLINE": ["{mask}"],
    "USER": ["{word} 0 * :{text}", "{text} 0 * :{text}", "{word}"],
    "USERHOST": ["{nick} {nick} {nick} {nick} {nick} {nick}", "{nicks}"],
    "USERS": [""],
    "VERIFY": ["{nick} {word}"],
    "VERSION": ["", "{word}"],
    "WALLOPS": [":{text}"],
    "WEBIRC": ["secret gateway {word} {address} :secure {word}", "wrong gateway {word} {address}", "{text} x y z"],
    "WHO": ["{target}", "{room}", "{mask}", "{target} %tcuihsnfdlaor,42", "{target} %{word}", "{target} o", "", "0 o"],
    "WHOIS": ["{nick}", "{nick} {nick}", "{targets}", ""],
    "WHOWAS": ["{nick}", "{nick} {number}", "{nicks}", ""],
}  # fmt: skip

# What people mostly do; the others come up as often as one of these.
USUAL = (
    ["PRIVMSG"] * 12
    + ["JOIN"] * 10
    + ["MODE"] * 5
    + ["NOTICE", "TAGMSG", "NICK", "PART", "TOPIC", "KICK"] * 2
    + ["REDACT"]
)
# What drives people out, or keeps them out; a world in which everybody is banned teaches little.
RARE = {"QUIT", "KILL", "DLINE", "KLINE", "UBAN", "DIE", "RESTART", "WEBIRC", "DEFCON", "DEOPER"}

_Part = Callable[[Words], str]


def _compile(form: str) -> list[_Part]:
    parts: list[_Part] = []
    for index, piece in enumerate(re.split(r"\{(\w+)\}", form)):
        if index % 2:
            parts.append(getattr(Words, piece))
        elif piece:
            parts.append(lambda _words, piece=piece: piece)  # type: ignore[misc]
    return parts


for _feature in FEATURES:
    for _row in _feature.commands:
        FORMS.setdefault(
            _row.name, ["", "{anything}", "{anything} {anything}", "{anything} {anything} :{text}"]
        )

_COMPILED = {
    command: [_compile(f"{command} {form}".rstrip()) for form in forms] for command, forms in FORMS.items()
}
_ALL = [command for command in FORMS if command not in RARE]
_RARE = sorted(RARE)


def command(words: Words) -> str:
    """One line of one command, without tags."""
    chance = words.random()
    if chance < 0.5:
        name = words.pick(USUAL)
    elif chance < 0.985:
        name = words.pick(_ALL)
    else:
        name = words.pick(_RARE)
    if words.is_rare(0.06):  # parameters that have nothing to do with it
        line = name
        for _ in range(int(words.random() * 6)):
            line += " " + words.anything()
        return line + (" :" + words.text() if words.is_rare(0.5) else "")
    return "".join([part(words) for part in words.pick(_COMPILED[name])])


def tags(words: Words) -> str:
    """The tag part of a line: mostly none."""
    chance = words.random()
    if chance < 0.7:
        return ""
    words.labels += 1
    if chance < 0.85:
        return f"@label=L{words.labels} "
    return words.pick([
        "@+typing=active ",
        f"@+draft/edit={words.id()} ",
        f"@label=L{words.labels};+draft/edit={words.id()} ",
        f"@+reply={words.id()} ",
        f"@label=L{words.labels};+a=\\s\\:\\\\ ",
        "@time=1;msgid=2;+x=batch=1;account=x ",
        "@ ",
        "@;;= ",
        "@+big=" + "z" * 4000 + " ",
        "@+big=" + "ж" * 2044 + " ",
        "@+big=" + "z" * 5000 + " ",
        "@label= ",
        f"@label={'l' * 64} ",
        f"@label={'l' * 65} ",
        "@batch=1 ",
        "@batch=1;draft/multiline-concat ",
        f"@+draft/react={words.text().replace(' ', '')};+reply={words.id()} ",
        f"@+draft/unreact=x;+reply={words.id()} ",
        f"@+draft/reply={words.id()};+x ",
        f"@+{words.word()}={words.word()};{words.word()} ",
    ])  # fmt: skip


def long_message(words: Words) -> list[str]:
    """A batch of one long message, mostly a good one."""
    target = words.target()
    reference = words.pick(["1", "a", "b2", words.word()])
    lines = [f"{tags(words)}BATCH +{reference} draft/multiline {target}"]
    for _ in range(int(words.random() * 5)):
        concat = ";draft/multiline-concat" if words.is_rare(0.2) else ""
        said = target if not words.is_rare(0.05) else words.target()
        lines.append(
            f"@batch={reference}{concat} {words.pick(['PRIVMSG', 'PRIVMSG', 'NOTICE'])} {said} :{words.text()}"
        )
    if not words.is_rare(0.1):
        lines.append(f"BATCH -{reference}")
    return lines


def registration(words: Words, nick: str) -> list[str]:
    """How somebody enters: what is needed in any order, and what is not. `nick` is the one that remains to him."""
    lines = [f"NICK {words.nick()}", f"USER {words.word() or 'u'} 0 * :{words.text()}"]
    if words.is_rare(0.8):
        lines.append(f"CAP {words.pick(['LS', 'LS 302'])}")
        lines.append(f"CAP REQ :{words.caps()}")
        lines.append(f"CAP REQ :{words.caps()}")
    if words.is_rare(0.5):
        lines.append("CAP REQ :message-tags batch labeled-response echo-message server-time draft/multiline")
    for part, line in (
        (0.9, "PASS secret"),
        (0.1, "AWAY :early"),
        (0.1, "METADATA * SET url :x"),
        (0.05, "PING x"),
    ):
        if words.is_rare(part):
            lines.append(line)
    if words.is_rare(0.1):
        lines.append(command(words))
    words.chance.shuffle(lines)
    if words.is_rare(0.05):
        lines.insert(
            0, f"WEBIRC secret gateway host {words.address()} :{words.pick(['', 'secure', words.word()])}"
        )
    if words.is_rare(0.95):
        lines += ["CAP END", f"NICK {nick}", "JOIN #tea,#чай"]
    if words.is_rare(0.3):
        lines.append("OPER root secret")
    return lines


def mend(words: Words) -> list[str]:
    """What keeps the world alive: an operator opens a room that nobody can enter any more, and lifts bans."""
    room = words.room()
    return [
        "OPER root secret",
        "DEFCON 5",
        f"JOIN {room}",
        f"SAMODE {room} -RilmkCM x",
        f"SAMODE {room} -bbb *!*@* *@* ~q:*",
        f"SAMODE {room} +ohv {words.nick()} {words.nick()} {words.nick()}",
        f"UBAN DEL {words.mask()}",
        f"UNDLINE {words.address()}",
    ]


def logging_in(words: Words) -> list[str]:
    """An account is made, or entered: by SASL, or by what people type."""
    nick = words.nick()
    return words.pick([
        [f"NICK {nick}", f"NS REGISTER {PASSWORDS[0]}"],
        [f"NS IDENTIFY {nick} {PASSWORDS[0]}"],
        ["CAP REQ :sasl message-tags batch", "AUTHENTICATE PLAIN", f"AUTHENTICATE {words.login()}"],
        ["NS LOGOUT"],
    ])  # fmt: skip


def spoil(words: Words, line: bytes) -> bytes:
    """The same line with something wrong in it."""
    chance = words.chance
    at = int(words.random() * (len(line) + 1))
    how = int(words.random() * 9)
    if how == 0:
        return line[:at] + chance.randbytes(int(words.random() * 12)) + line[at:]
    if how == 1:
        return line[:at] + line[at + int(words.random() * 6) :]
    if how == 2:
        return (
            line[:at]
            + words.pick([b"\0", b"\r", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\n"])
            + line[at:]
        )
    if how == 3:
        return line[:at] + b"x" * words.pick([80, 400, 512, 4096, 8191, 17000]) + line[at:]
    if how == 4:
        return b":" + words.word().encode() + b" " + line
    if how == 5:
        return line.lower()
    if how == 6:
        return line.replace(b" ", b"  ") + b" "
    if how == 7:
        return b"@" + words.word().encode() + words.pick([b"", b" ", b"  "]) + line
    return chance.randbytes(int(words.random() * 60))
