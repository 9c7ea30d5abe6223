// @ts-check

/**
 * The field that has the focus while digits are typed: a password field that never contains a character. Screen readers do not say
 * what is typed into such a field, and pass the keys on. A digit is taken from the event, and its text is cancelled before it exists.
 */

import { makeElement } from "./platform.js";

/** @typedef {"erase" | "clear" | "advance" | {press: number}} Typed */

const DIGIT = /^\p{Nd}$/u;

/**
 * @param {string} character one
 * @returns {number | undefined} its value, for a decimal digit of any script
 */
export function digitValue(character) {
  // For the most common digits this calls no function that a script on the page may have replaced.
  if (character.length === 1 && character >= "0" && character <= "9") return +character;
  if (!DIGIT.test(character)) return undefined;
  // Decimal digits are in runs of ten, zero first (The Unicode Standard, 4.6).
  let below = /** @type {number} */ (character.codePointAt(0));
  let before = -1;
  do {
    below -= 1;
    before += 1;
  } while (DIGIT.test(String.fromCodePoint(below)));
  return before % 10;
}

/** Keys with which Firefox opens its list of passwords, even if the event is cancelled. */
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
    // Opens no screen keyboard: the pad has its own keys.
    inputmode: "none",
    autocomplete: "one-time-code",
    autocapitalize: "off",
    spellcheck: "false",
    "aria-labelledby": labelledBy,
    "aria-describedby": describedBy,
    // Attributes that ask password managers to ignore the field.
    "data-1p-ignore": "",
    "data-bwignore": "",
    "data-lpignore": "true",
    "data-form-type": "other",
  };
  for (const [name, value] of Object.entries(attributes)) field.setAttribute(name, value);
  // Firefox shows a list over the keys, to fill in a saved or a generated password. It does not if the field is read-only when it
  // gets the focus, or one of these keys.
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
    // Dictation, switches and input methods insert whole digits. A pasted text is ignored: a PIN does not belong on a clipboard.
    else if (event.inputType === "insertText" || event.inputType === "insertCompositionText") {
      for (const character of event.data ?? "") {
        const digit = digitValue(character);
        if (digit !== undefined) take({ press: digit });
      }
    }
  });
  // If a password manager or an input method wrote into it nevertheless, the text is removed.
  const empty = () => {
    if (field.value !== "") field.value = "";
  };
  for (const type of ["input", "change", "compositionend"]) field.addEventListener(type, empty);
  return field;
}
