"""The atlas as a table, as a picture, and as a list of its failures and their causes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from envs import MEASURED, Problem
from envs.atlas import cells, layout
from envs.atlas.cells import Cell, Column, Row, Verdict
from envs.model import causes
from envs.model.pairing import Target

FILE = MEASURED / "atlas.svg"

PICTURES = Path(__file__).with_name("pictures")
"""The templates of pictures."""

# Okabe and Ito's colours, which people with colour blindness can tell apart. The glyph says the
# same without colour. A cell that cannot be installed has no colour.
_LOOKS = {
    Verdict.WORKS: ("●", "#009e73"),
    Verdict.APART: ("◐", "#56b4e9"),
    Verdict.ONLY_TF_KERAS: ("T", "#f0e442"),
    Verdict.ONLY_KERAS: ("K", "#e69f00"),
    Verdict.NEITHER: ("✗", "#d55e00"),
    Verdict.CANNOT: ("·", "none"),
}
_ORDER = list(_LOOKS)

_SIDE, _STEP, _LEFT, _TOP = 18, 20, 58, 70
"""Pixels: a cell, a cell and its gap, and the margins that hold the labels."""


def render_legend() -> str:
    """What each sign of the table means, as a Markdown list."""
    lines = [
        f"- {_LOOKS[verdict][0]} **{verdict}**: {cells.MEANING[verdict]}" for verdict in Verdict
    ]
    return "\n".join([*lines, "- **bold**, or framed: TensorFlow's own metadata admits that Keras"])


def render_atlas_table(rows: Mapping[str, Target], atlas: Mapping[str, Row]) -> str:
    """The atlas as a Markdown table: a line for each Keras, a column for each TensorFlow."""
    titles = [target.pairing.minor for target in rows.values()]
    lines = ["| Keras | " + " | ".join(titles) + " |", "|---|" + ":-:|" * len(titles)]
    for column in layout.load_columns()[1]:
        signs = [_sign(atlas[name].get(column), column) for name in rows]
        lines.append(f"| {column} | " + " | ".join(signs) + " |")
    return "\n".join(lines)


def _sign(cell: Cell | None, column: Column) -> str:
    """The glyph of a cell, bold if TensorFlow admits it; `?` for a cell that was not run."""
    if cell is None:
        return "?"
    glyph = _LOOKS[cells.judge_cell(cell, column)][0]
    return f"**{glyph}**" if cell.admitted else glyph


def render_atlas_failures(rows: Mapping[str, Target], atlas: Mapping[str, Row]) -> str:
    """Each cause of failures, its errors, and the cells where that error comes first.

    Raises Problem for an error without a cause.
    """
    known = causes.load_causes(causes.OF_CELLS)
    # Cause -> error -> TensorFlow minor -> columns.
    errors: dict[str, dict[str, dict[str, list[str]]]] = {cause.name: {} for cause in known}
    for name, target in rows.items():
        for column, cell in atlas[name].items():
            if cell.cannot is not None or not cell.failure:
                continue
            error = cell.failure[1]
            cause = causes.find_cause(error, known)
            if cause is None:
                raise Problem(
                    f"{name} + {column}: this failure is not explained: {error}: add its cause to "
                    f"envs/explained/{causes.OF_CELLS.name}"
                )
            columns = errors[cause.name].setdefault(error, {}).setdefault(target.pairing.minor, [])
            columns.append(_short(column))
    parts = []
    for cause in known:
        lines = [f"### {cause.name}", "", cause.cause, ""]
        for error, by_minor in errors[cause.name].items():
            places = "; ".join(
                f"{minor} with {', '.join(columns)}" for minor, columns in by_minor.items()
            )
            code = error.removeprefix("fails: ").replace("`", "'")
            lines.append(f"- `{code}`<br>TensorFlow {places}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def render_atlas_picture(rows: Mapping[str, Target], atlas: Mapping[str, Row]) -> str:
    """The atlas as a picture, which is the text of an SVG file."""
    columns = layout.load_columns()[1]
    # Ten pixels are the gap between the two packages.
    left = {
        column: _LEFT + number * _STEP + (10 if column.package != "keras" else 0)
        for number, column in enumerate(columns)
    }
    bottom = _TOP + len(rows) * _STEP
    squares = [
        _drawn(target, column, atlas[name].get(column), left[column], _TOP + line * _STEP)
        for line, (name, target) in enumerate(rows.items())
        for column in columns
    ]
    key = list(_key(bottom + 24))
    return draw_picture(
        FILE,
        width=max(left.values()) + _STEP + 6,
        height=bottom + 24 + 3 * _STEP + 8,
        side=_SIDE,
        colours=[colour for _, colour in _LOOKS.values()],
        cells=[*squares, *(square for square, _ in key)],
        labels=[*_labels(rows, left), *(label for _, label in key)],
    )


def draw_picture(file: Path, **values: Any) -> str:
    """The text of a picture, from its template and the values that the template names."""
    environment = Environment(
        loader=FileSystemLoader(PICTURES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=True,
    )
    return environment.get_template(f"{file.name}.jinja").render(**values)


def _drawn(target: Target, column: Column, cell: Cell | None, x: int, y: int) -> dict[str, Any]:
    """What the template draws for a cell, whose upper left corner is at `x`, `y`."""
    title = f"TensorFlow {target.pairing.tensorflow} with {column}"
    if cell is None:
        return _square(x, y, Verdict.CANNOT) | {"glyph": "?", "title": f"{title}: not run yet"}
    verdict = cells.judge_cell(cell, column)
    reason = cell.cannot or ": ".join(cell.failure or ())
    return _square(x, y, verdict) | {
        "admitted": cell.admitted,
        "title": f"{title}: {verdict}" + (f". {reason}" if reason else ""),
    }


def _square(x: int, y: int, verdict: Verdict) -> dict[str, Any]:
    look = {"verdict": _ORDER.index(verdict), "glyph": _LOOKS[verdict][0]}
    return look | {"x": x, "y": y, "title": "", "admitted": False}


def _labels(rows: Mapping[str, Target], left: Mapping[Column, int]) -> Iterator[dict[str, Any]]:
    for line, target in enumerate(rows.values()):
        y = _TOP + line * _STEP + _SIDE - 5
        yield _label(_LEFT - 8, y, target.pairing.minor, "row")
    for column, x in left.items():
        yield _label(x + 8, _TOP - 6, column.minor, "left") | {"turn": True}
    first = {column.package: x for column, x in reversed(list(left.items()))}
    for package, x in first.items():
        yield _label(x, 14, package, "left head")
    yield _label(6, _TOP - 24, "Tensor", "left head")
    yield _label(6, _TOP - 10, "Flow", "left head")


def _key(y: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What the signs and the frame mean, three a line."""
    entries = [(_square(0, 0, verdict), str(verdict)) for verdict in Verdict]
    framed = _square(0, 0, Verdict.CANNOT) | {"glyph": "", "admitted": True}
    entries.append((framed, "TensorFlow's metadata admits it"))
    for number, (square, text) in enumerate(entries):
        x, line = _LEFT + number % 3 * 200, y + number // 3 * _STEP
        yield square | {"x": x, "y": line}, _label(x + _STEP + 4, line + _SIDE - 5, text, "left")


def _label(x: int, y: int, text: str, kind: str) -> dict[str, Any]:
    return {"x": x, "y": y, "text": text, "kind": kind, "turn": False}


def _short(column: Column) -> str:
    return str(column).removeprefix("keras ")
