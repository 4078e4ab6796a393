// Releases and specifiers as Python's packages write them, in the order of PEP 440.

const RELEASE =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)[-_.]?(?:(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d*))?(?:(?:[-_.]?(?:post|rev|r)[-_.]?(\d*))|-(\d+))?(?:[-_.]?dev[-_.]?(\d*))?(\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?$/i;
const PHASES = { a: 0, alpha: 0, b: 1, beta: 1, c: 2, rc: 2, pre: 2, preview: 2 };
const SPECIFIER = /^(===|==|~=|!=|<=|>=|<|>)\s*(.+)$/;

/** A release in parts that can be compared; null if it is none. */
export function parseRelease(text) {
  const found = RELEASE.exec(text.trim());
  if (!found) return null;
  const [, epoch, numbers, phase, preNumber, post, dash, dev, local] = found;
  return {
    epoch: Number(epoch ?? 0),
    numbers: numbers.split(".").map(Number),
    pre: phase ? [PHASES[phase.toLowerCase()], Number(preNumber || 0)] : null,
    post: post !== undefined || dash !== undefined ? Number(post || dash || 0) : null,
    dev: dev !== undefined ? Number(dev || 0) : null,
    local: local ?? "",
  };
}

function trimZeros(numbers) {
  const kept = [...numbers];
  while (kept.length > 1 && kept.at(-1) === 0) kept.pop();
  return kept;
}

function compareLists(one, other) {
  for (let place = 0; place < Math.max(one.length, other.length); place += 1) {
    const difference = (one[place] ?? -1) - (other[place] ?? -1);
    if (difference) return Math.sign(difference);
  }
  return 0;
}

/** Where a release stands among those with the same numbers: dev, a, b, rc, final, post. */
function rankPhase({ pre, post, dev }) {
  const phase = pre ?? (post === null && dev !== null ? [-1, 0] : [3, 0]);
  return [...phase, post ?? -1, dev ?? Infinity].map((part) => part + 2);
}

/** Below 0, 0 or above 0; what stands behind a `+` counts only with `locally`. */
export function compareReleases(one, other, locally = false) {
  return (
    Math.sign(one.epoch - other.epoch) ||
    compareLists(trimZeros(one.numbers), trimZeros(other.numbers)) ||
    compareLists(rankPhase(one), rankPhase(other)) ||
    (locally ? (one.local > other.local) - (one.local < other.local) : 0)
  );
}

function startsWith(release, prefix) {
  const numbers = [...release.numbers];
  while (numbers.length < prefix.length) numbers.push(0);
  return prefix.every((number, place) => numbers[place] === number);
}

function admitsOne(specifier, release) {
  const [, operator, text] = SPECIFIER.exec(specifier.trim()) ?? [];
  if (!operator) return false;
  const wild = text.trim().endsWith(".*");
  const bound = parseRelease(wild ? text.trim().slice(0, -2) : text);
  if (!bound) return false;
  if (wild) {
    const same = release.epoch === bound.epoch && startsWith(release, bound.numbers);
    return operator === "!=" ? !same : same;
  }
  const order = compareReleases(release, bound, bound.local !== "");
  const sameNumbers = compareLists(trimZeros(release.numbers), trimZeros(bound.numbers)) === 0;
  switch (operator) {
    case "==":
    case "===":
      return order === 0;
    case "!=":
      return order !== 0;
    case ">=":
      return order >= 0;
    case "<=":
      return order <= 0;
    case "<":
      return order < 0 && !(sameNumbers && !bound.pre && bound.dev === null && (release.pre || release.dev !== null));
    case ">":
      return order > 0 && !(sameNumbers && bound.post === null && (release.post !== null || release.local));
    default:
      return order >= 0 && startsWith(release, bound.numbers.slice(0, -1));
  }
}

/** Whether a specifier, such as `>=2.1,<3`, admits a release; null if it is no release. */
export function admits(specifiers, text) {
  const release = parseRelease(text);
  if (!release) return null;
  return specifiers
    .split(",")
    .filter((one) => one.trim())
    .every((one) => admitsOne(one, release));
}

/** `2.12.0` belongs to the minor `2.12`. */
export function minorOf(release) {
  return release.split(".").slice(0, 2).join(".");
}
