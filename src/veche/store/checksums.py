"""Checksums of what is kept: 32 bits beside each message and each saved fact, so that damage is noticed and named.

A disk may give back other bits than it was given, and SQLite notices only what breaks the shape of its pages. A
checksum is made of the values of a row, not of bytes in a file: it is the same in every engine, survives being copied
from one to another, and is compared there.

The rules:
* Whoever changes a row that has a checksum writes the new one in the same transaction: for messages, `seal`.
* NULL means that a row has none: it was written by a version that knew no checksums.
* The sum is a CRC-32, which finds every change of up to 32 bits in a row, and of others all but one in four thousand
  million. It is no proof against somebody who writes into the database on purpose.

The form of a message: its texts joined by NUL (which none of them holds), as UTF-8; the CRC begins with its numbers,
each with a weight of its own, modulo the largest prime below 2**32, so that every bit of a number counts.
"""

import json
import sqlite3
from collections.abc import Iterable
from zlib import crc32

_PRIME = 4_294_967_291

# For messages that are looked at in the database: the columns of `sum_of_row`, with the conversation's name and era.
ROW = (
    "seq, time, known.era, coalesce(sent, 0), coalesce(redaction, 0), coalesce(edited, 0), msgid, known.name,"
    " command, source, sender, account, target, tags, text"
)
_ROWS = f"""
    select json_group_array(json_array({ROW}))
    from json_each(?) asked join message on seq = asked.value join conversation known on known.id = conversation
"""  # noqa: S608
_SEAL = (
    "update message set checksum = given.value ->> 1 from json_each(?) given where seq = given.value ->> 0"
)


def sum_of_row(
    seq: int,
    time: int,
    era: int,
    sent: int,
    redaction: int,
    edited: int,
    msgid: str,
    conversation: str,
    *texts: str,
) -> int:
    """The checksum of a message as it is in a database; `redaction` is 0 for what stands, `edited` for what was not;
    `texts` are the other seven."""
    return crc32(
        "\0".join((msgid, conversation, *texts)).encode(),
        (seq + 3 * time + 5 * era + 7 * sent + 11 * redaction + 13 * edited) % _PRIME,
    )


def sum_of_fact(seq: int, kind: str, key: str, body: str) -> int:
    """The checksum of a saved fact; `key` is "" for one without."""
    return crc32(f"{kind}\0{key}\0{body}".encode(), seq % _PRIME)


def seal(connection: sqlite3.Connection, messages: Iterable[int]) -> None:
    """Make the checksums of these messages (places in the log) anew, in the transaction that has changed them."""
    rows = json.loads(connection.execute(_ROWS, (json.dumps(list(messages)),)).fetchone()[0])
    connection.execute(_SEAL, (json.dumps([(row[0], sum_of_row(*row)) for row in rows]),))
