"""Environments with small fake packages, for the tests of verify.py."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from envs.running import installation, interpreters

SCRIPT = Path(__file__).parents[1] / "examples" / "venv_verification" / "verify.py"
# Without the last one, no Python starts on Windows.
MACHINE = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
OK = "OK: nothing interferes with TensorFlow and Keras"
FRESH = "make a fresh environment and install the lock of this pairing in it"

KERAS = "class Model:\n    pass\n\n\n__version__ = {!r}\n"
TENSORFLOW = "import keras\n\n__version__ = '2.12.0'\n"
BUNDLED = """
class keras:
    class Model:
        __module__ = "tensorflow.python.keras.engine.training"


__version__ = "2.4.4"
"""
LEGACY = """
import os

if os.environ.get("TF_USE_LEGACY_KERAS") in ("1", "true", "True"):
    import tf_keras as keras
else:
    import keras

__version__ = "2.16.2"
"""


@pytest.fixture(scope="session")
def verify() -> ModuleType:
    """verify.py as a module."""
    spec = importlib.util.spec_from_file_location("verify", str(SCRIPT))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bare") / "venv"
    # An emulated Windows does not know the base of an environment that runs.
    base = str(Path(sys.base_prefix, "python.exe")) if os.name == "nt" else sys.executable
    subprocess.run([base, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


class Environment:
    """A virtual environment, and a project folder with a copy of verify.py."""

    def __init__(self, root: Path, bare: Path) -> None:
        self.root, self.prefix, self.project = root, root / "venv", root / "project"
        shutil.copytree(str(bare), str(self.prefix), symlinks=True)
        self.packages = installation.find_site_packages(self.prefix)[0]
        self.python = interpreters.interpreter_in(self.prefix)
        self.project.mkdir()
        shutil.copy(str(SCRIPT), str(self.project))
        (self.packages / "pip").mkdir()  # so that the fixes are for pip
        (self.packages / "pip" / "__init__.py").touch()

    def install(
        self,
        name: str,
        version: str,
        module: str | None = None,
        code: str = "",
        requires: Sequence[str] = (),
        folder: Path | None = None,
    ) -> None:
        """Install a distribution; if `module` is given, with that package and `code` in it."""
        folder = folder or self.packages
        data = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        data.mkdir(parents=True)
        metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        metadata += [f"Requires-Dist: {requirement}" for requirement in requires]
        text = "\n".join(metadata) + "\n\nRequires-Dist: not-a-header\n"
        (data / "METADATA").write_text(text, encoding="utf-8")
        if module:
            (folder / module).mkdir(exist_ok=True)
            (folder / module / "__init__.py").write_text(code)
            self.record(data, f"{module}/__init__.py")

    def rewrite(self, module: str, version: str, code: str) -> None:
        """Replace the code of an installed package and its RECORD, as in another release."""
        (self.packages / module / "__init__.py").write_text(code)
        self.record(self.packages / f"{module}-{version}.dist-info", f"{module}/__init__.py")

    def record(self, data: Path, *files: str) -> None:
        """Write the RECORD of a distribution for these files as they are now."""
        digests = [hashlib.sha256((data.parent / file).read_bytes()).digest() for file in files]
        values = [base64.urlsafe_b64encode(digest).decode().rstrip("=") for digest in digests]
        lines = [f"{file},sha256={value},1\n" for file, value in zip(files, values, strict=True)]
        (data / "RECORD").write_text("".join(lines))

    def tensorflow(
        self,
        version: str = "2.12.0",
        code: str = TENSORFLOW,
        requires: Sequence[str] = ("keras<2.13,>=2.12.0",),
    ) -> None:
        self.install("tensorflow", version, "tensorflow", code, requires)

    def keras(
        self,
        version: str = "2.12.0",
        name: str = "keras",
        module: str = "keras",
        requires: Sequence[str] = (),
        folder: Path | None = None,
    ) -> None:
        self.install(name, version, module, KERAS.format(version), requires, folder)

    def run(self, *flags: str, cwd: Path | None = None, **variables: str) -> tuple[int, str]:
        """Run verify.py; return its exit code and its output."""
        home = self.root / "home"
        options = [flag for flag in flags if flag.startswith("--")]
        flags = tuple(flag for flag in flags if flag not in options)
        script = str(self.project / "verify.py")
        process = subprocess.run(
            [str(self.python), *flags, script, *options],
            env={**MACHINE, "HOME": str(home), "USERPROFILE": str(home), **variables},
            cwd=str(cwd or self.project),
            capture_output=True,
            text=True,
        )
        assert "verify.py" not in process.stderr, process.stderr
        return process.returncode, process.stdout


@pytest.fixture
def empty(tmp_path: Path, bare: Path) -> Environment:
    return Environment(tmp_path, bare)


@pytest.fixture
def pairing(empty: Environment) -> Environment:
    """TensorFlow 2.12 with its Keras: nothing interferes."""
    empty.tensorflow()
    empty.keras()
    return empty


@pytest.fixture
def legacy(empty: Environment) -> Environment:
    """TensorFlow 2.16 with Keras 3 and tf-keras."""
    empty.tensorflow("2.16.2", LEGACY, ["keras>=3.0.0"])
    empty.keras("3.5.0")
    empty.keras("2.16.0", "tf-keras", "tf_keras", requires=["tensorflow<2.17,>=2.16"])
    return empty


def plain(text: str) -> str:
    """A text as it is compared: on Windows, `C:\\A` and `c:/a` are one path."""
    return os.path.normcase(text)


def clean(result: tuple[int, str], *texts: str) -> None:
    """Check that no problem is reported, and that the output contains these texts."""
    code, printed = result
    assert code == 0, printed
    assert "PROBLEM" not in printed
    assert printed.splitlines()[-1] == OK
    for text in texts:
        assert plain(text) in plain(printed)


def problems(result: tuple[int, str], *expected: tuple[str, Path, str]) -> str:
    """Check that exactly these (what, where, fix) are reported, and return the report."""
    code, printed = result
    assert code == 1, printed
    lines = printed.splitlines()
    count = len(expected)
    assert lines[-1] == f"{count} problem{'' if count == 1 else 's'} found", printed
    for number, (what, where, fix) in enumerate(expected, 1):
        start = next(i for i, line in enumerate(lines) if f"PROBLEM {number}:" in line)
        assert what in lines[start], printed
        shown = [plain(line) for line in lines[start + 1 : start + 3]]
        assert shown == [plain(f"    where: {where}"), plain(f"    fix:   {fix}")], printed
    return printed


def see_the_system(environment: Environment) -> Path:
    config = environment.prefix / "pyvenv.cfg"
    config.write_text(config.read_text().replace("packages = false", "packages = true"))
    return config


def remove(environment: Environment, name: str, module: str) -> None:
    shutil.rmtree(str(next(environment.packages.glob(f"{name}-*.dist-info"))))
    shutil.rmtree(str(environment.packages / module))


# Settings


@pytest.fixture
def keras3(empty: Environment) -> Environment:
    empty.tensorflow("2.16.2", LEGACY, ["keras>=3.0.0"])
    empty.keras("3.5.0")
    return empty


def settings(folder: Path, **values: object) -> Path:
    defaults = {"floatx": "float32", "epsilon": 1e-07, "image_data_format": "channels_last"}
    folder.mkdir(parents=True)
    file = folder / "keras.json"
    file.write_text(json.dumps({**defaults, "backend": "tensorflow", **values}))
    return file
