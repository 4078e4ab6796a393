// A lock to download, and the commands that install it.

import { findFitting } from "./combination.js";
import { addressOf, make, makeCommands, makeLink } from "./elements.js";

const STATUS = {
  executed: "it was installed, and every example run with it, on that system",
  emulated: "it ran with an emulator of that system",
  resolved: "a resolver checked it for that system; it was not run there",
};

/** A lock in words: `TensorFlow 2.12.0 with Keras 2.12.0, Python 3.11, Linux x86_64`. */
export function describeLock(lock, tables) {
  const kerases = [lock.keras && `Keras ${lock.keras}`, lock["tf-keras"] && `tf-keras ${lock["tf-keras"]}`];
  const keras = kerases.filter(Boolean).join(" and ") || "no separate Keras";
  const variant = lock.variant === "default" ? "" : `, ${lock.variant}`;
  return `TensorFlow ${lock.tensorflow} with ${keras}, Python ${lock.python}, ${tables.platforms[lock.platform]}${variant}`;
}

/** The lock of a pairing that fits what is known of the reader best; null if there is none. */
export function findLock(pairing, python, choice, tables) {
  const { platform = "", variant = "" } = choice;
  const wishes = [
    { python, platform, variant },
    { platform, variant },
    { python, platform },
    { platform },
    { python },
    {},
  ];
  for (const wish of wishes) {
    const asked = Object.fromEntries(Object.entries(wish).filter(([, value]) => value));
    const found = findFitting(asked, tables).find((lock) => lock.pairing === pairing);
    if (found) return found;
  }
  return null;
}

/** The download of a lock and the commands for pip and uv. */
export function makeLock(lock, tables) {
  const windows = lock.platform.startsWith("windows");
  const fill = (line) => line.replaceAll("{python}", lock.python);
  const name = lock.file.split("/").at(-1);
  const environment = Object.entries(tables.pairings[lock.pairing].env ?? {});
  const set = environment.map(([key, value]) => (windows ? `$env:${key} = "${value}"` : `export ${key}=${value}`));
  const shell = windows ? "windows" : "linux";
  return make(
    "div.finder-lock",
    {},
    make("h4", {}, "The lock: ", makeLink(`pairings/${lock.pairing}.html`, make("code", {}, lock.pairing))),
    make("p", {}, `${describeLock(lock, tables)}: ${STATUS[lock.status]}.`),
    make(
      "p",
      {},
      make("a.finder-download", { href: addressOf(lock.file), download: "requirements.txt" }, `Download ${name}`),
      " and save it as ",
      make("code", {}, "requirements.txt"),
      ".",
    ),
    makeCommands("With pip", [...tables.commands[shell].map(fill), ...set]),
    makeCommands("With uv", [...tables.commands.uv.map(fill), ...set]),
  );
}
