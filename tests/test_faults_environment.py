"""Faults of an existing environment: changed, copied, moved, or used by two runs at once."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fault_rigs import Installs
from faults import Fault, shown
from test_nox import nox

from envs.running import installers, interpreters

pytestmark = pytest.mark.faults


def edit(installs: Installs) -> None:
    with (installs.site / "six.py").open("a") as file:
        file.write("print('edited')\n")


def replace_file(installs: Installs) -> None:
    file = installs.site / "six.py"
    text = file.read_text()
    stat = file.stat()
    file.unlink()
    file.write_text(text.replace("1.17.0", "1.18.0"))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def delete(installs: Installs) -> None:
    (installs.site / "idna/core.py").unlink()


def add(installs: Installs) -> None:
    (installs.site / "keras.py").write_text("print('not Keras')\n")


def own_record(installs: Installs) -> None:
    (record,) = installs.site.glob("six-*.dist-info/RECORD")
    text = record.read_text()
    record.unlink()
    record.write_text(re.sub(r"six\.py,sha256=\w{8}", "six.py,sha256=AAAAAAAA", text))


CHANGES: dict[str, tuple[Callable[[Installs], None], str]] = {
    "a file edited in place": (edit, "site-packages/six.py was edited: recreating the environment"),
    "a file replaced, its size and time kept": (replace_file, "site-packages/six.py was edited"),
    "a file deleted": (
        delete,
        "site-packages/idna/core.py was deleted: recreating the environment",
    ),
    "a module added": (add, "site-packages/keras.py was added: recreating the environment"),
    "a RECORD edited": (
        own_record,
        r"six-1.17.0.dist-info/RECORD was edited: recreating the environment",
    ),
}


@pytest.mark.parametrize(
    ("change", "installer"),
    [*((change, "uv") for change in CHANGES), ("a file edited in place", "pip")],
)
def test_an_installed_file(fault: Fault, installs: Installs, change: str, installer: str) -> None:
    installs = replace(installs, installer=installer)
    installs.duration()
    make, message = CHANGES[change]
    make(installs)
    fault.mended(*installs(), message)
    installs.whole()
    assert "edited" not in (installs.site / "six.py").read_text()
    fault.green(*installs())


def change_packages(installs: Installs, *args: str) -> None:
    command = [
        installers.find_uv() or "uv",
        "pip",
        *args,
        "-q",
        "-p",
        str(installs.env / "bin/python"),
    ]
    environ = {**installers.tool_environ(), **installs.environ}
    subprocess.run(command, env=environ, check=True)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("uninstall", "idna"),
            "idna.* was deleted and .* more changes: recreating the environment",
        ),
        (
            ("install", "--no-deps", "idna==3.4"),
            "idna.* was .* more changes: recreating the environment",
        ),
        (("install", "--no-deps", "iniconfig"), "iniconfig.* was added and .* more changes"),
    ],
    ids=["is missing", "is of another version", "is one too many"],
)
def test_a_package(
    fault: Fault,
    installs: Installs,
    args: tuple[str, ...],
    message: str,
) -> None:
    installs.duration()
    own = {**installs.environ}
    del own["UV_DEFAULT_INDEX"]
    change_packages(replace(installs, environ=own), *args)
    fault.mended(*installs(), message)
    installs.whole()
    fault.green(*installs())


# --- the interpreter, and the place ---


def test_an_interpreter_of_another_patch_level_at_the_same_path(
    fault: Fault,
    installs: Installs,
) -> None:
    """This happens when a system updates its Python to the next patch release."""
    installs.duration()
    stamp = installs.env / "keras-pairings.json"
    facts = json.loads(stamp.read_text())
    stamp.write_text(json.dumps(facts | {"version": "3.11.0"}))
    fault.mended(
        *installs(), r"its version was 3\.11\.0 and is 3\.11\.\d+: recreating the environment"
    )
    fault.green(*installs())


@pytest.mark.parametrize("other", ["3.12", "none"])
def test_the_interpreter_of_an_environment_replaced(
    fault: Fault,
    installs: Installs,
    other: str,
) -> None:
    installs.duration()
    link = installs.env / "bin/python"
    link.unlink()
    link.symlink_to("/nowhere/python" if other == "none" else interpreters.find_interpreter(other))
    fault.mended(*installs(), "bin/python was edited: recreating the environment")
    installs.whole()
    fault.green(*installs())


def test_an_environment_copied_from_another_place(
    fault: Fault,
    installs: Installs,
) -> None:
    installs.duration()
    other = installs.folder / "another machine"
    shutil.copytree(installs.env, other, symlinks=True)
    fault.mended(
        *installs(env=other),
        r"its folder was .*env and is .*another machine: recreating the environment",
    )
    fault.green(*installs(env=other))


def test_a_nox_folder_copied_from_another_machine(
    fault: Fault, checkout: Path, tmp_path: Path
) -> None:
    """It also holds the environment of nox itself, whose interpreter is not on this machine."""
    uv = installers.find_uv()
    assert uv
    bare = tmp_path / "bare"
    tools = installers.tool_environ()
    subprocess.run([uv, "venv", "-q", "-p", sys.executable, bare], env=tools, check=True)
    install = [uv, "pip", "install", "-q", "-p", str(bare / "bin/python"), "nox[uv]"]
    subprocess.run(install, env=tools, check=True)
    hidden = ("NOX_", "VIRTUAL_ENV", "PYTEST_")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}

    def run() -> tuple[int, str]:
        command = ["-m", "nox", "-s", "tests", "--", "-k", "tables_are_what"]
        done = subprocess.run(
            [bare / "bin/python", *command],
            cwd=checkout,
            env=environ,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    code, output = run()
    assert code == 0, output
    own = checkout / ".nox/_nox_script_mode/bin/python"
    own.unlink()
    own.symlink_to("/opt/of-another-machine/bin/python3.11")
    fault.works(*run())
    fault.green(run()[0])


def test_a_checkout_that_cannot_be_written(fault: Fault, checkout: Path) -> None:
    command = [sys.executable, "-m", "nox", "-s", "tf212", "--", "-k", "incorrect_import"]
    view = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
    wrap = ["unshare", "--mount", "--propagation", "private", "sh", "-c", view, str(checkout)]
    if subprocess.run([*wrap, "true"], capture_output=True).returncode:
        pytest.skip("nothing can be made read-only here: unshare --mount does not work")
    done = subprocess.run([*wrap, *command], capture_output=True, text=True)
    fault.red(done.returncode, shown(done.stdout + done.stderr), "cannot be written|could not")
    fault.green(nox("-s", "tf212", "--", "-k", "incorrect_import", cwd=checkout)[0])


def test_a_path_with_spaces_unicode_and_200_characters(
    fault: Fault,
    installs: Installs,
    checkout: Path,
) -> None:
    place = checkout.parent / ("ein Ort für Übungen 東京 " + "x" * 40) / ("y" * 100)
    place.parent.mkdir()
    checkout.rename(place)
    assert len(str(place)) > 200
    for number, name in enumerate(("uv", "pip")):
        run = replace(installs, installer=name)
        fault.works(*run(env=place / str(number)))
    code, output = nox("-s", "tf212", "--", "-k", "incorrect_import or smoke", cwd=place)
    fault.works(code, output)
    code, output = nox("-s", "tf212", "--", "-k", "incorrect_import", cwd=place)
    fault.green(code)


def test_two_runs_of_the_same_pairing_at_once(fault: Fault, checkout: Path) -> None:
    command = [sys.executable, "-m", "nox", "-s", "tf212", "--", "-k", "incorrect_import"]
    runs = [
        subprocess.Popen(
            command, cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(2)
    ]
    for run in runs:
        output, _ = run.communicate()
        fault.works(run.returncode, output)
    fault.green(nox("-s", "tf212", "--", "-k", "incorrect_import", cwd=checkout)[0])
