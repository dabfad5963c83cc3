"""What one person takes away: all that is kept of him, as JSON, or as mail that any mail program reads.

The rules: what is his and nobody else's: his words, not the answers to them. What proves that he is he (keys of
passwords, tokens, codes) is not in it; that there is such a thing, is. A document comes in pieces, as the record is
read, and each piece of JSON ends with a line, so that a program may read it line by line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from veche.core.exporting import Said
from veche.core.replies import iso_time
from veche.core.threads import parent_of
from veche.state.accounts import Account
from veche.state.user import User
from veche.wire.names import is_room

if TYPE_CHECKING:
    from veche.core.rows import Record
    from veche.state.world import World

FORMAT = "veche-person-1"


def about(world: World, account: Account) -> dict[str, object]:
    """All that is kept of the owner of an account beside what he has said, as values that JSON knows."""
    profile = world.profiles.get(account.uid)
    rooms = [room for room in world.rooms.values() if room.registration is not None]
    present = world.present.get(account.uid)
    return {
        "account": {
            "name": account.name,
            "created": _time(account.created),
            "seen": _time(account.seen),
            "email": account.email,
            "verified": account.verified,
            "role": account.role,
            "suspended": account.suspended,
            "password": account.keys.has_password,
            "second_factor": bool(account.factor.secret),
            "devices": {name: _time(seen) for name, seen in account.devices.items()},
            "tokens": {
                name: {"scope": token.scope, "made": _time(token.made)}
                for name in account.tokens
                if (token := account.token(name)) is not None
            },
            "certificates": account.certificates,
            "ssh_keys": account.ssh_keys,
            "hosts": account.hosts,
            "choices": account.choices,
        },
        "metadata": profile.metadata if profile is not None else {},
        "notes": profile.notes if profile is not None else {},
        "read": {
            _where(world, account.uid, key): _time(until)
            for key, until in world.markers.get(account.uid, {}).items()
        },
        "here": {
            "nick": present.nick,
            "real_name": present.real_name,
            "away": present.away,
            "rooms": [world.rooms[key].name for key in present.rooms],
            "silences": list(present.silences.values()),
        }
        if present is not None
        else None,
        "rooms": {
            room.name: "q" if room.registration and room.registration.founder == account.uid else rank
            for room in rooms
            if (rank := room.rank_of(account.uid))
        },
        "invitations": [
            {"room": one.room, "uses": one.uses, "until": _time(one.until)}
            for one in world.invitations.values()
            if one.by == account.uid
        ],
    }


def _time(time: int) -> str:
    return iso_time(time) if time else ""


def _where(world: World, person: str, key: str) -> str:
    """A conversation for people: the room, or whom it was with."""
    if " " not in key:
        return next(
            (room.name for room in world.rooms.values() if world.conversation_of(room.key) == key), key
        )
    one, other = key.split(" ")
    known = world.known(other if one == person else one)
    if known is None:
        return _GONE
    return known.nick if isinstance(known, User) else known.name


_GONE = "(somebody who has gone)"


class PersonAsJson:
    """One JSON document in pieces."""

    suffix, content_type = "json", "application/json"

    def __init__(self, world: World, account: Account, server: str, now: int) -> None:
        self._world = world
        self._person = account.uid
        head = {"format": FORMAT, "server": server, "exported": iso_time(now), **about(world, account)}
        self._head = json.dumps(head, ensure_ascii=False, indent=1)
        self._is_first = True

    def begin(self) -> str:
        """What stands before the words."""
        return self._head.removesuffix("\n}") + ',\n "said": ['

    def part(self, said: Said) -> str:
        """A part of the words, an object in each line."""
        pieces = [self._item(item) for item in self._items(said)]
        return "".join(pieces)

    def end(self) -> str:
        """What stands behind them."""
        return "\n ]\n}\n"

    def _item(self, item: dict[str, object]) -> str:
        comma = "" if self._is_first else ","
        self._is_first = False
        return f"{comma}\n  {json.dumps(item, ensure_ascii=False)}"

    def _items(self, said: Said) -> Iterator[dict[str, object]]:
        wordings: dict[int, list[dict[str, str]]] = {}
        for one in said.wordings:
            wordings.setdefault(one.message, []).append({"until": iso_time(one.until), "text": one.text})
        for record in said.records:
            item: dict[str, object] = {
                "type": "message",
                "id": record.msgid,
                "time": iso_time(record.time),
                "to": _target(self._world, self._person, record),
                "as": record.source,
                "command": record.command,
                "text": record.text,
            }
            if parent := parent_of(record.tags):
                item["reply_to"] = parent[0]
            if record.tags:
                item["tags"] = record.tags
            if record.edited:
                item["edited"] = iso_time(record.edited)
                item["before"] = wordings.get(record.seq, [])
            yield item
        for given in said.given:
            yield {
                "type": "reaction",
                "time": iso_time(given.time),
                "to": _where(self._world, self._person, given.conversation.lstrip("~&@%+")),
                "message": given.msgid,
                "reaction": given.value,
            }


def _target(world: World, person: str, record: Record) -> str:
    if is_room(record.target.lstrip("~&@%+")) or record.target:
        return record.target
    return _where(world, person, record.conversation)


class PersonAsMail:
    """The same as a mailbox (mbox): what is kept of him as the first mail, then one for each message."""

    suffix, content_type = "mbox", "application/mbox"

    def __init__(self, world: World, account: Account, server: str, now: int) -> None:
        self._world = world
        self._account = account
        self._server = server
        self._now = now

    def begin(self) -> str:
        """The first mail."""
        text = json.dumps(about(self._world, self._account), ensure_ascii=False, indent=2)
        return self._mail(
            self._now, self._account.name, f"account@{self._server}", "All but what was said", text
        )

    def part(self, said: Said) -> str:
        """A mail for each message."""
        return "".join(self._message(record) for record in said.records)

    def end(self) -> str:
        """Nothing."""
        return ""

    def _message(self, record: Record) -> str:
        target = _target(self._world, self._account.uid, record)
        more = [f"X-Edited: {iso_time(record.edited)}"] if record.edited else []
        if parent := parent_of(record.tags):
            more.append(f"In-Reply-To: <{_plain(parent[0])}@{self._server}>")
        subject = record.text.partition("\n")[0][:60]
        return self._mail(
            record.time, target, f"{record.msgid}@{self._server}", subject, record.text, record.source, more
        )

    def _mail(
        self,
        time: int,
        target: str,
        msgid: str,
        subject: str,
        text: str,
        source: str = "",
        more: list[str] | None = None,
    ) -> str:
        nick = _plain(source.partition("!")[0] or self._account.name)
        head = [
            f"From {nick}@{self._server} {_mbox_time(time)}",
            f"Date: {_mail_time(time)}",
            f"From: {nick} <{nick}@{self._server}>",
            f"To: {_plain(target)}",
            f"Message-ID: <{msgid}>",
            f"Subject: {_plain(subject)}",
            *(more or []),
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
        ]
        # mboxrd: a line that could be taken for the beginning of a mail gets one more ">".
        lines = [
            ">" + line if line.lstrip(">").startswith("From ") else line
            for line in text.replace("\r", "\n").split("\n")
        ]
        return "\n".join([*head, "", *lines, "", ""])


def _plain(text: str) -> str:
    """In one line, with nothing that could begin another field."""
    return "".join(char if char >= " " and char != "\x7f" else " " for char in text).strip()


_DAYS = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")  # 1970-01-01 was a Thursday
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _mbox_time(time: int) -> str:
    """As C's asctime: "Thu Jan  1 12:00:00 2026"."""
    year, month, day, clock, weekday = _parts(time)
    return f"{weekday} {_MONTHS[month - 1]} {day:2} {clock} {year}"


def _mail_time(time: int) -> str:
    """RFC 5322, 3.3: "Thu, 01 Jan 2026 12:00:00 +0000"."""
    year, month, day, clock, weekday = _parts(time)
    return f"{weekday}, {day:02} {_MONTHS[month - 1]} {year} {clock} +0000"


def _parts(time: int) -> tuple[int, int, int, str, str]:
    shown = iso_time(time)
    date, clock = shown[:10], shown[11:19]
    year, month, day = (int(part) for part in date.split("-"))
    return year, month, day, clock, _DAYS[time // 86_400_000 % 7]
