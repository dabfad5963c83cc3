"""Rooms that are registered, given away and given up, and people with ranks in them, at random; the server is killed.

Beside what must be true of every talk with accounts (see test_random_accounts): nobody has a rank for the sake of an
account that is not his, or has given none, and a registered room belongs to an account.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_random_accounts import House, choices, kill
from tests.test_random_talk import HOME, Action, Talk, disk, said, say, world
from veche.core.settings import Settings
from veche.testing.checks import check_stage
from veche.testing.stage import Stage

SEATS = ["ann", "ann2", "bob", "cid"]  # the second of ann's is another device of hers
SECRET = "correct-horse"
ROOMS = [HOME, HOME, "#tea"]
RANKS = ["q", "a", "o", "o", "h", "v"]

room, account = st.sampled_from(ROOMS), st.sampled_from(["ann", "bob", "cid", "dan"])
seat = st.sampled_from(SEATS)
LINES = st.one_of(
    said("CS REGISTER {}", room),
    said("CS REGISTER {}", room),
    said("CS ACCESS {} ADD {} {}", room, account, st.sampled_from(RANKS)),
    said("CS ACCESS {} ADD {} {}", room, account, st.sampled_from(RANKS)),
    said("CS ACCESS {} DEL {}", room, account),
    said("CS TRANSFER {} {}", room, account),
    said("CS ACCEPT {}", room),
    said("CS SET {} {} {}", room, st.sampled_from(["TOPICLOCK", "MODELOCK"]), st.sampled_from(["on", "off"])),
    said("CS {} {} {}", st.sampled_from(["OP", "DEOP", "DEVOICE", "INVITE", "BAN", "UNBAN"]), room, account),
    said("CS {} {}", st.sampled_from(["OP", "DEOP", "INVITE", "UNBAN", "INFO", "ACCESS", "LIST"]), room),
    said("MODE {} {} {}", room, st.sampled_from(["+o", "-o", "-q", "+v", "-h", "+i", "+k", "+P", "-P", "+b"]), account),
    said("TOPIC {} :{}", room, account),
    said("RENAME {} {}", room, room),
    said("KICK {} {}", room, account),
    said("JOIN {}", room),
    said("JOIN {}", room),
    said("PART {}", room),
    said("NS LOGOUT"),
    said(f"NS IDENTIFY {{}} {SECRET}", account),
    said(f"NS IDENTIFY {{}} {SECRET}", account),
    said(f"NS REGISTER {SECRET}"),
    said(f"NS DROP {SECRET}"),
    said("NS REGAIN"),
    said("NS GHOST"),
    said("NS SET {}", st.sampled_from(["ALWAYS-ON on", "ALWAYS-ON off", "KEEP-NAME on", "KEEP-NAME off"])),
    said("NS RENAME {} {}", account, account),
    said("NICK {}", st.sampled_from(["ann", "bob", "cid", "dan", "b0b"])),
)  # fmt: skip


def give_up(name: str, wanted: str) -> Action:
    """A registered room is given up, with the code that the server asks for."""

    def action(talk: Talk) -> None:
        person = talk.person(name)
        where = wanted.replace(HOME, talk.home)
        person.send(f"CS DROP {where}")
        code = next((line.split()[-1] for line in person.heard[::-1] if b": DROP " in line), b"")
        person.send(f"CS DROP {where} {code.decode()}")

    return action


label = st.sampled_from(["", "", "@label=x{} "])
talk = st.builds(
    say, seat, st.lists(st.tuples(label, LINES), min_size=1, max_size=3), ends_turn=st.booleans()
)
ACTIONS = st.one_of(
    talk, talk, talk, talk, talk, talk,
    st.builds(give_up, seat, room),
    st.builds(world, st.sampled_from(["leave", "1", "in"]), seat),
    st.builds(disk, st.sampled_from(["slow", "release", "release", "refuse", "fast", "fast"])),
    st.builds(kill),
)  # fmt: skip


def check_ownership(stage: Stage) -> list[str]:
    """Everything that is wrong with whose rooms are, and who has which rank there."""
    known = stage.engine.world.accounts.by_uid
    wrong = []
    for one in stage.engine.world.rooms.values():
        registration = one.registration
        if registration is not None and not {registration.founder, *registration.access} <= known.keys():
            wrong.append(f"{one!r} belongs to {registration.values()}, and there are {known}")
        for member in one.members.values():
            due = one.rank_of(member.user.identity) if member.user.account else ""
            if member.given != due:
                wrong.append(
                    f"{member.user!r} has {member.given} in {one!r} for his account's sake, not {due}"
                )
    return wrong


def run(chosen: Settings, actions: list[Action]) -> None:
    house = House(chosen, "#home", keeps=True)
    with house.stage.bugs:
        for name in ("ann", "bob", "cid"):
            house.person(name).send(f"REGISTER * * {SECRET}")
        # ann has come first, and is the operator.
        house.person("ann").send("CS REGISTER #home", "CS ACCESS #home ADD bob o", "CS TRANSFER #home cid")
        for action in actions:
            action(house)
        house.stage.disk.hurry()
        house.stage.pass_time(10)
        wrong = check_stage(house.stage) + check_ownership(house.stage)
        assert not wrong, "\n".join(wrong)


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(chosen=choices(), actions=st.lists(ACTIONS, min_size=10, max_size=40))
def test_whoever_owns_a_room_the_server_stays_sound(chosen: Settings, actions: list[Action]) -> None:
    run(chosen, actions)


@pytest.mark.long
@settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
@given(chosen=choices(), actions=st.lists(ACTIONS, min_size=10, max_size=80))
def test_whoever_owns_a_room_the_server_stays_sound_for_long(chosen: Settings, actions: list[Action]) -> None:
    run(chosen, actions)
