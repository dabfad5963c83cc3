"""Compiled modules in the place of their sources: found when they were made of exactly the sources that are here.

The rules:
* Nothing needs them: without a compiled module, or with one of other sources, the source runs, and does the same.
* They are all used or none, and only if none of them has been imported as source yet.
* What they were made of is told by one hash over every source file of the floors below `app`: the compiler looks into
  other modules than those that it translates.

`tools/compile` makes them; docs/adr/0022-compiling-the-hot-modules.md says which modules, and why these.
"""

import hashlib
import sys
import sysconfig
from importlib.abc import MetaPathFinder
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
# "0": never; "1": it is an error if they cannot be used; else they are used if they can be.
CHOICE = "VECHE_COMPILED"
# Where they are: in the environment whose Python they were made for, not beside the sources.
HOME = Path(sys.prefix, "veche-compiled")
# The floors whose sources the compiled modules are made of.
FLOORS = ("arguments", "cluster", "core", "features", "net", "phrases", "state", "store", "wire")
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX") or ".so"

# On the way of a message (to the disk and into the search too), of a connection that registers, and of a JOIN.
MODULES = tuple(
    f"veche.{floor}.{name}"
    for floor, names in {
        "wire": "caps confusables isupport lines message msgids names numerics words",
        "state": "events masks room server_bans user world",
        "core": "ask behind conversations dispatch engine fanout limits log longtext nicks once operators outbox pace "
        "registry replies rows scopes session shared timers watchlists",
        "features": "about accept accounts.invitations accounts.missed accounts.persistence away bans "
        "block client_tags defcon direct_modes isupport join lobby messages monitor names notices "
        "registration sasl.by_pass silence unread user_modes whowas",
        "net": "frames peer shell tcp",
        "store": "checksums values writer search.block",
    }.items()
    for name in names.split()
)


def sources(package: Path = PACKAGE) -> list[Path]:
    """Every file that the compiled modules depend on, in an order of its own."""
    return [
        file
        for floor in FLOORS
        for file in (package / f"{floor}.py", *sorted((package / floor).rglob("*.py")))
        if file.exists()
    ]


def fingerprint(package: Path = PACKAGE) -> str:
    """What tells this Python, and these sources, from all others."""
    digest = hashlib.sha256(f"{SUFFIX} {sys.version} {' '.join(MODULES)}".encode())
    for file in sources(package):
        digest.update(f"\0{file.relative_to(package)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


def place() -> Path:
    """Where the compiled modules of these sources are, or would be."""
    return HOME / fingerprint()


class Finder(MetaPathFinder):
    """Finds the modules that lie compiled in a directory, by their full names."""

    def __init__(self, folder: Path) -> None:
        self.files = {
            ".".join(file.relative_to(folder).parts).removesuffix(SUFFIX): str(file)
            for file in folder.rglob(f"*{SUFFIX}")
        }

    def find_spec(self, fullname: str, *_path_and_target: object) -> ModuleSpec | None:
        """The compiled module of that name (MetaPathFinder)."""
        file = self.files.get(fullname)
        if file is None:
            return None
        return spec_from_file_location(fullname, file, loader=ExtensionFileLoader(fullname, file))


def use(choice: str) -> bool:
    """Have the compiled modules imported from now on; whether they are. `choice` is the value of `CHOICE`.

    Raises RuntimeError when they must be used and cannot.
    """
    if is_used():
        return True
    if choice == "0" or (choice != "1" and not HOME.is_dir()):
        return False
    folder = place()
    early = [name for name in MODULES if name in sys.modules]
    if folder.is_dir() and not early:
        sys.meta_path.insert(0, Finder(folder))
        return True
    if choice == "1":
        reason = f"{early[0]} has been imported" if early else "nothing was compiled of these sources"
        raise RuntimeError(f"{CHOICE}=1, but {reason}: run tools/compile")
    return False


def is_used() -> bool:
    """Whether this process runs the compiled modules."""
    return any(isinstance(finder, Finder) for finder in sys.meta_path)
