"""Copy a lock into a project, with its `.in` file, verify.py and files made from templates."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from envs import Problem
from envs.model import index, lock, nearest_lock, outcomes, platforms
from envs.model.index import Entry
from envs.model.pairing import Target
from envs.model.platforms import PLATFORMS
from envs.publish import copy_request, extended_copy, templates
from envs.publish.copy_request import CopyRequest
from envs.running import installers


def copy_lock(
    request: CopyRequest,
    say: Callable[[str], None] = print,
    listed: Sequence[Entry] | None = None,
) -> None:
    """Copy a lock into a project, and say which commands to type next.

    `listed` is the index; by default, that of the repository. Raises Problem, and then writes
    nothing.
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
    own = extended_copy.read_own_requirements(request, target, names)
    if own:
        files |= extended_copy.render_extended(request, target, own, listed, say)
    elif request.format == "pylock":
        files["pylock.toml"] = templates.render_pylock(target).encode()
    else:
        lock.read_lock(target)
        files["requirements.txt"] = lock.lock_path(target).read_bytes()
    files[outcomes.VERIFY.name] = outcomes.VERIFY.read_bytes()
    for name in request.templates:
        path, text = templates.render_template(name, target, request)
        files[path] = text.encode()
    _write(request.path, files)

    say(f"{request.path}: written {', '.join(files)}, for {nearest_lock.describe_target(target)}")
    entry = nearest_lock.find_entry(target, listed)
    if own:
        say("your own packages were resolved beside the pins of the pairing, never executed")
    elif entry.get("status") == "emulated":
        label = PLATFORMS[target.platform].label
        say(f"this lock ran with {entry['with']}, never on {label} itself: run verify.py to check")
    elif entry.get("status") != "executed":
        say("this lock was resolved but never executed: run verify.py to see whether it works")
    if target.pairing.preview:
        say(f"TensorFlow {target.pairing.tensorflow} is a pre-release: it is not recommended")
    here = target.platform == platforms.this_platform()
    place = "" if here else f" in that folder, on {PLATFORMS[target.platform].label}"
    commands = next_commands(target, request.path if here else None, request.format)
    say("\n    ".join([f"next{place}:", *commands]))


def next_commands(target: Target, path: Path | None, format: str) -> tuple[str, str]:
    """The two command lines that install and verify, for the shell of the target's platform.

    With `path`, the first one changes to that folder.
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
    """Raise Problem if the folder cannot take the files of these names."""
    path = request.path
    if path.exists() and not path.is_dir():
        raise Problem(f"{path}: is a file: name the folder of a project")
    blocked = [name for name in names if (path / name).is_dir()]
    if blocked:
        raise Problem(
            f"{path}: a folder is in the way: {', '.join(blocked)}: nothing was written: "
            "remove it, or name another folder"
        )
    existing = [name for name in names if os.path.lexists(path / name)]
    if existing and not request.force:
        raise Problem(
            f"{path}: already holds {', '.join(existing)}: nothing was written: give --force to "
            "replace, or name another folder"
        )


def _write(path: Path, files: Mapping[str, bytes]) -> None:
    """Write all files to a folder beside their places first, and move them only if that worked."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path, prefix=".copy-") as staged:
            for folder in (Path(staged), path):
                for name in files:
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                Path(staged, name).write_bytes(content)
            for name in files:
                os.replace(Path(staged, name), path / name)
    except OSError as error:
        raise Problem(
            f"{path}: cannot be written ({error.strerror}): make it writable, or name another"
        ) from None
