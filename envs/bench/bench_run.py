"""The benchmark, run: each part timed and recorded as it ends."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from envs import ROOT, Problem
from envs.bench import bench_figures, stopwatch, ways
from envs.bench.bench_figures import Measured
from envs.bench.stopwatch import Part, Say
from envs.locking import pip_tools
from envs.locking.lock_request import LockRequest
from envs.model import lock, pairing
from envs.running import sessions

_PAIRINGS = 300
"""In the long listing; as many as there could be, one day."""

_LISTINGS = 10
"""Listings for each repetition of the others: they are short."""


@dataclass(frozen=True)
class BenchRequest:
    """Which parts, and how often each is repeated."""

    parts: tuple[str, ...] = ()
    repeat: int = 3

    def __post_init__(self) -> None:
        if self.repeat < 1:
            raise Problem(f"--repeat {self.repeat}: write a number from 1 on")
        for part in self.parts:
            if part not in PARTS:
                raise Problem(f"unknown part '{part}'; the known ones are: {', '.join(PARTS)}")


def parse_bench_request(argv: Sequence[str]) -> BenchRequest:
    """The request of a command line; argparse ends the process if it is none. Raises Problem."""
    options = argparse.ArgumentParser(prog="nox -s bench --", description="Time what is run.")
    options.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; all if none")
    options.add_argument("--repeat", type=int, default=BenchRequest.repeat, metavar="N")
    given = options.parse_args(argv)
    return BenchRequest(tuple(given.parts), given.repeat)


def run_bench(request: BenchRequest, say: Say) -> None:
    """Measure parts, and record each as it ends. Raises Problem if anything timed goes wrong."""
    bench_figures.load_bench_targets()
    (ROOT / ".nox").mkdir(exist_ok=True)
    stopwatch.make_user()
    for name in request.parts or PARTS:
        # On the file system of the environments, so that uv can link.
        with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / ".nox") as folder:
            part = Part(Path(folder), request.repeat, say)
            PARTS[name](part)
        date = datetime.datetime.now(datetime.UTC).date().isoformat()
        measured = Measured(date, _machine(), _tools(), part.seconds, part.disk)
        bench_figures.record_figures(name, measured)


# --- the matrix ---


def _matrix(part: Part) -> None:
    """All recommended pairings in this checkout, after a run that makes what is not there."""
    known = lock.list_executable(pairing.load_pairings())
    targets = [target for name, target in known.items() if name == target.pairing.name]
    # It also brings the bytecode.
    if missing := [one.session for one in targets if not sessions.bytecode_folder(one).is_dir()]:
        part.say(f"not timed: {', '.join(missing)}")
        stopwatch.run_nox("-j", str(stopwatch.CORES), "-s", *missing, cwd=ROOT)
    for number in range(part.repeat):
        results = part.folder / str(number)
        results.mkdir()
        with part.timed("matrix"):
            stopwatch.run_nox(
                "-t",
                "pairings",
                "-j",
                str(stopwatch.CORES),
                "--",
                "--measure",
                str(results),
                cwd=ROOT,
            )
        found = [json.loads(file.read_text(encoding="utf-8")) for file in results.iterdir()]
        if len(found) != len(targets):
            raise Problem(
                f"{len(found)} of {len(targets)} sessions were measured: nothing is timed"
            )
        part.add("matrix-bound", sum(one["cpu"] for one in found) / stopwatch.CORES)
    for target in targets:
        part.disk[target.session] = [
            _size(sessions.environment_folder(target)),
            _size(sessions.bytecode_folder(target)),
        ]


def _size(folder: Path) -> int:
    """Bytes on disk of a folder, each file counted once."""
    stats = [file.lstat() for file in folder.rglob("*")]
    return sum({(one.st_dev, one.st_ino): one.st_blocks * 512 for one in stats}.values())


# --- listings ---


def _listing(part: Part) -> None:
    block = (ROOT / "noxfile.py").read_text(encoding="utf-8").partition('"""')[0]
    # Nox fails where there is no session at all.
    one = "import nox\n\n@nox.session\ndef one(session):\n    pass\n"
    noxfiles = {"listing-empty": block + one, "listing-bare": one}
    folders = {}
    for figure, text in noxfiles.items():
        folders[figure] = part.folder / figure
        folders[figure].mkdir()
        (folders[figure] / "noxfile.py").write_text(text, encoding="utf-8")
    for figure in ("listing", "listing-300"):
        folders[figure] = stopwatch.copy_checkout(part.folder / figure)
    _multiply(folders["listing-300"])
    for folder in folders.values():
        stopwatch.run_nox("-l", cwd=folder)
    for _ in range(part.repeat * _LISTINGS):
        for figure, folder in folders.items():
            with part.timed(figure):
                stopwatch.run_nox("-l", cwd=folder)


def _multiply(checkout: Path) -> None:
    """Copies of the pairings, each with a release of its own, until there are enough."""
    folder = checkout / pairing.FOLDER.relative_to(ROOT)
    files = sorted(folder.glob("*.toml"))
    for number in range(_PAIRINGS - len(files)):
        times, which = divmod(number, len(files))
        text = files[which].read_text(encoding="utf-8")
        text = re.sub(r'"tensorflow==([\d.]+)"', rf'"tensorflow==\g<1>{times + 1}"', text)
        name = f"{files[which].stem}-{'x' * (times + 1)}.toml"
        (folder / name).write_text(text, encoding="utf-8")


# --- locks ---


def _lock(part: Part) -> None:
    """One lock each, from an index whose pages were read before."""
    known = pairing.list_targets(pairing.load_pairings())
    figures = bench_figures.load_bench_targets().parts["lock"]
    targets = {figure: known[figure.removeprefix("lock-")] for figure in figures}
    for target in targets.values():
        pip_tools.compile_lock(target, LockRequest())
    for _ in range(part.repeat):
        for figure, target in targets.items():
            with part.timed(figure):
                pip_tools.compile_lock(target, LockRequest())


PARTS: dict[str, Callable[[Part], None]] = {
    "tf212": ways.time_one_pairing,
    "matrix": _matrix,
    "listing": _listing,
    "lock": _lock,
}
"""What can be measured, by name."""


def _machine() -> str:
    """The machine in words, without its name."""
    processor = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        found = re.search(r"(?m)^model name\s*:\s*(.+)$", info.read_text(encoding="utf-8"))
        processor = found[1] if found else processor
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return f"{stopwatch.CORES} cores of {processor}, {memory:.0f} GiB, {system}"


def _tools() -> str:
    python = platform.python_version()
    return f"nox {version('nox')}, uv {version('uv')}, Python {python}"
