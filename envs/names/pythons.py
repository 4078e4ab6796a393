"""Differences between the Pythons of a pairing: what another one has or lacks."""

from __future__ import annotations

import datetime
import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass

from envs import Problem
from envs.model import disk, lock
from envs.model.pairing import Target
from envs.names import files, rules
from envs.names.statements import Statement

FILE = files.FOLDER / "pythons.json"
SCHEMA = files.FOLDER / "pythons.schema.json"


@dataclass(frozen=True)
class OtherPython:
    """What was seen on a Python that is not the recommended one, beside what is recorded.

    `session` is such as `tf212-py39`. `lacks` are the paths that only the recommended Python has,
    `has` those that only this one has, and `calls` what both have and this one takes other
    parameters for, with these; None if that was not compared. `lock` is the digest of the pins of
    this Python, which may hold another Keras, `beside` that of the recommended one's, `script` that
    of the scripts, `date` the day.
    """

    session: str
    python: str
    lock: str
    beside: str
    script: str
    date: str
    lacks: tuple[str, ...]
    has: tuple[str, ...]
    calls: tuple[str, ...] | None = None

    @property
    def differs(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...] | None]:
        """What is otherwise: paths that it lacks, that it has, and calls."""
        return self.lacks, self.has, self.calls


def load_pythons() -> dict[str, OtherPython]:
    """Session -> what was seen; a session that is not there was not looked at. Raises Problem."""
    if not FILE.exists():
        return {}
    try:
        data = json.loads(FILE.read_text(encoding="utf-8"))
        lacks = [_spread_paths(one) for one in data["lacks"]]
        has = [_spread_paths(one) for one in data["has"]]
        calls = [tuple(one) for one in data["calls"]]
        read = []
        for row in data["sessions"]:
            taken = calls[row.pop("calls")] if "calls" in row else None
            told = {"lacks": lacks[row.pop("lacks")], "has": has[row.pop("has")]}
            read.append(OtherPython(**row, **told, calls=taken))
    except (OSError, ValueError, AttributeError, LookupError, TypeError) as error:
        raise Problem(
            f"envs/measured/names/{FILE.name}: cannot be read ({error!r}): restore it with git, "
            "or remove it and run nox -s names -- --pythons"
        ) from None
    return {one.session: one for one in read}


def render_pythons(seen: Iterable[OtherPython]) -> str:
    """The text of the file: a session a line, and a module a line, so that a diff is easy to read.

    Sessions that lack the same share that list, and so for what they have and take: those of the
    same Keras do.
    """
    seen = list(seen)
    lacks = list(dict.fromkeys(one.lacks for one in seen))
    has = list(dict.fromkeys(one.has for one in seen))
    calls = list(dict.fromkeys(one.calls for one in seen if one.calls is not None))
    rows = []
    for one in seen:
        row = asdict(one) | {"lacks": lacks.index(one.lacks), "has": has.index(one.has)}
        del row["calls"]
        if one.calls is not None:
            row["calls"] = calls.index(one.calls)
        rows.append("  " + json.dumps(row))
    facts = {"$schema": SCHEMA.name, "generated": "by nox -s names -- --pythons"}
    lists = {
        "lacks": [_group_paths(one) for one in lacks],
        "has": [_group_paths(one) for one in has],
        "calls": calls,
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in facts.items()]
    for key, value in lists.items():
        text = json.dumps(value, indent=1).replace("\n", "\n ")
        lines.append(f' "{key}": {text},')
    lines += [' "sessions": [', ",\n".join(rows), " ]"]
    return "\n".join(["{", *filter(None, lines), "}", ""])


def _group_paths(paths: Iterable[str]) -> dict[str, str]:
    """Paths by the module above them: the names in it, with blanks between."""
    grouped: dict[str, list[str]] = {}
    for path in paths:
        module, _, name = path.rpartition(".")
        grouped.setdefault(module, []).append(name)
    return {module: " ".join(names) for module, names in grouped.items()}


def _spread_paths(grouped: Mapping[str, str]) -> tuple[str, ...]:
    """Paths that were grouped, in their order."""
    paths = [
        f"{module}.{name}" if module else name
        for module, names in grouped.items()
        for name in names.split()
    ]
    return tuple(sorted(paths))


def is_current(target: Target, one: OtherPython | None) -> bool:
    """Whether a Python was looked at with the locks and the scripts of today. Raises Problem."""
    now = (lock.read_lock(target).digest, _digest_recommended(target), files.walk_digest())
    return one is not None and (one.lock, one.beside, one.script) == now


def _digest_recommended(target: Target) -> str:
    """The digest of the lock that a Python is compared with."""
    return lock.read_lock(Target(target.pairing, target.pairing.pythons[0])).digest


def compare_python(
    target: Target,
    python: str,
    recorded: Mapping[str, set[Statement]],
    seen: Mapping[str, set[Statement]],
) -> OtherPython:
    """What is otherwise on another Python, from the statements on both, by their group."""
    then, now = list_paths(recorded["modules"]), list_paths(seen["modules"])
    taken, takes = list_calls(recorded["objects"]), list_calls(seen["objects"])
    return OtherPython(
        session=target.session,
        python=python,
        lock=lock.read_lock(target).digest,
        beside=_digest_recommended(target),
        script=files.walk_digest(),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        lacks=shorten_paths(then - now, then, now),
        has=shorten_paths(now - then, now, then),
        calls=tuple(
            path + takes[path]
            for path in sorted(taken.keys() & takes.keys())
            if takes[path] != taken[path]
        ),
    )


def list_calls(stated: Iterable[Statement]) -> dict[str, str]:
    """Class, function and method -> its parameters in parentheses, as statements have them."""
    calls = {}
    for block, relation, item in stated:
        name, mark, parameters = item.partition("(")
        if relation in ("class", "f", "s") and mark:
            calls[block if relation == "class" else f"{block}.{name}"] = f"({parameters}"
    return calls


def list_paths(stated: Iterable[Statement]) -> set[str]:
    """Every module, and every name in one under its best path, that statements speak of."""
    paths = set()
    for block, relation, item in stated:
        kind = relation.split(" ")[0]
        if kind in ("m", "c", "f", "k"):
            paths.add(f"{block}.{item.partition('=')[0]}")
        elif kind in ("import", "same"):
            paths.add(block)
    return {path for path in paths if path.split(".")[0] in rules.ROOTS}


def shorten_paths(paths: set[str], here: set[str], there: set[str]) -> tuple[str, ...]:
    """Paths in their order, without those below a module that the other lacks altogether."""
    return tuple(
        path
        for path in sorted(paths)
        if not (above := path.rpartition(".")[0]) or above in there or above not in here
    )


def write_python(one: OtherPython) -> None:
    """Put what was seen on a Python into the file. Raises Problem."""
    seen = load_pythons() | {one.session: one}
    disk.write_file(FILE, render_pythons(seen[session] for session in sorted(seen)))


def forget_pythons(known: Container[str]) -> None:
    """Remove from the file what is no session any more. Raises Problem."""
    seen = load_pythons()
    if kept := [one for session, one in seen.items() if session in known]:
        if len(kept) < len(seen):
            disk.write_file(FILE, render_pythons(kept))
    elif seen:
        FILE.unlink()
