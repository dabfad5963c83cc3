"""Makes .venv beside this file when it is missing or older than its lock, then becomes the real program.

Shared by server.py, client.py and test.py. Standard library only, and parsed by any Python 3, so that an old
one can say that it is too old; hence no f-strings and no modern types here.

The rules:
* a warm start reads two small files and calls exec: nothing slow is imported before it is needed;
* the stamp is written last, so a set-up that was interrupted is done again from nothing;
* an update that cannot be had (no network) stops nothing that works: when it has changed no package, and those of
  before are new enough for pyproject.toml, the program starts with them and the next start tries again;
* one set-up at a time: a second starter waits for the first, then finds its work done;
* the program keeps this process's id, so that a supervisor and `kill` hit what they aim at.
"""

import os
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
LOCK_FILE = os.path.join(ROOT, ".venv.lock")
OLDEST_PYTHON = (3, 11)

# Each group with its lock file; it holds everything that the one before it does, in the same versions, and more.
GROUPS = {
    "run": "requirements.lock",
    "tui": "requirements-tui.lock",
    "ssh": "requirements-ssh.lock",
    "postgresql": "requirements-postgresql.lock",
    "cluster": "requirements-cluster.lock",
    "workers": "requirements-workers.lock",
    "dev": "requirements-dev.lock",
    "browser": "requirements-browser.lock",
}
# By this variable a server whose settings need another group than "run" asks for it, and starts anew.
NEEDS = "VECHE_NEEDS"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

TEXTS = {
    "en": {
        "old": "Veche needs Python {need} or newer; this is Python {have} ({exe}).\n",
        "setup": "Setting up Veche in {venv}: done once, takes seconds, needs the network.",
        "more": "Fetching more packages into {venv}: this start is the first that needs them.",
        "update": "Updating the packages in {venv}: the lock file has changed.",
        "wait": "Another start is setting up {venv}: waiting for it.",
        "done": "Set up in {seconds:.1f} s.\n",
        "nopip": "Python at {exe} has no pip, and there is no uv: Veche cannot fetch its packages.\n"
        "Install one of them and start again, for example:  apt install python3-pip\n",
        "failed": "Setting up failed (code {code}):\n{output}\n"
        "Nothing is broken: start again when the cause is gone.\n",
        "outdated": "The update could not be installed (code {code}: {reason}).\n"
        "Going on with the packages of before; the next start tries again.\n",
        "readonly": "Cannot write in {root} ({error}): start once as the owner of that directory.\n",
        "unfetched": "The windows could not be fetched (code {code}: {output}).",
        "without": "Plain lines instead; the next start tries again, and --plain does not.",
    },
    "ru": {
        "old": "Для Veche нужен Python {need} или новее, а это Python {have} ({exe}).\n",
        "setup": "Veche готовит {venv}: это делается один раз и длится секунды; нужна сеть.",
        "more": "Veche докачивает в {venv} пакеты, которые до сих пор не были нужны.",
        "update": "Veche обновляет пакеты в {venv}: файл с их версиями изменился.",
        "wait": "Другой запуск уже готовит {venv}: ждём его.",
        "done": "Готово за {seconds:.1f} с.\n",
        "nopip": "У Python ({exe}) нет pip, и uv тоже нет: Veche нечем скачать свои пакеты.\n"
        "Установите одно из двух и запустите снова, например:  apt install python3-pip\n",
        "failed": "Не получилось (код {code}):\n{output}\n"
        "Ничего не сломано: запустите снова, когда причина исчезнет.\n",
        "outdated": "Обновление не установлено (код {code}: {reason}).\n"
        "Продолжаем с прежними пакетами; следующий запуск попробует снова.\n",
        "readonly": "Нельзя писать в {root} ({error}): запустите один раз от имени владельца каталога.\n",
        "unfetched": "Окна скачать не удалось (код {code}: {output}).",
        "without": "Пока простые строки; следующий запуск попробует снова, а с --plain не станет.",
    },
}


def start(module: str, group: str = "run", chdir: bool = False, otherwise: str = "") -> None:
    """Become `python -m module` with this process's arguments; does not return.

    `group` is a key of GROUPS. `chdir` moves to the checkout first (for tools that look around there). `otherwise` is a
    module of the group "run" that does where the group cannot be had.
    Exits 2 when this Python is too old or has no installer, 1 when fetching failed, 130 on Ctrl-C.
    """
    if sys.version_info < OLDEST_PYTHON:
        say("old", need="%d.%d" % OLDEST_PYTHON, have=sys.version.split()[0], exe=sys.executable)
        sys.exit(2)
    if group in ("run", "tui"):
        group = wanted_group(group)
    try:
        try:
            ensure(group, quietly=otherwise != "")
        except SystemExit:
            if not otherwise:
                raise
            say("without")
            module = otherwise
            ensure(wanted_group("run"))
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        sys.exit(130)
    if chdir:
        os.chdir(ROOT)
    become(module, sys.argv[1:])


def wanted_group(least: str) -> str:
    """What a server or a client is to have: more than the least if a server has asked for it, now or earlier."""
    names = list(GROUPS)
    optional = names[names.index(least) + 1 : names.index("dev")]
    asked = os.environ.get(NEEDS)
    return next((name for name in reversed(optional) if name == asked or is_made_here(name)), least)


def wants_windows(argv: "list[str]") -> bool:
    """Whether a client opens windows: on a terminal in UTF-8 that is not dumb, unless plain lines are asked for."""
    if {"--plain", "--help", "-h", "--version"} & set(argv):
        return False
    if "--windows" in argv:
        return True
    streams = (sys.stdin, sys.stdout, sys.stderr)
    if not all(stream is not None and stream.isatty() for stream in streams):
        return False
    has_term = os.name == "nt" or os.environ.get("TERM", "") not in ("", "dumb", "unknown")
    return has_term and (sys.stderr.encoding or "").lower().replace("-", "") == "utf8"


def become(module: str, arguments: "list[str]") -> None:
    """Replace this process. -P keeps a stray json.py in the current directory from being imported."""
    sys.stdout.flush()
    sys.stderr.flush()
    command = [venv_python(), "-P", "-m", module, *arguments]
    if os.name == "nt":  # exec there starts a new process and gives the console back at once
        import subprocess

        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


def find_browser() -> "str | None":
    """The path of a browser that tests can look through; where there is one, they need the group "browser"."""
    import shutil

    return next(filter(None, map(shutil.which, BROWSERS)), None)


def groups_of(group: str) -> "list[str]":
    """The group and those that it holds."""
    names = list(GROUPS)
    return names[: names.index(group) + 1]


def ensure(group: str, quietly: bool = False) -> None:
    """Return when .venv holds what the group's lock names, having made or updated it if need be.

    `quietly`: why it cannot be had is told in a line, since something else will do.
    """
    if is_ready(group):
        return
    try:
        handle = open(LOCK_FILE, "a")  # noqa: SIM115 - kept open as long as the lock must be held
    except OSError as error:
        say("readonly", root=ROOT, error=error.strerror)
        sys.exit(2)
    with handle:
        take_turn(handle)
        if not is_ready(group):
            try:
                set_up(group, handle.fileno(), quietly)
            except OSError as error:  # a full disk, above all
                say("failed", code=error.errno, output=error)
                sys.exit(1)


def is_ready(group: str) -> bool:
    """Whether .venv was finished from this lock, by this Python, at this place (a venv cannot be moved)."""
    try:
        return read_stamp(group) == fingerprint(group) and os.path.exists(venv_python())
    except OSError:
        return False


def fingerprint(group: str) -> str:
    """What the stamp must say: a change in any line means that the set-up has to be done again."""
    import hashlib

    with open(os.path.join(ROOT, GROUPS[group]), "rb") as lock:
        digest = hashlib.sha256(lock.read()).hexdigest()
    return "\n".join([digest, home_line(), ""])


def home_line() -> str:
    """The part of the fingerprint that no installer can mend: another Python, another place."""
    return "Python %s at %r" % (" ".join(sys.version.split()), VENV)


def stamp_path(group: str) -> str:
    return os.path.join(VENV, "veche-%s.stamp" % group)


def read_stamp(group: str) -> str:
    with open(stamp_path(group), encoding="utf-8") as stamp:
        return stamp.read()


def venv_python() -> str:
    return os.path.join(VENV, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def take_turn(handle: "object") -> None:
    """Wait until no other starter sets up this checkout; the turn ends when the file is closed everywhere."""
    try:
        import fcntl
    except ImportError:  # Windows: two first starts at one moment are not defended against there
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        say("wait", venv=VENV)
        fcntl.flock(handle, fcntl.LOCK_EX)


def set_up(group: str, lock_fd: int, quietly: bool) -> None:
    """Make or update .venv. The stamps go first and come last: in between, nothing is trusted."""
    import sysconfig
    import time

    started = time.monotonic()
    kept = {name: read_stamp(name) for name in GROUPS if is_made_here(name)}
    say("update" if group in kept else "more" if kept else "setup", venv=VENV)
    installer = find_installer()
    for name in GROUPS:
        if os.path.exists(stamp_path(name)):
            os.remove(stamp_path(name))
    if not kept:
        make_venv(with_pip=installer == ["ensurepip"])
    if installer == ["ensurepip"]:
        installer = [venv_python(), "-m", "pip", "install", "--quiet"]
    lock = os.path.join(ROOT, GROUPS[group])
    site = sysconfig.get_path("purelib", "venv", vars={"base": VENV})
    before = sorted(os.listdir(site))
    code, output = 130, ""
    try:
        code, output = run_installer([*installer, "--require-hashes", "-r", lock], lock_fd)
    finally:  # installers fetch everything before they touch anything, and a changed package has another name there
        if code and sorted(os.listdir(site)) == before:
            write_stamps(kept)
    if code and is_made_here(group) and suffices(group, site):
        say("outdated", code=code, reason=(output.splitlines() or ["?"])[-1].strip())
        return
    if code:
        last = (output.splitlines() or ["?"])[-1].strip()
        say("unfetched" if quietly else "failed", code=code, output=last if quietly else output)
        sys.exit(1)
    # A path file instead of an installed package: the checkout's own source runs, and no build is needed.
    # Relative, because Python reads path files in the locale's encoding and the checkout may be anywhere.
    with open(os.path.join(site, "veche.pth"), "w", encoding="ascii") as path_file:
        path_file.write(os.path.relpath(os.path.join(ROOT, "src"), site) + "\n")
    write_stamps({name: fingerprint(name) for name in groups_of(group)})
    say("done", seconds=time.monotonic() - started)


def write_stamps(stamps: "dict[str, str]") -> None:
    for name, text in stamps.items():
        with open(stamp_path(name), "w", encoding="utf-8") as stamp:
            stamp.write(text)


def suffices(group: str, site: str) -> bool:
    """Whether `site` holds what pyproject.toml asks for, in the oldest versions that it takes or newer ones."""
    import importlib.metadata
    import re
    import tomllib

    try:
        with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
            project = tomllib.load(file)
    except OSError:
        return False
    needs = list(project["project"]["dependencies"])
    for name in groups_of(group)[1:]:
        needs += project["dependency-groups"].get(name) or project["project"]["optional-dependencies"][name]
    for need in needs:
        name, oldest = [*re.findall(r"[\w.-]+", need), "0"][:2]
        if ";" in need:  # not for every system, so the program can do without
            continue
        found = next(iter(importlib.metadata.distributions(name=name, path=[site])), None)
        if found is None or numbers(found.version) < numbers(oldest):
            return False
    return True


def numbers(version: str) -> "list[int]":
    return [int(part) for part in version.split(".") if part.isdigit()]


def is_made_here(group: str) -> bool:
    """Whether .venv is whole and ours, though perhaps older than the lock: then packages suffice."""
    try:
        return read_stamp(group).splitlines()[1:] == [home_line()] and os.path.exists(venv_python())
    except OSError:
        return False


def make_venv(with_pip: bool) -> None:
    """An empty venv in place of whatever is there. Without pip, since Debian's Python cannot put it in."""
    import shutil
    import venv

    if os.path.islink(VENV) or os.path.isfile(VENV):
        os.remove(VENV)
    elif os.path.exists(VENV):
        shutil.rmtree(VENV)
    venv.EnvBuilder(symlinks=os.name != "nt", with_pip=with_pip).create(VENV)


def find_installer() -> "list[str]":
    """The command that installs into .venv, ["ensurepip"] when the venv must bring its own; else exit 2."""
    import importlib.util
    import shutil
    import subprocess

    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", venv_python()]
    pip = ["-m", "pip", "--python", venv_python(), "install", "--quiet"]
    if importlib.util.find_spec("pip"):
        return [sys.executable, *pip]
    # Started from inside another venv, this Python may have no pip while the one behind it has.
    base = getattr(sys, "_base_executable", sys.executable)
    probe = [base, "-m", "pip", "--version"]
    if base != sys.executable and not subprocess.call(
        probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ):
        return [base, *pip]
    if importlib.util.find_spec("ensurepip"):
        return ["ensurepip"]
    say("nopip", exe=sys.executable)
    sys.exit(2)


def run_installer(command: "list[str]", lock_fd: int) -> "tuple[int, str]":
    """Run it to its end, counting seconds on a terminal; its exit code and its output.

    It inherits the lock, so that a starter that was killed does not leave an installer behind which
    works in the same directory as the next starter's.
    """
    import subprocess
    import tempfile
    import time

    environment = dict(
        os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", PIP_REQUIRE_VIRTUALENV="0"
    )
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            pass_fds=() if os.name == "nt" else (lock_fd,),
        )
        started = time.monotonic()
        try:
            while True:
                try:
                    code = process.wait(timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    if sys.stderr.isatty():
                        sys.stderr.write("\r%3d s " % (time.monotonic() - started))
                        sys.stderr.flush()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
        if sys.stderr.isatty():
            sys.stderr.write("\r")
        output.seek(0)
        return code, output.read().decode("utf-8", "replace").strip()


def say(text: str, **values: "object") -> None:
    """One message on stderr: stdout belongs to the program that follows."""
    language = "en"
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            language = "ru" if os.environ[name].startswith("ru") else "en"
            break
    line = TEXTS[language][text].format(**values)
    sys.stderr.write(line if line.endswith("\n") else line + "\n")
    sys.stderr.flush()
