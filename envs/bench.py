"""The benchmark: one pairing beside the ways without it, the matrix, listings and locks, timed."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

from envs import ROOT, Problem, environment, lock, outcome, pairing, plain, resolve, speed
from envs.outcome import Kind, Outcome
from envs.pairing import Target
from envs.speed import Measured

Say = Callable[[str], None]

CORES = os.cpu_count() or 1

_PAIRINGS = 300
"""In the long listing; as many as there could be, one day."""

_LISTINGS = 10
"""Listings for each repetition of the others: they are short."""


@dataclass(frozen=True)
class Request:
    """Which parts, and how often each is repeated."""

    parts: tuple[str, ...] = ()
    repeat: int = 3

    def __post_init__(self) -> None:
        if self.repeat < 1:
            raise Problem(f"--repeat {self.repeat}: write a number from 1 on")
        for part in self.parts:
            if part not in PARTS:
                raise Problem(f"unknown part '{part}'; the known ones are: {', '.join(PARTS)}")


def parse(argv: Sequence[str]) -> Request:
    """The request of a command line; argparse ends the process if it is none. Raises Problem."""
    options = argparse.ArgumentParser(prog="nox -s bench --", description="Time what is run.")
    options.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; all if none")
    options.add_argument("--repeat", type=int, default=Request.repeat, metavar="N")
    given = options.parse_args(argv)
    return Request(tuple(given.parts), given.repeat)


def run(request: Request, say: Say) -> None:
    """Measure parts, and record each as it ends. Raises Problem if anything timed goes wrong."""
    speed.load_targets()
    (ROOT / ".nox").mkdir(exist_ok=True)
    _user()
    for name in request.parts or PARTS:
        # On the file system of the environments, so that uv can link.
        with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / ".nox") as folder:
            part = _Part(Path(folder), request.repeat, say)
            PARTS[name](part)
        date = datetime.datetime.now(datetime.UTC).date().isoformat()
        measured = Measured(date, _machine(), _tools(), part.seconds, part.disk)
        speed.record(name, measured)


def copy_checkout(folder: Path) -> Path:
    """A copy of this checkout: what git knows, and what it does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy)
    return folder


@dataclass
class _Part:
    folder: Path
    repeat: int
    say: Say
    seconds: dict[str, list[float]] = field(default_factory=dict)
    disk: dict[str, list[int]] = field(default_factory=dict)

    @contextmanager
    def timed(self, figure: str) -> Iterator[None]:
        """Time what is done in it, as one repetition of a figure."""
        began = time.perf_counter()
        yield
        self.add(figure, time.perf_counter() - began)

    def add(self, figure: str, seconds: float) -> None:
        times = self.seconds.setdefault(figure, [])
        times.append(round(seconds, 3))
        self.say(f"{figure}: {seconds:.2f} s ({len(times)})")


def _do(*command: str | Path, cwd: Path | None = None, **environ: str) -> None:
    """Run a command, with the variables of this process but for those that configure tools."""
    clean = environment.tool_environ(mirrors=True, **environ)
    clean.pop("NOX_SCRIPT_MODE", None)
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd or ROOT,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        words = " ".join(Path(word).name for word in map(str, command))
        last = "\n".join(done.stdout.strip().splitlines()[-20:])
        raise Problem(f"{words}: failed with exit code {done.returncode}: nothing is timed\n{last}")


@cache
def _user() -> Path:
    """The Python of a user: with nox and uv as the README says, without the rest of the toolchain.

    Nox runs itself again in the environment of its toolchain only if it is not in one already.
    """
    env = ROOT / ".nox" / "bench"
    shutil.rmtree(env, ignore_errors=True)
    _do(sys.executable, "-m", "venv", env)
    python = environment.interpreter(env)
    _do(python, "-m", "pip", "install", f"nox[uv]=={version('nox')}", f"uv=={version('uv')}")
    return python


def _nox(*args: str, cwd: Path, **environ: str) -> None:
    _do(_user(), "-m", "nox", *args, cwd=cwd, **environ)


# --- one pairing ---


def _one(part: _Part) -> None:
    """Every way once a repetition, each with caches of its own that were empty before it."""
    target = lock.executable(pairing.load_all())["tf212"]
    base = environment.find_interpreter(target.python)
    for _ in range(part.repeat):
        _document(part, target, base)
        _expert(part, target, base)
        _session(part, target)


def _document(part: _Part, target: Target, base: Path) -> None:
    env, cache = part.folder / "document", part.folder / "cache"
    python = environment.interpreter(env)
    with part.timed("document"):
        _do(base, "-m", "venv", env)
        for command in plain.commands(target.pairing):
            _do(python, "-m", *command.split(), PIP_CACHE_DIR=str(cache))
        _scripts(target, python, jobs=1)
    _remove(env, cache)


def _expert(part: _Part, target: Target, base: Path) -> None:
    env, cache = part.folder / "expert", part.folder / "cache"
    python = environment.interpreter(env)
    command = environment.uv()
    if not command:
        raise Problem("there is no uv on this machine to compare with: pip install uv")
    asked = [one.removeprefix("pip install ") for one in plain.commands(target.pairing)]
    for figure in ("expert", "expert-warm"):
        with part.timed(figure):
            _do(command, "venv", "-p", base, env, UV_CACHE_DIR=str(cache))
            _do(command, "pip", "install", "-p", python, *asked, UV_CACHE_DIR=str(cache))
            _scripts(target, python, jobs=CORES, locked=False)
        _remove(env)
    _remove(cache)


def _session(part: _Part, target: Target) -> None:
    cache, name = part.folder / "cache", target.session
    checkout = copy_checkout(part.folder / "checkout")
    env = checkout / outcome.folder(target).relative_to(ROOT)
    for figure in ("session-empty", "session-new", "session-unchanged"):
        if figure == "session-new":
            _remove(env)
        with part.timed(figure):
            _nox("-s", name, cwd=checkout, UV_CACHE_DIR=str(cache), PIP_CACHE_DIR=str(cache))
    bytecode = checkout / outcome.bytecode(target).relative_to(ROOT)
    with part.timed("floor"):
        _scripts(target, environment.interpreter(env), jobs=CORES, bytecode=bytecode)
    _remove(checkout, cache)


def _scripts(
    target: Target, python: Path, jobs: int, bytecode: Path | None = None, *, locked: bool = True
) -> None:
    """Run what a session runs, with nothing around it. Raises Problem if it ends otherwise.

    Without a lock, an environment may not be whole: then `smoke` alone may fail. It does so in its
    last step, the start of `tensorboard`, which makes that way the faster one.
    """
    expected = {"smoke": Outcome(Kind.WORKS)}
    expected |= outcome.load_record(target, outcome.load_rules())
    paths = {"smoke": outcome.SMOKE} | outcome.scripts()
    with ThreadPoolExecutor(jobs) as pool:
        ended = pool.map(lambda path: _script(path, python, bytecode), paths.values())
        for name, happened in zip(paths, ended, strict=True):
            spared = not locked and name == "smoke" and "'--version'" in happened.message
            if happened != expected[name] and not spared:
                raise Problem(f"{name}: {happened}: not as recorded: nothing is timed")


def _script(path: Path, python: Path, bytecode: Path | None) -> Outcome:
    options = ["-X", f"pycache_prefix={bytecode}"] if bytecode else []
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile() as err:
        environ = environment.tool_environ(HOME=home)
        if bytecode:
            # For what the script starts, as in a session.
            environ["PYTHONPYCACHEPREFIX"] = str(bytecode)
        done = subprocess.run(
            [python, *options, path], cwd=home, env=environ, stdout=subprocess.DEVNULL, stderr=err
        )
        return outcome.classify(done.returncode, err)


def _remove(*folders: Path) -> None:
    for folder in folders:
        # pip makes no cache if the index lets it keep nothing.
        if folder.exists():
            shutil.rmtree(folder)


# --- the matrix ---


def _matrix(part: _Part) -> None:
    """All recommended pairings in this checkout, after a run that makes what is not there."""
    known = lock.executable(pairing.load_all())
    targets = [target for name, target in known.items() if name == target.pairing.name]
    # It also brings the bytecode.
    if missing := [one.session for one in targets if not outcome.bytecode(one).is_dir()]:
        part.say(f"not timed: {', '.join(missing)}")
        _nox("-j", str(CORES), "-s", *missing, cwd=ROOT)
    for number in range(part.repeat):
        results = part.folder / str(number)
        results.mkdir()
        with part.timed("matrix"):
            _nox("-t", "pairings", "-j", str(CORES), "--", "--measure", str(results), cwd=ROOT)
        found = [json.loads(file.read_text(encoding="utf-8")) for file in results.iterdir()]
        if len(found) != len(targets):
            raise Problem(
                f"{len(found)} of {len(targets)} sessions were measured: nothing is timed"
            )
        part.add("matrix-bound", sum(one["cpu"] for one in found) / CORES)
    for target in targets:
        part.disk[target.session] = [_size(outcome.folder(target)), _size(outcome.bytecode(target))]


def _size(folder: Path) -> int:
    """Bytes on disk of a folder, each file counted once."""
    stats = [file.lstat() for file in folder.rglob("*")]
    return sum({(one.st_dev, one.st_ino): one.st_blocks * 512 for one in stats}.values())


# --- listings ---


def _listing(part: _Part) -> None:
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
        folders[figure] = copy_checkout(part.folder / figure)
    _multiply(folders["listing-300"])
    for folder in folders.values():
        _nox("-l", cwd=folder)
    for _ in range(part.repeat * _LISTINGS):
        for figure, folder in folders.items():
            with part.timed(figure):
                _nox("-l", cwd=folder)


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


def _lock(part: _Part) -> None:
    """One lock each, from an index whose pages were read before."""
    known = pairing.targets(pairing.load_all())
    figures = speed.load_targets().parts["lock"]
    targets = {figure: known[figure.removeprefix("lock-")] for figure in figures}
    for target in targets.values():
        resolve.compile_lock(target, resolve.Request())
    for _ in range(part.repeat):
        for figure, target in targets.items():
            with part.timed(figure):
                resolve.compile_lock(target, resolve.Request())


PARTS: dict[str, Callable[[_Part], None]] = {
    "tf212": _one,
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
    return f"{CORES} cores of {processor}, {memory:.0f} GiB, {system}"


def _tools() -> str:
    python = platform.python_version()
    return f"nox {version('nox')}, uv {version('uv')}, Python {python}"
