// @ts-check

/** What the customer sees: drawn from a state that holds counts and words, and no digit. */

import { digitOrder, icon, makeKeypad, onTrustedClick } from "./keypad.js";
import { en as words } from "./messages/en.js";
import { fill, part } from "./parts.js";

/** @import {Key} from "./keypad.js" */

/**
 * @typedef {object} PadState
 * @property {"waiting" | "open" | "submitting" | "arrived" | "shown" | "done" | "hidden" | "failed" | "unusable"} phase
 * @property {"entry" | "confirm"} step
 * @property {number} digits
 * @property {number} minLength
 * @property {number} maxLength
 * @property {boolean} confirm
 * @property {string | undefined} problem an error code
 * @property {boolean} waits whether a busy server is waited for
 * @property {boolean} canRestart
 */

/**
 * @typedef {object} PadActions
 * @property {(key: Key) => void} key
 * @property {() => void} advance the wide button
 */

const DONE_ICON = "M4.5 12.5l5 5 10-11";

export class Pad {
  #prompt = part("p", "prompt");
  #hint = part("p", "hint");
  #entry = part("div", "entry");
  #dots = part("div", "dots");
  #progress = part("span", "progress");
  #message = part("p", "message");
  #keys = part("div", "keys");
  #advance = /** @type {HTMLButtonElement} */ (part("button", "submit"));
  #done = part("div", "done");
  #actions;

  /**
   * @param {ShadowRoot} root
   * @param {PadActions} actions
   */
  constructor(root, actions) {
    this.#actions = actions;
    const pad = part("div", "pad");
    pad.setAttribute("role", "group");
    pad.setAttribute("aria-label", words.pad);
    // An application: screen readers hand the digits on instead of taking them for their own commands.
    this.#entry.setAttribute("role", "application");
    this.#entry.setAttribute("aria-label", words.entry);
    this.#entry.tabIndex = 0;
    this.#dots.setAttribute("aria-hidden", "true");
    this.#progress.setAttribute("role", "status");
    this.#message.setAttribute("role", "alert");
    this.#advance.type = "button";
    this.#advance.dataset.key = "submit";
    onTrustedClick(this.#advance, () => actions.advance());
    this.#done.append(icon(DONE_ICON));
    this.#entry.append(this.#dots, this.#progress);
    pad.append(this.#prompt, this.#hint, this.#entry, this.#done, this.#message, this.#keys, this.#advance);
    // A press on a key leaves the focus where the digits go, so that typing goes on from there.
    pad.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.focus();
    });
    fill(root, pad);
  }

  /** @param {FocusOptions} [options] */
  focus(options = { preventScroll: true }) {
    this.#entry.focus(options);
  }

  /** @param {"fixed" | "shuffled" | "none"} kind */
  layKeys(kind) {
    this.#keys.replaceChildren();
    if (kind !== "none") {
      this.#keys.append(makeKeypad(digitOrder(kind), words.erase, this.#actions.key));
    }
  }

  /** @param {PadState} state */
  render(state) {
    const { phase } = state;
    const isOpen = phase === "open";
    this.#prompt.textContent = prompt(state);
    this.#hint.textContent = isOpen ? hint(state) : state.waits ? words.busy : "";
    this.#renderDots(state);
    this.#message.textContent = problem(state);
    this.#entry.hidden = phase === "done" || phase === "failed" || phase === "unusable";
    this.#done.hidden = phase !== "done";
    this.#keys.hidden = this.#entry.hidden;
    for (const key of this.#keys.querySelectorAll("button")) key.disabled = !isOpen;
    const canRestart = phase === "failed" && state.canRestart;
    this.#advance.hidden = this.#entry.hidden && !canRestart;
    this.#advance.disabled = !canRestart && (!isOpen || state.digits === 0);
    this.#advance.textContent = canRestart ? words.restart : advanceLabel(state);
  }

  /** @param {PadState} state */
  #renderDots({ phase, digits, minLength, maxLength }) {
    const places = minLength === maxLength ? maxLength : Math.max(minLength, digits);
    while (this.#dots.childElementCount < places) this.#dots.append(part("span", "dot"));
    while (this.#dots.childElementCount > places) this.#dots.lastElementChild?.remove();
    [...this.#dots.children].forEach((dot, place) => dot.toggleAttribute("data-filled", place < digits));
    this.#progress.textContent = phase === "open" && digits > 0 ? words.progress(digits, places) : "";
  }
}

/** @param {PadState} state */
function prompt({ phase, step }) {
  switch (phase) {
    case "waiting":
      return words.waiting;
    case "open":
      return step === "entry" ? words.choose : words.repeat;
    case "submitting":
      return words.submitting;
    case "done":
      return words.done;
    case "failed":
      return words.failed;
    default:
      return "";
  }
}

/** @param {PadState} state */
function hint({ step, minLength, maxLength }) {
  return step === "entry" ? words.length(minLength, maxLength) : words.repeatHint;
}

/** @param {PadState} state */
function problem({ phase, problem }) {
  if (phase === "unusable") return words.unusable;
  return problem === undefined ? "" : (words.errors[problem] ?? words.errors.closed);
}

/** @param {PadState} state */
function advanceLabel({ step, confirm }) {
  return step === "entry" && confirm ? words.next : words.submit;
}
