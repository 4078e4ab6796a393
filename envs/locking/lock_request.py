"""The command line of `nox -s lock`, and the targets that it names."""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envs import Problem
from envs.model import pairing, platforms, version_numbers
from envs.model.pairing import Pairing, Target


@dataclass(frozen=True)
class LockRequest:
    """Which locks to renew, and how.

    `names` are pairings; `platform` may be a word such as `windows`. Whatever is not given means
    all. `cut_off` is a date or a time in ISO 8601, in UTC. `tools` renews the locks of pip-tools
    too. Raises Problem if `cut_off` is no date.
    """

    upgrade: bool = False
    upgrade_package: tuple[str, ...] = ()
    cut_off: str | None = None
    names: tuple[str, ...] = ()
    python: str | None = None
    platform: str | None = None
    variant: str | None = None
    tools: bool = False

    def __post_init__(self) -> None:
        if self.cut_off:
            try:
                date = datetime.datetime.fromisoformat(self.cut_off)
            except ValueError:
                raise Problem(
                    f"cut-off '{self.cut_off}': write a date such as 2026-11-20"
                ) from None
            object.__setattr__(self, "cut_off", date.strftime("%Y-%m-%dT%H:%M:%SZ"))

    @property
    def whole(self) -> bool:
        """Whether the request is for all locks."""
        return not (self.names or self.python or self.platform or self.variant)


def select_targets(pairings: Mapping[str, Pairing], request: LockRequest) -> list[Target]:
    """The targets that a request names. Raises Problem for a word that names none."""
    names = pairing.choose_names(pairings, list(request.names))
    targets = pairing.list_combinations(pairings)
    pythons = sorted({target.python for target in targets}, key=version_numbers.release_numbers)
    if request.python and request.python not in pythons:
        raise Problem(f"no lock for Python '{request.python}'; there are: {', '.join(pythons)}")
    if request.platform and not platforms.match_platforms(request.platform):
        known = ", ".join(platforms.PLATFORMS)
        raise Problem(f"unknown platform '{request.platform}'; the known ones are: {known}")
    if request.variant and request.variant not in platforms.VARIANTS:
        known = ", ".join(platforms.VARIANTS)
        raise Problem(f"unknown variant '{request.variant}'; the known ones are: {known}")
    chosen = [
        target
        for target in targets
        if target.pairing.name in names
        and request.python in (None, target.python)
        and (not request.platform or target.platform in platforms.match_platforms(request.platform))
        and request.variant in (None, target.variant)
    ]
    if not chosen:
        raise Problem("no pairing has such a lock: see requirements/README.md")
    return chosen


def parse_lock_request(argv: Sequence[str]) -> LockRequest:
    """Parse a command line. argparse ends the process if the line is wrong."""
    options = argparse.ArgumentParser(prog="nox -s lock --", description="Renew locks.")
    options.add_argument("names", nargs="*", help="pairings; default: all")
    options.add_argument("--platform", help="only locks for it: windows, macos-arm64, linux")
    options.add_argument("--python", metavar="3.9", help="only locks for it")
    options.add_argument("--variant", help="only locks of it: default, cpu, cuda")
    options.add_argument(
        "--upgrade", action="store_true", help="resolve anew, with today as the cut-off"
    )
    options.add_argument("--upgrade-package", action="append", default=[], metavar="NAME")
    options.add_argument("--cut-off", metavar="DATE", help="ignore later uploads: 2026-11-20")
    options.add_argument("--tools", action="store_true", help="renew the locks of pip-tools too")
    given = vars(options.parse_args(argv))
    for name in ("names", "upgrade_package"):
        given[name] = tuple(given[name])
    return LockRequest(**given)
