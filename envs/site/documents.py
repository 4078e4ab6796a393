"""The pages of the repository as pages of the site: which, under which name, with which text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from envs import ROOT
from envs.errors.catalogue import FOLDER as ERRORS

_NAMED = {
    "README.md": "index",
    "examples/README.md": "examples",
    "envs/README.md": "atlas",
    "envs/site/README.md": "data",
    "requirements/README.md": "locks",
}
"""What is not called as its folder is."""

_OTHERS = (".github/CONTRIBUTING.md", "CHANGELOG.md", "tests/FAULTS.md")

SECTIONS = {
    "pairings": "Pairings",
    "errors": "Errors",
    "atlas": "Atlas",
    "models": "Models",
    "names": "Names",
    "locks": "Locks",
    "examples": "Examples",
    "which": "Your code",
}
"""The pages that every page links, and what the link is called."""


def list_documents() -> dict[str, str]:
    """The path in the repository of each page -> its name on the site, without an ending."""
    folders = sorted(ROOT.glob("envs/*/README.md"))
    pages = [*_NAMED, *(path.relative_to(ROOT).as_posix() for path in folders), *_OTHERS]
    documents = {page: _NAMED.get(page) or _name_document(page) for page in pages}
    for path in sorted(ERRORS.glob("*.md")):
        documents[path.relative_to(ROOT).as_posix()] = f"errors/{path.stem}"
    return {page: name for page, name in documents.items() if (ROOT / page).is_file()}


def _name_document(page: str) -> str:
    path = PurePosixPath(page)
    return (path.parent.name if path.name == "README.md" else path.stem).lower()


def link_pairings(text: str, pairings: Mapping[str, object]) -> str:
    """A text in whose tables a row that starts with a pairing links the page of it."""
    return re.sub(
        r"(?m)^\| `([\w-]+)`",
        lambda row: f"| [`{row[1]}`](/pairings/{row[1]}.md)" if row[1] in pairings else row[0],
        text,
    )


def link_data(text: str) -> str:
    """The page of the data, with a link at the address of each file."""
    return re.sub(r"`(data/v\d+/[\w.]+\.json|feed\.xml)`", r"[`\1`](site:\1)", text)


def drop_comments(text: str) -> str:
    """A text without comments, such as the marks of what is generated."""
    return re.sub(r"(?m)^<!-- .*? -->\n\n?", "", text)


def insert_finder(text: str, finder: Path) -> str:
    """The start page with the finder's box after its first paragraph."""
    title, first, rest = text.split("\n\n", 2)
    box = "```{raw} html\n" + finder.read_text(encoding="utf-8").strip() + "\n```"
    return "\n\n".join([title, first, box, rest])
