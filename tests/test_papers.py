"""The papers, held to what is there: links, files, options, keys, quoted messages, figures; and both languages alike.

The rule: what a paper names in `code` must exist, and a page in Russian says what its twin in English says. That their
commands do what they should is for tests/test_paper_commands.py.
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
RUNNING = ("docs/running.md", "docs/running.ru.md")
INTERNET = ("docs/internet.md", "docs/internet.ru.md")
CLIENT = ("docs/plain-client.md", "docs/plain-client.ru.md")
TROUBLE = ("docs/troubleshooting.md", "docs/troubleshooting.ru.md")
PAPERS = (*READMES, "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
# Everything that has links: the papers, the manual, the pages beside code.
PAGES = sorted(
    str(file.relative_to(ROOT))
    for place in (".", "docs", "bench", "fuzz", "web", "examples")
    for file in ((ROOT / place).glob("*.md") if place in {".", "web"} else (ROOT / place).rglob("*.md"))
)
RUSSIAN = [page for page in PAGES if page.endswith(".ru.md")]
# What has a page of its own in one language only is linked to as it is, with a word about the language.
TWINS = [(f"{page.removesuffix('.ru.md')}.md", page) for page in RUSSIAN]
# Pages that say the same in the same order, line by line; of the others their own tests tell.
PARALLEL = [
    twins
    for twins in TWINS
    if twins[0] in {"README.md", RUNNING[0], CLIENT[0], TROUBLE[0], "docs/nc.md", "docs/irc-clients.md"}
    or twins[0] in {f"docs/{page}.md" for page in ("installing", "internet", "operators", "upgrading")}
]
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


@pytest.mark.parametrize("paper", PAGES)
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


# ---- options, keys, figures


@pytest.mark.slow
@pytest.mark.parametrize("paper", [*READMES, *RUNNING, *CLIENT])
def test_options_exist(paper: str, offered: dict[str, set[str]]) -> None:
    text = read(paper)
    assert options_in(text) <= set().union(*offered.values()) | {"--version"}
    for line in commands(text):
        words = shlex.split(line.rpartition("|")[2])
        for program, options in offered.items():
            if program in words:
                assert {word for word in words if word.startswith("--")} <= options, line


@pytest.mark.slow
@pytest.mark.parametrize(("program", "papers"), [("server.py", RUNNING), ("client.py", CLIENT)])
def test_no_option_is_left_out(program: str, papers: tuple[str, ...], offered: dict[str, set[str]]) -> None:
    for paper in papers:
        assert offered[program] <= options_in(read(paper)), paper


@pytest.mark.parametrize("paper", [*RUNNING, *TROUBLE, *INTERNET])
def test_keys_exist(paper: str) -> None:
    named = keys_in(read(paper))
    assert named
    assert named <= known_keys()


@pytest.mark.parametrize("paper", [*RUNNING, *INTERNET])
def test_examples_are_configs(paper: str, tmp_path: Path) -> None:
    examples = blocks(read(paper), "toml")
    assert examples
    for number, example in enumerate(examples):
        file = tmp_path / f"{number}.toml"
        file.write_text(example, encoding="utf-8")
        file.chmod(0o600)
        config = load_config(file)
        assert leaves(tomllib.loads(example)).keys() <= known_keys()
        assert config != Config()


@pytest.mark.parametrize("paper", RUNNING)
def test_defaults_are_as_they_are(paper: str) -> None:
    """Of the tables of keys: a default that is spelled out is the default."""
    rows = re.findall(r"^\| (`[a-z_.`, ]+`) \| ([^|]+) \|", read(paper), re.MULTILINE)
    defaults = leaves(msgspec.to_builtins(Config()))
    seen = 0
    for names, values in rows:
        for name, value in zip(names.split(", "), values.strip("` ").split(", "), strict=False):
            if name.strip("`") not in defaults or not re.fullmatch(r'[0-9]+|true|false|".*"', value):
                continue
            seen += 1
            assert tomllib.loads(f"value = {value}")["value"] == defaults[name.strip("`")], name
    assert seen > 8


@pytest.mark.parametrize("paper", TROUBLE)
def test_messages_are_quoted_as_they_are(paper: str) -> None:
    """The left column of the first table is found word for word in what the programs say."""
    table = re.findall(r"^\|[^\n]*\|\n\|---\|---\|\n((?:\| `[^-`][^\n]*\n)+)", read(paper), re.MULTILINE)[0]
    sources = [*ROOT.glob("*.py"), *(ROOT / "src" / "veche").rglob("*.py")]
    said = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    quoted = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(quoted) > 8
    assert [words for words in quoted if words not in said] == []


@pytest.mark.parametrize("tool", ["figures", "reference"])
def test_what_is_made_is_current(tool: str) -> None:
    """The README shows the newest measurement; settings, limits and protocol are what the code declares."""
    command = [sys.executable, str(ROOT / "tools" / tool), "--check"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_every_key_has_a_meaning() -> None:
    rows = re.findall(r"^\| (`[a-z_0-9`<>br]+`) \|.*\| ([^|]*) \|$", read("docs/settings.md"), re.MULTILINE)
    assert len(rows) > 60
    # What needs no words is told by its section or by its values.
    assert [keys for keys, meaning in rows if not meaning] == ["`level`"]


# ---- two languages, one manual


@pytest.mark.parametrize("page", RUSSIAN)
def test_twins_lead_to_each_other(page: str) -> None:
    english = f"{page.removesuffix('.ru.md')}.md"
    assert f"]({Path(page).name})" in read(english)
    assert f"]({Path(english).name})" in read(page)


@pytest.mark.parametrize("twins", PARALLEL)
def test_twins_have_the_same_headings(twins: tuple[str, str]) -> None:
    first, second = (re.findall(r"^(#+) ", prose(read(paper)), re.MULTILINE) for paper in twins)
    assert first == second


@pytest.mark.parametrize("twins", PARALLEL)
def test_twins_have_the_same_commands(twins: tuple[str, str]) -> None:
    def bare(line: str) -> str:
        """A command without the words that a person would choose: quoted texts and the name at the end."""
        return re.sub(r" [A-ZА-ЯЁ]\w+$", " NAME", re.sub(r'"[^"]*"', '""', line))

    first, second = ([bare(line) for line in commands(read(paper))] for paper in twins)
    assert first == second


@pytest.mark.parametrize("twins", PARALLEL)
def test_twins_name_the_same_options_keys_and_pages(twins: tuple[str, str]) -> None:
    english, russian = (read(paper) for paper in twins)
    assert options_in(english) == options_in(russian)
    assert keys_in(english) == keys_in(russian)
    links = [
        [
            link.replace(".ru.md", ".md")
            for link in re.findall(r"\]\(([^)#\s]+)", prose(text))
            if not link.endswith((".svg", ".webp"))
        ]
        for text in (english, russian)
    ]
    pages = [{link for link in found if link.endswith(".md")} for found in links]
    own = {Path(twins[0]).name}
    assert pages[0] - own == pages[1] - own


def test_both_examples_are_the_same_settings() -> None:
    """The same keys; the same values, but for the words."""
    english, russian = (leaves(tomllib.loads(blocks(read(paper), "toml")[0])) for paper in RUNNING)
    assert list(english) == list(russian)
    words = {"server.network", "server.motd", "lobby.room"}
    assert {key: english[key] for key in english.keys() - words} == {
        key: russian[key] for key in russian.keys() - words
    }


@pytest.mark.parametrize("twins", PARALLEL)
def test_twins_have_tables_of_one_shape(twins: tuple[str, str]) -> None:
    first, second = (
        [line.count("|") for line in read(paper).splitlines() if line.startswith("|")] for paper in twins
    )
    assert first == second


def test_a_readme_is_one_screen() -> None:
    """What it is, how it starts, what is promised, figures, and where the rest is: no more."""
    for readme in READMES:
        assert len(read(readme).splitlines()) < 100
