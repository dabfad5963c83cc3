"""The report in docs/report: what it quotes is what is there, its example works, its two languages say the same, and
it becomes a book.

The rule: nothing in it can go stale in silence: code and figures are quoted by reference (tools/report_weave.py),
diagrams are drawn from their sources, commands are run.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import theory
from veche.app.features import FEATURES
from veche.testing.conversation import play
from veche.testing.script import read_script

ROOT = Path(__file__).parent.parent
REPORT = ROOT / "docs" / "report"
sys.path.append(str(ROOT / "tools"))
sys.path.append(str(REPORT / "example"))

import toast  # type: ignore[import-not-found]  # noqa: E402 - the report's example, which is no part of the server
from report_weave import PAGES, PARTS, Stale, references, woven, written  # noqa: E402


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
def test_the_example_of_a_command_works(*, bytewise: bool) -> None:
    script = read_script(REPORT / "example" / "toast.talk")
    play(script, bytewise=bytewise, features=[*FEATURES, toast.feature])


# ---- nothing is stale


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_what_a_page_quotes_is_as_it_is_now(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert woven(text, page) == text, "run .venv/bin/python tools/report --weave"


def test_what_is_not_there_cannot_be_quoted() -> None:
    page = REPORT / "2-theory.md"
    for quote in (
        "<!-- code bench/threads.py Room.nothing -->\n```python\n```",
        "<!-- = theory:work.7 .1f -->1<!-- / -->",
    ):
        with pytest.raises(Stale):
            woven(quote, page)


def test_a_change_of_the_code_is_noticed() -> None:
    page = REPORT / "3-practice.md"
    text = page.read_text(encoding="utf-8")
    changed = text.replace("self._shell.touch()", "self._shell.touch(1)", 1)
    assert changed != text
    assert woven(changed, page) == text


def test_figures_are_written_as_each_language_writes_them() -> None:
    assert written("1234.5", ",.1f", is_russian=False) == "1,234.5"
    assert written("1234.5", ",.1f", is_russian=True) == "1\u00a0234,5"
    assert written("10 / 4", ".1f", is_russian=False) == "2.5"


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_no_line_begins_with_a_figure(page: Path) -> None:
    """CommonMark, "HTML blocks": a line that begins with a comment ends the paragraph above it."""
    assert not re.search(r"^ *<!-- =", page.read_text(encoding="utf-8"), re.MULTILINE)


def test_diagrams_are_drawn_from_their_sources() -> None:
    sources = sorted((REPORT / "diagrams").glob("*.dot"))
    assert sources
    for source in sources:
        mark = hashlib.sha256(source.read_text(encoding="utf-8").encode()).hexdigest()[:16]
        for ending in ("", ".ru"):
            drawn = (REPORT / "pictures" / f"{source.stem}{ending}.svg").read_text(encoding="utf-8")
            ElementTree.fromstring(drawn)
            assert f"from {mark} -->" in drawn, f"run tools/diagrams {source.stem}"


def test_pictures_show_nothing_of_the_machine_that_made_them() -> None:
    for picture in (REPORT / "pictures").glob("scene-*.svg"):
        drawn = picture.read_text(encoding="utf-8")
        ElementTree.fromstring(drawn)
        assert not re.search(r"/tmp/|root@|Traceback", drawn), picture.name


# ---- two languages, one report


def shape(page: Path) -> dict[str, list[str]]:
    """What must be alike in both languages."""
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", prose)
    return {
        "headings": re.findall(r"^(#+) ", prose, re.MULTILINE),
        "code": [" ".join(one) for one in references(text)],
        "figures": re.findall(r"<!-- = (.+?) -->", text),
        "commands": re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL),
        "tables": [str(line.count("|")) for line in prose.splitlines() if line.startswith("|")],
        "items": re.findall(r"^([*]|\d+[.]) ", prose, re.MULTILINE),
        # tools/windows and tools/gallery name their variants otherwise.
        "pictures": [
            re.sub(r"(\.ru)?\.\w+$|-(light|russian)|-(en|ru)-\w+", "", picture) for picture in pictures
        ],
    }


@pytest.mark.parametrize("part", ["README", *PARTS])
def test_both_languages_say_the_same(part: str) -> None:
    english, russian = shape(REPORT / f"{part}.md"), shape(REPORT / f"{part}.ru.md")
    for what, values in english.items():
        assert values == russian[what], what


@pytest.mark.parametrize("page", sorted(REPORT.glob("*.md")), ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", prose)
    assert targets
    for target in targets:
        assert "://" in target or (page.parent / target.partition("#")[0]).is_file(), target


# ---- its commands: tests/test_paper_commands.py types them


def commands() -> set[str]:
    """Every command that a reader is to type."""
    text = "".join(page.read_text(encoding="utf-8") for page in REPORT.glob("*.md"))
    return {
        line for block in re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S) for line in block.splitlines()
    }


def test_every_part_of_the_measuring_is_there() -> None:
    named = {
        part for found in re.findall(r"--parts (\S+)", "\n".join(commands())) for part in found.split(",")
    }
    assert named == set(theory.PARTS)


# ---- the book


@pytest.mark.slow
@pytest.mark.needs("browser", "pdftotext", "pdfinfo")
def test_the_report_becomes_a_book(tmp_path: Path) -> None:
    tool = [sys.executable, str(ROOT / "tools" / "report"), "--into", str(tmp_path)]
    # A picture that cannot be shown makes the tool fail.
    ran = subprocess.run(tool, check=False, capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    for ending in ("", ".ru"):
        html = (tmp_path / f"report{ending}.html").read_text(encoding="utf-8")
        pictures = sum(len(shape(REPORT / f"{part}{ending}.md")["pictures"]) for part in PARTS)
        assert html.count("<figure ") == pictures
        # The one of two columns is shown as two.
        assert html.count('<img src="data:image/') == html.count("<img ") == pictures + 1
        assert "<!--" not in html
        for target in re.findall(r'<a href="#([^"]+)"', html):
            assert f'id="{target}"' in html, target
        book = tmp_path / f"report{ending}.pdf"
        about = subprocess.run(["pdfinfo", book], check=True, capture_output=True, text=True).stdout
        pages = re.search(r"^Pages: +(\d+)$", about, re.MULTILINE)
        assert pages is not None
        assert 40 < int(pages[1]) < 80
        said = subprocess.run(
            ["pdftotext", "-layout", book, "-"], check=True, capture_output=True, text=True
        ).stdout
        for part in PARTS:
            title = (
                (REPORT / f"{part}{ending}.md")
                .read_text(encoding="utf-8")
                .partition("\n")[0]
                .removeprefix("# ")
            )
            assert said.count(title) >= 2, title  # among the contents, and at its place
        assert "IrcProtocol.data_received" in said
