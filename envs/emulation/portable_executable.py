"""Windows' file format of programs and libraries: read what a DLL exports, and mend wine's."""

from __future__ import annotations

import struct
from pathlib import Path

_MISSING = {
    "crealf": bytes.fromhex("660f6ec1c3"),  # movd xmm0, ecx; ret
    "cimagf": bytes.fromhex("48c1e920660f6ec1c3"),  # shr rcx, 32; movd xmm0, ecx; ret
    "cimag": bytes.fromhex("f20f104108c3"),  # movsd xmm0, [rcx+8]; ret
}
"""What wine 10 lacks of complex numbers, and TensorFlow 2.21 needs: machine code by name.

A complex float comes in a register, a complex double by its address: that is Windows' rule.
"""

_STUB = bytes.fromhex("4883ec28488d0d")
"""How wine's stand-in for a function that it lacks begins; it is longer than all of the above."""


class Library:
    """A DLL, as bytes that may be changed."""

    def __init__(self, data: bytes) -> None:
        """Parse the table of its sections; see Microsoft's "PE Format"."""
        self.data = bytearray(data)
        self._header = self._number(0x3C)
        count, optional = self._short(self._header + 6), self._short(self._header + 20)
        first = self._header + 24 + optional
        self._sections = [
            struct.unpack_from("<IIII", self.data, first + 40 * place + 8) for place in range(count)
        ]

    def list_exports(self) -> dict[str, int]:
        """Name -> where its function begins in the file, for everything exported by name."""
        directory = self._at(self._number(self._header + 24 + 112))
        functions, names, ordinals = (
            self._at(self._number(directory + offset)) for offset in (28, 32, 36)
        )
        exports = {}
        for place in range(self._number(directory + 24)):
            start = self._at(self._number(names + 4 * place))
            name = self.data[start : self.data.index(b"\0", start)].decode()
            ordinal = self._short(ordinals + 2 * place)
            exports[name] = self._at(self._number(functions + 4 * ordinal))
        return exports

    def _at(self, address: int) -> int:
        """Where in the file an address is that holds once the library is loaded."""
        for size, begin, stored, offset in self._sections:
            if begin <= address < begin + max(size, stored):
                return int(address - begin + offset)
        raise ValueError(f"no section holds the address {address:#x}")

    def _number(self, offset: int) -> int:
        return int(struct.unpack_from("<I", self.data, offset)[0])

    def _short(self, offset: int) -> int:
        return int(struct.unpack_from("<H", self.data, offset)[0])


def mend_runtime(file: Path) -> None:
    """Give wine's `ucrtbase.dll` the functions that it lacks and TensorFlow needs."""
    library = Library(file.read_bytes())
    exports = library.list_exports()
    for name, code in _MISSING.items():
        here = exports[name]
        if library.data[here : here + len(_STUB)] == _STUB:
            library.data[here : here + len(code)] = code
    file.write_bytes(library.data)


def render_forwards(file: Path) -> str:
    """A .def file for a `python3.dll` that passes all calls on to one such as `python311.dll`."""
    names = Library(file.read_bytes()).list_exports()
    lines = [f" {name}={file.stem}.{name}" for name in names]
    return "\n".join(["LIBRARY python3.dll", "EXPORTS", *lines, ""])
