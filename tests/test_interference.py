"""What interferes, reproduced with real packages, detected and mended: `nox -s interference`."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from envs import ROOT, Problem, environment, interference, lock, outcome, pairing, project
from envs.interference import Record
from envs.pairing import Target

KNOWN = interference.load(complete=False)
TARGETS = pairing.targets(pairing.load_all())
CASES = [
    (name, one.name)
    for name in (*interference.PAIRINGS, "tf25")
    for one in KNOWN.values()
    if name in one.pairings
]

# What is not pinned is resolved as of then, so that the same effect is met again.
AS_OF = "2026-11-20"
OTHER_KERAS = {"tf115": "2.6.0", "tf212": "2.11.0", "tf215": "2.14.0", "tf25": "2.6.0"}
OTHER_KERAS |= dict.fromkeys(("tf216", "tf216-legacy", "tf221"), "2.15.0")
ANOTHER_PACKAGE = {"tf115": "grpcio-status==1.62.3", "tf221": "googleapis-common-protos==1.62.0"}
NEEDS_NUMPY_2 = "opencv-python-headless==4.12.0.88"
NEEDS_PROTOBUF_5 = "grpcio-status==1.71.0"

# An ordinary script: each step as a person would write it, and what comes of it.
PROBE = """
import json
import sys


def keras_package():
    import keras

    own = keras.__file__.startswith(sys.prefix)
    return keras.__version__ + ("" if own else " from elsewhere")


def tf_keras():
    package = tf.keras.Model.__module__.split(".")[0]
    return package + " " + str(getattr(sys.modules[package], "__version__", ""))


def settings(backend):
    return ", ".join([backend.backend(), backend.floatx(), backend.image_data_format()])


def tensorflow():
    global tf
    import tensorflow as tf

    return tf.__version__


def model(sequential, layers):
    built = sequential([layers.Dense(1, input_shape=(2,))])
    return "%d weights" % built.count_params()


def mixed():
    return model(sys.modules["keras"].models.Sequential, tf.keras.layers)


# Each step, and those without which it cannot be.
STEPS = {
    "import tensorflow": (tensorflow, []),
    "import keras": (keras_package, []),
    "tf.keras": (tf_keras, ["import tensorflow"]),
    "settings of keras": (lambda: settings(sys.modules["keras"].backend), ["import keras"]),
    "settings of tf.keras": (lambda: settings(tf.keras.backend), ["tf.keras"]),
    "model of tf.keras": (lambda: model(tf.keras.Sequential, tf.keras.layers), ["tf.keras"]),
    "model of keras, layer of tf.keras": (mixed, ["tf.keras", "import keras"]),
}
said, failed = {}, set()
for step, (do, needed) in STEPS.items():
    if failed.intersection(needed):
        failed.add(step)
        continue
    try:
        said[step] = do()
    except BaseException as error:
        failed.add(step)
        lines = str(error).strip().splitlines() or [""]
        said[step] = type(error).__name__ + ": " + lines[0]
    with open(sys.argv[1], "w") as file:
        json.dump(said, file)
"""


@dataclass
class Place:
    """An environment of a pairing, and the project, home and variables of who uses it."""

    target: Target
    root: Path
    folder: Path
    python: Path
    project: Path = field(init=False)
    home: Path = field(init=False)
    environ: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.packages = next(self.folder.glob("lib/python*/site-packages"))
        self.own = {path.name for path in self.packages.iterdir()}
        self.config = self.folder / "pyvenv.cfg"
        self.as_made = self.config.read_text(encoding="utf-8")
        self.linked_to = self.python.readlink()
        self.other = self.root / "other"
        self.project, self.home = self.root / "project", self.root / "home"
        self.system = self.root / "system"
        self.name = self.target.pairing.name
        keras = f"keras=={OTHER_KERAS[self.name]}"
        self.uv("install", "--target", str(self.other), "--no-deps", keras)
        self.surround()
        self.usual = self.probe()
        facts = self.verify()
        assert facts["problems"] == [], "verify.py raises an alarm on a clean environment"
        self.notes = facts["notes"]
        self.files = self.digests()

    def surround(self) -> None:
        """Everything but the environment, as it is at first."""
        self.python = environment.interpreter(self.folder)
        for path in (self.project, self.home):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
        shutil.copy(project.VERIFY, self.project)
        (self.project / "probe.py").write_text(PROBE)
        names = ("PATH", "LANG", "LC_ALL", "TMPDIR")
        self.environ = {name: os.environ[name] for name in names if name in os.environ}
        self.environ |= {"HOME": str(self.home), "TF_CPP_MIN_LOG_LEVEL": "3"}
        self.environ |= self.target.pairing.env

    def ensure(self) -> None:
        environment.ensure(self.folder, self.target.python, lock.path(self.target))

    def restore(self) -> bool:
        """Bring everything back; whether the environment is clean again without being remade."""
        self.config.write_text(self.as_made, encoding="utf-8")
        own = environment.interpreter(self.folder)
        own.unlink()
        own.symlink_to(self.linked_to)
        for path in self.packages.iterdir():
            if path.name not in self.own and path.suffix in (".pth", ".py"):
                path.unlink()
        self.surround()
        environment.restore(self.folder, lock.path(self.target))
        if self.verify("--no-import")["ok"] and self.digests() == self.files:
            return True
        self.renew()
        return False

    def digests(self) -> dict[str, str]:
        """The files of every Keras, for which verify.py's word is not taken."""
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for package in ("keras", "tf_keras")
            for path in (self.packages / package).rglob("*.py")
        }

    def renew(self) -> None:
        environment.drop(self.folder)
        self.ensure()

    def uv(self, *args: str) -> None:
        """`uv pip`, on this environment."""
        args = tuple(arg for arg in args if arg != "-y")
        command = [environment.uv() or "uv", "pip", *args, "-q", "-p", str(self.python)]
        if args[0] == "install":
            command += [*environment.from_pypi(), "--exclude-newer", AS_OF]
        done = subprocess.run(
            command, env=environment.tool_environ(), capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"

    def run(self, script: str, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, script, *args],
            cwd=self.project,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=outcome.TIMEOUT,
        )

    def probe(self) -> dict[str, str]:
        """What comes of each step of an ordinary script."""
        file = self.root / "said.json"
        file.unlink(missing_ok=True)
        ended = self.run("probe.py", str(file))
        assert file.exists(), ended.stderr
        said: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        if ended.returncode < 0:
            said["the process"] = f"is ended by signal {-ended.returncode}"
        return {step: outcome.normalise(text) for step, text in said.items()}

    def verify(self, *args: str) -> dict[str, Any]:
        ended = self.run("verify.py", "--json", *args)
        facts: dict[str, Any] = json.loads(ended.stdout)
        assert ended.returncode == (0 if facts["ok"] else 1), ended.stderr
        return facts

    def anonymous(self, text: str) -> str:
        """A text in which the folders have names instead of paths."""
        folders = {
            self.packages: "<packages>",
            self.folder: "<environment>",
            self.other: "<other>",
            self.project: "<project>",
            self.home: "<home>",
            self.system: "<system>",
            self.root: "<root>",
        }
        for folder, name in folders.items():
            text = text.replace(str(folder), name)
        return re.sub(r"lib/python3\.\d+/", "lib/python3/", text)


def put(path: Path, content: bytes) -> None:
    """Write a file anew: uv may have linked it to its cache, which must stay as it is."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


# --- how each is made ---


def pythonpath(place: Place) -> None:
    place.environ["PYTHONPATH"] = str(place.other)


def without_keras(place: Place) -> None:
    """As pip leaves it, which finds the requirement satisfied by what lies outside."""
    place.uv("uninstall", "keras")


def see_the_system(place: Place) -> Path:
    """The site-packages of a system of its own: the interpreter's library, and no packages."""
    base = environment.find_interpreter(place.target.python)
    library = base.parent.parent / "lib" / place.packages.parent.name
    ours = place.system / "lib" / library.name
    shutil.rmtree(place.system, ignore_errors=True)
    (ours / "site-packages").mkdir(parents=True)
    for path in library.iterdir():
        if path.name != "site-packages":
            (ours / path.name).symlink_to(path)
    # Until 3.10 the base is where the interpreter itself lies, and from 3.11 on what `home` says.
    copied = place.system / "bin" / library.name
    copied.parent.mkdir()
    shutil.copy(base.resolve(), copied)
    place.python.unlink()
    place.python.symlink_to(copied)
    config = re.sub(r"(?m)^home = .*", f"home = {place.system / 'bin'}", place.as_made)
    config = re.sub(r"(?m)^include-system.*\n", "", config)
    place.config.write_text(config + "include-system-site-packages = true\n", encoding="utf-8")
    return ours / "site-packages"


def user_site(place: Place) -> None:
    without_keras(place)
    see_the_system(place)
    version = place.packages.parent.name
    shutil.copytree(place.other, place.home / ".local/lib" / version / "site-packages")


def system_site_packages(place: Place) -> None:
    without_keras(place)
    shutil.copytree(place.other, see_the_system(place), dirs_exist_ok=True)


def pth_path(place: Place) -> None:
    without_keras(place)
    (place.packages / "other.pth").write_text(f"{place.other}\n")


STARTUP = "import sys; sys.path.insert(0, {!r})\n"


def pth_code(place: Place) -> None:
    (place.packages / "other.pth").write_text(STARTUP.format(str(place.other)))


def sitecustomize(place: Place) -> None:
    (place.packages / "sitecustomize.py").write_text(STARTUP.format(str(place.other)))


def missing_backend(place: Place) -> str:
    return "theano" if place.name == "tf115" else "torch"


def sitecustomize_variable(place: Place) -> None:
    code = f"import os\n\nos.environ['KERAS_BACKEND'] = {missing_backend(place)!r}\n"
    (place.packages / "sitecustomize.py").write_text(code)


def folder_beside(place: Place) -> None:
    shutil.copytree(place.other / "keras", place.project / "keras")


def file_beside(place: Place) -> None:
    (place.project / "keras.py").write_text("from tensorflow.keras.models import Sequential\n")


def keras_over_nightly(place: Place) -> None:
    place.uv("install", "--no-deps", f"keras=={OTHER_KERAS[place.name]}")


def two_tensorflows(place: Place) -> None:
    tensorflow = place.target.pairing.tensorflow
    minor = tensorflow.rpartition(".")[0]
    place.uv("install", "--no-deps", f"tensorflow-cpu~={minor}.0,<={tensorflow}")


def one_tensorflow_removed(place: Place) -> None:
    two_tensorflows(place)
    place.uv("uninstall", "tensorflow-cpu")


def half_upgrade(place: Place) -> None:
    files = sorted(path for path in (place.other / "keras").rglob("*.py"))
    for path in files[: len(files) // 2]:
        put(place.packages / path.relative_to(place.other), path.read_bytes())


def edited_file(place: Place) -> None:
    file = place.packages / "keras" / "__init__.py"
    put(file, file.read_bytes() + b'\n__version__ = "0.0.1"\n')


def legacy(place: Place) -> None:
    place.environ["TF_USE_LEGACY_KERAS"] = "1"


def legacy_without_tf_keras(place: Place) -> None:
    if place.target.pairing.tf_keras:
        place.uv("uninstall", "tf-keras")
    legacy(place)


def legacy_in_both_worlds(place: Place) -> None:
    minor = place.target.pairing.tensorflow.rpartition(".")[0]
    place.uv("install", "--no-deps", f"tf-keras=={minor}.*")
    legacy(place)


def legacy_value(place: Place) -> None:
    place.environ["TF_USE_LEGACY_KERAS"] = "yes"


def backend_missing(place: Place) -> None:
    place.environ["KERAS_BACKEND"] = missing_backend(place)


def keras_json(place: Place, **changed: str) -> None:
    settings = {"floatx": "float32", "epsilon": 1e-07, "backend": "tensorflow"}
    settings |= {"image_data_format": "channels_last", **changed}
    put(place.home / ".keras" / "keras.json", json.dumps(settings).encode())


def json_backend(place: Place) -> None:
    keras_json(place, backend=missing_backend(place))


def json_dtype(place: Place) -> None:
    keras_json(place, floatx="float16")


def json_image_format(place: Place) -> None:
    keras_json(place, image_data_format="channels_first")


def other_python(place: Place) -> None:
    base, bare = environment.find_interpreter(place.target.python), place.root / "bare"
    shutil.rmtree(bare, ignore_errors=True)
    subprocess.run([base, "-m", "venv", "--without-pip", bare], check=True)
    place.python = environment.interpreter(bare)
    place.environ["VIRTUAL_ENV"] = str(place.folder)
    place.environ["PATH"] = f"{place.folder / 'bin'}{os.pathsep}{place.environ['PATH']}"


def numpy(place: Place) -> None:
    place.uv("install", NEEDS_NUMPY_2)


def protobuf(place: Place) -> None:
    place.uv("install", ANOTHER_PACKAGE.get(place.name, NEEDS_PROTOBUF_5))


MAKERS: dict[str, Callable[[Place], None]] = {
    "pythonpath": pythonpath,
    "user-site": user_site,
    "system-site-packages": system_site_packages,
    "pth-path": pth_path,
    "pth-code": pth_code,
    "sitecustomize": sitecustomize,
    "sitecustomize-variable": sitecustomize_variable,
    "folder-beside": folder_beside,
    "file-beside": file_beside,
    "keras-over-nightly": keras_over_nightly,
    "two-tensorflows": two_tensorflows,
    "one-tensorflow-removed": one_tensorflow_removed,
    "half-upgrade": half_upgrade,
    "edited-file": edited_file,
    "legacy-without-tf-keras": legacy_without_tf_keras,
    "legacy-in-vain": legacy,
    "legacy-in-both-worlds": legacy_in_both_worlds,
    "legacy-value": legacy_value,
    "backend-missing": backend_missing,
    "json-backend": json_backend,
    "json-dtype": json_dtype,
    "json-image-format": json_image_format,
    "other-python": other_python,
    "numpy": numpy,
    "protobuf": protobuf,
}


# --- how each printed fix is carried out ---


def carry_out(place: Place, fix: str, where: str) -> None:
    """What a person does who reads a fix: the first of its alternatives, to the letter."""
    fix = fix.split(", or ")[0]
    if fix.startswith("first the fixes above"):
        return
    if fix.startswith("python -m pip "):
        place.uv(*shlex.split(fix)[3:])
    elif fix.startswith("make a fresh environment"):
        place.renew()
    elif found := re.fullmatch(r"unset (\w+)", fix):
        place.environ.pop(found[1], None)
    elif found := re.fullmatch(r"set (\w+)=(\w+)", fix):
        place.environ[found[1]] = found[2]
    elif found := re.fullmatch(r"set (include-system-site-packages) = false in (.*)", fix):
        text = Path(found[2]).read_text()
        Path(found[2]).write_text(re.sub(rf"(?m)^{found[1]} = .*$", f"{found[1]} = false", text))
    elif found := re.fullmatch(r"set (\w+) to (\w+) in (.*)", fix):
        settings = json.loads(Path(found[3]).read_text())
        Path(found[3]).write_text(json.dumps(settings | {found[1]: found[2]}))
    elif fix == "rename it or move it away":
        file = Path(where)
        file = file.parent if file.name == "__init__.py" else file
        file.rename(file.with_name("away.txt"))
    elif found := re.fullmatch(r"delete the line (.*) of (.*)", fix):
        lines = Path(found[2]).read_text().splitlines()
        lines.remove(found[1])
        put(Path(found[2]), "".join(f"{line}\n" for line in lines).encode())
    elif found := re.fullmatch(r"delete (.*)", fix):
        shutil.rmtree(found[1], ignore_errors=True)
    elif found := re.fullmatch(r"take \w+ out of (.*)", fix):
        Path(found[1]).unlink()  # there is nothing else in it
    elif found := re.fullmatch(r"run (.*)", fix):
        place.python = Path(found[1])
    else:
        raise AssertionError(f"nobody can carry out: {fix}")


# --- the table ---


@dataclass(frozen=True)
class Result:
    """What came of one interference; `left` is what verify.py still says after its fixes."""

    record: Record
    left: tuple[str, ...]
    restored: bool
    seconds: float


def reproduce(place: Place, name: str) -> Result:
    """Interfere, look, verify, carry out the printed fixes, verify again, and restore."""
    began = time.monotonic()
    try:
        MAKERS[name](place)
        said = place.probe()
        # What imports as ever tells nothing by being imported again.
        how = () if said != place.usual else ("--no-import",)
        facts = place.verify(*how)
        found = facts["problems"] or [one for one in facts["notes"] if one not in place.notes]
        for one in found:
            for fix in one["fixes"]:
                carry_out(place, fix, one["where"])
        after = place.verify(*how)
    finally:
        restored = place.restore()
    steps = dict.fromkeys([*place.usual, *said])
    effect = [f"{s}: {said[s]}" for s in steps if s in said and said[s] != place.usual.get(s)]
    kind = "problem" if facts["problems"] else "note"
    left = after["problems"]
    if kind == "note":
        left += [one for one in after["notes"] if one not in place.notes]
    return Result(
        Record(
            tuple(effect),
            tuple(place.anonymous(f"{kind}: {one['what']} [{one['where']}]") for one in found),
            tuple(place.anonymous(fix) for one in found for fix in one["fixes"]),
        ),
        tuple(place.anonymous(one["what"]) for one in left),
        restored,
        time.monotonic() - began,
    )


def reproduce_all(
    session: str, names: list[str], drop: bool, bless: bool
) -> dict[str, Result | str]:
    """What came of each interference in a pairing, or the traceback of what went wrong."""
    target = TARGETS[session]
    folder = ROOT / ".nox" / f"interference-{session}"
    ended: dict[str, Result | str] = {}
    try:
        environment.drop(folder)  # a run that was killed may have left it broken
        python = environment.ensure(folder, target.python, lock.path(target))
        with tempfile.TemporaryDirectory(prefix="interference-") as root:
            place = Place(target, Path(root).resolve(), folder, python)
            for name in names:
                try:
                    ended[name] = reproduce(place, name)
                except Exception:
                    ended[name] = traceback.format_exc()
    finally:
        if drop:
            environment.drop(folder)
    if bless:
        interference.bless(
            {
                name: {session: result.record}
                for name, result in ended.items()
                if isinstance(result, Result) and result.restored and not result.left
            }
        )
    return ended


Results = dict[str, Future[dict[str, Result | str]]]


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Iterator[Results]:
    """Every selected interference, already under way: two pairings at a time."""
    chosen: dict[str, list[str]] = {}
    for item in request.session.items:
        if hasattr(item, "callspec") and "name" in item.callspec.params:
            params = item.callspec.params
            chosen.setdefault(params["session"], []).append(params["name"])
    drop, bless = (request.config.getoption(option) for option in ("--drop", "--bless"))
    with ThreadPoolExecutor(2) as pool:
        yield {
            session: pool.submit(reproduce_all, session, names, drop, bless)
            for session, names in chosen.items()
        }


@pytest.mark.interference
@pytest.mark.parametrize(("session", "name"), CASES, ids=["-".join(case) for case in CASES])
def test_it_is_detected_and_its_fix_mends_it(
    session: str, name: str, results: Results, request: pytest.FixtureRequest
) -> None:
    result = results[session].result()[name]
    assert isinstance(result, Result), result
    print(f"{session} {name}: {result.seconds:.0f} s")
    assert result.record.says, f"verify.py says nothing of {result.record.effect}"
    assert result.left == (), "the printed fixes do not mend it"
    assert result.restored, "the environment could not be brought back to its lock"
    if not request.config.getoption("--bless"):
        assert name in KNOWN
        assert session in KNOWN[name].happens, f"nothing is recorded: {interference.BLESS}"
        assert result.record == KNOWN[name].happens[session]


# --- quick: the data itself ---


def test_everything_is_recorded_and_can_be_made() -> None:
    assert set(interference.load()) == set(MAKERS)
    for one in KNOWN.values():
        assert set(one.pairings) | set(one.spared) >= set(interference.PAIRINGS)
    assert interference.render(KNOWN) == interference.FILE.read_text(encoding="utf-8")


def test_what_has_an_effect_on_keras_is_a_problem() -> None:
    """Only what changes nothing, or what a pairing asks for, may be a mere note."""
    for one in KNOWN.values():
        for session, record in one.happens.items():
            noted = all(said.startswith("note: ") for said in record.says)
            assert not (noted and record.effect) or one.name == "legacy-in-both-worlds", session


def test_what_is_recorded_reads_the_same_on_every_machine() -> None:
    for one in KNOWN.values():
        for record in one.happens.values():
            for text in (*record.effect, *record.says, *record.fixes):
                assert not re.search(r"(?<![\w>.])/\w+/", text), text


def test_a_blessed_run_keeps_what_did_not_run(tmp_path: Path) -> None:
    file = tmp_path / "examples" / "interference.toml"
    file.parent.mkdir()
    file.write_text(interference.FILE.read_text(encoding="utf-8"), encoding="utf-8")
    new = Record(('import keras: "0"',), ("problem: it's [<home>]",), ())
    interference.bless({"numpy": {"tf212": new}}, file)
    known = interference.load(file)
    assert known["numpy"].happens == {**KNOWN["numpy"].happens, "tf212": new}
    assert {**known, "numpy": KNOWN["numpy"]} == KNOWN


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[pythonpath.happens]]", "[[pythonpath.happened]]", "unknown key 'happened'"),
        ('"tf221" = "it is made', '"tf299" = "it is made', "'tf299' is not reproduced anyway"),
        ('"tf115" = "NumPy 2', '"tf115 tf212" = "NumPy 2', "happens: 'tf212' cannot be there"),
        ("[numpy.not]\n", '[numpy.not]\n"tf25" = "x"\n', "'tf25' is not reproduced anyway"),
        ("effect = ", "affects = ", "must have exactly pairings, effect, says, fixes"),
        ('pairings = ["tf25"]', "pairings = []", "nothing is recorded for tf25: run nox -s"),
    ],
)
def test_data_that_is_not_whole_is_refused(old: str, new: str, said: str, tmp_path: Path) -> None:
    text = interference.FILE.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "interference.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Problem, match=re.escape(said)):
        interference.load(file)
