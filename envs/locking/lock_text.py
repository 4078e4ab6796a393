"""The text of a lock: its header, its pins, its hashes."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from envs.locking import pypi
from envs.model import lock
from envs.model.lock import Lock, Pin
from envs.model.pairing import Target


def today() -> str:
    """The start of this day in UTC, as a cut-off: `2026-11-20T00:00:00Z`."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT00:00:00Z")


def render_header(target: Target, facts: Mapping[str, str]) -> str:
    """The top of a lock: comments with its facts, then its pip options."""
    lines = [lock.GENERATED, f"#     nox -s lock -- {target.pairing.name}", "#"]
    lines += [f"# {key}: {value}" for key, value in facts.items()]
    lines += [f"# sdist of {sdist.package}: {sdist.reason}" for sdist in target.sdists]
    return "\n".join([*lines, "#", *lock.pip_options(target), "", ""])


def render_pin(pin: Pin) -> str:
    """The lines of one pin: its version, then each hash; without a newline at the end."""
    hashes = [f"    --hash=sha256:{digest}" for digest in pin.hashes]
    return " \\\n".join([f"{pin.name}=={pin.version}", *hashes])


def render_unhashed(pins: Iterable[Pin]) -> str:
    """Pins without hashes, one a line: what a resolver is to prefer."""
    return "".join(f"{pin.name}=={pin.version}\n" for pin in pins)


def hash_pin(name: str, version: str, target: Target, old: Lock | None, cut_off: str | None) -> Pin:
    """A pin with the hash of every file that fits the target and was uploaded before `cut_off`.

    A pin of the old lock uses the cut-off of that lock instead, or the time of its own newest file
    if that is later: files that were uploaded since do not change the pin. Raises Problem.
    """
    for pin in old.pins if old else ():
        if (pin.name, pin.version) == (name, version) and old and old.cut_off:
            cut_off = pypi.date_of_newest_pin([pin], old.cut_off)
    return Pin(name, version, pypi.list_hashes(name, version, target, cut_off))


def render_pins(pins: Iterable[Pin]) -> str:
    """Pins with their hashes. pip-tools keeps both if it finds them in its output file."""
    return "".join(render_pin(pin) + "\n" for pin in pins)
