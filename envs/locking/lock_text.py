"""The text of a lock: its header, its pins, its hashes."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from envs.locking import pypi
from envs.model import lock
from envs.model.lock import Pin
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


def render_seed(pins: Mapping[str, str], target: Target, cut_off: str | None) -> str:
    """Pins with the hashes that pip-tools gives them: of every wheel, or of the sdist."""
    return "".join(
        render_pin(Pin(name, version, pypi.list_hashes(name, version, target, cut_off))) + "\n"
        for name, version in pins.items()
    )
