"""An emulated machine: a system, its CPythons, a copy of this checkout, and its toolchain."""

from __future__ import annotations

import os
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from envs import Problem
from envs.emulation import made
from envs.model import disk, working_copy
from envs.running import installers

Say = Callable[[str], None]

NAMESPACE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private")
"""What gives a program mounts and a table of processes of its own, which end with it."""

_PASSED_ON = {
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("UV_HTTP_RETRIES", "UV_HTTP_TIMEOUT"),
    *installers.MIRRORS,
}
"""The variables of this machine that the emulated one sees: the way to the network."""


class Machine(ABC):
    """A machine of another platform, in a folder of its own; nothing outside of it changes."""

    platform: ClassVar[str]

    pythons: ClassVar[tuple[str, ...]]
    """The minors of which it can have a CPython."""

    toolchain_minor: ClassVar[str]
    """That which runs the tooling."""

    def __init__(self) -> None:
        """Make nothing yet."""
        self.folder = made.FOLDER / self.platform
        self.checkout = self.folder / "checkout"
        self.toolchain = self.folder / "toolchain"
        self.results = self.folder / "results"
        self.logs = self.folder / "logs"
        self._running: set[subprocess.Popen[bytes]] = set()
        self.environ = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}

    @abstractmethod
    def make_system(self) -> None:
        """Make the emulator and what a CPython needs, once. Raises Problem."""

    @abstractmethod
    def make_python(self, python: str) -> None:
        """Make a CPython of a minor, once. Raises Problem."""

    @abstractmethod
    def make_toolchain(self) -> None:
        """Make an environment with the pins of `noxfile.py`, once. Raises Problem."""

    @abstractmethod
    def find_emulator(self) -> str:
        """The name and version of the emulator, such as `wine 10.0`. Raises Problem."""

    @abstractmethod
    def path_inside(self, path: Path) -> str:
        """How the emulated machine calls a path in its folder."""

    @abstractmethod
    def command(self, args: Sequence[str], environ: Mapping[str, str]) -> list[str]:
        """The command of the host that runs a program of the emulated machine in its checkout.

        `environ` are the variables that the program sees beside those that it always does.
        """

    @property
    @abstractmethod
    def toolchain_python(self) -> str:
        """How the emulated machine calls the interpreter of its toolchain."""

    def make_ready(self, pythons: Iterable[str], say: Say) -> dict[str, str]:
        """Make what is missing for sessions on some Pythons, and copy this checkout anew.

        Returns the Pythons that cannot be made here, each with the reason: this machine may lack
        a CPython of that minor. Raises Problem if nothing can be run.
        """
        say(f"{self.platform}: making what is missing in {disk.shorten(self.folder)}")
        self.make_system()
        lacking: dict[str, str] = {}
        for python in sorted({self.toolchain_minor, *pythons}, key=lambda python: int(python[2:])):
            try:
                self.make_python(python)
            except Problem as problem:
                if python == self.toolchain_minor:
                    raise
                lacking[python] = str(problem)
        self.copy_checkout()
        self.make_toolchain()
        for folder in (self.results, self.logs):
            folder.mkdir(exist_ok=True)
        return lacking

    def copy_checkout(self) -> None:
        """Copy the files of this checkout that git knows; environments that are there stay."""
        self.checkout.mkdir(parents=True, exist_ok=True)
        for old in self.checkout.iterdir():
            if old.is_dir() and old.name != ".nox":
                shutil.rmtree(old)
            elif old.is_file():
                old.unlink()
        working_copy.copy_checkout(self.checkout)

    def run_python(
        self, args: Sequence[str], log: Path, timeout: float, environ: Mapping[str, str]
    ) -> int | None:
        """Run the interpreter of the toolchain in the checkout; its exit code, or None if too late.

        What it prints goes to `log`. `timeout` is in seconds. No process of it is left.
        """
        command = self.command([self.toolchain_python, *args], environ)
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env=self._host_environ(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process)
            try:
                return process.wait(timeout)
            except subprocess.TimeoutExpired:
                return None
            finally:
                self._running.discard(process)
                _end(process)

    def end_sessions(self) -> None:
        """End every session that still runs."""
        for process in list(self._running):
            _end(process)

    @staticmethod
    def _host_environ() -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath)}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a session: with `unshare`, the kernel ends everything in its namespace."""
    process.kill()
    process.wait()
