"""SavedModel folders: the messages of Protocol Buffers in them, read where they are needed.

A graph may take 2 GB. The libraries for Protocol Buffers read a message whole; this steps over
what is not asked for, in a file that the system maps: only what it touches is in memory.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from envs import Problem
from envs.models import model_text
from envs.models.model_text import Seen

HOLDS = "SavedModel"
OF_KERAS = "SavedModel of Keras"

# The numbers of fields, from saved_model.proto, meta_graph.proto, saved_object_graph.proto of
# TensorFlow, and saved_metadata.proto of Keras.
_META_GRAPH, _INFO, _GRAPH, _OBJECTS = 2, 1, 2, 7
_RELEASE, _NODE, _USER_OBJECT, _IDENTIFIER, _METADATA = 5, 1, 4, 1, 3
_SAVED_NODE, _NODE_PATH, _NODE_IDENTIFIER, _NODE_METADATA = 1, 3, 4, 5

Span = tuple[int, int]
"""Where a message begins in its file, and where it ends."""


class _Truncated(Exception):
    """A message that ends before it is whole."""


def read_saved_model(folder: Path, what: str) -> Seen:
    """What a SavedModel holds. Raises Problem if it is damaged, or has no graph."""
    path = folder / "saved_model.pb"
    damaged = (
        f"{what}: its saved_model.pb cannot be read to its end: it is damaged or cut short: copy "
        "the whole folder again from where it was saved"
    )
    try:
        if not path.stat().st_size:
            raise Problem(damaged)
        with path.open("rb") as file, _map(file) as data:
            facts = _read(data, what)
    except (_Truncated, UnicodeDecodeError):
        raise Problem(damaged) from None
    except OSError as error:
        raise Problem(f"{what}: saved_model.pb cannot be read ({error.strerror})") from None
    facts |= _read_keras_metadata(folder / "keras_metadata.pb", facts.pop("root", ""), what)
    keras = facts.get("model", "")
    facts["weights"] = (folder / "variables" / "variables.index").is_file()
    if not facts["weights"]:
        facts["notes"] = ("the folder variables is not whole beside it: it may hold no weights",)
    return Seen(OF_KERAS if keras else HOLDS, **facts)


def _read(data: mmap.mmap, what: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for span in _find(data, (0, len(data)), _META_GRAPH):
        graph = next(_find(data, span, _GRAPH), None)
        if graph is None:
            continue
        for info in _find(data, span, _INFO):
            for release in _find(data, info, _RELEASE):
                facts["tensorflow"] = _text(data, release)
        for objects in _find(data, span, _OBJECTS):
            facts["root"] = _find_root(data, objects)
        return facts
    raise Problem(
        f"{what}: its saved_model.pb holds no graph: it is not a SavedModel, or it is damaged: "
        "give the folder that model.save or tf.saved_model.save wrote"
    )


def _find_root(data: mmap.mmap, objects: Span) -> str:
    """What Keras up to 2.4 wrote about the model beside the graph; empty if nothing."""
    for node in _find(data, objects, _NODE):
        for user in _find(data, node, _USER_OBJECT):
            for metadata in _find(data, user, _METADATA):
                return _text(data, metadata)
        return ""
    return ""


def _read_keras_metadata(path: Path, root: str, what: str) -> dict[str, Any]:
    """What Keras wrote about the model, as fields of Seen; from 2.5 on in a file of its own."""
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file, _map(file) as data:
            try:
                root = _root_of(data)
            except (_Truncated, UnicodeDecodeError):
                raise Problem(
                    f"{what}: its keras_metadata.pb is cut short: copy the folder again"
                ) from None
    if not root:
        return {}
    described = model_text.parse_json(root, f"{what}: what Keras wrote in it")
    facts = model_text.read_model(described)
    facts |= model_text.read_training(described.get("training_config"))
    facts["keras"] = str(described.get("keras_version", ""))
    return facts


def _map(file: BinaryIO) -> mmap.mmap:
    """A file as the system maps it, which may not be empty."""
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _root_of(data: mmap.mmap) -> str:
    for node in _find(data, (0, len(data)), _SAVED_NODE):
        path = [_text(data, one) for one in _find(data, node, _NODE_PATH)]
        if path == ["root"]:
            for metadata in _find(data, node, _NODE_METADATA):
                return _text(data, metadata)
    return ""


def _text(data: mmap.mmap, span: Span) -> str:
    begin, end = span
    if end - begin > model_text.LARGEST:
        raise _Truncated
    return data[begin:end].decode("utf-8")


def _find(data: mmap.mmap, span: Span, number: int) -> Iterator[Span]:
    """Where the messages and texts are that stand in a message under a number."""
    place, end = span
    while place < end:
        key, place = _varint(data, place, end)
        wire = key & 7
        if wire == 0:
            _, place = _varint(data, place, end)
        elif wire in (1, 5):
            place += 8 if wire == 1 else 4
        elif wire == 2:
            size, place = _varint(data, place, end)
            if place + size > end:
                raise _Truncated
            if key >> 3 == number:
                yield place, place + size
            place += size
        else:
            raise _Truncated
    if place > end:
        raise _Truncated


def _varint(data: mmap.mmap, place: int, end: int) -> tuple[int, int]:
    """A number of variable length, and where the next thing begins."""
    value = shift = 0
    while place < end and shift < 70:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
    raise _Truncated
