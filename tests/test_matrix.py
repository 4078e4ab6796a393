"""The workflow matrix.yml, executed here as it stands: its steps are run, GitHub's part is copied.

Checkouts are clones, artifacts are folders, and `gh` is a script that writes down what it is asked.
Not executed is what only GitHub has: its machines, its triggers and conditions, and the step that
installs every pairing without a lock, which takes an hour.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from envs import ROOT
from envs.engine import plan_request, planning
from envs.model import platforms, working_copy

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/matrix.yml").read_text(encoding="utf-8"))
JOBS: dict[str, Any] = WORKFLOW["jobs"]
NAME = "tf24-bundled"
RECORD = f"envs/measured/outcomes/{NAME}.toml"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its steps are written for bash")

GH = """#!/usr/bin/env bash
printf '%s\\n' "$(printf '%q ' "$@")" >> "$GH_ASKED"
if [ "$2" = list ]; then printf '%s' "$GH_ANSWER"; fi
"""


@dataclass
class Engine:
    """What stands in for GitHub: a repository to clone and push to, artifacts, and a `gh`."""

    folder: Path
    answer: str = ""
    red: list[str] = field(default_factory=list)

    @property
    def path(self) -> list[Path]:
        """Where commands are looked for first."""
        return [self.folder / "bin", self.folder / "venv" / "bin"]

    @property
    def origin(self) -> Path:
        return self.folder / "origin.git"

    @property
    def asked(self) -> list[str]:
        """What `gh` was asked."""
        file = self.folder / "asked"
        return file.read_text().splitlines() if file.exists() else []

    def job(self, name: str, place: str, values: Mapping[str, str]) -> dict[str, str]:
        """Run the steps of a job in a folder of its own, and return its outputs.

        `values` holds what GitHub would put in place of each expression.
        """
        checkout = self.folder / place
        checkout.mkdir()
        failed = False
        for step in JOBS[name]["steps"]:
            if failed and step.get("if") != "always()":
                continue
            assert step.get("if") in (None, "always()")
            given = {key: fill(str(text), values) for key, text in step.get("with", {}).items()}
            action = step.get("uses", "").split("@")[0]
            if action == "actions/checkout":
                git("clone", "--quiet", str(self.origin), str(checkout), cwd=self.folder)
            elif action == "actions/upload-artifact":
                self.upload(checkout, given)
            elif action == "actions/download-artifact":
                found = self.download(checkout, given)
                assert found or step.get("continue-on-error"), given
            elif action != "actions/setup-python":
                failed |= self.step(step, checkout, values)
        if failed:
            self.red.append(place)
        said = checkout / "output"
        lines = said.read_text().splitlines() if said.exists() else []
        return dict(line.split("=", 1) for line in lines)

    def step(self, step: Mapping[str, Any], checkout: Path, values: Mapping[str, str]) -> bool:
        """Run one step as GitHub does; True if it failed."""
        script = self.folder / "step.sh"
        script.write_text(fill(step["run"], {}), encoding="utf-8")
        environ = {key: text for key, text in os.environ.items() if not key.startswith("NOX")}
        environ |= {
            "PATH": os.pathsep.join([*map(str, self.path), os.environ["PATH"]]),
            "UV_CACHE_DIR": str(self.folder / "uv"),
            "GITHUB_OUTPUT": str(checkout / "output"),
            "GITHUB_STEP_SUMMARY": str(checkout / "summary"),
            "GH_ASKED": str(self.folder / "asked"),
            "GH_ANSWER": self.answer,
        }
        environ |= {key: fill(str(text), values) for key, text in step.get("env", {}).items()}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        return subprocess.run(command, cwd=checkout, env=environ).returncode != 0

    def upload(self, checkout: Path, given: Mapping[str, str]) -> None:
        artifact = self.folder / "artifacts" / given["name"]
        artifact.mkdir(parents=True)
        for name in given["path"].split():
            if (checkout / name).is_dir():
                shutil.copytree(checkout / name, artifact, dirs_exist_ok=True)
            elif (checkout / name).exists():
                shutil.copyfile(checkout / name, artifact / name)

    def download(self, checkout: Path, given: Mapping[str, str]) -> bool:
        """Copy artifacts; one by its name, or each that fits a pattern into its own folder."""
        target = checkout / given.get("path", ".")
        artifacts = self.folder / "artifacts"
        if "pattern" in given:
            for artifact in artifacts.glob(given["pattern"]):
                shutil.copytree(artifact, target / artifact.name)
            return True
        if (artifacts / given["name"]).exists():
            shutil.copytree(artifacts / given["name"], target, dirs_exist_ok=True)
        return (artifacts / given["name"]).exists()


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text of the workflow with each expression replaced; no other one may stand in it."""
    return re.sub(r"\$\{\{ (.+?) \}\}", lambda match: values[match[1]], text)


def git(*args: str, cwd: Path) -> str:
    done = subprocess.run(["git", *args], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An engine with an empty repository."""
    engine = Engine(tmp_path)
    (tmp_path / "bin").mkdir()
    gh = tmp_path / "bin" / "gh"
    gh.write_text(GH)
    gh.chmod(gh.stat().st_mode | stat.S_IXUSR)
    return engine


def commit(source: Path, engine: Engine) -> None:
    """Make a folder the repository of an engine."""
    git("init", "--quiet", "--initial-branch=main", cwd=source)
    git("config", "user.name", "test", cwd=source)
    git("config", "user.email", "test@example.org", cwd=source)
    git("add", "--all", cwd=source)
    git("commit", "--quiet", "--message=all", cwd=source)
    git("clone", "--quiet", "--bare", str(source), str(engine.origin), cwd=engine.folder)


def test_the_steps_are_pinned_and_only_one_job_may_write() -> None:
    for job in JOBS.values():
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}|", step.get("uses", ""))
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"] == {"persist-credentials": False}
            # What is filled into a script could be a command.
            assert "${{" not in step.get("run", "")
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert {name: job["permissions"] for name, job in JOBS.items() if "permissions" in job} == {
        "propose": {"contents": "write", "pull-requests": "write"},
        "report": {"issues": "write"},
    }
    assert JOBS["run"]["strategy"]["fail-fast"] is False
    assert JOBS["run"]["timeout-minutes"] <= 360


def test_what_the_schedules_ask_for_can_be_planned() -> None:
    [asked] = (step["env"]["OPTIONS"] for step in JOBS["plan"]["steps"] if "env" in step)
    crons = {one["cron"] for one in WORKFLOW[True]["schedule"]}
    named = set(re.findall(r"github\.event\.schedule == '([^']+)'", json.dumps(JOBS)))
    assert named == crons
    given = [*re.findall(r"'(--[^']+)'", asked)]
    given.append(WORKFLOW[True]["workflow_dispatch"]["inputs"]["options"]["default"])
    assert len(given) == 3
    for options in given:
        request = plan_request.parse_plan_request(options.split())
        assert request
        shards = planning.plan_shards(planning.list_work(request), request.shards)
        assert {shard.platform for shard in shards} == set(platforms.PLATFORMS)


def propose(engine: Engine, place: str, source: str = "merge") -> None:
    values = {
        "matrix.source": source,
        "matrix.title": "What the matrix saw",
        "github.token": "secret",
    }
    engine.job("propose", place, values)


def test_what_changed_is_proposed_once_and_renewed(engine: Engine, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "envs").mkdir(parents=True)
    (source / "envs" / "record.toml").write_text("old\n")
    commit(source, engine)
    artifact = tmp_path / "artifacts" / "changes-merge"
    artifact.mkdir(parents=True)
    (source / "envs" / "record.toml").write_text("new\n")
    (source / "envs" / "added.toml").write_text("added\n")
    git("add", "--all", cwd=source)
    (artifact / "changes.patch").write_text(git("diff", "--cached", "--binary", cwd=source))
    (artifact / "changes.md").write_text("1 results were merged.\n")
    propose(engine, "first")
    assert not engine.red
    assert git("show", "engine/merge:envs/record.toml", cwd=engine.origin) == "new\n"
    assert git("show", "engine/merge:envs/added.toml", cwd=engine.origin) == "added\n"
    assert git("show", "main:envs/record.toml", cwd=engine.origin) == "old\n"
    assert [line.split()[:2] for line in engine.asked] == [
        ["auth", "setup-git"],
        ["pr", "list"],
        ["pr", "create"],
    ]
    engine.answer = "7"
    propose(engine, "second")
    assert engine.asked[-1].startswith("pr edit engine/merge --body-file")


def test_nothing_is_proposed_where_nothing_changed(engine: Engine, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "envs").mkdir(parents=True)
    (source / "envs" / "record.toml").write_text("old\n")
    commit(source, engine)
    propose(engine, "skipped", "news")
    (tmp_path / "artifacts" / "changes-merge").mkdir(parents=True)
    (tmp_path / "artifacts" / "changes-merge" / "changes.patch").write_text("")
    propose(engine, "empty")
    assert not engine.red
    assert engine.asked == []


def test_a_failing_schedule_opens_one_issue_and_then_adds_to_it(engine: Engine) -> None:
    values = {"github.token": "secret", "github.repository": "who/what"}
    values |= {"github.server_url": "https://github.com", "github.run_id": "1"}
    engine.job("report", "first", values)
    engine.answer = "5"
    engine.job("report", "second", values)
    engine.job("report", "third", values)
    assert not engine.red
    created = [line for line in engine.asked if line.startswith("issue create")]
    assert len(created) == 1
    assert "https://github.com/who/what/actions/runs/1" in created[0]
    assert sum(line.startswith("issue comment 5") for line in engine.asked) == 2


def as_if_older(record: str) -> str:
    """A record as if the pins of the recommended Python had changed, and no variant had run."""
    tables = re.split(r'(?m)^(?=\[")', record)
    kept = [table for table in tables if not re.match(r'\["[^"]* ', table)]
    return re.sub(r'pins = "\w+"', 'pins = "000000000000"', "".join(kept))


def run_shards(engine: Engine, options: str, place: str) -> Path:
    """Plan with some options, run each shard in a checkout of its own, and merge."""
    shutil.rmtree(engine.folder / "artifacts", ignore_errors=True)
    [expression] = re.findall(r"\$\{\{ (.+?) \}\}", JOBS["plan"]["steps"][3]["env"]["OPTIONS"])
    planned = engine.job("plan", f"{place}-plan", {expression: options})
    for number, shard in enumerate(json.loads(planned["matrix"])["include"]):
        values = {"matrix.shard": shard["shard"], "strategy.job-index": str(number)}
        engine.job("run", f"{place}-{number}", values)
        assert NAME in (engine.folder / f"{place}-{number}" / "summary").read_text()
    engine.job("merge", f"{place}-merge", {})
    assert not engine.red
    return engine.folder / f"{place}-merge"


@pytest.mark.proof
def test_four_shards_in_four_checkouts_are_byte_for_byte_one_run(
    engine: Engine, tmp_path: Path
) -> None:
    source = working_copy.copy_checkout(tmp_path / "source")
    record = (source / RECORD).read_text(encoding="utf-8")
    (source / RECORD).write_text(as_if_older(record), encoding="utf-8")
    commit(source, engine)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    options = f"--pairing {NAME} --platform linux-x86_64 --kind locks"
    one = run_shards(engine, f"{options} --shards 1", "one")
    four = run_shards(engine, f"{options} --shards 4", "four")
    for file in (RECORD, "requirements/index.json", "requirements/README.md", "README.md"):
        assert (four / file).read_bytes() == (one / file).read_bytes(), file
    assert '["3.7 cpu"]' in (four / RECORD).read_text(encoding="utf-8")
    text = (four / "changes.md").read_text(encoding="utf-8")
    assert text.startswith("4 results were merged.")
    assert f"`{NAME}-py37-cpu`" in text
    propose(engine, "propose")
    shown = git("show", f"engine/merge:{RECORD}", cwd=engine.origin)
    assert shown == (one / RECORD).read_text(encoding="utf-8")
    engine.job("news", "news", {})
    assert not engine.red
    # A shard that is lost is named, and the rest is merged.
    shutil.rmtree(tmp_path / "artifacts" / "results-2")
    shutil.rmtree(tmp_path / "artifacts" / "changes-merge")
    engine.job("merge", "lost", {})
    assert engine.red == ["lost"]
    assert "## Missing\n\n- shard 3/4" in (tmp_path / "lost" / "changes.md").read_text()
