"""The grid of saved models as a picture: a square for each format, and in it a bar for each run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from envs import MEASURED
from envs.models import formats
from envs.models.record_files import Recorded
from envs.publish import atlas_picture, model_tables

FILE = MEASURED / "models.svg"

# Okabe and Ito's colours, which people with colour blindness can tell apart; red is kept for what
# predicts otherwise. What was not saved or not tried has no colour.
_COLOURS = {
    "all": "#009e73",
    "options": "#56b4e9",
    "some": "#f0e442",
    "none": "#8c959f",
    "otherwise": "#d50000",
    "unsaved": "none",
    "untried": "none",
}
_ORDER = list(_COLOURS)

_STEP, _SIDE, _LEFT, _TOP, _ACROSS = 10, 9, 84, 70, 2
"""Pixels: a cell with its gap, and without; the margins of a grid; and how many grids in a line."""


def render_models_picture(grid_: Mapping[str, Recorded]) -> str:
    """The picture of all formats, which is the text of an SVG file."""
    sides = model_tables.list_recorded_sides(grid_)
    wide = _LEFT + len(sides) * _STEP + 12
    high = _TOP + len(sides) * _STEP + 16
    labels: list[dict[str, Any]] = []
    runs: list[dict[str, Any]] = []
    for number, form in enumerate(formats.FORMATS):
        x, y = number % _ACROSS * wide, number // _ACROSS * high
        labels += _labels(form, sides, x, y)
        runs += _bars(form, sides, x, y, grid_)
    lines = -(-len(formats.FORMATS) // _ACROSS)
    for number, (sign, words) in enumerate(model_tables.list_signs()):
        y = lines * high + 6 + number * 2 * _STEP
        runs.append(_bar(_LEFT, y, 1, sign, words))
        labels.append(_label(_LEFT + 2 * _STEP, y + _SIDE, words.replace("*", ""), "left"))
    return atlas_picture.draw_picture(
        FILE,
        width=_ACROSS * wide,
        height=lines * high + 2 * _STEP * len(_ORDER) + 12,
        side=_SIDE,
        colours=[_COLOURS[sign] for sign in _ORDER],
        labels=labels,
        runs=runs,
    )


def _labels(form: str, sides: Sequence[str], x: int, y: int) -> Iterator[dict[str, Any]]:
    yield _label(x + 4, y + 16, form, "left head")
    for number, name in enumerate(sides):
        yield _label(x + _LEFT - 4, y + _TOP + number * _STEP + _SIDE - 1, name, "row")
        place = x + _LEFT + number * _STEP + _SIDE
        yield _label(place, y + _TOP - 4, name, "left") | {"turn": True}


def _bars(
    form: str, sides: Sequence[str], x: int, y: int, grid_: Mapping[str, Recorded]
) -> Iterator[dict[str, Any]]:
    """For each row, a bar for each run of neighbours that end alike."""
    for row, saver in enumerate(sides):
        signs = [model_tables.find_sign(grid_, form, saver, loader) for loader in sides]
        begin = 0
        for place in range(1, len(sides) + 1):
            if place == len(sides) or signs[place] != signs[begin]:
                last = sides[place - 1]
                into = sides[begin] if place == begin + 1 else f"{sides[begin]}..{last}"
                words = dict(model_tables.list_signs())[signs[begin]].replace("*", "")
                title = f"{form}, saved by {saver}, loaded by {into}: {words}"
                left = x + _LEFT + begin * _STEP
                yield _bar(left, y + _TOP + row * _STEP, place - begin, signs[begin], title)
                begin = place


def _bar(x: int, y: int, count: int, sign: str, title: str) -> dict[str, Any]:
    width = count * _STEP - _STEP + _SIDE
    return {"x": x, "y": y, "width": width, "sign": _ORDER.index(sign), "title": title}


def _label(x: int, y: int, text: str, kind: str) -> dict[str, Any]:
    return {"x": x, "y": y, "text": text, "kind": kind, "turn": False}
