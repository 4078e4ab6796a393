// An answer as elements: a coloured verdict first, then why, what to do, and the lock.

import { make, makeCommands, makeLine, makeLink, makeSentence, makeVerdict } from "./elements.js";
import { describeLock, findLock, makeLock } from "./locks.js";

const PACKAGES = { tensorflow: "TensorFlow", keras: "Keras", "tf-keras": "tf-keras", python: "Python" };
const GIVEN_UP = { ...mapValues(PACKAGES, (name) => `your ${name}`), platform: "your system", variant: "the processor", kind: "the kind" };
const MOST_SHOWN = 5;

/** The elements of an answer, and its first words for a screen reader. */
export function renderAnswer(answer, tables) {
  const parts = RENDERERS[answer.kind](answer, tables);
  return { parts, said: parts[0]?.textContent ?? "" };
}

const RENDERERS = {
  empty: () => [],
  binary: () => [
    makeVerdict("unsure", "No text.", "This is no text that can be read."),
    make("p", {}, "Paste the traceback as text, or at least its last line; of a notebook, the cell's output."),
  ],
  long: () => [
    makeVerdict("unsure", "Too long.", "Reading this took too long, and was given up."),
    make("p", {}, "Paste the traceback alone, or its last lines."),
  ],
  foreign: ({ facts }) => [
    makeVerdict("unsure", "Not Python.", `This looks like an error of ${facts.language}.`),
    make("p", {}, "Only errors of Python are known here. If a Python program stands behind it, paste what that printed."),
  ],
  error: renderError,
  other: renderError,
  releases: renderCombination,
  packages: renderPackages,
  code: renderCode,
  name: renderName,
};

function renderError(answer, tables) {
  const { explanation } = answer;
  const grave = explanation.errors.filter((one) => one.group !== "warnings");
  const harmless = grave.length ? explanation.errors.filter((one) => one.group === "warnings") : [];
  if (explanation.name) return renderClue(answer, tables);
  if (explanation.seen) return renderSeen(explanation.seen);
  if (!explanation.knows) return renderUnknown(answer);
  const shown = grave.length ? grave : explanation.errors;
  const [first, ...others] = shown.map((one) => renderMatch(one, answer, tables));
  const together = shown.filter((one) => shown.some((other) => one.name in other.shares));
  const how = together.flatMap((one) =>
    Object.entries(one.shares)
      .filter(([name]) => together.some((other) => other.name === name))
      .map(([, text]) => make("p", {}, make("strong", {}, "Which of them: "), makeSentence(text))),
  );
  return [
    makeVerdict(
      shown[0].group === "warnings" ? "good" : "known",
      shown[0].group === "warnings" ? "Harmless." : "Known.",
      shown[0].group === "warnings" ? "This is a warning." : "This error has a cure.",
    ),
    ...first,
    ...how,
    ...others.map((parts, place) => {
      const same = shown[place + 1].number === shown[0].number;
      const title = `${same ? "Or it is another error" : "Also in it"}: ${shown[place + 1].line.slice(0, 120)}`;
      return make("details", {}, make("summary", {}, title), ...parts);
    }),
    ...noteHarmless(harmless),
  ];
}

function noteHarmless(harmless) {
  return harmless.map((one) =>
    make("p", {}, makeLink(`errors/${one.name}.html`, one.name), " stands in it too, and is no error."),
  );
}

function renderMatch(match, { choice, explanation }, tables) {
  const cures = match.cures.map((cure) =>
    make(
      "li",
      {},
      make("strong", {}, capitalise(tables.kinds[cure.kind])),
      cure.for ? [", for ", makeSentence(cure.for)] : "",
      ": ",
      ...makeSentence(cure.do),
      cure.commands.length ? makeCommands(`Type this to ${tables.kinds[cure.kind]}`, cure.commands) : "",
    ),
  );
  const taken = match.cures.find((cure) => cure.pairing in tables.pairings);
  const python = taken?.python || choice.python || explanation.facts.python;
  const lock = taken ? findLock(taken.pairing, python, choice, tables) : null;
  return [
    makeLine(match.line),
    make("h3", {}, "Why"),
    make("p", {}, ...makeSentence(match.cause)),
    make("h3", {}, "What to do"),
    cures.length
      ? make("ol", {}, ...cures)
      : make("p", {}, "None of its cures can be carried out with these releases."),
    ...(lock ? [makeLock(lock, tables)] : []),
    make("p.finder-sure", {}, `How sure that is: ${match.sureness}.`),
    make("p", {}, makeLink(`errors/${match.name}.html`, "All about this error")),
  ];
}

function renderSeen(seen) {
  return [
    makeVerdict("known", "Known.", "This very line was made here."),
    makeLine(seen.line),
    make("h3", {}, "Why"),
    make("p", {}, ...makeSentence(seen.cause)),
    ...(seen.remedy ? [make("h3", {}, "What to do"), make("p", {}, ...makeSentence(seen.remedy))] : []),
    make("p", {}, "It was made in ", ...listPairings(seen.pairings), ". ", makeLink(seen.address, "More about it")),
  ];
}

function renderUnknown({ kind, explanation, needs }) {
  if (needs) return [makeVerdict("unsure", "One moment.", "The record of names may know it: it is being loaded, once.")];
  const line = explanation.line;
  return [
    makeVerdict("unsure", "Not known.", kind === "other" ? "This is no error, code or release that is known here." : "Nobody has explained this error here."),
    ...(line ? [makeLine(line)] : []),
    ...(explanation.nearest.length
      ? [
          make("h3", {}, "What comes near, and is another error each"),
          make("ul", {}, ...explanation.nearest.map((one) => make("li", {}, makeLink(`errors/${one.name}.html`, one.line)))),
        ]
      : []),
    make("h3", {}, "What to do"),
    make(
      "ul",
      {},
      make("li", {}, "Paste the whole traceback, with what stands above its last line."),
      make("li", {}, "Paste what ", make("code", {}, "pip freeze"), " prints: it says whether the packages go together."),
      make("li", {}, "Run ", makeLink("files/examples/venv_verification/verify.py", "verify.py"), " with your project's Python: it says what interferes."),
      make("li", {}, "Report it with the form for an error, in the repository's issues: with the whole traceback."),
    ),
    ...noteHarmless(explanation.errors.filter((one) => one.group === "warnings")),
  ];
}

function renderClue({ explanation, choice }, tables) {
  const clue = explanation.name;
  const what = clue.argument ? `${clue.path}(${clue.argument}=)` : clue.path;
  const gone = clue.missing.length ? [", and missing in ", ...listPairings(clue.missing)] : [];
  return [
    makeVerdict("known", "Known.", clue.argument ? "An argument that is not taken." : "A name that is not there."),
    makeLine(clue.line),
    make("h3", {}, "Why"),
    make("p", {}, make("code", {}, what), clue.there.length ? " is in " : " is in no pairing", ...listPairings(clue.there), ...gone, "."),
    ...(clue.elsewhere ? renderOtherImport(clue, tables) : renderSuccessor(clue, explanation, choice, tables)),
    make("p.finder-sure", {}, "How sure that is: derived from the record of names, which walked every pairing."),
  ];
}

/** What to do where the reader's own TensorFlow has the name. */
function renderOtherImport(clue, tables) {
  const [look, command, verify] = tables.otherImport.map((text) => text.replaceAll("{top}", clue.path.split(".")[0]));
  return [
    make("h3", {}, "What to do"),
    make("p", {}, ...makeSentence(capitalise(look)), "."),
    makeCommands("Type this to see what is imported", [command]),
    make("p", {}, ...makeSentence(verify), ": ", makeLink("files/examples/venv_verification/verify.py", "verify.py"), "."),
  ];
}

function renderSuccessor(clue, explanation, choice, tables) {
  const python = choice.python ?? explanation.facts.python;
  const lock = clue.take ? findLock(clue.take, python, choice, tables) : null;
  const written = clue.write ? [", write ", make("code", {}, clue.write)] : [];
  return [
    ...(clue.write || clue.why
      ? [make("h3", {}, "What to do"), make("p", {}, `In ${clue.pairing}`, ...written, ": ", ...makeSentence(clue.why ?? ""))]
      : []),
    ...(lock ? [make("h3", {}, "For code that must stay as it is"), makeLock(lock, tables)] : []),
  ];
}

function renderCombination(answer, tables) {
  const { verdict, facts, locks } = answer;
  const asked = nameFacts(facts, tables);
  const heads = {
    fits: () => makeVerdict("good", "Fits.", Object.keys(facts).length ? `There is a lock for ${asked}.` : "This is the newest that is recommended."),
    works: () => makeVerdict("good", "Works.", `No lock has ${asked}, but it was tried here.`),
    fails: () => makeVerdict("bad", "Fails.", `${asked}: that does not go together.`),
    none: () => makeVerdict("unsure", "No lock.", `No lock has ${asked}.`),
  };
  const doubtful = answer.doubtful ?? [];
  // A release that was not understood may be the one that does not fit.
  const isUnsure = doubtful.length > 0 && (verdict === "fits" || verdict === "works");
  return [
    isUnsure
      ? makeVerdict("unsure", "Not sure.", `${doubtful.join(" and ")}: not understood. This is the answer without it.`)
      : heads[verdict](),
    ...(isUnsure ? [make("p", {}, "Name the package before each release, as in ", make("code", {}, "tensorflow 2.15 keras 2.15"), ".")] : []),
    ...noteUnread(answer.unread ?? []),
    ...answer.unknown.filter((name) => name in PACKAGES).map((name) => sayRange(name, facts, tables)),
    ...answer.reasons.map((reason) => make("p", {}, `${capitalise(reason)}.`)),
    ...renderCells(answer, tables),
    ...renderNearest(answer, tables),
    ...(locks.length ? [makeLock(locks[0], tables), ...renderOthers(locks.slice(1), tables)] : []),
  ];
}

/** Which releases there are locks for, where the one that was asked for is none of them. */
function sayRange(name, facts, tables) {
  const known = tables.locks.map((lock) => lock[name]).filter(Boolean);
  const order = known.sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
  const asked = nameFacts({ [name]: facts[name] }, tables);
  return make("p", {}, `No lock has ${asked} at all: they have ${PACKAGES[name]} ${order[0]} to ${order.at(-1)}.`);
}

function noteUnread(unread) {
  return unread.length ? [make("p.finder-hint", {}, `Not understood: ${unread.join(" ")}`)] : [];
}

/** Facts in words: `TensorFlow 2.12, Keras 3`. */
export function nameFacts(facts, tables) {
  const words = Object.entries(facts).map(([name, value]) => {
    if (name === "platform") return tables.platforms[value] ?? value;
    if (name === "variant") return tables.variants[value] ?? value;
    if (name === "kind") return value;
    return `${PACKAGES[name]} ${value}`;
  });
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : (words[0] ?? "everything");
}

/** The cells of the atlas: neighbours with one verdict in one line, and why the last is so. */
function renderCells({ cells, cell, verdict }, tables) {
  if (!cells.length || verdict === "fits") return [];
  const groups = [];
  for (const one of cells) {
    const last = groups.at(-1);
    if (last && last[0].verdict === one.verdict && last[0].row === one.row) last.push(one);
    else groups.push([one]);
  }
  const lines = groups.map((group) => {
    const from = group[0].column;
    const to = group.length > 1 ? ` to ${group.at(-1).column.split(" ")[1]}` : "";
    return make("li", {}, make("strong", {}, `${from}${to}: ${tables.verdicts[group[0].verdict]}`), ": ", ...makeSentence(tables.meanings[group[0].verdict]));
  });
  const detail = cell
    ? [make("details", {}, make("summary", {}, `What was tried: ${cells.at(-1).column}`), make("pre", { tabindex: "0", role: "region", "aria-label": "What was tried" }, make("code", {}, cell.join("\n"))))]
    : [];
  const why = (cell ?? []).find((line) => line.startsWith("  why: "));
  return [
    make("h3", {}, "What happens"),
    make("ul", {}, ...lines),
    ...(why ? [make("p", {}, make("strong", {}, "Why: "), ...makeSentence(why.slice(7)))] : []),
    ...detail,
  ];
}

function renderNearest({ nearest }, tables) {
  if (!nearest.length) return [];
  const lines = nearest.map(({ without, lock }) =>
    make("li", {}, `If you give up ${without.map((name) => GIVEN_UP[name]).join(" and ")}: `, makeLink(`pairings/${lock.pairing}.html`, make("code", {}, lock.pairing)), `, ${describeLock(lock, tables)}`),
  );
  return [make("h3", {}, "What fits instead"), make("ul", {}, ...lines), makeLock(nearest[0].lock, tables)];
}

function renderOthers(locks, tables) {
  if (!locks.length) return [];
  const lines = locks.map((lock) =>
    make("li", {}, makeLink(`pairings/${lock.pairing}.html`, make("code", {}, lock.pairing)), ` ${describeLock(lock, tables)}`),
  );
  return [make("h3", {}, "What fits too"), make("ul", {}, ...lines)];
}

function renderPackages(answer, tables) {
  const { caps, doubled, count, facts } = answer;
  if (!facts.tensorflow && !facts.keras && !facts["tf-keras"]) {
    return [
      makeVerdict("unsure", "No TensorFlow.", `${count} packages were read, and neither TensorFlow nor Keras is among them.`),
      make("p", {}, "Run ", make("code", {}, "python -m pip freeze"), " with the Python of your project. Perhaps it is another environment."),
    ];
  }
  const wrong = [
    ...caps.map((cap) =>
      make("li", {}, make("code", {}, `${cap.package} ${cap.release}`), " is not ", make("code", {}, cap.requirement), ": ", ...makeSentence(cap.reason)),
    ),
    ...doubled.map((names) => make("li", {}, `${names.join(" and ")} install the same files: uninstall all of them, and install one.`)),
  ];
  const parts = renderCombination(answer, tables);
  if (wrong.length) parts[0] = makeVerdict("bad", "Fails.", `${nameFacts(facts, tables)}: something beside it does not go with it.`);
  const [head, ...rest] = parts;
  const mend = caps.length ? [makeCommands("To mend it in that environment", [`python -m pip install ${caps.map((cap) => `"${cap.requirement}"`).join(" ")}`])] : [];
  return [head, make("p", {}, `${count} packages were read.`), ...(wrong.length ? [make("h3", {}, "What is wrong"), make("ul", {}, ...wrong)] : []), ...mend, ...rest];
}

function renderCode({ document: answer, choice, needs }, tables) {
  if (!answer) return [makeVerdict("unsure", "One moment.", "Python is being loaded to read your code: some 5 MB, once.")];
  const broken = renderFailure(answer);
  if (broken) return broken;
  if (!answer.names.length) {
    return [
      makeVerdict("unsure", "Not judged.", "This code names nothing of TensorFlow or Keras."),
      make("p", {}, "Paste it with its imports: what a name stands for is read from them."),
    ];
  }
  const isJudged = answer.names.length > answer.uncovered.length;
  const best = answer.pairings.find((one) => one.pairing === answer.to) ?? answer.pairings[0];
  const lock = best ? findLock(best.pairing, best.python, choice, tables) : null;
  const places = answer.places.map((place) =>
    make(
      "li",
      {},
      make("code", {}, place.keyword ? `${place.name}(${place.keyword}=)` : place.name),
      ` (line ${place.line})`,
      place.suggestion ? [": write ", make("code", {}, place.suggestion.write || "nothing"), place.suggestion.why ? [", ", ...makeSentence(place.suggestion.why)] : ""] : `: ${place.why || "is not there"}`,
    ),
  );
  const lacking = answer.pairings
    .filter((one) => one !== best && one.lacks.length)
    .map((one) => make("li", {}, makeLink(`pairings/${one.pairing}.html`, make("code", {}, one.pairing)), " lacks ", one.lacks.slice(0, MOST_SHOWN).join(", ")));
  return [
    isJudged
      ? makeVerdict(answer.fits ? "good" : "bad", answer.fits ? "The names fit." : "Fails.", ...makeSentence(answer.answer))
      : makeVerdict("unsure", "Not judged.", "The record of names does not cover what this code uses."),
    ...(isJudged && answer.fits ? [make("p", {}, "Names and their arguments were compared, where they could be traced; values, file names and behaviour were not.")] : []),
    ...(answer.assumed.length ? [make("p.finder-hint", {}, "Read as if it began with ", make("code", {}, answer.assumed.join("; ")))] : []),
    ...(answer.uncovered.length ? [make("p.finder-hint", {}, `Not judged, as the record does not cover it: ${answer.uncovered.slice(0, MOST_SHOWN).join(", ")}`)] : []),
    ...(places.length ? [make("h3", {}, `What to change for ${best.pairing}`), make("ul", {}, ...places)] : []),
    ...(lock ? [makeLock(lock, tables)] : []),
    ...(needs?.to ? [] : [make("p", {}, "Choose your TensorFlow above to see what to write instead there.")]),
    ...(lacking.length ? [make("details", {}, make("summary", {}, "What the other pairings lack"), make("ul", {}, ...lacking))] : []),
    ...(answer.unread.length ? [make("p.finder-hint", {}, `Left out: ${answer.unread.map((one) => one.why).join("; ")}`)] : []),
  ];
}

function renderName({ document: answer, choice }, tables) {
  if (!answer) return [makeVerdict("unsure", "One moment.", "The record of names is being loaded, once.")];
  const broken = renderFailure(answer);
  if (broken) return broken;
  const there = answer.pairings.filter((one) => one.presence === "there").map((one) => one.pairing);
  const newest = there.filter((name) => !/-(legacy|bundled|preview)$/.test(name)).at(-1) ?? there.at(-1);
  const lock = newest ? findLock(newest, choice.python, choice, tables) : null;
  const instead = answer.pairings.filter((one) => one.instead);
  return [
    makeVerdict(there.length ? "good" : "bad", there.length ? "Found." : "Not there.", ...makeSentence(answer.answer)),
    ...(instead.length
      ? [
          make("h3", {}, "What to write where it is missing"),
          make("ul", {}, ...instead.slice(-MOST_SHOWN).reverse().map((one) => make("li", {}, make("code", {}, one.pairing), ": ", make("code", {}, one.instead), one.why ? [", ", ...makeSentence(one.why)] : ""))),
        ]
      : []),
    ...(lock ? [makeLock(lock, tables)] : []),
  ];
}

/** What is said if Python could not answer; null if it did. */
function renderFailure({ problem, failure }) {
  if (problem) return [makeVerdict("unsure", "Not read.", problem)];
  if (failure) return [makeVerdict("unsure", "Not read.", "Python could not be started in this browser."), makeLine(failure)];
  return null;
}

function listPairings(names) {
  return names.flatMap((name, place) => [place ? ", " : "", makeLink(`pairings/${name}.html`, make("code", {}, name))]);
}

function mapValues(table, change) {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, change(value)]));
}

function capitalise(text) {
  return text ? text[0].toUpperCase() + text.slice(1) : text;
}
