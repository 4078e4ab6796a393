"""The kinds of work: what can be planned, on which platforms, and the command that does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from envs.atlas import layout
from envs.engine import models_evidence
from envs.model import index, lock, pairing, platforms
from envs.model.pairing import Target
from envs.names import names_request


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


def _names() -> Iterator[tuple[str, str]]:
    for name in names_request.list_recommended():
        yield platforms.LINUX, name


def _models() -> Iterator[tuple[str, str]]:
    yield platforms.LINUX, models_evidence.GRID


def _run_lock(name: str, folder: Path) -> list[str]:
    return ["-s", name, "--", "--measure", str(folder), "--drop"]


def _run_row(name: str, folder: Path) -> list[str]:
    return ["-s", "atlas", "--", name, "--again", "--bless"]


def _run_names(name: str, folder: Path) -> list[str]:
    return ["-s", "names", "--", name, "--again", "--bless", "--drop"]


def _run_grid(name: str, folder: Path) -> list[str]:
    return ["-s", "models", "--", "--again", "--bless", "--drop"]


KINDS: Mapping[str, WorkKind] = {
    "locks": WorkKind(_locks, _run_lock),
    "atlas": WorkKind(_rows, _run_row),
    "names": WorkKind(_names, _run_names),
    "models": WorkKind(_models, _run_grid),
}
