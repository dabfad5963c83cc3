"""The papers, held to what is there: links and files, options, keys, commands, quoted messages, and both READMEs alike.

The rule: what a paper names in `code` must exist, and the README in Russian says what the one in English says.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

from veche.app.config import Config
from veche.app.config_file import load_config

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.ru.md")
PAPERS = (*READMES, "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
# A file named in a paper is meant from the root, or, where the paper is about the code, from the package.
BASES = (ROOT, ROOT / "src", ROOT / "src" / "veche")
# Files of a data directory, and examples of files that the reader is to make.
NOT_OURS = {"veche.toml", "veche.db", "veche.db-wal", "cloak.key"}
_FILE = re.compile(r"[\w./*-]+\.(?:py|md|toml|svg|lock|talk|c)|(?:[\w.-]+/)+|(?:tools|\.ci)/\w+")
# Named, and not there any more: to be mended in the paper, then taken out of here.
EXCUSED: set[str] = set()


def read(paper: str) -> str:
    return (ROOT / paper).read_text(encoding="utf-8")


def prose(text: str) -> str:
    """A paper without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def blocks(text: str, kind: str) -> list[str]:
    """The blocks of code of one kind: "sh", "toml", "text"."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def code(text: str) -> list[str]:
    """What stands in `back-ticks` outside of blocks."""
    return re.findall(r"`([^`\n]+)`", prose(text))


def commands(text: str) -> list[str]:
    """The commands that a reader is to type, without comments."""
    lines = "".join(blocks(text, "sh")).splitlines()
    return [command for line in lines if (command := line.partition(" # ")[0].strip())]


def anchors(text: str) -> set[str]:
    """The anchors of a paper's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def known_keys() -> set[str]:
    return {
        f"{section.name}.{field.name}"
        for section in msgspec.structs.fields(Config)
        if isinstance(section.type, type)  # a table of tables has names of its owner's choice in it
        for field in msgspec.structs.fields(section.type)
    }


def keys_in(text: str) -> set[str]:
    """What looks like a key of the settings: SECTION.KEY of a section that exists."""
    sections = "|".join(field.name for field in msgspec.structs.fields(Config))
    suffixes = (".py", ".md", ".toml")
    return {
        word
        for word in code(text)
        if re.fullmatch(rf"(?:{sections})\.\w+", word) and not word.endswith(suffixes)
    }


def options_in(text: str) -> set[str]:
    """Every --option that stands in back-ticks or in a command."""
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", " ".join([*code(text), *commands(text)])))


def leaves(table: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """A TOML table as {"section.key": value}."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        found |= leaves(value, f"{above}{name}.") if isinstance(value, dict) else {above + name: value}
    return found


@pytest.fixture(scope="module")
def offered() -> dict[str, set[str]]:
    """The options that each program's --help shows."""
    programs = {
        "server.py": ["-m", "veche.app.server"],
        "client.py": ["-m", "veche.client.plain"],
        "veche.testing.checker": ["-m", "veche.testing.checker", "kill"],
        "bench": ["-m", "bench"],
    }
    found = {}
    for name, words in programs.items():
        ran = subprocess.run(
            [sys.executable, *words, "--help"],
            cwd=ROOT,
            env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": "/nowhere"},
            capture_output=True,
            text=True,
            check=True,
        )
        found[name] = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", ran.stdout))
    return found


# ---- links and files


@pytest.mark.parametrize("paper", PAPERS)
def test_links_lead_somewhere(paper: str) -> None:
    text = read(paper)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        linked = (ROOT / paper).parent / path if path else ROOT / paper
        assert linked.exists(), f"{paper}: {target}"
        if anchor and linked.suffix == ".md":
            assert anchor in anchors(linked.read_text(encoding="utf-8")), f"{paper}: {target}"


@pytest.mark.parametrize("paper", PAPERS)
def test_files_that_are_named_exist(paper: str) -> None:
    missing = [
        word
        for word in code(read(paper))
        if _FILE.fullmatch(word)
        and word not in NOT_OURS | EXCUSED
        and not any(next(base.glob(word.rstrip("/")), None) for base in BASES)
    ]
    assert not missing


@pytest.mark.parametrize("readme", READMES)
def test_pictures_are_drawn_text(readme: str) -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", read(readme))
    assert pictures
    for picture in pictures:
        if picture.endswith(".webp"):  # a page in a browser, which cannot be drawn as text (tools/screens)
            assert (ROOT / picture).stat().st_size < 64 * 1024
            continue
        drawn = (ROOT / picture).read_text(encoding="utf-8")
        assert drawn.startswith("<svg ")
        assert "python server.py" in drawn


# ---- options, keys, commands


@pytest.mark.slow
@pytest.mark.parametrize("readme", READMES)
def test_options_exist(readme: str, offered: dict[str, set[str]]) -> None:
    text = read(readme)
    assert options_in(text) <= set().union(*offered.values()) | {"--version"}
    for line in commands(text):
        words = shlex.split(line.rpartition("|")[2])
        for program, options in offered.items():
            if program in words:
                assert {word for word in words if word.startswith("--")} <= options, line


@pytest.mark.slow
@pytest.mark.parametrize("readme", READMES)
def test_no_option_is_left_out(readme: str, offered: dict[str, set[str]]) -> None:
    assert offered["server.py"] | offered["client.py"] <= options_in(read(readme))


@pytest.mark.parametrize("readme", READMES)
def test_keys_exist(readme: str) -> None:
    named = keys_in(read(readme))
    assert named
    assert named <= known_keys()


@pytest.mark.parametrize("readme", READMES)
def test_the_example_is_a_config(readme: str, tmp_path: Path) -> None:
    (example,) = blocks(read(readme), "toml")
    file = tmp_path / "veche.toml"
    file.write_text(example, encoding="utf-8")
    file.chmod(0o600)
    config = load_config(file)
    assert leaves(tomllib.loads(example)).keys() <= known_keys()
    assert config != Config()


@pytest.mark.parametrize("readme", READMES)
def test_defaults_are_as_they_are(readme: str) -> None:
    """Of the tables of keys: a default that is spelled out is the default."""
    rows = re.findall(r"^\| (`[a-z_.`, ]+`) \| ([^|]+) \|", read(readme), re.MULTILINE)
    defaults = leaves(msgspec.to_builtins(Config()))
    seen = 0
    for names, values in rows:
        for name, value in zip(names.split(", "), values.strip("` ").split(", "), strict=False):
            if name.strip("`") not in defaults or not re.fullmatch(r'[0-9]+|true|false|".*"', value):
                continue
            seen += 1
            assert tomllib.loads(f"value = {value}")["value"] == defaults[name.strip("`")], name
    assert seen > 8


@pytest.mark.parametrize("readme", READMES)
def test_messages_are_quoted_as_they_are(readme: str) -> None:
    """The left column of the troubleshooting table is found word for word in what the programs say."""
    (table,) = re.findall(r"^\|[^\n]*\|\n\|---\|---\|\n((?:\| `[^-`][^\n]*\n)+)", read(readme), re.MULTILINE)
    sources = [*ROOT.glob("*.py"), *(ROOT / "src" / "veche").rglob("*.py")]
    said = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    quoted = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(quoted) > 8
    assert [words for words in quoted if words not in said] == []


# ---- two languages, one README


def test_both_readmes_have_the_same_headings() -> None:
    first, second = (re.findall(r"^(#+) ", prose(read(readme)), re.MULTILINE) for readme in READMES)
    assert first == second


def test_both_readmes_have_the_same_commands() -> None:
    def bare(line: str) -> str:
        """A command without the words that a person would choose: quoted texts and the name at the end."""
        return re.sub(r" [A-ZА-ЯЁ]\w+$", " NAME", re.sub(r'"[^"]*"', '""', line))

    first, second = ([bare(line) for line in commands(read(readme))] for readme in READMES)
    assert first == second


def test_both_readmes_name_the_same_options_keys_and_files() -> None:
    english, russian = (read(readme) for readme in READMES)
    assert options_in(english) == options_in(russian)
    assert keys_in(english) == keys_in(russian)
    files = [{word for word in code(text) if _FILE.fullmatch(word)} for text in (english, russian)]
    assert files[0] == files[1]
    links = [
        [
            link
            for link in re.findall(r"\]\(([^)#]+)\)", prose(text))
            if not link.startswith(("README", "docs/pictures"))
        ]
        for text in (english, russian)
    ]
    assert links[0] == links[1]


def test_both_examples_are_the_same_settings() -> None:
    """The same keys; the same values, but for the words."""
    english, russian = (leaves(tomllib.loads(blocks(read(readme), "toml")[0])) for readme in READMES)
    assert list(english) == list(russian)
    words = {"server.network", "server.motd", "lobby.room"}
    assert {key: english[key] for key in english.keys() - words} == {
        key: russian[key] for key in russian.keys() - words
    }


def test_both_readmes_have_tables_of_one_shape() -> None:
    first, second = (
        [line.count("|") for line in read(readme).splitlines() if line.startswith("|")] for readme in READMES
    )
    assert first == second
