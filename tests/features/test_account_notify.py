"""ACCOUNT for somebody who is a guest again: nobody asks for that by a command, an account that is gone does it."""

from __future__ import annotations

from veche.features.accounts.sessions import forget_login
from veche.state.events import LoggedOut
from veche.testing.checks import check_stage
from veche.testing.stage import Stage


def test_who_is_a_guest_again_has_a_star_for_an_account() -> None:
    stage = Stage()
    stage.settings.keep_names = "off"  # a guest may go on bearing the name
    ann = stage.enter("ann", "account-notify")
    bob = stage.enter("bob", "account-notify")
    cid = stage.enter("cid", "account-notify", "extended-monitor")
    dan = stage.enter("dan", "account-notify")
    cid.send("MONITOR + ann")
    ann.send("JOIN #tea", "REGISTER * * correct-horse")
    bob.send("JOIN #tea")
    for person in (ann, bob, cid, dan):
        person.take()
    assert ann.session is not None
    user = ann.session.user
    assert user is not None
    assert user.account == "ann"
    forget_login(ann.session)
    stage.engine.log.commit(LoggedOut(user.uid, user.source, "somebody"), None)
    stage.turn()
    # account-notify: "When enabled, clients will get the ACCOUNT message to designate the account name changes for
    # clients on common channels with them, including themselves."
    assert ":ann!~ann@there ACCOUNT *" in ann.take()
    assert bob.take() == [":ann!~ann@there ACCOUNT *"]
    # extended-monitor: "If `account-notify` is also enabled, the client will get ACCOUNT notifications for monitored
    # nicks."
    assert cid.take() == [":ann!~ann@there ACCOUNT *"]
    assert dan.take() == []
    # account-tag: "(If the user is not identified to any services account, the tag MUST NOT be sent.)"
    dan.send("CAP REQ account-tag")
    dan.take()
    ann.send("PRIVMSG dan :hello")
    assert dan.take() == [":ann!~ann@there PRIVMSG dan :hello"]
    assert check_stage(stage) == []
