"""Which Python of a pairing `nox -s which` takes, by the real record."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_which import judge, report_on, text_of

from envs.which import python_choice


def test_the_python_that_is_asked_for_is_taken(tmp_path: Path) -> None:
    asked = {"a.py": "import tensorflow\n", "setup.py": "setup(python_requires='==3.9.*')"}
    best = report_on(tmp_path, asked).answer.fitting[0]
    assert (best.python, best.contradicted) == ("3.9", [])


def test_the_keras_of_the_recommended_python_counts(tmp_path: Path) -> None:
    # The locks of Python 3.9 and 3.10 have an older Keras 3.
    asked = {"a.py": "import keras", "requirements.txt": "keras>=3.15"}
    best = report_on(tmp_path, asked).answer.fitting[0]
    assert (best.pairing.name, best.python, best.contradicted) == ("tf221", "3.13", [])


def test_a_python_is_taken_whose_keras_is_asked_for(tmp_path: Path) -> None:
    asked = {"a.py": "import keras", "requirements.txt": "keras<3.13\ntensorflow==2.16.2"}
    best = report_on(tmp_path, asked).answer.fitting[0]
    assert (best.pairing.name, best.python, best.contradicted) == ("tf216", "3.10", [])


def test_a_name_that_only_the_recommended_python_has_decides_for_it(tmp_path: Path) -> None:
    old = {"a.py": "import keras\nkeras.ops.relu(1)", "setup.cfg": ""}
    new = old | {"a.py": "import keras\nkeras.ops.nanmax(1)"}
    wish = {"setup.py": "setup(python_requires='==3.9.*')"}
    report = report_on(tmp_path, old | wish, "tf216")
    assert report.asked is not None
    assert (report.asked.python, report.asked.fits) == ("3.9", True)
    report = report_on(tmp_path, new | wish, "tf216")
    assert report.asked is not None
    assert (report.asked.python, report.asked.fits) == ("3.12", True)
    assert [one.words for one in report.asked.contradicted] == ["python ==3.9.*"]


def test_what_a_python_lacks_is_listed_where_no_other_reads_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(python_choice, "list_pythons", lambda pairing, oldest: ["3.9"])
    said = text_of(tmp_path, {"a.py": "import keras\nkeras.ops.nanmax(1)"}, "tf216")
    assert "a.py:2:1: keras.ops.nanmax\n    not there on Python 3.9 with Keras 3." in said
    assert "    (derived: the recommended Python of tf216 has it)" in said


def test_the_syntax_narrows_the_pythons() -> None:
    found = judge("import tensorflow\nmatch x:\n    case 1: pass\n")
    pythons = {verdict.pairing.name: verdict.python for verdict in found.verdicts}
    assert pythons["tf115"] == ""
    assert not found.verdict_of("tf115").fits
    assert pythons["tf212"] == "3.11"
