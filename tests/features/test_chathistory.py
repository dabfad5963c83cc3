"""CHATHISTORY beside what plays can show: a message is taken back between the reading of a page and its telling."""

from __future__ import annotations

from veche.core.playback import JustRedacted
from veche.testing.stage import Stage


def test_a_page_from_which_something_was_taken_back_meanwhile_is_read_again() -> None:
    stage = Stage()
    ann = stage.enter("ann", "batch", "message-tags")
    ann.send("JOIN #tea", *(f"PRIVMSG #tea :{n}" for n in range(5)))
    ann.take()
    read = stage.disk.page
    asked = []

    def page(question: object, done: object) -> None:
        asked.append(question)
        if len(asked) == 1:  # read just before it is taken back ...
            answered = done

            def done(records: object) -> None:
                # ... and told just behind it.
                stage.engine.shelf(JustRedacted).add(records[-1].msgid)
                stage.disk.redactions[records[-1].seq] = records[-1]
                answered(records)

        read(question, done)

    stage.disk.page = page
    ann.send("CHATHISTORY LATEST #tea * 3")
    told = [line.rpartition(" ")[2] for line in ann.take() if "PRIVMSG" in line]
    assert [text[-1] for text in told] == ["1", "2", "3"]
    assert len(asked) == 2
