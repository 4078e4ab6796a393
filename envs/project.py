"""Projects: a lock copied into one, with what its users expect beside it, and what to type next."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from packaging.utils import canonicalize_name

from envs import ROOT, Problem, environment, index, lock, pairing, platforms
from envs.pairing import Pairing, Target
from envs.platforms import DEFAULT, PLATFORMS, VARIANTS

FOLDER = ROOT / "envs" / "templates"
VERIFY = ROOT / "examples" / "venv_verification" / "verify.py"

FORMATS = {"requirements": "requirements.txt", "pylock": "pylock.toml"}
"""Format -> the file that the lock becomes."""

TEMPLATES = {
    "dockerfile": "Dockerfile",
    "devcontainer": ".devcontainer/devcontainer.json",
    "conda": "environment.yml",
    "pyproject": "pyproject.toml",
    "github": ".github/workflows/tensorflow.yml",
}
"""Template -> the file that it becomes."""

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


@dataclass(frozen=True)
class Request:
    """What is to be copied where. Without `python` or `platform`, those that run this are meant.

    `platform` may be a word that names one platform, such as `windows`.
    """

    pairing: str
    path: Path
    python: str | None = None
    platform: str | None = None
    variant: str = DEFAULT
    templates: tuple[str, ...] = ()
    format: str = "requirements"
    force: bool = False


def parse(argv: Sequence[str], origin: Path | None = None) -> Request:
    """The request of a command line; argparse ends the process if it is none.

    `origin` is the folder in which it was typed, if this process has another.
    """
    options = argparse.ArgumentParser(
        prog="nox -s copy --",
        description="Copy the lock of a pairing into a project, with its .in file and verify.py.",
        allow_abbrev=False,
    )
    options.add_argument("pairing", help="such as tf212; nox -l lists them")
    options.add_argument("path", type=Path, metavar="PATH", help="the folder of the project")
    options.add_argument("--python", metavar="3.11", help="default: the one that runs nox")
    options.add_argument(
        "--platform", help=f"{', '.join(PLATFORMS)}, or a word of one; default: this machine's"
    )
    options.add_argument("--variant", default=DEFAULT, help=", ".join(VARIANTS))
    options.add_argument(
        "--with",
        dest="templates",
        default="",
        metavar="TEMPLATE,...",
        help=f"add files made for it: {', '.join(TEMPLATES)}",
    )
    options.add_argument("--format", default="requirements", help=" or ".join(FORMATS))
    options.add_argument("--force", action="store_true", help="replace files that exist")
    given = vars(options.parse_args(argv))
    given["templates"] = tuple(filter(None, given["templates"].split(",")))
    if origin and origin != Path.cwd():
        given["path"] = origin / given["path"]
    return Request(**given)


def copy(
    request: Request,
    say: Callable[[str], None] = print,
    listed: Sequence[index.Entry] | None = None,
) -> None:
    """Put a lock into a project and say what comes next; nothing is written if a part fails.

    `listed` is the index; by default the repository's own. Raises Problem.
    """
    listed = index.load() if listed is None else listed
    target = choose(request, listed)
    if request.format not in FORMATS:
        raise Problem(f"unknown format '{request.format}': it is {' or '.join(FORMATS)}")
    if request.templates and request.format != "requirements":
        raise Problem(
            f"--format {request.format}: the templates install requirements.txt: leave out --with "
            "or --format"
        )
    for name in request.templates:
        _check_template(name, target)
    names = ["requirements.in", FORMATS[request.format], VERIFY.name]
    names += [TEMPLATES[name] for name in request.templates]
    _check_folder(request, names)

    files = {"requirements.in": lock.render_in(target).encode()}
    if request.format == "pylock":
        files["pylock.toml"] = render_pylock(target).encode()
    else:
        lock.read(target)
        files["requirements.txt"] = lock.path(target).read_bytes()
    files[VERIFY.name] = VERIFY.read_bytes()
    for name in request.templates:
        path, text = render_template(name, target)
        files[path] = text.encode()
    _write(request.path, files)

    say(f"{request.path}: written {', '.join(files)}, for {_describe(target)}")
    if _entry(target, listed).get("status") != "executed":
        say("this lock was resolved, it was not executed: verify.py tells whether it works")
    here = target.platform == platforms.here()
    where = "" if here else f" in that folder, on {PLATFORMS[target.platform].label}"
    commands = next_commands(target, request.path if here else None, request.format)
    say("\n    ".join([f"next{where}:", *commands]))


def choose(request: Request, listed: Sequence[index.Entry]) -> Target:
    """The target that a request names. Raises Problem, with the nearest, if it has no lock."""
    pairings = pairing.load_all()
    pairing.choose(pairings, [request.pairing])
    python = request.python or f"{sys.version_info.major}.{sys.version_info.minor}"
    if not re.fullmatch(r"3\.\d{1,2}", python):
        raise Problem(f"--python {python}: write it as 3.11")
    if request.variant not in VARIANTS:
        raise Problem(f"unknown variant '{request.variant}'; they are: {', '.join(VARIANTS)}")
    platform = _platform(request.platform)
    target = Target(pairings[request.pairing], python, platform, request.variant)
    if _entry(target, listed).get("status", "impossible") != "impossible":
        return target
    found = nearest(target, pairings, listed)
    raise Problem(
        f"{target.pairing.name}: no lock for {_describe(target)}: {_why(target, listed)}"
        + (f"\n    {_command(request, found)}\ncopies the nearest that has one" if found else "")
    )


def nearest(
    target: Target, pairings: Mapping[str, Pairing], listed: Sequence[index.Entry]
) -> Target | None:
    """What has a lock on the same platform: another Python, else variant, else TensorFlow."""
    minors = sorted({_minor(one) for one in pairings.values()})

    def distance(one: Target) -> tuple[Any, ...]:
        apart = abs(minors.index(_minor(one.pairing)) - minors.index(_minor(target.pairing)))
        return (
            one.pairing != target.pairing,
            apart,
            one.pairing.kind != target.pairing.kind,
            one.variant != target.variant,
            abs(_numbers(one.python)[1] - _numbers(target.python)[1]),
            not one.recommended,
        )

    candidates = [
        Target(pairings[entry["pairing"]], entry["python"], entry["platform"], entry["variant"])
        for entry in listed
        if entry["status"] != "impossible"
        and entry["platform"] == target.platform
        and entry["pairing"] in pairings
    ]
    return min(candidates, key=distance, default=None)


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
    return " && ".join(steps), f"{environment.describe(environ)}{python} verify.py"


def render_template(name: str, target: Target) -> tuple[str, str]:
    """Where the file of a template belongs in a project, and its text for a target.

    Raises Problem if there is no such template, or none for that platform.
    """
    _check_template(name, target)
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
    minor = _numbers(target.python)[1]
    text = jinja.get_template(f"{Path(TEMPLATES[name]).name}.jinja").render(
        target=target,
        pairing=target.pairing,
        label=_describe(target),
        renew=_command(Request(target.pairing.name, Path("PATH"), templates=(name,)), target)
        + " --force",
        asked=lock.asked(target),
        requires_python=f">=3.{minor},<3.{minor + 1}",
        processor=IMAGES.get(target.platform),
        runner=RUNNERS[target.platform],
        setup_python=(target.platform, target.python) not in NO_SETUP_PYTHON,
    )
    return TEMPLATES[name], text


def render_pylock(target: Target) -> str:
    """The lock as `pylock.toml` (PEP 751), made by uv. Raises Problem if it is not that lock."""
    wanted = lock.read(target)
    command = environment.uv()
    if command is None:
        raise Problem("--format pylock: uv makes it, and there is none: pip install uv")
    compile_ = [command, "pip", "compile", "-q", "--no-deps", "--generate-hashes", "--no-header"]
    compile_ += [f"--python-platform={PLATFORMS[target.platform].uv}", *environment.from_pypi()]
    # The last patch release there can be: some pins exclude the first ones.
    compile_ += [f"--python-version={target.python}.99"]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(lock.path(target), Path(folder, "requirements.txt"))
        done = subprocess.run(
            [*compile_, "requirements.txt", "-o", "pylock.toml"],
            cwd=folder,
            env=environment.tool_environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        if done.returncode:
            said = "\n".join("    " + line for line in done.stdout.strip().splitlines()[-20:])
            raise Problem(f"{lock.label(target)}: uv could not make a pylock.toml of it:\n{said}")
        text = Path(folder, "pylock.toml").read_text(encoding="utf-8")
    text = text.replace(f'">={target.python}.99"', f'">={target.python}"', 1)
    _check_pylock(tomllib.loads(text), wanted, lock.label(target))
    request = Request(target.pairing.name, Path("PATH"), format="pylock")
    return (
        f"# The lock of {target.pairing.name} for {_describe(target)}, by keras-pairings; "
        f"renew it with:\n#     {_command(request, target)} --force\n{text}"
    )


def _check_pylock(made: Mapping[str, Any], wanted: lock.Lock, where: str) -> None:
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


def _platform(word: str | None) -> str:
    known = ", ".join(PLATFORMS)
    if word is None:
        if (here := platforms.here()) not in PLATFORMS:
            raise Problem(f"no lock is for this machine, {here}: give --platform, of {known}")
        return here
    found = platforms.match(word)
    if not found:
        raise Problem(f"unknown platform '{word}'; they are: {known}")
    if len(found) > 1 and platforms.here() in found:
        return platforms.here()
    if len(found) > 1:
        raise Problem(f"--platform {word}: say which: {' or '.join(found)}")
    return found[0]


def _entry(target: Target, listed: Sequence[index.Entry]) -> index.Entry:
    key = index.target_key(target)
    return next((entry for entry in listed if index.key(entry) == key), {})


def _why(target: Target, listed: Sequence[index.Entry]) -> str:
    """Why a target has no lock, in words."""
    one = target.pairing
    published = [PLATFORMS[name].label for name in VARIANTS[target.variant]]
    if one.impossible:
        return one.impossible
    if target.platform not in VARIANTS[target.variant]:
        return f"the variant {target.variant} is published for {' and '.join(published)} only"
    if target.python not in one.pythons:
        return f"{one.name} is for Python {', '.join(one.pythons)}"
    reason = _entry(target, listed).get("reason")
    return reason or "it is not in requirements/index.json: run nox -s lock"


def _command(request: Request, target: Target) -> str:
    """The command line that asks the same of a target."""
    words = ["nox", "-s", "copy", "--", target.pairing.name, str(request.path)]
    words += ["--python", target.python, "--platform", target.platform]
    if target.variant != DEFAULT:
        words += ["--variant", target.variant]
    if request.templates:
        words += ["--with", ",".join(request.templates)]
    if request.format != "requirements":
        words += ["--format", request.format]
    return shlex.join([*words, *(["--force"] if request.force else [])])


def _check_template(name: str, target: Target) -> None:
    if name not in TEMPLATES:
        raise Problem(f"unknown template '{name}'; they are: {', '.join(TEMPLATES)}")
    if name in ("dockerfile", "devcontainer") and target.platform not in IMAGES:
        raise Problem(
            f"--with {name}: a container runs Linux, and this lock is for {_describe(target)}: "
            f"give --platform {' or --platform '.join(IMAGES)}"
        )


def _check_folder(request: Request, names: Sequence[str]) -> None:
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


def _describe(target: Target) -> str:
    return f"Python {target.python} on {platforms.describe(target.platform, target.variant)}"


def _minor(one: Pairing) -> tuple[int, ...]:
    return _numbers(one.tensorflow)[:2]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))
