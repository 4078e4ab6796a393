// The finder of the start page: one box, and a choice of releases, kept in the address.

import { make } from "./finder/elements.js";
import { renderAnswer } from "./finder/render.js";

const LONG = 100_000;
const SHOWN_OF_LONG = 2_000;
const LONGEST_ADDRESS = 1_500;
const PATIENCE = 400;
const LONGEST_WAIT = 20_000;
const FACTS = ["tensorflow", "keras", "python", "platform", "variant"];
const EXAMPLES = {
  "an error": "ImportError: cannot import name 'np_utils' from 'keras.utils'",
  "a line of code": "from keras.layers.advanced_activations import LeakyReLU",
  releases: "2.12 keras 3",
  "a system": "python 3.13 windows",
};

const form = document.getElementById("finder");
const box = document.getElementById("finder-text");
const status = document.getElementById("finder-status");
const place = document.getElementById("finder-answer");

let tables = null;
let pasted = null;
let asked = 0;
let waiting = null;
let reference = null;
let inPython = null;
let next = null;
let givingUp = null;
let worker = startWorker();

function startWorker() {
  const started = new Worker(new URL("./finder/answer-worker.js", import.meta.url), { type: "module" });
  started.onmessage = ({ data }) => take(data);
  started.onerror = () => fail("the finder cannot be started in this browser");
  return started;
}

/** What was typed, or a long text that was pasted and is only shown in part. */
function textOf() {
  return pasted?.shown === box.value ? pasted.text : box.value;
}

function choiceOf() {
  const found = FACTS.map((name) => [name, form.elements[name].value]);
  return Object.fromEntries(found.filter(([, value]) => value));
}

function ask() {
  asked += 1;
  // What stands there answers an older question from now on.
  place.toggleAttribute("aria-busy", true);
  clearTimeout(givingUp);
  givingUp = setTimeout(giveUp, LONGEST_WAIT);
  worker.postMessage({ id: asked, text: textOf(), choice: choiceOf() });
}

function show(answer) {
  const { parts, said } = renderAnswer(answer, tables);
  place.replaceChildren(...parts);
  place.dataset.kind = answer.kind;
  place.dataset.id = asked;
  place.toggleAttribute("aria-busy", Boolean(answer.needs && !answer.document && !answer.explanation?.name));
  // A screen reader hears of an answer when the typing has paused.
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    status.textContent = said;
  }, PATIENCE);
}

function take(data) {
  if (data.ready) {
    if (!tables) begin(data.tables);
    return;
  }
  if (data.failure) fail(data.failure);
  if (data.failure || data.id !== asked) return;
  clearTimeout(givingUp);
  if (data.took) performance.measure("finder-worked", { start: performance.now() - data.took, duration: data.took });
  show(data.answer);
  keepInAddress(data.answer);
  if (data.answer.needs) askPython(data.id, data.answer);
}

/** A text that takes too long is given up: the next one finds a worker that is free. */
function giveUp() {
  worker.terminate();
  worker = startWorker();
  asked += 1;
  show({ kind: "long" });
}

function fail(why) {
  clearTimeout(givingUp);
  place.removeAttribute("aria-busy");
  place.replaceChildren(make("p", {}, `The finder could not load its data (${why}). Load the page again, or use the search.`));
}

/** Have Python answer what the tables do not know; it is loaded at the first such question. */
function askPython(id, answer) {
  if (!reference) {
    reference = new Worker(new URL("./finder/reference-worker.js", import.meta.url), { type: "module" });
    reference.onmessage = ({ data }) => takeFromPython(data.answer);
    reference.onerror = () => takeFromPython({ failure: "its files could not be loaded" });
  }
  // One question at a time: while Python answers it, only the last of those that follow is kept.
  if (inPython) next = { id, answer };
  else {
    inPython = { id, answer };
    reference.postMessage({ id, request: answer.needs });
  }
}

function takeFromPython(found) {
  const { id, answer } = inPython;
  inPython = null;
  if (id === asked) {
    const joined = joinAnswer(answer, found);
    show(joined);
    if (joined.needs && !joined.document) next = { id, answer: joined };
  }
  if (next?.id === asked) askPython(next.id, next.answer);
  next = null;
}

function joinAnswer(answer, found) {
  // What is no code, or not all of it, may be an error that was pasted with other words.
  if (answer.otherwise && (found.problem || (found.unread?.length && answer.otherwise.explanation.knows))) {
    return answer.otherwise;
  }
  if (answer.needs.what !== "clue") return { ...answer, document: found };
  const { needs, ...rest } = answer;
  const known = Boolean(found.clue);
  return { ...rest, explanation: { ...answer.explanation, name: found.clue ?? null, knows: known } };
}

function begin(found) {
  tables = found;
  const minor = (release) => release.split(".").slice(0, 2).join(".");
  const newestFirst = (releases) =>
    [...new Set(releases)].sort((one, other) => other.localeCompare(one, "en", { numeric: true }));
  const locks = tables.locks;
  fillSelect("tensorflow", newestFirst(locks.map((one) => minor(one.tensorflow))));
  fillSelect("keras", ["3", ...newestFirst([...tables.columns, ...locks.map((one) => `keras ${one.keras ?? ""}`)].filter((one) => /^keras \d/.test(one)).map((one) => minor(one.slice(6))))]);
  fillSelect("python", newestFirst(locks.map((one) => one.python)));
  fillSelect("platform", Object.keys(tables.platforms), tables.platforms);
  fillSelect("variant", Object.keys(tables.variants).filter((one) => one !== "default"), tables.variants);
  for (const [name, text] of Object.entries(EXAMPLES)) {
    const button = make("button", { type: "button" }, name);
    button.addEventListener("click", () => {
      box.value = text;
      ask();
      box.focus();
    });
    form.querySelector(".finder-examples").append(button);
  }
  const choice = form.querySelector(".finder-choice");
  restoreFromAddress();
  choice.open = matchMedia("(min-width: 40rem)").matches || Object.keys(choiceOf()).length > 0;
  form.hidden = false;
  document.documentElement.dataset.finder = "ready";
}

function fillSelect(name, values, labels = {}) {
  form.elements[name].append(...values.map((value) => make("option", { value }, labels[value] ?? value)));
}

/** Keep the question in the address, if it is short, so that the answer can be linked. */
function keepInAddress(answer) {
  const kept = new URLSearchParams(choiceOf());
  const text = answer.kind === "error" ? (answer.explanation.line ?? textOf()) : textOf();
  const short = textOf().length <= LONGEST_ADDRESS ? textOf() : text;
  if (short && short.length <= LONGEST_ADDRESS && answer.kind !== "binary") kept.set("q", short);
  const hash = kept.toString();
  const isOurs = location.hash.includes("=");
  if (hash || isOurs) history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

function restoreFromAddress() {
  if (!location.hash.includes("=")) return;
  const kept = new URLSearchParams(location.hash.slice(1));
  box.value = kept.get("q") ?? "";
  for (const name of FACTS) {
    const select = form.elements[name];
    const value = kept.get(name) ?? "";
    select.value = [...select.options].some((option) => option.value === value) ? value : "";
  }
  ask();
}

box.addEventListener("input", ask);
form.addEventListener("change", (event) => {
  if (event.target !== box) ask();
});
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", () => tables && restoreFromAddress());

box.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (text.length < LONG) return;
  // A box with so much in it is slow: the text is kept beside it, and its end is shown.
  event.preventDefault();
  const megabytes = (text.length / 1e6).toFixed(1);
  box.value = `[${megabytes} MB were pasted and are read; this is the end]\n${text.slice(-SHOWN_OF_LONG)}`;
  pasted = { text, shown: box.value };
  ask();
});

document.getElementById("finder-clear").addEventListener("click", () => {
  form.reset();
  pasted = null;
  ask();
  box.focus();
});
