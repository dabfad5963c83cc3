"""What we want to say, in order."""

from __future__ import annotations

from datetime import UTC, datetime

from veche.client.errors import ClientError, OutcomeUnknown
from veche.client.events import Answer, MessageReceived
from veche.client.lineup import Lineup, Outgoing

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


class Line:
    """A line-up with its results in view."""

    def __init__(self, *texts: str, window: int = 2) -> None:
        self.lineup = Lineup(window)
        self.results: dict[str, Answer | ClientError] = {}
        self.sent: list[str] = []
        for text in texts:
            self.add("PRIVMSG", "#tea", text)
        self.lineup.is_open = True

    def add(self, *words: str) -> None:
        self.lineup.add(
            Outgoing(words[0], words[1:], lambda result: self.results.__setitem__(words[-1], result))
        )

    def pump(self) -> list[str]:
        out = []
        while (piece := self.lineup.take_sendable()) is not None:
            # A text is its own label; the second of a kind gets a mark.
            label = piece.params[-1] + "'" * (self.sent + out).count(piece.params[-1])
            self.lineup.sent(label, piece, "ann", "", NOW)
            out.append(piece.params[-1])
        self.sent += out
        return out

    def found(self, text: str, sender: str = "ann", room: str = "#tea") -> bool:
        message = MessageReceived(time=NOW, sender=sender, target=room, conversation=room, text=text)
        return self.lineup.recognise(message, same)


def test_the_window_limits_what_is_outstanding() -> None:
    line = Line("a", "b", "c", "d")
    assert line.pump() == ["a", "b"]
    assert line.pump() == []
    assert line.lineup.take_answered("b") is not None
    assert line.lineup.take_answered("b") is None
    assert line.pump() == ["c"]
    assert line.lineup.is_full


def test_what_is_found_is_settled_and_the_rest_is_said_again_in_order() -> None:
    line = Line("a", "b", "c", window=3)
    line.pump()
    line.add("PRIVMSG", "#tea", "d")
    line.lineup.lose_connection()
    assert line.pump() == []
    assert line.found("b", sender="ANN")
    line.lineup.resolve(lambda target: True)
    assert list(line.results) == ["b"]
    assert line.pump() == ["a", "c", "d"]


def test_only_our_own_words_in_that_place_count() -> None:
    line = Line("a")
    line.pump()
    line.lineup.lose_connection()
    assert not line.found("a", sender="bob")
    assert not line.found("a", room="#milk")
    assert not line.found("A")


def test_one_find_settles_one_piece() -> None:
    line = Line("a", "a")
    line.pump()
    line.add("NICK", "anna")
    line.lineup.lose_connection()
    assert line.found("a")
    line.lineup.resolve(lambda target: True)
    assert line.pump() == ["a", "anna"]


def test_what_cannot_be_searched_is_unknown_unless_it_may_be_repeated() -> None:
    line = Line("a", window=9)
    line.add("LIST", "all")
    line.add("KICK", "#tea", "bob")
    line.pump()
    line.lineup.lose_connection()
    line.lineup.resolve(lambda target: False)
    assert isinstance(line.results["a"], OutcomeUnknown)
    assert isinstance(line.results["bob"], OutcomeUnknown)
    assert line.pump() == ["all"]


def test_doubt_outlives_a_second_loss() -> None:
    line = Line("a", "b")
    line.pump()
    line.lineup.lose_connection()
    line.lineup.lose_connection()
    assert [piece.params[-1] for piece in line.lineup.take_all()] == ["a", "b"]
    assert line.lineup.take_all() == []


def test_an_action_is_found_as_an_action() -> None:
    line = Line("\x01ACTION waves\x01")
    line.pump()
    line.lineup.lose_connection()
    assert not line.found("waves")
    message = MessageReceived(
        time=NOW, sender="ann", target="#tea", conversation="#tea", text="waves", kind="action"
    )
    assert line.lineup.recognise(message, same)
