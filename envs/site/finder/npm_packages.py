"""The packages that the site takes from npm: pinned with their hashes, and installed by npm."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

from envs import ROOT, Problem
from envs.model import disk

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
"""What npm installs: the integrity of each file is in it, and npm refuses another."""

_CACHE = ROOT / ".nox" / "site-npm"


def install_npm_packages() -> Path:
    """The folder `node_modules` with the pinned packages, installed if it is not there yet.

    No script of a package is run. Raises Problem if there is no npm, or if it fails.
    """
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    folder = _CACHE / digest
    with disk.alone(folder):
        if not (folder / "whole").exists():
            disk.remove_folder(folder)
            folder.mkdir(parents=True)
            for name in ("package.json", LOCK.name):
                shutil.copyfile(HERE / name, folder / name)
            _run_npm(folder)
            (folder / "whole").touch()
    return folder / "node_modules"


def _run_npm(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Problem(
            "npm: is not on PATH: the finder of the site needs it to fetch the Python that runs in "
            "browsers: install Node.js, which brings it"
        )
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", errors="replace"
    )
    if done.returncode:
        raise Problem(f"npm ci of envs/site/finder/{LOCK.name} fails:\n{done.stderr.strip()}")


def list_licences() -> list[dict[str, str]]:
    """Name, version and licence of each package that the site hands on."""
    known = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    return [
        {"name": name, "version": one["version"], "licence": one["license"]}
        for name in known[""]["dependencies"]
        for one in (known[f"node_modules/{name}"],)
    ]
