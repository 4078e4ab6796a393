"""What a renewal of locks is asked for: its command line, and the targets that it names."""

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
    """Which locks are to be renewed, and how; `cut_off` is a date or time in ISO 8601, in UTC.

    `names` are pairings, `platform` a word such as `windows`; what is not given means all.
    `tools` asks for the locks of pip-tools as well.
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
        """Whether all locks are meant."""
        return not (self.names or self.python or self.platform or self.variant)


def select_targets(pairings: Mapping[str, Pairing], request: LockRequest) -> list[Target]:
    """The targets of a request. Raises Problem for a word that names none."""
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
    """The request of a command line; argparse ends the process if it is none."""
    options = argparse.ArgumentParser(prog="nox -s lock --", description="Renew locks.")
    options.add_argument("names", nargs="*", help="pairings; all if none is named")
    options.add_argument("--platform", help="only those for it: windows, macos-arm64, linux")
    options.add_argument("--python", metavar="3.9", help="only those for it")
    options.add_argument("--variant", help="only these: default, cpu, cuda")
    options.add_argument("--upgrade", action="store_true", help="take today as the cut-off date")
    options.add_argument("--upgrade-package", action="append", default=[], metavar="NAME")
    options.add_argument("--cut-off", metavar="DATE", help="leave out what came later: 2026-11-20")
    options.add_argument("--tools", action="store_true", help="renew the locks of pip-tools too")
    given = vars(options.parse_args(argv))
    for name in ("names", "upgrade_package"):
        given[name] = tuple(given[name])
    return LockRequest(**given)
