// Answers beside the page, so that a long text never holds it up. It loads what it needs itself.

import { answerCombination, answerPackages, findFitting } from "./combination.js";
import { Explainer } from "./explain.js";
import { QuestionReader } from "./question.js";

const DATA = new URL("../../data/v1/finder/", import.meta.url);

async function load(name) {
  const answer = await fetch(new URL(name, DATA));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.json();
}

/** What answers questions, from the tables of the site. */
export class Answerer {
  constructor(errors, choices, seen) {
    this.choices = choices;
    this.seen = seen;
    const pythons = Object.entries(choices.pairings).map(([name, one]) => [name, one.pythons]);
    this.explainer = new Explainer(errors, Object.fromEntries(pythons));
    this.reader = new QuestionReader(choices.question, this.explainer);
  }

  /** The answer to a text, narrowed by a choice; `needs` is what only Python can answer. */
  answer(text, choice) {
    const { tensorflow, keras, python } = choice;
    const stated = Object.fromEntries(Object.entries({ tensorflow, keras, python }).filter(([, value]) => value));
    const question = this.reader.read(text, stated);
    const facts = { ...question.facts, ...choice };
    switch (question.kind) {
      case "empty":
        return Object.keys(choice).length ? this.answerReleases(question, choice) : { kind: "empty" };
      case "releases":
        return this.answerReleases(question, facts);
      case "packages":
        return this.answerPackages(question, facts);
      case "error":
      case "other":
        return this.answerError(question, choice);
      case "code":
        return {
          kind: "code",
          choice,
          needs: { what: "code", text, to: this.choosePairing(choice) },
          otherwise: this.answerBroken(text, choice, stated),
        };
      case "name":
        return { kind: "name", choice, needs: { what: "name", name: text.trim() } };
      default:
        return question;
    }
  }

  answerReleases({ unread, doubtful }, facts) {
    const answer = answerCombination(facts, this.choices);
    return { kind: "releases", unread, doubtful, ...answer };
  }

  answerPackages({ packages }, facts) {
    const answer = answerPackages(packages, facts, this.choices);
    return { kind: "packages", count: Object.keys(packages).length, ...answer };
  }

  /** The answer to an error in what looks like code, if it is none; null if it names no error. */
  answerBroken(text, choice, stated) {
    const separated = this.reader.separateErrors(text);
    if (!separated) return null;
    const explanation = this.explainer.explain(separated, stated);
    const answer = this.answerError({ kind: "error", explanation }, choice);
    return explanation.knows || explanation.line ? answer : null;
  }

  answerError(question, choice) {
    const { found, ...explanation } = question.explanation;
    const answer = { kind: question.kind, choice, explanation };
    if (explanation.knows) return answer;
    for (const line of explanation.asked) {
      explanation.seen = this.explainer.findSeen(this.seen, line);
      if (explanation.seen) {
        explanation.knows = true;
        return answer;
      }
      if (this.explainer.namesName(line)) {
        const lines = explanation.asked.map(({ text }) => text);
        answer.needs = { what: "clue", lines, facts: explanation.facts };
        break;
      }
    }
    // A line that names a name or an argument is whole.
    if (!answer.needs) this.explainer.addBeginning(explanation, found);
    if (explanation.last && !explanation.knows) explanation.nearest = this.explainer.findNearest(explanation.last);
    return answer;
  }

  /** The pairing for which code is judged: the best of the TensorFlow that was chosen. */
  choosePairing(choice) {
    if (!choice.tensorflow && !choice.keras) return "";
    const { tensorflow, keras, python } = choice;
    return findFitting({ ...(tensorflow && { tensorflow }), ...(keras && { keras }), ...(python && { python }) }, this.choices)[0]?.pairing ?? "";
  }
}

const WARMING = [
  "2.12 keras 3",
  "ImportError: cannot import name 'a' from 'keras'",
  "Error: a\nb: c",
  "ValueError: a b c d e f g h i j",
  "import keras",
];

const rows = new Map();

/** What is known of the newest cell, where no lock has the combination; a row is loaded once. */
async function findCell({ cells, verdict }) {
  const last = verdict && verdict !== "fits" ? cells.at(-1) : null;
  if (!last) return null;
  if (!rows.has(last.row)) rows.set(last.row, load(`cells/${last.row}.json`));
  return (await rows.get(last.row))[last.column];
}

async function start() {
  const tables = await Promise.all(["errors.json", "choices.json", "seen.json"].map(load));
  const answerer = new Answerer(...tables);
  // A pattern is compiled when it is first used: before the first key, not after it.
  for (const text of WARMING) answerer.answer(text, {});
  return answerer;
}

if (typeof DedicatedWorkerGlobalScope !== "undefined" && globalThis instanceof DedicatedWorkerGlobalScope) {
  const started = start().then(async (answerer) => {
    const { choices, explainer } = answerer;
    const { kinds, other_import: otherImport } = explainer.data;
    postMessage({ ready: true, tables: { ...choices, kinds, otherImport } });
    explainer.cures = await load("cures.json");
    return answerer;
  });
  started.catch((error) => postMessage({ failure: String(error) }));
  onmessage = async ({ data: { id, text, choice } }) => {
    try {
      const answerer = await started;
      const began = performance.now();
      const answer = answerer.answer(text, choice);
      postMessage({ id, answer, took: performance.now() - began });
      const cell = await findCell(answer);
      if (cell) postMessage({ id, answer: { ...answer, cell }, took: 0 });
    } catch (error) {
      postMessage({ id, failure: String(error) });
    }
  };
}
