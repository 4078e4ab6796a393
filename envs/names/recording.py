"""Record the names of pairings: walk each in an environment of its own, and write or compare."""

from __future__ import annotations

import datetime
import random
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from envs import ROOT, Problem
from envs.model import console, disk, lock, pairing
from envs.model.outcomes import Kind
from envs.model.pairing import Target
from envs.names import facts, files, names_request, pythons, rules, statements
from envs.names.facts import Walked
from envs.names.files import GROUPS, Walk
from envs.names.names_request import NamesRequest
from envs.names.statements import Order, Statement
from envs.running import installation, interpreters, sandbox, side_by_side

WALK = Path(__file__).with_name("walk.py")

STEP = 120.0
"""How many seconds one import or one look at a module may take."""

WHOLE = 1800.0
"""How many seconds the walk of a package may take; a slow machine needs 200."""

_ENDED = (Kind.WORKS, Kind.LEAVES_A_PROCESS, Kind.HIDES_AN_ERROR)
# A module may leave a process behind: that is its own affair, and the walk has ended.

_SHOWN = 20
"""How many differences of a pairing a message lists."""

Say = Callable[[str], object]
Seen = dict[str, set[Statement]]
"""Group -> the statements of one pairing."""


def record_names(request: NamesRequest, say: Say) -> None:
    """Walk the pairings of a request, and record or compare each as it ends.

    Raises Problem for an unknown pairing, and at the end for each that could not be walked, or
    differs from its record. The others are recorded nevertheless.
    """
    walks = files.load_walks()
    recommended, others = names_request.list_recommended(), names_request.list_other_pythons()
    if not request.compares:
        pythons.forget_pythons(others)
    seen, missing = pythons.load_pythons(), list_unrecorded()
    if request.check is not None:
        seed = random.randrange(10**6) if request.seed is None else request.seed
        request = replace(request, seed=seed)
        say(f"the fixed pairings and {request.check} others: --check {request.check} --seed {seed}")
    recorded = [walk.name for walk in walks if walk.name in recommended]
    # Another Python is only looked at when it is asked for, but what is recorded of one is renewed.
    stale = [name for name in missing if name in recommended or name in seen]
    if request.pythons:
        recorded = list(seen)
        stale = [name for name in others if name in missing or seen[name].calls is None]
    chosen = names_request.choose_walks(request, recorded, stale)
    if not chosen:
        say("no pairing is missing or stale; --again walks recorded ones again")
        return
    _Recording(request, chosen, say).all()


def list_unrecorded(pairings: Collection[str] | None = None) -> list[str]:
    """The sessions that were not looked at with the lock and the scripts of today.

    Those of some pairings, or of all; the recommended Pythons first. Raises Problem.
    """
    walks, seen = files.load_walks(), pythons.load_pythons()
    recommended, others = names_request.list_recommended(), names_request.list_other_pythons()
    stale = [target for target in recommended.values() if files.is_stale(target, walks)]
    stale += [one for name, one in others.items() if not pythons.is_current(one, seen.get(name))]
    return [one.session for one in stale if pairings is None or one.pairing.name in pairings]


def walk_target(target: Target, keep: bool, say: Say) -> Walked:
    """Make the environment of a target, walk each package in it, and remove it again.

    Raises NoInterpreter, CouldNotInstall, and Problem for a walk that did not come to its end.
    """
    folder = ROOT / ".nox" / f"names-{target.session}"
    walked = Walked()
    with disk.alone(folder.with_name(f"{folder.name}.walk")):
        try:
            python = installation.ensure_environment(
                folder, target.python, lock.lock_path(target), say=say
            )
            for root in rules.ROOTS:
                walk_package(python, root, target.pairing.env, walked)
        finally:
            if not keep:
                installation.drop_environment(folder)
    return walked


def walk_package(python: Path, root: str, env: Mapping[str, str], walked: Walked) -> None:
    """Walk one package with an interpreter, and add what is seen. Raises Problem."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "walk")
        args = (str(out), str(STEP), root)
        run = sandbox.run_script(WALK, python, {**env, **quiet}, WHOLE, args)
        if run.outcome.kind not in _ENDED:
            raise Problem(f"the walk of {root}: {run.outcome}\n{run.output[-2000:]}")
        facts.read_walk(disk.text_of(out).splitlines(), root, walked)


def state_walk(walked: Walked) -> Seen:
    """What a walk saw, as the statements of each group."""
    return {"modules": facts.list_statements(walked), "objects": facts.list_details(walked)}


def recorded_of(target: Target, order: Order) -> Seen:
    """What is recorded of a pairing, as the statements of each group. Raises Problem."""
    place = order.number(target.pairing.name)
    return {
        group: {one for one, held in files.load_group(group, order).items() if held >> place & 1}
        for group in GROUPS
    }


def list_news(then: Seen, now: Seen) -> list[str]:
    """Each statement that one of two walks has alone, as a line."""
    lines = []
    for group in GROUPS:
        for one in sorted(then[group] ^ now[group]):
            sign = "-" if one in then[group] else "+"
            block, relation, item = one
            lines.append(f"{sign} {group} [{block}] {relation}{': ' + item if item else ''}")
    return lines


def write_pairing(target: Target, seen: Seen, python: str, date: str = "") -> None:
    """Put what was seen of a pairing into the record, for what was there. Raises Problem.

    `date` is the day on which it was seen; today if it is empty.
    """
    walks = files.load_walks()
    order = files.order_of(walks)
    now = Walk(
        name=target.pairing.name,
        track=files.track_of(target.pairing),
        tensorflow=target.pairing.tensorflow,
        python=python,
        lock=lock.read_lock(target).digest,
        script=files.walk_digest(),
        date=date or datetime.datetime.now(datetime.UTC).date().isoformat(),
    )
    known = [one for one in pairing.load_pairings() if one in {*order.names, now.name}]
    by_name = {walk.name: walk for walk in walks} | {now.name: now}
    kept = [place for place, name in enumerate(order.names) if name in known]
    new = files.order_of([by_name[name] for name in known])
    place = new.number(now.name)
    for group in GROUPS:
        stated = files.load_group(group, order)
        stated = {one: _reorder(held, kept, order, new) for one, held in stated.items()}
        stated = statements.merge_statements(stated, place, seen[group])
        files.write_group(group, stated, new)
    disk.write_file(files.PAIRINGS, files.render_walks([by_name[name] for name in known]))


def _reorder(held: int, kept: Sequence[int], old: Order, new: Order) -> int:
    """A set of pairings in another order, without those that it lacks."""
    return sum(1 << new.number(old.names[place]) for place in kept if held >> place & 1)


@dataclass
class _Recording:
    """A run: how far it is, and the messages of those that went wrong."""

    request: NamesRequest
    chosen: Sequence[str]
    say: Say
    done: int = 0
    wrong: list[str] = field(default_factory=list)
    writing: threading.Lock = field(default_factory=threading.Lock)

    def all(self) -> None:
        """Walk all. Raises Problem at the end if any went wrong."""
        targets = pairing.list_targets(pairing.load_pairings())
        chosen = [targets[name] for name in self.chosen]
        # Another Python is compared with the recommended one, so that comes first.
        for recommended in (True, False):
            jobs = [
                (target.session, partial(self.one, target))
                for target in chosen
                if target.recommended == recommended
            ]
            self.wrong += side_by_side.run_side_by_side(jobs, self.request.jobs)
        if self.wrong:
            raise Problem("\n".join(self.wrong))

    def one(self, target: Target, stopped: threading.Event) -> None:
        """Walk a target, then record it, or note how it differs."""
        if stopped.is_set():
            return
        began = time.monotonic()
        walked = walk_target(target, self.request.keep, self.say)
        if self.request.drop:
            installation.drop_cached_tensorflow()
        seen = state_walk(walked)
        python = interpreters.version_of(interpreters.find_interpreter(target.python)) or ""
        with self.writing, disk.alone(ROOT / ".nox" / "names"):
            said = self.note(target, seen, python)
        self.done += 1
        seconds = time.monotonic() - began
        count = sum(map(len, seen.values()))
        where = f"[{self.done}/{len(self.chosen)}] {target.session}"
        self.say(f"{where}: {count} statements ({seconds:.0f} s), {said}")

    def note(self, target: Target, seen: Seen, python: str) -> str:
        """Record what was seen, or note that it differs; returns in words what was done."""
        walks = files.load_walks()
        if not target.recommended:
            return self.note_other(target, seen, python)
        name = target.pairing.name
        known = name in [walk.name for walk in walks]
        current = known and not files.is_stale(target, walks)
        news = list_news(recorded_of(target, files.order_of(walks)), seen) if known else []
        if not self.request.compares and (not current or (news and self.request.bless)):
            write_pairing(target, seen, python)
            return "recorded" if not news else f"recorded, {len(news)} changes"
        if not news:
            return "as recorded"
        self.wrong.append(_describe_difference(target, news, current))
        return "which differs from its record"

    def note_other(self, target: Target, seen: Seen, python: str) -> str:
        """Record what is otherwise on another Python, or note that it differs from its record."""
        order = files.order_of(files.load_walks())
        now = pythons.compare_python(target, python, recorded_of(target, order), seen)
        then = pythons.load_pythons().get(target.session)
        told = f"lacks {len(now.lacks)} paths and has {len(now.has)} others"
        told += f", takes others in {len(now.calls or ())} calls"
        same = then is not None and then.differs == now.differs
        if same and pythons.is_current(target, then):
            return f"{told}, as recorded"
        known = then is not None and then.calls is not None and pythons.is_current(target, then)
        if self.request.compares or (known and not self.request.bless):
            then_paths = {*then.lacks, *then.has, *(then.calls or ())} if then else set()
            now_paths = {*now.lacks, *now.has, *(now.calls or ())}
            news = [f"  {path}" for path in sorted(then_paths ^ now_paths)]
            self.wrong.append(_describe_difference(target, news, pythons.is_current(target, then)))
            return f"{told}, which differs from its record"
        pythons.write_python(now)
        return f"{told}, recorded"


def _describe_difference(target: Target, news: Sequence[str], current: bool) -> str:
    """The message for a pairing that differs from its record: `-` recorded, `+` seen."""
    name = target.session
    stale = "" if current else ", which is stale: its lock or the script changed since"
    lines = [f"{name}: {len(news)} differences from envs/measured/names{stale}"]
    lines += console.shorten_list(news, _SHOWN, 200)
    return "\n".join([*lines, console.tell_repeat(f"nox -s names -- {name} --again")])
