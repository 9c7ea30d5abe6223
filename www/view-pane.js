// @ts-check

/** What the customer sees who looks at a PIN. Its digits are drawn by the vault, on a canvas. */

import { describeView, TITLES } from "./describe-view.js";
import { Pane } from "./pane.js";
import { Stage } from "./stage.js";

/** @import {PadState} from "./describe-pad.js" */
/** @import {Words} from "./words.js" */

export class ViewPane {
  stage = new Stage();
  /** @type {Pane} */
  pane;
  /** @type {Words | undefined} */
  #words;

  /** @param {ShadowRoot} root */
  constructor(root) {
    this.pane = new Pane(root);
    this.pane.body.append(this.stage.element, this.stage.spoken);
  }

  /** There are no keys here. */
  layKeys() {}

  /** @param {PadState} state @param {Words} words */
  render(state, words) {
    if (words !== this.#words) {
      this.#words = words;
      this.pane.speak(words, "view", words.text("view", "name"), TITLES);
      this.pane.makeRoom([words.text("view", "openHint"), words.text("view", "hides", { count: 30 })]);
    }
    const view = describeView(state, words);
    if (state.phase === "hidden") this.stage.clear();
    this.stage.render(words, view.isShown);
    this.pane.render(view, state.refusals);
  }
}
