"""The command line: what a wrong name or a broken file makes `nox` say, and its exit code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from envs import ROOT
from envs.model import host, lock, pairing


def nox(*args: str, cwd: Path = ROOT) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "nox", *args],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def test_every_pairing_has_its_session_and_its_tags() -> None:
    code, said = nox("-t", "pairings", "--list", "--json")
    assert code == 0, said
    sessions = {one["name"]: one for one in json.loads(said)}
    targets = pairing.list_targets(pairing.load_pairings())
    assert set(sessions) == {name for name, target in targets.items() if target.recommended}
    for target in filter(lambda target: target.recommended, targets.values()):
        one = sessions[target.session]
        assert one["tags"] == ["every-python", "pairings", target.pairing.kind]
        assert target.pairing.summary in one["description"]


def test_the_cpu_variant_has_sessions_of_its_own() -> None:
    code, said = nox("-t", "cpu", "--list", "--json")
    assert code == 0, said
    sessions = {one["name"]: one["description"] for one in json.loads(said)}
    known = lock.list_executable(pairing.load_pairings(), host.find_host())
    assert set(sessions) == {name for name, one in known.items() if one.variant == "cpu"}
    assert "tf212-cpu" in sessions
    assert sessions["tf212-cpu"].endswith("Python 3.11, cpu.")


def test_every_session_is_in_the_manual() -> None:
    code, said = nox("-l")
    assert code == 0, said
    listed = re.findall(r"(?m)^[*-] (\S+)(?: \[.*\])?( -> .+)?$", said)
    assert {"lint", "tests", "lock", "tf212"} <= {name for name, _ in listed}
    assert [name for name, description in listed if not description] == []
    assert re.findall(r"(?m)^\* (\S+)", said) == ["lint", "tests", "tf212"]


def test_a_listing_imports_only_what_it_needs() -> None:
    """Each of these takes longer to import than 300 pairing files to read."""
    code = (
        "import runpy, sys\n"
        "runpy.run_path('noxfile.py')\n"
        "print(*sorted(m for m in sys.modules if m.startswith(('envs.', 'jinja2', 'json'))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = {name for name in done.stdout.split()}
    assert {"envs.model.lock", "envs.model.pairing"} <= found
    assert not found & {"envs.running", "envs.locking", "envs.publish", "jinja2", "jsonschema"}


def test_an_unknown_pairing_lists_the_known_ones() -> None:
    code, said = nox("-s", "tf299")
    assert code != 0
    assert "unknown pairing 'tf299'; the known ones are: tf113, tf114, tf115, tf20, " in said
    assert "tf22, tf23, tf24, tf24-bundled, tf25" in said
    assert "Traceback" not in said


def test_a_changed_pairing_key_stops_every_command_with_one_message(checkout: Path) -> None:
    file = checkout / "envs/pairings/tf212.toml"
    file.write_text(file.read_text().replace("pythons =", "python ="))
    for command in (["-l"], ["-s", "tests"], ["-s", "tf212"]):
        code, said = nox(*command, cwd=checkout)
        assert code != 0
        assert "envs/pairings/tf212.toml: unknown key 'python': did you mean 'pythons'?" in said
        assert "Traceback" not in said


def test_a_changed_requirement_turns_the_quick_tests_red(checkout: Path) -> None:
    file = checkout / "envs/pairings/tf212.toml"
    file.write_text(file.read_text().replace("keras==2.12.0", "keras==2.11.0"))
    code, said = nox("-s", "tests", "--", "-k", "test_pairing_files_index_and_locks", cwd=checkout)
    assert code != 0
    assert "requirements/tf212.in: is not what envs/pairings/tf212.toml says" in said
    assert "pins keras==2.12.0, not keras==2.11.0: run nox -s lock -- tf212" in said


def test_an_unknown_option_of_lock_is_refused() -> None:
    code, said = nox("-s", "lock", "--", "--upgrde")
    assert code != 0
    assert "unrecognized arguments: --upgrde" in said
    code, said = nox("-s", "lock", "--", "tf299")
    assert code != 0
    assert "unknown pairing 'tf299'; the known ones are: tf113" in said


def test_a_selection_of_nothing_is_not_green_and_says_so() -> None:
    command = [sys.executable, "-m", "pytest", "tests/test_nox.py", "-m", "proof"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 5
    assert "no test was run: see what -m 'proof' and -k '' select" in done.stdout
