"""NAMES of rooms that are too long for one go."""

from __future__ import annotations

from veche.core import pieces
from veche.state.events import MemberJoined, UserArrived, UserLeft
from veche.testing.stage import Stage, quiet_settings


def enter_many(stage: Stage, count: int) -> None:
    """People without connections sit in #tea, under nicks of which ten fit into a line."""
    for number in range(count):
        nick = f"n{number:029}"
        stage.engine.log.commit(UserArrived(f"many{number}", nick, "~u", "there", "Somebody"), None)
        joined = MemberJoined(f"many{number}", f"{nick}!~u@there", "", "Somebody", "#tea")
        joined.limit = 1
        stage.engine.log.commit(joined, None)
    stage.turn()


def test_a_long_room_is_named_in_pieces_and_once_each() -> None:
    stage = Stage(quiet_settings())
    ann = stage.enter("ann")
    enter_many(stage, 12 * pieces.STEPS)
    ann.send("NAMES #tea", "PING behind")
    assert len(ann.unheard) == pieces.STEPS
    # Who goes before his turn comes is not named any more.
    last = 12 * pieces.STEPS - 1
    stage.engine.log.commit(UserLeft(f"many{last}", f"n{last:029}!~u@there", "gone"), None)
    stage.pass_time(1)
    lines = ann.take()
    assert lines[-2:] == [
        ":irc.example 366 ann #tea :End of /NAMES list",
        ":irc.example PONG irc.example :behind",
    ]
    found = [word.lstrip("~&@%+") for line in lines[:-2] for word in line.partition(" :")[2].split(" ")]
    assert found == [f"n{number:029}" for number in range(last)]
