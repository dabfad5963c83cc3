"""veche.core.timers: deadlines in order."""

from __future__ import annotations

from veche.core.timers import Timers


def test_what_is_due_is_called_in_order_and_once() -> None:
    timers = Timers()
    found: list[str] = []
    timers.at(3.0, lambda: found.append("c"))
    timers.at(1.0, lambda: found.append("a"))
    timers.at(1.0, lambda: found.append("b"))
    assert timers.next == 1.0
    timers.run(0.5)
    assert found == []
    timers.run(2.0)
    assert found == ["a", "b"]
    timers.run(2.0)
    assert timers.next == 3.0
    timers.run(3.0)
    assert found == ["a", "b", "c"]
    assert timers.next is None


def test_a_callback_may_set_another() -> None:
    timers = Timers()
    found: list[int] = []

    def tick() -> None:
        found.append(1)
        if len(found) < 3:
            timers.at(float(len(found)), tick)

    timers.at(0.0, tick)
    timers.run(1.0)
    assert len(found) == 2
    timers.run(2.0)
    assert len(found) == 3
