"""What the walk of a package looks at, and what it leaves out.

The walk runs this in old environments, so it must run on Python 3.7.
"""

from __future__ import annotations

import re
import types

ROOTS = ("keras", "tensorflow", "tf_keras")
"""The packages that are walked."""

EVERY = (*ROOTS, "tensorflow_core", "tensorflow_estimator")
"""Packages whose modules are part of `tensorflow`."""

DETAILED = (*EVERY, "keras_applications", "keras_preprocessing", "tensorboard")
"""Packages whose classes and functions are looked into."""

OF_EVERY_MODULE = set(dir(types.ModuleType("x"))) | {
    *("__all__", "__annotations__", "__builtins__", "__cached__", "__class__", "__delattr__"),
    *("__dict__", "__dir__", "__file__", "__getattr__", "__path__", "__warningregistry__"),
    *("__conditional_annotations__", "__module__", "__slots__", "__weakref__"),
}
FUTURE = {
    *("absolute_import", "annotations", "barry_as_FLUFL", "division", "generator_stop"),
    *("generators", "nested_scopes", "print_function", "unicode_literals", "with_statement"),
}
TEST = re.compile(
    r"(^|\.)(test_(?!utils?(\.|$))[^.]*|[^.]*_tests?|tests|conftest|[^.]*benchmarks?)(\.|$)"
)
"""Modules that test the package: nobody imports them, and many end their process.

`tensorflow.test` is for users, and `test_util` is imported.
"""
AGAIN = re.compile(r"\.compat\.v\d\.compat\.|\.(?<!\.compat\.)(?<!\._api\.)v\d(\.|$)")
"""Modules that repeat the interface inside itself, as `tensorflow.compat.v1.compat.v1` does."""
COMPILED = re.compile(r"^tensorflow(_core)?\..*\._(?!_|v\d)")
"""Private modules inside TensorFlow, which are compiled libraries."""

GENERATED = re.compile(r"_eager_fallback$|^TFE?_|^TV_")
"""Names that TensorFlow's build generates for its own use; they are left out of the record."""


def is_looked_into(path: str) -> bool:
    """Whether the walk looks into a module of one of its packages."""
    return not (TEST.search(path) or AGAIN.search(path) or COMPILED.search(path))


def is_public(name: str) -> bool:
    """Whether the walk looks at a name in a module: `__version__` is one, `__file__` is not."""
    if name in OF_EVERY_MODULE or name in FUTURE or not name.isidentifier():
        return False
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def is_stated(path: str) -> bool:
    """Whether the record says that a path can be imported.

    It leaves out `tensorflow._api`, which is the same as `tensorflow`.
    """
    return is_looked_into(path) and not path.startswith(("tensorflow._api", "tensorflow_core"))


def is_covered(path: str) -> bool:
    """Whether the walk looks for a path, so that one which is not stated is missing."""
    leaf = path.split(".")[-1]
    return is_stated(path) and is_public(leaf) and not GENERATED.search(leaf)


def is_offered(module: str) -> bool:
    """Whether users are meant to import from a module: its names are recorded with parameters."""
    parts = module.split(".")
    if parts[0] == "tensorflow" and len(parts) > 1:
        if parts[1] == "python":
            return parts[2:3] == ["keras"]
        inner = ("compiler", "contrib", "core", "dtensor", "include", "security", "tools", "tsl")
        return parts[1] not in inner and parts[-1] != "raw_ops" and not _is_inner_lite(parts)
    if parts[0] in ("keras", "tf_keras") and {"distribute", "engine", "protobuf"} & set(parts):
        return False
    hidden = {"contrib", "legacy_tf_layers", "python", "saved_model", "src", "testing_utils"}
    return not hidden & set(parts) or "api" in parts


def is_inner(module: str) -> bool:
    """Whether a module is one of TensorFlow's own inside, which is not offered to users."""
    parts = module.split(".")
    if parts[0] in ("tensorflow_core", "tensorflow_estimator"):
        return "python" in parts and "api" not in parts
    if parts[0] != "tensorflow" or len(parts) < 2 or parts[1:3] == ["python", "keras"]:
        return False
    inner = ("compiler", "core", "python", "tools", "tsl")
    return parts[1] in inner or "python" in parts or _is_inner_lite(parts)


def _is_inner_lite(parts: list[str]) -> bool:
    """Whether a module is inside `tensorflow.lite`, but for `tensorflow.lite.experimental`."""
    return parts[1] == "lite" and (parts[2:3] not in ([], ["experimental"]) or "python" in parts)
