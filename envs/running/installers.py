"""The installers, pip and uv: where they are, and which variables they see."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

UV_CONFIG = Path(__file__).with_name("uv.toml")

# What a machine may say to pip and uv. Everything else that they read from the environment or
# from a configuration file could change what is installed, or leak into a lock.
_ALLOWED = {
    *("PIP_CACHE_DIR", "PIP_CERT", "PIP_CLIENT_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_PROXY"),
    *("PIP_RETRIES", "UV_CACHE_DIR", "UV_HTTP_RETRIES", "UV_HTTP_TIMEOUT", "UV_NATIVE_TLS"),
    *(
        "UV_SYSTEM_CERTS",
        "UV_OFFLINE",
        "UV_LINK_MODE",
        "UV_PYTHON_DOWNLOADS",
        "UV_PYTHON_INSTALL_DIR",
    ),
    *("UV_PYTHON_INSTALL_MIRROR", "UV_CONCURRENT_DOWNLOADS", "UV_CONCURRENT_INSTALLS"),
}
# A mirror instead of PyPI is harmless where hashes are checked, and no matter for a lock.
MIRRORS = {"PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"}


def tool_environ(*, mirrors: bool = False, **more: str) -> dict[str, str]:
    """The variables for pip, uv and pip-tools: this process's own, scrubbed of configuration."""
    allowed = _ALLOWED | MIRRORS if mirrors else _ALLOWED
    environ = {
        name: value
        for name, value in os.environ.items()
        if name in allowed or not name.startswith(("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV"))
    }
    fixed = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return environ | fixed | {"UV_NO_CONFIG": "1"} | more


def find_uv() -> str | None:
    """The uv command of the toolchain, or of the machine; None if there is none."""
    return shutil.which("uv", path=os.path.dirname(sys.executable)) or shutil.which("uv")


def pypi_options() -> list[str]:
    """The options with which uv reads PyPI alone, each page of its index once in ten minutes."""
    return ["--config-file", str(UV_CONFIG)]


def describe_variables(environ: Mapping[str, str]) -> str:
    """Variables as they are typed before a command."""
    return "".join(f"{name}={value} " for name, value in environ.items())
