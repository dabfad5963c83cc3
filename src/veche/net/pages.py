"""The HTTP server proper: the chat in the browser, pages about doors and invitations, whether the server is well.
It is loaded when first asked for (see web.py).

The rule: an answer holds nothing of the request but the code of an invitation, not even its Host. It is not framed by
anybody; nobody keeps it but what the build has named after its content; and no script runs but the chat's own files.
"""

import asyncio
import base64
import hashlib
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from veche.core.downloads import PATH as DOWNLOAD_PATH
from veche.net.assets import Asset, Assets
from veche.net.downloads import send
from veche.net.http_head import HEAD_LIMIT
from veche.net.web import INVITATION_PATH

if TYPE_CHECKING:
    from veche.net.web import Site


class _NotTheirMistakes(logging.Filter):
    """Drops what aiohttp reports, traceback and all, of requests that are wrong: anybody can cause that."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is worth a line."""
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, (HttpProcessingError, ConnectionError))


_log = logging.getLogger("veche.http")
_log.addFilter(_NotTheirMistakes())


class PageServer:
    """A running HTTP server without a listener: connections are handed to it."""

    def __init__(self, runner: web.AppRunner) -> None:
        self._runner = runner

    def new_handler(self) -> "asyncio.Protocol":
        """The protocol for one more connection."""
        server = self._runner.server
        if server is None:
            raise AssertionError("a page server is made set up, and asked for nothing once it is closed")
        return server()

    async def close(self) -> None:
        """End it."""
        await self._runner.cleanup()


async def open_page_server(site: "Site") -> PageServer:
    """Make the server of this site."""
    app = web.Application(client_max_size=1 << 16)
    headers = {**_HEADERS, "Content-Security-Policy": _policy(site.style)}
    assets = await asyncio.to_thread(Assets, site.assets, site.network)

    async def protect(_request: web.Request, response: web.StreamResponse) -> None:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        response.headers.popall("Server", None)  # nobody needs to know which version of what this is
        # Each request has a connection of its own, so that each head is read under web.py's limits.
        response.headers["Connection"] = "close"
        response.force_close()

    async def chat(request: web.Request) -> web.Response:
        if assets.index is None:
            return await doors(request)
        return _give(request, assets.index, {"Content-Security-Policy": _CHAT_POLICY})

    async def asset(request: web.Request) -> web.Response:
        found = assets.files.get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        # A worker obeys the policy that it came with: one of these holds the connection of a browser's tabs.
        policy = {"Content-Security-Policy": _CHAT_POLICY}
        return _give(request, found, {"Cache-Control": "public, max-age=31536000, immutable", **policy})

    async def doors(request: web.Request) -> web.Response:
        page = site.page(choose_language(request.headers.get("Accept-Language", "")))
        return web.Response(text=page, content_type="text/html", headers={"Vary": "Accept-Language"})

    async def invitation(request: web.Request) -> web.Response:
        language = choose_language(request.headers.get("Accept-Language", ""))
        page = site.invitation(language, request.match_info["code"])
        return web.Response(text=page, content_type="text/html", headers={"Vary": "Accept-Language"})

    async def export(request: web.Request) -> web.StreamResponse:
        found = site.download(request.match_info["token"])
        if isinstance(found, int):
            text = (
                "Another file is on its way.\n"
                if found == _BUSY
                else "This link gives nothing, or no more.\n"
            )
            headers = {"Retry-After": "30"} if found == _BUSY else {}
            return web.Response(status=found, text=text, headers=headers)
        return await send(request, found)

    async def irc(_request: web.Request) -> web.Response:
        return web.Response(
            status=426,
            text="This address speaks WebSocket.\n",
            headers={"Upgrade": "websocket"},
        )

    async def live(_request: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def ready(_request: web.Request) -> web.Response:
        if site.is_ready():
            return web.json_response({"status": "ready"})
        return web.json_response({"status": "not ready"}, status=503)

    app.on_response_prepare.append(protect)
    app.add_routes(
        [
            web.get("/", chat),
            web.get("/assets/{name:[A-Za-z0-9._-]{1,100}}", asset),
            web.get("/sw.js", _whole(assets.worker)),
            web.get("/manifest.webmanifest", _whole(assets.manifest)),
            web.get("/doors", doors),
            web.get(INVITATION_PATH + "{code:[A-Za-z0-9_-]{1,64}}", invitation),
            # HEAD would use a link up and give nothing.
            web.get(DOWNLOAD_PATH + "{token:[A-Za-z0-9_-]{1,64}}", export, allow_head=False),
            web.get("/irc", irc),
            web.get("/health/live", live),
            web.get("/health/ready", ready),
        ]
    )
    runner = web.AppRunner(
        app,
        handle_signals=False,
        access_log=None,
        logger=_log,
        shutdown_timeout=2.0,
        max_line_size=HEAD_LIMIT,  # web.py has judged the head by now
        max_field_size=HEAD_LIMIT,
    )
    await runner.setup()
    return PageServer(runner)


def choose_language(accepted: str) -> str:
    """ "ru" or "en" of an Accept-Language field: what the reader names first of the two; English for everybody else."""
    weights: dict[str, float] = {}
    for part in accepted[:500].split(","):
        tag, _, weight = part.strip().lower().partition(";q=")
        try:
            weights.setdefault(tag[:2], float(weight or 1))
        except ValueError:
            continue
    return "ru" if weights.get("ru", 0.0) > weights.get("en", 0.0) else "en"


def _whole(found: Asset | None) -> Callable[[web.Request], Awaitable[web.Response]]:
    """What gives a file of the chat that is asked for each time."""

    async def give(request: web.Request) -> web.Response:
        if found is None:
            raise web.HTTPNotFound
        # So does this worker: it asks for the page and its files.
        return _give(request, found, {"Content-Security-Policy": _CHAT_POLICY})

    return give


def _give(request: web.Request, asset: Asset, headers: dict[str, str]) -> web.Response:
    """A file, packed for whoever can unpack it."""
    headers["Vary"] = "Accept-Encoding"
    body = asset.plain
    if "gzip" in request.headers.get("Accept-Encoding", "").lower():
        headers["Content-Encoding"] = "gzip"
        body = asset.packed
    return web.Response(body=body, content_type=asset.content_type, charset="utf-8", headers=headers)


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


# 'self' holds the WebSocket of the same host and port (CSP 3, "scheme-part matches"): ws beside http, wss beside https.
_CHAT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    # The one policy makes the addresses of our workers, and no others (web/src/ui/trusted.ts).
    "require-trusted-types-for 'script'; trusted-types veche"
)
_BUSY = 503
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
