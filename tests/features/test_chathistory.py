"""CHATHISTORY beside what plays can show: a message is taken back between the reading of a page and its telling."""

from __future__ import annotations

from veche.core.playback import JustCorrected
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
                stage.engine.shelf(JustCorrected).redacted(records[-1].msgid)
                stage.disk.redactions[records[-1].seq] = records[-1]
                answered(records)

        read(question, done)

    stage.disk.page = page
    ann.send("CHATHISTORY LATEST #tea * 3")
    told = [line.rpartition(" ")[2] for line in ann.take() if "PRIVMSG" in line]
    assert [text[-1] for text in told] == ["1", "2", "3"]
    assert len(asked) == 2


def test_what_is_not_there_and_what_is_not_ones_own_cost_the_same() -> None:
    stage = Stage()
    ann = stage.enter("ann", "batch")
    ann.send("REGISTER * * correct-horse")
    dan, zoe = stage.enter("dan"), stage.enter("zoe")
    dan.send("JOIN #den", "MODE #den +s", "PRIVMSG #den :a secret", "PRIVMSG zoe :between us")
    zoe.take()
    stage.leave(zoe, "gone")
    stage.turn()
    questions: list[str] = []
    for name in ("page", "partners", "latest", "unread", "reactions", "reacted"):
        ask = getattr(stage.disk, name)
        setattr(stage.disk, name, lambda *given, name=name, ask=ask: (questions.append(name), ask(*given))[1])
    for there, absent in (("#den", "#none"), ("zoe", "nobody")):
        heard = []
        for target in (there, absent):
            ann.take()
            questions.clear()
            ann.send(f"CHATHISTORY LATEST {target} * 9", f"HISTORY {target}")
            heard.append(([line.replace(target, "x") for line in ann.take()], list(questions)))
        assert heard[0] == heard[1]
        assert len(heard[0][0]) == 2
