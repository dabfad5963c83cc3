"""What strangers write stays text: in names, topics, messages and everywhere else that a page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.lines import Line
from tests.clients.serving import serving
from tests.web.people import Sitter, Visitor

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "linux")]

# Each would call `struck` if any part of the page took it for more than text.
PAYLOADS = [
    "<script>struck()</script>",
    "<img src=x onerror=struck()>",
    "<svg onload=struck()>",
    "<svg><script>struck()</script></svg>",
    "<iframe srcdoc='<script>parent.struck()</script>'></iframe>",
    '"><img src=x onerror=struck()>',
    "'-struck()-'",
    "</title><script>struck()</script>",
    "</textarea><script>struck()</script>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=struck()>",
    "<a href=javascript:struck()>x</a>",
    "javascript:struck()",
    "[click](javascript:struck())",
    "[click](JaVaScRiPt:struck())",
    "[click](data:text/html,<script>struck()</script>)",
    '[click](https://a.example/"onmouseover="struck())',
    'https://a.example/"><img/src=x/onerror=struck()>',
    "**<b onmouseover=struck()>bold</b>**",
    "`<img src=x onerror=struck()>`",
    "```<script>struck()</script>",
    "> <details open ontoggle=struck()>",
    "\x0399,88<img src=x onerror=struck()>\x03",
    "\x04zzzzzz\x02<style>@import'//a.example'</style>",
    "{{constructor.constructor('struck()')()}}",
    "${struck()}",
    "__proto__",
    "<link rel=stylesheet href=//a.example/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:struck()'>",
    "<base href=//a.example/>",
    "\u202e<script>struck()</script>\u202c",
    "&lt;script&gt;struck()&lt;/script&gt;",
    "x" * 400,
]
_WATCH = """
window.struck = () => { window.wasStruck = true; };
window.violations = [];
addEventListener('securitypolicyviolation', (event) =>
  violations.push(event.violatedDirective + ' ' + event.blockedURI));
"""


def test_payloads_in_every_field_do_nothing(tmp_path: Path, visit: Visitor) -> None:
    from playwright.sync_api import expect

    with serving(tmp_path, "--set=limits.flood=false") as ports:
        visited = visit("about:blank")
        visited.page.add_init_script(_WATCH)
        visited.page.on("dialog", lambda dialog: visited.complaints.append(f"a dialog: {dialog.message}"))
        visited.page.goto(f"http://127.0.0.1:{ports.web}/")
        ann = Sitter.of(visited)
        ann.come_in("Ann")
        for number, payload in enumerate(PAYLOADS):
            with Line(ports.irc) as bob:
                bob.say("CAP REQ :message-tags", "CAP END")
                bob.say(f"NICK evil{number}", f"USER x 0 * :{payload[:100]}")
                bob.skip_to(" 376 ")
                bob.say(f"PRIVMSG #lobby :{payload}", f"NOTICE #lobby :{payload}")
                bob.say(f"PRIVMSG #lobby :\x01ACTION {payload}\x01", f"PRIVMSG Ann :{payload}")
                tag = payload[:40].replace("\\", "").replace(";", "\\:").replace(" ", "\\s")
                bob.say(f"@+draft/react={tag};+draft/reply={tag};+typing={tag} TAGMSG #lobby")
                bob.say(f"JOIN #evil{number}", f"TOPIC #evil{number} :{payload}", f"AWAY :{payload[:100]}")
                bob.say(f"INVITE Ann #evil{number}", "PING done")
                bob.skip_to("PONG")
                if number % 8 == 0:
                    ann.say(f"/join #evil{number}")
                    expect(ann.page.get_by_role("heading", name=f"#evil{number}")).to_be_visible()
                    ann.open("lobby")
                bob.say(f"QUIT :{payload}")
        ann.open(f"evil{len(PAYLOADS) - 1}")
        ann.sees("x" * 400)
        ann.open("lobby")
        ann.sees(f"evil{len(PAYLOADS) - 1}")
        # One's own words, and what one types after a slash.
        for payload in PAYLOADS:
            ann.say(payload)
            ann.say(f"/topic {payload}")
        ann.sees("x" * 400)
        ann.page.get_by_role("button", name="All rooms").click()
        ann.page.get_by_role("searchbox", name="Find a room").fill(PAYLOADS[1])
        ann.page.keyboard.press("Escape")
        for link in ann.log.locator("a").all():
            address = link.get_attribute("href") or ""
            assert address.startswith(("http://", "https://")), address
            assert link.get_attribute("rel") == "noopener noreferrer nofollow"
        assert ann.page.evaluate("window.violations") == []
        assert ann.page.evaluate("window.wasStruck") is None
        assert ann.page.locator("script:not([src]), iframe, [onerror], [onload], base, .log img").count() == 0


def test_a_page_of_somebody_elses_may_not_show_the_chat_in_a_frame(tmp_path: Path, visit: Visitor) -> None:
    from tests.browser import hosting

    with serving(tmp_path) as ports:
        (tmp_path / "host").mkdir()
        frame = f'<!doctype html><iframe src="http://127.0.0.1:{ports.web}/"></iframe>'
        (tmp_path / "host" / "index.html").write_text(frame)
        with hosting(tmp_path / "host") as port:
            visited = visit(f"http://localhost:{port}/")
            visited.page.wait_for_timeout(500)
            assert visited.page.frames[-1].locator("#app").count() == 0
            for complaint in visited.complaints:
                assert "frame-ancestors" in complaint or "favicon" in complaint or "404" in complaint
            visited.complaints.clear()
