"""Sphinx's settings for both languages; what differs comes from tools/site."""

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns: list[str] = []
templates_path = ["templates"]
html_static_path = ["static"]
html_css_files = ["veche.css"]
html_theme = "furo"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#275d9c", "color-brand-content": "#275d9c"},
    "dark_css_variables": {"color-brand-primary": "#8ab6ea", "color-brand-content": "#8ab6ea"},
    "footer_icons": [],
}
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/language.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
# Anchors as the repository's own pages have them: a link works in both.
myst_heading_anchors = 4
myst_enable_extensions: list[str] = []
highlight_language = "none"
# Words and options are written as they are.
smartquotes = False
suppress_warnings = ["myst.header", "misc.highlighting_failure"]
