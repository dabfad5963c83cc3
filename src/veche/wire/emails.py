"""E-mail addresses: what may stand in an envelope and a header without saying anything else there.

Source: RFC 5321, section 4.1.2, less what nobody's mailbox is called: quoted names, literal addresses of machines,
hosts without a dot. In ASCII; a domain in another alphabet is written as xn--.
"""

import re

# RFC 5321, 4.5.3.1: "The maximum total length of a user name or other local-part is 64 octets"; of a path 256, which
# leaves 254 without its angle brackets.
_LONGEST_LOCAL = 64
_LONGEST = 254
# "Dot-string = Atom *("." Atom)", atoms as in RFC 5322, 3.2.3.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(
    rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?:{_LABEL}\.)+(?=[^.]*[A-Za-z])(?:{_LABEL})", re.ASCII
)


def is_email(text: str) -> bool:
    """Whether this is an address that mail can be sent to, whole and alone. Whether anybody reads it is not known."""
    if len(text) > _LONGEST:
        return False
    found = _ADDRESS.fullmatch(text)
    return found is not None and len(found["local"]) <= _LONGEST_LOCAL
