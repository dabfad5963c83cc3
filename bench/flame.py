"""Where the server's time goes: a flame graph (SVG) of one load, by Linux' perf.

    python -m bench.flame pairs compiled pairs.svg            # apt-get install linux-perf

A column is a stack, as wide as the processor time that was seen in it; the callers are below. The kernel's part is in
it. Of the interpreter only what does work is shown: its frames that merely pass a call on are left out. Compiled
functions bear their names (`messages.say`); what runs from source bears none, so look at the compiled server.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from html import escape
from pathlib import Path
from typing import Self

from . import measure
from .loads import LOADS
from .servers import SUBJECTS, pinned

# More of the same than a bench plays, so that there is enough to see.
_LONGER = {"fan": "fan 500 20 400 4", "pairs": "pairs 100 2000 16", "connect": "connect 12000"}
_WARM_UP = 1.0  # seconds; the time in which those come who will talk
_PER_SECOND = 499
_STACK_BYTES = 16_384
_PLUMBING = re.compile(
    r"CPyPy_|_?PyObject_(Vector|Make|Fast)?[Cc]all|_PyObject_Vector|(method|cfunction)_vectorcall|_?PyEval_|_PyFunction_V|Py_"
    r"|pymain|__pyx_p[wf]_|_PyVector|builtin_exec|entry_SYSCALL|do_syscall|__libc_start|_start|\[unknown\]|0x|run_eval|vectorcall_"
)
_COLOURS = {
    "kernel": "#b0b7c3",
    "veche": "#d9734e",
    "loop": "#e8c468",
    "sqlite": "#6fa287",
    "python": "#c9a6c4",
    "": "#ddd8cf",
}
_WIDTH, _ROW, _NARROWEST = 1400, 17, 0.8


class Frame:
    """A function under its callers: how many samples were in it, and what it called."""

    def __init__(self) -> None:
        self.samples = 0
        self.kind = ""
        self.called: dict[str, Self] = {}

    def add(self, stack: list[tuple[str, str]]) -> None:
        """One more sample of such a stack, the outermost first."""
        frame = self
        frame.samples += 1
        for name, kind in stack:
            frame = frame.called.setdefault(name, type(self)())
            frame.kind = kind
            frame.samples += 1

    @property
    def depth(self) -> int:
        """Rows that it takes."""
        return 1 + max((frame.depth for frame in self.called.values()), default=0)


def record(load: str, server: str, file: Path) -> None:
    """Play the load against the server and have perf write what it sees."""
    subject, played = SUBJECTS[server], LOADS[load]
    server_core, load_core = measure.cores()
    words = _LONGER.get(load, " ".join(played.words)).split()
    with measure.built() as program, subject.run(server_core, played.clients) as running:
        player = subprocess.Popen(
            [str(program), str(running.port), str(running.pid), *words],
            stdout=subprocess.DEVNULL,
            preexec_fn=pinned(load_core),  # noqa: PLW1509 - this program has one thread
            env={**os.environ, "HANDSHAKES": str(subject.handshakes), **played.options},
        )
        time.sleep(0 if load == "connect" else _WARM_UP)
        graph = ["--call-graph", f"dwarf,{_STACK_BYTES}"]
        command = [
            "perf",
            "record",
            "-q",
            "-F",
            str(_PER_SECOND),
            *graph,
            "-p",
            str(running.pid),
            "-o",
            str(file),
        ]
        perf = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        player.wait()
        perf.send_signal(signal.SIGINT)
        perf.wait()


def read(file: Path) -> Frame:
    """The stacks that perf has written."""
    script = ["perf", "script", "-i", str(file), "-F", "comm,ip,sym,dso"]
    text = subprocess.run(script, capture_output=True, text=True, errors="replace", check=True).stdout
    whole = Frame()
    for block in text.split("\n\n"):
        lines = block.strip().splitlines()
        if lines:
            named = [name(line) for line in lines[1:]]
            # Where the time is spent is told whatever it is.
            stack = [
                (function, kind)
                for place, (function, kind) in reversed(list(enumerate(named)))
                if function and (place == 0 or not _PLUMBING.match(function))
            ]
            whole.add([(lines[0].strip().replace("python", "loop"), ""), *stack])
    return whole


def name(line: str) -> tuple[str, str]:
    """What a line of perf's calls a function, and whose it is; "" for what cannot be read."""
    found = re.match(r"\s*[0-9a-f]+ (.*) \((.*)\)$", line)
    if found is None:
        return "", ""
    function, library = found[1].partition(" (inlined")[0].partition("+0x")[0], found[2]
    if "mypyc" in library and function.startswith("CPyDef_"):
        return function.removeprefix("CPyDef_").replace("___", ".", 2), "veche"
    kinds = {
        "kernel": "kernel",
        "uvloop": "loop",
        "loop.": "loop",
        "sqlite": "sqlite",
        "mypyc": "veche",
        "python": "python",
    }
    kind = next((kind for part, kind in kinds.items() if part in library), "")
    return re.sub(r"^__pyx_[a-z]+_\d*(uvloop_)?(\d*loop_)?", "", function), kind


def draw(whole: Frame, title: str) -> str:
    """The picture, the callers below."""
    height = (whole.depth + 2) * _ROW
    shapes: list[str] = []

    def put(frame: Frame, left: float, row: int) -> None:
        for label, inner in sorted(frame.called.items()):
            width = inner.samples / whole.samples * _WIDTH
            if width >= _NARROWEST:
                top = height - (row + 1) * _ROW
                fits = escape(label[: int(width / 6.2)]) if width > 25 else ""
                share = f"{inner.samples / whole.samples:.1%}"
                place = f'x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_ROW - 1}"'
                shapes.append(
                    f"<g><title>{escape(label)} {share}</title>"
                    f'<rect {place} fill="{_COLOURS[inner.kind]}"/>'
                    f'<text x="{left + 3:.1f}" y="{top + 12}">{fits}</text></g>'
                )
                put(inner, left, row + 1)
            left += width

    put(whole, 0.0, 0)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"'
    ground = f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>'
    return "\n".join(
        [
            f'{head} font-family="monospace" font-size="10">{ground}',
            f'<text x="4" y="14" font-size="13">{escape(title)}</text>',
            *shapes,
            "</svg>\n",
        ]
    )


def main() -> int:
    """Draw it, and print the threads' parts."""
    match sys.argv[1:]:
        case [load, server, picture] if load in LOADS and server in SUBJECTS:
            with tempfile.TemporaryDirectory(prefix="veche-flame-") as folder:
                record(load, server, file := Path(folder, "perf.data"))
                whole = read(file)
            threads = Counter({thread: frame.samples for thread, frame in whole.called.items()})
            parts = ", ".join(
                f"{thread} {count / whole.samples:.0%}" for thread, count in threads.most_common(4)
            )
            Path(picture).write_text(draw(whole, f"{SUBJECTS[server].name}: {LOADS[load].title} ({parts})"))
            print(f"{picture}: {parts}")
            return 0
    sys.exit(__doc__)


if __name__ == "__main__":
    main()
