"""Run the benchmark: time each part, and record it as soon as it ends."""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

from envs import ROOT, Problem
from envs.bench import bench_figures, reading, stopwatch, ways
from envs.bench.bench_figures import Measured
from envs.bench.stopwatch import Part, Say
from envs.locking import pip_tools
from envs.locking.lock_request import LockRequest
from envs.model import host, lock, pairing, working_copy
from envs.running import sessions

_PAIRINGS = 300
"""How many pairings the long listing has: more than there will be for years."""

_LISTINGS = 10
"""How many listings make one repetition: a listing is short, so it is timed more often."""


@dataclass(frozen=True)
class BenchRequest:
    """Which parts to time (all if none), and how often. Raises Problem for an unknown part."""

    parts: tuple[str, ...] = ()
    repeat: int = 3

    def __post_init__(self) -> None:
        if self.repeat < 1:
            raise Problem(f"--repeat {self.repeat}: write a number from 1 on")
        for part in self.parts:
            if part not in PARTS:
                raise Problem(f"unknown part '{part}'; the known ones are: {', '.join(PARTS)}")


def parse_bench_request(argv: Sequence[str]) -> BenchRequest:
    """Read the request from a command line.

    argparse ends the process for an unknown option. Raises Problem for an unknown part.
    """
    options = argparse.ArgumentParser(prog="nox -s bench --", description="Time what is run.")
    options.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; all if none")
    options.add_argument("--repeat", type=int, default=BenchRequest.repeat, metavar="N")
    given = options.parse_args(argv)
    return BenchRequest(tuple(given.parts), given.repeat)


def run_bench(request: BenchRequest, say: Say) -> None:
    """Time the parts, and record each as it ends. Raises Problem if something timed fails."""
    bench_figures.load_bench_targets()
    (ROOT / ".nox").mkdir(exist_ok=True)
    stopwatch.make_user()
    for name in request.parts or PARTS:
        # In .nox, on the same file system as the environments, so that uv can link files.
        with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / ".nox") as folder:
            part = Part(Path(folder), request.repeat, say)
            PARTS[name](part)
        date = datetime.datetime.now(datetime.UTC).date().isoformat()
        measured = Measured(date, _machine(), _tools(), part.seconds, part.disk, part.weight)
        bench_figures.record_figures(name, measured)


# --- the matrix ---


def _matrix(part: Part) -> None:
    """Time all recommended pairings in this checkout, with environments and bytecode in place."""
    known = lock.list_executable(pairing.load_pairings(), host.find_host())
    targets = [target for name, target in known.items() if name == target.pairing.name]
    # Only a session that was never run has no bytecode.
    missing = [
        target.session for target in targets if not sessions.bytecode_folder(target).is_dir()
    ]
    if missing:
        part.say(f"not timed: {', '.join(missing)}")
        stopwatch.run_nox("-j", str(stopwatch.CORES), "-s", *missing, cwd=ROOT)
    for number in range(part.repeat):
        results = part.folder / str(number)
        results.mkdir()
        with part.timed("matrix"):
            command = ["-t", "pairings", "-j", str(stopwatch.CORES), "--", "--jobs", "1"]
            stopwatch.run_nox(*command, "--measure", str(results), cwd=ROOT)
        written = [json.loads(file.read_text(encoding="utf-8")) for file in results.iterdir()]
        if len(written) != len(targets):
            raise Problem(
                f"{len(written)} of {len(targets)} sessions were measured: no time is recorded"
            )
        # The least that the matrix can take: its CPU time, spread evenly over all cores.
        cpu = sum(measurements["cpu"] for measurements in written)
        part.add("matrix-bound", cpu / stopwatch.CORES)
    for target in targets:
        part.disk[target.session] = [
            _size(sessions.environment_folder(target)),
            _size(sessions.bytecode_folder(target)),
        ]


def _size(folder: Path) -> int:
    """The size of a folder in bytes on disk. Files that are hard links count once.

    Windows does not say how many blocks a file takes; there, its length counts.
    """
    stats = [file.lstat() for file in folder.rglob("*")]
    sizes = {
        (stat.st_dev, stat.st_ino): getattr(stat, "st_blocks", -(-stat.st_size // 512)) * 512
        for stat in stats
    }
    return sum(sizes.values())


# --- listings ---


def _listing(part: Part) -> None:
    """Time `nox -l`: with this noxfile, with 300 pairings, and with noxfiles of one session."""
    block = (ROOT / "noxfile.py").read_text(encoding="utf-8").partition('"""')[0]
    # Nox fails if there is no session at all, so even these have one.
    bare = "import nox\n\n@nox.session\ndef one(session):\n    pass\n"
    noxfiles = {"listing-empty": block + bare, "listing-bare": bare}
    folders = {}
    for figure, text in noxfiles.items():
        folders[figure] = part.folder / figure
        folders[figure].mkdir()
        (folders[figure] / "noxfile.py").write_text(text, encoding="utf-8")
    for figure in ("listing", "listing-300"):
        folders[figure] = working_copy.copy_checkout(part.folder / figure)
    _multiply(folders["listing-300"])
    for folder in folders.values():
        stopwatch.run_nox("-l", cwd=folder)
    for _ in range(part.repeat * _LISTINGS):
        for figure, folder in folders.items():
            with part.timed(figure):
                stopwatch.run_nox("-l", cwd=folder)


def _multiply(checkout: Path) -> None:
    """Copy the pairing files of a checkout, each time with another release, until there are 300."""
    folder = checkout / pairing.FOLDER.relative_to(ROOT)
    files = sorted(folder.glob("*.toml"))
    for number in range(_PAIRINGS - len(files)):
        rounds, place = divmod(number, len(files))
        text = files[place].read_text(encoding="utf-8")
        text = re.sub(r'"tensorflow==([\d.]+(rc)?)', rf'"tensorflow==\g<1>{rounds + 1}', text)
        name = f"{files[place].stem}-{'x' * (rounds + 1)}.toml"
        (folder / name).write_text(text, encoding="utf-8")


# --- locks ---


def _lock(part: Part) -> None:
    """Time the compilation of one lock for each figure, with the index pages already cached."""
    known = pairing.list_targets(pairing.load_pairings())
    figures = bench_figures.load_bench_targets().parts["lock"]
    targets = {figure: known[figure.removeprefix("lock-")] for figure in figures}
    for target in targets.values():
        pip_tools.compile_lock(target, LockRequest())
    for _ in range(part.repeat):
        for figure, target in targets.items():
            with part.timed(figure):
                pip_tools.compile_lock(target, LockRequest())


# --- the site ---


def _site(part: Part) -> None:
    """Count the CPU of a build, and have the checks of the site measure what a reader waits for.

    The environments of both sessions are in place.
    """
    stopwatch.run_nox("-s", "site", cwd=ROOT)
    for _ in range(part.repeat):
        began = stopwatch.count_cpu_of_children()
        stopwatch.run_nox("-s", "site", cwd=ROOT)
        part.add("site", stopwatch.count_cpu_of_children() - began)
        results = part.folder / "site"
        chosen = ("-k", "within_a_tenth or is_light")
        stopwatch.run_nox("-s", "site-checks", "--", *chosen, "--measure", str(results), cwd=ROOT)
        for file in sorted(results.iterdir()):
            measured = json.loads(file.read_text(encoding="utf-8"))
            for figure, seconds in measured.get("seconds", {}).items():
                part.add(figure, seconds)
            part.weight.update(measured.get("bytes", {}))


# --- saved models ---


def _models(part: Part) -> None:
    """Time a pairing that saves its models and loads them, and the answer about one of its files.

    Its environment is made and removed each time, from uv's cache, which is full after one run.
    """
    files = ROOT / ".nox" / "models" / "files" / "tf212"
    asked = ["-s", "models", "--", "tf212", "--only", "--again"]
    stopwatch.run_nox(*asked, cwd=ROOT)
    for _ in range(part.repeat):
        shutil.rmtree(files)
        with part.timed("models-one"):
            stopwatch.run_nox(*asked, cwd=ROOT)
        model = str(files / "saved" / "h5" / "functional" / "model.h5")
        for figure, way in (("models-load", []), ("models-to", ["--to", "tf221"])):
            with part.timed(figure):
                stopwatch.run_nox("-s", "models", "--", "--load", model, *way, cwd=ROOT)


PARTS: dict[str, Callable[[Part], None]] = {
    "tf212": ways.time_one_pairing,
    "matrix": _matrix,
    "listing": _listing,
    "lock": _lock,
    "which": reading.time_which,
    "site": _site,
    "models": _models,
}
"""Name of a part -> the function that times it."""


def _machine() -> str:
    """The cores, processor, memory and system of this machine, without its name."""
    processor = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        match = re.search(r"(?m)^model name\s*:\s*(.+)$", info.read_text(encoding="utf-8"))
        processor = match[1] if match else processor
    memory = psutil.virtual_memory().total / 2**30
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return f"{stopwatch.CORES} cores of {processor}, {memory:.0f} GiB, {system}"


def _tools() -> str:
    python = platform.python_version()
    return f"nox {version('nox')}, uv {version('uv')}, Python {python}"
