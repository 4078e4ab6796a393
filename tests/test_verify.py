"""Each interference that examples/venv_verification/verify.py names, made up and found.

No TensorFlow is needed: small distributions with the same names, metadata and RECORD lie
in a copy of a bare virtual environment, and that environment's python runs the script.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet

SCRIPT = Path(__file__).parents[1] / "examples" / "venv_verification" / "verify.py"
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
    """The script's functions."""
    spec = importlib.util.spec_from_file_location("verify", str(SCRIPT))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


class Environment:
    """A virtual environment, and a project folder with the script copied into it."""

    def __init__(self, root: Path, bare: Path) -> None:
        self.root, self.prefix, self.project = root, root / "venv", root / "project"
        shutil.copytree(str(bare), str(self.prefix), symlinks=True)
        self.packages = next(self.prefix.glob("lib/python*/site-packages"))
        self.python = self.prefix / "bin" / "python"
        self.project.mkdir()
        shutil.copy(str(SCRIPT), str(self.project))

    def install(
        self,
        name: str,
        version: str,
        module: str | None = None,
        code: str = "",
        requires: Sequence[str] = (),
        folder: Path | None = None,
    ) -> None:
        """A distribution, and the package in it if a module is named."""
        folder = folder or self.packages
        data = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        data.mkdir(parents=True)
        metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        metadata += [f"Requires-Dist: {requirement}" for requirement in requires]
        (data / "METADATA").write_text("\n".join(metadata) + "\n\nRequires-Dist: not-a-header\n")
        if module:
            (folder / module).mkdir(exist_ok=True)
            (folder / module / "__init__.py").write_text(code)
            self.record(data, f"{module}/__init__.py")

    def rewrite(self, module: str, version: str, code: str) -> None:
        """Other code in an installed package, as if it had been released so."""
        (self.packages / module / "__init__.py").write_text(code)
        self.record(self.packages / f"{module}-{version}.dist-info", f"{module}/__init__.py")

    def record(self, data: Path, *files: str) -> None:
        """The RECORD of a distribution with these files, as they are now."""
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
        """The script's exit code and what it printed."""
        home = self.root / "home"
        options = [flag for flag in flags if flag.startswith("--")]
        flags = tuple(flag for flag in flags if flag not in options)
        script = str(self.project / "verify.py")
        process = subprocess.run(
            [str(self.python), *flags, script, *options],
            env={"PATH": os.environ["PATH"], "HOME": str(home), **variables},
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


def clean(result: tuple[int, str], *texts: str) -> None:
    code, printed = result
    assert code == 0, printed
    assert "PROBLEM" not in printed
    assert printed.splitlines()[-1] == OK
    for text in texts:
        assert text in printed


def problems(result: tuple[int, str], *expected: tuple[str, Path, str]) -> str:
    """Checks that just these (what, where, fix) are reported, and returns the report."""
    code, printed = result
    assert code == 1, printed
    lines = printed.splitlines()
    count = len(expected)
    assert lines[-1] == f"{count} problem{'' if count == 1 else 's'} found", printed
    for number, (what, where, fix) in enumerate(expected, 1):
        at = next(i for i, line in enumerate(lines) if f"PROBLEM {number}:" in line)
        assert what in lines[at], printed
        assert lines[at + 1] == f"    where: {where}", printed
        assert lines[at + 2] == f"    fix:   {fix}", printed
    return printed


# A clean environment


@pytest.mark.parametrize("flags", [(), ("-I",), ("-E",), ("-s",)])
def test_clean(pairing: Environment, flags: tuple[str, ...]) -> None:
    clean(
        pairing.run(*flags),
        f"keras          2.12.0  {pairing.packages}\n",
        f"tensorflow     2.12.0  {pairing.packages}/tensorflow/__init__.py",
        "tf.keras       the keras package, 2.12.0",
    )


def test_no_keras_is_fine_where_none_is_required(empty: Environment) -> None:
    empty.tensorflow("2.4.4", BUNDLED, [])
    clean(
        empty.run(),
        "TensorFlow's own copy of Keras (tensorflow.python.keras.engine.training)",
        "keras          not installed, and nothing here requires it",
    )


def test_files_linked_to_a_cache_are_the_environments_own(pairing: Environment) -> None:
    (pairing.packages / "keras" / "__init__.py").rename(pairing.root / "cached.py")
    (pairing.packages / "keras" / "__init__.py").symlink_to(pairing.root / "cached.py")
    clean(pairing.run())


def test_folder_without_init_hides_nothing(pairing: Environment) -> None:
    (pairing.project / "keras").mkdir()
    (pairing.project / "tensorflow").mkdir()
    clean(pairing.run())


# What leaks in


def test_pythonpath_with_keras(pairing: Environment) -> None:
    other = pairing.root / "other"
    pairing.keras("2.11.0", folder=other)
    printed = problems(
        pairing.run(PYTHONPATH=str(other)),
        (
            "keras from outside the environment, through PYTHONPATH",
            other / "keras" / "__init__.py",
            "unset PYTHONPATH, or run `python -E`",
        ),
    )
    assert f"keras          2.12.0  {pairing.packages}  (hidden by the one before)" in printed
    clean(pairing.run("-E", PYTHONPATH=str(other)), f"PYTHONPATH (ignored in this run) is {other}")


@pytest.mark.parametrize("name", ["tensorflow", "tf_keras", "numpy"])
def test_pythonpath_with_another_module(pairing: Environment, name: str) -> None:
    other = pairing.root / "other"
    other.mkdir()
    (other / f"{name}.py").write_text("class keras:\n    class Model:\n        pass\n")
    code, printed = pairing.run(PYTHONPATH=str(other))
    assert code == 1
    assert f"PROBLEM 1: {name} from outside the environment, through PYTHONPATH" in printed


def test_pythonpath_with_a_dependency_too_new(pairing: Environment) -> None:
    pairing.install("protobuf", "3.19.6")
    pairing.install("tensorflow-cpu", "2.12.0", requires=["protobuf<3.20"])
    other = pairing.root / "other"
    pairing.install("protobuf", "4.21.0", folder=other)
    problems(
        pairing.run(PYTHONPATH=str(other)),
        (
            "tensorflow-cpu 2.12.0 requires protobuf<3.20, but 4.21.0 is installed",
            other,
            "unset PYTHONPATH, or run `python -E`",
        ),
    )


def test_pythonpath_with_nothing_of_interest(pairing: Environment) -> None:
    clean(pairing.run(PYTHONPATH="/nowhere"), "note:          PYTHONPATH (searched first)")


@pytest.mark.parametrize("file", ["keras.py", "keras/__init__.py"])
def test_keras_beside_the_script(pairing: Environment, file: str) -> None:
    path = pairing.project / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(KERAS.format("0"))
    problems(
        pairing.run(cwd=pairing.root),
        (
            "keras from outside the environment, through the folder of this script",
            path,
            "rename it or move it away, or run `python -I`",
        ),
    )
    clean(pairing.run("-I"), f"without -I or -P, keras may come from {path}")


def test_keras_in_the_working_directory(pairing: Environment) -> None:
    folder = pairing.root / "elsewhere"
    folder.mkdir()
    (folder / "keras.py").write_text("")
    problems(
        pairing.run(cwd=folder),
        (
            "keras from outside the environment, through the working directory",
            folder / "keras.py",
            "rename it or move it away, or run `python -I`",
        ),
    )


def see_the_system(environment: Environment) -> Path:
    config = environment.prefix / "pyvenv.cfg"
    config.write_text(config.read_text().replace("packages = false", "packages = true"))
    return config


def test_user_site(pairing: Environment) -> None:
    base = pairing.root / "user"
    folder = base / pairing.packages.relative_to(pairing.prefix)
    pairing.keras("2.11.0", folder=folder)
    clean(pairing.run(PYTHONUSERBASE=str(base)))  # a virtual environment has none
    see_the_system(pairing)
    problems(
        pairing.run(PYTHONUSERBASE=str(base)),
        (
            "keras from outside the environment, through the user site",
            folder / "keras" / "__init__.py",
            "set PYTHONNOUSERSITE=1, or run `python -s`",
        ),
    )
    printed = pairing.run("-s", PYTHONUSERBASE=str(base))[1]
    assert "user site" not in printed
    assert "note: with the system's site-packages" in printed


def test_system_site_packages(
    pairing: Environment, verify: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = see_the_system(pairing)
    system = pairing.root / "usr"
    monkeypatch.setattr(verify.sys, "prefix", str(pairing.prefix))
    monkeypatch.setattr(verify.sys, "base_prefix", str(system))
    assert verify.way_and_fix(str(system / "lib" / "python3" / "site-packages")) == (
        "system-site-packages",
        f"set include-system-site-packages = false in {config}",
    )


def test_path_in_a_pth_file(empty: Environment) -> None:
    empty.tensorflow()
    other = empty.root / "other"
    empty.keras(folder=other)
    (empty.packages / "more.pth").write_text(f"{other}\n")
    problems(
        empty.run("-I"),
        (
            "keras from outside the environment, through a path in more.pth",
            other / "keras" / "__init__.py",
            f"delete the line {other} of {empty.packages / 'more.pth'}",
        ),
    )
    assert '           python -m pip install "keras<2.13,>=2.12.0"\n' in empty.run("-I")[1]
    empty.keras()  # the path is searched last, so that the environment's own wins
    clean(empty.run("-I"))


HOOK = """
import importlib.machinery
import sys


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "keras":
            return importlib.machinery.PathFinder.find_spec(name, [{other!r}])


sys.meta_path.insert(0, Finder)
"""
PRELOAD = "import types, sys; sys.modules['keras'] = m = types.ModuleType('keras'); {}"


@pytest.mark.parametrize("import_works", [True, False])
@pytest.mark.parametrize("hook", [True, False])
def test_code_in_a_pth_file(pairing: Environment, hook: bool, import_works: bool) -> None:
    other = pairing.root / "other"
    pairing.keras("2.11.0", folder=other)
    if not import_works:
        (other / "keras" / "__init__.py").write_text("raise RuntimeError('old')")
    line = f"import sys; sys.path.insert(0, {str(other)!r})"
    if hook:
        (pairing.packages / "hook.py").write_text(HOOK.format(other=str(other)))
        line = "import hook"
    (pairing.packages / "z.pth").write_text(line + "\n")
    (pairing.packages / "distutils-precedence.pth").write_text("import os\n")
    code, printed = pairing.run("-I")
    assert code == 1
    assert "PROBLEM 1: keras from outside the environment, through code run at startup" in printed
    assert f"    where: {other / 'keras' / '__init__.py'}\n" in printed
    assert f"    fix:   take it out of {pairing.packages / 'z.pth'}\n" in printed


def test_module_put_in_place_at_startup(pairing: Environment) -> None:
    (pairing.packages / "z.pth").write_text(
        PRELOAD.format("m.Model = object; m.__file__ = '/somewhere/keras/__init__.py'\n")
    )
    code, printed = pairing.run("-I")
    assert code == 1
    assert "keras from outside the environment, through code run at startup" in printed


# What does not go together


def test_two_kerases(empty: Environment) -> None:
    empty.tensorflow("2.5.3", BUNDLED, ["keras-nightly (~=2.5.0.dev)"])
    empty.keras("2.6.0")
    empty.keras("2.5.0.dev2021032900", "keras-nightly")
    printed = problems(
        empty.run(),
        (
            "keras 2.6.0 and keras-nightly 2.5.0.dev2021032900 both own keras/",
            empty.packages / "keras",
            "python -m pip uninstall -y keras keras-nightly",
        ),
    )
    assert (
        '           python -m pip install --force-reinstall --no-deps "keras-nightly~=2.5.0.dev"\n'
        in printed
    )


def test_two_tensorflows(pairing: Environment) -> None:
    pairing.install("tensorflow-cpu", "2.12.0", "tensorflow", TENSORFLOW)
    printed = problems(
        pairing.run(),
        (
            "tensorflow 2.12.0 and tensorflow-cpu 2.12.0 both own tensorflow/",
            pairing.packages / "tensorflow",
            "python -m pip uninstall -y tensorflow tensorflow-cpu",
        ),
    )
    assert 'pip install --force-reinstall --no-deps "tensorflow==2.12.0"\n' in printed


def test_a_stub_owns_nothing(pairing: Environment) -> None:
    """On Windows `tensorflow` may be metadata only, beside the tensorflow-intel it requires."""
    shutil.rmtree(str(next(pairing.packages.glob("tensorflow-*.dist-info"))))
    pairing.install("tensorflow", "2.12.0", requires=["tensorflow-intel==2.12.0"])
    pairing.install("tensorflow-intel", "2.12.0", "tensorflow", TENSORFLOW, ["keras<2.13"])
    clean(pairing.run())


def test_egg_info(pairing: Environment) -> None:
    data = pairing.packages / "keras_nightly-2.5.0.egg-info"
    data.mkdir()
    (data / "PKG-INFO").write_text("Name: keras_nightly\nVersion: 2.5.0\n")
    (data / "top_level.txt").write_text("keras\n")
    code, printed = pairing.run()
    assert code == 1
    assert "keras 2.12.0 and keras-nightly 2.5.0 both own keras/" in printed


def test_what_pip_leaves_of_an_upgrade_owns_nothing(pairing: Environment) -> None:
    pairing.install("keras", "2.11.0", "keras", KERAS.format("2.12.0"))
    data = pairing.packages / "keras-2.11.0.dist-info"
    data.rename(pairing.packages / "~eras-2.11.0.dist-info")
    clean(pairing.run())


def test_keras_of_another_release(empty: Environment) -> None:
    empty.tensorflow()
    empty.keras("2.11.0")
    problems(
        empty.run(),
        (
            "tensorflow 2.12.0 requires keras<2.13,>=2.12.0, but 2.11.0 is installed",
            empty.packages,
            'python -m pip install "keras<2.13,>=2.12.0"',
        ),
    )


def test_keras_missing(empty: Environment) -> None:
    empty.tensorflow(code="__version__ = '2.12.0'")
    printed = problems(
        empty.run(),
        (
            "tensorflow 2.12.0 requires keras<2.13,>=2.12.0, which is missing",
            empty.packages,
            'python -m pip install "keras<2.13,>=2.12.0"',
        ),
    )
    assert "keras          not installed, though required" in printed
    empty.install("a-tuner", "1.0.2", requires=["keras"])  # no second problem, and no other fix
    assert empty.run()[1] == printed


def test_keras_missing_for_somebody_else(empty: Environment) -> None:
    empty.tensorflow("2.4.4", BUNDLED, [])
    empty.install("keras-tuner", "1.0.2", requires=["keras", "something-else"])
    problems(
        empty.run(),
        (
            "keras-tuner 1.0.2 requires keras, which is missing",
            empty.packages,
            'python -m pip install "keras"',
        ),
    )


def test_requirements_that_do_not_hold_here(pairing: Environment) -> None:
    pairing.install(
        "tensorflow-cpu",
        "2.12.0",
        requires=[
            "tensorflow-intel==2.12.0 ; platform_system == 'Nothing'",
            'nvidia-cublas-cu12 ==12.3.4.1 ; extra == "and-cuda"',
            'numpy<1.0; python_version < "3" and (sys_platform == "linux" or os_name == "posix")',
            "wrapt ; what is this",
            "opt-einsum @ https://example.invalid/opt_einsum.whl",
            "Absl.PY[extra] (>=1.0.0)",
        ],
    )
    pairing.install("absl_py", "1.4.0")
    pairing.install("opt_einsum", "3.3.0")
    clean(pairing.run())


# tf-keras


def test_legacy_keras(legacy: Environment) -> None:
    clean(legacy.run(), "tf.keras       the keras package, 3.5.0")
    clean(
        legacy.run(TF_USE_LEGACY_KERAS="1"),
        "tf.keras       the tf_keras package, 2.16.0",
        "note:          tf.keras is tf-keras 2.16.0, and keras is another, 3.5.0: import from one",
    )


@pytest.mark.parametrize("value", ["", "0", "False"])
def test_legacy_keras_switched_off(legacy: Environment, value: str) -> None:
    clean(legacy.run(TF_USE_LEGACY_KERAS=value), f"TF_USE_LEGACY_KERAS={value} does nothing")


@pytest.mark.parametrize("value", ["yes", "TRUE", "2"])
def test_legacy_keras_value_without_effect(legacy: Environment, value: str) -> None:
    code, printed = legacy.run(TF_USE_LEGACY_KERAS=value)
    assert code == 1
    assert f"TF_USE_LEGACY_KERAS={value} does nothing: only 1, true and True do\n" in printed
    assert "fix:   unset TF_USE_LEGACY_KERAS, or set TF_USE_LEGACY_KERAS=1\n" in printed


def test_legacy_keras_in_a_tensorflow_without_it(pairing: Environment) -> None:
    clean(pairing.run(TF_USE_LEGACY_KERAS="1"), "TF_USE_LEGACY_KERAS=1 does nothing in 2.12.0")


def remove(environment: Environment, name: str, module: str) -> None:
    shutil.rmtree(str(next(environment.packages.glob(f"{name}-*.dist-info"))))
    shutil.rmtree(str(environment.packages / module))


def test_legacy_keras_not_installed(legacy: Environment) -> None:
    remove(legacy, "tf_keras", "tf_keras")
    clean(legacy.run())
    code, printed = legacy.run(TF_USE_LEGACY_KERAS="True")
    assert code == 1
    assert "PROBLEM 1: TF_USE_LEGACY_KERAS=True, but tf-keras is not installed" in printed
    assert 'python -m pip install "tf-keras==2.16.*", or unset TF_USE_LEGACY_KERAS' in printed


def test_legacy_keras_of_another_release(legacy: Environment) -> None:
    remove(legacy, "tf_keras", "tf_keras")
    legacy.keras("2.17.0", "tf-keras", "tf_keras", requires=["tensorflow<2.18,>=2.17"])
    problems(
        legacy.run(TF_USE_LEGACY_KERAS="1"),
        (
            "tf-keras 2.17.0 is not made for TensorFlow 2.16.2",
            legacy.packages,
            'python -m pip install "tf-keras==2.16.*"',
        ),
    )


# What was installed, and is no longer so


def test_a_file_of_keras_edited_in_place(pairing: Environment) -> None:
    file = pairing.packages / "keras" / "__init__.py"
    file.write_text(file.read_text() + "\n# a quick change\n")
    problems(
        pairing.run(),
        (
            "keras 2.12.0 is not as it was installed, its files: 1 changed",
            file,
            'python -m pip install --force-reinstall --no-deps "keras==2.12.0"',
        ),
    )


def test_half_an_upgrade(legacy: Environment) -> None:
    """What pip has not installed it does not remove: the folder has to go."""
    folder = legacy.packages / "tf_keras"
    (folder / "__init__.py").write_text(KERAS.format("2.15.0"))
    (folder / "old.py").touch()
    (folder / "src").mkdir()
    (folder / "src" / "older.py").touch()
    (folder / "notes.txt").touch()
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "gone.cpython-37.pyc").touch()
    printed = problems(
        legacy.run(),
        (
            "tf-keras 2.16.0 is not as it was installed, its files: 1 changed, 2 left over",
            Path(f"{folder / '__init__.py'} and 2 more"),
            "python -m pip uninstall -y tf-keras",
        ),
    )
    assert f"           delete {folder}\n           python -m pip install --force-re" in printed


def test_one_of_two_tensorflows_removed(pairing: Environment) -> None:
    (pairing.packages / "tensorflow" / "core.so").touch()
    data = pairing.packages / "tensorflow-2.12.0.dist-info"
    pairing.record(data, "tensorflow/__init__.py", "tensorflow/core.so")
    (pairing.packages / "tensorflow" / "core.so").unlink()
    problems(
        pairing.run("--no-import"),
        (
            "tensorflow 2.12.0 is not as it was installed, its files: 1 missing",
            pairing.packages / "tensorflow" / "core.so",
            'python -m pip install --force-reinstall --no-deps "tensorflow==2.12.0"',
        ),
    )


def test_files_that_are_not_imported_may_be_missing(pairing: Environment) -> None:
    """Images are made slim by removing headers, data and bytecode."""
    data = pairing.packages / "keras-2.12.0.dist-info"
    more = pairing.packages / "keras" / "header.h"
    more.touch()
    pairing.record(data, "keras/__init__.py", "keras/header.h")
    more.unlink()
    clean(pairing.run())


def test_files_without_a_hash_cannot_differ(pairing: Environment) -> None:
    """Conda and some distributions of Linux write such a RECORD."""
    data = pairing.packages / "keras-2.12.0.dist-info"
    (data / "RECORD").write_text("keras/__init__.py,,\n")
    (pairing.packages / "keras" / "more.py").touch()
    clean(pairing.run())


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


def test_settings_that_keras_writes_are_clean(keras3: Environment) -> None:
    settings(keras3.root / "home" / ".keras", nnx_enabled=False)
    clean(keras3.run())


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        ("floatx", "float16", "float32"),
        ("epsilon", 0.1, "1e-07"),
        ("image_data_format", "channels_first", "channels_last"),
        ("backend", "jax", "tensorflow"),
    ],
)
@pytest.mark.parametrize("home", [True, False])
def test_settings_that_change_keras(
    keras3: Environment, name: str, value: object, default: str, home: bool
) -> None:
    folder = keras3.root / ("home/.keras" if home else "elsewhere")
    file = settings(folder, **{name: value})
    problems(
        keras3.run() if home else keras3.run(KERAS_HOME=str(folder)),
        (f"keras.json sets {name} to {value}", file, f"set {name} to {default} in {file}"),
    )


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_settings_that_cannot_be_read_change_nothing(keras3: Environment, text: str) -> None:
    settings(keras3.root / "home" / ".keras").write_text(text)
    clean(keras3.run())


def test_a_backend_for_a_keras_without_any(pairing: Environment) -> None:
    settings(pairing.root / "home" / ".keras", backend="torch")
    clean(pairing.run(KERAS_BACKEND="torch"), "KERAS_BACKEND=torch does nothing in this Keras")


def test_a_backend_that_is_installed(keras3: Environment) -> None:
    (keras3.packages / "torch.py").touch()
    settings(keras3.root / "home" / ".keras", backend="theano")  # the variable overrides it
    clean(keras3.run(KERAS_BACKEND="torch"), "KERAS_BACKEND=torch: Keras does not run on Tensor")


def test_a_variable_set_at_startup(keras3: Environment) -> None:
    file = keras3.packages / "sitecustomize.py"
    file.write_text("import os\n\nos.environ['KERAS_BACKEND'] = 'torch'\n")
    problems(
        keras3.run(),
        (
            "KERAS_BACKEND=torch, but torch is not installed",
            file,
            f"take KERAS_BACKEND out of {file}",
        ),
    )


# Python, pip and the active environment


def test_python_is_not_that_of_the_active_environment(pairing: Environment) -> None:
    other = pairing.root / "other"
    shutil.copytree(str(pairing.prefix), str(other), symlinks=True)
    for path in pairing.packages.glob("tensorflow*"):
        shutil.rmtree(str(path))
    problems(
        pairing.run(VIRTUAL_ENV=str(other)),
        (
            "TensorFlow is not installed here, but in the active environment",
            pairing.prefix / "bin" / "python",
            f"run {other / 'bin' / 'python'}",
        ),
    )
    pairing.python = other / "bin" / "python"
    clean(pairing.run(VIRTUAL_ENV=str(other)))
    clean(pairing.run(VIRTUAL_ENV=str(pairing.prefix)), "the active environment is another one")


def test_pip_is_not_that_of_the_environment(pairing: Environment) -> None:
    other = pairing.root / "bin"
    other.mkdir()
    (other / "pip").touch(0o755)
    path = os.pathsep.join([str(pairing.prefix / "bin"), str(other)])
    note = f"`pip` is of another environment, {other / 'pip'}: use `python -m pip`"
    clean(pairing.run(PATH=path), note)
    assert note not in pairing.run(PATH=str(other))[1]  # not activated: called by its path


# For machines, and without importing


def test_json(pairing: Environment) -> None:
    other = pairing.root / "other"
    pairing.keras("2.11.0", folder=other)
    pairing.rewrite("tensorflow", "2.12.0", "print('noise')\n" + TENSORFLOW)
    code, printed = pairing.run("--json", PYTHONPATH=str(other))
    facts = json.loads(printed)
    assert code == 1
    assert facts["ok"] is False
    assert facts["environment"]["prefix"] == str(pairing.prefix)
    assert [(one["name"], one["version"], one["hidden"]) for one in facts["installed"]] == [
        ("keras", "2.11.0", False),
        ("keras", "2.12.0", True),
        ("tensorflow", "2.12.0", False),
    ]
    assert facts["problems"] == [
        {
            "what": "keras from outside the environment, through PYTHONPATH",
            "where": str(other / "keras" / "__init__.py"),
            "fixes": ["unset PYTHONPATH, or run `python -E`"],
        }
    ]
    assert facts["notes"][0]["what"] == f"PYTHONPATH (searched first) is {other}"
    assert facts["imports"]["keras"]["version"] == "2.11.0"
    assert facts["imports"]["tf.keras"] == {"module": "keras", "version": "2.11.0"}
    code, printed = pairing.run("--json")
    assert (code, json.loads(printed)["ok"], json.loads(printed)["problems"]) == (0, True, [])


def test_nothing_is_imported(empty: Environment) -> None:
    empty.tensorflow(code="import os\n\nos._exit(3)")
    empty.keras()
    code, printed = empty.run("--no-import")
    assert code == 0
    assert "Imports" not in printed
    assert printed.splitlines()[-1] == f"{OK}, as far as can be seen without importing"
    code, printed = empty.run("--no-import", "--json")
    assert (code, json.loads(printed)["imports"]) == (0, None)


# Imports that fail

NUMPY = 'python -m pip install "numpy<2"'
FAILURES = [
    ("Descriptors cannot not be created directly.\\nMore", 'python -m pip install "protobuf<3.21"'),
    ("Descriptors cannot be created directly.", 'python -m pip install "protobuf<3.21"'),
    ("numpy.core.multiarray failed to import", NUMPY),
    ("numpy.core.umath failed to import", NUMPY),
    ("_ARRAY_API not found", NUMPY),
    ("A module that was compiled using NumPy 1.x cannot be run in", NUMPY),
    (
        "Unable to convert function return value to a Python type! The signature was\\n"
        "\\t() -> handle",
        NUMPY,
    ),
    ("something new", FRESH),
]


@pytest.mark.parametrize(("message", "fix"), FAILURES)
def test_tensorflow_cannot_be_imported(empty: Environment, message: str, fix: str) -> None:
    empty.tensorflow(code=f'raise TypeError("{message}")')
    empty.keras()
    printed = problems(empty.run(), ("`import tensorflow` fails: ", empty.packages, fix))
    first = message.split("\\n")[0]
    assert f"tensorflow     cannot be imported, TypeError: {first}\n" in printed
    assert f"keras          2.12.0  {empty.packages}/keras/__init__.py\n" in printed


def test_tensorflow_cannot_be_imported_for_a_known_reason(empty: Environment) -> None:
    empty.tensorflow(code="raise TypeError('something new')")
    empty.keras("2.11.0")
    problems(
        empty.run(),
        (
            "tensorflow 2.12.0 requires keras<2.13,>=2.12.0, but 2.11.0 is installed",
            empty.packages,
            'python -m pip install "keras<2.13,>=2.12.0"',
        ),
        (
            "`import tensorflow` fails: TypeError: something new",
            empty.packages,
            f"first the fixes above; if they are not enough, {FRESH}",
        ),
    )


def test_tensorflow_exits(empty: Environment) -> None:
    empty.tensorflow(code="raise SystemExit('bye')")
    empty.keras()
    problems(empty.run(), ("`import tensorflow` fails: SystemExit: bye", empty.packages, FRESH))


def test_tensorflow_kills_the_process(empty: Environment) -> None:
    empty.tensorflow(code="import os\n\nos._exit(3)")
    empty.keras("2.11.0")
    code, printed = empty.run()
    assert code == 3
    assert "PROBLEM 1: tensorflow 2.12.0 requires keras" in printed
    assert printed.splitlines()[-1].startswith("Imports (where the report ends here")


def test_tensorflow_not_installed(empty: Environment) -> None:
    empty.keras("3.5.0")
    problems(
        empty.run(),
        (
            "TensorFlow is not installed",
            empty.prefix,
            f"python -m pip install tensorflow, or better: {FRESH}",
        ),
    )


def test_tensorflow_without_its_files(pairing: Environment) -> None:
    shutil.rmtree(str(pairing.packages / "tensorflow"))
    problems(
        pairing.run(),
        (
            "tensorflow 2.12.0 is not as it was installed, its files: 1 missing",
            pairing.packages / "tensorflow/__init__.py",
            'python -m pip install --force-reinstall --no-deps "tensorflow==2.12.0"',
        ),
    )


def test_keras_cannot_be_imported(empty: Environment) -> None:
    empty.tensorflow(code="__version__ = '2.12.0'\n")
    empty.keras()
    empty.rewrite("keras", "2.12.0", "import absent")
    problems(
        empty.run(),
        (
            "`import keras` fails: ModuleNotFoundError: No module named 'absent'",
            empty.packages,
            FRESH,
        ),
    )


def test_keras_backend_not_installed(empty: Environment) -> None:
    empty.tensorflow("2.16.2", "__version__ = '2.16.2'\n", ["keras>=3.0.0"])
    empty.keras("3.5.0")
    empty.rewrite("keras", "3.5.0", "import torch")
    problems(
        empty.run(KERAS_BACKEND="torch"),
        (
            "KERAS_BACKEND=torch, but torch is not installed",
            Path("the environment variables"),
            "unset KERAS_BACKEND",
        ),
        (
            "`import keras` fails: Keras is told to use a backend that is not installed",
            empty.packages,
            "first the fixes above; if they are not enough, "
            "unset KERAS_BACKEND, and set backend to tensorflow in ~/.keras/keras.json",
        ),
    )


def test_keras_half_uninstalled(empty: Environment) -> None:
    """What is left when one of two owners of keras/ has been uninstalled."""
    empty.tensorflow(code="__version__ = '2.12.0'\n")
    empty.keras()
    (empty.packages / "keras" / "__init__.py").unlink()
    problems(
        empty.run(),
        (
            "keras 2.12.0 is not as it was installed, its files: 1 missing",
            empty.packages / "keras/__init__.py",
            'python -m pip install --force-reinstall --no-deps "keras==2.12.0"',
        ),
    )


def test_tf_keras_cannot_be_used(empty: Environment) -> None:
    empty.tensorflow(code="__version__ = '2.12.0'\n")
    empty.keras()
    problems(empty.run(), ("`tf.keras` cannot be used: ", empty.packages, FRESH))


def test_fixes_name_the_python(empty: Environment) -> None:
    printed = empty.run()[1]
    python = empty.prefix / "bin" / "python"
    assert f"In the fixes, python is {python}, which has no pip: use `uv pip`" in printed


# Versions and markers, compared with the packaging library

# fmt: off
VERSIONS = [
    "0", "0.9", "1", "1.0", "1.0.0", "1.0+x", "1.0.post1+x", "1.0.1", "1.1", "1.26.4", "2.0",
    "2.0.0.dev3", "2.0a1.dev2", "2.0a1", "2.0a1.post1", "2.0b2", "2.0rc1.dev2", "2.0.0rc1",
    "2.0-rc.1", "2.0rc1.post2", "2.0.post1.dev1", "2.0.post1", "2.0.post2", "2.5.dev",
    "2.5.0.dev2021032900", "2.5.0", "2.5.3", "2.12.0rc0", "2.12.0", "v2.12.1", "2.12.0+nv23.6",
    "2.13", "3.15.1", "6.0.0dev", "1!0.5",
]
# fmt: on


def test_versions(verify: ModuleType) -> None:
    compared = 0
    for own, wanted, end in itertools.product(VERSIONS, VERSIONS, ["", ".*"]):
        for sign in ["==", "!=", "<=", ">=", "<", ">", "~=", "==="]:
            try:
                expected = Specifier(sign + wanted + end).contains(own, prereleases=True)
            except InvalidSpecifier:
                continue
            if sign == "===" and ("v" in own + wanted or end):
                continue  # no two spellings of one version are the same here
            assert verify.allows(sign + wanted + end, own) == expected, (own, sign, wanted + end)
            compared += 1
    assert compared > 9000


@pytest.mark.parametrize(
    "clauses",
    [
        "~=2.5.0.dev",
        "<2.13,>=2.12.0",
        ">=2.9.0rc0,<2.10.0",
        "!=4.21.0,!=4.21.1,<6.0.0dev,>=3.20.3",
        "",
    ],
)
def test_version_sets(verify: ModuleType, clauses: str) -> None:
    for own in [*VERSIONS, "2.9.0rc1", "2.10.0rc0", "4.21.1", "4.25.9", "5.29.6"]:
        expected = SpecifierSet(clauses).contains(own, prereleases=True)
        assert verify.allowed(clauses, own) == expected, own


def test_unreadable_versions_are_no_problem(verify: ModuleType) -> None:
    assert verify.allowed(">=1.0", "unknown")
    assert verify.allowed(">=1.0", "1.0.special3")
    assert verify.allowed("1.0", "2.0")


MARKERS = [
    'python_version < "3.10"',
    'python_version <= "3.11" and python_version >= "3.8"',
    '"3.8" < python_version',
    'python_version ~= "3.7"',
    'python_version == "3.*"',
    'python_version not in "2.7, 3.9"',
    'python_version in "3.9 3.11"',
    'python_full_version >= "3.11.4"',
    'python_full_version < "3.12.0rc1"',
    'platform_machine != "arm64" or platform_system != "Darwin"',
    'platform_system == "Linux" and (platform_machine == "arm64" or platform_machine == "aarch64")',
    "(sys_platform == 'win32' or os_name == 'posix') and platform_python_implementation=='CPython'",
    'sys_platform == "darwin" and python_version >= "3.8" or os_name == "nt"',
    'extra == "and-cuda"',
    "python_version >= \"3\" and extra == 'and-cuda'",
    'implementation_name == "cpython"',
]


@pytest.mark.parametrize("marker", MARKERS)
def test_markers(verify: ModuleType, marker: str) -> None:
    assert verify.holds(marker) == Marker(marker).evaluate({"extra": ""})
    for full in ["3.7.16", "3.9.0", "3.11.4", "3.12.0rc1", "3.14.0"]:
        for system, machine, platform, name in [
            ("Linux", "x86_64", "linux", "posix"),
            ("Linux", "aarch64", "linux", "posix"),
            ("Darwin", "arm64", "darwin", "posix"),
            ("Windows", "AMD64", "win32", "nt"),
        ]:
            values = {
                "python_version": ".".join(full.split(".")[:2]),
                "python_full_version": full,
                "platform_python_implementation": "CPython",
                "implementation_name": "cpython",
                "platform_system": system,
                "platform_machine": machine,
                "sys_platform": platform,
                "os_name": name,
                "extra": "",
            }
            assert verify.holds(marker, values) == Marker(marker).evaluate(values), values


@pytest.mark.parametrize(
    "text",
    [
        "keras (<2.13,>=2.12.0)",
        "protobuf !=4.21.0,<5.0.0dev,>=3.20.3",
        "Keras_Nightly~=2.5.0.dev",
        "zope.interface[test, docs] >= 5 ; python_version >= '3'",
        "absl-py",
    ],
)
def test_requirements(verify: ModuleType, text: str) -> None:
    wanted = Requirement(text)
    ((name, clauses),) = verify.requirements(verify.Distribution("x", "1", [text], {}, ""))
    assert name == wanted.name.lower().replace("_", "-").replace(".", "-")
    assert SpecifierSet(clauses) == wanted.specifier


def test_the_script_is_written_for_python_3_7() -> None:
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 7))
    modules = [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    modules += [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    assert {name.split(".")[0] for name in modules} == {
        *("argparse", "ast", "base64", "collections", "email", "glob", "hashlib", "importlib"),
        *("json", "os", "platform", "re", "shutil", "site", "sys", "traceback"),
    }
    assert "importlib.metadata" not in modules
