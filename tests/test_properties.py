"""Properties that hold for any input of the pairing loader, the lock parser, and the outcomes."""

from __future__ import annotations

import io
import re
import string
import tempfile
from collections.abc import Callable
from pathlib import Path

import tomlkit
from hypothesis import example, given, settings
from hypothesis import strategies as st

from envs import Problem
from envs.locking import lock_text
from envs.model import lock, outcomes, pairing
from envs.model.lock import Pin
from envs.model.outcomes import Kind
from envs.model.pairing import Pairing
from envs.running import classification

# The same cases on every machine and in every run, and no database of cases in the checkout.
settings.register_profile("repository", derandomize=True, database=None, deadline=None)
settings.load_profile("repository")

TEXT = (pairing.FOLDER / "tf25.toml").read_text(encoding="utf-8")
LOCK = lock.lock_path(pairing.list_targets(pairing.load_pairings())["tf212"]).read_text(
    encoding="utf-8"
)

hexadecimal = st.text("0123456789abcdef", min_size=64, max_size=64)
pins = st.builds(
    Pin,
    st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,5})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}(rc[0-9])?", fullmatch=True),
    st.lists(hexadecimal, min_size=1, max_size=3).map(tuple),
)
words = st.text(string.printable, min_size=1, max_size=40).filter(str.strip)


def edited(text: str) -> st.SearchStrategy[str]:
    """A text with one part replaced. That is nearer to a person's mistakes than random text."""
    place = st.integers(0, len(text))
    return st.builds(
        lambda first, second, new: text[: min(first, second)] + new + text[max(first, second) :],
        place,
        place,
        st.text(max_size=20),
    )


def refusal(make: Callable[[], object]) -> str:
    """The message of the Problem that `make` raises; empty if none. Other errors pass through."""
    try:
        make()
    except Problem as problem:
        return str(problem) or "no message"
    return ""


# --- the loader ---


@given(
    summary=words,
    env=st.dictionaries(st.from_regex(r"[A-Z_]{1,9}", fullmatch=True), st.text(max_size=9)),
    reason=words,
    pythons=st.lists(st.integers(0, 99), min_size=1, max_size=4, unique=True),
)
def test_what_a_pairing_file_says_is_what_is_loaded(
    summary: str, env: dict[str, str], reason: str, pythons: list[int]
) -> None:
    data = {
        "summary": summary,
        "kind": "keras2",
        "pythons": [f"3.{minor}" for minor in pythons],
        "requires": ["tensorflow==2.12.0", "keras==2.12.0"],
        "env": env,
        "caps": [{"requirement": "numpy<2", "reason": reason}],
    }
    loaded = load(tomlkit.dumps(data).encode())
    assert loaded.summary == summary
    assert loaded.env == env
    assert list(loaded.pythons) == data["pythons"]
    assert loaded.requires == ("tensorflow==2.12.0", "keras==2.12.0")
    assert [(cap.requirement, cap.reason) for cap in loaded.caps] == [("numpy<2", reason)]


@given(st.binary(max_size=200) | edited(TEXT).map(lambda text: text.encode("utf-8", "replace")))
def test_a_pairing_file_is_loaded_or_refused_in_one_line(content: bytes) -> None:
    message = refusal(lambda: load(content))
    assert re.fullmatch(r"(envs/pairings/tf25\.toml: .+)?", message)


VALUES: st.SearchStrategy[object] = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=9) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.sampled_from(sorted(Pairing.__dataclass_fields__)), VALUES)
def test_a_key_of_any_type_is_loaded_or_refused(key: str, value: object) -> None:
    data: dict[str, object] = {"summary": "x", "kind": "bundled", "pythons": ["3.8"]}
    data["requires"] = ["tensorflow==2.4.4"]
    content = tomlkit.dumps(data | {key: value}).encode()
    message = refusal(lambda: load(content))
    assert not message or message.startswith("envs/pairings/tf25.toml: ")


def load(content: bytes) -> Pairing:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "tf25.toml")
        file.write_bytes(content)
        return pairing.load_pairing(file)


# --- locks ---


@given(st.lists(pins, min_size=1, max_size=4), st.booleans())
def test_a_lock_is_parsed_as_it_was_rendered(wanted: list[Pin], options: bool) -> None:
    text = "# pairing: tf212\n" + ("--only-binary :all:\n" if options else "")
    parsed = lock.parse_lock(text + "\n".join(map(lock_text.render_pin, wanted)), "lock.txt")
    assert list(parsed.pins) == wanted
    assert parsed.header == {"pairing": "tf212"}
    assert parsed.options == (("--only-binary :all:",) if options else ())


@settings(max_examples=50)
@given(st.text(max_size=200) | edited(LOCK))
def test_a_lock_is_parsed_or_refused(text: str) -> None:
    """A lock that parses has nothing that pip or uv would take from elsewhere or without a hash."""
    if message := refusal(lambda: lock.parse_lock(text, "lock.txt")):
        assert message.startswith("lock.txt:")
        return
    parsed = lock.parse_lock(text, "lock.txt")
    assert parsed.pins
    assert all(pin.hashes for pin in parsed.pins)
    active = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert not [line for line in active if "index" in line or "find-links" in line]


# --- outcomes ---


paths = st.lists(
    st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=8), min_size=1
)


@settings(max_examples=500)
@given(st.text(max_size=200))
def test_what_is_normalised_stays_as_it_is(message: str) -> None:
    once = outcomes.normalise_message(message)
    assert outcomes.normalise_message(once) == once
    assert "\n" not in once


@settings(max_examples=500)
@example("'/ '/<\nC\\'", "")
@given(st.text(string.printable, max_size=60), st.text("'\"/()<>:\\ 0x", max_size=30))
def test_what_is_almost_a_path_is_normalised_once(message: str, more: str) -> None:
    once = outcomes.normalise_message(message + more)
    assert outcomes.normalise_message(once) == once


@given(paths, paths, st.integers(0, 2**64), st.integers(0, 2**64))
def test_a_message_is_the_same_on_two_machines(
    here: list[str], there: list[str], first: int, second: int
) -> None:
    messages = {
        outcomes.normalise_message(
            f"cannot import name 'x' from 'y' ({root}/y.py), <Dense at {address:#x}> in '{root}/z'"
        )
        for root, address in (
            ("/" + "/".join(here), first),
            ("C:\\" + "\\".join(there), second),
        )
    }
    assert messages == {"cannot import name 'x' from 'y' (<path>), <Dense at 0x...> in '<path>'"}


@given(st.integers(-64, 255), st.binary(max_size=300))
def test_any_end_of_a_script_is_an_outcome(code: int, output: bytes) -> None:
    ended = classification.classify_exit(code, io.BytesIO(output))
    assert ended.kind in Kind
    assert ended.message == outcomes.normalise_message(ended.message)
    assert (ended.kind is Kind.WORKS) <= (code == 0)
    assert (ended.kind is Kind.FAILS) <= (code > 0)


@given(
    st.from_regex(r"[A-Z][A-Za-z]{1,9}Error", fullmatch=True),
    st.text(string.ascii_letters + " '", max_size=40),
    st.lists(st.text(string.ascii_lowercase + " :", max_size=20), max_size=3),
)
def test_the_last_exception_is_the_one_that_counts(
    name: str, message: str, noise: list[str]
) -> None:
    frames = 'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\n    1 / 0\n'
    output = "\n".join([*noise, frames + "KeyError: 1", "", frames + f"{name}: {message}", *noise])
    ended = classification.classify_exit(1, io.BytesIO(output.encode()))
    assert (ended.kind, ended.exception) == (Kind.FAILS, name)
    assert ended.message == re.sub(r"\s+", " ", message).strip()
