// @ts-check

/**
 * What takes the focus where digits go: a password field that never holds a character. Screen readers keep quiet about what is
 * typed into one, and hand the keys on. What is typed is taken out of the event, and its text cancelled before it exists.
 */

import { makeElement } from "./platform.js";

/** @typedef {"erase" | "clear" | "advance" | {press: number}} Typed */

const DIGIT = /^\p{Nd}$/u;

/**
 * @param {string} character one
 * @returns {number | undefined} its value, for a decimal digit of any script
 */
export function digitValue(character) {
  // Without a call that a script on the page may have exchanged, for the digits that nearly everybody types.
  if (character.length === 1 && character >= "0" && character <= "9") return +character;
  if (!DIGIT.test(character)) return undefined;
  // Decimal digits stand in runs of ten, zero first (The Unicode Standard, 4.6).
  let below = /** @type {number} */ (character.codePointAt(0));
  let before = -1;
  do {
    below -= 1;
    before += 1;
  } while (DIGIT.test(String.fromCodePoint(below)));
  return before % 10;
}

/** Keys with which Firefox opens its list of passwords; that an event is cancelled does not keep it from that. */
const OPENING = ["ArrowDown", "ArrowUp", "PageDown", "PageUp", "F4"];

/**
 * @param {string} labelledBy
 * @param {string} describedBy
 * @param {(typed: Typed) => void} take
 * @returns {HTMLInputElement}
 */
export function makeEntryField(labelledBy, describedBy, take) {
  const field = /** @type {HTMLInputElement} */ (makeElement("input"));
  const attributes = {
    part: "field",
    type: "password",
    // No keyboard on the screen: the keys are there.
    inputmode: "none",
    autocomplete: "one-time-code",
    autocapitalize: "off",
    spellcheck: "false",
    "aria-labelledby": labelledBy,
    "aria-describedby": describedBy,
    // Password managers that are asked by these to look elsewhere.
    "data-1p-ignore": "",
    "data-bwignore": "",
    "data-lpignore": "true",
    "data-form-type": "other",
  };
  for (const [name, value] of Object.entries(attributes)) field.setAttribute(name, value);
  // Firefox lays its offers over the keys, a password that is saved or made up: not over a field that is read-only when it gets
  // the focus, or one of these keys.
  const closeForNow = () => {
    field.readOnly = true;
    setTimeout(() => (field.readOnly = !field.matches(":focus")));
  };
  field.readOnly = true;
  field.addEventListener("focus", closeForNow);
  field.addEventListener("keydown", ({ key }) => OPENING.includes(key) && closeForNow());
  field.addEventListener("blur", () => (field.readOnly = true));
  field.addEventListener("beforeinput", (event) => {
    event.preventDefault();
    if (!event.isTrusted) return;
    if (event.inputType.startsWith("delete")) take("erase");
    // Dictation, switches and input methods bring whole digits. A pasted text is ignored: a PIN does not belong on a clipboard.
    else if (event.inputType === "insertText" || event.inputType === "insertCompositionText") {
      for (const character of event.data ?? "") {
        const digit = digitValue(character);
        if (digit !== undefined) take({ press: digit });
      }
    }
  });
  // Whatever wrote into it all the same, a password manager or an input method: nothing stays.
  const empty = () => {
    if (field.value !== "") field.value = "";
  };
  for (const type of ["input", "change", "compositionend"]) field.addEventListener(type, empty);
  return field;
}
