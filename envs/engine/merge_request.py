"""The command line of `nox -s merge`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class MergeRequest:
    """Which folders of results to merge, and what to say of it.

    `any_commit` takes results of other commits too; `summary` is a file for what changed, and
    `plan` the one whose shards are expected.
    """

    folders: tuple[Path, ...]
    any_commit: bool = False
    summary: Path | None = None
    plan: Path | None = None


def parse_merge_request(argv: Sequence[str], origin: Path) -> MergeRequest:
    """Parse a command line. argparse ends the process if the line is wrong.

    `origin` is the folder in which it was typed, from which its paths start.
    """
    options = argparse.ArgumentParser(
        prog="nox -s merge --",
        description="Merge results into the records, and write the pages anew.",
        allow_abbrev=False,
    )
    options.add_argument("folders", nargs="+", help="folders with results, also further down")
    options.add_argument(
        "--any-commit", action="store_true", help="take results of other commits of this project"
    )
    options.add_argument("--summary", metavar="FILE", help="write what changed there, as Markdown")
    options.add_argument("--plan", metavar="FILE", help="say which shards of this plan are missing")
    given = options.parse_args(argv)
    return MergeRequest(
        folders=tuple(origin / folder for folder in given.folders),
        any_commit=given.any_commit,
        summary=origin / given.summary if given.summary else None,
        plan=origin / given.plan if given.plan else None,
    )
