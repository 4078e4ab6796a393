"""The index, `requirements/index.json`: the lock of every combination, or why it has none.

Most of it is derived from pairing files, locks and records. Only two things are stored nowhere
else: the wheels that PyPI lists, and the reasons why combinations are impossible.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from envs import EXPLAINED, ROOT, Problem
from envs.model import disk, failures, lock, outcome_records, pairing, results
from envs.model.failures import Rules
from envs.model.pairing import Pairing, Target
from envs.model.platforms import Wheels

SCHEMA = ROOT / "requirements" / "index.schema.json"
TOOLS = lock.FOLDER / "tools"

KERAS = ("keras", "keras-nightly", "tf-keras")
UNEXECUTED = EXPLAINED / "unexecuted.toml"
"""Why locks are not run, by platform, variant and Python; written by hand."""

Entry = Mapping[str, Any]


def load_index(path: Path = pairing.INDEX) -> list[Entry]:
    """The entry of every combination, in the order of `pairing.combinations`. Raises Problem."""
    try:
        entries: list[Entry] = json.loads(path.read_text(encoding="utf-8"))["locks"]
    except (OSError, ValueError, KeyError) as error:
        raise Problem(
            f"requirements/{path.name}: cannot be read ({error}): run nox -s lock"
        ) from None
    return entries


def entry_key(entry: Entry) -> tuple[str, str, str, str]:
    """The key of an entry: pairing, Python, platform and variant."""
    return entry["pairing"], entry["python"], entry["platform"], entry["variant"]


def target_key(target: Target) -> tuple[str, str, str, str]:
    """The key of a target's entry."""
    return target.pairing.name, target.python, target.platform, target.variant


def load_reasons() -> dict[tuple[str, str, str, str], str]:
    """Key -> why that combination is impossible; empty while there is no index.

    Raises Problem if the index cannot be read.
    """
    if not pairing.INDEX.exists():
        return {}
    return {
        entry_key(entry): entry["reason"]
        for entry in load_index()
        if entry["status"] == "impossible"
    }


def render_index(
    pairings: Mapping[str, Pairing],
    wheels: Wheels,
    impossible: Mapping[tuple[str, str, str, str], str],
) -> str:
    """The text of the index. Raises Problem for a combination with neither lock nor reason."""
    rules = failures.load_rules()
    entries = [_entry(target, impossible, rules) for target in pairing.list_combinations(pairings)]
    return _render(wheels, entries)


def write_wheels(wheels: Wheels) -> None:
    """Write new wheels into the index, and keep its lock entries. Raises Problem."""
    locks = load_index() if pairing.INDEX.exists() else []
    disk.write_file(pairing.INDEX, _render(wheels, locks))
    lock.known_wheels.cache_clear()


def _render(wheels: Wheels, entries: list[Entry]) -> str:
    """The index as JSON: one release or combination a line, so that a diff is easy to read."""
    packages = [
        f"  {json.dumps(package)}: "
        + _lines("{}", [f"{json.dumps(v)}: {json.dumps(sizes)}" for v, sizes in releases.items()])
        for package, releases in wheels.items()
    ]
    return "\n".join(
        [
            "{",
            f' "$schema": {json.dumps(SCHEMA.name)},',
            ' "generated": "by nox -s lock, from PyPI, the locks and envs/measured/outcomes",',
            ' "wheels": {',
            ",\n".join(packages),
            " },",
            f' "locks": {_lines("[]", [json.dumps(entry) for entry in entries])}',
            "}",
            "",
        ]
    )


def _lines(brackets: str, items: list[str]) -> str:
    return f"{brackets[0]}\n   " + ",\n   ".join(items) + f"\n {brackets[1]}"


def _entry(
    target: Target, impossible: Mapping[tuple[str, str, str, str], str], rules: Rules
) -> Entry:
    facts: dict[str, Any] = dict(
        zip(("pairing", "python", "platform", "variant"), target_key(target), strict=True)
    )
    if not lock.lock_path(target).exists():
        reason = impossible.get(target_key(target))
        if target == target.base or reason is None:
            raise Problem(
                f"{lock.lock_label(target)}: neither a lock nor a reason why there is none: "
                f"run nox -s lock -- {target.pairing.name}"
            )
        return facts | {"status": "impossible", "reason": reason}
    lock_ = lock.read_lock(target)
    run = outcome_records.last_executed(target, rules)
    current = run if run and run.pins == lock_.digest else None
    payload = lock.payload_of(target)
    assert payload is not None
    if current is None:
        ran = {"status": "resolved", "date": lock_.date, "reason": explain_unexecuted(target)}
    elif current.emulator:
        ran = {"status": "emulated", "date": current.date, "with": current.emulator}
    else:
        lacking = "no GPU" if target.variant == "cuda" else None
        ran = {"status": "executed", "date": current.date, "with": lacking}
    if current:
        ran["smoke"] = "current" if current.smoke == results.digest_smoke() else "earlier"
    return facts | {
        **{key: value for key, value in ran.items() if value or key == "date"},
        "file": lock.lock_path(target).relative_to(lock.FOLDER).as_posix(),
        "tensorflow": payload.release,
        "payload": payload.package,
        **{name: lock_.versions.get(name) for name in KERAS},
    }


def explain_unexecuted(target: Target) -> str | None:
    """Why a target's lock is not run, from `envs/explained/unexecuted.toml`; None if it can be.

    Raises Problem if the file cannot be read.
    """
    facts = {
        "platform": target.platform,
        "variant": target.variant,
        "python": target.python,
        "recommended": target.recommended,
    }
    for rule in _unexecuted_rules():
        if all(facts[key] in values for key, values in rule.items() if key in facts):
            return str(rule["reason"])
    return None


@cache
def _unexecuted_rules() -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = disk.read_toml(UNEXECUTED).get("unexecuted", [])
    return rules


def check_requirements(pairings: Mapping[str, Pairing], folder: Path = lock.FOLDER) -> list[str]:
    """Where pairing files, index, `.in` files and locks do not agree; needs no network.

    Raises Problem if the index cannot be read.
    """
    problems = []
    entries = {entry_key(entry): entry for entry in load_index(folder / "index.json")}
    expected = {folder / "index.json", folder / SCHEMA.name, folder / "README.md"}
    expected |= {folder / "tools" / f"{name}.txt" for name in lock.tool_requirements()}
    for pairing_ in pairings.values():
        name, file = pairing_.name, lock.in_path(pairing_, folder)
        expected.add(file)
        if disk.text_of(file) != lock.render_in(Target(pairing_, pairing_.pythons[0])):
            problems.append(
                f"requirements/{name}.in: is not what envs/pairings/{name}.toml says: "
                f"run nox -s lock -- {name}"
            )
    for target in pairing.list_combinations(pairings):
        entry = entries.pop(target_key(target), None)
        if entry is None:
            problems.append(f"{lock.lock_label(target)}: is not in the index: run nox -s lock")
        elif entry["status"] != "impossible":
            expected.add(lock.lock_path(target, folder))
            problems += _check_lock(target, folder)
    problems += [
        f"requirements/index.json: {' '.join(key)}: no pairing file asks for it: run nox -s lock"
        for key in entries
    ]
    existing = {path for path in folder.rglob("*") if path.is_file()}
    for stray in sorted(existing - expected):
        name = stray.relative_to(folder).as_posix()
        problems.append(f"requirements/{name}: belongs to no pairing: run nox -s lock")
    for name, text in lock.tool_requirements().items():
        problems += _check_tool_lock(folder / "tools" / f"{name}.txt", text)
    return problems


def _check_lock(target: Target, folder: Path) -> list[str]:
    try:
        base = None if target == target.base else lock.read_lock(target.base, folder)
        return lock.check_lock(target, lock.read_lock(target, folder), base)
    except Problem as problem:
        return [str(problem)]


def _check_tool_lock(file: Path, requirements: str) -> Iterator[str]:
    text = disk.text_of(file)
    if any(f"\n{line} \\\n" not in text for line in requirements.splitlines()):
        yield (
            f"requirements/tools/{file.name}: is not what envs/locking/pip-tools.toml says: "
            "run nox -s lock -- --tools"
        )


def describe_keras(entry: Entry) -> str:
    """The Keras packages that a lock pins, such as `3.15.1, tf-keras 2.21.0`; `none` if none."""
    shown = [f"{name} {entry[name]}" for name in KERAS if entry[name]]
    return ", ".join(shown).removeprefix("keras ") or "none"
