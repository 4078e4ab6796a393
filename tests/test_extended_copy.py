"""Copying a lock with what the project needs as well: read, locked, or explained."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from copied_project import PAIRINGS, Copy, files, refused

from envs import Problem
from envs.locking import extension, lock_text, own_requirements
from envs.locking.own_requirements import Own
from envs.locking.resolver import NoSolution
from envs.model import lock, nearest_lock
from envs.model.lock import Lock, Pin
from envs.model.pairing import Target
from envs.publish import copy_request

pytestmark = pytest.mark.usefixtures("here")

TARGET = Target(PAIRINGS["tf212"], "3.11")
PROOF = "Because big>=2 depends on numpy{python_full_version < '3.14'}>=2 and numpy==1.23.5, no."


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """In place of PyPI: `small` and what it needs fit everywhere, `big` only beside NumPy 2.

    Returns the sessions of the targets that were resolved.
    """
    resolved: list[str] = []

    def resolve(target: Target, base: Lock, own: Sequence[Own], cut_off: str) -> str:
        resolved.append(target.session)
        names = [one.requirement.name for one in own]
        if "nowhere" in names:
            raise NoSolution("Because nowhere was not found in the package registry, no.")
        if "big" in names and base.versions["numpy"] < "2":
            raise NoSolution(PROOF)
        pins = {**base.versions, **dict.fromkeys(names, "1.0"), "needed-by-small": "0.1"}
        return "".join(f"{name}=={pins[name]}\n    # via -r own.in\n" for name in sorted(pins))

    def hash_pin(name: str, version: str, *_: object) -> Pin:
        return Pin(name, version, ("0" * 64,))

    monkeypatch.setattr(extension, "resolve_own", resolve)
    monkeypatch.setattr(lock_text, "hash_pin", hash_pin)
    return resolved


# --- what is read ---


def read(folder: Path, text: str, target: Target = TARGET) -> list[str]:
    file = folder / "own.in"
    file.write_text(text, encoding="utf-8")
    return [str(one.requirement) for one in own_requirements.read_own(file, (), target)]


def test_a_file_is_read_as_pip_reads_it(tmp_path: Path) -> None:
    text = (
        "\ufeff# mine\n\npandas >= 2.1  # frames\nscipy>=1.9, \\\n  <2\nblack[d]; os_name=='nt'\n"
    )
    assert read(tmp_path, text) == [
        "pandas>=2.1",
        "scipy<2,>=1.9",
        'black[d]; os_name == "nt"',
    ]


def test_what_the_pairing_meets_itself_is_not_asked_for_again(tmp_path: Path) -> None:
    assert read(tmp_path, "tensorflow>=2.10\nKeras==2.12.0\ntf-keras\n") == ["tf-keras"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("what is this", "'what is this' is not a requirement: write only what the project asks"),
        ("-r more.txt", "another file is not read: copy its lines here"),
        ("-c caps.txt", "a constraint is not read"),
        ("-e .", "a folder cannot be locked by a hash"),
        ("--editable=.", "a folder cannot be locked by a hash"),
        ("--index-url https://example.org", "packages come from PyPI"),
        ("--pre", "options do not belong here"),
        ("./wheels/a.whl", "a path cannot be locked"),
        ("a-1.0-py3-none-any.whl", "a path cannot be locked"),
        ("https://example.org/a.whl", "a path cannot be locked"),
        ("git+https://example.org/a", "an address cannot be locked"),
        ("a @ https://example.org/a.zip", "cannot be locked"),
        ("a==1 --hash=sha256:00", "is a line of a lock"),
        ("tensorflow==2.10.1", "tf212 pins tensorflow 2.12.0: leave it out, or copy the pairing"),
        ("keras>=3", "tf212 pins keras 2.12.0"),
        ("tensorflow-cpu", "tf212 has tensorflow 2.12.0, keras 2.12.0 in place of tensorflow-cpu"),
    ],
)
def test_a_line_that_cannot_be_locked_is_named(line: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        read(tmp_path, f"pandas\n\n{line}\n")
    assert str(caught.value).startswith(f"{tmp_path / 'own.in'}:3: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_or_says_nothing_is_named(copy: Copy, tmp_path: Path) -> None:
    file = tmp_path / "own.in"
    assert refused(copy, requirements=file).startswith(f"{file}: cannot be read (No such file")
    file.write_text("# nothing yet\n")
    assert f"{file}: holds no requirement" in refused(copy, requirements=file)
    file.write_bytes(b"\xff")
    assert f"{file}: is not UTF-8" in refused(copy, requirements=file)


def test_a_file_that_the_copy_would_overwrite_is_left_alone(copy: Copy, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "requirements.txt").write_text("pandas\n")
    message = refused(copy, requirements=folder / "requirements.txt", force=True)
    assert "the copy would overwrite it: call it own.in" in message
    assert (folder / "requirements.txt").read_text() == "pandas\n"


# --- what is locked ---


def test_one_lock_holds_the_pairing_unchanged_and_the_project_s_packages(
    copy: Copy, tmp_path: Path, index: list[str]
) -> None:
    output = copy(add=("small>=1",), templates=("pyproject",))
    folder = tmp_path / "new"
    assert "pyproject.toml" in files(folder)
    text = (folder / "requirements.txt").read_text(encoding="utf-8")
    made, base = lock.parse_lock(text, "requirements.txt"), lock.read_lock(TARGET)
    assert set(base.pins) < set(made.pins)
    added = {pin.name: pin.hashes for pin in set(made.pins) - set(base.pins)}
    assert added == {"small": ("0" * 64,), "needed-by-small": ("0" * 64,)}
    assert made.options == base.options
    assert made.header["extended-with"] == "small>=1"
    assert "# via requirements.in" in text
    assert "your own packages were resolved beside the pins of the pairing" in output
    assert (
        (folder / "requirements.in")
        .read_text(encoding="utf-8")
        .endswith("setuptools<82\n\n# What this project needs as well.\nsmall>=1\n")
    )
    assert '  "small>=1",\n' in (folder / "pyproject.toml").read_text(encoding="utf-8")


def test_a_lock_says_the_command_that_makes_it_again(
    copy: Copy, tmp_path: Path, index: list[str]
) -> None:
    file = tmp_path / "own.in"
    file.write_text("small\n")
    copy(requirements=file, add=("small>=1",))
    text = (tmp_path / "new" / "requirements.txt").read_text(encoding="utf-8")
    assert (
        "#     nox -s copy -- tf212 PATH --python 3.11 --platform linux-x86_64 --requirements "
        f"{file} --add 'small>=1' --force\n"
    ) in text


def test_a_resolver_that_moves_a_pin_of_the_pairing_is_not_believed(
    copy: Copy, index: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = lock.read_lock(TARGET)
    body = "".join(f"{name}=={version}\n" for name, version in base.versions.items())
    moved = re.sub(r"(?m)^numpy==.*", "numpy==9", body)
    monkeypatch.setattr(extension, "resolve_own", lambda *_: moved)
    assert "the resolver left out numpy" in refused(copy, add=("small",))


# --- what cannot be solved ---


def test_what_cannot_be_solved_is_explained_and_the_nearest_that_could_is_named(
    copy: Copy, tmp_path: Path, index: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = [Target(PAIRINGS[name], "3.12") for name in ("tf216", "tf218", "tf219")]
    monkeypatch.setattr(nearest_lock, "rank_targets", lambda *_: [TARGET, *later])
    message = refused(copy, add=("small", "big>=2"))
    assert message.startswith("tf212 for Python 3.11 on Linux x86_64: not all of this fits beside")
    assert (
        "\n--add big>=2: big>=2 does not go with numpy 1.23.5:\n"
        "    Because big>=2 depends on numpy>=2 and numpy==1.23.5, no.\n"
    ) in message
    assert "small does not" not in message
    assert message.endswith(
        "the nearest that could is tf218 on Python 3.12:\n    nox -s copy -- tf218 "
        f"{tmp_path / 'new'} --python 3.12 --platform linux-x86_64 --add small --add 'big>=2'"
    )
    assert index[-2:] == ["tf216", "tf218"]
    assert not (tmp_path / "new").exists()


def test_no_more_than_a_few_others_are_tried(copy: Copy, index: list[str]) -> None:
    message = refused(copy, add=("big",))
    assert "none of the nearest could: tf212 on Python 3.9, tf213 on Python 3.11" in message


def test_an_unknown_package_is_named_and_nothing_else_is_tried(
    copy: Copy, index: list[str]
) -> None:
    message = refused(copy, add=("small", "nowhere"))
    assert message == (
        "--add nowhere: unknown package 'nowhere', or one that needs it: PyPI has none of that "
        "name: check the spelling"
    )
    assert set(index) == {"tf212"}


def test_the_options_are_read_from_where_they_were_typed(tmp_path: Path) -> None:
    line = ["tf212", "new", "--requirements", "own.in", "--add", "pandas", "--add", "scipy"]
    request = copy_request.parse_copy_request(line, tmp_path)
    assert request.requirements == tmp_path / "own.in"
    assert request.add == ("pandas", "scipy")
