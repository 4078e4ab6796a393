"""Side by side: run several steps at a time, and end all of them if one is interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed

from envs import Problem

Job = tuple[str, Callable[[threading.Event], object]]
"""What a job is called in messages, and what it does; it ends early once the event is set."""


def run_side_by_side(jobs: Iterable[Job], workers: int | None) -> list[str]:
    """Run all jobs, `workers` at a time, in their order; the Problems that they raised, each named.

    Any other exception, and an interruption, sets the event of the running jobs, drops those that
    did not start, and goes on to the caller.
    """
    stopped = threading.Event()
    wrong = []
    with ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(step, stopped): name for name, step in jobs}
        try:
            for future in as_completed(futures):
                try:
                    future.result()
                except Problem as problem:
                    wrong.append(f"{futures[future]}: {problem}")
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)
    return wrong
