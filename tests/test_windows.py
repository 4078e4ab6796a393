"""What Windows does otherwise, as far as any machine can show it: long paths, files in use."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from samples import PYTHON

from envs import ROOT
from envs.model import disk
from envs.model.disk import NotWritable
from envs.running import classification, installation, interpreters, long_paths
from envs.running.installation import CouldNotInstall
from envs.running.interpreters import NoInterpreter

ON_WINDOWS = pytest.mark.skipif(sys.platform != "win32", reason="only Windows keeps files in use")


# --- long paths ---


@pytest.mark.parametrize(
    ("version", "room"), [("2.10.1", 71), ("2.12.0", 85), ("1.15.5", 130), ("9.0", 71)]
)
def test_a_folder_that_is_too_deep_is_said_before_anything_is_installed(
    version: str, room: int
) -> None:
    """The longest file of TensorFlow 2.10 has 169 characters below Lib\\site-packages."""
    pins = {"tensorflow": version, "tensorflow-intel": version}
    assert long_paths.describe_depth("C:" + "\\" * (room - 2), pins) is None
    said = long_paths.describe_depth("C:" + "\\" * (room - 1), pins)
    assert said
    assert f"it has {room + 1} characters" in said
    assert r"to a shorter folder, such as C:\kp, or enable long paths" in said
    assert "nothing was installed" in said


def test_without_tensorflow_any_depth_will_do() -> None:
    assert long_paths.describe_depth("C:" + "\\" * 200, {"six": "1.17.0"}) is None


def test_where_it_is_too_deep_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_paths, "object_to_depth", lambda *_: "too deep")
    (tmp_path / "lock.txt").touch()
    python = ".".join(map(str, sys.version_info[:2]))
    with pytest.raises(CouldNotInstall, match="too deep"):
        installation.ensure_environment(tmp_path / "env", python, tmp_path / "lock.txt")
    assert not (tmp_path / "env").exists()


# --- folders that are removed, files that are replaced ---


def test_a_folder_with_what_is_read_only_is_removed(tmp_path: Path) -> None:
    inner = tmp_path / "folder" / "inner"
    inner.mkdir(parents=True)
    (inner / "file").touch()
    (inner / "file").chmod(stat.S_IREAD)
    inner.chmod(stat.S_IREAD | stat.S_IEXEC)
    disk.remove_folder(tmp_path / "folder")
    assert not (tmp_path / "folder").exists()
    disk.remove_folder(tmp_path / "folder")


@ON_WINDOWS
def test_a_folder_in_use_is_named_and_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    held = (tmp_path / "folder" / "held").open("w", encoding="utf-8")
    monkeypatch.setattr(disk, "_PATIENCE", 0.2)
    with pytest.raises(NotWritable, match=r"held: .*: end every program that uses it"):
        disk.remove_folder(tmp_path / "folder")
    monkeypatch.setattr(disk, "_PATIENCE", 20.0)
    threading.Timer(0.5, held.close).start()
    disk.remove_folder(tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


@ON_WINDOWS
def test_an_environment_that_runs_is_not_removed_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_PATIENCE", 0.2)
    folder = tmp_path / "env"
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", folder], check=True)
    code = "print('runs', flush=True); input()"
    python = interpreters.interpreter_in(folder)
    with subprocess.Popen([python, "-c", code], stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "runs\n"
        with pytest.raises(NotWritable, match="env: cannot be removed"):
            installation.drop_environment(folder)
        process.communicate("\n")
    installation.drop_environment(folder)
    assert not folder.exists()


def test_a_file_that_is_read_is_replaced_once_it_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "record.toml"
    disk.write_file(file, "old\n")
    read = file.open(encoding="utf-8")
    threading.Timer(0.3, read.close).start()
    disk.write_file(file, "new\n")
    assert file.read_bytes() == b"new\n"
    assert [path.name for path in tmp_path.iterdir()] == ["record.toml"]


# --- advice that fits the cause ---


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("cause: invalid peer certificate: UnknownIssuer", "set UV_SYSTEM_CERTS=1"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "PIP_CERT=FILE"),
        (
            "Because tensorflow-intel==2.12.0 has no wheels with a matching platform tag (e.g., "
            "`manylinux_2_36_x86_64`) and you require it, with --require-hashes",
            "The lock is for another platform",
        ),
        ("a-1-cp311-win_amd64.whl is not a supported wheel on this platform.", "another platform"),
        ("cause: Hash mismatch for `six==1.17.0`", "The hash does not match"),
        ("There is not enough space on the disk. (os error 112)", "The disk is full"),
        ("operation timed out", "Check that the index can be reached"),
    ],
)
def test_the_advice_fits_what_the_tool_said(said: str, advice: str, tmp_path: Path) -> None:
    command = [str(PYTHON), "-c", f"import sys; print({said!r}); sys.exit(1)"]
    with pytest.raises(CouldNotInstall) as caught:
        installation._run(command, "failed", tmp_path / "env")
    last = str(caught.value).splitlines()[-1]
    assert advice in last
    assert ("network" in last) == ("timed out" in said or "no network mends" in last)


# --- interpreters ---


def test_a_placeholder_of_the_store_is_no_interpreter_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = tmp_path / "WindowsApps" / "python3.99.exe"
    stub.parent.mkdir()
    stub.touch(0o755)
    monkeypatch.setenv("PATH", str(stub.parent))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    with pytest.raises(NoInterpreter) as caught:
        interpreters.find_interpreter("3.99")
    assert f"{stub} is a placeholder that opens the Microsoft Store" in str(caught.value)


def test_an_interpreter_of_another_processor_is_refused_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("envs.model.platforms.this_platform", lambda: "macos-riscv64")
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    python = ".".join(map(str, sys.version_info[:2]))
    with pytest.raises(NoInterpreter) as caught:
        interpreters.find_interpreter(python)
    assert "is built for " in str(caught.value)
    assert "and this machine's locks are for riscv64" in str(caught.value)


# --- how a script ends ---


def test_an_exception_of_windows_is_a_crash_with_its_name(tmp_path: Path) -> None:
    with (tmp_path / "err").open("w+b") as err:
        ended = classification.classify_exit(0xC0000005, err)
        assert str(ended) == "crashes: ended by ACCESS_VIOLATION (0xC0000005)"
        ended = classification.classify_exit(0xC0000999, err)
        assert str(ended) == "crashes: ended by an exception of Windows (0xC0000999)"


def test_every_text_of_this_repository_has_the_newlines_that_its_digest_is_of() -> None:
    """A checkout on Windows has them too: .gitattributes says so for every file."""
    attributes = (ROOT / ".gitattributes").read_text(encoding="utf-8")
    assert "\n* text=auto eol=lf\n" in attributes
    for folder in ("requirements", "envs", "examples", "tests"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".txt", ".in", ".toml", ".py", ".json", ".md", ".svg"):
                assert b"\r" not in path.read_bytes(), path
