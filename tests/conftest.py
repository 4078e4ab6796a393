"""Options and the summary of a pairing's session; quick tests need nothing of this."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import faults
import pytest
from faults import Fault, index, installs, wheels  # noqa: F401
from rich.console import Console
from rich.table import Table

from envs import ROOT, Problem, bench, lock, outcome, pairing
from envs.outcome import Kind, Outcome, Rules, Run
from envs.pairing import Target

T = TypeVar("T")

RUNS = pytest.StashKey[dict[str, Run]]()
BLESSED = pytest.StashKey[str]()
BEGAN = pytest.StashKey[float]()
FAULTS = pytest.StashKey[dict[str, list[Fault]]]()
KINDS = {
    **{"--proofs": "proof", "--templates": "templates"},
    **{"--interference": "interference", "--faults": "faults"},
}
NO_ENVIRONMENT = (Kind.NO_INTERPRETER, Kind.COULD_NOT_INSTALL)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("keras-pairings")
    group.addoption("--target", help="the session whose examples are run, such as tf212")
    group.addoption("--bless", action="store_true", help="record what happens as expected")
    group.addoption("--installer", choices=["uv", "pip"], help="default: uv if there is one")
    group.addoption("--drop", action="store_true", help="remove the environment at the end")
    group.addoption("--jobs", type=int, default=os.cpu_count(), help="scripts at a time")
    group.addoption("--script-timeout", type=float, default=outcome.TIMEOUT, metavar="SECONDS")
    group.addoption("--measure", type=Path, metavar="FOLDER", help="write times and outcomes there")
    group.addoption("--proofs", action="store_true", help="run the tests that install packages")
    group.addoption("--templates", action="store_true", help="check the rendered templates")
    group.addoption("--interference", action="store_true", help="reproduce what interferes")
    group.addoption("--faults", action="store_true", help="make every fault for real")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "proof: installs packages from PyPI and takes minutes")
    config.addinivalue_line("markers", "templates: needs the checkers of envs/templates")
    config.addinivalue_line("markers", "interference: breaks real environments, and mends them")
    config.addinivalue_line("markers", "faults: makes a fault for real, which must be noticed")
    config.stash[RUNS] = {}
    config.stash[FAULTS] = {}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`test_examples.py` is what a pairing's session runs: it needs a target."""
    if collection_path.name == "test_examples.py" and not config.getoption("--target"):
        return True
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = next((kind for option, kind in KINDS.items() if config.getoption(option)), None)
    if not config.getoption("--target"):
        other = [item for item in items if _kind(item) != wanted]
        config.hook.pytest_deselected(items=other)
        items[:] = [item for item in items if item not in other]


def _kind(item: pytest.Item) -> str | None:
    """The marker that keeps a test out of the quick ones."""
    return next((kind for kind in KINDS.values() if item.get_closest_marker(kind)), None)


def _or_exit(make: Callable[[], T]) -> T:
    """What `make` gives; its Problem ends the run with that one message."""
    try:
        return make()
    except Problem as problem:
        pytest.exit(str(problem), returncode=1)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this repository that a test may break."""
    return bench.copy_checkout(tmp_path / "checkout")


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that a test may break if it mends it: environments that are made in it stay."""
    return bench.copy_checkout(tmp_path_factory.mktemp("kept") / "checkout")


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    name = request.config.getoption("--target")
    known = _or_exit(lambda: lock.executable(pairing.load_all(wheels=lock.wheels())))
    return known[_or_exit(lambda: pairing.choose(known, [name]))[0]]


@pytest.fixture(scope="session")
def rules() -> Rules:
    return _or_exit(outcome.load_rules)


@pytest.fixture(scope="session")
def record(request: pytest.FixtureRequest, target: Target, rules: Rules) -> dict[str, Outcome]:
    """Script -> expected outcome; nothing is expected of a run that is to be blessed."""
    if request.config.getoption("--bless"):
        return {}
    return _or_exit(lambda: outcome.load_record(target, rules))


@pytest.fixture(scope="session")
def runs(
    request: pytest.FixtureRequest, target: Target, record: object
) -> Iterator[dict[str, Future[Run]]]:
    """Every selected script, already under way."""
    option = request.config.getoption
    names = [i.callspec.params["script"] for i in request.session.items if hasattr(i, "callspec")]
    say = request.config.pluginmanager.getplugin("terminalreporter").write_line
    how = (option("--installer"), option("--jobs"), option("--script-timeout"), say)
    futures = _or_exit(lambda: outcome.start(target, names, *how))
    request.config.stash[BEGAN] = _cpu()
    for name, future in futures.items():
        if future.done() and future.result().outcome.kind in NO_ENVIRONMENT:
            request.config.stash[RUNS][name] = future.result()
    if request.config.stash[RUNS]:
        failed = next(iter(request.config.stash[RUNS].values()))
        pytest.exit(str(failed.outcome), returncode=1)
    yield futures
    for future in futures.values():
        future.cancel()


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Iterator[Fault]:
    """What a test reports of the fault that it makes."""
    section, name = faults.called(request.node.nodeid)
    made = Fault(name)
    yield made
    assert made.run, "the run with the fault is not reported"
    assert made.after, "the run after the fault is not reported"
    request.config.stash[FAULTS].setdefault(section, []).append(made)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if config.getoption("--faults") and config.getoption("--bless") and not session.testsfailed:
        lock.write(faults.REPORT, faults.render(config.stash[FAULTS]))
    if not config.stash[RUNS]:
        return
    target = lock.executable(pairing.load_all())[config.getoption("--target")]
    if config.getoption("--bless"):
        config.stash[BLESSED] = _bless(session, target)
    if folder := config.getoption("--measure"):
        _measured(config, folder / f"{target.session}.json")
    if config.getoption("--drop"):
        outcome.drop([target.session])


def _cpu() -> float:
    """Seconds of CPU of every process that this one started and that ended; 0 on Windows."""
    times = os.times()
    return times.children_user + times.children_system


def _measured(config: pytest.Config, file: Path) -> None:
    """Write what the scripts took: `seconds` each, and `cpu` seconds together."""
    ended = config.stash[RUNS]
    data = {
        "cpu": round(_cpu() - config.stash[BEGAN], 3),
        "seconds": {script: round(run.seconds, 3) for script, run in ended.items()},
        "outcomes": {script: str(run.outcome) for script, run in ended.items()},
    }
    lock.write(file, json.dumps(data, indent=1) + "\n")


def _bless(session: pytest.Session, target: Target) -> str:
    """Record what happened, and say what changed; an objection turns the run red."""
    ended = session.config.stash[RUNS]
    happened = {script: run.outcome for script, run in ended.items() if script != "smoke"}
    if session.testsfailed:
        return "nothing is recorded of a run that failed"
    try:
        changed = outcome.bless(target, happened, outcome.load_rules())
    except Problem as problem:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return str(problem)
    return f"{outcome.record_path(target.pairing).relative_to(ROOT)}: {changed}"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The table a person reads: script, expected, happened, why; or each fault."""
    for section, found in config.stash[FAULTS].items():
        terminalreporter.section(section)
        for one in found:
            terminalreporter.write_line(f"{one.name}: {one.run}")
            for line in one.printed.splitlines():
                terminalreporter.write_line(f"    {line}")
    ended = config.stash[RUNS]
    if not ended:
        return
    target = lock.executable(pairing.load_all())[config.getoption("--target")]
    rules = outcome.load_rules()
    record: dict[str, Outcome] = {}
    with suppress(Problem):
        record = outcome.load_record(target, rules)
    table = Table(title=f"{target.session}: {target.pairing.summary}", title_justify="left")
    for column in ("script", "expected", "happened", "why"):
        table.add_column(column, overflow="fold")
    for script, run in ended.items():
        expected = Outcome(Kind.WORKS) if script == "smoke" else record.get(script)
        happened = run.outcome.kind if run.outcome.kind in NO_ENVIRONMENT else run.outcome
        table.add_row(
            script,
            str(expected.kind) if expected else "not recorded",
            f"{happened} ({run.seconds:.0f} s)" if run.seconds else str(happened),
            rules.explain(run.outcome),
            style=None if run.outcome == expected else "bold red",
            end_section=True,
        )
    Console(width=None if terminalreporter.isatty else 150).print(table, markup=False)
    if blessed := config.stash.get(BLESSED, None):
        terminalreporter.write_line(blessed)
