// @ts-check

/** What the customer sees who looks at a PIN. Its digits are drawn by the vault, on a canvas. */

import { onTrustedClick } from "./keypad.js";
import { en as words } from "./messages/en.js";
import { fill, part } from "./parts.js";

/** @import {PadState} from "./pad.js" */

/** Three dots for each CSS pixel, on any screen. */
const CANVAS = Object.freeze({ width: 720, height: 240 });

/**
 * @typedef {object} ViewActions
 * @property {() => void} advance the wide button
 * @property {() => void} spell the customer asks for a screen reader to say the digits
 */

export class ViewPane {
  #prompt = part("p", "prompt");
  #hint = part("p", "hint");
  #stage = part("div", "stage");
  #spoken = part("p", "spoken");
  #message = part("p", "message");
  #spell = /** @type {HTMLButtonElement} */ (part("button", "spell"));
  #advance = /** @type {HTMLButtonElement} */ (part("button", "submit"));

  /**
   * @param {ShadowRoot} root
   * @param {ViewActions} actions
   */
  constructor(root, actions) {
    const pane = part("div", "pad");
    pane.setAttribute("role", "group");
    pane.setAttribute("aria-label", words.view.pane);
    this.#prompt.setAttribute("role", "status");
    this.#spoken.setAttribute("role", "status");
    this.#message.setAttribute("role", "alert");
    this.#spell.type = "button";
    this.#spell.textContent = words.view.spell;
    onTrustedClick(this.#spell, actions.spell);
    this.#advance.type = "button";
    this.#advance.dataset.key = "submit";
    onTrustedClick(this.#advance, actions.advance);
    pane.append(this.#prompt, this.#hint, this.#stage, this.#spoken, this.#message, this.#spell, this.#advance);
    fill(root, pane);
  }

  /** @type {HTMLCanvasElement | undefined} */
  canvas;

  /** A canvas for one session: what was handed to a vault once cannot be handed to another. */
  makeCanvas() {
    const canvas = (this.canvas = /** @type {HTMLCanvasElement} */ (part("canvas", "digits")));
    canvas.width = CANVAS.width;
    canvas.height = CANVAS.height;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", words.view.canvas);
    this.#stage.replaceChildren(canvas);
    return canvas;
  }

  /** @param {FocusOptions} [options] */
  focus(options) {
    this.#advance.focus(options);
  }

  /** There are no keys here. */
  layKeys() {}

  /** @param {PadState} state */
  render(state) {
    const { phase, canRestart } = state;
    this.#prompt.textContent = words.view.prompts[phase] ?? "";
    this.#hint.textContent = state.waits ? words.busy : (words.view.hints[phase] ?? "");
    this.#message.textContent = problem(state);
    this.#stage.toggleAttribute("data-shown", phase === "shown");
    this.#stage.hidden = phase === "failed" || phase === "unusable";
    if (phase === "hidden") this.#stage.replaceChildren();
    this.#spell.hidden = phase !== "shown";
    this.#advance.hidden = phase !== "open" && phase !== "arrived" && !canRestart;
    this.#advance.textContent = canRestart ? words.restart : words.view.show;
    if (phase !== "shown") this.#spoken.textContent = "";
  }

  /**
   * One digit, in words and alone, for as long as it takes to say it.
   * @param {number | undefined} digit
   * @param {number} place
   */
  spell(digit, place) {
    this.#spoken.textContent = digit === undefined ? "" : words.view.spelt(place + 1, words.view.digits[digit]);
  }
}

/** @param {PadState} state */
function problem({ phase, problem }) {
  if (phase === "unusable") return words.unusable;
  return problem === undefined ? "" : (words.view.errors[problem] ?? words.errors[problem] ?? words.view.errors.closed);
}
