"""The report as one page of HTML, with its pictures inside, and as a PDF.

The rule: what the book says is what the Markdown says; here it is only laid out. Links between the parts lead within
the book; links to other files of the checkout are shown as text, since the book is read elsewhere.

Markdown by markdown-it, colours of code by Pygments (both come with our development tools), the PDF by Chromium
through Playwright. The fonts are PT Serif, PT Sans and PT Mono (apt-get install fonts-paratype), or what there is.
"""

import base64
import mimetypes
import re
import sys
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from markdown_it import MarkdownIt  # noqa: E402
from pygments import highlight  # noqa: E402
from pygments.formatters import HtmlFormatter  # noqa: E402
from pygments.lexers import get_lexer_by_name  # noqa: E402
from pygments.util import ClassNotFound  # noqa: E402
from report_weave import PARTS, REPORT  # noqa: E402

from bootstrap import find_browser  # noqa: E402

ENDINGS = {"en": ".md", "ru": ".ru.md"}
FILES = {"en": "report", "ru": "report.ru"}
# (English, Russian)
WORDS = {
    "title": ("Veche", "Вече"),
    "about": ("A chat on sockets: the report", "Чат на сокетах: отчёт"),
    "contents": ("Contents", "Содержание"),
}
# Pictures whose letters are large enough at less than the width of a page.
SMALL = {
    "floors.svg",
    "floors.ru.svg",
    "stream.svg",
    "stream.ru.svg",
    "loop.svg",
    "loop.ru.svg",
    "group.svg",
    "group.ru.svg",
    "arrival-light.webp",
    "arrival-russian.webp",
}
# Pictures that would take a page of their own, and need none.
TALL = {"web-phone.webp", "web-phone.ru.webp", "message.svg", "message.ru.svg"}
# Pictures of two columns, too wide for letters that can be read: each column is shown by itself.
WIDE = {"session.svg", "session.ru.svg"}
# Scenes whose lines are so long that they need the whole width.
LONG = {"operator", "checker", "wire"}
STYLE = """
@page { size: A4; margin: 18mm 16mm;
        @bottom-center { content: counter(page); font: 9pt 'PT Sans', sans-serif; color: #666; } }
@page :first { @bottom-center { content: none; } }
html { font: 11pt/1.45 'PT Serif', 'DejaVu Serif', Georgia, serif; color: #1c1c1c; background: #fff; hyphens: auto; }
body { max-width: 46rem; margin: 0 auto; padding: 0 1rem; }
h1, h2, h3, th, .cover, nav, figcaption, .from { font-family: 'PT Sans', 'DejaVu Sans', Helvetica, sans-serif; }
h1, h2, h3 { line-height: 1.2; break-after: avoid; hyphens: none; }
h1 { font-size: 21pt; color: #8c2d19; margin: 2.2em 0 .8em; break-before: page; }
@media print { h1 { margin-top: 0; } }
h2 { font-size: 15pt; margin: 1.7em 0 .5em; } h3 { font-size: 12.5pt; margin: 1.5em 0 .4em; }
p, li { orphans: 3; widows: 3; } p { margin: .6em 0; } a { color: #1f4fbf; text-decoration: none; }
code, pre { font-family: 'PT Mono', 'DejaVu Sans Mono', Menlo, monospace; font-size: .84em; hyphens: none; }
code { overflow-wrap: break-word; }
pre { background: #f7f4ef; border-left: 3px solid #d9b59f; padding: .6em .7em; line-height: 1.32; white-space: pre-wrap;
      overflow-wrap: anywhere; margin: .7em 0; font-size: 6.7pt; box-decoration-break: clone;
      -webkit-box-decoration-break: clone; }
pre code { font-size: 1em; } .code pre { margin-top: 0; } .short { break-inside: avoid; }
.from { font-size: 8.5pt; color: #6b5a4e; background: #efe8df; padding: .25em .9em;
        margin-top: .8em; break-after: avoid; }
table { border-collapse: collapse; width: 100%; margin: .8em 0; font-size: .92em; hyphens: auto; }
td, th { border-bottom: 1px solid #ddd; padding: .35em .6em .35em 0; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid #b9a99c; font-size: .92em; }
tr { break-inside: avoid; } tr:last-child { break-before: avoid; }
figure { margin: 1.1em 0; text-align: center; break-inside: avoid; }
figure img { max-width: 100%; max-height: 222mm; height: auto; }
figure.photo img { border: 1px solid #ddd; border-radius: 4px; } figure.tall img { max-height: 150mm; }
figure.small img { max-width: 88%; max-height: 62mm; } figure.scene img { max-width: 76%; }
figure.photo img { max-width: 88%; }
figure.halves { break-inside: auto; } figure.halves img { max-height: 200mm; display: block; margin: 0 auto 1em; }
figcaption { font-size: 9.5pt; color: #555; margin: .5em auto 0; max-width: 92%; }
.cover { height: 235mm; display: flex; flex-direction: column; justify-content: center; text-align: center; }
@media screen { .cover { height: auto; padding: 4rem 0 1rem; } h1 { border-top: 1px solid #ddd; padding-top: 1.5em; } }
.cover b { font-size: 44pt; color: #8c2d19; } .cover span { font-size: 16pt; }
nav { break-before: page; line-height: 1.3; font-size: 10pt; }
nav p { font-size: 15pt; font-weight: bold; } nav ul { list-style: none; padding-left: 1.2em; margin: .1em 0 .5em; }
nav > ul { padding-left: 0; } nav > ul > li > a { font-weight: bold; } nav li { margin: .1em 0; }
@media (max-width: 40rem) { pre { font-size: 8pt; } table { font-size: .8em; } }
"""


def write_html(language: str, into: Path) -> Path:
    """The whole report as one file; returns it."""
    number = 1 if language == "ru" else 0
    parts = [_part(part, language) for part in PARTS]
    title = f"{WORDS['title'][number]}. {WORDS['about'][number]}"
    colours = HtmlFormatter(style="xcode", nobackground=True).get_style_defs("pre")
    colours = "\n".join(line for line in colours.splitlines() if "line-height" not in line)
    page = [
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{escape(title)}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{STYLE}{colours}</style>",
        f'<div class="cover"><b>{WORDS["title"][number]}</b><span>{WORDS["about"][number]}</span></div>',
        f"<nav><p>{WORDS['contents'][number]}</p>{_contents(parts)}</nav>",
        *parts,
        "</html>",
    ]
    file = into / f"{FILES[language]}.html"
    file.write_text("\n".join(page), encoding="utf-8")
    return file


def write_pdf(html: Path, language: str) -> Path:
    """The page as a PDF beside it; returns it. Needs Chromium and Playwright."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only here

    file = html.with_name(f"{FILES[language]}.pdf")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser())
        page = browser.new_page()
        page.goto(html.absolute().as_uri())
        page.evaluate("document.fonts.ready")
        broken = page.evaluate("[...document.images].filter(one => !one.naturalWidth).map(one => one.alt)")
        if broken:
            raise AssertionError(f"pictures that cannot be shown: {broken}")
        page.pdf(path=str(file), prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
        browser.close()
    return file


def _part(name: str, language: str) -> str:
    """One part as HTML."""
    text = (REPORT / f"{name}{ENDINGS[language]}").read_text(encoding="utf-8")
    text = re.sub(r"^\*\[(?:По-русски|In English)\]\([^)]*\)\*\n", "", text, flags=re.MULTILINE)
    html = MarkdownIt("commonmark", {"highlight": _coloured, "html": True}).enable("table").render(text)
    html = re.sub(
        r"<!-- code (\S+)(?: (\S+))? -->\n<pre>(.*?)</pre>",
        lambda found: _block(found[1], found[2] or "", found[3]),
        html,
        flags=re.DOTALL,
    )
    html = re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
    html = re.sub(
        r'<p><img src="([^"]+)" alt="([^"]*)" /></p>\s*<p><em>(.*?)</em></p>',
        lambda found: _figure(found[1], found[2], found[3]),
        html,
        flags=re.DOTALL,
    )
    html = re.sub(
        r'<a href="([^"]+)">(.*?)</a>', lambda found: _link(found[1], found[2]), html, flags=re.DOTALL
    )
    numbers = iter(range(1000))
    html = re.sub(r"<h1>", f'<h1 id="{name}">', html, count=1)
    return re.sub(r"<h2>", lambda _found: f'<h2 id="{name}-{next(numbers)}">', html)


def _coloured(code: str, language: str, _attributes: str) -> str:
    """Code with its colours, or "" to have it as it is."""
    try:
        lexer = get_lexer_by_name(language or "text")
    except ClassNotFound:
        return ""
    return highlight(code, lexer, HtmlFormatter(nowrap=True))


def _block(file: str, names: str, code: str) -> str:
    """Quoted code under the name of its file."""
    title = escape(file + (": " + names.replace(",", ", ") if names else ""))
    short = " short" if code.count("\n") < 22 else ""
    return f'<div class="code{short}"><div class="from">{title}</div><pre>{code}</pre></div>'


def _figure(source: str, alt: str, caption: str) -> str:
    path = (REPORT / source).resolve()
    kind = mimetypes.guess_type(path.name)[0] or "image/webp"
    looks = ["photo"] if path.suffix == ".webp" else []
    looks += ["tall"] if path.name in TALL else []
    looks += ["small"] if path.name in SMALL else []
    looks += (
        ["scene"]
        if path.name.startswith("scene-") and path.name.split("-")[1].split(".")[0] not in LONG
        else []
    )
    texts = [path.read_bytes()]
    if path.name in WIDE:
        looks.append("halves")
        texts = _halves(path)
    pictures = "".join(
        f'<img src="data:{kind};base64,{base64.b64encode(text).decode()}" alt="{alt}">' for text in texts
    )
    return f'<figure class="{" ".join(looks)}">{pictures}<figcaption>{caption}</figcaption></figure>'


def _halves(path: Path) -> list[bytes]:
    """The left half of a drawn picture, and its right one, each as a picture."""
    text = path.read_text(encoding="utf-8")
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)" width="[\d.]+" height="[\d.]+"', text)
    assert size is not None, f"{path.name} does not say how large it is"
    width, height = float(size[1]) / 2, size[2]
    return [
        text.replace(
            size[0], f'viewBox="{left:g} 0 {width:g} {height}" width="{width:g}" height="{height}"'
        ).encode()
        for left in (0, width)
    ]


def _link(target: str, text: str) -> str:
    if "://" in target:
        return f'<a href="{target}">{text}</a>'
    name = re.sub(r"(?:\.ru)?\.md$", "", target.partition("#")[0])
    return f'<a href="#{name}">{text}</a>' if name in PARTS else text


def _contents(parts: list[str]) -> str:
    """The list of headings."""
    items = []
    for part in parts:
        (name, title), *_ = re.findall(r'<h1 id="([^"]+)">(.*?)</h1>', part)
        sections = "".join(
            f'<li><a href="#{place}">{heading}</a></li>'
            for place, heading in re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', part)
        )
        items.append(f'<li><a href="#{name}">{title}</a><ul>{sections}</ul></li>')
    return f"<ul>{''.join(items)}</ul>"
