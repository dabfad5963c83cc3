"""REHASH, DIE and RESTART: what operators may do with the program.

Source: Modern IRC, "REHASH message", "RESTART message"; standard-replies, for what is wrong with a config.

The rule: a config that cannot be used changes nothing (FAIL REHASH CONFIG_BAD, with the key and the line). Ending the
server needs its name as the parameter, lest a command that was meant for another window ends it.
"""

import logging

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.operators import name_of, say, tell
from veche.core.ports import ConfigFault
from veche.core.registry import Command, Feature
from veche.wire import numerics
from veche.wire.names import fold

_log = logging.getLogger("veche.oper")


def rehash(ask: Ask) -> None:
    """REHASH: read the config and the certificate again."""
    administration = ask.engine.administration
    if administration is None:
        ask.fail("UNAVAILABLE", text="This server has no config to read")
        return
    found = administration.rehash()
    if isinstance(found, ConfigFault):
        line = str(found.line) if found.line else "*"
        ask.fail("CONFIG_BAD", found.key or "*", line, text=f"{found.text}; nothing has changed")
        return
    ask.reply(numerics.RPL_REHASHING, found.file, "Rehashing")
    for key, text in found.changed.items():
        say(ask, f"{key} {text}")
    for key in found.waiting:
        say(ask, f"{key} has changed, but needs a restart to take effect")
    if not found.changed and not found.waiting:
        say(ask, "Nothing has changed")
    tell(ask.engine, "a", f"{name_of(ask.user)} has read the config again")


def die(ask: Ask) -> None:
    """DIE <server name>."""
    _end(ask, restarts=False)


def restart(ask: Ask) -> None:
    """RESTART <server name>."""
    _end(ask, restarts=True)


def _end(ask: Ask, *, restarts: bool) -> None:
    command = "RESTART" if restarts else "DIE"
    server = ask.settings.server
    if not ask.params or fold(ask.params[0]) != fold(server):
        ask.fail("NEEDS_CONFIRMATION", text=f"To do so, say {command} {server}", command=command)
        return
    administration = ask.engine.administration
    if administration is None:
        ask.fail("UNAVAILABLE", text="Nobody here could end this server", command=command)
        return
    _log.warning("%s says %s", name_of(ask.user), command)
    tell(ask.engine, "a", f"{name_of(ask.user)} {'restarts' if restarts else 'ends'} the server")
    administration.end(restarts=restarts)


feature = Feature(
    "rehash",
    commands=[
        Command(
            "REHASH",
            rehash,
            privileged=True,
            help=Help(
                "",
                "Reads the config and the certificate again. A config that cannot be used changes nothing.",
                "Перечитывает настройки и сертификат. Негодные настройки ничего не меняют.",
                Family.OPERATORS,
            ),
        ),
        Command(
            "DIE",
            die,
            privileged=True,
            help=Help(
                "<server name>",
                "Ends the server.",
                "Останавливает сервер.",
                Family.OPERATORS,
            ),
        ),
        Command(
            "RESTART",
            restart,
            privileged=True,
            help=Help(
                "<server name>",
                "Ends the server and starts it again.",
                "Перезапускает сервер.",
                Family.OPERATORS,
            ),
        ),
    ],
)
