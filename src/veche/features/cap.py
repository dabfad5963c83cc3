"""CAP: capability negotiation. Which capabilities are offered is for the features that bring them.

Source: capability-negotiation, version 302.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from veche.core.ask import Ask
from veche.core.engine import Engine
from veche.core.help import Family, Help
from veche.core.registry import Command, Feature
from veche.core.session import Session
from veche.core.settings import Settings
from veche.wire import numerics
from veche.wire.caps import CAP_NOTIFY, view_of
from veche.wire.lines import BODY_LIMIT, cut

# From this version on there are values, several lines for one answer, and cap-notify.
_MODERN = 302
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
    word = ask.params[1] if len(ask.params) > 1 else ""
    # "The CAP version number argument MUST be treated as a number by the server."
    version = int(word) if word.isascii() and word.isdigit() else 0
    # "If a client sends a higher CAP version at any time, the server MUST store the higher version." For a lower one
    # "servers SHOULD return a CAP LS reply consistent with the request's version, but keep storing the original"
    session.cap_version = max(session.cap_version, version)
    is_modern = version >= _MODERN
    if session.registration is not None:
        session.registration.negotiating = True
    if is_modern and "cap-notify" in ask.engine.registry.caps:
        # "This capability MUST be implicitly enabled if the client requests CAP LS with a version of 302 or newer"
        session.caps |= CAP_NOTIFY
    registry = ask.engine.registry
    offers = registry.offered(session, ask.settings)
    if is_modern:  # what is only told says nothing without its value
        for name, tell in registry.tells.items():
            value = tell(session, ask.settings)
            if value is not None:
                offers[name] = value
    if is_modern:
        _send_names(ask, "LS", _words(offers, version), several_lines=True)
    else:
        _answer(ask, "LS", _in_one_line(ask, list(offers)))


def _in_one_line(ask: Ask, names: list[str]) -> str:
    """For who knows no answer of several lines: of drafts and vendors' own, which are younger than such clients, only
    what fits in one. All of them are granted to who asks for them by name."""
    room = BODY_LIMIT - len(f":{ask.settings.server} CAP {ask.session.nick} LS :".encode())
    line = ""
    for name in sorted(names, key=lambda name: "/" in name):  # in their order otherwise
        if len(line) + 1 + len(name) <= room:
            line += " " + name if line else name
    return line


def _words(offers: dict[str, str], version: int) -> list[str]:
    """ "If a client has not indicated support for CAP LS 302 features, the server MUST NOT send these new features" """
    return [f"{name}={value}" if value and version >= _MODERN else name for name, value in offers.items()]


def _list(ask: Ask) -> None:
    names = [name for name, bit in ask.engine.registry.cap_bits.items() if ask.session.caps & bit]
    _send_names(ask, "LIST", names, several_lines=ask.session.cap_version >= _MODERN)


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
        # newer"; others "MAY explicitly disable the capability, and servers MUST allow these clients to do so".
        is_kept = word == "-cap-notify" and session.cap_version >= _MODERN
        if bit is None or is_kept or (word[0] != "-" and word not in offers):
            # "The server MUST NOT make any change to any capabilities if it replies with a NAK subcommand."
            _answer(ask, "NAK", ask.params[1])
            return
        caps = caps & ~bit if word[0] == "-" else caps | bit
    _answer(ask, "ACK", ask.params[1] if len(ask.params) > 1 else "")
    # "a server MUST NOT change the capabilities of the client until the last ACK of the set has been sent"
    _change(ask.engine, session, caps)


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
    """One line, or several where what is repeated to a client is longer than what it has sent."""
    for line in _lines(ask.settings.server, ask.session, verb, names):
        ask.send(line)


def _lines(server: str, session: Session, verb: str, names: str) -> Iterator[str]:
    head = f":{server} CAP {session.nick} {verb} :"
    room = BODY_LIMIT - len(head.encode())
    while len(names.encode()) > room:
        line = cut(names, room)
        space = line.rfind(" ")
        if space < 0:
            names = line  # one word that is no capability: as much of it as there is room for
            break
        yield head + line[:space]
        names = names[space + 1 :]
    yield head + names


def _change(engine: Engine, session: Session, caps: int) -> None:
    session.caps = caps
    engine.fanout.look_anew(session, view_of(caps))


# ---- when what is offered changes


@contextmanager
def offers_change(engine: Engine) -> Iterator[None]:
    """Around whatever changes settings: whoever has cap-notify is told what is offered to him no more, or anew.

    "When enabled, the server MUST notify the client about all new capabilities and about existing capabilities that
    are no longer available using the NEW and DEL subcommands".
    """
    before = {session: _varying(engine, session) for session in engine.sessions}
    yield
    for session, offered in before.items():
        if not session.ended:
            _tell_changes(engine, session, offered, _varying(engine, session))


def _varying(engine: Engine, session: Session) -> dict[str, str]:
    """What this session is offered of all that is not offered to everybody, with the values; and what it is told."""
    registry = engine.registry
    values: dict[str, Callable[[Session, Settings], str | None]] = dict(registry.tells)
    values.update({name: value for name, value in registry.caps.items() if not isinstance(value, str)})
    offers = {name: value(session, engine.settings) for name, value in values.items()}
    return {name: offer for name, offer in offers.items() if offer is not None}


def _tell_changes(engine: Engine, session: Session, before: dict[str, str], after: dict[str, str]) -> None:
    server = engine.settings.server
    bits = engine.registry.cap_bits
    # What is only told is not taken away: sts has a value for that, "Servers MUST NOT send CAP DEL to disable" it.
    gone = [name for name in before if name not in after and name in bits]
    new = {name: value for name, value in after.items() if before.get(name) != value}
    if session.cap_version < _MODERN:  # without its value, what is only told or has another value is no news
        new = {name: "" for name in new if name in bits and name not in before}
    is_told = session.caps & CAP_NOTIFY
    lines = [*_lines(server, session, "DEL", " ".join(gone))] if gone and is_told else []
    if new and is_told:
        # "If the client supports CAP version 302, the capabilities SHOULD be listed with values"
        lines += _lines(server, session, "NEW", " ".join(_words(new, session.cap_version)))
    for line in lines:
        engine.outboxes.send(session, line)
    # "Servers MUST cancel any capability-specific behavior for a client after sending the CAP DEL message"
    _change(engine, session, session.caps & ~sum(bits[name] for name in gone))


feature = Feature(
    "cap",
    commands=[
        Command(
            "CAP",
            cap,
            least=1,
            early=True,
            help=Help(
                "LS [<version>]\nLIST\nREQ <capabilities>\nEND",
                "Chooses what a client understands: LS tells what there is, REQ asks for it, LIST tells what "
                "was asked for, END ends the choice.",
                "Выбирает, что понимает программа: LS говорит, что есть, REQ просит, LIST говорит, что "
                "выбрано, END завершает выбор.",
                Family.CONNECTION,
            ),
        )
    ],
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
