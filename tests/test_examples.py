"""What a pairing's session runs: each example once, in the pairing's own environment.

The session gives `--target`; without one this file is not collected.
"""

from __future__ import annotations

from concurrent.futures import Future

import pytest
from conftest import RUNS

from envs import outcome
from envs.outcome import Kind, Outcome, Rules, Run
from envs.pairing import Target

Runs = dict[str, Future[Run]]


@pytest.mark.parametrize("script", outcome.scripts())
def test_example(
    script: str,
    runs: Runs,
    record: dict[str, Outcome],
    target: Target,
    rules: Rules,
    request: pytest.FixtureRequest,
) -> None:
    """It ends as recorded, and as it must in every pairing."""
    run = request.config.stash[RUNS][script] = runs[script].result()
    if request.config.getoption("--bless"):
        return
    if found := outcome.objection(target, script, record[script], run, rules):
        pytest.fail(found, pytrace=False)


@pytest.mark.parametrize("script", ["smoke"])
def test_whole(script: str, runs: Runs, target: Target, request: pytest.FixtureRequest) -> None:
    """Models are saved and loaded, `tf.data` feeds, `tensorboard` starts."""
    run = request.config.stash[RUNS][script] = runs[script].result()
    if run.outcome.kind is not Kind.WORKS:
        pytest.fail(outcome.mismatch(target, script, Outcome(Kind.WORKS), run), pytrace=False)
