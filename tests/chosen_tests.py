"""Which tests of a run were chosen, for fixtures that start work for many of them at once."""

from __future__ import annotations

from typing import Any

import pytest


def list_chosen(request: pytest.FixtureRequest, test: str) -> list[dict[str, Any]]:
    """The parameters with which a test is run: with `--today` or `-k`, of a share of all."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    return [dict(item.callspec.params) for item in items if item.originalname == test]
