"""The locks of pip-tools, and of the packages that build sdists."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from envs.locking import resolver
from envs.model import disk, lock
from envs.running import installers

TOOLS = lock.FOLDER / "tools"


def renew_tool_locks(say: Callable[[str], None] = print) -> None:
    """Lock pip-tools for each Python, and the packages that build sdists. Raises Problem."""
    TOOLS.mkdir(exist_ok=True)
    for name, requirements in lock.tool_requirements().items():
        python = "3.7" if name == "build" else name.removeprefix("pip-tools-")
        python = "3.10" if python == "newest" else python
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "tools.in").write_text(requirements)
            command = [installers.find_uv() or "uv", "pip", "compile", "-q", "--generate-hashes"]
            command += ["--no-header", "--no-annotate", "--universal", "--only-binary=:all:"]
            command += [*installers.pypi_options(), f"--python-version={python}", "tools.in"]
            resolver.run_resolver([*command, "-o", "tools.txt"], Path(folder), name)
            body = (Path(folder) / "tools.txt").read_text(encoding="utf-8")
        disk.write_file(
            TOOLS / f"{name}.txt", f"{lock.GENERATED}\n#     nox -s lock -- --tools\n{body}"
        )
        say(f"requirements/tools/{name}.txt: written")
