"""Side by side: Problems are gathered and named; anything else ends all that runs."""

from __future__ import annotations

import threading

import pytest

from envs import Problem
from envs.running import side_by_side


def test_a_problem_is_named_and_leaves_the_other_jobs_alone() -> None:
    done = []

    def fail(stopped: threading.Event) -> None:
        raise Problem("no network")

    jobs: list[side_by_side.Job] = [("first", fail), ("second", lambda stopped: done.append(1))]
    assert side_by_side.run_side_by_side(jobs, 1) == ["first: no network"]
    assert done == [1]


def test_an_interruption_stops_what_runs_and_starts_nothing_more() -> None:
    runs, told, started = threading.Event(), [], []

    def wait(stopped: threading.Event) -> None:
        runs.set()
        told.append(stopped.wait(5))

    def interrupt(stopped: threading.Event) -> None:
        runs.wait(30)
        raise KeyboardInterrupt

    jobs: list[side_by_side.Job] = [("waits", wait), ("interrupts", interrupt)]
    jobs += [(f"later {number}", lambda stopped: started.append(1)) for number in range(50)]
    with pytest.raises(KeyboardInterrupt):
        side_by_side.run_side_by_side(jobs, 2)
    assert told == [True]
    assert len(started) < 50
