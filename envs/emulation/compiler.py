"""The C compiler for emulated machines: zig, from PyPI, for both platforms."""

from __future__ import annotations

from pathlib import Path

from envs.emulation import made, tools

_FOLDER = made.FOLDER / "compiler"

AARCH64 = "aarch64-linux-gnu.2.17"
"""Linux aarch64 with the glibc of manylinux2014, the oldest that a CPython is made for here."""

WINDOWS = "x86_64-windows-gnu"

FREESTANDING = (
    *("-nostdlib", "-isystem", _FOLDER / "ziglang/lib/libc/include/any-windows-any"),
    *("-Wl,-e,start", "-Wl,--subsystem,console", "-lkernel32", "-lshell32"),
)
"""The options for a program of Windows that begins with `start` and uses no C library."""


def compile_c(target: str, *args: str | Path) -> None:
    """Run the compiler for a target with these arguments, those of `cc`. Raises Problem."""
    part = tools.PARTS / "ziglang.txt"
    made.make_once(_FOLDER, [part], _unpack)
    cache = {f"ZIG_{name}_CACHE_DIR": str(_FOLDER / "cache") for name in ("GLOBAL", "LOCAL")}
    command = (_FOLDER / "ziglang" / "zig", "cc", "-target", target, "-s", "-O1")
    tools.run_tool(f"{args[-1]}: cannot be compiled", *command, *args, environ=cache)


def _unpack(folder: Path) -> None:
    tools.unpack_wheel("ziglang", "3.11", "x86_64-manylinux2014", folder)
    (folder / "ziglang" / "zig").chmod(0o755)
