"""Plans: every lock once, in shards of about equal cost, and only what an engine takes."""

from __future__ import annotations

import datetime
import json
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from envs import Problem
from envs.adding import news
from envs.engine import durations, kinds, plan_request, planning, scale, shard_run
from envs.engine.plan_request import PlanRequest, ShardRequest
from envs.engine.planning import Work
from envs.model import host, index, lock, pairing, platforms

INDEX = index.load_index()
WORK = planning.list_work(PlanRequest(40))


def test_a_plan_has_every_lock_that_a_machine_can_run_exactly_once() -> None:
    shards = planning.plan_shards(WORK, 40)
    planned = Counter(
        (shard.platform, session)
        for shard in shards
        if shard.kind == "locks"
        for session in shard.sessions
    )
    assert set(planned.values()) == {1}
    pairings = pairing.load_pairings()
    listed = {
        (platform, name): target
        for platform in platforms.PLATFORMS
        for name, target in lock.list_executable(pairings, platform).items()
    }
    with_lock = [entry for entry in INDEX if entry["status"] != "impossible"]
    assert len(listed) == len(with_lock)
    left = {listed[key] for key in listed.keys() - planned.keys()}
    assert all(target.variant == "cuda" and not target.recommended for target in left)
    assert {"macos-arm64", "macos-x86_64", "windows-x86_64"} <= {key[0] for key in planned}


def test_a_plan_has_every_row_of_the_atlas() -> None:
    shards = planning.plan_shards(WORK, 40)
    rows = [name for shard in shards if shard.kind == "atlas" for name in shard.sessions]
    assert sorted(rows) == sorted(name for _, name in kinds.KINDS["atlas"].list_work())


@pytest.mark.parametrize("count", [8, 9, 40, 256])
def test_the_shards_of_a_platform_cost_about_the_same(count: int) -> None:
    shards = planning.plan_shards(WORK, count)
    assert [shard.shard for shard in shards] == [f"{n}/{count}" for n in range(1, count + 1)]
    cost = {(one.kind, one.platform, one.session): one.seconds for one in WORK}
    groups = defaultdict(list)
    for shard in shards:
        groups[shard.kind, shard.platform].append(shard)
        took = sum(cost[shard.kind, shard.platform, session] for session in shard.sessions)
        assert took == shard.seconds
    for group, members in groups.items():
        longest = max(one.seconds for one in WORK if (one.kind, one.platform) == group)
        seconds = [shard.seconds for shard in members]
        assert max(seconds) - min(seconds) <= longest, group


def test_the_shards_of_all_platforms_end_at_about_the_same_time() -> None:
    shards = planning.plan_shards(WORK, 40)
    mean = sum(one.seconds for one in WORK) / 40
    longest = max(one.seconds for one in WORK)
    assert max(shard.seconds for shard in shards) <= mean + longest


def test_the_longest_session_goes_first() -> None:
    work = [Work("locks", platforms.LINUX, f"tf{n}", n) for n in (1, 2, 3, 7, 8, 9)]
    shards = planning.plan_shards(work, 3)
    assert [shard.seconds for shard in shards] == [10, 10, 10]


@pytest.mark.parametrize("count", [7, 257, 1000])
def test_a_plan_with_too_few_or_too_many_shards_is_refused(count: int) -> None:
    with pytest.raises(Problem, match=f"{count} shards: write 8 or more, .* at most 256"):
        planning.plan_shards(WORK, count)


def test_a_shard_that_would_take_too_many_hours_is_refused() -> None:
    slow = [replace(one, seconds=2000) for one in WORK]
    with pytest.raises(Problem, match=r"would take 1\d+\.\d hours, and a job may take 6"):
        planning.plan_shards(slow, 8)
    assert planning.plan_shards(slow, 256)


def test_a_share_is_another_one_each_day_until_every_session_had_its_turn() -> None:
    seen: set[str] = set()
    for day in range(1, 20):
        request = PlanRequest(
            1, ("macos-arm64",), ("locks",), share=5, day=datetime.date(2026, 12, day)
        )
        sessions = {one.session for one in planning.list_work(request)}
        assert len(sessions) == 5
        seen |= sessions
    assert seen == {one.session for one in WORK if one.platform == "macos-arm64"}


def test_what_is_asked_for_is_what_is_planned() -> None:
    asked = ["--shards", "2", "--platform", "windows", "--kind", "locks", "--pairing", "tf212"]
    request = plan_request.parse_plan_request(asked)
    assert request
    work = planning.list_work(request)
    assert {one.session for one in work} >= {"tf212", "tf212-py39", "tf212-cpu"}
    assert all(one.session.startswith("tf212") for one in work)
    assert {one.platform for one in work} == {"windows-x86_64"}
    with pytest.raises(Problem, match="unknown pairing 'tf2122'"):
        plan_request.parse_plan_request(["--shards", "2", "--pairing", "tf2122"])
    with pytest.raises(Problem, match="unknown platform 'solaris'"):
        plan_request.parse_plan_request(["--shards", "2", "--platform", "solaris"])


def test_a_plan_is_a_matrix_in_one_line_that_can_be_read_again(tmp_path: Path) -> None:
    shards = planning.plan_shards(WORK, 40)
    text = planning.render_matrix(shards)
    assert "\n" not in text
    assert len(text) < 2**20, "GitHub takes 1 MB"
    assert list(json.loads(text)) == ["include"], "another key would be an axis of the matrix"
    (tmp_path / "plan.json").write_text(text)
    assert planning.read_plan(tmp_path / "plan.json") == shards


@pytest.mark.parametrize(
    "text", ["", "[]", '{"include": [{}]}', '{"include": 1}', '{"shards": []}']
)
def test_a_file_that_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(Problem, match=r"is no plan .*write one with nox -s plan"):
        planning.read_plan(tmp_path / "plan.json")


def test_every_platform_has_a_runner_and_the_end_of_its_label_is_told() -> None:
    shards = planning.plan_shards(WORK, 8)
    assert set(durations.load_engine()["runners"]) == set(platforms.PLATFORMS)
    assert planning.list_warnings(shards, datetime.date(2026, 11, 25)) == []
    warnings = planning.list_warnings(shards, datetime.date(2027, 7, 1))
    assert warnings == [
        "macOS x86_64: the label macos-15-intel is announced until 2027-08-31: "
        "see envs/engine/engine.toml"
    ]


def test_what_was_not_measured_takes_the_median_of_its_platform() -> None:
    measured = {"locks": {"linux-x86_64": {"tf212": 10, "tf213": 30, "tf214": 50}}}
    extra: int = durations.load_engine()["installation"]["locks"]

    def estimated(platform: str, session: str) -> int:
        return durations.estimate_seconds(measured, "locks", platform, session) - extra

    assert estimated("linux-x86_64", "tf214") == 50
    assert estimated("linux-x86_64", "tf216") == 30
    assert estimated("macos-arm64", "tf214") == 30
    unmeasured = durations.load_engine()["unmeasured"]["atlas"]
    assert durations.estimate_seconds(measured, "atlas", "linux-x86_64", "tf212") == unmeasured


def test_a_duration_that_hardly_changed_leaves_the_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durations, "FILE", tmp_path / "seconds.json")
    durations.record_durations({"locks": {"linux-x86_64": {"tf212": 20, "tf213": 20}}})
    durations.record_durations({"locks": {"linux-x86_64": {"tf212": 25, "tf213": 40}}})
    expected = {"locks": {"linux-x86_64": {"tf212": 20, "tf213": 40}}}
    assert durations.load_durations() == expected
    (tmp_path / "seconds.json").write_text('{"kinds": {"locks": {"linux-x86_64": {"tf212": "a"}}}}')
    with pytest.raises(Problem, match=r"seconds\.json: cannot be read"):
        durations.load_durations()


def test_a_shard_of_another_platform_is_refused_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = PlanRequest(1, ("windows-x86_64",), ("locks",), ("tf212",))
    monkeypatch.setattr(host, "find_host", lambda: platforms.LINUX)
    with pytest.raises(Problem, match=r"shard 1/1 is for Windows x86_64, .* this is Linux x86_64"):
        shard_run.run_shard(ShardRequest(1, plan, tmp_path), print)


@pytest.mark.parametrize("word", ["0/4", "5/4", "4", "a/b", "1/0", "-1/4"])
def test_what_names_no_shard_is_a_wrong_command(word: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        plan_request.parse_shard_request([word], tmp_path)
    assert ended.value.code == 2


def test_a_shard_that_its_plan_lacks_is_refused(tmp_path: Path) -> None:
    plan = PlanRequest(2, (platforms.LINUX,), ("locks",), ("tf212",))
    file = tmp_path / "plan.json"
    file.write_text(planning.render_matrix(planning.plan_shards(planning.list_work(plan), 2)))
    assert shard_run.find_shard(ShardRequest(2, plan, tmp_path, file)).shard == "2/2"
    with pytest.raises(Problem, match="has no shard 2/3"):
        shard_run.find_shard(ShardRequest(2, replace(plan, shards=3), tmp_path, file))


def test_the_scale_is_the_plan_s_own_sum() -> None:
    text = scale.render_scale()
    assert f"| all of it | {len(WORK)} |" in text
    total = sum(one.seconds for one in WORK)
    assert f"| {scale._duration(total)} | " in text
    of_20 = max(shard.seconds for shard in planning.plan_shards(WORK, 20))
    assert f"| {scale._duration(of_20)} | " in text
    tf212 = [t for t in kinds.list_lock_targets() if t.session == "tf212"][:1]
    assert (
        scale.sum_wheels(tf212)
        == lock.known_wheels()["tensorflow"]["2.12.0"]["linux-x86_64"]["3.11"]
    )


def test_news_is_the_newest_of_each_minor_that_nothing_declares() -> None:
    declared = [Version(one) for one in ("2.12.0", "2.21.0", "2.22.0rc0")]

    def new(*offered: str) -> list[str]:
        return list(map(str, news.find_new_releases(declared, map(Version, offered))))

    assert new("2.12.0", "2.21.0", "1.15.5", "2.22.0rc0") == []
    assert new("2.12.1", "2.21.1", "2.21.2") == ["2.12.1", "2.21.2"]
    assert new("2.22.0rc0", "2.22.0rc1") == ["2.22.0rc1"]
    assert new("2.22.0rc1", "2.22.0", "2.23.0") == ["2.22.0", "2.23.0"]
    assert new("2.5.0rc0") == []
