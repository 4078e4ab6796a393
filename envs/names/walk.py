"""What one walk runs: a package imported, and everything that can be seen in it written down.

It takes the file to write, the seconds that one step may take, and a package, such as `keras`. The
file gets one line of JSON for each thing seen. Code of the package runs only in processes that this
one starts with `fork`, so that a module that prints, hangs, forks or ends its process costs no more
than itself. Such a process continues from the state of a fresh `import` of the package and of the
modules above the one in question, which is the state that a script has after the same import.
"""

import importlib
import importlib.util
import json
import logging
import os
import pkgutil
import re
import signal
import sys
import time
import types
import warnings

OUT, LIMIT, ROOT = sys.argv[1], float(sys.argv[2]), sys.argv[3]


def load(name):
    """A file beside this one, as a module: `-I` keeps this folder out of the path."""
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("walk_" + name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


rules, look = load("rules"), load("look")

WALKED = rules.EVERY if ROOT == "tensorflow" else (ROOT,)
"""Packages whose modules are written down: `tf.keras` is made of modules of several."""

DETAILED = (*rules.DETAILED, ROOT)

out = os.open(OUT, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
visited = set()
described = set()
candidates = set()
depth = 0
forked = []


def emit(**fact):
    os.write(out, (json.dumps(fact, sort_keys=True) + "\n").encode())


def isolated(title, job):
    """Run a job in a new process. Returns how that ended, empty if well, and what it wrote."""
    global depth
    begin = os.fstat(out).st_size
    emit(begin=title)
    pid = os.fork()
    if not pid:
        try:
            depth += 1
            own = os.getpid()
            job()
            # A module that forked has brought two processes here.
            os._exit(0 if os.getpid() == own else 77)
        except BaseException as error:
            emit(failed=title, error=look.describe_error(error))
        os._exit(0)
    # A process that started later has less time, so that it is the inner one that is ended.
    last, size, how = time.time(), 0, ""
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        grown = os.fstat(out).st_size
        if grown != size:
            last, size = time.time(), grown
        if time.time() - last > LIMIT * (1 - depth / 10.0):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            how = "hangs"
            break
        time.sleep(0.002)
    if not how and status:
        code = os.WEXITSTATUS(status)
        how = (
            "exit code " + str(code)
            if os.WIFEXITED(status)
            else signal.Signals(os.WTERMSIG(status)).name
        )
    with open(OUT, "rb") as file:
        file.seek(begin)
        facts = [json.loads(line) for line in file.read().decode().splitlines()]
    for fact in facts:
        if "module" in fact and "names" in fact:
            visited.add(fact["module"])
        if "object" in fact:
            described.add(fact["object"])
    return how, facts


def is_walked(name):
    return look.in_packages(name, WALKED) and rules.is_looked_into(name)


def describe_object(value, kind, place):
    """Write down a class or function once, and the classes that it inherits from."""
    if place in described or not place:
        return
    described.add(place)
    fact = {"object": place, "kind": kind, "deprecated": look.find_deprecation(value)}
    if kind == "f":
        fact["parameters"] = look.describe_parameters(value)
    else:
        fact["parameters"] = look.describe_constructor(value, DETAILED)
        bases = [base for base in value.__bases__ if base is not object]
        fact["bases"] = [look.place_of(base) for base in bases]
        detailed = look.in_packages(value.__module__, DETAILED)
        fact["attributes"] = {
            name: look.describe_attribute(inner) if detailed else look.describe_attribute(inner)[0]
            for name, inner in sorted(vars(value).items())
            if not name.startswith("_")
        }
        fact["stored"] = look.find_stored(value) if detailed and "keras" in place else []
        for base in bases:
            describe_object(base, "c", look.place_of(base))
    emit(**fact)


# --- modules ---


class Heard(logging.Handler):
    """What is logged and warned of while a name is touched."""

    def __init__(self):
        logging.Handler.__init__(self)
        self.said = []

    def emit(self, record):
        self.said.append(record.getMessage())


def is_special(module):
    """Whether looking at a module may run code: its own, or that of a lazy loader in it."""
    plain = type(module) is types.ModuleType
    inside = vars(module)
    if not plain or "__getattr__" in inside or "__dir__" in inside:
        return True
    return any(rules.is_public(key) and is_loader(value) for key, value in list(inside.items()))


def is_loader(value):
    return isinstance(value, types.ModuleType) and type(value).__name__.endswith("Loader")


def visit(module):
    """Write down a module, and every module that can be reached from it by attributes."""
    waiting = [module]
    while waiting:
        module = waiting.pop(0)
        name = vars(module).get("__name__")
        if name in visited or not is_walked(name):
            continue
        visited.add(name)
        if is_special(module):
            reached = visit_special(module, name)
        else:
            values = {
                key: vars(module)[key] for key in sorted(vars(module)) if rules.is_public(key)
            }
            reached = write_names(module, name, values, {}, {})
        waiting += [
            sys.modules[key]
            for key in reached
            if isinstance(sys.modules.get(key), types.ModuleType)
        ]


def visit_special(module, name):
    """Touch each name of a module that may run code, in another process."""
    loaded = set(sys.modules)

    def touch_names(left_out):
        values, errors, said = {}, dict(left_out), {}
        heard = Heard()
        logging.getLogger("tensorflow").addHandler(heard)
        logging.getLogger().addHandler(heard)
        keys = set(dir(module)) | set(vars(module))
        for key in sorted(key for key in keys if isinstance(key, str) and rules.is_public(key)):
            if key in left_out:
                continue
            if key not in vars(module) or is_loader(vars(module)[key]):
                emit(touch=key, of=name)
            heard.said = []
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                try:
                    value = getattr(module, key)
                    if isinstance(value, types.ModuleType) and is_special(value):
                        emit(touch=key, of=name)
                        dir(value)
                        # A lazy loader stands for the module that it has loaded now.
                        value = sys.modules.get(value.__name__, value)
                    values[key] = value
                except BaseException as error:
                    errors[key] = look.describe_error(error)
            told = [str(one.message) for one in warned] + heard.said
            told = [text for text in told if re.search("deprecat|removed|will be", text, re.I)]
            if told:
                said[key] = told[0]
        emit(touch="", of=name)
        reached = write_names(module, name, values, errors, said)
        visited.add(name)
        for key in reached:
            if key not in loaded and isinstance(sys.modules.get(key), types.ModuleType):
                visit(sys.modules[key])

    left_out = {}
    while True:
        how, facts = isolated("names of " + name, lambda: touch_names(left_out))
        touched = [fact["touch"] for fact in facts if fact.get("of") == name]
        key = touched[-1] if touched else ""
        if not how or not key or key in left_out:
            break
        left_out[key] = "ends the process: " + how
    if how and not any(fact.get("module") == name and "names" in fact for fact in facts):
        emit(died="names of " + name, how=how)
    mine = [fact for fact in facts if fact.get("module") == name and "names" in fact]
    return [target for fact in mine for kind, target in fact["names"].values() if kind == "m"]


def write_names(module, name, values, errors, said):
    """Write down the names of a module. Returns the names of the modules among them."""
    names = {key: look.describe_thing(value) for key, value in values.items()}
    public = vars(module).get("__all__")
    if not isinstance(public, (list, tuple)) or not all(isinstance(key, str) for key in public):
        public = None
    for key, (kind, place) in names.items():
        if kind in "cf" and rules.is_offered(name) and look.in_packages(place, DETAILED):
            describe_object(values[key], kind, place)
    emit(
        module=name,
        names=names,
        all=sorted(public) if public is not None else None,
        package=hasattr(module, "__path__"),
        errors=errors,
        said=said,
    )
    return [place for kind, place in names.values() if kind == "m"]


# --- imports ---


def import_path(path):
    """Import a module in this process, and write down what comes of it; None if that failed."""
    begin, forks = os.fstat(1).st_size, len(forked)
    own = os.getpid()
    try:
        module = importlib.import_module(path)
    except BaseException as error:
        if os.getpid() != own:
            os._exit(0)
        emit(path=path, error=look.describe_error(error))
        return None
    if os.getpid() != own:
        os._exit(0)
    sys.stdout.flush()
    if os.fstat(1).st_size != begin:
        emit(path=path, does="prints")
    if len(forked) != forks:
        emit(path=path, does="forks")
    if not is_bound(path):
        emit(path=path, does="unbound")
    emit(path=path, imports=vars(module).get("__name__") or path)
    return module


def is_bound(path):
    """Whether attributes lead from the package to a module, after its import.

    TensorFlow deletes some, and sets others to other modules: then `from tensorflow import python`
    works, and `tensorflow.python` does not.
    """
    value = sys.modules[ROOT]
    for part in path.split(".")[1:]:
        if part not in vars(value) and not is_special(value):
            return False
        try:
            value = getattr(value, part)
        except Exception:
            return False
        if not isinstance(value, types.ModuleType):
            return False
    return True


def list_children(module, path):
    """The paths under a package that may be importable, and whether a file speaks for it."""
    children = {}
    try:
        folders = list(module.__path__)
    except Exception:
        return children
    for _, child, package in pkgutil.iter_modules(folders):
        # A private module is mostly a compiled library; a private package may hold the interface.
        if child.isidentifier() and child != "__main__" and (package or not child.startswith("_")):
            children[path + "." + child] = True
    # A package may have put modules there that no file speaks for.
    for loaded in list(sys.modules):
        above, _, child = loaded.rpartition(".")
        if above == path and rules.is_public(child):
            children.setdefault(loaded, False)
    for key, value in sorted(vars(module).items()):
        module_ = rules.is_public(key) and isinstance(value, types.ModuleType)
        if module_ and look.in_packages(vars(value).get("__name__"), WALKED):
            children.setdefault(path + "." + key, False)
    return {child: known for child, known in sorted(children.items()) if is_walked(child)}


def visit_below(module, path, trail=()):
    """Import everything below a package, in the state that this process is in, and look at it."""
    if id(module) in trail:
        return
    for child, known in list_children(module, path).items():
        if child in candidates:
            continue
        candidates.add(child)
        if child in sys.modules:
            inner = import_path(child)
            if inner is not None:
                visit(inner)
                visit_below(inner, child, (*trail, id(module)))
            continue
        if not known:
            try:
                if importlib.util.find_spec(child) is None:
                    continue
            except Exception:
                continue

        def import_child(child=child):
            inner = import_path(child)
            if inner is not None:
                visit(inner)
                visit_below(inner, child, (*trail, id(module)))

        how, facts = isolated("import " + child, import_child)
        if how:
            done = any(fact.get("path") == child and "imports" in fact for fact in facts)
            if not done:
                emit(path=child, error="ends the process: " + how)
            else:
                emit(died="below " + child, how=how)


def walk_root():
    module = import_path(ROOT)
    if module is None:
        return
    # Looking at a module must not load others, so what this import loaded comes first.
    visit(module)
    for name in sorted(sys.modules):
        inner = sys.modules[name]
        if is_walked(name) and isinstance(inner, types.ModuleType):
            visit(inner)
    visit_below(module, ROOT)


if __name__ == "__main__":
    # A module that is a program of its own must find no arguments.
    sys.argv[1:] = []
    sys.argv[0] = ""
    for stream in (1, 2):
        os.dup2(
            os.open(OUT + "." + str(stream), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), stream
        )
    os.register_at_fork(before=lambda: forked.append(1))
    how, _ = isolated("import " + ROOT, walk_root)
    if how:
        emit(path=ROOT, error="ends the process: " + how)
    emit(finished=ROOT)
