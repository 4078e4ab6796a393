"""An environment that is changed on purpose: made from its lock, and restored after each change."""

from __future__ import annotations

from pathlib import Path

from envs.model import lock
from envs.model.pairing import Target
from envs.running import installation


class ChangedEnvironment:
    """The environment of a target, which may be changed. Call `make` before anything else."""

    python: Path

    def __init__(self, target: Target, folder: Path) -> None:
        self.target, self.folder = target, folder
        self.as_made: dict[str, int] = {}

    def make(self) -> None:
        """Make it from its lock, and remove what a killed run may have left.

        Raises NoInterpreter, CouldNotInstall.
        """
        installation.drop_environment(self.folder)
        file = lock.lock_path(self.target)
        self.python = installation.ensure_environment(self.folder, self.target.python, file)
        self.complete()
        self.as_made = self.files()

    def complete(self) -> None:
        """Add what it must have beside its lock: nothing, unless a subclass does."""

    def files(self) -> dict[str, int]:
        """Every installed file and folder except bytecode, and its size in bytes.

        Folders count, because Python can import an empty folder `keras`.
        """
        sizes = {}
        for root in (*installation.find_site_packages(self.folder), self.python.parent):
            for path in root.rglob("*"):
                if path.suffix != ".pyc" and path.name != "__pycache__":
                    sizes[str(path)] = 0 if path.is_dir() else path.stat().st_size
        return sizes

    def restore(self) -> None:
        """Restore the files of the lock; if others are left over, make the environment anew.

        Raises CouldNotInstall.
        """
        installation.restore_environment(self.folder, lock.lock_path(self.target))
        self.complete()
        if self.files() != self.as_made:
            self.make()
