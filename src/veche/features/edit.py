"""Messages are edited by who said them, for a while: where they are, under their ids.

Source: the open proposal for message-edit (https://github.com/ircv3/ircv3-specifications/pull/425), in the form of a
message with a tag that points to the one it is to be: docs/ext/edit.md. The rules of what may be said where are asked
again. Whoever does not know edits reads one short line. How a message read before is kept until it is taken back, and
shown (EDITS) to who said it and to the operators of the room.
"""

from __future__ import annotations

from copy import copy
from functools import partial
from typing import TYPE_CHECKING

from veche.core import once
from veche.core.ask import Ask
from veche.core.conversations import Conversation, find
from veche.core.help import Family, Help
from veche.core.longtext import one_line
from veche.core.playback import EDIT_TAG, JustCorrected, close_batch, open_batch, playback_line
from veche.core.ports import Edit, Page, Record, StoreError, UnknownReference, Version
from veche.core.registry import Command, FactRow, Feature, OwnCopy
from veche.core.replies import Failure, Refusal
from veche.core.session import Session
from veche.core.settings import Settings
from veche.features.client_tags import is_denied
from veche.features.messages import MessageSent, apply_message, guard_message, is_ctcp, render_message
from veche.state.world import World
from veche.wire.caps import EDIT, MESSAGE_TAGS
from veche.wire.lines import BODY_LIMIT
from veche.wire.names import fold, is_room

if TYPE_CHECKING:
    from veche.core.engine import Engine

CAPABILITY = "draft/message-edit"
BATCH = "veche/edits"
# Longer than any message id of ours.
_LONGEST_MSGID = 64


class MessageEdited(MessageSent):
    """A message reads otherwise: `message` is its place in the log, `edited` its id, `said` its time.

    `is_own` is whether who does it has said it, `window` for how many seconds he may, and `gone` which messages have
    been taken back; for the guard.
    """

    # What comes behind it is about the message as it reads now.
    changes = True
    __slots__ = ("edited", "gone", "is_own", "message", "said", "window")

    def __init__(self, said: MessageSent, record: Record) -> None:
        tags = f"{EDIT_TAG}={record.msgid}"
        super().__init__(
            said.actor, said.source, said.account, record.command, said.target, said.room, said.text, tags
        )
        self.prefix = said.prefix
        self.recipient = said.recipient
        self.conversation = record.conversation
        self.era = record.era
        self.message = record.seq
        self.edited = record.msgid
        self.said = record.time
        self.is_own = False
        self.window = 0
        self.gone: JustCorrected | None = None


# ---- handlers


def edit(ask: Ask, fact: MessageSent, msgid: str) -> None:
    """@+draft/edit=<msgid> PRIVMSG <target> :<text>. The message is looked up first: whose it is, and of when."""
    conversation = find(ask, fact.target.removeprefix(fact.prefix))
    if "," in ask.params[0]:
        ask.fail("INVALID_PARAMS", EDIT_TAG, text="An edit is for one target")
    elif not _is_possible(ask.settings):
        ask.refuse(_forbidden(fact.target, msgid))
    elif conversation is None or ask.engine.store is None or not _may_be_id(msgid):
        ask.refuse(_unknown(fact.target, msgid))
    else:
        page = _page(conversation, msgid, fact.prefix)
        ask.wait()
        ask.engine.store.page(page, partial(_found, ask, fact, msgid))


def _page(conversation: Conversation, msgid: str, prefix: str = "") -> Page:
    return Page(prefix + conversation.key, 1, era=conversation.era, since=conversation.since, around=msgid)


def _may_be_id(msgid: str) -> bool:
    return 0 < len(msgid) <= _LONGEST_MSGID and msgid.isascii()


def _found(ask: Ask, fact: MessageSent, msgid: str, records: list[Record] | StoreError) -> None:
    """The record has answered. Who asked may have gone meanwhile."""
    record = _one_of(ask, fact.target, msgid, records)
    if record is not None and (is_ctcp(record.text) or is_ctcp(fact.text)):
        # What programs ask of one another is not edited, and nothing that was said becomes a question of theirs.
        ask.refuse(_forbidden(fact.target, msgid))
    elif record is not None:
        edited = MessageEdited(fact, record)
        # Not by the name of the account, which may be another person's since.
        edited.is_own = record.sender == ask.user.identity
        edited.window = ask.settings.edit_seconds
        edited.gone = ask.engine.shelf(JustCorrected)
        if given := ask.message.tags.get(once.TAG, ""):
            once.say_once(ask, edited, None, given)
        else:
            ask.commit(edited)
    ask.settled()


def _one_of(ask: Ask, target: str, msgid: str, records: list[Record] | StoreError) -> Record | None:
    """The message that was asked for; None where there is no such one, which is answered, or nobody who asks."""
    if isinstance(records, StoreError) and not isinstance(records, UnknownReference):
        text = "The record cannot be read now. Please try again later."
        ask.fail("INTERNAL_ERROR", target, msgid, text=text)
        return None
    if ask.session.user is None:
        return None
    standing = [] if isinstance(records, StoreError) else ask.engine.shelf(JustCorrected).standing(records)
    if not standing or standing[0].msgid != msgid:
        ask.refuse(_unknown(target, msgid))
        return None
    return standing[0]


def edits(ask: Ask) -> None:
    """EDITS <target> <msgid>: how a message has read."""
    target, msgid = ask.params[:2]
    conversation = find(ask, target)
    if conversation is None:
        # The same for what does not exist and for what is not one's business.
        ask.fail("INVALID_TARGET", target, text=f"You cannot read edits in {target}")
    elif ask.engine.store is None or not _may_be_id(msgid):
        ask.refuse(_unknown(target, msgid))
    else:
        ask.wait()
        ask.engine.store.page(_page(conversation, msgid), partial(_ask_versions, ask, conversation, msgid))


def _ask_versions(ask: Ask, talk: Conversation, msgid: str, records: list[Record] | StoreError) -> None:
    record = _one_of(ask, talk.name, msgid, records)
    if record is not None and ask.engine.store is not None:
        room = ask.world.rooms.get(fold(talk.name))
        if record.sender == ask.user.identity or (room is not None and room.is_operator(ask.user.uid)):
            ask.wait()
            ask.engine.store.versions(record.seq, partial(_tell_versions, ask, talk.name, record))
        else:
            text = "This is for who said it and for operators of the room"
            ask.fail("EDITS_FORBIDDEN", talk.name, msgid, text=text)
    ask.settled()


def _tell_versions(ask: Ask, name: str, record: Record, versions: list[Version] | StoreError) -> None:
    if isinstance(versions, StoreError):
        text = "The record cannot be read now. Please try again later."
        ask.fail("INTERNAL_ERROR", name, record.msgid, text=text)
    elif ask.session.user is not None:
        batch = open_batch(ask, f"{BATCH} {name} {record.msgid}")
        for version in versions:
            shown = copy(record)
            shown.time, shown.text, shown.edited = version.time, version.text, 0
            if is_room(name):
                shown.target = name
            ask.send(playback_line(shown, ask.session, batch))
        close_batch(ask, batch)
    ask.settled()


def _forbidden(target: str, msgid: str) -> Refusal:
    return Failure("EDIT_FORBIDDEN", target, msgid, text="You are not authorised to edit this message")


def _unknown(target: str, msgid: str) -> Refusal:
    return Failure("UNKNOWN_MSGID", target, msgid, text="This message does not exist or is too old")


# ---- facts


def guard_edit(world: World, fact: MessageEdited) -> Refusal | None:
    """Is it his, still there, and of not too long ago; and might he say this here now?"""
    if fact.gone is not None and fact.edited in fact.gone:
        return _unknown(fact.target, fact.edited)
    room = world.rooms.get(fact.room)
    # Where nothing that is said is kept, no older message says it.
    if not fact.is_own or (room is not None and not world.keeps(room)):
        return _forbidden(fact.target, fact.edited)
    if fact.time > fact.said + fact.window * 1000:
        text = "You can no longer edit this message"
        return Failure("EDIT_WINDOW_EXPIRED", fact.target, fact.edited, str(fact.window), text=text)
    return guard_message(world, fact)


def render_edit(fact: MessageEdited, view: int, tags: str) -> str:
    """The message as it reads now, and which one it is; for who does not know edits, one short line."""
    if view & EDIT:
        return render_message(fact, view, tags)
    if view & MESSAGE_TAGS:
        tags = f"{tags[: -len(fact.tags) - 1]}+reply={fact.edited} "
    head = f":{fact.source} {fact.command} {fact.target} :"
    return tags + head + one_line(fact.text, BODY_LIMIT - len(head.encode()))


def record_edit(world: World, fact: MessageEdited) -> Edit:
    """The row that changes the text."""
    sender = world.users[fact.actor].identity
    return Edit(
        fact.seq,
        fact.time,
        fact.message,
        fact.text,
        fact.msgid,
        fact.source,
        sender,
        fact.account,
        fact.sent,
    )


def note(engine: Engine, fact: MessageEdited) -> None:
    """A page that was read a moment before must not bring the old text back."""
    engine.shelf(JustCorrected).edited(fact.edited, fact.text, fact.time)


def _is_possible(settings: Settings) -> bool:
    denied = settings.client_tags_denied
    return bool(settings.edit_seconds and settings.stores and not (denied and is_denied(denied, EDIT_TAG)))


def _offer(_session: Session, settings: Settings) -> str | None:
    return "" if _is_possible(settings) else None


feature = Feature(
    "edit",
    commands=[
        Command(
            "EDITS",
            edits,
            least=2,
            help=Help(
                "<target> <msgid>",
                "Shows how a message has read since it was said: your own, and any in a room of which you are an "
                "operator. Clients edit by a tag on a message; yours can be edited for {s.edit_seconds} seconds.",
                "Показывает, каким было сообщение с тех пор, как его сказали: ваше, а в комнате, где вы оператор, "
                "любое. Правит сообщения сама программа, тегом; своё можно править {s.edit_seconds} секунд.",
                Family.TALK,
            ),
        )
    ],
    facts={
        MessageEdited: FactRow(
            guard=guard_edit,
            apply=apply_message,
            render=render_edit,
            record=record_edit,
            own_copy=OwnCopy.ECHO,
        ),
    },
    caps={CAPABILITY: _offer},
    witnesses={MessageEdited: note},
    instead={EDIT_TAG: edit},
)
