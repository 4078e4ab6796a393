"""The command line of `nox -s site`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from envs.model import command_line

PORT = 8000
"""Where the site is served if no port is given."""


@dataclass(frozen=True)
class SiteRequest:
    """Whether to serve the site after it was built, and at which port of this machine."""

    serve: int | None = None


def parse_site_request(argv: Sequence[str]) -> SiteRequest:
    """Parse a command line. argparse ends the process if the line is wrong."""
    options = argparse.ArgumentParser(prog="nox -s site --", description="Build the site.")
    options.add_argument(
        "--serve",
        nargs="?",
        type=command_line.parse_count,
        const=PORT,
        metavar="PORT",
        help=f"serve it on this machine until interrupted; default: {PORT}",
    )
    return SiteRequest(**vars(options.parse_args(argv)))
