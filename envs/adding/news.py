"""News: what PyPI has of TensorFlow and Keras and no pairing does, and what adds it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

from packaging.version import Version

from envs import ROOT, Problem
from envs.adding import published
from envs.locking import pypi
from envs.model import lock, pairing
from envs.model.pairing import Target

Say = Callable[[str], None]


def list_additions() -> list[str]:
    """The commands that add what PyPI has and no pairing does, in order. Raises Problem."""
    pairings = pairing.load_pairings()
    recommended = [Target(one, one.pythons[0]) for one in pairings.values() if not one.impossible]
    locks = [lock.read_lock(target) for target in recommended]
    # An older release was there when the locks were made, and was not taken for a reason.
    since = max(one.date or "" for one in locks)
    offered = [
        release
        for release, files in pypi.group_by_release("tensorflow").items()
        if any(
            tags is not None and not file.get("yanked") and file["upload-time"] > since
            for file, tags in files
        )
        if not (release.is_postrelease or release.is_devrelease)
    ]
    declared = [Version(one.tensorflow) for one in pairings.values()]
    commands = [f"nox -s add -- {release}" for release in find_new_releases(declared, offered)]
    keras = Version(max(published.list_final_releases("keras"), key=Version))
    pinned = [one.versions.get("keras") for one in locks]
    if keras > max(Version(version) for version in pinned if version):
        commands += [
            "nox -s lock -- --upgrade-package keras",
            "nox -t keras3 legacy -- --bless --drop",
            "nox -s names -- --drop",
            "nox -s atlas -- --upgrade",
        ]
    return commands


def find_new_releases(declared: Iterable[Version], offered: Iterable[Version]) -> list[Version]:
    """The newest release of each minor that is newer than what is declared of it.

    Of minors older than all that are declared there is no news, and of pre-releases only the newest
    one, if it is newer than every final release, offered or declared.
    """
    declared = list(declared)
    newest: dict[tuple[int, ...], Version] = {}
    for release in declared:
        minor = release.release[:2]
        newest[minor] = max(release, newest.get(minor, release))
    offered = list(offered)
    final = {release for release in offered if not release.is_prerelease}
    latest: dict[tuple[int, ...], Version] = {}
    for release in final:
        if release.release[:2] >= min(newest):
            minor = release.release[:2]
            latest[minor] = max(release, latest.get(minor, release))
    early = max((release for release in offered if release.is_prerelease), default=None)
    if early and all(early > release for release in {*final, *declared}):
        latest[early.release[:2]] = early
    return sorted(
        release
        for minor, release in latest.items()
        if minor not in newest or release > newest[minor]
    )


def tell_news(argv: Sequence[str], environ: Mapping[str, str], say: Say) -> None:
    """Print the commands for what is new, one a line; with `--run`, run each.

    Raises Problem for another option, and at the end if a command failed.
    """
    if list(argv) not in ([], ["--run"]):
        raise Problem(f"'{shlex.join(argv)}': nox -s news takes no option but --run")
    commands = list_additions()
    if not commands:
        say("nothing is new: every TensorFlow and the newest Keras of PyPI are here")
    failed = []
    for command in commands:
        print(command, flush=True)
        if argv:
            run = [sys.executable, "-m", *shlex.split(command)]
            if subprocess.run(run, cwd=ROOT, env=dict(environ)).returncode:
                failed.append(command)
    if failed:
        raise Problem(f"needs a person: {'; '.join(failed)}")
