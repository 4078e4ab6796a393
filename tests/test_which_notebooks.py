"""What the reader of `nox -s which` cannot read, and notebooks."""

from __future__ import annotations

import json

import pytest
from test_which_reader import read

from envs.which.sources import Source, decode_source

# --- what cannot be read ---


def test_half_a_file_is_named_and_the_rest_is_read() -> None:
    code = read("import keras\nkeras.x\ndef f(:\n    keras.y(\n")
    assert "keras.x" in [use.path for use in code.uses]
    assert [one.place.split(":")[:2] for one in code.unread] == [["a.py", "3"]]


def test_what_is_no_python_is_left_out() -> None:
    code = read(
        "Dear all, keras is ++ a {library! of layers?; see import keras %% for it <b>\n" * 4
    )
    assert [one.why for one in code.unread] == ["is no Python: it is left out"]


@pytest.mark.parametrize(
    "data", [b"import keras\0", b"# coding: nonsense\n", b"import keras\xff\n"]
)
def test_bytes_that_are_no_text_are_named(data: bytes) -> None:
    source = decode_source(data, "a.py")
    assert not isinstance(source, Source)
    assert source.why.startswith("is no text: ")


@pytest.mark.parametrize("nest", ["(", "[", "-", "f(", "a.b(", "not ", "lambda: ", "x if y else "])
def test_deep_nesting_is_named_or_read(nest: str) -> None:
    code = read(f"import keras\nx = {nest * 20_000}1")
    assert code.files + len(code.unread) >= 1


def test_long_chains_are_read() -> None:
    text = "import keras\n" + "x = " + " + ".join(["keras.a"] * 5000) + "\n"
    text += "keras" + ".b" * 5000 + "\n"
    code = read(text)
    assert code.unread == []
    assert len(code.uses) == 1 + 5000 + 1


# --- notebooks ---


def notebook(*cells: str | list[str], **more: object) -> str:
    listed = [{"cell_type": "code", "source": cell} for cell in cells]
    return json.dumps({"cells": listed, "nbformat": 4} | more)


def test_a_notebook_is_one_program_without_its_magics() -> None:
    text = notebook(
        [
            "!pip install keras==2.2.4 \\\n",
            "  numpy\n",
            "%matplotlib inline\n",
            "import keras as k\n",
        ],
        "%%bash\nimport keras.bash",
        "%%time\nk.x\n?k.y\nk.z?\nif k:\n    !ls\nfiles = !ls\n",
        "k.w",
    )
    code = read(text, "n.ipynb")
    assert code.unread == []
    assert [(use.path, use.place.cell, use.place.line) for use in code.uses] == [
        ("keras", 1, 4),
        ("keras.x", 3, 2),
        ("keras.w", 4, 1),
    ]
    assert str(code.uses[1].place) == "n.ipynb: cell 3, 2:1"


def test_a_broken_cell_does_not_spoil_the_others() -> None:
    code = read(notebook("import keras", "x = (((", "keras.x"), "n.ipynb")
    assert [use.path for use in code.uses] == ["keras", "keras.x"]
    assert [one.place for one in code.unread] == ["n.ipynb: cell 2, 1:1"]


def test_a_notebook_of_format_3_is_read() -> None:
    cell = {"cell_type": "code", "input": ["import keras\n"]}
    text = json.dumps({"worksheets": [{"cells": [cell]}], "nbformat": 3})
    assert [use.path for use in read(text, "n.ipynb").uses] == ["keras"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no notebook: "),
        ("[" * 100_000, "is no notebook: "),
        ("[1]", "is no notebook: it holds no table"),
        ("{}", "is a notebook without cells"),
        ('{"cells": 3}', "is a notebook without cells"),
        ('{"worksheets": 3}', "is a notebook without cells"),
        (notebook("x", metadata={"kernelspec": {"language": "R"}}), "is a notebook of r, not"),
    ],
)
def test_what_is_no_notebook_is_named(text: str, why: str) -> None:
    (one,) = read(text, "n.ipynb").unread
    assert one.place == "n.ipynb"
    assert one.why.startswith(why)
