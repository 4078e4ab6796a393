"""Verify installation: which TensorFlow and which Keras run here, and what interferes.

The document's example 3 ends by importing `tensorflow` and `keras` and printing two
versions. Those say neither where a package came from nor what `tf.keras` is. This script
does, and it names whatever is in the way together with the command that removes it:

    python verify.py

Copy it into a project and run it with the environment's own python (3.7 or later); it
needs nothing installed. It exits with 0 if nothing interferes and with 1 otherwise. With
`--json` a program can read it; with `--no-import` nothing is imported, for where that hangs
or crashes.
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
FRESH = "make a fresh environment and install the lock of this pairing in it"
NUMPY_2 = (
    r"_ARRAY_API not found|numpy\.core\.\w+ failed to import|compiled using NumPy 1\.x"
    r"|Unable to convert function return value to a Python type[\s\S]*\(\) -> handle"
)
KNOWN_FAILURES = {  # what the traceback holds: what that means, the fix
    r"Descriptors cannot (not )?be created directly": (
        "protobuf is too new for this TensorFlow",
        'python -m pip install "protobuf<3.21"',
    ),
    NUMPY_2: ("this TensorFlow was compiled for NumPy 1", 'python -m pip install "numpy<2"'),
    r"keras[\s\S]*No module named '(torch|jax|theano|cntk)'": (
        "Keras is told to use a backend that is not installed",
        "unset KERAS_BACKEND, and set backend to tensorflow in ~/.keras/keras.json",
    ),
}

Distribution = namedtuple("Distribution", "name version requires files folder")
Version = namedtuple("Version", "numbers key local")
# What does not hold: a distribution requires a name in these versions; why, if metadata is silent.
Conflict = namedtuple("Conflict", "one name clauses why")


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
    tried = ["0", *named, *(one + ".1" for one in named)]
    return any(allowed(clauses, one) and allowed(others, one) for one in tried)


def known(table, installed, tensorflow):
    """(name, clauses, beside, why) of the rows of a table that hold for what is installed."""
    for span, requirement, beside, why in table:
        other, limit = split(beside) if beside else ("", "")
        there = not beside or (other in installed and allowed(limit, installed[other].version))
        if tensorflow and allowed(span, tensorflow.version) and there:
            yield (*split(requirement), beside, why)


def caps_of(installed, tensorflow, limits):
    """(name, clauses) of the caps that will hold once the limits do: now, or beside what comes."""
    for span, requirement, beside, _ in CAPS:
        other, limit = split(beside) if beside else ("", "")
        found = installed.get(other)
        if beside and found and allowed(limits.get(other, ""), found.version):
            there = allowed(limit, found.version)
        else:  # it is not there, or it moves
            there = not beside or (other in limits and go_together(limits[other], limit))
        if tensorflow and allowed(span, tensorflow.version) and there:
            yield split(requirement)


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
    for name, clauses in list(caps_of(installed, tensorflow, limits)):
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
    for one, _, name, clauses, why in companions_of(installed, tensorflow):
        if (one.name, name) in told or (name == "tf-keras" and name in installed):
            continue  # told above, or by check_legacy_keras if it is for another TensorFlow
        if is_tensorflow(name):
            if not allowed(clauses, tensorflow.version):
                yield Conflict(one, name, clauses, why), True
        elif missed(name, clauses):
            yield Conflict(one, name, clauses, why), True


def companions_of(installed, tensorflow):
    """(distribution, its releases, name, clauses, why) of the table's rows that hold here."""
    for package, releases, span, requirement, why, _ in COMPANIONS:
        one = installed.get(package)
        fits = one and tensorflow and allowed(releases, one.version)
        if fits and allowed(span, tensorflow.version) and not is_variable(requirement):
            yield (one, releases, *split(requirement), why)


def describe(conflict, installed, tensorflow):
    """A conflict in words."""
    one, name, clauses, why = conflict
    found = tensorflow if is_tensorflow(name) and one is not tensorflow else installed.get(name)
    has = f"but {found.version} is installed" if found else "which is missing"
    verb = "goes only with" if why and one is tensorflow else "requires"
    return f"{one.name} {one.version} {verb} {name}{clauses}, {has}" + (f": {why}" if why else "")


class Remedy:
    """What pip or uv is told to solve together, so that it mends and breaks nothing else.

    `named` is {name: clauses} beside TensorFlow, and `moved` the distributions that nothing but
    their user asked for and that another release must take the place of.
    """

    def __init__(self, conflicts, installed, tensorflow, lost, limits):
        self.installed, self.tensorflow, self.limits = installed, tensorflow, limits
        self.rows = list(companions_of(installed, tensorflow))
        self.needed = set(needed_by_family(installed))
        self.whole = bool(tensorflow) and not lost  # else its metadata would rule out what is right
        self.named, self.moved = {}, []
        for name, clauses in caps_of(installed, tensorflow, limits):
            self.named[name] = join(limits[name], clauses)
        todo = [self.mover(conflict) for conflict in conflicts]
        done = set()
        while todo:
            name = todo.pop(0)
            if name not in done:
                done.add(name)
                self.named.setdefault(name, limits.get(name, ""))
                todo += self.dragged(name)
        for one, _, name, clauses, _ in self.rows:  # what no metadata would keep together
            if one.name in self.named and name in self.named and self.admits(name, clauses):
                self.named[name] = join(self.named[name], clauses)

    def mover(self, conflict):
        """The name whose release must change; its clauses are noted."""
        one, name, clauses, why = conflict
        limit = self.limits.get(name, "")
        if not is_tensorflow(name) and (one is self.tensorflow or go_together(limit, clauses)):
            stranger = one.name not in self.needed
            if stranger and limit and clauses and not why and not self.brings_another(one):
                self.named.setdefault(one.name, "")
                clauses = ""
            self.named[name] = join(self.named.get(name, ""), limit, clauses)
            return name
        self.move(one)
        return one.name

    def move(self, one):
        if one not in self.moved and one.name not in self.needed:
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
        if is_tensorflow(name):
            return allowed(clauses, self.tensorflow.version)
        return go_together(self.limits.get(name, ""), clauses)

    def dragged(self, name):
        """The names that change along with this one; those that only must hold are noted."""
        limit = self.named[name]
        for one, releases, wanted, clauses, _ in self.rows:
            if wanted == name and releases.startswith(">=") and not self.admits(name, clauses):
                self.move(one)
                yield one.name
        for one in self.installed.values():
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
                parts.append(f'"{name}{clauses}"' if clauses else name)
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
    """[(distribution, name, clauses, why)] that no release of what is wanted goes with here."""
    final = {(row[0], row[4]): row[5] for row in COMPANIONS if row[5]}
    return [
        (one, name, clauses, f"{why}, and {final[one.name, why]}")
        for one, _, name, clauses, why in companions_of(installed, tensorflow)
        if (one.name, why) in final and not go_together(limits.get(name, ""), clauses)
    ]


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
    for one, name, clauses, why in stuck_in(installed, tensorflow, limits):
        if any(conflict.name == name for conflict in near):
            near = [conflict for conflict in near if conflict.name != name]
            check_stuck(report, installed, tensorflow, limits, (one, name, clauses, why))
    if near:
        seen, lines = set(), []
        for conflict in near:
            found = conflict.name in installed and not is_tensorflow(conflict.name)
            key = conflict.name + (conflict.clauses if found else "")
            if is_tensorflow(conflict.name) and conflict.one is not tensorflow:
                key = conflict.one.name  # of several bounds, the first is the highest
            if key not in seen:
                seen.add(key)
                lines.append(describe(conflict, installed, tensorflow))
        remedy = Remedy(near, installed, tensorflow, lost, limits)
        found = installed.get(near[0].name)
        where = found.folder if found else near[0].one.folder
        in_front = {real(folder): fix for folder, now, _, fix in folders_in_front() if now}
        if where in in_front and found:
            report.repeat("; ".join(lines), where, in_front[where])
        else:
            report.repeat("; ".join(lines), where, remedy.command(), *keep(remedy))
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


def check_stuck(report, installed, tensorflow, limits, stuck):
    """Two that cannot be in one environment, and what there is to choose from."""
    one, name, clauses, why = stuck
    caps = [row for row in known(CAPS, installed, tensorflow) if row[0] == name]
    reason = f" ({caps[0][3]})" if caps else ""
    what = f"{tensorflow.name} {tensorflow.version} goes only with {name}{limits[name]}{reason}, "
    what += f"and {one.name} {one.version} only with {name}{clauses} ({why}): "
    what += "they cannot both be satisfied in one environment"
    fixes = []
    for _, _, beside, _ in caps:
        other, limit = split(beside) if beside else ("", "")
        for missed, _, _, _ in known(HARMLESS, installed, tensorflow):
            if missed == other and re.match(r"<[\w.]+$", limit):
                # pip says then that TensorFlow requires another; what was seen is that it works.
                fixes.append(f'python -m pip install --no-deps "{other}>={limit[1:]}"')
    own = [theirs for other, theirs in requirements(one) if other == name] or [clauses]
    place = pairing_for([(name, own[0])], tensorflow)
    fixes.append(f"{'or ' if fixes else ''}take {place + ', or ' if place else ''}two environments")
    report.problem(what, one.folder, *fixes)


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


# What is really imported.


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


def check_import(report, name, owner, required, otherwise=FRESH):
    """Imports a module; reports which one came, or why none did, and `otherwise` as the fix."""
    where, again = (owner.folder, reinstall(owner)) if owner else (sys.prefix, otherwise)
    try:
        module = importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit as well
        meaning, fix = meaning_of(error), otherwise
        report.imports[name] = {"error": meaning}
        report.line(name, f"cannot be imported, {meaning}")
        for pattern, known in KNOWN_FAILURES.items():
            if re.search(pattern, traceback.format_exc()):
                meaning, fix = known
                package = re.search('"(protobuf|numpy)<', fix)
                if package and "<" in required.get(package.group(1), ""):
                    fix = f'python -m pip install "{package.group(1)}{required[package.group(1)]}"'
        path = getattr(error, "path", None)
        # Its metadata is there, but it is not, or not whole; unless another module has its name.
        if getattr(error, "name", None) == name and (path is None or inside(path)):
            fix = again
        elif report.problems:
            fix = f"first the fixes above; if they are not enough, {fix}"
        report.repeat(f"`import {name}` fails: {meaning}", where, fix)
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
    if tensorflow or "tensorflow" in there:
        module = check_import(report, "tensorflow", tensorflow, required)
        broken = module and check_tf_keras(report, module)
    if keras or "keras" in there:
        otherwise = keras_for(installed, tensorflow, keras)
        module = check_import(report, "keras", keras, required, otherwise)
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


def check(report, importing):
    """Everything, in the order in which it is printed; what there is of the environment."""
    everything = list(distributions())
    installed = {one.name: one for one in reversed(everything)}  # the first on sys.path counts
    tensorflows = [one for one in installed.values() if is_tensorflow(one.name)]
    tensorflow = installed.get("tensorflow", tensorflows[0] if tensorflows else None)
    keras = installed.get("keras") or installed.get("keras-nightly")
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


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--json", action="store_true", help="print one JSON document instead")
    options.add_argument("--no-import", action="store_true", help="import nothing")
    asked = options.parse_args()
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


# tables: generated by nox -s pages, from envs/pairings and envs/explained/companions.toml
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
        "pydantic", ">=2", "", "typing-extensions>=4.6.1", "every pydantic 2 requires it",
        "pydantic 1 is another interface",
    ),
    (
        "onnx", ">=1.19", "", "ml-dtypes>=0.5.0",
        "it uses ml_dtypes.float4_e2m1fn, which 1.19.0 does not say", "",
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
        "typing-extensions", ">=4.6", ">=2.16", "wrapt>=2",
        "with an older wrapt, a tf.function cannot return a dict that is kept on a "
        "tf.Module ('this __dict__ descriptor does not support '_DictWrapper' objects')",
        "",
    ),
    (
        "tensorflow-metadata", ">=1.18", "", "protobuf>=5.26",
        "it imports google.protobuf.runtime_version, and its metadata admits an older "
        "protobuf; tensorflow-datasets cannot be imported then",
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
        "keras-cv", ">=0.9", "", "tensorflow>=2.13",
        "it registers a class twice beside an older TensorFlow, and cannot be imported",
        "",
    ),
)
# fmt: on
# end of tables


if __name__ == "__main__":
    sys.exit(main())
