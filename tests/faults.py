"""What the fault suite reports: each fault, and what was printed.

Each fault is a test marked `faults`. The report of a run says of each what was printed; with
`--bless` it is written to FAULTS.md.
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
"""Version, what is wrong, and what is done about it here."""


@dataclass
class Fault:
    """One fault: how the run with it ended, what that printed, and how the next one ended."""

    name: str
    run: str = ""
    printed: str = ""
    after: str = ""

    def red(self, code: int, said: str, *parts: str) -> None:
        """The run with the fault fails, with a message that has these parts."""
        assert code != 0, f"green with the fault:\n{said}"
        self._note("red", said, parts)

    def mended(self, code: int, said: str, *parts: str) -> None:
        """The run says what it found, puts it right, and only then goes on."""
        assert code == 0, said
        self._note("mended", said, parts)

    def works(self, code: int, said: str) -> None:
        """The run must not be bothered by the fault."""
        assert code == 0, said
        assert "Traceback" not in said
        self.run, self.printed = "green, as it must be", ""

    def green(self, code: int = 0, said: str = "") -> None:
        """The next run is green, without a word on what was."""
        assert code == 0, said
        assert not said.strip(), said
        self.after = "green"

    def _note(self, run: str, said: str, parts: tuple[str, ...]) -> None:
        assert "Traceback" not in said, said
        for part in parts:
            assert re.search(part, said), f"'{part}' is not in:\n{said}"
        self.run, self.printed = run, tidy(said)


def tidy(said: str) -> str:
    """What was printed, without what differs from one machine or run to the next."""
    said = re.sub(r"\x1b\[[0-9;]*m", "", said)
    said = said.replace(str(ROOT), "<checkout>")
    said = re.sub(r"(?:/[\w.+-]+)*/pytest-of-\w+/pytest-\d+(?:/[\w.-]+)?", "<folder>", said)
    said = re.sub(rf"{re.escape(tempfile.gettempdir())}/[\w.-]+", "<folder>", said)
    said = re.sub(r"(?<![\w.<>])(?:/[\w.+-]+)+/(?=bin/)", "<prefix>/", said)
    said = re.sub(r"127\.0\.0\.1(?::|', port=)\d+", "127.0.0.1", said)
    said = re.sub(r"\b0x[0-9a-f]+", "0x...", said)
    said = re.sub(r"(sha256:\s*)?\b([0-9a-f]{8})[0-9a-f]{56}\b", r"\1\2...", said)
    said = re.sub(r"\b\d+(\.\d+)? ?m?s\b", "... s", said)
    lines = [line.rstrip() for line in said.strip().splitlines() if line.strip()]
    return "\n".join(lines[:12])


def shown(said: str) -> str:
    """What a run printed, without the lines of nox and pytest around it."""
    lines = said.splitlines()
    return "\n".join(
        one for one in lines if not re.match(r"nox > |[┏┃┡│├└=_]|!?\s*$|F? +\[|\d+ (de|fail)", one)
    )


def render(faults: dict[str, list[Fault]]) -> str:
    """FAULTS.md."""
    lines = [
        "# Faults",
        "",
        "Generated by `nox -s faults -- --bless`: every fault that was made for real, and what was",
        "printed. *Red* is a run that failed; *mended* is one that said what it found and put it",
        "right before any script ran. The next run, without the fault, was green in each case, and",
        "nothing was cleaned by hand.",
    ]
    for title, found in faults.items():
        lines += ["", f"## {title}", "", "| fault | run | what was printed |", "|---|---|---|"]
        for one in found:
            printed = one.printed.replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>")
            lines.append(f"| {one.name} | {one.run} | {printed} |")
    lines += ["", "## Of the tools", "", "| tool | what is wrong | what is done |", "|---|---|---|"]
    lines += [f"| {tool} | {what} | {done} |" for tool, what, done in TOOL_BUGS]
    return "\n".join(lines) + "\n"


def called(nodeid: str) -> tuple[str, str]:
    """The section and the name of a fault, from the test that makes it."""
    file, _, test = nodeid.rpartition("::")
    name, _, parameter = test.removeprefix("test_").partition("[")
    text = name.replace("_", " ")
    return TITLES[Path(file).stem], text + (f": {parameter[:-1]}" if parameter else "")
