"""The fixes that verify.py prints, carried out to the letter."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

from envs.interference import makers
from envs.interference.broken_environment import BrokenEnvironment


def carry_out_fix(place: BrokenEnvironment, fix: str, where: str) -> None:
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
        makers.replace_file(Path(found[2]), "".join(f"{line}\n" for line in lines).encode())
    elif found := re.fullmatch(r"delete (.*)", fix):
        shutil.rmtree(found[1], ignore_errors=True)
    elif found := re.fullmatch(r"take \w+ out of (.*)", fix):
        Path(found[1]).unlink()  # there is nothing else in it
    elif found := re.fullmatch(r"run (.*)", fix):
        place.python = Path(found[1])
    else:
        raise AssertionError(f"nobody can carry out: {fix}")
