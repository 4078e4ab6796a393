"""Changes: what a merge changed, in words, as the body of a pull request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from envs.model import platforms
from envs.model.outcome_records import Executed
from envs.model.outcomes import Outcome
from envs.model.pairing import Target
from envs.model.results import SessionResult


@dataclass
class Changes:
    """What a merge changed and what it left out.

    `executed` is how it was run -> the targets that were not, with these pins; `endings` has a line
    for each outcome that is not what was expected; `otherwise` is heading -> what parts of other
    records are not as before; `refused` is the name of a file -> why;
    `missing` has a line for each shard that is not there; `aside` names results that another one of
    the same target outdoes.
    """

    merged: int = 0
    executed: dict[str, list[Target]] = field(default_factory=lambda: defaultdict(list))
    endings: list[str] = field(default_factory=list)
    otherwise: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    aside: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether everything that was expected arrived and was merged."""
        return not (self.refused or self.missing)


def note_result(
    changes: Changes,
    target: Target,
    result: SessionResult,
    last: Executed | None,
    expected: Mapping[str, Outcome],
) -> None:
    """Add what a result that was merged changed, beside what was recorded and expected before."""
    changes.merged += 1
    if last is None or last.pins != result.pins:
        changes.executed[_how(target, result, "run")].append(target)
    elif last.emulator and not result.emulator:
        changes.executed[_how(target, result, "run, and only emulated before")].append(target)
    for script, outcome in sorted(result.outcomes.items()):
        if script != "smoke" and expected.get(script) not in (None, outcome):
            changes.endings.append(
                f"`{target.session}` on {_where(target)}: `{script}` ended otherwise: "
                f"{_said(outcome)}, where {_said(expected[script])} was expected"
            )


def _where(target: Target) -> str:
    return platforms.PLATFORMS[target.platform].label


def _how(target: Target, result: SessionResult, what: str) -> str:
    machine = f"emulated with {result.emulator}" if result.emulator else what
    return f"{_where(target)}, {machine}"


def _said(outcome: Outcome) -> str:
    return f"`{str(outcome).replace('`', chr(39))}`"


def render_merge(changes: Changes) -> str:
    """What changed, as Markdown."""
    parts = [f"{changes.merged} results were merged."]
    executed = [
        f"{how}: {_names(targets)}" for how, targets in sorted(changes.executed.items()) if targets
    ]
    parts += _section("Newly executed", executed)
    parts += _section("Ended otherwise", sorted(changes.endings))
    for heading, lines in sorted(changes.otherwise.items()):
        parts += _section(heading, sorted(lines))
    parts += _section("Set aside, because another result of the same target counts", changes.aside)
    parts += _section(
        "Refused", [f"`{file}`: {why}" for file, why in sorted(changes.refused.items())]
    )
    parts += _section("Missing", changes.missing)
    if changes.whole and not (executed or changes.endings or any(changes.otherwise.values())):
        parts.append("Everything ended as it is recorded.")
    return "\n\n".join(parts) + "\n"


def _names(targets: Iterable[Target]) -> str:
    return ", ".join(f"`{target.session}`" for target in targets)


def _section(title: str, lines: Iterable[str]) -> list[str]:
    listed = "\n".join("- " + line.replace("\n", "\n  ") for line in lines)
    return [f"## {title}", listed] if listed else []


def shorten_file(file: Path, folders: Iterable[Path]) -> str:
    """The path of a result from the folder that was named, with the name of that folder."""
    for folder in folders:
        if file.is_relative_to(folder.resolve()):
            return (Path(folder.name) / file.relative_to(folder.resolve())).as_posix()
    return str(file)
