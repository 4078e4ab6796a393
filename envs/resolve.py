"""Locks renewed: pip-tools for the base of each, uv for the platforms and variants beside it."""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import re
import shlex
import subprocess
import tempfile
import threading
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from envs import ROOT, Problem, environment, index, lock, pairing, platforms
from envs.lock import Lock, Pin
from envs.pairing import Pairing, Target

TOOLS = lock.FOLDER / "tools"
PROGRESS = ROOT / ".nox" / "lock-progress.json"

_WAITING = 8
"""Resolutions by uv at a time: they wait for the index, and hardly use a core."""


class NoSolution(Problem):
    """The resolver proved that no set of releases fits; the message is its proof."""


@dataclass(frozen=True)
class Request:
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


def select(pairings: Mapping[str, Pairing], request: Request) -> list[Target]:
    """The targets of a request. Raises Problem for a word that names none."""
    names = pairing.choose(pairings, list(request.names))
    targets = pairing.combinations(pairings)
    pythons = sorted({target.python for target in targets}, key=_numbers)
    if request.python and request.python not in pythons:
        raise Problem(f"no lock for Python '{request.python}'; there are: {', '.join(pythons)}")
    if request.platform and not platforms.match(request.platform):
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
        and (not request.platform or target.platform in platforms.match(request.platform))
        and request.variant in (None, target.variant)
    ]
    if not chosen:
        raise Problem("no pairing has such a lock: see requirements/README.md")
    return chosen


def parse(argv: Sequence[str]) -> Request:
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
    return Request(**given)


def renew(request: Request, say: Callable[[str], None] = print) -> None:
    """Compile locks, derive those of platforms and variants, and write the index.

    Each file is written whole or not at all; a renewal that was interrupted goes on where it
    stopped. Renewing all also removes the files that no pairing asks for. Raises Problem.
    """
    if platforms.here() != platforms.LINUX:
        raise Problem("locks are compiled on Linux x86_64, which every later step derives from")
    began = time.monotonic()
    pairings = pairing.load_all()
    lock.FOLDER.mkdir(exist_ok=True)
    if request.tools or not TOOLS.is_dir():
        renew_tools(say)
    impossible = index.reasons()
    wheels = renew_wheels(pairings)
    index.write_wheels(wheels)
    pairing.load_all(wheels=wheels)
    chosen = select(pairings, request)
    for one in pairings.values():
        if request.whole or one.name in request.names:
            lock.write(lock.in_path(one), lock.render_in(Target(one, one.pythons[0])))
    done = _Done.load(chosen, request)
    groups = [list(group) for _, group in groupby(chosen, lambda target: target.base)]
    # Twice the cores: while one group waits for the index, another compiles.
    with (
        ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool,
        ThreadPoolExecutor(_WAITING) as waiting,
    ):
        futures = [pool.submit(_renew_group, group, request, done, waiting) for group in groups]
        try:
            for number, future in enumerate(as_completed(futures), 1):
                for line in future.result():
                    say(f"[{number}/{len(groups)}] {line}")
        finally:
            pool.shutdown(cancel_futures=True)
            waiting.shutdown(cancel_futures=True)
    known = {index.target_key(target) for target in chosen}
    impossible = {k: reason for k, reason in impossible.items() if k not in known}
    impossible |= done.impossible
    if request.whole:
        prune(pairings, impossible, say)
    lock.write(pairing.INDEX, index.render(pairings, wheels, impossible))
    done.forget()
    count = sum(index.target_key(target) not in impossible for target in chosen)
    say(f"{count} locks renewed in {time.monotonic() - began:.0f} s")


@dataclass
class _Done:
    """What a renewal has done so far, kept in a file until all of it is done."""

    request: str
    files: dict[str, str] = field(default_factory=dict)
    impossible: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    alone: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def load(cls, targets: Iterable[Target], request: Request) -> _Done:
        """What was done of the same request: same targets, requirements, tools and day."""
        bases = {target.base: lock.render_in(target.base) for target in targets}
        facts = [repr(request), _today(), lock.TOOL_PINS.read_text(encoding="utf-8")]
        digest = _sha256("\n".join([*facts, *bases.values()]))
        try:
            data = json.loads(PROGRESS.read_text(encoding="utf-8"))
            if data["request"] == digest:
                reasons = {tuple(key): reason for key, reason in data["impossible"]}
                return cls(digest, data["files"], reasons)
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return cls(digest)

    def holds(self, target: Target) -> bool:
        """Whether nothing is left to do for a target."""
        if index.target_key(target) in self.impossible:
            return not lock.path(target).exists()
        digest = self.files.get(lock.label(target))
        return digest is not None and digest == _sha256(lock.text_of(lock.path(target)))

    def add(self, results: Iterable[tuple[Target, str | NoSolution]]) -> None:
        """Note what was done, in the file too; groups are done side by side."""
        with self.alone:
            for target, result in results:
                if isinstance(result, NoSolution):
                    self.impossible[index.target_key(target)] = str(result)
                else:
                    self.files[lock.label(target)] = _sha256(result)
            PROGRESS.parent.mkdir(exist_ok=True)
            impossible = [[list(key), reason] for key, reason in self.impossible.items()]
            data = {"request": self.request, "files": self.files, "impossible": impossible}
            lock.write(PROGRESS, json.dumps(data))

    def forget(self) -> None:
        PROGRESS.unlink(missing_ok=True)


def _renew_group(
    group: list[Target], request: Request, done: _Done, waiting: ThreadPoolExecutor
) -> list[str]:
    """Renew the targets of one pairing and Python; what is to be said of each that changed."""
    todo = [target for target in group if not done.holds(target)]
    if not todo:
        return [f"{group[0].stem}: done before the interruption"]
    said: list[str] = []
    same = 0
    results: list[tuple[Target, str | NoSolution]] = []
    base = group[0].base
    if base in todo:
        todo.remove(base)
        results.append((base, compile_lock(base, request)))
        same += _put(*results[0], said)
    futures = {target: waiting.submit(derive, target, request) for target in todo}
    for target, future in futures.items():
        try:
            results.append((target, future.result()))
        except NoSolution as problem:
            results.append((target, problem))
        same += _put(*results[-1], said)
    done.add(results)
    gone = sum(isinstance(result, NoSolution) for _, result in results)
    facts = {"unchanged": same, "impossible": gone, "changed": len(results) - same - gone}
    words = ", ".join(f"{number} {word}" for word, number in facts.items() if number)
    return [f"{base.stem}: {words}", *said]


def _put(target: Target, result: str | NoSolution, said: list[str]) -> bool:
    """Write a lock, or remove that of an impossible target; whether a lock stays as it was."""
    file = lock.path(target)
    old = lock.text_of(file)
    if isinstance(result, NoSolution):
        file.unlink(missing_ok=True)
        if old:
            said.append(f"{lock.label(target)}: removed: {result}")
        return False
    if old != result:
        file.parent.mkdir(exist_ok=True)
        lock.write(file, result)
        said.append(f"{lock.label(target)}: {lock.difference(old, result)}")
    return old == result


def compile_lock(target: Target, request: Request) -> str:
    """The text of a base target's lock, by pip-tools under its own Python, from PyPI alone.

    pip-tools decides the pins, without hashes: for those it may download every file of every
    release. The index already tells them, so they are read there; then pip-tools compiles the
    lock over pins and hashes. Pins that come out differently are a Problem.
    """
    old = (
        lock.parse(text, lock.label(target)) if (text := lock.text_of(lock.path(target))) else None
    )
    if old and request.upgrade_package and not set(request.upgrade_package) & set(old.versions):
        return text
    cut_off, keep = _plan(target.python, old, request)

    compiler = _compiler(target.python)
    options = [option.replace(" ", "=") for option in lock.options(target)]
    command = [str(compiler), "-I", str(compiler.with_name("pip-compile")), "-q"]
    command += [f"{target.pairing.name}.in", "--resolver=backtracking", "--allow-unsafe"]
    command += ["--strip-extras", "--no-header", "--no-emit-options", "--no-emit-index-url"]
    command += ["--no-emit-find-links", "--no-emit-trusted-host"]
    command += [f"--index-url={lock.PYPI}", f"--pip-args={shlex.join(options)}"]
    if target.python != "3.7":
        command.append("--no-config")
    if cut_off:
        command.append(f"--uploaded-prior-to={cut_off}")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"{target.pairing.name}.in").write_text(lock.render_in(target))
        pins = folder / "pins.txt"
        if old and keep:
            pins.write_text(_unhashed(old.pins))
        upgrades = [f"--upgrade-package={package}" for package in request.upgrade_package]
        _tool([*command, *upgrades, "--no-annotate", "-o", pins.name], folder, target)

        decided = dict(re.findall(r"^([\w.-]+)==(\S+)", pins.read_text(), re.MULTILINE))
        hashed = folder / lock.path(target).name
        hashed.write_text(_seed(decided, target, cut_off))
        _tool([*command, "--generate-hashes", "-o", hashed.name], folder, target)
        body = hashed.read_text(encoding="utf-8").lstrip("\n")
        new = lock.parse(body, hashed.name)
        if new.versions != {canonicalize_name(n): version for n, version in decided.items()}:
            raise Problem(f"{hashed.name}: pip-tools decided differently with hashes: run it again")
    facts = lock.header(target) | {"cut-off": cut_off or "none, existing pins are kept"}
    return _render_header(target, facts) + body


def derive(target: Target, request: Request) -> str:
    """The text of the lock for another platform or variant, by uv, from that of the base target.

    uv keeps every pin of the base that can be had there, and of the old lock what the base does
    not have; pins that it keeps also keep their hashes. Raises NoSolution where nothing fits,
    Problem for anything else.
    """
    if lock.payload(target) is None:
        raise NoSolution(
            platforms.lack(
                target.pairing.tensorflow, target.python, target.platform, target.variant
            )
        )
    base = lock.read(target.base)
    old = (
        lock.parse(text, lock.label(target)) if (text := lock.text_of(lock.path(target))) else None
    )
    cut_off = base.cut_off or _kept_cut_off(target, base, old, request) or _today()
    command = [environment.uv() or "uv", "pip", "compile", "-q", f"{target.pairing.name}.in"]
    command += ["--python-platform", platforms.PLATFORMS[target.platform].uv]
    command += ["-p", str(environment.find_interpreter(target.python)), "--no-header"]
    command += [option.replace(" ", "=") for option in lock.options(target)]
    command += [*environment.from_pypi(), f"--exclude-newer={cut_off}", "-o", "pins.txt"]
    command += ["--build-constraints", str(environment.BUILD_CONSTRAINTS)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"{target.pairing.name}.in").write_text(lock.render_in(target))
        known = _preferred(target, base, old, request)
        (folder / "pins.txt").write_text(_unhashed(known.values()))
        _tool(command, folder, target)
        body = (folder / "pins.txt").read_text(encoding="utf-8")
    decided = dict(re.findall(r"^([\w.-]+)==(\S+)", body, re.MULTILINE))
    pins = {
        name: known[name]
        if name in known and known[name].version == version
        else Pin(name, version, _hashes(name, version, target, cut_off))
        for name, version in decided.items()
    }
    body = re.sub(r"(?m)^([\w.-]+)==\S+$", lambda found: _render_pin(pins[found[1]]), body)
    facts = lock.header(target, base)
    facts["compiled-by"] = _uv_version()
    if differs := _differs(target, base, pins):
        facts["differs"] = differs
    new = _render_header(target, facts | {"cut-off": cut_off}) + body
    carriers = lock.carriers(target, lock.parse(new, lock.label(target)))
    if len(carriers) > 1:
        both = " and ".join(carriers)
        raise NoSolution(f"what it requires brings both {both}, which overwrite each other's files")
    return new


def check_all(names: list[str], say: Callable[[str], None]) -> None:
    """Have uv resolve every lock for its platform, from an empty cache, installing nothing.

    uv's dry run compares no hash (0.13.9): that they are those of PyPI's files is checked here.
    Raises Problem with what it says of each lock that does not hold.
    """
    began = time.monotonic()
    pairings = pairing.load_all()
    chosen = pairing.choose(pairings, names)
    targets = [
        target
        for target in pairing.combinations(pairings)
        if target.pairing.name in chosen and lock.path(target).exists()
    ]
    failed = []
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(_WAITING) as pool,
    ):
        futures = [pool.submit(_dry_run, target, Path(folder)) for target in targets]
        for number, (target, future) in enumerate(zip(targets, futures, strict=True), 1):
            if said := future.result():
                failed.append(said)
            if number % 50 == 0 or target is targets[-1]:
                seconds = time.monotonic() - began
                say(f"{number} of {len(targets)} locks checked in {seconds:.0f} s")
    if failed:
        raise Problem(f"{len(failed)} locks do not hold:\n" + "\n".join(failed))
    say(f"all {len(targets)} locks hold: wheels for their platform, hashes, payload, nothing else")


def _dry_run(target: Target, folder: Path) -> str | None:
    file = lock.path(target)
    command = [environment.uv() or "uv", "pip", "install", "--dry-run", "--require-hashes"]
    command += ["--python-platform", platforms.PLATFORMS[target.platform].uv]
    command += ["-p", str(environment.find_interpreter(target.python))]
    command += ["--target", str(folder / "none"), *environment.from_pypi()]
    command += ["--require-build-hashes", "--build-constraints", str(environment.BUILD_CONSTRAINTS)]
    environ = environment.tool_environ(UV_CACHE_DIR=str(folder / "cache"))
    done = subprocess.run(
        [*command, "-r", str(file)],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    would = set(re.findall(r"^ \+ (\S+)==\S+$", done.stdout, re.MULTILINE))
    found = lock.read(target)
    said = done.stdout.strip().splitlines()[-12:] if done.returncode else []
    if not done.returncode and would != set(found.versions):
        said.append(f"would not install: {', '.join(sorted(set(found.versions) ^ would))}")
    said += [one for pin in found.pins for one in _strange(pin, target)]
    return "\n    ".join([f"{lock.label(target)}:", *said]) if said else None


def _strange(pin: Pin, target: Target) -> Iterator[str]:
    """What is wrong with the hashes of a pin: one is of no file there, or none of one that fits."""
    files = {file["hashes"]["sha256"]: file for file in _files(pin.name)}
    for one in sorted(set(pin.hashes) - set(files)):
        yield f"{pin.name}=={pin.version}: the hash {one} is of no file on PyPI"
    pinned = [files[one] for one in pin.hashes if one in files]
    sdist = pin.name in {canonicalize_name(one.package) for one in target.sdists}
    if not sdist and not _fits(pinned, pin.version, target):
        yield f"{pin.name}=={pin.version}: no hash is that of a wheel that fits"


def prune(
    pairings: Mapping[str, Pairing],
    impossible: Mapping[tuple[str, str, str, str], str],
    say: Callable[[str], None],
    folder: Path = lock.FOLDER,
) -> None:
    """Remove the `.in` files and locks that no pairing asks for."""
    wanted = {lock.in_path(one, folder) for one in pairings.values()}
    wanted |= {
        lock.path(target, folder)
        for target in pairing.combinations(pairings)
        if index.target_key(target) not in impossible
    }
    wanted |= {folder / "tools" / f"{name}.txt" for name in lock.tool_requirements()}
    found = {*folder.rglob("*.in"), *folder.rglob("*.txt"), *folder.rglob(".*.tmp")}
    for file in sorted(found - wanted):
        file.unlink()
        name = file.relative_to(folder).as_posix()
        say(f"requirements/{name}: removed, no pairing asks for it")
    for empty in [one for one in folder.iterdir() if one.is_dir() and not any(one.iterdir())]:
        empty.rmdir()


def proof(said: str) -> str:
    """The resolver's own reason, in one line, without the patch level of the Python here."""
    because = said[said.find("Because") :].split("hint:")[0]
    because = re.sub(r"(?<=Python version \()(3\.\d+)[.\w]*", r"\1", because)
    return " ".join(re.sub(r"[^\x20-\x7e]", " ", because).split())


def releases(project: str, before: str) -> list[str]:
    """Every release that PyPI has of a project as a wheel, uploaded before a day, not withdrawn.

    Raises Problem.
    """
    return [
        str(parse_wheel_filename(file["filename"])[1])
        for file in _files(project)
        if file["filename"].endswith(".whl")
        and not file.get("yanked")
        and file["upload-time"] < before
    ]


def renew_wheels(pairings: Mapping[str, Pairing]) -> platforms.Wheels:
    """Ask PyPI which wheels there are of the declared TensorFlow minors, and how big each is."""
    minors = {Version(one.tensorflow).release[:2] for one in pairings.values()}
    newest = {minor: Version("0") for minor in minors}
    for one in pairings.values():
        version = Version(one.tensorflow)
        newest[version.release[:2]] = max(newest[version.release[:2]], version)
    wheels: dict[str, dict[Version, dict[str, dict[str, int]]]] = {}
    for package in platforms.PACKAGES:
        releases = wheels.setdefault(package, {})
        for file in _files(package):
            found = _wheel(file)
            if found is None or file["yanked"]:
                continue
            version, python, platform = found
            if version <= newest.get(version.release[:2], Version("0")):
                sizes = releases.setdefault(version, {}).setdefault(platform, {})
                sizes[python] = file["size"]
    return {
        package: {
            str(version): {
                platform: dict(sorted(found[platform].items(), key=lambda one: _numbers(one[0])))
                for platform in platforms.PLATFORMS
                if platform in found
            }
            for version, found in sorted(releases.items())
        }
        for package, releases in wheels.items()
    }


def _wheel(file: Mapping[str, Any]) -> tuple[Version, str, str] | None:
    """Release, Python and platform of a CPython wheel that a lock may name; None for others."""
    try:
        _, version, _, tags = parse_wheel_filename(file["filename"])
    except InvalidWheelFilename:
        return None
    if version.is_prerelease or len(version.release) != 3 or version.is_postrelease:
        return None
    for tag in tags:
        python = re.fullmatch(r"cp3(\d+)", tag.interpreter)
        for platform in platforms.PLATFORMS.values():
            if python and int(python[1]) >= 7 and re.fullmatch(platform.tags, tag.platform):
                return version, f"3.{python[1]}", platform.name
    return None


def renew_tools(say: Callable[[str], None] = print) -> None:
    """Lock pip-tools for each Python, and what builds sdists, with every dependency hashed."""
    TOOLS.mkdir(exist_ok=True)
    for name, requirements in lock.tool_requirements().items():
        python = "3.7" if name == "build" else name.removeprefix("pip-tools-")
        python = "3.10" if python == "newest" else python
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "tools.in").write_text(requirements)
            command = [environment.uv() or "uv", "pip", "compile", "-q", "--generate-hashes"]
            command += ["--no-header", "--no-annotate", "--universal", "--only-binary=:all:"]
            command += [*environment.from_pypi(), f"--python-version={python}", "tools.in"]
            _tool([*command, "-o", "tools.txt"], Path(folder), name)
            body = (Path(folder) / "tools.txt").read_text(encoding="utf-8")
        lock.write(TOOLS / f"{name}.txt", f"{lock.GENERATED}\n#     nox -s lock -- --tools\n{body}")
        say(f"requirements/tools/{name}.txt: written")


def _render_header(target: Target, facts: Mapping[str, str]) -> str:
    lines = [lock.GENERATED, f"#     nox -s lock -- {target.pairing.name}", "#"]
    lines += [f"# {key}: {value}" for key, value in facts.items()]
    lines += [f"# sdist of {one.package}: {one.reason}" for one in target.sdists]
    return "\n".join([*lines, "#", *lock.options(target), "", ""])


def _render_pin(pin: Pin) -> str:
    hashes = [f"    --hash=sha256:{one}" for one in pin.hashes]
    return " \\\n".join([f"{pin.name}=={pin.version}", *hashes])


def _unhashed(pins: Iterable[Pin]) -> str:
    return "".join(f"{pin.name}=={pin.version}\n" for pin in pins)


def _preferred(target: Target, base: Lock, old: Lock | None, request: Request) -> dict[str, Pin]:
    """Name -> pin that a derived lock keeps where it can: those of its base before its own."""
    own = {pin.name: pin for pin in old.pins} if old else {}
    if not old or request.upgrade or request.cut_off:
        own = {}
    shared = {pin.name: pin for pin in base.pins}
    same = old and old.header.get("derived-from") == lock.header(target, base)["derived-from"]
    return shared | own if same else own | shared


def _differs(target: Target, base: Lock, pins: Mapping[str, Pin]) -> str:
    """The packages that a platform or variant cannot have as its base has them, and why."""
    words = []
    for name, pin in pins.items():
        there = base.versions.get(name, pin.version)
        if pin.version == there:
            continue
        if name in platforms.PACKAGES:
            why = "the newest with code there"
        elif _fits(_files(name), there, target):
            why = "which does not fit what else is there"
        else:
            why = "which has no wheel there"
        words.append(f"{name} {pin.version} instead of {there}, {why}")
    return "; ".join(words)


def _fits(files: Iterable[Mapping[str, Any]], version: str, target: Target) -> bool:
    """Whether one of some files is the wheel of a release for a target's Python and platform."""
    tags = platforms.PLATFORMS[target.platform].tags
    minor = int(target.python.split(".")[1])
    for file in files:
        try:
            _, found, _, all_tags = parse_wheel_filename(file["filename"])
        except InvalidWheelFilename:
            continue
        for tag in all_tags if found == Version(version) else ():
            exact = tag.interpreter in (f"cp3{minor}", "py3", f"py3{minor}")
            stable = re.fullmatch(r"cp3(\d+)", tag.interpreter)
            abi3 = tag.abi == "abi3" and stable is not None and int(stable[1]) <= minor
            if (exact or abi3) and (tag.platform == "any" or re.fullmatch(tags, tag.platform)):
                return True
    return False


def _dated(python: str) -> bool:
    """Whether the pip of this Python can leave out what was uploaded after a date (pip 26)."""
    return _numbers(lock.tool_pins(python)["pip"]) >= [26]


def _seed(pins: Mapping[str, str], target: Target, cut_off: str | None) -> str:
    """Pins with the hashes that pip-tools gives them: of every wheel, or of the sdist."""
    return "".join(
        _render_pin(Pin(name, version, _hashes(name, version, target, cut_off))) + "\n"
        for name, version in pins.items()
    )


def _hashes(name: str, version: str, target: Target, cut_off: str | None) -> tuple[str, ...]:
    sdist = canonicalize_name(name) in {canonicalize_name(one.package) for one in target.sdists}
    hashes = []
    for file in _files(canonicalize_name(name)):
        try:
            if sdist:
                found = parse_sdist_filename(file["filename"])[1]
            else:
                found = parse_wheel_filename(file["filename"])[1]
        except (InvalidSdistFilename, InvalidWheelFilename, InvalidVersion):
            continue
        if found == Version(version) and (not cut_off or file["upload-time"] < cut_off):
            hashes.append(file["hashes"]["sha256"])
    return tuple(sorted(hashes))


@cache
def _files(project: str) -> list[dict[str, Any]]:
    """What PyPI's index says of each file of a project (PEP 691, PEP 700)."""
    request = urllib.request.Request(
        f"{lock.PYPI}/{project}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            files: list[dict[str, Any]] = json.load(response)["files"]
    except (OSError, ValueError) as error:
        raise Problem(f"{lock.PYPI}/{project}/: cannot be read ({error}): no network?") from None
    return files


def _plan(python: str, old: Lock | None, request: Request) -> tuple[str | None, bool]:
    """The cut-off date to resolve at and record, if any, and whether existing pins are kept."""
    again = old is not None and not request.upgrade
    if not _dated(python):
        return None, again
    if old and again and (request.upgrade_package or not (old.cut_off or request.cut_off)):
        return None, True
    if request.cut_off or not (old and again):
        return request.cut_off or _today(), False
    # The date alone would not do: an index may come to list a file of before the date after it.
    return old.cut_off, True


def _kept_cut_off(target: Target, base: Lock, old: Lock | None, request: Request) -> str | None:
    """The date of a derived lock whose base records none, while the pins of its base stay."""
    if request.upgrade or old is None:
        return request.cut_off
    same = old.header.get("derived-from") == lock.header(target, base)["derived-from"]
    return request.cut_off or (old.cut_off if same else None)


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT00:00:00Z")


def _compiler(python: str) -> Path:
    tools = tomllib.loads(lock.TOOL_PINS.read_text(encoding="utf-8"))
    name = python if python in tools else "newest"
    folder = ROOT / ".nox" / f"pip-tools-py{python.replace('.', '')}"
    return environment.ensure(folder, python, TOOLS / f"pip-tools-{name}.txt")


@cache
def _uv_version() -> str:
    command = [environment.uv() or "uv", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return f"uv pip compile of {' '.join(said.split()[:2])}"


def _tool(command: list[str], folder: Path, what: Target | str) -> None:
    name = what if isinstance(what, str) else lock.label(what)
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment.tool_environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if not done.returncode:
        return
    if "No solution found when resolving" in done.stdout:
        raise NoSolution(proof(done.stdout))
    said = "\n".join("    " + line for line in done.stdout.strip().splitlines()[-20:])
    raise Problem(f"{name}: could not be compiled, the old lock stands:\n{said}")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
