"""Templates: checkers find no fault in any rendering, and what they describe works when it is run.

`nox -s templates` puts the checkers, pinned in `envs/publish/templates/checks.txt`, first on PATH.
`nox -s proofs` runs the commands that a container, a runner or conda would run.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from chosen_tests import list_chosen
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from envs.model import lock, pairing, platforms
from envs.model.pairing import Target
from envs.publish import copying, templates
from envs.publish.copy_request import TEMPLATES, CopyRequest
from envs.running import installation, installers, interpreters

PAIRINGS = pairing.load_pairings()

DEVCONTAINERS_CLI = "@devcontainers/cli@0.89.0"

# No registry has a schema of the specification. This one allows only the keys that the template
# uses, as https://containers.dev/implementors/json_reference defines them.
TEXT = {"type": "string", "minLength": 1}
DEVCONTAINER = {
    "type": "object",
    "required": ["name", "image", "features", "remoteUser", "postCreateCommand", "customizations"],
    "additionalProperties": False,
    "properties": {
        "name": TEXT,
        "image": {"type": "string", "pattern": "^(amd64|arm64v8)/python:3[.][0-9]+-bookworm$"},
        "features": {
            "type": "object",
            "propertyNames": {"pattern": "^ghcr[.]io/[a-z/-]+:[0-9]+$"},
            "additionalProperties": {"type": "object"},
        },
        "remoteUser": {"type": "string", "not": {"const": "root"}},
        "containerEnv": {"type": "object", "additionalProperties": {"type": "string"}},
        "hostRequirements": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"gpu": {"enum": [True, False, "optional"]}},
        },
        "postCreateCommand": TEXT,
        "customizations": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "vscode": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "extensions": {
                            "type": "array",
                            "items": {"type": "string", "pattern": "^[\\w-]+[.][\\w-]+$"},
                        },
                        "settings": {"type": "object"},
                    },
                }
            },
        },
    },
}

# The Python of the checkers' environment runs this: rattler reads conda's own notation.
CONDA = """
import sys, yaml
from rattler import MatchSpec
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        data = yaml.safe_load(file)
    try:
        surplus = set(data) - {"name", "channels", "dependencies", "variables"}
        assert not surplus, f"unknown keys {surplus}"
        assert data["channels"] == ["conda-forge", "nodefaults"], data["channels"]
        python, pip, section = data["dependencies"]
        assert MatchSpec(python, strict=True).name.normalized == "python", python
        assert MatchSpec(pip, strict=True).name.normalized == "pip", pip
        assert section == {"pip": ["--require-hashes", "-r requirements.txt"]}, section
        for value in data.get("variables", {}).values():
            assert isinstance(value, str), value
    except Exception as error:
        sys.exit(f"{name}: {type(error).__name__}: {error}")
"""

Files = Sequence[Path]


def tool(*command: str | Path, folder: Path | None = None) -> str:
    """The output of a checker that fails; empty if it succeeds."""
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.stdout + f"\nexit code {done.returncode}" if done.returncode else ""


# --- the checkers ---


def hadolint(files: Files) -> str:
    return tool("hadolint", "--failure-threshold", "style", *files)


def actionlint(files: Files) -> str:
    return tool("actionlint", *files)


def workflow_schema(files: Files) -> str:
    return tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)


def yamllint(files: Files) -> str:
    rules = "{line-length: {max: 120}, document-start: disable, truthy: {check-keys: false}}"
    return tool("yamllint", "--strict", "-d", f"{{extends: default, rules: {rules}}}", *files)


def conda(files: Files) -> str:
    return tool("python", "-c", CONDA, *files)


def validate_pyproject(files: Files) -> str:
    return tool("validate-pyproject", *files)


def devcontainer_schema(files: Files) -> str:
    plain = [path.with_suffix(".plain.json") for path in files]
    for path, to in zip(files, plain, strict=True):
        to.write_text(without_comments(path.read_text(encoding="utf-8")), encoding="utf-8")
    schema = files[0].with_suffix(".schema.json")
    schema.write_text(json.dumps(DEVCONTAINER), encoding="utf-8")
    return tool("check-jsonschema", "--schemafile", schema, *plain)


def devcontainer_cli(files: Files) -> str:
    """Check what the reference implementation reads, by the schema; that needs no Docker."""
    home = files[0].parent / "cli"
    npm = ("npm", "install", "--silent", "--no-audit", "--ignore-scripts", "--prefix", home)
    assert not (output := tool(*npm, DEVCONTAINERS_CLI)), output
    read: list[str | Path] = [home / "node_modules" / ".bin" / "devcontainer", "read-configuration"]
    configurations = []
    for path in files:
        where = ("--docker-path", "true", "--workspace-folder", path.parent, "--config", path)
        done = subprocess.run([*read, *where], capture_output=True, text=True)
        if done.returncode:
            return done.stderr
        configuration = json.loads(done.stdout)["configuration"]
        del configuration["configFilePath"]
        configurations.append(path.with_suffix(".read.json"))
        configurations[-1].write_text(json.dumps(configuration), encoding="utf-8")
    return devcontainer_schema(configurations)


def without_comments(text: str) -> str:
    return re.sub(r"(?m)^ *//.*$", "", text)


CHECKS: Mapping[str, Sequence[Callable[[Files], str]]] = {
    "dockerfile": [hadolint],
    "devcontainer": [devcontainer_schema, devcontainer_cli],
    "conda": [yamllint, conda],
    "pyproject": [validate_pyproject],
    "github": [actionlint, workflow_schema, yamllint],
}

BREAKS: Mapping[Callable[[Files], str], tuple[str, str, str]] = {
    hadolint: ("dockerfile", "useradd", "cd /tmp && useradd"),
    devcontainer_schema: ("devcontainer", "postCreateCommand", "postCreateComand"),
    devcontainer_cli: ("devcontainer", '"image": ', '"image" '),
    yamllint: ("conda", "name: ", "name:  "),
    conda: ("conda", "python=3", "python=3.."),
    validate_pyproject: ("pyproject", "tensorflow==", "tensorflow=="[:-1]),
    actionlint: ("github", "ubuntu-24.04", "ubuntu-23.04"),
    workflow_schema: ("github", "runs-on:", "run-on:"),
}
"""Check -> the template that is broken to test it, what is replaced there, and by what."""


def locked() -> list[Target]:
    """Every target that has a lock."""
    combinations = pairing.list_combinations(PAIRINGS)
    return [target for target in combinations if lock.lock_path(target).exists()]


def write(name: str, targets: Sequence[Target], folder: Path) -> list[Path]:
    """Render a template for each target that it supports; returns the files."""
    files = []
    for target in targets:
        if name in ("dockerfile", "devcontainer") and target.platform not in templates.IMAGES:
            continue
        place, text = templates.render_template(name, target)
        file = folder / f"{target.stem}-{target.platform}-{target.variant}" / Path(place).name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        files.append(file)
    return files


@pytest.mark.templates
@pytest.mark.parametrize(
    ("name", "check"), [(name, check) for name, checks in CHECKS.items() for check in checks]
)
def test_no_tool_objects_to_any_rendering(
    name: str, check: Callable[[Files], str], tmp_path: Path
) -> None:
    targets = locked()
    if check is devcontainer_cli:  # It reads one file a call, so take a few targets only.
        recommended = [target for target in targets if target.recommended]
        targets = [target for target in recommended if target.pairing.name[:5] == "tf221"]
    files = write(name, targets, tmp_path)
    assert len(files) > 1
    assert not (output := check(files)), output


@pytest.mark.templates
@pytest.mark.parametrize("check", BREAKS)
def test_every_tool_objects_to_a_break(check: Callable[[Files], str], tmp_path: Path) -> None:
    name, old, new = BREAKS[check]
    (file,) = write(name, [Target(PAIRINGS["tf216-legacy"], "3.12")], tmp_path)
    assert not (output := check([file])), output
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    assert check([file])


@pytest.mark.templates
def test_a_pyproject_asks_for_nothing_that_its_lock_does_not_pin() -> None:
    for target in locked():
        text = templates.render_template("pyproject", target)[1]
        data = tomllib.loads(text)["project"]
        pins = lock.read_lock(target).versions
        for requirement in map(Requirement, data["dependencies"]):
            version = pins[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version, prereleases=True), requirement
        wanted = [*lock.requirements_of(target), *(cap.requirement for cap in target.pairing.caps)]
        assert data["dependencies"] == wanted
        assert all(f"  # {cap.reason}\n" in text for cap in target.pairing.caps)
        admitted = SpecifierSet(data["requires-python"])
        pythons = [f"3.{minor}" for minor in range(6, 16) if f"3.{minor}.9" in admitted]
        assert pythons == [target.python]


# --- what happens when they are run ---

PICKS = {
    Target(PAIRINGS["tf115"], "3.7"): ("next", "devcontainer"),
    Target(PAIRINGS["tf210"], "3.9"): ("dockerfile",),
    Target(PAIRINGS["tf216-legacy"], "3.12"): ("conda", "next", "dockerfile", "github"),
    Target(PAIRINGS["tf221"], "3.13", variant="cpu"): ("github", "devcontainer"),
}
"""Target -> the ways to run it: the first one installs the lock, the others find it installed."""

Script = Sequence[str]


def dockerfile(folder: Path, target: Target) -> Script:
    """The commands of a build, in this folder. The user and the platform are left out."""
    text = (folder / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = []
    for line in filter(None, text.splitlines()):
        instruction, _, rest = line.partition(" ")
        if instruction == "ENV":
            lines.append(f"export {rest}")
        elif instruction == "COPY":
            lines += [f"test -f {name}" for name in rest.split()[:-1]]
        elif instruction == "RUN":
            # The proofs share a cache.
            lines.append(rest.replace("--no-cache-dir ", ""))
        else:
            assert instruction in ("#", "FROM", "USER", "WORKDIR"), line
    return [line.replace("/opt/venv", f"{folder}/.venv") for line in lines]


def devcontainer(folder: Path, target: Target) -> Script:
    text = (folder / TEMPLATES["devcontainer"]).read_text(encoding="utf-8")
    data = json.loads(without_comments(text))
    return [*exports(data.get("containerEnv", {}).items()), data["postCreateCommand"]]


def github(folder: Path, target: Target) -> Script:
    text = (folder / TEMPLATES["github"]).read_text(encoding="utf-8")
    env = re.findall(r'(?m)^      ([A-Z_]+): "(.*)"$', text)
    return [*ready(folder), *exports(env), *re.findall(r"(?m)^        run: (.+)$", text)]


def conda_create(folder: Path, target: Target) -> Script:
    """What conda does with the pip section, as in conda/env/installers/pip.py."""
    text = (folder / "environment.yml").read_text(encoding="utf-8")
    section = re.findall(r"(?m)^      - (.+)$", text.partition("  - pip:\n")[2])
    (folder / "condaenv.requirements.txt").write_text("\n".join(section))
    env = re.findall(r'(?m)^  ([A-Z_]+): "(.*)"$', text.partition("variables:\n")[2])
    install = "python -m pip install -U -r condaenv.requirements.txt --exists-action=b"
    return [*ready(folder), install, *exports(env), "python verify.py"]


def next_(folder: Path, target: Target) -> Script:
    return copying.next_commands(target, folder, "requirements")


def exports(variables: Sequence[tuple[str, str]]) -> list[str]:
    return [f"export {name}={shlex.quote(value)}" for name, value in variables]


def ready(folder: Path) -> list[str]:
    """Commands that give the project its own Python, as setup-python and conda do."""
    bin_ = shlex.quote(f"{folder}/.venv/bin")
    return [f"test -d {bin_} || python -m venv {folder}/.venv", f"export PATH={bin_}:$PATH"]


WAYS: Mapping[str, Callable[[Path, Target], Script]] = {
    "next": next_,
    "dockerfile": dockerfile,
    "devcontainer": devcontainer,
    "github": github,
    "conda": conda_create,
}


def bash(script: Script, folder: Path, environ: Mapping[str, str]) -> str:
    """The output of a script, and its exit code if it failed."""
    done = subprocess.run(
        # +h: bash looks up each command again, as the new shell of every RUN does.
        ["bash", "+h", "-euxo", "pipefail", "-c", "\n".join(script)],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.stdout + (f"\nexit code {done.returncode}" if done.returncode else "")


def run_all(target: Target, folder: Path) -> dict[str, str]:
    """Way -> its output, in a project with all templates; then what uv would change afterwards."""
    names = tuple(TEMPLATES)
    request = CopyRequest(
        target.pairing.name, folder, target.python, target.platform, target.variant, names
    )
    copying.copy_lock(request, lambda line: None)
    stand_ins = folder / "stand-ins"
    stand_ins.mkdir()
    base = interpreters.find_interpreter(target.python)
    for name in ("python", f"python{target.python}", "useradd"):
        (stand_ins / name).write_text(f'#!/bin/sh\nexec {base} "$@"\n')
        (stand_ins / name).chmod(0o755)
    (stand_ins / "useradd").write_text("#!/bin/sh\n")
    # pip refuses to touch the machine's own Python.
    environ = installers.tool_environ(mirrors=True, PIP_REQUIRE_VIRTUALENV="1")
    environ["PATH"] = f"{stand_ins}{os.pathsep}{environ['PATH']}"

    ended = {way: bash(WAYS[way](folder, target), folder, environ) for way in PICKS[target]}
    (folder / "pylock.toml").write_text(templates.render_pylock(target), encoding="utf-8")
    uv = f"{installers.find_uv()} pip {{}} --dry-run -p .venv/bin/python "
    for way, rest in (("install", "-r pyproject.toml"), ("sync", "pylock.toml")):
        ended[rest] = bash([uv.format(way) + rest], folder, environ)
    installation.drop_environment(folder / ".venv")
    return ended


@pytest.fixture(scope="module")
def ended(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Target, Future[dict[str, str]]]]:
    chosen = list_chosen(request, "test_what_a_project_gets_installs_and_verifies")
    folders = {one["target"]: tmp_path_factory.mktemp("project") / "new" for one in chosen}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {one: pool.submit(run_all, one, folder) for one, folder in folders.items()}


@pytest.mark.proof
@pytest.mark.skipif(
    platforms.this_platform() != platforms.LINUX, reason="the locks are for Linux x86_64"
)
@pytest.mark.parametrize("target", PICKS, ids=[target.session for target in PICKS])
def test_what_a_project_gets_installs_and_verifies(
    target: Target, ended: dict[Target, Future[dict[str, str]]]
) -> None:
    outputs = ended[target].result()
    for way in PICKS[target]:
        output = outputs[way]
        assert "exit code" not in output, f"{way}\n{output}"
        assert "--require-hashes -r requirements.txt" in output or way == "conda"
        assert "nothing interferes" in output.lower(), f"{way}\n{output}"
    assert "Successfully installed" in outputs[PICKS[target][0]]
    assert "Would make no changes" in outputs["-r pyproject.toml"], outputs["-r pyproject.toml"]
    assert "\n + " not in outputs["pylock.toml"], outputs["pylock.toml"]
    assert "exit code" not in outputs["pylock.toml"], outputs["pylock.toml"]
