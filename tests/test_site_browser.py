"""The finder in a real browser: usual questions, the address, bad input, speed and weight."""

from __future__ import annotations

import gzip
import json
import re
import statistics
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from built_site import BuiltSite
from site_browser import ANSWERED, OpenPage, ask

pytestmark = pytest.mark.site

NP_UTILS = "ImportError: cannot import name 'np_utils' from 'keras.utils'"
FREEZE = "numpy==1.23.5\ntensorflow==2.12.0\nkeras==2.12.0\nsetuptools==82.0.0\ntensorboard==2.12.3"
CODE = (
    "from keras.layers.advanced_activations import LeakyReLU\n"
    "from keras.optimizers import Adam\noptimizer = Adam(lr=0.001)\n"
)

QUESTIONS = [
    (
        "AttributeError: module 'keras.api._v2.keras.utils' has no attribute 'Sequential'",
        ["Known.", "tensorflow.keras"],
    ),
    (NP_UTILS, ["Known.", "to_categorical", "tf212-py311.txt", "uv pip sync"]),
    (
        "Traceback (most recent call last):\n"
        '  File "/home/me/a.py", line 1, in <module>\n    import tensorflow.contrib\n'
        "ModuleNotFoundError: No module named 'tensorflow.contrib'",
        ["Known.", "tf115", "tensorflow 1"],
    ),
    ("ValueError: Argument(s) not recognized: {'lr': 0.001}", ["Known.", "learning_rate"]),
    ("2.12 keras 3", ["Fails.", "only keras works", "What fits instead", "tf212"]),
    ("python 3.13 windows", ["Fits.", "Windows x86_64", r"py -3.13 -m venv .venv"]),
    ("which keras for tensorflow 2.15?", ["Fits.", "Keras 2.15.0", "tf215-py311.txt"]),
    (FREEZE, ["Fails.", "setuptools<82", "pkg_resources"]),
    (CODE, ["The names fit.", "file names and behaviour were not", "tf24", "python3.8 -m venv"]),
    ("keras.utils.np_utils", ["Found.", "16 of 34 pairings", "to_categorical"]),
]
"""The ten most usual questions, and what their answers must have."""


@pytest.mark.parametrize(("question", "expected"), QUESTIONS, ids=[q[:30] for q, _ in QUESTIONS])
def test_a_usual_question_is_answered(
    open_page: OpenPage, question: str, expected: list[str]
) -> None:
    answer = " ".join(ask(open_page(), question).split()).lower()
    assert not [word for word in expected if " ".join(word.split()).lower() not in answer], answer


def test_a_combination_that_fails_is_explained(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, "2.12 keras 3")
    page.wait_for_selector("#finder-answer:has-text('keras==2.12.*')")
    page.click("text=What was tried: keras 3.15.1")
    assert "fails: ModuleNotFoundError" in page.inner_text("#finder-answer")


def test_a_choice_narrows_the_answer(open_page: OpenPage) -> None:
    page = open_page()
    assert "tf24-py38" in ask(page, CODE)
    page.select_option("select[name=tensorflow]", "2.21")
    page.wait_for_selector("#finder-answer:has-text('learning_rate')")
    answer = page.inner_text("#finder-answer")
    assert "Fails." in answer
    assert "from keras.layers import LeakyReLU" in answer
    page.select_option("select[name=platform]", "windows-x86_64")
    page.wait_for_selector("#finder-answer:has-text('Windows x86_64')")
    page.click("#finder-clear")
    answer = ask(page, "model = tf.keras.models.Sequential([tf.keras.layers.Dense(14)])")
    assert "Read as if it began with import tensorflow as tf" in answer
    assert "The names fit." in answer
    assert "names nothing of TensorFlow" in ask(page, "model = Sequential([Dense(14)])")
    assert "Not judged" in ask(page, "from tensorflow.python.keras._impl.keras.backend import abs")
    assert "is no Python" in ask(page, "import keras\nfrom keras import (\n")
    glued = "from keras.utils import np_utilsImportError: cannot import name 'np_utils' from "
    assert "to_categorical" in ask(page, f"{glued}'keras.utils' (/x/keras/utils/__init__.py)")
    assert "nested too deeply" in ask(page, f"import keras\nx = {'(' * 3000}{')' * 3000}")


def test_what_to_write_instead_is_a_sentence_with_code_in_it(open_page: OpenPage) -> None:
    page = open_page()
    page.select_option("select[name=tensorflow]", "2.17")
    answer = ask(page, "from tensorflow.keras.layers import CuDNNGRU\n")
    assert "Since TensorFlow 2.0, GRU takes cuDNN by itself" in " ".join(answer.split())
    assert "[object" not in answer
    assert ",," not in answer


def test_a_question_stands_in_the_address_and_comes_back(
    open_page: OpenPage, built_site: BuiltSite
) -> None:
    page = open_page()
    ask(page, NP_UTILS)
    page.select_option("select[name=python]", "3.10")
    page.wait_for_selector("#finder-answer:has-text('tf212-py310.txt')")
    kept = parse_qs(urlsplit(page.url).fragment)
    assert kept == {"python": ["3.10"], "q": [NP_UTILS]}
    again = open_page(page.url.removeprefix(f"{built_site.address}/") or "index.html")
    again.wait_for_selector(ANSWERED)
    assert again.input_value("#finder-text") == NP_UTILS
    assert again.input_value("select[name=python]") == "3.10"
    assert "tf212-py310.txt" in again.inner_text("#finder-answer")
    again.click("#finder-clear")
    again.wait_for_selector("#finder-answer[data-kind=empty]", state="attached")
    assert "#" not in again.url
    assert again.inner_text("#finder-answer") == ""


def test_an_anchor_of_the_page_is_no_question(open_page: OpenPage) -> None:
    page = open_page("index.html#words")
    assert page.input_value("#finder-text") == ""
    assert page.url.endswith("#words")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x00\x01\x02PNG\x03\x04\x05\x06", "This is no text"),
        (
            'Exception in thread "main" java.lang.NullPointerException: a\n\tat a.B.c(B.java:1)',
            "Java",
        ),
        ("TypeError: Cannot read properties of undefined\n    at f (/srv/a.js:1:2)", "JavaScript"),
        ("thread 'main' panicked at src/main.rs:2:5:\nboom", "Rust"),
        ("RuntimeError: nobody has ever seen this frobnication", "Nobody has explained"),
        ("the quick brown fox", "no error, code or release that is known here"),
        ("tensorflow 2.16.1 frobnicator 2.15.0", "Not sure. 2.15.0: not understood"),
        ("tensorflow 2.99", "they have TensorFlow 1.13.2 to"),
        ("numpy==1.26.4\npandas==2.2.0", "neither TensorFlow nor Keras"),
    ],
)
def test_bad_input_gets_an_honest_answer(open_page: OpenPage, text: str, expected: str) -> None:
    page = open_page()
    answer = ask(page, text)
    assert expected in answer, answer


def test_what_is_pasted_is_never_markup(open_page: OpenPage) -> None:
    page = open_page()
    attack = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'
    for text in (
        f"ValueError: {attack}",
        f"ImportError: cannot import name '{attack}' from 'keras.utils'",
        f"ModuleNotFoundError: No module named '{attack}'",
        f"ValueError: Argument(s) not recognized: {{'{attack}': 1}}",
        f"2.12 keras 3 {attack}",
        f"tensorflow==2.12.0\n{attack}==1.0\nkeras==2.12.0",
        f"import keras\nx = keras.layers.Dense('{attack}')\nkeras.{attack}",
        attack,
    ):
        ask(page, text)
        assert page.locator("#finder-answer img, #finder-answer script").count() == 0
        assert page.evaluate("window.hit") is None


def test_five_megabytes_do_not_hold_up_the_page(open_page: OpenPage) -> None:
    page = open_page()
    slowest = page.evaluate(
        """async (last) => {
            const line = (n) => `2026-01-01 10:00:00 INFO step ${n.toString(36)} of a long log`;
            let text = "";
            for (let n = 0; text.length < 5e6; n += 1) text += line(n * 7919) + "\\n";
            const data = new DataTransfer();
            data.setData("text/plain", text + last);
            const box = document.getElementById("finder-text");
            box.focus();
            let slowest = 0;
            let before = performance.now();
            let running = true;
            const beat = () => {
                const now = performance.now();
                slowest = Math.max(slowest, now - before);
                before = now;
                if (running) setTimeout(beat, 5);
            };
            beat();
            const how = { clipboardData: data, bubbles: true, cancelable: true };
            box.dispatchEvent(new ClipboardEvent("paste", how));
            const place = document.getElementById("finder-answer");
            while ((place.dataset.kind ?? "empty") === "empty") {
                await new Promise((go) => setTimeout(go, 50));
            }
            running = false;
            return slowest;
        }""",
        NP_UTILS,
    )
    assert "Known." in page.inner_text("#finder-answer")
    assert "5.0 MB were pasted" in page.input_value("#finder-text")
    assert slowest < 300, f"the page stood still for {slowest:.0f} ms"


def test_a_text_that_takes_too_long_is_given_up(open_page: OpenPage) -> None:
    page = open_page()
    page.clock.install()
    page.evaluate(
        """() => {
            const text = "ValueError: some words of a long log\\n".repeat(99_000);
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text.replace(/some/g, () => Math.random()));
            document.getElementById("finder-text").dispatchEvent(
                new ClipboardEvent("paste", { clipboardData, cancelable: true }));
        }"""
    )
    page.clock.fast_forward(21_000)
    assert "Reading this took too long" in page.inner_text("#finder-answer")
    assert "Fails." in ask(page, "2.12 keras 3")


_NOTE_TIMES = """() => {
    window.took = [];
    let asked = 0;
    const box = document.getElementById("finder-text");
    box.addEventListener("input", () => { asked = performance.now(); }, true);
    const painted = () => window.took.push(performance.now() - asked);
    new MutationObserver(() => requestAnimationFrame(() => setTimeout(painted)))
        .observe(document.getElementById("finder-answer"), { childList: true });
}"""


def test_an_answer_comes_within_a_tenth_of_a_second(
    open_page: OpenPage, measure: Callable[..., None]
) -> None:
    page = open_page()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.evaluate(_NOTE_TIMES)
    rounds = []
    for _ in range(3):  # other work on the machine may disturb one
        for text in ("2.12 keras 3", NP_UTILS, f"Traceback:\n{NP_UTILS}", "python 3.13 windows"):
            page.fill("#finder-text", text[:-1])
            page.wait_for_timeout(150)
            page.keyboard.press("End")
            page.keyboard.type(text[-1])
            page.wait_for_timeout(250)
        took = page.evaluate("window.took.splice(0)")
        # The throttle slows the page and not its worker, whose own time counts three times more.
        worked = page.evaluate(
            """() => {
                const all = performance.getEntriesByName("finder-worked");
                performance.clearMeasures();
                return all.map((one) => one.duration);
            }"""
        )
        assert len(took) >= 8
        rounds.append(statistics.median(took) + 3 * statistics.median(worked))
    measure(seconds={"site-answer": min(rounds) / 1000})
    assert min(rounds) < 100, rounds


def test_the_start_page_is_light(
    built_site: BuiltSite, chromium: Any, measure: Callable[..., None]
) -> None:
    sizes: dict[str, int] = {}
    page = chromium.new_context().new_page()
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(f"{built_site.address}/index.html")
    page.wait_for_selector("html[data-finder=ready]")
    for one in answers:
        sizes[one.url] = len(gzip.compress(one.body()))
    page.context.close()
    kilobytes = sum(sizes.values()) / 1000
    measure(bytes={"the start page with the finder ready, compressed": sum(sizes.values())})
    assert kilobytes < 300
    assert not [url for url in sizes if "/finder/python/" in url]
    assert [url for url in sizes if url.endswith("errors.json")]


def test_it_works_from_the_keyboard_and_is_announced(open_page: OpenPage) -> None:
    page = open_page()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "finder-text":
            break
    page.keyboard.type("2.12 keras 3")
    page.wait_for_selector("#finder-status:has-text('Fails.')", state="attached")
    assert page.get_attribute("#finder-status", "role") == "status"
    for _ in range(40):
        page.keyboard.press("Tab")
        if "Download" in page.evaluate("document.activeElement.textContent"):
            break
    else:
        pytest.fail("no Tab leads to the download")


def test_a_lock_that_is_offered_is_there(open_page: OpenPage, built_site: BuiltSite) -> None:
    page = open_page()
    ask(page, "2.12")
    links = page.eval_on_selector_all("#finder-answer a", "all => all.map((one) => one.href)")
    assert [one for one in links if one.endswith("tf212-py311.txt")]
    for link in links:
        path = urlsplit(link).path.lstrip("/")
        assert (built_site.folder / path).is_file(), link


def test_every_address_in_the_data_is_a_page(built_site: BuiltSite) -> None:
    data = built_site.folder / "data" / "v1" / "finder"
    seen = json.loads((data / "seen.json").read_text(encoding="utf-8"))
    for one in seen.values():
        path, _, anchor = one["address"].partition("#")
        text = (built_site.folder / path).read_text(encoding="utf-8")
        assert re.search(rf'id="{re.escape(anchor)}"', text), one["address"]
    errors = json.loads((data / "errors.json").read_text(encoding="utf-8"))["entries"]
    for entry in errors:
        assert (built_site.folder / "errors" / f"{entry['name']}.html").is_file()
    choices = json.loads((data / "choices.json").read_text(encoding="utf-8"))
    for lock in choices["locks"]:
        assert (built_site.folder / lock["file"]).is_file()
        assert (built_site.folder / "pairings" / f"{lock['pairing']}.html").is_file()


def test_without_javascript_everything_can_be_read(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    assert page.is_hidden("#finder-text")
    page.click("section.finder noscript a")
    page.click("#content a[href$='pairings/tf212.html'] >> nth=0")
    assert "2.12.0" in page.inner_text("#content")
    assert page.locator("a[href$='tf212-py311.txt']").count()
