"""veche.core.registry: features as tables."""

from __future__ import annotations

import pytest

from veche.app.features import FEATURES
from veche.core.ask import Ask
from veche.core.registry import Command, FactRow, Feature, Registry
from veche.core.settings import Settings
from veche.state.events import SILENCE, MemberLeft


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
    assert registry.facts[MemberLeft] is ROW
    assert registry.caps == {"batch": "v"}
    assert registry.tokens == {"N": "Veche"}
    assert len(registry.reactions[MemberLeft]) == len(registry.progress) == 1
    assert registry.isupport == [["N=Veche"]]


@pytest.mark.parametrize("missing", FEATURES, ids=lambda feature: feature.name)
def test_the_others_stand_without_any_one_feature(missing: Feature) -> None:
    """Taking a feature out of the list takes all of it out, and nothing else falls."""
    registry = Registry([feature for feature in FEATURES if feature is not missing], Settings())
    assert not {command.name for command in missing.commands} & set(registry.commands)
    assert not set(missing.caps) & set(registry.caps)


def test_every_command_says_what_it_is_for() -> None:
    assert [
        row.name for row in Registry(FEATURES, Settings()).commands.values() if not row.handler.__doc__
    ] == []
