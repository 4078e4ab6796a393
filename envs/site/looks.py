"""Where else a pairing was looked at: atlas, names, models, interferences, companions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from envs.atlas import cells, layout
from envs.atlas.cells import Verdict
from envs.companions import trials
from envs.model.pairing import Pairing
from envs.models import formats, grid
from envs.names import changes, facts
from envs.publish import companion_tables, lock_tables, model_tables
from envs.site import markup
from envs.site.reference import Reference


def say_cells(shown: Pairing, known: Reference) -> str:
    """What every Keras does beside the TensorFlow of a pairing."""
    same = [one for one in known.rows.values() if one.pairing.tensorflow == shown.tensorflow]
    if not same:
        return ""
    target, name = same[0], same[0].pairing.name
    groups: dict[Verdict, list[str]] = defaultdict(list)
    dates = set()
    for column in layout.load_columns()[1]:
        cell = known.atlas[name].get(column)
        if cell is not None:
            groups[cells.judge_cell(cell, column)].append(str(column))
            dates.add(cell.conditions.date)
    if not dates:
        return "It was not run with another Keras yet."
    rows = [
        [f"**{verdict}**: {cells.MEANING[verdict]}", ", ".join(groups[verdict])]
        for verdict in Verdict
        if groups[verdict]
    ]
    return (
        f"After `pip install keras==X` in the environment of `{name}`, on Python {target.python}, "
        f"run on {_days(dates)}:\n\n{markup.write_table(['what happens', 'with'], rows)}\n\n"
        "[Why, and what works instead](../atlas.md#what-fails-and-why)."
    )


def _days(dates: Iterable[str]) -> str:
    """A day, or the first and the last of some."""
    ordered = sorted(dates)
    return ordered[0] if len(set(ordered)) == 1 else f"{ordered[0]} to {ordered[-1]}"


def list_names(shown: Pairing, known: Reference) -> str:
    """The names that are not in the pairing before this one, and those that are gone since."""
    parts = []
    for step in known.steps:
        if step.after != shown.name:
            continue
        parts.append(f"Compared with [`{step.before}`]({step.before}.md):")
        for paths, verb in ((step.came, "came"), (step.went, "went")):
            for area in changes.AREAS:
                found = [path for path in paths if changes.area_of(path) == area]
                if found:
                    listed = markup.write_codes(sorted(found, key=facts.rank_path))
                    parts.append(markup.fold(f"{len(found)} names of {area} {verb}", listed))
        if not step.came and not step.went:
            parts.append("No name came or went.")
    if not parts:
        parts.append("It is the first of its kind here: there is nothing to compare it with.")
    return "\n\n".join(parts)


def list_models(shown: Pairing, known: Reference) -> str:
    """Whose models the Kerases of a pairing load, in each format."""
    sides = [name for name, side in grid.list_sides().items() if side.target.pairing == shown]
    recorded = model_tables.list_recorded_sides(known.grid)
    meaning = dict(model_tables.list_signs())
    parts = []
    for side in sides:
        if side not in recorded:
            continue
        rows = []
        for form in formats.FORMATS:
            groups: dict[str, list[str]] = defaultdict(list)
            for saver in recorded:
                groups[model_tables.find_sign(known.grid, form, saver, side)].append(saver)
            rows += [
                [f"`{form}`", markup.write_codes(savers), meaning[sign]]
                for sign, savers in groups.items()
                if sign != "unsaved"
            ]
        which = f"`{side}` loads" if len(sides) > 1 else "It loads"
        table = markup.write_table(["format", "saved by", "what happens"], rows)
        date = known.grid[shown.name].date
        parts.append(f"{which} what the others saved, run on {date}:\n\n{table}")
    if not parts:
        parts.append("Its models were not saved and loaded yet.")
    parts.append("[What goes wrong, and what to do instead](../models.md).")
    return "\n\n".join(parts)


def list_interferences(shown: Pairing, known: Reference) -> str:
    """What breaks this environment, how that shows, and what mends it."""
    rows = []
    for one in known.interferences.values():
        record = one.happens.get(shown.name)
        if record:
            effect = "<br>".join(map(markup.write_code, record.effect)) or "nothing"
            fixes = "<br>".join(map(markup.write_code, record.fixes[:1])) or "nothing"
            rows.append([f"**{one.name}**: {one.summary}", effect, fixes])
    if not rows:
        return (
            "Nothing was broken in this one on purpose. "
            "[What interferes with others](../examples.md#what-interferes) does so here too."
        )
    table = markup.write_table(["interference", "what happens", "remedy"], rows)
    return f"Each was made in a real environment of this pairing, and mended:\n\n{table}"


def list_companions(shown: Pairing, known: Reference) -> str:
    """What people install beside TensorFlow, and what comes of it here."""
    rows = []
    for name, trial in known.trials.get(shown.name, {}).items():
        verdict = trials.judge_trial(trial)
        cell = companion_tables.describe_trial(name.removesuffix(" by pip"), trial)
        rows.append([name, lock_tables.escape_cell(cell), trials.MEANING[verdict], trial.date])
    if not rows:
        return "None was tried in it. [Companions](../companions.md) of other pairings."
    return markup.write_table(["package", "release", "what came of it", "run on"], rows)
