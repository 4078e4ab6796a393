"""The site, built once for all tests of it, and a server that shows it."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from envs.site import build


@dataclass(frozen=True)
class BuiltSite:
    """Where the site stands, at which address it is served, and what the build took.

    `seconds` are those that processors worked for it: on one that does nothing else, it took less.
    """

    folder: Path
    address: str
    seconds: float


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing: hundreds of files are asked for."""


def sphinx_python() -> Path:
    """The interpreter of the environment that `nox -s site-checks` made, which is on PATH."""
    program = shutil.which("sphinx-build")
    assert program, "no sphinx-build on PATH: run nox -s site-checks"
    return Path(program).with_name("python")


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltSite]:
    """The site of this checkout, built and served."""
    folder = tmp_path_factory.mktemp("site") / "built"
    began = sum(os.times()[:4])
    build.build_site(sphinx_python(), folder, print)
    seconds = sum(os.times()[:4]) - began
    handler = functools.partial(_QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield BuiltSite(folder, f"http://127.0.0.1:{server.server_port}", seconds)
        server.shutdown()
