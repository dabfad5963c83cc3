"""Passwords in what is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.client.hushed import hushed, secret_at
from veche.client.plain_commands import Misused, parse_typed
from veche.client.plain_editor import Editor

UP = "\x1b[A"


@pytest.mark.parametrize(
    "line",
    [
        "/msg NickServ IDENTIFY |sesame",
        "/msg nickserv identify |ann sesame",
        "/MSG  NickServ@services.example  IDENTIFY  |sesame",
        "/m NickServ REGISTER |sesame ann@example.org",
        "/сказать NickServ passwd |old new",
        "/tell NickServ SET PASSWORD |sesame",
        "/msg NickServ SASET ann PASSWORD |sesame",
        "/msg NickServ SETPASS |ann 123456 sesame",
        "/msg NickServ GHOST |ann sesame",
        "/ns identify |sesame",
        "/nickserv id |sesame",
        "/quote NickServ IDENTIFY |sesame",
        "/quote PRIVMSG NickServ :IDENTIFY |sesame",
        "/oper |ann sesame",
        "/quote OPER |ann sesame",
        "/pass |sesame",
        "/login ann |sesame",
        "/вход ann |sesame",
        "/register ann@example.org |sesame",
        "/msg NickServ IDENTIFY",
        "/msg NickServ HELP IDENTIFY",
        "/msg NickServ INFO ann",
        "/msg NickServ SET EMAIL ann@example.org",
        "/msg bob IDENTIFY yourself",
        "/login ann",
        "/to NickServ",
        "identify yourself",
        "/",
        "",
    ],
)
def test_where_a_password_begins(line: str) -> None:
    before, mark, behind = line.partition("|")
    assert secret_at(before + behind, "#tea") == (len(before) if mark else None)


def test_to_a_service_one_need_not_write_its_name() -> None:
    assert secret_at("IDENTIFY sesame", "NickServ") == 9
    assert secret_at("IDENTIFY sesame", "bob") is None
    assert hushed("NickServ", "IDENTIFY ann sesame") == "IDENTIFY ***"
    assert hushed("bob", "IDENTIFY ann sesame") == "IDENTIFY ann sesame"


@given(st.text(), st.sampled_from(["", "#tea", "NickServ"]))
def test_any_line_has_its_password_inside_of_it(line: str, where: str) -> None:
    at = secret_at(line, where)
    assert at is None or 0 < at < len(line)
    assert at is None or line[at:].strip()


def test_the_line_shows_the_length_of_a_password_and_does_not_come_back() -> None:
    editor = Editor()
    editor.feed("before\r/msg NickServ IDENTIFY sesame")
    assert editor.view("> ", 80) == ("> /msg NickServ IDENTIFY ******", 31)
    assert editor.feed("\r") == ["/msg NickServ IDENTIFY sesame"]
    editor.feed(UP)
    assert editor.text == "before"
    editor.where = "NickServ"
    editor.feed("\x15IDENTIFY sesame")
    assert "sesame" not in editor.view("> ", 80)[0]


@pytest.mark.parametrize("line", ["/login ann sesame", "/register ann@example.org sesame"])
def test_a_password_behind_a_name_is_not_taken_for_one(line: str) -> None:
    assert isinstance(parse_typed(line), Misused)
