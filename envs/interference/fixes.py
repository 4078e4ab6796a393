"""Fixes: do exactly what the fixes that verify.py prints say."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

from envs.interference import makers
from envs.interference.broken_environment import BrokenEnvironment


def carry_out_fix(place: BrokenEnvironment, fix: str, where: str) -> None:
    """Do what a fix says, word for word; if it offers alternatives, the first.

    `where` is the place that verify.py names. An AssertionError says that the fix has a form that
    is not known here.
    """
    fix = fix.split(", or ")[0]
    if fix.startswith(
        ("first the fixes above", "or ", "or, ", "or: ", "take the pairing", "take two")
    ):
        return
    if fix.startswith("python -m pip "):
        place.uv(*shlex.split(fix)[3:])
    elif fix.startswith("uv pip "):
        place.uv(*(word for word in shlex.split(fix)[2:] if word not in ("-p", "python")))
    elif fix.startswith("make a fresh environment"):
        place.renew()
    elif match := re.fullmatch(r"unset (\w+)", fix):
        place.environ.pop(match[1], None)
    elif match := re.fullmatch(r"set (\w+)=(\w+)", fix):
        place.environ[match[1]] = match[2]
    elif match := re.fullmatch(r"set (include-system-site-packages) = false in (.*)", fix):
        text = Path(match[2]).read_text()
        Path(match[2]).write_text(re.sub(rf"(?m)^{match[1]} = .*$", f"{match[1]} = false", text))
    elif match := re.fullmatch(r"set (\w+) to (\w+) in (.*)", fix):
        settings = json.loads(Path(match[3]).read_text())
        Path(match[3]).write_text(json.dumps(settings | {match[1]: match[2]}))
    elif fix == "rename it or move it away":
        file = Path(where)
        file = file.parent if file.name == "__init__.py" else file
        file.rename(file.with_name("away.txt"))
    elif match := re.fullmatch(r"delete the line (.*) of (.*)", fix):
        lines = Path(match[2]).read_text().splitlines()
        lines.remove(match[1])
        makers.replace_file(Path(match[2]), "".join(f"{line}\n" for line in lines).encode())
    elif match := re.fullmatch(r"delete (.*)", fix):
        shutil.rmtree(match[1], ignore_errors=True)
    elif match := re.fullmatch(r"take \w+ out of (.*)", fix):
        Path(match[1]).unlink()  # the file holds nothing else
    elif match := re.fullmatch(r"run (.*)", fix):
        place.python = Path(match[1])
    else:
        raise AssertionError(f"verify.py: unknown form of a fix, add it to fixes.py: {fix}")
