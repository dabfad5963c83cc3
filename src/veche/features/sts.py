"""sts: telling clients to come by TLS, and to stay with it.

The rule: told only where the owner has asked for it. A client that has heard it refuses to connect without TLS, and
with a certificate that it cannot verify, for as long as it was told: with the certificate that the server makes for
itself that would shut everybody out.

Source: IRCv3 strict transport security (sts).
"""

from veche.core.registry import Feature, Told
from veche.core.session import Session
from veche.core.settings import Settings


def policy(session: Session, settings: Settings) -> str | None:
    """The value that this session is told; None: nothing."""
    # Who comes through a gateway cannot follow: it is the gateway that connects here.
    if not settings.sts_seconds or session.gateway:
        return None
    if session.door == "ircs":
        # "If no hostname has been provided for the connection, an STS persistence policy SHOULD NOT be advertised."
        # "IRCd software SHOULD allow for each part of the STS policy to be configured per hostname."
        seconds = settings.sts_names.get(session.server_name, 0)
        if seconds is None:
            seconds = settings.sts_seconds
        # "A duration=0 value indicates a disabled STS persistence policy with an immediate expiry."
        return f"duration={max(0, seconds)}" if seconds else None
    if session.door == "irc" and session.address and settings.sts_port and settings.sts_seconds > 0:
        # "To enforce an STS upgrade policy, servers MUST send this key to insecurely connected clients."
        return f"port={settings.sts_port}"
    return None


# "Clients MUST NOT request this capability with CAP REQ. Servers MAY reply with a CAP NAK message": it is only told.
# Nor is it ever taken away: "Servers MUST NOT send CAP DEL to disable this capability".
feature = Feature("sts", caps={"sts": Told(policy)})
