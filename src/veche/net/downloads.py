"""Sends a file that is made while it is sent.

The rules: who reads slowly is sent no more than he takes, and not for ever; and what could not be read to its end never
looks whole: the connection breaks before the last chunk.
"""

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from veche.net.web import DownloadError

if TYPE_CHECKING:
    from veche.net.web import Download

# Bytes that are handed over at once, and seconds that they may wait to be taken.
CHUNK = 65536
STALL_SECONDS = 30.0


async def send(request: web.Request, download: "Download") -> web.StreamResponse:
    """Send it as an attachment: no browser shows it as a page of this server's."""
    response = web.StreamResponse(
        headers={
            "Content-Disposition": f'attachment; filename="{download.file_name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'",
        }
    )
    response.content_type = download.content_type
    response.charset = "utf-8"
    is_whole = False
    try:
        await response.prepare(request)
        async for piece in download.pieces():
            data = piece.encode(errors="replace")
            for start in range(0, len(data), CHUNK):
                async with asyncio.timeout(STALL_SECONDS):
                    await response.write(data[start : start + CHUNK])
        async with asyncio.timeout(STALL_SECONDS):
            await response.write_eof()
        is_whole = True
    except (TimeoutError, ConnectionError, DownloadError):
        pass  # the reader sees that it is not whole
    finally:
        download.close()
        if not is_whole and request.transport is not None:
            request.transport.abort()
    return response
