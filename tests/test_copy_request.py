"""Which lock a command line names: unknown words, the nearest lock, and its pylock.toml."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from copied_project import LISTED, NO_WHEEL, PAIRINGS, Copy, entry, refused

from envs import Problem
from envs.model import lock, pairing, platforms
from envs.model.lock import Lock
from envs.model.pairing import Target
from envs.publish import copy_request, templates
from envs.publish.copy_request import CopyRequest
from envs.running import installers

pytestmark = pytest.mark.usefixtures("here")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pairing": "tf99"}, "unknown pairing 'tf99'; the known ones are: tf113, "),
        ({"platform": "beos"}, "unknown platform 'beos'; the known ones are: linux-x86_64"),
        ({"platform": "macos"}, "--platform macos: say which: macos-arm64 or macos-x86_64"),
        ({"variant": "tpu"}, "unknown variant 'tpu'; the known ones are: default, cpu, cuda"),
        ({"templates": ("vagrant",)}, "unknown template 'vagrant'; the known ones are: docker"),
        ({"format": "poetry"}, "unknown format 'poetry': it is requirements or pylock"),
        ({"python": "311"}, "--python 311: write it as 3.11"),
        ({"format": "pylock", "templates": ("conda",)}, "the templates install requirements.txt"),
        (
            {"python": "3.9", "platform": "windows", "templates": ("dockerfile",)},
            "a container runs Linux, and this lock is for Python 3.9 on Windows x86_64: "
            "give --platform linux-x86_64 or --platform linux-aarch64",
        ),
    ],
)
def test_what_is_not_known_is_named(
    given: dict[str, Any], message: str, copy: Copy, tmp_path: Path
) -> None:
    assert message in refused(copy, **given)
    assert not (tmp_path / "new").exists()


def test_a_machine_that_no_lock_is_for_is_named(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platforms, "this_platform", lambda: "linux-riscv64")
    said = refused(copy)
    assert "there is no lock for this machine, linux-riscv64: TensorFlow has wheels for " in said
    assert "; or give --platform, one of linux-x86_64, " in said


# --- a target without a lock: why, and the nearest lock ---

NEAREST = [
    # The same platform and variant, the closest Python.
    ({"python": "3.12"}, "tf212 is for Python 3.11, 3.10", "tf212 {} --python 3.11 --platform lin"),
    ({"python": "3.8"}, "not in requirements/index.json", "tf212 {} --python 3.9 --platform linux"),
    ({"platform": "windows"}, NO_WHEEL, "tf212 {} --python 3.9 --platform windows-x86_64"),
    # No lock of this pairing there: the closest TensorFlow.
    ({"platform": "macos-arm64"}, NO_WHEEL, "tf211 {} --python 3.10 --platform macos-arm64"),
    # Another variant.
    (
        {"variant": "cuda", "platform": "linux", "templates": ("conda", "github"), "force": True},
        "not in requirements/index.json",
        "tf212 {} --python 3.11 --platform linux-x86_64 --with conda,github --force",
    ),
    (
        {"variant": "cpu", "platform": "macos-arm64", "format": "pylock"},
        "the variant cpu is published for Linux x86_64 and Windows x86_64 only",
        "tf211 {} --python 3.10 --platform macos-arm64 --format pylock",
    ),
    (
        {"variant": "cpu", "platform": "windows", "python": "3.10"},
        "not in requirements/index.json",
        "tf212 {} --python 3.11 --platform windows-x86_64 --variant cpu",
    ),
]


@pytest.mark.parametrize(("given", "why", "command"), NEAREST)
def test_what_has_no_lock_names_why_and_the_nearest(
    given: dict[str, Any], why: str, command: str, copy: Copy, tmp_path: Path
) -> None:
    message = refused(copy, **given)
    assert why in message
    command = f"nox -s copy -- {command.format(shlex.quote(str(tmp_path / 'new')))}"
    assert f"\nto copy the nearest lock instead:\n    {command}" in message
    assert not (tmp_path / "new").exists()


def test_the_nearest_can_be_typed_as_it_stands(copy: Copy) -> None:
    message = refused(copy, platform="windows", templates=("conda",))
    words = shlex.split(message.rpartition("nox -s copy -- ")[2])
    request = copy_request.parse_copy_request(words)
    target = copy_request.choose_target(request, LISTED)
    assert (target.python, target.platform) == ("3.9", "windows-x86_64")
    assert request.templates == ("conda",)


def test_an_impossible_pairing_says_why(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = dataclasses.replace(PAIRINGS["tf212"], impossible="no wheel installs, 2026-11-23")
    monkeypatch.setattr(pairing, "load_pairings", lambda: PAIRINGS | {"tf212": gone})
    message = refused(copy, python="3.12")
    why = "no wheel installs, 2026-11-23"
    assert f"tf212: no lock for Python 3.12 on Linux x86_64: {why}" in message


# --- the command line ---


def test_a_command_line_becomes_a_request() -> None:
    assert copy_request.parse_copy_request(["tf212", "new"]) == CopyRequest("tf212", Path("new"))
    assert copy_request.parse_copy_request(["tf212", "new"], Path.cwd()).path == Path("new")
    assert copy_request.parse_copy_request(["tf212", "new"], Path("/typed/here")).path == Path(
        "/typed/here/new"
    )
    given = ["tf212", "new", "--python", "3.9", "--platform", "windows", "--variant", "cpu"]
    given += ["--with", "conda,github", "--format", "pylock", "--force"]
    assert copy_request.parse_copy_request(given) == CopyRequest(
        "tf212", Path("new"), "3.9", "windows", "cpu", ("conda", "github"), "pylock", True
    )


@pytest.mark.parametrize("argv", [[], ["tf212"], ["tf212", "new", "--pyhton", "3.9"]])
def test_a_command_line_that_is_none_shows_the_usage(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        copy_request.parse_copy_request(argv)
    assert ended.value.code == 2
    assert "usage: nox -s copy -- " in capsys.readouterr().err


def test_python_and_platform_are_those_that_run_it() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    request = CopyRequest("tf212", Path("new"))
    target = copy_request.choose_target(request, [entry("tf212", version)])
    assert (target.python, target.platform) == (version, "linux-x86_64")


# --- pylock.toml ---


def made(wanted: Lock) -> dict[str, Any]:
    """What uv would make from a lock, with one file a package."""
    return {
        "packages": [
            {
                "name": pin.name,
                "version": pin.version,
                "wheels": [{"url": f"{pin.name}.whl", "hashes": {"sha256": pin.hashes[0]}}],
            }
            for pin in wanted.pins
        ]
    }


def test_a_pylock_takes_only_files_of_the_lock() -> None:
    wanted = lock.read_lock(Target(PAIRINGS["tf212"], "3.11"))
    templates._check_pylock(made(wanted), wanted, "lock")

    other = made(wanted)
    other["packages"][3]["wheels"][0]["hashes"]["sha256"] = "0" * 64
    with pytest.raises(Problem, match=r"would take \S+ from \S+\.whl, whose hash is not in"):
        templates._check_pylock(other, wanted, "lock")
    other = made(wanted)
    other["packages"][3]["sdist"] = {"url": "x.tar.gz", "hashes": {"sha256": "0" * 64}}
    with pytest.raises(Problem, match=r"would take \S+ from x\.tar\.gz"):
        templates._check_pylock(other, wanted, "lock")
    other = made(wanted)
    other["packages"][3]["wheels"] = []
    with pytest.raises(Problem, match=r"would take \S+ from nowhere"):
        templates._check_pylock(other, wanted, "lock")
    other = made(wanted)
    other["packages"][3]["version"] = "0"
    with pytest.raises(Problem, match="would pin other versions"):
        templates._check_pylock(other, wanted, "lock")
    del other["packages"][3]
    with pytest.raises(Problem, match="would pin other versions"):
        templates._check_pylock(other, wanted, "lock")


def test_without_uv_a_pylock_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installers, "find_uv", lambda: None)
    with pytest.raises(Problem, match="needs uv, which is not installed: pip install uv"):
        templates.render_pylock(Target(PAIRINGS["tf212"], "3.11"))
