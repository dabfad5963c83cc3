"""The chat in the browser, as it was built: files that the HTTP server shows, read once.

The rule: what can be asked for is what was there when they were read. Names under `assets/` change with what is in
them, so a browser may keep those files for good; the index it asks for each time.
"""

import gzip
from html import escape
from pathlib import Path

_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_NETWORK = '<meta name="network" content=""'


class Asset:
    """One file: its type, its bytes as they are and packed."""

    __slots__ = ("content_type", "packed", "plain")

    def __init__(self, content_type: str, plain: bytes) -> None:
        self.content_type = content_type
        self.plain = plain
        self.packed = gzip.compress(plain, 9, mtime=0)


class Assets:
    """The files of a build; `index` is None where nothing has been built, and then there are no others either."""

    def __init__(self, folder: Path, network: str) -> None:
        self.files: dict[str, Asset] = {}
        self.index: Asset | None = None
        page = folder / "index.html"
        if not page.is_file():
            return
        html = page.read_text(encoding="utf-8")
        html = html.replace(_NETWORK, f'{_NETWORK[:-1]}{escape(network)}"')
        self.index = Asset("text/html", html.encode())
        for file in sorted((folder / "assets").iterdir()):
            content_type = _TYPES.get(file.suffix)
            if content_type is not None:
                self.files[file.name] = Asset(content_type, file.read_bytes())
