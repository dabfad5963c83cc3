"""A few users say anything at all to a whole server, on a disk that is slow, full or broken at times.

Whatever they do: no handler raises, the facts alone give the world as it is, every line that anyone hears is a line
that any client can read, and every label is answered once.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from veche.core.operators import KINDS
from veche.core.settings import OperatorBlock, Settings
from veche.testing.checks import check_stage
from veche.testing.clock import NOON
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Person, Stage, quiet_settings
from veche.wire.msgids import CHANCE_BYTES, make_msgid

NAMES = ["ann", "bob", "cid", "dan", "eve"]
# Stands for the room that everybody is in at the start, lest they never meet.
HOME = "#home"
# Stands for as much text as makes the line as long as a line may be.
FULL = "<full>"
NICKS = [
    *NAMES,
    "ANN",
    "Ева",
    "Ж" * 20,
    "𐌰" * 10,
    "n" * 40,
    "[x]",
    "1x",
    "",
    "*",
    "irc.example",
    "root",
    "a,b",
]
ROOMS = [
    "#tea",
    "#TEA",
    "#milk",
    "#чай",
    "#" + "ж" * 63,
    "#" + "😀" * 63,
    "#" + "r" * 63,
    "#",
    "tea",
    "#a:b",
    "#lobby",
]
TEXTS = [
    "hello", "two words", "", " ", ":", ":)", "x" * 390, "€" * 130, "😀" * 110, "ж" * 200, "\x01ACTION waves\x01",
    FULL, FULL, FULL, "\x02\x1f", "\u202e", "*", "-1", "0", "1", "999999999999", "a=b;c", "\t", "é" * 75,
]  # fmt: skip
MODES = [
    "+o", "-o", "+v", "-v", "+b", "-b", "b", "+k", "-k", "+l", "-l", "+imnst", "-imnst", "+i-i", "+ov-k+l", "+bbb",
    "+B", "-B+i",    "", "+", "-", "+x", "i", "+ooooo", "-nt+bk",
]  # fmt: skip
TAGS = [
    "", "@label=x{} ", "@+typing=active ", "@label=y{};+a=\\s\\:\\\\ ", "@time=1;msgid=2;+x=batch=1 ", "@ ", "@;;= ",
    "@+big=" + "z" * 4000 + " ", "@label= ", "@batch=1 ", "@batch=1;draft/multiline-concat ",
    "@+draft/react=lol;+reply=" + make_msgid(int(NOON * 1000), (1).to_bytes(CHANCE_BYTES, "big")) + " ",
]  # fmt: skip
CAPS = [
    "message-tags", "server-time", "echo-message", "batch labeled-response", "-batch", "-message-tags", "-echo-message",
    "multi-prefix userhost-in-names", "extended-join away-notify setname invite-notify", "-server-time", "nonsense",
    "draft/chathistory", "draft/channel-rename",
    "batch " * 80, "draft/multiline batch", "-draft/multiline", "draft/message-redaction",
    "draft/metadata-2", "draft/metadata-2 batch", "extended-monitor chghost", "draft/pre-away", "-draft/metadata-2",
]  # fmt: skip

KEYS = ["avatar", "url", "k" * 64, "soju.im/muted", "No!", "", "a/b.c-d_e"]
METADATA = ["GET", "LIST", "SET", "CLEAR", "SUB", "UNSUB", "SUBS", "SYNC", "x"]

OPERATORS = ["KILL", "SAJOIN", "SANICK", "WALLOPS", "MODE", "DLINE", "REHASH", "DIE"]
BANS = ["UBAN ADD", "KLINE", "KLINE 1h", "UBAN DEL", "UNKLINE"]
ALONE = ["DEFCON 3", "DEFCON 5", "UBAN LIST", "STATS k", "STATS p", "STATS l", "DEOPER", "MODE ann +sw"]
MASKS = ["~dan*@*", "eve!*@*", "*@192.0.2.0/24", "192.0.2.1", "*@*", "x", "", "ж" * 90 + "@*"]

nick = st.sampled_from(NICKS)
key = st.sampled_from(KEYS)
room = st.just(HOME) | st.sampled_from(ROOMS)
text = st.sampled_from(TEXTS)
target = nick | room
targets = st.lists(target, min_size=1, max_size=6).map(",".join)
rooms = st.lists(room, min_size=1, max_size=3).map(",".join)


# The ids of the first messages of a talk, if nobody lets time pass before them.
msgid = st.integers(1, 6).map(
    lambda number: make_msgid(int(NOON * 1000), number.to_bytes(CHANCE_BYTES, "big"))
)


def said(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Lines of one form."""
    return st.tuples(*parts).map(lambda found: template.format(*found))


LINES = st.one_of(
    said("PRIVMSG {} :{}", targets, text),
    said("PRIVMSG {} :{}", room, text),
    said("NOTICE {} :{}", targets, text),
    said("TAGMSG {}", targets),
    said("PRIVMSG {}{} :{}", st.sampled_from("~&@%+"), room, text),
    said("REDACT {} {} :{}", target, msgid, text),
    said("RELAYMSG {} {}/{} :{}", room, nick, nick, text),
    said("BATCH +1 draft/multiline {}", target),
    said("BATCH -1"),
    said("BATCH {} {}", text, text),
    said("JOIN {} {}", rooms, text),
    said("JOIN {}", room),
    said("PART {} :{}", rooms, text),
    said("JOIN 0"),
    said("TOPIC {} :{}", room, text),
    said("TOPIC {}", room),
    said("NAMES {}", rooms),
    said("LIST {}", rooms),
    said("RENAME {} {} :{}", room, room, text),
    said("KNOCK {} :{}", room, text),
    said("UNINVITE {} {}", nick, room),
    said("LIST {}", st.sampled_from([">1", "*e*,!*x", "C<1,T>0", "<", "#*,U"])),
    said("KICK {} {} :{}", room, targets, text),
    said("INVITE {} {}", nick, room),
    said("MODE {} {} {} {}", target, st.sampled_from(MODES), target, target),
    said("MODE {} {} :{}", room, st.sampled_from(MODES), text),
    said("MODE {}", target),
    said("NICK {}", nick),
    said("AWAY :{}", text),
    said("SETNAME :{}", text),
    said("WHO {}", target),
    said("WHO {} {}", target, st.sampled_from(["%tcuhnfdlaor,42", "%n", "%", "o", "%t,"])),
    said("MONITOR {} {}", st.sampled_from(["+", "-", "C", "L", "S", "x"]), targets),
    said("WHOIS {}", target),
    said("WHOWAS {} {}", nick, text),
    said("METADATA {} {} {} {} :{}", st.just("*") | target, st.sampled_from(METADATA), key, key, text),
    said("METADATA {} SET {} :{}", st.just("*") | target, key, text),
    said("METADATA * SUB {} {}", key, key),
    said("SILENCE {}{}", st.sampled_from(["+", "-", ""]), targets),
    said("ACCEPT {}{}", st.sampled_from(["-", ""]), targets),
    said("MODE {} {}", nick, st.sampled_from(["+g", "-g", "+RT", "-R-T", "+B", "+iws", "+oZr"])),
    said("ISON {} {} :{}", nick, nick, text),
    said("USERHOST {} {}", nick, nick),
    said("CAP REQ :{}", st.sampled_from(CAPS)),
    said("CAP {}", st.sampled_from(["LS 302", "LS", "LIST", "END", "REQ", "X"])),
    said("CHATHISTORY {} {} {} {}", st.sampled_from(["LATEST", "BEFORE", "AROUND", "BETWEEN", "TARGETS"]), target,
         st.sampled_from(["*", "timestamp=2026-01-01T12:00:00.000Z", "msgid=x", "-"]), text),
    said("{}", st.sampled_from(["MOTD", "LUSERS", "VERSION", "HELP", "INFO", "TIME", "ADMIN", "PING", "PONG x"])),
    said("{}", st.sampled_from(["WHO", "LIST", "NAMES", "ISUPPORT", "INVITE", "MODE", "JOIN 0"])),
    said("PING :{}", text),
    said("{} {} {}", st.text(max_size=8).map(lambda word: word.replace("\n", " ").replace("\r", " ")), target, text),
    said("USER x 0 * :{}", text),
    said("OPER root {}", st.sampled_from(["secret", "secret", "wrong"])),
    said("{} {} :{}", st.sampled_from(OPERATORS), nick, text),
    said("{} {} {}", st.sampled_from(OPERATORS), target, target),
    said("SAMODE {} {} {} {}", room, st.sampled_from(MODES), target, target),
    said("{} {} :{}", st.sampled_from(BANS), st.sampled_from(MASKS), text),
    said("{} :{}", st.sampled_from(["WALLOPS", "DEFCON", "SNOMASK", "STATS", "UBAN"]), text),
    said("{}", st.sampled_from(ALONE)),
    said("QUIT :{}", text),
)  # fmt: skip

Action = Callable[["Talk"], None]


class Talk:
    """The stage, and who stands on it."""

    def __init__(self, chosen: Settings, home: str, *, keeps: bool) -> None:
        self.stage = Stage(chosen, keeps=keeps, host="h" * 63)
        self.home = home
        self.present: dict[str, Person] = {}
        self.labels = 0

    def person(self, name: str) -> Person:
        """Who is called so, connected anew if he has gone."""
        person = self.present.get(name)
        if person is None or person.ended:
            person = self.present[name] = self.stage.open(name)
            person.send(f"NICK {name}", f"USER {name}{'u' * 20} 0 * :{name}", f"JOIN {self.home}")
            if name == NAMES[0]:
                person.send("OPER root secret")
        return person


def say(name: str, lines: list[tuple[str, str]], *, ends_turn: bool) -> Action:
    def action(talk: Talk) -> None:
        person = talk.person(name)
        data = b""
        for tags, line in lines:
            talk.labels += 1
            line = line.replace(HOME, talk.home)
            line = line.replace(FULL, "😀" * 40 + "x" * (350 + len(FULL) - len(line.encode())), 1)
            data += (tags.format(talk.labels) + line).encode() + b"\r\n"
        person.post_bytes(data)
        if ends_turn:
            talk.stage.turn()

    return action


def babble(name: str, data: bytes) -> Action:
    return lambda talk: talk.person(name).post_bytes(data)


def disk(what: str) -> Action:
    def action(talk: Talk) -> None:
        store = talk.stage.disk
        if what == "slow":
            store.is_slow = True
        elif what == "fast":
            store.hurry()
        elif what == "slow to read":
            store.reads_slowly = True
        elif what == "read":
            store.read()
        elif store.waiting and not store.is_full and store.is_slow:
            if what == "release":
                store.release()
            else:
                store.refuse()
        talk.stage.turn()

    return action


def world(what: str, name: str) -> Action:
    def action(talk: Talk) -> None:
        person = talk.person(name)
        if what == "leave":
            talk.stage.leave(person, "Connection reset by peer")
        elif what == "finish" and person.session is not None:
            talk.stage.engine.finished(person.session)
        elif what == "stall":
            person.pipe.stall()
        elif what == "flow":
            person.pipe.flow()
        elif what == "back":
            talk.stage.clock.set_wall(-3600)
        elif what == "in":
            talk.stage.turn()
        else:
            talk.stage.pass_time(float(what))
        talk.stage.turn()

    return action


name = st.sampled_from(NAMES)
homes = st.sampled_from(
    ["#tea", "#" + "ж" * 31, "#" + "ж" * 63, "#" + "😀" * 15, "#" + "😀" * 63, "#" + "r" * 63]
)
ACTIONS = st.one_of(
    st.builds(say, name, st.lists(st.tuples(st.sampled_from(TAGS), LINES), max_size=4), ends_turn=st.booleans()),
    st.builds(say, name, st.lists(st.tuples(st.just(""), LINES), max_size=4), ends_turn=st.booleans()),
    st.builds(babble, name, st.binary(max_size=40)),
    st.builds(disk, st.sampled_from(["slow", "release", "release", "refuse", "fast", "slow to read", "read"])),
    st.builds(world, st.sampled_from(["leave", "finish", "stall", "flow", "1", "30", "200", "back", "in"]), name),
)  # fmt: skip


@st.composite
def choices(draw: st.DrawFn) -> Settings:
    """Settings that are likely to matter."""
    found = quiet_settings()
    found.operators["root"] = OperatorBlock("root", FakePasswords.hash("secret"))
    found.operators["root"].notices = KINDS
    found.flood = draw(st.booleans())
    found.lobby = draw(st.sampled_from(["", "#lobby"]))
    found.server = draw(st.sampled_from(["irc.example", "a" * 55 + ".example"]))
    found.send_queue = draw(st.sampled_from([4000, 1 << 20]))
    found.rooms_per_user = draw(st.sampled_from([2, 100]))
    found.list_entries = draw(st.sampled_from([2, 100]))
    found.metadata_keys = draw(st.sampled_from([1, 20]))
    found.metadata_value_bytes = draw(st.sampled_from([10, 390]))
    found.silence_entries = found.accept_entries = found.monitor_entries = draw(st.sampled_from([1, 50]))
    return found


def run(chosen: Settings, home: str, actions: list[Action], *, keeps: bool) -> None:
    talk = Talk(chosen, home, keeps=keeps)
    with talk.stage.bugs:
        for name in NAMES:
            talk.person(name)
        for action in actions:
            action(talk)
        talk.stage.disk.read()
        talk.stage.disk.hurry()
        for person in talk.present.values():
            person.pipe.flow()
        talk.stage.pass_time(10)
        assert not check_stage(talk.stage)


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(chosen=choices(), home=homes, actions=st.lists(ACTIONS, min_size=10, max_size=40), keeps=st.booleans())
def test_any_talk_leaves_the_server_sound(
    chosen: Settings, home: str, actions: list[Action], *, keeps: bool
) -> None:
    run(chosen, home, actions, keeps=keeps)


@pytest.mark.long
@settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
@given(chosen=choices(), home=homes, actions=st.lists(ACTIONS, min_size=10, max_size=80), keeps=st.booleans())
def test_any_long_talk_leaves_the_server_sound(
    chosen: Settings, home: str, actions: list[Action], *, keeps: bool
) -> None:
    run(chosen, home, actions, keeps=keeps)
