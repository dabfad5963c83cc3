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
    "<script\t>struck()</script\t>",
    "<scr<script>ipt>struck()</scr</script>ipt>",
    "<SCRIPT SRC=//a.example/x.js></SCRIPT>",
    "<body onload=struck()>",
    "<input autofocus onfocus=struck()>",
    "<video><source onerror=struck()></video>",
    "<audio src=x onerror=struck()>",
    "<object data=javascript:struck()></object>",
    "<embed src=javascript:struck()>",
    "<form action=javascript:struck()><button>x</button></form>",
    "<button formaction=javascript:struck()>x</button>",
    "<marquee onstart=struck()>x</marquee>",
    "<template><script>struck()</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=struck()>'>",
    "<svg><animate onbegin=struck() attributeName=x>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=struck()>#x'/>",
    "<a id=app href=x>clobbered</a><a name=trustedTypes>",
    "<div id=__proto__ onclick=struck()>",
    "[x](vbscript:struck())",
    "[x](file:///etc/passwd)",
    "[x](blob:https://a.example/1)",
    "[x](//a.example)",
    "[x](java\tscript:struck())",
    "[x](https://a.example/%22%3E%3Cscript%3Estruck()%3C/script%3E)",
    "[x](&#106;avascript:struck())",
    "<https://a.example/<script>struck()</script>>",
    "https://user:pass@a.example:99999/%00<script>",
    "irc://a.example/#x'onclick='struck()",
    "#<img/src=x/onerror=struck()>",
    "@<b>Ann</b> :tea: /me",
    "\x02\x1d\x1f\x1e\x11\x16\x0312,4<b onmouseover=struck()>\x0f",
    "\x04ff0000,00ff00url(javascript:struck())",
    "*" * 300,
    "**_~~`" * 60,
    "x" * 400,
]
# Overrides, embeddings, isolates that are never closed, marks of direction; and what looks like our own words.
TRICKS = [
    "\u202eevil\u202c",
    "\u2066\u2067unclosed",
    "\u202b\u202a\u202d mixed \u202c",
    "abc \u05d0\u05d1\u05d2 \u200f def",
    "left\u2028right\u2029",
]
_WATCH = """
window.struck = () => { window.wasStruck = true; };
window.violations = [];
addEventListener('securitypolicyviolation', (event) =>
  violations.push(event.violatedDirective + ' ' + event.blockedURI));
"""


def test_payloads_in_every_field_do_nothing(tmp_path: Path, visit: Visitor) -> None:
    from playwright.sync_api import expect

    options = ("--set=limits.flood=false", "--set=limits.connections_per_address=0")
    with serving(tmp_path, *options) as ports, Line(ports.irc) as lurker:
        lurker.say("NICK lurker", f"USER x 0 * :{PAYLOADS[1]}", f"AWAY :{PAYLOADS[2]}")
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
        # The windows and panes that show what strangers have written.
        page = ann.page
        page.keyboard.press("Escape")  # the first has emptied the field
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("Control+f")
        page.get_by_role("searchbox", name="Words that were said").fill("struck")
        page.keyboard.press("Enter")
        expect(page.locator(".hit").nth(20)).to_be_visible()
        page.get_by_role("button", name="What was around").first.click()
        page.keyboard.press("Escape")
        page.keyboard.press("Control+k")
        page.get_by_role("combobox").fill("<script>")
        page.keyboard.press("Escape")
        page.get_by_role("complementary").get_by_role("button", name="About lurker").click()
        expect(page.get_by_role("dialog")).to_contain_text(PAYLOADS[1])
        expect(page.get_by_role("dialog")).to_contain_text(PAYLOADS[2])
        page.keyboard.press("Escape")
        page.get_by_role("button", name="About this room").click()
        page.keyboard.press("Escape")
        for link in ann.log.locator("a").all():
            address = link.get_attribute("href") or ""
            assert address.startswith(("http://", "https://", "irc://", "ircs://", "mailto:")), address
            assert link.get_attribute("rel") == "noopener noreferrer nofollow"
        assert ann.page.evaluate("window.violations") == []
        assert ann.page.evaluate("window.wasStruck") is None
        assert ann.page.locator("script:not([src]), iframe, [onerror], [onload], base, .log img").count() == 0


def test_tricks_of_direction_turn_no_line_of_somebody_elses_around(tmp_path: Path, visit: Visitor) -> None:
    from playwright.sync_api import expect

    with serving(tmp_path, "--set=limits.flood=false") as ports, Line(ports.irc) as bob:
        bob.register("bob")
        bob.say(f"TOPIC #lobby :{TRICKS[1]}", *(f"PRIVMSG #lobby :{trick}" for trick in TRICKS), "PING x")
        bob.skip_to("PONG")
        ann = Sitter.of(visit(f"http://127.0.0.1:{ports.web}/"))
        ann.come_in("Ann")
        ann.sees("evil", "unclosed", "mixed")
        # What would turn text around is not there; where it was an override, a mark says that something is wrong.
        shown = "".join(ann.texts())
        assert not any(
            mark in shown for mark in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
        )
        expect(ann.log.get_by_text("\ufffdevil")).to_be_visible()
        # Each text, and each name, is isolated from what stands beside it.
        isolated = "nodes => nodes.every(node => /isolate/.test(getComputedStyle(node).unicodeBidi))"
        assert ann.log.locator(".text").evaluate_all(isolated)
        assert ann.page.locator("bdi").evaluate_all(isolated)


def test_words_of_5000_letters_stay_within_the_page_and_many_colours_cost_little(
    tmp_path: Path, visit: Visitor
) -> None:
    with serving(tmp_path, "--set=limits.flood=false", "--set=messages.multiline_bytes=65536") as ports:
        ann = Sitter.of(visit(f"http://127.0.0.1:{ports.web}/"))
        ann.page.set_viewport_size({"width": 400, "height": 700})
        ann.come_in("Ann")
        for word in (
            "w" * 5000,
            "щ" * 5000,
            "👨‍👩‍👧" * 700,
            "https://a.example/" + "w" * 5000,
            "`" + "c" * 5000 + "`",
        ):
            ann.say(word)
        ann.say("".join(f"\x03{number % 16:02}x" for number in range(5000)))
        ann.say("the end")
        ann.sees("the end")
        assert ann.page.evaluate("document.documentElement.scrollWidth") <= 400
        assert ann.log.evaluate("log => log.scrollWidth <= log.clientWidth")
        for row in ann.log.locator("article").all():
            box = row.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= 400.5
        # So many switches of colour in one message are a few nodes, and the rest is text.
        assert ann.log.locator("article").last.evaluate("row => row.querySelectorAll('*').length") < 3000


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
