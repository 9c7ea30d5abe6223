// @ts-check

/** Draws a `<card-pin>`: a pane to set a PIN or to view one, in the language of the element's place. */

import { listenToKeys } from "./keyboard.js";
import { keyOf } from "./keypad.js";
import { Pad } from "./pad.js";
import { bare } from "./platform.js";
import { Presses } from "./presses.js";
import { Speech } from "./speech.js";
import { ViewPane } from "./view-pane.js";

/** @import {PadState} from "./describe-pad.js" */
/** @import {Taken} from "./keyboard.js" */

/**
 * @typedef {object} Acts
 * @property {(button: HTMLElement) => void} press
 * @property {(typed: Taken, isRepeated?: boolean) => boolean} type returns whether it was for the pad
 * @property {() => PadState} state the state to draw
 */

export class Drawing {
  speech;
  #root;
  #states;
  #acts;
  /** The pane, once it is needed. @type {Pad | ViewPane | undefined} */
  drawn;

  /** @param {HTMLElement} element @param {Acts} acts */
  constructor(element, acts) {
    // It is closed, so that the path of an event outside does not contain the elements in here.
    this.#root = element.attachShadow(bare({ mode: "closed" }));
    this.#states = element.attachInternals?.().states;
    this.#acts = acts;
    this.speech = new Speech(element, () => this.render());
  }

  /** Makes sure that there is a pane of the right kind. @param {boolean} views */
  show(views) {
    if (!this.drawn || views !== this.drawn instanceof ViewPane) {
      const hadFocus = this.drawn?.pane.hasFocus;
      this.drawn = this.#make(views);
      if (hadFocus) this.drawn.pane.focus(bare({ preventScroll: true }));
    }
    return this.drawn;
  }

  render() {
    const state = this.#acts.state();
    this.drawn?.render(state, this.speech.words);
    try {
      // A page's style can use states such as `:state(done)`.
      this.#states?.clear();
      this.#states?.add(state.phase);
    } catch {
      // Engines that had states before `:state()` refuse plain names.
    }
  }

  /** @param {boolean} views */
  #make(views) {
    /** @type {Acts["type"]} */
    const type = (typed, isRepeated) => {
      if (typeof typed === "object") this.drawn?.pane.noteTyping();
      const isTaken = this.#acts.type(typed, isRepeated);
      if (isTaken && typed === "advance") this.drawn?.pane.noteAdvance();
      return isTaken;
    };
    const drawn = views ? new ViewPane(this.#root, () => this.render()) : new Pad(this.#root, type);
    const { pane } = drawn;
    new Presses(pane.element, (button) => {
      if (keyOf(button) !== undefined) pane.noteTyping();
      this.#acts.press(button);
    });
    listenToKeys(pane.element, type);
    // A press does not move the focus, so that typing continues there, and a screen reader's cursor stays.
    pane.element.addEventListener("mousedown", (event) => event.preventDefault());
    pane.element.addEventListener("pointerdown", ({ isTrusted, pointerType }) => {
      if (isTrusted && pointerType === "mouse" && !pane.hasFocus) pane.focus(bare({ preventScroll: true }));
    });
    return drawn;
  }
}
