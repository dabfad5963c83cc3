"""The package: a wheel and an sdist are built, put into an empty environment, and started there by the command `veche`.

Nothing of the checkout is in reach of what is started: another directory, an empty HOME, no PYTHONPATH.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.clients.serving import Ports, running
from veche.__main__ import COMMANDS, main
from veche.phrases import _COMMANDS

ROOT = Path(__file__).parent.parent
# What an installer may need of the machine; everything else of its environment stays outside.
KEPT = re.compile(r"PATH|PIP_\w+|SSL_\w+|\w+_proxy", re.IGNORECASE)


def clean(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    return {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8", **more}


def run(*command: str | Path, cwd: Path, **more: str) -> str:
    """What the command prints; it must end well."""
    ran = subprocess.run(
        [*map(str, command)], cwd=cwd, env=clean(cwd, **more), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


# ---- the command


def test_every_command_is_told_of(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for language in ("en", "ru"):
        monkeypatch.setenv("LC_ALL", f"{language}.UTF-8")
        assert main(["--help"]) == 0
        told = re.findall(r"^  ([a-z-]+)  ", capsys.readouterr().out, re.MULTILINE)
        assert told == list(COMMANDS)


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sreve"]) == 2
    assert "sreve" in capsys.readouterr().err
    assert main([]) == 2


@pytest.mark.parametrize(
    ("text", "installed"),
    [
        ("Start one with: python server.py", "Start one with: veche serve"),
        ("server.py db restore FILE", "veche db restore FILE"),
        ("python client.py ircs://host", "veche client ircs://host"),
        ("any IRC client; python client.py", "any IRC client; veche client"),
    ],
)
def test_programs_are_called_as_they_are_installed(text: str, installed: str) -> None:
    for pattern, command in _COMMANDS:
        text = pattern.sub(command, text)
    assert text == installed


# ---- the files, and what they do where nothing else is


class Made:
    """What was built, and an environment in which the wheel is installed."""

    def __init__(self, place: Path) -> None:
        self.home = place / "home"
        self.home.mkdir()
        source = place / "source"
        tracked = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        for name in filter(None, tracked.stdout.split("\0")):  # as a fresh clone, without what was built here
            if (ROOT / name).is_file():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, source / name)
        # First the sdist, and from that the wheel.
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", place, source, cwd=place)
        (self.wheel,) = place.glob("*.whl")
        (self.sdist,) = place.glob("*.tar.gz")
        self.bin = place / "venv" / "bin"
        run(sys.executable, "-m", "venv", "--without-pip", self.bin.parent, cwd=place)
        # As the starter does it: the Python behind this one has a pip (bootstrap.find_installer).
        pip = [
            getattr(sys, "_base_executable", sys.executable),
            "-m",
            "pip",
            "--python",
            self.bin / "python",
            "install",
            "--quiet",
        ]
        # The hashes are checked, and nothing comes in that the lock does not name.
        run(*pip, "--require-hashes", "-r", ROOT / "requirements.lock", cwd=place)
        run(*pip, "--no-deps", "--no-index", self.wheel, cwd=place)
        run(*pip[:5], "check", cwd=place)

    def veche(self, *words: str, **more: str) -> str:
        return run(self.bin / "veche", *words, cwd=self.home, **more)

    @contextmanager
    def serving(self) -> Iterator[Ports]:
        with running([str(self.bin / "veche"), "serve"], self.home, clean(self.home), cwd=self.home) as ports:
            yield ports


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("package"))


@pytest.mark.slow
def test_the_wheel_holds_what_runs_and_no_more(made: Made) -> None:
    names = set(zipfile.ZipFile(made.wheel).namelist())
    assert {name.partition("/")[0] for name in names} == {
        "veche",
        f"{made.wheel.name.split('-py3')[0]}.dist-info",
    }
    tracked = [
        file
        for file in (ROOT / "src" / "veche").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and not file.name.startswith(".")
    ]
    assert {str(file.relative_to(ROOT / "src")) for file in tracked} <= names
    assert "veche/measuring/bench/load/main.c" in names
    assert not [name for name in names if "results" in name or "node_modules" in name or "test_" in name]


@pytest.mark.slow
def test_the_sdist_holds_what_the_tests_need(made: Made) -> None:
    with tarfile.open(made.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in (
        "server.py",
        "bootstrap.py",
        "requirements.lock",
        "tests/conftest.py",
        "bench/README.md",
        "web/package.json",
    ):
        assert name in names


@pytest.mark.slow
def test_the_server_and_the_client_of_the_package_talk(made: Made) -> None:
    assert re.fullmatch(r"veche \d+\.\d+\.\d+\n", made.veche("--version"))
    with made.serving() as ports:
        said = subprocess.run(
            [str(made.bin / "veche"), "client", f"127.0.0.1:{ports.irc}", "--nick", "Ann"],
            cwd=made.home,
            env=clean(made.home),
            input="kept by a package\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 0, said.stderr
        with urllib.request.urlopen(f"http://127.0.0.1:{ports.web}/", timeout=10) as page:
            script = re.search(r'src="\.?(/assets/[^"]+\.js)"', page.read().decode())
        assert script
        with urllib.request.urlopen(f"http://127.0.0.1:{ports.web}{script[1]}", timeout=10) as answer:
            assert answer.status == 200
    assert (made.home / ".local/share/veche/veche.db").exists()
    made.veche("export", "room", "#lobby", "lobby.html")
    assert "kept by a package" in (made.home / "lobby.html").read_text()


@pytest.mark.slow
def test_the_tools_of_the_package_answer(made: Made) -> None:
    assert "veche db" in made.veche("db", "--help")
    assert "veche export" in made.veche("export", "--help")
    assert "veche serve" in made.veche("serve", "--help")
    assert "server.py" not in made.veche("serve", "--help") + made.veche("db", "--help")
    assert "client.py" not in made.veche("client", "--help")
    assert "--loads" in made.veche("bench", "--help")


@pytest.mark.slow
@pytest.mark.needs("linux", "gcc")
def test_the_package_measures(made: Made) -> None:
    made.veche("bench", "--servers=veche", "--loads=ack-1", "--repeats=1", "--name=here")
    assert "Veche, storing" in (made.home / "bench-results" / "here.md").read_text()
