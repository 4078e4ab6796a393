"""Faults of files: pairing files, locks and records with errors in them."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from faults import Fault, shown
from samples import TF212
from test_nox import nox

from envs import ROOT, Problem
from envs.model import lock, outcome_records, pairing

pytestmark = pytest.mark.faults

PAIRING = """\
summary = "TensorFlow 2.12 with its Keras."
kind = "keras2"
pythons = ["3.11"]
requires = ["tensorflow==2.12.0", "keras==2.12.0"]
env = { A = "1" }
impossible = "no wheel"
caps = [{ requirement = "numpy<2", reason = "built against NumPy 1", beside = "jax" }]
sdists = [{ package = "gast", reason = "no wheel", python = "3.11" }]
harmless = [{ requirement = "wrapt<1.15", seen = "it is whole", beside = "numpy<2" }]
"""
KEYS = list(tomllib.loads(PAIRING))
OPTIONAL = ("env", "impossible", "caps", "sdists", "harmless")
FAULTS: dict[str, Callable[[str, str], str]] = {
    "is missing": lambda key, line: "",
    "is misspelt": lambda key, line: line.replace(key, key + "x", 1),
    "is of the wrong type": lambda key, line: f"{key} = 5\n",
    "is listed twice": lambda key, line: line + line,
    "is empty": lambda key, line: f'{key} = ""\n',
}
OF_A_TABLE = [("caps", "requirement"), ("caps", "reason"), ("sdists", "package")]
OF_A_TABLE += [("sdists", "reason"), ("sdists", "python")]
OF_A_TABLE += [
    ("caps", "beside"),
    ("harmless", "requirement"),
    ("harmless", "seen"),
    ("harmless", "beside"),
]


def load(folder: Path, text: str) -> None:
    (folder / "tf212.toml").write_text(text, encoding="utf-8")
    pairing.load_pairing(folder / "tf212.toml")


def refused(fault: Fault, folder: Path, text: str, *parts: str) -> None:
    assert text != PAIRING
    with pytest.raises(Problem) as caught:
        load(folder, text)
    message = str(caught.value)
    assert "\n" not in message
    fault.red(1, message, r"^envs/pairings/tf212\.toml: ", *parts)
    load(folder, PAIRING)
    fault.green()


CASES = [
    (key, what)
    for key in KEYS
    for what in FAULTS
    if (what, key in OPTIONAL) != ("is missing", True)
]


@pytest.mark.parametrize(("key", "what"), CASES, ids=[f"{key} {what}" for key, what in CASES])
def test_a_pairing_file_of_which(fault: Fault, tmp_path: Path, key: str, what: str) -> None:
    (line,) = re.findall(rf"(?m)^{key} = .*\n", PAIRING)
    text = PAIRING.replace(line, FAULTS[what](key, line))
    message = "cannot be read" if what == "is listed twice" else key
    refused(fault, tmp_path, text, message)


# Two keys are optional: `python`, without which an sdist is for every Python, and `beside`.
OF_TABLES = [
    (table, key, what)
    for table, key in OF_A_TABLE
    for what in FAULTS
    if (key in ("python", "beside"), what) != (True, "is missing")
]


@pytest.mark.parametrize(
    ("table", "key", "what"),
    OF_TABLES,
    ids=[f"{table}.{key} {what}" for table, key, what in OF_TABLES],
)
def test_a_table_of_a_pairing_file_of_which(
    fault: Fault, tmp_path: Path, table: str, key: str, what: str
) -> None:
    (line,) = re.findall(rf"(?m)^{table} = .*\n", PAIRING)
    (entry,) = re.findall(rf'{key} = "[^"]*"', line)
    changes = {
        "is missing": "",
        "is misspelt": entry.replace(key, key + "x"),
        "is of the wrong type": f"{key} = 5",
        "is listed twice": f"{entry}, {entry}",
        "is empty": f'{key} = ""',
    }
    changed = line.replace(entry, changes[what]).replace("{ ,", "{").replace(", ,", ",")
    text = PAIRING.replace(line, changed.replace(",  }", " }"))
    refused(fault, tmp_path, text, "cannot be read" if what == "is listed twice" else table)


# --- a run with a broken lock ---


def first(text: str, name: str) -> str:
    """The pin of a package in a lock, with its hashes."""
    (block,) = re.findall(rf"(?m)^{name}==.*\n(?:    --hash.*\n)+", text)
    return str(block)


WINDOWS = lock.FOLDER / "windows-x86_64" / "tf212-py311.txt"
ABSL = first(lock.lock_path(TF212).read_text(encoding="utf-8"), "absl-py")
KERAS = first(lock.lock_path(TF212).read_text(encoding="utf-8"), "keras")
LOCKS = {
    "a hash is changed": (ABSL, re.sub(r"sha256:\w{8}", "sha256:00000000", ABSL), "(?i)hash mis"),
    "a pin is changed": (ABSL, re.sub(r"==\S+", "==2.1.0", ABSL), "(?i)hash mismatch"),
    "the pin of Keras is changed": (KERAS, KERAS.replace("2.12.0", "2.11.0"), "pins keras==2.11"),
    "a line has no hash": (ABSL, ABSL.partition(" \\")[0] + "\n", r"txt:\d+: 'absl-py==.*does not"),
    "a line names an index": (ABSL, "--index-url https://example.org\n" + ABSL, "does not belong"),
    "a line is a local path": (ABSL, "./absl_py.whl\n" + ABSL, "does not belong in a lock"),
    "a pin is gone": (KERAS, "", "pins keras==None, not keras==2.12.0"),
}


@pytest.mark.parametrize("what", [*LOCKS, "it is another platform's"])
def test_a_run_with_a_lock_in_which(fault: Fault, kept: Path, what: str) -> None:
    file = kept / lock.lock_path(TF212).relative_to(ROOT)
    text = file.read_text(encoding="utf-8")
    if what in LOCKS:
        old, new, message = LOCKS[what]
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
    else:
        shutil.copyfile(WINDOWS, file)
        message = "its header says payload: tensorflow-intel 2.12.0, not tensorflow 2.12.0"
    code, printed = nox("-s", "tf212", "--", "-k", "incorrect_import", cwd=kept)
    fault.red(code, shown(printed), r"requirements/tf212-py311\.txt", message)
    file.write_text(text, encoding="utf-8")
    fault.green(nox("-s", "tf212", "--", "-k", "incorrect_import", cwd=kept)[0])


# --- a run with a broken record ---


RECORDS = {
    "an expectation is missing": (
        '"legacy_adaptation/mixed" = "works"\n',
        "",
        "no expectation for legacy_adaptation/mixed: run nox -s tf212 -- --bless",
    ),
    "an expectation is surplus": (
        '"legacy_adaptation/mixed" = "works"\n',
        '"legacy_adaptation/mixed" = "works"\n"legacy_adaptation/other" = "works"\n',
        "no example is called 'legacy_adaptation/other'",
    ),
    "a script is unknown": (
        '"legacy_adaptation/mixed"',
        '"legacy_adaptation/mixt"',
        "no example is called 'legacy_adaptation/mixt'",
    ),
    "an outcome is unknown": (
        '"dense-not-imported"',
        '"could not install"',
        "'could not install' is neither 'works' nor a failure",
    ),
    "a Python is unknown": ('["3.10"]', '["3.14"]', "no such further Python, variant or platform"),
    "there is no TOML": ("executed =", "executed :", "cannot be read"),
}


@pytest.mark.parametrize("what", RECORDS)
def test_a_run_with_a_record_in_which(fault: Fault, kept: Path, what: str) -> None:
    old, new, message = RECORDS[what]
    file = kept / outcome_records.record_path(TF212.pairing).relative_to(ROOT)
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    code, printed = nox("-s", "tf212", "--", "-k", "incorrect_import", cwd=kept)
    fault.red(code, shown(printed), r"envs/measured/outcomes/tf212\.toml: ", message)
    file.write_text(text, encoding="utf-8")
    fault.green(nox("-s", "tests", "--", "-k", "test_a_record_can_stand", cwd=kept)[0])


def test_a_record_of_an_unknown_pairing(fault: Fault, kept: Path) -> None:
    file = kept / outcome_records.record_path(TF212.pairing).relative_to(ROOT)
    other = file.with_name("tf299.toml")
    shutil.copyfile(file, other)
    code, printed = nox("-s", "tests", "--", "-k", "no_record_is_left_over", cwd=kept)
    fault.red(code, shown(printed), r"envs/measured/outcomes/tf299\.toml: no pairing is called so")
    other.unlink()
    fault.green(nox("-s", "tests", "--", "-k", "no_record_is_left_over", cwd=kept)[0])
