"""WEBIRC: a gateway that is trusted says where its user comes from.

The rule: before anything else on the connection, from a known address and with its password, or not at all. The name
that a gateway gives a host is not believed; others see what they see of everybody, made from the address.

Source: IRCv3 webirc.
"""

import hmac
import ipaddress

from veche.core.ask import Ask
from veche.core.help import Family, Help
from veche.core.registry import Command, Feature
from veche.core.settings import Gateway
from veche.wire.message import unescape

_FINGERPRINT = "certfp-sha-256"


def webirc(ask: Ask) -> None:
    """WEBIRC <password> <gateway> <hostname> <ip> [:<option> <option> ...]."""
    session = ask.session
    registration = session.registration
    # "The WEBIRC command MUST be the first command sent from the WebIRC gateway to the IRC server"
    if registration is None or registration.lines != 1:
        ask.engine.end(session, "WEBIRC comes first or not at all")
        return
    gateway = _find_gateway(ask)
    if gateway is None:
        ask.engine.end(session, "Invalid WebIRC password")
        return
    try:
        # "If the IP address is an IPv6 address beginning with a colon, it MUST be sent with a canonically-acceptable
        # preceding zero": 0::1 is read as ::1.
        address = ipaddress.ip_address(ask.params[3]).compressed
        if "%" in address:  # a scope means something on the gateway's machine alone, and could be any text
            raise ValueError(address)
    except ValueError:
        ask.engine.end(session, "Invalid WebIRC address")
        return
    options = dict(_options(ask.params[4])) if len(ask.params) > 4 else {}
    # "Servers MUST ONLY treat the connection as secure if this flag is sent and the connection from the gateway to the
    # server is also secure with TLS."
    session.secure = session.secure and "secure" in options
    # The certificate and the host name so far are the gateway's, and so is the TLS.
    session.binding = b""
    session.certificate = _fingerprint(options) if session.secure else ""
    session.server_name = ""
    session.gateway = gateway.name
    ask.engine.move(session, address)


def _find_gateway(ask: Ask) -> Gateway | None:
    """The gateway that this is. Every password is compared whole, so that time tells nothing of any."""
    given = ask.params[0].encode()
    found: Gateway | None = None
    for gateway in ask.settings.webirc:
        is_right = hmac.compare_digest(gateway.password.encode(), given)
        if ask.session.address in gateway.networks and is_right:
            found = gateway
    return found


def _options(text: str) -> list[tuple[str, str]]:
    """ "MUST treat the options secure and secure=examplevalue123 in exactly the same way." """
    pairs = [word.partition("=") for word in text.split(" ") if word]
    return [(name, unescape(value)) for name, _, value in pairs]


def _fingerprint(options: dict[str, str]) -> str:
    """ "Servers should accept either upper case or lower case hexadecimal characters." """
    value = options.get(_FINGERPRINT, "").lower()
    return value if len(value) == 64 and not value.strip("0123456789abcdef") else ""


feature = Feature(
    "webirc",
    commands=[
        Command(
            "WEBIRC",
            webirc,
            least=4,
            early=True,
            help=Help(
                "<password> <gateway> <host> <address> [<options>]",
                "A trusted gateway says where its user comes from. It is the first line of a connection or "
                "ends it.",
                "Доверенный шлюз говорит, откуда пришёл его пользователь. Это первая строка соединения, иначе "
                "оно закрывается.",
                Family.CONNECTION,
            ),
        )
    ],
)
