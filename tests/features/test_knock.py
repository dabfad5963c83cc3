"""KNOCK: a room is not bothered more often than now and then, however many knock."""

from __future__ import annotations

from veche.testing.stage import Stage, quiet_settings


def test_a_room_hears_so_many_knocks_whoever_knocks() -> None:
    settings = quiet_settings()
    settings.flood = True
    stage = Stage(settings)
    ann = stage.enter("ann")
    ann.send("JOIN #tea", "MODE #tea +i")
    ann.take()
    crowd = [stage.enter(f"bot{number}") for number in range(20)]
    for bot in crowd:
        bot.send("KNOCK #tea")
    assert len(ann.take()) == 5
    assert crowd[-1].take()[-1] == ":irc.example 712 bot19 #tea :Too many KNOCKs (channel)."
    stage.pass_time(60)
    for bot in crowd[5:]:
        bot.send("KNOCK #tea")
    assert sum(" 710 " in line for line in ann.take()) == 5
