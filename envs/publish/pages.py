"""The tables that are read, rendered from pairing files, locks, records and failures."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from envs import ROOT, Problem
from envs.atlas import layout, row_files
from envs.interference import interferences
from envs.model import disk, failures, index, lock, outcome_records, pairing, platforms
from envs.model.index import Entry
from envs.model.outcomes import Kind
from envs.model.pairing import Pairing, Target
from envs.publish import atlas_picture, bench_tables
from envs.running import unpinned_install
from envs.running.unpinned_install import Observation

README = ROOT / "README.md"
ERRORS = ROOT / "examples" / "README.md"
LOCKS = lock.FOLDER / "README.md"
TOOLING = ROOT / "envs" / "README.md"

_SHOWN = ("legacy_adaptation/legacy_completed", "legacy_adaptation/mixed")

_CULPRITS = ("numpy", "protobuf")

_PLACES = [
    (platform, variant) for variant, found in platforms.VARIANTS.items() for platform in found
]


def write_pages() -> None:
    """Write the index anew, and every table into its file. Raises Problem."""
    disk.write_file(pairing.INDEX, _index())
    for path, text in render_pages().items():
        disk.write_file(path, text)


def list_stale_pages() -> list[str]:
    """The generated files that are not what the data says."""
    return [
        f"{path.relative_to(ROOT)}: is not what the data says: run nox -s pages"
        for path, text in ({pairing.INDEX: _index()} | render_pages()).items()
        if disk.text_of(path) != text
    ]


def render_pages() -> dict[Path, str]:
    """Each file that holds tables, whole, with its tables made anew, and the pictures."""
    pairings = pairing.load_pairings(wheels=lock.known_wheels())
    entries = index.load_index()
    grid = layout.list_rows(), row_files.load_atlas()
    return {
        README: _fill(
            README,
            {
                "pairings": _locks_table(pairings, entries, "requirements/", every_python=False),
                "behaviour": _behaviour_table(pairings),
                "speed": bench_tables.render_bench_tables(),
            },
        ),
        LOCKS: _fill(
            LOCKS,
            {
                "locks": _locks_table(pairings, entries, "", every_python=True),
                "impossible": _impossible(entries),
            },
        ),
        ERRORS: _fill(ERRORS, {"failures": _failures(pairings), "interferences": _interferences()}),
        TOOLING: _fill(
            TOOLING,
            {
                "legend": atlas_picture.render_legend(),
                "atlas": atlas_picture.render_atlas_table(*grid),
                "atlas-failures": atlas_picture.render_atlas_failures(*grid),
            },
        ),
        atlas_picture.FILE: atlas_picture.render_atlas_picture(*grid),
        bench_tables.PLOT: bench_tables.render_bench_plot(),
    }


def _index() -> str:
    return index.render_index(pairing.load_pairings(), lock.known_wheels(), index.load_reasons())


def _locks_table(
    pairings: dict[str, Pairing], entries: list[Entry], prefix: str, *, every_python: bool
) -> str:
    """A row for each pairing, a column for each platform and variant; executed locks in bold.

    Without `every_python`, a column other than the first names only its newest Python.
    """
    titles = [platforms.describe_platform(*place) for place in _PLACES]
    lines = [
        "| pairing | TensorFlow | Keras | " + " | ".join(titles) + " |",
        "|---" * (3 + len(titles)) + "|",
    ]
    for one in pairings.values():
        if one.impossible:
            cells = [f"impossible: {one.impossible}"] + [""] * len(titles)
            lines.append(f"| `{one.name}` | {one.tensorflow} | " + " | ".join(cells) + " |")
            continue
        own = [entry for entry in entries if entry["pairing"] == one.name]
        base = [e for e in own if (e["platform"], e["variant"]) == _PLACES[0]]
        row = [f"`{one.name}`", one.tensorflow]
        row.append(_by_python({e["python"]: index.describe_keras(e) for e in base}))
        for place in _PLACES:
            found = [e for e in own if (e["platform"], e["variant"]) == place and "file" in e]
            shown = found if every_python or place == _PLACES[0] else found[:1]
            row.append(" ".join(_link(entry, one, prefix) for entry in shown) or "-")
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def _link(entry: Entry, one: Pairing, prefix: str) -> str:
    link = f"[{entry['python']}]({prefix}{entry['file']})"
    link = f"**{link}**" if entry["status"] == "executed" else link
    return link if entry["tensorflow"] == one.tensorflow else f"{link} ({entry['tensorflow']})"


def _impossible(entries: list[Entry]) -> str:
    """Why there is no lock: a row for each pairing, platform and reason."""
    rows: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for entry in entries:
        if entry["status"] == "impossible":
            where = platforms.describe_platform(entry["platform"], entry["variant"])
            reason = entry["reason"].replace(f"Python {entry['python']}", "this Python")
            rows[entry["pairing"], where, reason].append(entry["python"])
    lines = ["| pairing | platform | Python | why there is no lock |", "|---|---|---|---|"]
    for (name, where, reason), pythons in rows.items():
        lines.append(f"| `{name}` | {where} | {', '.join(pythons)} | {_cell(reason)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return re.sub(r"([|<>*\[\]])", r"\\\1", text)


def _behaviour_table(pairings: dict[str, Pairing]) -> str:
    rules = failures.load_rules()
    observed = unpinned_install.load_observations() if unpinned_install.FILE.exists() else {}
    lines = [
        "| pairing | `tf.keras` is | `keras` alone | mixed | unpinned |",
        "|---|---|---|---|---|",
    ]
    for one in pairings.values():
        if one.impossible:
            continue
        targets = [Target(one, python) for python in one.pythons]
        records = {t.python: outcome_records.load_record(t, rules) for t in targets}
        row = [f"`{one.name}`", pairing.KINDS[one.kind]]
        for script in _SHOWN:
            row.append(_by_python({t: str(record[script].kind) for t, record in records.items()}))
        row.append(_observed(observed[one.name]) if one.name in observed else "not observed yet")
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def _observed(seen: Observation) -> str:
    """When it was, how it ended and, if not well, with which of the usual culprits."""
    came = [f"{name} {seen.installed[name]}" for name in _CULPRITS if name in seen.installed]
    why = f", with {' and '.join(came)}" if seen.summary != Kind.WORKS and came else ""
    return f"{seen.date}: {_cell(seen.summary)}{why}"


def _by_python(values: dict[str, str]) -> str:
    """What holds on the recommended Python, and on which others something else does."""
    common, *_ = values.values()
    others: dict[str, list[str]] = defaultdict(list)
    for python, value in values.items():
        if value != common:
            others[value].append(python)
    return "; ".join([common, *(f"{value} on {', '.join(on)}" for value, on in others.items())])


def _failures(pairings: dict[str, Pairing]) -> str:
    rules = failures.load_rules()
    where: dict[str, dict[str, list[Target]]] = defaultdict(lambda: defaultdict(list))
    for target in pairing.list_targets(pairings).values():
        for script, ended in outcome_records.load_record(target, rules).items():
            if ended.kind is Kind.FAILS:
                where[rules.by_outcome[ended].name][script].append(target)
    parts = []
    for failure in rules.failures.values():
        seen = [
            f"- [`{script}.py`]({script}.py) in {_sessions(targets)}"
            for script, targets in where[failure.name].items()
        ]
        parts.append(
            "\n".join(
                [
                    f"### {failure.name}",
                    "",
                    "```text",
                    f"{failure.exception}: {failure.message}",
                    "```",
                    "",
                    failure.cause,
                    "",
                    f"**Instead:** {failure.remedy} It runs in [`{failure.script}.py`]"
                    f"({failure.script}.py).",
                    "",
                    *seen,
                ]
            )
        )
    return "\n\n".join(parts)


def _interferences() -> str:
    """A row for each interference and each thing that happens, and where nothing can."""
    lines = [
        "| interference | in | what happens | what `verify.py` says | remedy |",
        "|---|---|---|---|---|",
    ]
    for one in interferences.load_interferences().values():
        title = f"**{one.name}**: {one.summary}"
        for record, names in interferences.group_records(one).items():
            fixes = [fix for fix in record.fixes if not fix.startswith("first the fixes above")]
            # An import that fails after a problem was named is what happens, once more.
            says = [*record.says[:1], *(one for one in record.says[1:] if "` fails: " not in one)]
            cells = [title, _names(names), _codes(record.effect) or "nothing"]
            lines.append("| " + " | ".join([*cells, _codes(says), _codes(fixes)]) + " |")
            title = ""
        reasons: dict[str, list[str]] = defaultdict(list)
        for name, why in one.spared.items():
            reasons[why].append(name)
        for why, names in reasons.items():
            lines.append(f"| | {_names(names)} | not possible: {why} | | |")
    return "\n".join(lines)


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _codes(texts: Iterable[str]) -> str:
    return "<br>".join("`" + text.replace("`", "'").replace("|", r"\|") + "`" for text in texts)


def _sessions(targets: list[Target]) -> str:
    """The names of sessions, shortened to that of the pairing where all its Pythons are meant."""
    by_pairing: dict[str, list[Target]] = defaultdict(list)
    for target in targets:
        by_pairing[target.pairing.name].append(target)
    names: list[str] = []
    for name, found in by_pairing.items():
        whole = len(found) == len(found[0].pairing.pythons)
        names += [name] if whole else [target.session for target in found]
    return _names(names)


def _fill(path: Path, contents: dict[str, str]) -> str:
    """The file's text with what stands between each pair of its markers replaced."""
    text = path.read_text(encoding="utf-8")
    for name, content in contents.items():
        begin, end = f"<!-- {name}: generated by nox -s pages -->", f"<!-- end of {name} -->"
        text, count = re.subn(
            f"{re.escape(begin)}.*?{re.escape(end)}",
            lambda _, new=f"{begin}\n\n{content}\n\n{end}": new,  # type: ignore[misc]
            text,
            flags=re.DOTALL,
        )
        if count != 1:
            where = path.relative_to(ROOT)
            raise Problem(f"{where}: must hold the markers '{begin}' and '{end}' once")
    return text
