"""Keys of accounts: NickServ SSHKEY, and coming in by a door that vouches for somebody (SASL EXTERNAL)."""

from __future__ import annotations

from base64 import b64encode

import pytest

from veche.core.session import Vouched
from veche.features.accounts.ssh_keys import MOST_KEYS, SshKeyAdded, fingerprint_of
from veche.testing.checks import check_stage
from veche.testing.stage import Person, Stage

PASSWORD = "correct-horse"
# Made with ssh-keygen -t ed25519; the fingerprint is what ssh-keygen -lf shows.
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIFwV57nD1or+P3rXp8KtdwMNA27biB1Z/ed4BuNbKib1"
FINGERPRINT = "SHA256:ioneH15kFBdHsOGk/cXNh+ABKC3/8siOXBEPWTObAsA"
OTHER = "SHA256:" + "b" * 43


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    for name in ("bob", "ann"):
        stage.enroll(name, PASSWORD)
    return stage


@pytest.fixture
def ann(stage: Stage) -> Person:
    return stage.persons[-1]


def sshkey(person: Person, words: str) -> list[str]:
    """What NickServ says."""
    person.send(f"NICKSERV SSHKEY {words}")
    return [line.partition(f" NOTICE {person.name} :")[2] for line in person.take()]


def uid(stage: Stage, name: str) -> str:
    account = stage.engine.world.accounts.named(name)
    assert account is not None
    return account.uid


def by_external(stage: Stage, vouched: Vouched, authzid: str = "") -> list[str]:
    person = stage.open("somebody")
    assert person.session is not None
    person.session.vouched = vouched
    person.send("CAP REQ :sasl")
    person.take()
    person.send("AUTHENTICATE EXTERNAL", f"AUTHENTICATE {b64encode(authzid.encode()).decode() or '+'}")
    return person.take()


def test_a_fingerprint_is_what_openssh_shows() -> None:
    assert fingerprint_of(KEY) == FINGERPRINT
    assert fingerprint_of(FINGERPRINT + "=") == FINGERPRINT
    for wrong in (
        "",
        "SHA256:short",
        "AAAA",
        KEY[:20],
        b64encode(b"\0\0\0\4true" + b"x" * 40).decode(),
        "ключ",
    ):
        assert fingerprint_of(wrong) == ""


def test_a_key_is_added_listed_and_taken_back(stage: Stage, ann: Person) -> None:
    assert sshkey(ann, "LIST")[0].startswith("Your account has no key for ssh.")
    assert sshkey(ann, f"ADD ssh-ed25519 {KEY} ann@laptop") == [
        f"{FINGERPRINT} lets you in by ssh from now on, as ann."
    ]
    assert sshkey(ann, "LIST") == [
        "These keys let you in by ssh, as ann:",
        f"  {FINGERPRINT} ann@laptop",
    ]
    unknown = ["Your account has no such key, or more than one that begins so."]
    for words in (f"DEL {OTHER}", "DEL SHA256:ioneH15", "DEL"):
        assert sshkey(ann, words) == unknown
    stage.restart()
    again = stage.enter("ann2")
    again.send(f"NICKSERV IDENTIFY ann {PASSWORD}")
    again.take()
    assert sshkey(again, f"DEL {FINGERPRINT[:16]}") == [f"{FINGERPRINT} lets nobody in by ssh any more."]
    assert sshkey(again, f"DEL {FINGERPRINT}") == unknown
    assert check_stage(stage) == []


def test_the_key_that_somebody_has_come_with(stage: Stage, ann: Person) -> None:
    assert sshkey(ann, "ADD")[0].startswith("You have not shown a key.")
    assert sshkey(ann, "ADD rubbish")[0].startswith("You have not shown a key.")
    assert ann.session is not None
    ann.session.vouched = Vouched("", (FINGERPRINT, OTHER))
    assert sshkey(ann, "ADD") == [f"{FINGERPRINT} lets you in by ssh from now on, as ann."]
    assert sshkey(ann, "LIST")[1] == f"  {FINGERPRINT} (this connection)"


def test_two_accounts_may_have_one_key(stage: Stage, ann: Person) -> None:
    bob = stage.persons[0]
    assert "as bob." in sshkey(bob, f"ADD {FINGERPRINT}")[0]
    assert "as ann." in sshkey(ann, f"ADD {FINGERPRINT}")[0]


def test_so_many_and_no_more(stage: Stage, ann: Person) -> None:
    for number in range(MOST_KEYS):
        assert "from now on" in sshkey(ann, f"ADD SHA256:{number:043d}")[0]
    assert sshkey(ann, f"ADD {OTHER}")[0].startswith(f"An account has at most {MOST_KEYS} keys")
    assert "from now on" in sshkey(ann, f"ADD SHA256:{0:043d} renamed")[0]
    account = stage.engine.world.accounts.named("ann")
    assert account is not None
    refused = SshKeyAdded("", account, OTHER, "").refusal(account)
    assert refused is not None
    assert len(account.ssh_keys) == MOST_KEYS


def test_adding_wants_a_proof_that_is_fresh(stage: Stage, ann: Person) -> None:
    assert ann.session is not None
    ann.session.proved = -1e9
    assert FINGERPRINT not in sshkey(ann, f"ADD {FINGERPRINT}")[0]
    assert sshkey(ann, "LIST")[0].startswith("Your account has no key")


def test_whom_the_door_vouches_for_is_in(stage: Stage, ann: Person) -> None:
    heard = by_external(stage, Vouched(uid(stage, "ann"), (FINGERPRINT,)), "ann")
    assert [line.split(" ")[1] for line in heard[-2:]] == ["900", "903"]
    heard = by_external(stage, Vouched(uid(stage, "ann")), "bob")
    assert " 904 " in heard[-1]
    # A guest of that door has no proof to show.
    assert not any(" 903 " in line for line in by_external(stage, Vouched(""), "ann"))


def test_a_guest_of_the_door_is_offered_no_external(stage: Stage) -> None:
    person = stage.open("somebody")
    assert person.session is not None
    person.session.vouched = Vouched("")
    person.send("CAP LS 302")
    assert "EXTERNAL" not in "".join(person.take())


def test_a_suspended_account_stays_out(stage: Stage, ann: Person) -> None:
    account = stage.engine.world.accounts.named("ann")
    assert account is not None
    account.suspended = "spam"
    assert any(" 904 " in line for line in by_external(stage, Vouched(account.uid)))
