"""The ways to run one pairing that are compared: the document's, an expert's, a session."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from envs import ROOT, Problem
from envs.bench import stopwatch
from envs.bench.stopwatch import Part
from envs.model import failures, host, lock, outcome_records, outcomes, pairing, working_copy
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Target
from envs.running import classification, installers, interpreters, sessions, unpinned_install

# --- one pairing ---


def time_one_pairing(part: Part) -> None:
    """Time every way in turn, each with its own cache, empty at first. Raises Problem."""
    target = lock.list_executable(pairing.load_pairings(), host.find_host())["tf212"]
    base = interpreters.find_interpreter(target.python)
    for _ in range(part.repeat):
        _document(part, target, base)
        _expert(part, target, base)
        _session(part, target)


def _document(part: Part, target: Target, base: Path) -> None:
    """The way of the document: pip, then the scripts one by one."""
    env, cache = part.folder / "document", part.folder / "cache"
    python = interpreters.interpreter_in(env)
    with part.timed("document"):
        stopwatch.run_command(base, "-m", "venv", env)
        for command in unpinned_install.document_commands(target.pairing):
            stopwatch.run_command(python, "-m", *command.split(), PIP_CACHE_DIR=str(cache))
        _scripts(target, python, jobs=1)
    _remove(env, cache)


def _expert(part: Part, target: Target, base: Path) -> None:
    """The way of an expert: uv, with an empty and with a full cache, then all scripts at once."""
    env, cache = part.folder / "expert", part.folder / "cache"
    python = interpreters.interpreter_in(env)
    uv = installers.find_uv()
    if not uv:
        raise Problem("there is no uv on this machine to compare with: pip install uv")
    requirements = [
        command.removeprefix("pip install ")
        for command in unpinned_install.document_commands(target.pairing)
    ]
    for figure in ("expert", "expert-warm"):
        with part.timed(figure):
            stopwatch.run_command(uv, "venv", "-p", base, env, UV_CACHE_DIR=str(cache))
            stopwatch.run_command(
                uv, "pip", "install", "-p", python, *requirements, UV_CACHE_DIR=str(cache)
            )
            _scripts(target, python, jobs=stopwatch.CORES, locked=False)
        _remove(env)
    _remove(cache)


def _session(part: Part, target: Target) -> None:
    """A session: with an empty cache, with a new environment, unchanged, and its scripts alone."""
    cache, name = part.folder / "cache", target.session
    copied = working_copy.copy_checkout(part.folder / "checkout")
    env = copied / sessions.environment_folder(target).relative_to(ROOT)
    for figure in ("session-empty", "session-new", "session-unchanged"):
        if figure == "session-new":
            _remove(env)
        with part.timed(figure):
            stopwatch.run_nox(
                "-s", name, cwd=copied, UV_CACHE_DIR=str(cache), PIP_CACHE_DIR=str(cache)
            )
    bytecode = copied / sessions.bytecode_folder(target).relative_to(ROOT)
    with part.timed("floor"):
        _scripts(target, interpreters.interpreter_in(env), jobs=stopwatch.CORES, bytecode=bytecode)
    _remove(copied, cache)


def _scripts(
    target: Target, python: Path, jobs: int, bytecode: Path | None = None, *, locked: bool = True
) -> None:
    """Run the scripts of a session without its checks. Raises Problem for another outcome.

    Without a lock, packages may be missing or unfit. Then `smoke` may fail in its last step, which
    starts `tensorboard`. That way is timed all the same, though the failure makes it faster.
    """
    expected = {"smoke": Outcome(Kind.WORKS)}
    expected |= outcome_records.load_record(target, failures.load_rules())
    paths = {"smoke": sessions.SMOKE} | outcomes.list_scripts()
    with ThreadPoolExecutor(jobs) as pool:
        ended = pool.map(lambda path: _script(path, python, bytecode), paths.values())
        for name, happened in zip(paths, ended, strict=True):
            spared = not locked and name == "smoke" and "'--version'" in happened.message
            if happened != expected[name] and not spared:
                raise Problem(
                    f"{name}: {happened}: this is not the recorded outcome: no time is recorded"
                )


def _script(path: Path, python: Path, bytecode: Path | None) -> Outcome:
    options = ["-X", f"pycache_prefix={bytecode}"] if bytecode else []
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile() as err:
        environ = installers.tool_environ(HOME=home)
        if bytecode:
            # For processes that the script starts, as in a session.
            environ["PYTHONPYCACHEPREFIX"] = str(bytecode)
        done = subprocess.run(
            [python, *options, path], cwd=home, env=environ, stdout=subprocess.DEVNULL, stderr=err
        )
        return classification.classify_exit(done.returncode, err)


def _remove(*folders: Path) -> None:
    for folder in folders:
        # pip creates no cache folder if the index forbids caching.
        if folder.exists():
            shutil.rmtree(folder)
