"""The data of the site: as its schemas say, whole, and the same each time."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import jsonschema
import pytest

from envs import ROOT
from envs.atlas.cells import Verdict
from envs.companions import trials
from envs.errors.catalogue import GROUPS, KINDS
from envs.model import pairing
from envs.models.grid import LoadVerdict
from envs.site import data_files
from envs.site.reference import Reference, load_reference

NAMES = ("pairings", "locks", "atlas", "errors", "names", "models", "companions")


@pytest.fixture(scope="module")
def known() -> Reference:
    return load_reference()


@pytest.fixture(scope="module")
def files(known: Reference) -> dict[str, str]:
    return data_files.render_data_files(known)


def validator(files: dict[str, str], name: str) -> Any:
    schema = json.loads(files[f"{name}.schema.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(schema, format_checker=checker)


def test_there_is_a_file_and_a_schema_for_each_kind(files: dict[str, str]) -> None:
    assert set(files) == {f"{name}{end}" for name in NAMES for end in (".json", ".schema.json")}


@pytest.mark.parametrize("name", NAMES)
def test_each_file_is_as_its_schema_says(files: dict[str, str], name: str) -> None:
    data = json.loads(files[f"{name}.json"])
    faults = [
        f"{list(one.path)}: {one.message}" for one in validator(files, name).iter_errors(data)
    ]
    assert faults == []
    assert data["$schema"] == f"{name}.schema.json"
    assert data["version"] == data_files.VERSION


@pytest.mark.parametrize(
    ("name", "key", "change"),
    [
        ("pairings", "pairings", {"kind": "keras4"}),
        ("locks", "locks", {"sha256": "12"}),
        ("atlas", "cells", {"verdict": "perhaps"}),
        ("errors", "errors", {"cures": []}),
        ("names", "steps", {"went": None}),
        ("models", "loads", {"date": "yesterday"}),
        ("companions", "trials", {"installer": "conda"}),
    ],
)
def test_a_schema_notices_another_value(
    files: dict[str, str], name: str, key: str, change: dict[str, Any]
) -> None:
    data = json.loads(files[f"{name}.json"])
    data[key] = [data[key][0] | change]
    assert list(validator(files, name).iter_errors(data)) != []
    data[key] = [{**json.loads(files[f"{name}.json"])[key][0], "surprise": 1}]
    assert list(validator(files, name).iter_errors(data)) != []


def test_the_words_of_the_schemas_are_those_of_the_code(files: dict[str, str]) -> None:
    def words(name: str, *path: str) -> set[str]:
        found: Any = json.loads(files[f"{name}.schema.json"])
        for part in path:
            found = found[part]
        return set(found["enum"])

    pairings = words("pairings", "$defs", "pairing", "properties", "kind")
    assert pairings == set(pairing.KINDS)
    assert words("atlas", "$defs", "cell", "properties", "verdict") == set(map(str, Verdict))
    assert words("errors", "$defs", "error", "properties", "group") == set(GROUPS)
    assert words("errors", "$defs", "cure", "properties", "kind") == set(KINDS)
    endings = ("properties", "endings", "items", "properties", "verdict")
    assert words("models", *endings) == set(map(str, LoadVerdict))
    assert words("companions", "$defs", "trial", "properties", "verdict") == set(trials.MEANING)


def test_nothing_is_left_out(files: dict[str, str], known: Reference) -> None:
    def data(name: str) -> Any:
        return json.loads(files[f"{name}.json"])

    assert [one["name"] for one in data("pairings")["pairings"]] == list(known.pairings)
    assert len(data("locks")["locks"]) == len(known.entries)
    assert len(data("atlas")["cells"]) == sum(map(len, known.atlas.values()))
    assert {one["name"] for one in data("errors")["errors"]} == set(known.errors)
    assert len(data("names")["steps"]) == len(known.steps)
    assert len(data("companions")["trials"]) == sum(map(len, known.trials.values()))
    cells = [cell for one in data("models")["loads"] for cell in one["files"].values()]
    assert set(cells) == set(range(len(data("models")["endings"])))


def test_the_sha256_of_a_lock_is_that_of_the_file(files: dict[str, str]) -> None:
    locks = json.loads(files["locks.json"])["locks"]
    one = next(lock for lock in locks if lock.get("file") == "tf212-py311.txt")
    content = (ROOT / "requirements" / "tf212-py311.txt").read_bytes()
    assert one["sha256"] == hashlib.sha256(content).hexdigest()
    assert one["address"] == "files/requirements/tf212-py311.txt"


def test_an_item_is_a_line_so_that_a_diff_says_what_changed(files: dict[str, str]) -> None:
    lines = files["locks.json"].splitlines()
    assert sum(line.startswith('  {"pairing": ') for line in lines) == len(
        json.loads(files["locks.json"])["locks"]
    )
