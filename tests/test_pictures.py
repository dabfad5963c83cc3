"""Pictures: each is made by a tool that tools/pictures runs, and each is shown or linked to somewhere."""

from __future__ import annotations

import re
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType

from tests.test_papers import PAGES, ROOT, read


def load() -> ModuleType:
    """The tool, which has no .py to its name."""
    loader = SourceFileLoader("pictures_tool", str(ROOT / "tools" / "pictures"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


tool = load()


def test_every_picture_is_made_by_a_tool() -> None:
    assert len(tool.pictures()) > 80
    assert [file for file in tool.pictures() if tool.maker_of(file) is None] == []


def test_every_tool_is_there_and_makes_something() -> None:
    for row in tool.MADE_BY:
        assert any(tool.maker_of(file) is row for file in tool.pictures()), row[0]
        if row[1][0] != "plots":
            assert (ROOT / row[1][0]).is_file()


def test_every_tool_that_makes_pictures_is_known() -> None:
    """Whoever writes a tool that makes pictures puts it into the list, too."""
    known = {row[1][0] for row in tool.MADE_BY}
    makers = {
        f"tools/{file.name}"
        for file in (ROOT / "tools").iterdir()
        if file.is_file()
        and "." not in file.name
        and re.search(r'"docs" / (?:"report" / )?"pictures"', file.read_text(encoding="utf-8"))
    }
    assert makers <= known | {"tools/pictures"}


def test_every_picture_is_used() -> None:
    text = "\n".join(read(page) for page in PAGES)
    assert [str(file.relative_to(ROOT)) for file in tool.pictures() if file.name not in text] == []
