"""One logic: the page answers as Python does, field by field; code is read by Python itself."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from built_site import BuiltSite
from finder_inputs import list_inputs
from site_browser import OpenPage

from envs.errors import argument_clues, explain_run, explanation, name_clues
from envs.site.finder import combination, question
from envs.site.finder.question import QuestionKind
from envs.which import which_run
from envs.which.which_request import WhichRequest

pytestmark = pytest.mark.site

READ = ("kind", "facts", "packages", "unread", "doubtful")
"""What is said of a question before it is answered."""

_ANSWER_ALL = """async (given) => {
    const { Answerer } = await import("/_static/finder/answer-worker.js");
    const load = async (name) => (await fetch(`/data/v1/finder/${name}.json`)).json();
    const answerer = new Answerer(await load("errors"), await load("choices"), await load("seen"));
    answerer.explainer.cures = await load("cures");
    return JSON.stringify(given.map(([text, choice]) => ({
        read: answerer.reader.read(text),
        answer: answerer.answer(text, choice),
    })));
}"""

_ASK_PYTHON = """async (requests) => {
    const worker = new Worker("/_static/finder/reference-worker.js", { type: "module" });
    const answers = [];
    for (const [id, request] of requests.entries()) {
        answers.push(await new Promise((take) => {
            worker.onmessage = ({ data }) => take(data.answer);
            worker.postMessage({ id, request });
        }));
    }
    worker.terminate();
    return JSON.stringify(answers);
}"""


def answer_in_python(text: str, choice: dict[str, str], tables: Any) -> dict[str, Any]:
    """What Python says: the question, and its answer as the page should have it."""
    asked = question.read_question(text)
    facts = {**asked.facts, **choice}
    found: dict[str, Any] = {
        "kind": asked.kind,
        "facts": dict(asked.facts),
        "packages": dict(asked.packages),
        "unread": list(asked.unread),
        "doubtful": list(asked.doubtful),
    }
    if asked.kind == QuestionKind.RELEASES or (asked.kind == QuestionKind.EMPTY and choice):
        found["answer"] = combination.answer_combination(facts, tables)
    elif asked.kind == QuestionKind.PACKAGES:
        found["answer"] = combination.answer_packages(asked.packages, facts, tables)
    elif asked.kind in (QuestionKind.ERROR, QuestionKind.OTHER):
        found |= explain_in_python(text, choice)
    elif asked.kind == QuestionKind.CODE and (separated := question.separate_errors(text)):
        found["otherwise"] = explain_in_python(separated, choice)
    return found


def explain_in_python(text: str, choice: dict[str, str]) -> dict[str, Any]:
    """The explanation of an error, and how sure each of its parts is."""
    names = ["tensorflow", "keras", "python"]
    known = {name: choice[name] for name in names if name in choice}
    answer = explain_run.answer_pasted(text, known)
    return {
        "answer": json.loads(explanation.render_answer_json(answer)),
        "sureness": [explanation.describe_sureness(one) for one in answer.found.matches],
    }


def compare_errors(page: dict[str, Any], python: dict[str, Any]) -> tuple[Any, Any]:
    """Both explanations without what only one of them has."""
    mine, theirs = dict(page["explanation"]), dict(python["answer"])
    assert [one.pop("sureness") for one in mine["errors"]] == python["sureness"]
    for key in ("asked", "last", "isRaised"):
        mine.pop(key)
    for one in mine["errors"]:
        one.pop("shares")
        for cure in one["cures"]:
            cure.pop("pairing")
            cure.pop("python")
    if mine["seen"]:
        mine["seen"].pop("address")
    if theirs["name"]:
        # The record of names: Python in the browser is asked for it, with these lines.
        assert page["needs"]["what"] == "clue"
        for key in ("name", "knows", "nearest"):
            mine.pop(key)
            theirs.pop(key)
    return mine, theirs


def test_the_page_answers_as_python_does(open_page: OpenPage, built_site: BuiltSite) -> None:
    given = list(list_inputs())
    assert len(given) >= 200
    # A lone surrogate is in no text of a page, and NUL stays as it is.
    page = open_page("all.html")
    answers = json.loads(page.evaluate(_ANSWER_ALL, [list(one) for one in given]))
    choices = built_site.folder / "data" / "v1" / "finder" / "choices.json"
    tables = json.loads(choices.read_text(encoding="utf-8"))
    kinds = set()
    for (text, choice), both in zip(given, answers, strict=True):
        python = answer_in_python(text, choice, tables)
        kinds.add(python["kind"])
        read = {key: both["read"][key] for key in READ}
        assert read == {key: python[key] for key in read}, text
        answer = both["answer"]
        if "answer" not in python:
            assert answer["kind"] == python["kind"], text
            if answer.get("otherwise"):
                mine, theirs = compare_errors(answer["otherwise"], python["otherwise"])
                assert mine == theirs, text
        elif "explanation" in answer:
            mine, theirs = compare_errors(answer, python)
            assert mine == theirs, text
        else:
            expected = python["answer"]
            assert {key: answer[key] for key in expected} == expected, text
    assert kinds == set(QuestionKind)


CODE = (
    "from keras.utils import np_utils\nimport tensorflow as tf\n"
    "opt = tf.keras.optimizers.Adam(lr=0.1)\n",
    "import keras\nprint 'a'\n# \u00e9\U0001f600\nkeras.layers.Dense(units=1, foo=2)\n",
    "try:\n    import tf_keras as k\nexcept ImportError:\n    from tensorflow import keras as k\n"
    "if (n := 2) > 1:\n    k.models.load_model('\u00fc')\nmatch n:\n    case _: pass\n",
    "from tensorflow.keras import *\nm = Sequential([layers.Dense(1)])\nm.predict_classes(1)",
    '{"cells": [{"cell_type": "code", "source": ["!pip install x\\n", "import keras"]}], '
    '"metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "import keras\nkeras.layers.(\nfrom keras.layers.core import Dense\n",
)


def test_code_is_read_by_the_same_python(open_page: OpenPage) -> None:
    requests: list[dict[str, Any]] = []
    expected: list[Any] = []
    for number, text in enumerate(CODE):
        to = ("", "tf221")[number % 2]
        requests.append({"what": "code", "text": text, "to": to})
        asked = WhichRequest(None, "-", to, "", "json")
        data = io.BytesIO(text.encode())
        document = json.loads(which_run.answer_request(asked, data)[0])
        expected.append({**document, "assumed": []})
    requests.append({"what": "name", "name": "keras.preprocessing.sequence.pad_sequences"})
    name = WhichRequest(None, "", "", requests[-1]["name"], "json")
    expected.append(json.loads(which_run.answer_request(name)[0]))
    for line in (
        "ImportError: cannot import name 'Bar' from 'tensorflow.keras.layers'",
        "AttributeError: module 'tensorflow.keras.layers' has no attribute 'CuDNNGRU'",
        "TypeError: ModelCheckpoint.__init__() got an unexpected keyword argument 'period'",
    ):
        requests.append({"what": "clue", "lines": [line], "facts": {"minor": "2.16"}})
        found = name_clues.find_clue(line, {"minor": "2.16"})
        found = found or argument_clues.find_argument_clue(line, {"minor": "2.16"})
        expected.append({"clue": {**found.as_json(), "line": line} if found else None})
    answers = json.loads(open_page("all.html").evaluate(_ASK_PYTHON, requests))
    for request, mine, theirs in zip(requests, answers, expected, strict=True):
        assert mine == theirs, request
