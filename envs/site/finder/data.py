"""The finder's data, written into the folder of the site that it is read from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from envs.site.finder import bundle, choice_data, error_data


def write_finder_data(folder: Path) -> None:
    """Write all that the finder reads: what it needs at once, and what it loads when asked.

    Raises Problem if something cannot be read, or cannot be fetched.
    """
    _write_json(folder / "errors.json", error_data.make_errors())
    _write_json(folder / "cures.json", error_data.make_cures())
    _write_json(folder / "choices.json", choice_data.make_choices())
    _write_json(folder / "seen.json", error_data.make_seen())
    cells = folder / "cells"
    cells.mkdir(exist_ok=True)
    for name, row in choice_data.make_cells().items():
        _write_json(cells / f"{name}.json", row)
    bundle.write_bundle(folder / "python")


def _write_json(path: Path, data: Any) -> None:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f"{text}\n", encoding="utf-8")
