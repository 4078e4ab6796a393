"""Renewal: compile, derive and prune locks; an interrupted renewal goes on where it stopped."""

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

from envs import ROOT
from envs.locking import derivation, lock_request, lock_text, pip_tools, pypi, resolver, tool_locks
from envs.locking.lock_request import LockRequest
from envs.locking.resolver import NoSolution
from envs.model import disk, host, index, lock, pairing
from envs.model.pairing import Pairing, Target

PROGRESS = ROOT / ".nox" / "lock-progress.json"


def renew_locks(request: LockRequest, say: Callable[[str], None] = print) -> None:
    """Compile the base locks, derive those of other platforms and variants, write the index.

    Each file is written whole or not at all. An interrupted renewal goes on where it stopped. A
    request for all locks also removes the files that no pairing asks for. Raises Problem.
    """
    pairings = pairing.load_pairings()
    pairing.choose_names(pairings, [*request.names])
    host.require_linux("locks are compiled, and those of other platforms derived,")
    began = time.monotonic()
    lock.FOLDER.mkdir(exist_ok=True)
    if request.tools or not tool_locks.TOOLS.is_dir():
        tool_locks.renew_tool_locks(say)
    impossible = index.load_reasons()
    wheels = pypi.fetch_wheels(pairings)
    index.write_wheels(wheels)
    pairing.load_pairings(wheels=wheels)
    chosen = lock_request.select_targets(pairings, request)
    for pairing_ in pairings.values():
        if request.whole or pairing_.name in request.names:
            base = Target(pairing_, pairing_.pythons[0])
            disk.write_file(lock.in_path(pairing_), lock.render_in(base))
    done = _Done.load(chosen, request)
    _renew_groups(chosen, request, done, say)
    renewed = {index.target_key(target) for target in chosen}
    impossible = {key: reason for key, reason in impossible.items() if key not in renewed}
    impossible |= done.impossible
    if request.whole:
        prune_locks(pairings, impossible, say)
    disk.write_file(pairing.INDEX, index.render_index(pairings, wheels, impossible))
    done.forget()
    count = sum(index.target_key(target) not in impossible for target in chosen)
    say(f"{count} locks renewed in {time.monotonic() - began:.0f} s")


def _renew_groups(
    chosen: list[Target], request: LockRequest, done: _Done, say: Callable[[str], None]
) -> None:
    """Renew the chosen targets, those of one pairing and Python together, several side by side."""
    groups = [list(group) for _, group in groupby(chosen, lambda target: target.base)]
    # Twice the cores, because one group can compile while another waits for the index.
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


@dataclass
class _Done:
    """What a renewal has done so far. It is kept in a file until the renewal is complete."""

    request: str
    files: dict[str, str] = field(default_factory=dict)
    impossible: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    alone: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def load(cls, targets: Iterable[Target], request: LockRequest) -> _Done:
        """What an interrupted renewal did; nothing if its request, tools or day were others."""
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
        """Whether the lock of a target is done and unchanged since."""
        if index.target_key(target) in self.impossible:
            return not lock.lock_path(target).exists()
        digest = self.files.get(lock.lock_label(target))
        return digest is not None and digest == _sha256(disk.text_of(lock.lock_path(target)))

    def add(self, results: Iterable[tuple[Target, str | NoSolution]]) -> None:
        """Note results, in memory and in the file. Several threads may call it."""
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
        """Remove the file: the renewal is complete."""
        PROGRESS.unlink(missing_ok=True)


def _renew_group(
    group: list[Target], request: LockRequest, done: _Done, waiting: ThreadPoolExecutor
) -> list[str]:
    """Renew the targets of one pairing and Python. Returns a summary, then each change."""
    todo = [target for target in group if not done.holds(target)]
    if not todo:
        return [f"{group[0].stem}: done before the interruption"]
    changes: list[str] = []
    same = 0
    results: list[tuple[Target, str | NoSolution]] = []
    base = group[0].base
    if base in todo:
        todo.remove(base)
        results.append((base, pip_tools.compile_lock(base, request)))
        same += _put(*results[0], changes)
    futures = {target: waiting.submit(derivation.derive_lock, target, request) for target in todo}
    for target, future in futures.items():
        try:
            results.append((target, future.result()))
        except NoSolution as problem:
            results.append((target, problem))
        same += _put(*results[-1], changes)
    done.add(results)
    gone = sum(isinstance(result, NoSolution) for _, result in results)
    counts = {"unchanged": same, "impossible": gone, "changed": len(results) - same - gone}
    summary = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    return [f"{base.stem}: {summary}", *changes]


def _put(target: Target, result: str | NoSolution, changes: list[str]) -> bool:
    """Write the lock of a target, or remove it if it is impossible; add what changed to `changes`.

    Returns whether there is a lock, and it did not change.
    """
    file = lock.lock_path(target)
    old = disk.text_of(file)
    if isinstance(result, NoSolution):
        file.unlink(missing_ok=True)
        if old:
            changes.append(f"{lock.lock_label(target)}: removed: {result}")
        return False
    if old != result:
        file.parent.mkdir(exist_ok=True)
        disk.write_file(file, result)
        changes.append(f"{lock.lock_label(target)}: {disk.describe_change(old, result)}")
    return old == result


def prune_locks(
    pairings: Mapping[str, Pairing],
    impossible: Mapping[tuple[str, str, str, str], str],
    say: Callable[[str], None],
    folder: Path = lock.FOLDER,
) -> None:
    """Remove the `.in` files and locks that no pairing asks for, and folders left empty."""
    wanted = {lock.in_path(pairing_, folder) for pairing_ in pairings.values()}
    wanted |= {
        lock.lock_path(target, folder)
        for target in pairing.list_combinations(pairings)
        if index.target_key(target) not in impossible
    }
    wanted |= {folder / "tools" / f"{name}.txt" for name in lock.tool_requirements()}
    existing = {*folder.rglob("*.in"), *folder.rglob("*.txt"), *folder.rglob(".*.tmp")}
    for file in sorted(existing - wanted):
        file.unlink()
        name = file.relative_to(folder).as_posix()
        say(f"requirements/{name}: removed, no pairing asks for it")
    for subfolder in list(folder.iterdir()):
        if subfolder.is_dir() and not any(subfolder.iterdir()):
            subfolder.rmdir()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
