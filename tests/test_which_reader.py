"""The reader of `nox -s which`: every way to name something of TensorFlow or Keras is found."""

from __future__ import annotations

import textwrap

import pytest

from envs.which import reader
from envs.which.sources import Source, decode_source
from envs.which.uses import Code, Use, UseKind


def read(text: str, file: str = "a.py") -> Code:
    return reader.read_code([Source(file, textwrap.dedent(text), file.endswith(".ipynb"))])


def paths(text: str, *kinds: UseKind) -> list[str]:
    """Each path that is used, as `a.b`, or `a.b | c.d` if it may be either."""
    return [
        " | ".join(ref.path for ref in use.refs)
        for use in read(text).uses
        if use.kind in (kinds or (UseKind.ATTRIBUTE, UseKind.STAR_NAME, UseKind.MEMBER))
    ]


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [
        ("import keras", "import", "keras"),
        ("import os, keras . layers", "import", "keras.layers"),
        ("import tensorflow.keras.backend as K", "import", "tensorflow.keras.backend"),
        ("from keras import layers", "from", "keras.layers"),
        ("from keras.layers import (Dense as D,\n    LSTM)", "from", "keras.layers.Dense"),
        ("from tf_keras.layers import *", "star", "tf_keras.layers"),
        ("def f():\n    import keras", "import", "keras"),
        ("import importlib\nimportlib.import_module('keras.utils')", "import", "keras.utils"),
        ("from importlib import import_module as im\nim('keras')", "import", "keras"),
        ("__import__('keras.utils')", "import", "keras.utils"),
        ("if x:\n\timport keras", "import", "keras"),
        ("try:\n    pass\nfinally:\n    import keras", "import", "keras"),
        ("print 'old'\nimport keras", "import", "keras"),
        ("x = lambda: __import__('keras')", "import", "keras"),
    ],
)
def test_an_import_is_found(text: str, kind: str, path: str) -> None:
    found = [(use.kind.value, use.path) for use in read(text).uses]
    assert found[0] == (kind, path)


@pytest.mark.parametrize(
    "text",
    [
        "import mykeras, tensorflow_hub, kerasish.layers",
        "from .keras import layers",
        "from . import keras\nkeras.layers.Dense()",
        "from importlib import import_module\nimport_module('numpy')",
        "'import keras'",
        "# import keras",
    ],
)
def test_what_is_of_neither_is_no_use(text: str) -> None:
    assert read(text).uses == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Aliases
        ("import tensorflow as tf\ntf.keras.layers.Dense", ["tensorflow.keras.layers.Dense"]),
        ("import tensorflow.keras\ntensorflow.a", ["tensorflow.a"]),
        ("import keras.backend as K\nK.get_session", ["keras.backend.get_session"]),
        ("from keras import backend as K\nK.x", ["keras.backend.x"]),
        (
            "import tensorflow as tf\nK = tf.keras.backend\nK.x",
            ["tensorflow.keras.backend", "tensorflow.keras.backend.x"],
        ),
        ("import keras\na = b = keras\nb.x", ["keras.x"]),
        ("import keras\na, b = keras, 3\na.x; b.y", ["keras.x"]),
        ("import importlib\nq = importlib.import_module('keras.utils')\nq.x", ["keras.utils.x"]),
        ("k = __import__('keras.utils')\nk.x", ["keras.x"]),
        ("import keras\ngetattr(keras, 'x').y", ["keras.x", "keras.x.y"]),
        ("import keras\ngetattr(keras, 'x', None)", []),
        ("import keras\n(keras).x", ["keras.x"]),
        ("import keras\n(k := keras).x", ["keras.x"]),
        # Where a chain can stand
        ("import keras\nf'{keras.x}'", ["keras.x"]),
        ("import keras\n[keras.x for i in keras.y]", ["keras.y", "keras.x"]),
        ("import keras\n{1: keras.x}[keras.y]", ["keras.x", "keras.y"]),
        (
            "import keras\n@keras.x\ndef f(a=keras.y) -> keras.z: pass",
            ["keras.x", "keras.y", "keras.z"],
        ),
        ("import keras\nclass C(keras.x): y = keras.z", ["keras.x", "keras.z"]),
        ("import keras\ndef f(a: keras.x): return keras.y", ["keras.x", "keras.y"]),
        ("import keras\nlambda q: keras.x", ["keras.x"]),
        ("import keras\nassert keras.x, keras.y", ["keras.x", "keras.y"]),
        ("import keras\nprint >>f, keras.x", ["keras.x"]),
        ("import keras\nkeras.x += 1\ndel keras.y", ["keras.x", "keras.y"]),
        ("import keras\nwhile keras.x: keras.y", ["keras.x", "keras.y"]),
        ("import keras\nfor i in keras.x: keras.y", ["keras.x", "keras.y"]),
        ("import keras\nmatch keras.x:\n    case 1: keras.y", ["keras.x", "keras.y"]),
        ("import keras\nf(keras.x, *keras.y, k=keras.z)", ["keras.x", "keras.y", "keras.z"]),
        ("import keras\nasync def f():\n    await keras.x", ["keras.x"]),
        # Shadowed and bound again
        ("import keras\nkeras = 3\nkeras.x", []),
        ("import keras\ndef f(keras): keras.x", []),
        ("import keras\nlambda keras: keras.x", []),
        ("import keras\n[keras.x for keras in y]\nkeras.z", ["keras.z"]),
        ("import keras\nfor keras in y: keras.x", []),
        ("import keras\ndef f():\n    keras = 3\n    keras.x\nkeras.y", ["keras.y"]),
        ("import keras\ndef keras(): pass\nkeras.x", []),
        ("import keras\ndel keras\nkeras.x", []),
        ("import keras\nwith x as keras: keras.y", []),
        ("import keras\ntry:\n    pass\nexcept E as keras:\n    keras.x", []),
        ("import keras\ndef f():\n    global keras\n    keras = 3\nf()\nkeras.x", []),
        # Nested scopes
        ("def f():\n    keras.x\nimport keras", ["keras.x"]),
        ("def f():\n    import keras\n    def g(): keras.x\n    return g", ["keras.x"]),
        ("def f():\n    import keras\nkeras.x", []),
        ("class C:\n    import keras\n    y = keras.x\n    def f(self): keras.z", ["keras.x"]),
    ],
)
def test_an_attribute_chain_is_followed(text: str, expected: list[str]) -> None:
    assert paths(text, UseKind.ATTRIBUTE) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from keras.layers import *\nDense(3)", ["keras.layers.Dense"]),
        (
            "from keras.layers import *\nfrom keras.models import *\nModel",
            ["keras.layers.Model | keras.models.Model"],
        ),
        ("from keras.layers import *\nDense = 3\nDense", []),
        ("from keras.layers import *\nlen(x)", ["keras.layers.x"]),
        ("from keras.layers import *\ndef f(a): return a", []),
        ("from numpy import *\nzeros", []),
    ],
)
def test_a_name_may_come_from_a_star_import(text: str, expected: list[str]) -> None:
    assert paths(text, UseKind.STAR_NAME) == expected


MODEL = "from keras.models import Sequential, Model\n"


@pytest.mark.parametrize(
    "text",
    [
        "m = Sequential()\nm.go()",
        "Sequential().go()",
        "def f():\n    m = Sequential()\n    m.go()",
        "def f():\n    m = Sequential()\n    return m\nm = f()\nm.go()",
        "m = f()\ndef f():\n    return Sequential()\nf().go()",
        "def g():\n    f().go()\ndef f():\n    return Sequential()",
        "m = Sequential() if x else None\nm.go()",
        "with Sequential() as m: m.go()",
        "def f(m: Sequential): m.go()",
        "a, m = 1, Sequential()\nm.go()",
        "m = None\nif x:\n    m = Sequential()\nm.go()",
        "class N(Sequential):\n    def f(self): self.go()",
        "class N(Sequential): pass\nN().go()",
        "class N(Sequential): pass\nclass O(N): pass\nO().go()",
        "class N(Sequential):\n    def go(self): super().go()",
        "class N(Sequential, object): pass\nN().go()",
        "class N(Sequential, metaclass=ABCMeta): pass\nN().go()",
        "class N(Sequential): pass\nclass O(N):\n    def go(self): super().go()",
        "class I: pass\nclass N(I, Sequential): pass\nN().go()",
        "class N(Sequential):\n    def go(self): super(N, self).go()",
        "class G:\n    def __init__(self): self.m = Sequential()\n    def f(self): self.m.go()",
        "class G:\n    def f(self): self.m.go()\n    def __init__(self): self.m = self.b()\n"
        "    def b(self): return Sequential()",
        "class G:\n    @staticmethod\n    def b(): return Sequential()\nG.b().go()",
    ],
)
def test_a_method_is_traced_to_its_class(text: str) -> None:
    assert paths(MODEL + text, UseKind.MEMBER) == ["keras.models.Sequential.go"]


@pytest.mark.parametrize(
    "text",
    [
        "class N(Sequential):\n    def go(self): pass\n    def f(self): self.go()",
        "class N(Sequential):\n    def go(self): pass\nclass O(N):\n    def go(self): super().go()",
        # Something unknown may have any method.
        "from other import I\nclass N(I, Sequential): pass\nN().go()",
        "class N(Sequential, make()):\n    def f(self): self.go()\n    def go(self): super().go()",
        "class M(other.I): pass\nclass N(M, Sequential): pass\nN().go()",
        "class N(Sequential):\n    def __init__(self): self.go = 3\n    def f(self): self.go()",
        "class N(Sequential):\n    go = 3\nN().go()",
        "class N:\n    def f(self): self.go()",
        "m = Sequential()\nm = other()\nm.go()",
        "m = Sequential()\ndef f(m): m.go()",
        "m = Sequential()\nm.go",
    ],
)
def test_a_method_that_may_be_another_s_is_not_traced(text: str) -> None:
    assert paths(MODEL + text, UseKind.MEMBER) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tf.x = keras.y\ntf.x.z", ["keras.y", "keras.y.z"]),
        ("tf.x = other\ntf.x.z", []),
        ("tf.x = keras.y\ntf.xx", ["keras.y", "tensorflow.xx"]),
        ("tf.x.y\ntf.x = other", ["tensorflow.x.y"]),
        ("if tf.__version__ > '2':\n    tf.x = keras.y\ntf.x.z",
         ["tensorflow.__version__", "keras.y", "tensorflow.x.z | keras.y.z"]),
        ("if tf.__version__ > '2':\n    tf.x = other\ntf.x.z", ["tensorflow.__version__"]),
        ("keras.Model.fit = other\nm = keras.Model()\nm.fit()", ["keras.Model", "keras.Model"]),
        ("m = keras.Model()\nm.fit = other\nm.fit()", ["keras.Model"]),
        ("class C(keras.Model): pass\nC.fit = other\nC().fit()", ["keras.Model"]),
    ],
)  # fmt: skip
def test_what_the_code_sets_itself_is_that(text: str, expected: list[str]) -> None:
    assert paths(f"import keras\nimport tensorflow as tf\n{text}") == expected


def only(code: Code, path: str) -> Use:
    return next(use for use in code.uses if use.path == path)


def test_the_branches_of_a_try_are_a_choice() -> None:
    code = read(
        """
        try:
            from tensorflow.keras.models import Model
        except (ImportError, ValueError):
            from keras.models import Model
        Model.x
        """
    )
    (choice,) = code.choices
    assert (choice.branches, choice.catches, choice.dead) == (
        2,
        frozenset({"module", "name"}),
        frozenset(),
    )
    assert only(code, "tensorflow.keras.models.Model").guards == ((0, 0),)
    assert only(code, "keras.models.Model").guards == ((0, 1),)
    both = only(code, "tensorflow.keras.models.Model.x")
    assert [(ref.path, ref.guards) for ref in both.refs] == [
        ("tensorflow.keras.models.Model.x", ((0, 0),)),
        ("keras.models.Model.x", ((0, 1),)),
    ]


def test_a_name_that_is_bound_in_a_branch_is_of_that_branch() -> None:
    code = read(
        """
        import tensorflow as tf, keras
        try:
            K = tf.keras.backend
        except AttributeError:
            K = keras.backend
        K.x
        """
    )
    both = only(code, "tensorflow.keras.backend.x")
    assert [(ref.path, ref.guards) for ref in both.refs] == [
        ("tensorflow.keras.backend.x", ((0, 0),)),
        ("keras.backend.x", ((0, 1),)),
    ]


@pytest.mark.parametrize(
    ("handler", "catches", "dead"),
    [
        ("except ImportError:\n    x = 1", {"module", "name"}, set()),
        ("except ModuleNotFoundError:\n    pass", {"module"}, set()),
        ("except AttributeError:\n    pass", {"attribute"}, set()),
        ("except:\n    pass", {"module", "name", "attribute", "call"}, set()),
        ("except Exception as e:\n    pass", {"module", "name", "attribute", "call"}, set()),
        ("except Exception, e:\n    pass", {"module", "name", "attribute", "call"}, set()),
        ("except ImportError:\n    print(1)\n    raise", {"module", "name"}, {1}),
        ("except ImportError:\n    sys.exit(1)", {"module", "name"}, {1}),
    ],
)
def test_a_handler_catches_what_it_names(handler: str, catches: set[str], dead: set[int]) -> None:
    (choice,) = read(f"try:\n    import keras\n{handler}").choices
    assert choice.catches == catches
    assert choice.dead == dead
    assert choice.optional == (not dead)


def test_a_handler_of_another_error_makes_nothing_optional() -> None:
    code = read("try:\n    import keras\nexcept ValueError:\n    pass")
    assert code.choices == []
    assert code.uses[0].guards == ()


@pytest.mark.parametrize(
    "condition",
    [
        "tf.__version__ >= '2'",
        "int(tf.__version__.split('.')[0]) > 1",
        "hasattr(tf, 'contrib')",
        "not hasattr(tf, 'contrib') and x",
        "LooseVersion(tf.__version__) < LooseVersion('2')",
        "V2",
        "IS2",
        "is2()",
        "tf.VERSION[0] == '2'",
        "v == '2'",
    ],
)
def test_a_version_check_makes_a_choice(condition: str) -> None:
    code = read(
        "import tensorflow as tf\nfrom tensorflow import __version__ as v\n"
        "V2 = tf.__version__[0] == '2'\nIS2 = tf.__version__.startswith('2')\n"
        "def is2(): return tf.__version__ > '2'\n"
        f"if {condition}:\n    tf.a\nelse:\n    tf.b\ntf.c\n"
    )
    guards = {path: only(code, f"tensorflow.{path}").guards for path in "abc"}
    number = len(code.choices) - 1
    assert guards == {"a": ((number, 0),), "b": ((number, 1),), "c": ()}
    assert code.choices[number].branches == 2


def test_what_follows_a_branch_that_returns_is_the_other_branch() -> None:
    code = read(
        """
        import tensorflow as tf
        def f():
            if tf.__version__ > '2':
                return tf.a
            return tf.b
        """
    )
    assert only(code, "tensorflow.a").guards == ((0, 0),)
    assert only(code, "tensorflow.b").guards == ((0, 1),)


def test_another_condition_makes_no_choice() -> None:
    code = read("import keras\nif keras.backend.x() == 'th':\n    keras.a\nelse:\n    keras.b")
    assert code.choices == []


def test_typing_only_imports_are_a_choice() -> None:
    code = read("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import keras")
    assert code.choices[0].why == "TYPE_CHECKING"
    assert code.choices[0].optional


def test_a_place_counts_characters_from_1() -> None:
    use = read("x = 'ä€𝄞'; import keras").uses[0]
    assert (use.place.line, use.place.column) == (1, 19)


def test_encodings_are_those_that_the_file_declares() -> None:
    latin = "# -*- coding: latin-1 -*-\nx = 'ä'\nimport keras\n".encode("latin-1")
    for data in (latin, "\ufeffimport keras\n".encode(), b"import os\r\nimport keras\r"):
        source = decode_source(data, "a.py")
        assert isinstance(source, Source)
        assert [use.path for use in reader.read_code([source]).uses] == ["keras"]


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("import keras", (3, 0)),
        ("(x := 3)", (3, 8)),
        ("def f(a, /): pass", (3, 8)),
        ("match x:\n    case 1: pass", (3, 10)),
        ("type X = int", (3, 12)),
        ("(x := 3)\ndef f[T](): pass", (3, 12)),
        ("class C[T]: pass", (3, 12)),
        ("x: list[int] = f(y=z[int])\ndef f(a: dict[str, int] = None): pass", (3, 0)),
        ("match = 3\ntype = 4\nprint(match, type)", (3, 0)),
    ],
)
def test_the_syntax_tells_the_oldest_python(text: str, python: tuple[int, int]) -> None:
    assert read(text).python == python


@pytest.mark.parametrize(
    "text", ["print 'a'", "exec 'a' in b", "try:\n    pass\nexcept A, e:\n    pass"]
)
def test_python_2_is_noticed_and_read(text: str) -> None:
    code = read(f"import keras\n{text}\nkeras.x")
    assert code.python2[0].line >= 2
    assert "keras.x" in [use.path for use in code.uses]
    assert code.unread == []


def test_python_3_is_not_taken_for_python_2() -> None:
    code = read(
        "print('a')\nprint\nexec('a')\nprint (a), b\ntry:\n    pass\nexcept (A, B):\n    pass"
    )
    assert code.python2 == []
