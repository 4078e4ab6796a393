"""What the site is made of: everything that is declared, explained and measured, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envs.atlas import layout, row_files
from envs.atlas.cells import Row
from envs.companions import packages, trial_files
from envs.companions.trials import Trial
from envs.errors import case_record, catalogue_files
from envs.errors.case_record import Made
from envs.errors.catalogue import Entry as Error
from envs.interference import interferences
from envs.interference.interferences import Interference
from envs.model import failures, index, pairing
from envs.model.failures import Rules
from envs.model.index import Entry
from envs.model.pairing import Pairing, Target
from envs.models import record_files
from envs.models.record_files import Recorded
from envs.names import changes
from envs.names.changes import Step


@dataclass(frozen=True)
class Reference:
    """The data of the repository.

    `rows` and `atlas` are by the name of the pairing that stands for a TensorFlow, `grid` and
    `trials` by that of the pairing, and `made` by that of the error.
    """

    pairings: Mapping[str, Pairing]
    entries: Sequence[Entry]
    rules: Rules
    errors: Mapping[str, Error]
    made: Mapping[str, Made]
    rows: Mapping[str, Target]
    atlas: Mapping[str, Row]
    grid: Mapping[str, Recorded]
    steps: Sequence[Step]
    interferences: Mapping[str, Interference]
    trials: Mapping[str, Mapping[str, Trial]]


def load_reference() -> Reference:
    """Read all of it, in some two seconds. Raises Problem."""
    return Reference(
        pairings=pairing.load_pairings(),
        entries=index.load_index(),
        rules=failures.load_rules(),
        errors=catalogue_files.load_catalogue(),
        made=case_record.load_made(),
        rows=layout.list_rows(),
        atlas=row_files.load_atlas(),
        grid=record_files.load_grid(),
        steps=changes.list_steps(),
        interferences=interferences.load_interferences(),
        trials={name: trial_files.load_trials(name) for name in packages.PAIRINGS},
    )
