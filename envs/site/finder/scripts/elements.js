// Parts of an answer, as elements. Whatever comes from a reader becomes text, and never markup.

/** An element with classes, attributes and children, in lists or not; a text becomes a text node. */
export function make(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== ""));
  return element;
}

/** A sentence of this repository: what stands between backticks is code. */
export function makeSentence(text) {
  return text.split(/`([^`]+)`/).map((part, place) => (place % 2 ? make("code", {}, part) : part));
}

/** The address of a page or a file of the site. */
export function addressOf(path) {
  return new URL(path, new URL("../../", import.meta.url)).href;
}

export function makeLink(path, ...children) {
  return make("a", { href: addressOf(path) }, ...children);
}

/** Lines to type, with a button that copies them. */
export function makeCommands(title, lines) {
  const text = lines.join("\n");
  const button = make("button.finder-copy", { type: "button", "aria-label": `Copy: ${title}` }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it, and press Ctrl+C";
    }
  });
  return make(
    "div.finder-commands",
    {},
    make("div.finder-commands-title", {}, title, button),
    make("pre", { tabindex: "0", role: "region", "aria-label": title }, make("code", {}, text)),
  );
}

/** A line of the reader's, or of an error, as it stands. */
export function makeLine(text) {
  const shown = text.length > 400 ? `${text.slice(0, 397)}...` : text;
  return make("pre.finder-line", { tabindex: "0", role: "region", "aria-label": "The line" }, make("code", {}, shown));
}

/** The first words of an answer: a colour, and the same in words. */
export function makeVerdict(kind, word, ...children) {
  return make(`p.finder-verdict.finder-${kind}`, {}, make("strong.finder-word", {}, word), " ", ...children);
}
