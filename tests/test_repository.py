"""The repository agrees with itself: wherever a fact stands twice, one is held to the other."""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import faults
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from samples import RULES, needs_git
from test_faults_input import KEYS

from envs import ROOT
from envs.model import index, lock, outcome_records, outcomes, pairing
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Pairing, Target
from envs.publish import lock_tables, pages

PAIRINGS = pairing.load_pairings()
TARGETS = lock.list_executable(PAIRINGS)
NOXFILE = (ROOT / "noxfile.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("session", TARGETS)
def test_a_record_can_stand(session: str) -> None:
    record = outcome_records.load_record(TARGETS[session], RULES)
    assert outcome_records.list_objections(record, RULES) == []


def test_no_record_is_left_over() -> None:
    records = {path.stem for path in outcome_records.RECORDS.iterdir()}
    known = {one.name for one in PAIRINGS.values() if not one.impossible}
    said = [f"{name}.toml: no pairing is called so: remove it" for name in records - known]
    said += [f"{name}.toml: missing: run nox -s {name} -- --bless" for name in known - records]
    if said:
        pytest.fail(
            "\n".join(f"envs/measured/outcomes/{one}" for one in sorted(said)), pytrace=False
        )


def test_every_failure_that_is_explained_still_happens() -> None:
    records = [outcome_records.load_record(target, RULES) for target in TARGETS.values()]
    happens = {outcome for record in records for outcome in record.values()}
    unused = [name for name, one in RULES.failures.items() if one.outcome not in happens]
    assert unused == []


def test_the_tables_are_what_the_data_says() -> None:
    assert pages.list_stale_pages() == []


def test_a_changed_outcome_or_a_stale_table_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    original = outcome_records.load_record
    flip = {"legacy_adaptation/mixed": RULES.failures["dense-not-imported"].outcome}
    monkeypatch.setattr(
        outcome_records, "load_record", lambda target, rules: original(target, rules) | flip
    )
    assert {problem.split(":")[0] for problem in pages.list_stale_pages()} == {
        "README.md",
        "examples/README.md",
    }


def test_verify_py_is_written_before_the_page_that_counts_by_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = outcomes.VERIFY.read_text(encoding="utf-8")
    stale = tmp_path / "verify.py"
    stale.write_text(text.replace("\nPAIRINGS = (", "\nOLD = PAIRINGS = (", 1), encoding="utf-8")
    rendered: list[str] = []

    def render() -> dict[Path, str]:
        rendered.append(stale.read_text(encoding="utf-8"))
        return {}

    monkeypatch.setattr(outcomes, "VERIFY", stale)
    monkeypatch.setattr(pairing, "INDEX", tmp_path / "index.json")
    monkeypatch.setattr(pages, "_index", lambda: "{}")
    monkeypatch.setattr(pages, "render_pages", render)
    pages.write_pages()
    assert rendered == [text]


def test_an_impossible_pairing_is_shown_with_its_evidence() -> None:
    one = dataclasses.replace(PAIRINGS["tf212"], impossible="no wheel installs, 2026-11-23")
    for render in (lock_tables._locks_table, pages._pairings_tables):
        table = render({"tf212": one}, index.load_index())
        assert "impossible: no wheel installs, 2026-11-23" in table
        assert ".txt" not in table


def test_a_preview_is_shown_as_not_recommended_in_a_table_of_its_own() -> None:
    preview = dataclasses.replace(PAIRINGS["tf221"], kind="preview")
    shown = {"tf212": PAIRINGS["tf212"], "tf221": preview}
    entries = index.load_index()
    main, previews = pages._pairings_tables(shown, entries).split("**Not recommended**")
    assert "| `tf212` |" in main
    assert "`tf221`" not in main
    assert "| `tf221` |" in previews
    assert "`tf212`" not in previews
    assert "Not recommended" not in pages._pairings_tables({"tf212": shown["tf212"]}, entries)
    assert "| `tf221`, not recommended |" in lock_tables._locks_table(shown, entries)


def test_the_readme_links_the_recommended_lock_of_each_pairing() -> None:
    table = pages._pairings_tables(PAIRINGS, index.load_index())
    linked = re.findall(r"\(requirements/([^)]+)\)", table)
    possible = [one for one in PAIRINGS.values() if not one.impossible]
    assert linked == [
        lock.lock_path(Target(one, one.pythons[0])).relative_to(lock.FOLDER).as_posix()
        for one in possible
    ]


def test_a_lock_that_changed_since_its_last_run_is_shown_so() -> None:
    entries: list[index.Entry] = [{**entry, "status": "resolved"} for entry in index.load_index()]
    assert "tf212-py311.txt) (not run yet)" in pages._pairings_tables(PAIRINGS, entries)


@pytest.mark.parametrize(
    ("failing", "words"),
    [
        ([], "`tf.keras` and `keras`, also mixed"),
        (["legacy_adaptation/mixed"], "`tf.keras` and `keras`; mixing them fails"),
        (["legacy_adaptation/legacy_completed"], "`tf.keras` only"),
        (["broken_import/correction"], "`keras` only"),
        (
            ["broken_import/correction", "legacy_adaptation/legacy_completed"],
            "neither `tf.keras` nor `keras`",
        ),
    ],
)
def test_what_works_is_said_in_words(failing: list[str], words: str) -> None:
    record = dict.fromkeys(outcomes.list_scripts(), Outcome(Kind.WORKS))
    record |= dict.fromkeys(failing, Outcome(Kind.FAILS, "ImportError", "no"))
    assert pages.say_what_works(record) == words


def test_a_table_links_every_lock_and_tells_executed_from_resolved() -> None:
    entries = index.load_index()
    table = lock_tables._locks_table(PAIRINGS, entries)
    links = re.findall(r"(\*{0,2})\[(3\.\d+)\]\(([^)]+)\)", table)
    stars = {"executed": "**", "emulated": "*", "resolved": ""}
    assert {(file, mark) for mark, _, file in links} == {
        (entry["file"], stars[entry["status"]]) for entry in entries if "file" in entry
    }
    runs = lock_tables._runs_table(PAIRINGS, entries)
    assert "| `tf212` | executed 20" in runs
    reasons = lock_tables._impossible(entries)
    for entry in entries:
        if entry["status"] == "impossible":
            assert f"| `{entry['pairing']}` |" in reasons


def test_the_examples_are_plain_scripts_for_python_3_7_and_later() -> None:
    for name, path in outcomes.list_scripts().items():
        tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))
        assert ast.get_docstring(tree), f"{name} does not say what it shows"
        imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert not {m for m in imported if m and m.split(".")[0] in ("envs", "tests")}


def test_the_document_s_code_stands_in_the_examples_verbatim() -> None:
    text = (outcomes.EXAMPLES / "broken_import/incorrect_import.py").read_text(encoding="utf-8")
    line = "from keras.api._v2.keras.utils import Sequential # This path is outdated"
    assert line.replace(" #", "  #") in text
    text = (outcomes.EXAMPLES / "legacy_adaptation/legacy_verbatim.py").read_text(encoding="utf-8")
    assert text.endswith(
        "# Legacy code using older style import and model definition\n"
        "from keras.models import Sequential\n\n"
        "model = Sequential()\n"
        "model.add(Dense(128, activation='relu', input_shape=(784,)))\n"
        "model.add(Dense(10, activation='softmax'))\n"
        "model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])\n"
    )


MODULES = sorted((ROOT / "envs").glob("*/*.py"))


def test_no_module_is_too_long_to_read() -> None:
    python = [*MODULES, *(ROOT / "tests").glob("*.py"), ROOT / "noxfile.py"]
    python += outcomes.list_scripts().values()
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python}
    assert {path.name for path, lines in lengths.items() if lines > 400} <= {"verify.py"}


def test_a_function_s_name_means_one_thing_in_all_packages() -> None:
    homes: dict[str, list[str]] = {}
    for path in MODULES:
        if path.name in ("smoke.py", "steps.py", "probe.py"):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
                homes.setdefault(node.name, []).append(f"{path.parent.name}/{path.name}")
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_the_packages_take_nothing_from_the_tests() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?m)^\s*(from|import) (tests|conftest|pytest|nox)\b", text), path


def test_the_noxfile_pins_its_whole_toolchain() -> None:
    block = re.search(r"# /// script\n(.*?)# ///\n", NOXFILE, re.DOTALL)
    assert block
    pins = tomllib.loads(re.sub(r"(?m)^# ?", "", block[1]))["dependencies"]
    names = {canonicalize_name(Requirement(pin).name) for pin in pins}
    for pin in map(Requirement, pins):
        assert [s.operator for s in pin.specifier] == ["=="], f"{pin} is not a pin"
    code = (
        "import importlib.metadata as m, sys\n"
        "for name in sys.argv[1:]:\n"
        "    try: print(*m.requires(name) or [], sep='\\n')\n"
        "    except m.PackageNotFoundError: pass\n"
    )
    required = subprocess.run(
        [sys.executable, "-c", code, *names], capture_output=True, text=True, check=True
    ).stdout
    for requirement in map(Requirement, filter(None, required.splitlines())):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            assert canonicalize_name(requirement.name) in names, f"{requirement} is not pinned"


def test_a_fault_is_made_of_every_key_of_a_pairing_file() -> None:
    assert {*KEYS, "name"} == set(Pairing.__dataclass_fields__)


def test_the_report_of_the_faults_has_every_fault_and_no_other() -> None:
    collect = ["-m", "pytest", "tests", "-m", "faults", "--collect-only"]
    listed = subprocess.run(
        [sys.executable, *collect], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    made = [faults.called(line) for line in listed.splitlines() if "::" in line]
    reported = [
        (title, name)
        for title, table in re.findall(
            r"(?ms)^## (\w+)$(.*?)(?=^## )", faults.REPORT.read_text(encoding="utf-8")
        )
        for name in re.findall(r"(?m)^\| (.+?) \| (?:red|mended|green, as it must be) \|", table)
    ]
    assert made
    assert sorted(made) == sorted(reported), "run nox -s faults -- --bless"


CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"


def test_the_pages_name_every_command_of_ci() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in (pages.README, CONTRIBUTING))
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in re.findall(r"(?m)^nox\b.*$", ci):
        assert re.search(rf"(?m)(?:^|`){re.escape(command)}(?:`|  +#|$)", text), (
            f".ci/run calls '{command}', which neither README.md nor CONTRIBUTING.md names"
        )


def test_the_readme_is_short() -> None:
    assert len(pages.README.read_text(encoding="utf-8").splitlines()) <= 150


def test_contributing_says_where_ten_things_are_and_more() -> None:
    text = CONTRIBUTING.read_text(encoding="utf-8")
    section = re.search(r"(?ms)^## Where is what$(.*?)^## ", text)
    assert section
    rows = [line for line in section[1].splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 10
    for row in rows:
        links = re.findall(r"\[([^]]+)\]\(\.\./([^)]+)\)", row)
        assert links, row
        for shown, linked in links:
            assert shown == linked
            assert (ROOT / linked).is_file(), linked


def tracked() -> list[Path]:
    """The files that git tracks."""
    listed = ["git", "ls-files"]
    lines = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in lines.splitlines()]


def anchors(page: Path) -> set[str]:
    """What a link into a page may name: its headings, as GitHub writes them."""
    text = re.sub(r"(?ms)^```.*?^```$", "", page.read_text(encoding="utf-8"))
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def pages_of(folder: Path) -> list[str]:
    """Every page of a checkout, or of a copy of one that git does not know."""
    paths = (path.relative_to(folder) for path in folder.rglob("*.md"))
    return sorted(path.as_posix() for path in paths if path.parts[0] not in (".nox", ".git"))


@pytest.mark.parametrize("page", pages_of(ROOT))
def test_what_a_page_names_exists(page: str) -> None:
    path = ROOT / page
    text = path.read_text(encoding="utf-8")
    for link, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", text):
        if "://" not in link:
            target = path.parent / link if link else path
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), f"{link}#{anchor}"
    known = set(TARGETS) | set(re.findall(r"(?m)^def (\w+?)_?\(session", NOXFILE))
    known |= set(re.findall(r'@nox.session\(name="([\w-]+)"', NOXFILE))
    if path.name != "CHANGELOG.md":  # which names what was called otherwise
        sessions = set(re.findall(r"nox -s ([\w-]+)", text))
        assert sessions <= known, sessions - known


@needs_git
def test_the_top_level_is_what_was_agreed() -> None:
    names = [path.relative_to(ROOT) for path in tracked()]
    folders = {name.parts[0] for name in names if len(name.parts) > 1 and name.parts[0][0] != "."}
    assert folders == {"envs", "requirements", "examples", "tests"}
