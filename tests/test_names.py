"""The record of names: its files are whole and current, and what is written is what is read."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import sys
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from test_names_facts import module

from envs import ROOT, Problem
from envs.model import disk
from envs.names import (
    blocks,
    files,
    names_request,
    pythons,
    recording,
    statements,
)
from envs.names.facts import Walked
from envs.names.names_request import NamesRequest
from envs.names.record import Presence
from envs.running import daily_share, interpreters

WALKS = files.load_walks()
ORDER = files.order_of(WALKS)
NAMES = files.load_names()
RECOMMENDED = names_request.list_recommended()
MOST = 4 * 2**20
"""The bytes that the record may take."""


# --- the data ---


def test_every_pairing_was_walked_with_the_lock_and_the_scripts_of_today() -> None:
    stale = [name for name, target in RECOMMENDED.items() if files.is_stale(target, WALKS)]
    assert stale == [], "run nox -s names"
    assert [walk.name for walk in WALKS] == list(RECOMMENDED)
    for walk in WALKS:
        target = RECOMMENDED[walk.name]
        assert walk.python.startswith(f"{target.python}.")
        assert walk.tensorflow == target.pairing.tensorflow
        assert walk.track == files.track_of(target.pairing)


def test_the_list_of_walks_is_as_its_schema_says_and_as_it_would_be_written() -> None:
    schema = json.loads(files.SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    text = files.PAIRINGS.read_text(encoding="utf-8")
    data = json.loads(text)
    Draft202012Validator(schema).validate(data)
    assert files.render_walks(WALKS) == text
    data["pairings"][0]["track"] = "side"
    assert not Draft202012Validator(schema).is_valid(data)


def test_every_file_of_the_record_is_as_it_would_be_written_and_none_is_left_over() -> None:
    size = 0
    for name, path in files.text_paths().items():
        text = path.read_text(encoding="utf-8")
        stated = statements.parse_statements(text, ORDER, name)
        assert statements.render_statements(stated, ORDER) == text, name
        blocks.check_texts({name: text}, ORDER)
        size += len(text)
    assert size < MOST
    found = {path for path in files.FOLDER.rglob("*") if path.is_file()}
    lists = {files.PAIRINGS, files.SCHEMA, pythons.FILE, pythons.SCHEMA}
    assert found == {*lists, *files.text_paths().values()}


def test_what_other_pythons_have_is_as_its_schema_says_and_of_today() -> None:
    schema = json.loads(pythons.SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    text = pythons.FILE.read_text(encoding="utf-8")
    data = json.loads(text)
    Draft202012Validator(schema).validate(data)
    seen = pythons.load_pythons()
    assert pythons.render_pythons(seen.values()) == text
    others = names_request.list_other_pythons()
    stale = [name for name, one in seen.items() if not pythons.is_current(others[name], one)]
    assert stale == [], "run nox -s names"
    data["sessions"].append({"session": "tf212"})
    assert not Draft202012Validator(schema).is_valid(data)


def test_another_python_is_told_by_what_it_lacks_and_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recorded = {
        ("keras", "import", ""),
        ("keras", "c .", "Model"),
        ("keras.api._v2.keras", "same", "keras"),
        ("keras.old", "import", ""),
        ("keras.old", "f .", "x"),
        ("*", "m ?", "np"),
    }
    seen = {
        ("keras", "import", ""),
        ("keras", "c keras.models", "Model"),
        ("keras", "f .", "new=old"),
        ("keras.api._v2.keras", "same", "keras"),
    }
    target = names_request.list_other_pythons()["tf212-py39"]
    calls = {("keras.Model", "class", "(inputs, outputs=)"), ("keras", "f", "old(x)")}
    changed = {("keras.Model", "class", "(inputs)"), ("keras", "f", "new(x)")}
    one = pythons.compare_python(
        target,
        "3.9.18",
        {"modules": recorded, "objects": calls},
        {"modules": seen, "objects": changed},
    )
    assert one.calls == ("keras.Model(inputs)",)
    assert one.lacks == ("keras.old",)
    assert one.has == ("keras.new",)
    assert pythons.is_current(target, one)
    twin = dataclasses.replace(one, session="tf213-py39")
    other = dataclasses.replace(one, session="tf213-py310", has=(), calls=None)
    data = json.loads(pythons.render_pythons([one, other, twin]))
    shared = [(row["lacks"], row["has"], row.get("calls")) for row in data["sessions"]]
    assert shared == [(0, 0, 0), (0, 1, None), (0, 0, 0)]
    schema = json.loads(pythons.SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(data)
    monkeypatch.setattr(pythons, "FILE", tmp_path / "pythons.json")
    assert pythons.load_pythons() == {}
    for seen_one in (twin, other, one):
        pythons.write_python(seen_one)
    assert list(pythons.load_pythons().values()) == [one, other, twin]
    half = '{"lacks": [], "has": [], "calls": [], "sessions": [{"lacks": 1}]}'
    pythons.FILE.write_text(half, encoding="utf-8")
    with pytest.raises(Problem, match=r"pythons\.json: cannot be read"):
        pythons.load_pythons()
    assert not pythons.is_current(target, None)
    assert not pythons.is_current(target, dataclasses.replace(one, lock="0" * 12))
    assert not pythons.is_current(target, dataclasses.replace(one, beside="0" * 12))


def test_what_is_recorded_reads_the_same_on_every_machine() -> None:
    for path in files.text_paths().values():
        for line in disk.text_of(path).splitlines():
            if re.match(r"  (error|raises|says)", line):
                assert not re.search(r"(?<![\w>.])/(tmp|home|work|root|usr)/", line), line


def test_the_record_answers_soon_after_it_is_opened() -> None:
    best = 9.0
    for _ in range(3):
        began = time.perf_counter()
        names = files.load_names()
        assert names.look_up("keras.layers.Dense", "tf212").presence is Presence.THERE
        best = min(best, time.perf_counter() - began)
    assert best < 0.3


@pytest.mark.parametrize(
    ("path", "there", "missing"),
    [
        ("keras.utils.np_utils", "tf115 tf212", "tf215 tf216 tf221"),
        ("keras.layers.core", "tf115 tf212", "tf215 tf216"),
        ("keras.layers.Dense", "tf115 tf212 tf215 tf221 tf216-legacy", ""),
        ("keras.models.Sequential.predict_classes", "tf115", "tf212 tf221"),
        ("keras.models.Sequential.fit_generator", "tf115 tf212", "tf216"),
        ("keras.api._v2.keras.layers.Dense", "tf212", "tf115 tf216"),
        ("keras.api._v2.keras.utils.Sequential", "", "tf115 tf212 tf216"),
        ("tensorflow.keras.layers.Dense", "tf115 tf212 tf216 tf216-legacy", ""),
        ("tensorflow.placeholder", "tf115", "tf212 tf221"),
        ("tensorflow.test.is_gpu_available", "tf113 tf115 tf24 tf212 tf221", ""),
        ("tensorflow.estimator.Estimator", "tf113 tf115 tf24 tf212 tf215", "tf216 tf221"),
        ("tensorflow.lite.TFLiteConverter.from_keras_model", "tf24 tf212 tf221", "tf115"),
        ("tensorflow.compat.v1.layers.dense", "tf115 tf212 tf216-legacy", "tf216 tf221"),
        ("tensorflow.compat.v1.placeholder", "tf115 tf212 tf221", ""),
        ("tensorflow.contrib.slim.conv2d", "tf115", "tf212 tf221"),
        ("tf_keras.layers.Dense", "tf216-legacy", "tf115 tf212 tf216"),
        ("tensorflow.python.keras.layers.Dense", "tf115 tf212 tf221", ""),
    ],
)
def test_what_is_known_of_tensorflow_stands_in_the_record(
    path: str, there: str, missing: str
) -> None:
    seen = {name: NAMES.look_up(path, name).presence for name in (there + " " + missing).split()}
    assert [name for name, one in seen.items() if one is Presence.THERE] == there.split()
    assert [name for name, one in seen.items() if one is Presence.MISSING] == missing.split()


def test_a_module_is_reached_without_an_import_where_that_is_not_excluded() -> None:
    # Of the plain module `keras.callbacks`, which has the same names, no modules are stated.
    seen = NAMES.look_up("tensorflow.keras.callbacks.experimental", "tf24")
    assert (seen.presence, seen.kind, seen.needs) == (Presence.THERE, "module", "")
    assert NAMES.look_up("keras.layers.core", "tf115").needs == ""
    assert NAMES.look_up("keras.preprocessing.text", "tf20").needs == ""
    assert NAMES.look_up("keras.wrappers.scikit_learn", "tf115").needs == ""


def test_the_object_of_tf_keras_is_that_of_keras_where_they_are_one() -> None:
    assert "keras.layers.Dense" in NAMES.same_object("tensorflow.keras.layers.Dense", "tf212")
    assert "keras.layers.Dense" not in NAMES.same_object("tensorflow.keras.layers.Dense", "tf115")
    assert "keras.utils.to_categorical" in NAMES.same_leaf("to_categorical", "tf221")


# --- what is run ---


def test_each_day_checks_other_pairings_and_all_get_their_turn() -> None:
    names = [f"tf{number}" for number in range(11)]
    day = datetime.date(2026, 11, 25)
    seen: list[str] = []
    for number in range(6):
        seen += daily_share.rotate_names(names, 2, day + datetime.timedelta(number))[0]
    assert set(seen) == set(names)
    assert len(set(seen[:10])) == 10
    assert daily_share.rotate_names(["tf1"], 3, day) == (["tf1"], [])
    todays = names_request.choose_walks(NamesRequest(today=2), names, [])
    assert todays == daily_share.rotate_names(names, 2)[0]


def test_a_check_takes_the_fixed_pairings_first_and_others_by_its_seed() -> None:
    recorded = list(RECOMMENDED)
    request = NamesRequest(check=2, seed=7)
    chosen = names_request.choose_walks(request, recorded, [])
    assert tuple(chosen[: len(names_request.FIXED)]) == names_request.FIXED
    assert len(set(chosen)) == len(names_request.FIXED) + 2
    assert chosen == names_request.choose_walks(request, recorded, [])
    others = {
        tuple(names_request.choose_walks(dataclasses.replace(request, seed=seed), recorded, []))
        for seed in range(9)
    }
    assert len(others) > 1


def test_a_request_names_what_is_wrong() -> None:
    with pytest.raises(Problem, match="unknown pairing 'tf999'"):
        names_request.choose_walks(NamesRequest(("tf999",)), [], [])
    with pytest.raises(Problem, match="no names are recorded"):
        names_request.choose_walks(NamesRequest(check=1), [], [])
    assert names_request.choose_walks(NamesRequest(), ["tf1"], ["tf2"]) == ["tf2"]
    assert names_request.choose_walks(NamesRequest(again=True), ["tf1"], ["tf2"]) == ["tf1"]
    for line in (["--check", "0"], ["--today", "x"], ["--nothing"]):
        with pytest.raises(SystemExit):
            names_request.parse_names_request(line)


@pytest.fixture
def own_record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty record, to write into."""
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    monkeypatch.setattr(files, "PAIRINGS", tmp_path / "pairings.json")
    monkeypatch.setattr(pythons, "FILE", tmp_path / "pythons.json")
    return tmp_path


def run(request: NamesRequest, monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """Record with a walk that sees a module with these names; returns what is said."""
    seen = Walked(
        modules={"keras": module("keras", **dict.fromkeys(names, "k"))}, paths={"keras": "keras"}
    )
    monkeypatch.setattr(recording, "walk_target", lambda target, keep, say: seen)
    # Nothing runs in it, and a machine need not have the Python of each pairing.
    this_python = Path(sys.executable)
    monkeypatch.setattr(interpreters, "find_interpreter", lambda python: this_python)
    said: list[str] = []
    recording.record_names(request, lambda line: said.append(str(line)))
    return said


def test_a_pairing_is_recorded_compared_and_blessed(
    own_record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tf212 = NamesRequest(("tf212",))
    assert run(tf212, monkeypatch, "a", "b")[0].endswith("recorded")
    run(NamesRequest(("tf115",)), monkeypatch, "a")
    text = (own_record / "modules" / "keras.txt").read_text(encoding="utf-8")
    assert text == "[keras]\n all\n  import\n  k: a\n  package\n tf212..\n  k: b\n"
    assert [walk.name for walk in files.load_walks()] == ["tf115", "tf212"]
    assert run(tf212, monkeypatch, "a", "b")[0].endswith("as recorded")
    for request in (tf212, NamesRequest(today=2), NamesRequest(check=1)):
        with pytest.raises(Problem) as raised:
            run(request, monkeypatch, "a", "c")
        assert "    + modules [keras] k: c\n" in str(raised.value)
        assert re.search(r"nox -s names -- tf(115|212) --again --bless", str(raised.value))
        assert (own_record / "modules" / "keras.txt").read_text(encoding="utf-8") == text
    run(dataclasses.replace(tf212, bless=True), monkeypatch, "a", "c")
    assert files.load_names().list_names("keras", "tf212") == {"a": "constant", "c": "constant"}
    assert files.load_names().list_names("keras", "tf115") == {"a": "constant"}


def test_a_pairing_whose_lock_or_script_changed_is_recorded_again(
    own_record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tf212 = NamesRequest(("tf212",))
    run(tf212, monkeypatch, "a")
    target = RECOMMENDED["tf212"]
    assert not files.is_stale(target, files.load_walks())
    monkeypatch.setattr(files, "walk_digest", lambda: "0" * 12)
    assert files.is_stale(target, files.load_walks())
    with pytest.raises(Problem, match="which is stale: its lock or the script changed since"):
        run(NamesRequest(check=1), monkeypatch, "b")
    assert run(tf212, monkeypatch, "b")[0].endswith("recorded, 2 changes")
    assert files.load_names().list_names("keras", "tf212") == {"b": "constant"}


def test_another_python_is_compared_with_the_recommended_one(
    own_record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(NamesRequest(("tf212",)), monkeypatch, "a")
    other = NamesRequest(("tf212-py39",))
    assert run(other, monkeypatch, "b")[0].endswith("1 others, takes others in 0 calls, recorded")
    assert pythons.load_pythons()["tf212-py39"].lacks == ("keras.a",)
    assert run(other, monkeypatch, "b")[0].endswith("as recorded")
    with pytest.raises(Problem, match=r"tf212-py39: 1 differences(.|\n)*keras\.c"):
        run(other, monkeypatch, "b", "c")
    assert files.load_names().list_names("keras", "tf212") == {"a": "constant"}


def test_what_a_renewed_lock_made_stale_is_recorded_again(
    own_record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(NamesRequest(("tf212", "tf212-py39")), monkeypatch, "a")
    monkeypatch.setattr(names_request, "list_recommended", lambda: {"tf212": RECOMMENDED["tf212"]})
    assert recording.list_unrecorded(["tf212"]) == ["tf212-py310", "tf212-py38"]
    assert recording.list_unrecorded(["tf115"]) == []
    assert "no pairing is missing or stale" in run(NamesRequest(), monkeypatch, "b")[0]
    monkeypatch.setattr(files, "walk_digest", lambda: "0" * 12)
    # The recommended Python comes first, and one that was never looked at is left alone.
    said = run(NamesRequest(jobs=4), monkeypatch, "b", "c")
    assert [line.split(":")[0] for line in said] == ["[1/2] tf212", "[2/2] tf212-py39"]
    assert said[1].endswith("0 others, takes others in 0 calls, recorded")
    assert recording.list_unrecorded(["tf212"]) == ["tf212-py310", "tf212-py38"]


def test_a_python_that_is_there_no_more_is_forgotten(
    own_record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(NamesRequest(("tf212", "tf212-py39", "tf212-py310")), monkeypatch, "a")
    pythons.forget_pythons({"tf212-py39", "tf212-py310"})
    assert list(pythons.load_pythons()) == ["tf212-py310", "tf212-py39"]
    pythons.forget_pythons({"tf212-py39"})
    assert list(pythons.load_pythons()) == ["tf212-py39"]
    pythons.forget_pythons(set())
    assert pythons.load_pythons() == {}


def test_a_damaged_list_of_walks_is_refused(own_record: Path) -> None:
    assert files.load_walks() == []
    (own_record / "pairings.json").write_text('{"pairings": [{}]}', encoding="utf-8")
    with pytest.raises(Problem, match=r"envs/measured/names/pairings\.json: cannot be read"):
        files.load_walks()


def test_every_part_of_the_record_has_a_file() -> None:
    assert files.FOLDER.is_relative_to(ROOT / "envs" / "measured")
    assert blocks.part_of("tensorflow.python.keras.layers") == "tensorflow.python.keras"
    assert blocks.part_of("tensorflow.nn") == "tensorflow"
    assert blocks.part_of("numpy.core") == blocks.REST
