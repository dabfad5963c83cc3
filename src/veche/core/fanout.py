"""Hand a fact to its audience: one rendering per view, never one per person.

The rule: a line is rendered once for all sessions whose capabilities make it look the same, and the same bytes object
goes to each of them. Members of a room are kept grouped by view, so that a message costs one append per member.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from veche.core.operators import OPERATOR
from veche.core.registry import OwnCopy
from veche.core.replies import iso_time, with_tag
from veche.state.events import SILENCE, Audience, Fact
from veche.state.user import BOT
from veche.wire.caps import ACCOUNT_TAG, ECHO_MESSAGE, MESSAGE_TAGS, OPER_TAG, SERVER_TIME
from veche.wire.message import escape

if TYPE_CHECKING:
    from veche.core.ask import Ask
    from veche.core.outbox import Outboxes
    from veche.core.registry import FactRow
    from veche.core.session import Session
    from veche.state.room import Room
    from veche.state.user import User

# oper-tag: "Servers supporting this capability MAY be configured to restrict visibility of this tag or its value." By
# which name an operator has proved himself is nobody's business, so it has none.
_OPER: Final = "draft/oper"
# On a message that stands nowhere when it has been told: docs/ext/keep.md.
NOT_KEPT: Final = "veche/not-kept"

# Names of our own, since a compiled module looks those of an enumeration up each time.
_ALWAYS: Final = OwnCopy.ALWAYS
_ECHO: Final = OwnCopy.ECHO

Group = dict[int, dict["Session", None]]  # view -> sessions, in the order of joining


class Fanout:
    """Which sessions belong to a user and sit in a room; the world's watcher."""

    __slots__ = ("is_following", "outboxes", "rooms", "sessions")

    def __init__(self, outboxes: Outboxes) -> None:
        self.outboxes = outboxes
        self.is_following = False  # what is delivered has been asked for on another node
        self.sessions: dict[str, list[Session]] = {}  # by uid
        self.rooms: dict[str, Group] = {}  # by folded name

    def attach(self, user: User, session: Session) -> None:
        """This session is one of this user's from now on, and hears what is said where he is."""
        self.sessions.setdefault(user.uid, []).append(session)
        for key in user.rooms:
            self.rooms.setdefault(key, {}).setdefault(session.view, {})[session] = None

    def detach(self, user: User, session: Session) -> None:
        """This session is gone; the user may have others."""
        sessions = self.sessions.get(user.uid, [])
        if session in sessions:
            sessions.remove(session)
            for groups in self._groups_of(user):
                groups.get(session.view, {}).pop(session, None)
        if not sessions:
            self.sessions.pop(user.uid, None)

    def look_anew(self, session: Session, view: int) -> None:
        """The session's capabilities changed what lines look like to it."""
        if view != session.view and session.user is not None:
            for groups in self._groups_of(session.user):
                groups.get(session.view, {}).pop(session, None)
                groups.setdefault(view, {})[session] = None
        session.view = view

    def joined(self, room: Room, user: User) -> None:
        """A user has become a member (Watcher)."""
        groups = self.rooms.setdefault(room.key, {})
        for session in self.sessions.get(user.uid, ()):
            groups.setdefault(session.view, {})[session] = None

    def left(self, room: Room, user: User) -> None:
        """A member has ceased to be one (Watcher)."""
        groups = self.rooms.get(room.key)
        if groups is None:
            return
        for session in self.sessions.get(user.uid, ()):
            if (group := groups.get(session.view)) is not None:
                group.pop(session, None)
        if not room.members:
            del self.rooms[room.key]

    def renamed(self, room: Room, before: str) -> None:
        """A room has another key (Watcher)."""
        groups = self.rooms.pop(before, None)
        if groups is not None:
            self.rooms[room.key] = groups

    def deliver(
        self, audience: Audience, fact: Fact, row: FactRow, ask: Ask | None, actor: User | None
    ) -> None:
        """Owe the fact's line to everyone in the audience, and to who asked for it his own copy.

        Labelled or not, the asker's copy goes through his ask; the others share one rendering per view.
        """
        if audience is SILENCE:
            return
        origin = None
        if ask is not None:
            origin = ask.session
            own = row.own_copy
            if own is _ALWAYS or (own is _ECHO and origin.caps & ECHO_MESSAGE):
                line = row.render(fact, origin.view, tags_of(fact, origin.view, actor))
                if line:
                    ask.send(line)
        uids = audience.uids
        room = audience.room
        if room is not None:
            groups = self.rooms.get(room.key)
            if groups:
                self._to_groups(groups, fact, row, origin, actor)
            if uids:
                uids = [uid for uid in uids if uid not in room.members]  # everyone hears once
        echoed = row.own_copy is _ECHO
        if uids:
            # A message to oneself arrives like any other, beside its echo; a change does not come twice.
            self._to_users(uids, fact, row, None if echoed else origin, actor)
        # What one says on one device stands on his others too; in a room they hear it as members.
        if echoed and room is None and actor is not None and actor.uid not in uids:
            self._to_others(actor, fact, row, origin)

    def _to_others(self, actor: User, fact: Fact, row: FactRow, origin: Session | None) -> None:
        if self.is_following or (origin is not None and len(self.sessions.get(actor.uid, ())) > 1):
            self._to_users((actor.uid,), fact, row, origin, actor)

    def _to_groups(
        self, groups: Group, fact: Fact, row: FactRow, origin: Session | None, actor: User | None
    ) -> None:
        owed = self.outboxes.owed
        for view, sessions in groups.items():
            if not sessions:
                continue
            line = row.render(fact, view, tags_of(fact, view, actor))
            if not line:
                continue  # this view has no way to say it
            data = line.encode() + b"\r\n"
            for session in sessions:
                if session is not origin:
                    outbox = session.outbox
                    if not outbox:
                        owed.append(session)
                    outbox.append(data)

    def _to_users(
        self, uids: Collection[str], fact: Fact, row: FactRow, origin: Session | None, actor: User | None
    ) -> None:
        owed = self.outboxes.owed
        last = -1  # the view that `data` is for; most who hear of something see it alike
        data = b""
        lines: dict[int, bytes] = {}
        for uid in uids:
            for session in self.sessions.get(uid, ()):
                if session is origin:
                    continue
                view = session.view
                if view != last:
                    if last != -1:
                        lines[last] = data
                    last = view
                    known = lines.get(view) if lines else None
                    if known is None:
                        line = row.render(fact, view, tags_of(fact, view, actor))
                        known = line.encode() + b"\r\n" if line else b""
                    data = known
                if not data:
                    continue  # this view has no way to say it
                outbox = session.outbox
                if not outbox:
                    owed.append(session)
                outbox.append(data)

    def _groups_of(self, user: User) -> list[Group]:
        return [self.rooms[key] for key in user.rooms if key in self.rooms]


def tags_of(fact: Fact, view: int, actor: User | None) -> str:
    """The tag part that every fact has in this view, with '@' and space: the server's own tags, then the client's.

    `actor` is who did it, as he is after it; None for the server.
    """
    if not view:
        return ""
    tags = []
    if view & SERVER_TIME:
        tags.append("time=" + iso_time(fact.time))
    if view & MESSAGE_TAGS and (msgid := getattr(fact, "msgid", "") or fact.event_id):
        tags.append("msgid=" + msgid)
        if not getattr(fact, "is_kept", True):
            tags.append(NOT_KEPT)
    if actor is not None:
        tags += _tags_by(actor, view)
    if view & MESSAGE_TAGS and (client := getattr(fact, "tags", "")):
        # message-tags: "Any server-sent tags attached to messages MUST be included before client-only tags"
        tags.append(client)
    return "@" + ";".join(tags) + " " if tags else ""


def _tags_by(user: User, view: int) -> list[str]:
    """The tags that say who somebody is, on all that he does."""
    tags = []
    if view & MESSAGE_TAGS and BOT in user.modes:
        # bot-mode: "Servers MUST NOT send this tag with a value"
        tags.append("bot")
    if view & OPER_TAG and OPERATOR in user.modes:
        tags.append(_OPER)
    if view & ACCOUNT_TAG and user.account:
        # account-tag: "The tag MUST be added by the ircd to all commands sent by a user"
        tags.append("account=" + escape(user.account))
    return tags


def on_behalf_of(user: User, view: int, line: str) -> str:
    """A numeric that speaks for a user, as an answering machine does, or that he has caused by what he did.

    bot-mode: "The tag SHOULD also be added by the ircd to all numerics directly caused by the bot." oper-tag: it
    "SHOULD be added to any numeric replies sent on behalf of the user".
    """
    tags = _tags_by(user, view)
    return with_tag(line, ";".join(tags)) if tags else line
