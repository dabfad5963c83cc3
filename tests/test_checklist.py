"""The checklist: every capability, token, command and mode that a modern server has, tried against a whole engine.

The tables say what is asked of Veche. What is not built yet stands in NOT_YET with its reason, and NOT_YET may only
shrink: whatever works and still stands there fails its test. What will never be built stands in REFUSED.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from veche.core.settings import OperatorBlock, Settings
from veche.state.room import FLAGS, LISTS, RANKS
from veche.testing.passwords import FakePasswords
from veche.testing.stage import Person, Stage, quiet_settings

CAPS = """
    account-notify account-tag away-notify batch cap-notify chghost echo-message extended-join extended-monitor
    invite-notify labeled-response message-tags multi-prefix no-implicit-names sasl server-time setname standard-replies
    sts userhost-in-names
    draft/account-registration draft/channel-rename draft/chathistory draft/event-playback draft/extended-isupport
    draft/message-redaction draft/metadata-2 draft/metadata-3 draft/multiline draft/pre-away draft/read-marker
    draft/oper-tag draft/ICON
    draft/persistence draft/relaymsg draft/webpush soju.im/webpush soju.im/search soju.im/FILEHOST draft/FILEHOST
    soju.im/account-required soju.im/client-cert znc.in/playback znc.in/self-message
""".split()  # noqa: SIM905 - a table reads better without a hundred quotation marks

TOKENS = """
    ACCOUNTEXTBAN AWAYLEN BOT CASEMAPPING CHANLIMIT CHANMODES CHANNELLEN CHANTYPES CHATHISTORY ELIST EXCEPTS EXTBAN
    FORWARD INVEX KICKLEN LINELEN MAXLIST MAXTARGETS MODES MONITOR MSGREFTYPES NAMELEN NETWORK NICKLEN PREFIX SAFELIST
    SAFERATE STATUSMSG TARGMAX TOPICLEN UTF8ONLY WHOX USERLEN HOSTLEN CLIENTTAGDENY
    VAPID draft/ACCOUNTREQUIRED draft/FILEHOST draft/ICON
    KEYLEN KNOCK SILENCE ACCEPT CALLERID
""".split()  # noqa: SIM905 - a table reads better without a hundred quotation marks

# What ann, operator of #tea, says, and a numeric or command that she hears for it. bob is in #tea; cid is not.
COMMANDS = {
    "CAP": ("CAP LS 302", "CAP"),
    "AUTHENTICATE": ("AUTHENTICATE PLAIN", "904"),
    "PASS": ("PASS x", "462"),
    "NICK": ("NICK anna", "NICK"),
    "USER": ("USER x 0 * :x", "462"),
    "PING": ("PING x", "PONG"),
    "PONG": ("PONG x", ""),
    "QUIT": ("QUIT", "ERROR"),
    "ERROR": ("ERROR x", ""),
    "ISUPPORT": ("ISUPPORT", "005"),
    "WEBIRC": ("WEBIRC a b c d", "ERROR"),
    "JOIN": ("JOIN #new", "JOIN"),
    "PART": ("PART #tea", "PART"),
    "TOPIC": ("TOPIC #tea :x", "TOPIC"),
    "NAMES": ("NAMES #tea", "353"),
    "LIST": ("LIST", "322"),
    "INVITE": ("INVITE cid #tea", "341"),
    "UNINVITE": ("UNINVITE cid #tea", "505"),
    "KICK": ("KICK #tea bob", "KICK"),
    "MODE": ("MODE #tea +m", "MODE"),
    "RENAME": ("RENAME #tea #coffee", "PART"),
    "KNOCK": ("KNOCK #tea", "714"),
    "PRIVMSG": ("PRIVMSG ann :x", "PRIVMSG"),
    "NOTICE": ("NOTICE ann :x", "NOTICE"),
    "TAGMSG": ("@+typing=active TAGMSG ann", "TAGMSG"),
    "BATCH": ("BATCH +1 unknown", "FAIL"),
    "REDACT": ("REDACT #tea x", "FAIL"),
    "RELAYMSG": ("RELAYMSG #tea x/y :z", "PRIVMSG"),
    "WHO": ("WHO #tea", "352"),
    "WHOX": ("WHO #tea %n", "354"),
    "WHOIS": ("WHOIS bob", "311"),
    "WHOWAS": ("WHOWAS nobody", "406"),
    "ISON": ("ISON bob", "303"),
    "USERHOST": ("USERHOST bob", "302"),
    "MONITOR": ("MONITOR + bob", "730"),
    "AWAY": ("AWAY :x", "306"),
    "SETNAME": ("SETNAME :Anna", "SETNAME"),
    "METADATA": ("METADATA ann LIST", "BATCH"),
    "ACCEPT": ("ACCEPT bob", ""),
    "SILENCE": ("SILENCE +x", "SILENCE"),
    "REGISTER": ("REGISTER * * x", "FAIL"),
    "VERIFY": ("VERIFY a b", "FAIL"),
    "NICKSERV": ("NICKSERV help", "NOTICE"),
    "NS": ("NS help", "NOTICE"),
    "CHANSERV": ("CHANSERV help", "NOTICE"),
    "CS": ("CS help", "NOTICE"),
    "CHATHISTORY LATEST": ("CHATHISTORY LATEST #tea * 1", "BATCH"),
    "CHATHISTORY BEFORE": ("CHATHISTORY BEFORE #tea timestamp=2026-01-01T00:00:00.000Z 1", "BATCH"),
    "CHATHISTORY AFTER": ("CHATHISTORY AFTER #tea timestamp=2026-01-01T00:00:00.000Z 1", "BATCH"),
    "CHATHISTORY AROUND": ("CHATHISTORY AROUND #tea timestamp=2026-01-01T00:00:00.000Z 1", "BATCH"),
    "CHATHISTORY BETWEEN": (
        "CHATHISTORY BETWEEN #tea timestamp=2026-01-01T00:00:00.000Z timestamp=2027-01-01T00:00:00.000Z 1",
        "BATCH",
    ),
    "CHATHISTORY TARGETS": (
        "CHATHISTORY TARGETS timestamp=2026-01-01T00:00:00.000Z timestamp=2027-01-01T00:00:00.000Z 1",
        "BATCH",
    ),
    "MARKREAD": ("MARKREAD #tea", "MARKREAD"),
    "SEARCH": ("SEARCH text=x", "BATCH"),
    "HISTORY": ("HISTORY #tea", "BATCH"),
    "MOTD": ("MOTD", "422"),
    "VERSION": ("VERSION", "351"),
    "ADMIN": ("ADMIN", "256"),
    "INFO": ("INFO", "371"),
    "TIME": ("TIME", "391"),
    "LUSERS": ("LUSERS", "251"),
    "STATS": ("STATS u", "219"),
    "HELP": ("HELP", "704"),
    "LINKS": ("LINKS", "365"),
    "USERS": ("USERS", "446"),
    "OPER": ("OPER root wrong", "464"),
    "DEOPER": ("DEOPER", "481"),
    "KILL": ("KILL bob x", "481"),
    "REHASH": ("REHASH", "481"),
    "WALLOPS": ("WALLOPS x", "481"),
    "SAJOIN": ("SAJOIN bob #x", "481"),
    "SAMODE": ("SAMODE #tea +m", "481"),
    "SANICK": ("SANICK bob x", "481"),
    "UBAN": ("UBAN ADD x", "481"),
    "KLINE": ("KLINE x@y", "481"),
    "DLINE": ("DLINE 192.0.2.1", "481"),
    "UNKLINE": ("UNKLINE x@y", "481"),
    "UNDLINE": ("UNDLINE 192.0.2.1", "481"),
    "SNOMASK": ("SNOMASK +b", "481"),
    "DEFCON": ("DEFCON 3", "481"),
    "DIE": ("DIE", "481"),
    "RESTART": ("RESTART", "481"),
    "CONNECT": ("CONNECT a", "481"),
    "SQUIT": ("SQUIT a b", "481"),
    "TRACE": ("TRACE", "262"),
    "SUMMON": ("SUMMON a", "445"),
}

# Modes of a room with a parameter that they take; the flags take none.
ROOM_MODES = {
    **dict.fromkeys("CcimMnRstuP", ""),
    "b": "x", "e": "x", "I": "x", "k": "x", "l": "5", "f": "#other", "d": "5",
    "q": "bob", "a": "bob", "o": "bob", "h": "bob", "v": "bob",
}  # fmt: skip
# Lists tell more with extended bans.
EXTENDED_BANS = ["a:x", "m:x!*@*", "R:*", "U:*", "r:x", "t:5:x!*@*"]
# Modes that a user sets for himself, and those that others or the circumstances set.
USER_MODES = "iwBRTg"
GIVEN_MODES = "oZsr"

_ACCOUNTS = "accounts come with their own part of the work"
_HISTORY = "the rest of history comes with its own part of the work"
_LATER = "not built yet"
NOT_YET = {
    **dict.fromkeys(
        """account-notify account-tag sasl draft/account-registration draft/persistence soju.im/account-required
        soju.im/client-cert AUTHENTICATE REGISTER VERIFY NICKSERV NS CHANSERV CS draft/ACCOUNTREQUIRED +r""".split(),  # noqa: SIM905
        _ACCOUNTS,
    ),
    **dict.fromkeys(
        """draft/event-playback draft/read-marker soju.im/search znc.in/playback znc.in/self-message MARKREAD SEARCH
        HISTORY""".split(),  # noqa: SIM905
        _HISTORY,
    ),
    **dict.fromkeys(["draft/webpush", "soju.im/webpush", "VAPID"], "push comes with the web client"),
    **dict.fromkeys(["soju.im/FILEHOST", "draft/FILEHOST", "draft/ICON"], "files come with the web client"),
    **dict.fromkeys(
        ["draft/metadata-3", "SAFERATE", "HOSTLEN", "LINKS", "USERS", "CONNECT", "SQUIT", "TRACE", "SUMMON"],
        _LATER,
    ),
}
# Asked for by nobody any more, or dangerous: refused for good. Name: (line, the refusal, why).
REFUSED = {
    "STARTTLS": (
        "STARTTLS",
        "421",
        "a line in clear text decides about encryption: whoever is in between strips it",
    ),
}


def a_stage() -> Stage:
    """A server that has an operator, and denies a tag."""
    settings = quiet_settings()
    settings.room_creations_per_minute = 1000
    settings.operators["root"] = OperatorBlock("root", FakePasswords.hash("x"))
    settings.client_tags_denied = ("draft/nonsense",)
    return Stage(settings)


def check(name: str, *, works: bool, heard: object) -> None:
    """Whether a name is where it belongs."""
    if name in NOT_YET:
        assert not works, f"{name} works: take it out of NOT_YET"
    else:
        assert works, f"{name} does not work: {heard}"


def verbs(lines: list[str]) -> list[str]:
    """The commands and numerics of lines."""
    found = []
    for line in lines:
        words = line.split(" ")
        if words[0][:1] == "@":
            words = words[1:]
        found.append(words[1] if words[0][:1] == ":" else words[0])
    return found


def in_a_room(stage: Stage) -> Person:
    """ann is operator of #tea and can read every answer; bob is there too."""
    ann = stage.enter("ann", "batch", "echo-message", "message-tags", "setname", "standard-replies")
    bob = stage.enter("bob")
    stage.enter("cid")
    ann.send("JOIN #tea")
    bob.send("JOIN #tea")
    ann.take()
    return ann


# ---- capabilities and tokens


@pytest.mark.parametrize("cap", [cap for cap in CAPS if cap != "sts"])
def test_capabilities(cap: str) -> None:
    ann = a_stage().open("ann")
    ann.send("CAP LS 302")
    listed = " ".join(ann.take()).replace("=", " ").replace(":", " ").split()
    ann.send(f"CAP REQ :{cap}")
    heard = ann.take()
    works = any(f" ACK :{cap}" in line for line in heard)
    assert works == (cap in listed), "what is listed can be had, and the reverse"
    check(cap, works=works, heard=heard)


def test_sts_is_told_where_it_is_set_and_never_granted() -> None:
    settings = quiet_settings()
    settings.sts_seconds, settings.sts_port = 3600, 6697
    ann = Stage(settings).open("ann", address="192.0.2.1")
    ann.send("CAP LS 302", "CAP REQ sts")
    *told, refused = ann.take()
    assert " sts=" in " ".join(told).replace(":", " ")
    assert " NAK " in refused


def tokens() -> dict[str, str]:
    """What 005 says."""
    ann = a_stage().enter("ann")
    ann.send("ISUPPORT")
    words = [
        word
        for line in ann.take()
        for word in line.removesuffix(" :are supported by this server").split(" ")[3:]
    ]
    return {word.partition("=")[0]: word.partition("=")[2] for word in words}


@pytest.mark.parametrize("token", TOKENS)
def test_tokens(token: str) -> None:
    check(token, works=token in tokens(), heard=sorted(tokens()))


def test_nothing_is_advertised_that_is_not_on_the_list() -> None:
    stage = a_stage()
    assert tokens().keys() <= set(TOKENS), "name the new token in TOKENS, and its limit in LIMITS"
    assert stage.engine.registry.caps.keys() <= set(CAPS), "name the new capability in CAPS"
    known = {command.partition(" ")[0] for command in COMMANDS}
    assert stage.engine.registry.commands.keys() <= known, "name the new command in COMMANDS"


def test_the_list_of_what_is_missing_names_what_was_asked_for() -> None:
    asked = {*CAPS, *TOKENS, *COMMANDS, *(f"+{letter}" for letter in USER_MODES + GIVEN_MODES)}
    assert set(NOT_YET) <= asked


# ---- commands


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(command: str) -> None:
    line, expected = COMMANDS[command]
    stage = a_stage()
    ann = in_a_room(stage)
    with stage.bugs:
        ann.send(line)
    heard = ann.take()
    works = (expected in verbs(heard)) if expected else heard == []
    assert stage.bugs.found == []
    check(command, works=works, heard=heard)


@pytest.mark.parametrize("command", [name for name, row in COMMANDS.items() if " " in row[0]])
def test_commands_without_parameters_are_answered_or_do_nothing(command: str) -> None:
    stage = a_stage()
    ann = in_a_room(stage)
    with stage.bugs:
        ann.send(command.partition(" ")[0])
    assert stage.bugs.found == []
    assert all(len(line.encode()) <= 510 for line in ann.take())


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_for_good(name: str) -> None:
    line, expected, _why = REFUSED[name]
    ann = in_a_room(a_stage())
    ann.send(line)
    assert verbs(ann.take()) == [expected]


# ---- modes


@pytest.mark.parametrize("letter", ROOM_MODES)
def test_room_modes(letter: str) -> None:
    stage = a_stage()
    ann = in_a_room(stage)
    me = stage.engine.world.users_by_key["ann"]
    stage.engine.world.set_modes(me, frozenset("o"))  # P is for operators of the server
    stage.engine.world.rooms["#tea"].members[me.uid].ranks = "q"
    param = ROOM_MODES[letter]
    if letter in "nt":
        ann.send(f"MODE #tea -{letter}")
        ann.take()
    ann.send(f"MODE #tea +{letter} {param}")
    heard = ann.take()
    check("+" + letter, works=f" MODE #tea +{letter}" in heard[0], heard=heard)
    ann.send(f"MODE #tea -{letter} {param}")
    assert f" MODE #tea -{letter}" in ann.take()[0]


def test_room_modes_are_all_on_the_list() -> None:
    assert set(FLAGS + LISTS + RANKS) <= set(ROOM_MODES)


@pytest.mark.parametrize("mask", EXTENDED_BANS)
def test_extended_bans(mask: str) -> None:
    ann = in_a_room(a_stage())
    ann.send(f"MODE #tea +b {mask}", "MODE #tea b")
    assert verbs(ann.take()) == ["MODE", "367", "368"]


@pytest.mark.parametrize("letter", USER_MODES)
def test_user_modes_of_ones_own(letter: str) -> None:
    ann = in_a_room(a_stage())
    ann.send(f"MODE ann +{letter}", "MODE ann")
    heard = ann.take()
    check("+" + letter, works=heard[0].endswith(f" MODE ann +{letter}") and letter in heard[-1], heard=heard)
    ann.send(f"MODE ann -{letter}")
    assert ann.take()[0].endswith(f" MODE ann -{letter}")


@pytest.mark.parametrize("letter", GIVEN_MODES)
def test_user_modes_that_nobody_takes_for_himself(letter: str) -> None:
    ann = in_a_room(a_stage())
    ann.send(f"MODE ann +{letter}")
    assert "MODE" not in verbs(ann.take())
    assert "501" not in verbs(ann.take()), "known, and refused"


# ---- limits


Said = Callable[[Settings], str]


def refused(line: Said, numeric: str, before: Said | None = None) -> Callable[[Person], None]:
    """Whoever says this line is refused with this numeric, or told of FAIL; what stands before it is not refused."""

    def hit(ann: Person) -> None:
        limits = ann.stage.settings
        if before is not None:
            ann.send(before(limits))
            assert numeric not in verbs(ann.take())
        ann.send(line(limits))
        assert numeric in verbs(ann.take())

    return hit


def cut_to(line: str, size: Callable[[Settings], int]) -> Callable[[Person], None]:
    """The text of this line, far too long, is cut to so many bytes."""

    def hit(ann: Person) -> None:
        ann.send(line + "x" * 440)
        assert ann.take()[-1].rpartition(":")[2] == "x" * size(ann.stage.settings)

    return hit


def nothing_longer(ann: Person) -> None:
    ann.send(f"PRIVMSG ann :{'x' * 600}")
    assert verbs(ann.take()) == ["417"]
    ann.send(f"PRIVMSG ann :{'x' * 440}")
    assert "PRIVMSG" in verbs(ann.take())


def away_is_cut(ann: Person) -> None:
    ann.send(f"AWAY :{'x' * 400}")
    ann.take()
    ann.send("PRIVMSG ann :hello")
    text = next(line for line in ann.take() if " 301 " in line).rpartition(" ")[2]
    assert text.lstrip(":") == "x" * ann.stage.settings.away_length


def four_modes(ann: Person) -> None:
    ann.send("MODE #tea +bbbbb a b c d e")
    assert verbs(ann.take()) == ["MODE"] * 4


def page_of_history(ann: Person) -> None:
    ann.send("CHATHISTORY LATEST #tea * 999999999")
    assert verbs(ann.take()) == ["BATCH", "BATCH"], "more is asked for than a page holds, and no error"


def user_name_is_cut(ann: Person) -> None:
    ann.stage.open("eve").send("NICK eve", f"USER {'u' * 60} 0 * :Eve")
    user = ann.stage.engine.world.users_by_key["eve"]
    assert len(user.username) == ann.stage.settings.user_length


def one_friend_too_many(ann: Person) -> None:
    for number in range(ann.stage.settings.accept_entries + 1):
        ann.stage.enter(f"n{number}")
        ann.send(f"ACCEPT n{number}")
    assert verbs(ann.take()) == ["456"]


def lines(form: str, count: int) -> str:
    """So many lines, each with its number."""
    return "\r\n".join(form.format(number) for number in range(count))


def key(length: int) -> Said:
    return lambda limits: "MODE #tea +k " + "k" * length


LIMITS: dict[str, Callable[[Person], None]] = {
    "ACCEPT": one_friend_too_many,
    "AWAYLEN": away_is_cut,
    "CHANLIMIT": refused(
        lambda limits: "JOIN #more", "405", lambda limits: lines("JOIN #c{}", limits.rooms_per_user - 1)
    ),
    "CHANNELLEN": refused(
        lambda limits: "JOIN #" + "c" * limits.room_length,
        "403",
        lambda limits: "JOIN #" + "c" * (limits.room_length - 1),
    ),
    "CHATHISTORY": page_of_history,
    "KEYLEN": refused(key(24), "696", key(23)),
    "KICKLEN": cut_to("KICK #tea bob :", lambda limits: limits.kick_length),
    "LINELEN": nothing_longer,
    "MAXLIST": refused(
        lambda limits: "MODE #tea +b more",
        "478",
        lambda limits: lines("MODE #tea +b n{}", limits.list_entries),
    ),
    "MAXTARGETS": refused(
        lambda limits: f"PRIVMSG {','.join('abcdefgh'[: limits.max_targets + 1])} :x", "407"
    ),
    "MODES": four_modes,
    "MONITOR": refused(
        lambda limits: "MONITOR + more", "734", lambda limits: lines("MONITOR + n{}", limits.monitor_entries)
    ),
    "NAMELEN": refused(lambda limits: f"SETNAME :{'x' * (limits.real_name_length + 1)}", "FAIL"),
    "NICKLEN": refused(
        lambda limits: "NICK " + "n" * (limits.nick_length + 1),
        "432",
        lambda limits: "NICK " + "n" * limits.nick_length,
    ),
    "SILENCE": refused(
        lambda limits: "SILENCE +more", "511", lambda limits: lines("SILENCE +n{}", limits.silence_entries)
    ),
    "TARGMAX": refused(lambda limits: "KICK #tea " + ",".join("abcdefgh"[: limits.max_targets + 1]), "407"),
    "TOPICLEN": cut_to("TOPIC #tea :", lambda limits: limits.topic_length),
    "USERLEN": user_name_is_cut,
}


@pytest.mark.parametrize("token", LIMITS)
def test_an_advertised_limit_is_obeyed(token: str) -> None:
    LIMITS[token](in_a_room(a_stage()))


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("ACCEPT", "accept_entries"), ("AWAYLEN", "away_length"), ("CHANNELLEN", "room_length"),
        ("CHATHISTORY", "history_page"), ("KICKLEN", "kick_length"), ("MAXTARGETS", "max_targets"),
        ("MONITOR", "monitor_entries"), ("NAMELEN", "real_name_length"), ("NICKLEN", "nick_length"),
        ("SILENCE", "silence_entries"), ("TOPICLEN", "topic_length"), ("USERLEN", "user_length"),
    ],
)  # fmt: skip
def test_the_number_that_is_advertised_is_the_one_that_is_set(token: str, name: str) -> None:
    settings = quiet_settings()
    setattr(settings, name, 7)
    assert Stage(settings).engine.registry.tokens[token] == "7"


def test_every_number_that_is_advertised_is_hit() -> None:
    numbers = {name for name, value in tokens().items() if any(char.isdigit() for char in value)}
    assert numbers <= LIMITS.keys(), "say in LIMITS how the new limit is hit"


TARGETS = {
    "JOIN": ("JOIN {}", 50),
    "PART": ("PART {}", 50),
    "KICK": ("KICK #tea {}", 4),
    "LIST": ("LIST {}", 4),
    "NAMES": ("NAMES {}", 4),
    "NOTICE": ("@label=x NOTICE {} :x", 4),
    "PRIVMSG": ("PRIVMSG {} :x", 4),
    "TAGMSG": ("@+typing=active TAGMSG {}", 4),
    "WHOIS": ("WHOIS {}", 1),
}


def test_targets_are_counted_as_targmax_says() -> None:
    told = dict(pair.split(":") for pair in tokens()["TARGMAX"].split(","))
    assert told == {command: str(count) for command, (_, count) in TARGETS.items()}


@pytest.mark.parametrize("command", TARGETS)
def test_one_target_too_many(command: str) -> None:
    line, count = TARGETS[command]
    stage = a_stage()
    ann = in_a_room(stage)
    ann.send("CAP REQ :labeled-response")
    ann.take()
    ann.send(line.format(",".join(f"#n{n}" for n in range(count + 1))))
    assert verbs(ann.take()) == ["407"]
