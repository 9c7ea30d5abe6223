// @ts-check

/** What the customer sees who looks at a PIN. Its digits are drawn by the vault, on a canvas. */

import { describeView, TITLES } from "./describe-view.js";
import { Pane, part, write } from "./pane.js";

/** @import {PadState} from "./describe-pad.js" */
/** @import {Words} from "./words.js" */

/** Three dots for each CSS pixel, on any screen. */
const CANVAS = Object.freeze({ width: 720, height: 240 });

const DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

export class ViewPane {
  #pane;
  #stage = part("div", "stage");
  #spoken = part("p", "spoken");
  /** @type {Words | undefined} */
  #words;
  /** @type {HTMLCanvasElement | undefined} */
  canvas;

  /** @param {ShadowRoot} root */
  constructor(root) {
    this.#pane = new Pane(root);
    this.#spoken.setAttribute("role", "status");
    this.#pane.body.append(this.#stage, this.#spoken);
  }

  get element() {
    return this.#pane.element;
  }

  get hasFocus() {
    return this.#pane.hasFocus;
  }

  /** A canvas for one session: what was handed to a vault once cannot be handed to another. */
  makeCanvas() {
    const canvas = (this.canvas = /** @type {HTMLCanvasElement} */ (part("canvas", "digits")));
    canvas.width = CANVAS.width;
    canvas.height = CANVAS.height;
    canvas.setAttribute("role", "img");
    this.#stage.replaceChildren(canvas);
    return canvas;
  }

  /** @param {FocusOptions} [options] */
  focus(options) {
    this.#pane.focus(options);
  }

  /** @param {HTMLElement} pressed */
  actionOf(pressed) {
    return this.#pane.actionOf(pressed);
  }

  /** There are no keys here. */
  layKeys() {}

  /** @param {PadState} state @param {Words} words */
  render(state, words) {
    if (words !== this.#words) {
      this.#words = words;
      this.#pane.speak(words, "view", words.text("view", "name"), TITLES);
      this.#pane.makeRoom([words.text("view", "openHint"), words.text("view", "hides", { count: 30 })]);
    }
    const view = describeView(state, words);
    this.#stage.toggleAttribute("data-shown", view.isShown);
    this.canvas?.setAttribute("aria-label", words.text("view", "picture"));
    if (state.phase === "hidden") this.#stage.replaceChildren();
    if (!view.isShown) write(this.#spoken, "");
    this.#pane.render(view, state.refusals);
  }

  /**
   * One digit, in words and alone, for as long as it takes to say it.
   * @param {number | undefined} digit
   * @param {number} place
   */
  spell(digit, place) {
    const words = this.#words;
    const text = words && digit !== undefined ? words.text("view", "spelt", { place: place + 1, digit: words.text("view", DIGITS[digit]) }) : "";
    write(this.#spoken, text);
  }
}
