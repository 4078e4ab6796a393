"""Pages that are only on the site: lists of errors, of pairings, and of all pages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from envs.publish import error_pages
from envs.site.reference import Reference


def render_indexes(known: Reference, texts: Mapping[str, str]) -> dict[str, str]:
    """Name -> text of each list; `texts` has the pages that it is made of."""
    lists = {"errors": _list_errors(), "pairings": _list_pairings(known)}
    return lists | {"all": _list_all(dict(texts) | lists)}


def _list_errors() -> str:
    index = error_pages.render_error_index().replace("\n### ", "\n## ").removeprefix("#")
    return f"# Errors\n\n{error_pages.count_errors()}\n\n{index}\n"


def _list_pairings(known: Reference) -> str:
    lines = [
        f"- [`{name}`](pairings/{name}.md): {one.summary}" for name, one in known.pairings.items()
    ]
    return "# Pairings\n\n" + "\n".join(lines) + "\n"


def _list_all(texts: Mapping[str, str]) -> str:
    """Every page, with its title, under the page that it belongs to."""
    parts = ["# All pages"]
    for folder, heading in [("", "The site"), ("pairings", "Pairings"), ("errors", "Errors")]:
        lines = [
            f"- [{_title(text)}]({name}.md)"
            for name, text in texts.items()
            if name.rpartition("/")[0] == folder
        ]
        if lines:
            parts += [f"## {heading}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _title(text: str) -> str:
    heading = re.match(r"# (.+)", text)
    assert heading
    return heading[1]
