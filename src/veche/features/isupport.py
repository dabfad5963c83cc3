"""ISUPPORT: what the server supports and where its limits are, at the welcome and whenever somebody asks.

Source: Modern IRC, "RPL_ISUPPORT (005)"; IRCv3 extended-isupport (draft); soju.im saferate.
"""

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.registry import Command, Feature
from veche.core.settings import Settings
from veche.wire import numerics
from veche.wire.caps import BATCH, EXTENDED_ISUPPORT
from veche.wire.isupport import TEXT

_BATCHED = BATCH | EXTENDED_ISUPPORT


def isupport(ask: Ask) -> None:
    """ISUPPORT: the whole list."""
    session = ask.session
    if session.user is None and not session.caps & EXTENDED_ISUPPORT:
        # "When the draft/extended-isupport capability is enabled by the client, the server MUST accept ISUPPORT
        # commands before connection registration completes": for everybody else it is a command like any other.
        ask.reply(numerics.ERR_NOTREGISTERED, "You have not registered")
        return
    server = ask.settings.server
    batch = ""
    if session.caps & _BATCHED == _BATCHED:
        # "The server MUST group all RPL_ISUPPORT messages inside a draft/isupport batch when the batch and
        # draft/extended-isupport capabilities are enabled."
        batch = ask.engine.next_batch()
        ask.send(f":{server} BATCH +{batch} draft/isupport")
    tag = f"@batch={batch} " if batch else ""
    for words in ask.engine.registry.isupport:
        ask.send(f"{tag}:{server} {numerics.RPL_ISUPPORT} {session.nick} {' '.join(words)} :{TEXT}")
    if batch:
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
