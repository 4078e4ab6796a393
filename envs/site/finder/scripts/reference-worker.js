// Python in the browser: envs.which itself, for code and names. Loaded only when it is needed.

import { loadPyodide } from "../../data/v1/finder/python/pyodide.mjs";
import { Language, Parser, Query } from "../../data/v1/finder/python/web-tree-sitter.js";

const HERE = new URL("../../data/v1/finder/python/", import.meta.url);

/** The UTF-8 offset of each UTF-16 offset; null where both are the same. */
function mapBytes(text) {
  // eslint-disable-next-line no-control-regex
  if (!/[^\x00-\x7f]/.test(text)) return null;
  const bytes = new Int32Array(text.length + 1);
  let count = 0;
  for (let place = 0; place < text.length; place += 1) {
    bytes[place] = count;
    const code = text.charCodeAt(place);
    if (code < 0x80) count += 1;
    else if (code < 0x800) count += 2;
    else if (code >= 0xd800 && code < 0xdc00) {
      count += 4;
      place += 1;
      bytes[place] = count;
    } else count += 3;
  }
  bytes[text.length] = count;
  return bytes;
}

let trees = [];

/** A text as rows of numbers, which page_parser.py reads, and a way to find patterns in it. */
function parseWith(parser, language) {
  return (text) => {
    const tree = parser.parse(text);
    trees.push(tree);
    const bytes = mapBytes(text);
    const toByte = (place) => (bytes ? bytes[place] : place);
    const types = [];
    const typeNumbers = new Map();
    const fields = language.fields.map((name) => name ?? "");
    const numbers = new Map();
    const rows = [];
    const open = [];
    const cursor = tree.walk();
    for (let goesOn = true; goesOn; ) {
      const node = cursor.currentNode;
      const number = rows.length / 7;
      numbers.set(node.id, number);
      if (!typeNumbers.has(node.type)) typeNumbers.set(node.type, types.push(node.type) - 1);
      const flags = Number(node.isNamed) + 2 * Number(node.isError) + 4 * Number(node.isMissing) + 8 * Number(node.hasError);
      rows.push(
        typeNumbers.get(node.type),
        toByte(node.startIndex),
        toByte(node.endIndex),
        flags,
        cursor.currentFieldId || -1,
        open.at(-1) ?? -1,
        0,
      );
      if (cursor.gotoFirstChild()) {
        open.push(number);
        continue;
      }
      rows[number * 7 + 6] = number + 1;
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent()) {
          goesOn = false;
          break;
        }
        rows[open.pop() * 7 + 6] = rows.length / 7;
      }
    }
    cursor.delete();
    return {
      rows: new Uint8Array(Int32Array.from(rows).buffer),
      types,
      fields,
      findCaptures: (source) =>
        new Query(language, source).captures(tree.rootNode).map(({ name, node }) => [name, numbers.get(node.id)]),
    };
  };
}

async function start() {
  const [python, archive] = await Promise.all([
    loadPyodide({ indexURL: HERE.href }),
    fetch(new URL("reference.zip", HERE)).then((answer) => answer.arrayBuffer()),
    Parser.init({ locateFile: (name) => new URL(name, HERE).href }),
  ]);
  const language = await Language.load(new URL("tree-sitter-python.wasm", HERE).href);
  const parser = new Parser();
  parser.setLanguage(language);
  python.registerJsModule("page_grammar", { parsePython: parseWith(parser, language) });
  python.registerJsModule("tree_sitter_python", { language: () => null });
  python.unpackArchive(archive, "zip", { extractDir: "/reference" });
  python.runPython("import sys; sys.path.insert(0, '/reference')");
  return python.pyimport("page_answers").answer_page;
}

const started = start();

onmessage = async ({ data: { id, request } }) => {
  try {
    const answer = (await started)(JSON.stringify(request));
    postMessage({ id, answer: JSON.parse(answer) });
  } catch (error) {
    postMessage({ id, answer: { failure: String(error) } });
  } finally {
    for (const tree of trees) tree.delete();
    trees = [];
  }
};
