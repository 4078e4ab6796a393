"""A project that a lock is copied into, and an index that lists few locks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from envs import Problem
from envs.model import pairing, platforms
from envs.model.index import Entry
from envs.publish import copying
from envs.publish.copy_request import CopyRequest

PAIRINGS = pairing.load_pairings()
NO_WHEEL = "PyPI has no wheel of it"


def entry(
    name: str,
    python: str,
    platform: str = "linux-x86_64",
    variant: str = "default",
    status: str = "executed",
) -> Entry:
    facts = {"pairing": name, "python": python, "platform": platform, "variant": variant}
    return facts | {"status": status} | ({"reason": NO_WHEEL} if status == "impossible" else {})


LISTED = [
    entry("tf211", "3.10", "macos-arm64", status="resolved"),
    entry("tf212", "3.11"),
    entry("tf212", "3.9"),
    entry("tf212", "3.11", "windows-x86_64", status="impossible"),
    entry("tf212", "3.11", "windows-x86_64", "cpu", status="resolved"),
    entry("tf212", "3.9", "windows-x86_64", status="resolved"),
    entry("tf212", "3.11", "macos-arm64", status="impossible"),
    entry("tf213", "3.11", status="resolved"),
    entry("tf215", "3.11", "macos-arm64", status="resolved"),
    entry("tf216-legacy", "3.12"),
]

Copy = Callable[..., str]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever machine runs the tests, to them it is a Linux one."""
    monkeypatch.setattr(platforms, "this_platform", lambda: "linux-x86_64")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """Copies `tf212` for Python 3.11, unless told otherwise; gives back what is said."""

    def run(**given: Any) -> str:
        said: list[str] = []
        facts: dict[str, Any] = {"pairing": "tf212", "path": tmp_path / "new", "python": "3.11"}
        copying.copy_lock(CopyRequest(**(facts | given)), said.append, LISTED)
        return "\n".join(said)

    return run


def refused(copy: Copy, **given: Any) -> str:
    with pytest.raises(Problem) as caught:
        copy(**given)
    return str(caught.value)


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
