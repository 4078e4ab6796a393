"""The nearest lock: what to take where a pairing has no lock for a machine, and why it has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from envs.model import index, pairing, platforms, version_numbers
from envs.model.index import Entry
from envs.model.pairing import Pairing, Target
from envs.model.platforms import PLATFORMS, VARIANTS


def explain_session(target: Target) -> str:
    """Why the session of a target has no lock to run, and the session that is nearest to it.

    Raises Problem if the index or a pairing file cannot be read.
    """
    listed = index.load_index()
    message = explain_missing_lock(target, listed)
    if nearest := find_nearest(target, pairing.load_pairings(), listed):
        message += f"\nto run the nearest lock instead:\n    nox -s {nearest.session}"
    return message


def explain_missing_lock(target: Target, listed: Sequence[Entry]) -> str:
    """Why a target has no lock, in words; `listed` is the index."""
    return f"{target.pairing.name}: no lock for {describe_target(target)}: {_why(target, listed)}"


def has_lock(target: Target, listed: Sequence[Entry]) -> bool:
    """Whether a target has a lock, according to the index `listed`."""
    return bool(find_entry(target, listed).get("status", "impossible") != "impossible")


def find_nearest(
    target: Target, pairings: Mapping[str, Pairing], listed: Sequence[Entry]
) -> Target | None:
    """The nearest target on the same platform that has a lock; None if there is none."""
    return next(iter(rank_targets(target, pairings, listed)), None)


def rank_targets(
    target: Target, pairings: Mapping[str, Pairing], listed: Sequence[Entry]
) -> list[Target]:
    """The targets on the same platform that have a lock, nearest first.

    Another Python is nearer than another variant, and that is nearer than another TensorFlow.
    """
    minors = sorted({_minor(pairing_) for pairing_ in pairings.values()})

    def distance(candidate: Target) -> tuple[Any, ...]:
        place, wanted = (
            minors.index(_minor(candidate.pairing)),
            minors.index(_minor(target.pairing)),
        )
        return (
            candidate.pairing != target.pairing,
            abs(place - wanted),
            candidate.pairing.kind != target.pairing.kind,
            candidate.variant != target.variant,
            abs(
                version_numbers.release_numbers(candidate.python)[1]
                - version_numbers.release_numbers(target.python)[1]
            ),
            not candidate.recommended,
        )

    candidates = [
        Target(pairings[entry["pairing"]], entry["python"], entry["platform"], entry["variant"])
        for entry in listed
        if entry["status"] != "impossible"
        and entry["platform"] == target.platform
        and entry["pairing"] in pairings
        # A pre-release is proposed to nobody who did not ask for it.
        and (entry["pairing"] == target.pairing.name or not pairings[entry["pairing"]].preview)
    ]
    return sorted(candidates, key=distance)


def find_entry(target: Target, listed: Sequence[Entry]) -> Entry:
    """The entry of a target in the index `listed`; empty if it has none."""
    key = index.target_key(target)
    return next((entry for entry in listed if index.entry_key(entry) == key), {})


def _why(target: Target, listed: Sequence[Entry]) -> str:
    pairing_ = target.pairing
    if pairing_.impossible:
        return pairing_.impossible
    if target.platform not in VARIANTS[target.variant]:
        labels = [PLATFORMS[name].label for name in VARIANTS[target.variant]]
        return f"the variant {target.variant} is published for {' and '.join(labels)} only"
    if target.python not in pairing_.pythons:
        return f"{pairing_.name} is for Python {', '.join(pairing_.pythons)}"
    reason = find_entry(target, listed).get("reason")
    return reason or "it is not in requirements/index.json: run nox -s lock"


def _minor(pairing_: Pairing) -> tuple[int, ...]:
    return version_numbers.release_numbers(pairing_.tensorflow)[:2]


def describe_target(target: Target) -> str:
    """The Python, platform and variant of a target: `Python 3.11 on Linux x86_64`."""
    return (
        f"Python {target.python} on {platforms.describe_platform(target.platform, target.variant)}"
    )
