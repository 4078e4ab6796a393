"""The built site: links, HTML, titles, policy, weight, examples, and twice the same."""

from __future__ import annotations

import filecmp
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from built_site import BuiltSite, sphinx_python

from envs import ROOT
from envs.errors import catalogue_files
from envs.model import index, pairing
from envs.site.finder import npm_packages

pytestmark = pytest.mark.site

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "form": "action"}
"""Element -> the attribute that makes a page load or send something."""

LOADING_LINKS = {"stylesheet", "icon", "preload", "modulepreload", "prefetch"}


class Page(HTMLParser):
    """What of a page is tested: its title, its anchors, its links, and what it loads."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self.title = ""
        self._in = ""
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._in = tag
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link":
            kinds = set(given.get("rel", "").split())
            (self.loaded if kinds & LOADING_LINKS else self.links).append(given["href"])
        if given.get(LOADED.get(tag, "")):
            self.loaded.append(given[LOADED[tag]])
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        self.inline += [name for name in given if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        if self._in == "title":
            self.title += data

    def handle_endtag(self, tag: str) -> None:
        self._in = ""


@pytest.fixture(scope="module")
def pages(built_site: BuiltSite) -> dict[str, Page]:
    """Path from the top of the site -> page."""
    return {
        file.relative_to(built_site.folder).as_posix(): Page(file)
        for file in sorted(built_site.folder.rglob("*.html"))
    }


def test_all_links_are_alive(built_site: BuiltSite, pages: dict[str, Page]) -> None:
    dead = []
    for name, page in pages.items():
        for link in [*page.links, *page.loaded]:
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme == "https" or parts.netloc.startswith("127.0.0.1"), link
                continue
            path = os.path.normpath(Path(name).parent / unquote(parts.path)) if parts.path else name
            target = pages.get(path)
            if not (built_site.folder / path).is_file():
                dead.append(f"{name}: {link}: no such file")
            elif parts.fragment and target and unquote(parts.fragment) not in target.ids:
                dead.append(f"{name}: {link}: no such place")
    assert dead == []
    assert sum(len(page.links) for page in pages.values()) > 5000


def test_an_anchor_is_there_once(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), name


def test_every_page_is_in_the_list_of_all_pages(pages: dict[str, Page]) -> None:
    listed = {urlsplit(link).path for link in pages["all.html"].links}
    assert set(pages) - listed <= {"search.html", "all.html"}


def test_no_page_loads_anything_from_elsewhere(
    built_site: BuiltSite, pages: dict[str, Page]
) -> None:
    for name, page in pages.items():
        assert page.inline == [], name
        assert not [one for one in page.loaded if urlsplit(one).scheme or one.startswith("//")], (
            name
        )
        text = (built_site.folder / name).read_text(encoding="utf-8")
        assert "Content-Security-Policy" in text.partition("<link")[0], name
    for style in built_site.folder.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", text), style


def test_an_error_is_found_by_its_last_line(pages: dict[str, Page]) -> None:
    for name, entry in catalogue_files.load_catalogue().items():
        title = pages[f"errors/{name}.html"].title
        assert " ".join(title.split()).startswith(" ".join(entry.line.split())), name


def test_each_pairing_and_each_lock_is_there(built_site: BuiltSite, pages: dict[str, Page]) -> None:
    for name in pairing.load_pairings():
        assert f"pairings/{name}.html" in pages
    for entry in index.load_index():
        if "file" in entry:
            copy = built_site.folder / "files" / "requirements" / entry["file"]
            assert copy.read_bytes() == (ROOT / "requirements" / entry["file"]).read_bytes()


def test_the_html_is_valid(built_site: BuiltSite, tmp_path: Path) -> None:
    program = npm_packages.install_npm_packages() / ".bin" / "html-validate"
    settings = tmp_path / "htmlvalidate.json"
    settings.write_text(json.dumps({"root": True, "extends": ["html-validate:standard"]}))
    command = [str(program), "--config", str(settings)]
    done = subprocess.run(
        [*command, str(built_site.folder)], capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    broken = tmp_path / "broken.html"
    broken.write_text("<!doctype html><html lang='en'><head><title>x</title></head><p><ul></p>")
    done = subprocess.run([*command, str(broken)], capture_output=True, text=True)
    assert done.returncode == 1


def test_the_site_is_light_and_built_in_time(
    built_site: BuiltSite, measure: Callable[..., None]
) -> None:
    files = [path for path in built_site.folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    measure(bytes={"the whole site": size})
    assert size < 60_000_000
    assert built_site.seconds < 90
    assert not [path for path in files if any(part.startswith(".") for part in path.parts[-3:])]


def test_a_second_build_is_the_same(built_site: BuiltSite, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from envs.site import build;"
        "build.build_site(Path(sys.argv[1]), Path(sys.argv[2]), print)"
    )
    environ = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu", "PYTHONPATH": str(ROOT)}
    again = tmp_path / "again"
    command = [sys.executable, "-c", code, str(sphinx_python()), str(again)]
    subprocess.run(command, cwd=tmp_path, env=environ, check=True, capture_output=True)
    names = {
        folder: {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        for folder in (built_site.folder, again)
    }
    assert names[built_site.folder] == names[again]
    other = [
        str(name)
        for name in sorted(names[again])
        if not filecmp.cmp(built_site.folder / name, again / name, shallow=False)
    ]
    assert other == []


def example(language: str) -> str:
    text = (ROOT / "envs" / "site" / "README.md").read_text(encoding="utf-8")
    [code] = re.findall(rf"(?ms)^```{language}$\n(.*?)^```$", text)
    return str(code)


def test_the_example_in_python_runs(built_site: BuiltSite) -> None:
    command = [sys.executable, "-c", example("python"), built_site.address]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    tensorflow, _, address, sha256 = done.stdout.split()
    assert re.fullmatch(r"2\.\d+\.\d+", tensorflow)
    assert (built_site.folder / address.removeprefix(f"{built_site.address}/")).is_file()
    assert re.fullmatch("[0-9a-f]{64}", sha256)


def test_the_example_in_javascript_runs(built_site: BuiltSite, tmp_path: Path) -> None:
    script = tmp_path / "example.mjs"
    script.write_text(example("js"), encoding="utf-8")
    command = ["node", str(script), built_site.address]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "keras 2.12.0: works: both import and train" in done.stdout
    assert len(done.stdout.splitlines()) == 37


def test_the_toolchain_of_the_site_is_pinned_whole() -> None:
    folder = ROOT / "envs" / "site"
    texts = [
        (folder / name).read_text(encoding="utf-8") for name in ("toolchain.txt", "checks.txt")
    ]
    pinned = set(re.findall(r"(?m)^([\w.-]+==\S+)$", "\n".join(texts)))
    code = (
        "import importlib.metadata as m\n"
        "for one in m.distributions(): print(f'{one.metadata[\"Name\"].lower()}=={one.version}')\n"
    )
    command = [str(sphinx_python()), "-c", code]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert {line.replace("_", "-") for line in listed.splitlines()} <= {
        pin.lower().replace("_", "-") for pin in pinned
    }
