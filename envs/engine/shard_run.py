"""Run one shard: each of its sessions through nox, a red one does not stop the others."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

from envs import ROOT, Problem
from envs.engine import kinds, planning, record_evidence
from envs.engine.plan_request import ShardRequest
from envs.engine.planning import Shard
from envs.model import disk, host, platforms

Say = Callable[[str], None]


def find_shard(request: ShardRequest) -> Shard:
    """The shard that a request names. Raises Problem if its plan has no such one."""
    if request.file:
        shards = planning.read_plan(request.file)
    else:
        shards = planning.plan_shards(planning.list_work(request.plan), request.plan.shards)
    named = f"{request.place}/{request.plan.shards}"
    for shard in shards:
        if shard.shard == named:
            return shard
    where = request.file or "the plan"
    raise Problem(f"{where} has no shard {named}: its shards are 1/{len(shards)} and so on")


def run_shard(request: ShardRequest, say: Say) -> None:
    """Run a shard on this machine, and write what was seen into its folder.

    Raises Problem at the end if a session was red, and at once for a shard of another platform.
    """
    shard = find_shard(request)
    here = host.find_host()
    if shard.platform != here:
        raise Problem(
            f"shard {shard.shard} is for {platforms.PLATFORMS[shard.platform].label}, such as "
            f"GitHub's {shard.runner}, and this is {platforms.PLATFORMS[here].label}: nox -s plan "
            f"-- --platform {here} plans what this machine can run"
        )
    request.results.mkdir(parents=True, exist_ok=True)
    ended: list[tuple[str, bool, float]] = []
    for session in shard.sessions:
        say(f"shard {shard.shard}: {session}, {len(ended) + 1} of {len(shard.sessions)}")
        began = time.monotonic()
        command = [
            sys.executable,
            "-m",
            "nox",
            *kinds.KINDS[shard.kind].options(session, request.results),
        ]
        cpu = _cpu()
        green = subprocess.run(command, cwd=ROOT, env=_environ()).returncode == 0
        took = time.monotonic() - began
        ended.append((session, green, took))
        if green and shard.kind in record_evidence.RECORD_KINDS:
            seconds = _cpu() - cpu
            record_evidence.write_record_result(request.results, shard.kind, session, seconds)
        disk.write_file(request.results / f"{_stem(shard)}.md", _render(shard, ended))
    red = [session for session, green, _ in ended if not green]
    if red:
        raise Problem(f"shard {shard.shard}: red: {', '.join(red)}; what was seen is written")


def _environ() -> dict[str, str]:
    """The variables for a nox inside the toolchain: it need not make another one."""
    return {**os.environ, "NOX_SCRIPT_MODE": "none"}


def _cpu() -> float:
    """The CPU seconds of all that this process started and that has ended."""
    times = os.times()
    return times.children_user + times.children_system


def _stem(shard: Shard) -> str:
    return "shard-" + shard.shard.replace("/", "-of-")


def _render(shard: Shard, ended: list[tuple[str, bool, float]]) -> str:
    """What a shard saw, as a page: the engine shows it, and `nox -s merge` does not read it."""
    where = platforms.PLATFORMS[shard.platform].label
    lines = [f"## Shard {shard.shard}: {shard.kind} on {where}", ""]
    lines += ["| session | ended | seconds |", "|---|---|---|"]
    for session, green, seconds in ended:
        lines.append(f"| `{session}` | {'as recorded' if green else '**red**'} | {seconds:.0f} |")
    for session in shard.sessions[len(ended) :]:
        lines.append(f"| `{session}` | not run yet | |")
    return "\n".join(lines) + "\n"
