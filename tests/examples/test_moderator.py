"""The bot that helps to keep order, with the whole server around it."""

from __future__ import annotations

import pytest
from moderator import breaks, make

from veche.testing.bots import BotPlay
from veche.testing.stage import Person

FROM = ":guard!~guard@there PRIVMSG "


async def begin(language: str = "en") -> tuple[BotPlay, Person, Person]:
    """The guard, who is the room's operator, its owner Olga with an account, and Ann, a guest."""
    play = BotPlay(make(language, rooms=("#tea",), owners=("olga",)))  # type: ignore[arg-type]
    await play.begin()
    olga = play.stage.enter("olga", "draft/account-registration")
    await play.say(olga, "JOIN #tea", "REGISTER * * correct-horse")
    ann = play.stage.enter("ann")
    await play.say(ann, "JOIN #tea")
    ann.take()
    return play, olga, ann


def said_to(person: Person) -> list[str]:
    return [line.removeprefix(FROM) for line in person.take() if line.startswith(FROM)]


@pytest.mark.parametrize(
    ("rule", "text", "account", "is_broken"),
    [
        ("caps", "THIS IS MUCH TOO LOUD FOR US", "ann", True),
        ("caps", "ЭТО СЛИШКОМ ГРОМКО ДЛЯ НАС ВСЕХ", "", True),
        ("caps", "NASA AND ESA", "", False),
        ("caps", "this is Not Too Loud for anyone HERE", "", False),
        ("links", "look at https://example.org", "", True),
        ("links", "look at www.example.org", "", True),
        ("links", "look at https://example.org", "ann", False),
        ("links", "no link. really", "", False),
    ],
)
def test_rules_look_at_a_text(rule: str, text: str, account: str, is_broken: bool) -> None:
    assert breaks(rule, text, account) is is_broken


def said_by_olga(person: Person) -> bool:
    return ":olga!~olga@there PRIVMSG #tea :I may" in person.take()


async def test_who_goes_on_is_muted_for_a_time() -> None:
    play, olga, ann = await begin()
    loud = "PRIVMSG #tea :THIS IS MUCH TOO LOUD FOR US"
    await play.say(ann, loud, loud)
    assert said_to(ann) == ["#tea :ann: no need to shout."] * 2
    await play.say(ann, loud)
    assert said_to(ann) == ["#tea :ann is muted for 10 min."]
    olga.take()
    await play.say(olga, "PRIVMSG #tea :I may")
    assert said_by_olga(ann), "she has the same address, and an account"
    await play.say(ann, "PRIVMSG #tea :what?")
    assert any(line.split(" ")[1] == "404" for line in ann.take())
    await play.pass_time(601)
    ann.take()
    await play.say(ann, "PRIVMSG #tea :I am calm")
    assert ann.take() == []


async def test_warnings_are_forgotten() -> None:
    play, _, ann = await begin("ru")
    for _ in range(5):
        await play.say(ann, "PRIVMSG #tea :see https://example.org")
        await play.pass_time(400)
    assert said_to(ann) == ["#tea :ann: ссылки — только от тех, у кого есть учётная запись."] * 5


async def test_a_flood_is_noticed_and_rank_is_left_alone() -> None:
    play, olga, ann = await begin()
    await play.say(ann, *(f"PRIVMSG #tea :{number}" for number in range(6)))
    assert said_to(ann) == ["#tea :ann: slower, please."]
    await play.pass_time(30)
    for number in range(6):
        await play.say(ann, f"PRIVMSG #tea :{number}")
        await play.pass_time(3)
    assert said_to(ann) == []
    await play.say(olga, *(f"PRIVMSG #tea :{number}" for number in range(9)))
    await play.bot.chat.ask("MODE", "#tea", "+v", "ann")
    await play.say(ann, *(f"PRIVMSG #tea :{number}" for number in range(9)))
    assert said_to(ann) == []


async def test_owners_mute_by_account_and_unmute() -> None:
    play, olga, ann = await begin()
    await play.say(ann, "REGISTER * * correct-horse", "PRIVMSG #tea :!mute olga", "PRIVMSG guard :!mute olga")
    said = said_to(ann)
    assert len(said) == 2
    assert all("not for everybody" in line for line in said)
    olga.take()
    await play.say(olga, "PRIVMSG #tea :!mute ann 5")
    assert ":guard!~guard@there MODE #tea +b t:5:m:a:ann" in olga.take()
    await play.say(ann, "NICK anna", "PRIVMSG #tea :psst")
    assert any(" 404 " in line for line in ann.take()), "another nick is the same account"
    await play.say(olga, "PRIVMSG #tea :!unmute ann", "PRIVMSG #tea :!unmute ann")
    assert said_to(olga) == ["#tea :ann may speak again.", "#tea :I have not muted ann."]
    await play.say(ann, "PRIVMSG #tea :thanks")
    assert any("thanks" in line for line in olga.take())


async def test_what_it_cannot_do_it_says() -> None:
    play, olga, ann = await begin()
    await play.say(olga, "PRIVMSG #tea :!mute guard")
    assert said_to(ann) == ["#tea :Not me."]
    await play.say(olga, "PRIVMSG #tea :!mute nobody", "PRIVMSG #tea :!mute", "PRIVMSG #tea :!mute ann never")
    assert (
        said_to(ann)
        == ["#tea :There is no nobody."]
        + ["#tea :Like this: !mute NICK [MINUTES]: silences somebody (10 minutes)"] * 2
    )
    await play.bot.chat.ask("MODE", "#tea", "-o", "guard")
    await play.say(olga, "PRIVMSG #tea :!mute ann")
    assert said_to(ann)[0].startswith("#tea :I cannot: You")


async def test_rules_are_switched_by_room_and_stay_so() -> None:
    play, olga, ann = await begin()
    await play.say(olga, "PRIVMSG #tea :!rule links off")
    await play.say(ann, "PRIVMSG #tea :see https://example.org", "PRIVMSG #tea :!rules")
    assert said_to(ann) == ["#tea :flood on, caps on, links off"] * 2
    assert play.bot.state["off"] == {"#tea": ["links"]}
    await play.say(olga, "PRIVMSG #tea :!rule links on", "PRIVMSG #tea :!rule links")
    assert said_to(ann)[0] == "#tea :flood on, caps on, links on"
