"""The scale: how long all work takes on some runners, and what limits it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from envs.engine import durations, kinds, plan_request, planning
from envs.engine.plan_request import PlanRequest
from envs.engine.planning import Work
from envs.model import lock, platforms
from envs.model.pairing import Target

RUNNERS = (1, 20, 100)
"""Numbers of runners that the table has a column for."""


def answer_plan_request(argv: Sequence[str], warn: Callable[[str], object]) -> str:
    """The plan that a command line of `nox -s plan` asks for, or its table of the scale.

    Raises Problem. argparse ends the process if the line is wrong.
    """
    request = plan_request.parse_plan_request(argv)
    return planning.make_plan(request, warn) if request else render_scale()


def render_scale() -> str:
    """The tables of the scale, and what limits it, as Markdown. Raises Problem."""
    work = planning.list_work(PlanRequest(shards=1))
    measured = durations.load_durations()
    lines = [
        "| work | sessions | of these measured | "
        + " | ".join("1 runner" if count == 1 else f"{count} runners" for count in RUNNERS)
        + " | the longest session |",
        "|---|---|---|" + "---|" * len(RUNNERS) + "---|",
    ]
    for title, chosen in (
        *((f"{kind}", [one for one in work if one.kind == kind]) for kind in kinds.KINDS),
        ("all of it", work),
    ):
        known = sum(
            one.session in measured.get(one.kind, {}).get(one.platform, {}) for one in chosen
        )
        longest = max(chosen, key=lambda one: one.seconds)
        times = [_duration(_makespan(chosen, count)) for count in RUNNERS]
        lines.append(
            f"| {title} | {len(chosen)} | {known} | {' | '.join(times)} | "
            f"`{longest.session}`: {longest.seconds} s |"
        )
    return "\n".join([*lines, "", *_by_platform(work), "", *_limits(work)])


def _makespan(work: list[Work], count: int) -> int:
    """Seconds until the last of so many runners is done; on one, everything comes in turn."""
    if count == 1:
        return sum(one.seconds for one in work)
    count = min(count, len(work))
    return max(shard.seconds for shard in planning.plan_shards(work, count))


def _by_platform(work: list[Work]) -> list[str]:
    targets = list(kinds.list_lock_targets())
    lines = [
        "| locks of | sessions | one after the other | TensorFlow's wheels, each downloaded once |",
        "|---|---|---|---|",
    ]
    for name, platform in platforms.PLATFORMS.items():
        here = [one for one in work if (one.kind, one.platform) == ("locks", name)]
        size = sum_wheels(target for target in targets if target.platform == name)
        seconds = sum(one.seconds for one in here)
        lines.append(
            f"| {platform.label} | {len(here)} | {_duration(seconds)} | {size / 10**9:.0f} GB |"
        )
    return lines


def _limits(work: list[Work]) -> list[str]:
    engine = durations.load_engine()
    size = sum_wheels(kinds.list_lock_targets())
    longest = max(work, key=lambda one: one.seconds)
    macos = [one for one in work if one.platform.startswith("macos-")]
    at_once, of_macos = engine["limits"]["at_once"], engine["limits"]["macos_at_once"]
    shares = ", ".join(
        f"{size / count / 10**9:.0f} GB each with {count} runners" for count in RUNNERS if count > 1
    )
    return [
        "What limits it:",
        "",
        f"- **PyPI's bytes**: TensorFlow's own wheels alone are {size / 10**9:.0f} GB, because "
        f"each session starts without a cache: {shares}. What TensorFlow needs comes on top, with "
        "`cuda` some 3 GB a session.",
        f"- **Machines**: a free account has {at_once} jobs at once, and {of_macos} of them on "
        f"macOS, on which all of macOS takes {_duration(_makespan(macos, of_macos))}. A matrix "
        f"has at most {engine['limits']['jobs']} jobs of {engine['limits']['hours']} hours each.",
        f"- **The longest session**: nothing is faster than {longest.seconds} s, "
        f"`{longest.session}` of the kind {longest.kind}.",
    ]


def sum_wheels(targets: Iterable[Target]) -> int:
    """Bytes of the wheels with TensorFlow's code of some targets, as `index.json` lists them."""
    total = 0
    for target in targets:
        payload = lock.payload_of(target)
        if payload is not None:
            of_release = lock.known_wheels()[payload.package][payload.release]
            total += of_release[target.platform][target.python]
    return total


def _duration(seconds: int) -> str:
    """Seconds in words: `3 h 05 min`, `12 min`."""
    minutes = max(1, round(seconds / 60))
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
