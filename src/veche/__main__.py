"""The command `veche` of an installed package:  veche serve | client | bench | db | export | hash-password ...

The rule: it only finds the program; the words after the first are that program's own, and so is the exit code. A
program is imported when it is called, so that the client knows nothing of the server here either.
"""

import runpy
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from veche import __version__
from veche.phrases import Phrases, call_programs_as_installed, language_of_locale

EXIT_USAGE = 2
# Where bench/ is: in a wheel, or in a checkout.
PLACES_OF_BENCH = (Path(__file__).with_name("measuring"), Path(__file__).resolve().parents[2])

PHRASES = {
    "help": (
        """usage: veche COMMAND [options]

  serve          start a chat server
  client         come into a chat, in windows; --plain for plain lines
  db             look after the record: check, verify, backup, restore, copy
  export         write down what somebody has said, or what was said in a room
  hash-password  make the hash of an operator's password
  bench          measure the server beside others (Linux, a C compiler)

`veche COMMAND --help` tells the rest, `veche --version` the version.""",
        """запуск: veche КОМАНДА [параметры]

  serve          запустить сервер чата
  client         войти в чат, в окнах; --plain — простыми строками
  db             летопись: проверить, скопировать, вернуть копию
  export         выгрузить сказанное кем-то или в комнате
  hash-password  сделать хеш пароля оператора
  bench          измерить сервер рядом с другими (Linux, компилятор C)

Остальное расскажет `veche КОМАНДА --help`, версию — `veche --version`.""",
    ),
    "unknown": (
        "there is no command {word}; veche --help lists them",
        "нет команды {word}; их перечисляет veche --help",
    ),
    "no-windows": (
        "windows need the package textual: pip install 'textual>=8'",
        "для окон нужен пакет textual: pip install 'textual>=8'",
    ),
    "no-bench": (
        "the programs that measure are not here: they come with a wheel, an sdist and a checkout, in bench/",
        "программ для измерений здесь нет: они есть в wheel, в sdist и в копии исходников, в каталоге bench/",
    ),
}


def serve(arguments: Sequence[str]) -> int:
    """The server, or one of its tools."""
    from veche.app import server  # noqa: PLC0415 - half of a second that the client need not wait

    return server.main(arguments)


def client(arguments: Sequence[str]) -> int:
    """The client: plain lines, or windows."""
    if "--windows" in arguments and "--plain" not in arguments and find_spec("textual") is None:
        return refuse("no-windows")
    if "--plain" not in arguments:
        from veche.tui import start  # noqa: PLC0415 - which takes the plain client where there are no windows

        return start.main(arguments)
    from veche.client import plain  # noqa: PLC0415

    return plain.main(arguments)


def bench(arguments: Sequence[str]) -> int:
    """The programs that measure, which are no part of `veche.`: they are run as `python -m bench` runs them."""
    home = next((place for place in PLACES_OF_BENCH if (place / "bench" / "__main__.py").is_file()), None)
    if home is None:
        return refuse("no-bench")
    sys.path.insert(0, str(home))
    sys.argv = ["veche bench", *arguments]
    runpy.run_module("bench", run_name="__main__")
    return 0


def tool(name: str) -> Callable[[Sequence[str]], int]:
    """A tool of the server's that is called by a word."""
    return lambda arguments: serve([name, *arguments])


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "serve": serve,
    "client": client,
    "db": tool("db"),
    "export": tool("export"),
    "hash-password": tool("hash-password"),
    "bench": bench,
}


def refuse(key: str, **values: object) -> int:
    """Say why not, on stderr; the exit code."""
    print(f"veche: {Phrases(PHRASES, language_of_locale())(key, **values)}", file=sys.stderr)
    return EXIT_USAGE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program that the first word names; its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["--version"]:
        print(f"veche {__version__}")
        return 0
    if not words or words[0] in {"--help", "-h", "help"}:
        print(Phrases(PHRASES, language_of_locale())("help"), file=sys.stdout if words else sys.stderr)
        return 0 if words else EXIT_USAGE
    command = COMMANDS.get(words[0])
    if command is None:
        return refuse("unknown", word=words[0])
    call_programs_as_installed()
    return command(words[1:])


if __name__ == "__main__":
    sys.exit(main())
