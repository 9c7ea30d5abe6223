// @ts-check
// Helpers for the document, for every part of the app.

/** @template {HTMLElement} [T=HTMLElement] @param {string} id @returns {T} */
export const byId = (id) => /** @type {T} */ (document.getElementById(id));

/** A part of an element that always exists. @param {ParentNode} within @param {string} selector */
export const part = (within, selector) => /** @type {HTMLElement} */ (within.querySelector(selector));

/**
 * Makes an element; a text never becomes markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {{class?: string, text?: string}} [look] @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, { class: name, text } = {}, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}

/** Writes a text into the live region; an empty text clears it. @param {string} text @param {"plain" | "error"} [kind] */
export function say(text, kind = "plain") {
  const message = byId("message");
  message.textContent = text;
  message.classList.toggle("error", kind === "error");
}

/** @param {number} count @param {string} thing */
export const counted = (count, thing) => `${count} ${thing}${count === 1 ? "" : "s"}`;

/** The message of a failure. @param {unknown} error */
export const inWords = (error) => (error instanceof Error ? error.message : String(error));

/**
 * Runs the work of a button, once at a time, and reports a failure.
 * @param {HTMLElement} button @param {() => Promise<unknown>} work
 */
export async function run(button, work) {
  if (button.getAttribute("aria-disabled") === "true") return;
  // Not `disabled`, which would take the focus away.
  button.setAttribute("aria-disabled", "true");
  try {
    say("");
    await work();
  } catch (error) {
    say(inWords(error), "error");
  } finally {
    button.removeAttribute("aria-disabled");
  }
}
