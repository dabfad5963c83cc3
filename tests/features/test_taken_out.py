"""Every feature can be taken out of the list: the others go on, and nobody meets a bug.

Deleting a feature's file and its line in the list removes it; this holds each of them to that.
"""

from __future__ import annotations

import pytest

from veche.app.features import FEATURES
from veche.core.registry import Feature
from veche.testing.checks import check_stage
from veche.testing.stage import Stage, quiet_settings

EVERYTHING = [
    "CAP LS 302", "CAP LIST", "JOIN #tea", "TOPIC #tea :green", "MODE #tea +b x", "MODE #tea", "MODE ann +i", "NAMES",
    "LIST", "PRIVMSG #tea :hello", "NOTICE bob :hello", "INVITE bob #tea", "AWAY :gone", "PRIVMSG ann :me", "WHO *",
    "WHOIS bob", "ISON bob", "USERHOST bob", "CHATHISTORY LATEST #tea * 5", "SETNAME :Anna", "MONITOR + bob", "MOTD",
    "LUSERS", "VERSION", "HELP", "NICK anna", "KICK #tea bob :out", "PART #tea", "JOIN #lobby", "TEAPOT", "PING x",
    "QUIT :bye",
]  # fmt: skip
# Without these nobody gets in or can negotiate; that the server stands is all that can be asked.
DOORS = {"registration", "cap"}


@pytest.mark.parametrize("missing", FEATURES, ids=lambda feature: feature.name)
def test_the_server_stands_without_it(missing: Feature) -> None:
    settings = quiet_settings()
    settings.lobby = "#lobby"
    stage = Stage(settings, features=[feature for feature in FEATURES if feature is not missing])
    with stage.bugs:
        ann, bob = stage.open("ann"), stage.open("bob")
        bob.send("NICK bob", "USER bob 0 * :Bob", "JOIN #tea")
        ann.send("NICK ann", "USER ann 0 * :Ann")
        for line in EVERYTHING:
            ann.send(line)
        stage.pass_time(300)
    assert check_stage(stage) == []
    assert missing.name in DOORS or any(b" 001 ann " in line for line in ann.heard)
