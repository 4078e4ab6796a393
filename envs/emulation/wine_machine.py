"""Windows x86_64 by wine: Debian's wine, python.org's CPythons out of panda3d, and uv.exe."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PureWindowsPath

from envs import ROOT, Problem
from envs.emulation import (
    compiler,
    debian,
    host_library,
    machine,
    made,
    portable_executable,
    tools,
)
from envs.emulation.machine import Machine
from envs.model import disk

_SUITE = "trixie"
"""The Debian whose wine is taken: wine 10. With older ones TensorFlow was not tried."""

_LAUNCHER = Path(__file__).with_name("launcher.c")

_LIBRARY_START = "int __stdcall DllMainCRTStartup(void *a, unsigned b, void *c) { return 1; }\n"
"""What a DLL without code of its own must have."""

_MOUNTED = "emulated"
"""The name at the top of drive Z: of the machine's folder. Short: paths end at 260 characters."""

_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"

# A root, a process table and temporary folders of its own, all gone when the program ends: wine
# leaves servers and folders behind. It counts the processors in /sys.
_IN_ROOT = f"""\
set -e
root=$1 shared=$2; shift 2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t tmpfs tmpfs "$root/tmp"
for temporary in "$root"/prefix/drive_c/users/*/AppData/Local/Temp; do
  [ ! -d "$temporary" ] || mount -t tmpfs tmpfs "$temporary"
done
mount --bind "$shared" "$root/{_MOUNTED}"
exec chroot "$root" /usr/bin/env -i "$@"
"""


class WineMachine(Machine):
    """A Windows whose drive Z: is a small Debian, with the machine's folder in `Z:\\emulated`."""

    platform = "windows-x86_64"
    pythons = ("3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
    toolchain_minor = "3.11"

    def __init__(self) -> None:
        """Make nothing yet."""
        super().__init__()
        self.root = self.folder / "root"

    def make_system(self) -> None:
        """Unpack wine in a root, make Windows' own files in it, and take uv.exe."""
        code = [Path(module.__file__ or "") for module in (debian, portable_executable)]
        sources = [Path(__file__), *code, tools.PARTS / "msvc-runtime.txt", ROOT / "noxfile.py"]
        made.make_once(self.root, sources, self._make_system)

    def _make_system(self, root: Path) -> None:
        for name in ("bin", "lib", "lib64", "sbin"):
            (root / "usr" / name).mkdir(parents=True)
            (root / name).symlink_to(f"usr/{name}")
        for name in ("proc", "dev", "sys", "tmp", "etc/ssl/certs", _MOUNTED):
            (root / name).mkdir(parents=True)
        system32 = root / "prefix/drive_c/windows/system32"
        system32.mkdir(parents=True)
        with tools.work_folder() as work:
            archive = debian.Archive(_SUITE, "amd64", work / "amd64")
            # Nothing is essential for this apt-get: what wine's scripts need must be named, and
            # the package that has the locale.
            archive.download_whole(["wine64", "coreutils", "dash", "libc-bin"])
            archive.unpack_packages(root)
            # TensorFlow 2.21 needs this one, and wine has none.
            wheel = tools.unpack_wheel("msvc-runtime", "3.13", "windows", work / "msvc-runtime")
            shutil.copy(wheel / "vcruntime140_threads.dll", system32)
            shutil.copy(tools.unpack_uv(work / "uv"), system32)
        built_in = root / "usr/lib/x86_64-linux-gnu/wine/x86_64-windows"
        portable_executable.mend_runtime(built_in / "ucrtbase.dll")
        # Debian's user32.dll needs it, and wine looks for it in its prefix only.
        shutil.copy(root / "usr/x86_64-w64-mingw32/lib/zlib1.dll", system32)
        # Its exit code speaks of 32-bit programs, which are not wanted; -w waits for the registry
        # to be written.
        script = "wine64 wineboot -i; wineserver64 -w; test -e /prefix/system.reg"
        boot = self._in_root(["sh", "-c", script], {}, "/")
        tools.run_tool("wine: its files cannot be made", *boot)

    def python_folder(self, python: str) -> Path:
        """The folder of the CPython of a minor."""
        return self.folder / "python" / python

    def make_python(self, python: str) -> None:
        """Lay out a CPython as python.org's installer does, from panda3d's wheel."""
        sources = [
            Path(__file__),
            Path(host_library.__file__),
            Path(portable_executable.__file__),
            _LAUNCHER,
            tools.PARTS / "panda3d.txt",
        ]
        folder = self.python_folder(python)
        made.make_once(folder, sources, lambda folder: self._make_python(python, folder))

    def _make_python(self, python: str, folder: Path) -> None:
        name = "python" + python.replace(".", "")
        host_library.copy_library(python, folder / "Lib")
        launchers = folder / "Lib/venv/scripts/nt"
        for new in (launchers, folder / "DLLs"):
            new.mkdir(parents=True, exist_ok=True)
        with tools.work_folder() as work:
            panda = tools.unpack_wheel("panda3d", python, "windows", work / "panda3d")
            for file in (panda / "deploy_libs").iterdir():
                if re.match(r"python\d|vcruntime", file.name, re.IGNORECASE):
                    shutil.copy(file, folder)
                # wine has its own of those that Windows has since Windows 10.
                elif file.suffix in (".pyd", ".dll") and not file.name.startswith("api-ms-"):
                    shutil.copy(file, folder / "DLLs")
            program = folder / "python.exe"
            options = (*compiler.FREESTANDING, f'-DDLL=L"{name}.dll"')
            compiler.compile_c(compiler.WINDOWS, *options, _LAUNCHER, "-o", program)
            for launcher in ("python", "pythonw", "venvlauncher", "venvwlauncher"):
                shutil.copy(program, launchers / f"{launcher}.exe")
            if not (folder / "python3.dll").exists():
                self._make_stable(folder, name, work)

    def _make_stable(self, folder: Path, name: str, work: Path) -> None:
        """Make the `python3.dll` that wheels for the stable ABI link to: it passes all calls on."""
        start, definitions = work / "start.c", work / "python3.def"
        start.write_text(_LIBRARY_START, encoding="utf-8")
        text = portable_executable.render_forwards(folder / f"{name}.dll")
        definitions.write_text(text, encoding="utf-8")
        options = ("-shared", "-nostdlib", start, definitions, "-o", folder / "python3.dll")
        compiler.compile_c(compiler.WINDOWS, *options)

    def make_toolchain(self) -> None:
        """Install the pins with uv.exe."""
        made.make_once(self.toolchain, [ROOT / "noxfile.py", Path(__file__)], self._make_toolchain)

    def _make_toolchain(self, folder: Path) -> None:
        base = self.path_inside(self.python_folder(self.toolchain_minor) / "python.exe")
        inside = self.path_inside(folder)
        failed = "the toolchain for Windows x86_64"
        create = ["uv", "venv", "-q", "--allow-existing", "--python", base, inside]
        tools.run_tool(failed, *self.command(create, {}))
        install = ["uv", "pip", "install", "-q", "--python", self.toolchain_python]
        tools.run_tool(failed, *self.command([*install, "-r", "noxfile.py"], {}))

    def find_emulator(self) -> str:
        """The version of wine."""
        asked = self._in_root(["/usr/lib/wine/wine64", "--version"], {}, "/")
        said = tools.run_tool("wine", *asked)
        if not (found := re.search(r"wine-(\d[\d.]*)", said)):
            raise Problem(f"wine: it does not say its version: {said}")
        return f"wine {found[1]}"

    def path_inside(self, path: Path) -> str:
        """The path on drive Z:."""
        return str(PureWindowsPath(f"Z:/{_MOUNTED}") / path.relative_to(self.folder).as_posix())

    @property
    def toolchain_python(self) -> str:
        """The interpreter of the toolchain."""
        return self.path_inside(self.toolchain / "Scripts" / "python.exe")

    def command(self, args: Sequence[str], environ: Mapping[str, str]) -> list[str]:
        """Run a Windows program; the CPythons that were made are on its PATH."""
        pythons = [self.path_inside(self.python_folder(python)) for python in self.pythons]
        seen = {
            # wine puts these before the PATH of Windows.
            "WINEPATH": ";".join(pythons),
            "UV_CACHE_DIR": self.path_inside(self.folder / "uv-cache"),
            "UV_PYTHON_DOWNLOADS": "never",
            **self.environ,
            **environ,
        }
        certificates = Path(os.environ.get("SSL_CERT_FILE", f"/{_CERTIFICATES}"))
        if certificates.is_file():
            shutil.copy(certificates, self.root / _CERTIFICATES)
            seen["SSL_CERT_FILE"] = str(PureWindowsPath(f"Z:/{_CERTIFICATES}"))
        place = f"/{_MOUNTED}/{self.checkout.relative_to(self.folder)}"
        return self._in_root(["/usr/lib/wine/wine64", *args], seen, place)

    def _in_root(self, args: Sequence[str], environ: Mapping[str, str], place: str) -> list[str]:
        """The command of the host that runs a program in wine's root, in a folder there."""
        disk.write_file(self.root / "etc/resolv.conf", disk.text_of(Path("/etc/resolv.conf")))
        seen = {
            "PATH": "/usr/bin:/usr/lib/wine",
            "HOME": "/tmp",
            "XDG_RUNTIME_DIR": "/tmp",
            # Without it, wine makes no file whose name has other letters than ASCII's.
            "LANG": "C.UTF-8",
            "WINEPREFIX": "/prefix",
            "WINEDEBUG": "-all",
            **environ,
        }
        variables = [f"{name}={value}" for name, value in seen.items()]
        script = ["sh", "-c", _IN_ROOT, "sh", str(self.root), str(self.folder)]
        return [*machine.NAMESPACE, *script, "-C", place, *variables, *args]
