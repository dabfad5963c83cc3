"""The list: every feature of the server. Taking one out of here takes all of it out."""

from veche.core.registry import Feature
from veche.features import (
    about,
    away,
    cap,
    chathistory,
    invite,
    join,
    kick,
    lobby,
    messages,
    mode,
    monitor,
    names,
    registration,
    setname,
    topic,
    user_modes,
    who,
)

FEATURES: list[Feature] = [
    registration.feature,
    cap.feature,
    about.feature,
    join.feature,
    names.feature,
    topic.feature,
    mode.feature,
    user_modes.feature,
    kick.feature,
    invite.feature,
    messages.feature,
    who.feature,
    monitor.feature,
    away.feature,
    setname.feature,
    chathistory.feature,
    lobby.feature,
]
