"""Which pairings load a file like a reader's, how, and the shortest proven way to one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from envs import Problem
from envs.models import failed_ways, file_needs, formats, grid, programs, similar
from envs.models.file_needs import FileNeeds
from envs.models.grid import Loading, LoadVerdict, Side
from envs.models.keras_names import KerasNames
from envs.models.model_text import Seen
from envs.models.programs import LoadStep
from envs.models.record_files import Recorded
from envs.models.similar import Writers

Grid = Mapping[str, Recorded]

_ORDER = (
    *("load_model", "model_from_json", "compile=False", "custom_objects"),
    *("custom_objects, compile=False", "safe_mode=False", "safe_mode=False, compile=False"),
    *("custom_objects, safe_mode=False", "custom_objects, safe_mode=False, compile=False"),
    *("TFSMLayer", "tf.saved_model.load", "load_weights", "by_name=True"),
)
"""The ways, least trouble first."""

GRAPHS = ("TFSMLayer", "tf.saved_model.load")
"""The ways that load a graph: what comes predicts, and is no model of layers."""

ENDS = (*GRAPHS, "model_from_json")
"""The ways of which no model comes that could be saved again."""

_OPTIONS = ("custom_objects", "safe_mode=False", "compile=False")
"""The options of load_model, in the order in which a way names them."""


@dataclass(frozen=True)
class Judged:
    """How a side loads files like the reader's: the worst of all that are like it.

    `way` is what to write, `error` what comes without it. `trains` is empty if training goes on as
    before; None for a verdict means that no such file was tried.
    """

    side: Side
    verdict: LoadVerdict | None
    way: str = ""
    error: str = ""
    trains: str = ""

    @property
    def loads(self) -> bool:
        """Whether there is a way in which such a file predicts the same."""
        return self.verdict in (LoadVerdict.EQUAL, LoadVerdict.OPTIONS)


@dataclass(frozen=True)
class LoadAnswer:
    """What is said of a file: what it is, what in the grid is like it, and what loads it."""

    shown: str
    seen: Seen
    form: str
    writers: Writers
    kinds: tuple[str, ...]
    customs: tuple[str, ...]
    judged: tuple[Judged, ...]
    to: str = ""
    steps: tuple[LoadStep, ...] = ()
    compiling: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether it loads where it shall, or in some pairing."""
        return (
            bool(self.steps) if self.to else any(side_judged.loads for side_judged in self.judged)
        )


def answer_load(
    seen: Seen, path: Path, shown: str, to: str, grid_: Grid, names: KerasNames
) -> LoadAnswer:
    """The answer for a file. Raises Problem if the pairing `to` is not in the grid."""
    sides = grid.list_sides()
    if to and to not in sides:
        raise Problem(f"--to {to}: no such pairing: it is one of {', '.join(sides)}")
    form = similar.find_form(seen)
    if form == "tf.saved_model.save" and not seen.model:
        # Since Keras 3, `model.export` writes the same: a graph without a model of Keras.
        form = "export" if _saves(grid_, "export", similar.find_writers(seen, grid_)) else form
    writers = similar.find_writers(seen, grid_)
    kinds = tuple(similar.find_kinds(seen, form, names.has_layer))
    needs = file_needs.find_needs(seen, path, similar.find_plain_kind(seen, form), names)
    brought = [name for name in seen.functions if not names.has_function(name)]
    customs = tuple(dict.fromkeys([*similar.find_customs(seen, names.has_layer), *brought]))
    judged = tuple(
        judge_side(side, form, writers.names, kinds, grid_, needs) for side in sides.values()
    )
    steps: tuple[LoadStep, ...] = ()
    if to:
        steps = find_steps(sides[to], form, writers.names, kinds, grid_, judged, needs)
        missing = {name: None for step in steps for name in needs.find_missing_functions(step.side)}
        customs = tuple(dict.fromkeys([*customs, *missing]))
    compiling = tuple(needs.compiling)
    return LoadAnswer(shown, seen, form, writers, kinds, customs, judged, to, steps, compiling)


def _saves(grid_: Grid, form: str, writers: Writers) -> bool:
    return any(
        not saved.error and grid.form_of(file) == form
        for recorded in grid_.values()
        for side, files in recorded.saved.items()
        if side in writers.names
        for file, saved in files.items()
    )


def judge_side(
    side: Side,
    form: str,
    writers: tuple[str, ...],
    kinds: tuple[str, ...],
    grid_: Grid,
    needs: FileNeeds | None = None,
) -> Judged:
    """How a side loads the files of some writers in a format, of some kinds: the worst of them.

    With what a file needs besides, what does not concern it is left out, and the rest is added.
    """
    found = list(_list_loadings(side, form, writers, kinds, grid_, needs))
    verdict = grid.rank(found)
    if verdict is None:
        return Judged(side, None)
    worst = [one for one in found if one.verdict is verdict]
    way = max((one.way for one in worst if one.way), key=_ORDER.index, default="")
    error = next((one.error for one in worst if one.error), "")
    way = _merge_ways(worst, way)
    # With another way, the model is compiled anew, or not at all.
    ended = [one.trains for one in found if one.trains not in _FINE and way == "load_model"]
    judged = Judged(side, verdict, way, error, next(iter(ended), ""))
    return _add_needs(judged, needs) if needs else judged


_FINE = ("", "equal", "not compiled")


def _merge_ways(worst: list[Loading], way: str) -> str:
    """One way that serves all: what needs `custom_objects`, and what needs `compile=False`."""
    if way not in _ORDER or _ORDER.index(way) >= _ORDER.index(GRAPHS[0]):
        return way
    return _join_options({option for one in worst for option in (one.way or "").split(", ")}) or way


def _join_options(options: set[str]) -> str:
    return ", ".join(option for option in _OPTIONS if option in options)


def _add_needs(judged: Judged, needs: FileNeeds) -> Judged:
    """A judgement with what a file needs that no file of the grid does."""
    if not needs.compiled:
        judged = replace(judged, trains="")
    if not judged.loads or judged.way in GRAPHS:
        return judged
    if lacking := needs.find_lacking(judged.side):
        said = f"its Keras has no {', '.join(lacking)}"
        return Judged(judged.side, LoadVerdict.FAILS, error=said)
    if needs.find_gpu_layers():
        return Judged(judged.side, None)
    if changed := needs.find_changed(judged.side):
        said = f"Keras 3 computes {' and '.join(changed)} otherwise than Keras 2"
        if list(changed) != [file_needs.HARD_SIGMOID]:
            unreadable = needs.find_unreadable(judged.side)
            verdict = LoadVerdict.FAILS if unreadable else LoadVerdict.OTHERWISE
            error = (
                f"{unreadable}; built from its code, it predicts otherwise: " if unreadable else ""
            )
            return Judged(judged.side, verdict, error=error + said)
        # The code can bring the function of Keras 2.
        return Judged(judged.side, LoadVerdict.OPTIONS, programs.CODE, said)
    if programs.needs_code(judged.way) or judged.way == "model_from_json":
        return judged
    if said := needs.find_unreadable(judged.side):
        return Judged(judged.side, LoadVerdict.OPTIONS, programs.CODE, said)
    options = set(judged.way.split(", "))
    if missing := needs.find_missing_functions(judged.side):
        options.add("custom_objects")
    if needs.compiling:
        options.add("compile=False")
    way = _join_options(options)
    if not way or way == judged.way:
        return judged
    unknown = ", ".join(dict.fromkeys([*missing, *needs.compiling]))
    error = judged.error or f"its Keras does not know {unknown}"
    return Judged(judged.side, LoadVerdict.OPTIONS, way, error)


def _list_loadings(
    side: Side,
    form: str,
    writers: tuple[str, ...],
    kinds: tuple[str, ...],
    grid_: Grid,
    needs: FileNeeds | None,
) -> Iterator[Loading]:
    loads = grid_[side.target.pairing.name].loads.get(side.name, {})
    for writer in writers:
        cells = loads[writer].cells if writer in loads else {}
        for kind in kinds:
            loading = cells.get(f"{form}/{kind}")
            if loading and needs:
                plain = cells.get(f"{form}/{needs.plain}")
                # What comes of what the file does not have leaves it as one with nothing special.
                loading = needs.apply(kind, loading)
                loading = loading or (needs.apply(needs.plain, plain) if plain else None)
            if loading:
                yield loading


def find_steps(
    to: Side,
    form: str,
    writers: tuple[str, ...],
    kinds: tuple[str, ...],
    grid_: Grid,
    judged: tuple[Judged, ...],
    needs: FileNeeds | None = None,
) -> tuple[LoadStep, ...]:
    """The steps with the least trouble from a file to a side; none if no way is known.

    Best is to load it there; then through one other pairing, which saves it in a format that loads
    there; last, in both cases, what needs the code that built the model.
    """
    ways: list[tuple[tuple[int, ...], tuple[LoadStep, ...]]] = []
    order = list(grid.list_sides())
    for side_judged in judged:
        if not side_judged.loads:
            continue
        if side_judged.side.name == to.name:
            direct = LoadStep(to, form, side_judged.way)
            ways.append(((direct.needs_code, 0, _ORDER.index(side_judged.way)), (direct,)))
            continue
        if side_judged.way in ENDS:
            continue
        onward = needs.written_by(side_judged.side) if needs else None
        for number, between in enumerate(programs.TARGETS):
            passed = _choose_kinds(kinds, between) if needs else kinds
            last = judge_side(to, between, (side_judged.side.name,), passed, grid_, onward)
            if passed != kinds and last.way not in GRAPHS:
                continue
            if not last.loads or not _all_tried(to, between, side_judged.side.name, passed, grid_):
                continue
            name, way = side_judged.side.name, side_judged.way
            if failed_ways.is_known_to_fail(form, passed, name, way, between, last.way):
                continue
            steps = (
                LoadStep(side_judged.side, form, side_judged.way, between),
                LoadStep(to, between, last.way),
            )
            code = any(step.needs_code for step in steps)
            far = abs(order.index(side_judged.side.name) - order.index(to.name))
            trouble = _ORDER.index(side_judged.way) + _ORDER.index(last.way)
            ways.append(((code, 1, trouble, number, far), steps))
    return min(ways, key=lambda one: one[0], default=((), ()))[1]


def _choose_kinds(kinds: tuple[str, ...], form: str) -> tuple[str, ...]:
    """The kinds that count where a graph is passed on, in which no layers are left to differ.

    A graph is saved of few kinds: of a file that is of others too, those alone count.
    """
    if form not in ("export", "savedmodel"):
        return kinds
    return tuple(kind for kind in kinds if kind in formats.FORMATS[form]) or ("functional",)


def _all_tried(side: Side, form: str, writer: str, kinds: tuple[str, ...], grid_: Grid) -> bool:
    """Whether every kind was saved by a writer in a format, and tried."""
    loads = grid_[side.target.pairing.name].loads.get(side.name, {})
    cells = loads[writer].cells if writer in loads else {}
    return all(f"{form}/{kind}" in cells for kind in kinds)
