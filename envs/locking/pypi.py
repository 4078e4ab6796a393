"""PyPI's index: the files of a project, and which of them fit a Python and a platform."""

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
"""A file as the index lists it: name, hashes, size, upload time (PEP 691 and PEP 700)."""

_LAG = datetime.timedelta(days=7)
"""A mirror may list a file days after its upload to PyPI. PyYAML 6.0.4 took four days."""

_NEWEST = 100
"""More than any glibc 2 minor or macOS release that a wheel asks for."""


def find_settled_day() -> str:
    """The ISO date of a week ago in UTC: what was uploaded before it, every mirror lists by now."""
    return (datetime.datetime.now(datetime.UTC).date() - _LAG).isoformat()


@cache
def list_files(project: str) -> list[File]:
    """The files of a project, as PyPI's index lists them. Raises Problem if it cannot be read."""
    request = urllib.request.Request(
        f"{lock.PYPI}/{project}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            files: list[File] = json.load(response)["files"]
    except (OSError, ValueError) as error:
        raise Problem(
            f"{lock.PYPI}/{project}/: cannot be read ({error}): check the network"
        ) from None
    return files


def list_releases(project: str, before: str) -> list[str]:
    """The releases of a project that have a wheel, uploaded before a day and not yanked.

    `before` is an ISO date. A release is listed once for each of its wheels. Raises Problem.
    """
    return [
        str(parse_wheel_filename(file["filename"])[1])
        for file in list_files(project)
        if file["filename"].endswith(".whl")
        and not file.get("yanked")
        and file["upload-time"] < before
    ]


def fetch_wheels(pairings: Mapping[str, Pairing]) -> Wheels:
    """Ask PyPI for the TensorFlow wheels of the declared minors, and their sizes in bytes.

    Of each minor, releases newer than the declared ones are left out, and so are pre-releases that
    no pairing declares. Raises Problem.
    """
    declared = {Version(pairing_.tensorflow) for pairing_ in pairings.values()}
    newest: dict[tuple[int, ...], Version] = {}
    for pairing_ in pairings.values():
        version = Version(pairing_.tensorflow)
        minor = version.release[:2]
        newest[minor] = max(newest.get(minor, version), version)
    wheels: dict[str, dict[Version, dict[str, dict[str, int]]]] = {}
    for package in platforms.PACKAGES:
        releases = wheels.setdefault(package, {})
        for file in list_files(package):
            wheel = _wheel(file)
            if wheel is None or file["yanked"]:
                continue
            version, python, platform = wheel
            if version.is_prerelease and version not in declared:
                continue
            if version <= newest.get(version.release[:2], Version("0")):
                sizes = releases.setdefault(version, {}).setdefault(platform, {})
                sizes[python] = file["size"]
    return {
        package: {
            str(version): {
                platform: {
                    python: sizes[platform][python]
                    for python in sorted(sizes[platform], key=version_numbers.release_numbers)
                }
                for platform in platforms.PLATFORMS
                if platform in sizes
            }
            for version, sizes in sorted(releases.items())
        }
        for package, releases in wheels.items()
    }


def _wheel(file: Mapping[str, Any]) -> tuple[Version, str, str] | None:
    """Release, Python and platform of a wheel of a final release for CPython; None for others."""
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

    For a package that the pairing takes as an sdist, that is the sdist; for others the wheels,
    whatever glibc or macOS release they ask for. With `cut_off`, a time in ISO 8601, only files
    uploaded before it. Raises Problem.
    """
    package = canonicalize_name(name)
    takes_sdist = package in {canonicalize_name(sdist.package) for sdist in target.sdists}
    supported = _supported_tags(target.python, target.platform)
    return [
        file
        for file, tags in group_by_release(package).get(Version(version), [])
        if not (cut_off and file["upload-time"] >= cut_off)
        and (tags is None if takes_sdist else tags is not None and not supported.isdisjoint(tags))
    ]


@cache
def group_by_release(project: str) -> dict[Version, list[tuple[File, frozenset[Tag] | None]]]:
    """Release -> its files, each with its tags if it is a wheel, or None if it is an sdist."""
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
    """The sorted sha256 of every file of a release that a target can install. Raises Problem."""
    files = list_fitting_files(name, version, target, cut_off)
    return tuple(sorted(file["hashes"]["sha256"] for file in files))


def date_of_newest_pin(pins: Iterable[Pin], cut_off: str) -> str:
    """The earliest cut-off, from `cut_off` on, that admits every file of some pins.

    It is later than `cut_off` if one package was upgraded alone since. Raises Problem.
    """
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
    """The tags of all wheels that a CPython installs on a platform, however new its system."""
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
    """The platform tags of the wheels that fit a platform, with any glibc or macOS release.

    Wheels for musl are left out: no lock is for musl.
    """
    system, _, machine = platform.partition("-")
    if system == "windows":
        return ["win_amd64"]
    if system == "macos":
        return list(mac_platforms((_NEWEST, 0), machine))
    legacy = ["manylinux1", "manylinux2010"] if machine == "x86_64" else []
    names = [*(f"manylinux_2_{minor}" for minor in range(5, _NEWEST)), "manylinux2014", *legacy]
    return [f"{name}_{machine}" for name in names]
