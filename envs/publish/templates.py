"""Files that a project needs to use a lock: a Dockerfile, a workflow, a pylock.toml and others."""

from __future__ import annotations

import json
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from packaging.utils import canonicalize_name

from envs import Problem
from envs.locking import own_requirements
from envs.model import lock, nearest_lock, version_numbers
from envs.model.lock import Lock
from envs.model.pairing import Target
from envs.model.platforms import PLATFORMS
from envs.publish import copy_request
from envs.publish.copy_request import CopyRequest
from envs.running import installers

FOLDER = Path(__file__).with_name("templates")

IMAGES = {"linux-x86_64": "amd64", "linux-aarch64": "arm64"}
"""Platform -> Docker's name of its processor. Other platforms have no containers."""

RUNNERS = {
    "linux-x86_64": "ubuntu-24.04",
    "linux-aarch64": "ubuntu-24.04-arm",
    "macos-arm64": "macos-15",
    "macos-x86_64": "macos-15-intel",
    "windows-x86_64": "windows-2025",
}
"""Platform -> the GitHub-hosted runner for it."""

NO_SETUP_PYTHON = {("linux-x86_64", "3.7"), ("linux-aarch64", "3.7")}
"""Platform and Python for which setup-python has no build; the workflow uses an official image."""


def render_template(
    name: str, target: Target, request: CopyRequest | None = None
) -> tuple[str, str]:
    """The path in a project of the file that a template makes, and its text for a target.

    `request` is that of the copy, for what the project asks for as well.

    Raises Problem if there is no such template, or if it does not support the platform.
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
    # TOML, YAML and Dockerfiles also accept a string that is quoted as in JSON.
    jinja.filters["quoted"] = json.dumps
    minor = version_numbers.release_numbers(target.python)[1]
    text = jinja.get_template(f"{Path(copy_request.TEMPLATES[name]).name}.jinja").render(
        target=target,
        pairing=target.pairing,
        label=nearest_lock.describe_target(target),
        renew=copy_request.copy_command(
            CopyRequest(
                target.pairing.name,
                Path("PATH"),
                templates=(name,),
                requirements=request.requirements if request else None,
                add=request.add if request else (),
            ),
            target,
        )
        + " --force",
        asked=[*lock.requirements_of(target), *_own(request, target)],
        requires_python=f">=3.{minor},<3.{minor + 1}",
        processor=IMAGES.get(target.platform),
        runner=RUNNERS[target.platform],
        setup_python=(target.platform, target.python) not in NO_SETUP_PYTHON,
    )
    return copy_request.TEMPLATES[name], text


def _own(request: CopyRequest | None, target: Target) -> list[str]:
    """What a project asks for beside its pairing."""
    if request is None:
        return []
    own = own_requirements.read_own(request.requirements, request.add, target)
    return [str(one.requirement) for one in own]


def render_pylock(target: Target, text: str = "", renew: str = "") -> str:
    """The text of a lock as `pylock.toml` (PEP 751), made by uv.

    The lock is that of the target, or `text`, which the command line `renew` makes anew. Raises
    Problem if uv is missing or fails, or if the result differs from the lock.
    """
    text = text or lock.lock_path(target).read_text(encoding="utf-8")
    wanted = lock.parse_lock(text, lock.lock_label(target))
    uv = installers.find_uv()
    if uv is None:
        raise Problem("--format pylock: needs uv, which is not installed: pip install uv")
    command = [uv, "pip", "compile", "-q", "--no-deps", "--generate-hashes", "--no-header"]
    command += [f"--python-platform={PLATFORMS[target.platform].uv}", *installers.pypi_options()]
    # A patch release later than any, because some pins exclude the first ones.
    command += [f"--python-version={target.python}.99"]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "requirements.txt").write_text(text, encoding="utf-8")
        done = installers.run_installer(
            [*command, "requirements.txt", "-o", "pylock.toml"], Path(folder)
        )
        if done.returncode:
            output = installers.indent_output(done.stdout)
            raise Problem(
                f"{lock.lock_label(target)}: uv could not make a pylock.toml from it:\n{output}"
            )
        text = Path(folder, "pylock.toml").read_text(encoding="utf-8")
    text = text.replace(f'">={target.python}.99"', f'">={target.python}"', 1)
    _check_pylock(tomllib.loads(text), wanted, lock.lock_label(target))
    request = CopyRequest(target.pairing.name, Path("PATH"), format="pylock")
    renew = renew or f"{copy_request.copy_command(request, target)} --force"
    return (
        f"# The lock of {target.pairing.name} for {nearest_lock.describe_target(target)}, "
        "by keras-pairings; "
        f"renew it with:\n#     {renew}\n{text}"
    )


def _check_pylock(made: Mapping[str, Any], wanted: Lock, where: str) -> None:
    """Raise Problem unless the pins are those of the lock, and each file has a hash of its pin."""
    packages = {canonicalize_name(package["name"]): package for package in made["packages"]}
    if {name: package["version"] for name, package in packages.items()} != wanted.versions:
        raise Problem(f"{where}: pylock.toml would pin other versions: copy requirements.txt")
    for pin in wanted.pins:
        package = packages[canonicalize_name(pin.name)]
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        strange = [file["url"] for file in files if file["hashes"]["sha256"] not in pin.hashes]
        if strange or not files:
            raise Problem(
                f"{where}: pylock.toml would take {pin.name} from {', '.join(strange) or 'nowhere'}"
                ", whose hash is not in the lock: copy requirements.txt"
            )


def check_template(name: str, target: Target) -> None:
    """Raise Problem if there is no such template, or if it does not support the platform."""
    if name not in copy_request.TEMPLATES:
        known = ", ".join(copy_request.TEMPLATES)
        raise Problem(f"unknown template '{name}'; the known ones are: {known}")
    if name in ("dockerfile", "devcontainer") and target.platform not in IMAGES:
        raise Problem(
            f"--with {name}: a container runs Linux, "
            f"and this lock is for {nearest_lock.describe_target(target)}: "
            f"give --platform {' or --platform '.join(IMAGES)}"
        )
