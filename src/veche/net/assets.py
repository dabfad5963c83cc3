"""The chat in the browser, as it was built: files that the HTTP server shows, read once.

The rule: what can be asked for is what was there when they were read. Names under `assets/` change with what is in
them, so a browser may keep those files for good; the index, the worker and the manifest it asks for each time.

Source of the manifest: W3C, Web Application Manifest.
"""

import gzip
import json
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
        # The service worker, by which the page opens without a network.
        self.worker: Asset | None = None
        # What a browser must know to install the chat.
        self.manifest: Asset | None = None
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
        worker = folder / "sw.js"
        if worker.is_file():
            self.worker = Asset(_TYPES[".js"], worker.read_bytes())
        icons = [f"assets/{name}" for name in self.files if name.endswith(".svg")]
        self.manifest = Asset(_TYPES[".webmanifest"], json.dumps(_manifest(network, icons)).encode())


def _manifest(network: str, icons: list[str]) -> dict[str, object]:
    """Addresses in it are relative to its own, wherever a proxy has put the chat."""
    return {
        "name": network,
        "short_name": network,
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#f4f5f8",
        "theme_color": "#f4f5f8",
        # "If the sizes member contains the keyword any, the icon can be used at any size."
        "icons": [
            {"src": icon, "sizes": "any", "type": _TYPES[".svg"], "purpose": purpose}
            for icon in icons
            for purpose in ("any", "maskable")
        ],
    }
