"""KILL: ending somebody's connection.

Source: Modern IRC, "KILL message". The others read the reason in his QUIT, as of anybody who goes.
"""

import logging

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.help import Family, Help
from veche.core.operators import name_of, tell
from veche.core.registry import Command, FactRow, Feature, OwnCopy
from veche.core.replies import fit
from veche.state.events import SILENCE, Fact
from veche.wire import numerics
from veche.wire.lines import cut
from veche.wire.names import fold

_log = logging.getLogger("veche.oper")


class UserKilled(Fact):
    """Somebody who has sessions on other nodes of a cluster is to have none: `line` is what he is told, `reason` what
    the others read."""

    __slots__ = ("line", "reason", "target")
    changes = False

    def __init__(self, actor: str, target: str, reason: str, line: str) -> None:
        super().__init__(actor)
        self.target = target
        self.reason = reason
        self.line = line


def kill(ask: Ask) -> None:
    """KILL <nickname> <comment>."""
    if fold(ask.params[0]) == fold(ask.settings.server):
        ask.reply(numerics.ERR_CANTKILLSERVER, "You cant kill a server!")
        return
    target = ask.world.users_by_key.get(fold(ask.params[0]))
    if target is None:
        ask.reply(numerics.ERR_NOSUCHNICK, ask.params[0], "No such nick/channel")
        return
    comment = cut(ask.params[1], ask.settings.kick_length) or ask.user.nick
    # 'The <reason> on this QUIT message typically has the form: "Killed (<killer> (<reason>))"'
    reason = f"Killed ({ask.user.nick} ({comment}))"
    _log.info("%s kills %s: %s", name_of(ask.user), target.source, comment)
    tell(ask.engine, "k", f"{name_of(ask.user)} has killed {target.source}: {comment}")
    line = fit("", f":{ask.user.source} KILL {target.nick} :{comment}")
    if target is ask.user:
        ask.finish()  # he who ends himself is answered first
    if ask.engine.log.is_elsewhere(target.uid):
        ask.commit(UserKilled(ask.user.uid, target.uid, reason, line))
    elif not end_sessions(ask.engine, target.uid, reason, line):
        # One who stays without a device: he goes until he logs in again.
        ask.engine.dismiss(target, reason)


def end_sessions(engine: Engine, uid: str, reason: str, line: str) -> bool:
    """End the sessions that somebody has on this node; whether there was any."""
    sessions = list(engine.fanout.sessions.get(uid, ()))
    for session in sessions:
        # "the client being killed receives the KILL message, and the <source> of the message SHOULD be the operator
        # who performed the command"
        engine.outboxes.send(session, line)
        session.quitting = reason
        session.evicted = True
        engine.end(session, cut(f"Closing Link: {session.host} ({reason})", engine.settings.topic_length))
    return bool(sessions)


def _kill_here(engine: Engine, fact: UserKilled) -> None:
    end_sessions(engine, fact.target, fact.reason, fact.line)


feature = Feature(
    "kill",
    facts={
        UserKilled: FactRow(
            apply=lambda world, fact: SILENCE, render=lambda fact, view, tags: "", own_copy=OwnCopy.NEVER
        )
    },
    witnesses={UserKilled: _kill_here},
    commands=[
        Command(
            "KILL",
            kill,
            least=2,
            privileged=True,
            help=Help(
                "<nick> <reason>",
                "Ends somebody's connections. The reason is read by all who share a room with that person.",
                "Обрывает соединения человека. Причину прочтут все, кто с ним в одной комнате.",
                Family.OPERATORS,
            ),
        )
    ],
)
