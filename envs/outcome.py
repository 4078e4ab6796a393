"""Outcomes: what each example does in an environment, against what is recorded for it."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from envs import ROOT, Problem, environment, lock, pairing, platforms
from envs.pairing import Pairing, Target

EXAMPLES = ROOT / "examples"
RECORDS = EXAMPLES / "outcomes"
FAILURES = EXAMPLES / "failures.toml"
INVARIANTS = EXAMPLES / "invariants.toml"
SMOKE = ROOT / "tests" / "smoke.py"

TIMEOUT = 300.0
"""Seconds that one script may take; a slow machine takes 30 for its first import."""

_TAIL = 64 * 1024
"""Bytes of each output of a script that are kept, from its end."""

_GRACE = 2.0
"""Seconds in which what a script started may end after it."""

_START = 1.0
"""Seconds in which what a script started as it ended must show what it is."""

# What a script sees of this process's variables: nothing that changes which Keras is imported.
_ENVIRON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "COMSPEC", "PATHEXT")

_COMPILED = ("keras", "tensorflow_core", "tensorflow")
"""Folders of which `import tensorflow` imports nearly all."""

_SHOWN = ("tensorflow", "keras", "keras-nightly", "tf-keras", "numpy", "protobuf", "h5py")


class Kind(StrEnum):
    """How the run of a script can end; only the first two can be expected."""

    WORKS = "works"
    FAILS = "fails"
    HIDES_AN_ERROR = "hides an error"
    LEAVES_A_PROCESS = "leaves a process"
    CRASHES = "crashes"
    TIMES_OUT = "times out"
    COULD_NOT_INSTALL = "could not install"
    NO_INTERPRETER = "no interpreter"


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `exception` and `message` are those of the last traceback, normalised."""

    kind: Kind
    exception: str = ""
    message: str = ""

    def __str__(self) -> str:
        said = f"{self.exception}: {self.message}" if self.exception else self.message
        return f"{self.kind}: {said}" if said else str(self.kind)


@dataclass(frozen=True)
class Run:
    """The run of one script: its outcome, the end of its output, and how long it took."""

    outcome: Outcome
    output: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Failure:
    """A failure that is understood: why it happens and which script shows what to do instead."""

    name: str
    exception: str
    message: str
    cause: str
    remedy: str
    script: str

    @property
    def outcome(self) -> Outcome:
        """The outcome of a script that fails so."""
        return Outcome(Kind.FAILS, self.exception, self.message)


@dataclass(frozen=True)
class Rules:
    """What is known of all scripts: the failures, and what holds in every pairing."""

    failures: Mapping[str, Failure]
    works: frozenset[str]
    fails: frozenset[str]

    @cached_property
    def by_outcome(self) -> dict[Outcome, Failure]:
        """Failure by the outcome it explains."""
        return {failure.outcome: failure for failure in self.failures.values()}

    def broken(self, script: str, outcome: Outcome) -> str | None:
        """What an outcome breaks that must hold in every pairing, if anything."""
        if script in self.works and outcome.kind is not Kind.WORKS:
            return f"{script} must work in every pairing (examples/invariants.toml)"
        if script in self.fails and outcome.kind is not Kind.FAILS:
            return f"{script} must fail in every pairing (examples/invariants.toml)"
        return None

    def explain(self, outcome: Outcome) -> str:
        """Why a script ends so, in words; empty if it works."""
        if outcome.kind is Kind.WORKS:
            return ""
        if outcome.kind is not Kind.FAILS:
            return "can never be expected"
        failure = self.by_outcome.get(outcome)
        if failure is None:
            return "not explained in examples/failures.toml"
        return f"{failure.cause} {failure.remedy} See {failure.script}.py."


@dataclass(frozen=True)
class Executed:
    """When a lock was last executed and blessed, as an ISO date, and the digest of its pins."""

    date: str
    pins: str


def scripts(folder: Path = EXAMPLES) -> dict[str, Path]:
    """Every example by its name, such as `broken_import/correction`."""
    return {
        f"{path.parent.name}/{path.stem}": path for path in sorted(folder.glob("[a-z]*/[a-z]*.py"))
    }


def load_rules(failures: Path = FAILURES, invariants: Path = INVARIANTS) -> Rules:
    """The failures and the invariants. Raises Problem, naming file and key."""
    known = scripts()
    found: dict[str, Failure] = {}
    for name, table in read(failures).items():
        where = f"examples/{failures.name}: {name}"
        fields = ("exception", "message", "cause", "remedy", "script")
        if not isinstance(table, dict) or set(table) != set(fields):
            raise Problem(f"{where}: must have exactly the keys {', '.join(fields)}")
        if not all(isinstance(value, str) and value.strip() for value in table.values()):
            raise Problem(f"{where}: every value must be a text that is not empty")
        if table["script"] not in known:
            raise Problem(f"{where}: script: no example is called '{table['script']}'")
        failure = Failure(name, **table)
        if failure.message != normalise(failure.message):
            raise Problem(f"{where}: message: is not normalised: {normalise(failure.message)}")
        twin = next((f.name for f in found.values() if f.outcome == failure.outcome), None)
        if twin or name == Kind.WORKS:
            raise Problem(f"{where}: says the same as {twin or 'an outcome'}")
        found[name] = failure
    always = read(invariants)
    where = f"examples/{invariants.name}"
    if set(always) != {"works", "fails"}:
        raise Problem(f"{where}: must have exactly the keys works, fails")
    for script in [*always["works"], *always["fails"]]:
        if script not in known:
            raise Problem(f"{where}: no example is called '{script}'")
    return Rules(found, frozenset(always["works"]), frozenset(always["fails"]))


def record_path(pairing_: Pairing) -> Path:
    """Where the expected outcomes of a pairing stand, on all its Pythons."""
    return RECORDS / f"{pairing_.name}.toml"


def load_records(pairing_: Pairing, rules: Rules) -> dict[str, dict[str, Outcome]]:
    """What was run -> script -> expected outcome, as `_load` has it, without its runs."""
    return {name: record for name, (record, _) in _load(pairing_, rules).items()}


Records = dict[str, tuple[dict[str, Outcome], Executed]]


def _load(pairing_: Pairing, rules: Rules) -> Records:
    """What was run (`3.11`, or `3.11 cpu`) -> expected outcomes, and when that was.

    The file says what holds on the recommended Python, and in a table for each other Python or
    variant that was run, where that one differs. Raises Problem for a missing, surplus or unknown
    expectation.
    """
    path = record_path(pairing_)
    where = f"examples/outcomes/{path.name}"
    bless = f"run nox -s {pairing_.name} -- --bless"
    if not path.exists():
        raise Problem(f"{where}: no expectations for {pairing_.name}: {bless}")
    common = read(path)
    tables: dict[str, dict[str, Any]] = {pairing_.pythons[0]: {}}
    for name in [name for name, value in common.items() if isinstance(value, dict)]:
        if name not in _recordable(pairing_)[1:]:
            raise Problem(f"{where}: {name}: the pairing has no such further Python or variant")
        tables[name] = common.pop(name)
    records: Records = {}
    for name, table in tables.items():
        here = {**common} if name == pairing_.pythons[0] else table
        date, pins = here.pop("executed", None), here.pop("pins", None)
        common = {key: value for key, value in common.items() if key not in ("executed", "pins")}
        if type(date) is not datetime.date or not re.fullmatch("[0-9a-f]{12}", str(pins)):
            raise Problem(f"{where}: {name}: executed, pins: must be a date and a digest: {bless}")
        record = {}
        for script, ended in (common | table).items():
            if script not in scripts():
                raise Problem(f"{where}: no example is called '{script}': {bless}")
            if ended == Kind.WORKS:
                record[script] = Outcome(Kind.WORKS)
            elif ended in rules.failures:
                record[script] = rules.failures[ended].outcome
            else:
                raise Problem(
                    f"{where}: {script}: '{ended}' is neither 'works' nor a failure that "
                    "examples/failures.toml explains"
                )
        if missing := sorted(set(scripts()) - set(record)):
            raise Problem(f"{where}: no expectation for {', '.join(missing)}: {bless}")
        records[name] = record, Executed(date.isoformat(), str(pins))
    return records


def _recordable(pairing_: Pairing) -> list[str]:
    """What a record may speak of, the recommended Python first."""
    recommended, *others = pairing_.pythons
    variants = [name for name in platforms.VARIANTS if name != platforms.DEFAULT]
    return [recommended, *others, *(f"{recommended} {variant}" for variant in variants)]


def _recorded_as(target: Target) -> str:
    variant = "" if target.variant == platforms.DEFAULT else f" {target.variant}"
    return target.python + variant


def executed(target: Target, rules: Rules) -> Executed | None:
    """When a target was last executed and blessed, with which pins; None if it never was."""
    if target.platform != platforms.LINUX or not record_path(target.pairing).exists():
        return None
    record = _load(target.pairing, rules).get(_recorded_as(target))
    return record and record[1]


def load_record(target: Target, rules: Rules) -> dict[str, Outcome]:
    """Script -> expected outcome. Raises Problem as `load_records` does, and if there is none."""
    records = load_records(target.pairing, rules)
    name = _recorded_as(target)
    if name not in records:
        where = f"examples/outcomes/{record_path(target.pairing).name}"
        raise Problem(
            f"{where}: no expectations for {target.session}: run nox -s {target.session} -- --bless"
        )
    return records[name]


def objections(record: Mapping[str, Outcome], rules: Rules) -> list[str]:
    """Why a record cannot stand: what it breaks, and which failure leads to no way out."""
    found = []
    for script, outcome in record.items():
        if outcome.kind not in (Kind.WORKS, Kind.FAILS):
            found.append(f"{script}: '{outcome}' can never be expected")
        elif broken := rules.broken(script, outcome):
            found.append(f"{broken}, but: {outcome}")
        elif outcome.kind is Kind.FAILS:
            failure = rules.by_outcome.get(outcome)
            if failure is None:
                found.append(
                    f"{script}: a failure that nobody explained. Add to examples/failures.toml:\n\n"
                    f"[a-name-for-it]\nexception = {_toml(outcome.exception)}\n"
                    f'message = {_toml(outcome.message)}\ncause = "..."\nremedy = "..."\n'
                    'script = "a script that works in this pairing"\n'
                )
            elif record.get(failure.script) != Outcome(Kind.WORKS):
                found.append(
                    f"{script}: the remedy of '{failure.name}' is {failure.script}, which does "
                    "not work in this pairing"
                )
    return found


def bless(target: Target, happened: Mapping[str, Outcome], rules: Rules) -> str:
    """Record what happened as what is expected; the scripts that did not run keep theirs.

    Returns what changed. Raises Problem, and writes nothing, if there are objections.
    """
    # Sessions that run side by side may bless the same file.
    with environment.alone(ROOT / ".nox" / f"{target.pairing.name}.record"):
        return _bless(target, happened, rules)


def _bless(target: Target, happened: Mapping[str, Outcome], rules: Rules) -> str:
    path = record_path(target.pairing)
    name, recommended = _recorded_as(target), target.pairing.pythons[0]
    try:
        records = _load(target.pairing, rules)
    except Problem:
        records = {}
    if name != recommended and recommended not in records:
        raise Problem(
            f"{target.session} cannot be blessed: first run nox -s {target.pairing.name} -- --bless"
        )
    pins = lock.read(target).digest
    before, run_ = records.get(name, ({}, None))
    whole = set(happened) == set(scripts())
    record = before | {**happened}
    if run_ is None or (whole and (run_.pins, before) != (pins, record)):
        run_ = Executed(datetime.datetime.now(datetime.UTC).date().isoformat(), pins)
    if missing := sorted(set(scripts()) - set(record)):
        raise Problem(f"{target.session} cannot be blessed: {', '.join(missing)} did not run")
    if run_.pins != pins and not whole:
        raise Problem(f"{target.session} cannot be blessed: its lock is new: run all scripts")
    if found := objections(record, rules):
        raise Problem(f"{target.session} cannot be blessed:\n" + "\n".join(found))
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    after = _render_records(target.pairing, records | {name: (record, run_)}, rules)
    lock.write(path, after)
    return lock.difference(text, after)


def _render_records(pairing_: Pairing, records: Records, rules: Rules) -> str:
    recommended, *others = _recordable(pairing_)
    names = {
        name: {
            script: "works" if outcome.kind is Kind.WORKS else rules.by_outcome[outcome].name
            for script, outcome in sorted(record.items())
        }
        for name, (record, _) in records.items()
    }
    common = names[recommended]
    lines = [
        f"# What each example does in {pairing_.name}: works, or a failure of ../failures.toml,",
        "# and when which pins were executed; for another Python or variant, only what differs.",
        "# Written by a run:",
        f"#     nox -s {pairing_.name} -- --bless",
        *_render_executed(records[recommended][1]),
        *(f'"{script}" = "{name}"' for script, name in common.items()),
    ]
    for other in others:
        if other in names:
            lines += ["", f'["{other}"]', *_render_executed(records[other][1])]
            for script, name in names[other].items():
                if name != common[script]:
                    lines.append(f'"{script}" = "{name}"')
    return "\n".join(lines) + "\n"


def _render_executed(run_: Executed) -> list[str]:
    return [f"executed = {run_.date}", f'pins = "{run_.pins}"']


def folder(target: Target) -> Path:
    """Where the environment of a target is made."""
    return ROOT / ".nox" / target.session


def bytecode(target: Target) -> Path:
    """Where the scripts of a target keep the bytecode of what they import.

    Importing TensorFlow compiles more than a thousand files, which takes longer than all else in
    a new environment; so this outlives the environment, as long as the pins are the same. It is no
    result of a run: Python compares each file's size and time with those of its source.
    """
    return ROOT / ".nox" / "bytecode" / target.session / lock.read(target).digest


def drop(names: list[str]) -> None:
    """Remove the environments of targets, or of all, and TensorFlow from uv's cache."""
    known = lock.executable(pairing.load_all())
    for name in pairing.choose(known, names):
        environment.drop(folder(known[name]))
        shutil.rmtree(bytecode(known[name]).parent, ignore_errors=True)
    for package in ("tensorflow", "tensorflow-cpu"):
        environment.drop_cached(package)


def share(count: str, day: datetime.date | None = None) -> tuple[list[str], list[str]]:
    """Sessions to run on a day, `count` of those that no pairing recommends, and the others.

    Each day takes the next ones, so that all get their turn. Raises Problem if it is no number.
    """
    if not re.fullmatch(r"[1-9]\d*", count):
        raise Problem(f"'{count}' is no number of sessions: write one from 1 on, such as 10")
    number = int(count)
    known = lock.executable(pairing.load_all())
    names = [name for name, target in known.items() if name != target.pairing.name]
    first = (day or datetime.datetime.now(datetime.UTC).date()).toordinal() * number % len(names)
    turned = names[first:] + names[:first]
    return turned[:number], turned[number:]


def start(
    target: Target,
    names: Iterable[str],
    installer: str | None,
    jobs: int,
    timeout: float,
    say: Callable[[str], object],
) -> dict[str, Future[Run]]:
    """Make the environment of a target, then run scripts in it, `jobs` at a time.

    Where there is no interpreter, or the lock cannot be installed, that is every script's outcome.
    `say` is told what had to be mended in the environment. Raises Problem for a lock that is not
    its pairing's, or holds what a lock must not.
    """
    base = lock.read(target.base) if target != target.base else None
    if problems := lock.check_lock(target, lock.read(target), base):
        raise Problem("\n".join(problems))
    futures: dict[str, Future[Run]] = {}
    paths = scripts() | {"smoke": SMOKE}
    try:
        python = environment.ensure(
            folder(target), target.python, lock.path(target), installer, say
        )
    except environment.NoInterpreter as problem:
        failed = Run(Outcome(Kind.NO_INTERPRETER, message=str(problem)))
    except environment.CouldNotInstall as problem:
        failed = Run(Outcome(Kind.COULD_NOT_INSTALL, message=str(problem)))
    else:
        cache = bytecode(target)
        for old in set(cache.parent.glob("*")) - {cache}:
            shutil.rmtree(old, ignore_errors=True)
        pool = ThreadPoolExecutor(jobs)
        # The longest first, so that no core is left with it at the end.
        for place, name in enumerate(sorted(names, key=lambda name: name != "smoke")):
            if place == 1 and jobs > 1 and not cache.exists():
                # Python 3.7 does not make it, and would have its own compiled each time.
                cache.mkdir(parents=True)
                pool.submit(_compile, target, python)
            futures[name] = pool.submit(
                run, paths[name], python, target.pairing.env, timeout, bytecode=cache
            )
        pool.shutdown(wait=False)
        return futures
    for name in names:
        futures[name] = Future()
        futures[name].set_result(failed)
    return futures


def _compile(target: Target, python: Path) -> None:
    """Compile what the first script will import, from the other end, while it imports it.

    Two scripts at once would compile the same files at the same time. Nothing depends on this:
    what is not compiled when a script needs it, the script compiles.
    """
    files = [
        str(file)
        for site in environment.site_packages(folder(target))
        for package in _COMPILED
        for file in sorted((site / package).rglob("*.py"), reverse=True)
    ]
    options = ["-I", "-X", f"pycache_prefix={bytecode(target)}", "-m", "compileall", "-qq"]
    subprocess.run([python, *options, "-i", "-"], input="\n".join(files), text=True)


def run(
    script: Path,
    python: Path,
    env: Mapping[str, str],
    timeout: float = TIMEOUT,
    args: Sequence[str] = (),
    bytecode: Path | None = None,
) -> Run:
    """Run a script in a fresh, isolated interpreter, in an empty folder that is also its home.

    With `bytecode`, that folder holds the bytecode of what is imported, instead of the environment;
    Python 3.7 does not know how.
    """
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        environ = {name: os.environ[name] for name in _ENVIRON if name in os.environ}
        options = []
        if bytecode:
            # What the script starts may read the variable; the script itself is isolated from it.
            environ["PYTHONPYCACHEPREFIX"] = str(bytecode)
            options = ["-X", f"pycache_prefix={bytecode}"]
        process = subprocess.Popen(
            [python, "-I", *options, script, *args],
            cwd=home,
            env=environ | {"HOME": home, "USERPROFILE": home} | dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        late = threading.Event()

        def end_late() -> None:
            late.set()
            _end(process, home)

        # With a timeout of its own, `wait` would look only twenty times a second.
        timer = threading.Timer(timeout, end_late)
        timer.start()
        try:
            outcome = classify(process.wait(), err)
            timer.cancel()
            if late.is_set():
                outcome = Outcome(Kind.TIMES_OUT, message=f"after {timeout:g} seconds")
            elif (left := _outlive(home)) and outcome.kind in (Kind.WORKS, Kind.FAILS):
                what = f"still running {_GRACE:g} seconds after its end: {left}"
                outcome = Outcome(Kind.LEAVES_A_PROCESS, message=what)
        finally:
            timer.cancel()
            _end(process, home)
        output = _tail(out) + _tail(err)
    return Run(outcome, output, time.monotonic() - began)


def classify(returncode: int, err: IO[bytes]) -> Outcome:
    """The outcome that an exit code and what was written to the standard error amount to."""
    if returncode < 0:
        return Outcome(Kind.CRASHES, message=f"ended by {_signal(-returncode)}")
    # What Python ignores as it ends, it says so of; that is not the script's.
    ignored = r"(?m)^Exception ignored in.*\nTraceback \(most recent call last\):$"
    said = re.sub(ignored, "", _tail(err).replace("\r\n", "\n"))
    _, traceback, after = said.rpartition("Traceback (most recent call last):\n")
    failed = exception(after) if traceback else None
    if returncode == 0:
        return replace(failed, kind=Kind.HIDES_AN_ERROR) if failed else Outcome(Kind.WORKS)
    if failed:
        return failed
    if returncode == 1:
        return Outcome(Kind.FAILS, "SystemExit", "1")
    return Outcome(Kind.CRASHES, message=f"exit code {returncode} without a traceback")


def exception(said: str) -> Outcome | None:
    """The outcome that the end of a traceback names, from its frames on; None if it names none."""
    # The frames are indented; the first line that is not names the exception.
    found = re.search(r"(?m)^([A-Za-z_][\w.]*)(?:: (.*))?$", said)
    return Outcome(Kind.FAILS, found[1], normalise(found[2] or "")) if found else None


def normalise(message: str) -> str:
    """A message without what differs from one machine or run to the next: paths, addresses."""
    path = r"(?:/|[A-Za-z]:[\\/])"
    before = None
    # One replacement may bring forth another: what is normalised must stay as it is.
    while message != before:
        before = message
        message = re.sub(rf"\({path}[^()]*\)", "(<path>)", message)
        message = re.sub(rf"(['\"]){path}[^'\"]*\1", r"\1<path>\1", message)
        message = re.sub(rf"(?<![\w.:/<\\]){path}[^\s'\"()<>]+", "<path>", message)
        message = re.sub(r"\b0x[0-9a-fA-F]+", "0x...", message)
        message = " ".join(message.split())
    return message


def objection(
    target: Target, script: str, expected: Outcome, run_: Run, rules: Rules
) -> str | None:
    """Why the run of a script is not as recorded or as it must be; None if all is well."""
    if run_.outcome != expected:
        return mismatch(target, script, expected, run_)
    return rules.broken(script, run_.outcome)


def mismatch(target: Target, script: str, expected: Outcome | None, run_: Run) -> str:
    """What a person needs to see, and to repeat, a run that did not end as expected."""
    python = environment.interpreter(folder(target)).relative_to(ROOT)
    path = (SMOKE if script == "smoke" else scripts()[script]).relative_to(ROOT)
    found = environment.installed(folder(target))
    versions = [f"{name} {found[name]}" for name in _SHOWN if name in found]
    return "\n".join(
        [
            f"{target.session}: {script}",
            f"  expected     {expected or 'nothing is recorded'}",
            f"  happened     {run_.outcome}",
            f"  repeat       {environment.describe(target.pairing.env)}{python} -I {path}",
            f"  interpreter  Python {target.python}, {python}",
            f"  installed    {', '.join(versions) or 'nothing'}",
            f"  record       nox -s {target.session} -- --bless   (if this is right)",
            "  output       " + "\n               ".join(run_.output.strip().splitlines()[-15:]),
        ]
    )


def read(path: Path) -> dict[str, Any]:
    """A TOML file as it is. Raises Problem."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Problem(
            f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}: "
            f"cannot be read: {error}"
        ) from None


def _toml(text: str) -> str:
    return "'" + text + "'" if "'" not in text else '"' + text.replace('"', '\\"') + '"'


def _end(process: subprocess.Popen[bytes], home: str) -> None:
    """End a script and whatever it started and left behind."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    for number in _alive(home):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(number, signal.SIGKILL)


def _alive(home: str) -> dict[int, str]:
    """Process -> command line of what runs with a home, in whichever session; Linux only."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environ, words = _proc(path)
            until = time.monotonic() + _START
            while not environ and not words and _starts(path) and time.monotonic() < until:
                time.sleep(0.001)
                environ, words = _proc(path)
            if f"HOME={home}".encode() in environ.split(b"\0"):
                found[int(path.name)] = words.replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def _proc(path: Path) -> tuple[bytes, bytes]:
    return (path / "environ").read_bytes(), (path / "cmdline").read_bytes()


def _starts(path: Path) -> bool:
    """Whether a process that shows nothing of itself is on the way from one program to another.

    What has ended shows nothing either, nor does the kernel's own.
    """
    state, parent = (path / "stat").read_text().rpartition(")")[2].split()[:2]
    return state != "Z" and parent not in ("0", "2")


def _outlive(home: str) -> str:
    """What still runs with a home when the grace is over; empty if nothing does."""
    until = time.monotonic() + _GRACE
    while (left := _alive(home)) and time.monotonic() < until:
        time.sleep(0.05)
    return normalise("; ".join(left.values()))


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _tail(stream: IO[bytes]) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _TAIL))
    text = stream.read().decode("utf-8", errors="replace")
    return text if size <= _TAIL else f"[the last {_TAIL} of {size} bytes]\n{text}"
