"""Proofs of what the README claims about locks, with real installs from PyPI: `nox -s proofs`."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from chosen_tests import list_chosen
from test_nox import nox

from envs import ROOT
from envs.locking import derivation, lock_check, pip_tools
from envs.locking.lock_request import LockRequest
from envs.model import lock, outcome_records, outcomes, pairing
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Cap, Target
from envs.running import installation, installers, interpreters, sandbox, sessions
from envs.running.installation import CouldNotInstall

pytestmark = pytest.mark.proof

TARGETS = pairing.list_targets(pairing.load_pairings())
PLAIN = ("tf115", "tf25-py38", "tf26", "tf210-py39", "tf212", "tf216-legacy-py310", "tf221")
CAPPED = ("tf20", "tf211", "tf221")
CAPS = [(name, cap) for name in CAPPED for cap in TARGETS[name].pairing.caps]


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        yield executor


# --- a lock is ordinary ---


def install_plainly(name: str, folder: Path) -> Path:
    """Do what a person would type: make a venv, `pip install -r` the lock, `pip check`."""
    base = interpreters.find_interpreter(TARGETS[name].python)
    python = interpreters.interpreter_in(folder)
    commands: list[list[str | Path]] = [
        [base, "-m", "venv", folder],
        [python, "-m", "pip", "install", "-q", "-r", lock.lock_path(TARGETS[name])],
        [python, "-m", "pip", "check"],
    ]
    for command in commands:
        done = subprocess.run(
            command,
            env=installers.tool_environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
    return python


@pytest.fixture(scope="module")
def plain(
    request: pytest.FixtureRequest,
    pool: ThreadPoolExecutor,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Future[Path]]:
    folder = tmp_path_factory.mktemp("plain")
    chosen = list_chosen(request, "test_plain_pip_installs_a_lock_in_a_plain_venv")
    names = [one["name"] for one in chosen]
    return {name: pool.submit(install_plainly, name, folder / name) for name in names}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_pip_installs_a_lock_in_a_plain_venv(
    name: str, plain: dict[str, Future[Path]]
) -> None:
    python = plain[name].result()
    for script in ("broken_import/correction", "venv_verification/verify"):
        run = sandbox.run_script(outcomes.list_scripts()[script], python, TARGETS[name].pairing.env)
        assert run.outcome == Outcome(Kind.WORKS), run.output
    installation.drop_environment(python.parent.parent)


# --- every cap is needed ---


def without(name: str, cap: Cap, folder: Path) -> Outcome:
    """The outcome of the smoke check without one cap, resolved at the cut-off of the lock."""
    target = TARGETS[name]
    caps = tuple(other for other in target.pairing.caps if other != cap)
    bare = Target(dataclasses.replace(target.pairing, caps=caps), target.python)
    request = LockRequest(upgrade=True, cut_off=lock.read_lock(target).cut_off)
    file = folder / "lock.txt"
    file.write_text(pip_tools.compile_lock(bare, request), encoding="utf-8")
    python = installation.ensure_environment(folder / "env", target.python, file)
    ended = sandbox.run_script(sessions.SMOKE, python, target.pairing.env)
    installation.drop_environment(folder / "env")
    return ended.outcome


@pytest.fixture(scope="module")
def uncapped(
    request: pytest.FixtureRequest,
    pool: ThreadPoolExecutor,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, Cap], Future[Outcome]]:
    chosen = list_chosen(request, "test_without_a_cap_the_environment_is_not_whole")
    caps = [(one["name"], one["cap"]) for one in chosen]
    return {
        (name, cap): pool.submit(without, name, cap, tmp_path_factory.mktemp(name))
        for name, cap in caps
    }


@pytest.mark.parametrize(("name", "cap"), CAPS, ids=[f"{n}-{c.requirement}" for n, c in CAPS])
def test_without_a_cap_the_environment_is_not_whole(
    name: str, cap: Cap, uncapped: dict[tuple[str, Cap], Future[Outcome]]
) -> None:
    ended = uncapped[name, cap].result()
    assert ended.kind is Kind.FAILS, f"{name} works without {cap.requirement}: drop the cap"
    print(f"{name} without {cap.requirement}: {ended}")


# --- a lock is reproducible ---


@pytest.mark.parametrize("name", ["tf212", "tf24"])
def test_a_recompile_is_byte_identical_whatever_pip_is_told(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """tf212 has a cut-off date; on Python 3.8, tf24 has only its pins."""
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", tmp_path.as_uri())
    text = lock.lock_path(TARGETS[name]).read_text(encoding="utf-8")
    assert bool(lock.read_lock(TARGETS[name]).cut_off) == (name == "tf212")
    assert pip_tools.compile_lock(TARGETS[name], LockRequest()) == text


@pytest.mark.parametrize(
    ("name", "platform", "variant"),
    [
        ("tf212", "windows-x86_64", "default"),
        ("tf25-py38", "macos-x86_64", "default"),
        ("tf221", "linux-x86_64", "cuda"),
    ],
)
def test_a_lock_is_derived_again_byte_by_byte(name: str, platform: str, variant: str) -> None:
    target = dataclasses.replace(TARGETS[name], platform=platform, variant=variant)
    assert derivation.derive_lock(target, LockRequest()) == lock.lock_path(target).read_text(
        encoding="utf-8"
    )


def test_a_lock_that_does_not_hold_is_found_by_the_resolver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock for Windows lacks a pin, has a hash of no file, or has no TensorFlow for Windows."""
    target = dataclasses.replace(TARGETS["tf212"], platform="windows-x86_64")
    text = lock.lock_path(target).read_text(encoding="utf-8")
    breaks = {
        "": None,
        r"(?m)^six==.*\n(?:    --hash.*\n)+": "six",
        r"(?<=absl-py==2.5.1 \\\n    --hash=sha256:)\w{8}": "absl",
        r"(?m)^tensorflow-intel==.*\n(?:    --hash.*\n)+": "tensorflow-intel",
    }
    for number, (pattern, package) in enumerate(breaks.items()):
        file = tmp_path / f"{number}.txt"
        file.write_text(re.sub(pattern, "00000000" if package == "absl" else "", text))
        monkeypatch.setattr(lock, "lock_path", lambda target, folder=None, file=file: file)
        monkeypatch.setattr(lock, "lock_label", lambda target: "broken.txt")
        message = lock_check._dry_run(target, tmp_path)
        assert (message is None) == (package is None), message
        assert not package or package in str(message)


# --- an environment is its lock ---


def small_lock(folder: Path, *names: str, text: str = "") -> Path:
    """A lock of some small packages, with their pins in tf212's lock or in `text`."""
    whole = text or lock.lock_path(TARGETS["tf212"]).read_text(encoding="utf-8")
    blocks = re.findall(r"(?m)^[\w.-]+==.*\n(?:    --hash.*\n)+", whole)
    file = folder / "small.txt"
    pins = [block for block in blocks if block.partition("==")[0] in names]
    file.write_text("".join(pins), encoding="utf-8")
    return file


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_an_environment_heals_to_exactly_its_lock(tmp_path: Path, installer: str) -> None:
    folder, file = tmp_path / "env", small_lock(tmp_path, "six", "idna")
    python = installation.ensure_environment(folder, "3.11", file, installer)
    assert {"six", "idna"} <= set(installation.list_installed(folder))

    site = next(folder.glob("lib/python*/site-packages"))
    for path in site.glob("six-*.dist-info/*"):
        path.unlink()
    next(site.glob("six-*.dist-info")).rmdir()
    (site / "six.py").unlink()
    surplus = site / "surplus-1.0.dist-info"
    surplus.mkdir()
    (surplus / "METADATA").write_text("Metadata-Version: 2.1\nName: surplus\nVersion: 1.0\n")
    (surplus / "RECORD").write_text(f"{surplus.name}/METADATA,,\n{surplus.name}/RECORD,,\n")
    installation.ensure_environment(folder, "3.11", file, installer)
    assert subprocess.run([python, "-I", "-c", "import six, idna"]).returncode == 0
    assert "surplus" not in installation.list_installed(folder)


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_changed_hash_cannot_be_installed(tmp_path: Path, installer: str) -> None:
    folder, file = tmp_path / "env", small_lock(tmp_path, "six")
    installation.ensure_environment(folder, "3.11", file, installer)
    file.write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", file.read_text()))
    with pytest.raises(
        CouldNotInstall, match=r"(?is)small\.txt: could not be installed.*hash.*restore the lock"
    ):
        installation.ensure_environment(folder, "3.11", file, installer)


SAFE = [
    "pip install --require-hashes -r",
    "uv pip sync --require-hashes",
    "uv pip install --require-hashes -r",
]
UNSAFE = ["uv pip sync", "pip install --no-deps -r"]


def installs(command: str, folder: Path, text: str) -> bool:
    """Whether a command installs a lock in a new environment; after `uv pip sync`, also checked."""
    (folder / "lock.txt").write_text(text, encoding="utf-8")
    seed = ["--seed"] if command.startswith("pip") else []
    subprocess.run([installers.find_uv() or "uv", "venv", "-q", *seed, folder / "env"], check=True)
    python = folder / "env/bin/python"
    steps = [f"{command} lock.txt"]
    if command.startswith("uv pip sync --require"):
        steps.append("uv pip check")
    environ = installers.tool_environ(VIRTUAL_ENV=str(folder / "env"))
    environ["PATH"] = f"{Path(installers.find_uv() or 'uv').parent}{os.pathsep}{environ['PATH']}"
    for step in steps:
        words = step.split()
        words = [str(python), "-I", "-m", *words] if words[0] == "pip" else words
        if subprocess.run(words, cwd=folder, env=environ, capture_output=True).returncode:
            return False
    return True


@pytest.mark.parametrize("command", [*SAFE, *UNSAFE])
def test_which_commands_are_safe_is_as_the_page_of_the_locks_says(
    command: str, tmp_path: Path
) -> None:
    page = (lock.FOLDER / "README.md").read_text(encoding="utf-8")
    safe = command not in UNSAFE
    assert re.search(rf"\| `{command} LOCK`.* \| {'yes' if safe else 'no'} \|", page)
    names = ("requests", "idna", "urllib3", "certifi", "charset-normalizer")
    whole = small_lock(tmp_path, *names).read_text(encoding="utf-8")
    lacking = small_lock(tmp_path, *names[:1], *names[2:]).read_text(encoding="utf-8")
    unhashed = re.sub(r"(idna==\S+) \\\n(?:    --hash.*\n)+", r"\1\n", whole)
    assert lacking != whole != unhashed
    ended = []
    for number, text in enumerate((whole, lacking, unhashed)):
        (tmp_path / str(number)).mkdir()
        ended.append(installs(command, tmp_path / str(number), text))
    assert ended[0]
    assert (ended[1:] == [False, False]) == safe, ended


# --- a copy with the project's own packages ---


def test_a_lock_with_own_packages_installs_by_hash_and_is_verified(tmp_path: Path) -> None:
    project, asked = tmp_path / "project", tmp_path / "own.in"
    asked.write_text("pandas>=2  # frames\n", encoding="utf-8")
    options = ["--python", "3.11", "--requirements", str(asked), "--add", "tensorflow-hub"]
    code, output = nox("-s", "copy", "--", "tf212", str(project), *options)
    assert code == 0, output
    made = lock.parse_lock((project / "requirements.txt").read_text(encoding="utf-8"), "made")
    base = lock.read_lock(TARGETS["tf212"])
    assert set(base.pins) < set(made.pins)
    assert {"pandas", "tensorflow-hub"} <= set(made.versions)
    text = (project / "requirements.txt").read_text(encoding="utf-8")
    assert installs("pip install --require-hashes -r", tmp_path, text)
    python = tmp_path / "env/bin/python"
    for words in (["-m", "pip", "check"], ["-c", "import pandas, tensorflow_hub"]):
        subprocess.run([python, *words], env=installers.tool_environ(), check=True)
    run = sandbox.run_script(project / "verify.py", python, {})
    assert run.outcome == Outcome(Kind.WORKS), run.output


# --- a session that disagrees is red, with one message ---


def test_a_changed_hash_turns_the_session_red(checkout: Path) -> None:
    file = checkout / lock.lock_path(TARGETS["tf212"]).relative_to(ROOT)
    before, absl, after = re.split(r"(?m)(^absl-py==.*\n(?:    --hash.*\n)+)", file.read_text())
    file.write_text(before + re.sub(r"sha256:\w{8}", "sha256:00000000", absl) + after)
    code, output = nox("-s", "tf212", cwd=checkout)
    assert code != 0
    assert "could not install: requirements/tf212-py311.txt: could not be installed" in output
    assert "Hash mismatch for `absl-py==" in output


def test_a_changed_expectation_turns_the_session_red(checkout: Path) -> None:
    record = checkout / outcome_records.record_path(TARGETS["tf212"].pairing).relative_to(ROOT)
    record.write_text(record.read_text().replace('"dense-not-imported"', '"works"'))
    code, output = nox("-s", "tf212", "--", "-k", "legacy_verbatim", cwd=checkout)
    assert code != 0
    assert "expected     works" in output
    assert "happened     fails: NameError: name 'Dense' is not defined" in output
    assert "repeat       .nox/tf212/bin/python -I examples/legacy_adaptation/" in output
    assert "installed    tensorflow 2.12.0, keras 2.12.0" in output
    assert "1 failed" in output
