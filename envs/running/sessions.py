"""Sessions: run the scripts of a target in its environment, and compare with its record."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from envs import ROOT, Problem
from envs.model import host, lock, nearest_lock, outcomes, pairing, results
from envs.model.disk import NotWritable
from envs.model.failures import Rules
from envs.model.outcomes import Kind, Outcome, Run
from envs.model.pairing import Target
from envs.running import installation, installers, interpreters, sandbox
from envs.running.installation import CouldNotInstall
from envs.running.interpreters import NoInterpreter

Say = Callable[[str], object]

SMOKE = results.SMOKE

_COMPILED = ("keras", "tensorflow_core", "tensorflow")
"""Packages of which `import tensorflow` imports nearly every module."""

_SHOWN = ("tensorflow", "keras", "keras-nightly", "tf-keras", "numpy", "protobuf", "h5py")


def environment_folder(target: Target) -> Path:
    """The folder of the environment of a target."""
    return ROOT / ".nox" / target.session


def bytecode_folder(target: Target) -> Path:
    """The folder for the bytecode of the modules that the scripts of a target import.

    The first import of TensorFlow compiles more than a thousand files, which takes longer than
    anything else in a new environment. So the bytecode is kept when the environment is removed, as
    long as the pins stay the same. Old bytecode is harmless: Python checks the size and the time of
    each source file. Raises Problem if the lock cannot be read.
    """
    return ROOT / ".nox" / "bytecode" / target.session / lock.read_lock(target).digest


def drop_sessions(names: list[str]) -> None:
    """Remove the environments of the named sessions, or of all if none is named.

    Also removes TensorFlow from uv's cache. Raises Problem for an unknown name.
    """
    known = lock.list_executable(pairing.load_pairings(), host.find_host())
    for name in pairing.choose_names(known, names):
        installation.drop_environment(environment_folder(known[name]))
        shutil.rmtree(bytecode_folder(known[name]).parent, ignore_errors=True)
    installation.drop_cached_tensorflow()


def start_scripts(
    target: Target,
    names: Iterable[str],
    installer: str | None,
    jobs: int,
    timeout: float,
    say: Say,
) -> dict[str, Future[Run]]:
    """Create the environment of a target, and start scripts in it, `jobs` at a time.

    Returns script -> its run, which may still be under way. `timeout` is in seconds for each
    script. `say` gets a line for everything that was repaired in the environment. If there is no
    interpreter, or the lock cannot be installed, every script gets that as its outcome.
    Raises Problem if the target has no lock, or if the lock does not belong to its pairing, or
    breaks a rule for locks.
    """
    if not lock.lock_path(target).exists():
        raise Problem(nearest_lock.explain_session(target))
    base = lock.read_lock(target.base) if target != target.base else None
    if problems := lock.check_lock(target, lock.read_lock(target), base):
        raise Problem("\n".join(problems))
    try:
        python = installation.ensure_environment(
            environment_folder(target), target.python, lock.lock_path(target), installer, say
        )
    except NoInterpreter as problem:
        failed = Run(Outcome(Kind.NO_INTERPRETER, message=str(problem)))
    except (CouldNotInstall, NotWritable) as problem:
        failed = Run(Outcome(Kind.COULD_NOT_INSTALL, message=str(problem)))
    else:
        return _submit_scripts(target, python, names, jobs, timeout)
    futures: dict[str, Future[Run]] = {}
    for name in names:
        futures[name] = Future()
        futures[name].set_result(failed)
    return futures


def _submit_scripts(
    target: Target, python: Path, names: Iterable[str], jobs: int, timeout: float
) -> dict[str, Future[Run]]:
    """Start scripts in an environment, and compile its packages beside the first of them."""
    paths = outcomes.list_scripts() | {"smoke": SMOKE}
    bytecode = bytecode_folder(target)
    for old in set(bytecode.parent.glob("*")) - {bytecode}:
        shutil.rmtree(old, ignore_errors=True)
    futures: dict[str, Future[Run]] = {}
    pool = ThreadPoolExecutor(jobs)
    # `smoke` takes longest, so it starts first: no core is left with it at the end.
    for place, name in enumerate(sorted(names, key=lambda name: name != "smoke")):
        if place == 1 and jobs > 1 and not bytecode.exists():
            # Python 3.7 never creates this folder: without mkdir, every session would compile.
            bytecode.mkdir(parents=True)
            pool.submit(_compile, target, python)
        env = target.pairing.env
        futures[name] = pool.submit(
            sandbox.run_script, paths[name], python, env, timeout, bytecode=bytecode
        )
    pool.shutdown(wait=False)
    return futures


def _compile(target: Target, python: Path) -> None:
    """Compile the modules that the first script imports, in reverse order, while it runs.

    The script compiles from the front and this from the back, so they rarely do the same file. A
    second script would compile the same files as the first. Nothing depends on this: a script
    compiles whatever it needs and does not find.
    """
    files = [
        str(file)
        for site in installation.find_site_packages(environment_folder(target))
        for package in _COMPILED
        for file in sorted((site / package).rglob("*.py"), reverse=True)
    ]
    options = ["-I", "-X", f"pycache_prefix={bytecode_folder(target)}", "-m", "compileall", "-qq"]
    subprocess.run([python, *options, "-i", "-"], input="\n".join(files), text=True)


def object_to_run(
    target: Target, script: str, expected: Outcome, run_: Run, rules: Rules
) -> str | None:
    """Why a run is not as expected, or breaks a rule that holds in every pairing; None if fine."""
    if run_.outcome != expected:
        return describe_mismatch(target, script, expected, run_)
    return rules.broken(script, run_.outcome)


def describe_mismatch(target: Target, script: str, expected: Outcome | None, run_: Run) -> str:
    """A report of a run that did not end as expected: what to see, and how to repeat it."""
    python = interpreters.interpreter_in(environment_folder(target)).relative_to(ROOT)
    path = (SMOKE if script == "smoke" else outcomes.list_scripts()[script]).relative_to(ROOT)
    repeat = installers.describe_command(target.pairing.env, f"{python} -I {path}")
    installed = installation.list_installed(environment_folder(target))
    versions = [f"{name} {installed[name]}" for name in _SHOWN if name in installed]
    return "\n".join(
        [
            f"{target.label}: {script}",
            f"  expected     {expected or 'nothing is recorded'}",
            f"  happened     {run_.outcome}",
            f"  repeat       {repeat}",
            f"  interpreter  Python {target.python}, {python}",
            f"  installed    {', '.join(versions) or 'nothing'}",
            f"  record       nox -s {target.session} -- --bless   (if this is right)",
            "  output       " + "\n               ".join(run_.output.strip().splitlines()[-15:]),
        ]
    )
