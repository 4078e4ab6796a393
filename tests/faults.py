"""The report of the fault suite: each fault, and what was printed.

Each fault is a test with the mark `faults`. A run ends with this report; with `--bless`, the report
is also written to FAULTS.md.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from envs import ROOT

REPORT = Path(__file__).with_name("FAULTS.md")

TITLES = {
    "test_faults_install": "Install",
    "test_faults_environment": "Environment",
    "test_faults_input": "Input",
    "test_faults_scripts": "Scripts",
    "test_faults_honesty": "Honesty",
}

TOOL_BUGS = [
    (
        "uv 0.13.9",
        "`uv pip sync` and `uv pip install` take an unpacked wheel from the cache without looking "
        "at it. `--reinstall`, `--refresh` and `--refresh-package` give the edited or truncated "
        "file back; `--no-cache` does not, but leaves the cache as it is.",
        "`ensure` compares every file with the wheel's RECORD, and runs `uv cache clean` for a "
        "package that differs",
    ),
    (
        "uv 0.13.9",
        "Without a network, `uv pip sync` fails on a page of the index that has grown older than "
        "its `max-age`, though every pinned wheel is in the cache.",
        "`--offline` is tried first",
    ),
    (
        "pip 23.2.1",
        "Without a network, pip cannot install from its cache: it asks for every page of the "
        "index. One that is cut short or is no index at all is `from versions: none`.",
        "an environment that is whole is not installed again; a new one needs uv or a network",
    ),
    (
        "uv 0.13.9",
        "`-p ENV/bin/python` is looked up in notes of interpreters in the cache "
        "(`interpreter-v5`), which are believed: with those of an environment and its base "
        "confused, `uv pip sync` uninstalls from and installs in the base interpreter.",
        "`ensure` asks `uv python find` first, makes the notes anew, or refuses; the fault suite "
        "gives its runs a read-only view of the base",
    ),
    (
        "uv 0.13.9, pip 23.2.1",
        "Installed files are hard links to uv's cache: an edit in place changes the cache and "
        "every other environment. Neither tool compares installed files when it synchronises.",
        "each environment's files are noted, and compared before each run",
    ),
]
"""Bugs of tools: version, what is wrong, and what this repository does about it."""


@dataclass
class Fault:
    """One fault: how the run with it ended, what it printed, and how the next run ended."""

    name: str
    run: str = ""
    printed: str = ""
    after: str = ""

    def red(self, code: int, output: str, *parts: str) -> None:
        """Check that the run with the fault failed, and that its message matches these patterns."""
        assert code != 0, f"green with the fault:\n{output}"
        self._note("red", output, parts)

    def mended(self, code: int, output: str, *parts: str) -> None:
        """Check that the run named the fault, repaired it, and then went on."""
        assert code == 0, output
        self._note("mended", output, parts)

    def works(self, code: int, output: str) -> None:
        """Check that the fault did not disturb the run."""
        assert code == 0, output
        assert "Traceback" not in output
        self.run, self.printed = "green, as it must be", ""

    def green(self, code: int = 0, output: str = "") -> None:
        """Check that the next run was green and printed nothing about the fault."""
        assert code == 0, output
        assert not output.strip(), output
        self.after = "green"

    def _note(self, run: str, output: str, parts: tuple[str, ...]) -> None:
        assert "Traceback" not in output, output
        for part in parts:
            assert re.search(part, output), f"'{part}' is not in:\n{output}"
        self.run, self.printed = run, tidy(output)


def tidy(output: str) -> str:
    """The first lines of an output, without what differs between machines or runs."""
    output = re.sub(r"\x1b\[[0-9;]*m", "", output)
    output = output.replace(str(ROOT), "<checkout>")
    output = re.sub(r"(?:/[\w.+-]+)*/pytest-of-\w+/pytest-\d+(?:/[\w.-]+)?", "<folder>", output)
    output = re.sub(rf"{re.escape(tempfile.gettempdir())}/[\w.-]+", "<folder>", output)
    output = re.sub(r"(?<![\w.<>])(?:/[\w.+-]+)+/(?=bin/)", "<prefix>/", output)
    output = re.sub(r"127\.0\.0\.1(?::|', port=)\d+", "127.0.0.1", output)
    output = re.sub(r"\b0x[0-9a-f]+", "0x...", output)
    output = re.sub(r"(sha256:\s*)?\b([0-9a-f]{8})[0-9a-f]{56}\b", r"\1\2...", output)
    output = re.sub(r"\b\d+(\.\d+)? ?m?s\b", "... s", output)
    lines = [line.rstrip() for line in output.strip().splitlines() if line.strip()]
    return "\n".join(lines[:12])


def shown(output: str) -> str:
    """The output of a run without the lines of nox and pytest around it."""
    lines = output.splitlines()
    return "\n".join(
        line
        for line in lines
        if not re.match(r"nox > |[┏┃┡│├└=_]|!?\s*$|F? +\[|\d+ (de|fail)", line)
    )


def render(faults: dict[str, list[Fault]]) -> str:
    """The text of FAULTS.md, from section -> its faults."""
    lines = [
        "# Faults",
        "",
        "Generated by `nox -s faults -- --bless`: every fault that was made for real, and what was",
        "printed. *Red* is a run that failed; *mended* is one that said what it found and put it",
        "right before any script ran. The next run, without the fault, was green in each case, and",
        "nothing was cleaned by hand.",
    ]
    for title, reported in faults.items():
        lines += ["", f"## {title}", "", "| fault | run | what was printed |", "|---|---|---|"]
        for fault in reported:
            printed = fault.printed.replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>")
            lines.append(f"| {fault.name} | {fault.run} | {printed} |")
    lines += ["", "## Of the tools", "", "| tool | what is wrong | what is done |", "|---|---|---|"]
    lines += [f"| {tool} | {what} | {done} |" for tool, what, done in TOOL_BUGS]
    return "\n".join(lines) + "\n"


def called(nodeid: str) -> tuple[str, str]:
    """The section and the name of a fault, from the test that makes it."""
    file, _, test = nodeid.rpartition("::")
    name, _, parameter = test.removeprefix("test_").partition("[")
    text = name.replace("_", " ")
    return TITLES[Path(file).stem], text + (f": {parameter[:-1]}" if parameter else "")
