"""A secret room and one that does not exist are the same to who is not in it, whatever he asks."""

from __future__ import annotations

import pytest

from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage

# Asked of nothing in particular: the name must not come up.
ABOUT_EVERYTHING = [
    "LIST",
    "LIST >0",
    "LIST *hid*",
    "LIST C>0",
    "NAMES",
    "NAMES *",
    "WHO *",
    "WHO ann %tcuhnfdlaor,1",
    "WHOIS ann",
    "WHOWAS ann",
    "WHOIS irc.example ann",
    "INVITE",
    "MONITOR + ann",
    "MONITOR S",
    "METADATA ann LIST",
    "METADATA ann SYNC",
    "LUSERS",
    "INFO",
    "HELP",
    "STATS u",
    "STATS m",
    "ISON ann",
    "USERHOST ann",
    "ACCEPT ann",
    "SILENCE",
    "CHATHISTORY TARGETS timestamp=2000-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 50",
    "PRIVMSG ann :hello",
    "UNREAD",
    "SEARCH text=hello",
    "SEARCH from=ann",
    "PRIVMSG *playback :PLAY * 0",
    "PRIVMSG *playback :LIST",
    "CHANSERV LIST",
    "CHANSERV LIST *hid*",
    "NICKSERV INFO ann",
]
# Asked by name: the answer is the one for a room that is not there.
BY_NAME = [
    "NAMES {}",
    "LIST {}",
    "TOPIC {}",
    "TOPIC {} :x",
    "MODE {}",
    "MODE {} b",
    "MODE {} +b x",
    "MODE {} +o eve",
    "WHO {}",
    "WHO {} %n",
    "PART {}",
    "KICK {} ann",
    "INVITE bob {}",
    "UNINVITE bob {}",
    "UNINVITE ann {}",
    "KNOCK {}",
    "RENAME {} #other",
    "PRIVMSG {} :x",
    "NOTICE {} :x",
    "@+typing=active TAGMSG {}",
    "CHATHISTORY LATEST {} * 5",
    *(
        f"CHATHISTORY {verb} {{}} {selectors} 5"
        for verb, selectors in (
            ("LATEST", "msgid=x"),
            ("BEFORE", "msgid=x"),
            ("AFTER", "timestamp=2026-01-01T00:00:00.000Z"),
            ("AROUND", "msgid=x"),
            ("BETWEEN", "msgid=x timestamp=2026-01-01T00:00:00.000Z"),
            ("THREAD", "msgid=x *"),
        )
    ),
    "CHATHISTORY LATEST @{} * 5",
    "SEARCH in={};text=hello",
    "SEARCH in={};thread=x",
    "SEARCH in=@{};text=hello",
    "REDACT {} x",
    "EDITS {} x",
    "@+draft/edit=x PRIVMSG {} :y",
    "@+draft/edit=x NOTICE {} :y",
    "@+reply=x;+draft/react=y TAGMSG {}",
    "METADATA {} LIST",
    "METADATA {} GET x",
    "METADATA {} SET x :y",
    "METADATA {} SYNC",
    "RELAYMSG {} x/y :z",
    "STATS {}",
    "MONITOR + {}",
    "PRIVMSG @{} :x",
    "WHOIS {}",
    "INVITE ann {}",
    "MARKREAD {}",
    "MARKREAD {} timestamp=2026-01-01T11:00:00.000Z",
    "UNREAD {}",
    "HISTORY {} 5",
    "PRIVMSG *playback :play {} 0",
    "METADATA {} CLEAR",
    "BATCH +1 draft/multiline {}",
    *(
        f"CHANSERV {words}"
        for words in (
            "REGISTER {}",
            "INFO {}",
            "ACCESS {}",
            "ACCESS {} ADD eve o",
            "SET {} TOPICLOCK on",
            "TRANSFER {} eve",
            "ACCEPT {}",
            "DROP {}",
            "OP {}",
            "DEOP {} ann",
            "INVITE {}",
            "BAN {} ann",
            "UNBAN {}",
        )
    ),
]


def stage_with_a_secret() -> tuple[Stage, Person]:
    """ann and bob are in a secret room that says things of itself; eve is not."""
    stage = Stage()
    ann, bob = stage.enter("ann"), stage.enter("bob")
    ann.send("REGISTER * * correct-horse")
    ann.send(
        "JOIN #hidden",
        "CHANSERV REGISTER #hidden",
        "TOPIC #hidden :plans",
        "PRIVMSG #hidden :hello",
        "METADATA #hidden SET url :x",
    )
    bob.send("JOIN #hidden")
    ann.send("MODE #hidden +s")
    eve = stage.enter(
        "eve", "batch", "message-tags", "draft/chathistory", "draft/metadata-2", "invite-notify"
    )
    eve.send("REGISTER * * correct-cow")
    return stage, eve


def test_a_secret_room_does_not_come_up() -> None:
    stage, eve = stage_with_a_secret()
    with stage.bugs:
        for line in ABOUT_EVERYTHING:
            eve.send(line)
        stage.persons[0].send("INVITE dan #hidden", "NICK anna", "AWAY :x", "PART #hidden", "QUIT")
        stage.pass_time(1)
    assert not any("hidden" in line or "plans" in line for line in eve.take())
    assert check_stage(stage) == []


@pytest.mark.parametrize("line", BY_NAME)
def test_a_secret_room_is_as_one_that_does_not_exist(line: str) -> None:
    _, eve = stage_with_a_secret()
    eve.take()
    eve.send(line.format("#hidden"))
    secret = eve.take()
    _, eve = stage_with_a_secret()
    eve.take()
    eve.send(line.format("#absent"))
    assert [heard.replace("#hidden", "#absent") for heard in secret] == eve.take()
