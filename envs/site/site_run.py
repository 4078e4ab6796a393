"""The session of the site: build it, and serve it on this machine if that is asked for."""

from __future__ import annotations

import functools
import http.server
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from envs import Problem
from envs.site import build, site_request

Say = Callable[[str], object]


def run_site(argv: Sequence[str], programs: Path, say: Say) -> None:
    """Build the site with the Python of a folder, and serve it if that is asked. Raises Problem."""
    request = site_request.parse_site_request(argv)
    # npm is one of the programs: a machine without Node.js builds the site too.
    os.environ["PATH"] = os.pathsep.join([str(programs), os.environ["PATH"]])
    build.build_site(programs / "python", build.SITE, say)
    if request.serve:
        serve_site(build.SITE, request.serve, say)


def serve_site(site: Path, port: int, say: Say) -> None:
    """Serve the site on this machine until interrupted. Raises Problem if the port is taken."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise Problem(
            f"port {port}: {error.strerror}: give another, as in -- --serve 8001"
        ) from None
    say(f"http://127.0.0.1:{server.server_port}/ until you press Ctrl+C")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
