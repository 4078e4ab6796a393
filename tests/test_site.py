"""The site before it is built: links, pages of pairings, lists, the feed, the command line."""

from __future__ import annotations

import dataclasses
import re
import socket
from xml.etree import ElementTree

import pytest
from samples import needs_git
from test_repository import tracked

from envs import ROOT, Problem
from envs.model import lock
from envs.site import documents, feed, indexes, links, pairing_pages, site_request, site_run
from envs.site.reference import Reference, load_reference

PAGES = documents.list_documents()


@pytest.fixture(scope="module")
def known() -> Reference:
    return load_reference()


def rewrite(text: str, page: str = "envs/which/README.md") -> tuple[str, set[str]]:
    return links.rewrite_links(text, page, PAGES[page], PAGES, lambda path: (ROOT / path).is_file())


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[a](../README.md)", "[a](atlas.md)"),
        ("[a](../../README.md#words)", "[a](index.md#words)"),
        ("[a](#json)", "[a](#json)"),
        ("[a](..)", "[a](atlas.md)"),
        ("[a](../../examples/errors/np-utils.md)", "[a](errors/np-utils.md)"),
        ("[`a`](answer.schema.json)", "[`a`](site:files/envs/which/answer.schema.json)"),
        ("[a](../../.ci/run)", "[a](site:files/ci/run)"),
        ("[a](../explained)", "a"),
        ("[a](https://example.org/README.md)", "[a](https://example.org/README.md)"),
        ("`[a](../README.md)`", "`[a](../README.md)`"),
        ("```md\n[a](../README.md)\n```", "```md\n[a](../README.md)\n```"),
        (
            "![a b](../measured/atlas.svg)",
            "[![a b](files/envs/measured/atlas.svg)](site:files/envs/measured/atlas.svg)",
        ),
    ],
)
def test_a_link_leads_to_the_same_on_the_site(link: str, expected: str) -> None:
    assert rewrite(f"See {link}.")[0] == f"See {expected}."


def test_a_link_from_a_page_in_a_folder_goes_up_first() -> None:
    text, files = rewrite("[a](../README.md), [b](np-utils.toml)", "examples/errors/np-utils.md")
    copy = "files/examples/errors/np-utils.toml"
    assert text == f"[a](../examples.md), [b](site:../{copy})"
    assert files == {"examples/errors/np-utils.toml"}


@needs_git
def test_no_page_of_the_repository_is_forgotten() -> None:
    written = {path.relative_to(ROOT).as_posix() for path in tracked() if path.suffix == ".md"}
    left_out = {".github/pull_request_template.md"}
    assert {name for name in written if not name.startswith("tests/legacy/")} - left_out == set(
        PAGES
    )
    assert len(set(PAGES.values())) == len(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_each_block_of_code_ends(page: str) -> None:
    """A fence with words after it ends nothing: what follows would be code."""
    inside = ""
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        fence = re.match(r" *(`{3,})(.*)", line)
        if fence and not inside:
            inside = fence[1]
        elif fence and fence[1] == inside:
            assert not fence[2].strip(), line
            inside = ""
    assert not inside


def test_rows_of_pairings_link_their_pages(known: Reference) -> None:
    table = "| pairing |\n|---|\n| `tf212` | 2.12.0 |\n| `tf.keras` | x |\n"
    linked = documents.link_pairings(table, known.pairings)
    assert linked == table.replace("`tf212`", "[`tf212`](/pairings/tf212.md)")


def test_the_page_of_the_data_links_each_file_of_it() -> None:
    text = "`data/v1/locks.json`, `feed.xml`, in `data/v1` and `data/v1/finder`, `index.json`"
    assert documents.link_data(text) == (
        "[`data/v1/locks.json`](site:data/v1/locks.json), [`feed.xml`](site:feed.xml), "
        "in `data/v1` and `data/v1/finder`, `index.json`"
    )


def test_the_page_of_a_pairing_has_every_lock_and_says_how_it_was_run(known: Reference) -> None:
    page = pairing_pages.render_pairing_page(known.pairings["tf212"], known)
    assert page.startswith("# `tf212`: TensorFlow 2.12.0 with keras 2.12.0\n")
    mine = [entry for entry in known.entries if entry["pairing"] == "tf212"]
    for entry in mine:
        if "file" in entry:
            assert f"](site:../files/requirements/{entry['file']}) | {entry['status']}" in page
        else:
            assert entry["reason"] in page
    assert ".venv/bin/python -m pip install --require-hashes -r requirements.txt\n" in page
    assert "py -3.11 -m venv .venv\n" in page
    assert "uv venv -p 3.11\nuv pip sync --require-hashes requirements.txt\n" in page
    assert "`tf.keras` and `keras`, also mixed." in page
    assert "AttributeError: module 'keras.api._v2.keras.utils' has no attribute" in page
    assert "(../errors/np-utils.md)" not in page  # which was made in another pairing
    assert re.search(r"\| \*\*works\*\*: both import and train[^|]+\| keras 2.12.0", page)
    assert re.search(r"<summary>\d+ names of tensorflow.keras came</summary>", page)


def test_the_page_of_a_pairing_says_what_it_needs(known: Reference) -> None:
    legacy = pairing_pages.render_pairing_page(known.pairings["tf216-legacy"], known)
    assert "- Set the environment variable `TF_USE_LEGACY_KERAS=1`." in legacy
    assert "\nTF_USE_LEGACY_KERAS=1 .venv/bin/python verify.py\n" in legacy
    bundled = pairing_pages.render_pairing_page(known.pairings["tf20-bundled"], known)
    assert bundled.startswith("# `tf20-bundled`: TensorFlow 2.0.4\n")
    preview = pairing_pages.render_pairing_page(known.pairings["tf222-preview"], known)
    assert "**Not recommended**" in preview


def test_what_cannot_be_installed_has_a_page_that_says_so(known: Reference) -> None:
    one = dataclasses.replace(known.pairings["tf212"], impossible="no wheel, 2026-11-23")
    page = pairing_pages.render_pairing_page(one, known)
    assert "It cannot be installed: no wheel, 2026-11-23" in page
    assert ".txt" not in page


def test_what_was_not_looked_at_is_not_said_to_work(known: Reference) -> None:
    empty = dataclasses.replace(known, trials={}, interferences={}, steps=(), atlas={"tf212": {}})
    page = pairing_pages.render_pairing_page(known.pairings["tf212"], empty)
    assert "None was tried in it." in page
    assert "Nothing was broken in this one on purpose." in page
    assert "**works**" not in page


def test_the_lists_have_every_page(known: Reference) -> None:
    texts = {"index": "# Start\n", "errors/np-utils": "# `np_utils`\n", "pairings/tf1": "# tf1\n"}
    lists = indexes.render_indexes(known, texts)
    for name in texts:
        assert f"]({name}.md)" in lists["all"]
    for name in known.pairings:
        assert f"](pairings/{name}.md)" in lists["pairings"]
    for name in known.errors:
        assert f"](errors/{name}.md)" in lists["errors"]


ATOM = "{http://www.w3.org/2005/Atom}"


def ids(known: Reference) -> dict[str, str]:
    root = ElementTree.fromstring(feed.render_feed(feed.list_feed_changes(known)))
    named = {}
    for entry in root.findall(f"{ATOM}entry"):
        found = {tag: entry.findtext(f"{ATOM}{tag}") for tag in ("id", "title", "updated")}
        assert all(found.values())
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", found["updated"] or "")
        named[str(found["id"])] = str(found["title"])
    assert root.findtext(f"{ATOM}updated") == max(
        str(entry.findtext(f"{ATOM}updated")) for entry in root.findall(f"{ATOM}entry")
    )
    return named


def test_the_feed_tells_a_cell_that_changed_from_one_that_was_run_again(known: Reference) -> None:
    before = ids(known)
    assert "Release 0.1.0" in before.values()
    assert len(before) == len(feed.list_feed_changes(known))

    def with_cell(**changed: object) -> Reference:
        column = next(iter(known.atlas["tf212"]))
        cell = dataclasses.replace(known.atlas["tf212"][column], **changed)  # type: ignore[arg-type]
        row = {**known.atlas["tf212"], column: cell}
        return dataclasses.replace(known, atlas={**known.atlas, "tf212": row})

    conditions = next(iter(known.atlas["tf212"].values())).conditions
    again = with_cell(conditions=dataclasses.replace(conditions, date="2027-01-01"))
    assert ids(again) == before
    other = ids(with_cell(cannot="no such release", steps={}))
    assert [before[one] for one in set(before) - set(other)] == [
        "TensorFlow 2.12.0 with every Keras"
    ]


def test_the_policy_allows_nothing_from_elsewhere_and_no_template_breaks_it() -> None:
    templates = sorted((ROOT / "envs/site/sphinx/templates").glob("*.html"))
    texts = [path.read_text(encoding="utf-8") for path in templates]
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]+)"', "".join(texts))
    allowed = {word for part in policy.split("; ") for word in part.split()[1:]}
    assert allowed == {"'none'", "'self'", "'wasm-unsafe-eval'", "data:"}
    assert "data:" not in re.sub(r"img-src [^;]+", "", policy)
    for text in texts:
        assert not re.search(r"<script>|<style|\sstyle=|\son\w+=|https?://", text)


def test_a_port_may_follow_serve() -> None:
    parse = site_request.parse_site_request
    assert (parse([]).serve, parse(["--serve"]).serve, parse(["--serve", "81"]).serve) == (
        None,
        8000,
        81,
    )


@pytest.mark.parametrize("argv", [["--serve", "0"], ["--serve", "web"], ["--port", "80"]])
def test_another_option_of_the_site_is_refused(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        site_request.parse_site_request(argv)
    assert ended.value.code == 2
    assert "usage: nox -s site --" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Problem, match=rf"port {port}: .+: give another, as in -- --serve"):
            site_run.serve_site(ROOT, port, print)


def test_every_lock_has_an_address(known: Reference) -> None:
    for entry in known.entries:
        if "file" in entry:
            assert (lock.FOLDER / entry["file"]).is_file()
            assert links.address_file(f"requirements/{entry['file']}").startswith("files/")
