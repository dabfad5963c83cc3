"""`server.py export`: files of what was said, from the record of a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from veche.app import export
from veche.core.forgetting import ErasedWords
from veche.core.ports import SavedFact
from veche.features.accounts.facts import AccountKept
from veche.state.accounts import Account
from veche.state.codec import encode
from veche.store.durable import open_store
from veche.testing.contracts import (
    StoreBench,
    Turns,
    make_message,
    make_reaction,
    make_record,
    make_redaction,
)

NOON = 1_767_268_800_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The record of a server at which ann and bob have talked."""
    turns = Turns()
    store = open_store(tmp_path / "data", turns.post)
    bench = StoreBench(store, turns)
    account = AccountKept(Account("uid-ann", "ann", NOON))
    said = [make_record(n, time=NOON + n, text=f"tea {n}") for n in range(1, 1300)]
    said.append(make_message(1300, "#tea", "uid-bob", time=NOON + 1300, text="an answer"))
    assert bench.commit(*said[:1000]) is None
    assert bench.commit(*said[1000:], SavedFact(1301, "AccountKept", encode(account), "uid-ann")) is None
    assert (
        bench.commit(make_redaction(1302, said[4]), make_reaction(1303, said[-1], "lol", "uid-ann")) is None
    )
    assert store.close()
    return tmp_path / "data"


def run(data: Path, *words: str) -> int:
    return export.main([*words, "--data", str(data)], {"LC_ALL": "C"})


def test_a_room_as_a_page_and_as_json(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(data, "room", "#TEA", str(tmp_path / "tea.html")) == 0
    assert capsys.readouterr().out == f"{tmp_path}/tea.html: messages 1,299\n"
    page = (tmp_path / "tea.html").read_text()
    assert page.count("<article") == 1299
    assert page.endswith("</html>\n")
    assert (tmp_path / "tea.html").stat().st_mode & 0o777 == 0o600
    assert run(data, "room", "#tea", str(tmp_path / "tea.json")) == 0
    read = json.loads((tmp_path / "tea.json").read_text())
    assert [one["text"] for one in read["messages"]][:6] == [
        "tea 1",
        "tea 2",
        "tea 3",
        "tea 4",
        "tea 6",
        "tea 7",
    ]
    assert read["messages"][-1]["reactions"] == {"lol": 1}


def test_a_person_as_json_and_as_mail(data: Path, tmp_path: Path) -> None:
    assert run(data, "person", "Ann", str(tmp_path / "ann.json")) == 0
    read = json.loads((tmp_path / "ann.json").read_text())
    assert len(read["said"]) == 1299
    assert read["said"][-1]["reaction"] == "lol"
    assert "an answer" not in (tmp_path / "ann.json").read_text()
    assert run(data, "person", "ann", str(tmp_path / "ann.mbox")) == 0
    assert (tmp_path / "ann.mbox").read_text().count("\nMessage-ID: ") == 1299


def test_who_was_erased_is_in_no_export(data: Path, tmp_path: Path) -> None:
    turns = Turns()
    store = open_store(data, turns.post)
    assert StoreBench(store, turns).commit(ErasedWords(1303, NOON, "uid-ann", 1303, {"ann"})) is None
    assert store.close()
    assert run(data, "room", "#tea", str(tmp_path / "tea.json")) == 0
    text = (tmp_path / "tea.json").read_text()
    assert [one["text"] for one in json.loads(text)["messages"]] == ["an answer"]
    assert "ann!" not in text


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "three words"),
        (("person", "ann"), "three words"),
        (("people", "ann", "x.json"), "three words"),
        (("person", "nobody", "x.json"), "there is no account nobody"),
        (("room", "#nowhere", "x.html"), "nothing is kept of a room #nowhere"),
        (("person", "ann", "x.html"), ".json, .mbox"),
        (("room", "#tea", "x.mbox"), ".html, .json"),
        (("room", "#tea", "no/such/place.html"), "No such file"),
    ],
)
def test_what_cannot_be_done_leaves_no_file(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    there = {*tmp_path.iterdir()}
    *names, file = words or ("",)
    assert run(data, *names, *([str(tmp_path / file)] if "." in file else [file] if file else [])) == 2
    assert why in capsys.readouterr().err
    assert {*tmp_path.iterdir()} == there


def test_a_file_that_is_there_is_not_replaced_unasked(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "tea.json"
    file.write_text("mine")
    assert run(data, "room", "#tea", str(file)) == 2
    assert file.read_text() == "mine"
    assert run(data, "room", "#tea", str(file), "--force") == 0
    assert json.loads(file.read_text())["room"] == "#tea"


def test_there_is_no_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "nothing", "room", "#tea", str(tmp_path / "tea.json")) == 2
    assert "there is no record" in capsys.readouterr().err


@pytest.mark.parametrize("language", ["en", "ru"])
def test_help_tells_of_it(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert export.main(["--help"], {"LC_ALL": language, "HOME": "/home/ann"}) == 0
    assert "export person" in capsys.readouterr().out


def test_a_database_that_cannot_be_reached_is_said_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = "postgresql://veche:secret@127.0.0.1:1/veche"
    assert run(tmp_path, "person", "ann", str(tmp_path / "ann.json"), "--store", address) == 2
    said = capsys.readouterr().err
    assert said.startswith("veche: the record cannot be read: ")
    assert "secret" not in said
    assert list(tmp_path.iterdir()) == []
