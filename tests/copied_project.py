"""A project to copy locks into, and a small index to copy from."""

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
    """Tests see a Linux machine, whatever machine they run on."""
    monkeypatch.setattr(platforms, "this_platform", lambda: "linux-x86_64")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """Copies `tf212` for Python 3.11, unless told otherwise; returns what was printed."""

    def run(**given: Any) -> str:
        lines: list[str] = []
        facts: dict[str, Any] = {"pairing": "tf212", "path": tmp_path / "new", "python": "3.11"}
        copying.copy_lock(CopyRequest(**(facts | given)), lines.append, LISTED)
        return "\n".join(lines)

    return run


def refused(copy: Copy, **given: Any) -> str:
    """The message with which a copy is refused."""
    with pytest.raises(Problem) as caught:
        copy(**given)
    return str(caught.value)


def files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
