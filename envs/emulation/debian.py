"""Debian's packages of any suite and architecture: downloaded and unpacked, never installed."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from envs import Problem
from envs.emulation import tools

KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
"""Debian's keys: apt-get checks with them that packages are Debian's own."""

_CONFIG = """\
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc "{folder}/etc";
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Acquire::Languages "none";
Acquire::Retries "3";
"""


class Archive:
    """The packages of one suite and architecture, as an apt-get sees them that knows nothing else.

    Its files are in a folder of its own: neither apt-get's settings nor the packages of this
    machine have a part in it, and none of them changes.
    """

    def __init__(self, suite: str, architecture: str, folder: Path) -> None:
        """Read the lists of packages into a folder. Raises Problem."""
        self.suite, self.folder = suite, folder
        if not KEYS.is_file():
            raise Problem(f"nox -s emulate needs Debian's keys, {KEYS}: use a Debian")
        for name in ("state/lists/partial", "cache/archives/partial", "etc"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        source = f"deb [arch={architecture} signed-by={KEYS}] {_find_mirror()} {suite} main\n"
        (folder / "sources.list").write_text(source, encoding="utf-8")
        text = _CONFIG.format(architecture=architecture, folder=folder)
        (folder / "apt.conf").write_text(text, encoding="utf-8")
        self._apt("update")

    def download_package(self, name: str) -> None:
        """Download one package without what it depends on. Raises Problem."""
        self._apt("download", name)

    def download_whole(self, names: Sequence[str]) -> None:
        """Download packages with everything that they depend on. Raises Problem."""
        self._apt("install", "-y", "--no-install-recommends", "--download-only", *names)

    def unpack_packages(self, root: Path, *members: str) -> None:
        """Unpack what was downloaded, or some members of it; links to folders stay links."""
        root.mkdir(parents=True, exist_ok=True)
        for package in sorted((self.folder / "cache" / "archives").glob("*.deb")):
            tar = self.folder / "package.tar"
            failed = f"{package.name}: cannot be unpacked"
            with tar.open("wb") as file:
                subprocess.run(["dpkg-deb", "--fsys-tarfile", package], stdout=file, check=True)
            options = ["-x", "--keep-directory-symlink", "-C", root, "-f", tar]
            tools.run_tool(failed, "tar", *map(str, options), *members)
            tar.unlink()
            package.unlink()

    def _apt(self, *args: str) -> None:
        archives = self.folder / "cache" / "archives"
        config = {"APT_CONFIG": str(self.folder / "apt.conf"), "DEBIAN_FRONTEND": "noninteractive"}
        failed = f"Debian {self.suite}: apt-get {' '.join(args)}"
        tools.run_tool(failed, "env", "-C", archives, "apt-get", "-qq", *args, environ=config)


def _find_mirror() -> str:
    """The mirror of Debian that this machine uses. Raises Problem if it uses none."""
    failed = "apt-get: its sources cannot be read"
    asked = ("apt-get", "indextargets", "--format", "$(REPO_URI)")
    for line in tools.run_tool(failed, *asked).splitlines():
        if line.rstrip("/").endswith("/debian"):
            return line
    raise Problem("apt-get of this machine knows no mirror of Debian: use a Debian")
