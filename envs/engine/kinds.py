"""The kinds of work: what can be planned, on which platforms, and the command that does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from envs.atlas import layout
from envs.model import index, lock, pairing, platforms
from envs.model.pairing import Target


@dataclass(frozen=True)
class WorkKind:
    """One kind of work.

    `list_work` gives platform and name of each session; `options` gives the options of nox that do
    one, with the folder for its results.
    """

    list_work: Callable[[], Iterator[tuple[str, str]]]
    options: Callable[[str, Path], list[str]]


def list_lock_targets() -> Iterator[Target]:
    """Every lock that some machine can run: those of macOS too, which no machine here can."""
    pairings = pairing.load_pairings()
    for platform in platforms.PLATFORMS:
        for target in lock.list_executable(pairings, platform).values():
            if platform.startswith("macos-") or index.explain_unexecuted(target) is None:
                yield target


def _locks() -> Iterator[tuple[str, str]]:
    for target in list_lock_targets():
        yield target.platform, target.session


def _rows() -> Iterator[tuple[str, str]]:
    for name in layout.list_rows():
        yield platforms.LINUX, name


def _run_lock(name: str, folder: Path) -> list[str]:
    return ["-s", name, "--", "--measure", str(folder), "--drop"]


def _run_row(name: str, folder: Path) -> list[str]:
    return ["-s", "atlas", "--", name, "--again", "--bless"]


KINDS: Mapping[str, WorkKind] = {
    "locks": WorkKind(_locks, _run_lock),
    "atlas": WorkKind(_rows, _run_row),
}
