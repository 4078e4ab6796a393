"""The grid of saved models on its page: a table for each format, and each cause with its errors."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from envs.model import causes
from envs.model.causes import Cause, CauseRemoved
from envs.models import failed_ways, formats, grid, ways_out
from envs.models.grid import Loading, LoadVerdict
from envs.models.record_files import Recorded
from envs.models.ways_out import GridCell, WaysOut

_SIGNS = {
    "all": ("●", "all load as usual, and predict the same"),
    "options": ("◐", "all load, some of them only with options or in another way"),
    "some": ("◔", "some load, some do not"),
    "none": ("✗", "none loads"),
    "otherwise": ("🟥", "some load without an error, and predict **something else**"),
    "unsaved": ("·", "nothing could be saved in this format"),
    "untried": ("?", "not tried yet"),
}
"""What came of all files of one saver in one format -> its sign, and what that means."""


def render_model_tables(grid_: Mapping[str, Recorded]) -> dict[str, str]:
    """The tables of the page, by the names of their markers. Raises Problem."""
    return {
        "models-legend": render_models_legend(),
        "models-grid": render_models_grid(grid_),
        "models-causes": render_load_causes(grid_),
        "models-failed-ways": render_failed_ways(),
    }


def render_models_legend() -> str:
    """What each sign of the tables means, as a Markdown list."""
    return "\n".join(f"- {sign} {words}" for sign, words in _SIGNS.values())


def render_models_grid(grid_: Mapping[str, Recorded]) -> str:
    """A table for each format, and what the files of that format are inside."""
    sides = list_recorded_sides(grid_)
    if not sides:
        return "Nothing is recorded yet: `nox -s models`."
    return "\n\n".join(_render_form(grid_, form, sides) for form in formats.FORMATS)


def _render_form(grid_: Mapping[str, Recorded], form: str, sides: Sequence[str]) -> str:
    """The table of one format, under its heading."""
    signs = {
        (saver, loader): find_sign(grid_, form, saver, loader)
        for saver in sides
        for loader in sides
    }
    rows = _group(sides, lambda one: tuple(signs[one, other] for other in sides))
    columns = _group(sides, lambda one: tuple(signs[other, one] for other in sides))
    lines = [f"### {form}", "", *_describe_form(grid_, form, sides), ""]
    lines.append("| saved by | " + " | ".join(map(_span, columns)) + " |")
    lines.append("|---|" + ":-:|" * len(columns))
    for row in rows:
        found = [_SIGNS[signs[row[0], column[0]]][0] for column in columns]
        lines.append(f"| {_span(row)} | {' | '.join(found)} |")
    return "\n".join(lines)


def list_recorded_sides(grid_: Mapping[str, Recorded]) -> list[str]:
    """The sides of which it is recorded what they saved, track by track, oldest first."""
    known = {side for recorded in grid_.values() for side in recorded.saved}
    return [name for track in grid.list_side_tracks() for name in track if name in known]


def list_signs() -> list[tuple[str, str]]:
    """Each thing that can come of all files of a saver in a format, and what it means."""
    return [(key, words) for key, (_, words) in _SIGNS.items()]


def _group(sides: Sequence[str], row_of: Callable[[str], tuple[str, ...]]) -> list[list[str]]:
    """Those whose rows are alike, together, in the order of the first of each."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for one in sides:
        groups.setdefault(row_of(one), []).append(one)
    return list(groups.values())


def _span(names: Sequence[str]) -> str:
    """Sides by name; neighbours, among all that there are, as `tf24`..`tf28`."""
    return ", ".join("..".join(f"`{name}`" for name in run) for run in grid.list_runs(names))


def _files(grid_: Mapping[str, Recorded], form: str, saver: str) -> list[str]:
    """The files of a format that a side saved."""
    return [
        file
        for recorded in grid_.values()
        for file, saved in recorded.saved.get(saver, {}).items()
        if grid.form_of(file) == form and not saved.error
    ]


def find_sign(grid_: Mapping[str, Recorded], form: str, saver: str, loader: str) -> str:
    """What came of all files of a saver in a format, as a key of `_SIGNS`."""
    files = _files(grid_, form, saver)
    if not files:
        return "unsaved"
    cells = _cells(grid_, saver, loader)
    loadings = [cells[file] for file in files if file in cells]
    if not loadings:
        return "untried"
    verdicts = {one.verdict for one in loadings}
    if LoadVerdict.OTHERWISE in verdicts:
        return "otherwise"
    if LoadVerdict.FAILS in verdicts:
        return "none" if verdicts == {LoadVerdict.FAILS} else "some"
    return "options" if LoadVerdict.OPTIONS in verdicts else "all"


def _cells(grid_: Mapping[str, Recorded], saver: str, loader: str) -> Mapping[str, Loading]:
    name = loader.removesuffix(grid.APART)
    loaded = grid_[name].loads.get(loader, {}).get(saver)
    return loaded.cells if loaded else {}


def _describe_form(grid_: Mapping[str, Recorded], form: str, sides: Sequence[str]) -> list[str]:
    """What the files of a format really are, and how many of its kinds there are."""
    holds: dict[str, list[str]] = defaultdict(list)
    for side in sides:
        found = [
            grid_[side.removesuffix(grid.APART)].saved[side][file].holds
            for file in _files(grid_, form, side)
        ]
        if found:
            holds[" or ".join(sorted(set(found)))].append(side)
    inside = "; ".join(f"{what} by {_span(names)}" for what, names in holds.items())
    kinds = ", ".join(formats.FORMATS[form])
    return [f"Kinds: {kinds}. Inside, it is {inside or 'nothing'}."]


def render_load_causes(grid_: Mapping[str, Recorded]) -> str:
    """Each cause of errors, what to do instead, what did mend it, and how often each error came.

    Errors that nobody has explained yet come last; the quick tests name them.
    """
    known = causes.load_causes(causes.OF_MODELS)
    routes = ways_out.plan_routes(grid_)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    outcomes: dict[str, WaysOut] = defaultdict(WaysOut)
    places: dict[str, GridCell] = {}
    for cell, loading in ways_out.list_cells(grid_):
        failed = set()
        for error in list_errors(loading, cell.file):
            cause = causes.find_cause(error, known)
            name = cause.name if cause else _UNEXPLAINED
            counts[name][error] += 1
            places.setdefault(error, cell)
            failed |= set() if error.startswith("training on: ") else {name}
        for name in failed:
            ways_out.add_outcome(outcomes[name], cell, loading, routes)
    parts = []
    unexplained = Cause(_UNEXPLAINED, "", "Nobody has said yet why these errors come.", "")
    for cause in [*known, unexplained]:
        if not counts[cause.name]:
            continue
        lines = [f"### {cause.name}", "", cause.cause, ""]
        lines += [f"**Instead:** {cause.instead}", ""] if cause.instead else []
        if measured := ways_out.describe_ways_out(outcomes[cause.name]):
            lines += [f"**Measured** of {outcomes[cause.name].count}: {measured}.", ""]
        lines += [_describe_removal(cause.removed), ""] if cause.removed else []
        for error, count in counts[cause.name].most_common(_SHOWN):
            lines.append(f"- `{_code(error)}`<br>{count} times, such as {places[error]}")
        if (more := len(counts[cause.name]) - _SHOWN) > 0:
            lines.append(f"- and {more} more like these")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) or "Nothing is recorded yet: `nox -s models`."


def render_failed_ways() -> str:
    """The ways through another pairing that were run and fail, as a Markdown list."""
    lines = []
    for failed in failed_ways.load_failed_ways():
        run = failed.example
        lines.append(
            f"- **{failed.name}**: {failed.cause} {run.file} of {run.saver}, loaded in "
            f"{run.between} (`{run.way}`), saved as `{run.saves}` and loaded in {run.to} "
            f"(`{run.then}`), ends in `{failed.error}`."
        )
    return "\n".join(lines)


def _describe_removal(removed: CauseRemoved) -> str:
    cell = GridCell(removed.saver, removed.file, removed.loader)
    well = removed.then in (causes.LOADS, causes.TRAINS)
    then = removed.then if well else f"ends by *{removed.then}*"
    return f"**Removed** by {removed.by}: {cell} {then}."


_UNEXPLAINED = "not explained yet"

_SHOWN = 5
"""How many errors of a cause are shown."""


def list_errors(loading: Loading, file: str) -> list[str]:
    """What must be explained of the loading of a file: its error, that of training on, and what
    loads and predicts something else.
    """
    trains = loading.trains
    plain = ("", "equal", "not compiled")
    found = [loading.error] if loading.error not in ("", LoadVerdict.OTHERWISE.value) else []
    if loading.otherwise:
        found.append(f"{LoadVerdict.OTHERWISE} with {', '.join(loading.otherwise)}: {file}")
    return found + ([f"training on: {trains}"] if trains not in plain else [])


def _code(text: str) -> str:
    return text.replace("`", "'").replace("|", r"\|")
