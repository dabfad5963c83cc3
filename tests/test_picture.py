"""tools/terminal_svg.py: what tmux captures becomes a picture in which every character stands in its column."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "tools"))

from terminal_svg import CELL, INK, PAPER, Style, Window, draw, read_runs, wrapped  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*lines: str, wide: int = 40) -> list[ElementTree.Element]:
    """The texts of a picture of one window, without its title."""
    picture = draw([[Window("title", lines)]], wide, "description")
    return [text for text in ElementTree.fromstring(picture).iter(f"{SVG}text") if text.get("class") is None]


def test_colours_are_read() -> None:
    runs, after = read_runs("a\x1b[1;31mb\x1b[0mc\x1b[38;5;2;44md\x1b[39;49m", Style())
    assert runs == [
        ("a", Style()),
        ("b", Style(ink=1, bold=True)),
        ("c", Style()),
        ("d", Style(ink=2, paper=4)),
    ]
    assert after == Style()


def test_a_style_lasts_into_the_next_line() -> None:
    _, after = read_runs("\x1b[7mbar", Style())
    runs, _ = read_runs("more", after)
    assert runs == [("more", Style(reverse=True))]


def test_colours_that_we_do_not_have_and_other_sequences_leave_text_alone() -> None:
    runs, _ = read_runs("\x1b[38;2;1;2;3ma\x1b[38;5;200mb\x1b[K\x1b(Bc\x0f", Style())
    assert "".join(text for text, _ in runs) == "abc"
    assert {style for _, style in runs} == {Style()}


def test_lines_break_where_terminals_break_them() -> None:
    bold = Style(bold=True)
    assert wrapped([("abc", Style()), ("def", bold)], 4) == [
        [("abc", Style()), ("d", bold)],
        [("ef", bold)],
    ]
    assert wrapped([("日本語", Style())], 5) == [[("日本", Style())], [("語", Style())]]
    assert wrapped([], 5) == [[]]


def test_characters_stand_in_their_columns() -> None:
    first, second = drawn("ab  cd")
    assert (first.text, second.text) == ("ab", "cd")
    assert float(second.get("x", "")) - float(first.get("x", "")) == pytest.approx(4 * CELL)
    assert float(second.get("textLength", "")) == pytest.approx(2 * CELL)


def test_texts_are_texts_and_not_markup() -> None:
    (text,) = drawn("<Ann> R&D")
    assert text.text == "<Ann> R&D"


def test_white_on_a_colour_is_dark_on_our_light_one() -> None:
    picture = draw([[Window("", ["\x1b[37;44mbar"])]], 10, "")
    assert PAPER[4] in picture
    assert INK[7] not in picture


def test_pillars_end_at_one_height() -> None:
    picture = draw([[Window("a", ["1"]), Window("b", ["2"])], [Window("c", ["3"] * 20)]], 10, "")
    frames = [rect for rect in ElementTree.fromstring(picture) if rect.get("class") == "frame"]
    ends = [float(frame.get("y", "")) + float(frame.get("height", "")) for frame in frames]
    assert ends[1] == pytest.approx(ends[2])


@pytest.mark.parametrize("name", ["session.svg", "session.ru.svg"])
def test_the_pictures_show_nothing_of_the_machine_that_made_them(name: str) -> None:
    picture = (ROOT / "docs" / "pictures" / name).read_text(encoding="utf-8")
    ElementTree.fromstring(picture)
    assert not re.search(r"/tmp/|root@|Traceback", picture)
    assert set(re.findall(r"\b\d\d:\d\d\b", picture)) <= {"19:04", "19:05", "04:00"}
