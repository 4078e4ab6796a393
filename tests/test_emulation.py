"""Emulation: which locks are chosen, what is made again, and what becomes of what was seen."""

from __future__ import annotations

import os
import platform
import re
import struct
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from fake_machine import WINDOWS, Here, seen
from samples import PYTHON

from envs import Problem
from envs.emulation import (
    emulation_request,
    emulation_run,
    host_library,
    made,
    portable_executable,
    tools,
)
from envs.emulation.emulation_request import MACHINES, EmulationRequest
from envs.emulation.machine import Machine
from envs.emulation.qemu_machine import QemuMachine
from envs.emulation.wine_machine import WineMachine
from envs.model import index, lock, outcome_records, pairing, results
from envs.model.outcome_records import Executed

parse = emulation_request.parse_emulation_request
pytestmark = pytest.mark.usefixtures("emulation")


# Which locks


def test_platforms_and_sessions_may_stand_in_any_order() -> None:
    request = parse(["tf212", "windows-x86_64", "tf213-py39", "--jobs", "2"])
    assert request == EmulationRequest(("windows-x86_64",), ("tf212", "tf213-py39"), 2, None)
    assert parse([]).platforms == ("linux-aarch64", "windows-x86_64")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["macos-arm64", "tf212"], "macos-arm64: nothing emulates it"),
        (["linux-x86_64"], "linux-x86_64: nothing emulates it"),
        (["--share", "2", "tf212"], "name none"),
    ],
)
def test_what_cannot_be_asked_for_is_said(words: list[str], said: str) -> None:
    with pytest.raises(Problem, match=said):
        parse(words)


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_count_is_a_number_from_1_on(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--jobs", count])
    assert ended.value.code == 2
    assert "is not a number from 1 on" in capsys.readouterr().err or count == "-1"


def test_an_unknown_session_is_named() -> None:
    with pytest.raises(Problem, match="unknown pairing 'tf999'"):
        emulation_request.choose_targets(EmulationRequest(names=("tf999",)))


def test_a_session_without_a_lock_there_is_said() -> None:
    request = EmulationRequest(("linux-aarch64",), ("tf26",))
    with pytest.raises(Problem, match="tf26: there is no lock for Linux aarch64"):
        emulation_request.choose_targets(request)


def test_a_named_session_runs_wherever_it_has_a_lock() -> None:
    chosen = emulation_request.choose_targets(EmulationRequest(names=("tf212", "tf26")))
    assert {
        platform_: [target.session for target in targets] for platform_, targets in chosen.items()
    } == {"linux-aarch64": ["tf212"], "windows-x86_64": ["tf212", "tf26"]}


def test_variants_of_every_python_can_be_named() -> None:
    chosen = emulation_request.choose_targets(
        EmulationRequest(("windows-x86_64",), ("tf212-py39-cpu",))
    )
    assert chosen == {"windows-x86_64": [replace(WINDOWS, python="3.9", variant="cpu")]}


def test_every_lock_that_is_not_explained_has_a_cpython() -> None:
    """A Python that no emulated machine can have belongs into envs/explained/unexecuted.toml."""
    pairings = pairing.load_pairings()
    for platform_, kind in MACHINES.items():
        known = emulation_request.list_emulated(pairings, platform_)
        assert known
        assert {target.python for target in known.values()} <= set(kind.pythons)


def test_a_lock_with_a_reason_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        index, "explain_unexecuted", lambda target: "so" if target.python == "3.11" else None
    )
    known = emulation_request.list_emulated(pairing.load_pairings(), "windows-x86_64")
    assert "tf212-py310" in known
    assert "tf212" not in known


@pytest.mark.parametrize(
    ("pins", "emulator", "current"),
    [
        (None, "", False),
        ("0" * 12, "wine 10.0", False),
        ("lock", "wine 10.0", True),
        ("lock", "", True),
    ],
)
def test_what_ran_with_these_pins_is_not_run_again(
    pins: str | None, emulator: str, current: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = lock.read_lock(WINDOWS).digest if pins == "lock" else pins
    last = Executed("2026-11-25", digest, emulator) if digest else None
    monkeypatch.setattr(outcome_records, "last_executed", lambda target, rules: last)
    assert emulation_request.has_current_run(WINDOWS) is current
    chosen = emulation_request.choose_targets(EmulationRequest(("windows-x86_64",)))
    assert (WINDOWS in chosen.get("windows-x86_64", [])) is not current
    named = emulation_request.choose_targets(EmulationRequest(("windows-x86_64",), ("tf212",)))
    assert named == {"windows-x86_64": [WINDOWS]}


def test_a_result_that_waits_is_not_run_again(
    emulation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome_records, "last_executed", lambda target, rules: None)
    (emulation / "results").mkdir()
    results.write_result(emulation / "results", seen(WINDOWS))
    assert emulation_request.has_current_run(WINDOWS)
    results.write_result(emulation / "results", replace(seen(WINDOWS), pins="0" * 12))
    assert not emulation_request.has_current_run(WINDOWS)
    results.write_result(emulation / "results", replace(seen(WINDOWS), scripts="0" * 12))
    assert not emulation_request.has_current_run(WINDOWS)


def test_recommended_pythons_come_first_and_variants_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome_records, "last_executed", lambda target, rules: None)
    targets = emulation_request.choose_targets(EmulationRequest(("windows-x86_64",)))
    order = [(t.variant, not t.recommended) for t in targets["windows-x86_64"]]
    assert order == sorted(order, key=lambda one: (one[0] != "default", one[1]))
    assert order[0] == ("default", False)
    assert order[-1] == ("cpu", True)


def test_the_share_takes_the_platforms_and_their_locks_in_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Executed("2026-11-25", "0" * 12, "wine 10.0")
    recorded = {"tf212", "tf213", "tf214"}
    monkeypatch.setattr(
        outcome_records,
        "last_executed",
        lambda target, rules: run if target.session in recorded else None,
    )
    shares = [
        emulation_request.choose_emulation_share(EmulationRequest(share=2), date(2026, 1, day))
        for day in range(1, 7)
    ]
    platforms_ = [next(iter(share)) for share in shares]
    assert platforms_[0] != platforms_[1]
    assert platforms_[::2] == [platforms_[0]] * 3
    for platform_ in MACHINES:
        sessions = {
            t.session
            for share in shares
            for targets in share.values()
            for t in targets
            if t.platform == platform_
        }
        assert sessions == recorded
    assert all(len(next(iter(share.values()))) == 2 for share in shares)


# What is made


def test_what_is_whole_is_not_made_again(emulation: Path) -> None:
    source = emulation / "source"
    source.write_text("one")
    calls: list[Path] = []

    def make(into: Path) -> None:
        calls.append(into)
        (into / "program").write_text("made")

    assert made.make_once(emulation / "thing", [source], make)
    assert not made.make_once(emulation / "thing", [source], make)
    source.write_text("two")
    assert made.make_once(emulation / "thing", [source], make)
    assert made.make_once(emulation / "thing", [source], make, also="more")
    assert len(calls) == 3


def test_what_was_interrupted_is_made_anew(emulation: Path) -> None:
    def stop(into: Path) -> None:
        (into / "half").write_text("half")
        raise KeyboardInterrupt

    def fail(into: Path) -> None:
        assert not (into / "half").exists()
        (into / "missing" / "file").write_text("")

    with pytest.raises(KeyboardInterrupt):
        made.make_once(emulation / "thing", [], stop)
    with pytest.raises(Problem, match="cannot be made"):
        made.make_once(emulation / "thing", [], fail)
    assert made.make_once(emulation / "thing", [], lambda into: None)
    assert not (emulation / "thing" / "half").exists()


@pytest.mark.parametrize("machine_", [lambda: "arm64", lambda: "aarch64"])
def test_only_an_x86_linux_emulates(machine_: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", machine_)
    assert "runs on Linux x86_64" in (tools.object_to_making() or "")


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux has is taken away")
def test_what_a_host_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "needs root" in (tools.object_to_making() or "")
    with pytest.raises(Problem, match="needs root"):
        emulation_run.run_emulation(EmulationRequest(names=("tf212",)), print)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(tools, "NEEDED", ("sh", "apt-get-of-nobody"))
    assert "needs apt-get-of-nobody" in (tools.object_to_making() or "")


def test_a_tool_that_fails_is_quoted() -> None:
    with pytest.raises(Problem, match=r"(?s)the thing: .* ended with 3\n    last words"):
        tools.run_tool("the thing", PYTHON, "-c", "print('last words'); raise SystemExit(3)")
    with pytest.raises(Problem, match="the thing: "):
        tools.run_tool("the thing", "no-such-program-anywhere")


# How programs run there


def test_aarch64_sees_its_own_cpythons_and_nothing_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYENV_ROOT", "/pyenv")
    monkeypatch.setenv("UV_CACHE_DIR", "/cache")
    monkeypatch.setenv("PIP_FIND_LINKS", "/links")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    here = QemuMachine()
    here.folder.mkdir()
    command = here.command(["python", "-V"], {"EXTRA": "1"})
    variables = dict(word.split("=", 1) for word in command if "=" in word)
    assert command[command.index("env") + 1] == "-i"
    assert {"--pid", "--kill-child", "--mount-proc"} <= set(command)
    assert command[-2:] == ["python", "-V"]
    assert variables["PATH"].startswith(str(here.folder))
    assert variables["UV_CACHE_DIR"] == str(here.folder / "uv-cache")
    assert variables["HTTPS_PROXY"] == "http://proxy:1"
    assert variables["EXTRA"] == "1"
    assert not variables.keys() & {"PYENV_ROOT", "PIP_FIND_LINKS"}


def test_windows_sees_its_folder_on_its_own_drive() -> None:
    here = WineMachine()
    (here.root / "etc/ssl/certs").mkdir(parents=True)
    assert here.path_inside(here.checkout / "a b") == r"Z:\emulated\checkout\a b"
    command = here.command(["python", "-V"], {"EXTRA": "1"})
    assert command[0] == "unshare"
    assert command[-3:] == ["/usr/lib/wine/wine64", "python", "-V"]
    assert "EXTRA=1" in command
    assert r"UV_CACHE_DIR=Z:\emulated\uv-cache" in command
    assert command[command.index("-C") + 1] == "/emulated/checkout"


def test_the_copy_of_the_checkout_follows_it_and_keeps_environments() -> None:
    class Copying(Here):
        def copy_checkout(self) -> None:
            Machine.copy_checkout(self)

    here = Copying()
    (here.checkout / ".nox" / "tf212").mkdir(parents=True)
    (here.checkout / "envs").mkdir()
    (here.checkout / "envs" / "gone.py").write_text("")
    (here.checkout / "gone.txt").write_text("")
    here.copy_checkout()
    assert (here.checkout / ".nox" / "tf212").is_dir()
    assert (here.checkout / "requirements" / "index.json").is_file()
    assert not (here.checkout / "envs" / "gone.py").exists()
    assert not (here.checkout / "gone.txt").exists()


def test_the_toolchain_has_a_cpython_on_every_machine() -> None:
    assert all(kind.toolchain_minor in kind.pythons for kind in MACHINES.values())


def library(exports: Mapping[str, bytes]) -> bytes:
    """A small DLL of one section, at 0x1000 when loaded, that exports code by name."""
    begin, offset = 0x1000, 0x200
    names, ordinals, functions, text = b"", b"", b"", b""
    count = len(exports)
    tables = 40 + 4 * count + 4 * count + 2 * count
    for place, (name, code) in enumerate(exports.items()):
        functions += struct.pack("<I", begin + tables + len(text))
        text += code
        names += struct.pack("<I", begin + tables + len(text))
        text += name.encode() + b"\0"
        ordinals += struct.pack("<H", place)
    pointers = (begin + 40, begin + 40 + 4 * count, begin + 40 + 8 * count)
    directory = struct.pack("<10I", 0, 0, 0, 0, 1, count, count, *pointers)
    section = directory + functions + names + ordinals + text
    header = struct.pack("<60xI", 0x40) + b"PE\0\0" + struct.pack("<HH12xHH", 0, 1, 120, 0)
    optional = struct.pack("<112xII", begin, len(section))
    row = struct.pack("<8sIIII16x", b".text", len(section), begin, len(section), offset)
    return (header + optional + row).ljust(offset, b"\0") + section


def test_wine_s_runtime_gets_what_it_lacks_and_keeps_what_it_has(emulation: Path) -> None:
    lacking = bytes.fromhex("4883ec28488d0d") + b"\x90" * 9
    own = b"\x01" * 16
    file = emulation / "ucrtbase.dll"
    file.write_bytes(library({"cimag": lacking, "cimagf": own, "crealf": lacking, "sin": lacking}))
    size = file.stat().st_size
    portable_executable.mend_runtime(file)
    mended = portable_executable.Library(file.read_bytes())
    assert len(mended.data) == size
    found = {name: bytes(mended.data[at : at + 16]) for name, at in mended.list_exports().items()}
    assert found["crealf"] == bytes.fromhex("660f6ec1c3") + lacking[5:]
    assert found["cimag"].startswith(bytes.fromhex("f20f104108c3"))
    assert found["cimagf"] == own
    assert found["sin"] == lacking


def test_python3_dll_passes_every_call_on(emulation: Path) -> None:
    file = emulation / "python311.dll"
    file.write_bytes(library({"PyList_New": b"\xc3", "Py_Main": b"\xc3"}))
    assert portable_executable.render_forwards(file) == (
        "LIBRARY python3.dll\nEXPORTS\n"
        " PyList_New=python311.PyList_New\n Py_Main=python311.Py_Main\n"
    )


def test_every_part_is_pinned_with_hashes_and_says_why() -> None:
    parts = sorted(tools.PARTS.glob("*.txt"))
    assert [part.stem for part in parts] == ["cffi", "msvc-runtime", "panda3d", "ziglang"]
    for part in parts:
        text = part.read_text(encoding="utf-8")
        assert text.startswith("# ")
        for pin in re.findall(rf"(?m)^{part.stem}\b.*$", text):
            assert re.fullmatch(rf"{part.stem}==[\d.]+( ; python_version [<>]=? \"3\.8\")? \\", pin)
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) >= text.count("==")


def test_only_what_is_python_is_taken_of_this_machine(emulation: Path) -> None:
    host_library.copy_library("3.11", emulation / "Lib")
    assert (emulation / "Lib" / "asyncio" / "__init__.py").is_file()
    assert list((emulation / "Lib" / "site-packages").iterdir()) == []
    assert not list(emulation.rglob("*.so"))
    assert not list(emulation.rglob("__pycache__"))
    assert not list((emulation / "Lib").glob("_sysconfigdata*"))


def test_the_folder_of_a_result_is_made_and_what_stands_in_its_way_is_named(tmp_path: Path) -> None:
    file = results.write_result(tmp_path / "new" / "folder", seen(WINDOWS))
    assert results.read_result(file) == seen(WINDOWS)
    (tmp_path / "file").touch()
    with pytest.raises(Problem, match="file: cannot be made"):
        results.write_result(tmp_path / "file", seen(WINDOWS))
