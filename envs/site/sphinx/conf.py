"""How Sphinx makes the site; `envs/site/build.py` puts it beside the prepared pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_SITE = json.loads((Path(__file__).parent / "site.json").read_text(encoding="utf-8"))

project = html_title = html_short_title = _SITE["title"]
language = "en"
extensions = ["myst_parser"]
html_theme = "furo"
templates_path = ["templates"]
html_static_path = ["static"]
html_css_files = ["site.css"]
html_context = {"sections": _SITE["sections"]}

# A page is what GitHub shows of the same file: its headings have the same addresses.
myst_heading_anchors = 4
myst_links_external_new_tab = False
# `site:` is a file of the site that is not a page: its address stays as it is written.
myst_url_schemes = {"http": None, "https": None, "site": "{{path}}"}

# The code of an entry may hold anything: what no lexer reads is shown as it is. Pages are in lists
# that they link themselves: `all` has every one.
suppress_warnings = ["misc.highlighting_failure", "toc.not_included"]
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"

# What people search for and copy has straight quotes.
smartquotes = False

html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_use_index = False
html_domain_indices = False
html_permalinks_icon = "#"
html_last_updated_fmt = None


def _let_keyboards_scroll(
    _app: Any, _page: str, _template: str, context: dict[str, Any], _tree: Any
) -> None:
    """Tables and code can be wider than the page: the arrow keys move what has the focus."""
    body = context.get("body", "")
    body = body.replace(
        '<div class="table-wrapper',
        '<div tabindex="0" role="group" aria-label="Table" class="table-wrapper',
    )
    context["body"] = body.replace("<pre>", '<pre tabindex="0">')


def setup(app: Any) -> dict[str, bool]:
    """Sphinx calls this before it builds."""
    app.connect("html-page-context", _let_keyboards_scroll)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
