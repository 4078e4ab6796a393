"""The walk of a package: whatever its modules do, the rest is seen, and that is recorded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from envs import Problem
from envs.names import blocks, facts, files, recording, statements
from envs.names.facts import Walked
from envs.names.record import Names, Presence
from envs.names.statements import Order

THERE, MISSING, UNKNOWN = Presence.THERE, Presence.MISSING, Presence.UNKNOWN

MODULES = {
    "__init__": """
import sys, types
from . import layers, deleted
from .layers import Dense
del deleted
from . import hidden
hidden = layers
sys.modules[__name__ + ".put"] = types.ModuleType(__name__ + ".put")
del sys, types
__version__ = '1.0'
_own = 1
""",
    "deleted": "value = 1\n",
    "hidden/__init__": "from . import below\n",
    "hidden/below": "value = 1\n",
    "layers": """
import functools, os, math
from os.path import join
class Base:
    def call(self, inputs, mask=None): ...
    @property
    def weights(self): ...
    def _private(self): ...
class Dense(Base):
    NODES = 3
    class Inner: ...
    def __new__(cls, *args, **kwargs): return super().__new__(cls)
    def __init__(self, units, activation=None, *, name=None, **kwargs):
        self.units = self._hidden = self.weights = units
    @classmethod
    def build(cls, shape): ...
    @staticmethod
    def twice(number, /): ...
def passed_on(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs): return function(*args, **kwargs)
    return wrapper
@passed_on
def decorated(x, axis=-1):
    '''Deprecated: use `other`.'''
same = decorated
""",
    "prints": "print('hello')\nvalue = 1\n",
    "exits": "import os\nos._exit(3)\n",
    "killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "hangs": "import time\ntime.sleep(3600)\n",
    "stops": "raise SystemExit(2)\n",
    "forks": "import os\nchild = os.fork()\nafter = 1\n",
    "broken": "raise RuntimeError('no such file: /home/someone/x.py')\n",
    "later": "value = 1\n",
    "lazy": """
def __getattr__(name):
    if name == 'found': return later
    if name == 'refuses': raise ImportError('keras.lazy.refuses is gone: use keras.later')
    if name == 'dies': __import__('os')._exit(5)
    if name == 'sleeps': __import__('time').sleep(3600)
    raise AttributeError(name)
def __dir__(): return ['dies', 'found', 'plain', 'refuses', 'sleeps']
def later(x): ...
plain = 1
""",
    "loop": "from . import loop as myself\nimport keras\nback = keras\n",
    "listed": "__all__ = ['one', '_two']\none = two = _two = 1\n",
    "zzz_last": "def reached(): ...\n",
    "dense_test": "import os\nos._exit(9)\n",
}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment in which `keras` is made up."""
    folder = tmp_path_factory.mktemp("made-up") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    package = next(folder.glob("lib/python*/site-packages")) / "keras"
    package.mkdir()
    for name, code in MODULES.items():
        (package / name).parent.mkdir(exist_ok=True)
        (package / f"{name}.py").write_text(code, encoding="utf-8")
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def walked(python: Path) -> Walked:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "STEP", 3.0)
        seen = Walked()
        for root in ("keras", "tf_keras"):
            recording.walk_package(python, root, {}, seen)
    return seen


@pytest.fixture(scope="module")
def names(walked: Walked) -> Names:
    return record_of(recording.state_walk(walked))


def record_of(seen: recording.Seen) -> Names:
    """A record of one pairing, by way of its texts."""
    order = Order(("tf1",), ("main",))
    texts: dict[str, str] = {}
    for group, stated in seen.items():
        for part in {statements_part(one[0]) for one in stated}:
            chosen = {one: 1 for one in stated if statements_part(one[0]) == part}
            texts[f"{group}/{part}"] = statements.render_statements(chosen, order)
    return files.read_names(order, texts)


def statements_part(block: str) -> str:
    from envs.names import blocks

    return blocks.part_of(block)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("keras.exits", "ends the process: exit code 3"),
        ("keras.killed", "ends the process: SIGKILL"),
        ("keras.hangs", "ends the process: hangs"),
        ("keras.stops", "SystemExit: 2"),
        ("keras.broken", "RuntimeError: no such file: <path>"),
        ("keras.lazy.refuses", "ImportError: keras.lazy.refuses is gone: use keras.later"),
        ("keras.lazy.dies", "ends the process: exit code 5"),
        ("keras.lazy.sleeps", "ends the process: hangs"),
        ("tf_keras", "ModuleNotFoundError: No module named 'tf_keras'"),
        ("keras.nothing", ""),
        ("keras.layers.Dense.nothing", ""),
    ],
)
def test_what_cannot_be_had_is_missing_with_its_error(names: Names, path: str, error: str) -> None:
    seen = names.look_up(path, "tf1")
    assert (seen.presence, seen.missing_at, seen.error) == (MISSING, path, error)


@pytest.mark.parametrize(
    ("path", "kind", "canonical"),
    [
        ("keras", "module", "keras"),
        ("keras.layers", "module", "keras.layers"),
        ("keras.Dense", "class", "keras.layers.Dense"),
        ("keras.layers.Dense.call", "method", "keras.layers.Base.call"),
        ("keras.layers.Dense.weights", "property", "keras.layers.Base.weights"),
        ("keras.layers.Dense.NODES", "attribute", "keras.Dense.NODES"),
        ("keras.layers.Dense.units", "instance", "keras.Dense.units"),
        ("keras.layers.Dense.Inner", "class", "keras.Dense.Inner"),
        ("keras.layers.same", "function", "keras.layers.decorated"),
        ("keras.lazy.found", "function", "keras.lazy.later"),
        ("keras.lazy.plain", "constant", ""),
        ("keras.prints.value", "constant", ""),
        ("keras.forks.after", "constant", ""),
        ("keras.__version__", "constant", ""),
        ("keras.zzz_last.reached", "function", "keras.zzz_last.reached"),
    ],
)
def test_what_is_there_is_seen_as_what_it_is(
    names: Names, path: str, kind: str, canonical: str
) -> None:
    seen = names.look_up(path, "tf1")
    assert (seen.presence, seen.kind, seen.canonical) == (THERE, kind, canonical)


@pytest.mark.parametrize(
    "path",
    [
        *("numpy.array", "keras._own", "keras.__file__", "keras.layers.decorated.x"),
        *(
            "keras.dense_test",
            "keras.layers.Dense._private",
            "keras.layers.math.pi",
            "keras.loop.back",
        ),
        "keras.a-b",
    ],
)
def test_what_the_walk_does_not_cover_is_not_called_missing(names: Names, path: str) -> None:
    assert names.look_up(path, "tf1").presence is UNKNOWN


def test_what_a_module_does_besides_is_recorded(walked: Walked) -> None:
    assert walked.does == {
        "keras.prints": {"prints"},
        "keras.forks": {"forks"},
        "keras.deleted": {"unbound"},
        "keras.hidden.below": {"unbound"},
        "keras.put": {"unbound"},
    }
    assert walked.died == {}


def test_the_parameters_are_those_behind_decorators_and_above_new(names: Names) -> None:
    dense = names.look_up("keras.Dense", "tf1")
    assert [(one.name, one.kind, one.required) for one in dense.parameters or ()] == [
        ("units", "either", True),
        ("activation", "either", False),
        ("name", "keyword", False),
        ("kwargs", "kwargs", False),
    ]
    assert [blocks.accepts(dense.parameters, one) for one in ("units", "input_dim", "name")] == [
        *(True, None, True),
    ]
    decorated = names.look_up("keras.layers.decorated", "tf1")
    assert [one.name for one in decorated.parameters or ()] == ["x", "axis"]
    assert blocks.accepts(decorated.parameters, "dim") is False
    assert decorated.deprecated == "use `other`."
    build = names.look_up("keras.layers.Dense.build", "tf1")
    assert [one.name for one in build.parameters or ()] == ["shape"]
    twice = names.look_up("keras.layers.Dense.twice", "tf1")
    assert blocks.accepts(twice.parameters, "number") is False
    assert blocks.accepts(names.look_up("keras.lazy.plain", "tf1").parameters, "x") is None


def test_what_must_be_imported_first_is_said(names: Names) -> None:
    assert names.look_up("keras.layers.Dense", "tf1").needs == ""
    assert names.look_up("keras.later.value", "tf1").needs == "keras.later"
    assert names.look_up("keras.later.value", "tf1").unbound == ""
    assert names.look_up("keras.deleted.value", "tf1").unbound == "keras.deleted"
    assert names.import_name("keras.deleted", "value", "tf1").unbound == ""
    assert names.look_up("keras.hidden.below.value", "tf1").unbound == "keras.hidden.below"
    assert names.import_name("keras.hidden", "below", "tf1").kind == "module"
    assert names.import_module("keras.put", "tf1").presence is THERE
    assert names.import_name("keras", "later", "tf1").kind == "module"
    assert names.import_module("keras.later", "tf1").presence is THERE
    assert names.import_module("keras.Dense", "tf1").presence is MISSING
    assert names.import_name("keras.exits", "x", "tf1").missing_at == "keras.exits"


def test_a_star_brings_what_all_lists_or_every_public_name(names: Names) -> None:
    assert names.star_names("keras.listed", "tf1") == ("_two", "one")
    assert names.star_names("keras", "tf1") == ("Dense", "hidden", "layers")
    assert names.star_names("keras.exits", "tf1") == ()


def test_the_same_object_is_found_under_its_other_paths(names: Names) -> None:
    assert names.same_object("keras.layers.Dense", "tf1") == ("keras.Dense",)
    assert names.same_object("keras.layers.same", "tf1") == ("keras.layers.decorated",)
    assert names.same_leaf("value", "tf1") == (
        *("keras.later.value", "keras.prints.value", "keras.deleted.value"),
        "keras.hidden.below.value",
    )
    assert names.same_leaf("nowhere", "tf1") == ()


def test_attributes_are_listed_with_those_that_are_inherited(names: Names) -> None:
    assert names.list_attributes("keras.Dense", "tf1") == {
        "Inner": "class",
        "NODES": "attribute",
        "build": "method",
        "call": "method",
        "twice": "method",
        "units": "instance",
        "weights": "property",
    }
    assert names.list_attributes("keras.layers", "tf1") == {}


def test_an_unknown_pairing_is_refused(names: Names) -> None:
    with pytest.raises(Problem, match="'tf9' are not recorded; recorded are: tf1"):
        names.look_up("keras", "tf9")


def test_a_walk_that_ended_early_is_refused() -> None:
    with pytest.raises(Problem, match="ended early"):
        facts.read_walk(['{"path": "keras", "imports": "keras"}'], "keras", Walked())
    with pytest.raises(Problem, match="a line that is cut"):
        facts.read_walk(['{"path": "ker'], "keras", Walked())


def test_two_walks_state_the_same(python: Path, walked: Walked) -> None:
    again = Walked()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "STEP", 3.0)
        for root in ("keras", "tf_keras"):
            recording.walk_package(python, root, {}, again)
    then, now = recording.state_walk(walked), recording.state_walk(again)
    assert recording.list_news(then, now) == []
