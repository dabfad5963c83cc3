"""The doors: for each one the layers that a connection goes through, and what its connections share.

    irc        [PROXY header]  IRC
    ircs       [PROXY header]  TLS  IRC
    web        [TLS]  WebSocket, or a page
    classic    the classic protocol

In front of each: the gate (net/descriptors.py).

The rule: a door that is shut costs nothing. What it needs is loaded when it is opened.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from veche.app.cli import Settings
from veche.core.limits import FULL, Networks
from veche.core.settings import Gateway
from veche.core.settings import Settings as EngineSettings
from veche.net.descriptors import Gate, Reserve, allow_all
from veche.net.peer import NextLayer, Peer
from veche.net.shell import Shell
from veche.net.tcp import IrcProtocol
from veche.phrases import Phrases

if TYPE_CHECKING:
    from veche.app.certificates import CertificateKeeper
    from veche.net.tls import TlsDoor
    from veche.net.web import WebDoor

# How often the certificate's files are looked at, in seconds.
LOOK_SECONDS = 30.0

_log = logging.getLogger("veche.tls")

Factory = Callable[[], asyncio.Protocol]


def fill_in_doors(engine: EngineSettings, settings: Settings) -> None:
    """Put what the engine is to know of the doors into its settings."""
    config = settings.config
    gateways = {name: Networks(gateway.networks) for name, gateway in config.webirc.items()}
    engine.webirc = [
        Gateway(name, gateway.password, gateways[name]) for name, gateway in config.webirc.items()
    ]
    networks = [network for gateway in config.webirc.values() for network in gateway.networks]
    engine.gateways = Networks([*config.proxy.trusted, *networks])
    engine.sts_seconds = config.tls.sts_seconds
    engine.sts_port = config.tls.sts_port or next((a.port for a in settings.doors.ircs if a.port), 0)
    engine.sts_names = {config.server.name.lower(): None, **config.tls.sts_hosts}


class UnusableError(Exception):
    """A door cannot be made of what the owner has set; the text says why, in the reader's language."""


class DoorMaker:
    """Makes the protocol factories of a server's doors."""

    def __init__(self, shell: Shell, settings: Settings) -> None:
        self._shell = shell
        self._settings = settings
        self._trusted = Networks(settings.config.proxy.trusted)
        self._reserve = Reserve(allow_all())
        self._certificates: CertificateKeeper | None = None
        self._web: WebDoor | None = None
        self._timer: asyncio.TimerHandle | None = None

    def make(self, door: str) -> Factory:
        """What makes the protocol of each connection to this door.

        Raises, for a door with TLS, UnusableError about the owner's certificate and OSError about our own.
        """
        makers = {"irc": self._irc, "ircs": self._ircs, "web": self._web_door, "classic": self._classic}
        next_layer, words = makers[door](), self._refusal(door)
        return lambda: Gate(self._reserve, words, next_layer)

    def reload(self) -> str:
        """Read the certificate again; returns "" or why the old one stays, in the reader's language."""
        return self._certificates.reload(time.time()) if self._certificates is not None else ""

    async def wait_closed(self) -> None:
        """End what is left behind the doors once they are closed and the sessions have been told."""
        if self._timer is not None:
            self._timer.cancel()
        if self._web is not None:
            await self._web.wait_closed()

    def _refusal(self, door: str) -> bytes:
        """What a door says before it is known who has come; nothing where only TLS would be understood."""
        if door == "irc":
            return f"ERROR :{FULL}\r\n".encode()
        if door == "classic":
            from veche.net.classic.phrases import TABLE  # noqa: PLC0415 - the rule at the head of this file

            return (Phrases(TABLE, self._settings.language)(FULL) + "\n").encode()
        if door == "web" and not self._settings.config.web.tls:
            from veche.net.http_head import refusal  # noqa: PLC0415

            return refusal(503)
        return b""

    # ---- the doors

    def _irc(self) -> Factory:
        shell = self._shell
        if "irc" not in self._settings.config.proxy.doors:
            return lambda: IrcProtocol(shell, "irc")
        return self._behind_proxies(lambda peer: IrcProtocol(shell, "irc", peer))

    def _ircs(self) -> Factory:
        from veche.net.tls_layer import TlsLayer  # noqa: PLC0415 - the rule at the head of this file

        shell = self._shell
        tls = self._make_tls()
        if self._settings.config.tls.sts_seconds > 0 and not self._settings.config.tls.certificate:
            _log.warning(
                "tls.sts_seconds is set, but no tls.certificate: clients that obey will not come back"
            )

        def irc(peer: Peer) -> asyncio.Protocol:
            return IrcProtocol(shell, "ircs", peer)

        if "ircs" not in self._settings.config.proxy.doors:
            return lambda: TlsLayer(tls, irc)
        return self._behind_proxies(lambda peer: TlsLayer(tls, irc, peer))

    def _web_door(self) -> Factory:
        from veche.app.front_page import FrontPage  # noqa: PLC0415
        from veche.net.web import WebDoor, WebProtocol  # noqa: PLC0415

        settings = self._settings
        config = settings.config
        site = FrontPage(
            self._shell.engine,
            config.server.network,
            settings.doors,
            own_certificate=not config.tls.certificate,
        )
        web = self._web = WebDoor(self._shell, site, config.web.origins, self._trusted)
        if not config.web.tls:
            return lambda: WebProtocol(web)
        from veche.net.tls_layer import TlsLayer  # noqa: PLC0415

        tls = self._make_tls(protocol=b"http/1.1", is_irc=False)
        return lambda: TlsLayer(tls, lambda peer: WebProtocol(web, peer))

    def _classic(self) -> Factory:
        from veche.net.classic.protocol import ClassicProtocol  # noqa: PLC0415

        shell = self._shell
        return lambda: ClassicProtocol(shell, "classic")

    # ---- layers

    def _behind_proxies(self, next_layer: NextLayer) -> Factory:
        from veche.net.proxy import ProxyLayer  # noqa: PLC0415

        return lambda: ProxyLayer(self._shell, self._trusted, next_layer)

    def _make_tls(self, protocol: bytes = b"irc", *, is_irc: bool = True) -> "TlsDoor":
        from veche.net.tls import TlsDoor  # noqa: PLC0415

        if self._certificates is None:
            self._certificates = self._find_certificates()
            self._timer = self._shell.loop.call_later(LOOK_SECONDS, self._look)
        door = TlsDoor(self._shell, protocol=protocol, asks_clients=is_irc, counts=is_irc)
        door.use(*self._certificates.pair)
        self._certificates.users.append(lambda pair: door.use(*pair))
        return door

    def _find_certificates(self) -> "CertificateKeeper":
        from veche.app.certificates import FOLDER, CertificateError, CertificateKeeper  # noqa: PLC0415

        settings = self._settings
        tls = settings.config.tls
        # Relative to the file that names them, as a person who reads it expects.
        base = settings.config_file.parent
        files = (base / Path(tls.certificate), base / Path(tls.key)) if tls.certificate else None
        names = list(dict.fromkeys([settings.config.server.name.lower(), *tls.sts_hosts]))
        try:
            return CertificateKeeper(files, settings.data / FOLDER, names, time.time(), settings.language)
        except CertificateError as error:
            raise UnusableError(str(error)) from error

    def _look(self) -> None:
        self._timer = self._shell.loop.call_later(LOOK_SECONDS, self._look)
        if self._certificates is not None:
            self._certificates.check(time.time())
