"""Installation: no settings of the machine leak in, and every failure has a clear message."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from samples import needs_links

from envs import Problem
from envs.model.disk import NotWritable
from envs.running import installation, installers, integrity, interpreters
from envs.running.installation import CouldNotInstall
from envs.running.interpreters import NoInterpreter


def test_the_machine_s_configuration_does_not_reach_pip_and_uv(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "UV_INDEX", "PYTHONPATH", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "leak")
    monkeypatch.setenv("PIP_CONFIG_FILE", "leak")
    monkeypatch.setenv("UV_NO_VERIFY_HASHES", "1")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PIP_CERT", "certificate")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "mirror")
    environ = installers.tool_environ()
    assert "leak" not in environ.values()
    assert "UV_NO_VERIFY_HASHES" not in environ
    assert "PYTHONDONTWRITEBYTECODE" not in environ
    assert environ["PIP_CERT"] == "certificate"
    assert "UV_DEFAULT_INDEX" not in environ, "a lock is compiled from PyPI alone"
    assert installers.tool_environ(mirrors=True)["UV_DEFAULT_INDEX"] == "mirror"


def test_every_python_that_pyenv_holds_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("3.7.16", "3.13.0"):
        (tmp_path / "versions" / version / "bin").mkdir(parents=True)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    environ = interpreters._every_version()
    assert environ["PYENV_VERSION"] == "3.13.0:3.7.16"
    folder = tmp_path / "versions" / "3.7.16" / ("" if os.name == "nt" else "bin")
    assert str(folder) in environ["PATH"].split(os.pathsep)


def test_a_missing_interpreter_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    with pytest.raises(NoInterpreter) as caught:
        interpreters.find_interpreter("3.99")
    assert "no Python 3.99 on this machine" in str(caught.value)
    assert "uv python install 3.99" in str(caught.value)


def test_a_lock_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(CouldNotInstall, match=r"gone\.txt: no such lock"):
        installation.ensure_environment(tmp_path / "env", "3.11", tmp_path / "gone.txt")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "lock.txt").touch()
    with pytest.raises(NotWritable, match=r"file[/\\]env: cannot be written \("):
        installation.ensure_environment(tmp_path / "file" / "env", "3.11", tmp_path / "lock.txt")


def test_uv_is_not_taken_for_granted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installers, "find_uv", lambda: None)
    with pytest.raises(Problem, match="there is no uv on this machine: use 'pip'"):
        installation.ensure_environment(tmp_path / "env", "3.11", tmp_path / "lock.txt", "uv")


def test_every_change_of_a_file_is_seen_and_none_of_bytecode(tmp_path: Path) -> None:
    for name in ("edited", "deleted", "touched", "linked"):
        (tmp_path / name).write_text("1", encoding="utf-8")
    before = integrity.take_files(tmp_path)
    assert integrity.list_differences(before, integrity.take_files(tmp_path, before)) == []

    stat = (tmp_path / "edited").stat()
    (tmp_path / "edited").write_text("2", encoding="utf-8")
    if os.name != "nt":
        os.utime(tmp_path / "edited", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    (tmp_path / "deleted").unlink()
    (tmp_path / "touched").touch()
    os.link(tmp_path / "linked", tmp_path / "added")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/x.pyc").touch()
    assert integrity.list_differences(before, integrity.take_files(tmp_path, before)) == [
        "deleted was deleted",
        "added was added",
        "edited was edited",
    ]


@needs_links
def test_a_link_that_points_elsewhere_is_seen(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("edited")
    before = integrity.take_files(tmp_path)
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("touched")
    after = integrity.take_files(tmp_path, before)
    assert integrity.list_differences(before, after) == ["link was edited"]


def test_what_is_installed_is_held_to_its_record(tmp_path: Path) -> None:
    site = tmp_path / "lib/python3.11/site-packages"
    for name in ("good", "bad", "other"):
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"{name}.py").write_bytes(b"1\n")
        digest = "Q1WkaxnTSNwvV8BG-O9j1FOOu5NgAPPJ7pVKJ0YN2GU"
        lines = [f"{name}.py,sha256={digest},2", f"__pycache__/{name}.pyc,sha256={digest[1:]}a,2"]
        (info / "RECORD").write_text("\n".join([*lines, f"{info.name}/RECORD,,", ""]))
    assert integrity.find_damaged(tmp_path, integrity.take_files(tmp_path), [site]) == {}
    (site / "bad.py").write_text("2\n")
    (site / "good.py").unlink()
    damaged = integrity.find_damaged(tmp_path, integrity.take_files(tmp_path), [site])
    assert set(damaged) == {"bad", "good"}
    assert damaged["bad"] == "lib/python3.11/site-packages/bad.py is not what the wheel holds"


def test_the_pins_of_a_lock_are_those_of_the_python_that_runs() -> None:
    text = (
        "# six==1\n"
        "Build==1.1.1 ; python_full_version < '3.8' \\\n    --hash=sha256:0\n"
        "build==1.6.1 ; python_full_version >= '3.8' \\\n    --hash=sha256:0\n"
        "typing_extensions==4.7.1 \\\n    --hash=sha256:0\n    # via build==2\n"
    )
    assert installation._pinned(text, "3.7.16") == {"build": "1.1.1", "typing-extensions": "4.7.1"}
    assert installation._pinned(text, "3.13.9") == {"build": "1.6.1", "typing-extensions": "4.7.1"}
