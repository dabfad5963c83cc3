"""The servers that are measured: how each is started with its limits lifted, and what it is called in the tables.

Each runs alone, in the foreground, as a child that this program starts and ends by its process id. A server that is
not installed is left out, and the result says so.
"""

import atexit
import os
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from veche.testing.postgres import Postgres

ROOT = Path(__file__).parent.parent
# Debian keeps daemons where an ordinary user's PATH does not look.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
PATIENCE = 30.0


def find(program: str) -> str | None:
    """The path of an installed program."""
    return shutil.which(program, path=SEARCH_PATH)


class Subject(ABC):
    """A server under test; `with subject.run(core) as running` starts and ends it."""

    name: str
    stores: bool
    # The kinds of clients that it can be measured with: "plain", "capable" (of capabilities), "echo" (of the one that
    # shows a sender his own message), "tls", "web" and "accounts" (who log in).
    serves: tuple[str, ...] = ("plain",)
    # Registrations under way at once; by WebSocket. InspIRCd finishes them once a second, so few would take for ever.
    handshakes = 200
    web_handshakes = 200
    path = ""  # of another program than the one that is installed
    plays: tuple[str, ...] = ()  # the only loads that it is measured with; none named: all

    @abstractmethod
    def why_not(self) -> str:
        """Why it cannot be measured here; empty if it can."""

    @abstractmethod
    def version(self) -> str:
        """What it calls itself."""

    @abstractmethod
    def command(self, folder: Path, port: int, clients: str) -> list[str]:
        """Write what it needs into the folder; return how it is started there, for such clients at the port."""

    def environment(self) -> dict[str, str]:
        """Its environment."""
        return dict(os.environ)

    def run(self, core: int | None, clients: str = "plain") -> "Running":
        """Start it in a temporary folder, pinned to a core."""
        return Running(self, core, clients)


class Running:
    """One started server: its process id and port."""

    def __init__(self, subject: Subject, core: int | None, clients: str) -> None:
        self.subject = subject
        self._clients = clients
        self._core = core
        self._folder = tempfile.TemporaryDirectory(prefix="veche-bench-", ignore_cleanup_errors=True)
        self.port = _free_port()

    def __enter__(self) -> Self:
        folder = Path(self._folder.name)
        self._log = folder / "output"
        command = self.subject.command(folder, self.port, self._clients)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.subject.environment(),
                preexec_fn=pinned(self._core),  # noqa: PLW1509 - this program has one thread
            )
        self._wait_listening()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def _wait_listening(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        output = self._log.read_text(errors="replace")[-2000:]
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()
        raise RuntimeError(f"{self.subject.name} does not start:\n{output}")


def pinned(core: int | None) -> Callable[[], None]:
    """What a child does before it runs: stay on one core, and have all the descriptors that it may."""

    def prepare() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    return prepare


class Veche(Subject):
    """Our own server, from this checkout."""

    serves: tuple[str, ...] = ("plain", "capable", "echo", "tls", "web", "accounts")
    web_handshakes = 32  # so many from one address may be asking for a page or a WebSocket

    def __init__(self, *, stores: bool, is_compiled: bool = False) -> None:
        self.stores = stores
        self.is_compiled = is_compiled
        self.name = f"Veche{', compiled' if is_compiled else ''}, {'storing' if stores else 'not storing'}"

    def why_not(self) -> str:
        if not find_spec("veche"):
            return "there is no server here"
        wanting = self.is_compiled and not _is_compiled()
        return "these sources are not compiled (tools/compile)" if wanting else ""

    def version(self) -> str:
        if not (ROOT / "pyproject.toml").is_file():
            return f"{metadata.version('veche')} as a package, Python {sys.version.split()[0]}"
        described = _output("git", "-C", str(ROOT), "describe", "--always", "--dirty")
        return f"checkout {described or 'without git'}, Python {sys.version.split()[0]}"

    def command(self, folder: Path, port: int, clients: str) -> list[str]:
        if clients == "accounts":
            _write_accounts(folder / "data")
        door = {"web": "web", "tls": "ircs"}.get(clients, "irc")
        off = [
            word
            for other in ("irc", "ircs", "web", "classic")
            if other != door
            for word in (f"--{other}", "off")
        ]
        settings = {
            "limits.flood": "false",
            "limits.connections_per_address": "0",
            "limits.clients": "100000",
            "lobby.room": "",
            "store.mode": "durable" if self.stores else "off",
        }
        words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        doors = [f"--{door}", f"127.0.0.1:{port}", *off, *self.record()]
        return [sys.executable, "-m", "veche.app.server", "--data", str(folder / "data"), *doors, *words]

    def record(self) -> list[str]:
        """The options that say where the record is kept, if not in the data directory."""
        return []

    def environment(self) -> dict[str, str]:
        choice = "1" if self.is_compiled else "0"
        return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "VECHE_COMPILED": choice}


class VechePostgres(Veche):
    """Our own server with its record in PostgreSQL, which runs on the server's core. Its CPU is not in the figures."""

    serves = ("plain", "echo")
    plays = ("fan", "pairs", "ack-1", "ack-10", "ack-100", "ack-1000", "rate")

    def __init__(self) -> None:
        super().__init__(stores=True)
        self.name = "Veche, storing in PostgreSQL"
        self._database: Postgres | None = None

    def why_not(self) -> str:
        from veche.testing.postgres import why_no_postgres

        try:
            import asyncpg  # noqa: F401
        except ImportError:
            return "asyncpg is not installed (pip install 'veche[postgresql]')"
        return why_no_postgres()

    def record(self) -> list[str]:
        from veche.testing.postgres import Postgres

        if self._database is None:
            scratch = tempfile.mkdtemp(prefix="veche-bench-postgres-")
            stack = ExitStack()
            stack.callback(shutil.rmtree, scratch, ignore_errors=True)
            self._database = stack.enter_context(Postgres(Path(scratch) / "postgres", is_durable=True))
            atexit.register(stack.close)
            # What it starts for each connection stays there too.
            core = min(os.sched_getaffinity(0))
            for task in Path(f"/proc/{self._database.pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), {core})
        return ["--store", self._database.url(self._database.new_database())]


# InspIRCd's modules, by what clients ask for.
_CAPABILITIES = (
    "cap",
    "chghost",
    "ircv3",
    "ircv3_accounttag",
    "ircv3_batch",
    "ircv3_capnotify",
    "ircv3_chghost",
    "ircv3_ctctags",
    "ircv3_echomessage",
    "ircv3_invitenotify",
    "ircv3_labeledresponse",
    "ircv3_msgid",
    "ircv3_servertime",
    "namesx",
    "services_account",
    "setname",
    "uhnames",
)
_MODULES = {
    "plain": (),
    "capable": _CAPABILITIES,
    "echo": ("cap", "ircv3_echomessage"),
    "tls": ("ssl_gnutls",),
    "web": ("sha1", "websocket"),
}


class InspIRCd(Subject):
    """InspIRCd as Debian packs it: C++, no storing."""

    name = "InspIRCd"
    stores = False
    serves = ("plain", "capable", "echo", "tls", "web")
    handshakes = 2000
    web_handshakes = 2000

    def why_not(self) -> str:
        return "" if self.path or find("inspircd") else "not installed (apt-get install inspircd)"

    def version(self) -> str:
        return _output(self._program, "--version").splitlines()[0]

    @property
    def _program(self) -> str:
        return self.path or find("inspircd") or "inspircd"

    def command(self, folder: Path, port: int, clients: str) -> list[str]:
        config = folder / "inspircd.conf"
        # No module but those that these clients need, no lookups, no fake lag, no limit that a load reaches.
        modules = "".join(f'<module name="{name}">\n' for name in _MODULES[clients])
        hook = ' hook="websocket"' if clients == "web" else ""
        if clients == "tls":
            certificate, key = _write_certificate(folder)
            modules += (
                f'<sslprofile name="bench" provider="gnutls" certfile="{certificate}" keyfile="{key}">\n'
            )
            hook = ' sslprofile="bench"'
        config.write_text(
            f"""{modules}<websocket sendastext="yes"><wsorigin allow="*">
<server name="irc.bench.example" description="bench" network="bench">
<admin name="bench" nick="bench" email="bench@bench.example">
<bind address="127.0.0.1" port="{port}" type="clients"{hook}>
<connect name="bench" allow="*" timeout="120" pingfreq="600" hardsendq="104857600" softsendq="104857600"
    recvq="1048576" threshold="1000000000" commandrate="1000000000" fakelag="no" localmax="1000000" globalmax="1000000"
    limit="1000000" maxchans="100" resolvehostnames="no" useident="no" maxconnwarn="no">
<performance netbuffersize="10240" somaxconn="4096" softlimit="1000000" clonesonconnect="no" quietbursts="yes"
    nouserdns="yes" maxwho="1000000">
<pid file="{folder}/inspircd.pid">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{folder}/inspircd.log">
<options defaultmodes="n">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
"""
        )
        as_root = ["--runasroot"] if os.geteuid() == 0 else []
        return [self._program, "--config", str(config), "--nofork", *as_root]


class NgIRCd(Subject):
    """ngIRCd as Debian packs it: C, no storing."""

    name = "ngIRCd"
    stores = False
    serves = ("plain", "tls")
    handshakes = 8  # it listens with a backlog of 10; what comes above that waits for seconds

    def why_not(self) -> str:
        return "" if self.path or find("ngircd") else "not installed (apt-get install ngircd)"

    def version(self) -> str:
        return _output(self._program, "--version").splitlines()[0]

    @property
    def _program(self) -> str:
        return self.path or find("ngircd") or "ngircd"

    def command(self, folder: Path, port: int, clients: str) -> list[str]:
        config = folder / "ngircd.conf"
        tls = []
        if clients == "tls":
            certificate, key = _write_certificate(folder)
            tls = ["[SSL]", f"CertFile = {certificate}", f"KeyFile = {key}", f"Ports = {port}"]
        user = ["ServerUID = root", "ServerGID = root"] if os.geteuid() == 0 else []
        config.write_text(
            "\n".join(
                [
                    "[Global]",
                    "Name = irc.bench.example",
                    "Info = bench",
                    "Listen = 127.0.0.1",
                    *([] if tls else [f"Ports = {port}"]),
                    f"PidFile = {folder}/ngircd.pid",
                    *user,
                    "[Limits]",
                    "MaxConnections = 0",
                    "MaxConnectionsIP = 0",
                    "MaxJoins = 0",
                    "MaxPenaltyTime = 0",
                    "PingTimeout = 600",
                    "[Options]",
                    "DNS = no",
                    "Ident = no",
                    "PAM = no",
                    *tls,
                ]
            )
        )
        return [self._program, "--nodaemon", "--config", str(config)]


class Model(Subject):
    """The relay of bench/model.py: what the shape of the work costs in Python, without a server around it."""

    handshakes = 2000

    def __init__(self, *, stores: bool) -> None:
        self.stores = stores
        self.name = "a relay without rules, storing" if stores else "a relay without rules"

    def why_not(self) -> str:
        return ""

    def version(self) -> str:
        return f"bench/model.py, Python {sys.version.split()[0]}, uvloop"

    def command(self, folder: Path, port: int, clients: str) -> list[str]:  # noqa: ARG002 - there is one kind
        file = [str(folder / "model.db")] if self.stores else []
        return [sys.executable, "-m", "bench.model", str(port), *file]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT)}


class Other(Subject):
    """Any server that a command starts in the foreground, in which {port} and {folder} are replaced."""

    stores = False

    def __init__(self, name: str, command: str) -> None:
        self.name = name
        self._words = shlex.split(command)

    def why_not(self) -> str:
        return "" if find(self._words[0]) else f"{self._words[0]} is not there"

    def version(self) -> str:
        return "as given"

    def command(self, folder: Path, port: int, clients: str) -> list[str]:  # noqa: ARG002 - there is one kind
        return [word.replace("{port}", str(port)).replace("{folder}", str(folder)) for word in self._words]


SUBJECTS: dict[str, Subject] = {
    "compiled": Veche(stores=True, is_compiled=True),
    "compiled-off": Veche(stores=False, is_compiled=True),
    "veche": Veche(stores=True),
    "veche-off": Veche(stores=False),
    "veche-postgres": VechePostgres(),
    "inspircd": InspIRCd(),
    "ngircd": NgIRCd(),
    "model": Model(stores=False),
    "model-storing": Model(stores=True),
}


def _is_compiled() -> bool:
    """Whether there are compiled modules of exactly these sources (tools/compile)."""
    from veche.app import compiled

    return compiled.place().is_dir()


def _write_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate as Veche makes its own: on P-256, signed by itself."""
    from veche.app.certificates import CERTIFICATE_FILE, KEY_FILE, own_pair

    own_pair(folder, ["irc.bench.example"], time.time())
    return next(folder.rglob(CERTIFICATE_FILE)), next(folder.rglob(KEY_FILE))


def _write_accounts(directory: Path) -> None:
    """5,000 accounts, n000000 and so on, with the password "bench" and one salt: a client works it out once."""
    from bench.start import write_record
    from veche.app.passwords import hash_password
    from veche.features.accounts.facts import AccountKept
    from veche.state.accounts import Account
    from veche.state.credentials import SCRAM_ITERATIONS, PasswordKeys
    from veche.wire.scram import derive

    keys = PasswordKeys.of(hash_password("bench"), derive("bench", bytes(16), SCRAM_ITERATIONS))
    kept = []
    for number in range(5000):
        account = Account(f"uid-of-account-{number:08d}", f"n{number:06d}", 1_700_000_000_000)
        account.keys = keys
        kept.append(AccountKept(account))
    write_record(directory, [*kept])


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
