"""The text of the record of names: whatever is stated is read as it was written, or refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_properties import edited, refusal

from envs import Problem
from envs.names import blocks, statements
from envs.names.statements import Order, Statement

orders = st.integers(1, 9).flatmap(
    lambda count: st.lists(
        st.sampled_from(["main", "main", "legacy", "bundled"]), min_size=count, max_size=count
    ).map(lambda tracks: Order(tuple(f"tf{place}" for place in range(len(tracks))), tuple(tracks)))
)


@given(orders, st.integers(1))
def test_a_span_names_the_pairings_that_it_was_made_of(order: Order, held: int) -> None:
    held = held & order.everything or order.everything
    assert statements.parse_span(statements.render_span(held, order), order) == held


def test_a_span_stays_as_it_is_when_another_pairing_has_the_same() -> None:
    old = Order(("tf1", "tf2", "tf2-legacy"), ("main", "main", "legacy"))
    new = Order((*old.names, "tf3", "tf3-legacy"), (*old.tracks, "main", "legacy"))
    for before, after in ((0b110, 0b11110), (0b011, 0b01011), (0b100, 0b10100)):
        assert statements.render_span(before, old) == statements.render_span(after, new)
    assert statements.render_span(0b00011, new) == "tf1..tf2"
    assert statements.render_span(0b01011, new) == "~tf1.."


texts = st.sampled_from(["bases", "class", "error", "raises x", "f", "says y"])
words = st.sampled_from(["c .", "c a.b", "f ?", "k", "m .", "same", "apart"])
plain = st.text("abcXYZ_=", min_size=1, max_size=6)
lines = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
stated = st.dictionaries(
    st.tuples(plain, words, plain)
    | st.tuples(plain, texts, lines)
    | st.tuples(plain, st.sampled_from(["import", "package", "reached"]), st.just("")),
    st.integers(1, 7),
    max_size=12,
)
THREE = Order(("tf1", "tf2", "tf2-legacy"), ("main", "main", "legacy"))


@given(stated)
def test_statements_are_read_as_they_were_written(given_: dict[Statement, int]) -> None:
    text = statements.render_statements(given_, THREE)
    assert statements.parse_statements(text, THREE, "x") == given_


SOME = "[a]\n tf1..\n  c a.b: X Y=Z\n  import\n ~tf1..\n  f: f(x, y=)\n[b]\n all\n  k: N\n"


@settings(max_examples=300)
@given(st.text(max_size=60) | edited(SOME))
def test_a_text_is_read_or_refused_with_its_place(text: str) -> None:
    if message := refusal(lambda: statements.parse_statements(text, THREE, "some.txt")):
        assert re.match(r"(?s)some\.txt: .+(git|run nox -s names)", message)
        return
    read = statements.parse_statements(text, THREE, "some.txt")
    again = statements.render_statements(read, THREE)
    assert statements.parse_statements(again, THREE, "x") == read


@pytest.mark.parametrize(
    "text",
    [
        *("k: N\n", "[a]\n  k: N\n", "[a]\n tf9\n  k: N\n", "[a]\n tf2..tf1\n  k: N\n"),
        *("[a]\n all\n  k: N\n[a]\n all\n  k: M\n", "[a\n all\n", "[a]\n all\nk: N\n"),
        "[a]\n ~tf1..tf2-legacy\n  k: N\n",
    ],
)
def test_a_damaged_text_is_refused(text: str) -> None:
    with pytest.raises(Problem, match=r"(?s)^x: .*(with git|run nox -s names)"):
        statements.parse_statements(text, THREE, "x")


@given(stated, st.integers(0, 2), st.sets(st.tuples(plain, words, plain), max_size=5))
def test_what_is_seen_of_a_pairing_replaces_what_was_there(
    given_: dict[Statement, int], place: int, seen: set[Statement]
) -> None:
    merged = statements.merge_statements(given_, place, seen)
    assert {one for one, held in merged.items() if held >> place & 1} == seen
    others = ~(1 << place)
    assert {one: held & others for one, held in merged.items() if held & others} == {
        one: held & others for one, held in given_.items() if held & others
    }


@given(st.text(max_size=30) | st.from_regex(r"\((/, )?[a-z]{1,3}(=)?(, \*+[a-z]*)?\)"))
def test_parameters_are_read_whatever_they_say(text: str) -> None:
    for one in blocks.parse_parameters(text):
        assert one.kind in ("positional", "either", "keyword", "args", "kwargs")


def test_parameters_are_read_as_python_means_them() -> None:
    read = blocks.parse_parameters("(a, /, b, c=, *d, e, **f)")
    assert [(one.name, one.kind, one.required) for one in read] == [
        ("a", "positional", True),
        ("b", "either", True),
        ("c", "either", False),
        ("d", "args", False),
        ("e", "keyword", True),
        ("f", "kwargs", False),
    ]


def test_ancestors_come_in_the_order_in_which_python_looks() -> None:
    bases = {"D": ["B", "C"], "B": ["A"], "C": ["A"], "A": []}
    assert blocks.linearise("D", bases.__getitem__) == ["D", "B", "C", "A"]
    broken = {"A": ["B"], "B": ["A"]}
    assert blocks.linearise("A", broken.__getitem__) == ["A", "B"]
