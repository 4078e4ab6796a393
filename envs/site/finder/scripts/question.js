// What a person means who types into the finder, as envs/site/finder/question.py decides it.

import { compilePattern, strip, stripBoth } from "./reading.js";

/** How questions are read. `explainer` tells an error from other texts. */
export class QuestionReader {
  constructor(data, explainer) {
    this.data = data;
    this.explainer = explainer;
    this.binary = compilePattern(data.binary, false, "g");
    this.stated = compilePattern(data.stated, true);
    this.saysError = compilePattern(data.says_error);
    this.glued = compilePattern(data.glued, false, "g");
    this.example = compilePattern(data.example, false, "g");
    this.form = compilePattern(data.form, true);
    this.doubtful = compilePattern(data.doubtful, true);
    this.passedOver = compilePattern(data.passed_over, true);
    this.pinned = data.pinned.map((pattern) => compilePattern(pattern, true));
    this.listed = compilePattern(data.listed, true);
    this.foreign = data.foreign.map(([name, ...pattern]) => [name, compilePattern(pattern)]);
    this.name = compilePattern(data.name, true);
    this.code = compilePattern(data.code);
    this.certainCode = compilePattern(data.certain_code);
    this.facts = data.facts.map(([fact, value, ...pattern]) => [fact, value, compilePattern(pattern)]);
    this.bare = compilePattern(data.bare, false, "g");
    this.word = compilePattern(data.word, false, "g");
    this.fillers = new Set(data.fillers);
  }

  /** The kind, what it says of an environment, and for an error the explanation without records. */
  read(text, facts = {}) {
    if (!strip(text)) return this.make("empty");
    const head = text.slice(0, this.data.head);
    if (head.includes("\0") || (head.match(this.binary) ?? []).length > this.data.most_binary * head.length) {
      return this.make("binary");
    }
    const packages = this.readPackages(text);
    if (Object.keys(packages).length) return this.make("packages", this.findPackageFacts(packages), packages);
    const explanation = this.explainer.explain(text.slice(-this.explainer.data.largest), facts);
    const foreign = this.nameLanguage(text.slice(0, this.data.looked_at));
    if (explanation.errors.length || (!foreign && explanation.isRaised)) {
      return { ...this.make("error"), explanation };
    }
    if (foreign) return this.make("foreign", { language: foreign });
    if (this.name.test(strip(text))) return this.make("name");
    const isForm = this.isFilledForm(text);
    if ((isForm || text.length <= this.data.longest) && !this.certainCode.test(text)) {
      const read = this.readFacts(text);
      const saysSomething = Object.keys(read.facts).length || !read.unread.length;
      const isShort = read.unread.length <= this.data.most_unread || (isForm && Object.keys(this.data.packages).some((name) => name in read.facts));
      if (isShort && saysSomething) {
        return this.make("releases", read.facts, {}, read.unread);
      }
    }
    if (this.code.test(text.slice(0, this.data.looked_at))) return this.make("code");
    return { ...this.make("other"), explanation };
  }

  make(kind, facts = {}, packages = {}, unread = []) {
    return { kind, facts, packages, unread, doubtful: unread.filter((word) => this.doubtful.test(word)) };
  }

  /** What may be code, from the first error in it, each at the start of a line; or empty. */
  separateErrors(text) {
    const lines = text.slice(0, this.data.looked_at).replace(this.glued, "\n").split("\n");
    const first = lines.findIndex((line) => this.saysError.test(line));
    return first < 0 ? "" : lines.slice(first).join("\n");
  }

  isFilledForm(text) {
    if (text.length > this.data.longest_form) return false;
    const lines = splitLines(text).filter((line) => strip(line));
    return lines.every((line) => this.form.test(line) || this.listed.test(line)) && lines.some((line) => this.stated.test(line));
  }

  readPackages(text) {
    const lines = splitLines(text).filter((line) => !this.passedOver.test(line));
    const patterns = lines.length >= this.data.least_listed ? [...this.pinned, this.listed] : this.pinned;
    const found = {};
    const stated = {};
    for (const line of lines) {
      const match = firstMatch(patterns, line);
      if (match) found[normaliseName(match.groups.name)] ??= match.groups.release ?? "";
      const said = match ? null : this.stated.exec(line);
      if (said) stated[normaliseName(said.groups.name)] ??= said.groups.release;
    }
    const least = Math.max(1, this.data.share_of_packages * lines.length);
    return Object.keys(found).length >= least ? { ...stated, ...found } : {};
  }

  findPackageFacts(packages) {
    const found = {};
    for (const [fact, names] of Object.entries(this.data.packages)) {
      const name = names.find((one) => packages[one]);
      if (name) found[fact] = packages[name];
    }
    return found;
  }

  nameLanguage(text) {
    return this.foreign.find(([, look]) => look.test(text))?.[0] ?? "";
  }

  readFacts(text) {
    let rest = text.toLowerCase().replace(this.example, " ");
    const facts = {};
    for (const [fact, value, pattern] of this.facts) {
      const match = pattern.exec(rest);
      if (!match) continue;
      facts[fact] ??= value || match.slice(1).filter(Boolean).join(".");
      rest = `${rest.slice(0, match.index)} ${rest.slice(match.index + match[0].length)}`;
    }
    rest = rest.replace(this.bare, (whole, major, number, patch) => {
      const minor = `${major}.${number}`;
      let fact = "tensorflow";
      if (major === "3") fact = Number(number) <= this.data.newest_bare_keras ? "keras" : "python";
      facts[fact] ??= fact === "python" ? minor : minor + (patch ?? "");
      return `${facts[fact]}.`.startsWith(`${minor}.`) ? " " : whole;
    });
    const words = (rest.match(this.word) ?? []).map((word) => stripBoth(word, this.data.around));
    return { facts, unread: words.filter((word) => word && !this.fillers.has(word)) };
  }
}

function firstMatch(patterns, line) {
  for (const pattern of patterns) {
    const match = pattern.exec(line);
    if (match) return match;
  }
  return null;
}

function splitLines(text) {
  const lines = text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/u);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** The name of a package as PyPI writes it. */
export function normaliseName(name) {
  return name.replace(/[-_.]+/g, "-").toLowerCase();
}
