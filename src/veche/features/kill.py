"""KILL: ending somebody's connection.

Source: Modern IRC, "KILL message". The others read the reason in his QUIT, as of anybody who goes.
"""

import logging

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.operators import name_of, tell
from veche.core.registry import Command, Feature
from veche.core.replies import fit
from veche.wire import numerics
from veche.wire.lines import cut
from veche.wire.names import fold

_log = logging.getLogger("veche.oper")


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
    sessions = list(ask.engine.fanout.sessions.get(target.uid, ()))
    if not sessions:
        # One who stays without a device: he goes until he logs in again.
        ask.engine.dismiss(target, reason)
    for session in sessions:
        # "the client being killed receives the KILL message, and the <source> of the message SHOULD be the operator
        # who performed the command"
        ask.engine.outboxes.send(session, line)
        session.quitting = reason
        session.evicted = True
        ask.engine.end(session, cut(f"Closing Link: {session.host} ({reason})", ask.settings.topic_length))


feature = Feature(
    "kill",
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
