"""veche.core.registry: features as tables."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType

import pytest

from veche.app.features import FEATURES
from veche.core.ask import Ask
from veche.core.registry import Command, FactRow, Feature, Registry, UserMode
from veche.core.replies import Refusal
from veche.core.settings import Settings
from veche.state.events import SILENCE, Fact, MemberLeft
from veche.state.world import World


def nothing(_ask: Ask) -> None:
    """Serve nothing."""


ROW = FactRow(apply=lambda world, fact: SILENCE, render=lambda fact, view, tags: "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Feature("a", commands=[Command("X", nothing)]), Feature("b", commands=[Command("X", nothing)])),
        (Feature("a", facts={MemberLeft: ROW}), Feature("b", facts={MemberLeft: ROW})),
        (Feature("a", caps={"batch": ""}), Feature("b", caps={"batch": ""})),
        (Feature("a", tokens=lambda _: {"X": "1"}), Feature("b", tokens=lambda _: {"X": "2"})),
        (Feature("a", user_modes={"x": UserMode()}), Feature("b", user_modes={"x": UserMode()})),
    ],
)
def test_nothing_is_declared_twice(one: Feature, other: Feature) -> None:
    with pytest.raises(
        ValueError, match=r"feature b declares .*, which another feature has declared already"
    ):
        Registry([one, other], Settings())


def test_a_capability_must_be_known() -> None:
    with pytest.raises((KeyError, ValueError)):
        Registry([Feature("a", caps={"no-such-thing": ""})], Settings())


def test_features_become_tables() -> None:
    feature = Feature(
        "a",
        commands=[Command("X", nothing)],
        facts={MemberLeft: ROW},
        caps={"batch": "v"},
        tokens=lambda settings: {"N": settings.network},
        reactions={MemberLeft: lambda ask, fact: None},
        progress=nothing,
    )
    registry = Registry([feature], Settings())
    assert list(registry.commands) == ["X"]
    assert registry.facts[MemberLeft].apply is ROW.apply
    assert registry.facts[MemberLeft].reactions == registry.reactions[MemberLeft]
    assert registry.caps == {"batch": "v"}
    assert registry.tokens == {"N": "Veche"}
    assert len(registry.reactions[MemberLeft]) == len(registry.progress) == 1
    assert registry.isupport == (("005", "N=Veche :are supported by this server"),)


@pytest.mark.parametrize("missing", FEATURES, ids=lambda feature: feature.name)
def test_the_others_stand_without_any_one_feature(missing: Feature) -> None:
    """Taking a feature out of the list takes all of it out, and nothing else falls."""
    registry = Registry([feature for feature in FEATURES if feature is not missing], Settings())
    assert not {command.name for command in missing.commands} & set(registry.commands)
    assert not set(missing.caps) & set(registry.caps)


def test_every_command_says_what_it_is_for() -> None:
    rows = Registry(FEATURES, Settings()).commands.values()
    written = [row for row in rows if isinstance(row.handler, FunctionType)]  # compiling drops what is said
    assert [row.name for row in written if not row.handler.__doc__] == []
    assert len(written) > 40


def test_guards_of_other_features_are_asked_in_order_behind_its_own() -> None:
    asked: list[str] = []

    def guard(name: str, *, refuses: bool) -> Callable[[World, Fact], Refusal | None]:
        def ask(_world: World, _fact: Fact) -> Refusal | None:
            asked.append(name)
            return Refusal("400", name, "no") if refuses else None

        return ask

    own = FactRow(apply=ROW.apply, render=ROW.render, guard=guard("own", refuses=False))
    first = Feature("first", guards={MemberLeft: guard("first", refuses=True)})
    second = Feature("second", guards={MemberLeft: guard("second", refuses=False)})
    rooms = Feature("rooms", facts={MemberLeft: own})
    fact = MemberLeft("u1", "ann!~ann@there", "#tea", "")

    row = Registry([second, rooms, first], Settings()).facts[MemberLeft]
    assert row.guard is not None
    assert row.guard(World(), fact) == Refusal("400", "first", "no")
    assert asked == ["own", "second", "first"]
    # The feature's own row is untouched, so a server without the others does not ask them.
    assert Registry([rooms], Settings()).facts[MemberLeft] is own


def test_a_guard_of_what_nobody_brings_is_not_missed() -> None:
    lonely = Feature("lonely", guards={MemberLeft: lambda world, fact: None})
    assert Registry([lonely], Settings()).facts == {}


def test_a_guard_may_stand_where_there_was_none() -> None:
    rooms = Feature("rooms", facts={MemberLeft: ROW})
    strict = Feature("strict", guards={MemberLeft: lambda world, fact: Refusal("400", "no")})
    row = Registry([rooms, strict], Settings()).facts[MemberLeft]
    assert row.guard is not None
    assert row.guard(World(), MemberLeft("u1", "x!x@x", "#tea", "")) == Refusal("400", "no")


def test_letters_for_who_are_those_of_modes_that_say_so() -> None:
    feature = Feature(
        "a", user_modes={"z": UserMode(in_who=True), "b": UserMode(in_who=True), "c": UserMode()}
    )
    assert Registry([feature], Settings()).who_flags == ["b", "z"]
