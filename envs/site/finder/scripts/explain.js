// The answer to a pasted error, as envs/errors decides it; the catalogue comes as data.

import { Reading, compilePattern, strip } from "./reading.js";
import { admits, minorOf } from "./releases.js";

const QUOTED = ["<", ">", "=", "*", "[", ";", " "];

/** For each fact of `when` that is known: whether it is one of those releases. */
function compareReleases(when, facts) {
  return Object.entries(when ?? {})
    .map(([name, releases]) => (name in facts ? admits(releases, facts[name]) : null))
    .filter((said) => said !== null);
}

/**
 * Everything that a text can be explained by. `pairings` is name -> its Pythons, `cures` is entry ->
 * its cause and its cures, which come later than the rest.
 */
export class Explainer {
  cures = {};

  constructor(errors, pairings) {
    this.reading = new Reading(errors.reading);
    this.data = errors.reading;
    this.pairings = pairings;
    this.entries = errors.entries.map((entry) => ({
      ...entry,
      matchers: entry.patterns.map(([source, flags, needle]) => ({
        needle,
        pattern: compilePattern([source, flags], true),
      })),
      made: (entry.made ?? []).map((line) =>
        line.endsWith("...")
          ? { start: this.reading.trimLine(line.slice(0, -3)) }
          : { whole: this.reading.trimLine(line) },
      ),
      untrimmed: listLines(entry),
      lines: listLines(entry).map((line) => this.reading.trimLine(line)),
      abovePattern: entry.above ? compilePattern(entry.above) : null,
    }));
  }

  /**
   * The document that `nox -s explain -- --json` prints, but for what the records of examples, the
   * atlas and names know: `asked` are the lines of which those are to be asked.
   */
  explain(given, facts) {
    const pasted = this.reading.read(given);
    const known = { ...this.reading.guessFacts(pasted.text), ...facts };
    if (known.tensorflow) known.minor = minorOf(known.tensorflow);
    const found = this.findMatches(pasted, known);
    return {
      knows: found.explained,
      line: found.last?.shown ?? null,
      facts: known,
      errors: found.matches.map((match) => this.describeMatch(match, known)),
      name: null,
      seen: null,
      nearest: [],
      asked: found.explained ? [] : this.listAsked(pasted, found.last).map(({ text, shown }) => ({ text, shown })),
      last: found.last?.text ?? null,
      found: { ...found, pasted },
      isRaised: pasted.lines.some((line) => line.raised),
    };
  }

  /** What the examples and the atlas know of a line, from the data of their lines. */
  findSeen(seen, line) {
    const known = seen[line.text];
    if (!known) return null;
    return { ...known, line: known.line || line.shown, remedy: known.remedy || null };
  }

  /** Whether the record of names may know the name or the argument in a line. */
  namesName(line) {
    return this.reading.names.some((pattern) => pattern.test(line.text));
  }

  findMatches(pasted, facts) {
    const matches = pasted.lines.flatMap((line) => this.matchOne(line, pasted, facts));
    const raised = pasted.lines.filter((line) => line.raised);
    let last = raised.at(-1) ?? null;
    if (!last && new Set(pasted.lines.map((line) => line.number)).size === 1) last = pasted.lines.at(-1);
    // A person tells of an error that other records may know.
    if (!last && !matches.length) last = pasted.lines.findLast((line) => line.named) ?? null;
    // Python sorts from the end: what is equal keeps its order.
    const serious = (match) => match.entry.group !== "warnings";
    matches.sort((one, other) => serious(other) - serious(one) || other.line.number - one.line.number);
    const best = new Map();
    for (const match of matches) if (!best.has(match.entry.name)) best.set(match.entry.name, match);
    const all = [...best.values()];
    const graver = all.filter(serious);
    const explained =
      all.length > 0 &&
      (!last ||
        matches.some((match) => match.line.number === last.number) ||
        // What stands below the last exception belongs to its message.
        graver.some((match) => match.line.number > last.number) ||
        (graver.length > 0 && (this.reading.isChained(pasted) || this.isBelow(last, graver))));
    return { matches: all.slice(0, this.data.most), last, explained };
  }

  isBelow(last, matches) {
    return (
      matches.some(({ line }) => last.text.includes(messageOf(line.text))) || this.reading.wraps.test(last.text)
    );
  }

  matchOne(line, pasted, facts) {
    let found = [];
    for (const entry of this.entries) {
      const parts = matchLine(entry, line.text);
      const lacks = parts && entry.needs_above && !entry.abovePattern.test(pasted.text);
      if (parts && !lacks && compareReleases(entry.when, facts).every(Boolean)) {
        const seen = entry.made.some(({ start, whole }) =>
          start === undefined ? line.text === whole : line.text.startsWith(start),
        );
        found.push({ entry, line, parts, seen, fits: this.judgeFit(entry, pasted, facts) });
      }
    }
    if (found.length > 1) {
      const possible = found.filter((one) => one.fits !== false);
      if (possible.length) found = possible;
      const order = (one) => [one.fits === true ? 0 : one.fits === null ? 1 : 2, Boolean(one.entry.above || one.entry.when), !one.seen];
      found.sort((one, other) => {
        const [mine, theirs] = [order(one), order(other)];
        return mine[0] - theirs[0] || mine[1] - theirs[1] || mine[2] - theirs[2];
      });
    }
    return found;
  }

  judgeFit(entry, pasted, facts) {
    const said = compareReleases(entry.when, facts);
    if (entry.abovePattern && pasted.lines.length > 1) said.push(entry.abovePattern.test(pasted.text));
    return said.length ? said.every(Boolean) : null;
  }

  listAsked(pasted, last) {
    if (!last) return [];
    const same = pasted.lines.filter((line) => line.number === last.number);
    const others = pasted.lines.filter((line) => line.raised && line.number !== last.number).reverse();
    return [...same, ...(this.reading.isChained(pasted) ? others.slice(0, 5) : [])];
  }

  /**
   * An explanation with the entry whose line begins as the last exception does, if it is one alone:
   * what was pasted may have been cut off.
   */
  addBeginning(explanation, { pasted, matches, last }) {
    const match = last && this.findBeginning(pasted, last, explanation.facts);
    if (!match) return;
    explanation.knows = true;
    explanation.errors = [match, ...matches]
      .slice(0, this.data.most)
      .map((one) => this.describeMatch(one, explanation.facts));
  }

  findBeginning(pasted, last, facts) {
    const known = this.entries.filter((entry) => compareReleases(entry.when, facts).every(Boolean));
    for (const line of pasted.lines.filter((one) => one.number === last.number)) {
      const text = line.text.replace(this.reading.ellipsis, "");
      if (text.length < this.data.fewest_characters || text.split(" ").length < this.data.fewest_begun) continue;
      if (this.data.unsaid.some((end) => text.endsWith(end))) continue;
      const words = messageOf(text).split(" ");
      const found = known
        .map((entry) => ({ entry, parts: this.complete(text, words, entry) }))
        .filter(({ parts }) => parts);
      if (found.length === 1 && !found[0].entry.needs_above) {
        const fits = this.judgeFit(found[0].entry, pasted, facts);
        return { ...found[0], line, seen: false, fits, isCut: true };
      }
    }
    return null;
  }

  /**
   * The named parts of a text with the rest of one of an entry's lines; null if none fits. What only
   * the rest names is not the reader's: an ellipsis stands for it.
   */
  complete(text, words, entry) {
    // Few lines are cut off: what they are compared with is made when the first one is.
    entry.begun ??= entry.untrimmed.map((line) => {
      const made = this.reading.trimLine(line.replace(/\.\.\.$/, ""));
      return { made, others: messageOf(made).split(" ") };
    });
    for (const { made, others } of entry.begun) {
      if (!this.isAlike(words, others)) continue;
      for (const end of made.matchAll(this.reading.ends)) {
        const whole = text + made.slice(end.index);
        const matcher = entry.matchers.find(({ pattern }) => pattern.test(whole));
        if (matcher) return namePartsWithin(text.length, whole, matcher.pattern, entry);
      }
    }
    return null;
  }

  /** Whether two messages have the same first word, and most words of the one are in the other. */
  isAlike(words, others) {
    if (words[0] !== others[0]) return false;
    return words.filter((word) => others.includes(word)).length >= this.data.shared * words.length;
  }

  describeMatch(match, facts) {
    const { entry, line, parts, seen, fits, isCut } = match;
    const { cause, cures } = this.cures[entry.name] ?? { cause: "", cures: [] };
    const words = { ...facts, ...parts };
    const fill = (text) => this.fill(text, { ...entry.parts, ...words });
    return {
      name: entry.name,
      group: entry.group,
      line: line.shown,
      number: line.number,
      parts,
      sure: entry.unmade ? "not reproduced" : seen ? "seen" : isCut ? "begins" : "fits",
      sureness: entry.sure[Number(seen)] + (isCut ? this.data.is_cut : "") + (fits === false && !entry.unmade ? this.data.otherwise : ""),
      fits,
      cause: fill(cause),
      cures: cures.filter((cure) => compareReleases(cure.when, facts).every(Boolean)).map((cure) => ({
        name: cure.name,
        kind: cure.kind,
        for: cure.for ?? null,
        do: fill(cure.do),
        commands: this.listCommands(cure, fill, words),
        pairing: cure.pairing ?? "",
        python: cure.python ?? "",
      })),
      shares: entry.shares ?? {},
      page: `examples/errors/${entry.name}.md`,
    };
  }

  fill(text, known) {
    const words = { ...this.data.unknown, ...known };
    return text.replace(/\{([\p{L}\p{N}_]+)\}/gu, (whole, name) => words[name] ?? whole);
  }

  listCommands(cure, fill, words) {
    const commands = [];
    if (cure.uninstall) commands.push(`python -m pip uninstall -y ${cure.uninstall.map(fill).join(" ")}`);
    if (cure.install) {
      const shown = cure.install
        .map((word) => this.fill(fill(word), words))
        .map((word) => (QUOTED.some((mark) => word.includes(mark)) ? `"${word}"` : word));
      commands.push(`python -m pip install ${shown.join(" ")}`);
    }
    for (const [name, value] of Object.entries(cure.env ?? {})) commands.push(`export ${name}=${value}`);
    if (cure.pairing && cure.pairing in this.pairings) {
      commands.push(`nox -s copy -- ${cure.pairing} PATH --python ${this.choosePython(cure, words)}`);
    }
    return commands;
  }

  /** The Python for which a cure takes a pairing: the reader's, if it has a lock. */
  choosePython(cure, facts) {
    const pythons = this.pairings[cure.pairing];
    const minor = minorOf(facts.python ?? "");
    return cure.python || (pythons.includes(minor) ? minor : pythons[0]);
  }

  /** The entries whose lines have most words in common with a line. */
  findNearest(line) {
    const words = this.wordsOf(line);
    if (!words.size) return [];
    const ranked = this.entries.map((entry) => {
      return [Math.max(...entry.lines.map((one) => this.likeness(line, words, one))), entry];
    });
    ranked.sort(([one, first], [other, second]) => other - one || (first.name < second.name ? 1 : -1));
    return ranked
      .slice(0, this.data.most)
      .filter(([score]) => score > 0.15)
      .map(([, { name, line: shown }]) => ({ name, line: shown }));
  }

  likeness(line, words, other) {
    const others = this.wordsOf(other);
    const common = [...words].filter((word) => others.has(word)).length;
    if (!common) return 0;
    const share = common / (words.size + others.size - common);
    return share + 0.2 * quickRatio([...line].slice(0, 160), [...other].slice(0, 160));
  }

  wordsOf(line) {
    return new Set((line.match(this.reading.word) ?? []).filter((word) => !this.reading.common.has(word)));
  }
}

/** The named parts of a line that an entry is known by; null if it is another's. */
function matchLine(entry, line) {
  for (const { needle, pattern } of entry.matchers) {
    if (needle && !line.includes(needle)) continue;
    const found = pattern.exec(line);
    if (found) {
      const named = Object.entries(found.groups ?? {}).filter(([, value]) => value);
      return { ...entry.parts, ...Object.fromEntries(named) };
    }
  }
  return null;
}

/** The line of an entry, and those that were made. */
const listLines = (entry) => [entry.line, ...(entry.made ?? [])];

function messageOf(line) {
  const colon = line.indexOf(": ");
  return colon < 0 ? "" : line.slice(colon + 2);
}

/** The named parts of a text of which only so many characters are the reader's. */
function namePartsWithin(length, whole, pattern, entry) {
  const { groups = {} } = new RegExp(pattern.source, `${pattern.flags}d`).exec(whole).indices;
  const named = Object.entries(groups)
    .filter(([, span]) => span && span[0] < span[1])
    .map(([name, [start, end]]) => [name, whole.slice(start, Math.max(start, Math.min(end, length))) + (end > length ? "\u2026" : "")]);
  return { ...entry.parts, ...Object.fromEntries(named) };
}

/** How many characters two texts have in common, as a share: Python's `quick_ratio`. */
function quickRatio(one, other) {
  const left = new Map();
  for (const character of other) left.set(character, (left.get(character) ?? 0) + 1);
  let common = 0;
  for (const character of one) {
    const count = left.get(character) ?? 0;
    if (count > 0) common += 1;
    left.set(character, count - 1);
  }
  const length = one.length + other.length;
  return length ? (2 * common) / length : 1;
}

export { strip };
