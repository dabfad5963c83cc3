"""Names that are kept for accounts: everybody who bears one is found, and two who lose theirs at once get others."""

from __future__ import annotations

from veche.features.accounts.keeping import LOOKED_AT_ONCE, look_around
from veche.testing.stage import Person, Stage, quiet_settings

SECRET = "correct-horse"


def stage_with(policy: str) -> Stage:
    settings = quiet_settings()
    settings.keep_names = policy
    return Stage(settings)


def owner(stage: Stage, name: str) -> Person:
    """Somebody with an account of this name who goes by another."""
    person = stage.enter(name)
    person.send(f"REGISTER * * {SECRET}", f"NICK x{name}")
    person.take()
    return person


def nicks(stage: Stage) -> set[str]:
    return {user.nick for user in stage.engine.world.users.values()}


def test_all_who_look_like_an_account_are_renamed_each_to_a_name_of_his_own() -> None:
    stage = stage_with("off")
    owner(stage, "nell")
    owner(stage, "bob")
    for name in ("NeIl", "neli", "Bob", "dan"):
        stage.enter(name)
    stage.settings.keep_names = "strict"
    look_around(stage.engine)
    stage.turn()
    assert nicks(stage) == {"xnell", "xbob", "Guest-1", "Guest-2", "Guest-3", "dan"}


def test_in_a_crowd_everybody_is_looked_at_in_time() -> None:
    stage = stage_with("off")
    stage.settings.connections_per_address = stage.settings.connect_burst = 0
    owner(stage, "bob")
    for number in range(LOOKED_AT_ONCE + 10):
        stage.enter(f"p{number}")
    stage.enter("Bob")
    stage.settings.keep_names = "strict"
    look_around(stage.engine)
    stage.turn()
    assert "Bob" in nicks(stage), "he is the last, and not looked at in the first turn"
    look_around(stage.engine)  # once more while it goes on
    stage.pass_time(1)
    assert "Bob" not in nicks(stage)
    assert "Guest-1" in nicks(stage)


def test_a_name_without_a_verified_account_is_kept_from_nobody() -> None:
    stage = stage_with("off")
    owner(stage, "bob")
    account = stage.engine.world.accounts.named("bob")
    assert account is not None
    account.verified = False
    stage.enter("Bob")
    stage.settings.keep_names = "strict"
    look_around(stage.engine)
    stage.turn()
    assert "Bob" in nicks(stage)


def test_who_stays_is_renamed_for_good() -> None:
    stage = stage_with("off")
    stage.settings.always_on = "opt-out"
    owner(stage, "ann")
    bob = owner(stage, "bob")
    bob.send("NICK ann", "JOIN #tea")
    stage.settings.keep_names = "strict"
    look_around(stage.engine)
    stage.turn()
    again = Stage(stage.settings, disk=stage.disk)
    assert "Guest-1" in nicks(again)
    assert "ann" not in nicks(again)
