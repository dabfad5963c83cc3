"""Two want the same thing at the same moment: one has it, the other is told, and there are never two owners.

Both requests are in before the server has judged either. In one process the log decides, whoever comes first to it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from veche.state.events import MemberJoined
from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage, quiet_settings

ROUNDS = 1000
SECRET = "correct-horse"


def crowded() -> Stage:
    """A server that nobody has to wait at."""
    settings = quiet_settings()
    settings.connections_per_address = settings.connect_burst = 0
    settings.room_creations_per_minute = 10_000
    settings.registrations = settings.registrations_per_address = 100_000
    return Stage(settings)


def at_once(stage: Stage, number: int, people: tuple[Person, Person], say: Callable[[Person], str]) -> None:
    """Both say it before the turn ends; which one is first, takes turns."""
    for person in people[:: 1 if number % 2 else -1]:
        person.post_bytes(say(person).encode() + b"\r\n")
    stage.turn()


def part(stage: Stage, *people: Person) -> None:
    """They go, and nobody looks at them any more."""
    for person in people:
        stage.leave(person, "gone")
    stage.turn()
    stage.persons.clear()


def heard(person: Person, numeric: str) -> bool:
    return any(f" {numeric} " in line for line in person.take())


@pytest.mark.parametrize("is_slow", [False, True], ids=["fast", "slow-disk"])
def test_one_of_two_gets_the_nick(*, is_slow: bool) -> None:
    stage = crowded()
    ann, bob = stage.enter("ann"), stage.enter("bob")
    for number in range(ROUNDS):
        stage.disk.is_slow = is_slow
        at_once(stage, number, (ann, bob), lambda _, number=number: f"NICK n{number}")  # type: ignore[misc]
        stage.disk.hurry()
        stage.turn()
        assert stage.engine.world.users_by_key[f"n{number}"] is not None
        assert sorted([heard(ann, "433"), heard(bob, "433")]) == [False, True]
    assert len(stage.engine.world.users) == 2
    assert check_stage(stage) == []


def test_one_of_two_newcomers_gets_the_nick_and_the_other_may_choose_again() -> None:
    stage = crowded()
    for number in range(ROUNDS):
        ann, bob = stage.open(f"a{number}"), stage.open(f"b{number}")
        ann.send("USER ann 0 * :Ann")
        bob.send("USER bob 0 * :Bob")
        at_once(stage, number, (ann, bob), lambda _, number=number: f"NICK n{number}")  # type: ignore[misc]
        loser = next(person for person in (ann, bob) if person.session and person.session.user is None)
        assert heard(loser, "433")
        loser.send(f"NICK m{number}")
        assert heard(loser, "001")
        part(stage, ann, bob)
    assert check_stage(stage) == []


def test_one_of_two_gets_the_account_and_nobody_else_bears_its_name() -> None:
    stage = crowded()
    for number in range(ROUNDS):
        ann, bob = stage.open(f"a{number}"), stage.open(f"b{number}")
        for person in (ann, bob):
            person.send("CAP LS 302", f"NICK n{number}", "USER x 0 * :X")
        at_once(stage, number, (ann, bob), lambda _: f"REGISTER * * {SECRET}")
        stage.turn()
        told = [
            [line.split(" ")[2] for line in person.take() if " REGISTER " in line] for person in (ann, bob)
        ]
        assert sorted(told) == [["REGISTER"], ["SUCCESS"]], "one FAIL REGISTER, one REGISTER SUCCESS"
        for person in (ann, bob):
            person.send("CAP END")
        owner, loser = (ann, bob) if told[0] == ["SUCCESS"] else (bob, ann)
        assert heard(owner, "001")
        assert heard(loser, "433")
        part(stage, ann, bob)
    assert len(stage.engine.world.accounts) == ROUNDS


def test_a_guest_who_arrives_while_the_name_is_registered_does_not_bear_it() -> None:
    for first_is_guest in (False, True):
        stage = crowded()
        ann, eve = stage.open("ann"), stage.open("eve")
        ann.send("CAP LS 302", "NICK ann", "USER ann 0 * :Ann")
        eve.send("USER eve 0 * :Eve")
        stage.disk.is_slow = True
        if first_is_guest:
            eve.send("NICK ann")
        ann.send(f"REGISTER * * {SECRET}")
        if not first_is_guest:
            eve.send("NICK ann")
        stage.disk.hurry()
        stage.turn()
        owned = stage.engine.world.accounts.named("ann")
        bearer = stage.engine.world.users_by_key.get("ann")
        assert (owned is None) == first_is_guest
        assert (bearer is None) != first_is_guest
        assert first_is_guest or heard(eve, "433")


def test_the_last_place_is_for_one() -> None:
    stage = crowded()
    host, ann, bob = stage.enter("host"), stage.enter("ann"), stage.enter("bob")
    host.send("JOIN #tea", "MODE #tea +l 2")
    for number in range(ROUNDS):
        at_once(stage, number, (ann, bob), lambda _: "JOIN #tea")
        assert len(stage.engine.world.rooms["#tea"].members) == 2
        assert sorted([heard(ann, "471"), heard(bob, "471")]) == [False, True]
        ann.send("PART #tea")
        bob.send("PART #tea")
        ann.take()
        bob.take()


def test_who_has_gone_is_not_brought_in_by_an_operator(caplog: pytest.LogCaptureFixture) -> None:
    stage = crowded()
    bob = stage.enter("bob")
    fact = MemberJoined(stage.engine.world.users_by_key["bob"].uid, "bob!~bob@there", "", "Bob", "#tea")
    fact.is_forced = True
    part(stage, bob)
    # As SAJOIN has it when its turn comes after his leaving; he hears nothing of it any more.
    stage.engine.log.commit(fact, None)
    stage.turn()
    assert "bug" not in caplog.text
    assert "#tea" not in stage.engine.world.rooms
    assert check_stage(stage) == []
