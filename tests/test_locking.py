"""Renewal: which locks a request names, what decides their pins, what an interruption leaves."""

from __future__ import annotations

import dataclasses
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from samples import TF212

from envs import Problem
from envs.locking import derivation, lock_request, pip_tools, pypi, renewal, resolver
from envs.locking.lock_request import LockRequest
from envs.locking.renewal import _Done
from envs.locking.resolver import NoSolution
from envs.model import index, lock, pairing
from envs.model.lock import Lock, Pin
from envs.model.pairing import Target

PAIRINGS = pairing.load_pairings()
TF20 = Target(PAIRINGS["tf20"], "3.7")
WINDOWS = dataclasses.replace(TF212, platform="windows-x86_64")


def test_a_package_that_no_lock_pins_upgrades_nothing() -> None:
    before = lock.lock_path(TF212).read_text(encoding="utf-8")
    assert (
        pip_tools.compile_lock(TF212, LockRequest(upgrade_package=("no-such-package",))) == before
    )


def test_a_cut_off_is_a_date() -> None:
    assert LockRequest(cut_off="2026-11-20").cut_off == "2026-11-20T00:00:00Z"
    assert LockRequest(cut_off="2026-11-20T12:00:00Z").cut_off == "2026-11-20T12:00:00Z"
    with pytest.raises(Problem, match="cut-off 'yesterday': write a date such as 2026-11-20"):
        LockRequest(cut_off="yesterday")


DATED = Lock({"cut-off": "2026-11-20T00:00:00Z"}, (), ())
KEPT = Lock({"cut-off": "none, existing pins are kept"}, (), ())
TODAY = "today"


@pytest.mark.parametrize(
    ("python", "old", "request_", "cut_off", "keep"),
    [
        ("3.11", None, LockRequest(), TODAY, False),
        ("3.11", DATED, LockRequest(), DATED.cut_off, True),
        ("3.11", DATED, LockRequest(upgrade=True), TODAY, False),
        ("3.11", DATED, LockRequest(cut_off="2026-01-01"), "2026-01-01T00:00:00Z", False),
        ("3.11", DATED, LockRequest(upgrade_package=("numpy",)), DATED.cut_off, True),
        ("3.11", KEPT, LockRequest(), None, True),
        ("3.11", KEPT, LockRequest(upgrade=True), TODAY, False),
        ("3.8", None, LockRequest(), None, False),
        ("3.8", KEPT, LockRequest(), None, True),
        ("3.8", KEPT, LockRequest(upgrade=True), None, False),
    ],
)
def test_a_lock_is_decided_by_a_date_or_by_its_old_pins(
    python: str, old: Lock | None, request_: LockRequest, cut_off: str | None, keep: bool
) -> None:
    date, kept = pip_tools._plan(python, old, request_)
    assert kept == keep
    if cut_off is TODAY:
        assert date
        assert date > "2026-11-20"
    else:
        assert date == cut_off


# --- which locks are meant ---


def test_a_command_line_becomes_a_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert lock_request.parse_lock_request([]) == LockRequest()
    given = ["tf212", "--platform", "windows", "--upgrade-package", "numpy", "--tools"]
    assert lock_request.parse_lock_request(given) == LockRequest(
        names=("tf212",), platform="windows", upgrade_package=("numpy",), tools=True
    )
    with pytest.raises(SystemExit):
        lock_request.parse_lock_request(["--upgrde"])
    assert "usage: nox -s lock --" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("request_", "count"),
    [
        (LockRequest(names=("tf212",)), 4 * 8),
        (LockRequest(names=("tf212",), platform="windows"), 4 * 2),
        (LockRequest(names=("tf212",), platform="windows", python="3.9"), 2),
        (LockRequest(names=("tf212", "tf20"), variant="cuda"), 5),
        (LockRequest(python="3.13"), 5 * 8),
    ],
)
def test_a_request_narrows(request_: LockRequest, count: int) -> None:
    assert len(lock_request.select_targets(PAIRINGS, request_)) == count
    assert not request_.whole


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (LockRequest(names=("tf299",)), "unknown pairing 'tf299'"),
        (LockRequest(python="2.7"), "no lock for Python '2.7'; there are: 3.7, 3.8"),
        (
            LockRequest(platform="solaris"),
            "unknown platform 'solaris'; the known ones are: linux-x8",
        ),
        (LockRequest(variant="rocm"), "unknown variant 'rocm'; the known ones are: default, cpu"),
        (LockRequest(names=("tf20",), python="3.11"), "no pairing has such a lock"),
    ],
)
def test_a_word_that_names_nothing_is_refused(request_: LockRequest, message: str) -> None:
    with pytest.raises(Problem, match=message):
        lock_request.select_targets(PAIRINGS, request_)


# --- an interruption ---


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A requirements folder with two locks of tf212. No resolver runs."""
    folder = tmp_path / "requirements"
    (folder / "windows-x86_64").mkdir(parents=True)
    for target in (TF212, WINDOWS):
        shutil.copy(
            lock.lock_path(target), folder / lock.lock_path(target).relative_to(lock.FOLDER)
        )
    monkeypatch.setattr(renewal, "PROGRESS", tmp_path / ".nox" / "lock-progress.json")
    monkeypatch.setattr(
        lock,
        "lock_path",
        lambda target, folder=folder: folder / target.folder / f"{target.stem}.txt",
    )
    monkeypatch.setattr(lock, "lock_label", lambda target: f"{target.folder}/{target.stem}.txt")
    return folder


def test_a_renewal_goes_on_where_it_was_interrupted(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuda = dataclasses.replace(TF212, variant="cuda")
    calls: list[str] = []

    def derive(target: Target, request: LockRequest) -> str:
        calls.append(target.folder)
        if target == cuda:
            raise NoSolution("no such extra")
        return lock.lock_path(target).read_text(encoding="utf-8")

    def compile_lock(target: Target, request: LockRequest) -> str:
        calls.append("base")
        return lock.lock_path(target).read_text(encoding="utf-8")

    monkeypatch.setattr(derivation, "derive_lock", derive)
    monkeypatch.setattr(pip_tools, "compile_lock", compile_lock)
    group, request = [TF212, WINDOWS, cuda], LockRequest()

    def renew() -> list[str]:
        done = _Done.load(group, request)
        with ThreadPoolExecutor(2) as pool:
            return renewal._renew_group(group, request, done, pool)

    assert renew() == ["tf212-py311: 2 unchanged, 1 impossible"]
    assert sorted(calls) == ["base", "linux-x86_64-cuda", "windows-x86_64"]
    assert renew() == ["tf212-py311: done before the interruption"]
    assert len(calls) == 3

    (work / "windows-x86_64/tf212-py311.txt").write_text("half\n")
    assert renew() == ["tf212-py311: 1 unchanged"]
    assert calls[3:] == ["windows-x86_64"]

    request = LockRequest(upgrade=True)
    renew()
    assert sorted(calls[4:]) == ["base", "linux-x86_64-cuda", "windows-x86_64"]


def test_a_lock_that_became_impossible_is_removed_with_its_reason(work: Path) -> None:
    changes: list[str] = []
    assert not renewal._put(WINDOWS, NoSolution("numpy is gone"), changes)
    assert changes == ["windows-x86_64/tf212-py311.txt: removed: numpy is gone"]
    assert not (work / "windows-x86_64/tf212-py311.txt").exists()


def test_the_files_of_a_pairing_that_is_gone_are_pruned(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(lock.FOLDER, tmp_path / "requirements"))
    before = {path for path in folder.rglob("*") if path.is_file()}
    strays = ["tf199.in", "tf199-py36.txt", ".tf212.in.4711.tmp", "solaris/tf212-py36.txt"]
    (folder / "solaris").mkdir()
    for name in strays:
        (folder / name).touch()
    lines: list[str] = []
    renewal.prune_locks(PAIRINGS, index.load_reasons(), lines.append, folder)
    assert {path for path in folder.rglob("*") if path.is_file()} == before
    assert not (folder / "solaris").exists()
    assert lines == [
        f"requirements/{name}: removed, no pairing asks for it" for name in sorted(strays)
    ]


# --- what PyPI lists, and what a resolver prints ---


def test_a_stub_is_told_from_code_by_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    def file(name: str, size: int, yanked: bool = False) -> dict[str, object]:
        return {"filename": name, "size": size, "yanked": yanked}

    files = {
        "tensorflow": [
            file("tensorflow-2.12.0-cp311-cp311-win_amd64.whl", 1_900),
            file("tensorflow-2.12.0-cp311-cp311-macosx_10_15_x86_64.whl", 230_000_000),
            file("tensorflow-2.12.0-cp36-cp36m-win_amd64.whl", 400_000_000),
            file("tensorflow-2.12.1-cp311-cp311-win_amd64.whl", 1_900),
            file("tensorflow-2.12.0rc0-cp311-cp311-win_amd64.whl", 1_900),
            file("tensorflow-2.11.0-cp310-cp310-win_amd64.whl", 1_900),
            file("tensorflow-2.12.0.tar.gz", 1_900),
        ],
        "tensorflow-intel": [
            file("tensorflow_intel-2.12.0-cp311-cp311-win_amd64.whl", 272_000_000),
            file("tensorflow_intel-2.12.0-cp310-cp310-win_amd64.whl", 272_000_000, yanked=True),
        ],
    }
    monkeypatch.setattr(pypi, "list_files", lambda name: files.get(name, []))
    wheels = pypi.fetch_wheels({"tf212": TF212.pairing})
    assert wheels["tensorflow"] == {
        "2.12.0": {"macos-x86_64": {"3.11": 230_000_000}, "windows-x86_64": {"3.11": 1_900}}
    }
    assert wheels["tensorflow-intel"] == {"2.12.0": {"windows-x86_64": {"3.11": 272_000_000}}}
    assert wheels["tensorflow-macos"] == {}


def test_what_differs_from_the_base_is_said_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = {
        "h5py": [{"filename": "h5py-3.11.0-cp311-cp311-manylinux_2_17_x86_64.whl"}],
        "cryptography": [{"filename": "cryptography-50.0-cp39-abi3-win_amd64.whl"}],
    }
    monkeypatch.setattr(pypi, "list_files", files.__getitem__)
    base = Lock(
        {},
        (),
        (Pin("cryptography", "50.0", ()), Pin("h5py", "3.11.0", ()), Pin("idna", "3.10", ())),
    )
    pins = {
        "cryptography": Pin("cryptography", "49.0", ()),
        "h5py": Pin("h5py", "3.10.0", ()),
        "idna": Pin("idna", "3.10", ()),
        "new": Pin("new", "1", ()),
    }
    assert derivation._differs(WINDOWS, base, pins) == (
        "cryptography 49.0 instead of 50.0, which does not fit what else is there; "
        "h5py 3.10.0 instead of 3.11.0, which has no wheel there"
    )


def test_a_resolver_s_proof_becomes_one_line() -> None:
    output = (
        "  x No solution found when resolving dependencies:\n"
        "  \u2570\u2500\u25b6 Because clang==5.0 has no wheels\n"
        "      and you require clang, no.\n\n"
        "hint: wheels are available\n"
    )
    assert (
        resolver.read_proof(output) == "Because clang==5.0 has no wheels and you require clang, no."
    )
