// @ts-check

/** Maps hardware keys to the pad's actions. */

import { digitValue } from "./entry-field.js";

/** @import {Typed} from "./entry-field.js" */

/** @typedef {Typed | "escape" | "letter"} Taken */

/**
 * @param {string} key as `KeyboardEvent.key` names it
 * @returns {Typed | "escape" | undefined} the action, if the key has one
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
 * Keys that the pad takes have no other effect on the page; the page gets all other keys.
 * @param {HTMLElement} pad
 * @param {(typed: Taken, isRepeated: boolean) => boolean} take returns whether it was for the pad
 */
export function listenToKeys(pad, take) {
  /** The name of the last key that was taken, unless it is a digit's. */
  let taken = "";
  pad.addEventListener("keydown", (event) => {
    taken = "";
    if (!event.isTrusted || event.ctrlKey || event.altKey || event.metaKey) return;
    const typed = typedBy(event.key);
    const { localName } = /** @type {HTMLElement} */ (event.target);
    // `Enter` on a button presses it. A key that is held means nothing more.
    if (typed === "advance" && event.repeat) {
      event.preventDefault();
      event.stopPropagation();
      taken = event.key;
      return;
    }
    if (typed === "advance" && localName === "button") return;
    if (typed === undefined) {
      // Any other character. The page gets it, too, because it may be a shortcut.
      if (event.key.length === 1 && event.key !== " ") take("letter", event.repeat);
      return;
    }
    // The page never gets a digit, whether it counts or not.
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
