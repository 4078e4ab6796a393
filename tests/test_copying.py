"""Copying a lock into a project: what is written and printed, and what is never overwritten."""

from __future__ import annotations

import dataclasses
import os
import shlex
import sys
from pathlib import Path

import pytest
from copied_project import LISTED, PAIRINGS, Copy, files, refused

from envs.model import lock, outcomes, platforms
from envs.model.pairing import Target
from envs.publish import copy_request, copying, templates

pytestmark = pytest.mark.usefixtures("here")

# --- what is copied ---


def test_a_project_gets_its_lock_its_in_file_and_verify(copy: Copy, tmp_path: Path) -> None:
    output = copy()
    folder = tmp_path / "new"
    assert files(folder) == ["requirements.in", "requirements.txt", "verify.py"]
    target = Target(PAIRINGS["tf212"], "3.11")
    assert (folder / "requirements.txt").read_bytes() == lock.lock_path(target).read_bytes()
    assert (folder / "requirements.in").read_text(encoding="utf-8") == lock.render_in(target)
    assert (folder / "verify.py").read_bytes() == outcomes.VERIFY.read_bytes()
    assert f"{folder}: written requirements.in, requirements.txt, verify.py" in output
    assert "never executed" not in output


def test_every_template_is_written_where_its_users_look(copy: Copy, tmp_path: Path) -> None:
    copy(pairing="tf216-legacy", python="3.12", templates=tuple(copy_request.TEMPLATES))
    assert files(tmp_path / "new") == sorted(
        [
            *("requirements.in", "requirements.txt", "verify.py", "Dockerfile"),
            *(".devcontainer/devcontainer.json", ".github/workflows/tensorflow.yml"),
            *("environment.yml", "pyproject.toml"),
        ]
    )


@pytest.mark.parametrize("name", copy_request.TEMPLATES)
def test_a_template_says_what_made_it_and_how_to_renew_it(name: str) -> None:
    target = Target(PAIRINGS["tf216-legacy"], "3.12")
    path, text = templates.render_template(name, target)
    assert path == copy_request.TEMPLATES[name]
    first, second, *_ = text.splitlines()
    mark = "//" if path.endswith(".json") else "#"
    assert first.startswith(f"{mark} tf216-legacy: Python 3.12 on Linux x86_64. Made by keras-")
    words = shlex.split(second.removeprefix(mark))
    assert words[:4] == ["nox", "-s", "copy", "--"]
    renewed = copy_request.parse_copy_request(words[4:])
    assert copy_request.choose_target(renewed, LISTED) == target
    assert (renewed.templates, renewed.force) == ((name,), True)
    assert "TF_USE_LEGACY_KERAS" in text
    other = dataclasses.replace(target, pairing=PAIRINGS["tf216"])
    assert "TF_USE_LEGACY_KERAS" not in templates.render_template(name, other)[1]


def test_the_runner_is_of_the_lock_s_platform_and_has_its_python() -> None:
    for platform, runner in templates.RUNNERS.items():
        text = templates.render_template("github", Target(PAIRINGS["tf215"], "3.11", platform))[1]
        assert f"runs-on: {runner}\n" in text
        assert 'python-version: "3.11"' in text
        assert "container:" not in text
    old = templates.render_template("github", Target(PAIRINGS["tf115"], "3.7"))[1]
    assert "container: python:3.7-slim-bookworm" in old
    assert "uses: actions/setup-python" not in old


def test_a_container_is_of_the_lock_s_processor() -> None:
    target = Target(PAIRINGS["tf215"], "3.11", "linux-aarch64")
    assert (
        "--platform=linux/arm64 python:3.11-slim"
        in templates.render_template("dockerfile", target)[1]
    )
    assert '"arm64v8/python:3.11-bookworm"' in templates.render_template("devcontainer", target)[1]


def test_a_lock_that_was_never_executed_says_so(copy: Copy) -> None:
    assert "resolved but never executed: run verify.py" in copy(pairing="tf213")


# --- what comes next ---


def test_the_next_commands_are_those_of_the_platform() -> None:
    target = Target(PAIRINGS["tf212"], "3.11")
    assert copying.next_commands(target, Path("new"), "requirements") == (
        "cd new && python3.11 -m venv .venv && "
        ".venv/bin/python -m pip install --require-hashes -r requirements.txt",
        ".venv/bin/python verify.py",
    )
    legacy = Target(PAIRINGS["tf216-legacy"], "3.9", "windows-x86_64")
    assert copying.next_commands(legacy, Path("it's new"), "requirements") == (
        "cd 'it''s new'; py -3.9 -m venv .venv; "
        r".venv\Scripts\python -m pip install --require-hashes -r requirements.txt",
        r'$env:TF_USE_LEGACY_KERAS = "1"; .venv\Scripts\python verify.py',
    )
    mac = dataclasses.replace(legacy, platform="macos-arm64")
    assert copying.next_commands(mac, None, "pylock") == (
        "uv venv -p 3.9 && uv pip sync pylock.toml",
        "TF_USE_LEGACY_KERAS=1 .venv/bin/python verify.py",
    )


def test_a_path_with_spaces_is_quoted(copy: Copy, tmp_path: Path) -> None:
    output = copy(path=tmp_path / "my new project")
    quoted = f"'{tmp_path / 'my new project'}'"
    assert f"\n    cd {quoted} && python3.11 -m venv .venv && " in output
    assert "verify.py" in files(tmp_path / "my new project")
    again = refused(copy, path=tmp_path / "my other project", python="3.12")
    quoted = f"'{tmp_path / 'my other project'}'"
    assert f"copy -- tf212 {quoted} --python 3.11 " in again


def test_for_another_machine_the_commands_are_for_that_machine(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platforms, "this_platform", lambda: "macos-arm64")
    output = copy(platform="linux-x86_64")
    assert "next in that folder, on Linux x86_64:\n    python3.11 -m venv .venv" in output


# --- what is refused ---


def test_nothing_is_overwritten_and_nothing_half_written(copy: Copy, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "Dockerfile").write_text("mine")
    message = refused(copy, templates=("conda", "dockerfile"))
    assert f"{folder}: already holds Dockerfile: nothing was written: give --force" in message
    assert files(folder) == ["Dockerfile"]
    assert (folder / "Dockerfile").read_text() == "mine"
    copy(templates=("conda", "dockerfile"), force=True)
    assert "FROM" in (folder / "Dockerfile").read_text()
    assert len(files(folder)) == 5


def test_force_replaces_no_folder(copy: Copy, tmp_path: Path) -> None:
    (tmp_path / "new" / "verify.py").mkdir(parents=True)
    assert "a folder is in the way: verify.py" in refused(copy, force=True)
    assert files(tmp_path / "new") == []


def test_a_write_that_fails_leaves_the_folder_as_it_was(
    copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy()
    before = (tmp_path / "new" / "requirements.txt").read_bytes()
    written = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name == "verify.py":
            raise OSError(28, "No space left on device")
        return written(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    message = refused(copy, python="3.9", force=True)
    assert "new: cannot be written (No space left on device): make it writable" in message
    assert (tmp_path / "new" / "requirements.txt").read_bytes() == before
    assert [path.name for path in (tmp_path / "new").iterdir() if path.is_dir()] == []


def test_a_path_that_is_no_folder_is_refused(copy: Copy, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "file: is a file: name the folder of a project" in refused(copy, path=tmp_path / "file")
    assert "cannot be written (" in refused(copy, path=tmp_path / "file" / "below")


def test_a_write_that_fails_leaves_nothing_behind(
    copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", denied)
    assert "new: cannot be written (Permission denied)" in refused(copy)
    assert list((tmp_path / "new").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_refused(copy: Copy, tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows has no such permissions of a folder")
    folder = tmp_path / "new"
    folder.mkdir(mode=0o555)
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    assert "new: cannot be written (Permission denied)" in refused(copy)
