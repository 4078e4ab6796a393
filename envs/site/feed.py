"""The feed of changes, `feed.xml`, in Atom: pairings, rows of the atlas, errors, and releases.

Dates are those of the records, never of the clock. What an entry is called depends on what was
seen: a run that saw the same again only moves its date, and one that saw something else is new.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from envs import ROOT
from envs.atlas import cells
from envs.model import index, lock
from envs.model.pairing import Target
from envs.site.reference import Reference

FILE = "feed.xml"
CHANGELOG = ROOT / "CHANGELOG.md"

_NAMESPACE = "http://www.w3.org/2005/Atom"
_OURS = uuid.uuid5(uuid.NAMESPACE_DNS, "keras-pairings")


@dataclass(frozen=True)
class Change:
    """One entry: `key` tells it from all others, `page` is where it leads on the site."""

    key: str
    date: str
    title: str
    page: str
    text: str


def list_feed_changes(known: Reference) -> list[Change]:
    """Every change that has a date, newest first. Raises Problem."""
    changes = [
        *_list_releases(),
        *_list_new_pairings(known),
        *_list_rows(known),
        *_list_errors(known),
    ]
    return sorted(changes, key=lambda change: (change.date, change.key), reverse=True)


def render_feed(changes: list[Change]) -> str:
    """The text of the feed."""
    feed = ElementTree.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": "en"})
    _add_common(feed, "feed", "keras-pairings: changes", max(one.date for one in changes))
    ElementTree.SubElement(feed, "link", {"rel": "self", "href": FILE})
    ElementTree.SubElement(feed, "link", {"rel": "alternate", "href": "index.html"})
    ElementTree.SubElement(ElementTree.SubElement(feed, "author"), "name").text = "keras-pairings"
    for change in changes:
        entry = ElementTree.SubElement(feed, "entry")
        _add_common(entry, change.key, change.title, change.date)
        ElementTree.SubElement(entry, "link", {"rel": "alternate", "href": change.page})
        ElementTree.SubElement(entry, "summary").text = change.text
    ElementTree.indent(feed, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(feed, "unicode") + "\n"


def _add_common(element: ElementTree.Element, key: str, title: str, date: str) -> None:
    ElementTree.SubElement(element, "id").text = uuid.uuid5(_OURS, key).urn
    ElementTree.SubElement(element, "title").text = title
    ElementTree.SubElement(element, "updated").text = f"{date}T00:00:00Z"


def _list_releases() -> Iterator[Change]:
    """The releases of the changelog; what is not released has no date."""
    text = CHANGELOG.read_text(encoding="utf-8")
    for release, date, body in re.findall(
        r"(?ms)^## \[([\d.]+)\] - (\d{4}-\d\d-\d\d)$\n(.*?)(?=^## |\Z)", text
    ):
        anchor = f"{release} - {date}".replace(".", "").replace(" ", "-")
        page = f"changelog.html#{anchor}"
        said = " ".join(body.split())
        yield Change(f"release {release}", date, f"Release {release}", page, said)


def _list_new_pairings(known: Reference) -> Iterator[Change]:
    """Each pairing, anew whenever the lock of its recommended Python has other pins."""
    by_key = {index.entry_key(entry): entry for entry in known.entries}
    for name, one in known.pairings.items():
        if one.impossible:
            continue
        target = Target(one, one.pythons[0])
        entry = by_key[index.target_key(target)]
        date = entry["date"]
        if date is None:
            continue
        keras = index.describe_keras(entry)
        yield Change(
            f"pairing {name} {lock.read_lock(target).digest}",
            date,
            f"{name}: TensorFlow {one.tensorflow}, Keras {keras}, Python {target.python}",
            f"pairings/{name}.html",
            f"{one.summary} Its lock is {entry['status']}.",
        )


def _list_rows(known: Reference) -> Iterator[Change]:
    """Each row of the atlas, anew whenever one of its cells ends otherwise."""
    for name, target in known.rows.items():
        row = known.atlas[name]
        if not row:
            continue
        verdicts = {str(column): cells.judge_cell(cell, column) for column, cell in row.items()}
        counts = Counter(verdicts.values())
        seen = "\n".join(f"{column}: {verdict}" for column, verdict in verdicts.items())
        works = [column for column, verdict in verdicts.items() if verdict is cells.Verdict.WORKS]
        yield Change(
            f"atlas {name} {hashlib.sha256(seen.encode()).hexdigest()}",
            max(cell.conditions.date for cell in row.values()),
            f"TensorFlow {target.pairing.tensorflow} with every Keras",
            f"pairings/{name}.html#every-keras-beside-its-tensorflow",
            ", ".join(f"{verdict}: {number}" for verdict, number in counts.items())
            + (f". It works with {', '.join(works)}." if works else "."),
        )


def _list_errors(known: Reference) -> Iterator[Change]:
    """Each error that was made here, anew whenever its cases are others."""
    for name, made in known.made.items():
        if name in known.errors:
            one = known.errors[name]
            key = f"error {name} {made.cases}"
            page = f"errors/{name}.html"
            yield Change(key, made.date, one.line, page, one.fill(one.cause, {}))
