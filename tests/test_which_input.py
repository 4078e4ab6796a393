"""What `nox -s which` reads: files, folders and requirement files, good and bad; never run."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs import Problem
from envs.which import declared, reader, sources
from envs.which.sources import Source
from envs.which.uses import Code, Unread


def read_folder(folder: Path) -> Code:
    return reader.read_code(sources.find_sources(folder))


def used(code: Code) -> dict[str, list[str]]:
    """File -> the paths that it uses."""
    found: dict[str, list[str]] = {}
    for use in code.uses:
        found.setdefault(use.place.file, []).append(use.path)
    return found


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_folder_is_read_without_what_is_not_the_project_s(tmp_path: Path) -> None:
    code = "import keras"
    write(
        tmp_path,
        {
            "a.py": code,
            "deep/er/b.pyw": code,
            "none.py": "import os",
            "text.txt": code,
            ".hidden/c.py": code,
            ".d.py": code,
            "node_modules/e.py": code,
            "lib/site-packages/f.py": code,
            "venv/pyvenv.cfg": "",
            "venv/g.py": code,
            "__pycache__/h.py": code,
        },
    )
    code_ = read_folder(tmp_path)
    assert used(code_) == {"a.py": ["keras"], "deep/er/b.pyw": ["keras"]}
    assert code_.unread == []


def test_a_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    file = write(tmp_path, {"script": "import keras"}) / "script"
    assert used(read_folder(file)) == {"script": ["keras"]}


def test_nothing_at_the_path_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"x: there is no such file or folder"):
        read_folder(tmp_path / "x")
    with pytest.raises(Problem, match=r"there is no Python file and no notebook in it"):
        read_folder(tmp_path)


def test_links_in_a_loop_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "import keras"})
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "b.py").symlink_to(tmp_path / "c.py")
    (tmp_path / "c.py").symlink_to(tmp_path / "b.py")
    code = read_folder(tmp_path)
    assert used(code) == {"a.py": ["keras"]}
    assert sorted((one.place, one.why.split(":")[0]) for one in code.unread) == [
        ("b.py", "cannot be read"),
        ("c.py", "cannot be read"),
        ("loop", "is a link to a folder"),
    ]


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "folder.py").mkdir()
    write(tmp_path, {"a.py": "import keras"})
    code = read_folder(tmp_path)
    assert code.unread == [Unread("pipe.py", "is no regular file")]
    assert code.files == 1


def test_a_file_that_is_too_large_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "import keras"})
    with (tmp_path / "big.py").open("wb") as file:
        file.truncate(50 * 2**20)
    code = read_folder(tmp_path)
    assert code.unread == [Unread("big.py", "has 50 MiB: more than 32 MiB are not read")]
    assert code.files == 1


def test_what_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.py": "import keras", "b.py": "import keras"})
    original = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "b.py":
            raise PermissionError(13, "Permission denied")
        return original(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    code = read_folder(tmp_path)
    assert code.unread == [Unread("b.py", "cannot be read: Permission denied")]
    assert used(code) == {"a.py": ["keras"]}


def test_code_is_not_run(tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')\nimport keras\n"
    write(tmp_path, {"a.py": trap, "setup.py": trap, "conftest.py": trap, "sitecustomize.py": trap})
    read_folder(tmp_path)
    declared.read_wishes(tmp_path)
    assert not (tmp_path / "ran").exists()


# --- no input makes the reader raise anything ---

WORDS = st.sampled_from(
    re.split(
        " ",
        "import from as keras tensorflow tf . , ( ) [ ] { } : = := \n \n \t # ' \" ''' f' * ** @ "
        "class def lambda try: except ImportError: else: if __version__ for in while with return "
        "global del print exec match case type async await yield not and or is None self super() "
        "__init__ getattr( hasattr( __import__( 'keras' importlib.import_module( x y 0 \\ ; -> ! "
        "% ? %%time é \x00",
    )
)
PROGRAMS = st.lists(WORDS, max_size=60).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(PROGRAMS)
def test_no_text_makes_the_reader_raise(text: str) -> None:
    code = reader.read_code([Source("a.py", text)])
    assert code.files + len(code.unread) >= 1
    for use in code.uses:
        assert use.place.line <= text.count("\n") + 1


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_raise(data: bytes) -> None:
    for name in ("a.py", "a.ipynb"):
        reader.read_code([sources.decode_source(data, name)])


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | PROGRAMS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "source", "cell_type", "metadata", "kernelspec", "worksheets"]
            ),
            inner | st.just("code"),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_no_notebook_makes_the_reader_raise(data: object) -> None:
    code = reader.read_code([Source("a.ipynb", json.dumps(data), True)])
    assert code.files + len(code.unread) >= 1


REQUIREMENTS = st.lists(
    st.sampled_from(
        re.split(
            " ",
            "tensorflow keras == >= ~= ^ 2.4 2.* * \n [project] dependencies = [ ] { } ' \" : - "
            "pip python requires-python [tool.poetry.dependencies] setup( install_requires= ) , ; "
            "< & *a [options] [packages] [requires] python_version é",
        )
    ),
    max_size=30,
).map(" ".join)
FILES = st.sampled_from(
    ["requirements.txt", "pyproject.toml", "setup.py", "setup.cfg", "environment.yml", "Pipfile"]
)


@settings(max_examples=150, deadline=None)
@given(FILES, REQUIREMENTS)
def test_no_requirement_file_makes_the_reader_raise(name: str, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), {name: text})
        declared.read_wishes(Path(folder))


# --- what a project asks for ---


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("requirements.txt", "tensorflow-gpu==2.4.1 # old\nnumpy\n-r x.txt\n-e .\n",
         ["tensorflow ==2.4.1"]),
        ("requirements-dev.txt", "keras>=2,<3 ; python_version<'4'\n", ["keras <3,>=2"]),
        ("requirements/base.txt", "TensorFlow==2.4.1 \\\n  --hash=sha256:1\n",
         ["tensorflow ==2.4.1"]),
        ("pyproject.toml",
         '[project]\nrequires-python = ">=3.8"\ndependencies = ["tf_keras~=2.16"]\n',
         ["python >=3.8", "tf-keras ~=2.16"]),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.7"\ntensorflow = "2.4.1"\n'
         'keras = {version = "~2.4"}\n',
         ["keras ~=2.4", "python <4,>=3.7", "tensorflow ==2.4.1"]),
        ("Pipfile",
         '[packages]\ntensorflow = "==2.4.1"\nkeras = "*"\n[requires]\npython_version = "3.7"',
         ["python ==3.7.*", "tensorflow ==2.4.1"]),
        ("environment.yml", "dependencies:\n- python=3.7\n- conda-forge::tensorflow=2.4.1=cpu\n"
         "- pip:\n  - keras==2.4.3\n",
         ["keras ==2.4.3", "python ==3.7.*", "tensorflow ==2.4.1.*"]),
        ("setup.cfg", "[options]\npython_requires = >=3.6\ninstall_requires =\n  keras>=2\n",
         ["keras >=2", "python >=3.6"]),
        ("setup.py", "from setuptools import setup\nneeds = ['keras==2.2.4', f'{x}']\n"
         "setup(install_requires=needs, python_requires='>=3.5',\n"
         "      extras_require={'gpu': ['tensorflow-gpu>=1.9']})",
         ["keras ==2.2.4", "python >=3.5", "tensorflow >=1.9"]),
    ],
)  # fmt: skip
def test_a_requirement_file_is_read(
    tmp_path: Path, file: str, text: str, expected: list[str]
) -> None:
    wishes, unread = declared.read_wishes(write(tmp_path, {file: text}))
    assert sorted(f"{wish.asks} {wish.releases}" for wish in wishes) == expected
    assert {wish.file for wish in wishes} == {file}
    assert unread == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", "[project"),
        ("environment.yml", "a: [b"),
        ("setup.py", "setup(\n"),
        ("setup.cfg", "no section"),
        ("requirements.txt", "\udcff"),
    ],
)
def test_a_broken_requirement_file_is_named(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_bytes(text.encode("utf-8", "surrogateescape"))
    wishes, unread = declared.read_wishes(tmp_path)
    assert wishes == []
    assert [one.place for one in unread] == [file]
    assert unread[0].why.startswith("cannot be read: ")


def test_a_pin_admits_the_other_patches_of_its_minor(tmp_path: Path) -> None:
    text = "tensorflow==2.4.1\nkeras>=2.3,<2.4\n"
    (first, second), _ = declared.read_wishes(write(tmp_path, {"requirements.txt": text}))
    assert first.admits("2.4.4")
    assert not first.admits("2.5.3")
    assert second.admits("2.3.1")
    assert not second.admits("2.4.3")
    assert second.words == "keras>=2.3,<2.4"
