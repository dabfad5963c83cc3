"""Every mechanism of SASL with a real server, and at the other end clients and libraries that know nothing of ours."""

from __future__ import annotations

import hashlib
import json
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import RSAKey
from scramp import ScramClient

from tests.clients.lines import Line, challenge_in, trusting
from tests.clients.serving import Ports, serving
from tests.clients.terminals import Terminal, Terminals
from veche.app.certificates import own_pair

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux")]

PASSWORD = "e\N{LATIN SMALL LIGATURE FI}shy-waters"
SAFE = "correct-horse"
END_POINT = "tls-server-end-point"
AUDIENCE = "veche"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """An issuer of tokens, and where it is."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"keys": [KEY.as_dict(private=False)]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody wants to know."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory, issuer: str) -> Iterator[Ports]:
    """A server on which ann and bob have accounts."""
    settings = (
        f"oauth.issuer={issuer}",
        f"oauth.jwks_url={issuer}/keys",
        f"oauth.audience={AUDIENCE}",
        "oauth.create_accounts=true",
        "limits.connect_burst=0",
        "limits.flood=false",
        "accounts.guesses_per_account=1000",
        "accounts.guesses_per_address=1000",
    )
    with serving(tmp_path_factory.mktemp("server"), *(f"--set={setting}" for setting in settings)) as doors:
        for name, password in (("ann", PASSWORD), ("bob", SAFE)):
            with Line(doors.irc) as line:
                line.register(name)
                line.say(f"REGISTER * * {password}")
                line.skip_to(" 900 ")
        yield doors


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Terminals]:
    """Terminals that end with the test."""
    with Terminals(tmp_path) as them:
        yield them


def negotiating(port: int, tls: ssl.SSLContext | None = None) -> Line:
    line = Line(port, tls)
    line.say("CAP LS 302", "CAP REQ :sasl")
    line.skip_to(" ACK ")
    return line


# ---- SCRAM, with scramp


def by_scramp(line: Line, password: str, binding: tuple[str, bytes] | None = None) -> str:
    mechanism = "SCRAM-SHA-256-PLUS" if binding else "SCRAM-SHA-256"
    line.say(f"AUTHENTICATE {mechanism}")
    line.skip_to("AUTHENTICATE +")
    client = ScramClient([mechanism], "ann@tablet", password, channel_binding=binding)
    client.set_server_first(challenge_in(line.authenticate(client.get_client_first().encode())).decode())
    answer = line.authenticate(client.get_client_final().encode())
    if not answer.startswith("AUTHENTICATE "):
        return answer
    client.set_server_final(challenge_in(answer).decode())  # raises unless the server knows the password too
    return line.authenticate(b"")


def test_scram(ports: Ports) -> None:
    with negotiating(ports.irc) as line:
        assert " 904 " in by_scramp(line, "wrong-horse")
        assert " 900 " in by_scramp(line, PASSWORD)


def test_scram_bound_to_the_connection(ports: Ports) -> None:
    with negotiating(ports.ircs, trusting()) as line:
        binding = hashlib.sha256(line.certificate).digest()  # our certificate is signed with SHA-256
        assert " 904 " in by_scramp(line, PASSWORD, (END_POINT, hashlib.sha256(b"another").digest()))
        assert " 904 " in by_scramp(line, "wrong-horse", (END_POINT, binding))
        assert " 900 " in by_scramp(line, PASSWORD, (END_POINT, binding))


def salt_of_nobody(folder: Path) -> str:
    """What a server on this data directory says to a name that nobody has."""
    with serving(folder) as ports, negotiating(ports.irc) as line:
        line.say("AUTHENTICATE SCRAM-SHA-256")
        line.skip_to("AUTHENTICATE +")
        challenge = challenge_in(line.authenticate(b"n,,n=nobody,r=abcdefgh")).decode()
        return challenge.partition(",s=")[2]


def test_a_name_that_nobody_has_looks_the_same_after_a_restart(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    assert salt_of_nobody(here) == salt_of_nobody(here) != salt_of_nobody(elsewhere)


# ---- EXTERNAL, with OpenSSL


def make_certificate(folder: Path, name: str, days: float = 0) -> Path:
    """A certificate with its key in one file, that nobody has issued, made so many days from now."""
    pair = own_pair(folder / name, [f"{name}.example"], time.time() + days * 86400)
    both = folder / f"{name}.pem"
    key = pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(pair.chain[0].public_bytes(Encoding.PEM) + key)
    return both


def fingerprint_of(both: Path) -> str:
    printed = subprocess.run(
        ["openssl", "x509", "-in", str(both), "-noout", "-fingerprint", "-sha256"],
        check=True,
        capture_output=True,
        text=True,
    )
    return printed.stdout.strip().partition("=")[2]


def pin(ports: Ports, fingerprint: str) -> None:
    """Bob names a certificate of his."""
    with negotiating(ports.irc) as line:
        assert " 900 " in line.by_plain("bob", SAFE)
        line.say("CAP END")
        line.register("bob")
        line.say(f"NICKSERV CERT ADD {fingerprint}")
        line.skip_to("logs you in from now on")


def by_openssl(ports: Ports, certificate: Path | None) -> list[str]:
    """The numerics of 9xx that somebody hears who says EXTERNAL through s_client."""
    shown = ["-cert", str(certificate)] if certificate is not None else []
    said = "CAP REQ :sasl\r\nAUTHENTICATE EXTERNAL\r\nAUTHENTICATE +\r\nQUIT\r\n"
    heard = subprocess.run(
        ["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{ports.ircs}", *shown],
        input=said,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    ).stdout
    return [word for line in heard.splitlines() for word in line.split(" ")[1:2] if word.startswith("90")]


@pytest.mark.needs("openssl")
def test_external(ports: Ports, tmp_path: Path) -> None:
    mine, other = make_certificate(tmp_path, "mine"), make_certificate(tmp_path, "other")
    pin(ports, fingerprint_of(mine))
    assert by_openssl(ports, mine) == ["900", "903"]
    assert by_openssl(ports, other) == ["904"]
    assert by_openssl(ports, None)[:2] == ["908", "904"]


@pytest.mark.needs("openssl")
def test_external_with_a_certificate_that_has_expired(ports: Ports, tmp_path: Path) -> None:
    expired = make_certificate(tmp_path, "expired", -2000)
    pin(ports, fingerprint_of(expired))
    assert by_openssl(ports, expired)[:2] == ["908", "904"]


# ---- OAUTHBEARER


def token(issuer: str, **changes: object) -> bytes:
    claims = {
        "iss": issuer,
        "aud": AUDIENCE,
        "exp": time.time() + 60,
        "preferred_username": "olga",
        **changes,
    }
    made = jwt.encode({"alg": "RS256", "kid": "one"}, claims, KEY)
    return f"n,,\x01auth=Bearer {made}\x01\x01".encode()


def test_oauthbearer(ports: Ports, issuer: str) -> None:
    with negotiating(ports.ircs, trusting()) as line:
        for changes in ({"aud": "others"}, {"exp": 1}, {"iss": "http://127.0.0.1"}):
            line.say("AUTHENTICATE OAUTHBEARER")
            line.skip_to("AUTHENTICATE +")
            assert (
                json.loads(challenge_in(line.authenticate(token(issuer, **changes))))["status"]
                == "invalid_token"
            )
            assert " 904 " in line.authenticate(b"\x01")
        line.say("AUTHENTICATE OAUTHBEARER")
        line.skip_to("AUTHENTICATE +")
        assert " 900 * *!*@" in line.authenticate(token(issuer))
        line.say("CAP END")
        line.register("olga")


# ---- PASS


def test_pass(ports: Ports) -> None:
    with Line(ports.irc) as line:
        line.say(f"PASS ann@old:{PASSWORD}")
        line.register("somebody")
    with Line(ports.irc) as line:
        line.say("PASS ann:wrong-horse", "NICK somebody", "USER somebody 0 * :Somebody")
        line.skip_to(" 464 ")
        line.skip_to("ERROR")
        assert line.hear() == ""


# ---- irssi and WeeChat


def irssi(terminals: Terminals, port: int, nick: str, password: str) -> Terminal:
    terminal = terminals.open(nick, f"irssi --home=./irssi-{nick} --noconnect")
    terminal.shows("Irssi")
    terminal.type(f"/set nick {nick}")
    terminal.type(f"/network add -sasl_username bob -sasl_password {password} -sasl_mechanism PLAIN veche")
    terminal.type(f"/server add -tls -notls_verify -network veche 127.0.0.1 {port}")
    terminal.type("/connect veche")
    return terminal


@pytest.mark.needs("tmux", "irssi")
def test_irssi(ports: Ports, terminals: Terminals) -> None:
    right = irssi(terminals, ports.ircs, "iris", SAFE)
    right.shows("SASL authentication succeeded", "You are now logged in as bob")
    wrong = irssi(terminals, ports.ircs, "isak", "wrong-horse")
    wrong.shows("The account name or the password is wrong")


def weechat(terminals: Terminals, port: int, nick: str, **options: str) -> Terminal:
    commands = [f"/server add veche 127.0.0.1/{port} -ssl -nicks={nick}"]
    options = {"ssl_verify": "off", "sasl_fail": "continue", "sasl_username": "bob", **options}
    commands += [f"/set irc.server.veche.{name} {value}" for name, value in options.items()]
    commands += ["/set irc.look.server_buffer independent", "/connect veche"]
    terminal = terminals.open(nick, f"weechat --dir ./weechat-{nick} --run-command '{';'.join(commands)}'")
    terminal.shows("has joined #lobby")
    terminal.type("/buffer irc.server.veche")
    return terminal


@pytest.mark.needs("tmux", "weechat")
@pytest.mark.parametrize("mechanism", ["plain", "scram-sha-256"])
def test_weechat_with_a_password(ports: Ports, terminals: Terminals, mechanism: str) -> None:
    right = weechat(terminals, ports.ircs, "wanda", sasl_mechanism=mechanism, sasl_password=SAFE)
    right.shows("You are now logged in as bob", "SASL authentication successful")
    wrong = weechat(terminals, ports.ircs, "willy", sasl_mechanism=mechanism, sasl_password="wrong-horse")
    wrong.shows("The account name or the password is wrong")
    assert "You are now logged in" not in wrong.screen()


@pytest.mark.needs("tmux", "weechat", "openssl")
def test_weechat_with_a_certificate(ports: Ports, terminals: Terminals, tmp_path: Path) -> None:
    mine, other = make_certificate(tmp_path, "mine"), make_certificate(tmp_path, "other")
    pin(ports, fingerprint_of(mine))
    right = weechat(terminals, ports.ircs, "wera", sasl_mechanism="external", ssl_cert=str(mine))
    right.shows("You are now logged in as bob", "SASL authentication successful")
    wrong = weechat(terminals, ports.ircs, "wim", sasl_mechanism="external", ssl_cert=str(other))
    wrong.shows("The account name or the password is wrong")
