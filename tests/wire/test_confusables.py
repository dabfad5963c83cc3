"""veche.wire.confusables: which names can be mistaken for each other, and which cannot."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veche.wire import confusables, confusables_table
from veche.wire.confusables import looks, skeleton
from veche.wire.names import fold

ROOT = Path(__file__).parent.parent.parent

# Names that nobody can tell apart as they are written.
ALIKE = [
    ("Bill", "BiIl"), ("Bill", "Bi1l"), ("Bill", "Bil|"), ("alice", "aIice"), ("Ian", "lan"), ("Ian", "1an"),
    ("bob1", "bobl"), ("user10", "user1O"), ("user10", "userlO"), ("root0", "rootO"), ("mary", "rnary"),
    ("tom", "torn"), ("a`b", "a'b"), ("admin", "adrnin"), ("scope", "ѕсоре"), ("MAX", "МАХ"), ("Max", "Мах"),
    ("ace", "асе"), ("COP", "СОР"), ("Nova", "Νονα"), ("ChanServ", "ChɑnServ"), ("ann", "ａｎｎ"),
    ("José", "Jose\u0301"), ("iris", "ırıs"), ("ёж", "е\u0308ж"), ("ВОВА", "BOBA"), ("Ника0", "НикаО"), ("ОР", "ΟΡ"),
    ("ΤΟΜ", "TOM"), ("ж\ufe0fук", "жук"),
]  # fmt: skip
# Names that can be told apart as they are written, but not in every way their owners may write them.
ALIKE_IN_SOME_CASE = [
    ("bill", "BiIl"), ("ian", "lan"), ("user1o", "user10"), ("мах", "max"), ("Вова", "Boba"), ("MARY", "rnary"),
    ("chɑnserv", "ChanServ"), ("мир0н", "МИРОН"), ("катя", "Катя"), ("νονα", "nova"), ("Neil", "Nell"), ("Lia", "Ila"),
    ("admin", "AdMlN"), ("admin", "admln"), ("Ali", "All"), ("root", "гоот"), ("bob", "ʙᴏʙ"), ("nick", "n1ck"),
]  # fmt: skip
# Names that must stay apart, however they are written.
APART = [
    ("ivan", "ivana"), ("ann", "anna"), ("ann", "ann_"), ("bob1", "bob2"), ("bob1", "bob"), ("user10", "user11"),
    ("user10", "user100"), ("user1", "user2"), ("мир", "mup"), ("Ева", "Eva"), ("катя", "катю"), ("Саша", "Маша"),
    ("ё", "е"), ("ш", "щ"), ("и", "й"), ("José", "Jose"), ("dog", "d0g8"), ("{a}", "[a]"), ("a-b", "a_b"),
    ("Anna", "Аnя"), ("u", "v"), ("n", "h"), ("n", "v"), ("r", "y"), ("w", "vv"), ("山田", "田山"), ("한국", "한글"),
    ("д", "d"), ("alice", "malice"), ("Eva", "Ewa"), ("tom", "ton"), ("Женя", "Жена"), ("b0b", "bqb"),
]  # fmt: skip


def test_there_are_enough_of_them() -> None:
    assert len(ALIKE) >= 30
    assert len(APART) >= 30


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_look_the_same(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)
    assert looks(one) & looks(other)


@pytest.mark.parametrize(("one", "other"), ALIKE_IN_SOME_CASE)
def test_names_that_look_the_same_in_some_case(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)
    assert looks(one) & looks(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_names_that_can_be_told_apart(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)
    assert not looks(one) & looks(other)


@given(st.text())
def test_the_skeleton_of_a_skeleton_is_itself(name: str) -> None:
    once = skeleton(name)
    assert skeleton(once) == once


def test_the_skeleton_of_every_characters_skeleton_is_itself() -> None:
    """Hypothesis would need years to meet each row of the table."""
    sources = [chr(code) for code in confusables._prototypes()]
    assert len(sources) > 2500
    assert [char for char in sources if skeleton(skeleton(char)) != skeleton(char)] == []


@given(st.text(st.characters(codec="ascii"), max_size=20))
def test_ascii_names_look_as_the_table_says(name: str) -> None:
    """The short way, which does without the table, and the long one agree."""
    table = confusables._prototypes()
    assert skeleton(name) == unicodedata.normalize("NFD", name.translate(table))


@given(st.text(max_size=20))
def test_the_same_name_in_another_case_looks_alike(name: str) -> None:
    for other in (name, name.lower(), name.upper()):
        assert looks(name) & looks(other)


@given(st.text(st.characters(codec="ascii"), max_size=20), st.data())
def test_case_is_nothing_to_the_looks_of_ascii_names(name: str, data: st.DataObject) -> None:
    mixed = "".join(data.draw(st.sampled_from([char.lower(), char.upper()])) for char in name)
    assert looks(mixed) == looks(name)


@given(st.text("aAbBоОжЖmMlLiI01ɑҟνΝ", min_size=1, max_size=6))
def test_one_name_by_its_key_can_be_mistaken_for_itself(name: str) -> None:
    assert looks(name) & looks(fold(name))


def test_the_table_is_what_the_tool_makes(tmp_path: Path) -> None:
    """Of a few rows in Unicode's own form; one that decomposition does away with is left out."""
    source = tmp_path / "confusables.txt"
    source.write_text(
        "\ufeff# confusables.txt\n# Version: 99.0.0\n\n"
        "0430 ;\t0061 ;\tMA\t# ( а → a )\n"
        "028D ;\t1D0D ;\tMA\t# not closed: the next row leads on\n"
        "1D0D ;\t0061 0301 ;\tMA\t# \n"
        "FF41 ;\t0061 ;\tMA\t# fullwidth\n",
        encoding="utf-8",
    )
    tool = tmp_path / "tools" / "confusables"
    table = tmp_path / "src" / "veche" / "wire" / "confusables_table.py"
    for folder in (tool.parent, table.parent):
        folder.mkdir(parents=True)
    tool.write_bytes((ROOT / "tools" / "confusables").read_bytes())
    table.write_text('"""Head."""\n\nVERSION = "1"\nTABLE = ""\n', encoding="utf-8")
    ran = subprocess.run([sys.executable, tool, source], check=True, capture_output=True, text=True)
    assert ran.stdout == "3 characters of Unicode 99.0.0\n"
    assert table.read_text(encoding="utf-8") == (
        '"""Head."""\n\nVERSION = "99.0.0"\nTABLE = """\\\n61:430 61+301:28D.1D0D\n"""\n'
    )


def test_the_table_names_its_version_and_its_owner() -> None:
    assert int(confusables_table.VERSION.partition(".")[0]) >= 15
    notice = confusables_table.__doc__ or ""
    assert "Copyright" in notice
    assert "Unicode, Inc." in notice
