"""Plans: all work as shards of about equal cost, each for one platform and of one kind."""

from __future__ import annotations

import datetime
import heapq
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from envs import Problem
from envs.engine import durations, kinds
from envs.engine.plan_request import PlanRequest
from envs.model import platforms
from envs.running import daily_share

_WARNED = datetime.timedelta(days=90)


@dataclass(frozen=True)
class Work:
    """One session of a kind of work, and the seconds that it is to take."""

    kind: str
    platform: str
    session: str
    seconds: int


@dataclass(frozen=True)
class Shard:
    """What one job runs: `shard` is its place, such as `3/40`, and `runner` a label of GitHub."""

    shard: str
    kind: str
    platform: str
    runner: str
    sessions: tuple[str, ...]
    seconds: int


def list_work(request: PlanRequest) -> list[Work]:
    """All work that a request asks for. Raises Problem if there is none."""
    measured = durations.load_durations()
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind in request.kinds:
        for platform, session in kinds.KINDS[kind].list_work():
            if platform in request.platforms and request.asks_for(session):
                grouped[kind, platform].append(session)
    if request.share:
        for group, sessions in grouped.items():
            grouped[group] = daily_share.rotate_names(sessions, request.share, request.day)[0]
    if not grouped:
        raise Problem("there is nothing to run for these options: leave some out")
    return [
        Work(kind, platform, session, durations.estimate_seconds(measured, kind, platform, session))
        for (kind, platform), sessions in grouped.items()
        for session in sessions
    ]


def plan_shards(work: Iterable[Work], count: int) -> list[Shard]:
    """Work as shards: the costliest group gets the most of them, and of a group the longest session
    goes first, always into the shard that has least.

    Raises Problem if there are too few shards for the groups, or too many for the engine.
    """
    groups: dict[tuple[str, str], list[Work]] = defaultdict(list)
    for one in work:
        groups[one.platform, one.kind].append(one)
    everything = sum(map(len, groups.values()))
    engine = durations.load_engine()
    if not len(groups) <= count <= min(everything, engine["limits"]["jobs"]):
        raise Problem(
            f"{count} shards: write {len(groups)} or more, because a shard is of one kind and for "
            f"one platform, and at most {min(everything, engine['limits']['jobs'])}, because there "
            f"are {everything} sessions, and a matrix has at most {engine['limits']['jobs']} jobs"
        )
    shares = dict.fromkeys(groups, 1)
    cost = {group: sum(one.seconds for one in members) for group, members in groups.items()}
    for _ in range(count - len(groups)):
        open_ = [group for group in groups if shares[group] < len(groups[group])]
        shares[max(open_, key=lambda group: cost[group] / shares[group])] += 1
    shards: list[Shard] = []
    for group, members in groups.items():
        for part in _split(members, shares[group]):
            shards.append(
                Shard(
                    shard=f"{len(shards) + 1}/{count}",
                    kind=group[1],
                    platform=group[0],
                    runner=engine["runners"][group[0]]["label"],
                    sessions=tuple(one.session for one in part),
                    seconds=sum(one.seconds for one in part),
                )
            )
    _check_hours(shards, engine["limits"])
    return shards


def _split(members: list[Work], count: int) -> list[list[Work]]:
    """The members of a group in so many parts; each part in the order of the members."""
    parts: list[list[Work]] = [[] for _ in range(count)]
    heap = [(0, number) for number in range(count)]
    for one in sorted(members, key=lambda one: -one.seconds):
        least, number = heapq.heappop(heap)
        parts[number].append(one)
        heapq.heappush(heap, (least + one.seconds, number))
    place = {one.session: number for number, one in enumerate(members)}
    return [sorted(part, key=lambda one: place[one.session]) for part in parts]


def _check_hours(shards: Iterable[Shard], limits: Mapping[str, float]) -> None:
    longest = max(shards, key=lambda shard: shard.seconds)
    if longest.seconds > limits["hours"] * 3600 * limits["part"]:
        raise Problem(
            f"shard {longest.shard} would take {longest.seconds / 3600:.1f} hours, and a job may "
            f"take {limits['hours']}, of which {limits['part']:.0%} are planned: take more shards"
        )


def list_warnings(shards: Iterable[Shard], today: datetime.date) -> list[str]:
    """A line for each runner whose label is soon withdrawn, or was."""
    runners = durations.load_engine()["runners"]
    return [
        f"{platforms.PLATFORMS[platform].label}: the label {runners[platform]['label']} is "
        f"announced until {runners[platform]['until']}: see envs/engine/engine.toml"
        for platform in dict.fromkeys(shard.platform for shard in shards)
        if "until" in runners[platform] and runners[platform]["until"] - today < _WARNED
    ]


def make_plan(request: PlanRequest, warn: Callable[[str], object]) -> str:
    """The matrix of a request; `warn` gets a line for each runner that is soon withdrawn.

    Raises Problem if the work cannot be planned so.
    """
    shards = plan_shards(list_work(request), request.shards)
    for line in list_warnings(shards, datetime.datetime.now(datetime.UTC).date()):
        warn(line)
    return render_matrix(shards)


def render_matrix(shards: Iterable[Shard]) -> str:
    """A plan as a matrix of GitHub Actions: JSON in one line."""
    return json.dumps({"include": [asdict(shard) for shard in shards]})


def read_plan(file: Path) -> list[Shard]:
    """The shards of a plan that `nox -s plan` printed. Raises Problem for anything else."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        shards = [Shard(**one | {"sessions": tuple(one["sessions"])}) for one in data["include"]]
        for shard in shards:
            known = shard.kind in kinds.KINDS and shard.platform in platforms.PLATFORMS
            if not known or not all(isinstance(name, str) for name in shard.sessions):
                raise ValueError(f"shard {shard.shard} is of no known kind or platform")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Problem(
            f"{file}: is no plan ({error}): write one with nox -s plan -- --shards 40"
        ) from None
    return shards
