"""Makes a record that reads like talk: words of two languages in their forms, some frequent and most of them rare.

    python -m bench.generate RECORD [ROWS]          a data directory, or a database of PostgreSQL's by its URL, with
                                                    ROWS messages (1,000,000); it goes on where it ended

Deterministic: the same rows give the same record. 1,000 rooms, the n-th busiest speaking 1/n as often as the first,
every other one in Russian; 200 people; three to seventeen words a message. The n-th most frequent of 20,000 words of
each language stands 1/n as often as the first (Zipf), in one of its four or five forms.
"""

from __future__ import annotations

import itertools
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from veche.core.ports import Record
from veche.store.durable import SqliteStore, open_store
from veche.wire.msgids import make_msgid

if TYPE_CHECKING:
    from veche.store.postgresql.durable import PostgresqlStore

ROOMS = 1000
PEOPLE = 200
WORDS = 20_000
START = 1_700_000_000_000
BATCH = 1000
_SYLLABLES = {
    "ru": "ба во ге ди жу зо ка ле ми но пу ре со та ве кры сто пра вно гло".split(),  # noqa: SIM905
    "en": "ba ve gi do ju zo ka le mi no pu re so ta we cry sto pra wen glo".split(),  # noqa: SIM905
}
_ENDINGS = {"ru": ["", "а", "у", "ами", "ов"], "en": ["", "s", "ed", "ing"]}


def vocabulary(language: str) -> list[str]:
    """Words without their endings, the most frequent and shortest first."""
    syllables = _SYLLABLES[language]
    made = (
        "".join(parts)
        for length in itertools.count(2)
        for parts in itertools.product(syllables, repeat=length)
    )
    last = "т" if language == "ru" else "t"
    return [word + last for word in itertools.islice(made, WORDS)]


class Talk:
    """Messages, batch by batch; each batch depends on its number alone."""

    def __init__(self) -> None:
        self.rooms = list(itertools.accumulate(1 / n for n in range(1, ROOMS + 1)))
        self.frequencies = list(itertools.accumulate(1 / n for n in range(1, WORDS + 1)))
        self.words = {language: vocabulary(language) for language in _SYLLABLES}

    def batch(self, number: int) -> list[Record]:
        """`BATCH` messages; the first batch is number 0."""
        chance = random.Random(number)
        rooms = chance.choices(range(ROOMS), cum_weights=self.rooms, k=BATCH)
        lengths = [3 + min(chance.randrange(15), chance.randrange(15)) for _ in range(BATCH)]
        ranks = iter(chance.choices(range(WORDS), cum_weights=self.frequencies, k=sum(lengths)))
        made: list[Record] = []
        for place, (room, length) in enumerate(zip(rooms, lengths, strict=True)):
            language = "en" if room % 2 else "ru"
            words, endings = self.words[language], _ENDINGS[language]
            said = [
                words[rank] + endings[rank % len(endings) if place % 2 else place // 2 % len(endings)]
                for rank in itertools.islice(ranks, length)
            ]
            seq = number * BATCH + place + 1
            moment = START + seq * 20
            nick = f"nick{chance.randrange(PEOPLE)}"
            made.append(
                Record(
                    seq,
                    make_msgid(moment, chance.randbytes(16)),
                    moment,
                    f"#room-{room}",
                    0,
                    "PRIVMSG",
                    f"{nick}!user@host.example.org",
                    nick,
                    nick,
                    f"#room-{room}",
                    "",
                    " ".join(said),
                )
            )
        return made


class Owner:
    """A store with its turns. `data` is the data directory where the record is in PostgreSQL; None: a new one."""

    def __init__(self, record: Path | str, data: Path | None = None) -> None:
        self.due: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.store: SqliteStore | PostgresqlStore
        if isinstance(record, Path):
            self.store = open_store(record, self.due.put)
        else:
            from veche.store.postgresql.durable import open_postgresql

            self._folder = tempfile.TemporaryDirectory()  # of the server that there is none of
            self.store = open_postgresql(record, data or Path(self._folder.name) / "data", self.due.put)

    def commit(self, records: list[Record]) -> None:
        answers: list[object] = []
        self.store.append([*records], answers.append)
        while not answers:
            self.due.get()()
        assert answers == [None], answers


def batches(have: int, rows: int) -> Iterator[list[Record]]:
    """What is still missing of `rows` messages."""
    talk = Talk()
    for number in range(have // BATCH, -(-rows // BATCH)):
        yield talk.batch(number)


def generate(record: Path | str, rows: int) -> None:
    """Fill a record up to so many messages."""
    owner = Owner(record)
    have = owner.store.last()[0]
    began = time.perf_counter()
    for batch in batches(have, rows):
        owner.commit(batch)
    owner.store.close(600.0)
    size = ""
    if isinstance(record, Path):
        size = f", {(record / 'veche.db').stat().st_size / rows:.0f} bytes a row"
    print(f"{rows} rows{size}, made in {time.perf_counter() - began:.0f} s")


def record_of(word: str) -> Path | str:
    """A record as a command names it."""
    return word if word.startswith(("postgresql://", "postgres://")) else Path(word)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [record, *more]:
            generate(record_of(record), int(more[0]) if more else 1_000_000)
        case _:
            sys.exit(__doc__)
