"""verify.py: it reads versions, markers and requirements as the packaging library does."""

from __future__ import annotations

import ast
import itertools
from types import ModuleType

import pytest
from fake_environments import SCRIPT
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet

# Versions and markers, compared with the packaging library

# fmt: off
VERSIONS = [
    "0", "0.9", "1", "1.0", "1.0.0", "1.0+x", "1.0.post1+x", "1.0.1", "1.1", "1.26.4", "2.0",
    "2.0.0.dev3", "2.0a1.dev2", "2.0a1", "2.0a1.post1", "2.0b2", "2.0rc1.dev2", "2.0.0rc1",
    "2.0-rc.1", "2.0rc1.post2", "2.0.post1.dev1", "2.0.post1", "2.0.post2", "2.5.dev",
    "2.5.0.dev2021032900", "2.5.0", "2.5.3", "2.12.0rc0", "2.12.0", "v2.12.1", "2.12.0+nv23.6",
    "2.13", "3.15.1", "6.0.0dev", "1!0.5",
]
# fmt: on


def test_versions(verify: ModuleType) -> None:
    compared = 0
    for own, wanted, end in itertools.product(VERSIONS, VERSIONS, ["", ".*"]):
        for sign in ["==", "!=", "<=", ">=", "<", ">", "~=", "==="]:
            try:
                expected = Specifier(sign + wanted + end).contains(own, prereleases=True)
            except InvalidSpecifier:
                continue
            if sign == "===" and ("v" in own + wanted or end):
                continue  # `===` compares texts, so two spellings of a version differ
            assert verify.allows(sign + wanted + end, own) == expected, (own, sign, wanted + end)
            compared += 1
    assert compared > 9000


@pytest.mark.parametrize(
    "clauses",
    [
        "~=2.5.0.dev",
        "<2.13,>=2.12.0",
        ">=2.9.0rc0,<2.10.0",
        "!=4.21.0,!=4.21.1,<6.0.0dev,>=3.20.3",
        "",
    ],
)
def test_version_sets(verify: ModuleType, clauses: str) -> None:
    for own in [*VERSIONS, "2.9.0rc1", "2.10.0rc0", "4.21.1", "4.25.9", "5.29.6"]:
        expected = SpecifierSet(clauses).contains(own, prereleases=True)
        assert verify.allowed(clauses, own) == expected, own


def test_unreadable_versions_are_no_problem(verify: ModuleType) -> None:
    assert verify.allowed(">=1.0", "unknown")
    assert verify.allowed(">=1.0", "1.0.special3")
    assert verify.allowed("1.0", "2.0")


MARKERS = [
    'python_version < "3.10"',
    'python_version <= "3.11" and python_version >= "3.8"',
    '"3.8" < python_version',
    'python_version ~= "3.7"',
    'python_version == "3.*"',
    'python_version not in "2.7, 3.9"',
    'python_version in "3.9 3.11"',
    'python_full_version >= "3.11.4"',
    'python_full_version < "3.12.0rc1"',
    'platform_machine != "arm64" or platform_system != "Darwin"',
    'platform_system == "Linux" and (platform_machine == "arm64" or platform_machine == "aarch64")',
    "(sys_platform == 'win32' or os_name == 'posix') and platform_python_implementation=='CPython'",
    'sys_platform == "darwin" and python_version >= "3.8" or os_name == "nt"',
    'extra == "and-cuda"',
    "python_version >= \"3\" and extra == 'and-cuda'",
    'implementation_name == "cpython"',
]


@pytest.mark.parametrize("marker", MARKERS)
def test_markers(verify: ModuleType, marker: str) -> None:
    assert verify.holds(marker) == Marker(marker).evaluate({"extra": ""})
    for full in ["3.7.16", "3.9.0", "3.11.4", "3.12.0rc1", "3.14.0"]:
        for system, machine, platform, name in [
            ("Linux", "x86_64", "linux", "posix"),
            ("Linux", "aarch64", "linux", "posix"),
            ("Darwin", "arm64", "darwin", "posix"),
            ("Windows", "AMD64", "win32", "nt"),
        ]:
            values = {
                "python_version": ".".join(full.split(".")[:2]),
                "python_full_version": full,
                "platform_python_implementation": "CPython",
                "implementation_name": "cpython",
                "platform_system": system,
                "platform_machine": machine,
                "sys_platform": platform,
                "os_name": name,
                "extra": "",
            }
            assert verify.holds(marker, values) == Marker(marker).evaluate(values), values


@pytest.mark.parametrize(
    "text",
    [
        "keras (<2.13,>=2.12.0)",
        "protobuf !=4.21.0,<5.0.0dev,>=3.20.3",
        "Keras_Nightly~=2.5.0.dev",
        "zope.interface[test, docs] >= 5 ; python_version >= '3'",
        "absl-py",
    ],
)
def test_requirements(verify: ModuleType, text: str) -> None:
    wanted = Requirement(text)
    ((name, clauses),) = verify.requirements(verify.Distribution("x", "1", [text], {}, ""))
    assert name == wanted.name.lower().replace("_", "-").replace(".", "-")
    assert SpecifierSet(clauses) == wanted.specifier


def test_the_script_is_written_for_python_3_7() -> None:
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 7))
    modules = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules.append(node.module or "")
    assert {name.split(".")[0] for name in modules} == {
        *("argparse", "ast", "base64", "collections", "email", "functools", "glob", "hashlib"),
        *("importlib", "json", "os", "platform", "re", "shutil", "site", "sys", "traceback"),
    }
    assert "importlib.metadata" not in modules
