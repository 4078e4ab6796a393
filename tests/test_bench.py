"""The figures of the benchmark: recorded, compared and drawn, with made-up times."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from test_nox import nox

from envs import Problem
from envs.bench import bench_figures, bench_run, stopwatch
from envs.bench.bench_figures import Measured
from envs.model import pairing
from envs.publish import bench_tables

TARGETS = """\
[parts.tf212]
ours = "what we do"
theirs = "what they <do>"

[[ratios]]
part = "tf212"
of = "ours"
to = "theirs"
at_most = 0.5
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("FIGURES", "TARGETS"):
        monkeypatch.setattr(bench_figures, name, tmp_path / name)
    monkeypatch.setattr(bench_figures, "ROOT", tmp_path)
    bench_figures.TARGETS.write_text(TARGETS)
    return tmp_path


def measured(ours: list[float], theirs: list[float]) -> Measured:
    seconds = {"ours": ours, "theirs": theirs}
    return Measured("2026-11-24", "2 cores", "nox 1", seconds, {"tf212": [2 * 10**9, 10**7]})


def test_what_was_measured_is_kept_and_shown(files: Path) -> None:
    bench_figures.record_figures("tf212", measured([9, 4, 5], [10, 12, 11]))
    text = bench_tables.render_bench_tables()
    assert text.startswith("![Bars: seconds of each way")
    assert "| ours / theirs | 0.45 | 0.5 | met |" in text
    assert "| ours | 5.00 s | 4.00 - 9.00 | 3 | what we do |" in text
    assert "2.0 GB (`tf212`)" in text
    assert "Measured on 2026-11-24 on 2 cores, with nox 1." in text


def test_the_plot_has_a_bar_and_every_repetition(files: Path) -> None:
    bench_figures.record_figures("tf212", measured([9, 4, 5], [10, 12, 11]))
    drawn = ElementTree.fromstring(bench_tables.render_bench_plot())
    space = "{http://www.w3.org/2000/svg}"
    widths = [float(bar.attrib["width"]) for bar in drawn.iter(f"{space}rect")]
    assert widths[0] / widths[1] == pytest.approx(5 / 11, rel=0.01)
    assert len(list(drawn.iter(f"{space}circle"))) == 6
    assert "11.0 s" in {label.text for label in drawn.iter(f"{space}text")}


def test_a_ratio_that_is_missed_needs_a_reason_and_no_other_has_one(files: Path) -> None:
    assert bench_figures.list_bench_objections() == ["tf212: is not measured: run nox -s bench"]
    bench_figures.record_figures("tf212", measured([6], [10]))
    assert bench_figures.list_bench_objections() == [
        "TARGETS: ours / theirs is 0.60: say why, in 'reason'"
    ]
    bench_figures.TARGETS.write_text(TARGETS + 'reason = "the disk"\n')
    assert bench_figures.list_bench_objections() == []
    assert "| 0.60 | 0.5 | missed: the disk |" in bench_tables.render_bench_tables()
    bench_figures.record_figures("tf212", measured([4], [10]))
    assert bench_figures.list_bench_objections() == [
        "TARGETS: ours / theirs is met: it needs no 'reason'"
    ]


def test_what_is_not_measured_is_shown_as_such(files: Path) -> None:
    other = TARGETS.replace("tf212", "matrix")
    bench_figures.TARGETS.write_text(TARGETS + other)
    bench_figures.record_figures("tf212", measured([4], [10]))
    assert bench_figures.list_bench_objections() == ["matrix: is not measured: run nox -s bench"]
    bench_figures.TARGETS.write_text(
        TARGETS + other + '[unmeasured]\nmatrix = "no time"\ntf212 = "x"\n'
    )
    assert bench_figures.list_bench_objections() == [
        "TARGETS: unmeasured: tf212: is measured, or is no part: remove it"
    ]
    bench_figures.TARGETS.write_text(TARGETS + other + '[unmeasured]\nmatrix = "no time"\n')
    assert bench_figures.list_bench_objections() == []
    assert "| ours / theirs | 0.40 | 0.5 | met |" in bench_tables.render_bench_tables()
    assert (
        "| ours / theirs | - | 0.5 | not measured: no time |" in bench_tables.render_bench_tables()
    )


def test_figures_that_are_not_those_described_are_not_kept(files: Path) -> None:
    with pytest.raises(Problem, match="tf212: must describe the figures that are measured: ours"):
        bench_figures.record_figures("tf212", Measured("2026-11-24", "", "", {"ours": [1.0]}, {}))
    assert not bench_figures.FIGURES.exists()


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"parts": {"tf212": {"date": 1}}})])
def test_figures_that_cannot_be_read_are_named(files: Path, text: str) -> None:
    bench_figures.FIGURES.write_text(text)
    with pytest.raises(Problem, match=r"FIGURES: cannot be read .*nox -s bench"):
        bench_figures.load_figures()


def test_a_ratio_of_an_unknown_figure_is_named(files: Path) -> None:
    bench_figures.TARGETS.write_text(TARGETS.replace('to = "theirs"', 'to = "their"'))
    with pytest.raises(Problem, match="TARGETS: part 'tf212' has no figure 'their'"):
        bench_figures.load_bench_targets()


def test_the_long_listing_has_as_many_pairings_as_it_says(checkout: Path) -> None:
    bench_run._multiply(checkout)
    assert len(pairing.load_pairings(checkout / "envs/pairings")) == 300


def test_every_part_is_described_and_no_target_is_missed_without_a_reason() -> None:
    assert list(bench_run.PARTS) == list(bench_figures.load_bench_targets().parts)
    assert bench_figures.list_bench_objections() == []


def test_what_goes_wrong_is_not_timed() -> None:
    with pytest.raises(
        Problem, match=r"python.* -c .*: failed with exit code 1: no time is recorded"
    ):
        stopwatch.run_command(sys.executable, "-c", "raise SystemExit(1)")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["tf213"], "unknown part 'tf213'; the known ones are: tf212, matrix, listing, lock"),
        (["--repeat", "0"], "--repeat 0: write a number from 1 on"),
        (["--repeat", "x"], "invalid int value: 'x'"),
    ],
)
def test_bad_input_is_refused_in_one_message(args: list[str], message: str) -> None:
    code, printed = nox("-s", "bench", "--", *args)
    assert code != 0
    assert message in printed
    assert "Traceback" not in printed
