"""Faults of an install: a kill, a damaged cache, a bad index, no network, a full disk."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from fault_rigs import Index, Installs, cut_off, small_disk
from faults import Fault
from samples import TF212

from envs import Problem
from envs.model import failures, lock, outcome_records, outcomes
from envs.model.disk import write_file
from envs.running import installation, interpreters, sandbox

pytestmark = pytest.mark.faults

SEED = 20261124

both = pytest.mark.parametrize("installer", ["uv", "pip"])


def kill_at(installs: Installs, seconds: float) -> int:
    """Start a run, kill it and its processes after some seconds, and return its exit code."""
    process = installs.start()
    time.sleep(seconds)
    if sys.platform == "win32":
        pytest.skip("a run is killed with its process group, which Windows does not have")
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return process.returncode


def killed_again_and_again(fault: Fault, installs: Installs, times: int) -> None:
    """Kill a run at random moments. Each time, the next run must leave a complete environment."""
    whole = installs.duration()
    moments = random.Random(SEED)
    killed = 0
    reported = ""
    for _ in range(times):
        shutil.rmtree(installs.env)
        shutil.rmtree(installs.folder / "cache", ignore_errors=True)
        code = kill_at(installs, moments.uniform(0, whole))
        killed += code == -9  # SIGKILL
        code, output = installs()
        reported = output or reported
        assert code == 0, output
        message = r".*/env: its installation did not finish: recreating the environment\n"
        assert re.fullmatch(rf"({message})?", output), output
        installs.whole()
        fault.green(*installs())
    assert killed > times / 2, f"only {killed} of {times} runs were still under way, seed {SEED}"
    fault.mended(0, reported, "its installation did not finish: recreating the environment")


@pytest.mark.parametrize(("installer", "times"), [("uv", 20), ("pip", 3)])
def test_killed_at_random_moments(
    fault: Fault, installs: Installs, installer: str, times: int
) -> None:
    killed_again_and_again(fault, replace(installs, installer=installer), times)


def test_killed_at_5_random_moments_with_tensorflow(fault: Fault, tmp_path: Path) -> None:
    """The complete lock of tf212, linked from the cache of this machine."""
    installs = Installs(tmp_path, lock.lock_path(TF212), "uv")
    installs.duration()
    installation.drop_environment(installs.env)
    whole = installs.duration()
    moments = random.Random(SEED)
    for _ in range(5):
        installation.drop_environment(installs.env)
        kill_at(installs, moments.uniform(0.3, whole))
    fault.mended(*installs(), "its installation did not finish: recreating the environment")
    fault.green(*installs())
    correction = outcomes.list_scripts()["broken_import/correction"]
    run = sandbox.run_script(correction, interpreters.interpreter_in(installs.env), {})
    assert run.outcome.kind == "works", run.output
    installation.drop_environment(installs.env)


# --- a damaged cache ---


DAMAGE = {
    "a truncated file": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "a swapped file": lambda path: path.write_bytes(b"print('swapped')\n"),
    "a deleted file": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_wheel_in_the_cache(fault: Fault, installs: Installs, damage: str) -> None:
    """The cache is that of uv, which holds unpacked wheels."""
    installs.duration()
    installation.drop_environment(installs.env)
    (cached,) = (installs.folder / "cache").glob("archive-v0/*/six.py")
    DAMAGE[damage](cached)
    what = r"six: lib/.*/six.py is not what the wheel holds: the cache is damaged; downloading six"
    fault.mended(*installs(), what)
    installs.whole()
    fault.green(*installs())
    installation.drop_environment(installs.env)
    fault.green(*installs())


@pytest.mark.parametrize("damage", ["truncated", "swapped"])
def test_every_file_of_the_cache(fault: Fault, installs: Installs, damage: str) -> None:
    """The cache is that of uv. pip caches only HTTPS downloads, and checks their hashes again."""
    installs.duration()
    installation.drop_environment(installs.env)
    cache = installs.folder / "cache"
    files = [path for path in cache.rglob("*") if path.is_file()]
    # The cached facts about interpreters have their own test, below.
    files = [path for path in files if "interpreter" not in path.relative_to(cache).parts[0]]
    contents = [path.read_bytes() for path in files]
    assert len(files) > 5
    for number, path in enumerate(files):
        text = contents[number]
        path.write_bytes(text[: len(text) // 2] if damage == "truncated" else contents[number - 1])
    code, output = installs()
    if code:
        fault.red(code, output)
    elif output:
        fault.mended(code, output)
    else:
        fault.works(code, output)
    if not code:
        installs.whole()
    fault.green(installs()[0])
    installs.whole()
    installation.drop_environment(installs.env)
    fault.green(*installs())


def test_swapped_notes_of_interpreters_in_the_cache(fault: Fault, installs: Installs) -> None:
    """uv would install in the base interpreter, which is read-only here and must not change."""
    installs.duration()
    installation.drop_environment(installs.env)
    notes = sorted((installs.folder / "cache").glob("interpreter-v*/**/*.msgpack"))
    contents = [path.read_bytes() for path in notes]
    assert len(notes) == 2
    for number, path in enumerate(notes):
        path.write_bytes(contents[number - 1])
    fault.mended(*installs(), "uv mistakes it for another environment: clearing")
    installs.whole()
    fault.green(*installs())


# --- a bad index ---


MODES = ("late", "half", "error page", "login page")
PAGE_AND_WHEEL = ("/simple/six", "/files/six")


@both
@pytest.mark.parametrize("claimed", ["with no hash", "with the hash of the lock"])
def test_a_tampered_wheel_with_the_right_name(
    fault: Fault, installs: Installs, index: Index, installer: str, claimed: str
) -> None:
    installs = replace(installs, installer=installer)
    index.claims = claimed != "with no hash"
    index.misbehave("tampered", "/files/six")
    fault.red(*installs(), "(?i)hash", "do not trust the index or mirror that served the file")
    assert not list(installs.env.glob("lib/python*/site-packages/six.py"))
    index.behave()
    code, output = installs()
    assert "its installation did not finish: recreating the environment" in output
    fault.green(code)
    installs.whole()


ANSWERS = [
    *(("uv", mode, path) for mode in MODES for path in PAGE_AND_WHEEL),
    *zip(["pip"] * 4, MODES, [*PAGE_AND_WHEEL, *PAGE_AND_WHEEL], strict=True),
]


@pytest.mark.parametrize(
    ("installer", "mode", "paths"), ANSWERS, ids=[" ".join(answer) for answer in ANSWERS]
)
def test_an_index_that_answers(
    fault: Fault, installs: Installs, index: Index, installer: str, mode: str, paths: str
) -> None:
    installs = replace(installs, installer=installer)
    index.misbehave(mode, paths)
    advice = "run again; nothing needs cleaning|the download was cut short"
    fault.red(*installs(), r"small\.txt: could not be installed in ", "command: ", advice)
    index.behave()
    fault.green(installs()[0])
    installs.whole()
    fault.green(*installs())


@both
def test_an_index_that_does_not_answer(fault: Fault, installs: Installs, installer: str) -> None:
    installs = replace(installs, installer=installer)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/simple"
        result = installs(UV_DEFAULT_INDEX=url, PIP_INDEX_URL=url)
        fault.red(*result, r"small\.txt: could not be installed in ", "command: ")
    fault.green(installs()[0])
    fault.green(*installs())


# --- no network ---


@both
def test_no_network_and_a_cold_cache(fault: Fault, installs: Installs, installer: str) -> None:
    installs = replace(installs, installer=installer)
    fault.red(*installs(*cut_off()), r"small\.txt: could not be installed in ", "command: ")
    fault.green(installs()[0])
    fault.green(*installs())


def test_no_network_and_a_warm_cache(fault: Fault, installs: Installs) -> None:
    """It works although this index forbids to cache its pages."""
    installs.duration()
    installation.drop_environment(installs.env)
    fault.works(*installs(*cut_off()))
    installs.whole()
    fault.green(*installs())


@both
def test_no_network_and_the_environment_made(
    fault: Fault, installs: Installs, installer: str
) -> None:
    installs = replace(installs, installer=installer)
    installs.duration()
    fault.works(*installs(*cut_off()))
    fault.green(*installs())


# --- a full disk ---


@both
@pytest.mark.parametrize("size", ["64k", "1m"])
def test_a_disk_that_is_full_in_the_environment(
    fault: Fault, installs: Installs, installer: str, size: str
) -> None:
    with small_disk(installs.folder / "disk", size) as disk:
        installs = replace(installs, installer=installer)
        env = disk.path / "env"
        fault.red(*installs(env=env), "The disk is full: make room on it and run again")
        disk.resize("200m")
        code, output = installs(env=env)
        assert code == 0, output
        fault.green(*installs(env=env))


@both
def test_a_disk_that_is_full_in_the_cache(fault: Fault, installs: Installs, installer: str) -> None:
    with small_disk(installs.folder / "disk", "200k") as disk:
        cache = {"UV_CACHE_DIR": str(disk.path), "PIP_CACHE_DIR": str(disk.path)}
        installs = replace(installs, installer=installer, environ={**installs.environ, **cache})
        code, output = installs()
        if installer == "uv":
            fault.red(code, output, "No space left on device", "The disk is full: make room on it")
        else:
            fault.works(code, output)
        disk.resize("200m")
        fault.green(installs()[0])
        installs.whole()
        fault.green(*installs())


@pytest.mark.parametrize("what", ["a lock", "a record"])
def test_a_disk_that_is_full_while_writing(
    fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    rules = failures.load_rules()
    record = outcome_records.load_record(TF212, rules)
    text = outcome_records.record_path(TF212.pairing).read_text(encoding="utf-8")
    with small_disk(tmp_path / "disk", "256k") as disk:
        file = disk.path / "tf212.toml"
        file.write_text(text, encoding="utf-8")
        monkeypatch.setattr(outcome_records, "RECORDS", disk.path)
        changed = record | {"legacy_adaptation/mixed": rules.failures["dense-not-imported"].outcome}

        def write() -> None:
            if what == "a lock":
                write_file(file, lock.lock_path(TF212).read_text(encoding="utf-8"))
            else:
                outcome_records.bless_record(TF212, changed, rules)

        disk.fill()
        with pytest.raises(Problem) as caught:
            write()
        fault.red(1, str(caught.value), "cannot be written .*No space left.*: the old one stands")
        assert file.read_text(encoding="utf-8") == text
        disk.free()
        assert [path.name for path in disk.path.iterdir()] == ["tf212.toml"]
        write()
        assert file.read_text(encoding="utf-8") != text
        fault.green()
