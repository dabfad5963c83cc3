"""The page that the browser's door shows: what this is, and how to come in. One page, no scripts.

The rule: it is made of the configuration alone, never of the request.
"""

from html import escape

from veche.app.cli import Doors
from veche.core.engine import Engine
from veche.phrases import Language, Phrases

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
        self._network = network
        self._doors = doors
        self._own_certificate = own_certificate

    @property
    def style(self) -> str:
        """The text of the style element."""
        return _STYLE

    def is_ready(self) -> bool:
        """Whether the server takes new people in."""
        return not self._engine.stopping

    def page(self, language: str) -> str:
        """The front page."""
        tongue: Language = "ru" if language == "ru" else "en"
        say = Phrases(PHRASES, tongue)
        title = escape(self._network)
        parts = [
            f"<h1>{title}</h1>",
            f"<p>{escape(say('lead'))}</p>",
            f"<h2>{escape(say('how'))}</h2>",
            "<table><thead><tr>",
            *(f"<th scope=col>{escape(say(column))}</th>" for column in ("door", "address")),
            "</tr></thead><tbody>",
            *self._rows(say),
            "</tbody></table>",
        ]
        if self._doors.ircs and self._own_certificate:
            parts.append(f"<p>{escape(say('own'))}</p>")
        body = "\n".join(parts)
        return (
            f'<!doctype html>\n<html lang="{tongue}">\n<head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
            f"<style>{_STYLE}</style></head>\n<body><main>\n{body}\n</main></body>\n</html>\n"
        )

    def _rows(self, say: Phrases) -> list[str]:
        rows = []
        for door in ("irc", "ircs", "web", "classic"):
            for address in getattr(self._doors, door):
                where = str(address)
                if address.path is None and address.host is None:
                    where = say("everywhere", port=address.port)
                rows.append(f"<tr><td>{escape(say(door))}</td><td><code>{escape(where)}</code></td></tr>")
        return rows
