"""The page of each pairing: what it is, its locks, and all that is known of it."""

from __future__ import annotations

from collections.abc import Mapping

from envs.model.pairing import Pairing


def render_pairing_pages(pairings: Mapping[str, Pairing]) -> dict[str, str]:
    """Name on the site -> text of the page of each pairing."""
    return {f"pairings/{name}": f"# {name}\n\n{one.summary}\n" for name, one in pairings.items()}
