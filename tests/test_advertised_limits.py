"""Every limit that the server advertises is hit, and obeyed: in tokens, TARGMAX, and the values of capabilities."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.checklist import a_stage, in_a_room, tokens, verbs
from veche.core.settings import Settings
from veche.features.chghost import HOST_LENGTH, change_host
from veche.testing.stage import Person, Stage, quiet_settings

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


def host_is_refused(ann: Person) -> None:
    user = ann.stage.engine.world.users_by_key["ann"]
    change_host(ann.stage.engine, user, user.username, "h" * HOST_LENGTH)
    with pytest.raises(ValueError, match=str(HOST_LENGTH)):
        change_host(ann.stage.engine, user, user.username, "h" * (HOST_LENGTH + 1))


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
    "HOSTLEN": host_is_refused,
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


# ---- limits in the values of capabilities


def batch_of(texts: list[str]) -> str:
    """A message of several lines."""
    said = [f"@batch=1 PRIVMSG #tea :{text}" for text in texts]
    return "\r\n".join(["BATCH +1 draft/multiline #tea", *said, "BATCH -1"])


def too_many_keys(limits: Settings) -> str:
    return lines("METADATA * SET k{0} :v", limits.metadata_keys + 1)


CAP_LIMITS: dict[str, tuple[Said, str]] = {
    "max-lines": (lambda limits: batch_of(["x"] * (limits.multiline_lines + 1)), "MULTILINE_MAX_LINES"),
    "max-bytes": (
        lambda limits: batch_of(["x" * 400] * (limits.multiline_bytes // 400 + 1)),
        "MULTILINE_MAX_BYTES",
    ),
    "max-subs": (lambda limits: lines("METADATA * SUB k{0}", limits.metadata_subs + 1), "TOO_MANY_SUBS"),
    "max-keys": (too_many_keys, "LIMIT_REACHED"),
    "max-value-bytes": (
        lambda limits: f"METADATA * SET url :{'x' * (limits.metadata_value_bytes + 1)}",
        "VALUE_INVALID",
    ),
}


@pytest.mark.parametrize("name", CAP_LIMITS)
def test_a_limit_in_the_value_of_a_capability_is_obeyed(name: str) -> None:
    line, code = CAP_LIMITS[name]
    ann = in_a_room(a_stage())
    ann.send("CAP REQ :draft/multiline draft/metadata-2")
    ann.take()
    ann.send(line(ann.stage.settings))
    heard = ann.take()
    assert [said for said in heard if f" {code} " in said], heard
    assert f" {code} " in heard[-1], "it is the last one that is too much"


def test_every_limit_in_the_value_of_a_capability_is_hit() -> None:
    ann = a_stage().open("ann")
    ann.send("CAP LS 302")
    values = [word.partition("=")[2] for said in ann.take() for word in said.split() if "=" in word]
    limits = {
        part.partition("=")[0] for value in values for part in value.split(",") if part.startswith("max-")
    }
    assert limits <= CAP_LIMITS.keys(), "say in CAP_LIMITS how the new limit is hit"
