"""PyPI's index: which files a project has, and which of them fit a Python and a platform."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

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
from envs.model.pairing import Pairing, Target
from envs.model.platforms import Wheels


@cache
def list_files(project: str) -> list[dict[str, Any]]:
    """What PyPI's index says of each file of a project (PEP 691, PEP 700)."""
    request = urllib.request.Request(
        f"{lock.PYPI}/{project}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            files: list[dict[str, Any]] = json.load(response)["files"]
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
    wheels: dict[str, dict[Version, dict[str, dict[str, int]]]] = {}
    for package in platforms.PACKAGES:
        releases = wheels.setdefault(package, {})
        for file in list_files(package):
            found = _wheel(file)
            if found is None or file["yanked"]:
                continue
            version, python, platform = found
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
    if version.is_prerelease or len(version.release) != 3 or version.is_postrelease:
        return None
    for tag in tags:
        python = re.fullmatch(r"cp3(\d+)", tag.interpreter)
        for platform in platforms.PLATFORMS.values():
            if python and int(python[1]) >= 7 and re.fullmatch(platform.tags, tag.platform):
                return version, f"3.{python[1]}", platform.name
    return None


def has_fitting_wheel(files: Iterable[Mapping[str, Any]], version: str, target: Target) -> bool:
    """Whether one of some files is the wheel of a release for a target's Python and platform."""
    tags = platforms.PLATFORMS[target.platform].tags
    minor = int(target.python.split(".")[1])
    for file in files:
        try:
            _, found, _, all_tags = parse_wheel_filename(file["filename"])
        except InvalidWheelFilename:
            continue
        for tag in all_tags if found == Version(version) else ():
            exact = tag.interpreter in (f"cp3{minor}", "py3", f"py3{minor}")
            stable = re.fullmatch(r"cp3(\d+)", tag.interpreter)
            abi3 = tag.abi == "abi3" and stable is not None and int(stable[1]) <= minor
            if (exact or abi3) and (tag.platform == "any" or re.fullmatch(tags, tag.platform)):
                return True
    return False


def list_hashes(name: str, version: str, target: Target, cut_off: str | None) -> tuple[str, ...]:
    sdist = canonicalize_name(name) in {canonicalize_name(one.package) for one in target.sdists}
    hashes = []
    for file in list_files(canonicalize_name(name)):
        try:
            if sdist:
                found = parse_sdist_filename(file["filename"])[1]
            else:
                found = parse_wheel_filename(file["filename"])[1]
        except (InvalidSdistFilename, InvalidWheelFilename, InvalidVersion):
            continue
        if found == Version(version) and (not cut_off or file["upload-time"] < cut_off):
            hashes.append(file["hashes"]["sha256"])
    return tuple(sorted(hashes))
