"""A TensorFlow added: declared, locked, run, recorded, rowed and shown; one step after the other.

Each step looks at what is there already, so that an addition that was interrupted goes on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from packaging.version import Version
from rich.console import Console

from envs import Problem
from envs.adding import declaration, published, trials
from envs.adding.add_request import AddRequest
from envs.atlas import atlas_run, layout, row_files
from envs.atlas.atlas_request import AtlasRequest
from envs.locking import lock_request, renewal
from envs.locking.lock_request import LockRequest
from envs.model import disk, failures, index, lock, outcome_records, outcomes, pairing
from envs.model.outcomes import Kind, Run
from envs.model.pairing import Pairing, Target
from envs.names import recording
from envs.names.names_request import NamesRequest
from envs.publish import pages
from envs.running import sandbox, session_report, sessions, unpinned_install


@dataclass
class Addition:
    """An addition under way: how long each step took, and what waits for a person's words."""

    request: AddRequest
    say: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)

    @property
    def again(self) -> str:
        """The command that goes on."""
        return f"nox -s add -- {self.request.tensorflow}"

    def step(self, name: str, do: Callable[[], None]) -> None:
        """Do a step, and note how long it took."""
        self.say(f"--- {name} ---")
        began = time.monotonic()
        try:
            do()
        finally:
            self.seconds[name] = time.monotonic() - began


def add_tensorflow(request: AddRequest, say: Callable[[str], None]) -> None:
    """Add a TensorFlow, from its release to the pages.

    Raises Problem, with the list of what waits for a person's words, if anything does.
    """
    addition = Addition(request, say)
    names: list[str] = []
    addition.step("declare", lambda: names.extend(declare_release(addition)))
    addition.step("lock", lambda: _lock(names, say))
    addition.step("run", lambda: _run(names, addition))
    addition.step("names", lambda: record_names_of(names, addition))
    addition.step("unpinned install", lambda: _observe(names, addition))
    addition.step("atlas", lambda: _run_row(names, addition))
    addition.step("pages", lambda: _write_pages(addition))
    total = sum(addition.seconds.values())
    each = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in addition.seconds.items())
    say(f"{', '.join(names)}: {total:.0f} s in all: {each}")
    if addition.waiting:
        raise Problem(
            f"{', '.join(names)}: what waits for a person's words:\n"
            + "\n".join(f"- {line}" for line in addition.waiting)
            + f"\nthen run {addition.again} again: it goes on from here"
        )
    say(f"{', '.join(names)}: nothing is left to write: read the diff, and commit")


def declare_release(addition: Addition) -> list[str]:
    """Write the pairing files of the release, or see that they are there; the pairings' names."""
    request, say = addition.request, addition.say
    known = pairing.load_pairings()
    same = [name for name, other in known.items() if other.tensorflow == request.tensorflow]
    # The legacy pairing is written first: without the other, the declaration was interrupted.
    if any(known[name].kind != "legacy" for name in same):
        say(f"{', '.join(same)}: declared already")
        _remove_preview(same, known, say)
        return [*same, *_move_to_patch(request, known, say)]
    published_for = published.list_wheel_pythons(request.tensorflow)
    if moved := _move_to_patch(request, known, say):
        return moved
    pythons, missing = published.list_present_pythons(published_for)
    if missing:
        say(f"no interpreter here, so not declared: Python {', '.join(missing)}")
    if not pythons:
        raise Problem(
            f"tensorflow {request.tensorflow} is for Python {', '.join(published_for)}, and none "
            "of them is on this machine: install one"
        )
    neighbours = declaration.list_neighbours(request.tensorflow, known.values())
    tried = [
        trials.Trials.of(declared, say).find_what_it_lacks(declared, neighbours)
        for declared in declaration.declare_pairings(request, pythons)
    ]
    for whole in reversed(tried):
        disk.write_file(pairing.FOLDER / f"{whole.name}.toml", declaration.render_pairing(whole))
        say(f"{declaration.file_of(whole.name)}: written")
    names = [whole.name for whole in tried]
    _remove_preview(names, known, say)
    return names


def _move_to_patch(
    request: AddRequest, known: dict[str, Pairing], say: Callable[[str], None]
) -> list[str]:
    """Let the pairings of the same minor, and of the same finality, ask for a later patch.

    Raises Problem if they ask for a later one already.
    """
    wanted = declaration.minor_and_finality(request.tensorflow)
    new = request.tensorflow
    moved = []
    for declared in known.values():
        old, file = declared.tensorflow, declaration.file_of(declared.name)
        if old == new or declaration.minor_and_finality(old) != wanted:
            continue
        if Version(old) > Version(new):
            raise Problem(f"{file}: asks for {old}, which is later than {new}: nothing was changed")
        path = pairing.FOLDER / f"{declared.name}.toml"
        disk.write_file(path, declaration.move_release(disk.text_of(path), old, new))
        say(f"{file}: {old} -> {new}")
        moved.append(declared.name)
    return moved


def _remove_preview(
    names: list[str], known: dict[str, Pairing], say: Callable[[str], None]
) -> None:
    """Remove the pre-release that a final release replaces; its locks go as those are pruned."""
    for name in names:
        preview = known.get(f"{name}-preview")
        if preview is None:
            continue
        for path in (
            pairing.FOLDER / f"{preview.name}.toml",
            outcome_records.record_path(preview),
            row_files.row_path(preview.name),
        ):
            path.unlink(missing_ok=True)
        say(f"{preview.name}: removed, {name} replaces it")


def _lock(names: list[str], say: Callable[[str], None]) -> None:
    """Compile the locks that are missing or stale."""
    stale = [name for name in names if not _has_locks(name)]
    if not stale:
        say(f"{', '.join(names)}: locked already")
        return
    layout.list_rows.cache_clear()
    renewal.renew_locks(LockRequest(names=tuple(stale)), say)
    renewal.prune_locks(pairing.load_pairings(), index.load_reasons(), say)


def _has_locks(name: str) -> bool:
    """Whether every combination of a pairing has its lock, or a reason why there is none."""
    pairings = pairing.load_pairings()
    reasons = index.load_reasons()
    listed = {index.entry_key(entry) for entry in index.load_index()}
    for target in lock_request.select_targets(pairings, LockRequest(names=(name,))):
        key = index.target_key(target)
        if key not in listed:
            return False
        if key not in reasons:
            try:
                base = None if target == target.base else lock.read_lock(target.base)
                if lock.check_lock(target, lock.read_lock(target), base):
                    return False
            except Problem:
                return False
    return True


def _run(names: list[str], addition: Addition) -> None:
    """Run every Python of the pairings and `cpu`, and bless what is explained."""
    rules = failures.load_rules()
    for target in lock.list_executable(pairing.load_pairings()).values():
        if target.pairing.name not in names or target.variant == "cuda":
            continue
        if _is_blessed(target, rules):
            addition.say(f"{target.session}: run and blessed already")
        else:
            _run_target(target, addition)


def _is_blessed(target: Target, rules: failures.Rules) -> bool:
    try:
        executed = outcome_records.last_executed(target, rules)
    except Problem:
        return False
    return executed is not None and executed.pins == lock.read_lock(target).digest


def _run_target(target: Target, addition: Addition) -> None:
    scripts = [*outcomes.list_scripts(), "smoke"]
    cores = os.cpu_count() or 1
    futures = sessions.start_scripts(target, scripts, None, cores, sandbox.TIMEOUT, addition.say)
    ended: dict[str, Run] = {name: future.result() for name, future in futures.items()}
    if ended["smoke"].outcome.kind is not Kind.WORKS:
        addition.waiting.append(
            f"{target.session}: the environment is not whole: {ended['smoke'].outcome}\n"
            f"  add the cap that mends it to {declaration.file_of(target.pairing.name)}, "
            "with its reason"
        )
    else:
        try:
            addition.say(session_report.bless_session(target, ended))
        except Problem as problem:
            addition.waiting.append(str(problem))
    Console(width=150, stderr=True).print(session_report.render_table(target, ended), markup=False)
    sessions.drop_sessions([target.session])


def record_names_of(names: list[str], addition: Addition) -> None:
    """Look at what can be imported, on every Python, where that was not seen with these locks."""
    missing = tuple(recording.list_unrecorded(names))
    if not missing:
        addition.say(f"{', '.join(names)}: names recorded already")
        return
    try:
        recording.record_names(NamesRequest(names=missing, drop=True), addition.say)
    except Problem as problem:
        addition.waiting.append(f"the names: {problem}")


def _observe(names: list[str], addition: Addition) -> None:
    """Type the document's commands, unpinned, for the pairings of which none was observed."""
    path = unpinned_install.FILE
    observed = unpinned_install.load_observations() if path.exists() else {}
    if new := [name for name in names if name not in observed]:
        unpinned_install.renew_observations(new, addition.say)
    else:
        addition.say(f"{', '.join(names)}: observed already")


def _run_row(names: list[str], addition: Addition) -> None:
    """Run the atlas rows of the pairings that are rows."""
    layout.list_rows.cache_clear()
    rows = tuple(name for name in names if name in layout.list_rows())
    try:
        atlas_run.run_atlas(AtlasRequest(names=rows), addition.say)
    except Problem as problem:
        addition.waiting.append(f"the atlas: {problem}")


def _write_pages(addition: Addition) -> None:
    try:
        pages.write_pages()
    except Problem as problem:
        addition.waiting.append(str(problem))
