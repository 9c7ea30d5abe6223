// @ts-check

/** Draws the pad on which a PIN is chosen, from a state that contains counts and words, and no digit. */

import { describePad, TITLES } from "./describe-pad.js";
import { makeEntryField } from "./entry-field.js";
import { Keypad } from "./keypad.js";
import { Pane, conceal, part } from "./pane.js";
import { Stage } from "./stage.js";

/** @import {PadState} from "./describe-pad.js" */
/** @import {Typed} from "./entry-field.js" */
/** @import {Words} from "./words.js" */

/** Refusals that may replace the hint. */
const HINTS = "mismatch weakRun weakRepeat weakYear weakPattern weakCommon weakPersonal".split(" ");

export class Pad {
  /** The place where the vault draws a suggested PIN. */
  stage = new Stage();
  /** @type {Pane} */
  pane;
  #entry = part("div", "entry");
  #suggestion = part("div", "suggestion");
  #dots = part("div", "dots");
  #keys = part("div", "keys");
  /** @type {Keypad | undefined} */
  #keypad;

  /**
   * @param {ShadowRoot} root
   * @param {(typed: Typed) => void} take takes what is typed
   */
  constructor(root, take) {
    this.pane = new Pane(root);
    this.#dots.setAttribute("aria-hidden", "true");
    this.pane.field = makeEntryField("title", "hint", take);
    this.#entry.append(this.#dots, this.pane.field);
    this.#suggestion.append(this.stage.element, this.stage.spoken);
    this.pane.body.append(this.#entry, this.#keys, this.#suggestion);
  }

  /** @param {string | null} kind `shuffled`, `none`, or else fixed */
  layKeys(kind) {
    this.#keypad = kind === "none" ? undefined : new Keypad(kind);
    this.#keys.replaceChildren(...(this.#keypad ? [this.#keypad.element] : []));
  }

  /** @param {PadState} state @param {Words} words */
  render(state, words) {
    this.pane.speak(words, "pad", words.text("pad", "name"), TITLES);
    const view = describePad(state, words);
    this.pane.makeRoom([view.hint, view.notice, ...HINTS.map((key) => words.text("refusals", key))]);
    const { places, filled } = view.dots;
    while (this.#dots.childElementCount < places) this.#dots.append(part("span", "dot"));
    while (this.#dots.childElementCount > places) this.#dots.lastElementChild?.remove();
    [...this.#dots.children].forEach((dot, place) => dot.toggleAttribute("data-filled", place < filled));
    this.#keypad?.render(view.takesDigits, words.text("pad", "erase"));
    this.pane.render(view, state.refusals);
    conceal(this.#suggestion, !view.isShown);
    // At the end, only the sign is shown.
    for (const element of [this.#dots, this.#keys]) conceal(element, view.isShown || view.picture !== undefined);
    this.stage.render(words, view.isShown);
  }
}
