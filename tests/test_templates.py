"""Templates: what their own tools say of every rendering, and what happens when they are run.

`nox -s templates` has the tools, pinned in `envs/publish/templates/checks.txt`, first on PATH;
`nox -s proofs` runs what a container, a runner or conda would.
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

# No registry has the specification's own schema. This one knows what the template uses, as
# https://containers.dev/implementors/json_reference defines it, and nothing else.
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

# Run by the python of the tools' environment: conda's own notation, read by rattler.
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
    """What a tool objects to; nothing if it ends well."""
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.stdout + f"\nexit code {done.returncode}" if done.returncode else ""


# --- what each tool says ---


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
    """What the schema says of what the reference implementation reads; that needs no Docker."""
    home = files[0].parent / "cli"
    npm = ("npm", "install", "--silent", "--no-audit", "--ignore-scripts", "--prefix", home)
    assert not (said := tool(*npm, DEVCONTAINERS_CLI)), said
    read: list[str | Path] = [home / "node_modules" / ".bin" / "devcontainer", "read-configuration"]
    understood = []
    for path in files:
        where = ("--docker-path", "true", "--workspace-folder", path.parent, "--config", path)
        done = subprocess.run([*read, *where], capture_output=True, text=True)
        if done.returncode:
            return done.stderr
        found = json.loads(done.stdout)["configuration"]
        del found["configFilePath"]
        understood.append(path.with_suffix(".read.json"))
        understood[-1].write_text(json.dumps(found), encoding="utf-8")
    return devcontainer_schema(understood)


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
"""Check -> the template that is broken for it, what is replaced there, and by what."""


def locked() -> list[Target]:
    """Everything that has a lock."""
    return [one for one in pairing.list_combinations(PAIRINGS) if lock.lock_path(one).exists()]


def write(name: str, targets: Sequence[Target], folder: Path) -> list[Path]:
    """A template rendered for each target that it is for."""
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
    if check is devcontainer_cli:  # one file a call: those that differ in more than versions
        targets = [one for one in targets if one.recommended and one.pairing.name[:5] == "tf221"]
    files = write(name, targets, tmp_path)
    assert len(files) > 1
    assert not (said := check(files)), said


@pytest.mark.templates
@pytest.mark.parametrize("check", BREAKS)
def test_every_tool_objects_to_a_break(check: Callable[[Files], str], tmp_path: Path) -> None:
    name, old, new = BREAKS[check]
    (file,) = write(name, [Target(PAIRINGS["tf216-legacy"], "3.12")], tmp_path)
    assert not (said := check([file])), said
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
"""Target -> the ways it is gone: the first installs the lock, the others find it installed."""

Script = Sequence[str]


def dockerfile(folder: Path, target: Target) -> Script:
    """What a build does, in this folder: users and platforms are the container's own."""
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
    """What conda does with the section of pip, as conda/env/installers/pip.py has it."""
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
    """A Python of the project's own, as setup-python and conda bring one."""
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
    """What a script printed, and how it ended if it failed."""
    done = subprocess.run(
        # +h: a command is looked up anew each time, as by the new shell of every RUN.
        ["bash", "+h", "-euxo", "pipefail", "-c", "\n".join(script)],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.stdout + (f"\nexit code {done.returncode}" if done.returncode else "")


def run_all(target: Target, folder: Path) -> dict[str, str]:
    """Way -> what was printed, for a project with all templates; then what uv would change."""
    names = tuple(TEMPLATES)
    request = CopyRequest(
        target.pairing.name, folder, target.python, target.platform, target.variant, names
    )
    copying.copy_lock(request, lambda said: None)
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
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[Target, Future[dict[str, str]]]]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {
            target: pool.submit(run_all, target, tmp_path_factory.mktemp("project") / "new")
            for target in PICKS
        }


@pytest.mark.proof
@pytest.mark.skipif(
    platforms.this_platform() != platforms.LINUX, reason="the locks are for Linux x86_64"
)
@pytest.mark.parametrize("target", PICKS, ids=[target.session for target in PICKS])
def test_what_a_project_gets_installs_and_verifies(
    target: Target, ended: dict[Target, Future[dict[str, str]]]
) -> None:
    said = ended[target].result()
    for way in PICKS[target]:
        assert "exit code" not in said[way], f"{way}\n{said[way]}"
        assert "--require-hashes -r requirements.txt" in said[way] or way == "conda"
        assert "nothing interferes" in said[way].lower(), f"{way}\n{said[way]}"
    assert "Successfully installed" in said[PICKS[target][0]]
    assert "Would make no changes" in said["-r pyproject.toml"], said["-r pyproject.toml"]
    assert "\n + " not in said["pylock.toml"], said["pylock.toml"]
    assert "exit code" not in said["pylock.toml"], said["pylock.toml"]
