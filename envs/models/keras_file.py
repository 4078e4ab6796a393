"""`.keras` files, which are zips: a configuration, a note of who wrote it, and weights in HDF5."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from envs import Problem
from envs.models import hdf5_file, model_text
from envs.models.model_text import Seen

HOLDS = "Keras zip"

_SMALL = 8 * 2**20
"""Weights of so many bytes are unpacked in memory for the digest; larger ones are left alone."""


def read_keras_file(path: Path, what: str) -> Seen:
    """What a `.keras` file holds. Raises Problem if it is damaged, or another zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, what)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise Problem(
            f"{what}: is a zip that cannot be read ({str(error)[:100]}): it is damaged, cut "
            "short or encrypted: copy it again from where it was saved"
        ) from None


def _read(archive: zipfile.ZipFile, what: str) -> Seen:
    names = archive.namelist()
    if "config.json" not in names:
        inner = [name for name in names if name.lower().endswith((".keras", ".h5", ".zip"))]
        folder = next((name for name in names if name.endswith("saved_model.pb")), None)
        if inner or folder:
            raise Problem(
                f"{what}: is a zip with a file in it that may be a model "
                f"({inner[0] if inner else folder}): unpack it, and give that"
            )
        if any(name.endswith("data.pkl") for name in names):
            raise Problem(f"{what}: is a model of PyTorch, which no Keras loads")
        shown = ", ".join(names[:4]) or "nothing"
        raise Problem(
            f"{what}: is a zip, but not of Keras: it holds {shown} and no config.json: give the "
            "file that model.save wrote"
        )
    text = _unpack(archive, "config.json", what)
    config = model_text.parse_json(text, f"{what}: config.json")
    facts = model_text.read_model(config)
    facts |= model_text.read_training(config.get("compile_config"))
    if "metadata.json" in names:
        written = _unpack(archive, "metadata.json", what)
        metadata = model_text.parse_json(written, f"{what}: metadata.json")
        facts["keras"] = str(metadata.get("keras_version", ""))
    weights = next((name for name in names if name.endswith(".weights.h5")), None)
    facts["weights"] = weights is not None or any("weights" in name for name in names)
    facts["notes"] = tuple(_find_oddities(names, facts["weights"]))
    if "Lambda" not in facts["layers"]:
        facts["digest"] = _digest(archive, text, weights, facts.get("keras", ""), what)
    return Seen(HOLDS, **facts)


def _find_oddities(names: list[str], weights: bool) -> Iterator[str]:
    """What is otherwise in a zip than `model.save` writes it."""
    if not weights:
        yield "it holds no weights"
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        yield (
            f"it holds {twice[0]} twice, which no Keras writes: somebody changed it: do not load "
            "it unless you trust whoever did"
        )
    if any(name.endswith(".npz") for name in names):
        yield (
            "its weights are arrays of NumPy (.npz), which may hold a pickle, and a pickle runs "
            "code: load it only if you trust it"
        )


def _unpack(archive: zipfile.ZipFile, name: str, what: str) -> bytes:
    """A member of a zip, of which no more is unpacked than any model has. Raises Problem."""
    with archive.open(name) as member:
        data = member.read(model_text.LARGEST + 1)
    if len(data) > model_text.LARGEST:
        raise Problem(
            f"{what}: {name}: unpacks to more than {model_text.LARGEST // 2**20} MiB, which no "
            "model needs: it was not read further: this is not a file that Keras wrote"
        )
    return data


def _number_shared(config: bytes) -> bytes:
    """A configuration with its shared objects numbered in their order.

    Keras numbers them by where they stand in memory, which is otherwise in each run.
    """
    numbers: dict[bytes, bytes] = {}

    def number(match: re.Match[bytes]) -> bytes:
        return match[1] + numbers.setdefault(match[2], str(len(numbers)).encode())

    return re.sub(rb'("shared_object_id": )(\d+)', number, config)


def _digest(
    archive: zipfile.ZipFile, config: bytes, weights: str | None, keras: str, what: str
) -> str:
    """Twelve hexadecimal digits that change with all but the numbers and the day of saving."""
    seen = hashlib.sha256(_number_shared(config) + keras.encode())
    if weights and archive.getinfo(weights).file_size <= _SMALL:
        with archive.open(weights) as member:
            data = member.read(_SMALL + 1)
        inner = hdf5_file.read_hdf5(io.BytesIO(data), f"{what}: {weights}")
        seen.update(inner.digest.encode())
    return seen.hexdigest()[:12]
