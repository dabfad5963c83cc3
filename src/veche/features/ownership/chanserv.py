"""ChanServ: rooms that belong to people, as a face of the same functions that MODE and JOIN obey.

`/msg ChanServ <verb> ...`, `/cs <verb> ...` and `CHANSERV <verb> ...` are one.
"""

from __future__ import annotations

from veche.core.nicks import CHANSERV as NAME
from veche.core.services import Service
from veche.features.ownership import exporting, moderation, verbs

PHRASES = {
    "title": (
        "ChanServ keeps rooms for their founders. What it understands:",
        "ChanServ хранит комнаты для их основателей. Что он понимает:",
    ),
    **verbs.PHRASES,
    **moderation.PHRASES,
    **exporting.PHRASES,
}

CHANSERV = Service(NAME, PHRASES, [*verbs.OWNERSHIP, *exporting.VERBS, *moderation.VERBS])
