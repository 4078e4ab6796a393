"""verify.py: modules from outside the environment, and code that runs when Python starts."""

from __future__ import annotations

import os
import sys
from types import ModuleType

import pytest
from fake_environments import (
    BUNDLED,
    KERAS,
    Environment,
    clean,
    plain,
    problems,
    see_the_system,
)
from samples import needs_links

# A clean environment


@pytest.mark.parametrize("flags", [(), ("-I",), ("-E",), ("-s",)])
def test_clean(pairing: Environment, flags: tuple[str, ...]) -> None:
    clean(
        pairing.run(*flags),
        f"keras          2.12.0  {pairing.packages}\n",
        f"tensorflow     2.12.0  {pairing.packages / 'tensorflow' / '__init__.py'}",
        "tf.keras       the keras package, 2.12.0",
    )


def test_no_keras_is_fine_where_none_is_required(empty: Environment) -> None:
    empty.tensorflow("2.4.4", BUNDLED, [])
    clean(
        empty.run(),
        "TensorFlow's own copy of Keras (tensorflow.python.keras.engine.training)",
        "keras          not installed, and nothing here requires it",
    )


@needs_links
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
    hidden = f"keras          2.12.0  {pairing.packages}  (hidden by the one before)"
    assert plain(hidden) in plain(printed)
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


def test_user_site(pairing: Environment) -> None:
    base = pairing.root / "user"
    folder = base / pairing.packages.relative_to(pairing.prefix)
    if os.name == "nt":
        folder = base / "Python{}{}".format(*sys.version_info) / "site-packages"
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
    assert verify.way_and_fix(verify.real(system / "lib" / "python3" / "site-packages")) == (
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
