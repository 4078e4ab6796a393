"""Run sessions on emulated machines, as a reader there would, and collect what they saw."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from envs import Problem
from envs.emulation import emulation_request, emulation_results, tools
from envs.emulation.emulation_request import EmulationRequest
from envs.emulation.machine import Machine
from envs.model import disk, results
from envs.model.pairing import Target

Say = Callable[[str], None]

SCRIPT_TIMEOUT = 1800
"""How many seconds a script may take: an emulator is slow, and more so beside other work."""

TIMEOUT = 4 * 3600.0
"""How many seconds a session may take."""

LITTLE = 6 * 2**30
"""Free bytes below which no session starts: an environment takes 1.5 GB, and its wheels as much."""


def run_emulation(request: EmulationRequest, say: Say) -> list[str]:
    """Run the sessions of a request; what must be said of those that failed, one text each.

    A session fails if it gives no result; with `share` also if it ended otherwise than recorded.
    Raises Problem if this machine cannot emulate.
    """
    if objection := tools.object_to_making():
        raise Problem(objection)
    if request.share:
        chosen = emulation_request.choose_emulation_share(request)
    else:
        chosen = emulation_request.choose_targets(request)
    if not chosen:
        say("nothing to emulate: every lock has a current record")
    problems: list[str] = []
    for platform, targets in chosen.items():
        machine = emulation_request.MACHINES[platform]()
        with _alone(machine):
            problems += _run_sessions(machine, targets, request, say)
    return problems


def check_run(problems: Sequence[str]) -> None:
    """Raise Problem if a session failed, or if its result was not recorded."""
    if problems:
        raise Problem("\n".join(problems))


@contextmanager
def _alone(machine: Machine) -> Iterator[None]:
    """Hold a machine alone: a second run would remake what the first uses. Raises Problem."""
    from filelock import FileLock, Timeout

    machine.folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{machine.folder}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise Problem(
            f"another nox -s emulate uses {disk.shorten(machine.folder)}: wait until it ends, or "
            "run in another checkout"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _run_sessions(
    machine: Machine, targets: Sequence[Target], request: EmulationRequest, say: Say
) -> list[str]:
    """Run the sessions of one machine; what must be said of those that failed."""
    lacking = machine.make_ready({target.python for target in targets}, say)
    problems = [
        f"{target.label}: not run: {lacking[target.python]}"
        for target in targets
        if target.python in lacking
    ]
    targets = [target for target in targets if target.python not in lacking]
    emulator = machine.find_emulator()
    say(f"{machine.platform}: {len(targets)} sessions with {emulator}")
    pool = ThreadPoolExecutor(request.jobs)
    keep = request.share is None
    runs = [pool.submit(_run_session, machine, emulator, target, keep, say) for target in targets]
    try:
        return problems + [problem for run in runs if (problem := run.result())]
    finally:
        # A run that is interrupted must not wait for sessions that take minutes.
        pool.shutdown(wait=False, cancel_futures=True)
        machine.end_sessions()


def _run_session(
    machine: Machine, emulator: str, target: Target, keep: bool, say: Say
) -> str | None:
    """Run one session; what makes the whole run red, or None."""
    if shutil.disk_usage(machine.folder).free < LITTLE:
        return f"{target.label}: not run: the disk has less than {LITTLE // 2**30} GB left"
    began = time.monotonic()
    log = machine.logs / f"{target.session}.log"
    (machine.results / results.result_name(target)).unlink(missing_ok=True)
    session = [
        *("-m", "pytest", "tests/test_examples.py", f"--target={target.session}"),
        f"--script-timeout={SCRIPT_TIMEOUT}",
        # With a blank before it, pytest would look for its settings there, too.
        *("--jobs", "1", "--drop", f"--measure={machine.path_inside(machine.results)}"),
    ]
    environ = {results.EMULATOR: emulator, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    code = machine.run_python(session, log, TIMEOUT, environ)
    result = emulation_results.collect_result(target, machine.results, keep)
    took = f"({time.monotonic() - began:.0f} s)"
    if result is None:
        why = f"ended with {code}" if code is not None else f"took longer than {TIMEOUT:g} s"
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-15:]
        said = "\n".join("    " + line for line in last)
        problem = f"{target.label}: no result: pytest {why} {took}: {disk.shorten(log)}\n{said}"
        say(problem)
        return problem
    mismatches = emulation_results.list_mismatches(target, result)
    if mismatches:
        differs = "\n".join([f"{target.label}: ends otherwise {took}", *mismatches])
        say(differs.replace("\n", "\n    "))
        return None if keep else differs
    say(f"{target.label}: as recorded {took}")
    return None
