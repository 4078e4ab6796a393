"""What came of files that do not load as usual: mended there, through another pairing, or not.

Derived from the record of the grid alone; load_answer.py finds the way of one file in detail.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from envs.models import failed_ways, grid, load_answer, programs
from envs.models.grid import Loading, LoadVerdict
from envs.models.record_files import Recorded

_LOADS = (LoadVerdict.EQUAL, LoadVerdict.OPTIONS)


@dataclass(frozen=True)
class GridCell:
    """A file of a saver in a loading side."""

    saver: str
    file: str
    loader: str

    def __str__(self) -> str:
        return f"{self.file} of {self.saver} in {self.loader}"


@dataclass
class WaysOut:
    """What mends some failures: `there`, with how often each way does; else `through` another side.

    `with_code` need the code that built the model on the way through another side, and `dead_ends`
    have no way at all.
    """

    there: Counter[str] = field(default_factory=Counter)
    through: int = 0
    with_code: int = 0
    dead_ends: list[GridCell] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many failures there are in all."""
        return self.there.total() + self.through + self.with_code + len(self.dead_ends)


@dataclass(frozen=True)
class Routes:
    """Which sides can pass a file on: all that the record knows, prepared for many questions.

    `readers` is (saver, file) -> the sides that load it as a model, and in which way; `reached` is
    (kind, side) -> the sides that load what this side saves of that kind: formats and ways.
    """

    readers: Mapping[tuple[str, str], Mapping[str, str]]
    reached: Mapping[tuple[str, str], Mapping[str, Collection[tuple[str, str]]]]

    def find_route(self, cell: GridCell) -> bool | None:
        """Whether the best way through another side needs the code; None if there is none."""
        form, kind = grid.form_of(cell.file), grid.kind_of(cell.file)
        found = [
            programs.needs_code(way) or programs.needs_code(then)
            for between, way in self.readers.get((cell.saver, cell.file), {}).items()
            if between != cell.loader
            for saves, then in self.reached.get((kind, between), {}).get(cell.loader, ())
            if not failed_ways.is_known_to_fail(form, (kind,), between, way, saves, then)
        ]
        return min(found, default=None)


def list_cells(grid_: Mapping[str, Recorded]) -> Iterable[tuple[GridCell, Loading]]:
    """Every loading that is recorded."""
    for recorded in grid_.values():
        for loader, savers in recorded.loads.items():
            for saver, loaded in savers.items():
                for file, loading in loaded.cells.items():
                    yield GridCell(saver, file, loader), loading


def plan_routes(grid_: Mapping[str, Recorded]) -> Routes:
    """What the record knows of ways through another side."""
    readers: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    reached: dict[tuple[str, str], dict[str, set[tuple[str, str]]]] = defaultdict(dict)
    for cell, loading in list_cells(grid_):
        if loading.verdict not in _LOADS or not loading.way:
            continue
        if loading.way not in load_answer.ENDS:
            readers[cell.saver, cell.file][cell.loader] = loading.way
        form, kind = grid.form_of(cell.file), grid.kind_of(cell.file)
        if form in programs.TARGETS:
            known = reached[kind, cell.saver].setdefault(cell.loader, set())
            known.add((form, loading.way))
    return Routes(readers, reached)


def add_outcome(ways: WaysOut, cell: GridCell, loading: Loading, routes: Routes) -> None:
    """Count what came of one failure."""
    if loading.way:
        ways.there[loading.way] += 1
    elif (code := routes.find_route(cell)) is None:
        ways.dead_ends.append(cell)
    elif code:
        ways.with_code += 1
    else:
        ways.through += 1


def describe_ways_out(ways: WaysOut) -> str:
    """What was measured, in one sentence."""
    said = [f"`{way}` loads {count}" for way, count in ways.there.most_common()]
    if ways.through:
        said.append(f"{ways.through} come through another pairing")
    if ways.with_code:
        said.append(f"{ways.with_code} through another pairing and with the model's code")
    if ways.dead_ends:
        said.append(f"{len(ways.dead_ends)} have no way, such as {ways.dead_ends[0]}")
    return "; ".join(said)
