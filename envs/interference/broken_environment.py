"""A real environment that is broken on purpose, with a user's project, home and variables."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from envs.model import lock, outcomes
from envs.model.pairing import Target
from envs.running import installation, installers, interpreters, sandbox

PROBE = Path(__file__).with_name("probe.py")

# Packages are installed as they were on this day, so that the effects stay the same.
AS_OF = "2026-11-20"

# Pairing -> a Keras release that does not fit it.
OTHER_KERAS = {"tf115": "2.6.0", "tf212": "2.11.0", "tf215": "2.14.0", "tf25": "2.6.0"}
OTHER_KERAS |= dict.fromkeys(("tf216", "tf216-legacy", "tf221"), "2.15.0")


@dataclass
class BrokenEnvironment:
    """An environment of a pairing, with the project, home and variables of a user.

    Creating one also runs the probe and verify.py in the clean environment: `usual` is what the
    probe shows, and `notes` are the notes of verify.py. An AssertionError says that something
    failed which must work, such as an installation.
    """

    target: Target
    root: Path
    folder: Path
    python: Path
    project: Path = field(init=False)
    home: Path = field(init=False)
    environ: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.packages = next(self.folder.glob("lib/python*/site-packages"))
        self.own = {path.name for path in self.packages.iterdir()}
        self.config = self.folder / "pyvenv.cfg"
        self.as_made = self.config.read_text(encoding="utf-8")
        self.linked_to = self.python.readlink()
        self.other = self.root / "other"
        self.project, self.home = self.root / "project", self.root / "home"
        self.system = self.root / "system"
        self.name = self.target.pairing.name
        keras = f"keras=={OTHER_KERAS[self.name]}"
        self.uv("install", "--target", str(self.other), "--no-deps", keras)
        self.surround()
        self.usual = self.probe()
        facts = self.verify()
        assert facts["problems"] == [], "verify.py raises an alarm on a clean environment"
        self.notes = facts["notes"]
        self.files = self.digests()

    def surround(self) -> None:
        """Reset everything around the environment: project, home and variables."""
        self.python = interpreters.interpreter_in(self.folder)
        for path in (self.project, self.home):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
        shutil.copy(outcomes.VERIFY, self.project)
        shutil.copy(PROBE, self.project)
        names = ("PATH", "LANG", "LC_ALL", "TMPDIR")
        self.environ = {name: os.environ[name] for name in names if name in os.environ}
        self.environ |= {"HOME": str(self.home), "TF_CPP_MIN_LOG_LEVEL": "3"}
        # Without uv on it, verify.py prints its fixes for pip, which most people have.
        folders = self.environ["PATH"].split(os.pathsep)
        kept = [folder for folder in folders if not shutil.which("uv", path=folder)]
        self.environ["PATH"] = os.pathsep.join(kept)
        self.environ |= self.target.pairing.env

    def ensure(self) -> None:
        """Create the environment, or check it. Raises NoInterpreter, CouldNotInstall."""
        installation.ensure_environment(
            self.folder, self.target.python, lock.lock_path(self.target)
        )

    def restore(self) -> bool:
        """Undo everything that was changed.

        Returns whether the environment could be repaired. If not, it is created again.
        Raises CouldNotInstall.
        """
        self.config.write_text(self.as_made, encoding="utf-8")
        own = interpreters.interpreter_in(self.folder)
        own.unlink()
        own.symlink_to(self.linked_to)
        for path in self.packages.iterdir():
            if path.name not in self.own and path.suffix in (".pth", ".py"):
                path.unlink()
        self.surround()
        installation.restore_environment(self.folder, lock.lock_path(self.target))
        if self.verify("--no-import")["ok"] and self.digests() == self.files:
            return True
        self.renew()
        return False

    def digests(self) -> dict[str, str]:
        """File -> sha256 of every Keras module, so that verify.py need not be trusted with it."""
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for package in ("keras", "tf_keras")
            for path in (self.packages / package).rglob("*.py")
        }

    def renew(self) -> None:
        """Remove the environment and create it again. Raises CouldNotInstall."""
        installation.drop_environment(self.folder)
        self.ensure()

    def uv(self, *args: str) -> None:
        """Run `uv pip` on this environment. `-y`, which only pip knows, is left out."""
        args = tuple(arg for arg in args if arg != "-y")
        command = [installers.find_uv() or "uv", "pip", *args, "-q", "-p", str(self.python)]
        if args[0] == "install":
            command += [*installers.pypi_options(), "--exclude-newer", AS_OF]
        done = subprocess.run(
            command, env=installers.tool_environ(), capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"

    def run(self, script: str, *args: str) -> subprocess.CompletedProcess[str]:
        """Run a script of the project as the user would."""
        return subprocess.run(
            [self.python, script, *args],
            cwd=self.project,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=sandbox.TIMEOUT,
        )

    def probe(self) -> dict[str, str]:
        """Step of an ordinary script -> its result, or its error."""
        file = self.root / "steps.json"
        file.unlink(missing_ok=True)
        ended = self.run("probe.py", str(file))
        assert file.exists(), ended.stderr
        results: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        if ended.returncode < 0:
            results["the process"] = f"is ended by signal {-ended.returncode}"
        if errors := re.findall(r"(?m)^\w+(?:Error|Exception): .+$", ended.stderr):
            results["printed"] = "; ".join(dict.fromkeys(errors))
        return {step: outcomes.normalise_message(result) for step, result in results.items()}

    def verify(self, *args: str) -> dict[str, Any]:
        """What `verify.py --json` prints."""
        ended = self.run("verify.py", "--json", *args)
        facts: dict[str, Any] = json.loads(ended.stdout)
        assert ended.returncode == (0 if facts["ok"] else 1), ended.stderr
        return facts

    def anonymous(self, text: str) -> str:
        """A text with names such as `<home>` in place of the paths of folders."""
        folders = {
            self.packages: "<packages>",
            self.folder: "<environment>",
            self.other: "<other>",
            self.project: "<project>",
            self.home: "<home>",
            self.system: "<system>",
            self.root: "<root>",
        }
        for folder, name in folders.items():
            text = text.replace(str(folder), name)
        return re.sub(r"lib/python3\.\d+/", "lib/python3/", text)
