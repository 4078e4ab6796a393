"""What is given to Python and to the page, to compare their answers: text and choice."""

from __future__ import annotations

import random
from collections.abc import Iterator

from envs.errors.catalogue_files import load_catalogue

Given = tuple[str, dict[str, str]]

RELEASES = (
    "2.12 keras 3",
    "python 3.13 windows",
    "which keras for tensorflow 2.15?",
    "tensorflow 2.10 on windows with gpu",
    "tf-keras 2.16 legacy",
    "py311 tf2.13 m1",
    "1.15 python 3.8",
    "2.30",
    "tensorflow",
    "keras 3.5 tensorflow 2.16.1",
    "tensorflow-cpu==2.12 python 3.9 linux",
    "pip install tensorflow[and-cuda] keras==3.3",
    "apple silicon tensorflow 2.9",
    "aarch64 2.18",
    "3.6 2.20",
    "3.12 2.15",
    "tf 2.6.* keras 2.7",
    "install tensorflow 2.0 keras 2.3.1 please \u00bfqu\u00e9?",
    "TensorFlow v2.19, Python 3.10, macOS",
    "2.12.0rc1 keras-nightly",
    "TF_USE_LEGACY_KERAS=1 2.17",
    "the quick brown fox",
    "my boss says that 2.12 cannot be trusted anymore",
    "Keras requires TensorFlow 2.2 or higher. Install TensorFlow via `pip install tensorflow`",
    "tf-keras 2.15.1 requires tensorflow<2.16,>=2.15, but you have tensorflow 2.16.2",
    "TensorFlow 2.16.1\nKeras version: 2.15.0",
    "Keras (2.15.0)",
    "tf 1.12 and Keras(2.2.4)",
    "Keras version = 2.0.8",
    "- Keras version:  2.2.4",
    "- TensorFlow : 2.3.1\n\n- python=3.7",
    "**TensorFlow version**: `2.1`",
    "Python version: 3.7.9",
    "TensorFlow version: 2.16.1",
    "tf==2.2.0rc and Keras==2.2.5",
    "keras>=2.15",
    "Keras | 2.15.0\nTF [2.16]",
    "keras.__version__: 2.15 tf_version 2.16",
    "tensorflow 2.16 keras<3",
    "tensorflow<2.16",
    "tf 2.12 or 2.13",
    "tf 2.12 cuda 11.8 on Ubuntu 20.04",
    "python 2.7 tensorflow 1.13.1",
    "python 3 keras 3",
    "- OS Platform and Distribution (e.g., Linux Ubuntu 16.04): Ubuntu 18.04\n"
    "- TensorFlow version (use command below): 2.3.1\n- Keras version:  2.2.4\n"
    "- Python version: 3.7.9\n- GCC/Compiler version (if compiling from source): not known at all\n"
    "- GPU model and memory: some old card that I borrowed from a friend\n",
    "keras",
    "",
    "  \n\t ",
)

PACKAGES = (
    "tensorflow==2.12.0\nkeras==2.12.0\nsetuptools==82.0.0\ntensorboard==2.12.3",
    "tensorflow==2.12.0\nkeras==3.3.3\nnumpy==1.26.4",
    "Package    Version\n---------- -------\ntensorflow 2.16.1\nkeras      3.0.5\nnumpy      2.0.0",
    "numpy==1.26.4\npandas==2.2.0",
    "tensorflow==2.10.0\ntensorflow-gpu==2.10.0\nkeras==2.10.0",
    "name: a\ndependencies:\n  - python=3.9\n  - tensorflow=2.6.0=gpu_py39\n  - keras=2.6.0",
    "tensorflow @ file:///tmp/tensorflow.whl\nkeras==2.12.0",
    "tensorflow==2.5.0 ; python_version < '3.10'  # old\nkeras==2.4.3",
    "tensorflow==2.16.1\ntf_keras==2.15.0\nKeras==3.1.1\nsetuptools==81.9\ntensorboard==2.16.2",
    "tensorflow===2.12.0",
    "tensorflow==2.16.1\nnumpy==1.26.4\nKeras version: 2.15.0",
    "keras==2.2.4\ntensorflow==1.13.2.post1",
)

OTHERS = (
    "----> 4 tf = K.tf\n      5 \n\nAttributeError: 'module' object has no attribute 'tf'",
    "    my.tf.contrib\nAttributeError: 'module' object has no attribute 'contrib'",
    "    import tf.contrib as c\nAttributeError: 'module' object has no attribute 'contrib'",
    "keras.utils.np_utils",
    "tf.keras.layers.Dense",
    "import keras\nprint(keras.__version__)",
    "from keras.utils import np_utils",
    "model = keras.Sequential()",
    "x = 1",
    '{"cells": [{"outputs": [{"output_type": "error", "ename": "ValueError", "evalue": '
    '"Argument(s) not recognized: {\'lr\': 0.001}", "traceback": []}]}], "metadata": {}}',
    '{"cells": [{"cell_type": "code", "source": ["import keras"], "outputs": []}]}',
    'Exception in thread "main" java.lang.NullPointerException: a\n\tat a.B.c(B.java:1)',
    "TypeError: Cannot read properties of undefined\n    at f (/srv/a.js:1:2)",
    "thread 'main' panicked at src/main.rs:2:5:\nboom",
    "RuntimeError: nobody has ever seen this frobnication",
    "\x00\x01\x02PNG\x03\x04",
    "ValueError: \u8bef\u5dee 'keras' \U0001f600 \u2018x\u2019 Python 3.11.4",
    "ImportError: cannot import name 'Bar' from 'tensorflow.keras.layers'",
    "TypeError: Dense.__init__() got an unexpected keyword argument 'foo'",
    "AttributeError: 'Sequential' object has no attribute 'predict_classes'",
    "ModuleNotFoundError: No module named 'tensorflow.examples'",
    "Traceback (most recent call last):\nKeyboardInterrupt",
    "from keras.optimizers import AdamImportError: cannot import name 'Adam' from "
    "'keras.optimizers' (/x/keras/optimizers.py)",
    "from keras.optimizers import Adam cannot import name 'Adam' from 'keras.optimizers'",
    "import tensorflow.contribModuleNotFoundError: No module named 'tensorflow.contrib'",
    "model.predict_classes(x) 'Sequential' object has no attribute 'predict_classes'",
    "try:\n    import keras\nexcept ImportError:\n    pass",
    "**ImportError: cannot import name 'np_utils' from 'keras.utils'**",
    "It says \"ImportError: cannot import name 'np_utils' from 'keras.utils'\" at once",
    "then a Value Error : Argument(s) not recognized: {'lr': 0.001}`",
    "It ends (ImportError: cannot import name 'np_utils' from 'keras.utils'), why?",
    "It fails, No module named 'keras_core' in the tutorial",
    "I receive the error: You must compile your model before training/testing.",
    "property 'model' of 'Log' object has no setter since Keras 3",
    "# Module 'tensorflow' has no attribute 'contrib'",
    "IOError: Unable to open file (file signature not found)",
    "FailedPreconditionError (see above for traceback): Attempting to use uninitialized value a/b",
    "AttributeError: module 'keras.src.backend' has no attribute 'Variable'\n"
    ">>> keras.__version__\n'3.3.3'",
    "Collecting tensorflow-gpu\nerror: subprocess-exited-with-error",
    "    raise ValueError('No model found in config file.')",
    "ImportError: No module named 'object_detection'**",
    "Unexpected keyword argument passed to optimizer: learning_rate",
    "\"module 'tensorflow' has no attribute 'Session' \"",
    "UnknownError: 2 root error(s) found.\nE tensorflow/stream_executor/cuda/cuda_dnn.cc:329] "
    "Could not create cudnn handle: CUDNN_STATUS_INTERNAL_ERROR",
)


def list_inputs() -> Iterator[Given]:
    """More than 200 inputs, the same each time: every line of the catalogue, and what drifts."""
    lines = [entry.line for entry in load_catalogue().values()]
    yield from ((line, {}) for line in lines)
    differs = [one for entry in load_catalogue().values() for one in entry.differs[:1]]
    yield from ((line, {}) for line in differs)
    for entry in load_catalogue().values():
        yield from ((case.line, {"tensorflow": "2.16"}) for case in entry.cases[:1])
    yield from ((f"{line[: len(line) * 7 // 10].rpartition(' ')[0]}...", {}) for line in lines[::4])
    chance = random.Random(17)
    for number in range(120):
        one, other = chance.sample(lines, 2)
        text = (
            'Traceback (most recent call last):\n  File "/x/lib/python3.11/site-packages/keras.py"'
            f", line 3\n    f()\n    ^^^\n{one}\n\nDuring handling of the above exception, another "
            f"exception occurred:\n\n{other}",
            f"E   {one}",
            f"{one[:70]}\n{one[70:]}",
            one.replace("keras", "kerras").replace("'", "\u2019"),
            f"2026-01-01T10:00:00.1Z {one}\n{other}",
            one.replace("'", "&#39;"),
            f"RuntimeError: Failed because of the following error (look up to see its traceback):\n"
            f"{one}\n{other}",
            f"{one} (/home/x/y.py)",
            f"Python 3.12.1\ntensorflow==2.16.1\nkeras version 3.4.1\n{other}\nwarning: {one}",
            f"\x1b[31m{one}\x1b[0m",
        )[number % 10]
        choice = ({}, {"tensorflow": "2.16"}, {"python": "3.12", "keras": "3.4"})[number % 3]
        yield text, choice
    choices: tuple[dict[str, str], ...] = (
        {},
        {"platform": "windows-x86_64"},
        {"python": "3.11", "variant": "cpu"},
    )
    for text in RELEASES:
        yield from ((text, choice) for choice in choices)
    yield from ((text, {}) for text in (*PACKAGES, *OTHERS))
    yield "", {"keras": "3.5", "tensorflow": "2.12"}
    yield PACKAGES[0], {"platform": "windows-x86_64", "python": "3.8"}
