# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "nox==2026.10.20",
#   "argcomplete==3.7.2",
#   "attrs==26.1.0",
#   "colorama==0.4.6; sys_platform == 'win32'",
#   "colorlog==6.12.0",
#   "dependency-groups==1.3.2",
#   "distlib==0.4.4",
#   "execnet==2.1.2",
#   "filelock==4.2.11",
#   "h5py==3.16.0; python_version < '3.15'",
#   "humanize==4.17.0",
#   "hypothesis==6.170.17",
#   "iniconfig==2.3.1",
#   "jinja2==3.1.6",
#   "jsonschema==4.26.0",
#   "jsonschema-specifications==2025.9.1",
#   "markdown-it-py==4.3.0",
#   "markupsafe==3.0.4",
#   "mdurl==0.1.2",
#   "numpy==2.4.6; python_version < '3.15'",
#   "packaging==26.3",
#   "platformdirs==4.14.7",
#   "pluggy==1.7.0",
#   "psutil==7.2.2",
#   "pygments==2.21.0",
#   "pytest==9.2.0",
#   "pytest-xdist==3.8.0",
#   "python-discovery==1.9.5",
#   "pyyaml==6.0.4",
#   "referencing==0.37.0",
#   "rich==15.0.0",
#   "rpds-py==2026.9.1",
#   "sortedcontainers==2.4.0",
#   "tomlkit==0.15.2",
#   "tree-sitter==0.26.1",
#   "tree-sitter-python==0.25.0",
#   "typing-extensions==4.16.0; python_version < '3.13'",
#   "uv==0.13.9",
#   "virtualenv==21.15.8",
# ]
# ///
"""The sessions of keras-pairings; `nox -l` lists them, `envs/` holds what they do.

The pins above are the whole toolchain: whichever nox is installed runs itself again in an
environment made of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import nox

ROOT = Path(__file__).parent
if [int(number) for number in version("nox").split(".")] < [2025, 2, 9]:
    # A nox of that age does not read the pins above: it hands over to one that does.
    newer = ROOT / ".nox" / "_newer_nox"
    python = newer / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    subprocess.run([sys.executable, "-m", "venv", newer], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", "nox[uv]"], check=True)
    sys.exit(subprocess.run([python, "-m", "nox", *sys.argv[1:]]).returncode)

sys.path.insert(0, str(ROOT))

from envs import Problem  # noqa: E402
from envs.model import command_line, console, lock, pairing, platforms  # noqa: E402

T = TypeVar("T")

nox.options.default_venv_backend = "uv|venv"
nox.options.sessions = ["lint", "tests", "tf212"]

console.allow_every_character()

# What a session needs is imported in it: a listing needs little of it.


def checked(session: nox.Session, step: Callable[[], T]) -> T:
    """What a step gives; its Problem ends the session with that one message."""
    try:
        return step()
    except Problem as problem:
        session.error(str(problem))


def renew_pages(session: nox.Session) -> None:
    """Write the index, and the tables and pictures of every page."""
    checked(session, import_module("envs.publish.pages").write_pages)


def pytest(session: nox.Session, *args: str) -> None:
    """Run pytest in the toolchain's own environment, without plugins of the machine."""
    session.env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    session.run(sys.executable, "-m", "pytest", *args, *session.posargs, external=True)


@nox.session(reuse_venv=True)
def lint(session: nox.Session) -> None:
    """Check style, types and the order of the packages with ruff, mypy and import-linter."""
    session.install("ruff==0.17.6", "mypy==2.4.1", "import-linter==2.17")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy", f"--python-executable={sys.executable}", "noxfile.py", "envs", "tests")
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": "."})


@nox.session(python=False)
def tests(session: nox.Session) -> None:
    """Run the quick tests: pairing files, locks, records and tables agree; no TensorFlow."""
    pytest(session, "tests", "-p", "xdist", "-n", "auto")


@nox.session(python=False, default=False)
def proofs(session: nox.Session) -> None:
    """Prove what the pages claim of locks with real installs, caps, tampering: -- [--today 14]."""
    pytest(session, "tests", "-m", "proof")


@nox.session(python=False, default=False)
def interference(session: nox.Session) -> None:
    """Break real environments, have verify.py name it and mend it as it says: -- [-k tf212]."""
    pytest(session, "tests/test_interference.py", "-m", "interference")


@nox.session(python=False, default=False)
def faults(session: nox.Session) -> None:
    """Make every fault for real and see it noticed: -- [-k install] [--today 60] [--bless]."""
    pytest(session, "tests", "-m", "faults")


@nox.session(name="lock", python=False, default=False)
def lock_(session: nox.Session) -> None:
    """Renew all locks, or some: -- [tf212] [--platform windows] [--python 3.9] [--upgrade]."""
    from envs.locking import lock_request, renewal

    request = checked(session, lambda: lock_request.parse_lock_request(session.posargs))
    checked(session, lambda: renewal.renew_locks(request, session.log))
    if not request.names:
        renew_pages(session)


@nox.session(python=False, default=False)
def add(session: nox.Session) -> None:
    """Add a TensorFlow: pairing file, locks, records, atlas row, pages: -- 2.22.0 [--help]."""
    from envs.adding import add_request, addition

    request = checked(session, lambda: add_request.parse_add_request(session.posargs))
    checked(session, lambda: addition.add_tensorflow(request, session.log))


@nox.session(python=False, default=False)
def news(session: nox.Session) -> None:
    """Print the commands that add what is new of TensorFlow and Keras: -- [--run]."""
    from envs.adding import news as news_

    checked(session, lambda: news_.tell_news(session.posargs, os.environ, session.log))


@nox.session(name="check-locks", python=False, default=False)
def check_locks(session: nox.Session) -> None:
    """Have uv resolve every lock for its platform, installing nothing: -- [tf212]."""
    from envs.locking import lock_check

    checked(session, lambda: lock_check.check_locks(session.posargs, session.log))


@nox.session(python=False, default=False)
def copy(session: nox.Session) -> None:
    """Put a lock into a project: -- tf212 PATH [--add pandas] [--with dockerfile] [--help]."""
    from envs.publish import copy_request, copying

    request = copy_request.parse_copy_request(session.posargs, Path(session.invoked_from))
    checked(session, lambda: copying.copy_lock(request, session.log))


@nox.session(python=False, default=False)
def which(session: nox.Session) -> None:
    """Say which pairings have all that some code uses: -- PATH [--to tf221] [--name X] [--json]."""
    from envs.which import which_run

    sys.exit(which_run.run_which(session.posargs, Path(session.invoked_from)))


@nox.session(name="which-proofs", python=False, default=False)
def which_proofs(session: nox.Session) -> None:
    """Execute what `which` says in eight pairings, and compare: -- [-k tf212] [--today 1]."""
    pytest(session, "tests/test_which_proofs.py", "-m", "which", "-s")


@nox.session(default=False, reuse_venv=True)
def templates(session: nox.Session) -> None:
    """Check the files for GitHub, and every template for every lock, with their own tools."""
    session.install("-r", "envs/publish/templates/checks.txt")
    session.env["PATH"] = os.pathsep.join([session.bin, os.environ["PATH"]])
    files = (f"tests/test_{name}.py" for name in ("templates", "github", "which_report"))
    pytest(session, *files, "-m", "templates")


@nox.session(name="daily-share", python=False, default=False)
def daily_share_(session: nox.Session) -> None:
    """Run ten of the further Pythons and variants, others each day: -- [10]; name the rest."""
    from envs.running import daily_share

    chosen = checked(session, lambda: daily_share.tell_share(session.posargs, session.log))
    nox_ = (sys.executable, "-m", "nox", "-j", "2", "-s", *chosen)
    session.run(*nox_, "--", "--jobs", "1", "--drop", external=True)


@nox.session(python=False, default=False)
def plan(session: nox.Session) -> None:
    """Print all work as shards, a matrix for an engine: -- --shards 40 [--scale] [--help]."""
    from envs.engine import scale

    print(checked(session, lambda: scale.answer_plan_request(session.posargs, session.warn)))


@nox.session(python=False, default=False)
def shard(session: nox.Session) -> None:
    """Run one shard of a plan on this machine: -- 3/40 [--results FOLDER] [--plan FILE]."""
    from envs.engine import plan_request, shard_run

    origin = Path(session.invoked_from)
    request = checked(session, lambda: plan_request.parse_shard_request(session.posargs, origin))
    checked(session, lambda: shard_run.run_shard(request, session.log))


@nox.session(python=False, default=False)
def merge(session: nox.Session) -> None:
    """Merge results of sessions into the records: -- FOLDER... [--plan FILE] [--any-commit]."""
    from envs.engine import merge_request, merging

    request = merge_request.parse_merge_request(session.posargs, Path(session.invoked_from))
    changed = checked(session, lambda: merging.merge_results(request, session.log))
    renew_pages(session)
    checked(session, lambda: merging.check_whole(changed))


@nox.session(python=False, default=False)
def atlas(session: nox.Session) -> None:
    """Run every TensorFlow against every Keras: -- [tf212] [--keras 3.5] [--show] [--check 10]."""
    from envs.atlas import atlas_request, atlas_run

    request = atlas_request.parse_atlas_request(session.posargs)
    checked(session, lambda: atlas_run.run_atlas(request, session.log))
    if request.records:
        renew_pages(session)


@nox.session(python=False, default=False)
def names(session: nox.Session) -> None:
    """Record every importable name of each pairing: -- [tf212] [--again] [--check 2] [--help]."""
    from envs.names import names_request, recording

    request = names_request.parse_names_request(session.posargs)
    checked(session, lambda: recording.record_names(request, session.log))
    if not request.compares:
        renew_pages(session)


@nox.session(python=False, default=False)
def models(session: nox.Session) -> None:
    """Record which pairing loads whose models; or say it of a file: -- --load PATH [--to tf221]."""
    from envs.models import models_request, models_run

    request = models_request.parse_models_request(session.posargs, Path(session.invoked_from))
    checked(session, lambda: models_run.run_models(request, session.log))
    if not request.compares:
        renew_pages(session)


@nox.session(name="models-proofs", python=False, default=False)
def models_proofs(session: nox.Session) -> None:
    """Load models by the scripts that `models -- --load` prints, and compare: -- [-k tf221]."""
    pytest(session, "tests", "-m", "models", "-s")


@nox.session(python=False, default=False)
def companions(session: nox.Session) -> None:
    """Install what people have beside TensorFlow, and mend it: -- [tf212] [--package pandas]."""
    from envs.companions import companions_run

    request = companions_run.parse_companions_request(session.posargs)
    checked(session, lambda: companions_run.run_companions(request, session.log))
    if request.check is None:
        renew_pages(session)


@nox.session(python=False, default=False)
def errors(session: nox.Session) -> None:
    """Make every error of the catalogue for real, and mend it: -- [np-utils] [--today 12]."""
    from envs.errors import case_run

    request = case_run.parse_errors_request(session.posargs)
    checked(session, lambda: case_run.run_errors(request, session.log))
    if request.check is None and request.today is None:
        renew_pages(session)


@nox.session(python=False, default=False)
def explain(session: nox.Session) -> None:
    """Say what an error is, and its cure: -- "ImportError: ..." | FILE | - [--tensorflow 2.16]."""
    from envs.errors import explain_run

    sys.exit(explain_run.run_explain(session.posargs, Path(session.invoked_from)))


@nox.session(name="unpinned-install", python=False, default=False)
def unpinned_install_(session: nox.Session) -> None:
    """Type the document's commands, unpinned, and say what changed since last time: -- [tf212]."""
    from envs.running import unpinned_install

    checked(session, lambda: unpinned_install.renew_observations(session.posargs, session.log))
    renew_pages(session)


@nox.session(python=False, default=False)
def bench(session: nox.Session) -> None:
    """Time everything, beside pip, uv and the bare scripts: -- [tf212] [matrix] [--repeat 3]."""
    from envs.bench import bench_run

    request = checked(session, lambda: bench_run.parse_bench_request(session.posargs))
    checked(session, lambda: bench_run.run_bench(request, session.log))
    renew_pages(session)


@nox.session(python=False, default=False)
def emulate(session: nox.Session) -> None:
    """Run locks of Linux aarch64 or Windows by emulation: -- linux-aarch64 [tf212] [--help]."""
    from envs.emulation import emulation_request, emulation_results, emulation_run

    request = checked(session, lambda: emulation_request.parse_emulation_request(session.posargs))
    problems = checked(session, lambda: emulation_run.run_emulation(request, session.log))
    if request.share is None:
        problems += checked(session, lambda: emulation_results.merge_waiting(session.log))
        renew_pages(session)
    checked(session, lambda: emulation_run.check_run(problems))


@nox.session(python=False, default=False)
def pages(session: nox.Session) -> None:
    """Write the index, and the tables and pictures of every page, anew from the data."""
    renew_pages(session)


@nox.session(default=False, reuse_venv=True)
def site(session: nox.Session) -> None:
    """Build the static site into _site: -- [--serve [PORT]], which shows it on this machine."""
    from envs.site import site_run

    session.install("-r", "envs/site/toolchain.txt")
    checked(session, lambda: site_run.run_site(session.posargs, Path(session.bin), session.log))


@nox.session(name="site-checks", default=False, reuse_venv=True)
def site_checks(session: nox.Session) -> None:
    """Build the site twice, and check its links, HTML, data, weight and browser: -- [-k links]."""
    session.install("-r", "envs/site/toolchain.txt", "-r", "envs/site/checks.txt")
    session.env["PATH"] = os.pathsep.join([session.bin, os.environ["PATH"]])
    pytest(session, "tests", "-m", "site")


@nox.session(python=False, default=False)
def drop(session: nox.Session) -> None:
    """Remove environments and their TensorFlow from uv's cache: -- [tf212]; all if none."""
    from envs.running import sessions

    checked(session, lambda: sessions.drop_sessions(session.posargs))


def register(target: pairing.Target) -> None:
    """Register the session of a pairing on one Python."""

    def run(session: nox.Session) -> None:
        pytest(session, "tests/test_examples.py", f"--target={target.session}")

    run.__doc__ = target.summary
    register_as = nox.session(
        name=target.session, tags=target.tags, python=False, default=False, allow_parallel=True
    )
    register_as(run)


try:
    # A machine without locks has sessions too: each says why, and what to do.
    targets = lock.list_sessions(pairing.load_pairings(), platforms.listed_platform())
    pairing.choose_names(targets, command_line.list_asked_sessions())
    for each in targets.values():
        register(each)
except Problem as problem:
    sys.exit(str(problem))
