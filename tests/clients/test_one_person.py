"""One person on three devices: she keeps her name in irssi, and is the same in WeeChat and in our plain client.

What one of them says all show; what is read on one is read on all; and what is said while she is away is there once
when she comes back.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.serving import ROOT, Ports, serving
from tests.clients.terminals import Terminal, Terminals
from tests.clients.test_real_clients import irssi, plain

pytestmark = [pytest.mark.slow, pytest.mark.needs("tmux", "irssi", "weechat", "linux")]
PASSWORD = "correct-horse-battery"


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    """A server at which whoever has an account stays when he goes."""
    with serving(tmp_path, "--set=accounts.always_on=opt-out") as doors:
        yield doors


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Terminals]:
    """Terminals that end with the test."""
    with Terminals(tmp_path) as them:
        yield them


def weechat_with_account(terminals: Terminals, port: int, name: str, account: str) -> Terminal:
    """WeeChat, which logs in by SASL before it comes in."""
    commands = (
        f"/server add veche 127.0.0.1/{port} -ssl -nicks={account};/set irc.server.veche.ssl_verify off;"
        f"/set irc.server.veche.sasl_username {account};/set irc.server.veche.sasl_password {PASSWORD};"
        "/set irc.look.server_buffer independent;/set irc.look.buffer_open_before_autojoin off;/connect veche"
    )
    return terminals.open(name, f"weechat --dir ./weechat-{name} --run-command '{commands}'")


def plain_with_account(terminals: Terminals, port: int, name: str, account: str) -> Terminal:
    """Our plain client, which is told the password by its environment."""
    python = f"env PYTHONPATH={ROOT / 'src'} VECHE_PASSWORD={PASSWORD} {sys.executable}"
    command = f"{python} -m veche.client.plain 127.0.0.1:{port} --plain --account {account} --nick {account}"
    return terminals.open(name, command)


def times_shown(terminal: Terminal, text: str) -> int:
    """How often a text stands on a screen."""
    return len(re.findall(re.escape(text), terminal.screen()))


def test_one_person_on_three_devices(ports: Ports, terminals: Terminals) -> None:
    bob = plain(terminals, ports.irc, "bob")
    bob.shows("#lobby")
    laptop = irssi(terminals, ports.ircs, "ann")
    bob.shows("ann")

    # A guest keeps her name, in one step.
    laptop.type(f"/msg NickServ REGISTER {PASSWORD}")
    laptop.type("/window goto 1")
    laptop.shows("You are now logged in as ann")

    # Two more devices are she, and not two more people.
    desk = weechat_with_account(terminals, ports.ircs, "desk", "ann")
    desk.shows("has joined #lobby")
    phone = plain_with_account(terminals, ports.irc, "phone", "ann")
    phone.shows("#lobby", "bob")
    laptop.type("/window goto 2")
    desk.type("/buffer #lobby")

    # What one says all show.
    laptop.type("said by irssi")
    desk.type("said by WeeChat")
    phone.type("said by the plain client")
    for device in (laptop, desk, phone, bob):
        device.shows("said by irssi", "said by WeeChat", "said by the plain client")
    for device in (laptop, desk, phone, bob):
        assert [times_shown(device, text) for text in ("by irssi", "by WeeChat")] == [1, 1], device.screen()
    bob.type("/msg ann only for you")
    laptop.type("/query bob")
    desk.type("/buffer bob")
    for device in (laptop, desk, phone):
        device.shows("only for you")
    desk.type("/buffer #lobby")

    # Read on one, nothing is unread on the others.
    bob.type("/to #lobby")
    bob.type("what ann has not read")
    desk.shows("what ann has not read")
    laptop.type("/window goto 1")
    laptop.type("/quote UNREAD #lobby")
    laptop.shows("UNREAD #lobby 1 1")
    desk.type("/quote MARKREAD #lobby timestamp=2999-01-01T00:00:00.000Z")
    desk.type("/quote PRIVMSG #lobby :read")  # which comes behind it
    phone.shows("read")
    bob.shows("<ann> read")
    laptop.type("/quote UNREAD #lobby")
    laptop.shows("UNREAD #lobby 0 0")

    # All of her leave, and she stays.
    for device, word in ((laptop, "/quit"), (desk, "/quit"), (phone, "/quit")):
        device.type(word)
        device.ends()
    bob.type("while you were away")
    bob.type("/to ann")
    bob.type("and this is for you alone")
    bob.shows("Not connected; will read this on coming back")

    # She comes back, and everything is there, once. It is counted when what is said next has come behind it: a screen
    # that another buffer has just been asked of may be half drawn, and a second copy may be on its way.
    again = weechat_with_account(terminals, ports.ircs, "again", "ann")
    again.shows("has joined #lobby")
    again.type("/buffer bob")
    again.shows("and this is for you alone")
    bob.type("only you hear that")
    again.shows("only you hear that")
    assert times_shown(again, "and this is for you alone") == 1, again.screen()
    bob.type("/to #lobby")
    bob.type("welcome back")
    again.type("/buffer #lobby")
    again.shows("welcome back")
    assert times_shown(again, "while you were away") == 1, again.screen()
