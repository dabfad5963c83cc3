"""The thread behind the store: in order, to the end, and not stopped by one bad job."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from threading import Event, current_thread, get_native_id

import pytest

from veche.store.worker import Worker
from veche.testing.contracts import Turns


def test_jobs_are_done_in_order_in_a_thread_of_that_name() -> None:
    turns = Turns()
    worker = Worker("veche-test", turns.post)
    done: list[object] = []
    worker.put(lambda: done.append(current_thread().name))
    worker.put(lambda: done.append(2))
    assert worker.finish(30)
    assert done == ["veche-test", 2]


def test_a_job_that_raises_is_told_and_the_next_one_is_done(caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker("veche-test", Turns().post)
    done: list[int] = []
    worker.put(lambda: done.append(1 // 0))
    worker.put(lambda: done.append(2))
    assert worker.finish(30)
    assert done == [2]
    assert "ZeroDivisionError" in caplog.text


def test_an_answer_to_nobody_is_told_and_dropped(caplog: pytest.LogCaptureFixture) -> None:
    def closed(answer: object) -> None:
        raise RuntimeError("Event loop is closed")

    with caplog.at_level(logging.WARNING):
        Worker("veche-test", closed).post(lambda: None)
    assert "too late" in caplog.text


def _wait(go_on: Event) -> None:
    go_on.wait(30)


def test_a_job_that_does_not_end_is_not_waited_for_for_ever() -> None:
    worker = Worker("veche-test", Turns().post)
    go_on = Event()
    worker.put(partial(_wait, go_on))
    worker.put(lambda: None)
    assert not worker.finish(0.01)
    go_on.set()
    assert worker.finish(30)


@pytest.mark.needs("linux")
def test_the_system_knows_the_thread_by_its_name() -> None:
    turns = Turns()
    worker = Worker("veche-test", turns.post)
    seen: list[str] = []
    worker.put(lambda: seen.append(Path(f"/proc/self/task/{get_native_id()}/comm").read_text()))
    assert worker.finish(5.0)
    assert seen == ["veche-test\n"]
