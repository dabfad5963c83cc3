"""The starters, for real: copies of them in a strange directory, with an empty home.

The locks of most copies are empty, so that making .venv takes a second and no network; one test fetches the real
packages. Programs are stood in for by small modules that say who and where they are.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = [
    "requirements.lock",
    "requirements-tui.lock",
    "requirements-ssh.lock",
    "requirements-postgresql.lock",
    "requirements-cluster.lock",
    "requirements-workers.lock",
    "requirements-dev.lock",
    "requirements-browser.lock",
]
FILES = ["bootstrap.py", "server.py", "client.py", "test.py", *LOCKS]
# The Python behind this test's own venv: that is what a person types.
PYTHON = str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
PROGRAM = """
import json, os, sys
print(json.dumps([os.getpid(), sys.argv[1:], sys.prefix, __file__]), flush=True)
if "--exit" in sys.argv:
    sys.exit(int(sys.argv[sys.argv.index("--exit") + 1]))
"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="written for POSIX")]


class Checkout:
    """A copy of the starters around a dummy program."""

    def __init__(self, place: Path) -> None:
        self.root = place / "дом с пробелом"
        self.home = place / "home"
        self.root.mkdir()
        self.home.mkdir()
        for name in FILES:
            shutil.copy(ROOT / name, self.root)
        for module in ("app/server", "client/plain", "tui/start"):
            file = self.root / "src" / "veche" / f"{module}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            (file.parent / "__init__.py").touch()
            file.write_text(PROGRAM)
        (self.root / "src" / "veche" / "__init__.py").touch()

    def empty_locks(self) -> None:
        for lock in LOCKS:
            (self.root / lock).write_text("# nothing to fetch\n")

    def start(
        self, starter: str, *arguments: str, cwd: Path | None = None, **more: str
    ) -> subprocess.Popen[str]:
        environment = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **more}
        # How to reach a package index is the machine's affair and not the home directory's.
        environment |= {
            k: v for k, v in os.environ.items() if k.startswith("PIP_") or k.lower().endswith("_proxy")
        }
        return subprocess.Popen(
            [more.get("PYTHON", PYTHON), str(self.root / starter), *arguments],
            cwd=cwd or self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, starter: str, *arguments: str, **more: str) -> tuple[int, str, str]:
        process = self.start(starter, *arguments, **more)
        out, err = process.communicate(timeout=300)
        return process.returncode, out, err

    @property
    def stamps(self) -> list[str]:
        return sorted(file.name for file in (self.root / ".venv").glob("*.stamp"))


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    made = Checkout(tmp_path)
    made.empty_locks()
    yield made
    shutil.rmtree(made.root, ignore_errors=True)


def test_first_start_says_one_line_and_becomes_the_program(checkout: Checkout) -> None:
    process = checkout.start("server.py", "--irc", ":1", "--exit", "7")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 7
    pid, arguments, prefix, file = json.loads(out)
    assert pid == process.pid, "the program is not the process that was started"
    assert arguments == ["--irc", ":1", "--exit", "7"]
    assert Path(prefix) == checkout.root / ".venv"
    assert Path(file) == checkout.root / "src/veche/app/server.py"
    assert re.fullmatch(r"Setting up Veche in .*\.venv: .*\nSet up in [\d.]+ s\.\n", err)
    assert list(checkout.home.iterdir()) == []


def test_second_start_is_silent_and_quick(checkout: Checkout) -> None:
    checkout.run("server.py")
    started = time.monotonic()
    code, out, err = checkout.run("client.py")
    assert (code, err) == (0, "")
    assert "client/plain.py" in out
    assert time.monotonic() - started < 1


def test_two_first_starts_at_one_moment_do_not_collide(checkout: Checkout) -> None:
    processes = [checkout.start(name) for name in ("server.py", "client.py", "server.py")]
    ends = [(*process.communicate(timeout=120), process.returncode) for process in processes]
    assert [code for *_, code in ends] == [0, 0, 0], ends
    assert sum("Set up in" in err for _, err, _ in ends) == 1, ends


def test_changed_lock_updates_in_place(checkout: Checkout) -> None:
    checkout.run("server.py")
    kept = checkout.root / ".venv" / "kept"
    kept.touch()
    (checkout.root / "requirements.lock").write_text("# something else\n")
    assert "Updating" in checkout.run("server.py")[2]
    assert kept.exists()
    assert checkout.run("server.py")[2] == ""


@pytest.mark.parametrize("damage", ["no stamp", "other python", "no python", "a file", "elsewhere"])
def test_unfinished_or_foreign_environment_is_made_anew(checkout: Checkout, damage: str) -> None:
    venv = checkout.root / ".venv"
    checkout.run("server.py")
    stamp = venv / "veche-run.stamp"
    (venv / "rubble").touch()
    if damage == "no stamp":
        stamp.unlink()
    elif damage == "other python":
        stamp.write_text(stamp.read_text().replace("Python 3.", "Python 2."))
    elif damage == "no python":
        (venv / "bin" / "python").unlink()
    elif damage == "a file":
        shutil.rmtree(venv)
        venv.touch()
    else:
        checkout.root = checkout.root.rename(checkout.root.with_name("moved"))
    code, _, err = checkout.run("server.py")
    assert code == 0, err
    assert "Setting up" in err
    assert not (checkout.root / ".venv" / "rubble").exists()


def test_start_killed_in_the_middle_is_done_again(checkout: Checkout) -> None:
    process = checkout.start("server.py")
    while not (checkout.root / ".venv" / "bin" / "python").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert checkout.stamps == []
    code, _, err = checkout.run("server.py")
    assert code == 0
    assert "Setting up" in err
    assert checkout.stamps == ["veche-run.stamp"]


def test_dev_environment_serves_the_server_too(checkout: Checkout) -> None:
    # pytest itself is not in the empty lock, so its start fails after the set-up.
    assert "No module named pytest" in checkout.run("test.py", PATH="/nonexistent")[2]
    assert checkout.stamps == [
        "veche-cluster.stamp",
        "veche-dev.stamp",
        "veche-postgresql.stamp",
        "veche-run.stamp",
        "veche-ssh.stamp",
        "veche-tui.stamp",
        "veche-workers.stamp",
    ]
    assert checkout.run("server.py")[2] == ""


def test_server_that_needs_more_gets_it_and_keeps_it(checkout: Checkout) -> None:
    checkout.run("server.py")
    assert checkout.stamps == ["veche-run.stamp"]
    assert re.fullmatch(
        r"Fetching more .*\nSet up in .*\n", checkout.run("server.py", VECHE_NEEDS="postgresql")[2]
    )
    assert checkout.stamps == [
        "veche-postgresql.stamp", "veche-run.stamp", "veche-ssh.stamp", "veche-tui.stamp",
    ]  # fmt: skip
    (checkout.root / "requirements.lock").write_text("# something else\n")
    (checkout.root / "requirements-postgresql.lock").write_text("# something else\n")
    assert "Updating" in checkout.run("client.py")[2]
    assert checkout.stamps == [
        "veche-postgresql.stamp", "veche-run.stamp", "veche-ssh.stamp", "veche-tui.stamp",
    ]  # fmt: skip
    assert checkout.run("server.py", VECHE_NEEDS="nonsense")[2] == ""


def test_one_of_several_servers_needs_more_still(checkout: Checkout) -> None:
    checkout.run("server.py", VECHE_NEEDS="postgresql")
    assert "Fetching more" in checkout.run("server.py", VECHE_NEEDS="cluster")[2]
    assert "veche-cluster.stamp" in checkout.stamps
    assert checkout.run("server.py")[2] == ""
    assert checkout.run("client.py", "--windows")[2] == ""
    assert "veche-cluster.stamp" in checkout.stamps


def test_windows_need_more_and_are_there_from_then_on(checkout: Checkout) -> None:
    checkout.run("client.py")
    assert "Fetching more" in checkout.run("client.py", "--windows")[2]
    assert checkout.stamps == ["veche-run.stamp", "veche-tui.stamp"]
    assert checkout.run("client.py")[2] == ""
    assert checkout.run("client.py", "--windows")[2] == ""
    checkout.run("server.py", VECHE_NEEDS="postgresql")
    assert checkout.run("client.py", "--windows")[2] == ""


def test_windows_that_cannot_be_fetched_leave_plain_lines_and_say_so_in_a_line(checkout: Checkout) -> None:
    checkout.run("client.py")
    (checkout.root / "requirements-tui.lock").write_text("tea==1 --hash=sha256:" + "0" * 64 + "\n")
    status, out, err = checkout.run("client.py", "--windows", PIP_INDEX_URL="http://127.0.0.1:9/", PIP_RETRIES="0",
                                    UV_INDEX_URL="http://127.0.0.1:9/")  # fmt: skip
    assert (status, "/client/plain.py" in out) == (0, True), (out, err)
    assert [line.split(" (")[0].split(";")[0] for line in err.splitlines()][-2:] == [
        "The windows could not be fetched", "Plain lines instead",
    ]  # fmt: skip
    assert checkout.stamps == ["veche-run.stamp"]


def test_environment_for_a_browser_is_made_where_one_is(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "chromium").touch(mode=0o755)
    assert "No module named pytest" in checkout.run("test.py", PATH=str(tmp_path))[2]
    assert checkout.stamps == [
        "veche-browser.stamp", "veche-cluster.stamp", "veche-dev.stamp", "veche-postgresql.stamp", "veche-run.stamp",
        "veche-ssh.stamp", "veche-tui.stamp", "veche-workers.stamp",
    ]  # fmt: skip
    assert "Setting up" not in checkout.run("test.py", PATH="/nonexistent")[2]


def test_package_that_is_not_the_locked_one_stops_the_start(checkout: Checkout, tmp_path: Path) -> None:
    wheel = tmp_path / "tea-1-py3-none-any.whl"
    wheel.write_bytes(b"not what was promised")
    (checkout.root / "requirements.lock").write_text(f"tea @ {wheel.as_uri()} --hash=sha256:{'0' * 64}\n")
    code, out, err = checkout.run("server.py")
    assert code == 1
    assert out == ""
    assert "Setting up failed" in err
    assert checkout.stamps == []
    checkout.empty_locks()
    assert checkout.run("server.py")[0] == 0


MISSING = f"tea @ file:///nowhere/tea-1-py3-none-any.whl --hash=sha256:{'0' * 64}\n"


def outdate(checkout: Checkout, needs: str, installed: str = "tea-1.10") -> None:
    """Set up, then let the lock ask for what cannot be had; `needs` is what the program cannot do without."""
    assert checkout.run("server.py")[0] == 0
    (site,) = (checkout.root / ".venv").glob("lib/python*/site-packages")
    (site / f"{installed}.dist-info").mkdir()
    name, _, version = installed.partition("-")
    (site / f"{installed}.dist-info" / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    (checkout.root / "requirements.lock").write_text(MISSING)
    project = f"[project]\ndependencies = [{needs}]\n[dependency-groups]\ndev = []\n"
    (checkout.root / "pyproject.toml").write_text(project)


@pytest.mark.parametrize(
    "needs", ["", '"tea"', '"tea>=1.9"', '"tea >= 1.10", "milk>=3; sys_platform == \'win32\'"']
)
def test_update_that_cannot_be_had_does_not_stop_what_works(checkout: Checkout, needs: str) -> None:
    outdate(checkout, needs)
    for _ in range(2):
        code, out, err = checkout.run("server.py")
        assert code == 0, err
        assert "app/server.py" in out
        assert re.fullmatch(
            r"Updating .*\nThe update could not be installed \(code \d+: .+\)\.\n"
            r"Going on with the packages of before; the next start tries again\.\n",
            err,
        )
    checkout.empty_locks()
    assert checkout.run("server.py")[0] == 0
    assert checkout.run("server.py")[2] == ""


@pytest.mark.parametrize("needs", ['"milk>=1"', '"tea>=1.11"', '"tea>=2"'])
def test_update_that_the_program_cannot_do_without_stops_the_start(checkout: Checkout, needs: str) -> None:
    outdate(checkout, needs)
    code, out, err = checkout.run("server.py")
    assert (code, out) == (1, "")
    assert "Setting up failed" in err
    assert checkout.stamps == ["veche-run.stamp"], "what was there is there, and need not be fetched again"


def test_update_that_failed_half_way_is_not_trusted(checkout: Checkout, tmp_path: Path) -> None:
    outdate(checkout, "")
    tool = tmp_path / "uv"
    tool.write_text('#!/bin/sh\nrm -r "$(dirname "$5")"/../lib/python*/site-packages/tea-*\nexit 3\n')
    tool.chmod(0o755)
    code, _, err = checkout.run("server.py", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert code == 1, err
    assert checkout.stamps == []


def test_messages_follow_the_locale(checkout: Checkout) -> None:
    assert "Veche готовит" in checkout.run("server.py", LC_ALL="ru_RU.UTF-8")[2]


def test_without_any_installer_the_way_out_is_told(checkout: Checkout) -> None:
    # A Python that has neither pip nor ensurepip, as Debian's without its extra packages.
    (checkout.root / "hide.py").write_text(
        "import importlib.util, runpy, sys\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name in ('pip', 'ensurepip') else find(name)\n"
        "sys.argv = ['server.py']\n"
        "runpy.run_path('server.py', run_name='__main__')\n"
    )
    process = subprocess.run(
        [PYTHON, "hide.py"],
        cwd=checkout.root,
        env={"PATH": "/nonexistent", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 2
    assert "has no pip" in process.stderr
    assert "python3-pip" in process.stderr


def test_too_old_python_is_told_so(checkout: Checkout) -> None:
    """Played by asking for a Python of the future: an old one is seldom at hand."""
    text = (checkout.root / "bootstrap.py").read_text()
    (checkout.root / "bootstrap.py").write_text(
        text.replace("OLDEST_PYTHON = (3, 11)", "OLDEST_PYTHON = (4, 0)")
    )
    code, _, err = checkout.run("server.py")
    assert code == 2
    assert "needs Python 4.0 or newer" in err


@pytest.mark.parametrize("starter", ["server.py", "client.py", "test.py"])
def test_starter_parses_as_python_2_and_says_so(starter: str) -> None:
    """No annotations and f-strings here: `python` may be Python 2, and must still say what it lacks."""
    text = (ROOT / starter).read_text()
    assert "->" not in text
    assert not re.search(r"\bf\"", text)
    assert "except SyntaxError" in text


def test_bootstrap_parses_as_an_early_python_3() -> None:
    import ast

    ast.parse((ROOT / "bootstrap.py").read_text(), feature_version=(3, 5))


def test_checkout_that_cannot_be_written_is_told_so(checkout: Checkout) -> None:
    # Played by something that not even root can open for writing.
    (checkout.root / ".venv.lock").mkdir()
    code, _, err = checkout.run("server.py")
    assert code == 2
    assert "Cannot write in" in err


def test_real_packages_are_fetched_into_a_fresh_copy(tmp_path: Path) -> None:
    made = Checkout(tmp_path)
    (made.root / "src/veche/app/server.py").write_text(
        "import msgspec, uvloop; print(msgspec.__name__, uvloop.__name__)"
    )
    code, out, err = made.run("server.py")
    assert code == 0, err
    assert out == "msgspec uvloop\n"
