"""Verify installation: which TensorFlow and which Keras run here, and what interferes.

The document's example 3 ends by importing `tensorflow` and `keras` and printing two
versions. Those say neither where a package came from nor what `tf.keras` is. This script
does, and it names whatever is in the way together with the command that removes it:

    python verify.py

Copy it into a project and run it with the environment's own python (3.7 or later); it
needs nothing installed. It exits with 0 if nothing interferes and with 1 otherwise. With
`--json` a program can read it; with `--no-import` nothing is imported, for where that hangs
or crashes. It also says what an error means that was seen elsewhere, a traceback in a file, its
last line in quotes, or - for standard input:

    python verify.py --explain traceback.txt

Then it exits with 0 if it knows the error, with 1 if not, and with 2 if there is none to read.
"""

import argparse
import ast
import base64
import glob
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import site
import sys
import traceback
from collections import namedtuple
from email.parser import HeaderParser
from functools import lru_cache
from importlib.machinery import PathFinder

MODULES = ("tensorflow", "keras", "tf_keras")
IMPORTED = (".py", ".so", ".pyd")
is_tensorflow = re.compile(r"tensorflow(-(cpu|gpu|intel|macos|cpu-aws|rocm))?$|tf-nightly$").match
is_keras = re.compile(r"(tf-)?keras(-nightly)?$").match
is_variable = re.compile(r"[A-Z_]+=\w+$").match
PYTHON = platform.python_version()
FRESH = "make a fresh environment and install the lock of this pairing in it"
Distribution = namedtuple("Distribution", "name version requires files folder")
Version = namedtuple("Version", "numbers key local")
# What does not hold: a distribution requires a name in these versions; why, if metadata is silent.
Conflict = namedtuple("Conflict", "one name clauses why")
Context = namedtuple("Context", "facts limits tensorflow")


# What Keras writes into a keras.json of its own accord.
DEFAULTS = {
    "backend": "tensorflow",
    "floatx": "float32",
    "epsilon": 1e-07,
    "image_data_format": "channels_last",
}
VARIABLES = ("TF_USE_LEGACY_KERAS", "KERAS_BACKEND", "KERAS_HOME")


class Report:
    """Prints at once: the import of a broken TensorFlow may end the process."""

    def __init__(self, silent=False):
        self.silent = silent
        self.notes = []
        self.problems = []
        self.imports = {}
        self.leaks = set()

    def print(self, *lines):
        if not self.silent:
            print(*lines, sep="\n", flush=True)

    def line(self, label, text):
        self.print(f"  {label:<14} {text}")

    def note(self, what, where="", *fixes):
        """What is worth knowing, and nothing is wrong with it."""
        fixes = [spell(fix) for fix in fixes]
        self.notes.append({"what": what, "where": where, "fixes": fixes})
        self.line("note:", "; ".join(filter(None, (what, where, *fixes))))

    def problem(self, what, where, *fixes):
        fixes = [spell(fix) for fix in fixes]
        self.problems.append({"what": what, "where": str(where), "fixes": fixes})
        self.print(f"  PROBLEM {len(self.problems)}: {what}", f"    where: {where}")
        self.print("    fix:   " + "\n           ".join(fixes))

    def repeat(self, what, where, fix, *more):
        """A problem, unless it is what one with the same fix has led to."""
        if not any(spell(fix) in one["fixes"] for one in self.problems):
            self.problem(what, where, fix, *more)

    def leak(self, name, file, way, *fixes):
        """A module from outside the environment: one problem, however often it is met."""
        if (name, real(parent(file))) not in self.leaks:
            self.leaks.add((name, real(parent(file))))
            self.problem(f"{name} from outside the environment, through {way}", file, *fixes)


def spell(fix):
    """A fix in the words of the installer that this environment has: pip, or else uv."""
    if provided(sys.path, ["pip"]) or not shutil.which("uv"):
        return fix
    fix = fix.replace("python -m pip uninstall -y", "uv pip uninstall -p python")
    fix = fix.replace("python -m pip install", "uv pip install -p python")
    return fix.replace("--force-reinstall", "--reinstall")


# Versions (PEP 440) and environment markers (PEP 508), as far as packages use them.

SUFFIXES = {"dev": -4, "a": -3, "b": -2, "rc": -1, "post": 1}


def parse(text):
    """The numbers of a version, its sort key and its local part."""
    pattern = r"v?(?:(\d+)!)?(\d+(?:\.\d+)*)((?:[-_.]?[a-z]+[-_.]?\d*)*)(?:\+(.*))?$"
    match = re.match(pattern, text.strip().lower())
    if not match:
        raise ValueError(f"not a version: {text!r}")
    epoch, numbers, suffixes, local = match.groups()
    numbers = short = (int(epoch or 0), *map(int, numbers.split(".")))
    while short and not short[-1]:  # 2.12 equals 2.12.0
        short = short[:-1]
    words = re.findall(r"([a-z]+)[-_.]?(\d*)", suffixes)
    # 1.dev0 < 1a1.dev0 < 1a1 < 1b1 < 1rc1 < 1 < 1.post1
    suffixes = [(SUFFIXES[word], int(number or 0)) for word, number in words] + [(0, 0)]
    return Version(numbers, (short, suffixes), local)


def allows(clause, text):
    """Whether a version satisfies one clause such as >=2.12.0; it may be a pre-release."""
    match = re.match(r"\s*(===|~=|==|!=|<=|>=|<|>)\s*([^\s*]+?)(\.\*)?\s*$", clause)
    if not match:
        raise ValueError(f"not a version clause: {clause!r}")
    sign, wanted, star = match.groups()
    if sign == "===":
        return text == wanted
    own, limit = parse(text), parse(wanted)
    stem = limit.numbers[:-1] if sign == "~=" else limit.numbers
    under = (own.numbers + (0,) * len(stem))[: len(stem)] == stem  # as 2.12.1 is under 2.12.*
    if sign in ("==", "!="):
        equal = own.key == limit.key and limit.local in (None, own.local)
        return (under if star else equal) == (sign == "==")
    if sign == "<=":
        return own.key <= limit.key
    if sign in (">=", "~="):
        return own.key >= limit.key and (under or sign == ">=")
    # <2 shuts out 2rc1 as well unless it names a pre-release itself, and >2 shuts out 2.post1.
    (numbers, suffixes), named = limit.key, limit.key[1][:-1]
    if own.key[0] == numbers and own.key[1][: len(named)] == named:
        added = own.key[1][len(named)][0]
        early = any(rank < 0 for rank, _ in suffixes)
        if (sign == ">" and added > 0) or (sign == "<" and added < 0 and not early):
            return False
    return own.key < limit.key if sign == "<" else own.key > limit.key


@lru_cache(maxsize=None)
def allowed(clauses, version):
    """Whether a version satisfies all clauses; what cannot be read is taken to be so."""
    try:
        return all(allows(clause, version) for clause in clauses.split(",") if clause)
    except (LookupError, ValueError):
        return True


def holds(marker, values=None):
    """Whether an environment marker holds, here unless other values are given."""
    values = values or {
        "python_version": "%d.%d" % sys.version_info[:2],
        "python_full_version": platform.python_version(),
        "platform_python_implementation": platform.python_implementation(),
        "implementation_name": sys.implementation.name,
        "platform_system": platform.system(),
        "platform_machine": platform.machine(),
        "sys_platform": sys.platform,
        "os_name": os.name,
        "extra": "",  # none is asked for
    }

    def compare(match):
        sides = (match.group(1), match.group(3))
        left, right = (side[1:-1] if side[0] in "'\"" else values[side] for side in sides)
        sign = match.group(2)
        if "in" in sign:
            return str((left in right) == (sign == "in"))
        if {"python_version", "python_full_version"}.intersection(sides):
            return str(allows(sign + right, left))
        return str((left == right) == {"==": True, "!=": False}[sign])

    side = r"""('[^']*'|"[^"]*"|\b\w+\b)"""
    comparison = side + r"\s*([=!<>~]=?=?|\bnot\s+in\b|\bin\b)\s*" + side
    # What is left is a Python expression of True, False, and, or and parentheses.
    return truth(ast.parse(re.sub(comparison, compare, marker).strip(), mode="eval").body)


def truth(node):
    if isinstance(node, ast.BoolOp):
        results = [truth(value) for value in node.values]
        return all(results) if isinstance(node.op, ast.And) else any(results)
    return ast.literal_eval(node)


# What is installed, read from the metadata: nothing is imported.


def is_given(name):
    """Whether it is what a remedy leaves as it is: TensorFlow, and the Python."""
    return is_tensorflow(name) or name == "python"


def release_of(given, tensorflow):
    """The release of the Python, or of TensorFlow."""
    return PYTHON if given == "python" else tensorflow.version


def in_family(name):
    return is_tensorflow(name) or is_keras(name)


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def read(*path):
    try:
        with open(os.path.join(*path), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def distributions():
    """Every distribution on sys.path, in the order of the search."""
    for folder in dict.fromkeys(real(entry) for entry in sys.path):
        for entry in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if not re.match(r"[^~].*\.(dist|egg)-info$", entry):  # pip leaves ~eras-2.12 behind
                continue
            data = os.path.join(folder, entry)
            text = read(data, "METADATA") or read(data, "PKG-INFO") or read(data)
            headers = HeaderParser().parsestr(text)
            name, version = headers["Name"], headers["Version"]
            if name and version:
                lines = [line.rsplit(",", 2) for line in read(data, "RECORD").splitlines()]
                files = {line[0].strip('"'): line[1] for line in lines if len(line) == 3}
                if entry.endswith(".egg-info"):  # no RECORD there, only the packages' names
                    tops = read(data, "top_level.txt").split()
                    files.update({top + "/__init__.py": "" for top in tops})
                requires = headers.get_all("Requires-Dist", [])
                yield Distribution(normal(name), version.strip(), requires, files, folder)


def requirements(distribution):
    """[(name, version clauses)] of everything that a distribution requires here."""
    return read_requirements(tuple(distribution.requires))


@lru_cache(maxsize=None)
def read_requirements(lines):
    return list(each_requirement(lines))


def each_requirement(lines):
    for line in lines:
        text, _, marker = line.partition(";")
        name, clauses = re.match(r"\s*([\w.-]*)\s*(?:\[.*?\])?(.*)", text).groups()
        try:
            if marker.strip() and not holds(marker):
                continue
        except (AttributeError, KeyError, SyntaxError, TypeError, ValueError):
            continue  # not a marker as PEP 508 has it, so nothing to hold against anybody
        # A requirement by address, "name @ https://...", has no version to compare.
        yield normal(name), "" if "@" in clauses else re.sub(r"[()\s]", "", clauses)


# Where modules come from.


def real(path):
    return os.path.normcase(os.path.realpath(path))


def parent(file):
    """The folder that is searched to find a module: the one that holds keras.py or keras/."""
    folder = os.path.dirname(os.path.abspath(file))
    return os.path.dirname(folder) if os.path.basename(file).startswith("__init__.") else folder


def inside(file):
    """Whether a file lies in the environment's own site-packages."""
    # An installer may have linked the file to its cache: as it is spelled is good enough.
    spelled = (os.path.normcase(os.path.abspath(file)), real(file))
    for folder in site.getsitepackages([sys.prefix, sys.exec_prefix]):
        # On Windows the prefix itself is among them, and a project may well lie in there.
        if folder.endswith("-packages"):
            starts = (os.path.normcase(folder) + os.sep, real(folder) + os.sep)
            if any(path.startswith(starts) for path in spelled):
                return True
    return False


def provided(path, names=MODULES):
    """{module: file} that a search of these folders finds."""
    specs = {name: PathFinder.find_spec(name, path) for name in names}
    # A folder without __init__.py has no location, and it gives way to any real package.
    return {name: spec.origin for name, spec in specs.items() if spec and spec.has_location}


def folders_in_front():
    """The folders searched before the environment's: (folder, whether in this run, way, fix)."""
    safe = sys.flags.isolated or getattr(sys.flags, "safe_path", False)
    move = "rename it or move it away, or run `python -I`"
    here = os.path.dirname(os.path.realpath(__file__))
    yield here, not safe, "the folder of this script", move
    if not sys.flags.ignore_environment and os.environ.get("PYTHONPATH"):
        for folder in os.environ["PYTHONPATH"].split(os.pathsep):
            yield folder or ".", True, "PYTHONPATH", "unset PYTHONPATH, or run `python -E`"
    if real(".") != real(here):
        yield ".", not safe, "the working directory (for `python -c`, `-m` and the prompt)", move


def system_site_packages():
    config = read(sys.prefix, "pyvenv.cfg")
    return bool(re.search(r"(?im)^include-system-site-packages\s*=\s*true\s*$", config))


def path_files():
    """(file, line) of every .pth file that is read at startup."""
    for entry in filter(os.path.isdir, sys.path):
        for pth in sorted(f for f in os.listdir(entry) if f.endswith(".pth")):
            for line in filter(str.strip, read(entry, pth).splitlines()):
                yield os.path.join(entry, pth), line.strip()


def startup_files():
    """The files with code that runs at startup; those of well-known packages are harmless."""
    custom = (sys.modules.get(name) for name in ("sitecustomize", "usercustomize"))
    code = [getattr(module, "__file__", None) for module in custom]
    for pth, line in path_files():
        known = re.match(r"distutils-|_virtualenv|.*-nspkg", os.path.basename(pth))
        if line.startswith(("import ", "import\t")) and not known:
            code.append(pth)
    return list(dict.fromkeys(filter(None, code)))


def way_and_fix(folder):
    """How a folder that nothing in front explains came to be used."""
    for pth, line in path_files():
        if (
            not line.startswith("import")
            and real(os.path.join(os.path.dirname(pth), line)) == folder
        ):
            return f"a path in {os.path.basename(pth)}", f"delete the line {line} of {pth}"
    if system_site_packages() and folder.startswith(real(sys.base_prefix) + os.sep):
        config = os.path.join(sys.prefix, "pyvenv.cfg")
        return "system-site-packages", f"set include-system-site-packages = false in {config}"
    code = ", ".join(startup_files())
    fix = f"take it out of {code}" if code else FRESH
    return "code run at startup (an import hook, a change of sys.path)", fix


def check_origin(report, name, file, required):
    """Whether a module that nothing in front has explained is the environment's own."""
    if file and not inside(file):
        way, fix = way_and_fix(real(parent(file)))
        report.leak(name, file, way, fix, *instead(name, required))


def instead(name, required):
    """How to get what the environment lacks once a module from outside it is gone."""
    if not provided([entry for entry in sys.path if inside(os.path.join(entry, name))], [name]):
        package = name.replace("_", "-")
        for one in (package, package + "-nightly"):
            if one in required:
                yield f'python -m pip install "{one}{required[one]}"'


def check_search_path(report, required):
    """What would be imported from outside the environment."""
    if os.environ.get("PYTHONPATH"):
        state = "ignored in this run" if sys.flags.ignore_environment else "searched first"
        report.note(f"PYTHONPATH ({state}) is {os.environ['PYTHONPATH']}")
    for folder, now, way, fix in folders_in_front():
        for name, file in provided([os.path.abspath(folder)], MODULES + ("numpy",)).items():
            if now and not inside(file):
                report.leak(name, file, way, fix, *instead(name, required))
            elif not inside(file):
                report.note(f"without -I or -P, {name} may come from {file}")
    if site.ENABLE_USER_SITE:
        fix = "set PYTHONNOUSERSITE=1, or run `python -s`"
        for name, file in provided([site.getusersitepackages()]).items():
            report.leak(name, file, "the user site", fix, *instead(name, required))
    for name in MODULES:
        try:
            spec = importlib.util.find_spec(name)  # this asks the import hooks as well
        except Exception:
            continue  # a hook is broken, or put a module in place: check_imports will see
        check_origin(report, name, spec.origin if spec and spec.has_location else None, required)


# What does not go together.


def needed_by_family(installed):
    """The names of TensorFlow and Keras, and of all that they need, however far down."""
    names = []
    found = [name for name in installed if in_family(name)]
    while found:
        names += found
        needed = {name for one in found for name, _ in requirements(installed[one])}
        found = [name for name in needed if name in installed and name not in names]
    return names


def required_of(installed):
    """(distribution, name, clauses) of what TensorFlow and Keras need, and who a Keras."""
    needed = needed_by_family(installed)
    for one in sorted(installed.values(), key=lambda one: not in_family(one.name)):
        for name, clauses in requirements(one):
            # Where Keras asks for `tensorflow`, any variant of it will do.
            own = one.name in needed and not (is_keras(one.name) and is_tensorflow(name))
            if own or is_keras(name):
                yield one, name, clauses


def split(requirement):
    """The name and the clauses of a requirement of the tables."""
    name, clauses = re.match(r"([\w.-]+)(.*)", requirement).groups()
    return normal(name), clauses


def join(*clauses):
    """Clauses as one text, each once."""
    return ",".join(dict.fromkeys(filter(None, ",".join(clauses).split(","))))


def go_together(clauses, others):
    """Whether some version satisfies both, judged by the versions that they name."""
    named = re.findall(r"\d[\w.]*\w|\d", join(clauses, others))
    tried = ["0", *named, *(one + ".1" for one in named if one.replace(".", "").isdigit())]
    return any(allowed(clauses, one) and allowed(others, one) for one in tried)


def known(table, installed, tensorflow):
    """(name, clauses, beside, why) of the rows of a table that hold for what is installed."""
    for span, requirement, beside, why in table:
        other, limit = split(beside) if beside else ("", "")
        there = not beside or (other in installed and allowed(limit, installed[other].version))
        if tensorflow and allowed(span, tensorflow.version) and there:
            yield (*split(requirement), beside, why)


def caps_of(installed, tensorflow, limits, lost):
    """(name, clauses) of the caps that will hold once the limits do: now, or beside what comes."""
    for span, requirement, beside, _ in CAPS:
        other, limit = split(beside) if beside else ("", "")
        found = installed.get(other)
        if beside and found and allowed(limits.get(other, ""), found.version):
            there = allowed(limit, found.version)
        else:  # it is not there, or it moves
            there = not beside or (other in limits and go_together(limits[other], limit))
        name, clauses = split(requirement)
        if tensorflow and allowed(span, tensorflow.version) and there and name not in lost:
            yield name, clauses


def given_up(installed, tensorflow):
    """{name: (clauses, what was seen)} of what TensorFlow requires, does not get, and can miss."""
    lost = {}
    for name, clauses, _, seen in known(HARMLESS, installed, tensorflow):
        others = [
            theirs
            for one in installed.values()
            for other, theirs in requirements(one)
            if other == name and not in_family(one.name)
        ]
        found = installed.get(name)
        broken = found and not allowed(clauses, found.version)
        if broken or not all(go_together(clauses, theirs) for theirs in others):
            lost[name] = (clauses, seen)
    return lost


def limits_of(installed, tensorflow, lost):
    """{name: clauses} within which TensorFlow and Keras work: their metadata, and the tables."""
    limits = {}
    if tensorflow:
        minor = parse(tensorflow.version).numbers[1:3]
        if minor >= (2, 15):
            limits["tf-keras"] = "==%d.%d.*" % minor
        if minor < (2, 5):  # those of later ones say which Keras they need
            pins = [one[3] for one in PAIRINGS if parse(one[1]).numbers[1:3] == minor]
            limits.update(split(pin) for pin in pins)
    for one in sorted(installed.values(), key=lambda one: one is not tensorflow):
        for name, clauses in requirements(one) if in_family(one.name) else ():
            if is_tensorflow(name) or (one is tensorflow and name in lost):
                continue
            if go_together(limits.get(name, ""), clauses):
                limits[name] = join(limits.get(name, ""), clauses)
    for name, clauses in list(caps_of(installed, tensorflow, limits, lost)):
        limits[name] = join(limits.get(name, ""), clauses)
    return limits


def conflicts_of(installed, tensorflow, lost, leaking):
    """(conflict, whether it touches TensorFlow or Keras) of all that does not hold."""
    needed = set(needed_by_family(installed))
    told = set()

    def missed(name, clauses):
        found = installed.get(name)
        if not found and name == "keras" and "keras-nightly" in installed:
            return False  # a keras beside it would overwrite it
        return not found or not (allowed(clauses, found.version) or found.folder in leaking)

    order = [lambda one: not in_family(one.name), lambda one: one is not tensorflow]
    for one in sorted(installed.values(), key=lambda one: [test(one) for test in order]):
        for name, clauses in requirements(one):
            if is_tensorflow(name) and one is not tensorflow and name != one.name and tensorflow:
                # Any variant of it will do; check_legacy_keras tells of a Keras for another.
                if is_keras(one.name) or allowed(clauses, tensorflow.version):
                    continue
            elif not missed(name, clauses) or (one is tensorflow and name in lost):
                continue
            near = one.name in needed or is_keras(name) or (name in installed and name in needed)
            told.add((one.name, name))
            yield Conflict(one, name, clauses, ""), near
    for name, clauses, _, why in known(CAPS, installed, tensorflow):
        if name in installed and missed(name, clauses):
            yield Conflict(tensorflow, name, clauses, why), True
    for one, releases, name, clauses, why in companions_of(installed, tensorflow):
        if (one.name, name) in told or (name == "tf-keras" and name in installed):
            continue  # told above, or by check_legacy_keras if it is for another TensorFlow
        if is_given(name):
            if not admitted(name, clauses, tensorflow, {}):
                yield Conflict(one, name, clauses, why), True
        elif missed(name, clauses) and (name in installed or (releases and one is not tensorflow)):
            yield Conflict(one, name, clauses, why), True


def companions_of(installed, tensorflow):
    """(distribution, its releases, name, clauses, why) of the table's rows that hold here."""
    for package, releases, span, requirement, why, _ in COMPANIONS:
        one = tensorflow if package == "tensorflow" else installed.get(package)
        fits = one and tensorflow and allowed(releases, one.version)
        if fits and allowed(span, tensorflow.version) and not is_variable(requirement):
            yield (one, releases, *split(requirement), why)


def describe(conflict, installed, tensorflow):
    """A conflict in words."""
    one, name, clauses, why = conflict
    given = is_given(name) and one is not tensorflow
    found = installed.get(name)
    here = release_of(name, tensorflow) if given else found and found.version
    has = f"but {here} is installed" if here else "which is missing"
    verb = "goes only with" if why and one is tensorflow else "requires"
    return f"{one.name} {one.version} {verb} {name}{clauses}, {has}" + (f": {why}" if why else "")


def admitted(name, clauses, tensorflow, limits):
    """Whether what a package needs can be had beside this TensorFlow, on this Python."""
    if is_given(name):
        return allowed(clauses, release_of(name, tensorflow))
    return go_together(limits.get(name, ""), clauses)


class Remedy:
    """What pip or uv is told to solve together, so that it mends and breaks nothing else.

    `named` is {name: clauses} beside TensorFlow, and `moved` the distributions that nothing but
    their user asked for and that another release must take the place of. What is `gone` came with
    what moves, and no release of it goes with this TensorFlow.
    """

    def __init__(self, conflicts, installed, tensorflow, lost, limits, gone=()):
        self.installed, self.tensorflow, self.limits = installed, tensorflow, limits
        self.gone = gone
        self.rows = list(companions_of(installed, tensorflow))
        self.needed = set(needed_by_family(installed))
        self.whole = bool(tensorflow) and not lost  # else its metadata would rule out what is right
        self.named, self.moved = {}, []
        for name, clauses in caps_of(installed, tensorflow, limits, lost):
            self.named[name] = join(limits[name], clauses)
        todo = [self.mover(conflict) for conflict in conflicts if conflict.one.name not in gone]
        done = set()
        while todo:
            name = todo.pop(0)
            if name not in done:
                done.add(name)
                self.named.setdefault(name, limits.get(name, ""))
                todo += self.dragged(name)
        # What no metadata would keep together; that of every release says so itself.
        for one, releases, name, clauses, _ in self.rows:
            both = one.name in self.named and name in self.named
            if both and releases and self.admits(name, clauses):
                self.named[name] = join(self.named[name], clauses)

    def mover(self, conflict):
        """The name whose release must change; its clauses are noted."""
        one, name, clauses, why = conflict
        limit = self.limits.get(name, "")
        if not is_given(name) and (one is self.tensorflow or go_together(limit, clauses)):
            stranger = one.name not in self.needed
            if stranger and limit and clauses and not why and not self.brings_another(one):
                self.named.setdefault(one.name, "")
                clauses = ""
            self.named[name] = join(self.named.get(name, ""), limit, clauses)
            return name
        self.move(one)
        return one.name

    def move(self, one):
        if one not in self.moved and one.name not in {*self.needed, *self.gone}:
            self.moved.append(one)
            # By its metadata alone, a release could come that does not work here.
            floors = [
                releases[2:]
                for other, releases, name, clauses, _ in self.rows
                if other is one and releases.startswith(">=") and not self.admits(name, clauses)
            ]
            if floors:
                self.named[one.name] = "<" + min(floors, key=lambda floor: parse(floor).key)

    def admits(self, name, clauses):
        """Whether what a package needs can be had beside this TensorFlow."""
        return admitted(name, clauses, self.tensorflow, self.limits)

    def dragged(self, name):
        """The names that change along with this one; those that only must hold are noted."""
        limit = self.named[name]
        for one, releases, wanted, clauses, _ in self.rows:
            if wanted == name and releases.startswith(">=") and not self.admits(name, clauses):
                self.move(one)
                yield one.name
        for package, releases, span, requirement, _, _ in COMPANIONS:
            older = package == name and releases.startswith("<") and limit.startswith("<")
            if older and go_together(limit, releases) and allowed(span, self.tensorflow.version):
                wanted, clauses = split(requirement)  # by the release that takes its place
                if wanted in self.installed:
                    limits = self.named.get(wanted, self.limits.get(wanted, ""))
                    self.named[wanted] = join(limits, clauses)
                    yield wanted
        for one in self.installed.values():
            if one.name in self.gone:
                continue
            for other, theirs in requirements(one):
                if other != name or not theirs or in_family(one.name) or self.brings_another(one):
                    continue
                if limit and not go_together(limit, theirs):
                    self.move(one)
                    yield one.name
                elif (not limit or re.search("[<=~!]=?", theirs.replace(">=", ""))) and not (
                    self.whole and one.name in self.needed
                ):
                    self.named.setdefault(one.name, "")

    def brings_another(self, one):
        """Whether installing it would bring a second TensorFlow: it names another variant."""
        return any(is_tensorflow(n) and n not in self.installed for n, _ in requirements(one))

    def command(self):
        parts = []
        if self.whole:
            parts.append('"%s==%s"' % self.tensorflow[:2])
        for name, clauses in self.named.items():
            if not is_tensorflow(name):
                parts.append(quote(name, clauses))
        return " ".join(["python -m pip install", *parts])


def pairing_for(needs, tensorflow):
    """The nearest pairing whose lock pins what all of this is satisfied with, in words."""
    if not tensorflow:
        return ""
    own = parse(tensorflow.version).numbers[1:3]
    minors = [parse(one[1]).numbers[1:3] for one in PAIRINGS]
    place = sum(minor < own for minor in minors)
    python = "%d.%d" % sys.version_info[:2]
    fitting = []
    for number, (name, release, pythons, _, pins) in enumerate(PAIRINGS):
        pinned = dict(pin.split("==") for pin in pins.split() + ["tensorflow==" + release])
        if all(one in pinned and allowed(clauses, pinned[one]) for one, clauses in needs):
            on = "" if python in pythons.split() else f", on Python {pythons.split()[0]}"
            words = f"the pairing {name} (TensorFlow {release}{on})"
            fitting.append((abs(number - place), number, words))
    return min(fitting)[2] if fitting else ""


def stuck_in(installed, tensorflow, limits):
    """[(distribution, its releases, name, clauses, why)] of which no other release goes here."""
    final = {(row[0], row[1], row[4]): row[5] for row in COMPANIONS if row[5]}
    return [
        (one, releases, name, clauses, f"{why}, and {final[one.name, releases, why]}")
        for one, releases, name, clauses, why in companions_of(installed, tensorflow)
        if (one.name, releases, why) in final and not admitted(name, clauses, tensorflow, limits)
    ]


def goes(one, limits):
    """Whether another release must take the place of this one, as TensorFlow has these limits."""
    return not allowed(limits.get(one.name, ""), one.version) or any(
        not go_together(limits.get(name, ""), clauses) for name, clauses in requirements(one)
    )


def check_requirements(report, installed, tensorflow):
    """Whether all that is required holds together; and the one command that makes it so."""
    leaking = {folder for _, folder in report.leaks}  # reported, with their own fix
    lost = given_up(installed, tensorflow)
    for name, (clauses, seen) in lost.items():
        if name in installed and not allowed(clauses, installed[name].version):
            conflict = Conflict(tensorflow, name, clauses, "")
            report.note(f"{describe(conflict, installed, tensorflow)}: harmless: {seen}")
    limits = limits_of(installed, tensorflow, lost)
    near, far = [], []
    for conflict, touches in conflicts_of(installed, tensorflow, lost, leaking):
        (near if touches else far).append(conflict)
    stuck = stuck_in(installed, tensorflow, limits)
    final = [row[0] for row in stuck if not row[1]]  # no release of these, whichever, can stay
    gone, said = [], []
    for one, releases, name, clauses, why in stuck:
        own = is_given(name)
        same = [c for c in near if c.name == name and (c.one is one or not own)]
        if not releases:
            users = [user for user in installed.values() if one.name in dict(requirements(user))]
            gone.append(one.name)
            if not users or not all(user in final or goes(user, limits) for user in users):
                said.append((one, name, clauses, why))
        elif same:
            near = [conflict for conflict in near if conflict not in same]
            check_stuck(report, installed, tensorflow, limits, (one, name, clauses, why))
            # What is told next must leave it as it is, or it would break what stays.
            lost = lost if own else dict(lost, **{name: (clauses, why)})
    limits = limits_of(installed, tensorflow, lost)
    if near:
        seen, lines, choice = set(), [], []
        for row in said:
            words, place = describe_stuck(installed, tensorflow, limits, row)
            place = "take two environments" if said[1:] else place
            lines.append(words)
            choice = [f"{place}, or do without {' and '.join(row[0].name for row in said)}:"]
        for conflict in near:
            if conflict.one.name in gone or conflict.name in [row[1] for row in said]:
                continue
            found = conflict.name in installed and not is_given(conflict.name)
            key = conflict.name + (conflict.clauses if found else "")
            if is_given(conflict.name) and conflict.one is not tensorflow:
                key = conflict.one.name  # of several bounds, the first is the highest
            if key not in seen:
                seen.add(key)
                lines.append(describe(conflict, installed, tensorflow))
        remedy = Remedy(near, installed, tensorflow, lost, limits, gone)
        found = installed.get(near[0].name)
        where = found.folder if found else near[0].one.folder
        in_front = {real(folder): fix for folder, now, _, fix in folders_in_front() if now}
        if where in in_front and found:
            report.repeat("; ".join(lines), where, in_front[where])
        else:
            if gone:  # before the other, so that what that one still needs comes back
                choice.append(f"python -m pip uninstall -y {' '.join(gone)}")
            report.repeat("; ".join(lines), where, *choice, remedy.command(), *keep(remedy))
    if far:
        more = f", and {len(far) - 1} more such" if far[1:] else ""
        first = describe(far[0], installed, tensorflow)
        report.note(f"beside TensorFlow and Keras, {first}{more}: see `pip check`")


def keep(remedy):
    """What to do instead, for who needs the releases that the remedy changes."""
    if remedy.moved:
        needs = [
            (name, clauses)
            for one in remedy.moved
            for name, clauses in requirements(one)
            if name in remedy.limits and not go_together(remedy.limits[name], clauses)
        ]
        needs += [("tensorflow", row[3]) for row in remedy.rows if is_tensorflow(row[2])]
        names = ", ".join(f"{one.name} {one.version}" for one in remedy.moved)
        place = pairing_for(needs, remedy.tensorflow) if needs else ""
        place = place and place + ", or "
        yield f"or, to keep {names}, take {place}an environment of its own for it"


def describe_stuck(installed, tensorflow, limits, stuck):
    """Two that cannot be in one environment, in words; and where both can be."""
    one, name, clauses, why = stuck
    caps = [row for row in known(CAPS, installed, tensorflow) if row[0] == name]
    reason = f" ({caps[0][3]})" if caps else ""
    if is_given(name):
        own = tensorflow.name if is_tensorflow(name) else name
        what = f"{own} {release_of(name, tensorflow)} is installed, "
    else:
        what = f"{tensorflow.name} {tensorflow.version} goes only with "
        what += f"{name}{limits[name]}{reason}, "
    what += f"and {one.name} {one.version} only with {name}{clauses} ({why}): "
    what += "they cannot both be satisfied in one environment"
    own = [theirs for other, theirs in requirements(one) if other == name] or [clauses]
    place = pairing_for([(name, own[0])], tensorflow)
    return what, f"take {place + ', or ' if place else ''}two environments"


def check_stuck(report, installed, tensorflow, limits, stuck):
    """Two that cannot be in one environment, and what there is to choose from."""
    one, name = stuck[:2]
    what, place = describe_stuck(installed, tensorflow, limits, stuck)
    fixes = []
    caps = [row for row in known(CAPS, installed, tensorflow) if row[0] == name]
    for _, _, beside, _ in caps:
        other, limit = split(beside) if beside else ("", "")
        for missed, _, _, _ in known(HARMLESS, installed, tensorflow):
            if missed == other and re.match(r"<[\w.]+$", limit):
                # pip says then that TensorFlow requires another; what was seen is that it works.
                fixes.append(f'python -m pip install --no-deps "{other}>={limit[1:]}"')
    report.problem(what, one.folder, *fixes, f"or {place}" if fixes else place)


def check_variables(report, installed, tensorflow):
    """Variables that must be set for what is installed beside this TensorFlow."""
    for package, releases, span, requirement, why, _ in COMPANIONS:
        one = installed.get(package)
        if not (one and is_variable(requirement) and allowed(releases, one.version)):
            continue
        name, value = requirement.split("=")
        if allowed(span, tensorflow.version) and os.environ.get(name) not in (
            value,
            "true",
            "True",
        ):
            what = f"{one.name} {one.version} requires {requirement} beside {tensorflow.name} "
            what += f"{tensorflow.version}: {why}"
            report.problem(what, one.folder, f"set {requirement}")


def check_tensorboard(report, installed, tensorflow):
    """TensorFlow up to 2.20 brings the command tensorboard too, and takes it away as it goes."""
    tensorboard = installed.get("tensorboard")
    if not (tensorboard and tensorflow):
        return
    commands = [
        file for file in tensorboard.files if re.match(r"\.\./.*/tensorboard(\.exe)?$", file)
    ]
    if all(os.path.exists(os.path.join(tensorboard.folder, file)) for file in commands):
        return
    limits = limits_of(installed, tensorflow, given_up(installed, tensorflow))
    minor = parse(tensorflow.version).numbers[1:3]
    fix = reinstall(tensorboard)
    if not limits.get("tensorboard") and parse(tensorboard.version).numbers[1:3] < min(
        minor, (2, 20)
    ):
        minor = min(minor, (2, 20))  # the last that has a release for every Python of TensorFlow's
        fix = 'python -m pip install "%s==%s"' % tensorflow[:2] + ' "tensorboard>=%d.%d"' % minor
    what = f"tensorboard {tensorboard.version} has lost its command, as another TensorFlow came"
    report.repeat(what, tensorboard.folder, fix)


def owners_of(module, everything):
    """The distributions with a package in them, of the folder that is searched first."""
    owners = [one for one in everything if module + "/__init__.py" in one.files]
    return [one for one in owners if one.folder == owners[0].folder]


def check_owners(report, everything, required):
    """Two distributions with the same package in them: one has overwritten the other."""
    for module in MODULES:
        owners = owners_of(module, everything)
        if len(owners) > 1:
            names = dict.fromkeys(one.name for one in owners)
            wanted = [name + required[name] for name in names if name in required]
            keep = wanted[0] if wanted else "==".join(owners[0][:2])
            report.problem(
                " and ".join(" ".join(one[:2]) for one in owners) + f" both own {module}/",
                os.path.join(owners[0].folder, module),
                f"python -m pip uninstall -y {' '.join(names)}",
                f'python -m pip install --force-reinstall --no-deps "{keep}"',
            )


def reinstall(distribution):
    pin = "==".join(distribution[:2])
    return f'python -m pip install --force-reinstall --no-deps "{pin}"'


def check_files(report, everything):
    """Whether the files are those that were installed: all there, of Keras unchanged, no others."""
    for module in MODULES:
        owners = owners_of(module, everything)
        if len(owners) != 1 or not any(owners[0].files.values()):
            continue  # two are a problem of their own; an .egg-info tells of no files
        owner, folder = owners[0], os.path.join(owners[0].folder, module)
        recorded = {
            os.path.join(owner.folder, *file.split("/")): digest
            for file, digest in owner.files.items()
            if not file.startswith("..")  # a script of another folder
        }
        # What cannot be imported is left out of slim images: headers, data, bytecode.
        missing = [f for f in recorded if f.endswith(IMPORTED) and not os.path.exists(f)]
        changed, surplus = [], []
        if is_keras(owner.name):
            changed = [file for file, digest in recorded.items() if not unchanged(file, digest)]
            surplus = [file for file in modules_in(folder) if file not in recorded]
        wrong = {"changed": changed, "missing": missing, "left over": surplus}
        files = sorted(changed + missing + surplus)
        if files:
            counts = ", ".join(f"{len(some)} {how}" for how, some in wrong.items() if some)
            what = f"{owner.name} {owner.version} is not as it was installed, its files: {counts}"
            more = f" and {len(files) - 1} more" if files[1:] else ""
            fixes = [reinstall(owner)]
            if surplus:  # pip removes only what it has installed
                fixes = [f"python -m pip uninstall -y {owner.name}", f"delete {folder}", *fixes]
            report.problem(what, files[0] + more, *fixes)


def unchanged(file, digest):
    """Whether a file has the hash of a RECORD; one without a hash has none to differ from."""
    kind, _, value = digest.partition("=")
    if kind != "sha256" or not os.path.exists(file):
        return True
    with open(file, "rb") as stream:
        found = hashlib.sha256(stream.read()).digest()
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode() == value


def modules_in(folder):
    """The files in a package that could be imported."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            if name.endswith((*IMPORTED, ".pyc")):
                yield os.path.join(place, name)


def variable(name):
    """(where a variable is set, how to undo that): in code that runs at startup, or outside."""
    for file in startup_files():
        if name in read(file):
            return file, f"take {name} out of {file}"
    return "the environment variables", f"unset {name}"


def check_legacy_keras(report, installed, tensorflow):
    """TF_USE_LEGACY_KERAS makes `tf.keras` the tf_keras package, from TensorFlow 2.15 on."""
    value = os.environ.get("TF_USE_LEGACY_KERAS")
    tf_keras = installed.get("tf-keras") or installed.get("tf-keras-nightly")
    minor = parse(tensorflow.version).numbers[1:3]
    fix = 'python -m pip install "tf-keras==%d.%d.*"' % minor
    where, undo = variable("TF_USE_LEGACY_KERAS")
    if value is None:
        pass
    elif minor < (2, 15) or value in ("", "0", "false", "False"):
        what = f"TF_USE_LEGACY_KERAS={value} does nothing in {tensorflow.version}"
        report.note(what, where, undo)
    elif value not in ("1", "true", "True"):
        what = f"TF_USE_LEGACY_KERAS={value} does nothing: only 1, true and True do"
        report.problem(what, where, f"{undo}, or set TF_USE_LEGACY_KERAS=1")
    elif not tf_keras:
        what = f"TF_USE_LEGACY_KERAS={value}, but tf-keras is not installed"
        report.problem(what, where, f"{fix}, or {undo}")
    elif "keras" in installed:
        what = f"tf.keras is tf-keras {tf_keras.version}, and keras is another, "
        what += f"{installed['keras'].version}: import from one of them only"
        report.note(what, where, undo)
    if tf_keras and parse(tf_keras.version).numbers[1:3] != minor:
        what = f"tf-keras {tf_keras.version} is not made for TensorFlow {tensorflow.version}"
        if minor < (2, 15):
            report.note(what + ", and nothing here imports it", tf_keras.folder)
        else:
            report.problem(what, tf_keras.folder, fix)


def check_settings(report, keras):
    """What KERAS_BACKEND and keras.json tell Keras: Keras 2.4 to 2.15 know no other backend."""
    backends = bool(keras) and not (2, 4) <= parse(keras.version).numbers[1:3] < (3, 0)
    there = provided(
        sys.path, ["tensorflow", "jax", "torch", "numpy", "openvino", "theano", "cntk"]
    )
    value = os.environ.get("KERAS_BACKEND")
    where, undo = variable("KERAS_BACKEND")
    if value and not backends:
        report.note(f"KERAS_BACKEND={value} does nothing in this Keras", where, undo)
    elif value and value not in there:
        report.problem(f"KERAS_BACKEND={value}, but {value} is not installed", where, undo)
    elif value and value != "tensorflow":
        report.note(f"KERAS_BACKEND={value}: Keras does not run on TensorFlow", where, undo)
    home = os.path.expanduser("~")
    home = os.path.join(home if os.access(home, os.W_OK) else "/tmp", ".keras")
    file = os.path.join(os.environ.get("KERAS_HOME") or home, "keras.json")
    try:
        settings = json.loads(read(file))
    except ValueError:
        return  # none, or one that Keras cannot read either
    for name, default in DEFAULTS.items():
        found = settings.get(name, default) if isinstance(settings, dict) else default
        if found == default or (name == "backend" and (value or not backends)):
            continue
        what = f"keras.json sets {name} to {found}"
        if name == "backend" and found not in there:
            what += f", and {found} is not installed"
        report.problem(what, file, f"set {name} to {default} in {file}")


def check_interpreter(report, tensorflow):
    """Whether python, pip and the active environment are of one environment."""
    active = os.environ.get("VIRTUAL_ENV")
    other = bool(active) and real(active) != real(sys.prefix)
    if not tensorflow:
        found = provided(site_packages(active), ["tensorflow"]) if other else {}
        what, where = "TensorFlow is not installed", sys.prefix
        fix = f"python -m pip install tensorflow, or better: {FRESH}"
        if found:
            what += " here, but in the active environment, which this python is not of"
            name = os.path.join(
                *(["Scripts", "python.exe"] if os.name == "nt" else ["bin", "python"])
            )
            where, fix = sys.executable, f"run {os.path.join(active, name)}"
        report.problem(what, where, fix)
    elif other:
        report.note(f"the active environment is another one, {active}")
    own = os.path.dirname(sys.executable)
    python, pip = (shutil.which(name) or "" for name in ("python", "pip"))
    if pip and real(os.path.dirname(python)) == real(own) != real(os.path.dirname(pip)):
        words = "`python -m pip`" if provided(sys.path, ["pip"]) else "`uv pip -p python`"
        report.note(f"`pip` is of another environment, {pip}: use {words}")


def site_packages(prefix):
    patterns = (("lib", "python*", "site-packages"), ("Lib", "site-packages"))
    return [path for one in patterns for path in glob.glob(os.path.join(prefix, *one))]


# What an error means.

QUOTES = str.maketrans("\u2018\u2019\u201c\u201d\xa0", "''\"\" ")
FOLDERS = (  # of a library that could not be loaded: the package and the file stay
    r"(?<=Error: )/\S*/(?:site|dist)-packages/(?=\S+\.so[\w.]*: undefined symbol)"
    r"|(?<=dlopen\()/[^,()]*/(?=[^/,()]+[,)])"
)
LARGEST = 2**20  # so much of a log is read, from its end
COLOURS = r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
in_front_of_lines = re.compile(
    r"E(?:\s{2,}|\s*$)|>\s?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]?\d*:?\s+(?:\w\s+\S+\.cc:\d+\]\s)?"
).match
in_quotes = re.compile(
    r"""(["`]|\*\*)\s*((?:[a-z]\w*\.)*[A-Z]\w*(?:Error|Exception): .+)\1"""
).search
names_exception = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit)(?:: |:?$)").match


def trim(line):
    """A line without what changes from reader to reader, as the patterns of the table have it."""
    path = r"(?:/|(?:\\\\[?.]\\)?[A-Za-z]:[\\/]|\\\\\w[\w.-]*\\)"
    before, line = None, re.sub(FOLDERS, "", line.translate(QUOTES))
    while line != before:  # one replacement may make room for another
        before = line
        line = re.sub(r"\(%s[^()]*\)" % path, "(<path>)", line)
        line = re.sub(r"(['\"])%s[^'\"]*\1" % path, r"\1<path>\1", line)
        line = re.sub(r"(?<![\w.:/<\\])%s[^\s'\"()<>]+" % path, "<path>", line)
        line = " ".join(re.sub(r"\b0x[0-9a-fA-F]+", "0x...", line).split())
    line = re.sub(r"\.? (?:Did you mean|Maybe you meant): .*$", "", line)
    line = re.sub(r"; '(?!(?:tensorflow|keras)')[\w.]+' is not a package$", "", line)
    return re.sub(r" \((?:<path>|unknown location)\)$", "", line)


def lines_of(text):
    """[line] that may name an error, the last first: as it is, and with the next one."""
    bare = []
    for line in re.sub(COLOURS, "", text[-LARGEST:]).splitlines():
        line = line.strip().strip("|\u2502\u2503 ")
        line = line.strip("`") if line[:1] == line[-1:] == "`" or line.count("`") % 2 else line
        line = line.strip("*") if line[:2] == line[-2:] == "**" else line
        start = in_front_of_lines(line)
        bare.append(line[start.end() :].strip() if start else line)
    for number in reversed(range(len(bare))):
        if len(bare[number]) > 5 and not re.match('File "|at |-+> |~*\\^+~*$', bare[number]):
            yield bare[number]
            quoted = in_quotes(bare[number])
            if quoted:
                yield quoted[2]
            if names_exception(bare[number]) and bare[number + 1 :]:
                yield " ".join(bare[number : number + 2])


def read_errors():
    """The entries of the table: {word: [what follows it]}, and the same for each of its cures."""
    for block in re.split(r"(?m)^\[", ERRORS)[1:]:
        name, _, text = block.partition("]\n")
        entry = facts = {"name": [name], "cures": []}
        for line in text.replace("\n  ", " ").splitlines():
            word, _, rest = line.partition(" ")
            if word == "cure":
                facts = {}
                entry["cures"].append(facts)
            facts.setdefault(word, []).append(rest)
        yield entry


def compare(clauses, facts):
    """Whether each "tensorflow >=2.16" holds of which something is known."""
    pairs = [one.split(" ", 1) for one in clauses]
    return [allowed(limit, facts[name]) for name, limit in pairs if name in facts]


def errors_in(text, facts):
    """[(entry, line, parts)] of the errors in a text that the table knows, the last first."""
    found, seen = [], set()
    entries = list(read_errors())
    one = len(text.strip().splitlines()) == 1
    for line in map(trim, lines_of(text)):
        fitting = []
        for entry in entries:
            matches = [re.match(f"(?:{pattern})$", line) for pattern in entry["line"]]
            match = next(filter(None, matches), None)
            if match and entry["name"][0] not in seen:
                said = compare(entry.get("when", ()), facts)
                above = [re.search(one, text) for one in entry.get("needs", ())]
                if False in said or None in above:
                    continue
                if "above" in entry and not one:
                    said.append(bool(re.search(entry["above"][0], text)))
                parts = dict(part.split(" ", 1) for part in entry.get("part", ()))
                parts.update((key, word) for key, word in match.groupdict().items() if word)
                fitting.append((all(said) if said else None, entry, parts))
        # What cannot be gives way; and where nothing is known, what asks for nothing is likelier.
        fitting = [each for each in fitting if each[0] is not False] or fitting
        fitting.sort(key=lambda one: ((True, None, False).index(one[0]), "when" in one[1]))
        for _, entry, parts in fitting:
            seen.add(entry["name"][0])
            found.append((entry, line, parts))
    return found


def context_of(installed, tensorflow, keras):
    """What is known of this environment, for the words and the commands of a cure."""
    facts = {"python": platform.python_version()}
    if keras:
        facts["keras"] = keras.version
    if tensorflow:
        minor = "%d.%d" % parse(tensorflow.version).numbers[1:3]
        facts.update(tensorflow=tensorflow.version, minor=minor)
    limits = limits_of(installed, tensorflow, given_up(installed, tensorflow))
    for name, *_ in known(HARMLESS, installed, tensorflow):
        limits.pop(name, None)  # a cure may go beyond what TensorFlow can miss
    return Context(facts, limits, tensorflow)


def fill(text, words):
    """A text with what is known in place of {name}."""
    unknown = {"minor": "<minor of your TensorFlow>"}
    unknown.update((name, f"<your {name}>") for name in ("tensorflow", "keras", "python"))
    words = {**unknown, **words}
    return re.sub(r"\{(\w+)\}", lambda match: words.get(match.group(1), match.group(0)), text)


def commands_for(cure, words, context):
    """The commands that carry out a cure; None if what it installs does not fit TensorFlow here."""
    commands, parts = [], []
    if "uninstall" in cure:
        names = " ".join(fill(one, words) for one in cure["uninstall"])
        commands.append(f"python -m pip uninstall -y {names}")
    for wanted in cure.get("install", ()):
        one = fill(wanted, words)
        if one.startswith("-"):
            parts.append(one)
            continue
        name, clauses = split(one)
        limit = "" if "--no-deps" in parts else context.limits.get(name, "")
        if is_tensorflow(name) and context.tensorflow:
            parts.insert(0, '"%s==%s"' % context.tensorflow[:2])
        elif "{tensorflow}" in wanted:
            continue  # there is none to keep
        elif not go_together(limit, clauses):
            return None
        else:
            parts.append(quote(name, tighter(limit, clauses)))
    if parts:
        commands.append(" ".join(["python -m pip install", *parts]))
    return commands + [f"set {one}" for one in cure.get("set", ())]


def quote(name, clauses):
    return f'"{name}{clauses}"' if clauses else name


def tighter(limit, clauses):
    """Both as one text, without an upper bound of the second that is above one of the first."""
    bounds = [one.strip("<=") for one in limit.split(",") if one.startswith("<")]
    kept = [
        one
        for one in clauses.split(",")
        if not (one.startswith("<") and any(allowed("<=" + one.strip("<="), b) for b in bounds))
    ]
    return join(limit, *kept)


def fixes_for(entry, parts, context):
    """(number, in words, commands) of the cures that can be carried out here, the best first."""
    words = {**context.facts, **parts}
    for number, cure in enumerate(entry["cures"], 1):
        fits = all(compare(cure.get("only", ()), context.facts))
        commands = commands_for(cure, words, context) if fits else None
        if commands is not None:
            do = fill(cure["cure"][0], words).rstrip(":")
            if "pairing" in cure:
                named = [f"TensorFlow {row[1]}" for row in PAIRINGS if row[0] == cure["pairing"][0]]
                do += ": " + ", ".join([f"the pairing {cure['pairing'][0]}", *named])
            yield number, do, commands


# What is really imported.


def is_missing(error, name):
    """Whether an import failed because of a module itself, and not of one that it imports."""
    return getattr(error, "name", None) == name


def what_is_known(text, context):
    """(cause, fixes) of a traceback that the table knows; both are empty for any other."""
    for entry, _, parts in errors_in(text, context.facts)[:1]:
        fixes = []
        for _, do, commands in fixes_for(entry, parts, context):
            installs = [one for one in commands if one.startswith("python -m pip")]
            text = ": ".join(filter(None, (do, "; ".join(commands))))
            fixes += installs if installs and not fixes else [f"or: {text}" if fixes else text]
        return fill(entry["why"][0], {**context.facts, **parts}), fixes
    return "", []


def meaning_of(error):
    """What an exception says: its first line, as a URL or a code sample may follow; both lines of
    a sentence that goes on."""
    lines = f"{type(error).__name__}: {error}".strip().splitlines()
    lines = [line.strip() for line in lines if line.strip()]
    if any(line.endswith("Traceback (most recent call last):") for line in lines[:2]):
        # TensorFlow 1 and 2.0 put the traceback of what failed into their own message.
        nested = [line for line in lines[1:] if re.match(r"[A-Za-z_][\w.]*(Error|Exit): ", line)]
        return (nested or lines)[-1]
    goes_on = re.search(r"[\w,:]$", lines[0])
    return " ".join(lines[:2]) if goes_on else lines[0]


def check_import(report, name, owner, context, otherwise=FRESH):
    """Imports a module; reports which one came, or why none did, and `otherwise` as the fix."""
    where, again = (owner.folder, reinstall(owner)) if owner else (sys.prefix, otherwise)
    try:
        module = importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit as well
        meaning = meaning_of(error)
        report.imports[name] = {"error": meaning}
        report.line(name, f"cannot be imported, {meaning}")
        fixes, path = [otherwise], getattr(error, "path", None)
        # Its metadata is there, but it is not, or not whole; unless another module has its name.
        itself = is_missing(error, name) and (path is None or inside(path))
        if itself:
            fixes = [again]
        elif not (report.leaks or (context.tensorflow and is_missing(error, "tensorflow"))):
            # What comes from outside is the cause, or TensorFlow's own files are gone.
            cause, known = what_is_known(traceback.format_exc(), context)
            meaning = f"{meaning.rstrip('.')}: {cause}" if cause else meaning
            fixes = known or fixes
        fix, *more = fixes
        if report.problems and not itself:
            fix = f"first the fixes above; if they are not enough, {fix}"
        report.repeat(f"`import {name}` fails: {meaning}", where, fix, *more)
        return None
    file, version = getattr(module, "__file__", None), getattr(module, "__version__", None)
    report.imports[name] = {"version": version, "file": file}
    report.line(name, f"{version or 'no version'}  {file}")
    if not file:
        report.repeat(f"`import {name}` yields a folder without an __init__.py", where, again)
    return module


def check_tf_keras(report, tensorflow):
    """What `tf.keras` is. It has no __version__ in TensorFlow 2.13 to 2.15: ask a class of it."""
    try:
        module = tensorflow.keras.Model.__module__
    except Exception as error:
        reason = meaning_of(error)
        report.imports["tf.keras"] = {"error": reason}
        report.line("tf.keras", f"cannot be used, {reason}")
        return f"`tf.keras` cannot be used: {reason}"
    package = module.split(".")[0]
    if package.startswith("tensorflow"):  # it is tensorflow_core until 2.1
        report.imports["tf.keras"] = {"module": module, "version": None}
        report.line("tf.keras", f"TensorFlow's own copy of Keras ({module})")
    else:
        version = getattr(sys.modules.get(package), "__version__", None)
        report.imports["tf.keras"] = {"module": package, "version": version}
        report.line("tf.keras", f"the {package} package, {version or 'no version'}")
    return None


def keras_for(installed, tensorflow, keras):
    """The fix for a Keras that cannot be imported: that of the pairing, if it is another one."""
    lost = given_up(installed, tensorflow)
    limits = limits_of(installed, tensorflow, lost)
    # From 2.5 on, TensorFlow says itself which; and what comes from outside has its own fix.
    own = tensorflow and keras and inside(os.path.join(keras.folder, "keras", "__init__.py"))
    if not own or parse(tensorflow.version).numbers[1:3] >= (2, 5):
        return FRESH
    if allowed(limits.get(keras.name, ""), keras.version):
        return FRESH
    conflict = Conflict(tensorflow, keras.name, limits[keras.name], "")
    return Remedy([conflict], installed, tensorflow, lost, limits).command()


def check_imports(report, installed, tensorflow, keras, required):
    """Imports what there is, and compares where it came from with the environment."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    there, broken = provided(sys.path), None
    context = context_of(installed, tensorflow, keras)
    if tensorflow or "tensorflow" in there:
        module = check_import(report, "tensorflow", tensorflow, context)
        broken = module and check_tf_keras(report, module)
    if keras or "keras" in there:
        otherwise = keras_for(installed, tensorflow, keras)
        module = check_import(report, "keras", keras, context, otherwise)
        if hasattr(getattr(module, "config", None), "backend"):  # Keras 3
            report.imports["keras"]["backend"] = module.config.backend()
            report.line("", f"its backend is {module.config.backend()}")
    elif "keras" in required or "keras-nightly" in required:
        report.line("keras", "not installed, though required")
    else:
        report.line("keras", "not installed, and nothing here requires it")
    if broken and not report.problems:
        report.problem(broken, tensorflow.folder, FRESH)
    for name in MODULES:
        file = getattr(sys.modules.get(name), "__file__", None)
        check_origin(report, name, file, required)


def look():
    """(every distribution, {name: the one that counts}, TensorFlow, Keras) of this environment."""
    everything = list(distributions())
    installed = {one.name: one for one in reversed(everything)}  # the first on sys.path counts
    tensorflows = [one for one in installed.values() if is_tensorflow(one.name)]
    tensorflow = installed.get("tensorflow", tensorflows[0] if tensorflows else None)
    return (
        everything,
        installed,
        tensorflow,
        installed.get("keras") or installed.get("keras-nightly"),
    )


def check(report, importing):
    """Everything, in the order in which it is printed; what there is of the environment."""
    everything, installed, tensorflow, keras = look()
    required = {}
    for _, name, clauses in required_of(installed):
        required.setdefault(name, clauses)

    report.print("Environment")
    report.line("python", f"{platform.python_version()}  {sys.executable}")
    report.line("environment", sys.prefix)
    virtual = sys.prefix != sys.base_prefix
    report.line("", "virtual" if virtual else "note: not virtual")
    if system_site_packages():
        report.line("", "note: with the system's site-packages")
    report.print("Installed")
    family = [one for one in everything if in_family(one.name)]
    for one in family:
        hidden = "" if one is installed[one.name] else "  (hidden by the one before)"
        report.line(one.name, f"{one.version}  {one.folder}{hidden}")
    report.print("Checks")
    check_interpreter(report, tensorflow)
    check_search_path(report, required)
    if tensorflow:
        check_legacy_keras(report, installed, tensorflow)
    check_settings(report, keras)
    check_requirements(report, installed, tensorflow)
    if tensorflow:
        check_variables(report, installed, tensorflow)
        check_tensorboard(report, installed, tensorflow)
    check_owners(report, everything, required)
    check_files(report, everything)
    if importing:
        report.print("Imports (where the report ends here, the import has ended the process)")
        check_imports(report, installed, tensorflow, keras, required)
    return {
        "python": {"version": platform.python_version(), "executable": sys.executable},
        "environment": {
            "prefix": sys.prefix,
            "virtual": virtual,
            "system_site_packages": system_site_packages(),
        },
        "installed": [
            {
                "name": one.name,
                "version": one.version,
                "folder": one.folder,
                "hidden": one is not installed[one.name],
            }
            for one in family
        ],
        "notes": report.notes,
        "problems": report.problems,
        "imports": report.imports if importing else None,
        "ok": not report.problems,
    }


def read_error(what):
    """(text, what is wrong with it) of what --explain names: a line, a file, or - for the input."""
    text = what
    if what == "-" or os.path.isfile(what):
        try:
            if what == "-":
                data = sys.stdin.buffer.read()
            else:
                with open(what, "rb") as file:
                    file.seek(max(0, os.path.getsize(what) - LARGEST))
                    data = file.read()
        except OSError as error:
            return "", f"cannot be read ({error.strerror})"
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # what PowerShell redirects
            text = data.decode("utf-16", "replace")
        elif b"\0" in data[:4096]:
            return "", "is no text: give a file with the traceback, or its last line"
        else:
            text = data.decode("utf-8-sig", "replace")
    elif re.match(r"[\w./\\~:-]+\.(txt|log|out|err)$", what):
        return "", "there is no such file: give a file, a line in quotes, or -"
    return text, "" if text.strip() else "is empty: give the traceback, or at least its last line"


def explain(what, as_json):
    """Prints what an error means and what mends it here. Returns the exit code."""
    text, wrong = read_error(what)
    if wrong:
        print(f"--explain {what!r}: {wrong}", file=sys.stderr)
        return 2
    _, installed, tensorflow, keras = look()
    context = context_of(installed, tensorflow, keras)
    answers = []
    for entry, line, parts in errors_in(text, context.facts)[:3]:
        fixes = [
            {"cure": number, "do": do, "commands": [spell(one) for one in commands]}
            for number, do, commands in fixes_for(entry, parts, context)
        ]
        cause = fill(entry["why"][0], {**context.facts, **parts})
        answers.append({"name": entry["name"][0], "line": line, "cause": cause, "fixes": fixes})
    report = Report(silent=True)
    check(report, importing=False)
    if as_json:
        document = {"knows": bool(answers), "errors": answers, "problems": report.problems}
        print(json.dumps(document, indent=2))
        return int(not answers)
    for answer in answers:
        print(f"{answer['name']}: {answer['line']}", f"  why: {answer['cause']}", sep="\n")
        for number, fix in enumerate(answer["fixes"]):
            print(f"  {'or: ' if number else 'fix:'} {fix['do']}")
            print(*(f"         {command}\n" for command in fix["commands"]), sep="", end="")
        if not answer["fixes"]:
            print("  fix: none that goes with this Python and this TensorFlow")
    if not answers:
        print(
            "Nothing here fits: this file knows the errors of environments. Those of code and of",
            "models are in keras-pairings: `nox -s explain`.",
            sep="\n",
        )
    if report.problems:
        count = len(report.problems)
        name = f"{os.path.basename(sys.executable)} {os.path.basename(__file__)}"
        found = f"{count} problem{'s' * (count > 1)}"
        print(f"This environment has {found} of its own, which may be the cause: see `{name}`.")
    return int(not answers)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--json", action="store_true", help="print one JSON document instead")
    options.add_argument("--no-import", action="store_true", help="import nothing")
    options.add_argument(
        "--explain", metavar="LINE|FILE|-", help="say what an error means that was seen elsewhere"
    )
    asked = options.parse_args()
    if asked.explain is not None:
        return explain(asked.explain, asked.json)
    report = Report(silent=asked.json)
    if asked.json:
        # What TensorFlow writes goes to the standard error, even from C++.
        own = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        facts = check(report, not asked.no_import)
        json.dump(facts, own, indent=2)
        own.write("\n")
        own.close()
        return int(not facts["ok"])
    check(report, not asked.no_import)
    if not report.problems:
        seen = "" if not asked.no_import else ", as far as can be seen without importing"
        print(f"OK: nothing interferes with TensorFlow and Keras{seen}")
        return 0
    pip = "" if provided(sys.path, ["pip"]) or shutil.which("uv") else ", which has no pip"
    pip += pip and ": `python -m ensurepip` brings one"
    print(f"In the fixes, python is {sys.executable}{pip}")
    count = len(report.problems)
    print(f"{count} problem{'s' * (count > 1)} found")
    return 1


# tables: generated by nox -s pages, from envs/pairings, envs/explained/companions.toml and
# examples/errors
# fmt: off
PAIRINGS = (  # name, TensorFlow, Pythons, Keras, what its lock pins
    (
        "tf113", "1.13.2", "3.7", "keras==2.2.4",
        "numpy==1.21.6 protobuf==3.20.3 typing-extensions==4.7.1",
    ),
    (
        "tf114", "1.14.0", "3.7", "keras==2.2.5",
        "numpy==1.21.6 protobuf==3.20.3 typing-extensions==4.7.1",
    ),
    (
        "tf115", "1.15.5", "3.7", "keras==2.3.1",
        "numpy==1.18.5 protobuf==3.20.3 typing-extensions==4.7.1",
    ),
    (
        "tf20", "2.0.4", "3.7", "keras==2.3.1",
        "numpy==1.18.5 protobuf==3.20.3 typing-extensions==4.7.1",
    ),
    (
        "tf21", "2.1.4", "3.7", "keras==2.3.1",
        "numpy==1.18.5 protobuf==3.20.3 typing-extensions==4.7.1",
    ),
    ("tf22", "2.2.3", "3.8 3.7", "keras==2.4.3", "numpy==1.18.5 protobuf==3.20.3"),
    (
        "tf23", "2.3.4", "3.8 3.7", "keras==2.4.3",
        "numpy==1.18.5 protobuf==3.20.3 typing-extensions==4.13.2",
    ),
    (
        "tf24", "2.4.4", "3.8 3.7", "keras==2.4.3",
        "numpy==1.19.5 protobuf==3.20.3 typing-extensions==3.7.4.3",
    ),
    (
        "tf25", "2.5.3", "3.9 3.8 3.7", "keras-nightly==2.5.0.dev2021032900",
        "numpy==1.19.5 protobuf==3.20.3 typing-extensions==3.7.4.3",
    ),
    (
        "tf26", "2.6.5", "3.9 3.8 3.7", "keras==2.6.0",
        "numpy==1.19.5 protobuf==3.19.6 typing-extensions==3.10.0.2",
    ),
    (
        "tf27", "2.7.4", "3.9 3.8 3.7", "keras==2.7.0",
        "numpy==1.26.4 protobuf==3.19.6 typing-extensions==4.16.0",
    ),
    (
        "tf28", "2.8.4", "3.10 3.9 3.8 3.7", "keras==2.8.0",
        "numpy==1.26.4 protobuf==3.19.6 typing-extensions==4.16.0",
    ),
    (
        "tf29", "2.9.3", "3.10 3.9 3.8 3.7", "keras==2.9.0",
        "numpy==1.26.4 protobuf==3.19.6 typing-extensions==4.16.0",
    ),
    (
        "tf210", "2.10.1", "3.10 3.9 3.8 3.7", "keras==2.10.0",
        "numpy==1.26.4 protobuf==3.19.6 typing-extensions==4.16.0",
    ),
    (
        "tf211", "2.11.1", "3.10 3.9 3.8", "keras==2.11.0",
        "numpy==1.26.4 protobuf==3.19.6 typing-extensions==4.16.0",
    ),
    (
        "tf212", "2.12.0", "3.11 3.10 3.9 3.8", "keras==2.12.0",
        "ml-dtypes==0.5.4 numpy==1.23.5 protobuf==4.25.9 typing-extensions==4.16.0",
    ),
    (
        "tf213", "2.13.1", "3.11 3.10 3.9 3.8", "keras==2.13.1",
        "numpy==1.24.3 protobuf==4.25.9 typing-extensions==4.5.0",
    ),
    (
        "tf214", "2.14.1", "3.11 3.10 3.9", "keras==2.14.0",
        "ml-dtypes==0.2.0 numpy==1.26.4 protobuf==4.25.9 typing-extensions==4.5.0",
    ),
    (
        "tf215", "2.15.1", "3.11 3.10 3.9", "keras==2.15.0",
        "ml-dtypes==0.3.2 numpy==1.26.4 protobuf==4.25.9 typing-extensions==4.5.0",
    ),
    (
        "tf216", "2.16.2", "3.12 3.11 3.10 3.9", "keras~=3.0",
        "ml-dtypes==0.3.2 numpy==1.26.4 protobuf==4.25.9 typing-extensions==4.16.0",
    ),
    (
        "tf217", "2.17.1", "3.12 3.11 3.10 3.9", "keras~=3.0",
        "ml-dtypes==0.4.1 numpy==1.26.4 protobuf==4.25.9 typing-extensions==4.16.0",
    ),
    (
        "tf218", "2.18.1", "3.12 3.11 3.10 3.9", "keras~=3.0",
        "ml-dtypes==0.6.0 numpy==2.0.2 protobuf==5.29.6 typing-extensions==4.16.0",
    ),
    (
        "tf219", "2.19.1", "3.12 3.11 3.10 3.9", "keras~=3.0",
        "ml-dtypes==0.6.0 numpy==2.1.3 protobuf==5.29.6 typing-extensions==4.16.0",
    ),
    (
        "tf220", "2.20.0", "3.13 3.12 3.11 3.10 3.9", "keras~=3.0",
        "ml-dtypes==0.6.0 numpy==2.5.5 protobuf==7.36.2 typing-extensions==4.16.0",
    ),
    (
        "tf221", "2.21.0", "3.13 3.12 3.11 3.10", "keras~=3.0",
        "ml-dtypes==0.6.0 numpy==2.5.5 protobuf==7.36.2 typing-extensions==4.16.0",
    ),
)
CAPS = (  # TensorFlow, what goes with it, only beside, why
    (
        ">=1.13,<2.4", "protobuf<4", "",
        "the generated code is older than protoc 3.19, which protobuf 4 refuses; no "
        "upper bound is declared",
    ),
    (
        ">=1.13,<1.15", "gast==0.2.2", "",
        "TensorFlow 1.15.5 states this bound, and this one states none; without it: "
        "fails: tensorflow.python.autograph.impl.api.ConversionError: converting "
        "<function positive_part at 0x...>: AttributeError: module 'gast' has no "
        "attribute 'Str'",
    ),
    (
        ">=1.13,<1.15", "h5py<=2.10.0", "",
        "TensorFlow 1.15.5 states this bound, and this one states none; without it: "
        "fails: AttributeError: 'str' object has no attribute 'decode'",
    ),
    (
        ">=2.5,<2.21", "setuptools<82", "tensorboard<2.21",
        "tensorboard imports pkg_resources, which setuptools 82 removed; no upper bound "
        "is declared",
    ),
    (
        ">=2.7,<2.12", "numpy<2", "",
        "the wheels are built against the NumPy 1 ABI and declare no upper bound",
    ),
    (
        ">=2.7,<2.8", "tensorboard<2.15", "",
        "its tf.summary.image encodes all pictures at once, which tf.image.encode_png "
        "can do from 2.8 on",
    ),
    (
        ">=2.14,<2.16", "typing-extensions<4.6", "wrapt<2",
        "with a later one, a tf.function cannot return a dict that is kept on a "
        "tf.Module ('this __dict__ descriptor does not support '_DictWrapper' "
        "objects'), as wrapt 1.14 makes it; TensorFlow 2.13 states this bound",
    ),
)
HARMLESS = (  # TensorFlow, what it requires, only beside, what was seen
    (
        ">=2.4,<2.6", "typing-extensions~=3.7.4", "",
        "with typing-extensions 4.7 to 4.16 and pydantic 2 the environment is whole, on "
        "every Python of this pairing",
    ),
    (
        ">=2.6,<2.7", "typing-extensions<3.11,>=3.7", "",
        "with typing-extensions 4.7 to 4.16 and pydantic 2 the environment is whole, on "
        "every Python of this pairing",
    ),
    (
        ">=2.13,<2.14", "typing-extensions<4.6.0,>=3.6.6", "wrapt>=2",
        "with typing-extensions 4.16.0 and pydantic 2.14.4 the environment is whole, on "
        "every Python of this pairing that has them",
    ),
    (
        ">=2.14,<2.16", "wrapt<1.15,>=1.11.0", "",
        "with wrapt 2.5.2 and typing-extensions 4.16.0 the environment is whole, on "
        "every Python of this pairing",
    ),
)
COMPANIONS = (  # package, its releases, TensorFlow, requirement, why, why none older
    (
        "tensorflow", ">=2.2", "", "gast>=0.3.3",
        "AutoGraph cannot convert a function with an older gast, which metadata may "
        "admit",
        "",
    ),
    (
        "pydantic", ">=2", "", "typing-extensions>=4.6.1", "every pydantic 2 requires it",
        "pydantic 1 is another interface",
    ),
    (
        "onnx", ">=1.19", "", "ml-dtypes>=0.5.0",
        "it uses ml_dtypes.float4_e2m1fn, which 1.19.0 does not say", "",
    ),
    (
        "tf2onnx", ">=1.11", "", "packaging",
        "it imports packaging, which its metadata does not say", "",
    ),
    (
        "tensorflow-hub", "<=0.16.1", "", "setuptools<82",
        "it imports pkg_resources, which setuptools 82 removed", "",
    ),
    (
        "tensorflow-hub", "<=0.16.1", ">=2.16", "TF_USE_LEGACY_KERAS=1",
        "hub.KerasLayer is a layer of tf-keras, which a model of Keras 3 refuses ('Only "
        "instances of keras.Layer can be added'); hub.load works without",
        "",
    ),
    (
        "transformers", ">=4.35,<5", ">=2.16", "tf-keras",
        "its TensorFlow models refuse Keras 3 ('Your currently installed version of "
        "Keras is Keras 3, but this is not yet supported')",
        "",
    ),
    (
        "deepface", ">=0.0.87", ">=2.16", "tf-keras",
        "it refuses to be imported without ('this requires tf-keras package')", "",
    ),
    (
        "tensorflow-probability", ">=0.24", ">=2.16", "tf-keras",
        "it imports tf_keras as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.25", "", "tensorflow>=2.18",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.24", "", "tensorflow>=2.16",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.23", "", "tensorflow>=2.15",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.22", "", "tensorflow>=2.14",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.21", "", "tensorflow>=2.13",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.20", "", "tensorflow>=2.12",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.19", "", "tensorflow>=2.11",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.18", "", "tensorflow>=2.10",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.17", "", "tensorflow>=2.9",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.16", "", "tensorflow>=2.8",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.15", "", "tensorflow>=2.7",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.14", "", "tensorflow>=2.6",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.13", "", "tensorflow>=2.5",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.12", "", "tensorflow>=2.4",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.11", "", "tensorflow>=2.3",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.10", "", "tensorflow>=2.2",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.9", "", "tensorflow>=2.1",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.8", "", "tensorflow>=1.15",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-probability", ">=0.7", "", "tensorflow>=1.14",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "tensorflow-addons", ">=0.18", "", "tensorflow>=2.5",
        "it imports keras.utils.tf_utils, which the Keras of an older TensorFlow lacks",
        "",
    ),
    (
        "tensorflow-addons", ">=0.1", "", "tensorflow>=2.0", "it is for TensorFlow 2",
        "no release is for TensorFlow 1",
    ),
    (
        "keras-tuner", ">=1.4", "", "tensorflow>=2.6",
        "it uses keras.layers.RandomRotation, which an older TensorFlow has elsewhere", "",
    ),
    (
        "scikeras", ">=0.5", "", "tensorflow>=2.7",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "scikeras", ">=0.1", "", "tensorflow>=2.1", "it is for tf.keras of TensorFlow 2",
        "no release is for an older one",
    ),
    (
        "scikeras", "<0.5", "", "packaging<22",
        "its metadata says so, and what else is installed may need a newer one", "",
    ),
    (
        "tensorflow-datasets", ">=4.0", "", "tensorflow>=2.1",
        "it refuses an older TensorFlow", "",
    ),
    (
        "tensorflow-model-optimization", ">=0.7", "", "tensorflow>=2.3",
        "it uses keras.layers.Conv1DTranspose, which an older TensorFlow lacks", "",
    ),
    (
        "deepface", ">=0.0.94", "", "python>=3.8",
        "it is written for that Python, and its metadata does not say so", "",
    ),
    (
        "deepface", ">=0.0.97", "<2.7", "numpy>=1.20",
        "it imports numpy.typing, which its metadata does not say", "",
    ),
    (
        "typing-extensions", ">=4.6", ">=2.16", "wrapt>=2",
        "with an older wrapt, a tf.function cannot return a dict that is kept on a "
        "tf.Module ('this __dict__ descriptor does not support '_DictWrapper' objects')",
        "",
    ),
    (
        "gradio", "<5", "", "huggingface-hub<1.0",
        "it imports HfFolder, which huggingface-hub 1.0 removed, and its metadata does "
        "not say so",
        "",
    ),
    (
        "tensorflow-metadata", ">=1.18", "", "protobuf>=6.31.1",
        "it was generated by that protobuf, and its metadata admits an older one; "
        "tensorflow-datasets cannot be imported then",
        "",
    ),
    (
        "pyarrow", ">=26", "", "numpy>=2.0",
        "it refuses an older NumPy, which its metadata does not say; datasets and "
        "others need it",
        "",
    ),
    (
        "jaxlib", ">=0.4.30", "", "jax>=0.4.30",
        "an older jax refuses a newer jaxlib, and does not say so in its metadata", "",
    ),
    (
        "jax", "", "", "numpy>=1.21",
        "every jaxlib on PyPI requires it, and jax cannot be imported without jaxlib",
        "no older jax goes with these",
    ),
    (
        "jaxlib", "", "", "numpy>=1.21", "every release on PyPI requires it",
        "no older one is left",
    ),
    (
        "ml-dtypes", "", "", "numpy>1.20", "every release of it requires NumPy 1.20",
        "there is none for an older NumPy",
    ),
    (
        "mediapipe", "", "", "flatbuffers>=2.0",
        "every release with wheels for Python 3.8 and newer requires it",
        "the older ones have none",
    ),
    (
        "keras-cv", ">=0.9", "", "tensorflow>=2.13",
        "it registers a class twice beside an older TensorFlow, and cannot be imported",
        "",
    ),
    (
        "keras-cv", ">=0.4", "", "tensorflow>=2.11",
        "it refuses an older TensorFlow as it is imported", "",
    ),
    (
        "keras-cv", ">=0.2", "", "tensorflow>=2.9",
        "it refuses an older TensorFlow, or fails in it",
        "a release before 0.2 wants tf-nightly",
    ),
)
# What a line is like, when, what stands above it; why; each cure, how to do it.
ERRORS = r"""
[keras-1-control-flow]
line AttributeError: (?:module 'tensorflow\.python'|'module' object) has no attribute 'control_flow_ops\'
line AttributeError: module 'tensorflow' has no attribute 'python\'
above control_flow_ops
needs control_flow_ops
why Keras 1.1.0 and older look for a part of TensorFlow's inside,
  `tf.python.control_flow_ops`, which left with TensorFlow 0.10. Later releases of
  TensorFlow 1 have no `tf.python` either, and the line says so.
cure Install the last Keras 1, which looks in the right place:
install --no-deps
install keras==1.2.2
[keras-api-v2]
line (?:ModuleNotFound|Import)Error: No module named '?keras\.api(?:\._v[12])?(?:\.keras)?'?
why From 2.6 to 2.15, TensorFlow loads `tf.keras` from `keras.api._v2.keras`. The `keras`
  that is installed is not of TensorFlow's minor: older than 2.6, or Keras 3.
cure Install the Keras of TensorFlow's own minor:
install keras=={minor}.*
install tensorflow=={tensorflow}
only tensorflow <2.16,>=2.6
cure Import from `tensorflow.keras`: that module is private, and only Keras 2.5 to 2.15
  have it.
[keras-wrappers]
line (?:ModuleNotFound|Import)Error: No module named '?(?P<module>(?:tensorflow\.)?(?:python\.)?keras\.wrappers)(?:\.scikit_learn)?'?
line AttributeError: module '(?P<module>[\w.]*keras)' has no attribute 'wrappers\'
why The wrappers for scikit-learn left with Keras 2.13; the package scikeras took their
  place. Keras 3.8 and later have others of their own, under other names.
cure Install scikeras, and write `from scikeras.wrappers import KerasClassifier,
  KerasRegressor`.
install scikeras
install tensorflow=={tensorflow}
cure Take TensorFlow 2.12 with Keras 2.12, the last that have them:
pairing tf212
[kerastuner]
line (?:ModuleNotFound|Import)Error: No module named '?(?P<name>kerastuner|keras_tuner)(?:\.\w+)*'?
why The package is called keras-tuner on PyPI and `keras_tuner` in code; `kerastuner` was
  its name up to 1.0.2.
cure Install keras-tuner, and write `import keras_tuner`.
install keras-tuner
install tensorflow=={tensorflow}
[no-tensorflow]
line (?:ModuleNotFound|Import)Error: No module named '?tensorflow'?
why This Python has no TensorFlow: it was not installed, or into another Python than the
  one that runs. In a notebook, the kernel is another environment than the terminal's.
cure Install it with the very Python that runs, and not with another `pip`; in a notebook,
  `%pip install tensorflow`.
install tensorflow
[object-detection]
line ImportError: cannot import name '(?P<name>model_lib_v2|model_lib|inputs|exporter_lib_v2|label_map_util|visualization_utils|model_builder|config_util)' from 'object_detection(?:\.\w+)?\'
line (?:ModuleNotFound|Import)Error: No module named '?(?P<name>object_detection(?:\.[\w.]+)?)'?
line ImportError: cannot import name '?(?P<name>\w+_pb2)'?(?: from 'object_detection\.protos')?
why The Object Detection API is no package on PyPI: it is a folder of
  github.com/tensorflow/models, which must be compiled and installed from there. What PyPI
  calls `object-detection` is another one, and `tf-models-official` does not hold it.
cure In a clone of github.com/tensorflow/models, in `research`: `protoc
  object_detection/protos/*.proto --python_out=.`, `cp
  object_detection/packages/tf2/setup.py .`, `python -m pip install .`; before, `python -m
  pip uninstall object-detection`.
cure It is not developed any more; KerasHub has detectors that go with the newest
  TensorFlow.
[own-file-tensorflow]
line (?:ImportError|AttributeError): (?:cannot import name '(?P<name>\w+)' from )?partially initialized module '(?P<module>tensorflow|keras)'(?: has no attribute '\w+')? \(most likely due to a circular import\).*
line (?:ModuleNotFound|Import)Error: No module named '(?P<module>tensorflow|keras)\.\w+'; '(?:tensorflow|keras)' is not a package
why Your script, or a file beside it, is called `{module}.py`, and Python imports that
  file instead of the package {module}. The path at the end of the line shows which file
  it is.
cure Rename the file, and delete the folder `__pycache__` beside it. `verify.py`, run in
  the same folder, names the file.
[slim-not-on-path]
line (?:ModuleNotFound|Import)Error: No module named '?(?P<name>nets(?:\.\w+)*|slim(?:\.\w+)*|deployment(?:\.model_deploy)?|preprocessing(?:\.\w+_preprocessing|\.preprocessing_factory)?|datasets\.(?:dataset_utils|dataset_factory|download_and_convert_\w+|imagenet|flowers|cifar10))'?
line (?:ImportError: )?cannot import name '(?P<name>dataset_utils|dataset_factory)' from 'datasets'
line (?:ImportError: )?cannot import name '?(?P<name>model_deploy|nets_factory|preprocessing_factory)'?(?: from '[\w.]+')?
why `{name}` is a folder of `research/slim` in github.com/tensorflow/models, and no
  package that pip installs. Python does not look there of its own accord.
cure Set the variable from the folder that holds your clone of
  github.com/tensorflow/models, for each new shell; `set` in place of `export`, and `;` in
  place of `:`, on Windows.
set PYTHONPATH=models/research:models/research/slim
cure Write `sys.path.append('models/research/slim')`, with the path to your clone, above
  the import.
[kerastensor-attribute]
line AttributeError: 'KerasTensor' object has no attribute '(?P<name>graph|op|_op|eval|consumers|assign|experimental_ref|ref|set_shape|as_list|value_index|values|_id|_shape|_shape_tuple|_in_graph_mode)\'
why Since TensorFlow 2.4, what `keras.Input` and layers give is a `KerasTensor`, and not a
  tensor of a graph: it has no `{name}`. Packages such as old releases of shap look for
  it.
cure Upgrade it: `python -m pip install --upgrade shap`, with TensorFlow's own release
  named beside it.
cure Leave it out; what needs values or a graph goes into the `call` of a layer.
[keras-argument-newer]
line (?:TypeError: )?\('Keyword argument not understood:', '(?P<name>interpolation)'\)
when keras <2.2.3
why Your Keras is older than the code: `UpSampling2D` knows `{name}` since Keras 2.2.3.
cure Install the last Keras 2.2, with what it needs:
install --no-deps
install keras==2.2.5
install keras-applications==1.0.8
install keras-preprocessing==1.1.2
[backend-not-installed]
line (?:ModuleNotFound|Import)Error: No module named '?(?P<name>jax|torch|theano|cntk)'?
line ValueError: Unable to import backend : ?(?P<name>\w+)
above keras[/\\]|KERAS_BACKEND|\.keras
why Keras 3 is told to use the backend {name}, by `KERAS_BACKEND` or by
  `~/.keras/keras.json`, and {name} is not installed.
cure Set the backend to TensorFlow, in the environment or in `~/.keras/keras.json`:
set KERAS_BACKEND=tensorflow
[deepface-needs-tf-keras]
line ValueError: You have tensorflow (?P<tensorflow>[\w.]+) and this requires tf-keras package\. Please run `pip install tf-keras` or downgrade your tensorflow\.?
why deepface, and retinaface which it uses, are written for Keras 2, and TensorFlow
  {tensorflow} brings Keras 3.
cure Install tf-keras of TensorFlow's own minor; a newer one would bring another
  TensorFlow:
install tf-keras=={minor}.*
install tensorflow=={tensorflow}
only tensorflow >=2.14
[hub-layer-in-keras-3]
line ValueError: Exception encountered when calling layer ["']?[\w.]+["']? \(type KerasLayer\)\..*
line ValueError: Only instances of [`']keras\.Layer[`'] can be added to a Sequential model\. Received: <tensorflow_hub\.keras_layer\.KerasLayer object at 0x\.\.\.> \(of type <class 'tensorflow_hub\.keras_layer\.KerasLayer'>\)
why `hub.KerasLayer` is a layer of tf-keras, which is Keras 2. From TensorFlow 2.16 on,
  `tf.keras` is Keras 3, which does not take it.
cure Install tf-keras of TensorFlow's own minor, and set the variable before TensorFlow is
  imported.
install tf-keras=={minor}.*
install tensorflow=={tensorflow}
set TF_USE_LEGACY_KERAS=1
only tensorflow >=2.14
cure Call it in a layer of your own: `keras.layers.Lambda(lambda x: module(x),
  output_shape=...)`.
[keras-internal]
line AttributeError: module 'keras(?:\._tf_keras\.keras|\.api)?' has no attribute '(?P<name>__internal__|_legacy)\'
line (?:ModuleNotFound|Import)Error: No module named '?(?:keras\._tf_keras\.keras|tensorflow\.keras)\.(?P<name>__internal__)'?
why `tf.keras` is Keras 3, which has no `__internal__`. A package such as
  tensorflow-probability or tensorflow-model-optimization that is written for Keras 2
  looks for it; or Keras 3 was installed beside TensorFlow 2.15 or older.
cure Install the Keras of TensorFlow's own minor:
install keras=={minor}.*
install tensorflow=={tensorflow}
only tensorflow <2.16,>=2.6
cure Install the package's newest release; then tf-keras of TensorFlow's own minor, and
  set the variable before TensorFlow is imported.
install tf-keras=={minor}.*
install tensorflow=={tensorflow}
set TF_USE_LEGACY_KERAS=1
only tensorflow >=2.14
[keras-of-another-tensorflow]
line AttributeError: module '(?P<module>tensorflow(?:_core)?(?:\._api\.v\d)?\.compat\.v2\.__internal__(?:\.\w+)+)' has no attribute '(?P<name>\w+)\'
line AttributeError: module '(?P<module>tensorflow(?:\._api\.v\d)?\.compat\.v2\.__internal__)' has no attribute '(?P<name>register_load_context_function|register_clear_session_function|dispatch|tracking|monitoring|tf2|enable_v2_behavior|saved_model|distribute|eager_context|function|ops)\'
line ImportError: cannot import name '(?P<name>get_config)'(?: from '(?P<module>tensorflow\.python\.eager\.context)')?
why The Keras that is imported was made for another TensorFlow: Keras 2.12 to 2.15, and
  tf-keras of those minors, need the TensorFlow of their own minor. The path in the
  traceback says whether it is `keras` or `tf_keras`.
cure Install tf-keras of TensorFlow's own minor:
install tf-keras=={minor}.*
install tensorflow=={tensorflow}
only tensorflow >=2.14
cure Install Keras 3:
install --upgrade
install keras>=3
install tensorflow=={tensorflow}
only tensorflow >=2.16
cure Install the Keras of TensorFlow's own minor:
install keras=={minor}.*
install tensorflow=={tensorflow}
only tensorflow <2.16,>=2.6
cure Install the last Keras that goes with it, or import from `tensorflow.keras`:
install keras==2.4.3
cure Install the last Keras that goes with it, or import from `tensorflow.keras`:
install keras==2.3.1
[layers-of-tensorflow-1]
line (?:AttributeError: )?`?(?P<name>\w+)`? is not available with Keras 3\.?
why The functions of `tf.compat.v1.layers` and the cells of `tf.compat.v1.nn.rnn_cell` are
  made of Keras 2. TensorFlow 2.16 and later use Keras 3, and refuse them.
cure Install tf-keras of TensorFlow's own minor, and set the variable before TensorFlow is
  imported.
install tf-keras=={minor}.*
install tensorflow=={tensorflow}
set TF_USE_LEGACY_KERAS=1
only tensorflow >=2.14
cure Take TensorFlow 2.15 with Keras 2.15:
pairing tf215
cure Make a layer and call it: `tf.keras.layers.BatchNormalization()(x)` for
  `tf.compat.v1.layers.batch_normalization(x)`, `tf.keras.layers.Dense(10)(x)` for
  `dense(x, 10)`.
[legacy-keras-missing]
line ImportError: Keras cannot be imported\. Check that it is installed\.
why `tf.keras` could not be loaded, and TensorFlow 2.15 and later hide why. Mostly
  `TF_USE_LEGACY_KERAS=1` is set and tf-keras is not installed; or the package `keras` is
  there and fails itself.
cure Install tf-keras of TensorFlow's own minor:
install tf-keras=={minor}.*
install tensorflow=={tensorflow}
only tensorflow >=2.14
cure Take the variable away (`unset TF_USE_LEGACY_KERAS`), or set it to 0:
set TF_USE_LEGACY_KERAS=0
cure `python -c 'import keras'` says what fails; installing the Keras that TensorFlow
  requires mends most of it:
install --upgrade
install keras>=3
install tensorflow=={tensorflow}
only tensorflow >=2.16
[model-optimization-in-keras-3]
line (?:ValueError: )?`(?:to_\w+|model)` can only (?:either )?be (?:a|an) (?:`(?:tf\.)?keras\.\S+` instance|(?:tf\.)?keras (?:Sequential|`Model`)|(?:tf\.)?keras\.|object of the following types).*
line (?:ValueError: )?`(?:prune_low_magnitude|to_prune|cluster_weights)` can only (?:be|prune|cluster) an object of the following types: .*
line (?:ValueError: )?`prune_low_magnitude` can only prune an object of the following types: .*
line (?:ValueError: )?\(?['\"]?Expected `to_strip` to be a .*
why tensorflow-model-optimization knows the layers and models of Keras 2 alone, those of
  tf-keras or of `tf.keras` up to TensorFlow 2.15. It was given one of Keras 3, of another
  Keras beside it, or a model that is neither `Sequential` nor functional.
cure Install tf-keras of TensorFlow's own minor, set the variable before TensorFlow is
  imported, and import from `tensorflow.keras`, never from `keras`.
install tf-keras=={minor}.*
install tensorflow=={tensorflow}
set TF_USE_LEGACY_KERAS=1
only tensorflow >=2.14
cure Build the model with `Sequential([...])` or `Model(inputs, outputs)` of
  `tensorflow.keras`.
[multi-backend-keras]
line ImportError: Keras requires TensorFlow 2\.2 or higher\. Install TensorFlow via `pip install (?:--upgrade )?tensorflow`
why Keras 2.3 and 2.4 do not go with this TensorFlow. 2.4 holds no code of its own, and
  cannot read the release of a TensorFlow that is older than 2.2 or newer than 2.5: the
  words are misleading.
cure Install the Keras of TensorFlow's own minor:
install keras=={minor}.*
install tensorflow=={tensorflow}
only tensorflow <2.16,>=2.6
cure Import from `tensorflow.keras` instead of `keras`.
[segmentation-models]
line AttributeError: module 'keras\.utils' has no attribute '(?P<name>generic_utils|get_file)\'
why efficientnet and segmentation_models are written for the package `keras` of its time,
  and take it unless told to use `tf.keras`. The Keras that is installed has not what they
  look for.
cure Tell them so, before they are imported: in Python, `os.environ['SM_FRAMEWORK'] =
  'tf.keras'`.
set SM_FRAMEWORK=tf.keras
cure Install tf-keras of TensorFlow's own minor, and set both variables before TensorFlow
  is imported.
install tf-keras=={minor}.*
install tensorflow=={tensorflow}
set TF_USE_LEGACY_KERAS=1
set SM_FRAMEWORK=tf.keras
only tensorflow >=2.14
[tf-keras-missing]
line (?:ModuleNotFound|Import)Error: No module named '?tf_keras(?:\.\w+)*'?
why tf-keras is Keras 2 as a package of its own. It does not come with TensorFlow, and
  packages such as tensorflow-hub, tensorflow-probability and transformers want it from
  TensorFlow 2.16 on.
cure Install tf-keras of TensorFlow's own minor; a newer one would bring another
  TensorFlow:
install tf-keras=={minor}.*
install tensorflow=={tensorflow}
only tensorflow >=2.14
[transformers-5-has-no-tensorflow]
line ImportError: cannot import name '(?P<name>TF[A-Z]\w+)' from 'transformers(?:\.[\w.]+)?\'
when tensorflow >=2.9
why transformers 5 has no TensorFlow models any more: 4.57 was the last release with them.
cure Install transformers 4 and tf-keras:
install transformers<5
install tf-keras=={minor}.*
install tensorflow=={tensorflow}
install numpy<2
only tensorflow >=2.14
only python <3.13
[transformers-needs-tf-keras]
line ValueError: Your currently installed version of Keras is Keras 3, but this is not yet (?:supported in Transformers\..*|s[a-z]*(?: in?)?(?: T[a-z]*)?)
line RuntimeError: Failed to import transformers\.(?P<module>models\.\w+\.modeling_tf_\w+|modeling_tf_utils) because of the following error \(look up to see its traceback\):(?: ?Your currently installed version of Keras is Keras 3.*)?
above Keras 3, but this is not yet s
needs Keras 3, but this is not yet s
part module modeling_tf_utils
why The TensorFlow models of transformers are written for Keras 2, and TensorFlow 2.16 and
  later bring Keras 3. From release 5 on, transformers has no TensorFlow models at all.
cure Install tf-keras of TensorFlow's own minor; a newer one would bring another
  TensorFlow:
install tf-keras=={minor}.*
install tensorflow=={tensorflow}
only tensorflow >=2.14
[h5py-str-decode]
line AttributeError: 'str' object has no attribute 'decode\'
above hdf5_format|saving\.py|h5py|load_weights|load_model|\.attrs\[
why h5py 3 gives texts where h5py 2 gave bytes, and TensorFlow 2.2 and older, and Keras
  2.3 and older, decode them when they load a model.
cure Install h5py 2:
install h5py<3
cure Take TensorFlow 2.4 or later:
pairing tf24
[initializer-of-tensorflow-1]
line (?:TypeError: )?Error when deserializing class '(?P<layer>Dense|Conv1D|Conv2D|LSTM|Embedding|SeparableConv2D|Conv2DTranspose)' using config=\{.*'GlorotUniform', 'config': \{'seed': None, 'dtype': '\w+'.*
line (?:TypeError: )?(?P<layer>GlorotUniform|Zeros|Ones|VarianceScaling|RandomUniform|Orthogonal|HeNormal)\.__init__\(\) got an unexpected keyword argument 'dtype\'
why The model was saved by TensorFlow 1, whose initializers have a `dtype`, and Keras 3,
  which TensorFlow 2.16 and later use, does not take it. A later line says "got an
  unexpected keyword argument 'dtype'".
cure Install tf-keras of TensorFlow's own minor, and set the variable before TensorFlow is
  imported.
install tf-keras=={minor}.*
install tensorflow=={tensorflow}
set TF_USE_LEGACY_KERAS=1
only tensorflow >=2.14
cure Take TensorFlow 2.15 with Keras 2.15:
pairing tf215
[keras-3-file-too-new]
line (?:(?:Value|Type)Error: |Exception encountered: )?Unrecognized keyword arguments passed to (?P<layer>\w+): \{'(?:quantization_config|optional|use_gate|seed_v2)': .*\}
line TypeError: <class '(?P<class>[\w.]+)'> could not be deserialized properly\. Please ensure that components that are Python object instances \(layers, models, etc\.\) returned by `get_config\(\)` are explicitly deserialized in the model's `from_config\(\)` method\..*
above quantization_config
part layer Dense
why The model was saved by a newer Keras 3 than the one that loads it, which does not know
  `quantization_config`.
cure Install the newest Keras 3 that goes with your TensorFlow:
install --upgrade
install keras>=3
install tensorflow=={tensorflow}
only tensorflow >=2.16
[saved-optimizer]
line (?:AttributeError: )?'(?P<class>_UserObject|AutoTrackable)' object has no attribute '(?P<name>add_slot)\'
why The SavedModel was written by Keras 2 with its optimizer. TensorFlow 2.16 and later
  use Keras 3, which does not know that optimizer, and neither `TFSMLayer` nor
  `tf.saved_model.load` can go on.
cure Install tf-keras of TensorFlow's own minor, load the folder with
  `tf_keras.models.load_model(path)`, and save it anew, as a `.keras` file or without the
  optimizer: `model.save(path, include_optimizer=False)`.
install tf-keras=={minor}.*
install tensorflow=={tensorflow}
only tensorflow >=2.14
cure Take TensorFlow 2.15 with Keras 2.15:
pairing tf215
[sequential-of-newer-keras]
line (?:ValueError: )?Unknown layer: ?'?(?P<name>name|layers|build_input_shape)'?
line KeyError: 0
above Unknown layer: ?'?(?:name|layers|build_input_shape)\b|in config\[0\]
needs Unknown layer: ?'?(?:name|layers|build_input_shape)\b|in config\[0\]
part name name
why The model was saved by Keras 2.2.3 or newer, or by tf.keras, and yours is older. They
  write a `Sequential` with a name; the older Keras takes each word of that, such as
  `{name}`, for a layer. It is no layer of your own.
cure Install a newer Keras, which reads both forms. A file that tf.keras saved is loaded
  by `tf.keras.models.load_model`.
install keras>=2.2.3,<2.4
install keras-applications>=1.0.6
install keras-preprocessing>=1.0.5
install tensorflow=={tensorflow}
only tensorflow <2,>=1.13
[addons-need-newer]
line (?:ImportError: )?cannot import name '?keras_tensor'?(?: from 'tensorflow\.python\.keras\.engine')?
why A package, mostly tensorflow-addons, is made for TensorFlow 2.3 or later, and yours is
  older. pip does not know of it, for tensorflow-addons requires no TensorFlow.
cure Install tensorflow-addons of its time; 0.6 goes with TensorFlow 2.0.
install tensorflow-addons==0.9.*
only tensorflow <2.3,>=2.1
[bert-of-another-package]
line (?:AttributeError: )?module 'bert' has no attribute '(?P<name>run_classifier|tokenization|optimization|modeling)'
line (?:ImportError: )?cannot import name '?(?P<name>run_classifier|run_classifier_with_tfhub)'?(?: from 'bert')?
line (?:ModuleNotFound|Import)Error: No module named '?bert\.(?P<name>run_classifier|optimization|modeling)'?
why Several packages on PyPI are imported as `bert`. `{name}` is in bert-tensorflow, of
  TensorFlow 1, and bert-for-tf2 or another is installed.
cure Uninstall the others, and install bert-tensorflow with TensorFlow 1.15; in the code,
  write `from bert import run_classifier`.
uninstall bert-for-tf2
uninstall bert-tensorflow
uninstall bert
install bert-tensorflow==1.0.1
install tensorflow=={tensorflow}
only tensorflow <2
[coremltools-need-newer]
line (?:TypeError: )?model_input_signature\(\) got an unexpected keyword argument '(?P<name>keep_original_batch_size)\'
when tensorflow <2.1
why coremltools calls a function inside Keras as TensorFlow 2.1 has it, and yours is
  TensorFlow 2.0.
cure Install a TensorFlow that coremltools knows: `python -m pip install
  'tensorflow==2.3.*'`. The model can stay as it is.
[datasets-need-newer]
line AttributeError: module 'tensorflow\.compat\.v2' has no attribute 'contrib\'
when tensorflow <1.15
why tensorflow-datasets is made for TensorFlow 1.15 or later, and yours is older. pip does
  not know of it, for tensorflow-datasets requires no TensorFlow.
cure Install a tensorflow-datasets of its time. Or upgrade TensorFlow; a pip before 19.0
  finds none after 1.14, so upgrade pip first.
install tensorflow-datasets==1.3.2
[estimator-of-another-tensorflow]
line AttributeError: module 'tensorflow_estimator\.python\.estimator\.api\._v[12]\.estimator' has no attribute '(?P<name>\w+)\'
line AttributeError: module 'tensorflow\.tools\.docs\.doc_controls' has no attribute '(?P<name>inheritable_header|\w+)\'
line ImportError: cannot import name '(?P<name>ref_variable)' from 'tensorflow\.python\.ops\'
line AttributeError: module 'tensorflow\.python\.\w+(?:\.\w+)*' has no attribute '(?P<name>experimental_\w+)\'
why tensorflow-estimator is of another minor than TensorFlow. It was upgraded alone, or
  left over.
cure Install the one of TensorFlow's own minor:
install tensorflow-estimator=={minor}.*
install tensorflow=={tensorflow}
only tensorflow <2.16
[frozen-program]
line (?:ModuleNotFound|Import)Error: No module named '?(?P<module>(?:tensorflow\.python\.)?keras\.(?:src\.)?engine\.base_layer_v1)'?
why PyInstaller put Keras into a program and left this module out. Keras imports it only
  when it is needed, and PyInstaller does not see that. The same code runs with Python
  itself.
cure Name the module when you build it: `pyinstaller --hidden-import {module} main.py`, or
  `hiddenimports=['{module}']` in the .spec file. If another module is missing next, take
  all of them: `--collect-submodules keras`.
cure A newer one knows TensorFlow: `python -m pip install --upgrade pyinstaller
  pyinstaller-hooks-contrib`, and build again.
[gast]
line (?:[\w.]+\.)?OperatorNotAllowedInGraphError: (?:using a|iterating over) `tf\.Tensor`(?: as a Python `bool`)? is not allowed: AutoGraph did not convert this function\. Try decorating it directly with @tf\.function\.
line (?:AttributeError: )?(?:.*Cause: )?module 'gast' has no attribute '(?:Num|Index|Str|Constant|ExtSlice)\'
above gast
why gast is newer than TensorFlow 1.15 to 2.1 know: AutoGraph then runs a function without
  converting it, and says so in a warning; a loop or an `if` over a tensor in it fails.
cure Install the gast that TensorFlow requires, by naming both:
install gast==0.2.2
[h5py-missing]
line (?:ImportError: )?`?(?:load_model|save_model|load_weights|save_weights)`? requires h5py(?: when (?:saving|loading).*|\.?)
line (?:ImportError: )?(?:Filepath looks like a hdf5 file but h5py is not available|HDF5Matrix requires h5py).*
why Keras reads and writes `.h5` files with h5py, which is not installed, or cannot be
  imported.
cure Install it, with TensorFlow named beside it so that their versions go together:
install h5py
install tensorflow=={tensorflow}
only tensorflow >=2.4
cure Install h5py 2, which older Kerases need:
install h5py<3
only tensorflow <2.4
[jaxlib-version]
line RuntimeError: jaxlib version (?P<jaxlib>[\w.]+) is newer than and incompatible with jax version (?P<jax>[\w.]+)\..*
line RuntimeError: jaxlib is version (?P<jaxlib>[\w.]+), but this version of jax requires version >= ?(?P<jax>[\w.]+)\..*
why jax {jax} and jaxlib {jaxlib} are of different releases. They are installed together
  and should be upgraded together.
cure Install both at once, with TensorFlow:
install --upgrade
install jax
install jaxlib
install tensorflow=={tensorflow}
[keras-nlp-too-old]
line (?:AttributeError: )?module 'keras_nlp' has no attribute '(?P<name>models|layers|tokenizers|samplers|metrics)'
line (?:ImportError: )?cannot import name '(?P<name>\w+)' from 'keras_nlp(?:\.(?:layers|models|tokenizers|samplers|metrics))?'
line (?:ModuleNotFound|Import)Error: No module named '?(?P<name>keras_nlp\.(?:models|tokenizers|samplers))'?
why pip took an old keras-nlp, such as 0.0.2. Newer ones require tensorflow-text, which
  has no file for Windows, nor for the newest Pythons, and pip went back until one
  required it not.
cure Install its successor, which needs no tensorflow-text to be imported: `python -m pip
  install -U keras-hub`, and write `import keras_hub`.
cure Work in WSL2, where tensorflow-text has files.
[keras-older-than-its-parts]
line AttributeError: module '(?P<name>keras_applications|keras_preprocessing)' has no attribute 'set_keras_submodules'
why Keras 2.2.0 to 2.2.2 call a function of `{name}` that its newer releases do not have.
cure Install the newest Keras of that time:
install keras==2.3.1
install tensorflow=={tensorflow}
only tensorflow <2.3
cure Write `from tensorflow import keras`.
[keras-preprocessing]
line (?:ModuleNotFound|Import)Error: No module named '?keras_preprocessing(?:\.\w+)*'?
why `keras_preprocessing` was a package of its own that TensorFlow 2.10 and older bring.
  Keras 2.6 to 2.8, and old code, import it.
cure Install it:
install keras-preprocessing
install tensorflow=={tensorflow}
cure Write `tensorflow.keras.preprocessing`.
[libgl-missing]
line (?:ImportError: |OSError: )?(?P<name>libGL\.so\.1|libgthread-2\.0\.so\.0|libSM\.so\.6|libXrender\.so\.1|libXext\.so\.6): cannot open shared object file: No such file or directory
why OpenCV wants the libraries of a desktop, which servers, containers and Colab's like do
  not have. It is no error of TensorFlow.
cure Install the OpenCV without a desktop in its place:
uninstall opencv-python
install opencv-python-headless
install tensorflow=={tensorflow}
cure Install the libraries: `apt-get install libgl1 libglib2.0-0`.
[missing-requirement]
line (?:ModuleNotFound|Import)Error: No module named '?(?P<name>flatbuffers|wrapt|gast|astunparse|termcolor|opt_einsum|ml_dtypes|absl|six|google|google\.protobuf|protobuf|grpc|tensorboard|optree|namex|rich|h5py|libclang|markdown|typing_extensions|google_pasta|pasta)'?
why A package that TensorFlow requires is missing: `{name}`. The installation was made
  without requirements (`--no-deps`), was cut short, or something uninstalled it.
cure Install TensorFlow again, which brings what is missing; `verify.py` names what else
  does not fit:
install tensorflow=={tensorflow}
[mixed-installation]
line (?:ImportError|(?:[\w.]+\.)?NotFoundError): tensorflow(?:_core)?/\S+ undefined symbol: .*
line ImportError: cannot import name '?(?P<name>tf2|_tf_stack|_pywrap_\w+|pywrap_\w+|_errors_test_helper|_op_def_library_pybind)'?(?: from (?:partially initialized module )?'tensorflow(?:_core)?\.python[\w.]*')?(?: \(most likely due to a circular import\))?
line ImportError: cannot import name '(?P<name>(?!get_config'|keras_tensor')\w+)' from 'tensorflow(?:_core)?\.python\.\w+\.[\w.]+\'
above undefined symbol|cannot import name '?(?:tf2|_tf_stack|_pywrap_\w+|pywrap_\w+|_errors_test_helper|_op_def_library_pybind)\b|from tensorflow(?:_core)?\.python[^\n]*\n\s*File [^\n]*\n\s*from tensorflow(?:_core)?\.python[^\n]*\n(?:[\s~^]*\n)?\s*ImportError: cannot import name
needs undefined symbol|cannot import name '?(?:tf2|_tf_stack|_pywrap_\w+|pywrap_\w+|_errors_test_helper|_op_def_library_pybind)\b|from tensorflow(?:_core)?\.python[^\n]*\n\s*File [^\n]*\n\s*from tensorflow(?:_core)?\.python[^\n]*\n(?:[\s~^]*\n)?\s*ImportError: cannot import name
part name a part
why The folder of TensorFlow holds files of two releases, or not all of one: an upgrade
  was cut short, conda and pip installed into the same place, or several of `tensorflow`,
  `tensorflow-cpu`, `tensorflow-gpu` and `tf-nightly` are installed.
cure Make a new environment. Or, in this one, uninstall every TensorFlow, delete what is
  left of the folder `tensorflow` in site-packages, and install the one that you want
  again.
uninstall tensorflow
uninstall tensorflow-cpu
uninstall tensorflow-gpu
uninstall tensorflow-intel
uninstall tf-nightly
install tensorflow=={tensorflow}
[ml-dtypes]
line AttributeError: module 'ml_dtypes' has no attribute '(?P<name>\w+)\'
why ml-dtypes is older than a package in the traceback needs, such as onnx or jax:
  TensorFlow 2.15 to 2.17 require an old one.
cure Name TensorFlow together with the package, and pip takes a release that fits:
install onnx<1.19
install tensorflow=={tensorflow}
cure Take TensorFlow 2.20 or later:
pairing tf221
[numpy-2]
line (?:ImportError: )?numpy\.core\.(?:umath|multiarray|_multiarray_umath) failed to import
line (?:AttributeError: )?_ARRAY_API not found
line TypeError: Unable to convert function return value to a Python type! The signature was.*
line A module that was compiled using NumPy 1\.x cannot be run in
line A module that was compiled using NumPy 1\.x cannot be run in NumPy 2.*
above ^(?![^\x00]*compiled against API version)
needs ^(?![^\x00]*compiled against API version)
why NumPy 2 is installed, and TensorFlow 2.17 and older are compiled for NumPy 1.
  Something else, often pip's upgrade of another package, brought it.
cure Install NumPy 1, and name TensorFlow in the same command, so that both fit:
install numpy<2
install tensorflow=={tensorflow}
only python <3.13
cure Take TensorFlow 2.18 or later:
pairing tf218
[numpy-2-names]
line AttributeError: `(?P<name>np\.\w+)` was removed in the NumPy 2\.0 release\..*
line ImportError: cannot import name '(?P<name>\w+)' from 'numpy\.core\.\w+\'
why NumPy 2 is installed, and removed `{name}`. If the traceback goes through TensorFlow
  or another package, that is older than NumPy 2.
cure Install NumPy 1:
install numpy<2
install tensorflow=={tensorflow}
only python <3.13
cure Write the name that the line gives, such as `np.complex128`, `np.float64`, `np.inf`.
[numpy-aliases]
line AttributeError: module 'numpy' has no attribute '(?P<name>object|bool|int|float|complex|str|long|unicode|typeDict|object_|bool8)'\.?.*
why NumPy 1.24 removed `np.object`, `np.bool`, `np.int`, `np.float` and the like.
  TensorFlow 2.6 and older, and tensorboard of that age, use them.
cure Install an older NumPy:
install numpy<1.24
install tensorflow=={tensorflow}
only python <3.12
cure Write Python's own `object`, `bool`, `int`, `float`, or `np.float64`.
[numpy-size-changed]
line (?:ValueError: |(?:.*: )?RuntimeWarning: )?numpy\.(?P<name>\w+) size changed, may indicate binary incompatibility\. Expected \d+(?: from C header)?, got \d+(?: from PyObject)?
line (?:(?:ValueError|RuntimeWarning): )?numpy\.(?P<name>\w+) has the wrong size, try recompiling(?:\. Expected \d+, got \d+)?
line RuntimeError: module compiled against ABI version 0x[\w.]+ but this version of numpy is 0x[\w.]+.*
part name dtype
why A package is compiled for another NumPy than the one that is installed: with 96
  expected and 88 got for one of NumPy 1, under NumPy 2; the other way round NumPy is too
  old for it.
cure Install the package in the traceback anew, together with TensorFlow, so that pip
  takes one that fits both:
install --upgrade
install pandas
install tensorflow=={tensorflow}
[numpy-too-old]
line (?:RuntimeError: )?module compiled against API version (?:0x)?[\w.]+ but this version of numpy is (?:0x)?[\w.]+.*
line (?:ImportError: )?numpy\.core\.(?:umath|multiarray|_multiarray_umath) failed to import
line TypeError: Unable to convert function return value to a Python type! The signature was.*
above compiled against API version
needs compiled against API version
why TensorFlow, or a package in the traceback, is compiled for a newer NumPy than the one
  that is installed. Something else took it back, or there are two: of the system or
  conda, and of pip.
cure Install a newer NumPy, and name TensorFlow in the same command, so that it is not too
  new; what is in the way otherwise is named by `python verify.py`:
install --upgrade
install numpy
install tensorflow=={tensorflow}
[package-not-installed]
line (?:ModuleNotFound|Import)Error: No module named '?(?P<name>tensorflow_(?:hub|text|probability|datasets|io|federated|privacy|transform|model_optimization|decision_forests|recommenders|ranking|gan|graphics|similarity|cloud|quantum|serving|metadata|data_validation|lattice)|keras_(?:core|cv|nlp|hub|tuner|self_attention|bert|contrib|rl|retinanet|vggface|radam|adabound)|tf_(?:agents|slim)|tf2onnx|tensorflowjs|scikeras|segmentation_models|efficientnet|image_classifiers|classification_models|tflite_runtime|ai_edge_litert|keras2onnx|keras_cv_attention_models|spektral|deepface|mtcnn|keras_ocr)(?:\.[\w.]+)?'?
why `{name}` is a package of its own, which does not come with TensorFlow, or it was
  installed into another Python than the one that runs.
cure Install it with the Python that runs, and name TensorFlow too, so that pip leaves it
  as it is:
install {name}
install tensorflow=={tensorflow}
[pil-missing]
line ImportError: Could not import PIL\.Image\. The use of `(?P<name>\w+)` requires PIL\.
line ImportError: (?P<name>[\w.]*(?:load_img|array_to_img)) requires PIL.*
line ImportError: (?:\('?)?(?:You must install pydot|Failed to import `?pydot).*
line (?:\('?)?(?:You must install pydot|Failed to import pydot).*
line (?:ImportError: )?(?:\('?)?You must install graphviz.*
line (?:(?:OSError|ImportError): )?`?pydot`? failed to call GraphViz\. ?Please install GraphViz.*
line ImportError: (?:Image transformations require SciPy\. Install SciPy\.|This requires the scipy module\. .*)
part name this function
why Keras reads pictures with Pillow, draws models with pydot and Graphviz, and turns
  pictures with SciPy; none of them comes with TensorFlow.
cure Install the one that the line names, with TensorFlow named beside it; for pydot also
  the program Graphviz (`apt install graphviz`, or from graphviz.org):
install pillow
install pydot
install scipy
install tensorflow=={tensorflow}
[pkg-resources]
line (?:ModuleNotFound|Import)Error: No module named '?pkg_resources'?
why setuptools 82 and later have no `pkg_resources`, and a fresh environment of Python
  3.12 has no setuptools. tensorboard 2.20 and older, and many old packages, need it.
cure Install setuptools below 82:
install setuptools<82
[probability-too-new]
line ImportError: This version of TensorFlow Probability requires TensorFlow version >= (?P<wanted>[\w.]+); Detected an installation of version (?P<found>[\w.-]+)\. Please upgrade TensorFlow to proceed\.?
why tensorflow-probability names the oldest TensorFlow that it goes with, {wanted}, and
  TensorFlow {found} is installed. pip does not know of it, for its metadata requires no
  TensorFlow.
cure Install the one that was made with it: 0.25 with TensorFlow 2.18 and later, 0.24 with
  2.16, 0.23 with 2.15, 0.20 with 2.12, 0.18 with 2.10, 0.12 with 2.4.
install tensorflow-probability==0.20.*
[proto-twice]
line (?:[EF]\d{4} \S+ +\d+ )?(?:\w+\.cc:\d+\] )?File already exists in database: (?P<file>\S+\.proto)
line (?:[EF]\d{4} \S+ +\d+ )?(?:\w+\.cc:\d+\] )?Check failed: GeneratedDatabase\(\)->Add\(.*\).*
line TypeError: Couldn't build proto file into descriptor pool[!:] ?.*
part file a file
why Two libraries in one process bring the same part of TensorFlow's protocol buffers: two
  builds of TensorFlow, or one beside a package that holds a copy, such as tflite-runtime,
  and protobuf ends the program.
cure Leave one of them out: a new environment with one TensorFlow, from pip or from conda
  and not of both.
[protobuf-builder]
line ImportError: cannot import name 'builder' from 'google\.protobuf\.internal\'
why protobuf is older than 3.20, and what was generated for TensorFlow 2.12 and later, or
  for a package in the traceback, is for a newer one.
cure Install the protobuf that TensorFlow requires, by naming both:
install protobuf>=3.20.3
install tensorflow=={tensorflow}
[protobuf-create-key]
line AttributeError: module 'google\.protobuf\.descriptor' has no attribute '_internal_create_key\'
why protobuf is older than 3.12, and what was generated for TensorFlow or Keras is for a
  newer one. Or two installations of protobuf, such as one of conda and one of pip, are
  mixed.
cure Install the protobuf that TensorFlow requires, by naming both; where conda has one
  too, remove that first:
install --upgrade
install protobuf>=3.12
install tensorflow=={tensorflow}
[protobuf-descriptors]
line TypeError: Descriptors cannot (?:not )?be created directly\.(?: If this call came from a _pb2\.py file.*)?
why protobuf 4 or later is installed, and what was generated for TensorFlow 2.11 and
  older, or for another package in the traceback, is for protobuf 3.
cure Install protobuf 3.20 or older, together with TensorFlow, which knows how old:
install protobuf<3.21
install tensorflow=={tensorflow}
cure Let protobuf run in Python, which is slow:
set PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python
[protobuf-gencode]
line (?:[\w.]+\.)?VersionError: Detected incompatible Protobuf Gencode/Runtime versions when loading (?P<file>[\w./-]+): gencode (?P<gencode>[\d.]+) runtime (?P<runtime>[\d.]+)\. .*
why The protobuf that is installed is {runtime}, and what was generated for {file} needs
  {gencode} or later. Something else, such as a package of Google's, brought it.
cure Install a newer protobuf, by naming TensorFlow with it:
install protobuf>={gencode}
install tensorflow=={tensorflow}
[protobuf-getprototype]
line AttributeError: 'MessageFactory' object has no attribute 'GetPrototype\'
line AttributeError: 'SymbolDatabase' object has no attribute 'GetPrototype\'
line AttributeError: type object 'MessageFactory' has no attribute 'GetPrototype\'
why protobuf 6 or later is installed, and TensorFlow 2.13 to 2.19 are for 5 and older. The
  line is printed, several times, and the import goes on.
cure Install the protobuf that TensorFlow requires, by naming both:
install protobuf<6
install tensorflow=={tensorflow}
[protobuf-left-over]
line ModuleNotFoundError: No module named '(?P<name>google\.protobuf\.internal)'
line (?:ImportError: )?cannot import name '(?P<name>descriptor|message|reflection|symbol_database)' from 'google\.protobuf' \(unknown location\)
line (?:ImportError: )?cannot import name '(?P<name>descriptor|message|reflection|symbol_database)' from 'google\.protobuf'
why Of protobuf only a folder is left: an installation or a removal was cut short, or
  another package has put files into `google/protobuf`, such as an old `protobuf` of conda
  beside that of pip.
cure Install it anew, with TensorFlow in the same command, so that it is one that goes
  with it:
install --force-reinstall
install protobuf
install tensorflow=={tensorflow}
only tensorflow >=2.12
cure Install one anew that TensorFlow 2.11 and older can use, with TensorFlow in the same
  command:
install --force-reinstall
install protobuf<3.20
install tensorflow=={tensorflow}
only tensorflow <2.12
[protobuf-runtime-version]
line ImportError: cannot import name 'runtime_version' from 'google\.protobuf\'
why protobuf is older than 5.27, and what was generated for TensorFlow 2.20 and later, for
  onnx or for another package in the traceback, is for a newer one.
cure Install the protobuf that TensorFlow requires, by naming both:
install --upgrade
install protobuf
install tensorflow=={tensorflow}
[scikeras-of-another-keras]
line (?:ValueError: )?Could not interpret metric identifier: loss
line (?:AttributeError: )?'super' object has no attribute '__sklearn_tags__\'
why scikeras was made for another Keras or scikit-learn: up to 0.12 it is for Keras 2 and
  for scikit-learn up to 1.5, and from 0.13 on for Keras 3.
cure Install a newer one, together with TensorFlow:
install scikeras>=0.13
install tensorflow=={tensorflow}
only tensorflow >=2.16
cure Install scikeras for Keras 2, and a scikit-learn that goes with it:
install scikeras<0.13
install scikit-learn<1.6
install tensorflow=={tensorflow}
only tensorflow <2.16
only python <3.13
[symbolic-to-numpy]
line (?:NotImplementedError: )?Cannot convert a symbolic (?:tf\.)?Tensor(?: \((?P<name>[^)]*)\))? to a numpy array\..*
why NumPy 1.20 and later do not go with the recurrent layers of TensorFlow 2.4 and older.
  The same line also comes if your own code gives a symbolic tensor to a function of
  NumPy.
cure Install NumPy 1.19:
install numpy<1.20
only python <3.10
cure Take the function of TensorFlow: `tf.reduce_prod` for `np.prod`.
[tensorboard-twice]
line "?(?:ValueError: )?Duplicate plugins for name (?P<name>\w+)"?
why TensorBoard is installed twice: as tensorboard, as tb-nightly, or as what an earlier
  release left behind. Each of its plugins is found twice.
cure Uninstall all of them, and install one. If it comes again, delete the folders in
  `site-packages` whose names begin with `tensorboard-`, `tb_nightly-` or `~ensorboard`,
  and install it again.
uninstall tb-nightly
uninstall tensorboard
install tensorboard
install tensorflow=={tensorflow}
[text-of-another-tensorflow]
line (?:(?:tensorflow\.python\.framework\.errors_impl\.)?NotFoundError|ImportError): (?:(?P<package>tensorflow_\w+|tf_\w+)/\S+|<path>) undefined symbol: .*
above tensorflow_(?:text|addons|io|decision_forests|recommenders_addons|compression|quantum|federated|ranking|transform|data_validation)\b|\btf_\w+/\S+\.so
needs tensorflow_(?:text|addons|io|decision_forests|recommenders_addons|compression|quantum|federated|ranking|transform|data_validation)\b|\btf_\w+/\S+\.so
why A package with compiled operations, such as tensorflow-text, tensorflow-io or
  tensorflow-addons, is made for another TensorFlow than the one that is installed.
cure Install the release that was compiled for your TensorFlow: `python -m pip install
  'tensorflow-addons==0.12.*'` for TensorFlow 2.4, and one more for each minor after it,
  up to 0.23 for 2.15. For 2.3 it is 0.11, for 2.2 0.10, for 2.1 0.9, and for 2.0 0.6.
cure Install the one of TensorFlow's own minor:
install tensorflow-text=={minor}.*
install tensorflow=={tensorflow}
only tensorflow !=2.16.*,!=2.17.*,>=1.15
[tokenizer-needs-text]
line (?:ImportError: )?(?P<name>\w+) requires the `tensorflow-text` package\. Please install with `pip install tensorflow-text`\.?
why keras-nlp could not import tensorflow-text: it is not installed, or its own import
  fails, and keras-nlp hides why.
cure Install the tensorflow-text of TensorFlow's own minor. It has no files for Windows,
  and 2.16 and 2.17 none for Python 3.12:
install tensorflow-text=={minor}.*
install tensorflow=={tensorflow}
only tensorflow <2.18,>=2.12
only python <3.12
cure tensorflow-hub, which tensorflow-text 2.15 imports, needs tf-keras. Install it:
install tf-keras=={minor}.*
install tensorflow=={tensorflow}
only tensorflow >=2.14
[typing-extensions]
line ImportError: cannot import name '(?P<name>TypeAliasType|Sentinel|override|TypeIs|deprecated|NotRequired|Self|ParamSpec|TypeVarTuple|Buffer|ReadOnly|TypeForm|evaluate_forward_ref)' from 'typing_extensions\'
why TensorFlow 2.13 requires typing-extensions below 4.6, and a package in the traceback,
  such as pydantic, SQLAlchemy or torch, needs a newer one. Whichever was installed last
  won.
cure Install the newer one: TensorFlow 2.13 works with it in spite of what it requires,
  and pip only warns.
install --upgrade
install typing-extensions
cure Take TensorFlow 2.16 or later, which requires no such bound:
pairing tf216
[wrapt-dict-wrapper]
line TypeError: this __dict__ descriptor does not support '(?P<name>_DictWrapper)' objects
why typing-extensions 4.6 or later does not go with wrapt 1.14, which TensorFlow 2.14 and
  2.15 require. It comes when a `tf.function` returns a dict that is kept on a module, and
  when a model is saved.
cure Install an older typing-extensions:
install typing-extensions<4.6
cure Install wrapt 2 against what TensorFlow requires, which works:
install --no-deps
install wrapt>=2
cure Take TensorFlow 2.16.2 or later:
pairing tf216
[distutils]
line (?:ModuleNotFound|Import)Error: No module named '?distutils(?:\.\w+)*'?
why Python 3.12 removed `distutils`; setuptools up to 81 puts a copy in its place.
  TensorFlow 2.16 and older, and many old packages, import it.
cure Install setuptools below 82, which brings it:
install setuptools<82
cure Take TensorFlow 2.17 or later, which does without:
pairing tf217
[inspect-argspec]
line AttributeError: module 'inspect' has no attribute '(?P<name>ArgSpec|getargspec|formatargspec)\'
line ImportError: cannot import name '(?P<name>ArgSpec|getargspec|formatargspec)' from 'inspect\'
why Python 3.11 removed `inspect.{name}`. Keras 2.6 to 2.11 and TensorFlow of that age use
  it: they need Python 3.10 or older.
cure Install the Keras of TensorFlow's own minor:
install keras=={minor}.*
install tensorflow=={tensorflow}
only tensorflow <2.16,>=2.6
cure Write `inspect.getfullargspec`.
cure Take Python 3.10 or older:
pairing tf211
[pkgutil-impimporter]
line AttributeError: module 'pkgutil' has no attribute '(?P<name>ImpImporter|ImpLoader)\'
why The setuptools, or pip, of this environment is older than its Python: Python 3.12
  removed what it uses.
cure Install a newer setuptools and pip:
install --upgrade
install setuptools<82
install pip
[conda-unsatisfiable]
line (?:conda\.exceptions\.)?(?:LibMamba)?UnsatisfiableError: .*
line PackagesNotFoundError: The following packages are (?:not available from current channels|missing from the target environment):?
line (?:ResolvePackageNotFound|LibMambaUnsatisfiableError|SolverError):.*
line Solving environment: failed(?: with .*)?
line nothing provides .* needed by (?P<package>tensorflow|keras)[\w-]*
part package tensorflow
why conda found no builds that go together: mostly a TensorFlow that its channel has not
  for your Python or your CUDA. The channel `defaults` stops at older releases.
cure Let conda make the Python, and pip install TensorFlow: `conda create -n tf
  python=3.11`, `conda activate tf`, `python -m pip install tensorflow==2.15.1`.
cure Take the channel that has it: `conda create -n tf -c conda-forge --override-channels
  python=3.11 tensorflow`.
[install-permission]
line (?:ERROR: )?Could not install packages due to an (?:OSError|EnvironmentError): \[(?:WinError (?:5|32)|Errno 13)\] .*
line (?:OSError|PermissionError|EnvironmentError): \[(?:WinError (?:5|32)|Errno 13)\] .*(?:site-packages|dist-packages).*
line Consider using the `--user` option or check the permissions\.
why pip may not write there: the folder belongs to the system or to another user; or, on
  Windows, a program that runs, such as a notebook, still uses the file that is to be
  replaced.
cure Make an environment of your own, and install there: `python -m venv .venv`, then
  `.venv/bin/python -m pip install tensorflow`, on Windows `.venv\Scripts\python`. With
  `--user` or as administrator, it would mix with what the system has.
cure Close what uses it: the kernels of notebooks, the editor, other terminals; then
  install again.
[no-matching-distribution]
line (?:ERROR: )?No matching distribution found for (?P<package>(?:tensorflow|tf-keras|keras|tensorflow-cpu|tensorflow-intel|tensorflow-text|tensorflow-probability|tensorflow-io(?:-gcs-filesystem)?|tf-nightly|tensorflow-decision-forests))(?:[<>=!~]=?(?P<version>[\w.,<>=!~*]+))?(?: \(from .*)?
line (?:ERROR: )?Could not find a version that satisfies the requirement (?P<package>(?:tensorflow|tf-keras|keras|tensorflow-cpu|tensorflow-intel|tensorflow-text|tensorflow-probability|tensorflow-io(?:-gcs-filesystem)?|tf-nightly|tensorflow-decision-forests))(?:[<>=!~]=?(?P<version>[\w.,<>=!~*]+))? \(from (?:.* \(line \d+\)\) \()?(?:from )?versions: (?!.*\b(?:1\.14\.0|2\.0\.0b1)\)).*
line (?:ERROR: )?Could not find a version that satisfies the requirement (?P<package>tensorflow)==(?P<version>(?:0\.\d+|1\.(?:\d|1[0-4]))(?:\.[\w*]+)*) \(from .*versions: .*
line (?:ERROR: )?Could not find a version that satisfies the requirement (?P<package>tensorflow(?:-cpu|-intel)?|keras|tf-keras)(?:[<>=!~]=?(?P<version>[\w.,<>=!~*]+))?
part package tensorflow
part version that is asked for
why {package} has no file for your Python or your platform in the release {version}. The
  line above lists what there is for them; a 32-bit Python has none.
cure Take a Python that it has files for; the table of pairings in README.md names one for
  each TensorFlow. `uv venv --python 3.11` makes an environment with it, and so does
  `conda create -n tf python=3.11`.
cure Install a release that has files for it, without naming one: `python -m pip install
  {package}`.
[package-no-distribution]
line (?:ERROR: )?Could not find a version that satisfies the requirement (?P<package>(?!tensorflow(?:-cpu|-intel|-text|-probability|-io|-io-gcs-filesystem|-decision-forests|-addons|-gpu|2|-keras)?\b(?!-)|tf-keras|tf-nightly|keras\b(?![-_])|tf\b(?![-_])|tensor(?:-flow)?\b(?!-)|keras\.|tensorflow\.)[\w.-]+)(?:\[[\w,]+\])?(?:[<>=!~][^ ]*)?(?: \(from (?!versions).*?\))? \(from versions: .*\)
line (?:ERROR: )?No matching distribution found for (?P<package>(?!tensorflow(?:-cpu|-intel|-text|-probability|-io|-io-gcs-filesystem|-decision-forests|-addons|-gpu|2|-keras)?\b(?!-)|tf-keras|tf-nightly|keras\b(?![-_])|tf\b(?![-_])|tensor(?:-flow)?\b(?!-)|keras\.|tensorflow\.)[\w.-]+)(?:\[[\w,]+\])?(?:[<>=!~][^ ]*)?(?: \(from .*\))?
why The index that pip reads has no file of `{package}` that goes with your Python and
  your machine in the release asked for. If it lists no versions at all (`none`), no
  package has that name, none has a file for your Python, or the index was not reached.
cure Ask for one of them, or for none: `python -m pip install {package}`; each Python has
  others.
cure Look the name up on PyPI: a setting such as `TF_USE_LEGACY_KERAS=1` is no package;
  then its page for the Pythons that it goes with, and `python -m pip config list` for
  another index.
[pip-too-old]
line (?:ERROR: )?Could not find a version that satisfies the requirement tensorflow(?:-gpu|-cpu)?(?!==(?:0|1\.(?:\d|1[0-4]))(?:\.|\b))(?:[<>=!~][\w.,<>=!~*]+)? \(from (?:.* \(line \d+\)\) \()?(?:from )?versions: .*\b(?:1\.14\.0|2\.0\.0b1)\)
line (?:ERROR: )?No matching distribution found for tensorflow(?:-gpu|-cpu)?(?!==(?:0|1\.(?:\d|1[0-4]))(?:\.|\b))(?:[<>=!~][\w.,<>=!~*]+)?(?: \(from .*)?
line (?:DistributionNotFound: )?No distributions at all found for tensorflow(?:-gpu|-cpu)?(?:[<>=!~][\w.,<>=!~*]+)?(?: \(from .*| in .*)?
when python !=3.4.*
above versions: [^)\n]*\b(?:1\.14\.0|2\.0\.0b1)\)|No distributions at all found
needs versions: [^)\n]*\b(?:1\.14\.0|2\.0\.0b1)\)|No distributions at all found
why pip is too old. Before 19.0 it does not see the files for Linux that are marked
  `manylinux2010`, and all of TensorFlow after 1.14 is marked so or newer. That is why the
  list ends with 1.14.0 or 2.0.0b1. Before 8.1 it sees no file for Linux at all, and says
  "No distributions at all found".
cure Upgrade pip: `python -m pip install --upgrade pip`. Then run the same command again.
[poetry-no-candidates]
line .*because no versions of (?P<package>tensorflow-(?:intel|macos|io-gcs-filesystem)) match .*
line .*Unable to find installation candidates for (?P<package>[\w.-]+) \((?P<version>[\w.]+)\).*
why The lock of Poetry names a release of `{package}` that has no wheel for this machine
  or this Python. TensorFlow 2.11 to 2.15 are `tensorflow-intel` on Windows and
  `tensorflow-macos` on a Mac, and Poetry reads the requirements of one platform for all.
cure Name a release that has a wheel there: `poetry add
  tensorflow-io-gcs-filesystem==0.31.0`, and `tensorflow-intel` beside `tensorflow`.
cure Take TensorFlow 2.16 or later, which is one package on all platforms; images of
  Alpine Linux have no TensorFlow at all: take `python:3.12-slim`.
[poetry-python-range]
line The current project's (?:supported )?Python (?:range|requirement) \(.*\) is not compatible with some of the required packages Python requirement:?
line - (?P<package>[\w.-]+) requires Python .*, so it will not be (?:satisfied|installable) for Python .*
part package tensorflow
why Poetry wants a lock for every Python of `pyproject.toml`, up to 3.14 and later, and
  TensorFlow or a package that it requires has no release for the newest of them.
cure Narrow the range to what TensorFlow has wheels for: `python = ">=3.10,<3.13"` in
  pyproject.toml, and lock again.
cure `nox -s copy -- tf216 PATH` copies a lock that has all packages, for uv and pip.
[python-build-backend]
line (?:ERROR|error): (?P<package>metadata-generation-failed|subprocess-exited-with-error|backend-unavailable)
line (?:ERROR|error): Failed (?:to build|building wheel for) '?(?P<package>(?!tensorflow-gpu)[\w.-]+?)'?(?: when .*)?
line (?:ERROR: |error: )?Command "?python setup\.py (?P<package>egg_info|install|bdist_wheel)"? failed with error code 1(?: in .*)?
line (?:ERROR: )?Could not build wheels for (?P<package>[\w.-]+)(?:,.*)?.*
why pip found no wheel of `{package}` for your Python, and tried to build an old release
  from its source, which needs a compiler and tools of its time.
cure Leave out its release; `--only-binary :all:` makes pip say which there are: `python
  -m pip install --only-binary :all: numpy`.
cure Take the Python of its time:
pairing tf24
[resolution-impossible]
line (?:ERROR: )?Cannot install (?P<packages>.+) because these package versions have conflicting dependencies\.
line (?:ERROR: )?ResolutionImpossible: for help visit https://pip\.pypa\.io/.*
part packages these packages
why What is asked for cannot be in one environment: one package requires another release
  of a package than you or a third one does. The lines above, under "The conflict is
  caused by", name both sides.
cure Leave out the release of the package that TensorFlow requires itself, such as numpy
  or keras, and let pip choose.
cure `nox -s copy -- tf212 PATH --requirements FILE` makes one lock of a pairing and your
  packages, or says which do not fit and the nearest pairing that could.
[resolver-warning]
line (?:pkg_resources\.)?(?:ContextualVersionConflict|VersionConflict|DistributionNotFound): \(.*Requirement\.parse\(.*
line (?:ERROR: )?pip's dependency resolver does not currently take into account all the packages that are installed\..*
line (?:ERROR: )?(?P<package>[\w.-]+) (?P<version>[\d.]+[\w.+]*) (?:requires|has requirement) (?P<wants>[\w.\[\]-]+ ?[<>=!~][^;]*?)(?:; .*)?, but you(?:'ll)? have (?P<has>[\w.-]+ [\w.+]+) which is incompatible\.?
part package tensorflow
why pip installed what you asked for, and that changed a package which another one
  requires in another release. The lines below it name them; TensorFlow may no longer
  import.
cure Name both in one command, so that pip finds releases that go together: `python -m pip
  install tensorflow=={tensorflow} numpy`.
cure `python verify.py` prints the one command that brings back what TensorFlow requires.
[tensorflow-gpu-removed]
line (?:Exception|error): The "tensorflow-gpu" package has been removed!.*
line (?:ERROR|error): Failed to build 'tensorflow-gpu' when .*
line (?:ERROR|error): (?:metadata-generation-failed|subprocess-exited-with-error)
line (?:ERROR: )?No matching distribution found for tensorflow-gpu(?:[<>=!~].*)?(?: \(from .*)?
line (?:ERROR: )?Could not find a version that satisfies the requirement tensorflow-gpu(?:[<>=!~][^ ]*)? \(from .*versions: .*
line (?:packaging\.requirements\.|setuptools\.extern\.packaging\.requirements\.|pkg_resources\.extern\.packaging\.requirements\.)?InvalidRequirement: .*python_version>"3\.7".*
above tensorflow[-_]gpu
why The package tensorflow-gpu is no more: since TensorFlow 2.1, `tensorflow` uses GPUs by
  itself. What is left on PyPI only says so, and a new setuptools fails even before that.
cure Install `tensorflow`, or with NVIDIA's libraries, on Linux: `python -m pip install
  'tensorflow[and-cuda]'` (2.14 and later).
[uv-no-solution]
line (?:[×x] |error: )?No solution found when resolving dependencies.*
line error: Distribution `(?P<package>[^`]+)` can't be installed because it doesn't have a source distribution or wheel for the current platform
line hint: (?:Wheels are available for|You're on|You require) .*
line (?:╰─▶ |cause: )?Because (?:only )?.* and (?:your project|you) (?:depends? on|requires?) .*, we can conclude that .*
part package tensorflow
why uv found no releases that go together. The lines below say which: mostly a TensorFlow
  that has no wheel for your Python or your platform, or two packages that require
  different releases of a third.
cure Take a Python that TensorFlow has wheels for: `uv venv --python 3.11`; in a project,
  `requires-python = ">=3.10,<3.13"`. The table of pairings in README.md names one for
  each TensorFlow.
cure Leave out releases that you do not need: `uv pip install tensorflow`.
[wheel-not-supported]
line (?:(?:ERROR|error|(?:[\w.]+\.)?UnsupportedWheel): ?)?(?P<package>[\w.]+-[\w.+]+)-(?P<tag>(?:cp|py)\d[\w.]*-\w+-\w[\w.]*) ?\.whl is not a supported wheel on this platform\.?
why The file is made for another Python or platform than yours: `{tag}` in its name says
  for which. `cp310` is Python 3.10, `win_amd64` is 64-bit Windows.
cure Name the release, and pip takes the file that fits; `python -m pip debug --verbose`
  lists what fits your Python.
[windows-long-path]
line (?:ERROR: )?Could not install packages due to an (?:OSError|EnvironmentError): \[Errno 2\] No such file or directory: '?<path>.*
line (?:HINT: )?This error might have occurred since this system does not have Windows Long Path support enabled\..*
line (?:(?:ERROR: )?Could not install packages due to an )?(?:OSError|EnvironmentError|FileNotFoundError): \[WinError 206\] .*
why Windows takes paths of 260 characters unless told otherwise, and files of TensorFlow
  have long ones. The folder that it is to be installed in lies too deep, as that of a
  Python from Microsoft's Store does. On another system, the file in the line is one that
  you named, and it is not there.
cure Make the environment in a short folder, and install there: `py -3.11 -m venv C:\tf`,
  then `C:\tf\Scripts\python -m pip install tensorflow`.
cure Allow long paths, in a PowerShell as administrator, and open a new terminal:
  `New-ItemProperty -Path "HKLM:\SYSTEM\CurrentControlSet\Control\FileSystem" -Name
  LongPathsEnabled -Value 1 -PropertyType DWORD -Force`.
[wrong-name-on-pypi]
line (?:ERROR: )?No matching distribution found for (?P<package>tensor-flow|tensorflow2|tensorflow-keras|tf|keras\.\w+|tensorflow\.\w+|tensor)(?:[<>=!~].*)?(?: \(from .*)?
line (?:ERROR: )?Could not find a version that satisfies the requirement (?P<package>tensor-flow|tensorflow2|tensorflow-keras|tf|keras\.\w+|tensorflow\.\w+|tensor)(?:[<>=!~][^ ]*)? \(from versions: none\)
why No package is called `{package}`: it is tensorflow on PyPI. What an import calls it
  and what pip calls it often differ: tf_keras is tf-keras, tensorflow_hub is
  tensorflow-hub.
cure Write `python -m pip install tensorflow`.
[cuda-driver-too-old]
line (?:(?:[\w.]+\.)?(?:Internal|Runtime)Error: +|(?![\w.]+Error: )).*CUDA driver version is insufficient for CUDA runtime version.*
why The driver of NVIDIA's is older than the CUDA that this TensorFlow brings or finds, or
  there is no driver at all. conda chooses a CUDA without a look at the driver.
cure Install the newest driver for the GPU, and restart; `nvidia-smi` shows the newest
  CUDA that it can do, which must be at least that of TensorFlow.
cure Take an older CUDA that TensorFlow still goes with: in conda, `conda install
  cudatoolkit=10.0 tensorflow-gpu=1.15`, or a TensorFlow of the time of the driver.
cure Set `CUDA_VISIBLE_DEVICES=-1` before TensorFlow is imported, or install
  `tensorflow-cpu`.
[dll-load-failed]
line (?:ImportError: )?DLL load failed(?: while importing (?P<name>_pywrap_tensorflow\w*|_pywrap_tf2|_errors|_op_def_registry))?(?: with error code (?!-1073741795)-?\d+|:)(?! ?(?:The paging file|Файл подкачки)) ?(?:The specified module could not be found|A dynamic link library \(DLL\) initialization routine failed|.*)\.?
line (?:ModuleNotFound|Import)Error: No module named '?(?P<name>_?pywrap_tensorflow(?:_internal)?)'?
line ImportError: Could not find (?:the DLL\(s\) )?'(?P<name>msvcp140(?:_1)?\.dll)'.*
line (?:ImportError: )?DLL load failed\.?
part name _pywrap_tensorflow_internal
why Windows does not find a library that TensorFlow, or the package in the line above,
  needs: mostly Microsoft's Visual C++ runtime. The other causes are a processor without
  AVX, and a 32-bit Python.
cure Install the Microsoft Visual C++ 2015-2022 Redistributable (x64), and restart.
cure Install a 64-bit Python: `python -c "import struct; print(struct.calcsize('P') * 8)"`
  must print 64.
cure Install the release before it; the newest sometimes needs a newer runtime: `python -m
  pip install tensorflow-cpu==2.19.1`.
[glibc-too-old]
line (?:(?:ImportError|OSError): )?\S+ version [`'](?P<version>(?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found(?: \(required by .*\))?
why The Linux is older than this TensorFlow needs, or the libstdc++ that Python finds
  first, as that of an old conda, is.
cure Upgrade the system, or install an older TensorFlow: Linux with GLIBC 2.17 has 2.10 as
  the newest; or run it in a container.
cure `conda install -c conda-forge libstdcxx-ng`, or take the system's: `export
  LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libstdc++.so.6`.
[gpu-busy]
line (?:(?:[\w.]+\.)?(?:Internal|Runtime)Error: +|(?![\w.]+Error: )).*(?:[Aa]ll CUDA-capable devices are busy or unavailable|CUDA-capable device\(s\) is/are busy or unavailable|CUDA_ERROR_DEVICE_UNAVAILABLE).*
why The driver gives no context on the GPU. Either it is set to serve one process, and
  another has it, often an earlier kernel of a notebook; or the driver is in a bad state,
  or has no licence as a virtual GPU needs one.
cure `nvidia-smi` shows the processes: end those that are yours, restart the kernel, or
  choose another GPU with `CUDA_VISIBLE_DEVICES=1`.
cure Let several processes in: `sudo nvidia-smi -c 0`; on a cluster, ask for the GPU by
  its queue.
cure Restart the machine or install its driver anew, and look at `dmesg`; a virtual GPU
  (GRID) needs its licence.
[gpu-launch-failed]
line .*CUDA_ERROR_(?:LAUNCH_FAILED|ILLEGAL_ADDRESS|MISALIGNED_ADDRESS|ILLEGAL_INSTRUCTION|LAUNCH_TIMEOUT).*
line (?:.*\] )?Unexpected Event status: 1
line (?!.*CUDA error: ).*(?:unspecified launch failure|an illegal memory access was encountered).*
why A computation on the GPU broke off, and no later one is right. It may be a fault in
  CUDA, cuDNN or the driver, a library of another release than TensorFlow's, memory that
  ran out, an index out of range that a GPU does not check, or a GPU that is too hot or
  overclocked.
cure Run it once with `CUDA_VISIBLE_DEVICES=-1`: if it fails on the processor too, the
  message there names the fault, such as a label out of range.
cure Install the newest driver, and just the CUDA and cuDNN that TensorFlow's table names;
  on Linux, `python -m pip install 'tensorflow[and-cuda]'` brings them.
cure Let it take memory as it needs it, `tf.config.experimental.set_memory_growth(gpu,
  True)`, take a smaller batch, and undo overclocking.
[gpu-no-kernel-image]
line (?!.*CUDA error).*no kernel image is available for execution on the device.*
why This build of TensorFlow has no code for your GPU: its compute capability is lower
  than the build goes down to, or one that it leaves out. TensorFlow 2.3 left out the
  compute capability 5.0, such as of the GTX 750, 950M, 960M and 940MX.
cure Take another TensorFlow: 2.4 or 2.2 in place of 2.3. `nvidia-smi
  --query-gpu=compute_cap --format=csv` shows what the GPU has.
cure Install the newest TensorFlow, on Linux with its CUDA: `python -m pip install -U
  'tensorflow[and-cuda]'`.
cure Compute on the processor: set `CUDA_VISIBLE_DEVICES=-1` before TensorFlow is
  imported.
[illegal-instruction]
line (?:.*: )?(?:line \d+: +\d+ )?Illegal instruction(?!: 4)(?::? ?\d*)?(?: \(core dumped\))?.*
line .*The TensorFlow library was compiled to use (?P<name>[\w.]+(?:,? (?:and )?[\w.]+)*) instructions, but these aren't available on your machine\.?
line Process finished with exit code (?:132 \(interrupted by signal 4: SIGILL\)|-1073741795 \(0xC000001D\))
line ImportError: DLL load failed with error code -1073741795.*
why TensorFlow 1.6 and later are compiled for processors with AVX. Yours, or the virtual
  machine that you are in, has none; jaxlib and others say it in the same way.
cure Give the virtual machine the processor of its host (`-cpu host` in QEMU, `host` in
  Proxmox), or take another machine: `grep -c avx /proc/cpuinfo` must not print 0.
cure Take a build without AVX, as conda-forge or a community makes it, or TensorFlow 1.5.
[libcudnn-version]
line Loaded runtime CuDNN library: (?P<has>[\d.]+)(?: \(.*\))? but source was compiled with:? (?P<needs>\d+(?:\.\d+)*)(?: \(.*\))?\..*
why The cuDNN that is found has release {has}, and this TensorFlow needs {needs} or a
  later one of the same major. Numbers such as 7102 mean 7.1.2, and TensorFlow 1 that
  prints them wants that very minor.
cure Let pip bring the libraries, and take other ones out of LD_LIBRARY_PATH: `python -m
  pip install 'tensorflow[and-cuda]'`.
cure Install cuDNN {needs} or later of the same major, as the table "Tested build
  configurations" of TensorFlow's site has it.
[macos-native]
line ImportError: dlopen\((?P<file>_pywrap_\w+\.so|libtensorflow\w*[\w.]*\.dylib|_[\w.]+\.so), \w+\): .*
line (?:\S+: )?mach-o(?: file)?, but (?:wrong|is an incompatible) architecture.*
line (?:zsh: |\[\d+\] +(?:[+-] +)?\d+ +)?illegal hardware instruction.*
line Illegal instruction: 4
line (?:tensorflow|python)[\w.-]* .*is not (?:a )?supported .*on macOS arm64.*
part file _pywrap_tensorflow_internal.so
why The native part of TensorFlow does not go with this Mac: macOS is older than the
  release needs, or the Python is for another processor (Intel or Apple) than TensorFlow;
  under Rosetta, a TensorFlow for Intel dies of its AVX instructions.
cure Install a Python for it: `python -c 'import platform; print(platform.machine())'`
  must print `arm64`, and not `x86_64` as under Rosetta; then `python -m pip install
  tensorflow`.
cure Upgrade macOS, or install an older TensorFlow; the newest that still goes with a Mac
  of Intel is 2.16.
[metal-plugin]
line (?:[\w.]+\.)?NotFoundError: dlopen\((?P<path>libmetal_plugin\.dylib), .*\): (?:Symbol not found|Library not loaded):? .*
line (?:[\w.]+\.)?NotFoundError: dlopen\((?P<path>.*libmetal_plugin\.dylib).*
line (?:[\w.]+\.)?InvalidArgumentError: Cannot assign a device for operation .*(?P<path>METAL).*
why tensorflow-metal, which lets a Mac use its GPU, is made for another TensorFlow than
  yours.
cure Remove it, and compute on the processor, which is often fast enough: `python -m pip
  uninstall tensorflow-metal`.
cure Install the two that Apple's table pairs, such as `tensorflow==2.16.2` with
  `tensorflow-metal==1.1.0`.
[no-gpu-found]
line Cannot dlopen some GPU libraries\. Please make sure the missing libraries mentioned above are installed properly if you would like to use GPU\..*
why TensorFlow computes on the processor, because it does not find CUDA's libraries. On
  Windows, TensorFlow 2.11 and later have no support for GPUs at all; 2.10 was the last.
cure Let pip bring the libraries: `python -m pip install 'tensorflow[and-cuda]'`, in an
  environment of its own.
cure Use WSL2 with Linux, or TensorFlow 2.10 with CUDA 11.2 and cuDNN 8.1.
[ptxas-missing]
line Couldn't get ptxas version string: .*
line .*: Not found: \./bin/ptxas not found
line (?:.*)?No PTX compilation provider .*
line (?:.*)?libdevice not found at \./libdevice\.10\.bc.*
line (?:.*)?Can't find libdevice directory \$\{CUDA_DIR\}/nvvm/libdevice\..*
line (?:(?:[\w.]+\.)?(?:UnknownError|InternalError): +)?(?:Graph execution error: +)?(?:\(\d\) )?(?:\{\{.*\}\} )?(?:Unknown: +|UNKNOWN: +)?JIT compilation failed\.(?: \[.*)?
why XLA compiles for the GPU with `ptxas` and `libdevice`, which CUDA's own packages have
  and the runtime alone does not.
cure Install them: `python -m pip install nvidia-cuda-nvcc-cu12` for TensorFlow 2.14 and
  later, and set `XLA_FLAGS=--xla_gpu_cuda_data_dir=` to the folder that holds `nvvm`.
[static-tls]
line (?:ImportError|OSError): (?P<file>\S+) cannot allocate memory in static TLS block
why On ARM, as in a Jetson, a Raspberry Pi or a container on a Mac, the loader has room
  for few libraries of this kind, and scikit-learn, OpenCV or TensorFlow load libgomp too
  late.
cure Load that very library first: `export LD_PRELOAD=` with the path that the line names,
  before Python starts; in a container, `ENV LD_PRELOAD=...`.
cure Import what the traceback names (`import sklearn`, `import cv2`) before TensorFlow.
"""  # noqa: E501
# fmt: on
# end of tables


if __name__ == "__main__":
    sys.exit(main())
