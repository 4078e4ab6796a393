"""What the fault suite is made with: a report, an index that misbehaves, a disk that is full.

Each fault is a test marked `faults`. The report of a run says of each what was printed; with
`--bless` it is written to FAULTS.md.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from envs import ROOT, environment, lock, pairing, resolve
from envs.pairing import Target

TF212 = Target(pairing.load(pairing.FOLDER / "tf212.toml"), "3.11")

REPORT = Path(__file__).with_name("FAULTS.md")

TITLES = {
    "test_faults_install": "Install",
    "test_faults_environment": "Environment",
    "test_faults_input": "Input",
    "test_faults_scripts": "Scripts",
    "test_faults_honesty": "Honesty",
}

TOOL_BUGS = [
    (
        "uv 0.13.9",
        "`uv pip sync` and `uv pip install` take an unpacked wheel from the cache without looking "
        "at it. `--reinstall`, `--refresh` and `--refresh-package` give the edited or truncated "
        "file back; `--no-cache` does not, but leaves the cache as it is.",
        "`ensure` compares every file with the wheel's RECORD, and runs `uv cache clean` for a "
        "package that differs",
    ),
    (
        "uv 0.13.9",
        "Without a network, `uv pip sync` fails on a page of the index that has grown older than "
        "its `max-age`, though every pinned wheel is in the cache.",
        "`--offline` is tried first",
    ),
    (
        "pip 23.2.1",
        "Without a network, pip cannot install from its cache: it asks for every page of the "
        "index. One that is cut short or is no index at all is `from versions: none`.",
        "an environment that is whole is not installed again; a new one needs uv or a network",
    ),
    (
        "uv 0.13.9",
        "`-p ENV/bin/python` is looked up in notes of interpreters in the cache "
        "(`interpreter-v5`), which are believed: with those of an environment and its base "
        "confused, `uv pip sync` uninstalls from and installs in the base interpreter.",
        "`ensure` asks `uv python find` first, makes the notes anew, or refuses; the fault suite "
        "gives its runs a read-only view of the base",
    ),
    (
        "uv 0.13.9, pip 23.2.1",
        "Installed files are hard links to uv's cache: an edit in place changes the cache and "
        "every other environment. Neither tool compares installed files when it synchronises.",
        "each environment's files are noted, and compared before each run",
    ),
]
"""Version, what is wrong, and what is done about it here."""


@dataclass
class Fault:
    """One fault: how the run with it ended, what that printed, and how the next one ended."""

    name: str
    run: str = ""
    printed: str = ""
    after: str = ""

    def red(self, code: int, said: str, *parts: str) -> None:
        """The run with the fault fails, with a message that has these parts."""
        assert code != 0, f"green with the fault:\n{said}"
        self._note("red", said, parts)

    def mended(self, code: int, said: str, *parts: str) -> None:
        """The run says what it found, puts it right, and only then goes on."""
        assert code == 0, said
        self._note("mended", said, parts)

    def works(self, code: int, said: str) -> None:
        """The run must not be bothered by the fault."""
        assert code == 0, said
        assert "Traceback" not in said
        self.run, self.printed = "green, as it must be", ""

    def green(self, code: int = 0, said: str = "") -> None:
        """The next run is green, without a word on what was."""
        assert code == 0, said
        assert not said.strip(), said
        self.after = "green"

    def _note(self, run: str, said: str, parts: tuple[str, ...]) -> None:
        assert "Traceback" not in said, said
        for part in parts:
            assert re.search(part, said), f"'{part}' is not in:\n{said}"
        self.run, self.printed = run, tidy(said)


def tidy(said: str) -> str:
    """What was printed, without what differs from one machine or run to the next."""
    said = re.sub(r"\x1b\[[0-9;]*m", "", said)
    said = said.replace(str(ROOT), "<checkout>")
    said = re.sub(r"(?:/[\w.+-]+)*/pytest-of-\w+/pytest-\d+(?:/[\w.-]+)?", "<folder>", said)
    said = re.sub(rf"{re.escape(tempfile.gettempdir())}/[\w.-]+", "<folder>", said)
    said = re.sub(r"(?<![\w.<>])(?:/[\w.+-]+)+/(?=bin/)", "<prefix>/", said)
    said = re.sub(r"127\.0\.0\.1(?::|', port=)\d+", "127.0.0.1", said)
    said = re.sub(r"\b0x[0-9a-f]+", "0x...", said)
    said = re.sub(r"(sha256:\s*)?\b([0-9a-f]{8})[0-9a-f]{56}\b", r"\1\2...", said)
    said = re.sub(r"\b\d+(\.\d+)? ?m?s\b", "... s", said)
    lines = [line.rstrip() for line in said.strip().splitlines() if line.strip()]
    return "\n".join(lines[:12])


def shown(said: str) -> str:
    """What a run printed, without the lines of nox and pytest around it."""
    lines = said.splitlines()
    return "\n".join(
        one for one in lines if not re.match(r"nox > |[┏┃┡│├└=_]|!?\s*$|F? +\[|\d+ (de|fail)", one)
    )


def render(faults: dict[str, list[Fault]]) -> str:
    """FAULTS.md."""
    lines = [
        "# Faults",
        "",
        "Generated by `nox -s faults -- --bless`: every fault that was made for real, and what was",
        "printed. *Red* is a run that failed; *mended* is one that said what it found and put it",
        "right before any script ran. The next run, without the fault, was green in each case, and",
        "nothing was cleaned by hand.",
    ]
    for title, found in faults.items():
        lines += ["", f"## {title}", "", "| fault | run | what was printed |", "|---|---|---|"]
        for one in found:
            printed = one.printed.replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>")
            lines.append(f"| {one.name} | {one.run} | {printed} |")
    lines += ["", "## Of the tools", "", "| tool | what is wrong | what is done |", "|---|---|---|"]
    lines += [f"| {tool} | {what} | {done} |" for tool, what, done in TOOL_BUGS]
    return "\n".join(lines) + "\n"


def called(nodeid: str) -> tuple[str, str]:
    """The section and the name of a fault, from the test that makes it."""
    file, _, test = nodeid.rpartition("::")
    name, _, parameter = test.removeprefix("test_").partition("[")
    text = name.replace("_", " ")
    return TITLES[Path(file).stem], text + (f": {parameter[:-1]}" if parameter else "")


# --- runs ---


CODE = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from envs import Problem, environment
try:
    environment.ensure(Path(sys.argv[2]), "3.11", Path(sys.argv[3]), sys.argv[4], print)
except Problem as problem:
    sys.exit(str(problem))
"""


@dataclass
class Installs:
    """Runs of `environment.ensure`, each a process of its own, with caches and variables."""

    folder: Path
    file: Path
    installer: str
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def env(self) -> Path:
        return self.folder / "env"

    @property
    def site(self) -> Path:
        return next(self.env.glob("lib/python*/site-packages"))

    def command(self, env: Path | None = None) -> list[str]:
        arguments = [str(ROOT), str(env or self.env), str(self.file), self.installer]
        return [sys.executable, "-c", CODE, *arguments]

    def start(self, *wrap: str, env: Path | None = None, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*protected(), *wrap, *self.command(env)],
            env={**os.environ, **self.environ, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def __call__(self, *wrap: str, env: Path | None = None, **more: str) -> tuple[int, str]:
        process = self.start(*wrap, env=env, **more)
        said, _ = process.communicate()
        return process.returncode, said

    def duration(self) -> float:
        """The seconds of a run that must be green."""
        began = time.monotonic()
        code, said = self()
        assert code == 0, said
        return time.monotonic() - began

    def whole(self) -> None:
        """Every package of the lock can be imported."""
        names = re.findall(r"(?m)^([\w.-]+)==", self.file.read_text(encoding="utf-8"))
        code = f"import {', '.join(name.replace('-', '_') for name in names)}"
        done = subprocess.run([self.env / "bin/python", "-I", "-c", code], capture_output=True)
        assert done.returncode == 0, done.stderr


# --- an index ---


class Index(ThreadingHTTPServer):
    """A package index on this machine that can misbehave: `mode` says how, for which `paths`."""

    daemon_threads = True

    def __init__(self, wheels: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.wheels = wheels
        self.claims = True
        self.released = threading.Event()
        self.behave()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/simple"

    def claim(self, wheel: Path) -> str:
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        return f"#sha256={digest}" if self.claims else ""

    def behave(self) -> None:
        self.mode, self.paths = "", "/"
        self.released.set()

    def misbehave(self, mode: str, paths: str = "/") -> None:
        self.mode, self.paths = mode, paths
        self.released.clear()


class _Answer(BaseHTTPRequestHandler):
    server: Index

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        index = self.server
        mode = index.mode if self.path.startswith(index.paths) else ""
        kind, _, name = self.path.strip("/").partition("/")
        if mode == "late":
            index.released.wait(60)
        body = b""
        if kind == "simple":
            links = (
                f'<a href="/files/{one.name}{index.claim(one)}">{one.name}</a>\n'
                for one in sorted(index.wheels.glob("*.whl"))
                if one.name.partition("-")[0].replace("_", "-").lower() == name
            )
            body = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()
        elif (index.wheels / name).is_file():
            body = (index.wheels / name).read_bytes()
        if mode == "tampered":
            body = tampered(body)
        status = 200 if body else 404
        if mode == "error page":
            status, body = 503, b"<html><body>Service Unavailable</body></html>"
        if mode == "login page":
            body = b"<html><body>Please log in to this network</body></html>"
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if kind == "simple" else "application/zip")
        if kind == "files" and not mode:
            self.send_header("Cache-Control", "max-age=365000000, immutable")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if mode == "half" else body)
        self.close_connection = True


def tampered(wheel: bytes) -> bytes:
    """A wheel with one more line in each module, and a RECORD that no longer fits."""
    with tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder, "old.whl"), Path(folder, "new.whl")
        old.write_bytes(wheel)
        with zipfile.ZipFile(old) as source, zipfile.ZipFile(new, "w") as copy:
            for name in source.namelist():
                more = b"\nprint('tampered')\n" if name.endswith(".py") else b""
                copy.writestr(name, source.read(name) + more)
        return new.read_bytes()


PACKAGES = ("six", "idna", "certifi", "urllib3", "requests", "charset-normalizer")


def small_lock() -> str:
    """The pins of some small packages, cut out of tf212's lock."""
    whole = lock.path(TF212).read_text(encoding="utf-8")
    blocks = re.findall(r"(?m)^[\w.-]+==.*\n(?:    --hash.*\n)+", whole)
    return "".join(block for block in blocks if block.partition("==")[0] in PACKAGES)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of the small lock, each downloaded once from PyPI."""
    folder = tmp_path_factory.mktemp("wheels")
    pins = {pin.name: pin for pin in lock.read(TF212).pins}
    for name in PACKAGES:
        for file in resolve._files(name):
            pure = file["filename"].endswith("none-any.whl")
            if pure and file["hashes"]["sha256"] in pins[name].hashes:
                with urllib.request.urlopen(file["url"], timeout=60) as response:
                    (folder / file["filename"]).write_bytes(response.read())
    assert len(list(folder.iterdir())) == len(PACKAGES)
    return folder


@pytest.fixture
def index(wheels: Path) -> Iterator[Index]:
    server = Index(wheels)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.behave()
    server.shutdown()
    server.server_close()


@pytest.fixture
def installs(tmp_path: Path, index: Index) -> Installs:
    """Installations of the small lock from the index of the test, with caches of their own."""
    environ = {
        "UV_DEFAULT_INDEX": index.url,
        "PIP_INDEX_URL": index.url,
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "PIP_CACHE_DIR": str(tmp_path / "cache"),
        **{"UV_HTTP_TIMEOUT": "2", "UV_HTTP_RETRIES": "1"},
        **{"PIP_DEFAULT_TIMEOUT": "2", "PIP_RETRIES": "1"},
    }
    file = tmp_path / "small.txt"
    file.write_text(small_lock(), encoding="utf-8")
    return Installs(tmp_path, file, "uv", environ)


# --- a small disk ---


class Disk:
    """A file system of its own that can be full."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def resize(self, size: str) -> None:
        command = ["mount", "-o", f"remount,size={size}", str(self.path)]
        subprocess.run(command, check=True)

    def fill(self) -> None:
        with (self.path / "ballast").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        (self.path / "ballast").unlink()


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[Disk]:
    """A small file system at a path; the test is skipped where none can be mounted."""
    path.mkdir(parents=True)
    mount = shutil.which("mount") or pytest.skip("there is no mount on this machine")
    command = [mount, "-t", "tmpfs", "-o", f"size={size}", "faults", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


@cache
def protected() -> tuple[str, ...]:
    """What a run is started with so that no fault can reach the interpreters of this machine.

    A damaged cache can have uv install in the base of an environment: it is read-only to the run.
    The test is skipped where that is not possible.
    """
    base = str(environment.find_interpreter("3.11").resolve().parent.parent)
    view = (
        'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && ! touch "$0/bin/.fault" '
        '2>/dev/null && exec "$@"'
    )
    wrap = ("unshare", "--mount", "--propagation", "private", "sh", "-c", view, base)
    if not shutil.which("unshare") or subprocess.run([*wrap, "true"]).returncode:
        pytest.skip("the interpreters cannot be protected here: unshare --mount does not work")
    return wrap


def cut_off() -> list[str]:
    """What a command is run with so that it has no network; the test is skipped without it."""
    wrap = ["unshare", "--net", "--map-root-user"] if os.getuid() else ["unshare", "--net"]
    if not shutil.which("unshare") or subprocess.run([*wrap, "true"]).returncode:
        pytest.skip("the network cannot be taken away here: unshare --net does not work")
    return wrap
