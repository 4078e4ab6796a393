"""The links of the repository's pages, as they lead on the site."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

FILES = "files"
"""The folder of the site with copies of the repository's files that are not pages."""

PICTURE = ".svg"

_CODE = re.compile(r"(?ms)^( *)(`{3,}).*?^\1\2[ ]*$|(?<!`)(`+)(?!`).+?(?<!`)\3(?!`)")
"""A fenced block or a code span: what stands in it is no link."""

_LINK = re.compile(r"(!?)\[([^\[\]]*)\]\(([^()\s]+)\)")
_HIDDEN = "\0{}\0"


def address_file(path: str) -> str:
    """Where the site has the copy of a file: no folder in it starts with a dot.

    GitHub Pages leaves out `.github`.
    """
    return "/".join([FILES, *(part.lstrip(".") for part in PurePosixPath(path).parts)])


def rewrite_links(
    text: str, page: str, document: str, documents: Mapping[str, str], exists: Callable[[str], bool]
) -> tuple[str, set[str]]:
    """The text of a page of the repository for its place on the site, and the files it links.

    `page` is the path of the page in the repository, and `document` its name on the site;
    `documents` has both for every page. A link to a file that is no page leads to the site's copy
    of it; one to a folder without a page is only its text. `exists` says whether a path is a file.
    """
    files: set[str] = set()

    def rewrite(link: re.Match[str]) -> str:
        mark, shown, target = link.groups()
        address, hash_, anchor = target.partition("#")
        if "://" in address or not address:
            return link[0]
        path = os.path.normpath(PurePosixPath(page).parent / address).replace(os.sep, "/")
        for known in (path, "README.md" if path == "." else f"{path}/README.md"):
            if known in documents:
                return f"[{shown}]({_relate(documents[known], document)}.md{hash_}{anchor})"
        if not exists(path):
            return shown
        files.add(path)
        copy = _relate(address_file(path), document)
        return f"[![{shown}]({copy})](site:{copy})" if mark else f"[{shown}](site:{copy})"

    hidden: list[str] = []

    def hide(code: re.Match[str]) -> str:
        hidden.append(code[0])
        return _HIDDEN.format(len(hidden) - 1)

    rewritten = _LINK.sub(rewrite, _CODE.sub(hide, text))
    return re.sub("\0(\\d+)\0", lambda mark: hidden[int(mark[1])], rewritten), files


def _relate(target: str, document: str) -> str:
    """A path of the site as seen from the folder of a document."""
    return os.path.relpath(target, PurePosixPath(document).parent).replace(os.sep, "/")
