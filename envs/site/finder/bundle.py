"""Python for the browser: the interpreter, the parser, and this repository's own packages.

It is loaded only when code is pasted, or a name that only the record of names knows: then the
page runs `envs.which` itself.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import packaging

from envs import EXPLAINED, MEASURED, ROOT
from envs.model import outcomes, pairing
from envs.site.finder.npm_packages import install_npm_packages, list_licences

_HERE = Path(__file__).parent

_FILES = {
    "pyodide": (
        "pyodide.mjs",
        "pyodide.asm.mjs",
        "pyodide.asm.wasm",
        "python_stdlib.zip",
        "pyodide-lock.json",
    ),
    "web-tree-sitter": ("web-tree-sitter.js", "web-tree-sitter.wasm"),
    "tree-sitter-python": ("tree-sitter-python.wasm",),
}
"""Package of npm -> its files that the page loads."""

_PACKAGES = ("model", "names", "which", "errors")
"""The packages of `envs` that answer there, with all that they import."""

_MODULES = {"page_parser.py": "tree_sitter.py", "page_answers.py": "page_answers.py"}
"""File beside this one -> the module that it is in the browser."""

_DATA = (
    (MEASURED / "names", "**/*.*"),
    (MEASURED / "outcomes", "*.toml"),
    (EXPLAINED, "*.toml"),
    (pairing.FOLDER, "*.toml"),
)

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the archive: two builds of the same are the same."""


def write_bundle(folder: Path) -> None:
    """Write all that the page needs to run Python. Raises Problem if npm does not give it."""
    folder.mkdir(exist_ok=True)
    installed = install_npm_packages()
    for package, names in _FILES.items():
        for name in names:
            shutil.copyfile(installed / package / name, folder / name)
    licences = json.dumps(list_licences(), indent=1)
    (folder / "licences.json").write_text(f"{licences}\n", encoding="utf-8")
    with zipfile.ZipFile(folder / "reference.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name, file in sorted(_list_members()):
            z.writestr(zipfile.ZipInfo(name, _EPOCH), file.read_bytes(), zipfile.ZIP_DEFLATED)


def _list_members() -> Iterator[tuple[str, Path]]:
    """Name in the archive -> file."""
    yield from ((name, _HERE / file) for file, name in _MODULES.items())
    yield "envs/__init__.py", ROOT / "envs" / "__init__.py"
    sources = [*((ROOT / "envs" / name, "*.py") for name in _PACKAGES), *_DATA]
    for folder, pattern in sources:
        for file in folder.glob(pattern):
            yield file.relative_to(ROOT).as_posix(), file
    for script in outcomes.list_scripts().values():  # which explained failures name
        yield script.relative_to(ROOT).as_posix(), script
    yield pairing.INDEX.relative_to(ROOT).as_posix(), pairing.INDEX
    home = Path(packaging.__file__).parent
    for file in home.glob("*.py"):
        yield f"packaging/{file.name}", file
    for file in home.glob("licenses/*.py"):
        yield f"packaging/licenses/{file.name}", file
