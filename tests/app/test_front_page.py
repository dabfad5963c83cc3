"""The page of an invitation: how to come in by it, and nothing for whoever makes a code up."""

from __future__ import annotations

from veche.app.cli import Doors
from veche.app.front_page import FrontPage
from veche.state.invitations import Invitation, key_of
from veche.store.engines.memory import MemoryStore
from veche.testing.stage import Stage


def test_the_link_of_an_invitation_says_how_to_come_in_by_it() -> None:
    stage = Stage()
    code = "A" * 27
    made = Invitation(key_of(code), "u1", "ann", "#tea", 1, int(stage.clock.now() * 1000) + 1000)
    stage.engine.world.invitations[made.key] = made
    site = FrontPage(stage.engine, "Tea & Cake", Doors(), own_certificate=False)
    page = site.invitation("en", code)
    assert code in page
    assert "You will be in #tea." in page
    assert "Вас приглашают в Tea &amp; Cake." in site.invitation("ru", code)
    stage.pass_time(2)
    assert code not in site.invitation("en", code)
    assert "wrong, used up or too old" in site.invitation("en", code)


def test_the_first_link_makes_somebody_the_owner_while_there_is_none() -> None:
    stage = Stage()
    site = FrontPage(stage.engine, "Tea", Doors(), own_certificate=False)
    assert "OWN" not in site.invitation("en", "")
    stage.engine.owner_code = "B" * 22
    assert "/msg NickServ OWN " + "B" * 22 in site.invitation("en", "B" * 22)
    assert "OWN" not in site.invitation("en", "C" * 22)


def test_a_server_that_cannot_store_is_not_ready_until_it_can() -> None:
    stage = Stage()
    site = FrontPage(stage.engine, "Tea", Doors(), own_certificate=False)
    assert site.is_ready()
    store = Troubled()
    stage.engine.log.store = store
    assert not site.is_ready()
    store.words = ""
    assert site.is_ready()
    stage.engine.stop("bye")
    assert not site.is_ready()


class Troubled(MemoryStore):
    """A store whose database is away."""

    def __init__(self) -> None:
        super().__init__(lambda job: job())
        self.words = "the database is away"

    def trouble(self) -> str:
        return self.words
