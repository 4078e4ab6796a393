"""What many tests start from: an interpreter, an outcome, the rules, and a target."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from envs.model import failures, pairing
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Target


def _can_link() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            link = Path(folder, "link")
            link.symlink_to("file")
            return link.is_symlink()
        except OSError:
            return False


needs_links = pytest.mark.skipif(
    not _can_link(), reason="this machine allows no symbolic links (Windows, not in developer mode)"
)
needs_git = pytest.mark.skipif(not shutil.which("git"), reason="there is no git on this machine")

PYTHON = Path(sys.executable)
WORKS = Outcome(Kind.WORKS)
RULES = failures.load_rules()
TF212 = Target(pairing.load_pairing(pairing.FOLDER / "tf212.toml"), "3.11")
