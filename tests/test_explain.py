"""`nox -s explain`: what is pasted is read as people paste it, and answered, or honestly not."""

from __future__ import annotations

import io
import json
import os
import re
import time
from pathlib import Path

import jsonschema
import pytest

from envs.errors import catalogue_files, explain_run, matching, stated
from envs.errors.reading import read_pasted

LR = "ValueError: Argument(s) not recognized: {'lr': 0.001}"
NP_UTILS = "ImportError: cannot import name 'np_utils' from 'keras.utils'"
CUDNN = (
    "2026-01-01 10:00:00.123456: E external/local_xla/xla/stream_executor/cuda/cuda_dnn.cc:9261] "
    "Unable to register cuDNN factory: Attempting to register factory for plugin cuDNN when one "
    "has already been registered"
)
TRACEBACK = f"""Traceback (most recent call last):
  File "/home/me/train.py", line 3, in <module>
    optimizer = keras.optimizers.Adam(lr=0.001)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/home/me/venv/lib/python3.12/site-packages/keras/src/optimizers/base.py", line 1, in init
    raise ValueError(f"Argument(s) not recognized: {{kwargs}}")
{LR}
"""


def explain(capfd: pytest.CaptureFixture[str], *argv: str, stdin: bytes = b"") -> tuple[int, str]:
    code = explain_run.run_explain(argv, Path("/nowhere"), io.BytesIO(stdin))
    return code, capfd.readouterr().out


def names(text: str) -> list[str]:
    """The entries that a text shows, the first first."""
    found = explain_run.answer_pasted(text, {}).found
    return [match.entry.name for match in found.matches] if found.explained else []


def test_a_line_is_answered_with_its_cause_the_new_line_and_the_pairing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code, out = explain(capfd, f"{NP_UTILS} (/x/keras/utils/__init__.py)", "--tensorflow", "2.16")
    assert code == 0
    assert out.splitlines()[0].startswith("np-utils: ImportError: cannot import name")
    assert "from tensorflow.keras.utils import to_categorical" in " ".join(out.split())
    assert "nox -s copy -- tf212 PATH --python 3.11" in out
    assert "this very line was made here in tf216" in out
    assert len(out.splitlines()) <= 14


def test_an_exception_in_a_log_of_many_lines_is_found_wherever_it_is() -> None:
    lines = [
        f"step {chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{'x' * (n // 676)}" for n in range(12_000)
    ]
    assert names("\n".join([NP_UTILS, *lines]))[0] == "np-utils"
    assert names("\n".join([*lines, NP_UTILS]))[0] == "np-utils"


def test_a_command_stands_in_one_line_with_the_readers_versions(
    capfd: pytest.CaptureFixture[str],
) -> None:
    line = "ModuleNotFoundError: No module named 'tf_keras'"
    _, out = explain(capfd, line, "--tensorflow", "2.18.1")
    assert '$ python -m pip install "tf-keras==2.18.*" "tensorflow==2.18.1"' in out
    _, out = explain(capfd, line)
    assert '"tf-keras==<minor of your TensorFlow>.*"' in out


@pytest.mark.parametrize(
    "text",
    [
        TRACEBACK,
        TRACEBACK.replace("\n", "\r\n"),
        f"\x1b[0;31mValueError\x1b[0m: \x1b[1m{LR.partition(': ')[2]}\x1b[0m",
        f"E       {LR}",
        f"> {LR}",
        f"2026-01-01T10:00:00.1234567Z {LR}",
        f"web-1  | {LR}",
        f"    {LR}  ",
        LR.replace("'", "&#39;"),
        LR.replace("'", "\u2019"),
        f"```\n{LR}\n```",
        f"{CUDNN}\n{TRACEBACK}{CUDNN}\n",
        f"**{LR}**",
        f"{LR}`",
        f"- {LR}",
        f'It says "{LR}" when I build it.',
        f"It ends (`{LR}`), and I do not know why",
        LR.replace("ValueError:", "then a Value Error :"),
        f"Epoch 1/3\r 1/10 [====]\r{LR}\nProcess finished with exit code 1\n",
    ],
)
def test_a_line_is_known_however_it_is_pasted(text: str) -> None:
    assert names(text)[0] == "optimizer-lr"


def test_a_line_that_a_console_broke_is_joined() -> None:
    text = (
        "ImportError: cannot import name 'ImageDataGenerator' from 'keras.preprocessing.i\n"
        "mage' (C:\\Users\\me\\keras\\preprocessing\\image.py)\n"
    )
    assert names(text) == ["image-data-generator"]


def test_a_notebook_is_read(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    error = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": LR.partition(": ")[2],
        "traceback": ["\x1b[0;31m---\x1b[0m", f"\x1b[0;31mValueError\x1b[0m: {LR[12:]}"],
    }
    cells = [{"cell_type": "code", "source": "x", "outputs": [error]}]
    file = tmp_path / "train.ipynb"
    file.write_text(json.dumps({"cells": cells, "nbformat": 4}), encoding="utf-8")
    code, out = explain(capfd, str(file))
    assert code == 0
    assert out.startswith("optimizer-lr: ")


def test_what_windows_redirects_is_read(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "out.txt"
    file.write_bytes(TRACEBACK.replace("\n", "\r\n").encode("utf-16"))
    assert explain(capfd, str(file))[0] == 0


def test_standard_input_is_read(capfd: pytest.CaptureFixture[str]) -> None:
    code, out = explain(capfd, "-", stdin=TRACEBACK.encode())
    assert (code, out.split(":")[0]) == (0, "optimizer-lr")


def test_of_a_chain_what_is_known_is_answered() -> None:
    text = (
        'Traceback (most recent call last):\n  File "a.py", line 1\n'
        "ModuleNotFoundError: No module named 'keras.engine'\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        'Traceback (most recent call last):\n  File "b.py", line 1\n'
        "RuntimeError: my own wrapper failed\n"
    )
    assert names(text) == ["keras-engine"]


def test_several_errors_are_answered_each_the_last_first() -> None:
    assert names(f"{TRACEBACK}\n{NP_UTILS}\n") == ["np-utils", "optimizer-lr"]


def test_a_warning_is_no_answer_to_an_error_that_is_not_known(
    capfd: pytest.CaptureFixture[str],
) -> None:
    text = f"{CUDNN}\nTraceback (most recent call last):\nValueError: something of my own\n"
    code, out = explain(capfd, "-", stdin=text.encode())
    assert code == 1
    assert "nothing fits: ValueError: something of my own" in out
    assert "cudnn-factory stands in it too, and is no error" in out
    assert explain(capfd, CUDNN)[0] == 0


def test_what_is_not_known_is_said_with_the_nearest_and_how_to_report(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code, out = explain(capfd, "ImportError: cannot import name 'zebra' from 'zoo.animals'")
    assert code == 1
    assert out.startswith("nothing fits: ImportError: cannot import name 'zebra'")
    assert "error.yml" in out
    assert len(out.splitlines()) <= 12


def test_a_name_that_no_entry_has_is_answered_from_the_record_of_names(
    capfd: pytest.CaptureFixture[str],
) -> None:
    line = "AttributeError: module 'tensorflow' has no attribute 'sparse_add'"
    code, out = explain(capfd, line, "--tensorflow", "2.10")
    assert code == 0
    assert "in tf210, write `from tensorflow.sparse import add as sparse_add`" in out
    code, out = explain(capfd, "ImportError: cannot import name 'Dense' from 'keras.models'")
    assert code == 0
    assert "write `from keras.layers import Dense`" in out


def test_a_failure_of_the_examples_is_answered(capfd: pytest.CaptureFixture[str]) -> None:
    line = "AttributeError: module 'keras.api._v2.keras.utils' has no attribute 'Sequential'"
    code, out = explain(capfd, line)
    assert code == 0
    assert "Use tf.keras.models.Sequential" in out
    assert "tf212" in out


def test_an_error_of_the_atlas_is_answered(capfd: pytest.CaptureFixture[str]) -> None:
    line = "RecursionError: maximum recursion depth exceeded"
    code, out = explain(capfd, line)
    assert code == 0
    assert "keras-looks-for-itself" in out


def test_the_same_beginning_has_another_cause_by_the_name_of_the_object() -> None:
    line = "ValueError: Only instances of `keras.Layer` can be added to a Sequential model. "
    hub = "tensorflow_hub.keras_layer.KerasLayer"
    legacy = "tf_keras.src.layers.core.dense.Dense"
    for name, entry in ((hub, "hub-layer-in-keras-3"), (legacy, "tf-keras-layer-in-keras-3")):
        text = f"{line}Received: <{name} object at 0x7f12ab> (of type <class '{name}'>)"
        assert names(text) == [entry]


def test_json_stands_alone_and_says_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    code, out = explain(capfd, NP_UTILS, "--json", "--tensorflow", "2.16.1", "--python", "3.9")
    document = json.loads(out)
    assert code == 0
    assert document["knows"]
    first = document["errors"][0]
    assert (first["name"], first["sure"]) == ("np-utils", "seen")
    assert [cure["kind"] for cure in first["cures"]] == ["code", "pairing"]
    assert first["cures"][1]["commands"] == ["nox -s copy -- tf212 PATH --python 3.9"]
    code, out = explain(capfd, "KeyError: 'my own'", "--json")
    assert code == 1
    assert json.loads(out)["knows"] is False


@pytest.mark.parametrize(
    "line",
    [
        NP_UTILS,
        CUDNN,
        "KeyError: 'my own'",
        "ImportError: cannot import name 'Dense' from 'keras.models'",
        "AttributeError: module 'keras.api._v2.keras.utils' has no attribute 'Sequential'",
        "Illegal instruction (core dumped)",
    ],
)
def test_json_is_as_its_schema_says(line: str, capfd: pytest.CaptureFixture[str]) -> None:
    schema = Path(explain_run.__file__).with_name("explain.schema.json")
    _, out = explain(capfd, line, "--json")
    jsonschema.validate(json.loads(out), json.loads(schema.read_text(encoding="utf-8")))


def test_verify_gives_the_versions(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "verify.json"
    installed = [{"name": "tensorflow-cpu", "version": "2.17.1"}, {"name": "keras", "version": "3"}]
    data = {"python": {"version": "3.12.1"}, "installed": installed}
    file.write_text(json.dumps(data), encoding="utf-8")
    line = "ModuleNotFoundError: No module named 'tf_keras'"
    _, out = explain(capfd, line, "--verify", str(file))
    assert '"tf-keras==2.17.*"' in out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["missing.log"], "there is no such file"),
        ([" "], "is empty"),
        (["-"], "is empty"),
        ([NP_UTILS, "--tensorflow", "newest"], "write a release"),
        ([NP_UTILS, "--verify", "missing.json"], "cannot be read"),
    ],
)
def test_bad_input_gets_one_message_and_exit_code_2(
    argv: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert explain_run.run_explain(argv, Path("/nowhere"), io.BytesIO(b"")) == 2
    shown = capfd.readouterr()
    assert said in shown.err
    assert shown.out == ""


def test_a_file_that_is_no_text_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "model.h5"
    file.write_bytes(b"\x89HDF\0\0\0\0")
    assert explain_run.run_explain([str(file)]) == 2
    assert "is no text" in capfd.readouterr().err


def test_the_python_is_taken_from_the_paths_of_the_traceback() -> None:
    assert stated.guess_facts(TRACEBACK)["python"] == "3.12"
    assert stated.guess_facts(r"C:\Python311\lib\site-packages")["python"] == "3.11"
    assert stated.guess_facts("pip install tensorflow==2.12.0")["tensorflow"] == "2.12.0"
    assert stated.guess_facts(">>> tf.__version__\n'2.9.1'")["tensorflow"] == "2.9.1"
    assert stated.guess_facts("lib/python3.8 lib/python3.9") == {}


def test_each_line_of_a_case_is_answered_by_its_entry_first() -> None:
    for entry in catalogue_files.load_catalogue().values():
        for case in entry.cases:
            if not case.line.endswith("...") and not entry.needs_above:
                found = explain_run.answer_pasted(case.line, {}).found
                shared = {entry.name, *entry.shares}
                assert found.explained, case.line
                assert found.matches[0].entry.name in shared, case.line


def test_a_long_log_is_read_in_time() -> None:
    noise = "\n".join(
        f"step {number}: loss {number / 7:.4f} at /data/{number}" for number in range(20000)
    )
    began = time.perf_counter()
    assert names(f"{noise}\n{TRACEBACK}") == ["optimizer-lr"]
    slow = 4 if os.environ.get("PYTEST_XDIST_WORKER") else 2
    assert time.perf_counter() - began < slow


def test_the_nearest_are_near() -> None:
    entries = catalogue_files.load_catalogue().values()
    near = matching.find_nearest_entries(
        "ImportError: cannot import name 'np_utilss' from 'keras.utils'", entries
    )
    assert near[0].name in ("np-utils", "utils-submodules")
    assert matching.find_nearest_entries("", entries) == []


def test_lines_are_numbered_and_frames_left_out() -> None:
    lines = read_pasted(TRACEBACK).lines
    assert lines[-1].number == 7
    assert lines[-1].raised
    assert not any(line.text.startswith("File") for line in lines)


def test_an_argument_is_answered_from_the_record_of_names(
    capfd: pytest.CaptureFixture[str],
) -> None:
    line = "TypeError: EarlyStopping.__init__() got an unexpected keyword argument '{}'"
    code, out = explain(capfd, line.format("start_from_epoch"), "--tensorflow", "2.10")
    assert code == 0
    assert "EarlyStopping(start_from_epoch=)` is in" in out
    assert "and missing in 16, tf113 to tf210." in out
    assert re.search(r"\$ nox -s copy -- tf2\d+ PATH", out), "a preview is not recommended"
    _, out = explain(
        capfd, "TypeError: Adam.__init__() got an unexpected keyword argument 'lr'", "--json"
    )
    told = json.loads(out)["name"]
    assert told["argument"] == "lr"
    assert told["write"] == "learning_rate="
    assert "tf212" in told["there"], "its **kwargs takes it"


@pytest.mark.parametrize(
    "line",
    [
        "TypeError: Dense.__init__() got an unexpected keyword argument 'weights'",
        "TypeError: Foo.__init__() got an unexpected keyword argument 'lr'",
        "TypeError: __init__() got an unexpected keyword argument 'start_from_epoch'",
    ],
)
def test_of_an_argument_that_no_pairing_is_known_to_refuse_nothing_is_claimed(
    line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out = explain(capfd, line)
    assert code == 1
    assert out.startswith("nothing fits: ")


def test_a_reader_whose_own_release_takes_an_argument_is_told_nothing_of_others(
    capfd: pytest.CaptureFixture[str],
) -> None:
    line = "TypeError: EarlyStopping.__init__() got an unexpected keyword argument "
    code, _ = explain(capfd, line + "'start_from_epoch'", "--tensorflow", "2.16")
    assert code == 1


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("Error: no module named 'keras.utils.np_utils'", "np-utils"),
        ("module numpy has no attribute bool error", "numpy-aliases"),
        ("Module 'tensorflow' has no attribute 'contrib'", "tf-contrib"),
        ("ImportError: cannot import name np_utils", "np-utils"),
        ("ModuleNotFoundError : No module named 'tensorflow.contrib'", "tf-contrib"),
    ],
)
def test_messages_written_from_memory_are_those_of_python(text: str, entry: str) -> None:
    assert entry in names(text)


def test_what_a_package_says_below_the_last_exception_belongs_to_it() -> None:
    crash = "LLVM ERROR: Failed to infer result type(s)."
    text = f"{TRACEBACK.replace(LR, 'SomeError: something of another package')}\n{crash}"
    assert names(text) == ["tflite-infer-types"]


def test_releases_that_an_entry_cannot_have_rule_it_out() -> None:
    line = "AttributeError: module 'keras.backend' has no attribute 'mean'"
    assert names(line) == ["backend-functions"]
    found = explain_run.answer_pasted(line, {"tensorflow": "2.3", "keras": "2.4.3"}).found
    assert "backend-functions" not in [match.entry.name for match in found.matches]
