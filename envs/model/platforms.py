"""Platforms and variants: where a lock is for, and which package carries TensorFlow's code there.

`Wheels` holds which wheels PyPI had when locks were last renewed.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.version import Version

LINUX = "linux-x86_64"
"""The platform whose locks pip-tools compiles, and where they are executed."""

DEFAULT = "default"
"""The variant that is just `tensorflow`."""

CUDA_FROM = Version("2.14")
"""The first TensorFlow with the extra `and-cuda`."""

STUB = 10_000_000
"""Bytes; a TensorFlow wheel below this is a stub that holds no code (they have some 2,000)."""


@dataclass(frozen=True)
class Platform:
    """One operating system on one processor.

    `uv` is uv's own name of it, for `--python-platform`.
    """

    name: str
    label: str
    uv: str


PLATFORMS = {
    platform.name: platform
    for platform in (
        Platform(LINUX, "Linux x86_64", "x86_64-unknown-linux-gnu"),
        Platform("linux-aarch64", "Linux aarch64", "aarch64-unknown-linux-gnu"),
        Platform("macos-arm64", "macOS arm64", "aarch64-apple-darwin"),
        Platform("macos-x86_64", "macOS x86_64", "x86_64-apple-darwin"),
        Platform("windows-x86_64", "Windows x86_64", "x86_64-pc-windows-msvc"),
    )
}

VARIANTS: Mapping[str, tuple[str, ...]] = {
    DEFAULT: tuple(PLATFORMS),
    "cpu": (LINUX, "windows-x86_64"),
    "cuda": (LINUX,),
}
"""Variant -> the platforms that it is published for."""

CODE = {
    DEFAULT: ("tensorflow", "tensorflow-intel", "tensorflow-macos", "tensorflow-cpu-aws"),
    "cpu": ("tensorflow-cpu", "tensorflow-intel"),
    "cuda": ("tensorflow",),
}
"""Variant -> the packages that may carry TensorFlow's code; the first is the one to ask for."""

PACKAGES = tuple(dict.fromkeys(name for names in CODE.values() for name in names))

Wheels = Mapping[str, Mapping[str, Mapping[str, Mapping[str, int]]]]
"""Package -> release -> platform -> Python -> bytes of the wheel, for all of `PACKAGES`."""


@dataclass(frozen=True)
class Payload:
    """What is asked for on one platform, and what carries the code there; both of one release."""

    asked: str
    package: str
    release: str


def find_payload(
    wheels: Wheels, tensorflow: str, python: str, platform_: str, variant: str
) -> Payload | None:
    """The newest patch release of a TensorFlow minor, up to `tensorflow`, with code for a platform.

    None where no package of that minor has any.
    """
    wanted = Version(tensorflow)
    if variant == "cuda" and wanted < CUDA_FROM:
        return None
    releases = {release for package in CODE[variant] for release in wheels.get(package, {})}
    for release in sorted(releases, key=Version, reverse=True):
        if Version(release).release[:2] != wanted.release[:2] or Version(release) > wanted:
            continue
        sizes = {
            package: wheels.get(package, {}).get(release, {}).get(platform_, {}).get(python)
            for package in CODE[variant]
        }
        for package, size in sizes.items():
            if size is not None and size >= STUB:
                first = CODE[variant][0]
                asked = first if sizes[first] is not None else package
                return Payload(asked, package, release)
    return None


def explain_lack(tensorflow: str, python: str, platform_: str, variant: str) -> str:
    """Why there is no payload, in words, where `payload` finds none."""
    minor = ".".join(tensorflow.split(".")[:2])
    if variant == "cuda" and Version(tensorflow) < CUDA_FROM:
        return f"TensorFlow has its extra and-cuda from {CUDA_FROM} on"
    where = PLATFORMS[platform_].label
    return f"PyPI has no {CODE[variant][0]} {minor} with code for Python {python} on {where}"


def describe_platform(platform_: str, variant: str) -> str:
    """A platform and a variant in words: `Linux x86_64, cpu`."""
    label = PLATFORMS[platform_].label
    return label if variant == DEFAULT else f"{label}, {variant}"


def match_platforms(text: str) -> list[str]:
    """The platforms that a word such as `windows`, `macos` or `linux-aarch64` names."""
    return [name for name in PLATFORMS if re.fullmatch(rf"{re.escape(text)}(-.+)?", name)]


def this_platform() -> str:
    """The platform of this process, named like the known ones; it may be none of them."""
    system = {"win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64"}.get(machine, machine)
    if (system, machine) == ("linux", "arm64"):
        machine = "aarch64"
    return f"{system}-{machine}"


def listed_platform() -> str:
    """The platform whose sessions are listed here; of a machine without locks, Linux x86_64."""
    here = this_platform()
    return here if here in PLATFORMS else LINUX
