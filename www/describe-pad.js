// @ts-check

/** Describes what the pad shows and says while a PIN is set: a pure function of the session's state and the language. */

import { camel } from "./names.js";

/** @import {Words} from "./words.js" */

/**
 * The state of the pad. It contains counts and codes, and no digit.
 * @typedef {object} PadState
 * @property {"waiting" | "open" | "submitting" | "arrived" | "shown" | "done" | "hidden" | "failed" | "unusable"} phase
 * @property {"entry" | "confirm"} step
 * @property {number} digits
 * @property {number} press greater than 0 once a digit was typed
 * @property {number} minLength
 * @property {number} maxLength
 * @property {boolean} confirm
 * @property {boolean} refusesWeak
 * @property {string | undefined} problem the code of the refusal that the customer has not answered yet, or of the end
 * @property {string | null} reason the rule that refused a weak PIN
 * @property {number} refusals how many refusals there were
 * @property {boolean} checking whether the outcome is looked up
 * @property {boolean} wasTyped whether this entry has had digits
 * @property {number | null} timeLeft seconds until the customer has to start again, once there are few
 * @property {number | null} timeLeftSaid the last of them that is said
 * @property {number | null} waitsSeconds how long the session waits for a busy server
 * @property {boolean} isSlow whether the wait is long, so that the customer is told
 * @property {number} secondsLeft until a PIN that is shown is hidden
 * @property {boolean} suggested whether a PIN is shown that the vault drew for the customer
 * @property {boolean} hasWaited whether the pad had to wait for a control id
 * @property {boolean} canSuggest
 * @property {boolean} canRestart
 */

/** @typedef {"advance" | "restart" | "back" | "cancel" | "suggest" | "spell"} Action */

/** @typedef {{label: string, action: Action, isEnabled: boolean, isQuiet: boolean}} Button */

/**
 * The description of what the pad shows and says.
 * @typedef {object} View
 * @property {string} step
 * @property {string} title
 * @property {string} hint the help under the title
 * @property {string} notice what `status` or `alert` says of a wait or of the time, in the place of the hint
 * @property {string} problem the error, in the place of both
 * @property {string} status the text that a screen reader says when it is idle
 * @property {string} alert the text that it says at once
 * @property {"good" | "bad"} [picture] in the place of the entry
 * @property {boolean} isBusy
 * @property {Button} [primary]
 * @property {Button} [secondary]
 * @property {"entry" | "title" | "primary"} focus the part that should have the focus
 */

/** @typedef {View & {dots: {places: number, filled: number}, takesDigits: boolean, isShown: boolean}} PadView */

/** The codes that share one text: they all mean that this browser cannot run the pad here. */
const BROWSER = ["isolation_unavailable", "vault_missing", "wasm_unavailable"];

/** An empty description. */
export const BLANK = { step: "", hint: "", notice: "", problem: "", status: "", alert: "", picture: undefined, primary: undefined, secondary: undefined };

/** The texts of which the longest decides the space, so that nothing moves when one replaces another. */
export const TITLES = ["choose", "repeat", "submitting", "suggestion"];

/**
 * @param {string} code
 * @returns {string} the key of its text
 */
export const errorKey = (code) => (BROWSER.includes(code) ? "browser" : code);

/**
 * The time that the customer has left: the text to show, and the text to say, which is not each step.
 * @param {{timeLeft: number | null, timeLeftSaid: number | null}} state
 * @param {Words} words
 * @returns {string[]}
 */
export function describeTimeLeft({ timeLeft, timeLeftSaid }, words) {
  const seen = timeLeft === null ? "" : words.text("pad", "timeLeft", { time: words.seconds(timeLeft) });
  return [seen, timeLeft === timeLeftSaid ? seen : ""];
}

/**
 * Joins sentences, for a screen reader.
 * @param {...string} texts
 */
export const sentences = (...texts) =>
  texts
    .filter(Boolean)
    .map((text) => (/[.!?\u2026\u3002]$/.test(text) ? text : `${text}.`))
    .join(" ");

/** @param {PadState} state @param {Words} words @returns {PadView} */
export function describePad(state, words) {
  const { phase, digits, minLength, maxLength } = state;
  const isFixed = minLength === maxLength;
  const places = isFixed ? maxLength : Math.max(minLength, digits);
  return {
    ...describePhase(state, words),
    isBusy: phase === "submitting",
    dots: { places, filled: digits },
    takesDigits: phase === "open",
    isShown: phase === "open" && state.suggested,
  };
}

/** @param {PadState} state @param {Words} words @returns {Omit<View, "isBusy">} */
function describePhase(state, words) {
  /** @param {string} key @param {Record<string, number>} [values] */
  const text = (key, values) => words.text("pad", key, values);
  const cancel = button(text("cancel"), "cancel");
  switch (state.phase) {
    case "open":
      return describeOpen(state, words);
    case "submitting": {
      const notice = state.waitsSeconds !== null ? text("busy") : state.checking ? text("checking") : state.isSlow ? text("still") : "";
      const title = text("submitting");
      return { ...BLANK, title, notice, status: notice || title, primary: button(text("submit"), "advance", false), focus: "entry" };
    }
    case "done": {
      const [title, hint] = [text("done"), text("doneHint")];
      return { ...BLANK, title, hint, status: sentences(title, hint), picture: "good", focus: "title" };
    }
    case "failed":
      return describeFailure(state, words);
    case "unusable":
      return describeEnd(words, text("unusable"), text("contact"), false);
    default: {
      const title = text("preparing");
      const notice = state.isSlow ? text("still") : "";
      return { ...BLANK, title, notice, status: notice || title, secondary: cancel, focus: "entry" };
    }
  }
}

/** @param {PadState} state @param {Words} words @returns {Omit<View, "isBusy">} */
function describeOpen(state, words) {
  /** @param {string} key @param {Record<string, number>} [values] */
  const text = (key, values) => words.text("pad", key, values);
  const { step, digits, minLength, maxLength, confirm } = state;
  if (state.suggested) return describeSuggestion(words);
  const isFixed = minLength === maxLength;
  const isRepeat = step === "confirm";
  const length = isFixed ? text("length", { count: maxLength }) : text("lengthRange", { min: minLength, max: maxLength });
  const rule = state.refusesWeak ? text("rule") : "";
  const label = text(isRepeat ? "repeat" : "choose");
  const stepLabel = confirm ? text("step", { step: isRepeat ? 2 : 1, steps: 2 }) : "";
  const count = isFixed
    ? text("progress", { entered: digits, count: maxLength })
    : text("progressRange", { count: digits, max: maxLength });
  const problem = refusal(state, words);
  const [timeLeft, timeLeftSaid] = describeTimeLeft(state, words);
  const advance = button(text(confirm && !isRepeat ? "next" : "submit"), "advance", digits >= minLength);
  const suggest = digits === 0 && !isRepeat && state.canSuggest ? button(text("suggest"), "suggest", true, true) : undefined;
  const describeEmpty = () => {
    if (problem && !isRepeat) return "";
    if (state.wasTyped) return text("empty");
    // The screen reader reads the first view by itself.
    return isRepeat || state.press > 0 || state.hasWaited ? sentences(stepLabel, label) : "";
  };
  // A first entry of a fixed length moves on by itself.
  const goesOn = isFixed && confirm && !isRepeat;
  return {
    ...BLANK,
    step: stepLabel,
    title: label,
    hint: isRepeat ? text("repeatHint") : [length, rule].filter(Boolean).join(" · "),
    notice: timeLeft,
    problem,
    // If a refusal is said at once, the time has to wait for it.
    status: problem && timeLeftSaid ? timeLeftSaid : digits > 0 ? count : describeEmpty(),
    alert: problem || timeLeftSaid,
    primary: suggest ?? (goesOn ? undefined : advance),
    secondary: isRepeat ? button(text("back"), "back") : button(text("cancel"), "cancel"),
    focus: "entry",
  };
}

/** The button for a random PIN, which is shown once and then entered like any other. @param {Words} words */
function describeSuggestion(words) {
  const [title, hint] = ["suggestion", "suggestionHint"].map((key) => words.text("pad", key));
  return {
    ...BLANK,
    title,
    hint,
    status: sentences(title, hint),
    primary: button(words.text("pad", "useSuggestion"), "back"),
    secondary: button(words.text("view", "spell"), "spell"),
    focus: /** @type {const} */ ("primary"),
  };
}

/**
 * Describes an end that is not a success: the error, and the next step.
 * @param {Words} words
 * @param {string} title
 * @param {string} problem
 * @param {boolean} canRestart
 * @returns {Omit<View, "isBusy">}
 */
export function describeEnd(words, title, problem, canRestart) {
  const leave = button(words.text("pad", "leave"), "cancel");
  return {
    ...BLANK,
    title,
    problem,
    alert: sentences(title, problem),
    picture: "bad",
    primary: canRestart ? button(words.text("pad", "again"), "restart") : leave,
    secondary: canRestart ? leave : undefined,
    focus: "primary",
  };
}

/** @param {PadState} state @param {Words} words */
function describeFailure({ problem = "closed", canRestart }, words) {
  if (problem === "closed") return describeEnd(words, words.text("pad", "cancelled"), "", canRestart);
  const title = words.text("pad", problem === "outcome_unknown" ? "unknown" : "failed");
  return describeEnd(words, title, words.text("errors", errorKey(problem)), canRestart);
}

/** @param {PadState} state @param {Words} words */
function refusal({ problem, reason, digits, minLength, maxLength }, words) {
  if (problem === undefined) return "";
  const key = camel(problem === "weak_pin" ? (reason ? `weak_${reason}` : "weak") : problem);
  const count = problem === "too_short" ? Math.max(1, minLength - digits) : maxLength;
  return words.text("refusals", key, { count }) || words.text("refusals", "weak");
}

/**
 * @param {string} label
 * @param {Action} action
 * @param {boolean} [isEnabled]
 * @param {boolean} [isQuiet] whether it is an option, not the next step
 * @returns {Button}
 */
export const button = (label, action, isEnabled = true, isQuiet = false) => ({ label, action, isEnabled, isQuiet });
