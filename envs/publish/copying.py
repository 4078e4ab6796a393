"""A lock copied into a project, with what its users expect beside it, and what to type next."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from envs import Problem
from envs.model import index, lock, outcomes, platforms
from envs.model.index import Entry
from envs.model.pairing import Target
from envs.model.platforms import PLATFORMS
from envs.publish import copy_request, templates
from envs.publish.copy_request import CopyRequest
from envs.running import installers


def copy_lock(
    request: CopyRequest,
    say: Callable[[str], None] = print,
    listed: Sequence[Entry] | None = None,
) -> None:
    """Put a lock into a project and say what comes next; nothing is written if a part fails.

    `listed` is the index; by default the repository's own. Raises Problem.
    """
    listed = index.load_index() if listed is None else listed
    target = copy_request.choose_target(request, listed)
    if request.format not in copy_request.FORMATS:
        raise Problem(
            f"unknown format '{request.format}': it is {' or '.join(copy_request.FORMATS)}"
        )
    if request.templates and request.format != "requirements":
        raise Problem(
            f"--format {request.format}: the templates install requirements.txt: leave out --with "
            "or --format"
        )
    for name in request.templates:
        templates.check_template(name, target)
    names = ["requirements.in", copy_request.FORMATS[request.format], outcomes.VERIFY.name]
    names += [copy_request.TEMPLATES[name] for name in request.templates]
    _check_folder(request, names)

    files = {"requirements.in": lock.render_in(target).encode()}
    if request.format == "pylock":
        files["pylock.toml"] = templates.render_pylock(target).encode()
    else:
        lock.read_lock(target)
        files["requirements.txt"] = lock.lock_path(target).read_bytes()
    files[outcomes.VERIFY.name] = outcomes.VERIFY.read_bytes()
    for name in request.templates:
        path, text = templates.render_template(name, target)
        files[path] = text.encode()
    _write(request.path, files)

    say(f"{request.path}: written {', '.join(files)}, for {copy_request.describe_target(target)}")
    if copy_request.find_entry(target, listed).get("status") != "executed":
        say("this lock was resolved, it was not executed: verify.py tells whether it works")
    here = target.platform == platforms.this_platform()
    where = "" if here else f" in that folder, on {PLATFORMS[target.platform].label}"
    commands = next_commands(target, request.path if here else None, request.format)
    say("\n    ".join([f"next{where}:", *commands]))


def next_commands(target: Target, path: Path | None, format: str) -> tuple[str, str]:
    """The two commands that install and verify, as its platform's shell takes them.

    With `path`, the first goes to that folder.
    """
    windows = target.platform.startswith("windows")
    python = r".venv\Scripts\python" if windows else ".venv/bin/python"
    steps = []
    if path is not None:
        quoted = "'" + str(path).replace("'", "''") + "'" if windows else shlex.quote(str(path))
        steps.append(f"cd {quoted}")
    if format == "pylock":
        steps += [f"uv venv -p {target.python}", "uv pip sync pylock.toml"]
    else:
        base = f"py -{target.python}" if windows else f"python{target.python}"
        steps += [
            f"{base} -m venv .venv",
            f"{python} -m pip install --require-hashes -r requirements.txt",
        ]
    environ = target.pairing.env
    if windows:
        setting = "".join(f'$env:{name} = "{value}"; ' for name, value in environ.items())
        return "; ".join(steps), f"{setting}{python} verify.py"
    return " && ".join(steps), f"{installers.describe_variables(environ)}{python} verify.py"


def _check_folder(request: CopyRequest, names: Sequence[str]) -> None:
    path = request.path
    if path.exists() and not path.is_dir():
        raise Problem(f"{path}: is a file: name the folder of a project")
    blocked = [name for name in names if (path / name).is_dir()]
    if blocked:
        raise Problem(f"{path}: a folder is in the way: {', '.join(blocked)}: nothing was written")
    there = [name for name in names if os.path.lexists(path / name)]
    if there and not request.force:
        raise Problem(
            f"{path}: already holds {', '.join(there)}: nothing was written: give --force to "
            "replace, or name another folder"
        )


def _write(path: Path, files: Mapping[str, bytes]) -> None:
    """Write all files, whole, once each of them could be written beside its place."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path, prefix=".copy-") as name:
            staged = Path(name)
            for folder in (staged, path):
                for file in files:
                    (folder / file).parent.mkdir(parents=True, exist_ok=True)
            for file, content in files.items():
                (staged / file).write_bytes(content)
            for file in files:
                os.replace(staged / file, path / file)
    except OSError as error:
        raise Problem(
            f"{path}: cannot be written ({error.strerror}): make it writable, or name another"
        ) from None
