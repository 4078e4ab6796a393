"""The site, built: pages prepared for Sphinx, Sphinx run on them, data and files put beside."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from envs import ROOT, Problem
from envs.model import disk, lock
from envs.site import data_files, documents, feed, indexes, links, pairing_pages
from envs.site.finder.data import write_finder_data
from envs.site.reference import Reference, load_reference

SITE = ROOT / "_site"
"""Where the site stands when it is built; git ignores it."""

SPHINX = Path(__file__).with_name("sphinx")
FINDER = Path(__file__).with_name("finder")

EPOCH = "1577836800"
"""The time that a build takes for now, so that two builds are the same: no page shows it."""

Say = Callable[[str], object]


def build_site(python: Path, site: Path, say: Say) -> None:
    """Build the site with the Sphinx of an interpreter, and put it in place when it is whole.

    Raises Problem with what Sphinx says, if it finds any fault in a page.
    """
    with disk.temporary_folder() as folder, disk.alone(site):
        sources, built = folder / "sources", folder / "built"
        known = load_reference()
        files = _prepare_sources(sources, known)
        _run_sphinx(python, sources, built)
        for path in sorted(files):
            copy = built / links.address_file(path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, copy)
        _write_data(built, known)
        pages = sum(1 for _ in built.rglob("*.html"))
        size = sum(path.stat().st_size for path in built.rglob("*") if path.is_file())
        disk.remove_folder(site)
        shutil.move(built, site)
    say(f"{pages} pages, {size / 1e6:.1f} MB: {disk.shorten(site)}")


def _prepare_sources(sources: Path, known: Reference) -> set[str]:
    """Write what Sphinx reads, and give the files of the repository that the pages link."""
    shutil.copytree(SPHINX, sources, ignore=shutil.ignore_patterns("__pycache__"))
    pages = documents.list_documents()
    files = {
        path.relative_to(ROOT).as_posix()
        for path in [*lock.FOLDER.rglob("*.txt"), *lock.FOLDER.glob("*.json")]
    }
    texts = {}
    for page, document in pages.items():
        text = documents.drop_comments((ROOT / page).read_text(encoding="utf-8"))
        text, linked = links.rewrite_links(
            text, page, document, pages, lambda path: (ROOT / path).is_file()
        )
        files |= linked
        texts[document] = documents.link_pairings(text, known.pairings)
    texts |= pairing_pages.render_pairing_pages(known)
    texts |= indexes.render_indexes(known, texts)
    texts["data"] = documents.link_data(texts["data"])
    texts["index"] = documents.insert_finder(texts["index"], FINDER / "finder.html")
    for document, text in texts.items():
        file = sources / f"{document}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for path in files:
        if path.endswith(links.PICTURE):
            copy = sources / links.address_file(path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, copy)
    for name in ("finder.js", "finder.css"):
        shutil.copyfile(FINDER / name, sources / "static" / name)
    shutil.copytree(FINDER / "scripts", sources / "static" / "finder")
    settings = {"title": "keras-pairings", "sections": list(documents.SECTIONS.items())}
    (sources / "site.json").write_text(json.dumps(settings), encoding="utf-8")
    return files


def _write_data(built: Path, known: Reference) -> None:
    """Write the data for programs, that of the finder, and the feed."""
    data = built / data_files.FOLDER
    data.mkdir(parents=True)
    for name, text in data_files.render_data_files(known).items():
        (data / name).write_text(text, encoding="utf-8", newline="\n")
    finder = data / "finder"
    finder.mkdir()
    write_finder_data(finder)
    changes = feed.list_feed_changes(known)
    (built / feed.FILE).write_text(feed.render_feed(changes), encoding="utf-8", newline="\n")


def _run_sphinx(python: Path, sources: Path, built: Path) -> None:
    doctrees = sources.parent / "doctrees"
    command = [str(python), "-m", "sphinx", "-b", "html", "-j", "2", "-q", "-W", "--keep-going"]
    done = subprocess.run(
        [*command, "-d", doctrees, sources, built],
        env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        raise Problem(f"Sphinx finds fault with the pages of the site:\n{done.stdout}")
    shutil.rmtree(built / "_sources", ignore_errors=True)
    for left in (built / ".buildinfo", built / "objects.inv", *built.rglob("*.map")):
        left.unlink(missing_ok=True)
