"""CAP where what is offered changes, or is nothing."""

from __future__ import annotations

from veche.app.features import FEATURES
from veche.core.registry import Command, Feature
from veche.core.session import Session
from veche.core.settings import Settings
from veche.features import registration
from veche.features.cap import cap, offers_change
from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage, quiet_settings
from veche.wire.caps import BITS

# Those of the capability registry of IRCv3 that have no namespace.
STANDARD = """
    account-notify account-tag away-notify batch cap-notify chghost echo-message extended-join extended-monitor
    invite-notify labeled-response message-tags multi-prefix no-implicit-names sasl server-time setname standard-replies
    sts userhost-in-names
""".split()  # noqa: SIM905 - a table reads better without a hundred quotation marks


def test_where_no_capabilities_are_offered_the_list_is_empty() -> None:
    # capability-negotiation: "If no capabilities are available, an empty parameter MUST be sent."
    bare = Feature("cap", commands=[Command("CAP", cap, least=1, early=True)])
    stage = Stage(features=[bare, registration.feature])
    ann = stage.open("ann")
    ann.send("CAP LS", "CAP LS 302", "CAP LIST")
    assert ann.take() == [
        ":irc.example CAP * LS :",
        ":irc.example CAP * LS :",
        ":irc.example CAP * LIST :",
    ]


def test_each_capability_is_named_once_and_as_capabilities_are_named() -> None:
    ann = Stage().open("ann")
    ann.send("CAP LS 302")
    words = " ".join(line.rpartition(" :")[2] for line in ann.take()).split(" ")
    names = [word.partition("=")[0] for word in words]
    # capability-negotiation: "The list of capabilities MUST be parsed and processed from left to right and capabilities
    # SHOULD only be sent once per command."
    assert len(names) == len(set(names))
    for name in [*names, *BITS]:
        # capability-negotiation: "Capability names are case-sensitive, and MUST NOT start with a hyphen (`-`)."
        # capability-negotiation: "Typical capability names SHOULD be lowercase, and use hyphens to separate words."
        assert name[0] != "-"
        assert name == name.lower()
        assert name.isascii()
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-/.")
        # capability-negotiation: "If you do not wish to submit your capability then you MUST use a vendor-specific name
        # (see above)."
        assert name in STANDARD or name.partition("/")[0] in {"draft", "veche", "znc.in", "soju.im"}


def told(_session: Session, settings: Settings) -> str | None:
    """What stands in the MOTD is the value of a capability that only a server with a MOTD offers."""
    return settings.motd[0] if settings.motd else None


class House:
    """A server with a capability that comes and goes, and people who have heard of it in their ways."""

    def __init__(self) -> None:
        settings = quiet_settings()
        settings.motd = ["x=1"]
        others = [feature for feature in FEATURES if "away-notify" not in feature.caps]
        self.stage = Stage(settings, features=[*others, Feature("motd", caps={"away-notify": told})])
        self.modern = self.stage.open("ann")
        self.modern.send("CAP LS 302")
        self.notified = self.stage.enter("bob", "cap-notify")
        self.old = self.stage.enter("cid", "away-notify")
        self.take()

    def people(self) -> tuple[Person, ...]:
        return self.modern, self.notified, self.old

    def take(self) -> list[list[str]]:
        return [person.take() for person in self.people()]

    def change(self, value: str) -> list[list[str]]:
        with offers_change(self.stage.engine):
            self.stage.settings.motd = [value] if value else []
        self.stage.turn()
        assert check_stage(self.stage) == []
        return self.take()


def test_what_is_offered_no_more_is_taken_away_and_what_is_new_is_told() -> None:
    house = House()
    house.modern.send("CAP REQ away-notify")
    house.take()
    # capability-negotiation: "When enabled, the server MUST notify the client about all new capabilities and about
    # existing capabilities that are no longer available using the `NEW` and `DEL` subcommands listed above."
    # capability-negotiation: "The DEL subcommand MUST ONLY be sent to clients that have negotiated CAP version `302` or
    # enabled the `cap-notify` capability."
    assert house.change("") == [
        [":irc.example CAP * DEL :away-notify"],
        [":irc.example CAP bob DEL :away-notify"],
        [],
    ]
    # capability-negotiation: "Servers MUST cancel any capability-specific behavior for a client after sending the `CAP
    # DEL` message to the client."
    for person in house.people():
        person.send("CAP LIST", "CAP REQ away-notify")
    assert house.take() == [
        [":irc.example CAP * LIST :cap-notify", ":irc.example CAP * NAK :away-notify"],
        [":irc.example CAP bob LIST :cap-notify", ":irc.example CAP bob NAK :away-notify"],
        [":irc.example CAP cid LIST :", ":irc.example CAP cid NAK :away-notify"],
    ]
    # capability-negotiation: "The NEW subcommand MUST ONLY be sent to clients that have negotiated CAP version `302` or
    # enabled the `cap-notify` capability."
    # capability-negotiation: "If the client supports CAP version `302`, the capabilities SHOULD be listed with values,
    # as in the `CAP LS` response."
    assert house.change("x=2") == [
        [":irc.example CAP * NEW :away-notify=x=2"],
        [":irc.example CAP bob NEW :away-notify"],
        [],
    ]


def test_another_value_is_news_to_those_who_know_values() -> None:
    house = House()
    # "The NEW subcommand can also update the value of an existing capability."
    assert house.change("x=2") == [[":irc.example CAP * NEW :away-notify=x=2"], [], []]
    assert house.change("x=2") == [[], [], []]


def test_sts_is_told_anew_and_never_taken_away() -> None:
    settings = quiet_settings()
    settings.sts_port = 6697
    stage = Stage(settings)
    modern = stage.open("ann", address="198.51.100.3")
    modern.send("CAP LS 302")
    notified = stage.enter("bob", "cap-notify", address="198.51.100.3")
    modern.take()
    with offers_change(stage.engine):
        settings.sts_seconds = 3600
    stage.turn()
    assert modern.take() == [":irc.example CAP * NEW :sts=port=6697"]
    # sts: "Servers MUST NOT send `CAP DEL` to disable this capability, and clients MUST ignore any attempts to do so."
    with offers_change(stage.engine):
        settings.sts_seconds = 0
    stage.turn()
    assert modern.take() == []
    assert notified.take() == []
