"""Results that are a part of a record: of the atlas, of names, of models."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envs import Problem
from envs.engine import atlas_evidence, models_evidence, names_evidence
from envs.model import disk, working_copy


@dataclass(frozen=True)
class RecordKind:
    """How a session of one kind of work becomes a result, and a result a record.

    `tell` gives what is recorded of a session, `object_to` why what was told proves nothing of
    this checkout, `date` the day on which it was seen, and `merge` writes it into the record and
    gives what is otherwise, in words. `heading` stands over that.
    """

    tell: Callable[[str], dict[str, Any]]
    object_to: Callable[[str, dict[str, Any]], str | None]
    date: Callable[[str, dict[str, Any]], str]
    merge: Callable[[str, dict[str, Any]], list[str]]
    heading: str


RECORD_KINDS: Mapping[str, RecordKind] = {
    "atlas": RecordKind(
        atlas_evidence.tell_row,
        atlas_evidence.object_to_row,
        atlas_evidence.date_row,
        atlas_evidence.merge_row,
        "Cells of the atlas that ended otherwise",
    ),
    "names": RecordKind(
        names_evidence.tell_names,
        names_evidence.object_to_names,
        names_evidence.date_names,
        names_evidence.merge_names_seen,
        "Names that are otherwise",
    ),
    "models": RecordKind(
        models_evidence.tell_grid,
        models_evidence.object_to_grid,
        models_evidence.date_grid,
        models_evidence.merge_grid,
        "Saved models that load otherwise",
    ),
}


@dataclass(frozen=True)
class RecordResult:
    """What a shard saw of one session: its kind and name, its CPU seconds, and its record."""

    kind: str
    name: str
    commit: str
    seconds: float
    told: dict[str, Any]

    @property
    def date(self) -> str:
        """The day on which it was seen. Raises Problem."""
        return RECORD_KINDS[self.kind].date(self.name, self.told)


def write_record_result(folder: Path, kind: str, name: str, seconds: float) -> None:
    """Write what is recorded of a session in this checkout to its result. Raises Problem."""
    data = {
        "kind": kind,
        "session": name,
        "commit": working_copy.find_commit(),
        "seconds": round(seconds, 3),
        "record": RECORD_KINDS[kind].tell(name),
    }
    disk.write_file(folder / f"{kind}.{name}.json", json.dumps(data) + "\n")


def is_record_result(file: Path) -> bool:
    """Whether a file is called as the result of such a session is."""
    return file.name.partition(".")[0] in RECORD_KINDS


def read_record_result(file: Path, commit: str) -> tuple[RecordResult, str | None]:
    """The result in a file, and why it is no evidence of this checkout, or None if it is.

    `commit` is that of the checkout; empty means that any will do. Raises Problem for a file that
    is no such result.
    """
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        result = RecordResult(
            data["kind"],
            data["session"],
            str(data["commit"]),
            float(data["seconds"]),
            data["record"],
        )
        objection = RECORD_KINDS[result.kind].object_to(result.name, result.told)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise Problem(f"it is not the result of a session ({error!r})") from None
    if commit and result.commit != commit:
        objection = f"it was made at commit {result.commit[:12] or 'unknown'}, not at {commit[:12]}"
    return result, objection
