"""The catalogue of errors: its files are whole, and each pattern matches its own lines alone."""

from __future__ import annotations

import dataclasses
import datetime
import re
from pathlib import Path

import pytest

from envs import Problem
from envs.errors import case_record, case_run, case_steps, catalogue_files
from envs.errors.case_environment import CaseEnvironment, Ended
from envs.errors.case_run import ErrorsRequest
from envs.errors.case_steps import CaseStep, Track
from envs.errors.catalogue import FOLDER, GROUPS, Entry, fill_words, trim_line
from envs.model.outcomes import Kind, Outcome
from envs.running import daily_share, installation

ENTRIES = catalogue_files.load_catalogue()

NP_UTILS = (FOLDER / "np-utils.toml").read_text(encoding="utf-8")


def lines_of(entry: Entry) -> list[str]:
    """The lines that an entry is known by: its title, and what its cases made."""
    lines = [entry.line, *(case.line for case in entry.cases)]
    return list(dict.fromkeys(trim_line(line) for line in lines if not line.endswith("...")))


def test_the_catalogue_is_as_large_as_was_asked_and_has_every_group() -> None:
    assert len(ENTRIES) >= 90
    assert {entry.group for entry in ENTRIES.values()} == set(GROUPS)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_line_is_matched_by_its_own_entry_and_by_no_other_that_is_not_declared(name: str) -> None:
    entry = ENTRIES[name]
    for line in lines_of(entry):
        assert entry.match_line(line) is not None, line
        for other in ENTRIES.values():
            declared = other.name in entry.shares or name in other.shares
            if other.name != name and not declared:
                assert other.match_line(line) is None, f"{other.name} matches too: {line}"


@pytest.mark.parametrize("name", ENTRIES)
def test_a_neighbouring_line_is_not_matched(name: str) -> None:
    entry = ENTRIES[name]
    for line in (*mutations(entry), *entry.differs):
        assert entry.match_line(trim_line(line)) is None, line


def mutations(entry: Entry) -> list[str]:
    """Lines that differ from those of an entry in one quoted word, or in the exception's name.

    What a pattern names may be anything, and so may what a release of Keras adds at the end.
    """
    changed = []
    for line in lines_of(entry):
        named = set((entry.match_line(line) or {}).values())
        if match := re.match(r"[A-Z]\w*(Error|Exception)(?=: )", line):
            changed.append(f"Other{match[1]}{line[match.end() :]}")
        for word in re.findall(r"'([\w.]+)'", line)[:2]:
            inside = any(word in one or one in word for one in named if one)
            if not inside and any(word in pattern.replace("\\", "") for pattern in entry.patterns):
                changed.append(line.replace(f"'{word}'", f"'{word}_other'"))
    return changed


def test_the_mutations_are_many() -> None:
    assert sum(len(mutations(entry)) for entry in ENTRIES.values()) >= len(ENTRIES)


@pytest.mark.parametrize("name", ENTRIES)
def test_each_entry_names_its_words_and_says_what_to_do(name: str) -> None:
    entry = ENTRIES[name]
    for line in lines_of(entry):
        parts = entry.match_line(line) or {}
        for text in (entry.cause, *(cure.do for cure in entry.cures.values())):
            assert not re.search(r"\{\w+\}", entry.fill(text, parts))


def test_an_entry_that_is_not_reproduced_is_told_apart() -> None:
    unmade = [entry for entry in ENTRIES.values() if entry.unmade]
    assert unmade
    for entry in unmade:
        assert entry.sources
        assert not entry.cases
        assert not case_record.is_made_as_written(entry, None)


def test_each_entry_was_made_and_mended_as_it_stands() -> None:
    made = case_record.load_made()
    stale = [
        name
        for name, entry in ENTRIES.items()
        if entry.cases and not case_record.is_made_as_written(entry, made.get(name))
    ]
    assert not stale, f"run nox -s errors -- {' '.join(stale)}"
    assert set(made) <= set(ENTRIES)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('group = "imports"', 'group = "other"', "group: 'other' is none of"),
        ('group = "imports"\n', "", "group: is missing"),
        ("sources =", "origin =", "origin: unknown key"),
        ("cannot import name 'layer_utils'", "cannot import name 'np_utils'", "another error"),
        ('pairing = "tf212"', 'pairing = "tf999"', "'tf999' is no pairing"),
        ('kind = "pairing"', 'kind = "magic"', "'magic' is none of"),
        ("before it.", "before {it}.", "'{it}' is no fact"),
        ("[cases.mended]\nfunctions", "[cases.mended]\nothers", "no cure is called 'others'"),
        ("from keras.utils import np_utils\n", "from keras.utils import\n", "code: invalid syntax"),
        ('line = "ModuleNotFoundError: No', 'line = "KeyError: No', "none matches"),
        ("(?P<module>", "(?P<module", "patterns: "),
    ],
)
def test_a_mistake_in_a_file_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in NP_UTILS
    file = tmp_path / "np-utils.toml"
    file.write_text(NP_UTILS.replace(old, new), encoding="utf-8")
    with pytest.raises(Problem, match=re.escape(said)) as raised:
        catalogue_files.load_entry(file)
    assert "np-utils.toml" in str(raised.value)


def test_a_cure_that_no_case_carries_out_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "np-utils.toml"
    more = '[cures.more]\nkind = "code"\ndo = "Write something."\n\n[cures.functions]'
    file.write_text(NP_UTILS.replace("[cures.functions]", more), encoding="utf-8")
    with pytest.raises(Problem, match=r"cures\.more: no case carries it out"):
        catalogue_files.load_entry(file)


def test_words_that_are_not_known_stay_words() -> None:
    assert fill_words("keras=={minor}.*", {"minor": "2.12"}) == "keras==2.12.*"
    assert fill_words("{minor} {'lr': 1}", {}) == "<minor of your TensorFlow> {'lr': 1}"


def test_a_case_is_broken_first_and_mended_by_each_cure_in_its_own_place() -> None:
    tracks = case_steps.list_tracks(ENTRIES["np-utils"])
    assert [(track.place, [step.title for step in track.steps]) for track in tracks] == [
        ("tf216", ["broken", "functions"]),
        ("tf212", ["keras-212"]),
        ("tf216", ["broken", "functions"]),
    ]
    assert tracks[0].steps[0].line
    assert not tracks[0].steps[1].line
    assert not any(track.changes for track in tracks)


def test_a_second_cure_that_changes_packages_breaks_anew() -> None:
    tracks = case_steps.list_tracks(ENTRIES["inspect-argspec"])
    assert tracks[0].steps[0].install == ("keras==2.11.0",)
    assert tracks[0].steps[1].install == ("keras==2.12.*", "tensorflow==2.12.0")
    assert tracks[0].changes


def ended(kind: Kind, exception: str = "", message: str = "", *lines: str) -> Ended:
    return Ended(Outcome(kind, exception, message), lines)


def test_a_step_is_judged_by_the_very_line() -> None:
    broken = CaseStep("broken", line="ImportError: no 'x' (<path>)")
    assert not ended(Kind.FAILS, "ImportError", "no 'x' (<path>)").judge(broken)
    other = ended(Kind.FAILS, "ImportError", "no 'y' (<path>)").judge(broken)
    assert "expected: ImportError: no 'x'" in other
    assert "happened: fails: ImportError: no 'y'" in other
    assert ended(Kind.WORKS).judge(broken)
    assert ended(Kind.CRASHES, message="ended by SIGSEGV").judge(broken)
    assert ended(Kind.TIMES_OUT, message="after 300 seconds").judge(CaseStep("cure"))
    assert not ended(Kind.WORKS).judge(CaseStep("cure"))
    begins = CaseStep("broken", line="ImportError: no...")
    assert not ended(Kind.FAILS, "ImportError", "no 'x'").judge(begins)


def test_a_line_that_is_printed_must_come_and_the_code_go_on() -> None:
    step = CaseStep("broken", line="Unable to register", printed=True)
    native = "2026-01-01 10:00:00.1: E a/b.cc:12] Unable to register"
    assert not ended(Kind.WORKS, "", "", native).judge(step)
    assert ended(Kind.WORKS).judge(step)
    assert ended(Kind.FAILS, "KeyError", "1", native).judge(step)


def test_each_entry_has_its_turn_among_the_daily_ones() -> None:
    made = {name for name, entry in ENTRIES.items() if entry.cases}
    assert len(case_run.choose_entries(ErrorsRequest(today=12), print)) == 12
    days = [datetime.date(2026, 1, 1) + datetime.timedelta(number) for number in range(len(made))]
    turns = [set(daily_share.rotate_names(sorted(made), 12, day)[0]) for day in days]
    assert set().union(*turns) == made


def test_an_unknown_entry_is_named() -> None:
    with pytest.raises(Problem, match=r"'np-util': .*did you mean 'np-utils'"):
        case_run.choose_entries(ErrorsRequest(names=("np-util",)), print)


class _LostEnvironment(CaseEnvironment):
    """One in which the first track ends as written, and which cannot be used any more then."""

    def ensure(self) -> None: ...

    def restore(self) -> None: ...

    def run_track(self, track: Track, folder: Path) -> list[str]:
        if track.number > 0:
            raise Problem("the disk is full")
        return []


def test_an_entry_is_made_only_if_all_of_it_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_record, "load_made", dict)
    entry = ENTRIES["np-utils"]
    tracks = [one for one in case_steps.list_tracks(entry) if one.place == "tf216"]
    assert len(tracks) > 1
    running = case_run._Running(tracks, {"tf216": _LostEnvironment("tf216", None)}, print)
    running.run_all(tmp_path, 1)
    assert running.wrong == ["tf216: the disk is full"]
    assert running.list_made([entry]) == {}


def test_a_run_that_drops_has_one_environment_a_job_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share has environments of many TensorFlows, of which a disk holds few."""
    dropped: list[str] = []
    monkeypatch.setattr(
        installation, "drop_cached_tensorflow", lambda: dropped.append("tensorflow")
    )
    monkeypatch.setattr(
        installation, "drop_environment", lambda folder: dropped.append(folder.name)
    )
    places = ("tf216", "tf221")
    track = dataclasses.replace(case_steps.list_tracks(ENTRIES["np-utils"])[0], number=0)
    tracks = [dataclasses.replace(track, place=place) for place in places]
    environments = {place: _LostEnvironment(place, None) for place in places}
    seen: list[tuple[str, ...]] = []
    running = case_run._Running(
        tracks, environments, lambda line: seen.append(tuple(dropped)), drop=True
    )
    running.run_all(tmp_path, 1)
    assert running.wrong == []
    assert seen == [(), ("errors-tf216", "tensorflow")]
    assert dropped == ["errors-tf216", "tensorflow", "errors-tf221", "tensorflow"]
