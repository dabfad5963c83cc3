"""The built chat as files that are shown: what there is, and what there is not."""

from __future__ import annotations

import gzip
from pathlib import Path

from veche.net.assets import Assets


def test_without_a_build_there_is_nothing(tmp_path: Path) -> None:
    assets = Assets(tmp_path / "web_assets", "Tea")
    assert assets.index is None
    assert not assets.files


def test_files_are_read_once_and_packed(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<meta name="network" content="" />')
    (tmp_path / "assets" / "a-1.js").write_text("let a;")
    (tmp_path / "assets" / "notes.txt").write_text("of no type that the chat has")
    (tmp_path / "sources").write_text("abc")
    assets = Assets(tmp_path, 'Tea & "Cake"')
    assert assets.index is not None
    assert assets.index.plain == b'<meta name="network" content="Tea &amp; &quot;Cake&quot;" />'
    assert assets.index.content_type == "text/html"
    assert list(assets.files) == ["a-1.js"]
    script = assets.files["a-1.js"]
    assert (script.content_type, script.plain, gzip.decompress(script.packed)) == (
        "text/javascript",
        b"let a;",
        b"let a;",
    )
