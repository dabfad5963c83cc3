"""CAP: capability negotiation. Which capabilities are offered is for the features that bring them.

Source: capability-negotiation, version 302.
"""

from veche.core.ask import Ask
from veche.core.registry import Command, Feature
from veche.wire import numerics
from veche.wire.caps import CAP_NOTIFY, view_of
from veche.wire.lines import BODY_LIMIT, cut

# Room for the names in one CAP line of at most 510 bytes beside the server's name and the nick.
_LINE_ROOM = 380


def cap(ask: Ask) -> None:
    """CAP <subcommand> [:<capabilities>]."""
    verb = ask.params[0].upper()
    handler = _SUBCOMMANDS.get(verb)
    if handler is None:
        ask.reply(numerics.ERR_INVALIDCAPCMD, ask.params[0][:32] or "*", "Invalid CAP command")
    else:
        handler(ask)


def _ls(ask: Ask) -> None:
    """ "Upon receiving either a CAP LS or CAP REQ command during connection registration, the server MUST not complete
    registration until the client sends a CAP END command"."""
    session = ask.session
    version = ask.params[1] if len(ask.params) > 1 else ""
    modern = version.isascii() and version.isdigit() and len(version) < 9 and int(version) >= 302
    if session.registration is not None:
        session.registration.negotiating = True
    if modern and "cap-notify" in ask.engine.registry.caps:
        # "This capability MUST be implicitly enabled if the client requests CAP LS with a version of 302 or newer"
        session.caps |= CAP_NOTIFY
    registry = ask.engine.registry
    offers = registry.offered(session, ask.settings)
    if modern:  # what is only told says nothing without its value
        for name, tell in registry.tells.items():
            if value := tell(session, ask.settings):
                offers[name] = value
    words = [f"{name}={value}" if value and modern else name for name, value in offers.items()]
    _send_names(ask, "LS", words, several_lines=modern)


def _list(ask: Ask) -> None:
    names = [name for name, bit in ask.engine.registry.cap_bits.items() if ask.session.caps & bit]
    _send_names(ask, "LIST", names, several_lines=True)


def _req(ask: Ask) -> None:
    session = ask.session
    if session.registration is not None:
        session.registration.negotiating = True
    words = ask.params[1].split(" ") if len(ask.params) > 1 else []
    bits = ask.engine.registry.cap_bits
    offers = ask.engine.registry.offered(session, ask.settings)
    caps = session.caps
    for word in words:
        if not word:
            continue
        bit = bits.get(word.removeprefix("-"))
        # "servers MUST NOT disable the cap-notify capability if the client requests CAP LS with a version of 302 or
        # newer"; who asked for it by its name can live with it too.
        if bit is None or word == "-cap-notify" or (word[0] != "-" and word not in offers):
            # "The server MUST NOT make any change to any capabilities if it replies with a NAK subcommand."
            _answer(ask, "NAK", ask.params[1])
            return
        caps = caps & ~bit if word[0] == "-" else caps | bit
    session.caps = caps
    ask.engine.fanout.look_anew(session, view_of(caps))
    _answer(ask, "ACK", ask.params[1] if len(ask.params) > 1 else "")


def _end(ask: Ask) -> None:
    """ "If the client is already registered, this command MUST be ignored by the server." """
    if ask.session.registration is not None:
        ask.session.registration.negotiating = False


_SUBCOMMANDS = {"LS": _ls, "LIST": _list, "REQ": _req, "END": _end}


def _send_names(ask: Ask, verb: str, words: list[str], *, several_lines: bool) -> None:
    lines = [""]
    for word in words:
        if several_lines and lines[-1] and len(lines[-1]) + len(word) >= _LINE_ROOM:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    for line in lines[:-1]:
        ask.send(f":{ask.settings.server} CAP {ask.session.nick} {verb} * :{line}")
    _answer(ask, verb, lines[-1])


def _answer(ask: Ask, verb: str, names: str) -> None:
    """ "If an ACK reply originating from the server is spread across multiple lines" the changes stand already, and
    nothing comes between the lines."""
    head = f":{ask.settings.server} CAP {ask.session.nick} {verb} :"
    room = BODY_LIMIT - len(head.encode())
    while len(names.encode()) > room:
        line = cut(names, room)
        space = line.rfind(" ")
        if space < 0:
            names = line  # one word that is no capability: as much of it as there is room for
            break
        ask.send(head + line[:space])
        names = names[space + 1 :]
    ask.send(head + names)


feature = Feature(
    "cap",
    commands=[Command("CAP", cap, least=1, early=True)],
    caps={
        "cap-notify": "",
        # These change how lines look and belong to no command.
        "message-tags": "",
        "server-time": "",
        "batch": "",
        "labeled-response": "",
        "standard-replies": "",
    },
)
