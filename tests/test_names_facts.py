"""Facts: what a walk wrote, stated once and under the best path."""

from __future__ import annotations

from typing import Any

import pytest

from envs.names import facts, rules
from envs.names.facts import Walked


def module(name: str, **names: str) -> dict[str, Any]:
    """What a walk writes of a module; `Dense="c keras.core.Dense"`."""
    kinds = {key: tuple((value + " ").split(" ")[:2]) for key, value in names.items()}
    nothing: dict[str, Any] = {"all": None, "package": True, "errors": {}, "said": {}}
    return {"module": name, "names": kinds, **nothing}


def test_modules_with_the_same_names_are_stated_once_under_the_best_path() -> None:
    modules = {
        "keras": module("keras", layers="m keras.layers"),
        "keras.layers": module("keras.layers", Dense="c keras.core.Dense"),
        "keras.api._v2.keras": module("keras.api._v2.keras", layers="m keras.api._v2.keras.layers"),
        "keras.api._v2.keras.layers": module(
            "keras.api._v2.keras.layers", Dense="c keras.core.Dense"
        ),
        "keras.other": module("keras.other", Dense="c keras.other.Dense"),
        "keras.empty": module("keras.empty"),
        "keras.bare": module("keras.bare"),
    }
    assert facts.find_same(modules) == {
        "keras.api._v2.keras": "keras",
        "keras.api._v2.keras.layers": "keras.layers",
    }
    walked = Walked(modules=modules, paths={"keras.api._v2.keras": "keras.api._v2.keras"})
    stated = facts.list_statements(walked)
    assert ("keras.api._v2.keras", "same", "keras") in stated
    assert ("keras", "m .", "layers") in stated
    assert ("keras.layers", "c keras.core", "Dense") in stated


def test_a_class_is_told_at_its_best_path_and_its_others_point_there() -> None:
    home = "keras.src.core.Dense"
    modules = {
        "keras.src.core": module("keras.src.core", Dense=f"c {home}"),
        "keras.layers": module("keras.layers", Dense=f"c {home}", other="k"),
        "keras.formerly": module("keras.formerly", Full=f"c {home}", own="f keras.formerly.own"),
        "tensorflow.python.x": module("tensorflow.python.x", Dense=f"c {home}", AddN="f a.add_n"),
    }
    objects: dict[str, dict[str, Any]] = {
        home: {
            **{"kind": "c", "parameters": "(units)", "bases": ["keras.src.core.Layer"]},
            **{
                "deprecated": "",
                "attributes": {"call": "f(x)", "w": "p"},
                "stored": ["units", "w"],
            },
        },
        "keras.src.core.Layer": {
            **{"kind": "c", "parameters": "", "bases": [], "deprecated": "", "attributes": {}},
        },
        "keras.src.core.hidden": {"kind": "f", "parameters": "()", "deprecated": ""},
    }
    walked = Walked(modules=modules, objects=objects)
    stated = {one for one in facts.list_statements(walked) if one[1] not in ("package", "reached")}
    assert stated == {
        ("keras.src.core", "c .", "Dense"),
        ("keras.layers", "c keras.src.core", "Dense"),
        ("keras.layers", "k", "other"),
        ("keras.formerly", "c =keras.layers", "Full=Dense"),
        ("keras.formerly", "f .", "own"),
        ("tensorflow.python.x", "c ?", "Dense"),
    }
    assert facts.list_details(walked) == {
        ("keras.layers.Dense", "class", "(units)"),
        ("keras.layers.Dense", "bases", "keras.src.core.Layer"),
        ("keras.layers.Dense", "f", "call(x)"),
        ("keras.layers.Dense", "p", "w"),
        ("keras.layers.Dense", "i", "units"),
        ("keras.src.core.Layer", "class", "?"),
    }


def test_the_best_path_is_public_and_short() -> None:
    paths = ["keras.src.x.Dense", "keras.layers.core.Dense", "keras.layers.Dense"]
    assert sorted(paths, key=facts.rank_path)[0] == "keras.layers.Dense"
    assert facts.as_snake("BatchMatMulV2") == "batch_mat_mul_v2"


@pytest.mark.parametrize(
    ("path", "covered"),
    [
        ("keras.layers.Dense", True),
        ("keras.__version__", True),
        ("keras.api._v2.keras.layers", True),
        ("keras._private", False),
        ("keras.layers.print_function", False),
        ("keras.layers.core_test", False),
        ("keras.src.layers.test_case.x", False),
        ("tensorflow.test.is_gpu_available", True),
        ("tensorflow.python.framework.test_util.TestCase", True),
        ("tensorflow.compat.v1.nn", True),
        ("tensorflow.compat.v1.compat.v1.nn", False),
        ("tensorflow._api.v2.nn", False),
        ("tensorflow.python._pywrap_tfe.x", False),
        ("tensorflow.python.ops.gen_math_ops.add_eager_fallback", False),
    ],
)
def test_the_rules_say_what_the_walk_looks_for(path: str, covered: bool) -> None:
    assert rules.is_covered(path) is covered
