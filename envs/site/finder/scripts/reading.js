// A pasted text, read as envs/errors/reading.py reads it: by the same patterns, as data.

const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const LEADING = new RegExp(`^[${SPACE}]+`, "u");
const TRAILING = new RegExp(`[${SPACE}]+$`, "u");
const SPACES = new RegExp(`[${SPACE}]+`, "u");
const NUMBERS = /\p{Nd}+/gu;

/** A pattern of the data: to be found, or to match a whole text. */
export function compilePattern([source, flags], whole = false, more = "") {
  return new RegExp(whole ? `^(?:${source})$` : source, flags + more);
}

const startOf = ([source, flags]) => new RegExp(`^(?:${source})`, flags);

export function strip(text) {
  return stripEnd(text.replace(LEADING, ""));
}

function stripEnd(text) {
  // A pattern that ends in `$` would look at each blank of a long line.
  let end = text.length;
  while (end && TRAILING.test(text[end - 1])) end -= 1;
  return text.slice(0, end);
}

/** A text without such characters at both ends. */
export function stripBoth(text, characters) {
  let start = 0;
  let end = text.length;
  while (start < end && characters.includes(text[start])) start += 1;
  while (end > start && characters.includes(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

/** What is known of how to read a text: the patterns of the data, compiled once. */
export class Reading {
  constructor(data) {
    this.data = data;
    const all = (name) => compilePattern(data[name], false, "g");
    this.colours = all("colours");
    this.escaped = all("escaped");
    this.bold = all("bold");
    this.before = startOf(data.before);
    this.exception = startOf(data.exception);
    this.native = all("native");
    this.source = all("source");
    this.named = compilePattern(data.named);
    this.quoted = compilePattern(data.quoted);
    this.module = startOf(data.module);
    this.split = startOf(data.split);
    this.chained = startOf(data.chained);
    this.frame = startOf(data.frame);
    this.ofIpython = startOf(data.of_ipython);
    this.nameless = compilePattern(data.nameless, true);
    this.moduleless = compilePattern(data.moduleless, true);
    this.closed = compilePattern(data.closed);
    this.quotation = all("quotation");
    this.marked = compilePattern(data.marked);
    this.nameField = compilePattern(data.fields[0], false, "g");
    this.messageField = compilePattern(data.fields[1], true);
    this.folders = all("folders");
    this.wraps = compilePattern(data.wraps);
    this.word = all("word");
    this.ends = all("ends");
    this.ellipsis = compilePattern(data.ellipsis);
    this.pythonPath = all("python_path");
    this.pythonBanner = compilePattern(data.python_banner);
    this.stated = Object.entries(data.stated).map(([name, pattern]) => [name, compilePattern(pattern, false, "g")]);
    this.titles = data.titles.map(([source, flags, name]) => [startOf([source, flags]), name]);
    this.told = data.told.map(([source, flags, name]) => [compilePattern([source, flags]), name]);
    this.retyped = data.retyped.map(([source, flags, to]) => [compilePattern([source, flags], true), to]);
    this.normalised = data.normalised.map(([source, flags, to]) => [compilePattern([source, flags], false, "g"), to]);
    this.suggested = data.suggested.map((pattern) => compilePattern(pattern, false, "g"));
    this.quotes = new RegExp(`[${Object.keys(data.quotes).join("")}]`, "gu");
    this.common = new Set(data.common);
    this.names = data.names.map((pattern) => compilePattern(pattern, true));
  }

  /** A line without what changes from reader to reader. */
  trimLine(line) {
    let text = line.replace(this.quotes, (quote) => this.data.quotes[quote]).replace(this.folders, "");
    let before = null;
    while (text !== before) {
      before = text;
      for (const [pattern, to] of this.normalised) text = text.replace(pattern, to);
      text = text.split(SPACES).filter(Boolean).join(" ");
    }
    for (const pattern of this.suggested) text = text.replace(pattern, "");
    return text;
  }

  /** The lines that may name an error, in order, and the whole text without prefixes. */
  read(pasted) {
    const notebook = readNotebook(pasted);
    let text = (notebook ?? pasted).replace(this.escaped, "").replace(this.colours, "");
    if (["&#39;", "&lt;", "&quot;"].some((mark) => text.includes(mark))) {
      for (const [entity, character] of Object.entries(this.data.entities)) {
        text = text.replaceAll(entity, character);
      }
    }
    const shown = text
      .replaceAll("\r\n", "\n")
      .split("\n")
      .map((line) => stripEnd(line.slice(line.lastIndexOf("\r") + 1)));
    const bare = shown.map((line) => this.stripPrefix(line));
    return { lines: this.listLines(bare, shown), bare, text: bare.join("\n") };
  }

  stripPrefix(given) {
    let line = stripBoth(strip(given), "│┃ ");
    const odd = (line.split("`").length - 1) % 2;
    if (line.length > 2 && (odd || (line[0] === "`" && line.at(-1) === "`"))) line = stripBoth(line, "`");
    line = line.replace(this.bold, "$1");
    if (line.startsWith("**") || line.endsWith("**")) line = stripBoth(line, "*");
    if (line.length > 2 && line[0] === '"' && line.at(-1) === '"' && line.split('"').length === 3) {
      line = stripBoth(line, '" ');
    }
    let found;
    while ((found = this.before.exec(line)) && found[0]) {
      line = line.slice(found[0].length).replace(LEADING, "");
    }
    return line;
  }

  listLines(bare, shown) {
    const last = new Map();
    const different = new Map();
    bare.forEach((line, number) => different.set(line.replace(NUMBERS, "0"), number));
    const numbers = [...different.values()].sort((one, other) => one - other);
    const early = numbers.slice(0, -this.data.most_lines).filter((number) => this.exception.test(bare[number]));
    const told = this.isTold(bare);
    for (const number of [...early, ...numbers.slice(-this.data.most_lines)]) {
      const line = bare[number];
      if ([...line.slice(0, 12)].length < 6 || this.frame.test(line) || this.ofIpython.test(line)) continue;
      const raised = this.exception.test(line);
      const plain = [line];
      if (raised || line.startsWith("ERROR:") || line.startsWith("error:")) {
        plain.push(...this.joinWrapped(bare, number));
      }
      const native = line.replace(this.native, "").replace(this.source, "");
      if (native !== line) plain.push(native);
      const parts = [...this.nameExceptions(line), ...this.nameModule(bare, number), ...this.findParts(line)];
      const [, message] = this.messageField.exec(line) ?? [];
      if (message && number) {
        for (const [, name] of bare[number - 1].matchAll(this.nameField)) parts.push(`${name}: ${message}`);
      }
      if (told) parts.push(...this.findTold(line));
      if (told && !raised && line.split(" ").length >= this.data.fewest_words) {
        plain.push(...this.data.unnamed.map((name) => `${name}: ${line.replace(this.marked, "")}`));
      }
      const module = this.module.exec(line);
      if (module) plain.push(line.slice(module[0].length));
      for (const [variants, named] of [
        [plain, false],
        [parts, true],
      ]) {
        for (const variant of variants) {
          const text = this.trimLine(variant);
          last.delete(text);
          last.set(text, { text, shown: strip(shown[number]), number: number + 1, raised, named });
        }
      }
    }
    return [...last.values()].sort((one, other) => one.number - other.number);
  }

  /** Whether a person tells of a message in a few lines, or without any line of an exception. */
  isTold(bare) {
    const count = bare.filter(Boolean).length;
    if (count > this.data.most_told_alone) return false;
    return count <= this.data.most_told || !bare.some((line) => this.exception.test(line));
  }

  /** What a line says behind other words, between quotation marks or in brackets. */
  findParts(line) {
    const parts = [];
    const named = this.named.exec(line);
    if (named?.index) parts.push(...this.openPart(line.slice(named.index)));
    const quoted = this.quoted.exec(line);
    if (quoted) parts.push(...this.openPart(quoted[2] ?? quoted[3]));
    const wrapped = line.indexOf(this.data.wrapper);
    const inner = wrapped < 0 ? "" : strip(line.slice(wrapped + this.data.wrapper.length));
    if (inner) parts.push(...this.openPart(inner));
    const opened = this.stripClosing(line);
    if (opened !== line) parts.push(opened);
    return parts;
  }

  /** A part of a line, without the bracket that closes it, and the same with its exception. */
  openPart(part) {
    const opened = this.stripClosing(part);
    return [opened, ...this.nameExceptions(opened)];
  }

  /** A text without the bracket at its end that it does not open. */
  stripClosing(text) {
    const isOpened = text.split("]").length <= text.split("[").length;
    return isOpened ? text : text.replace(this.closed, "");
  }

  nameExceptions(line) {
    const named = this.titles.filter(([start]) => start.test(line)).map(([, name]) => `${name}: ${line}`);
    for (const [form, to] of this.retyped) if (form.test(line)) named.push(line.replace(form, to));
    const joined = line.replace(this.split, "$1$2: ");
    return joined !== line ? [...named, joined] : named;
  }

  /** A message of an older Python with the module that the code above it names. */
  nameModule(bare, number) {
    const above = bare.slice(Math.max(0, number - this.data.most_above), number).reverse();
    const [, imported] = this.moduleless.exec(bare[number]) ?? [];
    if (imported) {
      const code = new RegExp(`(?<![\\p{L}\\p{N}_])from ([\\p{L}\\p{N}_.]+) import (?:.*[^A-Za-z0-9_])?${imported}(?![A-Za-z0-9_])`, "u");
      const found = above.map((line) => code.exec(line)).find(Boolean);
      if (found) return [`ImportError: cannot import name '${imported}' from '${found[1]}'`];
    }
    const [, name] = this.nameless.exec(bare[number]) ?? [];
    if (!name) return [];
    for (const line of above) {
      for (const [alias, module] of Object.entries(this.data.called)) {
        const code = new RegExp(`(?<![A-Za-z0-9_.])${alias}\\.${name}(?![A-Za-z0-9_])`);
        if (code.test(line)) return [`AttributeError: module '${module}' has no attribute '${name}'`];
      }
    }
    return [];
  }

  findTold(line) {
    const named = this.told
      .map(([message, name]) => [message.exec(line), name])
      .filter(([match]) => match)
      .map(([match, name]) => (name ? `${name}: ${match[0]}` : match[0]));
    const quoted = [...line.matchAll(this.quotation)].flatMap(([, part]) => this.nameExceptions(part));
    return [...named, ...quoted];
  }

  joinWrapped(bare, number) {
    const found = [];
    let joined = bare[number];
    let spaced = joined;
    if ([...joined].length < 40) return found;
    for (const line of bare.slice(number + 1, number + 4)) {
      if (!line || this.exception.test(line) || this.frame.test(line)) break;
      joined += line;
      spaced = `${spaced} ${line}`;
      found.push(joined, spaced);
    }
    return found;
  }

  isChained(pasted) {
    return pasted.bare.some((line) => this.chained.test(line));
  }

  /** The releases that a text itself names. */
  guessFacts(text) {
    const found = {};
    const pythons = new Set([...text.matchAll(this.pythonPath)].map((one) => `${one[1]}.${one[2]}`));
    const banner = this.pythonBanner.exec(text);
    if (pythons.size === 1) [found.python] = pythons;
    else if (banner) [, found.python] = banner;
    for (const [name, pattern] of this.stated) {
      const said = new Set([...text.matchAll(pattern)].map((one) => one[1]));
      if (said.size === 1) [found[name]] = said;
    }
    return found;
  }
}

/** What the cells of a notebook printed; null if it is none. */
function readNotebook(text) {
  if (!text.replace(LEADING, "").startsWith("{") || !text.includes('"cells"')) return null;
  try {
    const parts = [];
    for (const cell of JSON.parse(text).cells) {
      for (const output of cell.outputs ?? []) {
        if (output.output_type === "error") {
          parts.push(...(output.traceback ?? []), `${output.ename ?? ""}: ${output.evalue ?? ""}`);
        } else {
          const printed = output.text ?? "";
          parts.push(Array.isArray(printed) ? printed.join("") : String(printed));
        }
      }
    }
    return parts.join("\n");
  } catch {
    return null;
  }
}
