"""Renewal: locks compiled, derived and pruned; one that was interrupted goes on."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from envs import ROOT, Problem
from envs.locking import derivation, lock_request, lock_text, pip_tools, pypi, resolver, tool_locks
from envs.locking.lock_request import LockRequest
from envs.locking.resolver import NoSolution
from envs.model import disk, index, lock, pairing, platforms
from envs.model.pairing import Pairing, Target

PROGRESS = ROOT / ".nox" / "lock-progress.json"


def renew_locks(request: LockRequest, say: Callable[[str], None] = print) -> None:
    """Compile locks, derive those of platforms and variants, and write the index.

    Each file is written whole or not at all; a renewal that was interrupted goes on where it
    stopped. Renewing all also removes the files that no pairing asks for. Raises Problem.
    """
    if platforms.this_platform() != platforms.LINUX:
        raise Problem("locks are compiled on Linux x86_64, which every later step derives from")
    began = time.monotonic()
    pairings = pairing.load_pairings()
    lock.FOLDER.mkdir(exist_ok=True)
    if request.tools or not tool_locks.TOOLS.is_dir():
        tool_locks.renew_tool_locks(say)
    impossible = index.load_reasons()
    wheels = pypi.fetch_wheels(pairings)
    index.write_wheels(wheels)
    pairing.load_pairings(wheels=wheels)
    chosen = lock_request.select_targets(pairings, request)
    for one in pairings.values():
        if request.whole or one.name in request.names:
            disk.write_file(lock.in_path(one), lock.render_in(Target(one, one.pythons[0])))
    done = _Done.load(chosen, request)
    groups = [list(group) for _, group in groupby(chosen, lambda target: target.base)]
    # Twice the cores: while one group waits for the index, another compiles.
    with (
        ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool,
        ThreadPoolExecutor(resolver.WAITING) as waiting,
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
        prune_locks(pairings, impossible, say)
    disk.write_file(pairing.INDEX, index.render_index(pairings, wheels, impossible))
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
    def load(cls, targets: Iterable[Target], request: LockRequest) -> _Done:
        """What was done of the same request: same targets, requirements, tools and day."""
        bases = {target.base: lock.render_in(target.base) for target in targets}
        facts = [repr(request), lock_text.today(), lock.TOOL_PINS.read_text(encoding="utf-8")]
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
            return not lock.lock_path(target).exists()
        digest = self.files.get(lock.lock_label(target))
        return digest is not None and digest == _sha256(disk.text_of(lock.lock_path(target)))

    def add(self, results: Iterable[tuple[Target, str | NoSolution]]) -> None:
        """Note what was done, in the file too; groups are done side by side."""
        with self.alone:
            for target, result in results:
                if isinstance(result, NoSolution):
                    self.impossible[index.target_key(target)] = str(result)
                else:
                    self.files[lock.lock_label(target)] = _sha256(result)
            PROGRESS.parent.mkdir(exist_ok=True)
            impossible = [[list(key), reason] for key, reason in self.impossible.items()]
            data = {"request": self.request, "files": self.files, "impossible": impossible}
            disk.write_file(PROGRESS, json.dumps(data))

    def forget(self) -> None:
        PROGRESS.unlink(missing_ok=True)


def _renew_group(
    group: list[Target], request: LockRequest, done: _Done, waiting: ThreadPoolExecutor
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
        results.append((base, pip_tools.compile_lock(base, request)))
        same += _put(*results[0], said)
    futures = {target: waiting.submit(derivation.derive_lock, target, request) for target in todo}
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
    file = lock.lock_path(target)
    old = disk.text_of(file)
    if isinstance(result, NoSolution):
        file.unlink(missing_ok=True)
        if old:
            said.append(f"{lock.lock_label(target)}: removed: {result}")
        return False
    if old != result:
        file.parent.mkdir(exist_ok=True)
        disk.write_file(file, result)
        said.append(f"{lock.lock_label(target)}: {disk.describe_change(old, result)}")
    return old == result


def prune_locks(
    pairings: Mapping[str, Pairing],
    impossible: Mapping[tuple[str, str, str, str], str],
    say: Callable[[str], None],
    folder: Path = lock.FOLDER,
) -> None:
    """Remove the `.in` files and locks that no pairing asks for."""
    wanted = {lock.in_path(one, folder) for one in pairings.values()}
    wanted |= {
        lock.lock_path(target, folder)
        for target in pairing.list_combinations(pairings)
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


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
