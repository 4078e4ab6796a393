"""Platforms: which package holds TensorFlow's code on each, according to PyPI."""

from __future__ import annotations

import pytest

from envs.model import platforms
from envs.model.platforms import Payload, find_payload

BIG, STUB = 300_000_000, 2_000
WHEELS = {
    "tensorflow": {
        "2.11.0": {"linux-aarch64": {"3.9": STUB}, "windows-x86_64": {"3.9": STUB}},
        "2.11.1": {"linux-aarch64": {"3.9": STUB}, "linux-x86_64": {"3.9": BIG}},
        "2.11.2": {"linux-x86_64": {"3.9": BIG}},
        "2.14.1": {"linux-x86_64": {"3.9": BIG}},
    },
    "tensorflow-cpu-aws": {"2.11.0": {"linux-aarch64": {"3.9": BIG}}},
    "tensorflow-macos": {"2.11.0": {"macos-arm64": {"3.9": BIG}}},
    "tensorflow-intel": {"2.11.0": {"windows-x86_64": {"3.9": BIG}}},
    "tensorflow-cpu": {"2.11.0": {"windows-x86_64": {"3.9": STUB}}},
}


@pytest.mark.parametrize(
    ("platform", "variant", "expected"),
    [
        ("linux-x86_64", "default", Payload("tensorflow", "tensorflow", "2.11.1")),
        ("linux-aarch64", "default", Payload("tensorflow", "tensorflow-cpu-aws", "2.11.0")),
        ("macos-arm64", "default", Payload("tensorflow-macos", "tensorflow-macos", "2.11.0")),
        ("windows-x86_64", "default", Payload("tensorflow", "tensorflow-intel", "2.11.0")),
        ("windows-x86_64", "cpu", Payload("tensorflow-cpu", "tensorflow-intel", "2.11.0")),
        ("macos-x86_64", "default", None),
        ("linux-x86_64", "cpu", None),
    ],
)
def test_the_newest_patch_release_with_code_is_taken(
    platform: str, variant: str, expected: Payload | None
) -> None:
    assert find_payload(WHEELS, "2.11.1", "3.9", platform, variant) == expected
    assert find_payload(WHEELS, "2.11.1", "3.8", platform, variant) is None


def test_cuda_is_an_extra_of_2_14_and_later() -> None:
    assert find_payload(WHEELS, "2.11.1", "3.9", "linux-x86_64", "cuda") is None
    assert find_payload(WHEELS, "2.14.1", "3.9", "linux-x86_64", "cuda")
    reason = platforms.explain_lack("2.11.1", "3.9", "linux-x86_64", "cuda")
    assert reason == "TensorFlow has its extra and-cuda from 2.14 on"


def test_what_is_lacking_is_said_in_words() -> None:
    reason = platforms.explain_lack("2.6.5", "3.9", "macos-arm64", "default")
    assert reason == "PyPI has no tensorflow 2.6 with code for Python 3.9 on macOS arm64"


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("windows", ["windows-x86_64"]),
        ("macos", ["macos-arm64", "macos-x86_64"]),
        ("linux-aarch64", ["linux-aarch64"]),
        ("linux-x86", []),
        ("solaris", []),
    ],
)
def test_a_word_names_platforms(word: str, names: list[str]) -> None:
    assert platforms.match_platforms(word) == names


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("linux", "x86_64", "linux-x86_64"),
        ("linux", "aarch64", "linux-aarch64"),
        ("darwin", "arm64", "macos-arm64"),
        ("win32", "AMD64", "windows-x86_64"),
        ("freebsd14", "riscv64", "freebsd14-riscv64"),
    ],
)
def test_the_platform_of_this_process_is_named_as_the_locks_are(
    system: str, machine: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert platforms.this_platform() == name
