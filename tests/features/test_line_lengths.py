"""The longest names that there may be, in every line that holds them: still lines, and with all their parameters.

Source: Modern IRC, "Message Format" (512 bytes with CR LF).
"""

from __future__ import annotations

import pytest

from veche.core.settings import Settings
from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage, quiet_settings
from veche.wire.message import parse

LONG = {"ascii": "n" * 40, "cyrillic": "Ж" * 20, "gothic": "𐌰" * 10}
OTHER = {"ascii": "m" * 40, "cyrillic": "Я" * 20, "gothic": "𐌱" * 10}
ROOM = {"ascii": "#" + "r" * 63, "cyrillic": "#" + "ж" * 31, "gothic": "#" + "😀" * 15}


def longest_settings() -> Settings:
    settings = quiet_settings()
    settings.server = "s" * 55 + ".example"  # 63 bytes, as a DNS label may be
    settings.network = "N" * 30
    return settings


def take_params(person: Person, command: str) -> list[str]:
    """The parameters of the one line with this command among what was heard."""
    found = [message for line in person.take() if (message := parse(line)) and message.command == command]
    assert len(found) == 1, found
    return found[0].params


@pytest.mark.parametrize("letters", ["ascii", "cyrillic", "gothic"])
def test_longest_names_fit_into_every_line(letters: str) -> None:
    stage = Stage(longest_settings(), host="h" * 63)
    nick, other, room = LONG[letters], OTHER[letters], ROOM[letters]
    ann, bob = stage.open("ann"), stage.open("bob")
    ann.send("CAP LS 302", "CAP REQ :userhost-in-names multi-prefix extended-join", "CAP END")
    for person, name in ((ann, nick), (bob, other)):
        person.send(f"NICK {name}", f"USER {'u' * 40} 0 * :{'€' * 60}", f"JOIN {room}")
    assert [params for params in (take_params(bob, "366"),) if params[1:] == [room, "End of /NAMES list"]]
    ann.take()

    ann.send(f"TOPIC {room} :{'€' * 130}")
    assert take_params(bob, "TOPIC")[0] == room
    ann.send(f"MODE {room} +bvo {'b' * 190}!*@* {other} {other}")
    ann.take()
    bob.send(f"MODE {room} b")
    shown = take_params(bob, "367")
    assert shown[1:3] == [room, f"{'b' * 190}!*@*"]
    assert len(shown) == 5
    bob.send(f"WHO {room}")
    replies = [message for line in bob.take() if (message := parse(line)) and message.command == "352"]
    assert [len(message.params) for message in replies] == [8, 8]
    bob.send(f"WHOIS {nick}")
    bob.send("NAMES " + room, "LIST", f"TOPIC {room}", "PING " + "x" * 490, f"INVITE {nick} {room}")
    bob.send(f"AWAY :{'a' * 300}", f"USERHOST {nick} {other}", f"ISON {nick} {other}", "VERSION", "LUSERS")
    bob.send(f"PRIVMSG {room} :{'x' * 400}", f"PRIVMSG {nick} :{'😀' * 90}")
    ann.send(f"PRIVMSG {other} :hello")
    ann.send(f"KICK {room} {other} :{'k' * 350}")
    assert take_params(bob, "KICK")[:2] == [room, other]
    ann.send(f"PART {room} :{'p' * 350}", f"QUIT :{'q' * 400}")
    assert check_stage(stage) == []


@pytest.mark.parametrize("word", ["x" * 450, "€" * 150, "😀" * 110])
@pytest.mark.parametrize(
    ("line", "numeric", "count"),
    [
        ("NICK {}", "432", 3),
        ("JOIN {}", "403", 3),
        ("PRIVMSG {} :hello", "401", 3),
        ("WHOIS {}", "401", 3),
        ("INVITE {} #tea", "401", 3),
        ("TOPIC {}", "403", 3),
        ("MOTD {}", "402", 3),
        ("HELP {}", "524", 3),
        ("CAP {}", "410", 3),
        ("{} x", "421", 3),
        ("MODE #tea +k {}", "696", 5),
        ("MODE #tea +o {}", "401", 3),
    ],
)
def test_refusals_keep_their_parameters(line: str, numeric: str, count: int, word: str) -> None:
    """However long the word is that is repeated: the sentence behind it is still there."""
    stage = Stage(longest_settings())
    ann = stage.enter("ann")
    ann.send("JOIN #tea")
    ann.take()
    ann.send(line.format(word))
    params = take_params(ann, numeric)
    assert len(params) == count
    assert params[-1].isascii()
    assert check_stage(stage) == []


def test_a_full_room_is_named_in_lines_that_fit() -> None:
    stage = Stage(longest_settings(), host="h" * 63)
    room = "#" + "r" * 63
    for number in range(40):
        stage.enter(f"n{number:029}").send(f"JOIN {room}")
    ann = stage.enter("a" * 30, "userhost-in-names")
    ann.send(f"JOIN {room}")
    names = [
        name
        for line in ann.take()
        if (message := parse(line)) and message.command == "353"
        for name in message.params[3].split(" ")
    ]
    assert len(names) == len(set(names)) == 41
    assert all(name.endswith("@" + "h" * 63) for name in names)
    assert check_stage(stage) == []
