"""The releases that a pasted text itself names."""

from __future__ import annotations

import re

PYTHON_PATH = re.compile(r"(?:lib[/\\]python|[/\\]Python|cpython-|envs[/\\]py)(3)[._]?(\d{1,2})\b")
PYTHON_BANNER = re.compile(r"\bPython (3\.\d{1,2})\.\d+\b")
STATED = {
    name: re.compile(
        rf"(?i)(?<![\w-])(?:{name}(?:==| version:? | v)|{alias}\.__version__\)?\s+['\"]?)"
        r"(\d+\.\d+(?:\.\d+)?)"
    )
    for name, alias in (("tensorflow", "tf"), ("keras", "keras"))
}
"""How a text names the reader's own releases."""


def guess_facts(text: str) -> dict[str, str]:
    """The releases that a text itself names, such as `python3.11` in a path.

    Only what can be nothing else: a path of an interpreter, the banner of one, a pinned
    requirement.
    """
    found: dict[str, str] = {}
    pythons = set(PYTHON_PATH.findall(text))
    if len(pythons) == 1:
        found["python"] = ".".join(pythons.pop())
    elif match := PYTHON_BANNER.search(text):
        found["python"] = match[1]
    for name, pattern in STATED.items():
        said = set(pattern.findall(text))
        if len(said) == 1:
            found[name] = said.pop()
    return found
