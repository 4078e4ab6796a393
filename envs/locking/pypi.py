"""PyPI's index: which files a project has, and which of them fit a Python and a platform."""

from __future__ import annotations

import datetime
import json
import re
import urllib.request
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from envs import Problem
from envs.model import lock, platforms, version_numbers
from envs.model.lock import Pin
from envs.model.pairing import Pairing, Target
from envs.model.platforms import Wheels

File = dict[str, Any]
"""What the index says of a file: its name, hashes, size, time of upload (PEP 691, PEP 700)."""

_NEWEST = 100
"""Beyond any glibc 2 minor or macOS release that a wheel may ask for."""


@cache
def list_files(project: str) -> list[File]:
    """What PyPI's index says of each file of a project. Raises Problem."""
    request = urllib.request.Request(
        f"{lock.PYPI}/{project}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            files: list[File] = json.load(response)["files"]
    except (OSError, ValueError) as error:
        raise Problem(f"{lock.PYPI}/{project}/: cannot be read ({error}): no network?") from None
    return files


def list_releases(project: str, before: str) -> list[str]:
    """Every release that PyPI has of a project as a wheel, uploaded before a day, not withdrawn.

    Raises Problem.
    """
    return [
        str(parse_wheel_filename(file["filename"])[1])
        for file in list_files(project)
        if file["filename"].endswith(".whl")
        and not file.get("yanked")
        and file["upload-time"] < before
    ]


def fetch_wheels(pairings: Mapping[str, Pairing]) -> Wheels:
    """Ask PyPI which wheels there are of the declared TensorFlow minors, and how big each is."""
    minors = {Version(one.tensorflow).release[:2] for one in pairings.values()}
    newest = {minor: Version("0") for minor in minors}
    for one in pairings.values():
        version = Version(one.tensorflow)
        newest[version.release[:2]] = max(newest[version.release[:2]], version)
    declared = {Version(pairing.tensorflow) for pairing in pairings.values()}
    wheels: dict[str, dict[Version, dict[str, dict[str, int]]]] = {}
    for package in platforms.PACKAGES:
        releases = wheels.setdefault(package, {})
        for file in list_files(package):
            found = _wheel(file)
            if found is None or file["yanked"]:
                continue
            version, python, platform = found
            if version.is_prerelease and version not in declared:
                continue
            if version <= newest.get(version.release[:2], Version("0")):
                sizes = releases.setdefault(version, {}).setdefault(platform, {})
                sizes[python] = file["size"]
    return {
        package: {
            str(version): {
                platform: dict(
                    sorted(
                        found[platform].items(),
                        key=lambda one: version_numbers.release_numbers(one[0]),
                    )
                )
                for platform in platforms.PLATFORMS
                if platform in found
            }
            for version, found in sorted(releases.items())
        }
        for package, releases in wheels.items()
    }


def _wheel(file: Mapping[str, Any]) -> tuple[Version, str, str] | None:
    """Release, Python and platform of a CPython wheel that a lock may name; None for others."""
    try:
        _, version, _, tags = parse_wheel_filename(file["filename"])
    except InvalidWheelFilename:
        return None
    if len(version.release) != 3 or version.is_postrelease or version.is_devrelease:
        return None
    for tag in tags:
        python = re.fullmatch(r"cp3(\d+)", tag.interpreter)
        for platform in platforms.PLATFORMS.values():
            if python and int(python[1]) >= 7 and tag.platform in list_platform_tags(platform.name):
                return version, f"3.{python[1]}", platform.name
    return None


def list_fitting_files(
    name: str, version: str, target: Target, cut_off: str | None = None
) -> list[File]:
    """The files of a release that the Python and platform of a target can install.

    These are wheels, whatever the glibc or macOS release that they ask for; of a package that the
    pairing takes as an sdist, the sdist. With `cut_off`, only what was uploaded before it.
    """
    package = canonicalize_name(name)
    sdist = package in {canonicalize_name(one.package) for one in target.sdists}
    supported = _supported_tags(target.python, target.platform)
    return [
        file
        for file, tags in group_by_release(package).get(Version(version), [])
        if not (cut_off and file["upload-time"] >= cut_off)
        and (tags is None if sdist else tags is not None and not supported.isdisjoint(tags))
    ]


@cache
def group_by_release(project: str) -> dict[Version, list[tuple[File, frozenset[Tag] | None]]]:
    """Release -> its files, each with the tags of a wheel, or None for an sdist."""
    releases: dict[Version, list[tuple[File, frozenset[Tag] | None]]] = {}
    for file in list_files(project):
        tags = None
        try:
            if file["filename"].endswith(".whl"):
                _, release, _, tags = parse_wheel_filename(file["filename"])
            else:
                _, release = parse_sdist_filename(file["filename"])
        except (InvalidSdistFilename, InvalidWheelFilename, InvalidVersion):
            continue
        releases.setdefault(release, []).append((file, tags))
    return releases


def list_hashes(name: str, version: str, target: Target, cut_off: str | None) -> tuple[str, ...]:
    """The sha256 of every file of a release that a target can install, in order."""
    files = list_fitting_files(name, version, target, cut_off)
    return tuple(sorted(file["hashes"]["sha256"] for file in files))


def date_of_newest_pin(pins: Iterable[Pin], cut_off: str) -> str:
    """The cut-off at which every pin can be had: later than `cut_off` if one was moved alone."""
    newest = max(
        (
            file["upload-time"]
            for pin in pins
            for file in list_files(pin.name)
            if file["hashes"]["sha256"] in pin.hashes
        ),
        default=cut_off,
    )
    if newest < cut_off:
        return cut_off
    uploaded = datetime.datetime.fromisoformat(newest)
    return (uploaded + datetime.timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def _supported_tags(python: str, platform: str) -> frozenset[Tag]:
    """The tags of wheels that CPython of a version installs on a platform, of any age."""
    version = (3, version_numbers.release_numbers(python)[1])
    abi = f"cp3{version[1]}" + ("m" if version < (3, 8) else "")
    names = list_platform_tags(platform)
    return frozenset(
        [
            *cpython_tags(version, [abi], names),
            *compatible_tags(version, f"cp3{version[1]}", names),
        ]
    )


@cache
def list_platform_tags(platform: str) -> list[str]:
    """The platform tags of the wheels that a platform installs, whatever its glibc or release.

    musl has wheels of its own, which no lock is for.
    """
    system, _, machine = platform.partition("-")
    if system == "windows":
        return ["win_amd64"]
    if system == "macos":
        return list(mac_platforms((_NEWEST, 0), machine))
    legacy = ["manylinux1", "manylinux2010"] if machine == "x86_64" else []
    named = [*(f"manylinux_2_{minor}" for minor in range(5, _NEWEST)), "manylinux2014", *legacy]
    return [f"{name}_{machine}" for name in named]
