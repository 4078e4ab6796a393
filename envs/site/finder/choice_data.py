"""What the finder chooses among, as data: pairings, locks, the atlas, words of questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from envs.atlas import cells, explanation, layout, row_files
from envs.model import index, lock, pairing, platforms, version_numbers
from envs.model.pairing import Pairing, Target
from envs.publish import copying
from envs.site import links, pairing_pages
from envs.site.finder import question
from envs.site.finder.error_data import drop_empty
from envs.site.finder.javascript import write_javascript

_VERDICTS = list(cells.Verdict)
_WORKS = (cells.Verdict.WORKS, cells.Verdict.APART)

_VARIANTS = {
    "default": "all processors",
    "cpu": "the CPU alone",
    "cuda": "NVIDIA's GPUs",
}
"""Variant -> what it is built for, in words."""

_SAME = (
    ("tensorflow", "tensorflow-cpu", "tensorflow-gpu"),
    ("keras", "keras-nightly"),
)
"""Packages that install the same files."""


def make_choices() -> dict[str, Any]:
    """All that a combination of releases is judged by."""
    pairings = pairing.load_pairings()
    atlas, columns = row_files.load_atlas(), layout.load_columns()[1]
    return {
        "pairings": {name: _make_pairing(one) for name, one in pairings.items()},
        **_make_locks(pairings),
        "platforms": {name: one.label for name, one in platforms.PLATFORMS.items()},
        "variants": _VARIANTS,
        "columns": [str(column) for column in columns],
        "rows": [
            {
                "name": name,
                "tensorflow": pairings[name].tensorflow,
                "verdicts": "".join(
                    str(_VERDICTS.index(cells.judge_cell(row[column], column)))
                    for column in columns
                ),
            }
            for name, row in atlas.items()
        ],
        "verdicts": [str(verdict) for verdict in _VERDICTS],
        "meanings": [cells.MEANING[verdict] for verdict in _VERDICTS],
        "works": [verdict in _WORKS for verdict in _VERDICTS],
        "same": _SAME,
        "commands": _make_commands(),
        "question": _make_question(),
    }


def _make_pairing(one: Pairing) -> dict[str, Any]:
    caps = [
        drop_empty({"requirement": cap.requirement, "reason": cap.reason, "beside": cap.beside})
        for cap in one.caps
    ]
    return drop_empty(
        {
            "kind": one.kind,
            "summary": one.summary,
            "pythons": list(one.pythons),
            "env": dict(one.env),
            "caps": caps,
        }
    )


def _make_locks(pairings: dict[str, Pairing]) -> dict[str, Any]:
    """Every lock with its rank, the best first; and what is impossible, with the reason."""
    names = list(pairings)
    known, impossible = [], []
    for entry in index.load_index():
        one = pairings[entry["pairing"]]
        facts = {key: entry[key] for key in ("pairing", "python", "platform", "variant")}
        if entry["status"] == "impossible":
            impossible.append({**facts, "tensorflow": one.tensorflow, "reason": entry["reason"]})
            continue
        rank = (
            one.preview,
            one.kind in ("legacy", "bundled"),
            -names.index(one.name),
            one.pythons.index(entry["python"]),
            list(platforms.PLATFORMS).index(entry["platform"]),
        )
        keras = entry["keras"] or entry["keras-nightly"]
        lock_ = {
            **facts,
            "tensorflow": entry["tensorflow"],
            "status": entry["status"],
            "file": links.address_file(f"requirements/{entry['file']}"),
            **drop_empty({"keras": keras, "tf-keras": entry["tf-keras"]}),
        }
        known.append((rank, lock_))
    impossible += [*_list_unpublished(), *_list_lacking(pairings)]
    ranked = sorted(known, key=lambda pair: pair[0])
    return {
        "locks": [{**one, "rank": rank} for rank, (_, one) in enumerate(ranked)],
        "impossible": impossible,
    }


def _list_unpublished() -> Iterator[dict[str, str]]:
    """The platforms for which a variant is not published at all."""
    for variant, published in platforms.VARIANTS.items():
        where = " and ".join(platforms.PLATFORMS[name].label for name in published)
        for name in platforms.PLATFORMS:
            if name not in published:
                reason = f"the variant {variant} is published for {where} alone"
                yield {"platform": name, "variant": variant, "reason": reason}


def _list_lacking(pairings: dict[str, Pairing]) -> Iterator[dict[str, str]]:
    """The Pythons for which no pairing of a TensorFlow is, as PyPI has no wheel for them."""
    pythons: dict[str, set[str]] = {}
    for one in pairings.values():
        pythons.setdefault(one.tensorflow, set()).update(one.pythons)
    every = sorted(set().union(*pythons.values()), key=version_numbers.release_numbers)
    for tensorflow, known in pythons.items():
        for python in every:
            asked = tensorflow, python, platforms.LINUX, platforms.DEFAULT
            if python in known or platforms.find_payload(lock.known_wheels(), *asked):
                continue
            reason = platforms.explain_lack(*asked)
            yield {"tensorflow": tensorflow, "python": python, "reason": reason}


def _make_commands() -> dict[str, list[str]]:
    """The commands that install a lock, with `{python}` for its Python."""
    newest = next(reversed(pairing.load_pairings().values()))
    found = {"uv": list(pairing_pages.list_uv_commands("{python}"))}
    for name in ("linux-x86_64", "windows-x86_64"):
        target = Target(newest, newest.pythons[0], name)
        line = copying.next_commands(target, None, "requirements")[0]
        steps = line.replace(target.python, "{python}")
        found[name.partition("-")[0]] = steps.split("; " if "; " in steps else " && ")
    return found


def _make_question() -> dict[str, Any]:
    """The patterns by which a question is read, and its words."""
    whole = {name.lower(): getattr(question, name) for name in ("BINARY", "LISTED", "PASSED_OVER")}
    more = {name.lower(): getattr(question, name) for name in ("NAME", "CODE", "CERTAIN_CODE")}
    last = {name.lower(): getattr(question, name) for name in ("BARE", "WORD", "DOUBTFUL")}
    stated = {
        name.lower(): getattr(question, name)
        for name in ("STATED", "FORM", "EXAMPLE", "SAYS_ERROR", "GLUED")
    }
    return {
        **{
            name: write_javascript(pattern)
            for name, pattern in {**whole, **more, **last, **stated}.items()
        },
        "pinned": [write_javascript(pattern) for pattern in question.PINNED],
        "foreign": [[name, *write_javascript(look)] for name, look in question.FOREIGN.items()],
        "facts": [
            [fact, value, *write_javascript(pattern)] for fact, value, pattern in question.FACTS
        ],
        "fillers": sorted(question.FILLERS),
        "packages": question.PACKAGES,
        "head": question.HEAD,
        "most_binary": question.MOST_BINARY,
        "least_listed": question.LEAST_LISTED,
        "share_of_packages": question.SHARE_OF_PACKAGES,
        "looked_at": question.LOOKED_AT,
        "around": question.AROUND,
        "longest": question.LONGEST,
        "longest_form": question.LONGEST_FORM,
        "most_unread": question.MOST_UNREAD,
        "newest_bare_keras": question.NEWEST_BARE_KERAS,
    }


def make_cells() -> dict[str, dict[str, list[str]]]:
    """Row of the atlas -> column -> what `nox -s atlas -- ROW --show` says of the cell."""
    atlas, columns = row_files.load_atlas(), layout.load_columns()[1]
    return {
        name: {
            str(column): explanation.describe_cell(name, column, atlas).splitlines()
            for column in columns
            if column in row
        }
        for name, row in atlas.items()
    }
