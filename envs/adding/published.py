"""What is published of a release: its Pythons, its Kerases, and what its metadata requires."""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from importlib.metadata import distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from envs import Problem
from envs.locking import pypi
from envs.model import platforms, version_numbers
from envs.model.platforms import LINUX
from envs.running import installers, interpreters
from envs.running.interpreters import NoInterpreter

OLDEST_PYTHON = (3, 7)
"""The oldest Python that the examples and verify.py run on."""


def list_wheel_pythons(tensorflow: str) -> list[str]:
    """The Pythons that a TensorFlow has a wheel for on Linux x86_64, newest first.

    Raises Problem if there is none from 3.7 on.
    """
    tags = pypi.list_platform_tags(LINUX)
    pythons = {
        f"3.{tag.interpreter.removeprefix('cp3')}"
        for file, tags_of_file in pypi.group_by_release("tensorflow").get(Version(tensorflow), [])
        if file["size"] >= platforms.STUB and not file.get("yanked")
        for tag in tags_of_file or ()
        if tag.platform in tags and tag.interpreter.startswith("cp3")
    }
    newest_first = sorted(pythons, key=version_numbers.release_numbers, reverse=True)
    usable = [p for p in newest_first if version_numbers.release_numbers(p) >= OLDEST_PYTHON]
    if not usable:
        raise Problem(
            f"tensorflow {tensorflow}: PyPI has no wheel of it for Linux x86_64 and Python 3.7 or "
            "later: see the releases that 'pip index versions tensorflow --pre' lists"
        )
    return usable


def list_present_pythons(pythons: list[str]) -> tuple[list[str], list[str]]:
    """The Pythons that have an interpreter on this machine, or can be downloaded; and the rest."""
    present, missing = [], []
    for python in pythons:
        try:
            interpreters.find_interpreter(python)
            present.append(python)
        except NoInterpreter:
            missing.append(python)
    return present, missing


@cache
def read_requirements(tensorflow: str, python: str) -> dict[str, Requirement]:
    """Package -> what the metadata of a TensorFlow requires of it on a Python, extras aside.

    The wheel itself is asked: it is installed, without what it requires, and read. Raises Problem.
    """
    environ = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    with tempfile.TemporaryDirectory() as folder:
        command = [installers.find_uv() or "uv", "pip", "install", "-q", "--no-deps"]
        command += ["-p", str(interpreters.find_interpreter(python)), "--target", folder]
        command += [*installers.pypi_options(), f"tensorflow=={tensorflow}"]
        done = subprocess.run(
            command, env=installers.tool_environ(), capture_output=True, text=True
        )
        if done.returncode:
            lines = "\n".join("    " + line for line in done.stderr.strip().splitlines()[-10:])
            raise Problem(f"tensorflow {tensorflow}: its wheel cannot be installed:\n{lines}")
        wheel = next(iter(distributions(path=[folder])))
        requirements = [Requirement(line) for line in wheel.requires or ()]
    return {
        canonicalize_name(requirement.name): requirement
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate(environ)
    }


def find_newest(package: str, requirement: Requirement) -> str | None:
    """The newest final release with a wheel that a requirement admits; None if there is none."""
    releases = [
        release
        for release in list_final_releases(package)
        if requirement.specifier.contains(release)
    ]
    return max(releases, key=Version, default=None)


def find_stand_alone_keras(tensorflow: str) -> str:
    """The stand-alone Keras of the days of a TensorFlow that has its own copy.

    Its minor is the newest that was out when that TensorFlow minor appeared; its patch is the last
    before the next TensorFlow minor. Raises Problem if there is none.
    """
    minor = version_numbers.minor_of(tensorflow)
    appeared: dict[str, str] = {}
    for release, date in list_final_releases("tensorflow").items():
        this = version_numbers.minor_of(release)
        appeared[this] = min(date, appeared.get(this, date))
    later = [
        appeared[other]
        for other in appeared
        if version_numbers.release_numbers(other) > version_numbers.release_numbers(minor)
    ]
    before_next = min((date for date in later if date > appeared[minor]), default="9999")
    keras = list_final_releases("keras")
    out = [release for release, date in keras.items() if date < appeared[minor]]
    newest = max(out, key=Version, default=None)
    patches = [
        release
        for release, date in keras.items()
        if newest and date < before_next
        if version_numbers.minor_of(release) == version_numbers.minor_of(newest)
    ]
    if not patches:
        raise Problem(f"tensorflow {tensorflow}: no keras is as old: name one with --keras")
    return max(patches, key=Version)


def list_final_releases(package: str) -> dict[str, str]:
    """Final release -> when its first wheel was uploaded, of those that were not withdrawn."""
    dates: dict[str, str] = {}
    for release, files in pypi.group_by_release(package).items():
        wheels = [file for file, tags in files if tags is not None and not file.get("yanked")]
        if wheels and not release.is_prerelease and not release.is_postrelease:
            dates[str(release)] = min(wheel["upload-time"] for wheel in wheels)
    return dates


def has_wheel(package: str, requirement: Requirement) -> bool:
    """Whether PyPI has any wheel of a release that a requirement admits."""
    return any(
        requirement.specifier.contains(release, prereleases=True)
        for release, files in pypi.group_by_release(canonicalize_name(package)).items()
        if any(tags is not None for _, tags in files)
    )
