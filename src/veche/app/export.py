"""`python server.py export`: what is kept of one person and what he has said, or what was said in a room, as a file.

The rules: the record is read in short questions beside a running server, and written as it is read, so that memory does
not grow with it; the file is its owner's alone, and is there when it is whole. Exit codes are those of `errand`.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from veche.app import cli
from veche.app.errand import CannotError, perform
from veche.app.features import FEATURES
from veche.app.parts import require
from veche.app.progress import Bar
from veche.arguments import Parser
from veche.core.export_person import PersonAsJson, PersonAsMail
from veche.core.export_room import RoomAsJson, RoomAsPage, Talk
from veche.core.exporting import Said
from veche.core.ports import Records, SavedFact
from veche.core.registry import Registry
from veche.core.settings import Settings
from veche.phrases import Language, Phrases, language_of_locale
from veche.state.codec import CodecError, decode
from veche.state.world import World
from veche.store.exporting import read_said, read_talk
from veche.store.facts import saved_facts
from veche.store.files import open_private, sync_directory
from veche.store.history import count_reactions
from veche.store.postgresql import exporting, questions, schema
from veche.store.postgresql.link import connect
from veche.store.schema import known_migrations
from veche.store.tables import open_to_read
from veche.wire.names import fold

COMMAND = "export"

PHRASES = {
    "usage": (
        (
            "usage: server.py export person ACCOUNT FILE [options]\n"
            "       server.py export room ROOM FILE [options]\n\n"
            "Writes down all that is kept of one person and what he has said, or what was said in a room, while the "
            "server runs.\nWhat FILE ends in says how: person .json or .mbox (any mail program reads it), "
            "room .html (a page that stands alone) or .json.\n\n"
            "options\n"
            "  --data DIR     where the record is kept; default {data}\n"
            "  --store URL    the PostgreSQL that it is kept in, if it is not in the data directory\n"
            "  --config FILE  settings in TOML; default veche.toml in the data directory\n"
            "  --set SECTION.KEY=VALUE\n"
            "                 override one key of the config\n"
            "  --force        replace FILE if it is there"
        ),
        (
            "запуск: server.py export person УЧЁТНАЯ_ЗАПИСЬ ФАЙЛ [параметры]\n"
            "        server.py export room КОМНАТА ФАЙЛ [параметры]\n\n"
            "Записывает в файл всё, что хранится о человеке и что он сказал, или всё сказанное в комнате; сервер "
            "может работать.\nВид — по окончанию ФАЙЛА: person .json или .mbox (откроет любая почтовая программа), "
            "room .html (страница, которой больше ничего не нужно) или .json.\n\n"
            "параметры\n"
            "  --data DIR     где хранится летопись; по умолчанию {data}\n"
            "  --store URL    PostgreSQL, где она хранится, если не в каталоге данных\n"
            "  --config FILE  настройки в TOML; по умолчанию veche.toml в каталоге данных\n"
            "  --set SECTION.KEY=VALUE\n"
            "                 заменить один ключ настроек\n"
            "  --force        заменить ФАЙЛ, если он есть"
        ),
    ),
    "words": (
        "export needs three words: person or room, a name, and a file; --help tells more",
        "export нужны три слова: person или room, имя и файл; подробнее — --help",
    ),
    "kind": (
        "{file}: what it is to be is told by its end: {ends}",
        "{file}: вид задаётся окончанием имени: {ends}",
    ),
    "exists": ("{file} is there already; --force replaces it", "{file} уже есть; --force заменит его"),
    "no-record": ("there is no record in {path}", "в {path} нет летописи"),
    "older": (
        "the record in {path} is of another version: server.py db migrate brings it up to date",
        "летопись в {path} другой версии: её обновит server.py db migrate",
    ),
    "no-account": ("there is no account {name}", "учётной записи {name} нет"),
    "no-room": ("nothing is kept of a room {name}", "о комнате {name} ничего не хранится"),
    "reading": ("reading", "чтение"),
    "written": ("{file}: messages {count}", "{file}: сообщений {count}"),
    "failed": ("the record cannot be read: {detail}", "летопись не читается: {detail}"),
    "interrupted": ("interrupted; no file was written", "прервано; файл не записан"),
}


class Source:
    """The record, opened to be read, whatever engine keeps it. `last` is the highest place in it, about."""

    def __init__(
        self,
        saved: list[SavedFact],
        last: int,
        said: Callable[[str, int], Said],
        talk: Callable[[str, tuple[int, int]], Records],
        reactions: Callable[[list[int]], dict[int, dict[str, int]]],
    ) -> None:
        self.world = world_of(saved)
        self.last = last
        self.said = said
        self.talk = talk
        self.reactions = reactions


def world_of(saved: list[SavedFact]) -> World:
    """The world that saved facts tell of, as a start of the server would make it."""
    registry = Registry(FEATURES, Settings())
    world = World()
    known = [row for row in saved if row.kind in registry.kinds]
    for row in sorted(known, key=lambda row: registry.kinds[row.kind].phase):
        kind = registry.kinds[row.kind]
        try:
            fact = decode(kind, row.body)
        except CodecError:
            continue  # a start says so
        registry.facts[kind].apply(world, fact)
    return world


@contextmanager
def open_source(data: Path, url: str) -> Iterator[Source]:
    """Open the record of a data directory, or of a database's address. Raises sqlite3.Error and CannotError."""
    if url:
        yield from _open_postgresql(url)
        return
    database = data / "veche.db"
    if not database.is_file():
        raise CannotError("no-record", path=data)
    with closing(open_to_read(database)) as connection:
        if connection.execute("pragma user_version").fetchone()[0] != len(known_migrations()):
            raise CannotError("older", path=data)
        last = connection.execute("select coalesce(max(seq), 0) from message").fetchone()[0]
        yield Source(
            saved_facts(connection),
            last,
            partial(_swapped, read_said, connection),
            partial(_swapped, read_talk, connection),
            lambda messages: count_reactions(messages, connection),
        )


def _swapped(read: Callable[..., Any], connection: sqlite3.Connection, one: object, other: object) -> Any:
    return read(one, other, connection)


def _open_postgresql(url: str) -> Iterator[Source]:
    with asyncio.Runner() as runner:

        def run(job: Coroutine[Any, Any, Any]) -> Any:
            return runner.run(job)

        connection = run(connect(url, "veche export", writes=False))
        try:
            saved = run(schema.saved_facts(connection))
            last = run(connection.fetchval("select coalesce(max(seq), 0) from message"))
            yield Source(
                saved,
                last,
                lambda person, after: run(exporting.read_said(person, after, connection)),
                lambda name, after: run(exporting.read_talk(name, after, connection)),
                lambda messages: run(questions.count_reactions(messages, connection)),
            )
        finally:
            run(connection.close())


def export_person(source: Source, name: str, form: str, server: str, out: TextIO, tell: Bar) -> int:
    """Write all that is kept of a person; how many messages that was. Raises CannotError."""
    account = source.world.accounts.named(name)
    if account is None:
        raise CannotError("no-account", name=name)
    make = PersonAsMail if form == "mbox" else PersonAsJson
    document = make(source.world, account, server, int(time.time() * 1000))
    out.write(document.begin())
    after, count = 0, 0
    while True:
        said = source.said(account.uid, after)
        out.write(document.part(said))
        count += len(said.records)
        if not said.next:
            break
        after = said.next
        tell(after, source.last)
    out.write(document.end())
    return count


def export_room(
    source: Source, name: str, form: str, server: str, out: TextIO, tell: Bar, language: Language
) -> int:
    """Write what was said in a room, in all its eras; how many messages that was. Raises CannotError."""
    room = source.world.rooms.get(fold(name))
    key = source.world.conversation_of(fold(name))
    if room is None and not source.talk(key, (0, 0)):
        raise CannotError("no-room", name=name)
    make = RoomAsJson if form == "json" else RoomAsPage
    title, topic = (room.name, room.topic) if room is not None else (name, "")
    document = make(title, topic, server, int(time.time() * 1000), language)
    out.write(document.begin())
    count = 0
    for records in _talk(source, key):
        reactions = source.reactions([record.seq for record in records])
        out.write(document.part(Talk(records, reactions)))
        count += len(records)
        tell(records[-1].seq, source.last)
    out.write(document.end())
    return count


def _talk(source: Source, key: str) -> Iterator[Records]:
    after = (0, 0)
    while records := source.talk(key, after):
        yield records
        if not records.has_more:
            return
        after = (records[-1].time, records[-1].seq)


FORMS = {"person": (".json", ".mbox"), "room": (".html", ".json")}


def main(argv: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Run with the arguments behind the command's name; returns the exit code."""
    language = language_of_locale(environment)
    say = Phrases(PHRASES, language)
    if not {"--help", "-h"}.isdisjoint(argv):
        print(say("usage", data=cli.default_data(environment) or "--data"))
        return 0
    return perform(lambda: _run(argv, environment, language, say), say, language)


def _run(argv: Sequence[str], environment: Mapping[str, str], language: Language, say: Phrases) -> int:
    parser = Parser("server.py export", language, about="")
    parser.add_argument("words", nargs="*")
    for option in ("--data", "--config", "--store"):
        parser.add_argument(option)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--force", action="store_true")
    options = parser.parse_intermixed_args(argv)
    if len(options.words) != 3 or options.words[0] not in FORMS:
        raise CannotError("words")
    what, name, place = options.words
    file = Path(place).absolute()
    if file.suffix not in FORMS[what]:
        raise CannotError("kind", file=file, ends=", ".join(FORMS[what]))
    if os.path.lexists(file) and not options.force:
        raise CannotError("exists", file=file)
    data, _, config = cli.locate(options, environment, language)
    if config.store.url:
        require(["postgresql"], [COMMAND, *argv], language)
    form = file.suffix.removeprefix(".")
    bar = Bar(say("reading"))
    server = config.server.name
    with open_source(data, config.store.url) as source, _written(file) as out:
        try:
            if what == "person":
                count = export_person(source, name, form, server, out, bar)
            else:
                count = export_room(source, name, form, server, out, bar, config.server.language or language)
        finally:
            bar.clear()
    print(say("written", file=file, count=f"{count:,}"))
    return 0


@contextmanager
def _written(file: Path) -> Iterator[TextIO]:
    """A file to write to, that is in its place when it is whole, and nowhere if it is not."""
    fresh = file.with_name(file.name + ".part")
    descriptor = open_private(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        with open(descriptor, "w", encoding="utf-8", errors="replace", newline="\n") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
        sync_directory(file.parent)
    finally:
        fresh.unlink(missing_ok=True)
