"""The hashes of a lock: exactly those of the files that its Python and platform can install."""

from __future__ import annotations

import pytest
from samples import TF212

from envs.locking import lock_check, lock_text, pypi
from envs.model import pairing
from envs.model.lock import Lock, Pin
from envs.model.pairing import Target

TF20 = Target(pairing.load_pairing(pairing.FOLDER / "tf20.toml"), "3.7")
CUT_OFF = "2026-11-20T00:00:00Z"


def file(name: str, digit: str, time: str = "2020-01-01T00:00:00Z") -> pypi.File:
    return {"filename": name, "hashes": {"sha256": digit * 64}, "upload-time": time}


def on(platform: str, python: str = "3.11") -> Target:
    return Target(TF212.pairing, python, platform)


MACHINES = {
    "linux-x86_64": on("linux-x86_64"),
    "linux-aarch64": on("linux-aarch64"),
    "macos-arm64": on("macos-arm64"),
    "macos-x86_64": on("macos-x86_64"),
    "windows-x86_64": on("windows-x86_64"),
    "linux-x86_64 3.7": Target(TF20.pairing, "3.7"),
}


@pytest.mark.parametrize(
    ("tags", "machines"),
    [
        ("py3-none-any", list(MACHINES)),
        ("py2.py3-none-any", list(MACHINES)),
        ("py2-none-any", []),
        ("cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", ["linux-x86_64"]),
        ("cp311-cp311-manylinux_2_39_x86_64", ["linux-x86_64"]),
        ("cp311-cp311t-manylinux_2_17_x86_64", []),
        ("cp311-cp311-musllinux_1_2_x86_64", []),
        ("cp310-cp310-manylinux_2_17_x86_64", []),
        ("cp312-abi3-manylinux_2_17_x86_64", []),
        ("cp39-abi3-manylinux_2_17_aarch64", ["linux-aarch64"]),
        ("cp37-cp37m-manylinux1_x86_64", ["linux-x86_64 3.7"]),
        ("py3-none-manylinux2010_x86_64", ["linux-x86_64", "linux-x86_64 3.7"]),
        ("cp311-cp311-win_amd64", ["windows-x86_64"]),
        ("cp311-cp311-win32", []),
        ("cp311-cp311-win_arm64", []),
        ("cp311-cp311-macosx_11_0_arm64", ["macos-arm64"]),
        ("cp311-cp311-macosx_26_0_arm64", ["macos-arm64"]),
        ("cp311-cp311-macosx_10_9_x86_64", ["macos-x86_64"]),
        ("cp311-cp311-macosx_10_9_universal2", ["macos-arm64", "macos-x86_64"]),
    ],
)
def test_a_wheel_fits_where_its_tags_say_so(
    tags: str, machines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pypi.group_by_release.cache_clear()
    monkeypatch.setattr(pypi, "list_files", lambda name: [file(f"six-1.0-{tags}.whl", "a")])
    fitting = [
        name for name, target in MACHINES.items() if pypi.list_fitting_files("six", "1.0", target)
    ]
    pypi.group_by_release.cache_clear()
    assert fitting == machines


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "gast": [file("gast-0.2.2.tar.gz", "a"), file("gast-0.2.2-py3-none-any.whl", "b")],
        "six": [
            file("six-1.17.0.tar.gz", "c"),
            file("six-1.17.0-py3-none-any.whl", "d"),
            file("six-1.17.0-1-py3-none-any.whl", "e", "2026-12-01T00:00:00Z"),
            file("six-1.16.0-py3-none-any.whl", "f"),
            file("six-1.17.0.win32.exe", "0"),
            file("six-1.18.0-py3-none-any.whl", "1", "2026-12-02T00:00:00Z"),
        ],
    }
    pypi.group_by_release.cache_clear()
    monkeypatch.setattr(pypi, "list_files", files.__getitem__)


@pytest.mark.usefixtures("index")
def test_hashes_are_of_wheels_or_of_the_sdist_and_not_of_what_came_later() -> None:
    pins = [
        lock_text.hash_pin("gast", "0.2.2", TF20, None, CUT_OFF),
        lock_text.hash_pin("six", "1.17.0", TF20, None, CUT_OFF),
    ]
    assert lock_text.render_pins(pins) == (
        f"gast==0.2.2 \\\n    --hash=sha256:{'a' * 64}\nsix==1.17.0 \\\n"
        f"    --hash=sha256:{'d' * 64}\n"
    )


@pytest.mark.usefixtures("index")
def test_a_package_that_is_moved_alone_brings_its_own_day_and_no_other_hash() -> None:
    old = Lock({"cut-off": CUT_OFF}, (), (Pin("six", "1.17.0", ("d" * 64,)),))
    assert lock_text.hash_pin("six", "1.17.0", TF20, old, None) == old.pins[0]
    moved = lock_text.hash_pin("six", "1.18.0", TF20, old, None)
    assert moved.hashes == ("1" * 64,)
    assert pypi.date_of_newest_pin([moved], CUT_OFF) == "2026-12-02T00:00:01Z"
    assert pypi.date_of_newest_pin(old.pins, CUT_OFF) == CUT_OFF
    again = Lock({"cut-off": CUT_OFF}, (), (moved,))
    assert lock_text.hash_pin("six", "1.18.0", TF20, again, CUT_OFF) == moved


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize(
    ("hashes", "objection"),
    [
        (("d",), None),
        (("d", "e"), None),
        (("c", "d"), f"six==1.17.0: the hash {'c' * 64} belongs to no file on PyPI that fits"),
        (("e",), f"six==1.17.0: the hash {'d' * 64} of six-1.17.0-py3-none-any.whl is missing"),
    ],
)
def test_a_hash_that_is_missing_or_of_another_file_is_named(
    hashes: tuple[str, ...], objection: str | None
) -> None:
    pin = Pin("six", "1.17.0", tuple(digit * 64 for digit in hashes))
    objections = lock_check.object_to_hashes(pin, Lock({"cut-off": CUT_OFF}, (), (pin,)), TF20)
    assert list(objections) == ([objection] if objection else [])
