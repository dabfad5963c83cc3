"""How a server is put in place for good: the unit of systemd, the Containerfile, nginx in front. And the manual's site.

No image is built here, for want of a registry of images; instead each RUN line of the Containerfile is executed where
its paths are, in a directory of its own, and what the image would start is started and asked whether it is well.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.clients.serving import Ports, serving
from tests.test_package import clean
from tests.test_papers import ROOT, blocks, read

UNIT = ROOT / "packaging" / "veche.service"
CONTAINERFILE = ROOT / "Containerfile"


# ---- systemd


def unit() -> dict[str, str]:
    """The keys of the unit; the last of several counts."""
    return dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE))


def test_the_unit_starts_what_the_page_installs() -> None:
    program, *options = shlex.split(unit()["ExecStart"])
    page = read("docs/installing.md")
    assert f"sudo {Path(program).parent}/pip install" in page
    assert options[:3] == ["serve", "--data", "/var/lib/veche"]
    assert f"--home-dir /{'var/lib'}/{unit()['StateDirectory']} " in page
    assert f"useradd --system --home-dir /var/lib/veche --shell /usr/sbin/nologin {unit()['User']}" in page


@pytest.mark.slow
@pytest.mark.needs("linux", "systemd-analyze")
def test_systemd_takes_the_unit_and_finds_it_guarded(tmp_path: Path) -> None:
    program = tmp_path / "veche"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    here = tmp_path / "veche.service"
    here.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/veche/bin/veche", str(program)))
    said = subprocess.run(
        ["systemd-analyze", "verify", str(here)], capture_output=True, text=True, check=False
    )
    # In a container it may not be able to look at other units; of ours it says nothing.
    assert "veche.service" not in said.stderr, said.stderr
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(here)],
        capture_output=True,
        text=True,
        check=False,
    )
    # Of 10, of which less is better: an exposure of 2 at most.
    assert judged.returncode == 0, judged.stdout[-300:] + judged.stderr


# ---- the container


def instructions() -> list[tuple[str, str]]:
    """The lines of the Containerfile: (INSTRUCTION, rest)."""
    lines = CONTAINERFILE.read_text(encoding="utf-8").splitlines()
    return [
        (line.partition(" ")[0], line.partition(" ")[2])
        for line in lines
        if line and not line.startswith("#")
    ]


def test_the_containerfile_is_well_formed() -> None:
    known = {
        "FROM",
        "COPY",
        "RUN",
        "USER",
        "VOLUME",
        "ENV",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    }
    names = [name for name, _ in instructions()]
    assert set(names) <= known
    assert names[0] == "FROM"
    assert names.index("USER") < names.index("ENTRYPOINT")
    for name, rest in instructions():
        if name == "FROM":  # a version that may change within one line, never "latest"
            assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim(?: AS \w+)?", rest), rest
        if name == "COPY" and not rest.startswith("--from="):
            *sources, _ = rest.split()
            assert all((ROOT / source).exists() for source in sources), rest
        if name in {"ENTRYPOINT", "CMD"}:  # as a list: a shell in between would keep signals for itself
            assert json.loads(rest)
    ports = {address.rpartition(":")[2] for address in ("6667", "6697", "8080", "1995")}
    assert set(dict(instructions())["EXPOSE"].split()) == ports
    assert set(re.findall(r"-p (\d+):\1", read("docs/installing.md"))) == ports


@pytest.mark.slow
def test_what_the_containerfile_does_makes_a_server(tmp_path: Path) -> None:
    image = tmp_path / "image"
    python = getattr(sys, "_base_executable", sys.executable)
    environment = clean(tmp_path)

    def inside(text: str) -> str:
        """A path of the image as one of ours."""
        return re.sub(r"(?<![\w.])/(source|opt|data)\b", rf"{image}/\1", text)

    for name, rest in instructions():
        if name == "COPY" and not rest.startswith("--from="):
            *sources, target = rest.split()
            for source in sources:
                place = Path(inside(target)) / (source if target.endswith("/") else "")
                place.parent.mkdir(parents=True, exist_ok=True)
                if (ROOT / source).is_dir():
                    ignored = shutil.ignore_patterns("__pycache__", "results")
                    shutil.copytree(ROOT / source, place, ignore=ignored)
                else:
                    shutil.copy(ROOT / source, place)
        if name == "RUN" and not rest.startswith("install -d"):
            command = inside(rest).replace("python3 -m", f"{python} -m")
            ran = subprocess.run(
                command.split(), env=environment, capture_output=True, text=True, check=False
            )
            assert ran.returncode == 0, f"{rest}: {ran.stdout}{ran.stderr}"
    words = {name: rest for name, rest in instructions() if name in {"ENTRYPOINT", "CMD", "HEALTHCHECK"}}
    start = [inside(word) for word in [*json.loads(words["ENTRYPOINT"]), *json.loads(words["CMD"])]]
    start.remove("--lan")
    start += [f"--{door}=127.0.0.1:0" for door in ("irc", "ircs", "web", "classic")]
    question = [inside(word) for word in json.loads(words["HEALTHCHECK"].partition(" CMD ")[2])]
    with subprocess.Popen(start, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            table = "".join(iter(server.stdout.readline, "ready\n"))
            web = Ports(table).web
            well = [word.replace(":8080/", f":{web}/") for word in question]
            assert subprocess.run(well, env=environment, check=False).returncode == 0
            server.terminate()
            assert server.wait(15) == 0
        finally:
            server.kill()
    assert subprocess.run(well, env=environment, stderr=subprocess.DEVNULL, check=False).returncode != 0


# ---- behind nginx


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[tuple[int, Ports]]:
    """nginx with what docs/internet.md says, in front of a server with the settings that it says; the port of nginx."""
    (snippet,) = blocks(read("docs/internet.md"), "nginx")
    certificate, key = tmp_path / "fullchain.pem", tmp_path / "privkey.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=chat.example -days 2"
    subprocess.run(
        [*make.split(), "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    port = free_port()
    options = ["--set", 'proxy.trusted=["127.0.0.1"]', "--set", 'web.origins=["https://chat.example"]']
    with serving(tmp_path, *options) as ports:
        snippet = snippet.replace("/etc/letsencrypt/live/chat.example", str(tmp_path))
        snippet = snippet.replace("listen 443", f"listen 127.0.0.1:{port}").replace(":8080", f":{ports.web}")
        paths = "".join(
            f"{kind}_temp_path {tmp_path}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        above = f"daemon off; pid {tmp_path}/pid; error_log stderr; events {{}}"
        whole = f"{above} http {{ access_log off; {paths} {snippet} }}"
        config = tmp_path / "nginx.conf"
        config.write_text(whole)
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program is not None
        subprocess.run([program, "-t", "-q", "-c", str(config), "-p", str(tmp_path)], check=True)
        with subprocess.Popen([program, "-c", str(config), "-p", str(tmp_path)]) as process:
            try:
                for _ in range(200):
                    with socket.socket() as probe:
                        if probe.connect_ex(("127.0.0.1", port)) == 0:
                            break
                    process.poll()
                yield port, ports
            finally:
                process.terminate()
                process.wait(15)


def ask_through(port: int, *lines: str) -> str:
    """The head of the answer to a request over TLS."""
    import ssl

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=15) as plain,
        context.wrap_socket(plain) as line,
    ):
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        said = b""
        while b"\r\n\r\n" not in said:
            piece = line.recv(4096)
            assert piece, said
            said += piece
    return said.decode(errors="replace")


@pytest.mark.slow
@pytest.mark.needs("nginx", "openssl", "linux")
def test_nginx_as_the_page_says(nginx: tuple[int, Ports]) -> None:
    port, _ = nginx
    page = ask_through(port, "GET / HTTP/1.1", "Host: chat.example", "Connection: close")
    assert page.startswith("HTTP/1.1 200")
    upgrade = [
        "GET /irc HTTP/1.1",
        "Host: chat.example",
        "Origin: https://chat.example",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}",
        "Sec-WebSocket-Protocol: text.ircv3.net",
    ]
    assert ask_through(port, *upgrade).startswith("HTTP/1.1 101")
    strange = [line.replace("https://chat.example", "https://elsewhere.example") for line in upgrade]
    assert ask_through(port, *strange).startswith("HTTP/1.1 403")


# ---- the site


class Fetches(HTMLParser):
    """What a page makes a browser fetch, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids.add(values.get("id", ""))
        if tag in {"script", "img", "iframe", "source"} and values.get("src"):
            self.fetched.append(values["src"])
        if tag == "link" and values.get("rel") in {"stylesheet", "icon", "preload", "preconnect"}:
            self.fetched.append(values["href"])
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])


@pytest.mark.slow
def test_the_site_is_made_whole_and_fetches_nothing(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "site"), "--out", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    pages: dict[Path, Fetches] = {}
    for file in (tmp_path / "site").rglob("*.html"):
        pages[file.resolve()] = page = Fetches()
        page.feed(file.read_text(encoding="utf-8"))
    assert len(pages) > 150
    wrong = []
    for file, page in pages.items():
        for address in [*page.fetched, *page.links]:
            if re.match(r"[a-z]+:", address):
                if address in page.fetched and not address.startswith("data:"):
                    wrong.append((file.name, address))
                continue
            path, _, anchor = address.partition("?")[0].partition("#")
            target = (file.parent / path).resolve() if path else file
            if not target.exists() or (anchor and target in pages and anchor not in pages[target].ids):
                wrong.append((file.name, address))
    assert not wrong
    russian = (tmp_path / "site" / "ru" / "running.html").read_text(encoding="utf-8")
    assert "На этой странице" in russian
    assert not re.search(r"On this page|Back to top|Skip to|Toggle |Hide ", russian)
    for language in ("", "ru"):
        assert "searchindex.js" in {file.name for file in (tmp_path / "site" / language).iterdir()}
    styles = "\n".join(file.read_text(errors="replace") for file in (tmp_path / "site").rglob("*.css"))
    assert not re.search(r"(?:@import|url\()\s*['\"]?(?:https?:)?//", styles)
