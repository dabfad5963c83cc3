"""Every command that a paper tells people to type is typed, as it stands there, or says why it cannot be.

The rule: commands are read from the pages, not written here. A page excuses a block by a mark above it,
`<!-- run: no, REASON -->`; what is excused here says where else it is run. How each is done, and what must be seen
then, is in tests/paper_commands.py.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests import paper_commands
from tests.test_package import KEPT
from tests.test_papers import PAGES, ROOT, read

# A line of an indented block is a command when it begins like one.
_COMMAND = re.compile(
    r"(?:\$ )?((?:python3?|\.venv/\S+|~/veche/\S+|nc|tools/\S+|\.ci/run|sudo|git|irssi|catgirl|podman|echo) .+"
    r"|\.ci/run)"
)
# What is not done here, and where it is done instead, or why nowhere.
EXCUSED = {
    r"git clone .*": "names no repository that is there",
    r"python test\.py.*|\.ci/run.*": "is what runs this",
    r"\.venv/bin/python -m fuzz(?: --help)?": "takes a minute; tests/fuzz/test_fuzz.py",
    r"(?:\.venv/bin/)?python -m bench.*": "takes minutes to hours; tests/bench, tests/test_package.py",
    r"\.venv/bin/python tools/report": "tests/test_report.py makes the books",
    r"python -m veche\.testing\.checker .*": "minutes each; tests/faults/test_faults.py plays all of them",
    r"python server\.py db copy --to .*": "needs a database elsewhere; tests/app/test_database_postgresql.py",
    r"python examples/relay\.py .*": "needs a feed elsewhere; tests/examples/test_relay.py",
}


def commands_of(page: str) -> dict[str, str]:
    """The commands of a page, each with the reason why it is not run, or ""."""
    found: dict[str, str] = {}
    text = read(page)
    fenced = re.compile(
        r"(?:^<!-- run: (?P<mark>[^>]*) -->\n)?^```sh\n(?P<block>.*?)^```$", re.MULTILINE | re.DOTALL
    )
    for match in fenced.finditer(text):
        reason = (
            (match["mark"] or "").removeprefix("no, ") if (match["mark"] or "").startswith("no, ") else ""
        )
        for line in match["block"].splitlines():
            if command := re.sub(r"\s+# .*", "", line).strip():
                found[command] = reason
    bare = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for line in re.findall(r"^    (\S.*)$", bare, re.MULTILINE):
        # Behind three blanks stands what it is for.
        if command := _COMMAND.fullmatch(re.split(r"\s+# |\s{3,}", line)[0].strip()):
            found[command[1]] = ""
    return found


TYPED = sorted(
    {(command, page) for page in PAGES for command, reason in commands_of(page).items() if not reason}
)
COMMANDS = sorted({command for command, _ in TYPED})
ROWS = [
    *((pattern, None) for pattern in paper_commands.SERVERS),
    *paper_commands.WITH_SERVER,
    *paper_commands.WITH_LAN,
    *paper_commands.WITHOUT_SERVER,
]
# In an environment of its own, with the network that pip needs: done by the fixture, before anything else.
INSTALLING = re.compile(r"python3 -m venv ~/veche|~/veche/bin/pip install .*")


def is_run(command: str) -> bool:
    return any(re.fullmatch(pattern, command) for pattern, _ in ROWS) or bool(INSTALLING.fullmatch(command))


def test_every_command_is_run_or_excused() -> None:
    assert len(COMMANDS) > 30
    unknown = [
        (command, page)
        for command, page in TYPED
        if not is_run(command) and not any(re.fullmatch(pattern, command) for pattern in EXCUSED)
    ]
    assert not unknown, "say in tests/paper_commands.py how it is run, or on the page why it is not"


def test_no_row_is_left_over() -> None:
    """What no page tells any more is not kept here."""
    for pattern in [*(pattern for pattern, _ in ROWS), *EXCUSED]:
        assert any(re.fullmatch(pattern, command) for command in COMMANDS), pattern


def test_reasons_are_given_in_words() -> None:
    for page in PAGES:
        for mark in re.findall(r"^<!-- run: no,? ?(.*?) ?-->$", read(page), re.MULTILINE):
            assert len(mark.split()) > 3, f"{page}: {mark}"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What went wrong with each command; "" for what went well."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "home").mkdir()
    checkout = folder / "checkout"
    checkout.mkdir()
    for part in ROOT.iterdir():
        if part.name not in {".git", "build"}:
            (checkout / part.name).symlink_to(part)
    python = getattr(sys, "_base_executable", sys.executable)
    (folder / "bin").mkdir()
    for name in ("python", "python3"):
        shim = folder / "bin" / name
        shim.write_text(f'#!/bin/sh\nexec "{python}" "$@"\n')
        shim.chmod(0o755)
    environment = {
        **{name: value for name, value in os.environ.items() if KEPT.fullmatch(name)},
        "HOME": str(folder / "home"),
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
    }
    found = {}
    installing = [command for command in commands_of("docs/installing.md") if INSTALLING.fullmatch(command)]
    # pip builds beside the sources that it is given: a copy, so that no two tests do that in one place.
    source = folder / "source"
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "bench", source / "bench", ignore=shutil.ignore_patterns("__pycache__", "results"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements.lock"):
        shutil.copy(ROOT / name, source)
    for command in installing:
        ran = subprocess.run(
            ["bash", "-c", command], cwd=source, env=environment, capture_output=True, text=True, check=False
        )
        found[command] = "" if ran.returncode == 0 else ran.stdout + ran.stderr
    inside = [sys.executable, str(ROOT / "tests" / "paper_commands.py"), str(folder)]
    ran = subprocess.run(
        [
            "unshare",
            "--map-root-user",
            "--net",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            *inside,
        ],
        input=json.dumps(COMMANDS),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for line in ran.stdout.splitlines():
        came = json.loads(line)
        found[came["command"]] = came["trouble"]
        print(f"{came['seconds']:6.1f} s  {came['command']}")
    return found


@pytest.mark.slow
@pytest.mark.needs("linux", "unshare", "tmux", "irssi", "catgirl", "nc")
@pytest.mark.parametrize("command", [command for command in COMMANDS if is_run(command)])
def test_commands_do_what_they_should(command: str, results: dict[str, str]) -> None:
    assert results[command] == "", f"{command}: {results[command]}"
