"""The tables that are read, rendered from pairing files, locks, records and failures."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from packaging.utils import canonicalize_name

from envs import ROOT, Problem, lock, outcome, pairing
from envs.outcome import Kind
from envs.pairing import Pairing, Target

README = ROOT / "README.md"
ERRORS = ROOT / "examples" / "README.md"

_SHOWN = ("legacy_adaptation/legacy_completed", "legacy_adaptation/mixed")


def write() -> None:
    """Write both tables into their files. Raises Problem."""
    for path, text in render().items():
        lock.write(path, text)


def stale() -> list[str]:
    """The files whose tables are not what the data says."""
    return [
        f"{path.relative_to(ROOT)}: is not what the data says: run nox -s reference"
        for path, text in render().items()
        if path.read_text(encoding="utf-8") != text
    ]


def render() -> dict[Path, str]:
    """Each generated file, whole, with its tables made anew."""
    pairings = pairing.load_all(wheels=pairing.WHEELS)
    return {
        README: _fill(README, "pairings", _pairings_table(pairings)),
        ERRORS: _fill(ERRORS, "failures", _failures(pairings)),
    }


def _pairings_table(pairings: dict[str, Pairing]) -> str:
    rules = outcome.load_rules()
    lines = [
        "| pairing | TensorFlow | Keras | `tf.keras` is | `keras` alone | mixed | Python: lock |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in pairings.values():
        row = [f"`{one.name}`", one.tensorflow]
        if one.impossible:
            row += ["", f"impossible: {one.impossible}", "", "", ""]
            lines.append("| " + " | ".join(row) + " |")
            continue
        targets = [Target(one, python) for python in one.pythons]
        records = {target: outcome.load_record(target, rules) for target in targets}
        row.append(_by_python({t: _keras(one, lock.read(t).versions) for t in targets}))
        row.append(pairing.KINDS[one.kind])
        for script in _SHOWN:
            row.append(_by_python({t: str(record[script].kind) for t, record in records.items()}))
        files = [f"[{t.python}](requirements/{lock.path(t).name})" for t in targets]
        row.append(", ".join([f"**{files[0]}**", *files[1:]]))
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def _by_python(values: dict[Target, str]) -> str:
    """What holds on the recommended Python, and on which others something else does."""
    common, *_ = values.values()
    others: dict[str, list[str]] = defaultdict(list)
    for target, value in values.items():
        if value != common:
            others[value].append(target.python)
    return "; ".join([common, *(f"{value} on {', '.join(on)}" for value, on in others.items())])


def _keras(one: Pairing, versions: dict[str, str]) -> str:
    named = [one.keras, one.tf_keras]
    names = [canonicalize_name(requirement.name) for requirement in named if requirement]
    shown = [versions[name] if name == "keras" else f"{name} {versions[name]}" for name in names]
    return ", ".join(shown) or "none"


def _failures(pairings: dict[str, Pairing]) -> str:
    rules = outcome.load_rules()
    where: dict[str, dict[str, list[Target]]] = defaultdict(lambda: defaultdict(list))
    for target in pairing.targets(pairings).values():
        for script, ended in outcome.load_record(target, rules).items():
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


def _sessions(targets: list[Target]) -> str:
    """The names of sessions, shortened to that of the pairing where all its Pythons are meant."""
    by_pairing: dict[str, list[Target]] = defaultdict(list)
    for target in targets:
        by_pairing[target.pairing.name].append(target)
    names: list[str] = []
    for name, found in by_pairing.items():
        whole = len(found) == len(found[0].pairing.pythons)
        names += [name] if whole else [target.session for target in found]
    return ", ".join(f"`{name}`" for name in names)


def _fill(path: Path, name: str, content: str) -> str:
    """The file's text with what stands between its two markers replaced."""
    text = path.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: generated by nox -s reference -->", f"<!-- end of {name} -->"
    new, count = re.subn(
        f"{re.escape(begin)}.*?{re.escape(end)}",
        lambda _: f"{begin}\n\n{content}\n\n{end}",
        text,
        flags=re.DOTALL,
    )
    if count != 1:
        raise Problem(f"{path.relative_to(ROOT)}: must hold the markers '{begin}' and '{end}' once")
    return new
