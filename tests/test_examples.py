"""The tests of a pairing's session: each example runs once, in the environment of the pairing.

The session passes `--target`. Without it, pytest does not collect this file.
"""

from __future__ import annotations

import pytest
from conftest import Started

from envs.model import outcomes
from envs.model.outcomes import Kind, Outcome
from envs.running import sessions


@pytest.mark.parametrize("script", outcomes.list_scripts())
def test_example(script: str, started: Started, request: pytest.FixtureRequest) -> None:
    """The example ends as recorded, and keeps the rules for every pairing."""
    run = started.ended[script] = started.futures[script].result()
    if request.config.getoption("--bless"):
        return
    expected = started.record[script]
    if objection := sessions.object_to_run(started.target, script, expected, run, started.rules):
        pytest.fail(objection, pytrace=False)


@pytest.mark.parametrize("script", ["smoke"])
def test_whole(script: str, started: Started) -> None:
    """The environment is complete: models, `tf.data` and `tensorboard` work."""
    run = started.ended[script] = started.futures[script].result()
    if run.outcome.kind is not Kind.WORKS:
        works = Outcome(Kind.WORKS)
        pytest.fail(sessions.describe_mismatch(started.target, script, works, run), pytrace=False)
