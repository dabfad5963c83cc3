"""The pages that the browser's door shows beside the chat: what this is, and how to come in. No scripts.

The rule: it is made of the configuration alone, and never of the request but for the code of an invitation.
"""

import hmac
from html import escape
from pathlib import Path

import veche
from veche.app.cli import Doors
from veche.app.downloads import Download, open_download
from veche.core.engine import Engine
from veche.phrases import Language, Phrases
from veche.state.invitations import key_of

PHRASES = {
    "lead": (
        "This is a chat server. Any IRC client, a web page or plain nc lead into the same rooms.",
        "Это сервер чата. Войти можно любым клиентом IRC, через веб-страницу или просто nc: комнаты одни и те же.",
    ),
    "how": ("How to come in", "Как войти"),
    "door": ("Door", "Дверь"),
    "address": ("Address", "Адрес"),
    "irc": ("IRC", "IRC"),
    "ircs": ("IRC over TLS", "IRC поверх TLS"),
    "web": ("IRC over WebSocket, path /irc", "IRC поверх WebSocket, путь /irc"),
    "classic": ("the classic protocol, for nc and telnet", "классический протокол, для nc и telnet"),
    "everywhere": ("every address of this machine, port {port}", "все адреса этой машины, порт {port}"),
    "invited": (
        "You are invited to {network}. In any IRC client, give this as the server's password (PASS); it works once:",
        "Вас приглашают в {network}. В любом клиенте IRC укажите это как пароль сервера (PASS); сработает один раз:",
    ),
    "in-browser": ("Come in with this browser", "Войти прямо здесь, в браузере"),
    "invited-room": ("You will be in {room}.", "Вы окажетесь в {room}."),
    "ownership": (
        "This server has no owner yet, and this page is for the one who started it. Come in with any client, and say:",
        "У этого сервера ещё нет владельца; страница — для того, кто его запустил. Войдите любым клиентом и скажите:",
    ),
    "ownership-then": (
        (
            "The first line keeps your name for you; the second makes you the operator of the server whenever you are "
            "logged in. The code is good until the server ends or somebody has used it."
        ),
        (
            "Первая строка закрепляет за вами имя; вторая делает вас оператором сервера всегда, когда вы вошли. "
            "Код годен, пока сервер не остановлен и никто не воспользовался им."
        ),
    ),
    "password": ("<password>", "<пароль>"),
    "bad-invitation": (
        "This invitation is wrong, used up or too old. Ask whoever gave it to you for another one.",
        "Приглашение неверно, использовано или устарело. Попросите новое у того, кто его дал.",
    ),
    "own": (
        "The server has made its certificate itself: the client will ask whether you trust it.",
        "Сертификат сервер сделал себе сам: клиент спросит, доверяете ли вы ему.",
    ),
}

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem;
  color: #1b1b1b; background: #fdfdfb; }
h1 { font-size: 1.6rem; }
h2 { font-size: 1.15rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .5rem; border-bottom: 1px solid #8886; overflow-wrap: anywhere; }
code { font-family: ui-monospace, monospace; }
@media (prefers-color-scheme: dark) { body { color: #e8e8e4; background: #1a1a1c; } }
"""


class FrontPage:
    """What the pages of one server show (net.web.Site)."""

    def __init__(self, engine: Engine, network: str, doors: Doors, *, own_certificate: bool) -> None:
        self._engine = engine
        self.network = network
        # The build of the chat; tools/web makes it.
        self.assets = Path(veche.__file__).parent / "web_assets"
        self._doors = doors
        self._own_certificate = own_certificate

    @property
    def style(self) -> str:
        """The text of the style element."""
        return _STYLE

    def is_ready(self) -> bool:
        """Whether the server takes new people in, and what they say."""
        engine = self._engine
        return not engine.stopping and (engine.log.store is None or not engine.log.store.trouble())

    def download(self, token: str) -> Download | int:
        """What a link gives that somebody has asked for."""
        return open_download(self._engine, token)

    def page(self, language: str) -> str:
        """The front page."""
        tongue: Language = "ru" if language == "ru" else "en"
        say = Phrases(PHRASES, tongue)
        title = escape(self.network)
        parts = [
            f"<h1>{title}</h1>",
            f"<p>{escape(say('lead'))}</p>",
            *self._table(say),
        ]
        if self._doors.ircs and self._own_certificate:
            parts.append(f"<p>{escape(say('own'))}</p>")
        return self._html(tongue, parts)

    def invitation(self, language: str, code: str) -> str:
        """What an invitation's link leads to: how to come in by it. `code` is letters, digits, "-" and "_"."""
        tongue: Language = "ru" if language == "ru" else "en"
        say = Phrases(PHRASES, tongue)
        engine = self._engine
        parts = [f"<h1>{escape(self.network)}</h1>"]
        known = engine.world.invitations.get(key_of(code))
        if engine.owner_code and hmac.compare_digest(engine.owner_code.encode(), code.encode()):
            lines = f"/msg NickServ REGISTER {say('password')}\n/msg NickServ OWN {code}"
            parts.append(self._entry(say, "owner", code))
            parts += [f"<p>{escape(say('ownership'))}</p>", f"<pre><code>{escape(lines)}</code></pre>"]
            parts += [f"<p>{escape(say('ownership-then'))}</p>", *self._table(say)]
        elif known is not None and known.is_good(int(engine.clock.now() * 1000)):
            parts.append(self._entry(say, "invitation", code))
            parts += [f"<p>{escape(say('invited', network=self.network))}</p>"]
            parts += [f"<pre><code>{escape(code)}</code></pre>"]
            if known.room:
                parts.append(f"<p>{escape(say('invited-room', room=known.room))}</p>")
            parts += self._table(say)
        else:
            parts.append(f"<p>{escape(say('bad-invitation'))}</p>")
        return self._html(tongue, parts)

    @staticmethod
    def _entry(say: Phrases, kind: str, code: str) -> str:
        """The way into the chat in the browser: no browser sends on what stands behind a "#"."""
        return f'<p><a href="../#{kind}={escape(code)}"><strong>{escape(say("in-browser"))}</strong></a></p>'

    def _html(self, tongue: Language, parts: list[str]) -> str:
        body = "\n".join(parts)
        title = escape(self.network)
        return (
            f'<!doctype html>\n<html lang="{tongue}">\n<head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
            f"<style>{_STYLE}</style></head>\n<body><main>\n{body}\n</main></body>\n</html>\n"
        )

    def _table(self, say: Phrases) -> list[str]:
        return [
            f"<h2>{escape(say('how'))}</h2>",
            "<table><thead><tr>",
            *(f"<th scope=col>{escape(say(column))}</th>" for column in ("door", "address")),
            "</tr></thead><tbody>",
            *self._rows(say),
            "</tbody></table>",
        ]

    def _rows(self, say: Phrases) -> list[str]:
        rows = []
        for door in ("irc", "ircs", "web", "classic"):
            for address in getattr(self._doors, door):
                where = str(address)
                if address.path is None and address.host is None:
                    where = say("everywhere", port=address.port)
                rows.append(f"<tr><td>{escape(say(door))}</td><td><code>{escape(where)}</code></td></tr>")
        return rows
