"""A pairing declared: from its release, what PyPI has of it, and its neighbours; and its file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from packaging.requirements import Requirement
from packaging.version import Version

from envs.adding import published
from envs.adding.add_request import AddRequest
from envs.model import version_numbers
from envs.model.pairing import Cap, Harmless, Pairing, Sdist

SUMMARIES = {
    "standalone": "TensorFlow {minor} with the stand-alone Keras {keras} beside its own copy.",
    "nightly": "TensorFlow {minor} with the keras-nightly that it requires; a keras package beside "
    "that breaks both.",
    "keras2": "TensorFlow {minor} with the Keras of the same minor.",
    "keras3": "TensorFlow {minor} with the newest Keras 3 that the Python admits.",
    "legacy": "TensorFlow {minor} with tf.keras switched back to Keras 2 (tf-keras); Keras 3 is "
    "installed beside it.",
    "preview": "TensorFlow {release}, a pre-release, with the nightly Keras that it requires: not "
    "recommended.",
}
"""Kind -> the summary of a pairing of that kind."""


def declare_pairings(request: AddRequest, pythons: list[str]) -> list[Pairing]:
    """The pairings of a release: one, and from Keras 3 on a second one with tf-keras.

    They have no caps and no sdists yet: whether they need any is tried. Raises Problem.
    """
    tensorflow = request.tensorflow
    required = published.read_requirements(tensorflow, pythons[0])
    minor = version_numbers.minor_of(tensorflow)
    kind, keras = _choose_keras(request, required)
    name = "tf" + minor.replace(".", "") + ("-preview" if kind == "preview" else "")
    keras_minor = version_numbers.minor_of(str(next(iter(keras.specifier)).version))
    declared = Pairing(
        name=name,
        summary=SUMMARIES[kind].format(minor=minor, release=tensorflow, keras=keras_minor),
        kind=kind,
        pythons=tuple(pythons),
        requires=(f"tensorflow=={tensorflow}", str(keras)),
    )
    tf_keras = published.find_newest("tf-keras", Requirement(f"tf-keras~={minor}.0"))
    if kind != "keras3" or tf_keras is None:
        return [declared]
    legacy = replace(
        declared,
        name=f"{name}-legacy",
        summary=SUMMARIES["legacy"].format(minor=minor),
        kind="legacy",
        requires=(*declared.requires, f"tf-keras=={tf_keras}"),
        env={"TF_USE_LEGACY_KERAS": "1"},
    )
    return [declared, legacy]


def _choose_keras(
    request: AddRequest, required: Mapping[str, Requirement]
) -> tuple[str, Requirement]:
    """The kind of a pairing, and its requirement on Keras, by what TensorFlow itself requires."""
    keras = required.get("keras") or required.get("keras-nightly")
    if keras is None:
        release = request.keras or published.find_stand_alone_keras(request.tensorflow)
        return "standalone", Requirement(f"keras=={release}")
    stated = Requirement(f"{keras.name}{keras.specifier}")
    if version_numbers.pre_release_of(request.tensorflow):
        return "preview", stated
    if keras.name == "keras-nightly":
        return "nightly", stated
    newest = published.find_newest("keras", keras)
    if newest is not None and Version(newest) < Version("3"):
        return "keras2", Requirement(f"keras=={newest}")
    return "keras3", Requirement("keras~=3.0")


def list_neighbours(tensorflow: str, known: Iterable[Pairing]) -> list[Pairing]:
    """The pairings of other TensorFlow minors, nearest first, one for each minor."""
    kept = [
        other
        for other in known
        if other.kind not in ("bundled", "legacy", "preview") and not other.impossible
        if version_numbers.minor_of(other.tensorflow) != version_numbers.minor_of(tensorflow)
    ]
    order = sorted(
        {_minor_numbers(other.tensorflow) for other in kept} | {_minor_numbers(tensorflow)}
    )
    place = order.index(_minor_numbers(tensorflow))
    # Of two that are as near, the older one: what it needed is still likely to be needed.
    return sorted(
        kept,
        key=lambda other: (
            abs(order.index(_minor_numbers(other.tensorflow)) - place),
            order.index(_minor_numbers(other.tensorflow)),
        ),
    )


def render_pairing(declared: Pairing) -> str:
    """The text of a pairing file, which reads back as the same pairing."""
    lines = [f"summary = {_text(declared.summary)}", f"kind = {_text(declared.kind)}"]
    lines += [f"pythons = {_texts(declared.pythons)}", f"requires = {_texts(declared.requires)}"]
    if declared.env:
        pairs = ", ".join(f"{name} = {_text(value)}" for name, value in declared.env.items())
        lines.append(f"env = {{ {pairs} }}")
    for cap in declared.caps:
        lines += ["", "[[caps]]", *_table(cap)]
    for sdist in declared.sdists:
        lines += ["", "[[sdists]]", *_table(sdist)]
    for harmless in declared.harmless:
        lines += ["", "[[harmless]]", *_table(harmless)]
    return "\n".join(lines) + "\n"


def move_release(text: str, old: str, new: str) -> str:
    """The text of a pairing file with another release of TensorFlow, and of nothing else."""
    return re.sub(rf"(tensorflow==|TensorFlow ){re.escape(old)}(?![\w.])", rf"\g<1>{new}", text)


def minor_and_finality(tensorflow: str) -> tuple[str, bool]:
    """The minor of a release, and whether it is a final one."""
    final = not version_numbers.pre_release_of(tensorflow)
    return version_numbers.minor_of(tensorflow), final


def file_of(name: str) -> str:
    """A pairing file as it is called in a message."""
    return f"envs/pairings/{name}.toml"


def _table(entry: Cap | Harmless | Sdist) -> list[str]:
    return [f"{key} = {_text(value)}" for key, value in vars(entry).items() if value]


def _minor_numbers(tensorflow: str) -> tuple[int, ...]:
    return version_numbers.release_numbers(tensorflow)[:2]


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _texts(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"
