// @ts-check

/** The on-screen keys. */

import { makeElement, makeSvg } from "./platform.js";

/** @typedef {"erase" | number} Key */

const ERASE_ICON = "M8.5 5H20a1.5 1.5 0 0 1 1.5 1.5v11A1.5 1.5 0 0 1 20 19H8.5L2.5 12zM11.5 9.2l5.6 5.6m0-5.6-5.6 5.6";

/**
 * The ten digits in the order in which the keys show them.
 * @param {string | null} order
 * @returns {number[]}
 */
function digitOrder(order) {
  const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0];
  if (order === "shuffled") {
    // Fisher-Yates; 2^32 leaves a bias of less than one in 10^8 for ten places.
    const random = crypto.getRandomValues(new Uint32Array(digits.length));
    for (let last = digits.length - 1; last > 0; last--) {
      const other = random[last] % (last + 1);
      [digits[last], digits[other]] = [digits[other], digits[last]];
    }
  }
  return digits;
}

export class Keypad {
  element = makeElement("div");
  #erase = makeKey("erase");

  /** @param {string | null} order `shuffled`, or else fixed */
  constructor(order) {
    this.element.setAttribute("part", "keypad");
    // Twelve places, like on a card terminal: nine digits, an empty one, the tenth digit, erase.
    const keys = digitOrder(order).map((digit) => makeKey(String(digit)));
    for (const key of keys) key.textContent = key.dataset.key ?? "";
    this.#erase.append(icon(ERASE_ICON));
    this.element.append(...keys.slice(0, 9), makeElement("span"), keys[9], this.#erase);
  }

  /** @param {boolean} isEnabled @param {string} eraseLabel */
  render(isEnabled, eraseLabel) {
    for (const key of this.element.querySelectorAll("button")) key.disabled = !isEnabled;
    // Writing the same text again would notify those who observe changes.
    if (this.#erase.getAttribute("aria-label") !== eraseLabel) this.#erase.setAttribute("aria-label", eraseLabel);
  }
}

/**
 * Finds the key that a button is.
 * @param {HTMLElement} button
 * @returns {Key | undefined} `undefined` if the button is not one of the keys
 */
export function keyOf({ dataset }) {
  const { key = "" } = dataset;
  return key === "erase" ? key : key.length === 1 ? +key : undefined;
}

/** @param {string} name */
function makeKey(name) {
  const key = /** @type {HTMLButtonElement} */ (makeElement("button"));
  key.type = "button";
  key.dataset.key = name;
  key.setAttribute("part", "key");
  return key;
}

/** @param {string} path */
export function icon(path) {
  const svg = makeSvg("svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const drawn = makeSvg("path");
  drawn.setAttribute("d", path);
  svg.append(drawn);
  return svg;
}
