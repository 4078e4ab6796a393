"""What the pages say of the hashes in a lock, proved with real installs and compilations."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest
from samples import TF212
from test_proofs import small_lock

from envs.locking import pip_tools, pypi
from envs.locking.lock_request import LockRequest
from envs.model import lock
from envs.running import installation
from envs.running.installation import CouldNotInstall

pytestmark = pytest.mark.proof


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_lock_of_another_python_is_refused(tmp_path: Path, installer: str) -> None:
    """PyPI has a wheel of that release for Python 3.10, and the lock has not its hash."""
    file = small_lock(tmp_path, "markupsafe")
    installation.ensure_environment(tmp_path / "3.11", "3.11", file, installer)
    with pytest.raises(CouldNotInstall, match=r"(?is)small\.txt: could not be installed.*hash"):
        installation.ensure_environment(tmp_path / "3.10", "3.10", file, installer)


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_lock_of_another_platform_is_refused(tmp_path: Path, installer: str) -> None:
    windows = lock.lock_path(TF212).parent / "windows-x86_64" / lock.lock_path(TF212).name
    file = small_lock(tmp_path, "markupsafe", text=windows.read_text(encoding="utf-8"))
    with pytest.raises(CouldNotInstall, match=r"(?is)small\.txt: could not be installed.*hash"):
        installation.ensure_environment(tmp_path / "env", "3.11", file, installer)


def test_a_package_that_is_moved_alone_changes_two_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = lock.lock_path(TF212).read_text(encoding="utf-8")
    (old_hash,) = pypi.list_hashes("six", "1.16.0", TF212, None)
    before = re.sub(
        r"(?m)^six==.* \\\n    --hash=sha256:\w+$",
        rf"six==1.16.0 \\\n    --hash=sha256:{old_hash}",
        now,
    )
    assert before != now
    file = tmp_path / "tf212-py311.txt"
    file.write_text(before, encoding="utf-8")
    monkeypatch.setattr(lock, "lock_path", lambda target, folder=None: file)
    monkeypatch.setattr(lock, "lock_label", lambda target: file.name)
    after = pip_tools.compile_lock(TF212, LockRequest(upgrade_package=("six",)))
    changed = [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0)
        if re.match(r"[+-](?![+-])", line)
    ]
    assert [line[:8] for line in changed] == ["-six==1.", "-    --h", "+six==1.", "+    --h"]
    file.write_text(after, encoding="utf-8")
    assert pip_tools.compile_lock(TF212, LockRequest()) == after
