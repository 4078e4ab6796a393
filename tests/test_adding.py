"""A TensorFlow added: what is declared of it, what is tried for it, and what goes on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from envs import Problem
from envs.adding import add_request, addition, declaration, published, trials
from envs.adding.add_request import AddRequest
from envs.atlas import row_files
from envs.locking import pip_tools, pypi
from envs.model import outcome_records, pairing
from envs.model.outcomes import Kind, Outcome, Run
from envs.model.pairing import Cap, Pairing, Sdist
from envs.names import recording
from envs.names.names_request import NamesRequest
from envs.running import installation, sandbox
from envs.running.installation import CouldNotInstall

PAIRINGS = pairing.load_pairings()


def files(project: str, releases: dict[str, str]) -> list[pypi.File]:
    return [
        {
            "filename": f"{project.replace('-', '_')}-{release}-cp37-cp37m-manylinux1_x86_64.whl",
            "upload-time": f"{date}T00:00:00Z",
            "size": 90_000_000,
            "hashes": {"sha256": "a" * 64},
        }
        for release, date in releases.items()
    ]


INDEX = {
    "tensorflow": {
        **{"1.13.1": "2019-02-26", "1.14.0": "2019-06-19", "1.15.0": "2019-10-16"},
        **{"2.0.0": "2019-09-30", "2.1.0": "2020-01-08", "2.12.0": "2023-03-22"},
    },
    "keras": {
        **{"2.2.4": "2018-10-03", "2.2.5": "2019-08-22", "2.3.0": "2019-09-17"},
        **{"2.3.1": "2019-10-07", "2.12.0": "2023-03-21", "3.0.5": "2024-02-16"},
    },
    "tf-keras": {"2.22.0": "2026-12-01"},
}


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> None:
    pypi.group_by_release.cache_clear()
    monkeypatch.setattr(pypi, "list_files", lambda name: files(name, INDEX[name]))


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize(
    ("tensorflow", "keras"),
    [
        *(("1.13.2", "2.2.4"), ("1.14.0", "2.2.5"), ("1.15.5", "2.3.1")),
        *(("2.0.4", "2.3.1"), ("2.1.4", "2.3.1")),
    ],
)
def test_a_stand_alone_keras_is_of_the_days_of_its_tensorflow(tensorflow: str, keras: str) -> None:
    assert published.find_stand_alone_keras(tensorflow) == keras


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize(
    ("tensorflow", "required", "names", "kind", "keras"),
    [
        ("1.14.0", [], ["tf114"], "standalone", "keras==2.2.5"),
        ("2.12.1", ["keras<2.13,>=2.12.0"], ["tf212"], "keras2", "keras==2.12.0"),
        ("2.22.0", ["keras>=3.12.0"], ["tf222", "tf222-legacy"], "keras3", "keras~=3.0"),
        (
            *("2.22.0rc0", ["keras-nightly>=3.12.0.dev2026"], ["tf222-preview"], "preview"),
            "keras-nightly>=3.12.0.dev2026",
        ),
    ],
)
def test_the_kind_and_the_keras_are_what_the_metadata_requires(
    tensorflow: str,
    required: list[str],
    names: list[str],
    kind: str,
    keras: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    requirements = {one.name: one for one in map(Requirement, required)}
    monkeypatch.setattr(published, "read_requirements", lambda *_: requirements)
    declared = declaration.declare_pairings(AddRequest(tensorflow), ["3.7"])
    assert [one.name for one in declared] == names
    assert declared[0].kind == kind
    assert declared[0].requires == (f"tensorflow=={tensorflow}", keras)
    for one in declared:
        file = tmp_path / f"{one.name}.toml"
        file.write_text(declaration.render_pairing(one))
        assert pairing.load_pairing(file) == one


@pytest.mark.parametrize("name", PAIRINGS)
def test_a_pairing_file_reads_back_as_the_same_pairing(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.toml"
    file.write_text(declaration.render_pairing(PAIRINGS[name]), encoding="utf-8")
    assert pairing.load_pairing(file) == PAIRINGS[name]


def test_the_nearest_neighbours_come_first() -> None:
    known = [PAIRINGS[name] for name in ("tf115", "tf20", "tf20-bundled", "tf21", "tf221")]
    nearest = declaration.list_neighbours("1.14.0", known)
    assert [one.name for one in nearest] == ["tf115", "tf20", "tf21", "tf221"]
    nearest = declaration.list_neighbours("2.0.4", known)
    assert [one.name for one in nearest] == ["tf115", "tf21", "tf221"]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["2.22"], "'2.22' is no release of TensorFlow: write one such as 2.22.0 or 2.22.0rc0"),
        (["2.22.0", "--keras", "3"], "--keras 3: write a release such as 2.2.4"),
    ],
)
def test_what_is_no_release_is_refused(argv: list[str], message: str) -> None:
    with pytest.raises(Problem, match=message):
        add_request.parse_add_request(argv)


# --- trials, on a made-up resolver: what a pairing needs is decided here ---


@pytest.fixture
def needs(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The requirements without which an environment is not whole."""
    needed: set[str] = set()
    tried: list[Pairing] = []

    def compile_lock(target: pairing.Target, _: object) -> str:
        packages = {sdist.package for sdist in target.pairing.sdists}
        wanted = {cap.requirement for cap in target.pairing.caps}
        if "gast==0.2.2" in wanted and "gast" not in packages:
            raise Problem("ERROR: No matching distribution found for gast==0.2.2")
        tried.append(target.pairing)
        return "a lock"

    def run_script(*_: object, **__: object) -> Run:
        missing = sorted(needed - {cap.requirement for cap in tried[-1].caps})
        return Run(Outcome(Kind.FAILS, "E", missing[0]) if missing else Outcome(Kind.WORKS))

    monkeypatch.setattr(pip_tools, "compile_lock", compile_lock)
    monkeypatch.setattr(installation, "ensure_environment", lambda *_: Path("python"))
    monkeypatch.setattr(installation, "drop_environment", lambda folder: None)
    monkeypatch.setattr(sandbox, "run_script", run_script)
    monkeypatch.setattr(published, "has_wheel", lambda package, requirement: package != "gast")
    monkeypatch.setattr(published, "list_wheel_pythons", lambda tensorflow: ["3.7"])
    bounds = {"h5py": Requirement("h5py<=2.10.0"), "gast": Requirement("gast==0.2.2")}
    by_release = {"1.14.0": {}, "1.15.5": bounds}
    monkeypatch.setattr(published, "read_requirements", lambda release, _: by_release[release])
    return needed


NEW = Pairing("tf114", "A summary.", "standalone", ("3.7",), ("tensorflow==1.14.0", "keras==2.2.5"))


def find(needed: set[str], neighbours: list[Pairing]) -> Pairing:
    found = trials.Trials.of(NEW, lambda line: None).find_what_it_lacks(NEW, neighbours)
    assert {cap.requirement for cap in found.caps} == needed
    return found


def test_what_needs_no_cap_gets_none(needs: set[str]) -> None:
    assert find(needs, [PAIRINGS["tf115"]]) == NEW


def test_a_neighbour_s_cap_comes_with_its_reason(needs: set[str]) -> None:
    needs.add("protobuf<4")
    found = find(needs, [PAIRINGS["tf115"]])
    assert found.caps == PAIRINGS["tf115"].caps


def test_a_neighbour_s_bound_comes_with_what_happens_without_it(needs: set[str]) -> None:
    needs.update(["protobuf<4", "h5py<=2.10.0"])
    found = find(needs, [PAIRINGS["tf115"]])
    assert found.caps[1].reason == (
        "TensorFlow 1.15.5 states this bound, and this one states none; without it: "
        "fails: E: h5py<=2.10.0"
    )
    assert found.sdists == ()


def test_a_package_without_a_wheel_is_taken_as_an_sdist(needs: set[str]) -> None:
    needs.add("gast==0.2.2")
    found = find(needs, [PAIRINGS["tf115"]])
    reason = "TensorFlow 1.14 needs gast==0.2.2, which was only released as an sdist"
    assert found.sdists == (Sdist("gast", reason),)


def test_a_reason_speaks_of_the_new_tensorflow(needs: set[str]) -> None:
    needs.add("tensorboard")
    neighbour = dataclasses.replace(
        PAIRINGS["tf115"], caps=(Cap("tensorboard", "TensorFlow 1.15 no longer requires it"),)
    )
    found = find(needs, [neighbour])
    assert found.caps == (Cap("tensorboard", "TensorFlow 1.14 no longer requires it"),)


def test_what_no_neighbour_mends_is_said(needs: set[str]) -> None:
    needs.add("something else")
    with pytest.raises(Problem, match=r"tf114: on Python 3\.7 the environment is not whole: fails"):
        find(needs, [PAIRINGS["tf115"]])


def test_a_trial_that_cannot_be_installed_is_not_whole(
    needs: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Path:
        raise CouldNotInstall("tried.txt: could not be installed\nand why")

    monkeypatch.setattr(installation, "ensure_environment", fail)
    with pytest.raises(Problem, match=r"is not whole: tried\.txt: could not be installed"):
        find(needs, [PAIRINGS["tf115"]])


# --- what goes on, what moves, what is replaced ---


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of pairing files with tf221 and a pre-release."""
    preview = dataclasses.replace(
        *(PAIRINGS["tf221"],),
        name="tf222-preview",
        kind="preview",
        requires=("tensorflow==2.22.0rc0", "keras-nightly>=3.12.0.dev0"),
        summary="TensorFlow 2.22.0rc0, a pre-release.",
    )
    for one in (PAIRINGS["tf221"], PAIRINGS["tf221-legacy"], preview):
        (tmp_path / f"{one.name}.toml").write_text(declaration.render_pairing(one))
    monkeypatch.setattr(pairing, "FOLDER", tmp_path)
    monkeypatch.setattr(published, "list_wheel_pythons", lambda release: ["3.13"])
    monkeypatch.setattr(pairing, "load_pairings", lambda: original(tmp_path))
    monkeypatch.setattr(outcome_records, "RECORDS", tmp_path)
    monkeypatch.setattr(row_files, "row_path", lambda name: tmp_path / f"{name}.json")
    return tmp_path


original = pairing.load_pairings


def declare(tensorflow: str) -> tuple[list[str], list[str]]:
    said: list[str] = []
    names = addition.declare_release(addition.Addition(AddRequest(tensorflow), said.append))
    return names, said


def test_what_is_declared_already_stays_as_it_is(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    names, said = declare("2.21.0")
    assert names == ["tf221", "tf221-legacy"]
    assert said == ["tf221, tf221-legacy: declared already"]
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_another_patch_moves_the_pairings_of_its_minor(folder: Path) -> None:
    names, said = declare("2.21.1")
    assert names == ["tf221", "tf221-legacy"]
    assert said[0] == "envs/pairings/tf221.toml: 2.21.0 -> 2.21.1"
    legacy = pairing.load_pairings()["tf221-legacy"]
    assert legacy.requires == ("tensorflow==2.21.1", "keras~=3.0", "tf-keras==2.21.0")
    assert pairing.load_pairings()["tf221"].tensorflow == "2.21.1"
    assert pairing.load_pairings()["tf222-preview"].tensorflow == "2.22.0rc0"


def test_a_move_that_was_interrupted_between_its_files_goes_on(folder: Path) -> None:
    file = folder / "tf221.toml"
    file.write_text(declaration.move_release(file.read_text(), "2.21.0", "2.21.1"))
    assert declare("2.21.1")[0] == ["tf221", "tf221-legacy"]
    assert pairing.load_pairings()["tf221-legacy"].tensorflow == "2.21.1"


def test_an_earlier_patch_is_refused_and_changes_nothing(folder: Path) -> None:
    declare("2.21.1")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(
        Problem, match=r"tf221\.toml: asks for 2\.21\.1, which is later than 2\.21\.0"
    ):
        declare("2.21.0")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_patch_that_was_never_published_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(release: str) -> list[str]:
        raise Problem(f"tensorflow {release}: PyPI has no wheel of it")

    monkeypatch.setattr(published, "list_wheel_pythons", refuse)
    with pytest.raises(Problem, match=r"tensorflow 2\.21\.9: PyPI has no wheel"):
        declare("2.21.9")
    assert pairing.load_pairings()["tf221"].tensorflow == "2.21.0"


def test_a_declaration_that_was_interrupted_between_its_files_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """tf222-legacy was written, tf222 and the end of the preview were not."""
    plain = dataclasses.replace(
        PAIRINGS["tf221"], name="tf222", requires=("tensorflow==2.22.0", "keras~=3.0")
    )
    legacy = dataclasses.replace(
        PAIRINGS["tf221-legacy"],
        name="tf222-legacy",
        requires=("tensorflow==2.22.0", "keras~=3.0", "tf-keras==2.22.0"),
    )
    (folder / "tf222-legacy.toml").write_text(declaration.render_pairing(legacy))
    monkeypatch.setattr(published, "list_present_pythons", lambda pythons: (pythons, []))
    monkeypatch.setattr(declaration, "declare_pairings", lambda *_: [plain, legacy])
    monkeypatch.setattr(trials.Trials, "find_what_it_lacks", lambda self, declared, _: declared)
    assert declare("2.22.0")[0] == ["tf222", "tf222-legacy"]
    known = ["tf221", "tf221-legacy", "tf222", "tf222-legacy"]
    assert sorted(pairing.load_pairings()) == known


def test_the_names_of_what_is_added_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[NamesRequest] = []
    said: list[str] = []
    added = addition.Addition(AddRequest("2.12.0"), said.append)
    monkeypatch.setattr(recording, "list_unrecorded", lambda names: [*names, "tf212-py39"])
    monkeypatch.setattr(recording, "record_names", lambda request, say: asked.append(request))
    addition.record_names_of(["tf212"], added)
    assert asked == [NamesRequest(("tf212", "tf212-py39"), drop=True)]
    assert added.waiting == []

    def refuse(request: NamesRequest, say: object) -> None:
        raise Problem("the walk of keras failed")

    monkeypatch.setattr(recording, "record_names", refuse)
    addition.record_names_of(["tf212"], added)
    assert added.waiting == ["the names: the walk of keras failed"]
    monkeypatch.setattr(recording, "list_unrecorded", lambda names: [])
    addition.record_names_of(["tf212"], added)
    assert said == ["tf212: names recorded already"]


def test_a_later_candidate_takes_the_place_of_the_first(folder: Path) -> None:
    names, _ = declare("2.22.0rc1")
    assert names == ["tf222-preview"]
    assert pairing.load_pairings()["tf222-preview"].summary.startswith("TensorFlow 2.22.0rc1,")


def test_the_final_release_replaces_its_preview(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = dataclasses.replace(
        PAIRINGS["tf221"], name="tf222", requires=("tensorflow==2.22.0", "keras~=3.0"), caps=()
    )
    (folder / "tf222-preview.json").write_text("{}")
    monkeypatch.setattr(published, "list_wheel_pythons", lambda release: ["3.14", "3.13"])
    monkeypatch.setattr(
        published, "list_present_pythons", lambda pythons: (pythons[1:], pythons[:1])
    )
    monkeypatch.setattr(declaration, "declare_pairings", lambda *_: [final])
    monkeypatch.setattr(trials.Trials, "find_what_it_lacks", lambda self, declared, _: declared)
    names, said = declare("2.22.0")
    assert names == ["tf222"]
    assert "no interpreter here, so not declared: Python 3.14" in said
    assert "tf222-preview: removed, tf222 replaces it" in said
    assert sorted(pairing.load_pairings()) == ["tf221", "tf221-legacy", "tf222"]
    assert not (folder / "tf222-preview.json").exists()
