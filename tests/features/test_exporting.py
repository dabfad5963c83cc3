"""Links to what is kept: who gets one, how often, and what ends it."""

from __future__ import annotations

import re

from veche.app.downloads import BUSY, NOT_FOUND, Download, open_download
from veche.core.downloads import LINK_SECONDS, LINKS, WINDOW
from veche.testing.stage import Person, Stage

LINK = re.compile(r"http://irc\.example:8080/export/([A-Za-z0-9_-]{27})(?: |$)")
FRESH = 700  # seconds after which a proof is none any more


def enter(stage: Stage, nick: str) -> Person:
    """Somebody with an account, who has just proved it."""
    person = stage.enter(nick)
    person.send("REGISTER * * correct-horse")
    person.take()
    return person


def open_stage() -> Stage:
    stage = Stage()
    stage.engine.web_address = "http://irc.example:8080"
    return stage


def ask(person: Person, line: str) -> str:
    """The token of the link that somebody is given."""
    person.send(line)
    text = "\n".join(person.take())
    found = LINK.search(text)
    assert found, text
    return found[1]


def test_a_link_is_good_once() -> None:
    stage = open_stage()
    ann = enter(stage, "ann")
    token = ask(ann, "NICKSERV EXPORT")
    assert open_download(stage.engine, token[:-1] + "!") == NOT_FOUND
    given = open_download(stage.engine, token)
    assert isinstance(given, Download)
    assert given.content_type == "application/json"
    assert open_download(stage.engine, token) == NOT_FOUND
    given.close()
    assert open_download(stage.engine, token) == NOT_FOUND


def test_a_link_ends_with_its_time_and_with_the_next_one() -> None:
    stage = open_stage()
    ann = enter(stage, "ann")
    first = ask(ann, "NICKSERV EXPORT")
    second = ask(ann, "NICKSERV EXPORT mbox")
    assert open_download(stage.engine, first) == NOT_FOUND
    stage.pass_time(LINK_SECONDS)
    assert open_download(stage.engine, second) == NOT_FOUND


def test_only_so_many_links_in_an_hour() -> None:
    stage = open_stage()
    ann = enter(stage, "ann")
    for _ in range(LINKS):
        ask(ann, "NICKSERV EXPORT json correct-horse")
    ann.send("NICKSERV EXPORT json correct-horse")
    assert "another link is there in 1h" in ann.take()[-1]
    ask(enter(stage, "bob"), "NICKSERV EXPORT")
    stage.pass_time(WINDOW)
    ann = stage.enter("ann2")
    ann.send("NICKSERV IDENTIFY ann correct-horse")
    ann.take()
    ask(ann, "NICKSERV EXPORT")


def test_one_download_of_an_account_and_two_in_all() -> None:
    stage = open_stage()
    ann = enter(stage, "ann")
    first = open_download(stage.engine, ask(ann, "NICKSERV EXPORT"))
    assert isinstance(first, Download)
    again = ask(ann, "NICKSERV EXPORT")
    assert open_download(stage.engine, again) == BUSY
    assert isinstance(open_download(stage.engine, ask(enter(stage, "bob"), "NICKSERV EXPORT")), Download)
    third = ask(enter(stage, "cid"), "NICKSERV EXPORT")
    assert open_download(stage.engine, third) == BUSY
    first.close()
    # Who was told to come again has lost nothing by it.
    assert isinstance(open_download(stage.engine, third), Download)


def test_who_is_suspended_or_gone_gets_nothing() -> None:
    stage = open_stage()
    ann = enter(stage, "ann")
    token = ask(ann, "NICKSERV EXPORT")
    stage.engine.world.accounts.named("ann").suspended = "spam"  # type: ignore[union-attr]
    assert open_download(stage.engine, token) == NOT_FOUND
    bob = enter(stage, "bob")
    token = ask(bob, "NICKSERV EXPORT")
    bob.send("NICKSERV DROP correct-horse")
    assert open_download(stage.engine, token) == NOT_FOUND


def test_no_token_of_a_device_may_ask() -> None:
    stage = open_stage()
    ann = enter(stage, "ann")
    for device, scope in (("phone", "full"), ("wall", "read")):
        ann.send(f"NICKSERV TOKEN ADD {device} {scope}")
        found = re.search(r"veche-[0-9a-f]+", "\n".join(ann.take()))
        assert found
        other = stage.enter(device)
        other.send(f"NICKSERV IDENTIFY ann {found[0]}")
        assert "You are logged in as ann." in "\n".join(other.take())
        for line in (f"NICKSERV EXPORT json {found[0]}", "NICKSERV EXPORT", "PRIVMSG NickServ :EXPORT"):
            other.send(line)
            told = "\n".join(other.take())
            assert told
            assert "/export/" not in told


def test_a_founder_takes_his_room_where_he_reads_all_of_it() -> None:
    stage = open_stage()
    ann, bob = enter(stage, "ann"), enter(stage, "bob")
    for line in ("JOIN #tea", "CHANSERV REGISTER #tea"):
        ann.send(line)
    bob.send("JOIN #tea")
    ann.take()
    bob.take()
    bob.send("CHANSERV EXPORT #tea")
    assert bob.take()[-1].endswith(":Only the founder of #tea may do that.")
    bob.send("CHANSERV EXPORT #none")
    assert "/export/" not in "\n".join(bob.take())
    token = ask(ann, "CHANSERV EXPORT #TEA json")
    ann.send("METADATA #tea SET veche/history :joining")
    ann.take()
    assert open_download(stage.engine, token) == NOT_FOUND
    ann.send("CHANSERV EXPORT #tea")
    assert "Here even founders read only a part of the past (joining)" in ann.take()[-1]
    ann.send("METADATA #tea SET veche/history :everything")
    ann.take()
    given = open_download(stage.engine, token)
    assert isinstance(given, Download)
    assert given.file_name == "room.json"
    for _ in range(FRESH // 100):
        stage.pass_time(100)
        ann.send("PING 1")
    ann.take()
    ann.send("CHANSERV EXPORT #tea")
    assert ann.take()[-1].endswith(":Prove first that it is you: IDENTIFY <password>. Then say this again.")
    ask(ann, "CHANSERV EXPORT #tea html correct-horse")


def test_a_server_without_a_record_gives_none() -> None:
    stage = open_stage()
    ann = enter(stage, "ann")
    stage.engine.store = None
    ann.send("NICKSERV EXPORT")
    assert ann.take()[-1].endswith(":This server keeps no record: there is nothing to take away.")
