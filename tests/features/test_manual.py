"""HELP: of everything there is, in both languages, and nothing that is not so."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from veche.app.features import FEATURES
from veche.core.help import UNWRITTEN, Family, Help, required
from veche.core.registry import Registry
from veche.core.settings import Settings
from veche.features.manual import LIMITS, PHRASES, WIDTH
from veche.features.mode import ROOM_MODES
from veche.features.mode_help import CMODES, EXTBANS
from veche.phrases import Language
from veche.state.masks import LETTERS
from veche.testing.stage import Person, Stage, quiet_settings
from veche.wire.message import parse
from veche.wire.modes import Kind

REGISTRY = Registry(FEATURES, Settings())
# What ISUPPORT gives a number for that is nobody's limit.
NO_LIMITS = {"HOSTLEN"}
# `CAP REQ` alone asks for nothing, and gets it.
CONTENT_WITH_LESS = {"CAP REQ"}


def all_help() -> Iterator[tuple[str, Help]]:
    """Everything that HELP tells of, by its name."""
    yield from ((row.name, row.help) for row in REGISTRY.commands.values())
    yield from (("+" + letter, mode.help) for letter, mode in REGISTRY.user_modes.items())
    for topic in REGISTRY.topics.values():
        yield from topic.entries.items()


def enter(language: Language = "en", *caps: str) -> Person:
    """Somebody who may say everything."""
    settings = quiet_settings()
    settings.language = language
    ann = Stage(settings).enter("ann", *caps)
    assert ann.session is not None
    user = ann.session.user
    assert user is not None
    ann.stage.engine.world.set_modes(user, user.modes | {"o"})
    ann.take()
    return ann


def ask_help(ann: Person, subject: str) -> list[str]:
    """The lines of an answer, which begins and ends as it is to."""
    ann.send(f"HELP {subject}")
    lines = ann.take()
    messages = [parse(line) for line in lines]
    assert all(message is not None for message in messages), lines
    numerics = [message.command for message in messages if message is not None]
    # "reply with a single RPL_HELPSTART message, then arbitrarily many RPL_HELPTXT messages, then a single
    # RPL_ENDOFHELP"
    assert numerics == ["704", *["705"] * (len(lines) - 2), "706"], (subject, lines)
    return [message.params[2] for message in messages if message is not None]


@pytest.mark.parametrize(("name", "told"), list(all_help()))
def test_everything_is_told_of_in_both_languages(name: str, told: Help) -> None:
    assert told is not UNWRITTEN, f"{name} needs its help=Help(...), beside the declaration"
    english, russian = told.text("en", Settings()), told.text("ru", Settings())
    assert english.endswith(".")
    assert russian.endswith(".")
    assert not re.search("[а-яё]", english)
    assert re.search("[а-яё]", russian)
    assert "{" not in english + russian


def test_the_parameters_of_a_usage_line_are_counted() -> None:
    assert required("") == 0
    assert required("<room>{,<room>} [<key>{,<key>}]") == 1
    assert required("[<mask> [o][%<fields>[,<number>]]]") == 0
    assert required("LATEST <target> <count>") == 3
    assert required("[<nick>] <room>") == 1


@pytest.mark.parametrize("name", sorted(REGISTRY.commands))
def test_usage_lines_agree_with_the_table_of_commands(name: str) -> None:
    row = REGISTRY.commands[name]
    ways = row.help.usage.split("\n")
    assert min(map(required, ways)) >= row.least
    assert all(required(way) <= 15 for way in ways), "a line has no more parameters"


def too_short() -> Iterator[str]:
    """Each way to say a command, without some of what it needs."""
    for row in REGISTRY.commands.values():
        for way in row.help.usage.split("\n"):
            bare = way
            while (less := re.sub(r"\[[^\[\]]*\]|\{[^{}]*\}", "", bare)) != bare:
                bare = less
            words = [re.sub(r"<[^>]*>", "x", word) for word in re.sub(r"<[^>]*>", "<x>", bare).split()]
            yield from {" ".join([row.name, *words[:count]]) for count in range(len(words))}


@pytest.mark.parametrize("line", sorted(set(too_short()) - CONTENT_WITH_LESS))
def test_what_a_usage_line_asks_for_is_needed(line: str) -> None:
    command, *params = line.split()
    others = [
        way for way in REGISTRY.commands[command].help.usage.split("\n") if required(way) <= len(params)
    ]
    if any(all(a == b or b[0] == "<" for a, b in zip(params, way.split(), strict=False)) for way in others):
        return  # it is another way to say it, whole
    ann = enter("en", "labeled-response", "batch", "message-tags")
    ann.send(f"@label=1 {line}")  # who labels a NOTICE is told what is wrong with it
    first = parse(ann.take()[0])
    assert first is not None
    assert first.command == "FAIL" or first.command[0] in "45", f"{line}: {first.command} {first.params}"


def test_room_modes_are_told_of_with_their_parameters() -> None:
    assert {letter[1:] for letter in CMODES.entries} == set(ROOM_MODES)
    for letter, told in CMODES.entries.items():
        kind = ROOM_MODES[letter[1:]]
        begins = "[" if kind is Kind.LIST else "" if kind is Kind.FLAG else "<"
        assert told.usage[:1] == begins, letter


def test_masks_are_told_of() -> None:
    assert "".join(sorted(entry[0] for entry in EXTBANS.entries)) == LETTERS


def test_limits_are_those_of_isupport() -> None:
    numbers = {token for token, value in REGISTRY.tokens.items() if value.rpartition(":")[2].isdigit()}
    assert set(LIMITS) == numbers - NO_LIMITS - {"TARGMAX"}  # of which MAXTARGETS tells the most


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_index_names_every_command_and_topic(language: Language) -> None:
    ann = enter(language)
    words = " ".join(ask_help(ann, "")).split()
    for name in [*REGISTRY.commands, *REGISTRY.topics, "UMODES", "LIMITS"]:
        assert any(word.strip(",") == name for word in words), name
    shown = " ".join(words)
    assert all(family.title(language) in shown for family in Family)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_answers_are_whole_beside_the_longest_names(language: Language) -> None:
    settings = quiet_settings()
    settings.language = language
    settings.server = "s" * 63
    ann = Stage(settings).enter("Ж" * (settings.nick_length // 2))
    ann.take()
    modes = ["+" + letter for letter in {*REGISTRY.user_modes, *ROOM_MODES}]
    for subject in [*REGISTRY.commands, *REGISTRY.topics, "UMODES", "LIMITS", "", *modes]:
        ann.send(f"HELP {subject}")
        for line in ann.take():
            assert len(line.encode()) < 510, line  # what is cut has 510
            assert len(line.split(" ", 4)[4]) <= WIDTH + 1, line  # the colon


def test_a_subject_is_found_however_it_is_written() -> None:
    ann = enter()
    assert ask_help(ann, "join") == ask_help(ann, "/JOIN") == ask_help(ann, "JOIN please")
    assert ask_help(ann, "chanmodes") == ask_help(ann, "CMODES")
    assert ask_help(ann, "MODE +b") == ask_help(ann, ":mode +b") == ask_help(ann, "-b") == ask_help(ann, "+b")
    assert ask_help(ann, ":") == ask_help(ann, "*") == ask_help(ann, "index")


@pytest.mark.parametrize("subject", ["cooking", "+", "+?", "+bo", "MODE +", "mode -xyz", "/", "привет"])
def test_nobody_knows(subject: str) -> None:
    ann = enter()
    ann.send(f"HELP {subject}")
    lines = ann.take()
    assert len(lines) == 1
    assert lines[0].split()[1] == "524"


def test_operators_commands_say_whose_they_are() -> None:
    ann = enter()
    for row in REGISTRY.commands.values():
        said = PHRASES["privileged"][0] in ask_help(ann, row.name)
        assert said is row.privileged, row.name
        if row.privileged:
            assert row.help.family is Family.OPERATORS, row.name


def test_what_is_taken_out_of_the_server_is_out_of_its_help() -> None:
    stage = Stage(
        quiet_settings(),
        features=[feature for feature in FEATURES if feature.name not in ("mode", "silence")],
    )
    ann = stage.enter("ann")
    ann.take()
    ann.send("HELP SILENCE", "HELP CMODES", "HELP +b")
    assert [line.split()[1] for line in ann.take()] == ["524", "524", "524"]
    assert not any("SILENCE" in line for line in ask_help(ann, "LIMITS") + ask_help(ann, ""))
