"""The atlas: its data is complete, its words and pictures agree with the data, and cells that run
again have the same result."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from envs import Problem
from envs.atlas import atlas_request, atlas_run, cells, explanation, layout, row_files
from envs.atlas.atlas_run import _Running
from envs.atlas.cells import STEPS, Cell, Column, Verdict
from envs.locking import pypi
from envs.model import causes, lock
from envs.publish import atlas_picture
from envs.running import installation, installers, interpreters

ROWS = layout.list_rows()
AS_OF, COLUMNS = layout.load_columns()
FOUND = row_files.load_atlas()
CAUSES = causes.load_causes(causes.OF_CELLS)
SOME = FOUND["tf212"][layout.find_column("keras", "2.12")]

GOOD = dict.fromkeys(STEPS, "works: a step") | {"tf.keras": "works: keras 2.12.0"}


def cell(**changes: str) -> Cell:
    """A cell in which every step works except `changes`; `import_keras` means `import keras`."""
    steps = {
        step: changes.get(step.replace(" ", "_").replace(".", "_"), outcome)
        for step, outcome in GOOD.items()
    }
    return dataclasses.replace(SOME, steps=steps)


# --- the data ---


def test_every_cell_was_run_with_the_locks_columns_and_script_of_today() -> None:
    stale = {
        name: [str(column) for column in columns]
        for name, target in ROWS.items()
        if (columns := row_files.list_stale(target, FOUND[name]))
    }
    assert stale == {}, "run nox -s atlas"


def test_every_tensorflow_minor_is_a_row_and_no_file_is_left_over() -> None:
    minors = {target.pairing.tensorflow.rsplit(".", 1)[0] for target in ROWS.values()}
    assert len(minors) == len(ROWS)
    assert {"1.15", "2.0", "2.12", "2.21"} <= minors
    files = {path.name for path in layout.FOLDER.iterdir()}
    others = {layout.COLUMNS.name, row_files.SCHEMA.name}
    assert files == {f"{name}.json" for name in ROWS} | others


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_as_its_schema_says_and_as_it_would_be_written(name: str) -> None:
    schema = json.loads(row_files.SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    text = row_files.row_path(name).read_text(encoding="utf-8")
    data = json.loads(text)
    Draft202012Validator(schema).validate(data)
    assert row_files.render_row(ROWS[name], FOUND[name]) == text
    next(iter(data["cells"].values()))["steps"] = {"import tensorflow": "should work"}
    assert not Draft202012Validator(schema).is_valid(data)


def test_what_is_recorded_reads_the_same_on_every_machine() -> None:
    for name, row in FOUND.items():
        for column, cell_ in row.items():
            for text in (cell_.cannot or "", *cell_.steps.values()):
                assert not re.search(r"(?<![\w>.])/\w+/", text), (name, column, text)
                assert not re.search(r"Python version \(3\.\d+\.", text), (name, column, text)


@pytest.mark.parametrize("name", ROWS)
def test_the_keras_of_a_row_s_own_lock_is_not_worse_than_any_other(name: str) -> None:
    """Installing the Keras that the lock pins changes nothing, and nothing fails."""
    own = lock.read_lock(ROWS[name]).versions
    here = [column for column in FOUND[name] if own.get(column.package) == column.version]
    for column in here:
        cell_ = FOUND[name][column]
        assert cell_.changed == {}
        assert cells.judge_cell(cell_, column) in (Verdict.WORKS, Verdict.APART)


def test_every_failure_has_one_cause_and_every_cause_a_failure() -> None:
    errors = {cell_.failure[1] for row in FOUND.values() for cell_ in row.values() if cell_.failure}
    used = []
    for error in errors:
        found = [cause.name for cause in CAUSES if re.search(cause.pattern, error)]
        assert len(found) == 1, (error, found)
        used += found
    assert {cause.name for cause in CAUSES} == set(used)


def test_the_columns_are_the_last_final_release_of_each_minor() -> None:
    versions = ["2.1.6", "2.2.4", "2.2.5", "2.10.0", "2.9.0", "2.10.1rc0", "3.0.0", "3.0.5"]
    assert layout.last_of_each_minor(versions) == ["2.2.5", "2.9.0", "2.10.0", "3.0.5"]
    assert [str(COLUMNS[0]), COLUMNS[-1].package] == ["keras 2.2.5", "tf-keras"]
    assert {column.minor for column in COLUMNS if column.package == "keras"} >= {"2.3", "3.15"}


def test_the_columns_are_the_releases_that_every_mirror_shows_by_now(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A mirror may list a file some days after PyPI, so the atlas waits a week."""
    asked = []

    def releases(package: str, before: str) -> list[str]:
        asked.append(before)
        return ["2.11.0", "2.12.0"]

    monkeypatch.setattr(pypi, "list_releases", releases)
    monkeypatch.setattr(layout, "COLUMNS", tmp_path / "columns.json")
    atlas_run.upgrade_columns(print)
    today = datetime.datetime.now(datetime.UTC).date()
    assert set(asked) == {(today - datetime.timedelta(days=7)).isoformat()}
    assert layout.load_columns(layout.COLUMNS)[0] == asked[0]


# --- what a cell amounts to ---


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.WORKS),
        ({"tf_keras": "works: tensorflow 2.4.4"}, Verdict.APART),
        ({"train_keras": "fails: TypeError: x"}, Verdict.ONLY_TF_KERAS),
        ({"import_keras": "crashes: ended by SIGSEGV"}, Verdict.ONLY_TF_KERAS),
        ({"tf_keras": "fails: ImportError: x"}, Verdict.ONLY_KERAS),
        ({"train_tf_keras": "not reached"}, Verdict.ONLY_KERAS),
        (
            {
                "import_tensorflow": "fails: x",
                "tf_keras": "not reached",
                "import_keras": "fails: y",
            },
            Verdict.NEITHER,
        ),
    ],
)
def test_a_cell_amounts_to_what_its_steps_say(changes: dict[str, str], verdict: Verdict) -> None:
    assert cells.judge_cell(cell(**changes), Column("keras", "2.12.0")) is verdict


def test_a_cell_that_cannot_be_installed_is_no_failure() -> None:
    cell_ = dataclasses.replace(SOME, cannot="Because ...", steps={})
    assert cells.judge_cell(cell_, COLUMNS[0]) is Verdict.CANNOT
    assert cell_.failure is None


@pytest.mark.parametrize(
    ("requires", "python", "version", "admitted"),
    [
        (["keras<2.13,>=2.12.0"], "3.11", "2.12.0", True),
        (["keras<2.13,>=2.12.0"], "3.11", "2.13.1", False),
        (["keras-nightly~=2.5.0.dev"], "3.9", "2.6.0", None),
        (['keras>=3; python_version >= "3.12"'], "3.11", "2.6.0", None),
        (['keras>=3; extra == "x"'], "3.11", "2.6.0", None),
        ([], "3.7", "2.3.1", None),
    ],
)
def test_what_tensorflow_admits(
    requires: list[str], python: str, version: str, admitted: bool | None
) -> None:
    assert cells.is_admitted(requires, python, Column("keras", version)) is admitted


def test_a_cell_of_another_lock_day_or_script_is_stale() -> None:
    target, row = ROWS["tf212"], FOUND["tf212"]
    assert row_files.list_stale(target, row) == []
    for field in ("lock", "as_of", "script"):
        conditions = dataclasses.replace(SOME.conditions, **{field: "other"})
        other = dataclasses.replace(SOME, conditions=conditions)
        assert row_files.list_stale(target, row | {COLUMNS[3]: other}) == [COLUMNS[3]]
    assert row_files.list_stale(target, {}) == COLUMNS


# --- in words and pictures ---


def test_someone_with_tensorflow_2_12_and_keras_2_11_reads_why_and_what_to_do() -> None:
    text = explanation.describe_cell("tf212", layout.find_column("keras", "2.11"), FOUND)
    assert text.startswith("TensorFlow 2.12.0 with keras 2.11.0, on Python 3.11: neither works")
    assert "does not admit it" in text
    assert "module 'inspect' has no attribute 'ArgSpec'" in text
    assert "keep TensorFlow 2.12.0: with keras 2.12.0, its lock: nox -s copy -- tf212" in text
    assert "keep keras 2.11.0: with TensorFlow 2.11.1 on Python 3.10, its lock: nox -s" in text


def test_a_way_out_prefers_what_tensorflow_admits_and_knows_the_legacy_locks() -> None:
    text = explanation.describe_cell("tf215", layout.find_column("keras", "3.15"), FOUND)
    assert "TensorFlow was not made for it" in text
    assert (
        "keep keras 3.15.1: with TensorFlow 2.16.2 on Python 3.12, its lock: nox -s copy -- tf216 "
        in text
    )
    text = explanation.describe_cell("tf216", layout.find_column("tf-keras", "2.17"), FOUND)
    assert "cannot be installed" in text
    assert "its lock: nox -s copy -- tf217-legacy PATH" in text


def test_every_cell_can_be_said_in_words() -> None:
    for name, row in FOUND.items():
        for column, cell_ in row.items():
            text = explanation.describe_cell(name, column, FOUND)
            works = cells.judge_cell(cell_, column) in (Verdict.WORKS, Verdict.APART)
            assert ("what works:" in text) != (works and cell_.admitted is not False)
            assert (cell_.cannot or "") in text


def test_the_table_and_the_picture_show_every_cell() -> None:
    table = atlas_picture.render_atlas_table(ROWS, FOUND).splitlines()
    assert len(table) == 2 + len(COLUMNS)
    line = next(line for line in table if line.startswith("| keras 2.12.0 |"))
    assert line.split("|")[2 + list(ROWS).index("tf212")].strip() == "**●**"
    drawing = ElementTree.fromstring(atlas_picture.render_atlas_picture(ROWS, FOUND))
    titles = [title.text or "" for title in drawing.iter("{http://www.w3.org/2000/svg}title")]
    assert sum(text.startswith("TensorFlow ") for text in titles) == len(ROWS) * len(COLUMNS)
    assert any(text.startswith("TensorFlow 2.12.0 with keras 2.11.0: neither") for text in titles)


def test_a_cell_that_was_not_run_is_shown_as_such() -> None:
    row = {column: cell_ for column, cell_ in FOUND["tf212"].items() if column.minor != "2.11"}
    assert "| ? |" in atlas_picture.render_atlas_table(ROWS, {**FOUND, "tf212": row})
    assert "keras 2.11.0: not run yet" in atlas_picture.render_atlas_picture(
        ROWS, {**FOUND, "tf212": row}
    )


def test_a_failure_without_a_cause_is_refused() -> None:
    odd = cell(import_keras="fails: OddError: never seen")
    row = FOUND["tf212"] | {COLUMNS[0]: odd}
    with pytest.raises(Problem, match=r"tf212 \+ keras 2.2.5: this failure is not explained"):
        atlas_picture.render_atlas_failures(ROWS, {**FOUND, "tf212": row})


# --- what is asked for ---


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["tf299"], "tf299"),
        (["tf212-legacy"], "tf212"),
        (["tf212", "--keras", "2.5"], "the atlas has no keras '2.5'; it has: 2.2, 2.3"),
        (["--tf-keras", "3.0"], "the atlas has no tf-keras '3.0'; it has: 2.14"),
    ],
)
def test_what_the_atlas_does_not_have_is_named(args: list[str], message: str) -> None:
    with pytest.raises(Problem, match=re.escape(message)):
        atlas_run.run_atlas(atlas_request.parse_atlas_request([*args, "--show"]), print)


def test_a_check_takes_the_fixed_cells_and_the_same_others_for_a_seed() -> None:
    chosen = atlas_request.pick_cells(10, 7)
    assert chosen == atlas_request.pick_cells(10, 7) != atlas_request.pick_cells(10, 8)
    assert sum(map(len, chosen.values())) == 10 + sum(map(len, atlas_request.FIXED.values()))
    for name, fixed_cells in atlas_request.FIXED.items():
        assert {layout.find_column(*title.split()) for title in fixed_cells} <= set(chosen[name])
    fixed = [
        (name, layout.find_column(*title.split()))
        for name in atlas_request.FIXED
        for title in atlas_request.FIXED[name]
    ]
    verdicts = {cells.judge_cell(FOUND[name][column], column) for name, column in fixed}
    assert verdicts == set(Verdict)


def test_a_cell_that_turns_out_differently_ends_the_run_with_both_sides(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The cell is not run here: its result is made up."""
    column = layout.find_column("keras", "2.11")
    text = row_files.row_path("tf212").read_text(encoding="utf-8")
    monkeypatch.setattr(row_files, "row_path", lambda name, folder=None: tmp_path / f"{name}.json")
    row_files.row_path("tf212").write_text(text, encoding="utf-8")
    odd = dataclasses.replace(FOUND["tf212"][column], steps=GOOD)
    running = _Running({"tf212": [column]}, print, bless=False, drop=False)
    running.note(ROWS["tf212"], column, odd, 1.0)
    assert len(running.wrong) == 1
    assert "recorded steps: {'import tensorflow': \"fails: AttributeError" in running.wrong[0]
    assert "happened steps: {'import tensorflow': 'works: a step'" in running.wrong[0]
    assert "nox -s atlas -- tf212 --keras 2.11 --bless" in running.wrong[0]
    assert row_files.row_path("tf212").read_text(encoding="utf-8") == text

    blessing = _Running({"tf212": [column]}, print, bless=True, drop=False)
    blessing.note(ROWS["tf212"], column, odd, 1.0)
    assert blessing.wrong == []
    assert row_files.load_row("tf212")[column].steps == GOOD


# --- proofs: the order of cells changes nothing, and uv installs what pip would ---


@pytest.mark.proof
@pytest.mark.parametrize("name", ["tf25", "tf215"])
def test_the_order_of_cells_does_not_change_them(name: str) -> None:
    """tf25 shares its folder with `keras`; with tf215, Keras 3 leaves other packages behind."""
    wanted = [column for column in COLUMNS if column.minor in ("2.4", "2.6", "2.13", "3.0", "3.9")]
    columns = [column for column in reversed(wanted) if FOUND[name][column].cannot is None]
    assert len(columns) >= 3
    lines: list[str] = []
    _Running({name: columns}, lines.append, bless=False, drop=False).all()
    assert len(lines) == len(columns)
    assert all("as recorded" in line for line in lines), lines


@pytest.mark.proof
@pytest.mark.parametrize(("name", "minor"), [("tf212", "3.5"), ("tf215", "2.13")])
def test_pip_would_bring_what_uv_brought(name: str, minor: str, tmp_path: Path) -> None:
    """The same packages, not the same releases: pip and uv may see PyPI at different times."""
    column, target = layout.find_column("keras", minor), ROWS[name]
    file = tmp_path / "lock.txt"
    file.write_text(lock.lock_path(target).read_text(encoding="utf-8"), encoding="utf-8")
    base = interpreters.find_interpreter(target.python)
    folder = tmp_path / "env"
    subprocess.run([base, "-I", "-m", "venv", folder], check=True)
    pip = [str(interpreters.interpreter_in(folder)), "-I", "-m", "pip", "install", "-q"]
    environ = installers.tool_environ()
    subprocess.run([*pip, "-U", "pip"], env=environ, check=True)
    subprocess.run([*pip, "--require-hashes", "-r", file], env=environ, check=True)
    before = installation.list_installed(folder)
    day = f"--uploaded-prior-to={AS_OF}T00:00:00Z"
    subprocess.run([*pip, day, f"keras=={column.version}"], env=environ, check=True)
    after = installation.list_installed(folder)
    changed = {
        package
        for package in before.keys() | after.keys()
        if before.get(package) != after.get(package)
    }
    assert changed == set(FOUND[name][column].changed)
    assert after["keras"] == column.version
