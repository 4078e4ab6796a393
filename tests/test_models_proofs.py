"""The scripts of `nox -s models -- --load` proven: run as they are printed, for files of the grid.

Each way through another pairing is run once: what it loads, with which options, what it saves, and
what loads that. Ways of one step are what the grid itself runs; some of them are run here too. The
environments are those of the grid. `nox -s models-proofs` runs this; with `-- --today 9`, nine of
the ways, others each day. They run side by side, `--jobs` at a time, in forks of interpreters that
have imported TensorFlow; those that end in the same pairing run one after the other, and what the
last way through a pairing has left is removed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TypeGuard

import numpy
import pytest
from grid_environments import SIDES, make, remove, save
from warm_python import warm_python

from envs.model import disk
from envs.models import (
    failed_ways,
    grid,
    inspection,
    load_answer,
    load_run,
    models_request,
    models_run,
    pairing_files,
    record_files,
    similar,
)
from envs.models.failed_ways import FailedWay
from envs.models.load_answer import LoadAnswer
from envs.models.programs import LoadStep
from envs.names import files
from envs.running import daily_share

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("grid_environments")]

KINDS = Path(grid.__file__).with_name("kinds.py")

CUSTOMS = f"""\
import importlib.util
import os
import sys

# The Keras of the program that imports this.
if "keras" in sys.modules and not os.environ.get("TF_USE_LEGACY_KERAS"):
    import keras
else:
    from tensorflow import keras

spec = importlib.util.spec_from_file_location("models_kinds", {str(KINDS)!r})
kinds = importlib.util.module_from_spec(spec)
spec.loader.exec_module(kinds)
CUSTOM_OBJECTS = kinds.list_customs(keras)


def build_model():
    return kinds.build_model(keras, "KIND")
"""


@cache
def recorded() -> dict[str, record_files.Recorded]:
    return {name: one for name, one in record_files.load_grid().items() if one.loads}


@cache
def all_recorded() -> dict[str, record_files.Recorded]:
    return record_files.load_grid()


@cache
def ways() -> dict[str, tuple[str, str, str]]:
    """What a way does, in words -> an example of it: the side that saved, its file, the target."""
    found: dict[str, tuple[str, str, str]] = {}
    for name, row in recorded().items():
        for saver, saved in row.saved.items():
            for file, fact in saved.items():
                form, kind = grid.form_of(file), grid.kind_of(file)
                if fact.error or SIDES[saver].target.pairing.name != name:
                    continue
                for to in SIDES:
                    steps = steps_of(saver, form, kind, to)
                    if not steps:
                        continue
                    said = " ".join(f"{one.side.name} {one.way} {one.saves}" for one in steps)
                    # Of ways of one step, one for each pairing that loads, and each option.
                    found.setdefault(f"{form} {said}".strip(), (saver, file, to))
    return found


@cache
def judge(saver: str, form: str, kind: str) -> tuple[load_answer.Judged, ...]:
    return tuple(
        load_answer.judge_side(side, form, (saver,), (kind,), all_recorded())
        for side in SIDES.values()
    )


def steps_of(saver: str, form: str, kind: str, to: str) -> tuple[LoadStep, ...]:
    judged = judge(saver, form, kind)
    return load_answer.find_steps(SIDES[to], form, (saver,), (kind,), all_recorded(), judged)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "way" in metafunc.fixturenames:
        today = metafunc.config.getoption("--today")
        # All ways are found in half a minute, which the quick tests need not spend.
        chosen = list(ways()) if metafunc.config.getoption("-m") == "models" else []
        metafunc.parametrize("way", daily_share.rotate_names(chosen, today)[0] if today else chosen)


QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


@pytest.fixture(scope="module")
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[None]]]:
    """The ways of this run, each being proven: a test waits for its own."""
    asked = {one.callspec.params.get("way") for one in request.session.items if has_params(one)}
    chosen = [way for way in ways() if way in asked]
    chosen.sort(key=lambda way: list(SIDES).index(ways()[way][2]))
    users = Counter(name for way in chosen for name in pairings_of(way))
    folder = tmp_path_factory.mktemp("ways")
    guard = threading.Lock()
    warm: dict[str, ExitStack] = {}

    def prove(number: int, way: str) -> None:
        with guard:
            save(ways()[way][0])
            for name in pairings_of(way):
                if name not in warm:
                    start(name)
        place = folder / str(number)
        place.mkdir()
        try:
            prove_way(way, place, folder)
        finally:
            disk.remove_folder(place)
            with guard:
                users.subtract(pairings_of(way))
                for name in {name for name in pairings_of(way) if not users[name]} & set(warm):
                    warm.pop(name).close()
                    remove(name)

    def start(name: str) -> None:
        env = {**QUIET, **SIDES[name].target.pairing.env, "HOME": str(folder)}
        command = folder / name / "bin" / "python"
        started = ExitStack()
        started.enter_context(warm_python(make(name), env, command))
        warm[name] = started

    try:
        with ThreadPoolExecutor(request.config.getoption("--jobs")) as pool:
            yield {way: pool.submit(prove, number, way) for number, way in enumerate(chosen)}
            pool.shutdown(cancel_futures=True)
    finally:
        for started in warm.values():
            started.close()


def has_params(item: pytest.Item) -> TypeGuard[pytest.Function]:
    return isinstance(item, pytest.Function) and hasattr(item, "callspec")


@cache
def pairings_of(way: str) -> tuple[str, ...]:
    """The pairings that a way goes through."""
    saver, file, to = ways()[way]
    steps = steps_of(saver, grid.form_of(file), grid.kind_of(file), to)
    return tuple({step.side.target.pairing.name: None for step in steps})


def test_a_way_that_is_printed_ends_in_equal_predictions(
    way: str, running: dict[str, Future[None]]
) -> None:
    running[way].result()


def prove_way(way: str, place: Path, environments: Path) -> None:
    """Run what is printed for a way in a folder; its predictions are those of the saver."""
    saver, file, to = ways()[way]
    kind = grid.kind_of(file)
    path = pairing_files.path_of(SIDES[saver], file)
    answer = answer_as_if_alone(saver, file, path, to)
    assert answer.steps
    facts = pairing_files.read_facts(SIDES[saver])
    assert facts
    expected = numpy.array(facts["predictions"][file])
    done = run_way(answer, kind, place, environments)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-3000:]
    came = numpy.load(place / "check.npz")["predictions"].ravel()
    assert numpy.allclose(came, expected, rtol=1e-4, atol=1e-5)


def run_way(
    answer: LoadAnswer, kind: str, place: Path, environments: Path
) -> subprocess.CompletedProcess[str]:
    """Run the script of an answer in a folder, with the inputs and the classes of a kind."""
    held = {f"input{number}": one for number, one in enumerate(make_inputs(kind))}
    with (place / "inputs.npz").open("wb") as given:
        numpy.savez(given, **held)  # type: ignore[arg-type]
    (place / "customs.py").write_text(CUSTOMS.replace("KIND", kind), encoding="utf-8")
    (place / "way.sh").write_text(load_run.render_load_answer(answer), encoding="utf-8")
    return subprocess.run(
        ["sh", "way.sh"],
        cwd=place,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(place),
            "ENVS": str(environments),
            "CUDA_VISIBLE_DEVICES": "-1",
        },
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("failed", failed_ways.load_failed_ways(), ids=lambda one: one.name)
def test_a_way_that_is_known_to_fail_still_does(failed: FailedWay, tmp_path: Path) -> None:
    run = failed.example
    save(run.saver)
    environments = {
        make(SIDES[name].target.pairing.name).parents[2] for name in (run.between, run.to)
    }
    form, kind = grid.form_of(run.file), grid.kind_of(run.file)
    first = LoadStep(SIDES[run.between], form, run.way, run.saves)
    steps = (first, LoadStep(SIDES[run.to], run.saves, run.then))
    path = pairing_files.path_of(SIDES[run.saver], run.file)
    answer = replace(answer_as_if_alone(run.saver, run.file, path, run.to), steps=steps)
    done = run_way(answer, kind, tmp_path, environments.pop())
    assert done.returncode
    assert failed.error in done.stderr


def answer_as_if_alone(saver: str, file: str, path: Path, to: str) -> LoadAnswer:
    """The answer for a file of the grid, whose saver and kind are known."""
    form, kind = grid.form_of(file), grid.kind_of(file)
    seen = inspection.inspect_path(path)
    steps = steps_of(saver, form, kind, to)
    judged = tuple(
        load_answer.judge_side(side, form, (saver,), (kind,), all_recorded())
        for side in SIDES.values()
    )
    customs = tuple(similar.find_customs(seen, is_own()))
    writers = similar.Writers((saver,))
    return LoadAnswer(str(path), seen, form, writers, (kind,), customs, judged, to, steps)


@cache
def is_own() -> Callable[[str], bool]:
    names = files.load_names()
    return lambda name: bool(names.pairings_with(f"tensorflow.keras.layers.{name}"))


def make_inputs(kind: str) -> list[numpy.ndarray]:
    import importlib.util

    spec = importlib.util.spec_from_file_location("kinds", KINDS)
    assert spec
    assert spec.loader
    kinds = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kinds)
    made = kinds.make_inputs(kind)
    return made if isinstance(made, list) else [made]


@pytest.mark.parametrize("name", list(recorded()))
def test_the_writer_of_every_file_is_among_those_that_are_named(name: str) -> None:
    for side in recorded()[name].saved:
        save(side)
        for file, saved in pairing_files.list_saved(SIDES[side]).items():
            if not saved.error:
                seen = inspection.inspect_path(pairing_files.path_of(SIDES[side], file))
                writers = similar.find_writers(seen, all_recorded())
                assert writers.exact, file
                assert side in writers.names, file


def test_files_that_are_loaded_apart_end_as_those_that_are_loaded_together() -> None:
    """What one file leaves in a process does not change how the next one loads."""
    name, *_, last = recorded()
    savers = {SIDES[name]: grid.list_grid_files()}
    save(name)
    python = make(last)
    saved = pairing_files.list_saved(SIDES[name])
    wanted = {
        side: [file for file in listed if not saved[file].error] for side, listed in savers.items()
    }
    apart = pairing_files.load_files(SIDES[last], python, wanted, together=False)
    loaded = recorded()[last].loads[last][name].cells
    assert apart[name] == dict(loaded)


def test_a_rerun_agrees_with_the_record() -> None:
    request = models_request.parse_models_request(["--check", "1", "--jobs", "1"])
    models_run.run_models(request, lambda line: print(json.dumps(line)))


def test_what_the_page_says_of_two_files_of_one_model_happens(tmp_path: Path) -> None:
    page = Path(grid.__file__).with_name("README.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert code
    python = make("tf221")
    done = subprocess.run(
        [python, "-I", "-c", code[1]], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[-1] == "RMSprop"
