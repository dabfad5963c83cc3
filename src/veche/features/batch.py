"""BATCH from clients: opening and closing a batch. What is done with one is for the feature that brings its type.

Source: client-batch. One batch is open at a time, for `PATIENCE` seconds at most.
"""

import re
from functools import partial

from veche.core.ask import Ask
from veche.core.batches import OpenBatch
from veche.core.help import Family, Help
from veche.core.registry import Command, Feature
from veche.core.session import Session

# How long (s) a batch may stay open.
PATIENCE = 30.0
# batch: "Reference tag MUST contain only ASCII letters, numbers, and/or hyphen"; the length is what a line can answer.
_REFERENCE = re.compile(r"[A-Za-z0-9-]{1,64}")


def batch(ask: Ask) -> None:
    """BATCH +<reference-tag> <type> [<parameters>], and BATCH -<reference-tag>."""
    sign, reference = ask.params[0][:1], ask.params[0][1:]
    if sign == "-":
        _close(ask, reference)
        return
    session = ask.session
    if session.batch is not None and not session.batch.is_over:
        # "Clients MUST NOT send nested batches", nor anything else that is no part of the open one.
        session.batch.interrupt()
    session.batch = OpenBatch(ask, reference)
    if sign != "+" or _REFERENCE.fullmatch(reference) is None:
        ask.fail("INVALID_REFTAG", ask.params[0], text="A reference tag is letters, digits and hyphens")
        return
    name = ask.params[1] if len(ask.params) > 1 else "*"
    kind = ask.engine.registry.batches.get(name)
    if kind is None or not session.caps & kind.cap or "batch" in ask.message.tags:
        ask.fail(
            "UNKNOWN_TYPE", reference, name, text="This server knows no such batch, or you did not ask for it"
        )
        return
    session.batch = kind.opens(ask, reference, ask.params[2:])
    ask.engine.timers.at(ask.engine.clock.monotonic() + PATIENCE, partial(_expire, session, session.batch))


def _close(ask: Ask, reference: str) -> None:
    open_batch = ask.session.batch
    if open_batch is None or open_batch.reference != reference:
        ask.fail("INVALID_REFTAG", reference, text="No such batch is open")
        return
    ask.session.batch = None
    if not open_batch.is_over:
        open_batch.finish()
    elif ask.label:
        ask.fail("INVALID_REFTAG", reference, text="This batch has failed")


def _expire(session: Session, open_batch: OpenBatch) -> None:
    if session.batch is open_batch and not open_batch.is_over:
        open_batch.fail("TIMEOUT", open_batch.reference, text="The batch was left open for too long")


feature = Feature(
    "batch",
    commands=[
        Command(
            "BATCH",
            batch,
            least=1,
            pipelines=True,
            help=Help(
                "+<reference> <type> [<parameter>...]\n-<reference>",
                "Opens and closes a batch of lines that belong together, such as a message of several lines. "
                "Clients say this by themselves.",
                "Открывает и закрывает пачку строк, которые составляют целое, например сообщение из "
                "нескольких строк. Это говорит сама программа.",
                Family.TALK,
            ),
        )
    ],
)
