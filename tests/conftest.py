"""Options and hooks for the session of a pairing, and fixtures that several tests share.

The session of a pairing passes `--target`. Then the environment is created and all scripts are
started before the first test, and each test waits for one script. Quick tests use none of this.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import faults
import pytest
from faults import Fault
from rich.console import Console

from envs import Problem
from envs.model import console, disk, failures, host, lock, outcome_records, pairing, working_copy
from envs.model.failures import Rules
from envs.model.outcomes import Outcome, Run
from envs.model.pairing import Target
from envs.running import daily_share, installation, sandbox, session_report, sessions

pytest_plugins = [
    "built_site",
    "copied_project",
    "fake_environments",
    "fake_machine",
    "fault_rigs",
    "grid_environments",
    "site_browser",
]

FAULTS = pytest.StashKey[dict[str, list[Fault]]]()


@dataclass
class Started:
    """A session that is running: its target, what it expects, and the runs that have ended."""

    target: Target
    rules: Rules
    record: dict[str, Outcome]
    """Script -> expected outcome; empty with `--bless`."""

    futures: dict[str, Future[Run]]
    ended: dict[str, Run]
    cpu_before: float
    began: float


STARTED = pytest.StashKey[Started]()
BLESSED = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("keras-pairings")
    group.addoption("--target", help="the session whose examples are run, such as tf212")
    group.addoption("--bless", action="store_true", help="record what happens as expected")
    group.addoption("--installer", choices=["uv", "pip"], help="default: uv if there is one")
    group.addoption("--drop", action="store_true", help="remove what was installed when it is done")
    group.addoption("--jobs", type=int, default=os.cpu_count() or 1, help="scripts at a time")
    group.addoption("--script-timeout", type=float, default=sandbox.TIMEOUT, metavar="SECONDS")
    group.addoption("--today", type=int, metavar="N", help="run N of these, others each day")
    group.addoption("--seed", type=int, help="of the names that are chosen at random")
    group.addoption("--measure", type=Path, metavar="FOLDER", help="write times and outcomes there")


def pytest_configure(config: pytest.Config) -> None:
    console.allow_every_character()
    config.stash[FAULTS] = {}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip `test_examples.py` without a target: only the session of a pairing runs it."""
    if collection_path.name == "test_examples.py" and not config.getoption("--target"):
        return True
    return None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--today N`, N proofs or faults; what else takes that option chooses by itself."""
    number = config.getoption("--today")
    if number and config.getoption("markexpr") in ("proof", "faults"):
        names = [item.nodeid for item in items]
        # Neighbours take about as long: each day gets some of all.
        days = -(-len(names) // number)
        spread = [name for first in range(days) for name in names[first::days]]
        todays, _ = daily_share.rotate_names(spread, number)
        config.hook.pytest_deselected(items=[one for one in items if one.nodeid not in todays])
        items[:] = [item for item in items if item.nodeid in todays]


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """With `--drop`, what a proof downloaded of TensorFlow goes with the proof."""
    if item.config.getoption("--drop") and item.get_closest_marker("proof"):
        installation.drop_cached_tensorflow()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Start the scripts of a pairing's session. A Problem ends the run, with its message only."""
    config = session.config
    if not config.getoption("--target") or config.getoption("--collect-only"):
        return
    terminal = config.pluginmanager.getplugin("terminalreporter")
    try:
        started = config.stash[STARTED] = _start(session, terminal.write_line)
    except Problem as problem:
        terminal.write_line(str(problem), red=True)
        raise session.Failed from None
    for script, future in started.futures.items():
        no_environment = session_report.NO_ENVIRONMENT
        if future.done() and future.result().outcome.kind in no_environment:
            started.ended[script] = future.result()
    if started.ended:
        failed = next(iter(started.ended.values()))
        terminal.write_line(str(failed.outcome), red=True)
        raise session.Failed


def _start(session: pytest.Session, say: sessions.Say) -> Started:
    began = time.monotonic()
    option = session.config.getoption
    name = option("--target")
    known = lock.list_sessions(pairing.load_pairings(wheels=lock.known_wheels()), host.find_host())
    target = known[pairing.choose_names(known, [name])[0]]
    rules = failures.load_rules()
    record = {} if option("--bless") else outcome_records.load_record(target, rules)
    scripts = [
        item.callspec.params["script"] for item in session.items if hasattr(item, "callspec")
    ]
    options = (option("--installer"), option("--jobs"), option("--script-timeout"), say)
    futures = sessions.start_scripts(target, scripts, *options)
    return Started(target, rules, record, futures, {}, _cpu(), began)


@pytest.fixture
def started(request: pytest.FixtureRequest) -> Started:
    """The session whose scripts are running."""
    return request.config.stash[STARTED]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this repository that a test may break."""
    _need_git()
    return working_copy.copy_checkout(tmp_path / "checkout")


@pytest.fixture(scope="session")
def shared_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `kept`."""
    _need_git()
    return tmp_path_factory.mktemp("kept") / "checkout"


@pytest.fixture
def kept(shared_checkout: Path) -> Path:
    """A copy that several tests share, with its environments.

    A test must undo what it breaks; what one that failed left broken is mended here, so that the
    next does not fail as well.
    """
    return working_copy.copy_checkout(shared_checkout)


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Note seconds or bytes, each by its name, for the benchmark; without `--measure`, nothing."""
    folder = request.config.getoption("--measure")

    def note(**measured: Mapping[str, float]) -> None:
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{request.node.name}.json"
            disk.write_file(file, json.dumps(measured) + "\n")

    return note


def _need_git() -> None:
    if not shutil.which("git"):
        pytest.skip("there is no git on this machine, which lists what to copy")


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Iterator[Fault]:
    """The report of the fault that a test makes."""
    section, name = faults.called(request.node.nodeid)
    made = Fault(name)
    yield made
    assert made.run, "the run with the fault is not reported"
    assert made.after, "the run after the fault is not reported"
    request.config.stash[FAULTS].setdefault(section, []).append(made)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    reported = config.stash[FAULTS]
    if reported and config.getoption("--bless") and not session.testsfailed:
        disk.write_file(faults.REPORT, faults.render(reported))
    started = config.stash.get(STARTED, None)
    if started is None:
        return
    for future in started.futures.values():
        future.cancel()
    if config.getoption("--bless") and started.ended:
        config.stash[BLESSED] = _bless(session, started)
    if folder := config.getoption("--measure"):
        cpu = _cpu() - started.cpu_before
        elapsed = time.monotonic() - started.began
        try:
            session_report.write_measurements(folder, started.target, started.ended, cpu, elapsed)
        except Problem as problem:
            print(problem, file=sys.stderr)
            session.exitstatus = pytest.ExitCode.INTERRUPTED
    if config.getoption("--drop"):
        sessions.drop_sessions([started.target.session])


def _bless(session: pytest.Session, started: Started) -> str:
    """Record the outcomes, and return what changed. If they cannot be recorded, the run is red."""
    if session.testsfailed or session.exitstatus == pytest.ExitCode.TESTS_FAILED:
        return "the run failed: nothing is recorded"
    try:
        return session_report.bless_session(started.target, started.ended)
    except Problem as problem:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return str(problem)


def _cpu() -> float:
    """The CPU seconds of all child processes that have ended; 0 on Windows."""
    times = os.times()
    return times.children_user + times.children_system


def print_table(target: Target, ended: dict[str, Run], width: int | None) -> None:
    """Print the final table of a session; without a width, it is as wide as the terminal."""
    Console(width=width).print(session_report.render_table(target, ended), markup=False)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table of a session, or each fault; and a hint if no test was selected."""
    for section, reported in config.stash[FAULTS].items():
        terminalreporter.section(section)
        for made in reported:
            terminalreporter.write_line(f"{made.name}: {made.run}")
            for line in made.printed.splitlines():
                terminalreporter.write_line(f"    {line}")
    started = config.stash.get(STARTED, None)
    if started is None:
        if not (terminalreporter.stats.keys() - {"deselected", ""} or config.option.collectonly):
            chosen = [f"-m '{config.option.markexpr}'", f"-k '{config.option.keyword}'"]
            terminalreporter.write_line(f"no test was run: see what {' and '.join(chosen)} select")
        return
    if started.ended:
        print_table(started.target, started.ended, None if terminalreporter.isatty else 150)
    if blessed := config.stash.get(BLESSED, None):
        terminalreporter.write_line(blessed)
