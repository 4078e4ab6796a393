"""The tables that are read, rendered from pairing files, locks, records and failures."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from envs import ROOT, Problem
from envs.atlas import layout, row_files
from envs.engine import scale
from envs.interference import interferences
from envs.model import disk, failures, index, lock, outcome_records, outcomes, pairing
from envs.model.index import Entry
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Pairing, Target
from envs.models import record_files
from envs.names import changes
from envs.publish import (
    atlas_picture,
    bench_tables,
    check_tables,
    companion_tables,
    error_pages,
    lock_tables,
    model_picture,
    model_tables,
    verify_tables,
)
from envs.running import unpinned_install
from envs.running.unpinned_install import Observation

README = ROOT / "README.md"
ERRORS = ROOT / "examples" / "README.md"
LOCKS = lock.FOLDER / "README.md"
TOOLING = ROOT / "envs" / "README.md"
BENCH = ROOT / "envs" / "bench" / "README.md"
ENGINE = ROOT / "envs" / "engine" / "README.md"
NAMES = ROOT / "envs" / "names" / "README.md"
MODELS = ROOT / "envs" / "models" / "README.md"
COMPANIONS = ROOT / "envs" / "companions" / "README.md"

_IMPORTS = {
    "`tf.keras`": "broken_import/correction",
    "`keras`": "legacy_adaptation/legacy_completed",
}
"""What a user imports, and the example that works if that import does."""

_MIXED = "legacy_adaptation/mixed"
"""The example that puts a layer of `tf.keras` into a model of `keras`."""

_CULPRITS = ("numpy", "protobuf")
"""The packages that break an installation without a lock most often."""


def write_pages() -> None:
    """Write the index anew, and every table into its file. Raises Problem."""
    disk.write_file(pairing.INDEX, _index())
    # The page of companions counts the trials that were made with verify.py as it will be.
    disk.write_file(outcomes.VERIFY, verify_tables.render_verify(pairing.load_pairings()))
    for path, text in render_pages().items():
        disk.write_file(path, text)
    for path in error_pages.list_left_over():
        path.unlink()


def list_stale_pages() -> list[str]:
    """The generated files that are not what the data says."""
    return [
        f"{path.relative_to(ROOT).as_posix()}: is not what the data says: run nox -s pages"
        for path, text in ({pairing.INDEX: _index()} | render_pages()).items()
        if disk.text_of(path) != text
    ] + [
        f"{path.relative_to(ROOT).as_posix()}: no entry is called so: run nox -s pages"
        for path in error_pages.list_left_over()
    ]


def render_pages() -> dict[Path, str]:
    """Each page with its tables made anew, each picture, and verify.py, by its path."""
    pairings = pairing.load_pairings(wheels=lock.known_wheels())
    entries = index.load_index()
    grid = layout.list_rows(), row_files.load_atlas()
    saved = record_files.load_grid()
    tables = {
        README: {
            "errors": error_pages.count_errors(),
            "pairings": _pairings_tables(pairings, entries),
        },
        LOCKS: lock_tables.render_lock_tables(pairings, entries)
        | check_tables.render_check_tables(entries),
        ERRORS: {
            "errors": error_pages.render_error_index(),
            "failures": _failures(pairings),
            "behaviour": _behaviour_table(pairings),
            "interferences": _interferences(),
        },
        TOOLING: {
            "legend": atlas_picture.render_legend(),
            "atlas": atlas_picture.render_atlas_table(*grid),
            "atlas-failures": atlas_picture.render_atlas_failures(*grid),
        },
        ENGINE: {"scale": scale.render_scale()},
        NAMES: {"came-and-went": changes.render_changes(changes.list_steps())},
        MODELS: model_tables.render_model_tables(saved),
        COMPANIONS: {"companions": companion_tables.render_companions()},
        BENCH: {"speed": _relink(bench_tables.render_bench_tables(), BENCH)},
    }
    pictures = {
        atlas_picture.FILE: atlas_picture.render_atlas_picture(*grid),
        model_picture.FILE: model_picture.render_models_picture(saved),
        bench_tables.PLOT: bench_tables.render_bench_plot(),
        outcomes.VERIFY: verify_tables.render_verify(pairings),
    }
    filled = {page: _fill(page, contents) for page, contents in tables.items()}
    return filled | pictures | error_pages.render_error_pages()


def _index() -> str:
    return index.render_index(pairing.load_pairings(), lock.known_wheels(), index.load_reasons())


def _pairings_tables(pairings: dict[str, Pairing], entries: list[Entry]) -> str:
    """The table of pairings, and under it that of the previews, if there are any."""
    previews = {name: one for name, one in pairings.items() if one.kind == lock_tables.PREVIEW}
    others = {name: one for name, one in pairings.items() if name not in previews}
    parts = [_pairings_table(others, entries)]
    if previews:
        parts.append("**Not recommended**: previews, with a TensorFlow that is not released yet.")
        parts.append(_pairings_table(previews, entries))
    return "\n\n".join(parts)


def _pairings_table(pairings: dict[str, Pairing], entries: list[Entry]) -> str:
    """A row for each pairing: its recommended Python, the lock for it, and what works."""
    rules = failures.load_rules()
    locks = {index.entry_key(entry): entry for entry in entries}
    lines = [
        "| pairing | TensorFlow | Keras | Python | lock | what works |",
        "|---|---|---|---|---|---|",
    ]
    for name, shown in pairings.items():
        if shown.impossible:
            cells = [f"impossible: {shown.impossible}", "", "", ""]
        else:
            recommended = Target(shown, shown.pythons[0])
            entry = locks[index.target_key(recommended)]
            works = {
                python: say_what_works(outcome_records.load_record(Target(shown, python), rules))
                for python in shown.pythons
            }
            cells = [
                index.describe_keras(entry),
                recommended.python,
                _pairing_link(entry),
                _settings(shown) + lock_tables.group_pythons(works),
            ]
        lines.append(f"| `{name}` | {shown.tensorflow} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _pairing_link(entry: Entry) -> str:
    """A link from the README to a lock; it says if the lock changed since it was last run."""
    link = f"[{entry['file']}]({LOCKS.parent.name}/{entry['file']})"
    return link if entry["status"] == "executed" else f"{link} (not run yet)"


def _settings(shown: Pairing) -> str:
    """The variables that a pairing needs, as the start of a sentence; empty if it needs none."""
    settings = ", ".join(f"`{name}={value}`" for name, value in shown.env.items())
    return f"with {settings}: " if settings else ""


def say_what_works(record: Mapping[str, Outcome]) -> str:
    """In a few words: which import of Keras works, and whether the two can be mixed."""
    working = [name for name, script in _IMPORTS.items() if record[script].kind is Kind.WORKS]
    if len(working) < len(_IMPORTS):
        return f"{working[0]} only" if working else f"neither {' nor '.join(_IMPORTS)}"
    mixed = ", also mixed" if record[_MIXED].kind is Kind.WORKS else "; mixing them fails"
    return " and ".join(working) + mixed


def _behaviour_table(pairings: dict[str, Pairing]) -> str:
    """A row for each pairing: what `tf.keras` is, what works, and what happens without a lock."""
    rules = failures.load_rules()
    observations = unpinned_install.load_observations() if unpinned_install.FILE.exists() else {}
    lines = [
        "| pairing | `tf.keras` is | `keras` alone | mixed | unpinned |",
        "|---|---|---|---|---|",
    ]
    for shown in pairings.values():
        if shown.impossible:
            continue
        records = {
            python: outcome_records.load_record(Target(shown, python), rules)
            for python in shown.pythons
        }
        cells = [f"`{shown.name}`", pairing.KINDS[shown.kind]]
        for script in (_IMPORTS["`keras`"], _MIXED):
            endings = {python: str(record[script].kind) for python, record in records.items()}
            cells.append(lock_tables.group_pythons(endings))
        observation = observations.get(shown.name)
        cells.append(_observed(observation) if observation else "not observed yet")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _observed(observation: Observation) -> str:
    """When an installation without a lock was tried, how it ended and, if badly, with what."""
    versions = observation.installed
    culprits = [f"{name} {versions[name]}" for name in _CULPRITS if name in versions]
    failed = observation.summary != Kind.WORKS
    brought = f", with {' and '.join(culprits)}" if failed and culprits else ""
    return f"{observation.date}: {lock_tables.escape_cell(observation.summary)}{brought}"


def _failures(pairings: dict[str, Pairing]) -> str:
    """Each failure with its cause, what to do instead, and where it was seen."""
    rules = failures.load_rules()
    seen: dict[str, dict[str, list[Target]]] = defaultdict(lambda: defaultdict(list))
    for target in pairing.list_targets(pairings).values():
        for script, outcome in outcome_records.load_record(target, rules).items():
            if outcome.kind is Kind.FAILS:
                seen[rules.by_outcome[outcome].name][script].append(target)
    parts = []
    for failure in rules.failures.values():
        places = [
            f"- [`{script}.py`]({script}.py) in {_sessions(targets)}"
            for script, targets in seen[failure.name].items()
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
                    *places,
                ]
            )
        )
    return "\n\n".join(parts)


def _interferences() -> str:
    """A row for each interference and each effect of it, and one where it is not possible."""
    lines = [
        "| interference | in | what happens | what `verify.py` says | remedy |",
        "|---|---|---|---|---|",
    ]
    for interference in interferences.load_interferences().values():
        title = f"**{interference.name}**: {interference.summary}"
        for record, names in interferences.group_records(interference).items():
            fixes = [fix for fix in record.fixes if not fix.startswith("first the fixes above")]
            # After the first line, an import that fails only repeats what happens.
            first, rest = record.says[:1], record.says[1:]
            lines_of_verify = [*first, *(line for line in rest if "` fails: " not in line)]
            cells = [title, _names(names), _codes(record.effect) or "nothing"]
            cells += [_codes(lines_of_verify), _codes(fixes)]
            lines.append("| " + " | ".join(cells) + " |")
            title = ""
        reasons: dict[str, list[str]] = defaultdict(list)
        for name, reason in interference.spared.items():
            reasons[reason].append(name)
        for reason, names in reasons.items():
            lines.append(f"| | {_names(names)} | not possible: {reason} | | |")
    return "\n".join(lines)


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _codes(texts: Iterable[str]) -> str:
    return "<br>".join("`" + text.replace("`", "'").replace("|", r"\|") + "`" for text in texts)


def _sessions(targets: list[Target]) -> str:
    """The names of sessions; the name of the pairing alone, if all its Pythons are meant."""
    by_pairing: dict[str, list[Target]] = defaultdict(list)
    for target in targets:
        by_pairing[target.pairing.name].append(target)
    names: list[str] = []
    for name, same_pairing in by_pairing.items():
        all_pythons = len(same_pairing) == len(same_pairing[0].pairing.pythons)
        names += [name] if all_pythons else [target.session for target in same_pairing]
    return _names(names)


def _relink(text: str, page: Path) -> str:
    """A text whose links start at the top of the repository, for a page in another folder."""
    return re.sub(
        r"(?<=\]\()(?![a-z]+:|#)[^)#]+",
        lambda link: Path(os.path.relpath(ROOT / link[0], page.parent)).as_posix(),
        text,
    )


def _fill(path: Path, contents: dict[str, str]) -> str:
    """The text of a page, with what stands between each pair of markers replaced."""
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
            where = path.relative_to(ROOT).as_posix()
            raise Problem(f"{where}: must hold the markers '{begin}' and '{end}' once")
    return text
