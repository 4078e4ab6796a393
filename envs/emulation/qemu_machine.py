"""Linux aarch64 by qemu-user: Debian's qemu and CPython 3.13, and the CPythons of panda3d."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote

from envs import ROOT, Problem
from envs.emulation import compiler, debian, host_library, machine, made, tools
from envs.emulation.machine import Machine
from envs.running import installers, interpreters

_QEMU_SUITE = "bookworm"
"""The Debian whose qemu is taken: its package is one static program."""

_SUITE = "trixie"
"""The Debian whose CPython and libraries are taken: panda3d's CPythons need its OpenSSL, 3.5."""

_CPU = "neoverse-n1"
"""Not `max`, qemu's default: that signs pointers, which in software is eight times slower."""

_PYMAIN = Path(__file__).with_name("pymain.c")


class QemuMachine(Machine):
    """A Linux aarch64 without a root of its own.

    A CPython is a shell script with its name, which runs the real program by qemu-user: so a
    virtual environment that links to it works, and uv of the host takes it for what it emulates.
    """

    platform = "linux-aarch64"
    pythons = ("3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
    toolchain_minor = "3.13"

    def __init__(self) -> None:
        """Make nothing yet."""
        super().__init__()
        self.system = self.folder / "system"
        self._qemu = self.folder / "system" / "qemu-aarch64-static"

    def make_system(self) -> None:
        """Unpack qemu, Debian's CPython 3.13 and what it and TensorFlow's wheels link to."""
        made.make_once(self.system, [Path(__file__), Path(debian.__file__)], self._make_system)

    def _make_system(self, folder: Path) -> None:
        with tools.work_folder() as work:
            host = debian.Archive(_QEMU_SUITE, "amd64", work / "amd64")
            host.download_package("qemu-user-static")
            host.unpack_packages(work / "qemu", "./usr/bin/qemu-aarch64-static")
            shutil.move(work / "qemu/usr/bin/qemu-aarch64-static", self._qemu)
            archive = debian.Archive(_SUITE, "arm64", work / "arm64")
            needed = ["python3.13-minimal", "libpython3.13-stdlib", "libstdc++6", "libgomp1"]
            archive.download_whole(needed)
            archive.unpack_packages(folder)
        # Debian's packages leave this link to its installer.
        (folder / "lib").symlink_to("usr/lib")
        # The name that panda3d's CPythons want.
        libraries = folder / "usr/lib/aarch64-linux-gnu"
        (libraries / "libsqlite3.so").symlink_to("libsqlite3.so.0")
        python = self.python_path(self.toolchain_minor)
        python.rename(f"{python}.elf")
        self._write_wrapper(python)

    def _write_wrapper(self, python: Path, *options: str) -> None:
        """Write the script that runs a CPython; `-0` tells it the name that it was called by."""
        words = [str(self._qemu), "-cpu", _CPU, "-L", str(self.system), *options]
        text = (
            f'#!/bin/sh\nexec {" ".join(map(quote, words))} -0 "$0" {quote(f"{python}.elf")} "$@"\n'
        )
        python.write_text(text, encoding="utf-8")
        python.chmod(0o755)

    def python_path(self, python: str) -> Path:
        """The interpreter of a minor."""
        if python == self.toolchain_minor:
            return self.system / "usr/bin" / f"python{python}"
        return self.folder / "python" / python / "bin" / f"python{python}"

    def make_python(self, python: str) -> None:
        """Make a CPython out of panda3d's wheel, unless Debian has it."""
        if python == self.toolchain_minor:
            return
        parts = [tools.PARTS / "panda3d.txt", tools.PARTS / "cffi.txt"]
        sources = [Path(__file__), Path(host_library.__file__), _PYMAIN, *parts]
        folder = self.folder / "python" / python
        made.make_once(folder, sources, lambda folder: self._make_python(python, folder))

    def _make_python(self, python: str, folder: Path) -> None:
        library = folder / "lib" / f"python{python}"
        program = self.python_path(python)
        headers = host_library.copy_library(python, library)
        extensions = library / "lib-dynload"
        for new in (extensions, program.parent):
            new.mkdir()
        with tools.work_folder() as work:
            platform = "aarch64-manylinux2014"
            panda = tools.unpack_wheel("panda3d", python, platform, work / "panda3d")
            for file in panda.glob("deploy_libs/*.so*"):
                shutil.copy(file, extensions)
            for file in panda.glob("deploy_libs/_sysconfigdata*.py"):
                shutil.copy(file, library)
            shutil.copy(panda / "panda3d_tools/deploy-stub", f"{program}.elf")
            cffi = tools.unpack_wheel("cffi", "3.9", platform, work / "cffi")
            shutil.copy(next(cffi.glob("cffi.libs/libffi-*")), extensions / "libffi.so.6")
            # CPython's headers ask for it, and nothing here needs what it declares.
            (work / "crypt.h").touch()
            main = folder / "lib" / "pymain.so"
            options = ("-shared", "-fPIC", f"-I{work}", f"-I{headers}")
            compiler.compile_c(compiler.AARCH64, *options, _PYMAIN, "-o", main)
        Path(f"{program}.elf").chmod(0o755)
        self._write_wrapper(program, "-E", f"LD_PRELOAD={main}")

    def make_toolchain(self) -> None:
        """Install the pins with the host's uv, which then is the toolchain's uv, too."""
        made.make_once(self.toolchain, [ROOT / "noxfile.py", Path(__file__)], self._make_toolchain)

    def _make_toolchain(self, folder: Path) -> None:
        uv = installers.find_uv()
        assert uv
        failed = "the toolchain for Linux aarch64"
        base = self.python_path(self.toolchain_minor)
        tools.run_tool(failed, uv, "venv", "-q", "--allow-existing", "--python", base, folder)
        python = interpreters.interpreter_in(folder)
        install = (uv, "pip", "install", "-q", "--python", python, "-r", ROOT / "noxfile.py")
        tools.run_tool(failed, *install)
        # The kernel of the host does not run the uv for aarch64. uv asks an interpreter what it
        # is for, so that of the host installs the same.
        (folder / "bin" / "uv").unlink()
        (folder / "bin" / "uv").symlink_to(uv)

    def find_emulator(self) -> str:
        """The version of qemu."""
        said = tools.run_tool("qemu", self._qemu, "--version")
        if not (found := re.search(r"version (\d[\d.]*)", said)):
            raise Problem(f"qemu: it does not say its version: {said}")
        return f"qemu-user {found[1]}"

    def path_inside(self, path: Path) -> str:
        """The same path: only programs are of another platform."""
        return str(path)

    @property
    def toolchain_python(self) -> str:
        """The interpreter of the toolchain."""
        return str(interpreters.interpreter_in(self.toolchain))

    def command(self, args: Sequence[str], environ: Mapping[str, str]) -> list[str]:
        """Run a program with variables of its own; its home is empty of any CPython's tools."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        folders = [str(self.python_path(python).parent) for python in self.pythons]
        certificates = ("SSL_CERT_FILE", "SSL_CERT_DIR", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS")
        seen = {
            **{name: os.environ[name] for name in certificates if name in os.environ},
            "PATH": ":".join([*folders, "/usr/bin", "/bin"]),
            "HOME": str(home),
            "UV_CACHE_DIR": str(self.folder / "uv-cache"),
            "UV_PYTHON_DOWNLOADS": "never",
            **self.environ,
            **environ,
        }
        variables = [f"{name}={value}" for name, value in seen.items()]
        new = [*machine.NAMESPACE, "--mount-proc"]
        return [*new, "env", "-i", "-C", str(self.checkout), *variables, *args]
