"""Verify installation: which TensorFlow and which Keras run here, and what interferes.

The document's example 3 ends by importing `tensorflow` and `keras` and printing two
versions. Those say neither where a package came from nor what `tf.keras` is. This script
does, and it names whatever is in the way together with the command that removes it:

    python verify.py

Copy it into a project and run it with the environment's own python (3.7 or later); it
needs nothing installed. It exits with 0 if nothing interferes and with 1 otherwise.
"""

import ast
import importlib
import os
import platform
import re
import site
import sys
import sysconfig
import traceback
from collections import namedtuple
from email.parser import HeaderParser
from importlib.machinery import PathFinder

MODULES = ("tensorflow", "keras", "tf_keras")
TENSORFLOWS = (
    "tensorflow",
    "tensorflow-cpu",
    "tensorflow-gpu",
    "tensorflow-intel",
    "tensorflow-macos",
    "tensorflow-cpu-aws",
    "tensorflow-rocm",
    "tf-nightly",
)
KERASES = ("keras", "keras-nightly", "tf-keras", "tf-keras-nightly")
FRESH = "make a fresh environment and install the lock of this pairing in it"
KNOWN_FAILURES = (  # what the traceback holds, what that means, the fix
    (
        r"Descriptors cannot (not )?be created directly",
        "protobuf is too new for this TensorFlow",
        'python -m pip install "protobuf<3.21"',
    ),
    (
        r"_ARRAY_API not found|numpy\.core\.multiarray failed to import|compiled using NumPy 1\.x"
        r"|Unable to convert function return value to a Python type[\s\S]*\(\) -> handle",
        "this TensorFlow was compiled for NumPy 1",
        'python -m pip install "numpy<2"',
    ),
    (
        r"keras[\s\S]*No module named '(torch|jax|theano|cntk)'",
        "Keras is told to use a backend that is not installed",
        "unset KERAS_BACKEND, and set backend to tensorflow in ~/.keras/keras.json",
    ),
)
Distribution = namedtuple("Distribution", "name version requires files folder")
Version = namedtuple("Version", "numbers key early late local")


class Report:
    """Prints at once: the import of a broken TensorFlow may end the process."""

    def __init__(self):
        self.problems = 0
        self.leaks = set()

    def line(self, label, text):
        print(f"  {label:<14} {text}", flush=True)

    def problem(self, what, where, fix):
        self.problems += 1
        print(
            f"  PROBLEM {self.problems}: {what}",
            f"    where: {where}",
            f"    fix:   {fix}",
            sep="\n",
            flush=True,
        )

    def leak(self, name, file, way, fix):
        """A module from outside the environment: one problem, however often it is met."""
        if (name, real(parent(file))) not in self.leaks:
            self.leaks.add((name, real(parent(file))))
            self.problem(f"{name} from outside the environment, through {way}", file, fix)


# Versions (PEP 440) and environment markers (PEP 508), as far as packages use them.

VERSION = re.compile(
    r"v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?"
    r"(-(\d+)|[-_.]?(?:post|rev|r)[-_.]?(\d*))?([-_.]?dev[-_.]?(\d*))?(?:\+(.*))?$"
)


def parse(text):
    """A version's numbers and sort key, whether it is a pre- or post-release, its local part."""
    match = VERSION.match(text.strip().lower())
    if not match:
        raise ValueError(f"not a version: {text!r}")
    epoch, numbers, pre, pre_n, post, post_n, post_m, dev, dev_n, local = match.groups()
    numbers = (int(epoch or 0), *map(int, numbers.split(".")))
    short = numbers
    while short and not short[-1]:  # 2.12 equals 2.12.0
        short = short[:-1]
    # 1.dev0 < 1a1.dev0 < 1a1 < 1b1 < 1rc1 < 1 < 1.post1
    stage = {"a": 0, "b": 1}.get(pre[0], 2) if pre else -1 if dev and not post else 3
    key = (
        short,
        stage,
        int(pre_n or 0),
        int(post_n or post_m or 0) if post else -1,
        int(dev_n or 0) if dev else float("inf"),
    )
    return Version(numbers, key, bool(pre or dev), bool(post), local)


def starts(version, numbers):
    """Whether a version falls under 2.12.*, given as numbers."""
    return (version.numbers + (0,) * len(numbers))[: len(numbers)] == numbers


def allows(clause, text):
    """Whether a version satisfies one clause such as >=2.12.0; it may be a pre-release."""
    match = re.match(r"\s*(===|~=|==|!=|<=|>=|<|>)\s*([^\s*]+?)(\.\*)?\s*$", clause)
    if not match:
        raise ValueError(f"not a version clause: {clause!r}")
    sign, wanted, star = match.groups()
    if sign == "===":
        return text == wanted
    own, limit = parse(text), parse(wanted)
    if sign in ("==", "!="):
        equal = (
            starts(own, limit.numbers)
            if star
            else (own.key == limit.key and limit.local in (None, own.local))
        )
        return equal == (sign == "==")
    if sign in ("<=", ">=", "~="):
        if sign == "~=" and not starts(own, limit.numbers[:-1]):
            return False
        return own.key <= limit.key if sign == "<=" else own.key >= limit.key
    # <2 shuts out 2rc1 as well, and >2 shuts out 2.post1, unless the clause names such a one.
    aside = own.early > limit.early if sign == "<" else own.late > limit.late
    if own.key[0] == limit.key[0] and aside:
        return False
    return own.key < limit.key if sign == "<" else own.key > limit.key


def allowed(clauses, version):
    """Whether a version satisfies all clauses; what cannot be read is taken to be so."""
    try:
        return all(allows(clause, version) for clause in clauses.split(",") if clause)
    except ValueError:
        return True


def marker_values():
    """What markers are compared with; no extra is asked for."""
    return {
        "python_version": "%d.%d" % sys.version_info[:2],
        "python_full_version": platform.python_version(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_system": platform.system(),
        "platform_machine": platform.machine(),
        "sys_platform": sys.platform,
        "os_name": os.name,
        "extra": "",
    }


def holds(marker, values=None):
    """Whether an environment marker holds, here unless other values are given."""
    # Markers read as Python expressions, but for ~= and ===: "is" and "==" stand in for them.
    text = marker.strip().replace("~=", " is ").replace("===", "==")
    return evaluate(ast.parse(text, mode="eval").body, values or marker_values())


def evaluate(node, values):
    if isinstance(node, ast.BoolOp):
        results = [evaluate(value, values) for value in node.values]
        return all(results) if isinstance(node.op, ast.And) else any(results)
    sides = (node.left, node.comparators[0])
    names = [side.id for side in sides if isinstance(side, ast.Name)]
    left, right = (
        values[side.id] if isinstance(side, ast.Name) else ast.literal_eval(side) for side in sides
    )
    sign = {
        "Lt": "<",
        "LtE": "<=",
        "Gt": ">",
        "GtE": ">=",
        "Eq": "==",
        "NotEq": "!=",
        "Is": "~=",
        "In": "in",
        "NotIn": "not in",
    }[type(node.ops[0]).__name__]
    if "in" in sign:
        return (left in right) == (sign == "in")
    if "python_version" in names or "python_full_version" in names:
        return allows(sign + right, left)
    return {
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
        "==": left == right,
        "!=": left != right,
    }[sign]


# What is installed, read from the metadata: nothing is imported.


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
            if not entry.endswith((".dist-info", ".egg-info")):
                continue
            data = os.path.join(folder, entry)
            headers = HeaderParser().parsestr(
                read(data, "METADATA") or read(data, "PKG-INFO") or read(data)
            )
            if headers["Name"] and headers["Version"]:
                files = {line.split(",")[0] for line in read(data, "RECORD").splitlines()}
                if entry.endswith(".egg-info"):  # no RECORD there, only the packages' names
                    tops = read(data, "top_level.txt").split()
                    files.update(top + "/__init__.py" for top in tops)
                yield Distribution(
                    normal(headers["Name"]),
                    headers["Version"].strip(),
                    headers.get_all("Requires-Dist", []),
                    files,
                    folder,
                )


def requirements(distribution):
    """(name, version clauses) for everything that a distribution requires here."""
    for line in distribution.requires:
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
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # On Windows this list has the prefix as well, and a project may well lie in there.
    folders.update(
        folder
        for folder in site.getsitepackages([sys.prefix, sys.exec_prefix])
        if folder.endswith("-packages")
    )
    # An installer may have linked the file to its cache: as it is spelled is good enough.
    spelled = (os.path.normcase(os.path.abspath(file)), real(file))
    return any(
        own.startswith(start + os.sep)
        for own in spelled
        for folder in folders
        for start in (os.path.normcase(folder), real(folder))
    )


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
    return bool(
        re.search(
            r"(?im)^include-system-site-packages\s*=\s*true\s*$", read(sys.prefix, "pyvenv.cfg")
        )
    )


def way_and_fix(name, folder):
    """How a folder that nothing in front explains came to be used."""
    code = [
        getattr(sys.modules.get(custom), "__file__", None)
        for custom in ("sitecustomize", "usercustomize")
    ]
    for entry in filter(os.path.isdir, sys.path):
        for pth in sorted(f for f in os.listdir(entry) if f.endswith(".pth")):
            for line in read(entry, pth).splitlines():
                if line.startswith(("import ", "import\t")):
                    # Those of setuptools, virtualenv and namespace packages are harmless.
                    if not re.match(r"distutils-|_virtualenv|.*-nspkg", pth):
                        code.append(os.path.join(entry, pth))
                elif line.strip() and real(os.path.join(entry, line.strip())) == folder:
                    return f"a path in {pth}", f"delete that line of {os.path.join(entry, pth)}"
    if system_site_packages() and folder.startswith(real(sys.base_prefix) + os.sep):
        return "system-site-packages", (
            f"python -m pip install --ignore-installed {normal(name)} (or set include-system-"
            f"site-packages = false in {os.path.join(sys.prefix, 'pyvenv.cfg')})"
        )
    code = ", ".join(dict.fromkeys(filter(None, code)))
    return "code run at startup (an import hook, a change of sys.path)", (
        f"delete {code}" if code else FRESH
    )


def check_search_path(report):
    """What would be imported from outside the environment."""
    if os.environ.get("PYTHONPATH"):
        state = "ignored in this run" if sys.flags.ignore_environment else "searched first"
        report.line("note:", f"PYTHONPATH ({state}) is {os.environ['PYTHONPATH']}")
    for folder, now, way, fix in folders_in_front():
        for name, file in provided([os.path.abspath(folder)], MODULES + ("numpy",)).items():
            if now and not inside(file):
                report.leak(name, file, way, fix)
            elif not inside(file):
                report.line("note:", f"without -I, {file} would hide the installed {name}")
    if site.ENABLE_USER_SITE:
        for name, file in provided([site.getusersitepackages()]).items():
            report.leak(name, file, "the user site", "set PYTHONNOUSERSITE=1, or run `python -s`")
    for name, file in provided(sys.path).items():
        if not inside(file):
            report.leak(name, file, *way_and_fix(name, real(parent(file))))


# What does not go together.


def check_requirements(report, installed):
    """What TensorFlow and Keras require, and who else requires a Keras: {name: clauses}."""
    required, reported = {}, set()
    for one in sorted(installed.values(), key=lambda one: one.name not in TENSORFLOWS + KERASES):
        for name, clauses in requirements(one):
            # Where Keras asks for `tensorflow`, any variant of it will do.
            ours = one.name in KERASES and name not in TENSORFLOWS
            if not (ours or one.name in TENSORFLOWS or name in KERASES):
                continue
            required.setdefault(name, clauses)
            found = installed.get(name)
            if found and allowed(clauses, found.version):
                continue
            if (name if not found else name + clauses) not in reported:
                reported.update([name + clauses, name])
                report.problem(
                    f"{one.name} {one.version} requires {name}{clauses}, "
                    + (f"but {found.version} is installed" if found else "which is missing"),
                    found.folder if found else one.folder,
                    f'python -m pip install "{name}{clauses}"',
                )
    return required


def check_owners(report, everything, required):
    """Two distributions with the same package in them: one has overwritten the other."""
    for module in MODULES:
        owners = [one for one in everything if module + "/__init__.py" in one.files]
        owners = [one for one in owners if one.folder == owners[0].folder]
        if len(owners) > 1:
            keep = next(
                (one.name + required[one.name] for one in owners if one.name in required),
                "==".join(owners[0][:2]),
            )
            report.problem(
                " and ".join(" ".join(one[:2]) for one in owners) + f" both own {module}/",
                os.path.join(owners[0].folder, module),
                "python -m pip uninstall -y "
                + " ".join(dict.fromkeys(o.name for o in owners))
                + f' && python -m pip install --force-reinstall --no-deps "{keep}"',
            )


def check_legacy_keras(report, installed, tensorflow):
    """TF_USE_LEGACY_KERAS makes `tf.keras` the tf_keras package, from TensorFlow 2.15 on."""
    value = os.environ.get("TF_USE_LEGACY_KERAS")
    tf_keras = installed.get("tf-keras") or installed.get("tf-keras-nightly")
    minor = parse(tensorflow.version).numbers[1:3]
    fix = 'python -m pip install "tf-keras==%d.%d.*"' % minor
    if value is not None and (value not in ("1", "true", "True") or minor < (2, 15)):
        report.line("note:", f"TF_USE_LEGACY_KERAS={value} does nothing in {tensorflow.version}")
    elif value is not None and not tf_keras:
        report.problem(
            f"TF_USE_LEGACY_KERAS={value}, but tf-keras is not installed",
            "the environment variable",
            fix + ", or unset TF_USE_LEGACY_KERAS",
        )
    if tf_keras and parse(tf_keras.version).numbers[1:3] != minor:
        report.problem(
            f"tf-keras {tf_keras.version} is not made for {tensorflow.name} {tensorflow.version}",
            tf_keras.folder,
            fix,
        )


# What is really imported.


def check_import(report, name, owner, fix=FRESH):
    """Imports a module; reports which one came, or why none did."""
    where, again = sys.prefix, FRESH
    if owner:
        where = owner.folder
        again = f'python -m pip install --force-reinstall --no-deps "{"==".join(owner[:2])}"'
    try:
        module = importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit as well
        reason = f"{type(error).__name__}: {error}".strip().splitlines()
        report.line(name, f"cannot be imported, {reason[0]}")
        known = [
            (meaning, fix)
            for pattern, meaning, fix in KNOWN_FAILURES
            if re.search(pattern, traceback.format_exc())
        ]
        missing = getattr(error, "name", None) == name  # its metadata is there, it is not
        meaning, fix = known[0] if known else (reason[-1], again if missing else fix)
        report.problem(f"`import {name}` fails: {meaning}", where, fix)
        return None
    file = getattr(module, "__file__", None)
    report.line(name, f"{getattr(module, '__version__', 'no version')}  {file}")
    if not file:
        report.problem(f"`import {name}` yields a folder without an __init__.py", where, again)
    return module


def check_tf_keras(report, tensorflow):
    """What `tf.keras` is. It has no __version__ in TensorFlow 2.13 to 2.15: ask a class of it."""
    try:
        module = tensorflow.keras.Model.__module__
    except Exception as error:
        report.line("tf.keras", f"cannot be used, {type(error).__name__}: {error}")
        return f"`tf.keras` cannot be used: {error}"
    package = module.split(".")[0]
    if package.startswith("tensorflow"):  # it is tensorflow_core until 2.1
        report.line("tf.keras", f"TensorFlow's own copy of Keras ({module})")
    else:
        version = getattr(sys.modules[package], "__version__", "no version")
        report.line("tf.keras", f"the {package} package, {version}")
    return None


def check_imports(report, tensorflow, keras, required):
    """Imports what there is, and compares where it came from with the environment."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    there, fix, broken = provided(sys.path), FRESH, None
    if tensorflow or "tensorflow" in there:
        module = check_import(report, "tensorflow", tensorflow)
        broken = module and check_tf_keras(report, module)
        fix = FRESH if module else "first what `import tensorflow` needs, above"
    if keras or "keras" in there:
        module = check_import(report, "keras", keras, fix)
        if hasattr(getattr(module, "config", None), "backend"):  # Keras 3
            report.line("", f"its backend is {module.config.backend()}")
    elif not {"keras", "keras-nightly"}.intersection(required):
        report.line("keras", "not installed, and nothing here requires it")
    if broken and not report.problems:
        report.problem(broken, tensorflow.folder, FRESH)
    for name in MODULES:
        file = getattr(sys.modules.get(name), "__file__", None)
        if file and not inside(file):
            report.leak(name, file, *way_and_fix(name, real(parent(file))))


def main():
    report = Report()
    everything = list(distributions())
    installed = {one.name: one for one in reversed(everything)}  # the first on sys.path counts
    tensorflow = next((installed[name] for name in TENSORFLOWS if name in installed), None)

    print("Environment")
    report.line("python", f"{platform.python_version()}  {sys.executable}")
    report.line("environment", sys.prefix)
    report.line("", "virtual" if sys.prefix != sys.base_prefix else "note: not virtual")
    if system_site_packages():
        report.line("", "note: with the system's site-packages")
    active = os.environ.get("VIRTUAL_ENV")
    if active and real(active) != real(sys.prefix):
        report.line("note:", f"the active environment is another one, {active}")
    print("Installed")
    for one in everything:
        if one.name in TENSORFLOWS + KERASES:
            report.line(one.name, f"{one.version}  {one.folder}")
    print("Checks")
    check_search_path(report)
    if tensorflow:
        check_legacy_keras(report, installed, tensorflow)
    else:
        report.problem(
            "TensorFlow is not installed",
            sys.prefix,
            f"python -m pip install tensorflow, or better: {FRESH}",
        )
    required = check_requirements(report, installed)
    check_owners(report, everything, required)
    print("Imports (where the report ends here, the import has ended the process)", flush=True)
    check_imports(
        report, tensorflow, installed.get("keras") or installed.get("keras-nightly"), required
    )

    if not report.problems:
        print("OK: nothing interferes with TensorFlow and Keras")
        return 0
    pip = "" if provided(sys.path, ["pip"]) else ", which has no pip: use `uv pip` in its place"
    print(f"In the fixes, python is {sys.executable}{pip}")
    print(f"{report.problems} problem{'s' * (report.problems > 1)} found")
    return 1


if __name__ == "__main__":
    sys.exit(main())
