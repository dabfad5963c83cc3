"""The ssh door of a real server, from outside: who comes in, as whom, and what is refused."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
from pathlib import Path

import asyncssh
import pytest

from tests.clients.serving import Ports, serving
from tests.ssh.visiting import Irc, connect, run, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux")]
PASSWORD = "correct-horse-battery"


async def with_account(port: int, name: str, *verbs: str) -> None:
    """An account of this name; `verbs` are said to NickServ by its owner."""
    owner = await Irc.enter(port, name)
    owner.say(f"REGISTER * * {PASSWORD}")
    await owner.hear(" 900 ")
    for verb in verbs:
        owner.say(f"NICKSERV {verb}")
        await owner.hear(f" NOTICE {name} ")
    await owner.leave()


def public(key: asyncssh.SSHKey) -> str:
    return key.export_public_key().decode().strip()


async def test_a_guest_talks_with_people_at_other_doors(ports: Ports) -> None:
    bob = await Irc.enter(ports.irc, "bob")
    gast = await visit(ports.ssh, "gast")
    await bob.hear("JOIN #lobby")
    await gast.screen.shows("#lobby")
    bob.say("PRIVMSG #lobby :hello from irc")
    await gast.screen.shows("hello from irc")
    gast.type("hello from ssh")
    assert (await bob.hear("PRIVMSG")).endswith(":hello from ssh")
    await gast.leave()
    assert ":gast!" in await bob.hear(" QUIT ")
    await bob.leave()


async def test_the_owner_of_an_account_comes_in_with_his_key(ports: Ports) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    await with_account(ports.irc, "kim", f"SSHKEY ADD {public(key)} laptop")
    bob = await Irc.enter(ports.irc, "bob1")
    kim = await visit(ports.ssh, "Kim", client_keys=[key], password=None)
    await bob.hear(":kim!")
    bob.say("WHOIS kim")
    assert " kim kim " in await bob.hear(" 330 ")
    await kim.leave()
    await bob.leave()


async def test_somebody_elses_key_and_a_key_of_another_account_prove_nothing(ports: Ports) -> None:
    key, other = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    await with_account(ports.irc, "lea", f"SSHKEY ADD {public(key)}")
    await with_account(ports.irc, "max", f"SSHKEY ADD {public(other)}")
    with pytest.raises(asyncssh.PermissionDenied):
        await connect(ports.ssh, "lea", client_keys=[other], password=None)


async def test_a_password_is_the_accounts(ports: Ports) -> None:
    await with_account(ports.irc, "pia")
    code, said, _ = await run(ports.ssh, "pia", "tail -n 1 '#lobby'", password=PASSWORD)
    assert code == 0, said
    with pytest.raises(asyncssh.PermissionDenied):
        await connect(ports.ssh, "pia", password="Zwiebelfisch")


async def test_an_empty_password_is_a_guests_who_gets_another_name(ports: Ports) -> None:
    await with_account(ports.irc, "quin")
    code, _, _ = await run(ports.ssh, "quin", "send '#lobby'", "as a guest\n", password="")
    assert code == 0
    _, said, _ = await run(ports.ssh, "gast2", "tail -n 1 '#lobby'")
    assert re.search(r"<quin[0-9_]+> as a guest$", said.strip()), said


async def test_the_key_that_a_guest_came_with_may_become_his_accounts(ports: Ports) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    async with await connect(ports.ssh, "ron", client_keys=[key]) as ron:
        process = await ron.create_process(encoding="utf-8")  # no terminal: the plain client
        for words, answer in (
            ("hello", "#lobby"),
            (f"/msg NickServ REGISTER {PASSWORD}", "logged in"),
            ("/msg NickServ SSHKEY ADD", "lets you in by ssh from now on, as ron"),
        ):
            process.stdin.write(words + "\n")
            try:
                async with asyncio.timeout(20):
                    await process.stdout.readuntil(answer)
            except TimeoutError:  # he was told something else: that is what one wants to read
                raise AssertionError((words, process.collect_output())) from None
        process.close()
    code, _, complaint = await run(ports.ssh, "ron", "tail '#lobby'", client_keys=[key], password=None)
    assert (code, complaint) == (0, "")


async def test_commands_for_scripts(ports: Ports) -> None:
    code, said, complaint = await run(
        ports.ssh, "sam", "send '#scripts'", "one\n\ntwo\n" + "long " * 200 + "\n"
    )
    assert (code, said, complaint) == (0, "", "")
    code, said, _ = await run(ports.ssh, "tim", "tail -n 2 '#scripts'")
    rows = said.splitlines()
    assert code == 0
    assert len(rows) == 2
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d <sam> [long ]+", rows[1])
    code, said, _ = await run(ports.ssh, "tim", "tail '#scripts'")
    assert [row.split(" ", 3)[3] for row in said.splitlines()][:2] == ["one", "two"]
    for command, code, words in (
        ("tail -n 0 '#x'", 2, "-n wants a number"),
        ("tail -n many '#x'", 2, "-n wants a number"),
        ("tail --what '#x'", 2, "--what"),
        ("tail", 2, "say where"),
        ("send", 2, "say where"),
        ("send 'a b'", 2, "say where"),
        ("send nobody-here", 1, "nobody-here: No such nick"),
        ("send '#'", 1, "#"),
        ("id", 2, "no such command"),
        ("send '#x", 2, "no such command"),
        ("scp -t /tmp", 2, "no such command"),
    ):
        ran = await run(ports.ssh, "tim", command, "hello\n")
        assert ran[0] == code, (command, ran)
        assert words in ran[2], (command, ran)
        assert ran[1] == "", (command, ran)
    assert await run(ports.ssh, "tim", "send '#scripts'", "\n") == (1, "", "there was nothing to send\n")


async def test_a_tail_that_follows(ports: Ports) -> None:
    bob = await Irc.enter(ports.irc, "bob3")
    async with await connect(ports.ssh, "ula") as connection:
        process = await connection.create_process("tail -f '#follow'", encoding="utf-8")
        bob.say("JOIN #follow")
        await bob.hear("ula")
        bob.say("PRIVMSG #follow :\x1b]0;owned\x07now \x02bold\x02")
        async with asyncio.timeout(20):
            line = await process.stdout.readline()
        assert line.endswith(" <bob3> ]0;ownednow bold\n"), line
        process.terminate()
    await bob.hear(" QUIT ")
    await bob.leave()


async def test_words_are_in_the_clients_language(ports: Ports) -> None:
    async with await connect(ports.ssh, "vera") as connection:
        ran = await connection.run("id", env={"LANG": "ru_RU.UTF-8", "PATH": "/x", "LD_PRELOAD": "/x.so"})
        assert "такой команды здесь нет" in str(ran.stderr)
    async with await connect(ports.ssh, "fedor") as connection:
        process = await connection.create_process(
            term_type="dumb", env={"LC_ALL": "ru_RU.UTF-8"}, encoding="utf-8"
        )
        async with asyncio.timeout(20):
            await process.stdout.readuntil("#lobby")
        process.stdin.write("/help\n")
        async with asyncio.timeout(20):
            await process.stdout.readuntil("комнат")
        process.close()


async def test_nothing_but_the_chat(ports: Ports) -> None:
    async with await connect(ports.ssh, "wim") as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", ports.irc)
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", ports.irc)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_unix_connection("/run/x")
    async with await connect(ports.ssh, "wim") as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.start_sftp_client()
    async with await connect(ports.ssh, "wim") as connection:
        first = await connection.create_process("tail -f '#lobby'")
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.create_process("help")
        first.close()


async def test_what_others_say_is_not_obeyed_by_the_terminal(ports: Ports) -> None:
    bob = await Irc.enter(ports.irc, "bob4")
    xan = await visit(ports.ssh, "xan")
    await bob.hear("JOIN #lobby")
    evil = [
        "\x1b]0;PWN\x07",
        "\x1b]52;c;UFdO\x07",
        "\x1b[31mPWN",
        "\x9b31m",
        "\x1bP1$PWN\x1b\\",
        "\u202ePWN",
        "\x08\x08",
    ]
    for words in evil:
        bob.say(f"PRIVMSG #lobby :{words}")
    bob.say("JOIN #evil", "TOPIC #evil :\x1b]0;PWN\x07", "PRIVMSG #lobby :the end of it")
    await xan.screen.shows("the end of it")
    for words in evil:
        if words != "\x08\x08":
            assert words.encode() not in xan.screen.raw, words
    assert b"\x1b]0;" not in xan.screen.raw
    assert b"\x1b]52" not in xan.screen.raw
    assert b"\x08" not in xan.screen.raw
    await xan.leave()
    await bob.leave()


async def test_sizes_that_no_window_has(ports: Ports) -> None:
    yan = await visit(ports.ssh, "yan")
    await yan.screen.shows("#lobby")
    for columns, lines in [(2**31, 2**31 - 1), (0, 0), (1, 1), (20, 5)] + [(100 + n, 30) for n in range(300)]:
        yan.channel.change_terminal_size(columns, lines)
    yan.type("still here")
    await yan.screen.shows("still here")
    # A paste without end is read no faster than it is taken.
    yan.channel.write(b"paste " * 20_000)
    await yan.leave()
    assert (await run(ports.ssh, "yan", "help"))[0] == 0


async def test_a_process_that_dies_ends_its_own_session_alone(ports: Ports) -> None:
    bob = await visit(ports.ssh, "bob5")
    await bob.screen.shows("#lobby")
    before = set(visitors_of())
    zoe = await visit(ports.ssh, "zoe")
    await zoe.screen.shows("#lobby")
    (pid,) = set(visitors_of()) - before
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        await zoe.channel.wait_closed()
    assert zoe.channel.get_returncode() == 137
    bob.type("I am still here")
    await bob.screen.shows("I am still here")
    await bob.leave()
    assert (await run(ports.ssh, "zoe", "help"))[0] == 0


def visitors_of() -> list[int]:
    """The processes of all visitors of the servers that this test process has started."""
    found = [os.getpid()]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return [
        pid
        for pid in found
        if b"nursery" in Path(f"/proc/{pid}/cmdline").read_bytes()
        and b"nursery" in Path(f"/proc/{_parent(pid)}/cmdline").read_bytes()
    ]


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def test_guesses_are_counted_with_those_of_all_doors(tmp_path: Path) -> None:
    with serving(tmp_path, "--ssh=127.0.0.1:0", "--set=accounts.guesses_per_account=2") as ports:
        await with_account(ports.irc, "ann")
        for _ in range(2):
            with pytest.raises(asyncssh.PermissionDenied):
                await connect(ports.ssh, "ann", password="Zwiebelfisch")
        # Now not even the right one is looked at, from wherever a stranger comes; see core/guesses.py.
        stranger = await Irc.enter(ports.irc, "stranger")
        stranger.say(f"NICKSERV IDENTIFY ann {PASSWORD}")
        assert "900" not in await stranger.hear(" NOTICE stranger ")
        await stranger.leave()
    assert PASSWORD not in (tmp_path / "log").read_text()
    assert "Zwiebelfisch" not in (tmp_path / "log").read_text()


async def test_no_guests_where_none_are_wanted(tmp_path: Path) -> None:
    with serving(tmp_path, "--ssh=127.0.0.1:0", "--set=ssh.guests=false") as ports:
        for password in ("", "anything"):
            with pytest.raises(asyncssh.PermissionDenied):
                await connect(ports.ssh, "gast", password=password)


async def test_limits_come_before_the_work(tmp_path: Path) -> None:
    options = ("--set=limits.connections_per_address=4", "--set=ssh.visitors=2")
    with serving(tmp_path, "--ssh=127.0.0.1:0", *options) as ports:
        # People who say nothing: so many may stand before the door.
        idle = [socket.create_connection(("127.0.0.1", ports.ssh)) for _ in range(10)]
        banners = [await asyncio.to_thread(one.recv, 200) for one in idle]
        assert 1 <= sum(banner.startswith(b"SSH-2.0") for banner in banners) <= 6
        assert any(banner.startswith(b"Too many connections") for banner in banners)
        for one in idle:
            one.close()
        visitors = [await visit(ports.ssh, name) for name in ("one", "two")]
        for visitor in visitors:
            await visitor.screen.shows("#lobby")
        code, _, complaint = await run(ports.ssh, "three", "tail '#lobby'")
        assert (code, complaint) == (1, "The ssh door is full: 2 people are in. Try again later.\n")
        for visitor in visitors:
            await visitor.leave()
        for _ in range(100):  # until both processes have gone
            code, _, complaint = await run(ports.ssh, "three", "tail '#lobby'")
            if code == 0:
                break
            await asyncio.sleep(0.05)
        assert code == 0, complaint


async def test_the_porter_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path, "--ssh=127.0.0.1:0") as ports:
        bob = await Irc.enter(ports.irc, "bob")
        found = [
            pid for pid in _all_children() if b"veche.ssh.porter" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        os.kill(found[-1], signal.SIGKILL)
        for _ in range(200):
            try:
                code, _, _ = await run(ports.ssh, "ann", "help")
            except (OSError, asyncssh.Error):
                await asyncio.sleep(0.05)
                continue
            break
        assert code == 0
        bob.say("PING :still here")
        await bob.hear("still here")
        await bob.leave()


def _all_children() -> list[int]:
    found = [os.getpid()]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return found[1:]


async def test_the_host_key_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    shown = []
    for _ in range(2):
        with serving(tmp_path, "--ssh=127.0.0.1:0") as ports:
            async with await connect(ports.ssh, "ann") as connection:
                key = connection.get_server_host_key()
                assert key is not None
                shown.append(key.get_fingerprint())
    assert shown[0] == shown[1]
    assert (tmp_path / "data/ssh/host_key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data/ssh").stat().st_mode & 0o077 == 0


async def test_a_flood_of_environment_is_not_kept(ports: Ports) -> None:
    async with await connect(ports.ssh, "env") as connection:
        variables = {f"LC_{number}": "x" * 1000 for number in range(500)}
        ran = await connection.run("help", env=variables, check=False)
        assert ran.returncode == 0
