"""Everybody at one table: two plain clients, irssi, WeeChat and catgirl over TLS, as they come, nc, and the old client.

They find one another in the lobby, see one list of people, whisper, and see each other come and go; irssi, WeeChat and
catgirl do what people do in rooms, and what they have captured of it holds no error that nobody has provoked.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.captured import refusals, weechat_errors
from tests.clients.lines import Line
from tests.clients.serving import ROOT, Ports, serving
from tests.clients.terminals import Terminal, Terminals

pytestmark = [pytest.mark.slow, pytest.mark.needs("tmux", "irssi", "weechat", "catgirl", "nc", "linux")]

# What clients show when a server does what they did not expect, or answers what they need not have asked.
TROUBLE = re.compile(
    r"unknown command|not enough parameters|invalid|unexpected|traceback|protocol error|FAIL ", re.I
)


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    """A server with every door on a free port."""
    with serving(tmp_path) as doors:
        yield doors


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Terminals]:
    """Terminals that end with the test."""
    with Terminals(tmp_path) as them:
        yield them


def irssi(terminals: Terminals, port: int, nick: str) -> Terminal:
    """irssi as it comes, over TLS."""
    terminal = terminals.open(nick, f"irssi --home=./irssi-{nick} --noconnect")
    terminal.shows("Irssi")
    terminal.type(f"/set nick {nick}")
    terminal.type("/set rawlog_lines 2000")  # it keeps 200 of the lines that /rawlog save writes down
    terminal.type("/set cmd_queue_speed 500msec")  # it would rest for two seconds between any two commands
    terminal.type(f"/connect -tls 127.0.0.1 {port}")
    terminal.shows("Act: 2")
    terminal.type("/window goto 2")  # the server has put us into a room that we did not ask for
    terminal.shows("has joined #lobby")
    return terminal


def weechat(terminals: Terminals, port: int, nick: str) -> Terminal:
    """WeeChat as it comes, over TLS; it would refuse a certificate that nobody vouches for.

    What goes over the wire it shows in a buffer, irc_raw, and writes into a log at its end.
    """
    commands = (
        "/server raw;/command -buffer irc.irc_raw core /buffer set localvar_del_no_log;"
        "/command -buffer irc.irc_raw * /logger set 9;"
        f"/server add veche 127.0.0.1/{port} -ssl -nicks={nick};/set irc.server.veche.ssl_verify off;"
        "/set irc.look.server_buffer independent;/connect veche"
    )
    terminal = terminals.open(nick, f"weechat --dir ./weechat-{nick} --run-command '{commands}'")
    terminal.shows("has joined #lobby")
    return terminal


def catgirl(terminals: Terminals, port: int, nick: str) -> Terminal:
    """catgirl, which knows nothing but TLS: trusting the certificate that it has fetched, as its manual teaches.

    What goes over the wire it writes into a file beside its nick, when asked for it.
    """
    fetch = f"catgirl -o -h 127.0.0.1 -p {port} >veche.pem"
    join = f"exec catgirl -t ./veche.pem -h 127.0.0.1 -p {port} -n {nick} -v 2>{nick}.raw"
    terminal = terminals.open(nick, f"{fetch} && {join}")
    terminal.shows("Welcome to Veche!")
    return terminal


def plain(terminals: Terminals, port: int, nick: str) -> Terminal:
    """Our own plain client."""
    python = f"env PYTHONPATH={ROOT / 'src'} {sys.executable}"
    return terminals.open(nick, f"{python} -m veche.client.plain 127.0.0.1:{port} --plain --nick {nick}")


def irssi_refusals(terminal: Terminal, folder: Path) -> list[str]:
    """What an irssi that ends now has been refused."""
    terminal.type(f"/rawlog save ./{terminal.name}.raw")
    terminal.type("/quit bye")
    terminal.ends()
    at_once, *later = refusals((folder / f"{terminal.name}.raw").read_text())
    # It sends a JOIN without a room first of all, to know from the answer a server that knows nothing of CAP.
    assert at_once.startswith("451 "), at_once
    return later


def weechat_refusals(terminal: Terminal, folder: Path) -> list[str]:
    """What a WeeChat that ends now has been refused."""
    terminal.type("/quit bye")
    terminal.ends()
    home = folder / f"weechat-{terminal.name}"
    assert weechat_errors(home) == []
    return refusals((home / "logs" / "irc.irc_raw.weechatlog").read_text())


def test_everybody_meets_everybody(ports: Ports, terminals: Terminals, tmp_path: Path) -> None:
    ira = irssi(terminals, ports.ircs, "ira")
    wes = weechat(terminals, ports.ircs, "wes")
    ira.shows("wes")
    ann = plain(terminals, ports.irc, "ann")
    ann.shows("ira", "wes", "#lobby")
    bob = plain(terminals, ports.irc, "bob")
    bob.shows("ann", "ira", "wes")
    nina = terminals.open("nina", f"nc 127.0.0.1 {ports.classic}")
    nina.shows("NICK")
    nina.type("nina")
    nina.shows("Connected to the Server!", "1. ira", "2. wes", "3. ann", "4. bob")
    olga = terminals.open("olga", f"{sys.executable} {ROOT / 'tests/net/old_client.py'} {ports.classic} olga")
    olga.shows("Connected to the Server!")
    everybody = (ira, wes, ann, bob, nina, olga)
    for other in everybody[:-1]:
        other.shows("olga")

    # Everybody speaks, everybody hears.
    ira.type("/window goto #lobby")
    wes.type("/buffer #lobby")
    for person in everybody:
        if person in (ann, bob):
            person.type("")  # the choice of the lobby
        person.type(f"greetings from {person.name}")
        for other in everybody:
            other.shows(f"greetings from {person.name}")

    # Whispers in every direction reach one alone.
    for sender, command, receiver in (
        (ann, "/tell", nina),
        (nina, "/tell", ira),
        (ira, "/msg", wes),
        (wes, "/msg", olga),
        (olga, "/tell", bob),
        (bob, "/tell", ann),
    ):
        sender.type(f"{command} {receiver.name} a secret of {sender.name}")
        if receiver is ira:
            ira.type("/window goto nina")
        if receiver is wes:
            wes.shows("5.  ira")
            wes.type("/buffer 5")
        receiver.shows(f"a secret of {sender.name}")
    for stranger in (ira, wes, nina, olga):
        assert "a secret of bob" not in stranger.screen(), stranger.screen()

    # One list, from whichever door.
    olga.type("/list")
    olga.shows("Users in chatroom: ['ira', 'wes', 'ann', 'bob', 'nina', 'olga']")
    bob.type("/list")
    bob.shows("6 people")

    # And they see each other go.
    olga_left, nina_left = "olga has left the Chat!", "nina"
    terminals.run("kill-session", "-t", "olga")
    nina.shows(olga_left)
    terminals.run("kill-session", "-t", "nina")
    ann.shows(nina_left)
    for person in (ira, wes):
        assert not TROUBLE.search(person.screen()), person.screen()
    assert irssi_refusals(ira, tmp_path) == []
    assert weechat_refusals(wes, tmp_path) == []


def test_irssi_and_weechat_do_what_people_do_in_rooms(
    ports: Ports, terminals: Terminals, tmp_path: Path
) -> None:
    ira = irssi(terminals, ports.ircs, "ira")
    wes = weechat(terminals, ports.ircs, "wes")
    ira.type("/join #tea")
    ira.shows("#tea created")
    wes.type("/join #tea")
    ira.shows("wes [", "has joined #tea")
    wes.type("/buffer #tea")
    ira.type("/topic Oolong today")
    wes.shows("Oolong today")
    ira.type("/whois wes")
    wes.type("/nick wesley")
    ira.shows("is now known as wesley")
    wes.type("/me pours")
    ira.shows("wesley pours")
    ira.type("/op wesley")
    wes.shows("+o")
    ira.type("/deop wesley")
    ira.type("/kick wesley too strong")
    wes.shows("too strong")
    ira.type("/mode #tea +b wesley")  # /ban waits until irssi has asked for everything, slowly, by itself
    ira.shows("+b wesley!*@*")
    wes.type("/join #tea")
    wes.shows("Cannot join channel (+b)")
    ira.type("/list -YES")
    ira.type("/names #tea")
    ira.type("/who #tea")
    ira.type("/window 1")
    ira.shows("wes [~", "is using a secure connection", "End of WHOIS", "End of /WHO list", "#lobby 2")
    assert not TROUBLE.search(ira.screen()), ira.screen()
    assert not TROUBLE.search(wes.screen()), wes.screen()
    assert irssi_refusals(ira, tmp_path) == []
    assert weechat_refusals(wes, tmp_path) == ["474 wesley #tea :Cannot join channel (+b)"]


def test_weechat_reads_corrections_as_lines(ports: Ports, terminals: Terminals, tmp_path: Path) -> None:
    wes = weechat(terminals, ports.ircs, "wes")
    with Line(ports.irc) as ann:
        ann.register("ann")
        ann.say("CAP REQ :message-tags echo-message draft/message-edit", "PRIVMSG #lobby :the tee")
        tea = ann.skip_to("the tee").partition("msgid=")[2][:30]
        ann.say(f"@+draft/edit={tea} PRIVMSG #lobby :the tea", "PRIVMSG #lobby :my secret")
        secret = ann.skip_to("my secret").partition("msgid=")[2][:30]
        wes.type("/buffer #lobby")
        wes.shows("the tee", "* the tea", "my secret")
        ann.say(f"REDACT #lobby {secret} :oops")
        wes.shows("ann took back a message of")
        vera = weechat(terminals, ports.ircs, "vera")
        vera.type("/buffer #lobby")
        vera.shows("* the tea")
        assert "the tee" not in vera.screen()
        assert "secret" not in vera.screen()
    assert weechat_refusals(vera, tmp_path) == []
    assert weechat_refusals(wes, tmp_path) == []


def test_catgirl_does_what_people_do_in_rooms(ports: Ports, terminals: Terminals, tmp_path: Path) -> None:
    cat = catgirl(terminals, ports.ircs, "cat")
    wes = weechat(terminals, ports.ircs, "wes")
    cat.type("/join #tea")
    cat.shows("cat arrives", "#tea")
    cat.type("/topic Oolong today")
    wes.type("/join #tea")
    wes.shows("Oolong today")
    wes.type("/buffer #tea")
    cat.type("some tea?")
    wes.type("two cups")
    wes.shows("some tea?")
    cat.shows("two cups")
    cat.type("/list")
    cat.type("/names")
    cat.type("/whois wes")
    cat.type("/nick cathy")
    wes.shows("cat is now known as cathy")
    cat.type("/op wes")
    wes.shows("+o wes")
    cat.type("/ban wes!*@*")
    cat.type("/kick wes too strong")
    wes.shows("+b wes!*@*", "too strong")
    cat.type("/ban")
    cat.shows("Banned from #tea")
    cat.type("/whowas cat")
    wes.type("/join #tea")
    wes.shows("Cannot join channel (+b)")
    cat.type("/window 0")
    cat.shows(
        *("In #tea are 2 under the banner: Oolong today", "wes is in #lobby, #tea"),
        *("wes is using a secure connection", "cat was cat!~cat@"),
    )
    assert not TROUBLE.search(cat.screen()), cat.screen()
    cat.type("/quit bye")
    cat.ends()
    assert refusals((tmp_path / "cat.raw").read_text()) == []
    assert weechat_refusals(wes, tmp_path) == ["474 wes #tea :Cannot join channel (+b)"]
