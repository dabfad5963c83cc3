"""Sources as pages, coloured, for the site:  show_sources.py ROOT INTO   with the files on standard input, one a line.

Runs in the environment of the site (tools/site), which has Pygments.
"""

import sys
from pathlib import Path

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title><style>
:root {{ color-scheme: light dark; }}
body {{ margin: 1rem; font: 1rem/1.5 system-ui, sans-serif; }}
h1 {{ font-size: 1.4rem; overflow-wrap: anywhere; }}
pre {{ font: .85rem/1.45 ui-monospace, monospace; overflow-x: auto; }}
{light}
@media (prefers-color-scheme: dark) {{ body {{ background: #131416; color: #ddd; }} {dark} }}
</style></head><body><h1><code>{name}</code></h1>
{code}</body></html>
"""


def main() -> None:
    root, into = Path(sys.argv[1]), Path(sys.argv[2])
    light = HtmlFormatter(style="default").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    for line in sys.stdin.read().splitlines():
        file = Path(line)
        name = file.relative_to(root).as_posix()
        text = file.read_text(encoding="utf-8", errors="replace")
        try:
            lexer = get_lexer_for_filename(file.name)
        except ClassNotFound:
            lexer = TextLexer()
        code = highlight(text, lexer, HtmlFormatter(linenos=False, lineanchors="L", anchorlinenos=False))
        place = into / f"{name}.html"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(PAGE.format(name=name, light=light, dark=dark, code=code), encoding="utf-8")


if __name__ == "__main__":
    main()
