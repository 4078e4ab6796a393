"""What the finder decides, in Python: patterns for JavaScript, questions, combinations."""

from __future__ import annotations

import json
import re
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from envs import ROOT, Problem
from envs.errors.catalogue import trim_line
from envs.errors.catalogue_files import load_catalogue
from envs.site import browser
from envs.site.finder import (
    bundle,
    choice_data,
    combination,
    error_data,
    npm_packages,
    page_answers,
    question,
)
from envs.site.finder.javascript import find_needle, write_javascript
from envs.site.finder.question import QuestionKind, read_question


@pytest.mark.parametrize(
    ("pattern", "source", "flags"),
    [
        (r"(?P<name>[\w.]+)(?P=name)", r"(?<name>[\p{L}\p{N}_.]+)\k<name>", "u"),
        (r"(?i)a\'b\"", "a'b\"", "iu"),
        (r"(?m)^x.$", r"^x[^\n](?=\n?$)", "mu"),
        (r"{'lr'}]", r"\{'lr'\}\]", "u"),
        (r"a{2,3}\Z", "a{2,3}$", "u"),
        (r"[\-\]\d]", r"[\-\]\p{Nd}]", "u"),
        (r"[]a]", r"[\]a]", "u"),
    ],
)
def test_a_pattern_is_written_for_javascript(pattern: str, source: str, flags: str) -> None:
    assert write_javascript(pattern) == (source, flags)


@pytest.mark.parametrize("pattern", [r"(?s)a", r"[\S]"])
def test_what_is_not_the_same_there_is_refused(pattern: str) -> None:
    with pytest.raises(Problem, match="is not written for JavaScript"):
        write_javascript(pattern)


def test_a_needle_stands_in_every_line_that_its_pattern_matches() -> None:
    found = 0
    lines = {trim_line(one.line) for one in load_catalogue().values()}
    lines |= {trim_line(case.line) for one in load_catalogue().values() for case in one.cases}
    for entry in load_catalogue().values():
        for pattern in entry.patterns:
            needle = find_needle(pattern)
            matched = [line for line in lines if re.fullmatch(pattern, line)]
            assert all(needle in line for line in matched), pattern
            found += bool(needle)
    assert found > 200
    assert find_needle(r"(?:abcdef)?gh") == ""
    assert find_needle("abcdef|ghijkl") == ""
    assert find_needle("abcdef?x") == "abcde"


@pytest.mark.parametrize(
    ("text", "kind", "facts"),
    [
        ("2.12 keras 3", "releases", {"tensorflow": "2.12", "keras": "3"}),
        ("python 3.13 windows", "releases", {"python": "3.13", "platform": "windows-x86_64"}),
        ("3.12 tf2.16", "releases", {"python": "3.12", "tensorflow": "2.16"}),
        ("py311 on my m2", "releases", {"python": "3.11", "platform": "macos-arm64"}),
        ("tf_keras 2.17", "releases", {"tf-keras": "2.17"}),
        ("tensorflow-gpu 2.10", "releases", {"variant": "cuda", "tensorflow": "2.10"}),
        ("what goes with keras?", "releases", {}),
        ("the quick brown fox", "other", {}),
        ("from keras.utils import np_utils", "code", {}),
        ("keras.utils.np_utils", "name", {}),
        ("tensorflow==2.12.0", "packages", {"tensorflow": "2.12.0"}),
        (" - tensorflow-cpu=2.6.0=py39_0\n - python=3.9.7", "packages", None),
        ("ValueError: Argument(s) not recognized: {'lr': 1}", "error", {}),
        ("RuntimeError: boom", "error", {}),
        ("goroutine 1 [running]:\nmain.main()", "foreign", {"language": "Go"}),
        ("\x00\x01\x02", "binary", {}),
        (" \n", "empty", {}),
    ],
)
def test_a_question_is_understood(text: str, kind: str, facts: dict[str, str] | None) -> None:
    read = read_question(text)
    assert read.kind == QuestionKind(kind)
    assert facts is None or read.facts == facts


ISSUE_FORM = """\
- OS Platform and Distribution (e.g., Linux Ubuntu 16.04): Ubuntu 18.04
- TensorFlow version (use command below): 2.3.1
- Keras version:  2.2.4
- Python version: 3.7.9
- GCC/Compiler version (if compiling from source): none that I know of at all
- GPU model and memory: some old card that I borrowed from a friend
"""


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("TensorFlow 2.16.1\nKeras version: 2.15.0", {"tensorflow": "2.16.1", "keras": "2.15.0"}),
        ("TensorFlow 2.16.1 Keras (2.15.0)", {"tensorflow": "2.16.1", "keras": "2.15.0"}),
        ("tf 1.12 and Keras(2.2.4)", {"tensorflow": "1.12", "keras": "2.2.4"}),
        ("Keras version = 2.0.8", {"keras": "2.0.8"}),
        ("- Keras version:  2.2.4", {"keras": "2.2.4"}),
        ("- TensorFlow : 2.3.1\n- python=3.7", {"tensorflow": "2.3.1", "python": "3.7"}),
        ("**TensorFlow version**: `2.1`", {"tensorflow": "2.1"}),
        ("Python version: 3.7.9", {"python": "3.7"}),
        ("python 2.7 tensorflow 1.13.1", {"python": "2.7", "tensorflow": "1.13.1"}),
        ("TensorFlow version: 2.16.1", {"tensorflow": "2.16.1"}),
        ("tf==2.2.0rc and Keras==2.2.5", {"tensorflow": "2.2.0", "keras": "2.2.5"}),
        ("keras>=2.15", {"keras": "2.15"}),
        ("Keras | 2.15.0\nTF [2.16]", {"keras": "2.15.0", "tensorflow": "2.16"}),
        ("keras.__version__: 2.15 tf_version 2.16", {"keras": "2.15", "tensorflow": "2.16"}),
        (
            ISSUE_FORM,
            {
                "tensorflow": "2.3.1",
                "keras": "2.2.4",
                "python": "3.7",
                "platform": "linux-x86_64",
                "variant": "cuda",
            },
        ),
    ],
)
def test_a_release_that_is_stated_is_not_dropped(text: str, facts: dict[str, str]) -> None:
    read = read_question(text)
    assert (read.kind, read.facts) == (QuestionKind.RELEASES, facts)


def test_a_stated_release_in_a_list_of_packages_is_read() -> None:
    read = read_question("tensorflow==2.16.1\nnumpy==1.26.4\nKeras version: 2.15.0")
    assert read.facts == {"tensorflow": "2.16.1", "keras": "2.15.0"}


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        ("tensorflow 2.16.1 frobnicator 2.15.0 please", ("2.15.0",)),
        ("tensorflow 2.16 keras<3", ("3",)),
        ("tf 2.12 or 2.13", ("2.13",)),
        (ISSUE_FORM, ()),
        ("tf 2.12 cuda 11.8", ("11.8",)),
        ("tensorflow 2.12 with frobnicator", ()),
        ("tensorflow 2.12.0, that is 2.12", ()),
    ],
)
def test_a_release_that_was_not_understood_is_named(text: str, doubtful: tuple[str, ...]) -> None:
    read = read_question(text)
    assert read.kind == QuestionKind.RELEASES
    assert read.doubtful == doubtful


@pytest.mark.parametrize(
    "text",
    [" " * 50_000 + "x", "- " * 30_000, "'" * 50_000, "a." * 30_000, "- keras version" * 133],
)
def test_no_text_takes_long_to_read(text: str) -> None:
    began = time.monotonic()
    read_question(text)
    assert time.monotonic() - began < 3


def test_a_sentence_with_a_release_in_it_is_no_question() -> None:
    line = (
        "Keras requires TensorFlow 2.2 or higher. Install TensorFlow via `pip install tensorflow`"
    )
    assert read_question(line).kind == QuestionKind.ERROR
    long = "my boss says that 2.12 cannot be trusted anymore"
    assert read_question(long).kind == QuestionKind.OTHER


def test_words_that_say_nothing_are_named() -> None:
    assert read_question("tensorflow 2.12 with frobnicator please").unread == ("frobnicator",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  tf.keras.Model()\n", "import tensorflow as tf; tf.keras.Model()\n"),
        ("x = keras.a(tf.b)", "import tensorflow as tf; import keras; x = keras.a(tf.b)"),
        ("import tensorflow as tf\ntf.a", None),
        ("from tensorflow import keras\nkeras.a", None),
        ("from a import b as keras\nkeras.a", None),
        ("model.keras.a", None),
        ('{"cells": ["keras.a"]}', None),
    ],
)
def test_a_piece_of_code_gets_its_usual_imports(text: str, expected: str | None) -> None:
    assert page_answers.assume_imports(text)[0] == (expected or text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import keras\nfrom keras import (\n", "What was pasted is no Python in line 2"),
        ('{"cells": [{"cell_type": "code", "source": "f("}]}', "no Python in line 1 of cell 1"),
        (f"x = {'(' * 3000}{')' * 3000}", "What was pasted is nested too deeply to be read, and"),
    ],
)
def test_code_that_cannot_be_read_is_a_problem_in_words(text: str, expected: str) -> None:
    answer = json.loads(page_answers.answer_page(json.dumps({"what": "code", "text": text})))
    assert expected in answer["problem"]
    assert "stdin" not in answer["problem"]


@pytest.mark.parametrize(
    ("text", "last"),
    [
        (
            "from keras.optimizers import AdamImportError: cannot import name 'Adam' from "
            "'keras.optimizers' (/x/keras/optimizers.py)",
            "ImportError: cannot import name 'Adam' from 'keras.optimizers' "
            "(/x/keras/optimizers.py)",
        ),
        (
            "from keras.optimizers import Adam cannot import name 'Adam' from 'keras.optimizers'",
            "cannot import name 'Adam' from 'keras.optimizers'",
        ),
        (
            "import tensorflow.contribModuleNotFoundError: No module named 'tensorflow.contrib'",
            "ModuleNotFoundError: No module named 'tensorflow.contrib'",
        ),
        (
            "model.predict_classes(x) 'Sequential' object has no attribute 'predict_classes'",
            "'Sequential' object has no attribute 'predict_classes'",
        ),
        ("x = keras.Model(", ""),
        ("try:\n    import keras\nexcept ImportError:\n    pass", ""),
    ],
)
def test_an_error_that_is_glued_to_code_is_separated(text: str, last: str) -> None:
    assert question.separate_errors(text) == last


@pytest.fixture(scope="module")
def tables() -> Any:
    """The tables as the page reads them."""
    return json.loads(json.dumps(choice_data.make_choices()))


def test_a_combination_with_a_lock_fits(tables: Any) -> None:
    answer = combination.answer_combination({"tensorflow": "2.12", "python": "3.9"}, tables)
    assert answer["verdict"] == "fits"
    assert answer["locks"][0]["file"] == "files/requirements/tf212-py39.txt"
    newest = combination.answer_combination({}, tables)["locks"][0]
    assert tables["pairings"][newest["pairing"]]["kind"] == "keras3"


def test_a_combination_that_fails_has_its_cells_and_what_fits_instead(tables: Any) -> None:
    answer = combination.answer_combination({"tensorflow": "2.12", "keras": "3"}, tables)
    assert answer["verdict"] == "fails"
    verdicts = {tables["verdicts"][cell["verdict"]] for cell in answer["cells"]}
    assert verdicts == {"only keras works"}
    assert answer["nearest"][0]["lock"]["pairing"] == "tf212"


def test_a_combination_without_a_lock_has_a_reason(tables: Any) -> None:
    facts = {"tensorflow": "2.10", "platform": "windows-x86_64", "variant": "cuda"}
    answer = combination.answer_combination(facts, tables)
    assert answer["verdict"] == "none"
    assert answer["reasons"] == ["the variant cuda is published for Linux x86_64 alone"]
    old = combination.answer_combination({"tensorflow": "1.15", "python": "3.8"}, tables)
    assert "no tensorflow 1.15 with code for Python 3.8" in old["reasons"][0]
    assert combination.answer_combination({"keras": "9"}, tables)["unknown"] == ["keras"]


def test_packages_are_held_to_what_their_pairing_needs(tables: Any) -> None:
    packages = question.read_packages(
        "tensorflow==2.12.0\nkeras==2.12.0\nSetuptools==82.0\ntensorboard==2.12.3"
    )
    facts = question.find_package_facts(packages)
    broken = combination.answer_packages(packages, facts, tables)["caps"]
    assert [one["requirement"] for one in broken] == ["setuptools<82"]
    packages.pop("tensorboard")
    assert not combination.answer_packages(packages, facts, tables)["caps"]
    both = {"tensorflow": "2.10.0", "tensorflow-gpu": "2.10.0"}
    doubled = combination.answer_packages(both, {"tensorflow": "2.10.0"}, tables)["doubled"]
    assert doubled == [["tensorflow", "tensorflow-gpu"]]


def test_what_is_loaded_at_once_is_small() -> None:
    import gzip

    texts = [json.dumps(one()) for one in (error_data.make_errors, choice_data.make_choices)]
    assert sum(len(gzip.compress(text.encode())) for text in texts) < 100_000
    assert len(gzip.compress(json.dumps(error_data.make_cures()).encode())) < 100_000


def test_the_parser_of_the_browser_is_the_one_of_the_toolchain() -> None:
    pins = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    known = json.loads(npm_packages.LOCK.read_text(encoding="utf-8"))["packages"]
    grammar = known["node_modules/tree-sitter-python"]["version"]
    assert f'"tree-sitter-python=={grammar}"' in pins
    core = known["node_modules/web-tree-sitter"]["version"].rpartition(".")[0]
    assert f'"tree-sitter=={core}.' in pins


def test_every_package_from_npm_has_its_hash() -> None:
    known = json.loads(npm_packages.LOCK.read_text(encoding="utf-8"))["packages"]
    for name, one in known.items():
        assert not name or one["integrity"].startswith("sha512-"), name
        assert "resolved" not in one, f"{name}: names the registry: see package-lock.json"


def test_the_bundle_has_all_that_answers_and_is_the_same_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "_FILES", {})
    monkeypatch.setattr(bundle, "install_npm_packages", lambda: tmp_path)
    for name in ("one", "two"):
        bundle.write_bundle(tmp_path / name)
    archives = [(tmp_path / name / "reference.zip").read_bytes() for name in ("one", "two")]
    assert archives[0] == archives[1]
    with zipfile.ZipFile(tmp_path / "one" / "reference.zip") as archive:
        names = archive.namelist()
    for name in ("tree_sitter.py", "envs/which/which_run.py", "packaging/version.py"):
        assert name in names


def test_npm_that_is_missing_is_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(npm_packages, "_CACHE", tmp_path)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Problem, match=r"npm: is not on PATH.*install Node\.js"):
        npm_packages.install_npm_packages()


def test_a_browser_that_is_missing_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Problem, match="apt-get install chromium"):
        browser.find_browser()
