"""Rigs that make faults: an index that misbehaves, a full disk, a machine without network."""

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
from samples import TF212

from envs import ROOT
from envs.locking import pypi
from envs.model import lock
from envs.running import interpreters

# --- runs ---


CODE = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from envs import Problem
from envs.running import installation
try:
    installation.ensure_environment(
        Path(sys.argv[2]), "3.11", Path(sys.argv[3]), sys.argv[4], print
    )
except Problem as problem:
    sys.exit(str(problem))
"""


@dataclass
class Installs:
    """Runs of `ensure_environment`, each in its own process.

    `folder` holds the environment, `file` is the lock, and `environ` adds variables to each run.
    """

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
        output, _ = process.communicate()
        return process.returncode, output

    def duration(self) -> float:
        """Run once, which must be green, and return the seconds that it took."""
        began = time.monotonic()
        code, output = self()
        assert code == 0, output
        return time.monotonic() - began

    def whole(self) -> None:
        """Check that every package of the lock can be imported."""
        names = re.findall(r"(?m)^([\w.-]+)==", self.file.read_text(encoding="utf-8"))
        code = f"import {', '.join(name.replace('-', '_') for name in names)}"
        done = subprocess.run([self.env / "bin/python", "-I", "-c", code], capture_output=True)
        assert done.returncode == 0, done.stderr


# --- an index ---


class Index(ThreadingHTTPServer):
    """A package index on this machine. It can misbehave: `mode` is how, `paths` is where."""

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
                f'<a href="/files/{wheel.name}{index.claim(wheel)}">{wheel.name}</a>\n'
                for wheel in sorted(index.wheels.glob("*.whl"))
                if wheel.name.partition("-")[0].replace("_", "-").lower() == name
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
    """A wheel with a line added to each module, so that its RECORD no longer matches."""
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
    """The pins of some small packages, copied from the lock of tf212."""
    whole = lock.lock_path(TF212).read_text(encoding="utf-8")
    blocks = re.findall(r"(?m)^[\w.-]+==.*\n(?:    --hash.*\n)+", whole)
    return "".join(block for block in blocks if block.partition("==")[0] in PACKAGES)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of the small lock, each downloaded once from PyPI."""
    folder = tmp_path_factory.mktemp("wheels")
    pins = {pin.name: pin for pin in lock.read_lock(TF212).pins}
    for name in PACKAGES:
        for file in pypi.list_files(name):
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
    """Installations of the small lock from the index of this test, with their own cache."""
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
    """A small file system that can be filled."""

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
    """A small file system at a path. If none can be mounted, the test is skipped."""
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
    """The words before a command that make the base interpreter read-only for it.

    With a damaged cache, uv may try to install in the base of an environment.
    If it cannot be made read-only, skip the test.
    """
    base = str(interpreters.find_interpreter("3.11").resolve().parent.parent)
    view = (
        'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && ! touch "$0/bin/.fault" '
        '2>/dev/null && exec "$@"'
    )
    wrap = ("unshare", "--mount", "--propagation", "private", "sh", "-c", view, base)
    if not shutil.which("unshare") or subprocess.run([*wrap, "true"]).returncode:
        pytest.skip("the interpreters cannot be protected here: unshare --mount does not work")
    return wrap


def cut_off() -> list[str]:
    """The words before a command that cut its network. If it cannot be cut, skip the test."""
    if sys.platform == "win32":
        pytest.skip("the network cannot be taken away here")
    wrap = ["unshare", "--net", "--map-root-user"] if os.getuid() else ["unshare", "--net"]
    if not shutil.which("unshare") or subprocess.run([*wrap, "true"]).returncode:
        pytest.skip("the network cannot be taken away here: unshare --net does not work")
    return wrap
