"""What the report quotes, by reference: code from the real files, and figures from the results of measurements.

    <!-- code src/veche/net/tcp.py IrcProtocol.data_received -->
            the block of code behind it is that function; several names with commas; no name: the whole file
    <!-- = theory:work.500.threads.cpu_us_each .1f -->7.1<!-- / -->
            the text between is that figure, so formatted
    <!-- = all:fan.veche.cpu_us_each / all:fan.inspircd.cpu_us_each .2f -->0.9<!-- / -->
            the ratio of two

The rule: a page is plain Markdown that reads well as it is, and nothing in it that was quoted can go stale without a
test failing. Figures come from the newest bench/results/*-NAME.json; in Russian they have commas.
"""

import ast
import json
import re
import sys
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.loads import PHASES  # noqa: E402
from bench.measure import medians  # noqa: E402

REPORT = ROOT / "docs" / "report"
PARTS = ("1-task", "2-theory", "3-practice", "4-screenshots", "5-conclusions")
PAGES = [REPORT / f"{part}{ending}" for ending in (".md", ".ru.md") for part in PARTS]
RESULTS = ROOT / "bench" / "results"

_CODE = re.compile(r"<!-- code (\S+)(?: (\S+))? -->\n```(\w*)\n.*?^```$", re.MULTILINE | re.DOTALL)
_FIGURE = re.compile(r"<!-- = ([^>]+?) (\S+) -->.*?<!-- / -->", re.DOTALL)
_KINDS = {".py": "python", ".ts": "ts", ".talk": "text", ".sql": "sql", ".toml": "toml"}


class Stale(Exception):
    """A page quotes what is not there."""


def woven(text: str, page: Path) -> str:
    """The page with everything that it quotes as it is now. Raises Stale."""
    is_russian = page.name.endswith(".ru.md")

    def quote(found: re.Match[str]) -> str:
        file, names = found[1], found[2] or ""
        kind = _KINDS.get(Path(file).suffix, "text")
        head = f"<!-- code {file}{' ' + names if names else ''} -->"
        return f"{head}\n```{kind}\n{quoted(file, names)}\n```"

    def figure(found: re.Match[str]) -> str:
        return (
            f"<!-- = {found[1]} {found[2]} -->{written(found[1], found[2], is_russian=is_russian)}<!-- / -->"
        )

    return _FIGURE.sub(figure, _CODE.sub(quote, text))


def references(text: str) -> list[tuple[str, str]]:
    """The files and names that a page quotes code from."""
    return [(found[1], found[2] or "") for found in _CODE.finditer(text)]


# ---- code


def quoted(file: str, names: str) -> str:
    """The source of these names in a file, without the indentation of their class."""
    path = ROOT / file
    if not path.is_file():
        raise Stale(f"{file} is not there")
    text = path.read_text(encoding="utf-8").rstrip("\n")
    if not names:
        return text
    find = _python if path.suffix == ".py" else _typescript
    return ("\n\n\n" if path.suffix == ".py" else "\n\n").join(
        find(text, name, file) for name in names.split(",")
    )


def _python(text: str, name: str, file: str) -> str:
    body: list[ast.stmt] = ast.parse(text).body
    found: ast.stmt | None = None
    for part in name.split("."):
        found = next((node for node in body if part in _names_of(node)), None)
        if found is None:
            raise Stale(f"{file} has no {name}")
        body = found.body if isinstance(found, ast.ClassDef) else []
    if found is None or found.end_lineno is None:
        raise Stale(f"{file}: which name?")
    decorators = getattr(found, "decorator_list", [])
    start = min([found.lineno, *(one.lineno for one in decorators)])
    return textwrap.dedent("\n".join(text.splitlines()[start - 1 : found.end_lineno]))


def _names_of(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _typescript(text: str, name: str, file: str) -> str:
    """A function, class or method that begins on a line of its own and ends with a brace as far to the left."""
    lines = text.splitlines()
    last = re.escape(name.rpartition(".")[2])
    begins = re.compile(
        rf"( *)(?:export )?(?:async )?(?:function |class |const |private |public )*{last}\b.*[{{(]$"
    )
    for start, line in enumerate(lines):
        if opening := begins.match(line):
            ends = (f"{opening[1]}}}", f"{opening[1]}}};", f"{opening[1]}}})")
            for end in range(start + 1, len(lines)):
                if lines[end].startswith(ends):
                    return textwrap.dedent("\n".join(lines[start : end + 1]))
    raise Stale(f"{file} has no {name}")


# ---- figures


def written(expression: str, form: str, *, is_russian: bool) -> str:
    """A figure as a text. Raises Stale."""
    over, _, under = expression.partition(" / ")
    number = value(over.strip())
    if under:
        number /= value(under.strip())
    try:
        text = format(number, form)
    except ValueError as error:
        raise Stale(f"{expression}: {error}") from None
    if is_russian:
        text = text.replace(",", "\u00a0").replace(".", ",")
    return text


def value(reference: str) -> float:
    """One figure: `RESULT:PATH`, or a number as it stands. Of a bench's result a path is LOAD.SERVER.FIGURE, for the
    median of the runs."""
    if re.fullmatch(r"[0-9.]+", reference):
        return float(reference)
    result, colon, path = reference.partition(":")
    here: Any = _data(result) if colon else None
    try:
        for part in path.split("."):
            here = here[int(part) if isinstance(here, list) else part]
        return float(here)
    except (KeyError, IndexError, TypeError, ValueError):
        raise Stale(f"there is no figure {reference}") from None


@cache
def _data(result: str) -> Any:
    files = sorted(RESULTS.glob(f"*-{result}.json"))
    if not files:
        raise Stale(f"there is no result called {result}")
    data = json.loads(files[-1].read_text(encoding="utf-8"))
    if "runs" not in data or "loads" not in data:
        return data
    # Of several phases the one counts that bench/loads.py says, or else the last.
    table: dict[str, dict[str, Any]] = {}
    for load, servers in data["runs"].items():
        for server, phases in servers.items():
            by_phase = medians(phases)
            word = data["loads"][load]["words"][0]
            wanted = PHASES.get(word, word)
            table.setdefault(load, {})[server] = by_phase.get(wanted) or by_phase[list(by_phase)[-1]]
    return table
