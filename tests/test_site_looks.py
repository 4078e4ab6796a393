"""Every kind of page of the site: WCAG 2.2 AA, nothing wider than a phone, and pictures of it."""

from __future__ import annotations

from typing import Any

import pytest
from site_browser import SCREENSHOTS, OpenPage, ask

from envs.site.finder import npm_packages

pytestmark = pytest.mark.site

PAGES = {
    "start": "index.html",
    "pairing": "pairings/tf212.html",
    "pairings": "pairings.html",
    "error": "errors/np-utils.html",
    "errors": "errors.html",
    "atlas": "atlas.html",
    "models": "models.html",
    "names": "names.html",
    "data": "data.html",
    "guide": "examples.html",
    "code": "which.html",
    "contributing": "contributing.html",
    "changelog": "changelog.html",
    "all": "all.html",
    "search": "search.html",
}
"""Kind of page -> one of it."""

QUESTIONS = {
    "finder-error": "ImportError: cannot import name 'np_utils' from 'keras.utils'",
    "finder-fails": "2.12 keras 3",
    "finder-packages": "tensorflow==2.12.0\nkeras==2.12.0\nsetuptools==82.0.0\ntensorboard==2.12.3",
    "finder-unknown": "RuntimeError: nobody has ever seen this frobnication",
}
"""Kind of answer of the finder -> a question that has it."""

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    file = npm_packages.install_npm_packages() / "axe-core" / "axe.min.js"
    return file.read_text(encoding="utf-8")


def find_violations(page: Any, axe: str) -> list[str]:
    """What axe-core finds on a page: the rule, and the first elements."""
    page.evaluate(axe)
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = page.evaluate("async (options) => await axe.run(document, options)", options)
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", [*PAGES, *QUESTIONS])
def test_a_page_is_accessible_and_fits_a_phone(
    open_page: OpenPage, axe: str, kind: str, scheme: str
) -> None:
    page = open_page(PAGES.get(kind, "index.html"), color_scheme=scheme)
    if kind in QUESTIONS:
        ask(page, QUESTIONS[kind])
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for width in (1440, 768, 320):
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{wide - width} pixels wider than {width}"
        page.screenshot(path=SCREENSHOTS / f"{kind}-{width}-{scheme}.png")
        if kind in QUESTIONS:
            page.locator(".finder").screenshot(
                path=SCREENSHOTS / f"{kind}-{width}-{scheme}-whole.png"
            )
        # In the dark, colours are the only difference; on a phone, all of the page is there too.
        if width == 320 or (width == 1440 and scheme == "light"):
            assert not find_violations(page, axe)
