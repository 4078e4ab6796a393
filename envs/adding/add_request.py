"""What is to be added: the command line of `nox -s add`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass

from envs import Problem


@dataclass(frozen=True)
class AddRequest:
    """A release of TensorFlow, and the release of `keras` beside it where the rule's is not meant.

    Raises Problem for what is no release.
    """

    tensorflow: str
    keras: str | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d+\.\d+\.\d+(rc\d+)?", self.tensorflow):
            raise Problem(
                f"'{self.tensorflow}' is no release of TensorFlow: write one such as 2.22.0 "
                "or 2.22.0rc0"
            )
        if self.keras and not re.fullmatch(r"\d+\.\d+\.\d+", self.keras):
            raise Problem(f"--keras {self.keras}: write a release such as 2.2.4")


def parse_add_request(argv: Sequence[str]) -> AddRequest:
    """The request of a command line; argparse ends the process if it is none. Raises Problem."""
    options = argparse.ArgumentParser(
        prog="nox -s add --",
        description="Add a TensorFlow: its pairing file, locks, records, atlas row and pages.",
    )
    options.add_argument("tensorflow", help="a release, such as 2.22.0 or 2.22.0rc0")
    options.add_argument("--keras", metavar="2.2.4", help="a stand-alone Keras of your choice")
    given = options.parse_args(argv)
    return AddRequest(given.tensorflow, given.keras)
