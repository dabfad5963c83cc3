"""A real server, a client, and a browser's request: somebody takes away what he has said."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.app.test_operators_live import Guest

pytestmark = [pytest.mark.slow, pytest.mark.needs("linux")]
DOORS = ["--irc", "127.0.0.1:0", "--ircs", "off", "--web", "127.0.0.1:0", "--classic", "off"]


def test_a_link_gives_what_was_said_and_then_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "veche.app.server", "--data", str(tmp_path / "data"), *DOORS],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        ) as server,
    ):
        try:
            assert server.stdout is not None
            table = "".join(iter(server.stdout.readline, "ready\n"))
            port = re.search(r"irc +127\.0\.0\.1:(\d+)", table)
            assert port
            ann = Guest(port[1])
            ann.say("NICKSERV REGISTER correct-horse-9")
            ann.hear("is yours now")
            ann.say("JOIN #tea", "PRIVMSG #tea :чай", "CHANSERV REGISTER #tea")
            ann.hear("#tea is yours now")
            for line, shown in (("NICKSERV EXPORT", "said"), ("CHANSERV EXPORT #tea json", "messages")):
                ann.say(line)
                link = re.search(r"http://\S+/export/\S+", ann.hear("/export/"))
                assert link
                with urllib.request.urlopen(link[0], timeout=20) as answer:
                    assert [one["text"] for one in json.load(answer)[shown]] == ["чай"]
                with pytest.raises(urllib.error.HTTPError, match="404"):
                    urllib.request.urlopen(link[0], timeout=20)
            ann.leave()
        finally:
            server.terminate()
        printed = server.stdout.read()
        assert server.wait(20) == 0
    assert "/export/" not in table + printed + log.read_text()
