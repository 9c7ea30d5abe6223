// @ts-check

/** The hardware keys that are the pad's: which of them it takes, and what it makes of them. */

import { digitValue } from "./entry-field.js";

/** @import {Typed} from "./entry-field.js" */

/** @typedef {Typed | "escape" | "letter"} Taken */

/**
 * @param {string} key as `KeyboardEvent.key` names it
 * @returns {Typed | "escape" | undefined} what it asks for, if anything
 */
function typedBy(key) {
  switch (key) {
    case "Backspace":
      return "erase";
    case "Delete":
      return "clear";
    case "Escape":
      return "escape";
    case "Enter":
      return "advance";
  }
  const digit = digitValue(key);
  return digit === undefined ? undefined : { press: digit };
}

/**
 * Keys that the pad takes trigger nothing else on the page; all others stay the page's.
 * @param {HTMLElement} pad
 * @param {(typed: Taken, isRepeated: boolean) => boolean} take says whether it was for the pad
 */
export function listenToKeys(pad, take) {
  /** The name of the last key that was taken, unless it is a digit's. */
  let taken = "";
  pad.addEventListener("keydown", (event) => {
    taken = "";
    if (!event.isTrusted || event.ctrlKey || event.altKey || event.metaKey) return;
    const typed = typedBy(event.key);
    const { localName } = /** @type {HTMLElement} */ (event.target);
    // `Enter` on a button presses it.
    if (typed === "advance" && localName === "button") return;
    if (typed === undefined) {
      // What would be a character elsewhere. It stays the page's: it may be a shortcut.
      if (event.key.length === 1 && event.key !== " ") take("letter", event.repeat);
      return;
    }
    // A digit never leaves the pad, whether it counts or not.
    if (typeof typed === "object") event.stopPropagation();
    if (!take(typed, event.repeat)) return;
    event.preventDefault();
    event.stopPropagation();
    if (typeof typed !== "object") taken = event.key;
  });
  for (const type of ["keyup", "keypress"]) {
    pad.addEventListener(type, (event) => {
      const { key } = /** @type {KeyboardEvent} */ (event);
      if (key === taken || typeof typedBy(key) === "object") event.stopPropagation();
    });
  }
}
