"""veche.core.ids_in_line: what bears an id is said once in the world, whichever nodes its sender tells it to."""

from __future__ import annotations

from veche.state.snapshot import snapshot
from veche.testing.turns import Cluster


def test_what_bears_an_id_is_said_once_in_the_world() -> None:
    cluster = Cluster(2)
    here, there = cluster.nodes
    bob = there.enter("bob")
    bob.send("JOIN #tea")
    ann = here.enroll("ann", "sesame-open-9")
    ann.send("CAP REQ :message-tags echo-message", "JOIN #tea", "@+veche/id=one PRIVMSG #tea :once")
    echo = ann.take()[-1]
    again = there.open("ann-again")
    again.send(
        "CAP REQ :message-tags echo-message", "PASS ann:sesame-open-9", "NICK ann", "USER ann 0 * :Ann"
    )
    again.send("CAP END")
    again.take()
    bob.take()
    again.send("@+veche/id=one PRIVMSG #tea :once")
    msgid = echo.partition("msgid=")[2].split(";")[0].split(" ")[0]
    assert [msgid in line for line in again.take() if "PRIVMSG" in line] == [True]
    assert bob.take() == []
    # And where both nodes have it in line at the same time, in whichever order they have their turns.
    for number in range(5):
        for person in (ann, again):
            person.post_bytes(b"@+veche/id=n%d PRIVMSG #tea :both\r\n" % number)
        cluster.run()
    assert len([line for line in bob.take() if "both" in line]) == 5
    assert len(cluster.order.disk.records) == 6
    for person in (ann, again):
        assert (
            len(
                {
                    line.partition("msgid=")[2].split(";")[0].split(" ")[0]
                    for line in person.take()
                    if "both" in line
                }
            )
            == 5
        )
    assert snapshot(here.engine.world) == snapshot(there.engine.world)
