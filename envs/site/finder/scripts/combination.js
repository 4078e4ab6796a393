// What is known of a combination of releases, as envs/site/finder/combination.py decides it.

import { normaliseName } from "./question.js";
import { admits } from "./releases.js";

const FACTS = ["tensorflow", "keras", "tf-keras", "python", "platform", "variant", "kind"];
const MOST_LOCKS = 6;
const MOST_REASONS = 3;

/** The locks that fit some facts, the best first; the cells of the atlas; or what else fits. */
export function answerCombination(facts, tables) {
  const asked = Object.fromEntries(FACTS.filter((name) => facts[name]).map((name) => [name, facts[name]]));
  const locks = findFitting(asked, tables);
  const cells = findCells(asked, tables);
  return {
    facts: asked,
    locks: keepFirstOfPairing(locks).slice(0, MOST_LOCKS),
    cells,
    unknown: Object.entries(asked)
      .filter(([name, value]) => !findFitting({ [name]: value }, tables).length)
      .map(([name]) => name),
    verdict: judgeCombination(locks, cells, tables),
    reasons: locks.length ? [] : findReasons(asked, tables),
    nearest: locks.length ? [] : findNearestLocks(asked, tables),
  };
}

function judgeCombination(locks, cells, tables) {
  if (locks.length) return "fits";
  if (!cells.length) return "none";
  return cells.some((cell) => tables.works[cell.verdict]) ? "works" : "fails";
}

/** The locks that have all that is asked for, the best first; the table is in that order. */
export function findFitting(asked, tables) {
  const wanted = Object.entries({ variant: "default", ...asked });
  return tables.locks.filter((one) => wanted.every(([name, value]) => fits(one, name, value, tables)));
}

function fits(one, name, value, tables) {
  if (name === "platform") return one.platform === value || one.platform.startsWith(`${value}-`);
  if (name === "kind") return tables.pairings[one.pairing].kind === value;
  if (name === "variant") return one.variant === value;
  return isOfMinor(one[name] ?? "", value);
}

/** Whether a release is of the minor that is asked for, or of the major if that is all. */
export function isOfMinor(release, asked) {
  const parts = release.split(".");
  return asked.split(".").slice(0, 2).every((part, place) => parts[place] === part);
}

function keepFirstOfPairing(locks) {
  const found = new Map();
  for (const one of locks) if (!found.has(one.pairing)) found.set(one.pairing, one);
  return [...found.values()];
}

function findCells(asked, tables) {
  if (!asked.tensorflow) return [];
  const found = [];
  for (const row of tables.rows) {
    if (!isOfMinor(row.tensorflow, asked.tensorflow)) continue;
    tables.columns.forEach((column, number) => {
      const [name, release] = column.split(" ");
      if (name in asked && isOfMinor(release, asked[name])) {
        found.push({ row: row.name, column, verdict: Number(row.verdicts[number]) });
      }
    });
  }
  return found;
}

function findReasons(asked, tables) {
  const wanted = { variant: "default", ...asked };
  const names = ["tensorflow", "python", "platform", "variant", "kind"].filter((name) => name in wanted);
  const found = tables.impossible
    .filter((one) =>
      ("platform" in one ? ["platform", "variant"] : ["python"]).some((name) => name in asked) &&
      names.every((name) => !((name === "kind" ? "pairing" : name) in one) || fits(one, name, wanted[name], tables)),
    )
    .map((one) => one.reason);
  return [...new Set(found)].slice(0, MOST_REASONS);
}

/** What fits if one fact is given up: that fact, and the best lock; then if two are. */
function findNearestLocks(asked, tables) {
  const names = FACTS.filter((name) => name in asked).reverse();
  const pairs = names.flatMap((one) => names.filter((other) => one < other).map((other) => [one, other]));
  for (const givenUp of [names.map((name) => [name]), pairs]) {
    const found = [];
    for (const without of givenUp) {
      const rest = Object.fromEntries(Object.entries(asked).filter(([name]) => !without.includes(name)));
      const locks = Object.keys(rest).length ? findFitting(rest, tables) : [];
      if (locks.length) found.push({ without, lock: locks[0] });
    }
    if (found.length) return found.slice(0, MOST_REASONS);
  }
  return [];
}

/** What is known of a list of packages: its combination, broken caps, and what is double. */
export function answerPackages(packages, facts, tables) {
  const answer = answerCombination(facts, tables);
  const locks = answer.locks.length ? answer.locks : answer.nearest.map((one) => one.lock);
  const near = locks.find((one) => isOfMinor(one.tensorflow, facts.tensorflow ?? "-"));
  return {
    ...answer,
    caps: near ? findBrokenCaps(packages, near.pairing, tables) : [],
    doubled: tables.same.map((group) => group.filter((name) => name in packages)).filter((names) => names.length > 1),
  };
}

function readRequirement(text) {
  const [, name, specifiers] = /^([A-Za-z0-9._-]+)\s*(.*)$/.exec(text);
  return [normaliseName(name), specifiers];
}

function findBrokenCaps(packages, pairing, tables) {
  const found = [];
  for (const cap of tables.pairings[pairing].caps ?? []) {
    const [name, specifiers] = readRequirement(cap.requirement);
    const release = packages[name];
    if (!release || admits(specifiers, release)) continue;
    if (cap.beside) {
      const [beside, admitted] = readRequirement(cap.beside);
      if (!packages[beside] || !admits(admitted, packages[beside])) continue;
    }
    found.push({ package: name, release, requirement: cap.requirement, reason: cap.reason });
  }
  return found;
}
