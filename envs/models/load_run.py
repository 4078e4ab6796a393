"""`nox -s models -- --load PATH`: inspect a reader's file, and print what loads it."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

from envs import Problem
from envs.model import disk, lock, pairing
from envs.models import (
    file_needs,
    grid,
    hdf5_file,
    inspection,
    keras_names,
    load_answer,
    programs,
    record_files,
)
from envs.models.grid import LoadVerdict
from envs.models.load_answer import Judged, LoadAnswer
from envs.models.model_text import Seen
from envs.models.models_request import ModelsRequest

WHERE = "envs/models/README.md"


def run_load(request: ModelsRequest) -> int:
    """Print the answer on standard output, or what is wrong on standard error.

    Returns the exit code: 0 if it loads in the pairing asked for, or in some; 1 if not; 2 for bad
    input.
    """
    try:
        answer = make_answer(request)
        text = render_load_json(answer) if request.as_json else render_load_answer(answer)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 2
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Whoever read it, such as `head`, has enough. Python must not write it again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0 if answer.fits else 1


def make_answer(request: ModelsRequest) -> LoadAnswer:
    """Inspect the file of a request, and find what loads it. Raises Problem."""
    assert request.path is not None
    if request.to:
        sides = grid.list_sides()
        if request.to not in sides:
            pairing.choose_names({name: side.target for name, side in sides.items()}, [request.to])
    seen = inspection.inspect_apart(request.path, request.shown)
    names = keras_names.load_keras_names()
    grid_ = record_files.load_grid()
    answer = load_answer.answer_load(seen, request.path, request.shown, request.to, grid_, names)
    if not answer.writers.names:
        wrote = _list_writers(seen)
        raise Problem(
            f"{request.shown}: {seen.holds}{f' of {wrote}' if wrote else ''}: no pairing writes "
            "such a file, nor one of a release next to it, so nothing is known of what loads it: "
            f"{WHERE} says what was tried"
        )
    return answer


def render_load_json(answer: LoadAnswer) -> str:
    """The answer as JSON, with the script, if a pairing was asked for and there is a way."""
    data: dict[str, Any] = {
        "file": {"path": answer.shown, **asdict(replace(answer.seen, settings=()))},
        "format": answer.form,
        "written_by": list(answer.writers.names),
        "written_by_exactly": answer.writers.exact,
        "like": list(answer.kinds),
        "customs": list(answer.customs),
        "compiled_with_customs": list(answer.compiling),
        "pairings": [
            {
                "pairing": side_judged.side.name,
                "verdict": str(side_judged.verdict) if side_judged.verdict else "not tried",
                "way": side_judged.way,
                "error": side_judged.error,
                "training": side_judged.trains,
            }
            for side_judged in answer.judged
        ],
    }
    if answer.to:
        data["to"] = answer.to
        data["steps"] = [
            {"pairing": step.side.name, "way": step.way, "saves": step.saves}
            for step in answer.steps
        ]
        data["script"] = render_way(answer) if answer.steps else None
    return json.dumps(data, indent=1)


def render_load_answer(answer: LoadAnswer) -> str:
    """The answer as text; with `--to`, it is a shell script whose comments say the rest."""
    if answer.to and answer.steps:
        return render_way(answer)
    lines = [summarise_answer(answer), *describe_file(answer)]
    if answer.to:
        side_judged = next(one for one in answer.judged if one.side.name == answer.to)
        lines += [f"  in {answer.to}: {side_judged.error}"] if side_judged.error else []
    lines += ["", *list_pairings(answer)]
    best = next((side_judged for side_judged in reversed(answer.judged) if side_judged.loads), None)
    if best and not answer.to:
        lines += [
            "",
            f"The way to one of them, as a script: nox -s models -- --load {answer.shown} --to "
            f"{best.side.name}",
        ]
    return "\n".join(lines)


def summarise_answer(answer: LoadAnswer) -> str:
    """The answer in one line: where it loads, and what that takes."""
    if answer.to:
        there = next(one for one in answer.judged if one.side.name == answer.to)
        said = "it does not load there" if there.verdict else "it was not tried there"
        return (
            f"{answer.shown}: no way to {answer.to} is known: {said}, and no pairing is known to "
            "convert it"
        )
    loads = [side_judged for side_judged in answer.judged if side_judged.loads]
    parts = []
    for said, names in (
        ("loads in", [one for one in loads if one.verdict is LoadVerdict.EQUAL]),
        ("with options in", [one for one in loads if _needs_options(one)]),
        ("with the model's code in", [one for one in loads if _takes_code_instead(one)]),
    ):
        if names:
            parts.append(f"{said} {_name_pairings(names)}")
    return f"{answer.shown}: {'; '.join(parts) or 'loads in no pairing that was tried'}"


def _name_pairings(judged: list[Judged]) -> str:
    """Pairings in their order; those of which another `keras` is meant come after the others."""

    def name_all(api: str) -> str:
        return _runs([one.side.target.pairing.name for one in judged if one.side.api == api])

    packages = name_all("keras")
    return ", ".join(
        part
        for part in (name_all("tf.keras"), packages and f"the keras package of {packages}")
        if part
    )


def _takes_code_instead(side_judged: Judged) -> bool:
    return side_judged.verdict is LoadVerdict.OPTIONS and programs.needs_code(side_judged.way)


def _needs_options(side_judged: Judged) -> bool:
    return side_judged.verdict is LoadVerdict.OPTIONS and not _takes_code_instead(side_judged)


def render_way(answer: LoadAnswer) -> str:
    """The way to the pairing asked for, as a shell script."""
    side_judged = next(one for one in answer.judged if one.side.name == answer.to)
    comments = [f"{answer.shown}, the way to {answer.to}:"]
    comments += [f"  {number}. {describe_step(one)}" for number, one in enumerate(answer.steps, 1)]
    if len(answer.steps) > 1 and side_judged.error:
        comments += [f"  directly, a file like it ends so: {side_judged.error}"]
    if len(answer.steps) == 1 and side_judged.trains:
        comments += [f"  it predicts; but training on ends so: {side_judged.trains}"]
    if any(one.needs_code for one in answer.steps):
        comments += _list_old_settings(answer)
    if any("customs.py" in programs.render_program(one, [], first=False) for one in answer.steps):
        comments += ["Write customs.py first, as said below. Then run it with sh."]
    else:
        comments += ["It runs as it is: save it, and run it with sh."]
    comments += ["The locks are in this checkout.", "", *describe_file(answer)]
    return programs.render_script(list(answer.steps), answer.shown, comments, list(answer.customs))


def _list_old_settings(answer: LoadAnswer) -> list[str]:
    """What the code of an old model must say, where the defaults or a function changed since."""
    if file_needs.HARD_SIGMOID not in answer.seen.functions:
        return []
    lines = [
        "  in the code, say recurrent_activation='hard_sigmoid' where it was so: LSTM and GRU had "
        "it by default; with that of today, it predicts something else"
    ]
    if any(file_needs.runs_keras3(one.side) and one.needs_code for one in answer.steps):
        lines.append(
            "  in Keras 3, bring that of Keras 2 instead of the name: "
            "lambda x: keras.ops.clip(0.2 * x + 0.5, 0, 1)"
        )
    return lines


_WAYS = {
    "load_weights": "build the model from its code, and load its weights",
    "by_name=True": "build the model from its code, and load its weights by name",
    "TFSMLayer": "keras.layers.TFSMLayer, which only predicts",
    "tf.saved_model.load": "tensorflow.saved_model.load, which only predicts",
}


def describe_way(way: str) -> str:
    """A way in words."""
    if way in _WAYS or way in ("load_model", "model_from_json"):
        return _WAYS.get(way, way)
    compiled = ", and compile it again" if "compile=False" in way else ""
    return f"load_model with {way}{compiled}"


def describe_step(step: programs.LoadStep) -> str:
    """A step in words."""
    file = disk.shorten(lock.lock_path(step.side.target))
    saves = f", saved as {programs.TARGETS[step.saves]}" if step.saves else ""
    return f"in {step.side.name} ({file}): {describe_way(step.way)}{saves}"


def describe_file(answer: LoadAnswer) -> list[str]:
    """What a file is, in lines."""
    seen = answer.seen
    wrote = _list_writers(seen)
    said = f", written by {wrote}" if wrote else ", which does not say who wrote it"
    if seen.lines:
        said += f"; it is laid out as Keras {seen.lines[0]} does"
    lines = [f"  {seen.holds}{said}"]
    if seen.model:
        lines += _describe_model(seen)
    if seen.holds in (hdf5_file.WEIGHTS, hdf5_file.NEW_WEIGHTS, inspection.CHECKPOINT):
        lines.append(
            "  weights alone: where it is said to load, the model was built from its code, as it "
            "was: LSTM and GRU have other defaults since TensorFlow 2 and Keras 2.3"
        )
    if seen.holds == hdf5_file.WEIGHTS and answer.shown.endswith(".weights.h5"):
        lines.append(
            "  note: from 2.12 on, Keras takes what is called .weights.h5 for another layout: "
            "call it .h5"
        )
    if seen.code:
        lines.append(
            f"  warning: code of whoever saved it is inside ({', '.join(seen.code)}): loading it "
            "runs that code; it was not run here"
            + (f". Python {seen.python} or one like it compiled it" if seen.python else "")
        )
    if answer.customs:
        lines.append(f"  classes and functions that you must bring: {', '.join(answer.customs)}")
    if answer.compiling:
        lines.append(
            f"  compiled with what no Keras has ({', '.join(answer.compiling)}): leave it out with "
            "compile=False, or bring it"
        )
    gpu = [name for name in seen.layers if name.startswith("CuDNN")]
    if gpu:
        lines.append(
            f"  note: {', '.join(gpu)} computes on a GPU of NVIDIA alone: nothing was tried on one"
        )
    lines += [f"  note: {note}" for note in seen.notes]
    pairings = _runs(answer.writers.names)
    if answer.writers.exact:
        lines.append(f"  pairings that write such a file: {pairings}")
    else:
        lines.append(
            f"  no pairing here has that release: judged by the nearest one, of {pairings}"
        )
    lines.append(f"  like these of {WHERE}: {answer.form}, {', '.join(answer.kinds)}")
    return lines


def _list_writers(seen: Seen) -> str:
    wrote = [f"Keras {seen.keras}"] if seen.keras else []
    wrote += [f"TensorFlow {seen.tensorflow}"] if seen.tensorflow else []
    return " with ".join(wrote)


def _describe_model(seen: Seen) -> list[str]:
    layers = ", ".join(
        name if count == 1 else f"{count} {name}" for name, count in seen.layers.items()
    )
    compiled = [
        f"{name} {value}"
        for name, value in (
            ("loss", seen.loss),
            ("optimizer", seen.optimizer),
            ("metrics", seen.metrics),
        )
        if value
    ]
    return [
        f"  model: {seen.model}" + (f" of {layers}" if layers else ""),
        f"  compiled with: {', '.join(compiled) or 'nothing said'}",
    ]


def list_pairings(answer: LoadAnswer) -> list[str]:
    """What each pairing does with such a file, those alike in one line."""
    groups: dict[tuple[str, str], list[Judged]] = {}
    for side_judged in answer.judged:
        said = side_judged.trains if side_judged.verdict is LoadVerdict.EQUAL else side_judged.error
        groups.setdefault((_head(side_judged), said), []).append(side_judged)
    ranked = sorted(groups.items(), key=lambda one: _RANK[one[1][0].verdict])
    lines = []
    for (head, said), judged in ranked:
        lines.append(f"{head}: {_runs([one.side.name for one in judged])}")
        if said:
            lines.append(f"    {_introduce(judged[0])}{said}")
    return lines


def _introduce(side_judged: Judged) -> str:
    """What stands before an error, which is that of a file of the grid: it names its layers."""
    if not _ERROR.match(side_judged.error):
        return ""
    if side_judged.verdict is LoadVerdict.OPTIONS:
        return "without that, a file like it ends so: "
    return "" if side_judged.verdict is LoadVerdict.EQUAL else "a file like it ends so: "


_ERROR = re.compile(r"[A-Za-z_.]+(:|$)|crashes|times out|predicts")
"""An error as it was raised, and not a sentence of what a file needs."""

_RANK = {
    LoadVerdict.EQUAL: 0,
    LoadVerdict.OPTIONS: 1,
    LoadVerdict.FAILS: 2,
    LoadVerdict.OTHERWISE: 3,
    None: 4,
}


def _head(side_judged: Judged) -> str:
    if side_judged.verdict is None:
        return "not tried"
    if side_judged.verdict is LoadVerdict.EQUAL:
        return (
            "loads"
            if not side_judged.trains
            else "loads and predicts, but does not train on as before"
        )
    if side_judged.verdict is LoadVerdict.OPTIONS:
        if programs.needs_code(side_judged.way):
            return f"loads into a model that its code builds, with {side_judged.way}"
        return f"loads with {side_judged.way}"
    if side_judged.verdict is LoadVerdict.OTHERWISE:
        return "LOADS, AND PREDICTS SOMETHING ELSE"
    return "does not load"


def _runs(names: Collection[str]) -> str:
    """Sides by name, runs of neighbours as `tf24..tf28`."""
    return ", ".join("..".join(run) for run in grid.list_runs(names))
