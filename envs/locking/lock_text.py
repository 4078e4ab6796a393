"""The text of a lock: its header, its pins, its hashes."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from envs.locking import pypi
from envs.model import lock
from envs.model.lock import Lock, Pin
from envs.model.pairing import Target


def today() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT00:00:00Z")


def render_header(target: Target, facts: Mapping[str, str]) -> str:
    lines = [lock.GENERATED, f"#     nox -s lock -- {target.pairing.name}", "#"]
    lines += [f"# {key}: {value}" for key, value in facts.items()]
    lines += [f"# sdist of {one.package}: {one.reason}" for one in target.sdists]
    return "\n".join([*lines, "#", *lock.pip_options(target), "", ""])


def render_pin(pin: Pin) -> str:
    hashes = [f"    --hash=sha256:{one}" for one in pin.hashes]
    return " \\\n".join([f"{pin.name}=={pin.version}", *hashes])


def render_unhashed(pins: Iterable[Pin]) -> str:
    return "".join(f"{pin.name}=={pin.version}\n" for pin in pins)


def hash_pin(name: str, version: str, target: Target, old: Lock | None, cut_off: str | None) -> Pin:
    """A pin with the hash of every file that fits.

    A pin of the old lock keeps to the day of that lock, or to that of its newest file: what was
    uploaded since changes nothing. One that is new may be of any day before `cut_off`.
    """
    for pin in old.pins if old else ():
        if (pin.name, pin.version) == (name, version) and old and old.cut_off:
            cut_off = pypi.date_of_newest_pin([pin], old.cut_off)
    return Pin(name, version, pypi.list_hashes(name, version, target, cut_off))


def render_pins(pins: Iterable[Pin]) -> str:
    """Pins with their hashes: pip-tools keeps these as it compiles over them."""
    return "".join(render_pin(pin) + "\n" for pin in pins)
