"""The repository's own files for GitHub: each is what its schema and its checker say."""

from __future__ import annotations

import json
import subprocess

import pytest

from envs import ROOT

GITHUB = ROOT / ".github"


def run_checker(*command: str) -> None:
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.templates
def test_the_workflows_are_without_fault() -> None:
    files = sorted(str(path.relative_to(ROOT)) for path in GITHUB.glob("workflows/*.yml"))
    assert files
    run_checker("actionlint", *files)


@pytest.mark.templates
@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("vendor.github-workflows", "workflows/*.yml"),
        ("vendor.github-issue-forms", "ISSUE_TEMPLATE/[!c]*.yml"),
        ("vendor.github-issue-config", "ISSUE_TEMPLATE/config.yml"),
        ("vendor.renovate", "renovate.json"),
    ],
)
def test_each_file_is_as_its_schema_says(schema: str, pattern: str) -> None:
    files = sorted(str(path.relative_to(ROOT)) for path in GITHUB.glob(pattern))
    assert files
    run_checker("check-jsonschema", "--builtin-schema", schema, *files)


def test_the_workflow_runs_what_decides_whether_a_change_lands() -> None:
    text = (GITHUB / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert "run: .ci/run" in text


def test_renovate_leaves_the_locks_of_pairings_alone() -> None:
    renovate = json.loads((GITHUB / "renovate.json").read_text(encoding="utf-8"))
    assert renovate["ignorePaths"] == ["requirements/**", "tests/legacy/**"]


def test_the_form_for_an_error_asks_for_what_verify_prints() -> None:
    text = (GITHUB / "ISSUE_TEMPLATE" / "error.yml").read_text(encoding="utf-8")
    assert "verify.py --json" in text
