"""verify.py --explain: what the catalogue knows of environments, without the clone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from fake_environments import SCRIPT, Environment
from hypothesis import given
from hypothesis import strategies as st

from envs.errors import catalogue, catalogue_files, matching, reading
from envs.publish import verify_tables

CARRIED = {entry.name: entry for entry in verify_tables.list_environment_errors()}
LINES = [
    line for entry in CARRIED.values() for line in (entry.line, *(c.line for c in entry.cases))
]
NUMPY = "ImportError: numpy.core.umath failed to import"


def run(*argv: str, stdin: bytes = b"") -> tuple[int, str, str]:
    command = [sys.executable, str(SCRIPT), *argv]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def explained(environment: Environment, *argv: str) -> str:
    code, printed = environment.run(*argv)
    assert code == 0, printed
    return printed


def test_the_table_holds_what_the_catalogue_says(verify: ModuleType) -> None:
    carried = {entry["name"][0]: entry for entry in verify.read_errors()}
    assert list(carried) == list(CARRIED)
    for name, entry in CARRIED.items():
        row = carried[name]
        assert row["line"] == list(entry.patterns)
        assert row["why"] == [entry.cause]
        assert [one["cure"][0] for one in row["cures"]] == [one.do for one in entry.cures.values()]
        installs = [tuple(one.get("install", ())) for one in row["cures"]]
        assert installs == [one.install for one in entry.cures.values()]


@pytest.mark.parametrize("facts", [{}, {"tensorflow": "2.12.0", "keras": "2.12.0"}])
def test_a_line_is_answered_as_the_catalogue_answers_it(
    verify: ModuleType, facts: dict[str, str]
) -> None:
    for line in LINES:
        pasted = reading.read_pasted(line.removesuffix("..."))
        found = matching.find_matches(pasted, CARRIED.values(), facts).matches
        own = verify.errors_in(line.removesuffix("..."), facts)
        assert [entry["name"][0] for entry, _, _ in own[:1]] == [m.entry.name for m in found[:1]]
        assert [dict(parts) for _, _, parts in own[:1]] == [dict(m.parts) for m in found[:1]]


@given(st.text(alphabet="aE:'\"()/\\\\.x0fC \u2018\u2019", max_size=60))
def test_a_line_is_trimmed_as_the_catalogue_trims_it(verify: ModuleType, line: str) -> None:
    assert verify.trim(line) == catalogue.trim_line(line)


def test_every_line_of_the_catalogue_is_trimmed_alike(verify: ModuleType) -> None:
    for entry in catalogue_files.load_catalogue().values():
        for line in (entry.line, *(case.line for case in entry.cases), *entry.differs):
            assert verify.trim(line) == catalogue.trim_line(line)


def test_an_error_is_explained_with_the_releases_that_are_here(pairing: Environment) -> None:
    printed = explained(pairing, f"--explain={NUMPY}")
    assert printed.startswith(f"numpy-2: {NUMPY}\n  why: NumPy 2 is installed")
    assert 'python -m pip install "tensorflow==2.12.0" "numpy<2"' in printed
    assert "or:  Take TensorFlow 2.18 or later: the pairing tf218" in printed


def test_a_cure_that_does_not_fit_this_tensorflow_is_left_out(empty: Environment) -> None:
    empty.tensorflow(requires=["keras<2.13,>=2.12.0", "numpy>=1.26"])
    empty.keras()
    empty.install("numpy", "1.26.4")
    line = "AttributeError: module 'numpy' has no attribute 'object'."
    printed = explained(empty, f"--explain={line}")
    assert "numpy<1.24" not in printed
    assert "numpy-aliases" in printed


def test_a_cure_that_has_no_wheel_for_this_python_is_left_out(
    verify: ModuleType, pairing: Environment
) -> None:
    entry = next(one for one in verify.read_errors() if one["name"] == ["numpy-2"])
    older = verify.Context({"python": "3.12.1"}, {}, None)
    newer = verify.Context({"python": "3.13.0"}, {}, None)
    assert next(commands for _, _, commands in verify.fixes_for(entry, {}, older))
    assert len(list(verify.fixes_for(entry, {}, older))) == 2
    assert len(list(verify.fixes_for(entry, {}, newer))) == 1


def test_what_is_wrong_in_this_environment_is_named_beside_it(empty: Environment) -> None:
    empty.tensorflow()
    empty.keras("2.11.0")
    printed = explained(empty, f"--explain={NUMPY}")
    assert "This environment has 1 problem of its own" in printed


def test_a_whole_traceback_is_read_from_a_file_and_from_the_input(tmp_path: Path) -> None:
    text = (
        "\x1b[31mTraceback (most recent call last):\x1b[0m\r\n"
        '  File "/home/me/a.py", line 1, in <module>\r\n    import tensorflow\r\n'
        f"E   {NUMPY}\r\n"
    )
    file = tmp_path / "traceback.txt"
    file.write_bytes(text.encode())
    for argv, stdin in ((str(file), b""), ("-", text.encode()), ("-", text.encode("utf-16"))):
        code, printed, _ = run("--explain", argv, stdin=stdin)
        assert (code, printed.split(":")[0]) == (0, "numpy-2")


def test_json_stands_alone_on_standard_output() -> None:
    code, printed, _ = run("--explain", NUMPY, "--json")
    answer = json.loads(printed)
    assert code == 0
    assert answer["knows"]
    assert answer["errors"][0]["name"] == "numpy-2"
    assert answer["errors"][0]["fixes"][0]["commands"]


def test_an_error_that_nobody_knows_is_said_to_be_unknown() -> None:
    code, printed, _ = run("--explain", "ValueError: the moon is full")
    assert code == 1
    assert "Nothing here fits" in printed
    code, printed, _ = run("--explain", "ValueError: the moon is full", "--json")
    assert (code, json.loads(printed)["errors"]) == (1, [])


def test_bad_input_gets_one_message(tmp_path: Path) -> None:
    binary = tmp_path / "a.bin"
    binary.write_bytes(b"\0\1\2")
    for argv, stdin, message in (
        ("", b"", "is empty"),
        ("-", b" \n", "is empty"),
        ("traceback.txt", b"", "there is no such file"),
        (str(binary), b"", "is no text"),
    ):
        code, out, err = run("--explain", argv, stdin=stdin)
        assert (code, out) == (2, "")
        assert message in err
        assert len(err.splitlines()) == 1


def test_a_log_of_five_megabytes_is_read_from_its_end(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("INFO: step 1 of 100000, loss: 0.25\n" * 140_000 + NUMPY)
    code, printed, _ = run("--explain", str(file))
    assert (code, printed.split(":")[0]) == (0, "numpy-2")
