"""Bots, with the whole server around them and no network between."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import pytest

from tests.client.fake_server import FakeServer
from veche.client.bot import Bot, Said
from veche.client.bot_pace import Pace
from veche.client.connection import Connection
from veche.client.events import PersonJoined, TopicSet
from veche.client.link import Timing
from veche.testing.bots import BotPlay
from veche.testing.stage import Person

PASSWORD = "correct-horse"


def make(**options: object) -> Bot:
    return Bot("robo", **{"rooms": ("#tea",), "language": "en", **options})  # type: ignore[arg-type]


async def begin(bot: Bot) -> tuple[BotPlay, Person]:
    """The bot, and Ann in its room with nothing unheard."""
    play = BotPlay(bot)
    await play.begin()
    ann = play.stage.enter("ann", "message-tags")
    await play.say(ann, "JOIN #tea")
    ann.take()
    return play, ann


def said_to(person: Person) -> list[str]:
    """What the bot has said since, without tags and source."""
    lines = [line.partition(":robo!~robo@there ")[2] for line in person.take()]
    return [line for line in lines if line.startswith(("PRIVMSG", "NOTICE"))]


def shout(bot: Bot) -> None:
    @bot.command("shout", about="TEXT: says it loudly")
    def shout(said: Said) -> str:
        return said.argument.upper()


async def test_a_command_is_answered_where_it_was_given() -> None:
    bot = make()
    shout(bot)
    play, ann = await begin(bot)
    await play.say(
        ann, "PRIVMSG #tea :!shout  hear me ", "PRIVMSG robo :Shout psst", "PRIVMSG #tea :robo: shout you"
    )
    assert said_to(ann) == ["PRIVMSG #tea :HEAR ME", "PRIVMSG ann :PSST", "PRIVMSG #tea :YOU"]


async def test_what_is_no_command_is_not_answered() -> None:
    bot = make()
    shout(bot)
    play, ann = await begin(bot)
    for text in ("shout hello", "!shouts", "!", "! shout x", "!nothing", "\x01ACTION !shout x\x01"):
        await play.say(ann, f"PRIVMSG #tea :{text}")
    await play.say(ann, "NOTICE #tea :!shout x", "NOTICE robo :shout x")
    assert said_to(ann) == []


async def test_it_says_that_it_is_a_bot() -> None:
    play, ann = await begin(make())
    await play.say(ann, "WHOIS robo")
    assert any(" 335 " in line for line in ann.take())


async def test_it_does_not_answer_bots_unless_asked() -> None:
    one = make()
    shout(one)

    @one.message("echo", bots=True)
    def asked(said: Said) -> str:
        return f"{said.sender} is a bot"

    play, ann = await begin(one)
    await play.say(ann, "MODE ann +B", "PRIVMSG #tea :!shout hello", "PRIVMSG #tea :echo")
    assert said_to(ann) == ["PRIVMSG #tea :ann is a bot"]


async def test_what_was_said_while_it_was_away_is_for_those_who_ask() -> None:
    bot = make()
    heard: list[str] = []
    bot.message()(lambda said: heard.append(f"now {said.text}"))
    bot.message(missed=True)(lambda said: heard.append(said.text))
    shout(bot)
    async with FakeServer() as server:
        await server_talk(server, bot)
    assert heard == ["now hello", "hello", "missed", "now bye", "bye"]
    assert "TOO LATE" not in server.texts()


async def server_talk(server: FakeServer, bot: Bot) -> None:
    timing = Timing(first_delay=0, patience=5)
    async with Connection("127.0.0.1", server.port, nick="robo", timing=timing, rooms=("#lobby",)) as chat:
        seen: asyncio.Queue[str] = asyncio.Queue()
        bot.message(missed=True)(lambda said: seen.put_nowait(said.text))
        running = asyncio.create_task(bot.run(chat))
        server.talk("ann", "#lobby", "hello")
        async with asyncio.timeout(5):
            assert await seen.get() == "hello"
            await server.stop()
            server.keep("ann", "#lobby", "missed")
            server.keep("ann", "#lobby", "!shout too late")
            await server.start()
            assert await seen.get() == "missed"
            while not chat.is_online:
                await asyncio.sleep(0)
            server.talk("ann", "#lobby", "bye")
            assert await seen.get() == "bye"
        await chat.close()
        await asyncio.wait_for(running, 5)


async def test_rights_belong_to_accounts() -> None:
    bot = make(owners=("Boss",))

    @bot.command("stop", only=bot.owners)
    def stop(said: Said) -> str:
        return f"stopped by {said.account}"

    play, ann = await begin(bot)
    boss = play.stage.enter("boss", "draft/account-registration")
    await play.say(boss, "JOIN #tea", f"REGISTER * * {PASSWORD}")
    await play.say(boss, "NICK somebody")
    await play.say(ann, "NICK boss_", "PRIVMSG #tea :!stop", "PRIVMSG #tea :!help")
    await play.say(boss, "PRIVMSG #tea :!stop", "PRIVMSG #tea :!help")
    assert said_to(ann) == [
        "PRIVMSG #tea :!stop is not for everybody: log in to an account that may.",
        "PRIVMSG #tea :Commands: !help. !help NAME tells more.",
        "PRIVMSG #tea :stopped by boss",
        "PRIVMSG #tea :Commands: !help, !stop. !help NAME tells more.",
    ]


async def test_joins_events_and_timers() -> None:
    bot = make()

    @bot.joined
    def greet(event: PersonJoined) -> str:
        return f"hello {event.nick}"

    @bot.event(TopicSet)
    async def topic(event: TopicSet) -> None:
        await bot.say(event.room, f"now: {event.topic}")

    @bot.every(60)
    async def remind() -> None:
        await bot.say("#tea", "tea?")

    play, ann = await begin(bot)
    bob = play.stage.enter("bob")
    await play.say(bob, "JOIN #tea", "PART #tea")
    play.stage.persons[0].send("TOPIC #tea :green")  # the bot's own connection: it is the operator
    await play.settle()
    await play.pass_time(150)
    assert said_to(ann) == [
        "PRIVMSG #tea :hello bob",
        "PRIVMSG #tea :now: green",
        "PRIVMSG #tea :tea?",
        "PRIVMSG #tea :tea?",
    ]


async def test_a_timer_may_begin_at_once() -> None:
    bot, rung = make(), []

    @bot.every(60, at_once=True)
    def remind() -> None:
        rung.append(play.stage.clock.now() - began)

    play = BotPlay(bot)
    began = play.stage.clock.now()
    await play.begin()
    assert rung == [0]
    await play.pass_time(59)
    await play.pass_time(61)
    assert rung == [0, 60, 120]


async def test_with_a_server_too_a_timer_begins_at_once() -> None:
    bot, rung = make(), asyncio.Event()
    bot.every(3600, at_once=True)(rung.set)
    async with FakeServer() as server, Connection("127.0.0.1", server.port, nick="robo") as chat:
        running = asyncio.create_task(bot.run(chat))
        async with asyncio.timeout(5):
            await rung.wait()
            await chat.close()
            await running


async def test_of_a_command_that_it_has_not_a_bot_speaks_only_when_it_alone_was_asked() -> None:
    play, ann = await begin(make())
    await play.say(
        ann, "PRIVMSG #tea :!help dance", "PRIVMSG #tea :robo: !help dance", "PRIVMSG robo :help dance"
    )
    assert said_to(ann) == ["PRIVMSG #tea :I know no command dance.", "PRIVMSG ann :I know no command dance."]


async def test_an_exception_costs_the_run_and_is_logged_with_its_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bot = make()
    shout(bot)

    @bot.command("break")
    async def fail(said: Said) -> None:
        raise ValueError("broken")

    play, ann = await begin(bot)
    with caplog.at_level(logging.ERROR, "veche.bot"):
        await play.say(ann, "PRIVMSG #tea :!break", "PRIVMSG #tea :!shout on")
    assert said_to(ann) == ["PRIVMSG #tea :ON"]
    (record,) = caplog.records
    assert "fail failed at message " in record.getMessage()
    assert record.getMessage().endswith(" of ann in #tea")
    assert record.exc_info is not None
    assert "ValueError" in str(record.exc_info)


async def test_a_refused_answer_is_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    bot = make()
    shout(bot)
    play, ann = await begin(bot)
    play.stage.persons[0].send("MODE #tea +o ann")
    await play.say(ann, "MODE #tea +m-o robo")
    with caplog.at_level(logging.WARNING, "veche.bot"):
        await play.say(ann, "PRIVMSG #tea :!shout on")
    assert [record.exc_info for record in caplog.records] == [None]
    assert "404" in caplog.text


async def test_nobody_makes_it_talk_without_end() -> None:
    bot = make()
    shout(bot)
    play, ann = await begin(bot)
    await play.say(ann, *(f"PRIVMSG #tea :!shout {number}" for number in range(9)))
    assert len(said_to(ann)) == 5
    await play.pass_time(7)
    await play.say(ann, *(f"PRIVMSG #tea :!shout {number}" for number in range(9)))
    assert len(said_to(ann)) == 2
    for name in "abcdefgh":
        await play.say(ann, f"NICK ann{name}", *(f"PRIVMSG #tea :!shout {number}" for number in range(5)))
    assert len(said_to(ann)) <= 20, "a new name is no new room"


async def test_a_long_answer_is_cut() -> None:
    bot = make(notice=True)
    bot.command("long")(lambda said: "word " * 2000)
    play, ann = await begin(bot)
    await play.say(ann, "PRIVMSG #tea :!long")
    lines = said_to(ann)
    assert len(lines) == 6
    assert all(line.startswith("NOTICE #tea :word") for line in lines)
    assert lines[-1].endswith("…")


async def test_what_it_confirms_is_on_the_disk_before(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    bot = make(state=str(path))
    on_disk: list[object] = []

    @bot.command("note")
    async def note(said: Said) -> None:
        bot.state["note"] = said.argument
        await said.reply("noted")
        on_disk.append(json.loads(path.read_text()))

    play, ann = await begin(bot)
    await play.say(ann, "PRIVMSG #tea :!note milk")
    assert (said_to(ann), on_disk) == (["PRIVMSG #tea :noted"], [{"note": "milk"}])
    assert make(state=str(path)).state == {"note": "milk"}


def test_a_pace_forgets_those_who_are_quiet() -> None:
    pace = Pace(2, 10)
    assert [pace.take("ann", 0) for _ in range(3)] == [True, True, False]
    assert not pace.take("ann", 9)
    assert pace.take("ann", 10.1)
    for number in range(1000):
        pace.take(str(number), 11)
    assert pace.take("ann", 11), "she has been forgotten"


async def test_a_service_runs_beside_it_and_ends_with_it() -> None:
    bot = make()
    seen: list[str] = []

    @bot.service
    async def serve() -> None:
        seen.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("ended")

    async with FakeServer() as server, Connection("127.0.0.1", server.port, nick="robo") as chat:
        running = asyncio.create_task(bot.run(chat))
        while not seen:
            await asyncio.sleep(0)
        await chat.close()
        await asyncio.wait_for(running, 5)
    assert seen == ["begun", "ended"]


def test_a_command_is_one_word_and_a_timer_takes_time() -> None:
    with pytest.raises(ValueError, match="one word"):
        make().command("two words")
    with pytest.raises(ValueError, match="time"):
        make().every(0)
