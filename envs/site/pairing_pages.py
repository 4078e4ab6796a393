"""The page of each pairing: what it is, its locks, what works, and where else it was looked at."""

from __future__ import annotations

import re
from collections.abc import Callable

from envs import ROOT
from envs.model import index, outcome_records, outcomes, pairing, platforms
from envs.model.index import Entry
from envs.model.outcomes import Kind
from envs.model.pairing import Pairing, Target
from envs.publish import copying, lock_tables, pages
from envs.site import links, looks, markup
from envs.site.reference import Reference


def render_pairing_pages(known: Reference) -> dict[str, str]:
    """Name on the site -> text of the page of each pairing. Raises Problem."""
    return {
        f"pairings/{name}": render_pairing_page(one, known) for name, one in known.pairings.items()
    }


Section = Callable[[Pairing, Reference], str]


def render_pairing_page(shown: Pairing, known: Reference) -> str:
    """The text of one page. Raises Problem."""
    if shown.impossible:
        return f"# {shown.name}\n\n{shown.summary}\n\nIt cannot be installed: {shown.impossible}\n"
    sections: dict[str, Section] = {
        "Install it": _say_how_to_install,
        "Locks": _list_locks,
        "What works, and what fails": _say_what_works,
        "Errors that were made in it": _list_errors,
        "Every Keras beside its TensorFlow": looks.say_cells,
        "Names that came and went": looks.list_names,
        "Models that it loads": looks.list_models,
        "What interferes": looks.list_interferences,
        "Packages beside it": looks.list_companions,
    }
    parts = [f"# {_title(shown, known)}", _describe(shown)]
    for heading, render in sections.items():
        text = render(shown, known)
        if text:
            parts.append(f"## {heading}\n\n{text}")
    return "\n\n".join(parts) + "\n"


def _title(shown: Pairing, known: Reference) -> str:
    keras = index.describe_keras(_recommended(shown, known))
    beside = f"keras {keras}" if keras[0].isdigit() else keras
    return f"`{shown.name}`: TensorFlow {shown.tensorflow}" + (
        "" if keras == "none" else f" with {beside}"
    )


def _recommended(shown: Pairing, known: Reference) -> Entry:
    key = index.target_key(Target(shown, shown.pythons[0]))
    return next(entry for entry in known.entries if index.entry_key(entry) == key)


def _describe(shown: Pairing) -> str:
    """What the pairing file says, in words."""
    lines = [shown.summary, ""]
    if shown.preview:
        lines += ["**Not recommended**: its TensorFlow is not released yet.", ""]
    lines.append(f"- `tf.keras` is {pairing.KINDS[shown.kind]}.")
    lines.append(f"- It asks for {markup.write_codes(shown.requires)}.")
    others = ", ".join(shown.pythons[1:])
    also = f"; also on {others}" if others else ""
    lines.append(f"- Python {shown.pythons[0]} is recommended{also}.")
    for name, value in shown.env.items():
        lines.append(f"- Set the environment variable `{name}={value}`.")
    for cap in shown.caps:
        beside = f", beside `{cap.beside}`" if cap.beside else ""
        lines.append(f"- Its locks hold `{cap.requirement}`{beside}: {cap.reason}")
    for one in shown.harmless:
        lines.append(f"- TensorFlow asks for `{one.requirement}`; without it: {one.seen}")
    for sdist in shown.sdists:
        where = f" on Python {sdist.python}" if sdist.python else ""
        lines.append(f"- `{sdist.package}` is built from source{where}: {sdist.reason}")
    return "\n".join(lines)


def _say_how_to_install(shown: Pairing, known: Reference) -> str:
    """The commands for pip and for uv, for each kind of shell that a lock is for."""
    python = shown.pythons[0]
    verify = f"[verify.py](site:../{links.address_file(_VERIFY)})"
    parts = [
        f"Save a lock from [the table below](#locks) as `requirements.txt`, with Python {python} "
        f"if you have the choice, and {verify} beside it, which says whether all is well."
    ]
    locked = {entry["platform"] for entry in known.entries if _is_lock(entry, shown)}
    for platform, shell in _SHELLS.items():
        if platform in locked:
            target = Target(shown, python, platform)
            install, check = copying.next_commands(target, None, "requirements")
            lines = [*re.split(" && |; ", install), check]
            parts.append(f"With pip, on {shell}:\n\n{markup.write_commands(lines)}")
    parts.append(f"With uv, instead of pip:\n\n{markup.write_commands(list_uv_commands(python))}")
    copy = markup.write_commands([f"nox -s copy -- {shown.name} PATH"])
    parts.append(f"In a clone of the repository, one command puts both into a project:\n\n{copy}")
    return "\n\n".join(parts)


_SHELLS = {"linux-x86_64": "Linux and macOS", "windows-x86_64": "Windows, in PowerShell"}
"""A platform whose commands these are -> where they are typed."""

_VERIFY = outcomes.VERIFY.relative_to(ROOT).as_posix()


def list_uv_commands(python: str) -> tuple[str, ...]:
    """What to type to install `requirements.txt` with uv, into a new environment."""
    return f"uv venv -p {python}", "uv pip sync --require-hashes requirements.txt", "uv pip check"


def _is_lock(entry: Entry, shown: Pairing) -> bool:
    return bool(entry["pairing"] == shown.name and "file" in entry)


def _list_locks(shown: Pairing, known: Reference) -> str:
    """A row for each lock, and why there is none for the rest."""
    rows, lacking = [], []
    for entry in known.entries:
        if entry["pairing"] != shown.name:
            continue
        where = platforms.describe_platform(entry["platform"], entry["variant"])
        if "file" not in entry:
            lacking.append((where, entry["python"], entry["reason"]))
            continue
        address = f"../{links.address_file('requirements/' + entry['file'])}"
        name = entry["file"].rpartition("/")[2]
        other = entry["tensorflow"] != shown.tensorflow
        release = f", TensorFlow {entry['tensorflow']}" if other else ""
        rows.append(
            [
                where + release,
                entry["python"],
                f"[{name}](site:{address})",
                lock_tables.describe_run(entry),
            ]
        )
    parts = [
        markup.write_table(["platform", "Python", "lock", "how it was run"], rows),
        "What *executed*, *emulated* and *resolved* mean is [explained](../index.md#words).",
    ]
    if lacking:
        rows = [[w, p, lock_tables.escape_cell(r)] for w, p, r in lacking]
        parts.append("There is none for:")
        parts.append(markup.write_table(["platform", "Python", "why"], rows))
    return "\n\n".join(parts)


def _say_what_works(shown: Pairing, known: Reference) -> str:
    """In words, then each example with its outcome on the recommended Python, and the causes."""
    records = {
        python: outcome_records.load_record(Target(shown, python), known.rules)
        for python in shown.pythons
    }
    says = {python: pages.say_what_works(record) for python, record in records.items()}
    rows, causes = [], {}
    for script, outcome in records[shown.pythons[0]].items():
        address = f"../{links.address_file(f'examples/{script}.py')}"
        how = "works"
        if outcome.kind is Kind.FAILS:
            failure = known.rules.by_outcome[outcome]
            how = f"fails: [{failure.name}](../examples.md#{failure.name})"
            causes[failure.name] = failure
        rows.append([f"[{script}.py](site:{address})", how])
    parts = [
        f"{lock_tables.group_pythons(says)}.",
        markup.write_table(["example", "outcome"], rows),
    ]
    for failure in causes.values():
        parts.append(
            f"```text\n{failure.exception}: {failure.message}\n```\n\n{failure.cause} "
            f"**Instead:** {failure.remedy}"
        )
    return "\n\n".join(parts)


def _list_errors(shown: Pairing, known: Reference) -> str:
    lines = []
    for entry in known.errors.values():
        if any(case.pairing == shown.name for case in entry.cases):
            line = entry.line.replace("`", "'")
            lines.append(f"- [`{line}`](../errors/{entry.name}.md)")
    return "\n".join(lines)
