"""A browser for the built site: pages that may ask no other host, and say what they complain of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from built_site import BuiltSite, sphinx_python

from envs import ROOT
from envs.site import browser as browsers

SCREENSHOTS = ROOT / ".nox" / "site-screenshots"
"""Where pictures of the pages are put, to be looked at; git ignores it."""

OpenPage = Callable[..., Any]

ANSWERED = "#finder-answer[data-kind]:not([aria-busy])"


def _import_playwright() -> Any:
    """Playwright, which only the environment of `nox -s site-checks` has."""
    asked = [str(sphinx_python()), "-c", "import sysconfig; print(sysconfig.get_path('platlib'))"]
    # At the end: what the toolchain has of the same name stays its own.
    sys.path.append(
        subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    )
    from playwright import sync_api

    return sync_api


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A Chromium without windows."""
    program = browsers.find_browser()
    with _import_playwright().sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=str(program), headless=True, args=list(browsers.OPTIONS)
        )
        yield started
        started.close()


@pytest.fixture
def open_page(built_site: BuiltSite, chromium: Any) -> Iterator[OpenPage]:
    """Open a page of the site as on a first visit.

    At the end of the test, no page may have asked another host, nor have complained.
    """
    contexts: list[Any] = []
    asked: set[str] = set()
    complaints: list[str] = []

    def open_(path: str = "index.html", width: int = 1440, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        context.on("request", lambda request: asked.add(request.url))
        page = context.new_page()
        page.on("console", lambda message: note(message.type, message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{built_site.address}/{path}")
        if path.startswith("index.html") and options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-finder=ready]")
        return page

    def note(kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            complaints.append(text)

    yield open_
    for context in contexts:
        context.close()
    elsewhere = [url for url in asked if not url.startswith((built_site.address, "data:", "blob:"))]
    assert not elsewhere
    assert not complaints


def ask(page: Any, text: str) -> str:
    """Type a text into the finder, and read the answer when it is whole."""
    page.fill("#finder-text", text)
    page.wait_for_selector(ANSWERED, state="attached")
    return str(page.inner_text("#finder-answer"))
