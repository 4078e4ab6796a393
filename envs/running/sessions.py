"""Sessions: the scripts of a target, run in its environment and held to its record."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from envs import ROOT, Problem
from envs.model import lock, outcomes, pairing
from envs.model.disk import NotWritable
from envs.model.failures import Rules
from envs.model.outcomes import Kind, Outcome, Run
from envs.model.pairing import Target
from envs.running import installation, installers, interpreters, sandbox
from envs.running.installation import CouldNotInstall
from envs.running.interpreters import NoInterpreter

Say = Callable[[str], object]

SMOKE = Path(__file__).with_name("smoke.py")

_COMPILED = ("keras", "tensorflow_core", "tensorflow")
"""Folders of which `import tensorflow` imports nearly all."""

_SHOWN = ("tensorflow", "keras", "keras-nightly", "tf-keras", "numpy", "protobuf", "h5py")


def environment_folder(target: Target) -> Path:
    """Where the environment of a target is made."""
    return ROOT / ".nox" / target.session


def bytecode_folder(target: Target) -> Path:
    """Where the scripts of a target keep the bytecode of what they import.

    Importing TensorFlow compiles more than a thousand files, which takes longer than all else in
    a new environment; so this outlives the environment, as long as the pins are the same. It is no
    result of a run: Python compares each file's size and time with those of its source.
    """
    return ROOT / ".nox" / "bytecode" / target.session / lock.read_lock(target).digest


def drop_sessions(names: list[str]) -> None:
    """Remove the environments of targets, or of all, and TensorFlow from uv's cache."""
    known = lock.list_executable(pairing.load_pairings())
    for name in pairing.choose_names(known, names):
        installation.drop_environment(environment_folder(known[name]))
        shutil.rmtree(bytecode_folder(known[name]).parent, ignore_errors=True)
    for package in ("tensorflow", "tensorflow-cpu"):
        installation.drop_cached(package)


def start_scripts(
    target: Target,
    names: Iterable[str],
    installer: str | None,
    jobs: int,
    timeout: float,
    say: Say,
) -> dict[str, Future[Run]]:
    """Make the environment of a target, then run scripts in it, `jobs` at a time.

    Where there is no interpreter, or the lock cannot be installed, that is every script's outcome.
    `say` is told what had to be mended in the environment. Raises Problem for a lock that is not
    its pairing's, or holds what a lock must not.
    """
    base = lock.read_lock(target.base) if target != target.base else None
    if problems := lock.check_lock(target, lock.read_lock(target), base):
        raise Problem("\n".join(problems))
    futures: dict[str, Future[Run]] = {}
    paths = outcomes.list_scripts() | {"smoke": SMOKE}
    try:
        python = installation.ensure_environment(
            environment_folder(target), target.python, lock.lock_path(target), installer, say
        )
    except NoInterpreter as problem:
        failed = Run(Outcome(Kind.NO_INTERPRETER, message=str(problem)))
    except (CouldNotInstall, NotWritable) as problem:
        failed = Run(Outcome(Kind.COULD_NOT_INSTALL, message=str(problem)))
    else:
        cache = bytecode_folder(target)
        for old in set(cache.parent.glob("*")) - {cache}:
            shutil.rmtree(old, ignore_errors=True)
        pool = ThreadPoolExecutor(jobs)
        # The longest first, so that no core is left with it at the end.
        for place, name in enumerate(sorted(names, key=lambda name: name != "smoke")):
            if place == 1 and jobs > 1 and not cache.exists():
                # Python 3.7 does not make it, and would have its own compiled each time.
                cache.mkdir(parents=True)
                pool.submit(_compile, target, python)
            futures[name] = pool.submit(
                sandbox.run_script, paths[name], python, target.pairing.env, timeout, bytecode=cache
            )
        pool.shutdown(wait=False)
        return futures
    for name in names:
        futures[name] = Future()
        futures[name].set_result(failed)
    return futures


def _compile(target: Target, python: Path) -> None:
    """Compile what the first script will import, from the other end, while it imports it.

    Two scripts at once would compile the same files at the same time. Nothing depends on this:
    what is not compiled when a script needs it, the script compiles.
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
    """Why the run of a script is not as recorded or as it must be; None if all is well."""
    if run_.outcome != expected:
        return describe_mismatch(target, script, expected, run_)
    return rules.broken(script, run_.outcome)


def describe_mismatch(target: Target, script: str, expected: Outcome | None, run_: Run) -> str:
    """What a person needs to see, and to repeat, a run that did not end as expected."""
    python = interpreters.interpreter_in(environment_folder(target)).relative_to(ROOT)
    path = (SMOKE if script == "smoke" else outcomes.list_scripts()[script]).relative_to(ROOT)
    found = installation.list_installed(environment_folder(target))
    versions = [f"{name} {found[name]}" for name in _SHOWN if name in found]
    return "\n".join(
        [
            f"{target.session}: {script}",
            f"  expected     {expected or 'nothing is recorded'}",
            f"  happened     {run_.outcome}",
            f"  repeat       {installers.describe_variables(target.pairing.env)}{python} -I {path}",
            f"  interpreter  Python {target.python}, {python}",
            f"  installed    {', '.join(versions) or 'nothing'}",
            f"  record       nox -s {target.session} -- --bless   (if this is right)",
            "  output       " + "\n               ".join(run_.output.strip().splitlines()[-15:]),
        ]
    )
