"""ISUPPORT: what the server supports and where its limits are, at the welcome and whenever somebody asks.

Source: Modern IRC, "RPL_ISUPPORT (005)"; IRCv3 extended-isupport (draft); soju.im saferate.
"""

from typing import Final

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.registry import Command, Feature
from veche.core.settings import Settings
from veche.wire import numerics
from veche.wire.caps import BATCH, EXTENDED_ISUPPORT

_BATCHED: Final = BATCH | EXTENDED_ISUPPORT


def isupport(ask: Ask) -> None:
    """ISUPPORT: the whole list."""
    session = ask.session
    if session.user is None and not session.caps & EXTENDED_ISUPPORT:
        # "When the draft/extended-isupport capability is enabled by the client, the server MUST accept ISUPPORT
        # commands before connection registration completes": for everybody else it is a command like any other.
        ask.reply(numerics.ERR_NOTREGISTERED, "You have not registered")
        return
    lines = ask.engine.registry.isupport
    if session.caps & _BATCHED != _BATCHED:
        ask.reply_as_to_all(lines)
        return
    # "The server MUST group all RPL_ISUPPORT messages inside a draft/isupport batch when the batch and
    # draft/extended-isupport capabilities are enabled."
    server = ask.settings.server
    batch = ask.engine.next_batch()
    ask.send(f":{server} BATCH +{batch} draft/isupport")
    for number, words in lines:
        ask.send(f"@batch={batch} :{server} {number} {session.nick} {words}")
    ask.send(f":{server} BATCH -{batch}")


def _tokens(_settings: Settings) -> dict[str, str]:
    # saferate: "the server ensures that a client will not be disconnected due to server rate-limiting."
    # "The token MUST NOT be advertised with a value." Who sends too fast is served later. The name without a vendor is
    # what other servers say.
    return {"SAFERATE": "", "soju.im/SAFERATE": ""}


feature = Feature(
    "isupport",
    tokens=_tokens,
    commands=[
        Command(
            "ISUPPORT",
            isupport,
            early=True,
            help=Help(
                "",
                "Tells what the server supports and where its limits are, for clients. HELP LIMITS says it "
                "for people.",
                "Говорит программам, что сервер поддерживает и каковы его пределы. Для людей: HELP LIMITS.",
                Family.CONNECTION,
            ),
        )
    ],
    caps={"draft/extended-isupport": ""},
)
