"""The table of companions: which release goes with each pairing, and what installing it breaks."""

from __future__ import annotations

from collections import Counter

from envs.companions import packages, trial_files, trials
from envs.companions.trials import Trial

_MARKS = {
    "works": "",
    "mended": "mended",
    "said to be impossible": "not both",
    "cannot": "cannot be installed",
    "unnoticed": "fails, unnoticed",
    "not mended": "not mended",
}
"""How a trial ended -> what stands after the release in a cell."""


def render_companions() -> str:
    """A row for each companion, a column for each pairing that was tried, and the counts."""
    recorded = {name: trial_files.load_trials(name) for name in packages.PAIRINGS}
    columns = [name for name, done in recorded.items() if done]
    if not columns:
        return "None was tried yet: `nox -s companions`."
    lines = ["| companion | " + " | ".join(f"`{name}`" for name in columns) + " |"]
    lines.append("|---" * (1 + len(columns)) + "|")
    for companion in packages.load_companions():
        cells = [
            describe_trial(companion, recorded[name][companion])
            if companion in recorded[name]
            else "-"
            for name in columns
        ]
        lines.append(f"| {companion} | {' | '.join(cells)} |")
    done = [trial for found in recorded.values() for trial in found.values()]
    counts = Counter(map(trials.judge_trial, done))
    now = trial_files.scripts_digest()
    today = sum(trial.scripts == now for trial in done)
    current = f"{today} of them with verify.py and the smoke check as they are now"
    lines += ["", f"Of {len(done)} trials, {current}:", ""]
    lines += [f"- **{kind}**, {counts[kind]}: {words}" for kind, words in trials.MEANING.items()]
    return "\n".join(lines)


def describe_trial(name: str, trial: Trial) -> str:
    """The release that goes with the pairing in the end, and how it came to that."""
    verdict = trials.judge_trial(trial)
    if verdict == "cannot":
        return _MARKS[verdict]
    _, installed = trial.changed.get(name, (None, "as locked"))
    moved = trial.moved.get(name, (installed, installed))[1]
    release = installed if moved == installed else f"{moved}, not {installed}"
    broken = [part for part, (before, _) in trial.changed.items() if before and part != name]
    words = [str(release), _MARKS[verdict]]
    words += [f"changes {', '.join(broken)}"] if broken and verdict != "works" else []
    return "; ".join(filter(None, words))
