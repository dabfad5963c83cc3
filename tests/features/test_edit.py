"""Edits where an installation wants none; plays show everything else (tests/conversations/edit*.talk)."""

from __future__ import annotations

import pytest

from veche.core.settings import Settings
from veche.testing.checks import check_stage
from veche.testing.stage import Stage, quiet_settings

CAPS = ("message-tags", "echo-message")


def of(**choices: object) -> Settings:
    settings = quiet_settings()
    for name, value in choices.items():
        setattr(settings, name, value)
    return settings


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        (Stage(of(edit_seconds=0)), "EDIT_FORBIDDEN"),
        (Stage(of(client_tags_denied=("draft/edit",))), "EDIT_FORBIDDEN"),
        (Stage(of(client_tags_denied=("*",))), "EDIT_FORBIDDEN"),
        (Stage(of(stores=False), keeps=False), "EDIT_FORBIDDEN"),
    ],
    ids=["by its window", "by a tag", "by all tags", "without a record"],
)
def test_it_is_not_offered_and_not_done(stage: Stage, code: str) -> None:
    ann = stage.enter("ann", *CAPS)
    ann.send("CAP LS 302", "PRIVMSG ann :one")
    heard = ann.take()
    assert not any("draft/message-edit" in line for line in heard)
    msgid = heard[-1].partition("msgid=")[2].partition(" ")[0]
    ann.send(f"@+draft/edit={msgid} PRIVMSG ann :two")
    answer = ann.take()
    assert len(answer) == 1
    assert f"FAIL PRIVMSG {code} ann {msgid}" in answer[0]
    assert check_stage(stage) == []


def test_it_is_offered_where_other_tags_alone_are_denied() -> None:
    stage = Stage(of(client_tags_denied=("*", "-draft/edit")))
    ann = stage.enter("ann", *CAPS)
    ann.send("CAP LS 302")
    assert any("draft/message-edit" in line for line in ann.take())


def test_the_window_is_what_it_is_when_the_edit_comes() -> None:
    stage = Stage(of(edit_seconds=60))
    ann = stage.enter("ann", *CAPS)
    ann.send("PRIVMSG ann :one")
    msgid = ann.take()[-1].partition("msgid=")[2].partition(" ")[0]
    stage.pass_time(60)
    ann.send(f"@+draft/edit={msgid} PRIVMSG ann :two")
    assert all(line.endswith(":* two") for line in ann.take())
    stage.pass_time(1)
    ann.send(f"@+draft/edit={msgid} PRIVMSG ann :three")
    assert "EDIT_WINDOW_EXPIRED ann" in ann.take()[0]
    stage.engine.settings.edit_seconds = 600
    ann.send(f"@+draft/edit={msgid} PRIVMSG ann :three")
    assert all(line.endswith(":* three") for line in ann.take())
