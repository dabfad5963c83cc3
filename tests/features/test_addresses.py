"""From where somebody comes is nobody's business: a stranger reads it nowhere, whatever he asks."""

from __future__ import annotations

from veche.testing.checks import check_stage
from veche.testing.stage import Stage

ADDRESS = "203.0.113.77"


def test_a_stranger_reads_nobodys_address() -> None:
    stage = Stage()
    eve = stage.enter(
        "eve", "batch", "message-tags", "account-tag", "extended-join", "chghost", "draft/event-playback"
    )
    ann = stage.enter("ann", address=ADDRESS)
    with stage.bugs:
        eve.send("JOIN #tea", "MONITOR + ann")
        ann.send("JOIN #tea", "PRIVMSG #tea :hello", "PRIVMSG eve :hello", "NICK anna", "TOPIC #tea :x")
        eve.send("MODE #tea +b anna", "MODE #tea b", "MODE #tea -b anna!*@*", "KICK #tea anna :out")
        ann.send("KNOCK #tea", "JOIN #tea", "AWAY :x", "INVITE eve #tea")
        for line in (
            "WHO anna",
            "WHO #tea %tcuihsnfdlaor,1",
            "WHOIS anna",
            "WHOIS anna anna",
            "USERHOST anna",
            "NAMES #tea",
            "STATS l",
            "STATS u",
            "LINKS",
            "TRACE anna",
            "METADATA anna LIST",
            "NICKSERV INFO anna",
            "CHATHISTORY LATEST #tea * 50",
            "SEARCH text=hello",
            "HISTORY anna",
        ):
            eve.send(line)
        ann.send("QUIT :bye")
        eve.send("WHOWAS anna", "CHATHISTORY LATEST #tea * 50", "HISTORY #tea")
    heard = eve.take()
    assert any("QUIT" in line for line in heard)
    assert not [line for line in heard if ADDRESS in line]
    assert check_stage(stage) == []
