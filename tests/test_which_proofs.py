"""`nox -s which` proven: what it says of names is executed in eight pairings, and compared.

The environments are those of the pairings' own sessions. With `--today N`, it is N of all recorded
pairings, others each day. `nox -s which-proofs` runs this.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from envs.model import lock, pairing
from envs.names import files
from envs.names.record import ROOTS, Names
from envs.running import daily_share, installation, sessions
from envs.which import answer, notebooks, python_choice, reader, successors, which_run
from envs.which.reports import Report
from envs.which.sources import Source
from envs.which.which_request import WhichRequest

pytestmark = pytest.mark.which

PAIRINGS = pairing.load_pairings()
TARGETS = lock.list_executable(PAIRINGS)
EIGHT = ("tf115", "tf20", "tf24", "tf28", "tf212", "tf215", "tf216-legacy", "tf221")
RUNNER = Path(__file__).with_name("snippet_runner.py")
LEGACY = Path(__file__).with_name("legacy")
PROJECTS = sorted(folder.name for folder in LEGACY.iterdir() if folder.is_dir())

CALLS = 100
"""How many calls that give too little are executed in each pairing."""

THERE, NOWHERE = 400, 100
"""How many names of the record are executed in each pairing, and how many that are in none."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the pairings, and the projects that get one of them."""
    today = metafunc.config.getoption("--today")
    recorded = list(names().pairings)
    chosen = daily_share.rotate_names(recorded, today)[0] if today else None
    if "name" in metafunc.fixturenames:
        usual = PROVEN if "successors" in metafunc.function.__name__ else EIGHT
        proven = [one for one in PROVEN if chosen and one in chosen]
        metafunc.parametrize(
            "name", usual if chosen is None else proven if usual is PROVEN else chosen
        )
    if "project" in metafunc.fixturenames:
        projects = [one for one in PROJECTS if chosen is None or best_of(one) in chosen]
        metafunc.parametrize("project", projects)


@pytest.fixture(scope="module", autouse=True)
def _dropped(request: pytest.FixtureRequest) -> Iterator[None]:
    """With `--drop`, remove the environments that were used."""
    yield
    if request.config.getoption("--drop"):
        sessions.drop_sessions(sorted(USED))


USED: set[str] = set()
"""The pairings whose environments were used."""


@cache
def names() -> Names:
    return files.load_names()


@cache
def table() -> successors.Table:
    return successors.Table(successors.load_successors(), PAIRINGS, python_choice.find_releases())


@cache
def python_of(name: str) -> Path:
    """The interpreter of a pairing's environment."""
    target = TARGETS[name]
    USED.add(target.session)
    folder = sessions.environment_folder(target)
    return installation.ensure_environment(folder, target.python, lock.lock_path(target))


def environ_of(name: str) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return {**kept, **PAIRINGS[name].env, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def execute(name: str, snippets: list[str]) -> list[str]:
    """The error of each program in a pairing, "" for one that runs."""
    said = [""] * len(snippets)
    for root in ROOTS:
        places = [n for n, one in enumerate(snippets) if _root(one) == root]
        if places:
            asked = json.dumps({"root": root, "snippets": [snippets[n] for n in places]})
            done = subprocess.run(
                [python_of(name), "-I", RUNNER],
                input=asked,
                capture_output=True,
                text=True,
                env=environ_of(name),
            )
            assert done.returncode == 0, done.stderr
            for n, error in zip(places, json.loads(done.stdout), strict=True):
                said[n] = error
    return said


def _root(snippet: str) -> str:
    """The package that a program imports first."""
    words = snippet.replace(".", " ").split()
    return next((word for word in words if word in ROOTS), "tensorflow")


def foretell(snippet: str) -> answer.Answer:
    """What `which` says of a program."""
    code = reader.read_code([Source("a.py", snippet)])
    assert not code.unread, code.unread
    return answer.find_answer(code, [], PAIRINGS, names(), table())


# --- names ---


def walk_down(chance: random.Random, name: str) -> Iterator[tuple[str, str]]:
    """A way down from a package through what the record lists: each path, and its kind."""
    path = chance.choice([root for root in ROOTS if names().import_module(root, name).kind])
    while True:
        children = dict(names().list_names(path, name))
        # Deeper modules are more, and are reached less often.
        modules = [child for child, kind in children.items() if kind == "module"]
        pool = modules if modules and chance.random() < 0.6 else list(children)
        if not pool:
            return
        child = chance.choice(pool)
        path = f"{path}.{child}"
        yield path, children[child]
        if children[child] == "class" and (inside := names().list_attributes(path, name)):
            attribute = chance.choice(list(inside))
            yield f"{path}.{attribute}", inside[attribute]
        if children[child] != "module":
            return


def write_program(chance: random.Random, path: str, kind: str) -> str:
    """One of the ways to name a path."""
    module, _, leaf = path.rpartition(".")
    root = path.partition(".")[0]
    ways = [f"import {root}\n{path}\n", f"from {root} import *\nimport {root} as r\n"]
    ways = [f"import {root}\n{path}\n", f"import {root} as r\nr{path[len(root) :]}\n"]
    if kind not in ("method", "property", "attribute", "instance"):
        ways += [f"from {module} import {leaf}\n", f"from {module} import {leaf} as other\nother\n"]
    if kind == "module":
        ways += [f"import {path}\n", f"import importlib\nimportlib.import_module({path!r})\n"]
    return chance.choice(ways)


def programs_there(chance: random.Random) -> Iterator[str]:
    """Programs that name something that is in some pairing."""
    while True:
        steps = list(walk_down(chance, chance.choice(names().pairings)))
        if steps:
            yield write_program(chance, *chance.choice(steps[-2:]))


def programs_nowhere(chance: random.Random) -> Iterator[str]:
    """Programs that name something that is in no pairing: real words in wrong places."""
    while True:
        home, other = (list(walk_down(chance, chance.choice(names().pairings))) for _ in range(2))
        if home and other:
            path, kind = home[-1]
            module = path.rpartition(".")[0]
            wrong = f"{module}.{other[-1][0].rpartition('.')[2]}"
            if not names().pairings_with(wrong) and kind not in ("method", "property", "instance"):
                yield write_program(chance, wrong, other[-1][1])


def choose_programs(seed: int) -> list[str]:
    chance = random.Random(seed)
    chosen: dict[str, None] = {}
    for programs, count in ((programs_there(chance), THERE), (programs_nowhere(chance), NOWHERE)):
        wanted = len(chosen) + count
        for program in programs:
            # Of a name that the record does not cover, nothing is said.
            verdicts = foretell(program).verdicts
            if not any(one.unknown for one in verdicts if one.pairing.name in EIGHT):
                chosen.setdefault(program)
            if len(chosen) == wanted:
                break
    return list(chosen)


def test_what_is_said_of_names_is_true(name: str, request: pytest.FixtureRequest) -> None:
    seed = request.config.getoption("--seed") or random.randrange(10**6)
    programs = choose_programs(seed)
    assert len(programs) == THERE + NOWHERE
    happened = execute(name, programs)
    wrong = []
    for program, error in zip(programs, happened, strict=True):
        lacks = foretell(program).verdict_of(name).lacks
        if bool(lacks) != bool(error):
            said = [lack.finding.why or "is not there" for lack in lacks] or "is there"
            wrong.append(f"{program!r}: said: {said}, happened: {error or 'it runs'}")
    print(f"{name}: {happened.count('')} of {len(programs)} programs run, --seed {seed}")
    assert not wrong, f"--seed {seed}\n" + "\n".join(wrong)
    assert 50 < happened.count("") < len(programs) - NOWHERE


def write_call(chance: random.Random, path: str, name: str) -> str:
    """A call that does not give all that it must in a pairing; empty if it must give nothing."""
    sighting = names().look_up(path, name)
    required = [one.name for one in sighting.parameters or () if one.required]
    if not required or sighting.kind not in ("class", "function", "method"):
        return ""
    given = chance.sample(required, chance.randrange(len(required)))
    words = ["None"] * sighting.on_instance + [f"{one}=None" for one in given]
    module, _, leaf = path.rpartition(".")
    if sighting.kind == "method":
        module, _, owner = module.rpartition(".")
        leaf = f"{owner}.{leaf}"
    return f"from {module} import {leaf.partition('.')[0]}\n{leaf}({', '.join(words)})\n"


def choose_calls(seed: int) -> list[tuple[str, str]]:
    """Calls that do not give all that they must in some pairing, and the path of each."""
    chance = random.Random(seed)
    chosen: dict[str, str] = {}
    while len(chosen) < CALLS:
        name = chance.choice(EIGHT)
        for path, _ in list(walk_down(chance, name))[-2:]:
            if program := write_call(chance, path, name):
                chosen.setdefault(program, path)
    return list(chosen.items())[:CALLS]


def hides_what_it_takes(path: str, name: str) -> bool:
    """Whether the record does not show what a call must give, as behind `*args`."""
    parameters = names().look_up(path, name).parameters
    return parameters is None or any(one.kind in ("args", "kwargs") for one in parameters)


def test_what_is_said_of_calls_is_true(name: str, request: pytest.FixtureRequest) -> None:
    seed = request.config.getoption("--seed") or random.randrange(10**6)
    programs = choose_calls(seed)
    happened = execute(name, [program for program, _ in programs])
    wrong = []
    said_missing = 0
    for (program, path), error in zip(programs, happened, strict=True):
        lacks = foretell(program).verdict_of(name).lacks
        said_missing += any(lack.finding.without for lack in lacks)
        # What is given is nonsense, so that a call that lacks nothing may fail in another way.
        needed = _MISSING.search(error) and not hides_what_it_takes(path, name)
        if bool(lacks) != bool(error) and (lacks or needed):
            said = [lack.finding.why or "is not there" for lack in lacks] or "works"
            wrong.append(f"{program!r}: said: {said}, happened: {error or 'it runs'}")
    print(f"{name}: {said_missing} of {len(programs)} calls must give more, --seed {seed}")
    assert not wrong, f"--seed {seed}\n" + "\n".join(wrong)
    assert said_missing > CALLS / 10


_MISSING = re.compile(r"^TypeError: .*(missing \d+ required|missing a required)")


# --- what to write instead ---


def report_on(project: str, to: str = "") -> Report:
    request = WhichRequest(LEGACY / project, project, to)
    return which_run.make_report(request, names(), table(), PAIRINGS)


@cache
def best_of(project: str) -> str:
    """The pairing that a project gets; empty if there is none."""
    fitting = report_on(project).answer.fitting
    return fitting[0].pairing.name if fitting else ""


def test_what_is_suggested_is_there(name: str) -> None:
    lines = {
        suggestion.line: f"{project}: {lack.use.place}: {suggestion.write}"
        for project in PROJECTS
        for lack, suggestion in report_on(project, name).advice
        if suggestion and suggestion.line
    }
    errors = dict(zip(lines.values(), execute(name, list(lines)), strict=True))
    assert {place: error for place, error in errors.items() if error} == {}


PROOFS = [(one, proof) for one in successors.load_successors() for proof in one.proofs]
PROVEN = sorted({name for _, proof in PROOFS for name in (proof.before, proof.after) if name})


def test_what_is_written_of_successors_is_true(name: str) -> None:
    asked: list[tuple[str, str, bool]] = []
    for one, proof in PROOFS:
        about = f"{one.names[0]}({one.keyword})"
        if proof.before == name:
            asked.append((f"{about}: the old code works", proof.old, True))
        if proof.after == name:
            asked.append((f"{about}: the old code fails", proof.old, False))
            asked.append((f"{about}: the new code works", proof.new, True))
    happened = execute(name, [program for _, program, _ in asked])
    wrong = [
        f"{claim}: {error or 'it runs'}"
        for (claim, _, works), error in zip(asked, happened, strict=True)
        if works == bool(error)
    ]
    assert not wrong, "\n".join(wrong)


# --- whole projects ---


def test_a_legacy_project_trains_in_the_pairing_that_it_gets(project: str, tmp_path: Path) -> None:
    best = best_of(project)
    assert best, report_on(project).headline
    work = shutil.copytree(LEGACY / project, tmp_path / project)
    (script,) = [*work.glob("*.ipynb"), *(f for f in work.glob("*.py") if f.name != "setup.py")]
    if script.suffix == ".ipynb":
        cells = notebooks.read_notebook(Source(script.name, script.read_text(), notebook=True))
        assert isinstance(cells, list)
        script = work / "notebook.py"
        # Each cell but the first may begin with what only a file may begin with.
        text = "\n".join(notebooks.remove_magics(cell.text) for cell in cells)
        script.write_text(text.replace("from __future__ import absolute_import", ""))
    done = subprocess.run(
        [python_of(best), script.name],
        cwd=work,
        env=environ_of(best),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{best}\n{done.stdout[-3000:]}"
