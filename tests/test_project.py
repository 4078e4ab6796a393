"""Projects: what is copied, what is refused, and what is said to type next."""

from __future__ import annotations

import dataclasses
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from envs import Problem, environment, index, lock, pairing, platforms, project
from envs.pairing import Target
from envs.project import Request

PAIRINGS = pairing.load_all()
NO_WHEEL = "PyPI has no wheel of it"


def entry(
    name: str,
    python: str,
    platform: str = "linux-x86_64",
    variant: str = "default",
    status: str = "executed",
) -> index.Entry:
    facts = {"pairing": name, "python": python, "platform": platform, "variant": variant}
    return facts | {"status": status} | ({"reason": NO_WHEEL} if status == "impossible" else {})


LISTED = [
    entry("tf211", "3.10", "macos-arm64", status="resolved"),
    entry("tf212", "3.11"),
    entry("tf212", "3.9"),
    entry("tf212", "3.11", "windows-x86_64", status="impossible"),
    entry("tf212", "3.11", "windows-x86_64", "cpu", status="resolved"),
    entry("tf212", "3.9", "windows-x86_64", status="resolved"),
    entry("tf212", "3.11", "macos-arm64", status="impossible"),
    entry("tf213", "3.11", status="resolved"),
    entry("tf215", "3.11", "macos-arm64", status="resolved"),
    entry("tf216-legacy", "3.12"),
]

Copy = Callable[..., str]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever machine runs the tests, to them it is a Linux one."""
    monkeypatch.setattr(platforms, "here", lambda: "linux-x86_64")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """Copies `tf212` for Python 3.11, unless told otherwise; gives back what is said."""

    def run(**given: Any) -> str:
        said: list[str] = []
        facts: dict[str, Any] = {"pairing": "tf212", "path": tmp_path / "new", "python": "3.11"}
        project.copy(Request(**(facts | given)), said.append, LISTED)
        return "\n".join(said)

    return run


def refused(copy: Copy, **given: Any) -> str:
    with pytest.raises(Problem) as caught:
        copy(**given)
    return str(caught.value)


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


# --- what is copied ---


def test_a_project_gets_its_lock_its_in_file_and_verify(copy: Copy, tmp_path: Path) -> None:
    said = copy()
    folder = tmp_path / "new"
    assert files(folder) == ["requirements.in", "requirements.txt", "verify.py"]
    target = Target(PAIRINGS["tf212"], "3.11")
    assert (folder / "requirements.txt").read_bytes() == lock.path(target).read_bytes()
    assert (folder / "requirements.in").read_text(encoding="utf-8") == lock.render_in(target)
    assert (folder / "verify.py").read_bytes() == project.VERIFY.read_bytes()
    assert f"{folder}: written requirements.in, requirements.txt, verify.py" in said
    assert "not executed" not in said


def test_every_template_is_written_where_its_users_look(copy: Copy, tmp_path: Path) -> None:
    copy(pairing="tf216-legacy", python="3.12", templates=tuple(project.TEMPLATES))
    assert files(tmp_path / "new") == sorted(
        [
            *("requirements.in", "requirements.txt", "verify.py", "Dockerfile"),
            *(".devcontainer/devcontainer.json", ".github/workflows/tensorflow.yml"),
            *("environment.yml", "pyproject.toml"),
        ]
    )


@pytest.mark.parametrize("name", project.TEMPLATES)
def test_a_template_says_what_made_it_and_how_to_renew_it(name: str) -> None:
    target = Target(PAIRINGS["tf216-legacy"], "3.12")
    path, text = project.render_template(name, target)
    assert path == project.TEMPLATES[name]
    first, second, *_ = text.splitlines()
    mark = "//" if path.endswith(".json") else "#"
    assert first.startswith(f"{mark} tf216-legacy: Python 3.12 on Linux x86_64. Made by keras-")
    words = shlex.split(second.removeprefix(mark))
    assert words[:4] == ["nox", "-s", "copy", "--"]
    renewed = project.parse(words[4:])
    assert project.choose(renewed, LISTED) == target
    assert (renewed.templates, renewed.force) == ((name,), True)
    assert "TF_USE_LEGACY_KERAS" in text
    other = dataclasses.replace(target, pairing=PAIRINGS["tf216"])
    assert "TF_USE_LEGACY_KERAS" not in project.render_template(name, other)[1]


def test_the_runner_is_of_the_lock_s_platform_and_has_its_python() -> None:
    for platform, runner in project.RUNNERS.items():
        text = project.render_template("github", Target(PAIRINGS["tf215"], "3.11", platform))[1]
        assert f"runs-on: {runner}\n" in text
        assert 'python-version: "3.11"' in text
        assert "container:" not in text
    old = project.render_template("github", Target(PAIRINGS["tf115"], "3.7"))[1]
    assert "container: python:3.7-slim-bookworm" in old
    assert "uses: actions/setup-python" not in old


def test_a_container_is_of_the_lock_s_processor() -> None:
    target = Target(PAIRINGS["tf215"], "3.11", "linux-aarch64")
    assert (
        "--platform=linux/arm64 python:3.11-slim"
        in project.render_template("dockerfile", target)[1]
    )
    assert '"arm64v8/python:3.11-bookworm"' in project.render_template("devcontainer", target)[1]


def test_a_lock_that_was_never_executed_says_so(copy: Copy) -> None:
    assert "it was not executed: verify.py tells" in copy(pairing="tf213")


# --- what comes next ---


def test_the_next_commands_are_those_of_the_platform() -> None:
    target = Target(PAIRINGS["tf212"], "3.11")
    assert project.next_commands(target, Path("new"), "requirements") == (
        "cd new && python3.11 -m venv .venv && "
        ".venv/bin/python -m pip install --require-hashes -r requirements.txt",
        ".venv/bin/python verify.py",
    )
    legacy = Target(PAIRINGS["tf216-legacy"], "3.9", "windows-x86_64")
    assert project.next_commands(legacy, Path("it's new"), "requirements") == (
        "cd 'it''s new'; py -3.9 -m venv .venv; "
        r".venv\Scripts\python -m pip install --require-hashes -r requirements.txt",
        r'$env:TF_USE_LEGACY_KERAS = "1"; .venv\Scripts\python verify.py',
    )
    mac = dataclasses.replace(legacy, platform="macos-arm64")
    assert project.next_commands(mac, None, "pylock") == (
        "uv venv -p 3.9 && uv pip sync pylock.toml",
        "TF_USE_LEGACY_KERAS=1 .venv/bin/python verify.py",
    )


def test_a_path_with_spaces_is_quoted(copy: Copy, tmp_path: Path) -> None:
    said = copy(path=tmp_path / "my new project")
    assert f"\n    cd '{tmp_path}/my new project' && python3.11 -m venv .venv && " in said
    assert "verify.py" in files(tmp_path / "my new project")
    again = refused(copy, path=tmp_path / "my other project", python="3.12")
    assert f"copy -- tf212 '{tmp_path}/my other project' --python 3.11 " in again


def test_for_another_machine_the_commands_are_for_that_machine(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platforms, "here", lambda: "macos-arm64")
    said = copy(platform="linux-x86_64")
    assert "next in that folder, on Linux x86_64:\n    python3.11 -m venv .venv" in said


# --- what is refused ---


def test_nothing_is_overwritten_and_nothing_half_written(copy: Copy, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "Dockerfile").write_text("mine")
    said = refused(copy, templates=("conda", "dockerfile"))
    assert f"{folder}: already holds Dockerfile: nothing was written: give --force" in said
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
    said = refused(copy, python="3.9", force=True)
    assert "new: cannot be written (No space left on device): make it writable" in said
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


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid"), reason="POSIX permissions")
def test_a_folder_that_cannot_be_written_is_refused(copy: Copy, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir(mode=0o555)
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    assert "new: cannot be written (Permission denied)" in refused(copy)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"pairing": "tf99"}, "unknown pairing 'tf99'; the known ones are: tf115, "),
        ({"platform": "beos"}, "unknown platform 'beos'; they are: linux-x86_64, "),
        ({"platform": "macos"}, "--platform macos: say which: macos-arm64 or macos-x86_64"),
        ({"variant": "tpu"}, "unknown variant 'tpu'; they are: default, cpu, cuda"),
        ({"templates": ("vagrant",)}, "unknown template 'vagrant'; they are: dockerfile, "),
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
    given: dict[str, Any], said: str, copy: Copy, tmp_path: Path
) -> None:
    assert said in refused(copy, **given)
    assert not (tmp_path / "new").exists()


def test_a_machine_that_no_lock_is_for_is_named(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platforms, "here", lambda: "linux-riscv64")
    assert "no lock is for this machine, linux-riscv64: give --platform, of linux-" in refused(copy)


# --- what has no lock: why, and the nearest that has one ---

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
    said = refused(copy, **given)
    assert why in said
    assert f"\n    nox -s copy -- {command.format(tmp_path / 'new')}" in said
    assert said.endswith("\ncopies the nearest that has one")
    assert not (tmp_path / "new").exists()


def test_the_nearest_can_be_typed_as_it_stands(copy: Copy) -> None:
    said = refused(copy, platform="windows", templates=("conda",))
    words = shlex.split(said.rpartition("nox -s copy -- ")[2].partition("\n")[0])
    request = project.parse(words)
    found = project.choose(request, LISTED)
    assert (found.python, found.platform) == ("3.9", "windows-x86_64")
    assert request.templates == ("conda",)


def test_an_impossible_pairing_says_why(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = dataclasses.replace(PAIRINGS["tf212"], impossible="no wheel installs, 2026-11-23")
    monkeypatch.setattr(pairing, "load_all", lambda: PAIRINGS | {"tf212": gone})
    said = refused(copy, python="3.12")
    assert "tf212: no lock for Python 3.12 on Linux x86_64: no wheel installs, 2026-11-23" in said


# --- the command line ---


def test_a_command_line_becomes_a_request() -> None:
    assert project.parse(["tf212", "new"]) == Request("tf212", Path("new"))
    assert project.parse(["tf212", "new"], Path.cwd()).path == Path("new")
    assert project.parse(["tf212", "new"], Path("/typed/here")).path == Path("/typed/here/new")
    given = ["tf212", "new", "--python", "3.9", "--platform", "windows", "--variant", "cpu"]
    given += ["--with", "conda,github", "--format", "pylock", "--force"]
    assert project.parse(given) == Request(
        "tf212", Path("new"), "3.9", "windows", "cpu", ("conda", "github"), "pylock", True
    )


@pytest.mark.parametrize("argv", [[], ["tf212"], ["tf212", "new", "--pyhton", "3.9"]])
def test_a_command_line_that_is_none_shows_the_usage(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        project.parse(argv)
    assert ended.value.code == 2
    assert "usage: nox -s copy -- " in capsys.readouterr().err


def test_python_and_platform_are_those_that_run_it() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = project.choose(Request("tf212", Path("new")), [entry("tf212", version)])
    assert (found.python, found.platform) == (version, "linux-x86_64")


# --- pylock.toml ---


def made(wanted: lock.Lock) -> dict[str, Any]:
    """What uv would make of a lock, with one file a package."""
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
    wanted = lock.read(Target(PAIRINGS["tf212"], "3.11"))
    project._check_pylock(made(wanted), wanted, "lock")

    other = made(wanted)
    other["packages"][3]["wheels"][0]["hashes"]["sha256"] = "0" * 64
    with pytest.raises(Problem, match=r"would take \S+ from \S+\.whl, whose hash is not in"):
        project._check_pylock(other, wanted, "lock")
    other = made(wanted)
    other["packages"][3]["sdist"] = {"url": "x.tar.gz", "hashes": {"sha256": "0" * 64}}
    with pytest.raises(Problem, match=r"would take \S+ from x\.tar\.gz"):
        project._check_pylock(other, wanted, "lock")
    other = made(wanted)
    other["packages"][3]["wheels"] = []
    with pytest.raises(Problem, match=r"would take \S+ from nowhere"):
        project._check_pylock(other, wanted, "lock")
    other = made(wanted)
    other["packages"][3]["version"] = "0"
    with pytest.raises(Problem, match="would pin other versions"):
        project._check_pylock(other, wanted, "lock")
    del other["packages"][3]
    with pytest.raises(Problem, match="would pin other versions"):
        project._check_pylock(other, wanted, "lock")


def test_without_uv_a_pylock_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "uv", lambda: None)
    with pytest.raises(Problem, match="there is none: pip install uv"):
        project.render_pylock(Target(PAIRINGS["tf212"], "3.11"))
