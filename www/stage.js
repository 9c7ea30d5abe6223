// @ts-check

/** The place where the vault draws a PIN, and where its digits are said one by one if the customer asks for that. */

import { makeElement } from "./platform.js";

/** @import {Words} from "./words.js" */

/** Three dots for each CSS pixel, on any screen. */
const CANVAS = { width: 720, height: 240 };

const DIGITS = "zero one two three four five six seven eight nine".split(" ");

export class Stage {
  element = makeElement("div");
  spoken = makeElement("p");
  /** @type {HTMLCanvasElement | undefined} */
  canvas;
  /** @type {Words | undefined} */
  #words;

  constructor() {
    this.element.setAttribute("part", "stage");
    this.spoken.setAttribute("part", "spoken");
    this.spoken.setAttribute("role", "status");
  }

  /** Makes a canvas for one session: a canvas that was passed to one vault cannot be passed to another. */
  makeCanvas() {
    const canvas = (this.canvas = /** @type {HTMLCanvasElement} */ (makeElement("canvas")));
    Object.assign(canvas, CANVAS);
    canvas.setAttribute("part", "digits");
    canvas.setAttribute("role", "img");
    this.element.replaceChildren(canvas);
    return canvas;
  }

  clear() {
    this.canvas = undefined;
    this.element.replaceChildren();
  }

  /** @param {Words} words @param {boolean} isShown whether there is a PIN */
  render(words, isShown) {
    this.#words = words;
    this.element.toggleAttribute("data-shown", isShown);
    this.canvas?.setAttribute("aria-label", words.text("view", "picture"));
    if (!isShown) this.#say("");
  }

  /**
   * Shows one digit as a word, for as long as it takes to say it.
   * @param {number | undefined} digit
   * @param {number} place
   */
  spell(digit, place) {
    const words = this.#words;
    const isDigit = words !== undefined && digit !== undefined;
    this.#say(isDigit ? words.text("view", "spelt", { place: place + 1, digit: words.text("view", DIGITS[digit]) }) : "");
  }

  /** @param {string} text */
  #say(text) {
    if (this.spoken.textContent !== text) this.spoken.textContent = text;
  }
}
