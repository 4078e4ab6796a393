"""What a project asks for: TensorFlow, Keras and Python in its requirement files, never run."""

from __future__ import annotations

import ast
import configparser
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from envs.which.uses import Unread

PACKAGES = {
    "tensorflow": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-macos": "tensorflow",
    "keras": "keras",
    "keras-nightly": "keras",
    "tf-keras": "tf-keras",
    "python": "python",
}
"""Package -> what it asks for."""

_LARGEST = 2**20


@dataclass(frozen=True, slots=True)
class Wish:
    """One requirement of a project: its file, its words, and which releases it asks for of what."""

    file: str
    words: str
    asks: str
    releases: SpecifierSet

    def admits(self, version: str) -> bool:
        """Whether it admits a release, or pins another patch of the same minor."""
        if self.releases.contains(version, prereleases=True):
            return True
        minor = version.split(".")[:2]
        return any(
            one.operator in ("==", "===") and one.version.split(".")[:2] == minor
            for one in self.releases
        )

    def admits_python(self, python: str) -> bool:
        """Whether it admits some patch of a Python, such as `3.11`."""
        return any(self.releases.contains(f"{python}.{patch}") for patch in (0, 9, 25))


def read_wishes(folder: Path) -> tuple[list[Wish], list[Unread]]:
    """What the requirement files of a folder ask for, and which of them cannot be read."""
    wishes: list[Wish] = []
    unread: list[Unread] = []
    for file in _list_files(folder):
        name = file.relative_to(folder).as_posix()
        try:
            if file.stat().st_size > _LARGEST:
                raise ValueError(f"has more than {_LARGEST // 2**20} MiB")
            text = file.read_bytes().decode("utf-8-sig")
            read = _READERS[file.suffix if file.suffix == ".txt" else file.name]
            wishes += [wish for words in read(text) if (wish := _parse_wish(name, words))]
        except (
            OSError,
            ValueError,
            SyntaxError,
            RecursionError,
            MemoryError,
            configparser.Error,
        ) as error:
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            unread.append(Unread(name, f"cannot be read: {why}"))
    return list(dict.fromkeys(wishes)), unread


def _list_files(folder: Path) -> list[Path]:
    try:
        texts = sorted(folder.glob("requirements*.txt")) + sorted(folder.glob("requirements/*.txt"))
        named = [folder / name for name in _READERS if "." in name[1:] or name == "Pipfile"]
        return [file for file in texts + named if file.is_file()]
    except OSError:
        return []


def _parse_wish(file: str, words: str) -> Wish | None:
    """A requirement on one of PACKAGES; None for any other, or for text that is none."""
    try:
        requirement = Requirement(words.split(" #")[0].strip())
        name = canonicalize_name(requirement.name)
    except InvalidRequirement:
        return None
    if name not in PACKAGES or not requirement.specifier:
        return None
    return Wish(file, words.strip(), PACKAGES[name], requirement.specifier)


def _table(data: Any, *keys: str) -> dict[str, Any]:
    """A table in tables; empty if there is none."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _texts(data: Any) -> list[str]:
    return [one for one in data if isinstance(one, str)] if isinstance(data, list) else []


def _requirement_lines(text: str) -> Iterator[str]:
    joined = text.replace("\\\n", " ")
    for line in joined.splitlines():
        if line.strip() and not line.lstrip().startswith(("#", "-")):
            yield re.split(r"\s--hash|\s#", line)[0]


def _pyproject(text: str) -> Iterator[str]:
    data = tomllib.loads(text)
    project = _table(data, "project")
    yield from _texts(project.get("dependencies"))
    for extra in _table(project, "optional-dependencies").values():
        yield from _texts(extra)
    if isinstance(project.get("requires-python"), str):
        yield f"python {project['requires-python']}"
    yield from _versions(_table(data, "tool", "poetry", "dependencies"))


def _pipfile(text: str) -> Iterator[str]:
    data = tomllib.loads(text)
    yield from _versions(_table(data, "packages"))
    required = _table(data, "requires")
    if isinstance(python := required.get("python_version"), str):
        yield f"python =={python}.*"


def _versions(table: dict[str, Any]) -> Iterator[str]:
    """The requirements of a table of package -> version, as poetry and pipenv write them."""
    for name, version in table.items():
        if isinstance(version, dict):
            version = version.get("version")
        if not isinstance(version, str):
            continue
        # Poetry: `^2.4.1` is up to the next major, a bare version is that release.
        if caret := re.fullmatch(r"\^(\d+)(?:\.(\d+))?.*", version):
            first, second = int(caret[1]), int(caret[2] or 0)
            end = f"{first + 1}" if first else f"0.{second + 1}"
            version = f">={version[1:]},<{end}"
        elif re.fullmatch(r"~\d+(\.\d+)*", version):
            version = f"~={version[1:]}" if "." in version else f"=={version[1:]}.*"
        elif version[:1].isdigit():
            version = f"=={version}"
        if version != "*":
            yield f"{name} {version}"


def _environment(text: str) -> Iterator[str]:
    import yaml  # which the browser, where the site reads code, has not

    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    listed = data.get("dependencies") if isinstance(data, dict) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict):
            yield from _texts(one.get("pip"))
        elif isinstance(one, str):
            # conda: `name=1.2=build` is any 1.2; a channel may stand before the name.
            words = re.fullmatch(r"(?:[\w-]+::)?([\w.-]+)\s*=\s*([\d.]+)(?:\*|=.*)?", one.strip())
            yield f"{words[1]} =={words[2].rstrip('.')}.*" if words else one.split("::")[-1]


def _setup_cfg(text: str) -> Iterator[str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    if parser.has_section("options"):
        options = parser["options"]
        yield from options.get("install_requires", "").splitlines()
        if python := options.get("python_requires"):
            yield f"python {python}"


def _setup_py(text: str) -> Iterator[str]:
    """The literals of `setup(...)`, and of names that are bound to literals."""
    tree = ast.parse(text)
    bound: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            bound |= {one.id: node.value for one in node.targets if isinstance(one, ast.Name)}
    for node in ast.walk(tree):
        for keyword in node.keywords if isinstance(node, ast.Call) else ():
            value = keyword.value
            if isinstance(value, ast.Name):
                value = bound.get(value.id, value)
            if keyword.arg in ("install_requires", "extras_require"):
                for one in ast.walk(value):
                    if isinstance(one, ast.Constant) and isinstance(one.value, str):
                        yield one.value
            elif keyword.arg == "python_requires" and isinstance(value, ast.Constant):
                yield f"python {value.value!s}"


_READERS = {
    ".txt": _requirement_lines,
    "pyproject.toml": _pyproject,
    "setup.py": _setup_py,
    "setup.cfg": _setup_cfg,
    "environment.yml": _environment,
    "environment.yaml": _environment,
    "Pipfile": _pipfile,
}
"""File, or the suffix of files -> the function that reads the requirements in it."""
