"""Files made for a project from a lock: a Dockerfile, a workflow, a pylock.toml."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from packaging.utils import canonicalize_name

from envs import Problem
from envs.model import lock, version_numbers
from envs.model.lock import Lock
from envs.model.pairing import Target
from envs.model.platforms import PLATFORMS
from envs.publish import copy_request
from envs.publish.copy_request import CopyRequest
from envs.running import installers

FOLDER = Path(__file__).with_name("templates")

IMAGES = {"linux-x86_64": "amd64", "linux-aarch64": "arm64"}
"""Platform -> what Docker calls its processor; what has none is for no container."""

RUNNERS = {
    "linux-x86_64": "ubuntu-24.04",
    "linux-aarch64": "ubuntu-24.04-arm",
    "macos-arm64": "macos-15",
    "macos-x86_64": "macos-15-intel",
    "windows-x86_64": "windows-2025",
}
"""Platform -> the GitHub-hosted runner of that processor."""

NO_SETUP_PYTHON = {("linux-x86_64", "3.7"), ("linux-aarch64", "3.7")}
"""Where setup-python has no build of a Python for the runner; an official image has it."""


def render_template(name: str, target: Target) -> tuple[str, str]:
    """Where the file of a template belongs in a project, and its text for a target.

    Raises Problem if there is no such template, or none for that platform.
    """
    check_template(name, target)
    jinja = Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    # What JSON quotes, TOML, YAML and a Dockerfile read too.
    jinja.filters["quoted"] = json.dumps
    minor = version_numbers.release_numbers(target.python)[1]
    text = jinja.get_template(f"{Path(copy_request.TEMPLATES[name]).name}.jinja").render(
        target=target,
        pairing=target.pairing,
        label=copy_request.describe_target(target),
        renew=copy_request.copy_command(
            CopyRequest(target.pairing.name, Path("PATH"), templates=(name,)), target
        )
        + " --force",
        asked=lock.requirements_of(target),
        requires_python=f">=3.{minor},<3.{minor + 1}",
        processor=IMAGES.get(target.platform),
        runner=RUNNERS[target.platform],
        setup_python=(target.platform, target.python) not in NO_SETUP_PYTHON,
    )
    return copy_request.TEMPLATES[name], text


def render_pylock(target: Target) -> str:
    """The lock as `pylock.toml` (PEP 751), made by uv. Raises Problem if it is not that lock."""
    wanted = lock.read_lock(target)
    command = installers.find_uv()
    if command is None:
        raise Problem("--format pylock: uv makes it, and there is none: pip install uv")
    compile_ = [command, "pip", "compile", "-q", "--no-deps", "--generate-hashes", "--no-header"]
    compile_ += [f"--python-platform={PLATFORMS[target.platform].uv}", *installers.pypi_options()]
    # The last patch release there can be: some pins exclude the first ones.
    compile_ += [f"--python-version={target.python}.99"]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(lock.lock_path(target), Path(folder, "requirements.txt"))
        done = subprocess.run(
            [*compile_, "requirements.txt", "-o", "pylock.toml"],
            cwd=folder,
            env=installers.tool_environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        if done.returncode:
            said = "\n".join("    " + line for line in done.stdout.strip().splitlines()[-20:])
            raise Problem(
                f"{lock.lock_label(target)}: uv could not make a pylock.toml of it:\n{said}"
            )
        text = Path(folder, "pylock.toml").read_text(encoding="utf-8")
    text = text.replace(f'">={target.python}.99"', f'">={target.python}"', 1)
    _check_pylock(tomllib.loads(text), wanted, lock.lock_label(target))
    request = CopyRequest(target.pairing.name, Path("PATH"), format="pylock")
    return (
        f"# The lock of {target.pairing.name} for {copy_request.describe_target(target)}, "
        "by keras-pairings; "
        f"renew it with:\n#     {copy_request.copy_command(request, target)} --force\n{text}"
    )


def _check_pylock(made: Mapping[str, Any], wanted: Lock, where: str) -> None:
    """Raise Problem unless the pins are the lock's, and each file has a hash of its pin."""
    found = {canonicalize_name(one["name"]): one for one in made["packages"]}
    if {name: one["version"] for name, one in found.items()} != wanted.versions:
        raise Problem(f"{where}: pylock.toml would pin other versions: copy requirements.txt")
    for pin in wanted.pins:
        one = found[canonicalize_name(pin.name)]
        files = [*one.get("wheels", []), *([one["sdist"]] if "sdist" in one else [])]
        strange = [file["url"] for file in files if file["hashes"]["sha256"] not in pin.hashes]
        if strange or not files:
            raise Problem(
                f"{where}: pylock.toml would take {pin.name} from {', '.join(strange) or 'nowhere'}"
                ", whose hash is not in the lock: copy requirements.txt"
            )


def check_template(name: str, target: Target) -> None:
    if name not in copy_request.TEMPLATES:
        raise Problem(f"unknown template '{name}'; they are: {', '.join(copy_request.TEMPLATES)}")
    if name in ("dockerfile", "devcontainer") and target.platform not in IMAGES:
        raise Problem(
            f"--with {name}: a container runs Linux, "
            f"and this lock is for {copy_request.describe_target(target)}: "
            f"give --platform {' or --platform '.join(IMAGES)}"
        )
