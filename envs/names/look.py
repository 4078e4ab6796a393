"""What a walk sees in a thing: its kind, where it is defined, its parameters, its attributes.

A part of `walk.py`, which hands it the rules. It never calls what it looks at, and runs on
Python 3.7.
"""

import dis
import inspect
import re
import types


def in_packages(name, packages):
    return isinstance(name, str) and name.split(".")[0] in packages


def describe_error(error):
    return (type(error).__name__ + ": " + str(error)).strip()


def describe_thing(value):
    """Its kind, and where it is defined; that is empty if it does not say."""
    if isinstance(value, types.ModuleType):
        name = value.__dict__.get("__name__", "")
        return "m", name if isinstance(name, str) else ""
    if isinstance(value, type):
        return "c", place_of(value)
    if is_function(value):
        try:
            inner = inspect.unwrap(value)
        except ValueError:
            inner = value
        return "f", place_of(inner) or place_of(value)
    return "k", ""


def is_function(value):
    if inspect.isroutine(value) or type(value).__name__ == "partial":
        return True
    return callable(value) and "__wrapped__" in getattr(value, "__dict__", {})


def place_of(value):
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or "<" in name:
        return ""
    return module + "." + name


def describe_parameters(function, skip=0):
    """Parameters as `(units, activation=, *args, **kwargs)`; empty if they cannot be known."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError, RecursionError, AttributeError, NameError):
        return ""
    words, before = [], None
    parameters = list(signature.parameters.values())[skip:]
    kinds = inspect.Parameter
    for parameter in parameters:
        if before is kinds.POSITIONAL_ONLY and parameter.kind is not before:
            words.append("/")
        if parameter.kind is kinds.KEYWORD_ONLY and before not in (
            kinds.KEYWORD_ONLY,
            kinds.VAR_POSITIONAL,
        ):
            words.append("*")
        stars = {kinds.VAR_POSITIONAL: "*", kinds.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        optional = not stars and parameter.default is not kinds.empty
        words.append(stars + parameter.name + ("=" if optional else ""))
        before = parameter.kind
    if before is kinds.POSITIONAL_ONLY:
        words.append("/")
    # Keras 2.2 converts the keywords of Keras 1 in a wrapper that takes any.
    if hasattr(function, "_original_function") and words[-1:] != ["**kwargs"]:
        words.append("**legacy")
    return "(" + ", ".join(words) + ")"


def describe_constructor(class_, packages):
    """The parameters of a class: those of its `__init__`, or else of its `__new__`.

    Many classes of Keras have a `__new__` that takes anything and passes it on.
    """
    for name in ("__init__", "__new__"):
        base = next(base for base in class_.__mro__ if name in vars(base))
        if base is not object and in_packages(base.__module__, packages):
            value = vars(base)[name] if name == "__init__" else getattr(base, name)
            return describe_parameters(value, 1)
    return ""


def describe_attribute(value):
    """A thing in a class: its kind, and the parameters that a call of it takes."""
    if isinstance(value, (staticmethod, classmethod)):
        return "s" + describe_parameters(value.__func__, int(isinstance(value, classmethod)))
    if isinstance(value, type):
        return "c"
    if is_function(value) and not isinstance(value, property):
        return "f" + describe_parameters(value, 1)
    if isinstance(value, property) or inspect.isdatadescriptor(value):
        return "p"
    return "k"


def find_stored(class_):
    """The public names that the methods of a class set on `self`."""
    names = set()
    for value in vars(class_).values():
        function = getattr(value, "__func__", value)
        try:
            code = inspect.unwrap(function).__code__
        except (AttributeError, ValueError):
            continue
        before = None
        for instruction in dis.get_instructions(code):
            loaded = before if isinstance(before, tuple) else (before,)
            if instruction.opname == "STORE_ATTR" and "self" in loaded:
                names.add(instruction.argval)
            before = instruction.argval
    return sorted(name for name in names if not name.startswith("_"))


def find_deprecation(value):
    """What the documentation says if it begins with a deprecation."""
    text = getattr(value, "__doc__", None)
    if not isinstance(text, str):
        return ""
    head = " ".join(text[:1500].split())
    known = (
        r"(?:THIS FUNCTION|THIS CLASS) IS DEPRECATED.*?Instructions for updating: (.*)",
        r"SOME ARGUMENTS ARE DEPRECATED: (.*)",
        r"^DEPRECATED[.:]? *(.*)",
        r"Deprecated: (.*)",
        r"\.\. deprecated:: *(.*)",
        r"\((deprecated)\)",
    )
    for pattern in known:
        found = re.search(pattern, head if "DEPRECATED" in pattern else head[:400])
        if found:
            return (
                re.split(
                    r" (?:Args|Returns|Raises|Usage|@compatibility)\b|(?<=[a-z)`])\. ",
                    found.group(1),
                )[0][:160]
                or "deprecated"
            )
    return ""
