"""The chat is quick: at once there with an empty cache, and smooth through a hundred thousand messages.

What is measured is printed (pytest -s). A machine that is busy with something else paints late whatever the page does.
So the page is held to what it works for each frame, by the clock of its own thread, and the time between frames, to
which the machine adds, is printed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.lines import Line
from tests.clients.serving import serving
from tests.web.people import Sitter

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "linux")]

MESSAGES = 100_000
# Pixels in one frame: a wheel that is turned as fast as it goes; and what brings one to the beginning within a minute.
FAST, FASTEST = 500, 1500
# Milliseconds of the page's thread, for 95 frames of 100. A frame has 16.6 of them on a machine that does nothing else;
# a thread that shares its core's caches with many others takes up to twice its time.
MOST_WORK = 33.0
MOST_ARRIVAL = 1000.0

_SCROLL = """async ([pixels, most]) => {
  const log = document.querySelector('.log');
  const frames = [];
  const start = performance.now();
  let last = start;
  while (!(document.querySelector('.top strong') && log.scrollTop < 5) && last - start < most) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
    log.scrollTop -= pixels;
  }
  frames.sort((a, b) => a - b);
  const at = (share) => Math.round(frames[Math.floor(frames.length * share)] * 10) / 10;
  const seconds = Math.round((last - start) / 1000);
  return { frames: frames.length, seconds, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}"""


@pytest.mark.long
def test_a_hundred_thousand_messages_are_scrolled_to_the_beginning(tmp_path: Path, browser: Browser) -> None:
    from playwright.sync_api import expect

    with serving(tmp_path, "--set=limits.flood=false") as ports, Line(ports.irc) as bob:
        bob.register("bob")
        bob.say("JOIN #long")
        for start in range(0, MESSAGES, 1000):
            bob.say(
                *(
                    f"PRIVMSG #long :message {number} " + "of tea " * (number % 7)
                    for number in range(start, start + 1000)
                )
            )
            bob.say(f"PING m{start}")
            bob.skip_to("PONG")
        context = browser.new_context(viewport={"width": 1200, "height": 800}, locale="en")
        ann = Sitter.at(context.new_page(), f"http://127.0.0.1:{ports.web}/#in=%23long")
        ann.come_in("Ann")
        ann.sees(f"message {MESSAGES - 1}")
        work = work_of_frames(browser, ann.page, tmp_path)
        told = ann.page.evaluate(_SCROLL, [FASTEST, 240_000])
        print(
            f"\n{MESSAGES:,} messages: {json.dumps(told)}; work for a frame: p50 {work[0]:.1f}, p95 {work[1]:.1f} ms"
        )
        expect(ann.log.get_by_text("message 0 ")).to_be_visible()
        assert ann.log.locator("article").count() < 300
        assert work[1] < MOST_WORK
        context.close()


def work_of_frames(browser: Browser, page: Page, folder: Path) -> tuple[float, float]:
    """How long the page's thread works for a frame, in four seconds of scrolling: p50 and p95, in milliseconds."""
    file = folder / "trace.json"
    browser.start_tracing(
        page=page, path=file, categories=["devtools.timeline", "disabled-by-default-devtools.timeline"]
    )
    page.evaluate(_SCROLL, [FAST, 4000])
    browser.stop_tracing()
    events = [event for event in json.loads(file.read_text())["traceEvents"] if event.get("ph") == "X"]
    thread = next(event["tid"] for event in events if event["name"] == "FireAnimationFrame")
    mine = sorted((event for event in events if event["tid"] == thread), key=lambda event: event["ts"])
    frames = [0.0]
    for event in mine:
        if event["name"] == "FireAnimationFrame":
            frames.append(0.0)
        elif event["name"] == "RunTask":
            frames[-1] += event.get("tdur", 0) / 1000
    frames.sort()
    return frames[len(frames) // 2], frames[int(len(frames) * 0.95)]


def test_the_page_is_there_within_a_second_with_an_empty_cache(tmp_path: Path, browser: Browser) -> None:
    with serving(tmp_path) as ports:
        measured = []
        for number in range(4):
            context = browser.new_context(locale="en")
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{ports.web}/")
            field = page.get_by_label("Your name")
            field.wait_for()
            # What the browser's own clock says: from the first request to a field that takes a name.
            shown = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            field.fill(f"Ann{number}")
            before = page.evaluate("performance.now()")
            page.keyboard.press("Enter")
            page.locator(".compose textarea").wait_for()
            measured.append((shown, page.evaluate("performance.now()") - before))
            context.close()
        # The first is of a server that has not read the page yet.
        shown, entered = min(measured[1:])
        print(f"\nshown after {shown:.0f} ms, in the lobby {entered:.0f} ms after Enter; all: {measured}")
        assert shown < MOST_ARRIVAL
        assert entered < MOST_ARRIVAL
